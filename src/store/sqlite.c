/*
 * Sessions in an SQLite file. One connection writes and a few read, beside each other: SQLite keeps
 * what is written in a WAL, and who reads sees what stood there when he began. Other processes may
 * have the file open as well.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/inside.h"
#include "store/sqlite_conn.h"
#include "store/sqlite_turns.h"

enum {
	VERSION = 2, /* of the tables */
	OPEN_MS = 10000,
	READERS = 2, /* so that a long list keeps nobody from his session */
	/* A purge drops so many rows at a time, and lets those go first who want to write: this
	 * process's wait for the connection, others' look now and then. */
	PIECE = 200,
	PIECE_PAUSE_MS = SQLITE_CONN_LOOK_MS + 2,
};

enum statement {
	/* of those that read */
	GET,
	COUNT,
	LIST,
	KEYS,
	ONCE_GET,
	/* of the one that writes */
	PUT,
	DROP,
	DROP_ALL,
	PURGE,
	PURGE_KEYS,
	PUT_KEY,
	ONCE_PUT,
	ONCE_SET,
	ONCE_DROP,
	PURGE_ONCE,
	STATEMENTS,
	FIRST_THAT_WRITES = PUT,
};

static_assert((int)STATEMENTS <= (int)SQLITE_CONN_STATEMENTS, "no room for the statements");

static const char *const texts[STATEMENTS] = {
	[PUT] = "INSERT INTO sessions (email, environment, token, expires_ms) "
		"VALUES (?1, ?2, ?3, ?4) ON CONFLICT (email, environment) "
		"DO UPDATE SET token = excluded.token, expires_ms = excluded.expires_ms",
	[GET] = "SELECT token, expires_ms FROM sessions "
		"WHERE email = ?1 AND environment = ?2 AND expires_ms > ?3",
	[DROP] = "DELETE FROM sessions WHERE email = ?1 AND environment = ?2 "
		 "AND (?3 IS NULL OR token = ?3)",
	[DROP_ALL] = "DELETE FROM sessions WHERE email = ?1",
	[COUNT] = "SELECT count(*) FROM sessions WHERE expires_ms > ?1",
	[LIST] = "SELECT email, environment, expires_ms FROM sessions WHERE expires_ms > ?1 "
		 "ORDER BY email, environment LIMIT ?2",
	[PURGE] = "DELETE FROM sessions WHERE (email, environment) IN "
		  "(SELECT email, environment FROM sessions WHERE expires_ms <= ?1 LIMIT ?2)",
	[PURGE_KEYS] = "DELETE FROM public_keys WHERE id IN "
		       "(SELECT id FROM public_keys WHERE expires_ms <= ?1 LIMIT ?2)",
	[PUT_KEY] = "INSERT INTO public_keys (id, jwk, expires_ms) VALUES (?1, ?2, ?3) "
		    "ON CONFLICT (id) DO UPDATE SET jwk = excluded.jwk, "
		    "expires_ms = excluded.expires_ms",
	[KEYS] = "SELECT jwk FROM public_keys WHERE expires_ms > ?1 "
		 "ORDER BY expires_ms DESC LIMIT ?2",
	[ONCE_PUT] = "INSERT INTO once (id, mark, stage, note, until_ms, expires_ms) "
		     "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE "
		     "SET mark = excluded.mark, stage = excluded.stage, note = excluded.note, "
		     "until_ms = excluded.until_ms, expires_ms = excluded.expires_ms "
		     "WHERE once.expires_ms <= ?7",
	[ONCE_GET] = "SELECT mark, stage, note, until_ms, expires_ms FROM once "
		     "WHERE id = ?1 AND expires_ms > ?2",
	[ONCE_SET] = "UPDATE once SET stage = ?3, note = ?4 WHERE id = ?1 AND mark = ?2",
	[ONCE_DROP] = "DELETE FROM once WHERE id = ?1 AND mark = ?2",
	[PURGE_ONCE] = "DELETE FROM once WHERE id IN "
		       "(SELECT id FROM once WHERE expires_ms <= ?1 LIMIT ?2)",
};

static const char tables[] =
	"CREATE TABLE sessions (email TEXT NOT NULL, environment TEXT NOT NULL, "
	"token BLOB NOT NULL, expires_ms INTEGER NOT NULL, PRIMARY KEY (email, environment)) "
	"WITHOUT ROWID;"
	"CREATE INDEX sessions_by_end ON sessions (expires_ms);"
	"CREATE TABLE public_keys (id TEXT NOT NULL PRIMARY KEY, jwk TEXT NOT NULL, "
	"expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 1";

/* Since version 2. */
static const char tables_of_once[] =
	"CREATE TABLE once (id BLOB NOT NULL PRIMARY KEY, mark BLOB NOT NULL, "
	"stage INTEGER NOT NULL, note BLOB NOT NULL, until_ms INTEGER NOT NULL, "
	"expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX once_by_end ON once (expires_ms);"
	"PRAGMA user_version = 2";

struct sqlite {
	struct sqlite_turns writing;
	struct sqlite_turns reading;
	struct sqlite_conn writer;
	struct sqlite_conn readers[READERS];
};

/* ---- one call ---- */

static void bind_text(sqlite3_stmt *statement, int at, struct text t)
{
	sqlite3_bind_text(statement, at, t.len == 0 ? "" : t.ptr, (int)t.len, SQLITE_STATIC);
}

static struct text column(sqlite3_stmt *statement, int at)
{
	const char *bytes = sqlite3_column_blob(statement, at);

	return (struct text){bytes == NULL ? "" : bytes,
			     (size_t)sqlite3_column_bytes(statement, at)};
}

/* ---- sessions ---- */

static bool sqlite_put(void *self, const struct store_row *row, const char *digest,
		       int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	sqlite3_stmt *put;
	bool ok;

	(void)digest;
	if (c == NULL)
		return false;
	put = c->statements[PUT];
	bind_text(put, 1, row->email);
	bind_text(put, 2, row->environment);
	sqlite3_bind_blob(put, 3, row->sealed.ptr, (int)row->sealed.len, SQLITE_STATIC);
	sqlite3_bind_int64(put, 4, row->expires_ms);
	ok = sqlite_conn_change(c, PUT, NULL, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

static bool sqlite_get(void *self, struct arena *a, struct store_row *row, int64_t now_ms,
		       int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->reading, deadline_ms, err);
	sqlite3_stmt *get;
	int code;

	if (c == NULL)
		return false;
	get = c->statements[GET];
	bind_text(get, 1, row->email);
	bind_text(get, 2, row->environment);
	sqlite3_bind_int64(get, 3, now_ms);
	code = sqlite3_step(get);
	if (code == SQLITE_ROW) {
		row->sealed = arena_copy_text(a, column(get, 0));
		row->expires_ms = sqlite3_column_int64(get, 1);
	} else if (code != SQLITE_DONE) {
		sqlite_conn_failed(c, err);
	}
	sqlite_turns_give(&s->reading, c);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool sqlite_drop(void *self, const struct store_row *row, const char *digest,
			int64_t deadline_ms, size_t *dropped, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	enum statement which = row->environment.ptr == NULL ? DROP_ALL : DROP;
	bool ok;

	(void)digest;
	if (c == NULL)
		return false;
	bind_text(c->statements[which], 1, row->email);
	if (which == DROP) {
		bind_text(c->statements[which], 2, row->environment);
		sqlite3_bind_blob(c->statements[which], 3, row->sealed.ptr, (int)row->sealed.len,
				  SQLITE_STATIC); /* without ptr: NULL */
	}
	ok = sqlite_conn_change(c, which, dropped, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

static bool sqlite_count(void *self, int64_t now_ms, int64_t deadline_ms, size_t *count,
			 struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->reading, deadline_ms, err);
	bool ok;

	if (c == NULL)
		return false;
	sqlite3_bind_int64(c->statements[COUNT], 1, now_ms);
	ok = sqlite3_step(c->statements[COUNT]) == SQLITE_ROW;
	if (ok)
		*count = (size_t)sqlite3_column_int64(c->statements[COUNT], 0);
	else
		sqlite_conn_failed(c, err);
	sqlite_turns_give(&s->reading, c);
	return ok;
}

/* Runs LIST or KEYS: calls take for each row, and tells whether all were read. */
static bool read_rows(struct sqlite_conn *c, enum statement which, int64_t now_ms, size_t most,
		      void (*take)(void *context, sqlite3_stmt *row), void *context,
		      struct error *err)
{
	sqlite3_stmt *statement = c->statements[which];
	int code;

	sqlite3_bind_int64(statement, 1, now_ms);
	sqlite3_bind_int64(statement, 2, most > INT32_MAX ? INT32_MAX : (int64_t)most);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		take(context, statement);
	return code == SQLITE_DONE || sqlite_conn_failed(c, err);
}

struct taken {
	struct arena *arena;
	struct store_row *rows;
	struct text *texts;
	size_t count;
	size_t capacity;
};

/* Twice the room, in the arena. */
static void *grown(struct taken *t, const void *old, size_t size)
{
	void *more;

	t->capacity = t->capacity == 0 ? 16 : t->capacity * 2;
	more = arena_alloc_array(t->arena, t->capacity, size);
	if (t->count > 0)
		memcpy(more, old, t->count * size);
	return more;
}

static void take_session(void *context, sqlite3_stmt *row)
{
	struct taken *t = context;

	if (t->count == t->capacity)
		t->rows = grown(t, t->rows, sizeof *t->rows);
	t->rows[t->count++] = (struct store_row){
		.email = arena_copy_text(t->arena, column(row, 0)),
		.environment = arena_copy_text(t->arena, column(row, 1)),
		.expires_ms = sqlite3_column_int64(row, 2),
	};
}

static void take_key(void *context, sqlite3_stmt *row)
{
	struct taken *t = context;

	if (t->count == t->capacity)
		t->texts = grown(t, t->texts, sizeof *t->texts);
	t->texts[t->count++] = arena_copy_text(t->arena, column(row, 0));
}

static bool sqlite_list(void *self, struct arena *a, size_t most, int64_t now_ms,
			int64_t deadline_ms, struct store_row **rows, size_t *count,
			struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->reading, deadline_ms, err);
	struct taken taken = {.arena = a};
	bool ok;

	if (c == NULL)
		return false;
	ok = read_rows(c, LIST, now_ms, most, take_session, &taken, err);
	sqlite_turns_give(&s->reading, c);
	if (!ok)
		return false;
	*rows = taken.rows;
	*count = taken.count;
	return true;
}

/* ---- the purge ---- */

static bool purge_piece(struct sqlite *s, enum statement which, int64_t now_ms, int64_t deadline_ms,
			size_t *dropped, struct error *err)
{
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	bool ok;

	if (c == NULL)
		return false;
	sqlite3_bind_int64(c->statements[which], 1, now_ms);
	sqlite3_bind_int64(c->statements[which], 2, PIECE);
	ok = sqlite_conn_change(c, which, dropped, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

/* One table. Where the time is over after some pieces, the rest goes next time. */
static bool purge_table(struct sqlite *s, enum statement which, int64_t now_ms, int64_t deadline_ms,
			size_t *dropped, struct error *err)
{
	size_t piece = 0;
	size_t sum = 0;

	for (;;) {
		if (!purge_piece(s, which, now_ms, deadline_ms, &piece, err)) {
			if (sum == 0 || clock_left_ms(deadline_ms) > 0)
				return false;
			break;
		}
		sum += piece;
		if (piece < PIECE || clock_left_ms(deadline_ms) <= PIECE_PAUSE_MS)
			break;
		clock_sleep_ms(PIECE_PAUSE_MS);
	}
	*dropped = sum;
	return true;
}

static bool sqlite_purge(void *self, int64_t now_ms, int64_t deadline_ms, size_t *dropped,
			 struct error *err)
{
	size_t others;

	return purge_table(self, PURGE_KEYS, now_ms, deadline_ms, &others, err) &&
	       purge_table(self, PURGE_ONCE, now_ms, deadline_ms, &others, err) &&
	       purge_table(self, PURGE, now_ms, deadline_ms, dropped, err);
}

/* ---- public keys ---- */

static bool sqlite_put_key(void *self, struct text id, struct text jwk, int64_t expires_ms,
			   int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	bool ok;

	if (c == NULL)
		return false;
	bind_text(c->statements[PUT_KEY], 1, id);
	bind_text(c->statements[PUT_KEY], 2, jwk);
	sqlite3_bind_int64(c->statements[PUT_KEY], 3, expires_ms);
	ok = sqlite_conn_change(c, PUT_KEY, NULL, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

static bool sqlite_keys(void *self, struct arena *a, int64_t now_ms, int64_t deadline_ms,
			struct text **jwks, size_t *count, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->reading, deadline_ms, err);
	struct taken taken = {.arena = a};
	bool ok;

	if (c == NULL)
		return false;
	ok = read_rows(c, KEYS, now_ms, STORE_MOST_KEYS, take_key, &taken, err);
	sqlite_turns_give(&s->reading, c);
	if (!ok)
		return false;
	*jwks = taken.texts;
	*count = taken.count;
	return true;
}

/* ---- deeds ---- */

static void bind_bytes(sqlite3_stmt *statement, int at, struct text t)
{
	sqlite3_bind_blob(statement, at, t.ptr, (int)t.len, SQLITE_STATIC);
}

/* A power failure must not take it: this commit waits for the disk, as others do not. */
static bool change_safely(struct sqlite_conn *c, enum statement which, struct error *err)
{
	struct error unused;
	bool ok = sqlite_conn_exec(c, "PRAGMA synchronous = FULL", err) &&
		  sqlite_conn_change(c, which, NULL, err);

	(void)!sqlite_conn_exec(c, "PRAGMA synchronous = NORMAL", &unused);
	return ok;
}

static bool sqlite_once_put(void *self, const struct once_row *row, int64_t now_ms,
			    int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	sqlite3_stmt *put;
	bool ok;

	if (c == NULL)
		return false;
	put = c->statements[ONCE_PUT];
	bind_bytes(put, 1, row->id);
	bind_bytes(put, 2, row->mark);
	sqlite3_bind_int(put, 3, (int)row->stage);
	bind_bytes(put, 4, row->sealed);
	sqlite3_bind_int64(put, 5, row->until_ms);
	sqlite3_bind_int64(put, 6, row->expires_ms);
	sqlite3_bind_int64(put, 7, now_ms);
	ok = change_safely(c, ONCE_PUT, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

static bool sqlite_once_get(void *self, struct arena *a, struct once_row *row, int64_t now_ms,
			    int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	struct sqlite_conn *c = sqlite_turns_take(&s->reading, deadline_ms, err);
	sqlite3_stmt *get;
	int code;

	if (c == NULL)
		return false;
	get = c->statements[ONCE_GET];
	bind_bytes(get, 1, row->id);
	sqlite3_bind_int64(get, 2, now_ms);
	code = sqlite3_step(get);
	if (code == SQLITE_ROW) {
		row->mark = arena_copy_text(a, column(get, 0));
		row->stage = (enum store_stage)sqlite3_column_int(get, 1);
		row->sealed = arena_copy_text(a, column(get, 2));
		row->until_ms = sqlite3_column_int64(get, 3);
		row->expires_ms = sqlite3_column_int64(get, 4);
	} else if (code != SQLITE_DONE) {
		sqlite_conn_failed(c, err);
	}
	sqlite_turns_give(&s->reading, c);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* Runs ONCE_SET or ONCE_DROP. */
static bool change_marked(struct sqlite *s, enum statement which, const struct once_row *row,
			  int64_t deadline_ms, size_t *changed, struct error *err)
{
	struct sqlite_conn *c = sqlite_turns_take(&s->writing, deadline_ms, err);
	sqlite3_stmt *statement;
	bool ok;

	if (c == NULL)
		return false;
	statement = c->statements[which];
	bind_bytes(statement, 1, row->id);
	bind_bytes(statement, 2, row->mark);
	if (which == ONCE_SET) {
		sqlite3_bind_int(statement, 3, (int)row->stage);
		bind_bytes(statement, 4, row->sealed);
	}
	ok = sqlite_conn_change(c, which, changed, err);
	sqlite_turns_give(&s->writing, c);
	return ok;
}

static bool sqlite_once_set(void *self, const struct once_row *row, int64_t deadline_ms,
			    size_t *set, struct error *err)
{
	return change_marked(self, ONCE_SET, row, deadline_ms, set, err);
}

static bool sqlite_once_drop(void *self, const struct once_row *row, int64_t deadline_ms,
			     struct error *err)
{
	return change_marked(self, ONCE_DROP, row, deadline_ms, NULL, err);
}

/* ---- open, close ---- */

static void sqlite_close(void *self)
{
	struct sqlite *s = self;

	for (size_t i = 0; i < READERS; i++)
		sqlite_conn_close(&s->readers[i]);
	sqlite_conn_close(&s->writer); /* last, as it takes the WAL in */
	sqlite_turns_fini(&s->writing);
	sqlite_turns_fini(&s->reading);
	free(s);
}

static bool read_version(struct sqlite_conn *c, int *version, struct error *err)
{
	sqlite3_stmt *statement;
	bool ok;

	if (sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return sqlite_conn_failed(c, err);
	ok = sqlite3_step(statement) == SQLITE_ROW;
	if (ok)
		*version = sqlite3_column_int(statement, 0);
	else
		sqlite_conn_failed(c, err);
	sqlite3_finalize(statement);
	return ok;
}

static bool migrate(struct sqlite_conn *c, struct error *err)
{
	struct error unused;
	int version = 0;
	bool ok;

	if (!sqlite_conn_exec(c, "BEGIN IMMEDIATE", err))
		return false;
	ok = read_version(c, &version, err);
	if (ok && version > VERSION)
		ok = error_set(err, ERROR_INPUT, "made by a newer version of this service");
	else if (ok && version == 0)
		ok = sqlite_conn_exec(c, tables, err);
	if (ok && version < 2)
		ok = sqlite_conn_exec(c, tables_of_once, err);
	if (ok && sqlite_conn_exec(c, "COMMIT", err))
		return true;
	(void)!sqlite_conn_exec(c, "ROLLBACK", &unused);
	return false;
}

static bool prepare(struct sqlite_conn *c, size_t from, size_t to, struct error *err)
{
	for (size_t i = from; i < to; i++)
		if (!sqlite_conn_prepare(c, i, texts[i], err))
			return false;
	return true;
}

static bool open_writer(struct sqlite *s, const char *file, int64_t deadline_ms, struct error *err)
{
	if (!sqlite_conn_open(&s->writer, file, false, deadline_ms, err) ||
	    !migrate(&s->writer, err) || !prepare(&s->writer, FIRST_THAT_WRITES, STATEMENTS, err))
		return false;
	sqlite_turns_give(&s->writing, &s->writer);
	return true;
}

static bool open_readers(struct sqlite *s, const char *file, int64_t deadline_ms, struct error *err)
{
	for (size_t i = 0; i < READERS; i++) {
		if (!sqlite_conn_open(&s->readers[i], file, true, deadline_ms, err) ||
		    !prepare(&s->readers[i], 0, FIRST_THAT_WRITES, err))
			return false;
		sqlite_turns_give(&s->reading, &s->readers[i]);
	}
	return true;
}

bool sqlite_open(const char *file, void **self, struct error *err)
{
	int64_t deadline_ms = clock_now_ms() + OPEN_MS;
	struct sqlite *s;

	if (!sqlite_make_file(file, err))
		return error_in(err, "the store of sessions");
	s = heap_alloc(sizeof *s);
	*s = (struct sqlite){.writer = {.db = NULL}};
	sqlite_turns_init(&s->writing);
	sqlite_turns_init(&s->reading);
	if (!open_writer(s, file, deadline_ms, err) || !open_readers(s, file, deadline_ms, err)) {
		/* At the start all but a busy file is something to put right. */
		if (err->kind != ERROR_UNAVAILABLE)
			err->kind = ERROR_INPUT;
		sqlite_close(s);
		return error_in(err, "%s", file);
	}
	*self = s;
	return true;
}

const struct store_kind store_kind_sqlite = {
	.name = "sqlite",
	.close = sqlite_close,
	.put = sqlite_put,
	.get = sqlite_get,
	.drop = sqlite_drop,
	.count = sqlite_count,
	.list = sqlite_list,
	.purge = sqlite_purge,
	.put_key = sqlite_put_key,
	.keys = sqlite_keys,
	.once_put = sqlite_once_put,
	.once_get = sqlite_once_get,
	.once_set = sqlite_once_set,
	.once_drop = sqlite_once_drop,
};
