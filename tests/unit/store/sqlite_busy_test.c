/*
 * Sessions in an SQLite file that is busy: who reads waits for nobody who writes, and those who
 * write take turns. Started with "hold FILE" it is the other process, which keeps the file's lock.
 */
#include "unit/store/store_suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <sqlite3.h>

enum {
	CALL_MS = 1000,     /* what a request gives a call */
	AT_ONCE_MS = 200,   /* the longest that one may take that waits for nobody */
	ROUNDS_AT_MOST = 3, /* of what a busy machine may have made slow */
	MANY = 50000,
	WRITERS = 100,
	FEW_CALLS = 50,
};

static void world_config(struct world *w)
{
	char path[128];

	snprintf(path, sizeof path, "%s/made/spectrocloud.sqlite", w->folder);
	w->config.store.type = CONFIG_STORE_SQLITE;
	w->config.store.file = arena_copy(&w->arena, text_of(path));
}

static void world_end(struct world *w)
{
	(void)w;
}

static bool run_sql(const char *file, const char *sql, sqlite3 **db)
{
	return sqlite3_open_v2(file, db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	       sqlite3_busy_timeout(*db, PATIENCE_MS) == SQLITE_OK &&
	       sqlite3_exec(*db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* MANY sessions that ended together; nobody's key opens them. */
static void add_ended(const struct world *w)
{
	sqlite3 *db = NULL;
	char sql[512];

	snprintf(sql, sizeof sql,
		 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) "
		 "INSERT INTO sessions (email, environment, token, expires_ms) "
		 "SELECT printf('%%08x@ended.test', i * 2654435761 %% 4294967296), 'prod', "
		 "randomblob(700), 1 FROM n",
		 MANY);
	assert_true(run_sql(w->config.store.file, sql, &db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- the other process ---- */

/* Holds the lock until its standard input ends. */
static int hold(const char *file)
{
	sqlite3 *db = NULL;
	bool ok = run_sql(file, "BEGIN EXCLUSIVE", &db);
	char byte = ok ? 'y' : 'n';

	if (write(STDOUT_FILENO, &byte, 1) == 1)
		while (read(STDIN_FILENO, &byte, 1) > 0)
			continue;
	sqlite3_close(db);
	return ok ? 0 : 1;
}

struct holder {
	pid_t pid;
	int input;
};

static struct holder hold_file(const struct world *w)
{
	struct holder holder;
	char byte = 0;
	int in[2];
	int out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	holder.pid = fork();
	assert_true(holder.pid >= 0);
	if (holder.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl("/proc/self/exe", "hold", "hold", w->config.store.file, NULL);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	holder.input = in[1];
	assert_int_equal(read(out[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(out[0]);
	return holder;
}

static void let_go(const struct holder *holder)
{
	int status = -1;

	close(holder->input);
	assert_int_equal(waitpid(holder->pid, &status, 0), holder->pid);
	assert_int_equal(status, 0);
}

/* ---- work in another thread ---- */

struct work {
	struct store *store;
	unsigned count;      /* of sessions to put */
	char token[16];      /* empty: the address */
	int64_t deadline_ms; /* of one call from its start */
	pthread_t thread;
	atomic_bool done;
	bool ok;
	size_t dropped;
	int64_t took_ms; /* in all */
	struct error err;
};

static void *run_puts(void *context)
{
	struct work *work = context;
	int64_t start = clock_now_ms();
	char email[32];

	work->ok = true;
	for (unsigned i = 0; i < work->count && work->ok; i++) {
		struct text token;

		snprintf(email, sizeof email, "%u@put.test", i);
		token = text_of(work->token[0] == '\0' ? email : work->token);
		work->ok = store_put(work->store, text_of(email), "prod", token, in_ms(MINUTE_MS),
				     clock_now_ms() + work->deadline_ms, &work->err);
	}
	work->took_ms = clock_now_ms() - start;
	atomic_store(&work->done, true);
	return NULL;
}

static void *run_purge(void *context)
{
	struct work *work = context;
	int64_t start = clock_now_ms();

	work->ok = store_purge(work->store, start + work->deadline_ms, &work->dropped, &work->err);
	work->took_ms = clock_now_ms() - start;
	atomic_store(&work->done, true);
	return NULL;
}

static void start(struct work *work, void *(*run)(void *))
{
	assert_int_equal(pthread_create(&work->thread, NULL, run, work), 0);
}

/* ---- calls that are watched ---- */

struct watch {
	unsigned calls;
	unsigned failed;
	int64_t longest_ms;
	int64_t sum_us;
	struct error err; /* of the last that failed */
};

static void called(struct watch *watch, int64_t start_us, bool ok)
{
	int64_t took_us = clock_now_us() - start_us;

	watch->calls++;
	if (!ok)
		watch->failed++;
	if (took_us / 1000 > watch->longest_ms)
		watch->longest_ms = took_us / 1000;
	watch->sum_us += took_us;
}

static int64_t in_time(void)
{
	return clock_now_ms() + CALL_MS;
}

/* What requests read, each way once. */
static void read_all(struct store *store, struct watch *watch)
{
	struct session session = {.expires_ms = -1};
	struct text *jwks = NULL;
	struct error *err = &watch->err;
	struct arena a;
	size_t n = 0;
	int64_t t;

	arena_init(&a);
	t = clock_now_us();
	called(watch, t,
	       store_get(store, &a, TEXT("a@x"), "prod", in_time(), &session, err) &&
		       session.token.ptr != NULL);
	t = clock_now_us();
	called(watch, t, store_count(store, in_time(), &n, err) && n > 0);
	t = clock_now_us();
	called(watch, t, store_keys(store, &a, in_time(), &jwks, &n, err));
	arena_fini(&a);
}

/* An operator's list, which looks at all that has ended as well, and so has work to do. */
static void list_some(struct store *store, struct watch *watch)
{
	struct session_row *rows = NULL;
	struct arena a;
	size_t n = 0;
	int64_t t = clock_now_us();

	arena_init(&a);
	called(watch, t, store_list(store, &a, 10, soon(), &rows, &n, &watch->err) && n > 0);
	arena_fini(&a);
}

static void put_one(struct store *store, struct watch *watch)
{
	int64_t t = clock_now_us();

	called(watch, t,
	       store_put(store, TEXT("a@x"), "prod", TEXT("t"), in_ms(MINUTE_MS), in_time(),
			 &watch->err));
}

static bool is_at_once(const char *what, const struct watch *watch)
{
	print_message("%s: %u calls, %d us, the longest %d ms, %u failed\n", what, watch->calls,
		      (int)(watch->sum_us / (watch->calls + (watch->calls == 0))),
		      (int)watch->longest_ms, watch->failed);
	return watch->calls > 0 && watch->failed == 0 && watch->longest_ms <= AT_ONCE_MS;
}

/* A round that says true is enough. */
static void in_some_round(struct world *w, bool (*round)(struct world *w))
{
	for (int i = 0; i < ROUNDS_AT_MOST; i++)
		if (round(w))
			return;
	fail_msg("not once within %d ms in %d rounds", AT_ONCE_MS, ROUNDS_AT_MOST);
}

/* ---- tests ---- */

static void reads_go_on_while_a_put_waits_for_another_process(void **state)
{
	struct world *w = *state;
	struct work work = {.store = w->store, .count = 1, .deadline_ms = 1500};
	struct watch reads = {.calls = 0};
	struct holder holder;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	holder = hold_file(w);
	start(&work, run_puts);
	while (!atomic_load(&work.done)) {
		clock_sleep_ms(20);
		read_all(w->store, &reads);
		list_some(w->store, &reads);
	}
	pthread_join(work.thread, NULL);
	let_go(&holder);
	assert_true(is_at_once("reads", &reads));
	assert_false(work.ok);
	assert_int_equal(work.err.kind, ERROR_UNAVAILABLE);
	assert_in_range(work.took_ms, 1400, 3000);
	assert_null(get(w, "0@put.test", "prod"));
	put(w, "0@put.test", "prod", "after", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "0@put.test", "prod"), "after");
}

static bool purge_beside_others(struct world *w)
{
	struct store *other = open_store(w);
	struct work work = {.store = w->store, .deadline_ms = 3LL * PATIENCE_MS};
	struct watch reads = {.calls = 0};
	struct watch puts = {.calls = 0};
	struct watch others = {.calls = 0};
	struct watch lists = {.calls = 0};
	bool ok;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	add_ended(w);
	start(&work, run_purge);
	while (!atomic_load(&work.done)) {
		read_all(w->store, &reads);
		put_one(w->store, &puts);
		put_one(other, &others);
		if (reads.calls % 50 == 0)
			list_some(w->store, &lists);
	}
	pthread_join(work.thread, NULL);
	store_close(other);
	print_message("purge: %d ms\n", (int)work.took_ms);
	assert_true(work.ok);
	assert_int_equal(work.dropped, MANY);
	assert_int_equal(count(w), 1);
	(void)is_at_once("lists", &lists);
	assert_int_equal(lists.failed, 0);
	ok = is_at_once("reads", &reads);
	ok = is_at_once("puts", &puts) && ok;
	return is_at_once("puts of another store", &others) && ok;
}

static void reads_and_puts_go_on_during_a_purge(void **state)
{
	in_some_round(*state, purge_beside_others);
}

static void what_a_purge_does_not_manage_goes_next_time(void **state)
{
	struct world *w = *state;
	size_t sum = 0;
	size_t rest = 0;
	struct error err;

	add_ended(w);
	for (int i = 0; i < 3; i++) {
		int64_t start_ms = clock_now_ms();
		size_t dropped = 0;

		assert_true(store_purge(w->store, start_ms + 200, &dropped, &err));
		assert_in_range(clock_now_ms() - start_ms, 0, 200 + CALL_MS);
		assert_in_range(dropped, 1, MANY / 3);
		sum += dropped;
	}
	assert_true(store_purge(w->store, clock_now_ms() + 3LL * PATIENCE_MS, &rest, &err));
	assert_int_equal(sum + rest, MANY);
	assert_int_equal(purge(w), 0);
}

static void a_purge_that_gets_no_turn_fails(void **state)
{
	struct world *w = *state;
	struct holder holder;
	size_t dropped = 77;
	struct error err;

	put(w, "a@x", "prod", "t", in_ms(-1));
	holder = hold_file(w);
	assert_false(store_purge(w->store, clock_now_ms() + 100, &dropped, &err));
	let_go(&holder);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(dropped, 77);
	assert_int_equal(purge(w), 1);
}

/* Whoever puts waits for a hundred others; whoever reads does not. */
static void reads_go_on_beside_many_puts(void **state)
{
	struct world *w = *state;
	struct work *work = calloc(WRITERS, sizeof *work);
	struct watch reads = {.calls = 0};
	struct watch puts = {.calls = 0};

	assert_non_null(work);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	for (size_t i = 0; i < WRITERS; i++) {
		work[i] = (struct work){
			.store = w->store, .count = 20000 / WRITERS, .deadline_ms = PATIENCE_MS};
		start(&work[i], run_puts);
	}
	do {
		read_all(w->store, &reads);
		put_one(w->store, &puts);
	} while (!atomic_load(&work[0].done));
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(work[i].thread, NULL);
		assert_true(work[i].ok);
	}
	print_message("20000 puts: %d ms\n", (int)work[0].took_ms);
	(void)is_at_once("reads", &reads);
	(void)is_at_once("puts", &puts);
	free(work);
	assert_int_equal(reads.failed, 0);
	/* On a machine with much else to do some wait for longer than they may. */
	assert_true(puts.failed * 10 < puts.calls);
	/* Where the puts had almost ended before this thread began, they were in nobody's way. */
	assert_true(puts.calls < FEW_CALLS ||
		    reads.sum_us / reads.calls * 30 < puts.sum_us / puts.calls);
}

/* Each sees at once what any of the two wrote, also while the other one writes. */
static void two_stores_share_a_file(void **state)
{
	struct world *w = *state;
	struct store *other = open_store(w);
	struct work work = {.store = other, .count = 3000, .deadline_ms = PATIENCE_MS};
	struct watch puts = {.calls = 0};
	char token[32];

	start(&work, run_puts);
	for (unsigned i = 0; !atomic_load(&work.done); i++) {
		put_one(w->store, &puts);
		snprintf(token, sizeof token, "%u", i);
		put(w, "b@x", "prod", token, in_ms(MINUTE_MS));
		assert_string_equal(get_from(w, w->store, "b@x", "prod"), token);
		assert_string_equal(get_from(w, other, "b@x", "prod"), token);
		assert_int_equal(drop(w, "b@x", NULL), 1);
		assert_null(get_from(w, other, "b@x", "prod"));
	}
	pthread_join(work.thread, NULL);
	assert_true(work.ok);
	assert_int_equal(count(w), work.count + 1);
	store_close(other);
	assert_int_equal(puts.failed, 0);
}

/* All put one session: what stays is what the last who came put, if nobody overtook. */
static void who_comes_first_writes_first(void **state)
{
	enum { QUEUE = 12 };
	struct world *w = *state;
	struct work queue[QUEUE];
	struct holder holder = hold_file(w);

	for (int i = 0; i < QUEUE; i++) {
		/* Every third gives up while it waits. */
		queue[i] = (struct work){.store = w->store,
					 .count = 1,
					 .deadline_ms = i % 3 == 1 ? 100 : PATIENCE_MS};
		snprintf(queue[i].token, sizeof queue[i].token, "%d", i);
		start(&queue[i], run_puts);
		clock_sleep_ms(30);
	}
	clock_sleep_ms(100);
	let_go(&holder);
	for (int i = 0; i < QUEUE; i++) {
		pthread_join(queue[i].thread, NULL);
		assert_int_equal(queue[i].ok, i % 3 != 1);
	}
	assert_string_equal(get(w, "0@put.test", "prod"), queue[QUEUE - 1].token);
}

/* A file that may not grow is as good as a disk that is full. */
static void where_there_is_no_room_reads_go_on(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	struct rlimit none;
	struct watch reads = {.calls = 0};
	struct error err = {.message = ""};
	bool ok;

	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	ok = store_put(w->store, TEXT("a@x"), "prod", TEXT("u"), in_ms(MINUTE_MS), soon(), &err);
	read_all(w->store, &reads);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(ok);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_true(is_at_once("reads", &reads));
	assert_string_equal(get(w, "a@x", "prod"), "t");
	put(w, "a@x", "prod", "u", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "u");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		store_test(reads_go_on_while_a_put_waits_for_another_process),
		store_test(reads_and_puts_go_on_during_a_purge),
		store_test(what_a_purge_does_not_manage_goes_next_time),
		store_test(a_purge_that_gets_no_turn_fails),
		store_test(reads_go_on_beside_many_puts),
		store_test(two_stores_share_a_file),
		store_test(who_comes_first_writes_first),
		store_test(where_there_is_no_room_reads_go_on),
	};

	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
