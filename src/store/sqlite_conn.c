/* How this service talks to SQLite, on one connection. */
#include "store/sqlite_conn.h"

#include "base/clock.h"
#include "store/inside.h"

enum {
	QUICK_LOOKS = 10, /* a millisecond apart, before it looks more seldom */
	STEPS = 1000,     /* of SQLite's machine, between two looks at the clock */
};

/* SQLite's own messages may hold what was asked; its code is enough. */
bool sqlite_conn_failed(const struct sqlite_conn *c, struct error *err)
{
	int code = sqlite3_errcode(c->db);

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_INTERRUPT ||
	    code == SQLITE_PROTOCOL)
		return store_too_slow(err);
	return error_set(err,
			 code == SQLITE_FULL || code == SQLITE_IOERR ? ERROR_UNAVAILABLE
								     : ERROR_INTERNAL,
			 "the store of sessions: %s", sqlite3_errstr(code));
}

/* ---- the deadline ---- */

/* SQLite's own way to wait looks ever more seldom, and in the end misses a lock that is free for
 * milliseconds only; and its limit is for one wait, of which a statement may have several. */
static int wait_for_others(void *context, int times)
{
	const struct sqlite_conn *c = context;
	int64_t left_ms = clock_left_ms(c->deadline_ms);
	int64_t pause_ms = times < QUICK_LOOKS ? 1 : SQLITE_CONN_LOOK_MS;

	if (left_ms == 0)
		return 0;
	clock_sleep_ms(pause_ms < left_ms ? pause_ms : left_ms);
	return 1;
}

static int is_late(void *context)
{
	const struct sqlite_conn *c = context;

	return clock_left_ms(c->deadline_ms) == 0;
}

/* ---- open, close ---- */

bool sqlite_conn_exec(struct sqlite_conn *c, const char *sql, struct error *err)
{
	return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       sqlite_conn_failed(c, err);
}

static void harden(sqlite3 *db)
{
	sqlite3_extended_result_codes(db, 0);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

bool sqlite_conn_open(struct sqlite_conn *c, const char *file, bool only_reads, int64_t deadline_ms,
		      struct error *err)
{
	/* One that only reads writes the -shm all the same, to say what it reads. */
	const int way = only_reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int code = sqlite3_open_v2(file, &c->db, way | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
				   NULL);

	if (code != SQLITE_OK || c->db == NULL)
		return error_set(err, ERROR_INPUT, "%s", sqlite3_errstr(code));
	harden(c->db);
	c->deadline_ms = deadline_ms;
	sqlite3_busy_handler(c->db, wait_for_others, c);
	sqlite3_progress_handler(c->db, STEPS, is_late, c);
	if (!sqlite_conn_exec(c, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", err))
		return false;
	if (only_reads)
		return sqlite_conn_exec(c, "PRAGMA query_only = ON", err);
	/* With a WAL, reading and writing do not wait for each other. What a power failure may take
	 * is a session or two: their users sign in again. */
	return sqlite_conn_exec(c,
				"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				"PRAGMA secure_delete = ON",
				err);
}

void sqlite_conn_close(struct sqlite_conn *c)
{
	for (size_t i = 0; i < SQLITE_CONN_STATEMENTS; i++)
		sqlite3_finalize(c->statements[i]);
	sqlite3_close(c->db);
	*c = (struct sqlite_conn){.db = NULL};
}

/* ---- statements ---- */

bool sqlite_conn_prepare(struct sqlite_conn *c, size_t at, const char *sql, struct error *err)
{
	return sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->statements[at],
				  NULL) == SQLITE_OK ||
	       sqlite_conn_failed(c, err);
}

/* Some failures have rolled back already. */
static void roll_back(struct sqlite_conn *c)
{
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* With BEGIN IMMEDIATE it waits for the file before it reads: a reader that turns writer late
 * cannot wait. */
bool sqlite_conn_change(struct sqlite_conn *c, size_t at, size_t *changed, struct error *err)
{
	size_t rows;
	bool ok;

	if (!sqlite_conn_exec(c, "BEGIN IMMEDIATE", err))
		return false;
	ok = sqlite3_step(c->statements[at]) == SQLITE_DONE || sqlite_conn_failed(c, err);
	rows = (size_t)sqlite3_changes(c->db);
	sqlite3_reset(c->statements[at]);
	if (!ok || !sqlite_conn_exec(c, "COMMIT", err)) {
		roll_back(c);
		return false;
	}
	if (changed != NULL)
		*changed = rows;
	return true;
}

void sqlite_conn_rest(struct sqlite_conn *c)
{
	for (size_t i = 0; i < SQLITE_CONN_STATEMENTS; i++) {
		if (c->statements[i] == NULL)
			continue;
		sqlite3_reset(c->statements[i]);
		sqlite3_clear_bindings(c->statements[i]); /* what they point to is the caller's */
	}
	roll_back(c);
}
