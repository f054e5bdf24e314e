/* One connection to an SQLite file: its statements, its deadline, and what it does when it fails.
 */
#ifndef STORE_SQLITE_CONN_H
#define STORE_SQLITE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/attr.h"
#include "base/error.h"

enum {
	SQLITE_CONN_STATEMENTS = 16, /* at most */
	/* How often one that waits for another process's lock looks again, at least. */
	SQLITE_CONN_LOOK_MS = 4,
};

/* Serves one thread at a time. All zero is one that is not open. */
struct sqlite_conn {
	sqlite3 *db;
	/* Statements that take longer end, and so does waiting for others' locks. */
	int64_t deadline_ms;
	sqlite3_stmt *statements[SQLITE_CONN_STATEMENTS]; /* NULL: not prepared */
	struct sqlite_conn *next;                         /* in sqlite_turns.c */
};

/* The file must be there, and for one that only reads a connection that writes open. It stays at
 * its address, and is closed after a failure as well. Fails with ERROR_INPUT for what is no
 * database. */
MUST_USE bool sqlite_conn_open(struct sqlite_conn *c, const char *file, bool only_reads,
			       int64_t deadline_ms, struct error *err);
/* The last one of a file that closes takes the -wal in, and must be one that writes. */
void sqlite_conn_close(struct sqlite_conn *c);

/* Prepares statements[at]. */
MUST_USE bool sqlite_conn_prepare(struct sqlite_conn *c, size_t at, const char *sql,
				  struct error *err);

/* Says why the last call of SQLite on this connection failed: ERROR_UNAVAILABLE if it waited too
 * long or there is no room on the disk. */
bool sqlite_conn_failed(const struct sqlite_conn *c, struct error *err);

/* Statements without parameters or rows. */
MUST_USE bool sqlite_conn_exec(struct sqlite_conn *c, const char *sql, struct error *err);

/* Runs statements[at], whose parameters are bound, as one transaction. *changed: out, may be NULL:
 * how many rows. */
MUST_USE bool sqlite_conn_change(struct sqlite_conn *c, size_t at, size_t *changed,
				 struct error *err);

/* After each use: lets go of what was read and of what was bound, so that the next use sees what
 * was written meanwhile. */
void sqlite_conn_rest(struct sqlite_conn *c);

#endif
