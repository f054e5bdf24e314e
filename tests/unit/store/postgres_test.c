/* Sessions in PostgreSQL, with a server of the tests' own. */
#include "unit/store/postgres_world.h"

static void it_says_what_it_is(void **state)
{
	struct world *w = *state;

	assert_string_equal(store_kind(w->store), "postgresql");
	assert_true(store_tells_of_others(w->store));
}

static void no_token_is_there_in_clear(void **state)
{
	static const char token[] = "a-very-visible-token";
	struct world *w = *state;
	char hex[64];
	char *dump = malloc(1 << 20);

	assert_non_null(dump);
	for (size_t i = 0; token[i] != '\0'; i++)
		snprintf(hex + i * 2, 3, "%02x", (unsigned)token[i]);
	put(w, "a@x.test", "prod", token, in_ms(MINUTE_MS));
	assert_true(server_client("pg_dump", database, dump, 1 << 20));
	assert_non_null(strstr(dump, "a@x.test"));
	assert_null(strstr(dump, token));
	assert_null(strstr(dump, hex));
	free(dump);
}

/* ---- where ---- */

static void a_schema_of_its_own(void **state)
{
	struct world *w = *state;
	char out[64];

	store_close(w->store);
	w->config.store.postgres.schema = "spectrocloud";
	w->store = open_store(w);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_true(server_sql(database, "SELECT count(*) FROM spectrocloud.spectrocloud_sessions",
			       out, sizeof out));
	assert_string_equal(out, "1\n");
	assert_true(server_sql(database, "SELECT count(*) FROM public.spectrocloud_sessions", out,
			       sizeof out));
	assert_string_equal(out, "0\n");
}

static void a_connection_string(void **state)
{
	struct world *w = *state;
	struct config_postgres *pg = &w->config.store.postgres;
	char string[160];

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	store_close(w->store);
	snprintf(string, sizeof string, "host='%s' user=nobody dbname=postgres", server_folder());
	secret_set(&pg->connection, text_of(string));
	pg->host = NULL;
	w->store = open_store(w); /* user and database lie over it */
	assert_string_equal(get(w, "a@x", "prod"), "t");
	store_close(w->store);
	snprintf(string, sizeof string, "postgresql://" SERVER_USER "@/%s?host=%s", database,
		 server_folder());
	secret_set(&pg->connection, text_of(string));
	pg->user = NULL;
	pg->database = NULL;
	w->store = open_store(w);
	assert_string_equal(get(w, "a@x", "prod"), "t");
}

static void fails_to_open(struct world *w, enum error_kind kind, const char *why)
{
	struct store *store = NULL;
	struct error err = {.message = ""};

	assert_false(store_open(&w->config, &store, &err));
	assert_null(store);
	if (strstr(err.message, why) == NULL)
		fail_msg("%s", err.message);
	assert_int_equal(err.kind, kind);
	assert_null(strstr(err.message, "hush"));
}

static void what_cannot_be_opened(void **state)
{
	struct world *w = *state;
	struct config_postgres *pg = &w->config.store.postgres;

	pg->create = false;
	pg->database = "none";
	fails_to_open(w, ERROR_UNAVAILABLE, "database \"none\" does not exist");
	pg->create = true;
	sql("CREATE ROLE poor LOGIN");
	pg->user = "poor";
	fails_to_open(w, ERROR_INTERNAL, "creating the database none");
	pg->database = database;
	pg->host = "/nowhere";
	secret_set(&pg->password, TEXT("hush"));
	fails_to_open(w, ERROR_UNAVAILABLE, "/nowhere");
	secret_set(&pg->connection, TEXT("postgresql://u:hush@h:1/d?nothing=1"));
	fails_to_open(w, ERROR_INPUT, "neither a URL nor keywords");
	secret_set(&pg->connection, TEXT("hush"));
	fails_to_open(w, ERROR_INPUT, "neither a URL nor keywords");
}

static void over_tls(void **state)
{
	static const char encrypted[] = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN "
					"pg_stat_activity USING (pid) WHERE ssl AND "
					"application_name = 'spectrocloud-backend'";
	struct world *w = *state;
	struct config_postgres *pg = &w->config.store.postgres;
	char out[8];

	pg->host = "localhost";
	pg->tls = CONFIG_TLS_VERIFIED;
	fails_to_open(w, ERROR_UNAVAILABLE, "certificate verify failed");
	pg->ca = server_certificate();
	reopen(w);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_true(server_sql(database, encrypted, out, sizeof out));
	assert_string_equal(out, "t\n");
	pg->host = "127.0.0.1";
	fails_to_open(w, ERROR_UNAVAILABLE, "does not match host name");
	pg->tls = CONFIG_TLS_UNVERIFIED;
	pg->ca = NULL;
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_true(server_sql(database, encrypted, out, sizeof out));
	assert_string_equal(out, "t\n");
	pg->tls = CONFIG_TLS_OFF;
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_true(server_sql(database, encrypted, out, sizeof out));
	assert_string_equal(out, "f\n");
}

static void a_role_that_may_make_nothing(void **state)
{
	struct world *w = *state;

	sql("CREATE ROLE user_only LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE "
	    "ON ALL TABLES IN SCHEMA public TO user_only");
	store_close(w->store);
	w->config.store.postgres.user = "user_only";
	w->store = open_store(w);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t");
}

/* Somebody dropped it, and left what says that it was made. */
static void a_missing_table_is_made_again(void **state)
{
	static const char *const all[] = {"spectrocloud_sessions", "spectrocloud_public_keys"};
	struct world *w = *state;
	char statement[80];
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		snprintf(statement, sizeof statement, "DROP TABLE %s", all[i]);
		sql(statement);
		reopen(w);
		put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
		assert_string_equal(get(w, "a@x", "prod"), "t");
		assert_true(
			store_put_key(w->store, "id", TEXT("{}"), in_ms(MINUTE_MS), soon(), &err));
	}
}

static void what_cannot_be_made_again_is_said(void **state)
{
	struct world *w = *state;

	sql("CREATE ROLE maker LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "
	    "public TO maker; DROP TABLE spectrocloud_sessions");
	w->config.store.postgres.user = "maker";
	fails_to_open(w, ERROR_INTERNAL,
		      "making the tables for sessions: the store of sessions refused, for want of "
		      "rights: SQLSTATE 42501");
	w->config.store.postgres.user = SERVER_USER;
	reopen(w);
	sql("ALTER TABLE spectrocloud_public_keys DROP COLUMN jwk");
	fails_to_open(w, ERROR_INTERNAL, "reading the tables for sessions: ");
}

static void one_that_only_reads_says_so(void **state)
{
	struct world *w = *state;
	char statement[120];
	struct error err;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	snprintf(statement, sizeof statement,
		 "ALTER DATABASE \\\"%s\\\" SET default_transaction_read_only = on", database);
	sql(statement);
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "t");
	assert_false(store_put(w->store, TEXT("a@x"), "prod", TEXT("t2"), in_ms(MINUTE_MS), soon(),
			       &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_string_equal(err.message, "the store of sessions refused, for the database is "
					 "read-only: SQLSTATE 25006");
	sql("BEGIN READ WRITE; DROP TABLE spectrocloud_version; COMMIT");
	fails_to_open(w, ERROR_UNAVAILABLE, "the database is read-only");
}

/* What tables of the version before lack is made; what they have stays. */
static void older_tables_are_brought_up_to_date(void **state)
{
	struct world *w = *state;
	struct store_once deed = a_deed("one", "note", in_ms(MINUTE_MS));
	struct store_once found;

	put(w, "a@x", "prod", "kept", in_ms(MINUTE_MS));
	sql("DROP TABLE spectrocloud_once, spectrocloud_budget; "
	    "UPDATE spectrocloud_version SET version = 1");
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "kept");
	assert_true(begin_in(w, w->store, &deed, &found));
	answers("SELECT count(*) FROM spectrocloud_once", "1\n");
	answers("SELECT count(*) FROM spectrocloud_budget", "0\n");
	answers("SELECT max(version) FROM spectrocloud_version", "3\n");
	sql("DROP TABLE spectrocloud_budget; DELETE FROM spectrocloud_version; "
	    "INSERT INTO spectrocloud_version VALUES (2)");
	reopen(w);
	assert_string_equal(get(w, "a@x", "prod"), "kept");
	answers("SELECT count(*) FROM spectrocloud_once", "1\n");
	answers("SELECT count(*) FROM spectrocloud_budget", "0\n");
	answers("SELECT max(version) FROM spectrocloud_version", "3\n");
}

static void newer_tables_are_left_alone(void **state)
{
	struct world *w = *state;

	sql("INSERT INTO spectrocloud_version VALUES (4)");
	fails_to_open(w, ERROR_INPUT, "newer version");
}

/* ---- the start of many ---- */

enum { REPLICAS = 8 };

static void *open_one(void *context)
{
	struct store *store = NULL;
	struct error err;

	if (!store_open(context, &store, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return NULL;
	}
	return store;
}

static void open_many(struct world *w)
{
	pthread_t threads[REPLICAS];
	unsigned opened = 0;

	for (size_t i = 0; i < REPLICAS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_one, &w->config), 0);
	for (size_t i = 0; i < REPLICAS; i++) {
		void *store;

		pthread_join(threads[i], &store);
		opened += store != NULL;
		store_close(store);
	}
	assert_int_equal(opened, REPLICAS);
}

static void replicas_start_together(void **state)
{
	struct world *w = *state;

	store_close(w->store);
	w->store = NULL;
	w->config.store.postgres.database = "made together";
	w->config.store.postgres.schema = "spectrocloud";
	open_many(w);
}

static void without_advisory_locks_a_row_does(void **state)
{
	struct world *w = *state;
	char out[64];

	store_close(w->store);
	w->store = NULL;
	sql("CREATE ROLE unlocked LOGIN");
	sql("CREATE DATABASE unlocked OWNER unlocked");
	strcpy(database, "unlocked");
	sql("REVOKE EXECUTE ON FUNCTION pg_try_advisory_lock(bigint) FROM PUBLIC");
	w->config.store.postgres.user = "unlocked";
	open_many(w);
	assert_true(
		server_sql(database, "SELECT until_ms FROM spectrocloud_lock", out, sizeof out));
	assert_string_equal(out, "0\n");
	w->store = open_store(w);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t");
}

/* As databases with optimistic transactions do now and then. */
static void what_shall_be_tried_again_is(void **state)
{
	struct world *w = *state;
	struct error err;

	sql("CREATE SEQUENCE tries");
	sql("CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF "
	    "nextval(''tries'') % 4 <> 0 THEN RAISE SQLSTATE ''40001''; END IF; RETURN NEW; END'");
	sql("CREATE TRIGGER again BEFORE INSERT ON spectrocloud_sessions FOR EACH ROW EXECUTE "
	    "FUNCTION again()");
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t");
	sql("CREATE OR REPLACE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE "
	    "SQLSTATE ''40001''; END'");
	assert_false(store_put(w->store, TEXT("a@x"), "prod", TEXT("t2"), in_ms(MINUTE_MS), soon(),
			       &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_string_equal(get(w, "a@x", "prod"), "t");
}

/* ---- telling ---- */

static bool was_told(struct told *told, const char *digest)
{
	bool is;

	pthread_mutex_lock(&told->lock);
	is = told->count > 0 && strcmp(told->digest, digest) == 0;
	pthread_mutex_unlock(&told->lock);
	return is;
}

/* How long it takes until the last that was told is this. */
static int64_t wait_for(struct told *told, const char *digest)
{
	int64_t start = clock_now_ms();

	while (!was_told(told, digest)) {
		if (clock_now_ms() - start > 10000)
			fail_msg("nothing was told");
		clock_sleep_ms(2);
	}
	return clock_now_ms() - start;
}

static void others_hear_of_changes(void **state)
{
	struct world *w = *state;
	struct store *other = open_store(w);
	struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char digest[STORE_DIGEST_SIZE];
	int64_t fastest_ms = INT64_MAX;
	char email[16];

	store_watch(other, note, &told);
	for (int i = 0; i < 5; i++) {
		int64_t took_ms;

		snprintf(email, sizeof email, "U%d@x", i);
		store_digest(text_of(email), digest);
		put(w, email, "prod", "t", in_ms(MINUTE_MS));
		took_ms = wait_for(&told, digest);
		fastest_ms = took_ms < fastest_ms ? took_ms : fastest_ms;
	}
	assert_in_range(fastest_ms, 0, 100); /* the others only where the machine is busy */
	store_digest(TEXT("u0@x"), digest);
	drop(w, "u0@x", NULL);
	wait_for(&told, digest);
	store_digest(TEXT("u1@x"), digest);
	drop(w, "u1@x", "prod");
	wait_for(&told, digest);
	store_watch(other, NULL, NULL);
	store_close(other);
}

/* What was sent while it was deaf is lost: so anything may have changed. */
static void who_was_cut_off_says_so_and_hears_again(void **state)
{
	struct world *w = *state;
	struct store *other = open_store(w);
	struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};
	char digest[STORE_DIGEST_SIZE];
	int64_t end;

	store_digest(TEXT("a@x"), digest);
	store_watch(other, note, &told);
	sql(CUT);
	wait_for(&told, "");
	for (end = clock_now_ms() + 10000; !was_told(&told, digest); clock_sleep_ms(20)) {
		assert_true(clock_left_ms(end) > 0);
		put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	}
	store_watch(other, NULL, NULL);
	store_close(other);
}

/* ---- replicas that meet ---- */

static void meet_at(struct world *w, const char *replica, struct store_meeting *meetings,
		    size_t count)
{
	struct error err;

	if (!store_budget_meet(w->store, &w->arena, replica, meetings, count, soon(), &err))
		fail_msg("%s", err.message);
}

/* What the others with that host have written, as "a|b", in the order of their letters. */
static const char *told(struct world *w, const struct store_meeting *m)
{
	const char *together = "";

	for (size_t i = 0; i < m->other_count; i++) { /* few: the smallest first */
		size_t least = i;

		for (size_t o = i + 1; o < m->other_count; o++)
			if (strcmp(m->others[o], m->others[least]) < 0)
				least = o;
		together = arena_printf(&w->arena, "%s%s%s", together, i == 0 ? "" : "|",
					m->others[least]);
		m->others[least] = m->others[i];
	}
	return together;
}

static const char *meet(struct world *w, const char *replica, const char *host, const char *busy)
{
	struct store_meeting m = {.host = host, .busy = busy};

	meet_at(w, replica, &m, 1);
	return told(w, &m);
}

static void replicas_meet(void **state)
{
	struct world *w = *state;
	struct error err;

	assert_true(store_can_meet(w->store));
	assert_string_equal(meet(w, "r1", "https://a", "/v1/x -"), "");
	assert_string_equal(meet(w, "r2", "https://a", ""), "/v1/x -");
	assert_string_equal(meet(w, "r3", "https://b", "other"), "");
	assert_string_equal(meet(w, "r1", "https://a", "/v1/y"), "");
	assert_string_equal(meet(w, "r3", "https://a", "z"), "|/v1/y");
	/* Who has not been there for some seconds is not seen, and gone after a minute. */
	sql("UPDATE spectrocloud_budget SET seen_ms = seen_ms - 6000 WHERE replica = 'r1'");
	assert_string_equal(meet(w, "r3", "https://a", "z"), "");
	assert_string_equal(meet(w, "r2", "https://a", ""), "z");
	purge(w);
	answers("SELECT count(*) FROM spectrocloud_budget", "4\n");
	sql("UPDATE spectrocloud_budget SET seen_ms = seen_ms - 60000 WHERE replica = 'r1'");
	purge(w);
	answers("SELECT count(*) FROM spectrocloud_budget", "3\n");
	assert_true(store_budget_leave(w->store, "r3", soon(), &err));
	assert_string_equal(meet(w, "r2", "https://a", ""), "");
	answers("SELECT count(*) FROM spectrocloud_budget", "1\n");
}

static void replicas_meet_at_many_hosts_at_once(void **state)
{
	struct world *w = *state;
	struct store_meeting of_r1[] = {{.host = "https://a", .busy = ""},
					{.host = "https://b", .busy = "/v1/x -"},
					{.host = "https://c", .busy = ""}};
	struct store_meeting of_r2[] = {{.host = "https://c", .busy = "z"},
					{.host = "https://d", .busy = ""},
					{.host = "https://b", .busy = ""}};

	meet_at(w, "r1", of_r1, ARRAY_LEN(of_r1));
	for (size_t i = 0; i < ARRAY_LEN(of_r1); i++)
		assert_int_equal(of_r1[i].other_count, 0);
	answers("SELECT host, busy FROM spectrocloud_budget ORDER BY host",
		"https://a|\nhttps://b|/v1/x -\nhttps://c|\n");
	meet_at(w, "r2", of_r2, ARRAY_LEN(of_r2));
	assert_int_equal(of_r2[0].other_count, 1);
	assert_string_equal(told(w, &of_r2[0]), "");
	assert_int_equal(of_r2[1].other_count, 0);
	assert_string_equal(told(w, &of_r2[2]), "/v1/x -");
	meet_at(w, "r1", of_r1, ARRAY_LEN(of_r1));
	assert_int_equal(of_r1[0].other_count, 0);
	assert_int_equal(of_r1[1].other_count, 1);
	assert_string_equal(told(w, &of_r1[1]), "");
	assert_string_equal(told(w, &of_r1[2]), "z");
}

/* As many as one statement takes: all are written and read, and one more is not begun. */
static void replicas_meet_at_so_many_hosts(void **state)
{
	struct world *w = *state;
	struct store_meeting meetings[STORE_MOST_MEETINGS + 1];
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(meetings); i++)
		meetings[i] = (struct store_meeting){
			.host = arena_printf(&w->arena, "https://h%zu", i),
			.busy = i % 2 == 0 ? "" : arena_printf(&w->arena, "/v1/%zu", i)};
	meet_at(w, "r1", meetings, STORE_MOST_MEETINGS);
	meet_at(w, "r2", meetings, STORE_MOST_MEETINGS);
	for (size_t i = 0; i < STORE_MOST_MEETINGS; i++) {
		assert_int_equal(meetings[i].other_count, 1);
		assert_string_equal(meetings[i].others[0], meetings[i].busy);
	}
	assert_false(store_budget_meet(w->store, &w->arena, "r1", meetings, ARRAY_LEN(meetings),
				       soon(), &err));
	assert_int_equal(err.kind, ERROR_INPUT);
}

static void what_is_no_line_is_not_written(void **state)
{
	struct world *w = *state;
	struct store_meeting bad[] = {{.host = "https://a", .busy = ""},
				      {.host = "https://b", .busy = "a\nb"}};
	struct error err;

	assert_false(
		store_budget_meet(w->store, &w->arena, "r1", bad, ARRAY_LEN(bad), soon(), &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	answers("SELECT count(*) FROM spectrocloud_budget", "0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TESTS,
		STORE_TESTS_OF_KEPT,
		store_test(it_says_what_it_is),
		store_test(no_token_is_there_in_clear),
		store_test(a_schema_of_its_own),
		store_test(a_connection_string),
		store_test(what_cannot_be_opened),
		store_test(over_tls),
		store_test(a_role_that_may_make_nothing),
		store_test(older_tables_are_brought_up_to_date),
		store_test(newer_tables_are_left_alone),
		store_test(a_missing_table_is_made_again),
		store_test(what_cannot_be_made_again_is_said),
		store_test(one_that_only_reads_says_so),
		store_test(replicas_start_together),
		store_test(without_advisory_locks_a_row_does),
		store_test(what_shall_be_tried_again_is),
		store_test(others_hear_of_changes),
		store_test(replicas_meet),
		store_test(replicas_meet_at_many_hosts_at_once),
		store_test(replicas_meet_at_so_many_hosts),
		store_test(what_is_no_line_is_not_written),
		store_test(who_was_cut_off_says_so_and_hears_again),
	};
	int failed;

	if (!server_make())
		return 77;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_remove();
	return failed;
}
