/* A DNS server on 127.0.0.1 for tests, over UDP and TCP on one port, on a thread of its own. */
#ifndef UNIT_HTTP_DNS_SERVER_H
#define UNIT_HTTP_DNS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "unit/http/dns_message.h"

struct dns_server;

/* One question as it came. */
struct dns_question {
	struct dns_server *server;
	uint16_t id;
	char name[256]; /* as it was sent */
	bool tcp;
};

/* Called on the server's thread; sends what it likes. */
typedef void dns_handler(void *context, const struct dns_question *question);

/* NULL if it cannot be set up. */
struct dns_server *dns_server_start(dns_handler *handler, void *context);
void dns_server_stop(struct dns_server *server);
unsigned dns_server_port(const struct dns_server *server);

/* To the one who asked. */
void dns_send(const struct dns_question *question, struct text message);

#endif
