/*
 * The listener for those who watch over the service: pages that need no credential, at an address
 * of their own, on a thread of its own. It answers as long as it is open, whatever the service is
 * doing.
 */
#ifndef APP_MONITOR_H
#define APP_MONITOR_H

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct generations;
struct http_listener;
struct monitor;

/* What it takes of the descriptors that clients may have. */
enum { MONITOR_MOST_CONNECTIONS = 32 };

/*
 * Begins to answer.
 * generations  whose state /status shows; borrowed until monitor_close().
 * listener  the socket, taken out of it; NULL: one of its own, at config->telemetry_listen.
 * monitor   out, owned: monitor_close().
 * Fails with ERROR_INTERNAL.
 */
MUST_USE bool monitor_open(const struct config *config, struct http_listener *listener,
			   struct generations *generations, struct monitor **monitor,
			   struct error *err);
/* The port it listens on; 0 on a local socket, and of NULL. */
int monitor_port(const struct monitor *monitor);
/* Ends what it is answering within a second. NULL is fine. */
void monitor_close(struct monitor *monitor);

#endif
