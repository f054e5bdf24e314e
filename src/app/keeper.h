/*
 * The thread that looks after the process while the front serves: it prepares what the first
 * requests need, keeps an eye on Backstage, drops expired sessions, keeps streams of agents alive,
 * sees to it that each minute has its figures, gives free memory back to the system, and leads the
 * way out.
 */
#ifndef APP_KEEPER_H
#define APP_KEEPER_H

#include "app/generation.h"
#include "base/attr.h"
#include "base/error.h"
#include "http/server.h"
#include "op/op.h"

struct keeper;

struct keeper_options {
	struct generations *generations;
	struct op_life *life;
	struct history *history;
	struct http_server *server;
	int shutdown_delay_ms; /* served so long after the wish to stop */
};

/*
 * Starts the thread, which ends the phase PHASE_STARTING once it has prepared everything.
 * keeper  out, owned: keeper_close(). What is in options is borrowed until then.
 */
MUST_USE bool keeper_open(const struct keeper_options *options, struct keeper **keeper,
			  struct error *err);

/* Of a new configuration. From any thread. */
void keeper_set_shutdown_delay(struct keeper *keeper, int ms);

/* The wish to stop: no longer ready at once; after the delay the server is told to stop. From any
 * thread or a signal handler. */
void keeper_leave(struct keeper *keeper);

/* Asks it to end, and waits for that, but not for long: it may be waiting for Backstage. False if
 * it has not ended. */
bool keeper_ends(struct keeper *keeper);

/* Ends and releases it, however long that takes. NULL is fine. */
void keeper_close(struct keeper *keeper);

#endif
