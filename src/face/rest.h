/*
 * The HTTP face: a request becomes a call, its result or error an answer, both as the existing
 * frontends and Backstage's clients expect them.
 */
#ifndef FACE_REST_H
#define FACE_REST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "face/cors.h"
#include "face/represent.h"
#include "face/secure.h"
#include "http/server.h"
#include "op/op.h"

/* The ways to the threads; the same for all that a service answers with. */
struct rest_queues {
	/* Hands an exchange to a worker, which calls rest_work(). False when the queue is full. */
	bool (*queue)(void *context, struct http_exchange *x);
	/* The same for OP_ASIDE, by other threads and with a queue of its own. */
	bool (*queue_aside)(void *context, struct http_exchange *x);
	/* The same for what op_holds_thread(): on a thread that it has for itself. False when there
	 * are as many as there may be. */
	bool (*queue_following)(void *context, struct http_exchange *x);
	void *context;
	/* Queued requests whose sender is not known yet: strangers get only their part of the
	 * queue.
	 */
	unsigned most_unknown;
	atomic_uint unknown;
};

/* What requests are answered with. Everything is borrowed. */
struct rest {
	const struct op_services *services;
	const struct cors *cors;     /* NULL: answers are for pages of the own origin */
	const struct secure *secure; /* NULL, for tests: none of its headers */
	struct represent *represent; /* NULL, for tests: answers go out as they are */
	struct rest_queues *queues;
};

/* An http_handler, but that context is the struct rest, which has to stay until the exchange is
 * over. Runs on the front thread. */
void rest_handle(void *context, struct http_exchange *x, const struct error *refused);

/* The rest of the work for a queued exchange, on a worker; answers it. */
void rest_work(struct http_exchange *x);

/* An http_instead. Its context is not looked at. */
void rest_answer_instead(void *context, struct http_exchange *x, const struct error *why);

/* An exchange is over, and its answer was sent: its trace is told. Any thread; does not wait. */
void rest_ended(struct http_exchange *x);

/* What an exchange is answered with; NULL: rest_handle() never had it. Until the exchange is over.
 */
const struct rest *rest_of(const struct http_exchange *x);

#endif
