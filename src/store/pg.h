/* One connection to PostgreSQL, and what is asked on it: all there is of libpq. */
#ifndef STORE_PG_H
#define STORE_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

/* How to connect. Constant; any thread. */
struct pg_target;

/* Whether that can be a connection at all, without connecting. Fails with ERROR_INPUT; the message
 * repeats nothing of it. */
MUST_USE bool pg_check(const struct config_postgres *config, struct error *err);

/* Checks first. config is borrowed for as long as the target. Fails with ERROR_INPUT. Owned. */
MUST_USE bool pg_target_new(const struct config_postgres *config, struct pg_target **target,
			    struct error *err);
void pg_target_free(struct pg_target *target);

enum { PG_MOST_OPTIONS = 24 };
/* The options of libpq, up to a NULL; borrowed from target and database (NULL: the one that is
 * configured). True: the first "dbname" is a connection string. */
bool pg_target_options(const struct pg_target *target, const char *database,
		       const char *names[PG_MOST_OPTIONS + 1],
		       const char *values[PG_MOST_OPTIONS + 1]);
/* Empty: the default one; borrowed from target. */
const char *pg_target_search_path(const struct pg_target *target);

/* Tells each option that a connection string sets; both are gone afterwards. False: libpq cannot
 * read the string. */
typedef void pg_option_fn(void *context, const char *name, const char *value);
MUST_USE bool pg_parse(const char *connection, pg_option_fn *tell, void *context);

/* A connection serves one thread at a time. */
struct pg;

/*
 * Blocks for a few seconds at most with each host that is given, and for as long as their names
 * take to be found. database: NULL for the one that is configured. pg: out, owned.
 * Fails with ERROR_UNAVAILABLE; the message names no password.
 */
MUST_USE bool pg_connect(const struct pg_target *target, const char *database, struct pg **pg,
			 struct error *err);
void pg_close(struct pg *pg);

enum pg_outcome {
	PG_DONE,
	PG_REFUSED, /* the database said no; pg_state() tells why */
	PG_AGAIN,   /* the database asks to try again; the connection is good */
	PG_BROKEN,  /* the connection is not good any more; close it */
	PG_LATE,    /* the deadline passed; close the connection */
};

struct pg_param {
	struct text text;
	bool binary; /* bytes, or NULL without ptr; otherwise text, which holds no NUL */
	bool is_deadline;
	char number[24];
};
static inline struct pg_param pg_text(struct text t)
{
	return (struct pg_param){.text = t};
}
static inline struct pg_param pg_bytes(struct text t)
{
	return (struct pg_param){.text = t, .binary = true};
}
struct pg_param pg_number(int64_t number);
/* The deadline of the statement itself, on the server's clock, in calendar milliseconds: one that
 * asks for the time just before it is done does nothing after it was given up here. */
static inline struct pg_param pg_deadline(void)
{
	return (struct pg_param){.is_deadline = true};
}
/* What the server's clock says meanwhile, to compare with that. */
#define PG_CLOCK_MS "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)"
/* The same when the statement came; it can be looked for in an index. */
#define PG_NOW_MS "CAST(floor(extract(epoch FROM now()) * 1000) AS BIGINT)"
/* To be selected last of all: a statement whose $1 is pg_deadline() fails here when that has
 * passed, and all that it did is undone. Dividing by nothing is how plain SQL fails. */
#define PG_IN_TIME "1 / CASE WHEN " PG_CLOCK_MS " < CAST($1 AS BIGINT) THEN 1 ELSE 0 END"

/* Rows, owned: pg_rows_free(); NULL is fine. */
struct pg_rows;
void pg_rows_free(struct pg_rows *rows);
size_t pg_rows_count(const struct pg_rows *rows);
/* Of a column of type text or bytea; borrowed from rows. */
struct text pg_rows_text(const struct pg_rows *rows, size_t row, int column);
/* Of a column of type bigint, or boolean. */
int64_t pg_rows_number(const struct pg_rows *rows, size_t row, int column);

enum { PG_MOST_PARAMS = 8 };
/*
 * Runs one statement and waits for what it says, at most until the deadline. rows: out, owned; only
 * where the outcome is PG_DONE, and NULL if nobody wants them. err: of all other outcomes.
 */
MUST_USE enum pg_outcome pg_run(struct pg *pg, const char *sql, const struct pg_param *params,
				size_t count, int64_t deadline_ms, struct pg_rows **rows,
				struct error *err);

/* The SQLSTATE of the last PG_REFUSED; borrowed from pg. */
const char *pg_state(const struct pg *pg);

enum { PG_LONGEST_NOTE = 80 };
/*
 * Waits for a notification, at most until deadline_ms, or until wake_fd (-1: none) can be read.
 * *got: whether note has one. False: the connection is not good any more.
 */
MUST_USE bool pg_wait(struct pg *pg, int wake_fd, int64_t deadline_ms, bool *got,
		      char note[PG_LONGEST_NOTE]);

#endif
