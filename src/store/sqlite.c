/*
 * Sessions in an SQLite file. One connection, which one thread has at a time, its statements kept;
 * other processes may have the file open as well.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "store/inside.h"

enum {
	VERSION = 1, /* of the tables */
	OPEN_MS = 10000,
};

enum statement {
	PUT,
	GET,
	DROP,
	DROP_ALL,
	COUNT,
	LIST,
	PURGE,
	PURGE_KEYS,
	PUT_KEY,
	KEYS,
	STATEMENTS
};

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
	[PURGE] = "DELETE FROM sessions WHERE expires_ms <= ?1",
	[PURGE_KEYS] = "DELETE FROM public_keys WHERE expires_ms <= ?1",
	[PUT_KEY] = "INSERT INTO public_keys (id, jwk, expires_ms) VALUES (?1, ?2, ?3) "
		    "ON CONFLICT (id) DO UPDATE SET jwk = excluded.jwk, "
		    "expires_ms = excluded.expires_ms",
	[KEYS] = "SELECT jwk FROM public_keys WHERE expires_ms > ?1 "
		 "ORDER BY expires_ms DESC LIMIT ?2",
};

static const char tables[] =
	"CREATE TABLE sessions (email TEXT NOT NULL, environment TEXT NOT NULL, "
	"token BLOB NOT NULL, expires_ms INTEGER NOT NULL, PRIMARY KEY (email, environment)) "
	"WITHOUT ROWID;"
	"CREATE INDEX sessions_by_end ON sessions (expires_ms);"
	"CREATE TABLE public_keys (id TEXT NOT NULL PRIMARY KEY, jwk TEXT NOT NULL, "
	"expires_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 1";

struct sqlite {
	pthread_mutex_t lock; /* guards the next two; who has it taken has the connection */
	pthread_cond_t freed;
	bool taken;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
};

/* ---- errors ---- */

/* SQLite's own messages may hold what was asked; its code is enough. */
static bool failed(struct sqlite *s, struct error *err)
{
	int code = sqlite3_errcode(s->db);

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_INTERRUPT)
		return store_too_slow(err);
	return error_set(err,
			 code == SQLITE_FULL || code == SQLITE_IOERR ? ERROR_UNAVAILABLE
								     : ERROR_INTERNAL,
			 "the store of sessions: %s", sqlite3_errstr(code));
}

/* ---- one call ---- */

/* Takes the connection until the deadline; give back with end(). */
static bool begin(struct sqlite *s, int64_t deadline_ms, struct error *err)
{
	const struct timespec until = {.tv_sec = deadline_ms / 1000,
				       .tv_nsec = deadline_ms % 1000 * 1000000};
	bool late = false;

	pthread_mutex_lock(&s->lock);
	while (s->taken && !late)
		late = pthread_cond_timedwait(&s->freed, &s->lock, &until) != 0;
	late = s->taken;
	s->taken = true;
	pthread_mutex_unlock(&s->lock);
	if (late)
		return store_too_slow(err);
	sqlite3_busy_timeout(s->db, (int)clock_left_ms(deadline_ms));
	return true;
}

static void end(struct sqlite *s)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_reset(s->statements[i]);
		sqlite3_clear_bindings(s->statements[i]); /* what they point to is the caller's */
	}
	pthread_mutex_lock(&s->lock);
	s->taken = false;
	pthread_cond_signal(&s->freed);
	pthread_mutex_unlock(&s->lock);
}

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

static bool exec(struct sqlite *s, const char *sql, struct error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(s, err);
}

/* A change of one statement. With BEGIN IMMEDIATE it waits for the file before it reads: a reader
 * that turns writer late cannot wait. *changed: out, may be NULL. */
static bool change(struct sqlite *s, enum statement which, size_t *changed, struct error *err)
{
	struct error unused;

	if (!exec(s, "BEGIN IMMEDIATE", err))
		return false;
	if (sqlite3_step(s->statements[which]) != SQLITE_DONE) {
		failed(s, err);
		sqlite3_reset(s->statements[which]);
		(void)!exec(s, "ROLLBACK", &unused);
		return false;
	}
	if (changed != NULL)
		*changed = (size_t)sqlite3_changes(s->db);
	sqlite3_reset(s->statements[which]);
	if (exec(s, "COMMIT", err))
		return true;
	(void)!exec(s, "ROLLBACK", &unused);
	return false;
}

/* ---- sessions ---- */

static bool sqlite_put(void *self, const struct store_row *row, const char *digest,
		       int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	sqlite3_stmt *put = s->statements[PUT];
	bool ok;

	(void)digest;
	if (!begin(s, deadline_ms, err))
		return false;
	bind_text(put, 1, row->email);
	bind_text(put, 2, row->environment);
	sqlite3_bind_blob(put, 3, row->sealed.ptr, (int)row->sealed.len, SQLITE_STATIC);
	sqlite3_bind_int64(put, 4, row->expires_ms);
	ok = change(s, PUT, NULL, err);
	end(s);
	return ok;
}

static bool sqlite_get(void *self, struct arena *a, struct store_row *row, int64_t now_ms,
		       int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	sqlite3_stmt *get = s->statements[GET];
	int code;

	if (!begin(s, deadline_ms, err))
		return false;
	bind_text(get, 1, row->email);
	bind_text(get, 2, row->environment);
	sqlite3_bind_int64(get, 3, now_ms);
	code = sqlite3_step(get);
	if (code == SQLITE_ROW) {
		row->sealed = arena_copy_text(a, column(get, 0));
		row->expires_ms = sqlite3_column_int64(get, 1);
	} else if (code != SQLITE_DONE) {
		failed(s, err);
	}
	end(s);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool sqlite_drop(void *self, const struct store_row *row, const char *digest,
			int64_t deadline_ms, size_t *dropped, struct error *err)
{
	struct sqlite *s = self;
	enum statement which = row->environment.ptr == NULL ? DROP_ALL : DROP;
	bool ok;

	(void)digest;
	if (!begin(s, deadline_ms, err))
		return false;
	bind_text(s->statements[which], 1, row->email);
	if (which == DROP) {
		bind_text(s->statements[which], 2, row->environment);
		sqlite3_bind_blob(s->statements[which], 3, row->sealed.ptr, (int)row->sealed.len,
				  SQLITE_STATIC); /* without ptr: NULL */
	}
	ok = change(s, which, dropped, err);
	end(s);
	return ok;
}

static bool sqlite_count(void *self, int64_t now_ms, int64_t deadline_ms, size_t *count,
			 struct error *err)
{
	struct sqlite *s = self;
	bool ok;

	if (!begin(s, deadline_ms, err))
		return false;
	sqlite3_bind_int64(s->statements[COUNT], 1, now_ms);
	ok = sqlite3_step(s->statements[COUNT]) == SQLITE_ROW;
	if (ok)
		*count = (size_t)sqlite3_column_int64(s->statements[COUNT], 0);
	else
		failed(s, err);
	end(s);
	return ok;
}

/* Runs LIST or KEYS: calls take for each row, and tells whether all were read. */
static bool read_rows(struct sqlite *s, enum statement which, int64_t now_ms, size_t most,
		      void (*take)(void *context, sqlite3_stmt *row), void *context,
		      struct error *err)
{
	sqlite3_stmt *statement = s->statements[which];
	int code;

	sqlite3_bind_int64(statement, 1, now_ms);
	sqlite3_bind_int64(statement, 2, most > INT32_MAX ? INT32_MAX : (int64_t)most);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		take(context, statement);
	return code == SQLITE_DONE || failed(s, err);
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
	struct taken taken = {.arena = a};
	bool ok;

	if (!begin(s, deadline_ms, err))
		return false;
	ok = read_rows(s, LIST, now_ms, most, take_session, &taken, err);
	end(s);
	if (!ok)
		return false;
	*rows = taken.rows;
	*count = taken.count;
	return true;
}

static bool sqlite_purge(void *self, int64_t now_ms, int64_t deadline_ms, size_t *dropped,
			 struct error *err)
{
	struct sqlite *s = self;
	bool ok;

	if (!begin(s, deadline_ms, err))
		return false;
	sqlite3_bind_int64(s->statements[PURGE], 1, now_ms);
	sqlite3_bind_int64(s->statements[PURGE_KEYS], 1, now_ms);
	ok = change(s, PURGE_KEYS, NULL, err) && change(s, PURGE, dropped, err);
	end(s);
	return ok;
}

/* ---- public keys ---- */

static bool sqlite_put_key(void *self, struct text id, struct text jwk, int64_t expires_ms,
			   int64_t deadline_ms, struct error *err)
{
	struct sqlite *s = self;
	bool ok;

	if (!begin(s, deadline_ms, err))
		return false;
	bind_text(s->statements[PUT_KEY], 1, id);
	bind_text(s->statements[PUT_KEY], 2, jwk);
	sqlite3_bind_int64(s->statements[PUT_KEY], 3, expires_ms);
	ok = change(s, PUT_KEY, NULL, err);
	end(s);
	return ok;
}

static bool sqlite_keys(void *self, struct arena *a, int64_t now_ms, int64_t deadline_ms,
			struct text **jwks, size_t *count, struct error *err)
{
	struct sqlite *s = self;
	struct taken taken = {.arena = a};
	bool ok;

	if (!begin(s, deadline_ms, err))
		return false;
	ok = read_rows(s, KEYS, now_ms, STORE_MOST_KEYS, take_key, &taken, err);
	end(s);
	if (!ok)
		return false;
	*jwks = taken.texts;
	*count = taken.count;
	return true;
}

/* ---- open, close ---- */

static void sqlite_close(void *self)
{
	struct sqlite *s = self;

	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	pthread_cond_destroy(&s->freed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool read_version(struct sqlite *s, int *version, struct error *err)
{
	sqlite3_stmt *statement;
	bool ok;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK)
		return failed(s, err);
	ok = sqlite3_step(statement) == SQLITE_ROW;
	if (ok)
		*version = sqlite3_column_int(statement, 0);
	else
		failed(s, err);
	sqlite3_finalize(statement);
	return ok;
}

static bool migrate(struct sqlite *s, struct error *err)
{
	struct error unused;
	int version = 0;
	bool ok;

	if (!exec(s, "BEGIN IMMEDIATE", err))
		return false;
	ok = read_version(s, &version, err);
	if (ok && version > VERSION)
		ok = error_set(err, ERROR_INPUT, "made by a newer version of this service");
	else if (ok && version == 0)
		ok = exec(s, tables, err);
	if (ok && exec(s, "COMMIT", err))
		return true;
	(void)!exec(s, "ROLLBACK", &unused);
	return false;
}

static bool prepare(struct sqlite *s, struct error *err)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &s->statements[i], NULL) != SQLITE_OK)
			return failed(s, err);
	return true;
}

static bool connect_to(struct sqlite *s, const char *file, struct error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(file, &s->db, flags, NULL);

	if (code != SQLITE_OK || s->db == NULL)
		return error_set(err, ERROR_INPUT, "%s", sqlite3_errstr(code));
	sqlite3_extended_result_codes(s->db, 0);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_busy_timeout(s->db, OPEN_MS);
	/* What a power failure may take is a session or two: their users sign in again. */
	return exec(s,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		    "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON",
		    err) &&
	       migrate(s, err) && prepare(s, err);
}

bool sqlite_open(const char *file, void **self, struct error *err)
{
	pthread_condattr_t steady;
	struct sqlite *s;

	if (!sqlite_make_file(file, err))
		return error_in(err, "the store of sessions");
	s = heap_alloc(sizeof *s);
	*s = (struct sqlite){.db = NULL};
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&s->freed, &steady);
	pthread_condattr_destroy(&steady);
	if (!connect_to(s, file, err)) {
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
};
