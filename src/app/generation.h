/*
 * What depends on the configuration, made as a whole from one of them: a generation. A service that
 * reads its configuration again makes a new one and puts it in the place of the old one; a request
 * keeps to the generation that it began with.
 */
#ifndef APP_GENERATION_H
#define APP_GENERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"
#include "face/face.h"
#include "http/client.h"
#include "op/follow.h"
#include "op/mcp_host.h"
#include "op/op.h"

/* What all generations share; borrowed for as long as there is one. */
struct generation_base {
	struct store *store;
	struct palette_hosts *hosts;
	struct workers
		*refreshing; /* asks again for what is kept of Palette's answers; NULL: nobody */
	struct op_life *life;
	struct history *history;
	struct rest_queues *queues;
};

struct generations;

struct generation {
	const struct config *config;
	struct config *owned; /* the same, where it goes with the generation */
	struct http_client *http;
	struct store *store; /* as this configuration sees it */
	struct backstage *backstage;
	struct sessions *sessions;
	struct palette_client *palette;
	struct toolbox *toolbox;
	struct mcp_host *mcp;
	struct followers *followers;
	struct buf openapi;
	struct op_constant openapi_answer;
	struct cors *cors;
	struct secure *secure;
	struct represent *represent;
	struct op_services services;
	struct rest rest;
	atomic_uint followed; /* clusters, with this one; see spectrocloud.follow.most */

	/* Of struct generations: */
	struct generations *all;
	struct generation *next; /* of those that were replaced */
	size_t holders;
};

/*
 * Makes all of it. Blocks for about two seconds at most.
 *
 * config  borrowed for its life.
 * before  the one that it will replace, which it shares keys and running calls of agents with;
 *         NULL: it is the first.
 * g       out, owned: generation_close(), or it goes into generations.
 *
 * Fails with ERROR_INPUT where what is configured cannot be, else ERROR_INTERNAL.
 */
MUST_USE bool generation_open(const struct generation_base *base, const struct config *config,
			      struct generation *before, struct generation **g, struct error *err);
/* Only what a command needs that runs tools; see app_open_alone(). Of base: hosts and life. */
MUST_USE bool generation_open_alone(const struct generation_base *base, const struct config *config,
				    struct generation **g, struct error *err);
/* From now on the configuration goes with it. */
void generation_own(struct generation *g, struct config *config);
/* The one that a face is part of. */
struct generation *generation_of(const struct rest *rest);
/* When nobody works with it any more. Waits for its threads, and for its refreshes, which are
 * called off. NULL is fine. */
void generation_close(struct generation *g);

/* ---- the one in force, and those that are still at work ---- */

/* Called when a generation that was replaced has lost its last holder; any thread; must not wait.
 */
typedef void generation_ended_fn(void *context);

/* first: moved in. Owned: generations_close(). */
struct generations *generations_new(struct generation *first);
/* ended NULL: nobody is told any more, once this has returned. context: borrowed. */
void generations_on_end(struct generations *all, generation_ended_fn *ended, void *context);
/* The one in force, held: until generation_drop() it stays open. Any thread. */
struct generation *generations_take(struct generations *all);
/* Once more, by who holds it already. */
void generation_hold(struct generation *g);
void generation_drop(struct generation *g);
/*
 * Puts next in the place of the one in force, for whoever takes one from now on; and has those who
 * follow a cluster with the old one come again. next is moved in. False, and it is still the
 * caller's, where the service is about to stop. From one thread.
 */
MUST_USE bool generations_replace(struct generations *all, struct generation *next);
/* Takes out one that was replaced and that nobody holds, for the caller to close; NULL: none. */
struct generation *generations_take_ended(struct generations *all);
/* How many were replaced and are still held. */
size_t generations_waiting(struct generations *all);
/* The service stops: whoever follows a cluster is told, and none is replaced any more. */
void generations_leave(struct generations *all);
/* Closes all of them, held or not. NULL is fine. */
void generations_close(struct generations *all);

#endif
