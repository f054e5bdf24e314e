/* Many requests of the HTTP client at once: limits, deadlines, threads. */
#include "client_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"

enum { MANY = 100 };

/* Runs MANY of the path; returns how long it took in ms. */
static int64_t run_many(struct world *w, struct http_client *client, const char *path,
			unsigned parallel)
{
	struct http_fetch fetches[MANY];
	struct http_fetch *all[MANY];
	int64_t began_ms;

	for (size_t i = 0; i < MANY; i++) {
		fetches[i] = get(w, path);
		all[i] = &fetches[i];
	}
	began_ms = clock_now_ms();
	http_fetch_all(client, all, MANY, parallel, NULL);
	began_ms = clock_now_ms() - began_ms;
	for (size_t i = 0; i < MANY; i++) {
		expect_body(&fetches[i], "slept");
		http_fetch_fini(&fetches[i]);
	}
	return began_ms;
}

static void parallel_is_kept(void **state)
{
	struct world *w = *state;
	int64_t took_ms = run_many(w, w->client, "/20ms", 10);

	assert_int_equal(raw_server_counts(w->server).most_concurrent, 10);
	assert_int_equal(raw_server_counts(w->server).connections, 10);
	assert_in_range(took_ms, 195, 200 + SLACK_MS);
	took_ms = run_many(w, w->client, "/20ms", 1000);
	assert_in_range(took_ms, 20, 20 + SLACK_MS);
	assert_int_equal(raw_server_counts(w->server).connections, 100);
	http_fetch_all(w->client, NULL, 0, 1, NULL);
}

static void host_limit_is_kept(void **state)
{
	struct world *w = *state;
	struct http_client *client = world_client(5, 5000);
	struct http_fetch f;

	run_many(w, client, "/20ms", MANY);
	assert_int_equal(raw_server_counts(w->server).most_concurrent, 5);
	assert_int_equal(raw_server_counts(w->server).most_open, 5);
	for (int i = 0; i < 10; i++) { /* a connection of its own counts too */
		f = get(w, "/plain");
		f.method = "POST";
		f.once = true;
		http_fetch(client, &f);
		expect_body(&f, "hello");
		http_fetch_fini(&f);
		clock_sleep_ms(5); /* until the server has seen the one it replaced close */
	}
	assert_in_range(raw_server_counts(w->server).most_open, 5, 6);
	http_client_close(client);
}

/* Each ends as it should in a mixed batch, and does so by its own deadline. */
static void outcomes_are_apart(void **state)
{
	struct world *w = *state;
	struct http_fetch f[5] = {get(w, "/plain"), get(w, "/never"), get(w, "/close"),
				  get(w, "/huge"), get(w, "/chunked")};
	struct http_fetch *all[] = {&f[0], &f[1], &f[2], &f[3], &f[4]};

	f[1].deadline_ms = clock_now_ms() + 200;
	http_fetch_all(w->client, all, 5, 2, NULL);
	assert_int_equal(f[0].end, HTTP_FETCH_DONE);
	assert_int_equal(f[1].end, HTTP_FETCH_TOO_SLOW);
	assert_int_equal(f[2].end, HTTP_FETCH_BROKEN);
	assert_int_equal(f[3].end, HTTP_FETCH_TOO_LARGE);
	assert_int_equal(f[4].end, HTTP_FETCH_DONE);
	for (size_t i = 0; i < 5; i++)
		http_fetch_fini(&f[i]);
}

static unsigned begun, over;

static void begin_waiting(void)
{
	assert_int_equal(begun++, over);
}

static void end_waiting(void)
{
	assert_int_equal(++over, begun);
}

/* Of a batch, which is told once, and only where it takes long. */
static void who_waits_for_long_is_told(void **state)
{
	const struct http_patience patience = {
		.ms = 150, .begin = begin_waiting, .end = end_waiting};
	struct world *w = *state;
	struct http_fetch f[2] = {get(w, "/never"), get(w, "/plain")};
	struct http_fetch *slow[] = {&f[0], &f[1]};
	struct http_fetch *fast[] = {&f[1]};

	begun = over = 0;
	f[0].deadline_ms = clock_now_ms() + 300;
	http_fetch_all(w->client, slow, 2, 2, &patience);
	assert_int_equal(f[0].end, HTTP_FETCH_TOO_SLOW);
	assert_int_equal(f[1].end, HTTP_FETCH_DONE);
	assert_int_equal(begun, 1);
	assert_int_equal(over, 1);
	http_fetch_fini(&f[1]);
	f[1] = get(w, "/plain");
	http_fetch_all(w->client, fast, 1, 1,
		       &(struct http_patience){
			       .ms = 60 * 1000, .begin = begin_waiting, .end = end_waiting});
	assert_int_equal(f[1].end, HTTP_FETCH_DONE);
	assert_int_equal(begun, 1);
	http_fetch_fini(&f[1]);
}

static void deadline_of_what_waits_in_a_batch(void **state)
{
	struct world *w = *state;
	struct http_fetch f[3] = {get(w, "/never"), get(w, "/plain"), get(w, "/plain")};
	struct http_fetch *all[] = {&f[0], &f[1], &f[2]};

	for (size_t i = 0; i < 3; i++)
		f[i].deadline_ms = clock_now_ms() + 200;
	http_fetch_all(w->client, all, 3, 1, NULL);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f[i].end, HTTP_FETCH_TOO_SLOW);
		assert_in_range(f[i].took_us, 190 * 1000, (200 + SLACK_MS) * 1000);
	}
	assert_int_equal(raw_server_counts(w->server).requests, 1);
}

struct background {
	struct http_client *client;
	struct http_fetch fetch;
	pthread_t thread;
};

static void *fetch_in_background(void *context)
{
	struct background *b = context;

	http_fetch(b->client, &b->fetch);
	return NULL;
}

static void start_in_background(struct background *b, struct http_client *client,
				struct http_fetch fetch)
{
	b->client = client;
	b->fetch = fetch;
	assert_int_equal(pthread_create(&b->thread, NULL, fetch_in_background, b), 0);
}

static void wait_for_requests(struct raw_server *s, unsigned count)
{
	for (int i = 0; i < 500 && raw_server_counts(s).requests < count; i++)
		clock_sleep_ms(10);
	assert_int_equal(raw_server_counts(s).requests, count);
}

/* All connections of a host are taken: who waits for one leaves at its deadline, and requests to
 * another host do not notice. */
static void busy_host(void **state)
{
	struct world *w = *state;
	struct world other = {.server = raw_server_open(misbehave, NULL)};
	struct http_client *client = world_client(1, 5000);
	struct background busy, waiting;
	struct http_fetch f;

	other.client = client;
	start_in_background(&busy, client, get(w, "/1s"));
	wait_for_requests(w->server, 1);
	start_in_background(&waiting, client, get(w, "/plain"));

	f = get(w, "/plain");
	f.deadline_ms = clock_now_ms() + 100;
	http_fetch(client, &f);
	assert_int_equal(f.end, HTTP_FETCH_TOO_SLOW);
	assert_string_equal(f.problem, "no connection became free in time");
	assert_in_range(f.took_us, 95 * 1000, 900 * 1000);
	f = get(&other, "/plain");
	http_fetch(client, &f);
	expect_body(&f, "hello");
	http_fetch_fini(&f);
	assert_int_equal(raw_server_counts(w->server).requests, 1);
	assert_int_equal(http_client_stats(client).in_flight, 1);

	pthread_join(busy.thread, NULL);
	pthread_join(waiting.thread, NULL);
	expect_body(&busy.fetch, "slept");
	expect_body(&waiting.fetch, "hello");
	http_fetch_fini(&busy.fetch);
	http_fetch_fini(&waiting.fetch);
	assert_int_equal(raw_server_counts(w->server).connections, 1);
	http_client_close(client);
	raw_server_close(other.server);
}

/* ---- Threads ---- */

enum { THREADS = 16, ROUNDS = 10, IN_BATCH = 8 };

static void *call_often(void *context)
{
	struct world mine = *(struct world *)context;

	for (int round = 0; round < ROUNDS; round++) {
		struct http_fetch f[IN_BATCH];
		struct http_fetch *all[IN_BATCH];

		for (int i = 0; i < IN_BATCH; i++) {
			f[i] = get(&mine, i % 4 == 3 ? "/cut-body" : "/plain");
			f[i].once = i % 4 == 2;
			all[i] = &f[i];
		}
		http_fetch_all(mine.client, all, IN_BATCH, 3, NULL);
		http_client_stats(mine.client);
		for (int i = 0; i < IN_BATCH; i++) {
			if (f[i].end != (i % 4 == 3 ? HTTP_FETCH_BROKEN : HTTP_FETCH_DONE))
				return context;
			http_fetch_fini(&f[i]);
		}
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct world *w = *state;
	pthread_t threads[THREADS];
	void *failed;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, w), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(http_client_stats(w->client).requests, THREADS * ROUNDS * IN_BATCH);
	assert_int_equal(http_client_stats(w->client).in_flight, 0);
}

static unsigned thread_count(void)
{
	unsigned count = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		sscanf(line, "Threads: %u", &count);
	fclose(f);
	return count;
}

static void close_leaves_nothing(void **state)
{
	unsigned before = thread_count();

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct http_client *client = world_client(10, 1000);

		assert_int_equal(thread_count(), before + 1);
		http_client_close(client);
	}
	assert_int_equal(thread_count(), before);
	http_client_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parallel_is_kept),
		TEST(host_limit_is_kept),
		TEST(outcomes_are_apart),
		TEST(who_waits_for_long_is_told),
		TEST(deadline_of_what_waits_in_a_batch),
		TEST(busy_host),
		TEST(many_threads),
		cmocka_unit_test(close_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
