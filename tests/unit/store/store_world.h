/*
 * A store of one kind, with a folder of its own, and calls to it that succeed. A program that
 * includes this says with world_config() which kind.
 */
#ifndef UNIT_STORE_STORE_WORLD_H
#define UNIT_STORE_STORE_WORLD_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#define KEY_ONE   "0123456789abcdef0123456789abcdef"
#define KEY_OTHER "fedcba9876543210fedcba9876543210"

enum {
	MINUTE_MS = 60 * 1000,
	PATIENCE_MS = 20 * 1000, /* a sanitizer is slow, and the machine may be busy */
};

struct world {
	struct config config;
	struct secret keys[2];
	struct store *store;
	struct arena arena;
	char folder[64];
};

/* Fills config.store but for the keys; once for a test. */
static void world_config(struct world *w);
/* Takes back what world_config() made. */
static void world_end(struct world *w);

static inline int64_t soon(void)
{
	return clock_now_ms() + PATIENCE_MS;
}

static inline int64_t in_ms(int64_t ms)
{
	return clock_calendar_ms() + ms;
}

static inline void use_keys(struct world *w, const char *first, const char *second)
{
	secret_set(&w->keys[0], text_of(first));
	if (second != NULL)
		secret_set(&w->keys[1], text_of(second));
	w->config.store.keys = w->keys;
	w->config.store.key_count = second == NULL ? 1 : 2;
}

static inline struct store *open_store(struct world *w)
{
	struct store *store = NULL;
	struct error err;

	if (!store_open(&w->config, &store, &err))
		fail_msg("%s", err.message);
	return store;
}

static inline void reopen(struct world *w)
{
	store_close(w->store);
	w->store = open_store(w);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	log_open(LOG_OFF, LOG_TEXT);
	arena_init(&w->arena);
	strcpy(w->folder, "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	world_config(w);
	use_keys(w, KEY_ONE, NULL);
	w->store = open_store(w);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	store_close(w->store);
	world_end(w);
	secret_wipe(&w->keys[0]);
	secret_wipe(&w->keys[1]);
	arena_fini(&w->arena);
	snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* ---- calls that succeed ---- */

static inline void put(struct world *w, const char *email, const char *environment,
		       const char *token, int64_t expires_ms)
{
	struct error err;

	if (!store_put(w->store, text_of(email), environment, text_of(token), expires_ms, soon(),
		       &err))
		fail_msg("%s", err.message);
}

/* NULL: there is none. */
static inline const char *get_from(struct world *w, struct store *store, const char *email,
				   const char *environment)
{
	struct session session = {.expires_ms = -1};
	struct error err;

	if (!store_get(store, &w->arena, text_of(email), environment, soon(), &session, &err))
		fail_msg("%s", err.message);
	return session.token.ptr;
}

static inline const char *get(struct world *w, const char *email, const char *environment)
{
	return get_from(w, w->store, email, environment);
}

static inline size_t drop(struct world *w, const char *email, const char *environment)
{
	size_t deleted = SIZE_MAX;
	struct error err;

	if (!store_delete(w->store, text_of(email), environment, soon(), &deleted, &err))
		fail_msg("%s", err.message);
	return deleted;
}

static inline size_t count(struct world *w)
{
	size_t n = SIZE_MAX;
	struct error err;

	if (!store_count(w->store, soon(), &n, &err))
		fail_msg("%s", err.message);
	return n;
}

static inline size_t purge(struct world *w)
{
	size_t dropped = SIZE_MAX;
	struct error err;

	if (!store_purge(w->store, soon(), &dropped, &err))
		fail_msg("%s", err.message);
	return dropped;
}

#endif
