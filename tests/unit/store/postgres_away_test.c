/* When PostgreSQL goes away, is slow, or has another idea of what time it is. */
#include "unit/store/postgres_world.h"

#include <signal.h>

#include "store/inside.h"

/* ---- when it goes away ---- */

static void after_its_restart_all_goes_on(void **state)
{
	struct world *w = *state;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	server_stop();
	server_start();
	assert_string_equal(get(w, "a@x", "prod"), "t");
	put(w, "a@x", "prod", "t2", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t2");
}

static void a_cut_connection_is_not_noticed(void **state)
{
	struct world *w = *state;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	for (int i = 0; i < 5; i++) {
		sql(CUT);
		assert_string_equal(get(w, "a@x", "prod"), "t");
	}
}

static void *cut_often(void *context)
{
	(void)context;
	for (int i = 0; i < 3; i++) {
		clock_sleep_ms(50);
		if (!server_sql(database, CUT, NULL, 0))
			return NULL;
	}
	return context;
}

/* Under way, a call survives one cut; a second one within the same call is told. */
static void a_crowd_survives_cuts(void **state)
{
	struct world *w = *state;
	int64_t end;
	pthread_t cutter;
	unsigned failed = 0;
	unsigned done = 0;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_int_equal(pthread_create(&cutter, NULL, cut_often, w), 0);
	for (end = clock_now_ms() + 600; clock_left_ms(end) > 0; done++) {
		struct session session = {.expires_ms = 0};
		struct error err;

		if (!store_get(w->store, &w->arena, TEXT("a@x"), "prod", soon(), &session, &err))
			failed++;
		else
			assert_string_equal(session.token.ptr, "t");
	}
	pthread_join(cutter, NULL);
	assert_true(done > 3);
	assert_true(failed <= 1); /* three cuts can hit one call twice, once */
}

static void away_it_fails_in_time_and_comes_back(void **state)
{
	struct world *w = *state;
	struct session session = {.expires_ms = -1};
	struct error err;
	int64_t start;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	server_stop();
	for (int i = 0; i < 5; i++) {
		start = clock_now_ms();
		assert_false(store_get(w->store, &w->arena, TEXT("a@x"), "prod", start + 300,
				       &session, &err));
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
		assert_in_range(clock_now_ms() - start, 0, 1500);
	}
	assert_true(session.expires_ms == -1);
	assert_false(store_get(w->store, &w->arena, TEXT("a@x"), "prod", soon(), &session, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	server_start();
	start = clock_now_ms();
	while (!store_get(w->store, &w->arena, TEXT("a@x"), "prod", soon(), &session, &err))
		assert_true(clock_now_ms() - start < 5000);
	assert_string_equal(session.token.ptr, "t");
}

static void *hold_table(void *context)
{
	if (!server_sql(database,
			"BEGIN; LOCK TABLE spectrocloud_sessions IN ACCESS EXCLUSIVE MODE; "
			"SELECT pg_sleep(1.5); COMMIT",
			NULL, 0))
		return NULL;
	return context;
}

/* It is held for one and a half seconds. */
static void hold_until_seen(struct world *w, pthread_t *holder)
{
	char out[16];

	assert_int_equal(pthread_create(holder, NULL, hold_table, w), 0);
	do {
		clock_sleep_ms(20);
		assert_true(server_sql(database,
				       "SELECT count(*) FROM pg_locks WHERE mode = "
				       "'AccessExclusiveLock' AND relation = "
				       "'spectrocloud_sessions'::regclass",
				       out, sizeof out));
	} while (strcmp(out, "1\n") != 0);
}

static void a_slow_answer_is_not_waited_for(void **state)
{
	struct world *w = *state;
	struct session session;
	struct error err;
	pthread_t holder;
	int64_t start;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	hold_until_seen(w, &holder);
	start = clock_now_ms();
	assert_false(
		store_get(w->store, &w->arena, TEXT("a@x"), "prod", start + 200, &session, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_in_range(clock_now_ms() - start, 190, 1000);
	assert_string_equal(get(w, "a@x", "prod"), "t"); /* with more patience */
	pthread_join(holder, NULL);
}

/* ---- deadlines ---- */

enum { MOST_BACKENDS = 8 };

/* The processes that serve our connections. */
static size_t backends(pid_t pids[MOST_BACKENDS])
{
	char out[256];
	struct text rest;
	struct text line;
	size_t n = 0;

	assert_true(server_sql(database,
			       "SELECT pid FROM pg_stat_activity WHERE application_name = "
			       "'spectrocloud-backend' AND datname = current_database()",
			       out, sizeof out));
	for (rest = text_trim(text_of(out)); rest.len > 0 && text_next(&rest, '\n', &line); n++) {
		int64_t pid = 0;

		assert_true(n < MOST_BACKENDS && text_to_int(line, &pid));
		pids[n] = (pid_t)pid;
	}
	return n;
}

static void tell_all(const pid_t *pids, size_t count, int signal)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(kill(pids[i], signal), 0);
}

static size_t count_left(const pid_t *pids, size_t count)
{
	pid_t now[MOST_BACKENDS];
	size_t n = backends(now);
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < count; j++)
			left += now[i] == pids[j];
	return left;
}

/* Until all but the one that listens have seen that nobody is there. */
static void wait_for_their_end(const pid_t *pids, size_t count)
{
	int64_t end = clock_now_ms() + PATIENCE_MS;

	while (count_left(pids, count) > 1) {
		assert_true(clock_left_ms(end) > 0);
		clock_sleep_ms(20);
	}
}

/* A change that is given up after a moment. */
typedef bool change_fn(struct world *w, const char *what, int64_t deadline_ms, struct error *err);

static bool put_it(struct world *w, const char *what, int64_t deadline_ms, struct error *err)
{
	return store_put(w->store, text_of(what), "prod", TEXT("late"), in_ms(MINUTE_MS),
			 deadline_ms, err);
}

static bool drop_it(struct world *w, const char *what, int64_t deadline_ms, struct error *err)
{
	size_t deleted;

	return store_delete(w->store, text_of(what), "prod", deadline_ms, &deleted, err);
}

static bool drop_all_of(struct world *w, const char *what, int64_t deadline_ms, struct error *err)
{
	size_t deleted;

	return store_delete(w->store, text_of(what), NULL, deadline_ms, &deleted, err);
}

static bool put_key(struct world *w, const char *what, int64_t deadline_ms, struct error *err)
{
	return store_put_key(w->store, what, TEXT("{}"), in_ms(MINUTE_MS), deadline_ms, err);
}

static void is_given_up(bool ok, const struct error *err)
{
	assert_false(ok);
	assert_int_equal(err->kind, ERROR_UNAVAILABLE);
	assert_string_equal(err->message, "the store of sessions does not answer");
}

static void gives_up(struct world *w, change_fn *change, const char *what)
{
	struct error err;

	is_given_up(change(w, what, clock_now_ms() + 300, &err), &err);
}

/* The process that has the change stands still until it was given up, and dropped is gone. No
 * assertion in between: the server does not stop while one of its processes stands still. */
static void while_it_stands_still(struct world *w, change_fn *change, const char *what,
				  const char *dropped)
{
	pid_t pids[MOST_BACKENDS];
	size_t count = backends(pids);
	size_t deleted = 0;
	struct error err;
	struct error unused;
	bool ok;

	tell_all(pids, count, SIGSTOP);
	ok = change(w, what, clock_now_ms() + 300, &err);
	if (dropped != NULL &&
	    !store_delete(w->store, text_of(dropped), NULL, soon(), &deleted, &unused))
		deleted = SIZE_MAX;
	tell_all(pids, count, SIGCONT);
	is_given_up(ok, &err);
	assert_int_equal(deleted, dropped != NULL ? 1 : 0);
	wait_for_their_end(pids, count);
}

static void what_was_given_up_is_not_done_later(void **state)
{
	struct world *w = *state;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	put(w, "b@x", "prod", "t", in_ms(MINUTE_MS));
	while_it_stands_still(w, put_it, "a@x", "a@x");
	assert_null(get(w, "a@x", "prod"));
	while_it_stands_still(w, drop_it, "b@x", NULL);
	assert_string_equal(get(w, "b@x", "prod"), "t");
	while_it_stands_still(w, drop_all_of, "b@x", NULL);
	assert_string_equal(get(w, "b@x", "prod"), "t");
	while_it_stands_still(w, put_key, "id", NULL);
	answers("SELECT count(*) FROM spectrocloud_public_keys", "0\n");
}

static void nor_is_what_waited_for_somebody_else(void **state)
{
	struct world *w = *state;
	pid_t pids[MOST_BACKENDS];
	pthread_t holder;
	size_t count;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	put(w, "b@x", "prod", "t", in_ms(MINUTE_MS));
	hold_until_seen(w, &holder);
	count = backends(pids);
	gives_up(w, put_it, "a@x");
	gives_up(w, drop_all_of, "b@x");
	pthread_join(holder, NULL);
	wait_for_their_end(pids, count);
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_string_equal(get(w, "b@x", "prod"), "t");
}

/* What is measured when a connection is made holds no longer. */
static void a_clock_that_is_set_is_measured_again(void **state)
{
	struct world *w = *state;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	sql("SET allow_system_table_mods = on; "
	    "ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO true_clock; "
	    "CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
	    "'SELECT pg_catalog.true_clock() + interval ''1 hour'''");
	put(w, "a@x", "prod", "t2", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t2");
	assert_int_equal(drop(w, "a@x", NULL), 1);
}

/* ---- clocks of replicas ---- */

enum { HOUR_MS = 60 * MINUTE_MS };

/* One whose clock we set. */
struct replica {
	void *self;
	struct arena arena;
};

static bool has(struct replica *r, int64_t now_ms, const char *email)
{
	struct store_row row = {.email = text_of(email), .environment = TEXT("prod")};
	struct error err;

	assert_true(store_kind_postgres.get(r->self, &r->arena, &row, now_ms, soon(), &err));
	return row.sealed.ptr != NULL;
}

static size_t counts(struct replica *r, int64_t now_ms)
{
	struct store_row *rows = NULL;
	size_t listed = SIZE_MAX;
	size_t n = SIZE_MAX;
	struct error err;

	assert_true(store_kind_postgres.count(r->self, now_ms, soon(), &n, &err));
	assert_true(store_kind_postgres.list(r->self, &r->arena, 10, now_ms, soon(), &rows, &listed,
					     &err));
	assert_int_equal(listed, n);
	return n;
}

static size_t count_keys(struct replica *r, int64_t now_ms)
{
	struct text *jwks = NULL;
	size_t n = SIZE_MAX;
	struct error err;

	assert_true(store_kind_postgres.keys(r->self, &r->arena, now_ms, soon(), &jwks, &n, &err));
	return n;
}

static size_t purges(struct replica *r, int64_t now_ms)
{
	size_t n = SIZE_MAX;
	struct error err;

	assert_true(store_kind_postgres.purge(r->self, now_ms, soon(), &n, &err));
	return n;
}

static void what_is_live_and_over_is_so_by_both_clocks(void **state)
{
	const int64_t ahead = in_ms(4 * HOUR_MS);
	const int64_t behind = in_ms(-4 * HOUR_MS);
	struct world *w = *state;
	struct replica r = {.self = NULL};
	struct error err;

	arena_init(&r.arena);
	assert_true(postgres_open(&w->config.store.postgres, w->store, &r.self, &err));
	put(w, "live@x", "prod", "t", in_ms(HOUR_MS));
	put(w, "over@x", "prod", "t", in_ms(-HOUR_MS));
	assert_true(store_put_key(w->store, "live", TEXT("{}"), in_ms(HOUR_MS), soon(), &err));
	assert_true(store_put_key(w->store, "over", TEXT("{}"), in_ms(-HOUR_MS), soon(), &err));
	assert_true(has(&r, behind, "live@x"));
	assert_false(has(&r, behind, "over@x"));
	assert_int_equal(counts(&r, behind), 1);
	assert_int_equal(count_keys(&r, behind), 1);
	assert_int_equal(purges(&r, behind), 0);
	assert_false(has(&r, ahead, "live@x"));
	assert_int_equal(counts(&r, ahead), 0);
	assert_int_equal(count_keys(&r, ahead), 0);
	assert_int_equal(purges(&r, ahead), 1);
	assert_string_equal(get(w, "live@x", "prod"), "t");
	answers("SELECT id FROM spectrocloud_public_keys", "live\n");
	store_kind_postgres.close(r.self);
	arena_fini(&r.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(after_its_restart_all_goes_on),
		store_test(a_cut_connection_is_not_noticed),
		store_test(a_crowd_survives_cuts),
		store_test(away_it_fails_in_time_and_comes_back),
		store_test(a_slow_answer_is_not_waited_for),
		store_test(what_was_given_up_is_not_done_later),
		store_test(nor_is_what_waited_for_somebody_else),
		store_test(a_clock_that_is_set_is_measured_again),
		store_test(what_is_live_and_over_is_so_by_both_clocks),
	};
	int failed;

	if (!server_make())
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_remove();
	return failed;
}
