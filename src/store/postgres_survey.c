/* What stands in PostgreSQL, for who only looks. */
#include <string.h>

#include "base/clock.h"
#include "store/inside.h"
#include "store/pg.h"

static bool no_table(const struct pg *pg, enum pg_outcome outcome)
{
	return outcome == PG_REFUSED && strcmp(pg_state(pg), "42P01") == 0;
}

static bool read_count(struct pg *pg, const struct pg_param *now, int64_t deadline_ms,
		       struct store_found *found, struct error *err)
{
	struct pg_rows *rows = NULL;
	enum pg_outcome outcome =
		pg_run(pg,
		       "SELECT count(*) FILTER (WHERE expires_ms > $1), "
		       "count(*) FILTER (WHERE expires_ms <= $1), coalesce(min(expires_ms), 0) "
		       "FROM spectrocloud_sessions",
		       now, 1, deadline_ms, &rows, err);

	found->missing = no_table(pg, outcome);
	if (outcome != PG_DONE)
		return found->missing;
	if (pg_rows_count(rows) > 0) {
		found->live = (size_t)pg_rows_number(rows, 0, 0);
		found->expired = (size_t)pg_rows_number(rows, 0, 1);
		found->first_end_ms = pg_rows_number(rows, 0, 2);
	}
	pg_rows_free(rows);
	return true;
}

static bool read_rows(struct pg *pg, struct arena *a, const struct pg_param *now,
		      int64_t deadline_ms, struct store_found *found, struct error *err)
{
	const struct pg_param params[] = {*now, pg_number(STORE_MOST_TRIED)};
	struct pg_rows *rows = NULL;

	if (pg_run(pg,
		   "SELECT email, environment, token, expires_ms FROM spectrocloud_sessions "
		   "WHERE expires_ms > $1 ORDER BY expires_ms DESC LIMIT $2",
		   params, ARRAY_LEN(params), deadline_ms, &rows, err) != PG_DONE)
		return false;
	found->row_count = pg_rows_count(rows);
	found->rows = arena_array(a, struct store_row, found->row_count);
	for (size_t i = 0; i < found->row_count; i++)
		found->rows[i] = (struct store_row){
			.email = arena_copy_text(a, pg_rows_text(rows, i, 0)),
			.environment = arena_copy_text(a, pg_rows_text(rows, i, 1)),
			.sealed = arena_copy_text(a, pg_rows_text(rows, i, 2)),
			.expires_ms = pg_rows_number(rows, i, 3),
		};
	pg_rows_free(rows);
	return true;
}

bool postgres_survey(const struct config_postgres *config, struct arena *a, int64_t deadline_ms,
		     struct store_found *found, struct error *err)
{
	const struct pg_param now = pg_number(clock_calendar_ms());
	struct pg_target *target;
	struct pg *pg;
	bool ok;

	if (!pg_target_new(config, &target, err))
		return false;
	ok = pg_connect(target, NULL, &pg, err);
	if (ok) {
		ok = read_count(pg, &now, deadline_ms, found, err) &&
		     (found->missing || read_rows(pg, a, &now, deadline_ms, found, err));
		pg_close(pg);
	}
	pg_target_free(target);
	return ok;
}
