/* A few connections to PostgreSQL, for whoever has something to ask. */
#ifndef STORE_POSTGRES_POOL_H
#define STORE_POSTGRES_POOL_H

#include "store/pg.h"

struct pg_pool;

/* target is borrowed until pg_pool_close(). Connects when somebody asks, in a thread of its own. */
struct pg_pool *pg_pool_open(const struct pg_target *target);
void pg_pool_close(struct pg_pool *pool);

/*
 * Runs one statement, which may be run twice: where the connection breaks, once more on a fresh
 * one. Waits at most until the deadline; where the database cannot be reached it fails as soon as
 * that is known. rows as in pg_run(). Any thread.
 */
MUST_USE bool pg_pool_run(struct pg_pool *pool, const char *sql, const struct pg_param *params,
			  size_t count, int64_t deadline_ms, struct pg_rows **rows,
			  struct error *err);

#endif
