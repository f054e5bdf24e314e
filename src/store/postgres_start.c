/*
 * The start: database, schema and tables. Replicas start at the same time, so all that can be made
 * twice is made under an advisory lock; where the database knows none, under a row.
 */
#include "store/postgres_start.h"

#include <string.h>

#include "base/clock.h"
#include "store/inside.h"

enum {
	VERSION = 3, /* of the tables */
	START_MS = 20000,
	POLL_MS = 100,
	LEASE_MS = 60000, /* of the lock that is a row: its holder may have died */
};

/* The advisory lock of this service: any number that others are not likely to take. */
#define LOCK "7277081914523"

#define VERSIONS "spectrocloud_version"
#define LOCKS    "spectrocloud_lock"

static const char *const tables[] = {
	"CREATE TABLE IF NOT EXISTS spectrocloud_sessions (email TEXT NOT NULL, environment TEXT "
	"NOT NULL, token BYTEA NOT NULL, expires_ms BIGINT NOT NULL, "
	"PRIMARY KEY (email, environment))",
	"CREATE INDEX IF NOT EXISTS spectrocloud_sessions_by_end "
	"ON spectrocloud_sessions (expires_ms)",
	"CREATE TABLE IF NOT EXISTS spectrocloud_public_keys (id TEXT NOT NULL PRIMARY KEY, "
	"jwk TEXT NOT NULL, expires_ms BIGINT NOT NULL)",
	"CREATE TABLE IF NOT EXISTS spectrocloud_once (id BYTEA NOT NULL PRIMARY KEY, "
	"mark BYTEA NOT NULL, stage BIGINT NOT NULL, note BYTEA NOT NULL, "
	"until_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL)", /* since version 2 */
	"CREATE INDEX IF NOT EXISTS spectrocloud_once_by_end ON spectrocloud_once (expires_ms)",
	"CREATE TABLE IF NOT EXISTS spectrocloud_budget (replica TEXT NOT NULL, "
	"host TEXT NOT NULL, busy TEXT NOT NULL, seen_ms BIGINT NOT NULL, "
	"PRIMARY KEY (replica, host))", /* since version 3 */
	"CREATE TABLE IF NOT EXISTS " VERSIONS " (version BIGINT NOT NULL PRIMARY KEY)",
	"INSERT INTO " VERSIONS " (version) VALUES (3) ON CONFLICT (version) DO NOTHING",
};

struct start {
	const struct config_postgres *config;
	struct pg *pg;
	int64_t deadline_ms;
};

/* What the database wants to see again is shown again. */
static enum pg_outcome run(struct start *s, const char *sql, struct pg_rows **rows,
			   struct error *err)
{
	enum pg_outcome outcome;

	do {
		outcome = pg_run(s->pg, sql, NULL, 0, s->deadline_ms, rows, err);
	} while (outcome == PG_AGAIN && clock_left_ms(s->deadline_ms) > 0);
	return outcome;
}

static bool refused_as(const struct start *s, enum pg_outcome outcome, const char *const *states,
		       size_t count)
{
	for (size_t i = 0; i < count && outcome == PG_REFUSED; i++)
		if (strcmp(pg_state(s->pg), states[i]) == 0)
			return true;
	return false;
}

/* Runs what makes something. That another replica has made it meanwhile is as good. */
static bool make(struct start *s, const char *sql, struct error *err)
{
	/* Databases, schemas, tables and, in the middle of it, types and rows of the catalog. */
	static const char *const there[] = {"42P04", "42P06", "42P07", "42710", "23505"};
	enum pg_outcome outcome = run(s, sql, NULL, err);

	return outcome == PG_DONE || refused_as(s, outcome, there, ARRAY_LEN(there));
}

/* ---- the database ---- */

/* An identifier in quotes; arena. */
static const char *quoted(struct arena *a, const char *name)
{
	char *out = arena_alloc(a, strlen(name) * 2 + 3);
	size_t len = 0;

	out[len++] = '"';
	for (; *name != '\0'; name++) {
		if (*name == '"')
			out[len++] = '"';
		out[len++] = *name;
	}
	out[len] = '"';
	return out;
}

static bool create_database(struct start *s, struct error *err)
{
	static const char *const busy[] = {"55006"}; /* somebody copies the template */
	struct arena arena;
	const char *sql;
	enum pg_outcome outcome;
	bool ok;

	arena_init(&arena);
	sql = arena_printf(&arena, "CREATE DATABASE %s", quoted(&arena, s->config->database));
	for (;;) {
		outcome = run(s, sql, NULL, err);
		if (!refused_as(s, outcome, busy, ARRAY_LEN(busy)) ||
		    clock_left_ms(s->deadline_ms) < POLL_MS)
			break;
		clock_sleep_ms(POLL_MS);
	}
	ok = outcome == PG_DONE ||
	     (outcome == PG_REFUSED &&
	      (strcmp(pg_state(s->pg), "42P04") == 0 || strcmp(pg_state(s->pg), "23505") == 0));
	arena_fini(&arena);
	return ok || error_in(err, "creating the database %s", s->config->database);
}

static bool has_database(struct start *s, bool *has, struct error *err)
{
	const struct pg_param name = pg_text(text_of(s->config->database));
	struct pg_rows *rows = NULL;

	if (pg_run(s->pg, "SELECT 1 FROM pg_database WHERE datname = $1", &name, 1, s->deadline_ms,
		   &rows, err) != PG_DONE)
		return false;
	*has = pg_rows_count(rows) > 0;
	pg_rows_free(rows);
	return true;
}

/* Through the database that every server has. Fine if it is there. */
static bool make_database(struct start *s, const struct pg_target *target, struct error *err)
{
	bool has = false;
	bool ok;

	if (!pg_connect(target, "postgres", &s->pg, err))
		return false;
	ok = has_database(s, &has, err) && (has || create_database(s, err));
	pg_close(s->pg);
	s->pg = NULL;
	return ok;
}

static bool connect_first(struct start *s, const struct pg_target *target, struct error *err)
{
	struct error other;

	if (pg_connect(target, NULL, &s->pg, err))
		return true;
	/* Why it failed cannot be told apart, but what to do about it can be tried. */
	if (!s->config->create || s->config->database == NULL)
		return false;
	if (!make_database(s, target, &other)) {
		if (other.kind == ERROR_INTERNAL) /* it may not: more to the point */
			*err = other;
		return false;
	}
	/* It is there now, by us or by another replica; or it was, and this fails as before. */
	return pg_connect(target, NULL, &s->pg, err);
}

/* ---- one replica at a time ---- */

/* Tries until it is so. first: of the one row that sql answers, says whether it is. */
static bool until_taken(struct start *s, const char *sql, const struct pg_param *params,
			size_t count, enum pg_outcome *outcome, struct error *err)
{
	for (;;) {
		struct pg_rows *rows = NULL;
		bool taken = false;

		*outcome = pg_run(s->pg, sql, params, count, s->deadline_ms, &rows, err);
		if (*outcome == PG_DONE)
			taken = pg_rows_count(rows) > 0 && pg_rows_number(rows, 0, 0) != 0;
		else if (*outcome != PG_AGAIN)
			return false;
		pg_rows_free(rows);
		if (taken)
			return true;
		if (clock_left_ms(s->deadline_ms) < POLL_MS)
			return error_set(err, ERROR_UNAVAILABLE,
					 "another replica has been changing the tables for long");
		clock_sleep_ms(POLL_MS);
	}
}

/* A row that says until when it is taken. */
static bool take_row(struct start *s, struct error *err)
{
	const struct pg_param times[2] = {pg_number(clock_calendar_ms() + LEASE_MS),
					  pg_number(clock_calendar_ms())};
	enum pg_outcome outcome;

	return make(s,
		    "CREATE TABLE IF NOT EXISTS " LOCKS " (id BIGINT NOT NULL PRIMARY KEY, "
		    "until_ms BIGINT NOT NULL)",
		    err) &&
	       make(s, "INSERT INTO " LOCKS " VALUES (1, 0) ON CONFLICT (id) DO NOTHING", err) &&
	       until_taken(s,
			   "UPDATE " LOCKS " SET until_ms = $1 WHERE id = 1 AND until_ms < $2 "
			   "RETURNING id",
			   times, 2, &outcome, err);
}

/* *by_row: out, how to give it back. */
static bool take_lock(struct start *s, bool *by_row, struct error *err)
{
	/* No such function; not supported; not allowed. */
	static const char *const unknown[] = {"42883", "0A000", "42501"};
	enum pg_outcome outcome;

	*by_row = false;
	if (until_taken(s, "SELECT pg_try_advisory_lock(" LOCK ")", NULL, 0, &outcome, err))
		return true;
	if (!refused_as(s, outcome, unknown, ARRAY_LEN(unknown)))
		return false;
	*by_row = true;
	return take_row(s, err);
}

/* If that fails, the end of the connection or of the lease does it. */
static void give_lock_back(struct start *s, bool by_row)
{
	struct error unused;

	if (run(s,
		by_row ? "UPDATE " LOCKS " SET until_ms = 0 WHERE id = 1"
		       : "SELECT pg_advisory_unlock(" LOCK ")",
		NULL, &unused) != PG_DONE)
		return;
}

/* ---- the tables ---- */

/* *version: out, 0 if there are none. */
static bool read_version(struct start *s, int64_t *version, struct error *err)
{
	static const char *const none[] = {"42P01", "3F000"};
	struct pg_rows *rows = NULL;
	enum pg_outcome outcome =
		run(s, "SELECT coalesce(max(version), 0) FROM " VERSIONS, &rows, err);

	*version = 0;
	if (refused_as(s, outcome, none, ARRAY_LEN(none)))
		return true;
	if (outcome != PG_DONE)
		return false;
	if (pg_rows_count(rows) > 0)
		*version = pg_rows_number(rows, 0, 0);
	pg_rows_free(rows);
	return true;
}

static bool is_known(int64_t version, struct error *err)
{
	return version <= VERSION ||
	       error_set(err, ERROR_INPUT,
			 "the tables for sessions were made by a newer version of this service");
}

/* Nothing in it hurts where it was done before, by one that died in the middle of it. */
static bool make_tables(struct start *s, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (!make(s, tables[i], err))
			return error_in(err, "making the tables for sessions");
	return true;
}

static bool make_schema(struct start *s, struct error *err)
{
	struct arena arena;
	bool ok;

	if (s->config->schema == NULL || !s->config->create)
		return true;
	arena_init(&arena);
	ok = make(s,
		  arena_printf(&arena, "CREATE SCHEMA IF NOT EXISTS %s",
			       quoted(&arena, s->config->schema)),
		  err);
	arena_fini(&arena);
	return ok || error_in(err, "creating the schema %s", s->config->schema);
}

/* *complete: out, whether there are all, with all columns that are needed. */
static bool are_complete(struct start *s, bool *complete, struct error *err)
{
	static const char *const looks[] = {
		"SELECT email, environment, token, expires_ms FROM spectrocloud_sessions LIMIT 0",
		"SELECT id, jwk, expires_ms FROM spectrocloud_public_keys LIMIT 0",
		"SELECT id, mark, stage, note, until_ms, expires_ms FROM spectrocloud_once LIMIT 0",
		"SELECT replica, host, busy, seen_ms FROM spectrocloud_budget LIMIT 0",
	};
	static const char *const none[] = {"42P01"};

	*complete = true;
	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		enum pg_outcome outcome = run(s, looks[i], NULL, err);

		if (refused_as(s, outcome, none, ARRAY_LEN(none)))
			*complete = false;
		else if (outcome != PG_DONE)
			return error_in(err, "reading the tables for sessions");
	}
	return true;
}

/* *needed: out, whether something is missing, or somebody dropped it. */
static bool is_making_needed(struct start *s, bool *needed, struct error *err)
{
	int64_t version;
	bool complete = false;

	if (!read_version(s, &version, err) || !is_known(version, err) ||
	    (version == VERSION && !are_complete(s, &complete, err)))
		return false;
	*needed = version < VERSION || !complete;
	return true;
}

static bool migrate(struct start *s, struct error *err)
{
	bool needed = true;
	bool by_row;
	bool ok;

	if (!is_making_needed(s, &needed, err))
		return false;
	if (!needed) /* as nearly always; a role that may make nothing can start */
		return true;
	if (!make_schema(s, err) || !take_lock(s, &by_row, err))
		return false;
	ok = is_making_needed(s, &needed, err) && (!needed || make_tables(s, err));
	give_lock_back(s, by_row);
	return ok;
}

bool postgres_start(const struct config_postgres *config, const struct pg_target *target,
		    struct pg **pg, struct error *err)
{
	struct start s = {.config = config, .deadline_ms = clock_now_ms() + START_MS};

	if (!connect_first(&s, target, err))
		return false;
	if (!migrate(&s, err)) {
		pg_close(s.pg);
		return false;
	}
	*pg = s.pg;
	return true;
}
