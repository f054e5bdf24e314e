/* What stands in an SQLite file, for who only looks. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/inside.h"
#include "store/sqlite_conn.h"

enum { VERSION, COUNT, ROWS };

static const char *const texts[] = {
	[VERSION] = "PRAGMA user_version",
	[COUNT] = "SELECT coalesce(sum(expires_ms > ?1), 0), coalesce(sum(expires_ms <= ?1), 0), "
		  "coalesce(min(expires_ms), 0) FROM sessions",
	[ROWS] = "SELECT email, environment, token, expires_ms FROM sessions "
		 "WHERE expires_ms > ?1 ORDER BY expires_ms DESC LIMIT ?2",
};

static struct text column(struct arena *a, sqlite3_stmt *statement, int at)
{
	const char *bytes = sqlite3_column_blob(statement, at);

	return arena_copy_text(a, (struct text){bytes == NULL ? "" : bytes,
						(size_t)sqlite3_column_bytes(statement, at)});
}

static bool step(struct sqlite_conn *c, int at, bool *there, struct error *err)
{
	int code = sqlite3_step(c->statements[at]);

	*there = code == SQLITE_ROW;
	return *there || code == SQLITE_DONE || sqlite_conn_failed(c, err);
}

/* 0: nothing has been made in it. */
static bool read_version(struct sqlite_conn *c, int *version, struct error *err)
{
	bool there;

	if (!sqlite_conn_prepare(c, VERSION, texts[VERSION], err) || !step(c, VERSION, &there, err))
		return false;
	*version = there ? sqlite3_column_int(c->statements[VERSION], 0) : 0;
	return true;
}

static bool read_count(struct sqlite_conn *c, int64_t now_ms, struct store_found *found,
		       struct error *err)
{
	sqlite3_stmt *count;
	bool there;

	if (!sqlite_conn_prepare(c, COUNT, texts[COUNT], err))
		return false;
	count = c->statements[COUNT];
	sqlite3_bind_int64(count, 1, now_ms);
	if (!step(c, COUNT, &there, err))
		return false;
	found->live = (size_t)sqlite3_column_int64(count, 0);
	found->expired = (size_t)sqlite3_column_int64(count, 1);
	found->first_end_ms = sqlite3_column_int64(count, 2);
	return true;
}

static bool read_rows(struct sqlite_conn *c, struct arena *a, int64_t now_ms,
		      struct store_found *found, struct error *err)
{
	sqlite3_stmt *rows;
	bool there;

	if (!sqlite_conn_prepare(c, ROWS, texts[ROWS], err))
		return false;
	rows = c->statements[ROWS];
	sqlite3_bind_int64(rows, 1, now_ms);
	sqlite3_bind_int(rows, 2, STORE_MOST_TRIED);
	found->rows = arena_array(a, struct store_row, STORE_MOST_TRIED);
	while (step(c, ROWS, &there, err)) {
		if (!there)
			return true;
		found->rows[found->row_count++] = (struct store_row){
			.email = column(a, rows, 0),
			.environment = column(a, rows, 1),
			.sealed = column(a, rows, 2),
			.expires_ms = sqlite3_column_int64(rows, 3),
		};
	}
	return false;
}

static bool look(struct sqlite_conn *c, struct arena *a, struct store_found *found,
		 struct error *err)
{
	int64_t now_ms = clock_calendar_ms();
	int version;

	if (!read_version(c, &version, err))
		return false;
	found->missing = version == 0;
	return found->missing ||
	       (read_count(c, now_ms, found, err) && read_rows(c, a, now_ms, found, err));
}

bool sqlite_survey(const char *file, struct arena *a, int64_t deadline_ms,
		   struct store_found *found, struct error *err)
{
	struct sqlite_conn c = {.db = NULL};
	bool ok;

	if (access(file, R_OK) != 0) {
		found->missing = errno == ENOENT;
		return found->missing ||
		       error_set(err, ERROR_INPUT, "%s: %s", file, strerror(errno));
	}
	ok = sqlite_conn_open(&c, file, true, deadline_ms, err) && look(&c, a, found, err);
	sqlite_conn_close(&c);
	return ok || error_in(err, "%s", file);
}
