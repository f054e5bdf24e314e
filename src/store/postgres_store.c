/*
 * Sessions in PostgreSQL. The statements are plain, so that databases that speak its protocol
 * understand them too; what tells other replicas of a change is a part of the change, and left out
 * where it is not heard.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/inside.h"
#include "store/postgres_listen.h"
#include "store/postgres_pool.h"
#include "store/postgres_start.h"

#define SESSIONS "spectrocloud_sessions"
#define KEYS     "spectrocloud_public_keys"
#define ONCE     "spectrocloud_once"
#define BUDGET   "spectrocloud_budget"

/* What changes something has its deadline as $1, and looks at the clock when it is done. */
#define CHANGE(sql)  "WITH done AS (" sql " RETURNING 1) SELECT count(*), " PG_IN_TIME
#define DONE         " FROM done"
#define TELL(digest) ", pg_notify('" CHANNEL "', " digest ")"

#define PUT                                                                          \
	CHANGE("INSERT INTO " SESSIONS " (email, environment, token, expires_ms) "   \
	       "VALUES ($2, $3, $4, $5) ON CONFLICT (email, environment) DO UPDATE " \
	       "SET token = excluded.token, expires_ms = excluded.expires_ms")
#define DROP_ALL CHANGE("DELETE FROM " SESSIONS " WHERE email = $2")
#define DROP                                                    \
	CHANGE("DELETE FROM " SESSIONS " WHERE email = $2 AND " \
	       "environment = $3 AND ($4::bytea IS NULL OR token = $4)")
#define PUT_KEY                                                                   \
	CHANGE("INSERT INTO " KEYS " (id, jwk, expires_ms) VALUES ($2, $3, $4) "  \
	       "ON CONFLICT (id) DO UPDATE SET jwk = excluded.jwk, expires_ms = " \
	       "excluded.expires_ms")

/* Where none is, or one that is over by the clocks of a replica and of the database. */
#define ONCE_PUT                                                                            \
	CHANGE("INSERT INTO " ONCE " AS old (id, mark, stage, note, until_ms, expires_ms) " \
	       "VALUES ($2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET "            \
	       "mark = excluded.mark, stage = excluded.stage, note = excluded.note, "       \
	       "until_ms = excluded.until_ms, expires_ms = excluded.expires_ms "            \
	       "WHERE old.expires_ms <= $8 AND old.expires_ms <= " PG_NOW_MS)
#define ONCE_SET  CHANGE("UPDATE " ONCE " SET stage = $4, note = $5 WHERE id = $2 AND mark = $3")
#define ONCE_DROP CHANGE("DELETE FROM " ONCE " WHERE id = $2 AND mark = $3")

/* Of replicas: by the database's clock alone, in milliseconds. */
#define FRESH "5000"
#define GONE  "60000"
/* $2 and $3: the hosts, and what is busy at each, as lines. Lines of which there is none but an
 * empty one are no array of one. */
#define BUDGET_MEET                                                                              \
	"WITH met AS (SELECT host, coalesce(busy, '') AS busy FROM unnest("                      \
	"string_to_array($2, chr(10)), string_to_array($3, chr(10))) AS lines (host, busy)), "   \
	"mine AS (INSERT INTO " BUDGET " (replica, host, busy, seen_ms) "                        \
	"SELECT $1, host, busy, " PG_CLOCK_MS " FROM met ON CONFLICT (replica, host) DO UPDATE " \
	"SET busy = excluded.busy, seen_ms = excluded.seen_ms RETURNING 1) "                     \
	"SELECT host, busy FROM " BUDGET " WHERE host IN (SELECT host FROM met) "                \
	"AND replica <> $1 AND seen_ms > " PG_NOW_MS " - " FRESH " ORDER BY seen_ms DESC LIMIT $4"

/* By the clocks of a replica and of the database: what is live is so by both, and what is over.
 * So no replica whose clock is wrong takes from others what they have, or uses what has ended. */
#define LIVE(now) "expires_ms > " now " AND expires_ms > " PG_NOW_MS
#define OVER(now) "expires_ms <= " now " AND expires_ms <= " PG_NOW_MS

struct postgres {
	struct pg_target *target;
	struct pg_pool *pool;
	struct pg_listener *listener; /* NULL: this database does not tell */
};

static bool run(void *self, const char *sql, const struct pg_param *params, size_t count,
		int64_t deadline_ms, struct pg_rows **rows, struct error *err)
{
	const struct postgres *p = self;

	return pg_pool_run(p->pool, sql, params, count, deadline_ms, rows, err);
}

/* Of a statement that answers one row with one number. */
static bool run_number(void *self, const char *sql, const struct pg_param *params, size_t count,
		       int64_t deadline_ms, size_t *number, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (!run(self, sql, params, count, deadline_ms, &rows, err))
		return false;
	*number = pg_rows_count(rows) > 0 ? (size_t)pg_rows_number(rows, 0, 0) : 0;
	pg_rows_free(rows);
	return true;
}

/* A text that is never NULL to the database. */
static struct pg_param name_param(struct text t)
{
	return pg_text(t.len == 0 ? TEXT("") : t);
}

/* libpq takes text up to a NUL. */
static struct pg_param copied(struct arena *a, struct text t)
{
	return name_param(arena_copy_text(a, t));
}

/* ---- sessions ---- */

static bool postgres_put(void *self, const struct store_row *row, const char *digest,
			 int64_t deadline_ms, struct error *err)
{
	static const char silent[] = PUT DONE;
	static const char telling[] = PUT TELL("$6") DONE;
	const struct postgres *p = self;
	bool tells = p->listener != NULL;
	struct arena arena;
	bool ok;

	arena_init(&arena);
	ok = run(self, tells ? telling : silent,
		 (const struct pg_param[]){pg_deadline(), copied(&arena, row->email),
					   copied(&arena, row->environment), pg_bytes(row->sealed),
					   pg_number(row->expires_ms), pg_text(text_of(digest))},
		 tells ? 6 : 5, deadline_ms, NULL, err);
	arena_fini(&arena);
	return ok;
}

static bool postgres_get(void *self, struct arena *a, struct store_row *row, int64_t now_ms,
			 int64_t deadline_ms, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (!run(self,
		 "SELECT token, expires_ms FROM " SESSIONS
		 " WHERE email = $1 AND environment = $2 AND " LIVE("$3"),
		 (const struct pg_param[]){copied(a, row->email), copied(a, row->environment),
					   pg_number(now_ms)},
		 3, deadline_ms, &rows, err))
		return false;
	if (pg_rows_count(rows) > 0) {
		row->sealed = arena_copy_text(a, pg_rows_text(rows, 0, 0));
		row->expires_ms = pg_rows_number(rows, 0, 1);
	}
	pg_rows_free(rows);
	return true;
}

static bool postgres_drop(void *self, const struct store_row *which, const char *digest,
			  int64_t deadline_ms, size_t *dropped, struct error *err)
{
	static const char *const statements[2][2] = {
		{DROP DONE, DROP TELL("$5") DONE},
		{DROP_ALL DONE, DROP_ALL TELL("$3") DONE},
	};
	const struct postgres *p = self;
	struct pg_param params[5];
	size_t tells = p->listener != NULL ? 1 : 0;
	size_t all = which->environment.ptr == NULL ? 1 : 0;
	struct arena arena;
	size_t n = 0;
	bool ok;

	arena_init(&arena);
	params[n++] = pg_deadline();
	params[n++] = copied(&arena, which->email);
	if (all == 0) {
		params[n++] = copied(&arena, which->environment);
		params[n++] = pg_bytes(which->sealed);
	}
	if (tells == 1)
		params[n++] = pg_text(text_of(digest));
	ok = run_number(self, statements[all][tells], params, n, deadline_ms, dropped, err);
	arena_fini(&arena);
	return ok;
}

static bool postgres_count(void *self, int64_t now_ms, int64_t deadline_ms, size_t *count,
			   struct error *err)
{
	const struct pg_param now = pg_number(now_ms);

	return run_number(self, "SELECT count(*) FROM " SESSIONS " WHERE " LIVE("$1"), &now, 1,
			  deadline_ms, count, err);
}

static bool postgres_list(void *self, struct arena *a, size_t most, int64_t now_ms,
			  int64_t deadline_ms, struct store_row **rows, size_t *count,
			  struct error *err)
{
	struct pg_rows *found = NULL;

	/* By bytes, whatever the order of letters is in that database. */
	if (!run(self,
		 "SELECT email, environment, expires_ms FROM " SESSIONS
		 " WHERE " LIVE("$1") " ORDER BY convert_to(email, 'UTF8'), "
				      "convert_to(environment, 'UTF8') LIMIT $2",
		 (const struct pg_param[]){pg_number(now_ms),
					   pg_number(most > INT32_MAX ? INT32_MAX : (int64_t)most)},
		 2, deadline_ms, &found, err))
		return false;
	*count = pg_rows_count(found);
	*rows = arena_array(a, struct store_row, *count);
	for (size_t i = 0; i < *count; i++)
		(*rows)[i] = (struct store_row){
			.email = arena_copy_text(a, pg_rows_text(found, i, 0)),
			.environment = arena_copy_text(a, pg_rows_text(found, i, 1)),
			.expires_ms = pg_rows_number(found, i, 2),
		};
	pg_rows_free(found);
	return true;
}

static bool postgres_purge(void *self, int64_t now_ms, int64_t deadline_ms, size_t *dropped,
			   struct error *err)
{
	const struct pg_param now = pg_number(now_ms);

	return run(self, "DELETE FROM " KEYS " WHERE " OVER("$1"), &now, 1, deadline_ms, NULL,
		   err) &&
	       run(self, "DELETE FROM " ONCE " WHERE " OVER("$1"), &now, 1, deadline_ms, NULL,
		   err) &&
	       run(self, "DELETE FROM " BUDGET " WHERE seen_ms <= " PG_NOW_MS " - " GONE, NULL, 0,
		   deadline_ms, NULL, err) &&
	       run_number(self,
			  "WITH done AS (DELETE FROM " SESSIONS
			  " WHERE " OVER("$1") " RETURNING 1) SELECT count(*) FROM done",
			  &now, 1, deadline_ms, dropped, err);
}

/* ---- public keys ---- */

static bool postgres_put_key(void *self, struct text id, struct text jwk, int64_t expires_ms,
			     int64_t deadline_ms, struct error *err)
{
	struct arena arena;
	bool ok;

	arena_init(&arena);
	ok = run(self, PUT_KEY DONE,
		 (const struct pg_param[]){pg_deadline(), copied(&arena, id), copied(&arena, jwk),
					   pg_number(expires_ms)},
		 4, deadline_ms, NULL, err);
	arena_fini(&arena);
	return ok;
}

static bool postgres_keys(void *self, struct arena *a, int64_t now_ms, int64_t deadline_ms,
			  struct text **jwks, size_t *count, struct error *err)
{
	struct pg_rows *found = NULL;

	if (!run(self,
		 "SELECT jwk FROM " KEYS " WHERE " LIVE("$1") " ORDER BY expires_ms DESC LIMIT $2",
		 (const struct pg_param[]){pg_number(now_ms), pg_number(STORE_MOST_KEYS)}, 2,
		 deadline_ms, &found, err))
		return false;
	*count = pg_rows_count(found);
	*jwks = arena_array(a, struct text, *count);
	for (size_t i = 0; i < *count; i++)
		(*jwks)[i] = arena_copy_text(a, pg_rows_text(found, i, 0));
	pg_rows_free(found);
	return true;
}

/* ---- replicas ---- */

/* What others say of the hosts, among the meetings. */
static void tell_meetings(struct arena *a, const struct pg_rows *found,
			  struct store_meeting *meetings, size_t count)
{
	size_t rows = pg_rows_count(found);

	for (size_t i = 0; i < count; i++) {
		struct store_meeting *m = &meetings[i];

		m->other_count = 0;
		for (size_t row = 0; row < rows; row++)
			m->other_count += text_is(pg_rows_text(found, row, 0), m->host);
		m->others = arena_array(a, const char *, m->other_count);
		for (size_t row = 0, n = 0; row < rows; row++)
			if (text_is(pg_rows_text(found, row, 0), m->host))
				m->others[n++] = arena_copy(a, pg_rows_text(found, row, 1));
	}
}

static bool postgres_budget_meet(void *self, struct arena *a, struct text replica,
				 struct store_meeting *meetings, size_t count, int64_t deadline_ms,
				 struct error *err)
{
	struct pg_rows *found = NULL;
	struct buf hosts;
	struct buf busy;
	bool ok;

	buf_init(&hosts, SIZE_MAX);
	buf_init(&busy, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *between = i == 0 ? "" : "\n";

		buf_printf(&hosts, "%s%s", between, meetings[i].host);
		buf_printf(&busy, "%s%s", between, meetings[i].busy);
	}
	ok = run(self, BUDGET_MEET,
		 (const struct pg_param[]){copied(a, replica), copied(a, buf_text(&hosts)),
					   copied(a, buf_text(&busy)),
					   pg_number((int64_t)count * STORE_MOST_REPLICAS)},
		 4, deadline_ms, &found, err);
	buf_fini(&busy);
	buf_fini(&hosts);
	if (!ok)
		return false;
	tell_meetings(a, found, meetings, count);
	pg_rows_free(found);
	return true;
}

static bool postgres_budget_leave(void *self, struct text replica, int64_t deadline_ms,
				  struct error *err)
{
	const struct pg_param name = pg_text(replica);

	return run(self, "DELETE FROM " BUDGET " WHERE replica = $1", &name, 1, deadline_ms, NULL,
		   err);
}

/* ---- deeds ---- */

/* A connection that breaks may have it put twice: the second time the row is there, and is ours. */
static bool postgres_once_put(void *self, const struct once_row *row, int64_t now_ms,
			      int64_t deadline_ms, struct error *err)
{
	return run(self, ONCE_PUT DONE,
		   (const struct pg_param[]){pg_deadline(), pg_bytes(row->id), pg_bytes(row->mark),
					     pg_number((int64_t)row->stage), pg_bytes(row->sealed),
					     pg_number(row->until_ms), pg_number(row->expires_ms),
					     pg_number(now_ms)},
		   8, deadline_ms, NULL, err);
}

/* Whatever is not over, so that there is always either a row or room for one. */
static bool postgres_once_get(void *self, struct arena *a, struct once_row *row, int64_t now_ms,
			      int64_t deadline_ms, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (!run(self,
		 "SELECT mark, stage, note, until_ms, expires_ms FROM " ONCE
		 " WHERE id = $1 AND NOT (" OVER("$2") ")",
		 (const struct pg_param[]){pg_bytes(row->id), pg_number(now_ms)}, 2, deadline_ms,
		 &rows, err))
		return false;
	if (pg_rows_count(rows) > 0) {
		row->mark = arena_copy_text(a, pg_rows_text(rows, 0, 0));
		row->stage = (enum store_stage)pg_rows_number(rows, 0, 1);
		row->sealed = arena_copy_text(a, pg_rows_text(rows, 0, 2));
		row->until_ms = pg_rows_number(rows, 0, 3);
		row->expires_ms = pg_rows_number(rows, 0, 4);
	}
	pg_rows_free(rows);
	return true;
}

static bool postgres_once_set(void *self, const struct once_row *row, int64_t deadline_ms,
			      size_t *set, struct error *err)
{
	return run_number(
		self, ONCE_SET DONE,
		(const struct pg_param[]){pg_deadline(), pg_bytes(row->id), pg_bytes(row->mark),
					  pg_number((int64_t)row->stage), pg_bytes(row->sealed)},
		5, deadline_ms, set, err);
}

static bool postgres_once_drop(void *self, const struct once_row *row, int64_t deadline_ms,
			       struct error *err)
{
	return run(self, ONCE_DROP DONE,
		   (const struct pg_param[]){pg_deadline(), pg_bytes(row->id), pg_bytes(row->mark)},
		   3, deadline_ms, NULL, err);
}

/* ---- open, close ---- */

static void postgres_close(void *self)
{
	struct postgres *p = self;

	pg_listener_close(p->listener);
	pg_pool_close(p->pool);
	pg_target_free(p->target);
	free(p);
}

static bool postgres_tells(const void *self)
{
	const struct postgres *p = self;

	return p->listener != NULL && pg_listener_hears(p->listener);
}

bool postgres_open(const struct config_postgres *config, struct store *store, void **self,
		   struct error *err)
{
	struct pg_target *target = NULL;
	struct pg *pg = NULL;
	struct postgres *p;

	if (!pg_target_new(config, &target, err))
		return false;
	if (!postgres_start(config, target, &pg, err)) {
		pg_target_free(target);
		return error_in(err, "the store of sessions");
	}
	p = heap_alloc(sizeof *p);
	*p = (struct postgres){.target = target,
			       .pool = pg_pool_open(target),
			       .listener = pg_listener_open(target, pg, store)};
	if (p->listener == NULL)
		log_warn("store.deaf",
			 F_STR("why", "this database does not tell of others' changes"));
	*self = p;
	return true;
}

const struct store_kind store_kind_postgres = {
	.name = "postgresql",
	.is_remote = true,
	.close = postgres_close,
	.tells_of_others = postgres_tells,
	.put = postgres_put,
	.get = postgres_get,
	.drop = postgres_drop,
	.count = postgres_count,
	.list = postgres_list,
	.purge = postgres_purge,
	.put_key = postgres_put_key,
	.keys = postgres_keys,
	.budget_meet = postgres_budget_meet,
	.budget_leave = postgres_budget_leave,
	.once_put = postgres_once_put,
	.once_get = postgres_once_get,
	.once_set = postgres_once_set,
	.once_drop = postgres_once_drop,
};
