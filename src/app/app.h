/* What lives as long as the process, and the order in which it starts and stops. */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct app;

/*
 * Starts everything but the listening loop: HTTP client, Backstage, Palette, workers, server.
 * app  out, owned: app_close(). config is borrowed for its life.
 */
MUST_USE bool app_open(const struct config *config, struct app **app, struct error *err);

/* The port it listens on; 0 on a local socket. */
int app_port(const struct app *app);

/* Serves on the calling thread until app_stop(); drains. True if nothing had to be cut off:
 * else app_close() may block. */
bool app_run(struct app *app);

/* Not ready from now on; after the configured delay the drain begins. From any thread or a signal
 * handler. */
void app_stop(struct app *app);

/* The same, but does not wait for what is running, also in the middle of a drain. */
void app_cut_off(struct app *app);

/* NULL is fine. */
void app_close(struct app *app);

#endif
