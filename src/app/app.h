/* What lives as long as the process, and the order in which it starts and stops. */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct app;
struct arena;
struct call;
struct http_listener;
struct op_services;
struct trail;

/* Sockets that were bound before; each is taken. NULL: one is opened where the configuration says.
 */
struct app_listeners {
	struct http_listener *main;
	struct http_listener *monitor; /* see app/monitor.h */
};

/*
 * Starts everything but the listening loop: the store, HTTP client, Backstage, Palette, workers,
 * server.
 *
 * config     borrowed for its life.
 * source     how it was read, and is read again when one of its files changes, or app_reload() asks
 *            for it; borrowed for the app's life. NULL: never.
 * listeners  borrowed.
 * app        out, owned: app_close().
 */
MUST_USE bool app_open(const struct config *config, const struct config_options *source,
		       const struct app_listeners *listeners, struct app **app, struct error *err);

/*
 * Opens only what a command needs that runs tools for the person who started it: HTTP client,
 * Palette, toolbox. No listener, no store, no keys, nobody who is asked for permissions.
 * app  out, owned: app_close(). config is borrowed for its life.
 */
MUST_USE bool app_open_alone(const struct config *config, struct app **app, struct error *err);

/*
 * A call of that person, from now on for the time-out of a request. Their principal is
 * "local:<user name>"; their token for Palette is the environment's apiToken, or, where the
 * variable SPECTROCLOUD_TOKEN has one, the session in it.
 * arena  borrowed; it lives longer than the call.
 */
void app_local_call(const struct app *app, struct arena *arena, struct call *call);

/*
 * The audit trail, where the configuration has it.
 * trail  out, owned: trail_close(); NULL where it is standard error.
 * Fails as trail_open(), where spectrocloud.audit.required is set; else it goes on without, and the
 * log says so. For a command that runs alone (the second) it is opened with the first line.
 */
MUST_USE bool app_open_trail(const struct config *config, struct trail **trail, struct error *err);
MUST_USE bool app_open_trail_alone(const struct config *config, struct trail **trail,
				   struct error *err);

/* What operations need, of app_open_alone(); lives as long as the app. */
const struct op_services *app_services(const struct app *app);

/* The port it listens on; 0 on a local socket. */
int app_port(const struct app *app);

/* The port of the listener for who watches over the service; 0: there is none, or on a local
 * socket. */
int app_monitor_port(const struct app *app);

/* Serves on the calling thread until app_stop(); drains. True if nothing had to be cut off:
 * else app_close() may block, and app_leave() takes its place. */
bool app_run(struct app *app);

/* Says what is still to be said: in the log how many spans are lost, in the audit trail how many
 * refusals were left out. All the rest stays as it is, as threads may be at work with it: the
 * process is to end then. */
void app_leave(struct app *app);

/* Not ready from now on; after the configured delay the drain begins. From any thread or a signal
 * handler. */
void app_stop(struct app *app);

/* Has the configuration read again; what comes of it the log says. Does nothing while the service
 * stops. From any thread or a signal handler. */
void app_reload(struct app *app);

/* As app_stop(), but does not wait for what is running, also in the middle of a drain. */
void app_cut_off(struct app *app);

/* Of app_open() or app_open_alone(). NULL is fine. */
void app_close(struct app *app);

#endif
