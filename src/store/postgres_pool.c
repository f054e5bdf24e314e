/*
 * Connections are made by one thread, as that may block for longer than a caller's deadline;
 * callers wait for one that is free. After a failure it pauses before it tries again.
 */
#include "store/postgres_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/inside.h"

enum {
	MOST = 8,
	FIRST_PAUSE_MS = 50,
	LONGEST_PAUSE_MS = 1000,
	MOST_ATTEMPTS = 5, /* of a statement that the database wants to see again */
};

struct pg_pool {
	const struct pg_target *target;
	pthread_t connector;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t freed; /* a connection is free, or cannot be made */
	pthread_cond_t asked; /* one is wanted, or it is time to stop */
	bool stopping;
	struct pg *idle[MOST];
	size_t idle_count;
	size_t count; /* of all: idle, in use, or being made */
	size_t waiting;
	uint64_t failures; /* ever */
	unsigned in_a_row;
	struct error last;
};

/* ---- the thread that connects ---- */

/* The lock is held, but not while it connects. */
static void connect_one(struct pg_pool *p)
{
	struct pg *pg = NULL;
	struct error err;
	bool ok;

	p->count++;
	pthread_mutex_unlock(&p->lock);
	ok = pg_connect(p->target, NULL, &pg, &err);
	pthread_mutex_lock(&p->lock);
	if (ok) {
		if (p->in_a_row > 0)
			log_debug("store.connected");
		p->in_a_row = 0;
		p->idle[p->idle_count++] = pg;
	} else {
		if (p->in_a_row++ == 0)
			log_debug("store.unreachable", F_STR("error", err.message));
		p->count--;
		p->failures++;
		p->last = err;
	}
	pthread_cond_broadcast(&p->freed);
}

static void pause_after_failure(struct pg_pool *p)
{
	unsigned doublings = p->in_a_row < 6 ? p->in_a_row - 1 : 5;
	int64_t pause_ms = (int64_t)FIRST_PAUSE_MS << doublings;
	int64_t until;

	until = clock_now_ms() + (pause_ms < LONGEST_PAUSE_MS ? pause_ms : LONGEST_PAUSE_MS);
	while (!p->stopping && clock_left_ms(until) > 0)
		clock_cond_wait(&p->asked, &p->lock, until);
}

static void *connector_main(void *context)
{
	struct pg_pool *p = context;

	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		if (p->waiting <= p->idle_count || p->count >= MOST) {
			pthread_cond_wait(&p->asked, &p->lock);
			continue;
		}
		connect_one(p);
		if (p->in_a_row > 0)
			pause_after_failure(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pg_pool *pg_pool_open(const struct pg_target *target)
{
	struct pg_pool *p = heap_alloc(sizeof *p);

	*p = (struct pg_pool){.target = target};
	pthread_mutex_init(&p->lock, NULL);
	clock_cond_init(&p->freed);
	clock_cond_init(&p->asked);
	if (pthread_create(&p->connector, NULL, connector_main, p) != 0)
		arena_out_of_memory(sizeof *p);
	return p;
}

static void close_idle(struct pg_pool *p)
{
	while (p->idle_count > 0) {
		pg_close(p->idle[--p->idle_count]);
		p->count--;
	}
}

void pg_pool_close(struct pg_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->asked);
	pthread_mutex_unlock(&pool->lock);
	pthread_join(pool->connector, NULL);
	close_idle(pool);
	pthread_cond_destroy(&pool->freed);
	pthread_cond_destroy(&pool->asked);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* ---- callers ---- */

/* The lock is held. Where others have connections, one of theirs is worth waiting for. */
static bool wait_for_one(struct pg_pool *p, int64_t deadline_ms, struct error *err)
{
	uint64_t failures = p->failures;

	while (p->idle_count == 0) {
		if (p->failures != failures && p->count == 0) {
			*err = p->last;
			return false;
		}
		if (clock_left_ms(deadline_ms) == 0)
			return store_too_slow(err);
		pthread_cond_signal(&p->asked);
		clock_cond_wait(&p->freed, &p->lock, deadline_ms);
	}
	return true;
}

static struct pg *take(struct pg_pool *p, int64_t deadline_ms, struct error *err)
{
	struct pg *pg = NULL;

	pthread_mutex_lock(&p->lock);
	p->waiting++;
	if (wait_for_one(p, deadline_ms, err))
		pg = p->idle[--p->idle_count];
	p->waiting--;
	pthread_mutex_unlock(&p->lock);
	return pg;
}

static void give_back(struct pg_pool *p, struct pg *pg, enum pg_outcome outcome)
{
	bool is_good = outcome != PG_BROKEN && outcome != PG_LATE;

	pthread_mutex_lock(&p->lock);
	if (is_good)
		p->idle[p->idle_count++] = pg;
	else
		p->count--;
	if (outcome == PG_BROKEN) /* the others are most likely broken as well */
		close_idle(p);
	pthread_cond_signal(&p->freed);
	pthread_cond_signal(&p->asked);
	pthread_mutex_unlock(&p->lock);
	if (!is_good)
		pg_close(pg);
}

bool pg_pool_run(struct pg_pool *pool, const char *sql, const struct pg_param *params, size_t count,
		 int64_t deadline_ms, struct pg_rows **rows, struct error *err)
{
	unsigned broken = 0;

	for (unsigned attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
		struct pg *pg = take(pool, deadline_ms, err);
		enum pg_outcome outcome;

		if (pg == NULL)
			return false;
		outcome = pg_run(pg, sql, params, count, deadline_ms, rows, err);
		give_back(pool, pg, outcome);
		if (outcome == PG_DONE)
			return true;
		if (outcome == PG_REFUSED || outcome == PG_LATE ||
		    (outcome == PG_BROKEN && ++broken == 2))
			return false;
	}
	return false;
}
