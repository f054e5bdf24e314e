/* Calling requests of the HTTP client off: before, while they wait, on their way, from any thread.
 */
#include "client_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"

enum {
	MANY = 100,
	PROMPT_MS = 50,
	BUSY_MS = 700, /* what a busy machine may add to it; far below any time-out here */
};

/* Sets it after a while, on a thread of its own. */
struct setter {
	struct http_cancel *cancel;
	int after_ms;
	int64_t set_us;
	pthread_t thread;
};

static void *set_later(void *context)
{
	struct setter *s = context;

	clock_sleep_ms(s->after_ms);
	s->set_us = clock_now_us();
	http_cancel_set(s->cancel);
	return NULL;
}

static void start_setter(struct setter *s, struct http_cancel *cancel, int after_ms)
{
	*s = (struct setter){.cancel = cancel, .after_ms = after_ms};
	assert_int_equal(pthread_create(&s->thread, NULL, set_later, s), 0);
}

/* How long after the setting the caller went on. */
static int64_t join_setter(struct setter *s)
{
	int64_t now_us = clock_now_us();

	pthread_join(s->thread, NULL);
	return (now_us - s->set_us) / 1000;
}

static struct http_fetch get_with(struct world *w, const char *path, struct http_cancel *cancel)
{
	struct http_fetch f = get(w, path);

	f.cancel = cancel;
	return f;
}

/* ---- The flag ---- */

static void it_stays_set(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	int64_t began_ms = clock_now_ms();

	(void)state;
	assert_false(http_cancelled(NULL));
	assert_false(http_cancelled(cancel));
	assert_false(http_cancel_wait_ms(NULL, 20));
	assert_false(http_cancel_wait_ms(cancel, 20));
	assert_true(clock_now_ms() - began_ms >= 39);
	http_cancel_set(cancel);
	http_cancel_set(cancel);
	assert_true(http_cancelled(cancel));
	began_ms = clock_now_ms();
	assert_true(http_cancel_wait_ms(cancel, 60 * 1000));
	assert_in_range(clock_now_ms() - began_ms, 0, BUSY_MS);
	http_cancel_free(cancel);
	http_cancel_free(NULL);
}

static void a_wait_ends_when_it_is_set(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct setter setter;

	(void)state;
	start_setter(&setter, cancel, 50);
	assert_true(http_cancel_wait_ms(cancel, 60 * 1000));
	assert_in_range(join_setter(&setter), 0, PROMPT_MS + BUSY_MS);
	http_cancel_free(cancel);
}

static void count_call(void *context)
{
	atomic_fetch_add((atomic_int *)context, 1);
}

static void watches_are_called_once(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct http_cancel_watch watches[3] = {{.call = NULL}};
	struct http_cancel_watch late = {.call = NULL};
	atomic_int calls = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(http_cancel_watch(cancel, &watches[i], count_call, &calls));
	http_cancel_unwatch(&watches[1]);
	http_cancel_unwatch(&watches[1]);
	http_cancel_unwatch(&late);
	http_cancel_set(cancel);
	http_cancel_set(cancel);
	assert_int_equal(2, atomic_load(&calls));
	assert_false(http_cancel_watch(cancel, &late, count_call, &calls));
	http_cancel_unwatch(&late);
	http_cancel_unwatch(&watches[0]);
	http_cancel_unwatch(&watches[2]);
	assert_true(http_cancel_watch(NULL, &late, count_call, &calls));
	http_cancel_unwatch(&late);
	assert_int_equal(2, atomic_load(&calls));
	http_cancel_free(cancel);
}

/* ---- Requests ---- */

static void one_that_is_set_already_is_not_sent(void **state)
{
	struct world *w = *state;
	struct http_cancel *cancel = http_cancel_new();
	struct http_fetch f = get_with(w, "/plain", cancel);

	http_cancel_set(cancel);
	expect_problem(w, &f, HTTP_FETCH_CANCELLED, "nobody waits for its answer any more");
	assert_int_equal(raw_server_counts(w->server).connections, 0);
	http_cancel_free(cancel);
	expect_end(w, "/plain", HTTP_FETCH_DONE);
}

static void one_on_its_way_ends(void **state)
{
	static const char *const paths[] = {"/never", "/1s"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_cancel *cancel = http_cancel_new();
		struct http_fetch f = get_with(w, paths[i], cancel);
		struct setter setter;

		start_setter(&setter, cancel, 100);
		run_expecting(w, &f, HTTP_FETCH_CANCELLED);
		assert_in_range(join_setter(&setter), 0, PROMPT_MS + BUSY_MS);
		http_fetch_fini(&f);
		http_cancel_free(cancel);
		assert_int_equal(http_client_stats(w->client).in_flight, 0);
	}
	assert_int_equal(raw_server_counts(w->server).requests, 2);
	expect_end(w, "/plain", HTTP_FETCH_DONE); /* on a connection of its own */
	assert_int_equal(raw_server_counts(w->server).connections, 3);
}

/* What is done before stays done; the cancel may be gone then. */
static void one_that_is_done_is_left_alone(void **state)
{
	struct world *w = *state;
	struct http_cancel *cancel = http_cancel_new();
	struct http_fetch f = get_with(w, "/plain", cancel);

	run_expecting(w, &f, HTTP_FETCH_DONE);
	http_cancel_set(cancel);
	expect_body(&f, "hello");
	http_fetch_fini(&f);
	http_cancel_free(cancel);
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

/* The one connection is taken; who waits for it may leave the queue, and the others keep their
 * places. */
static void one_that_waits_for_its_turn_ends(void **state)
{
	struct world *w = *state;
	struct http_client *client = world_client(1, 5000);
	struct http_cancel *cancel = http_cancel_new();
	struct background b[3] = {{.client = client, .fetch = get(w, "/1s")},
				  {.client = client, .fetch = get_with(w, "/plain", cancel)},
				  {.client = client, .fetch = get(w, "/plain")}};
	int64_t began_ms;

	for (int i = 0; i < 3; i++) {
		pthread_create(&b[i].thread, NULL, fetch_in_background, &b[i]);
		clock_sleep_ms(50);
	}
	began_ms = clock_now_ms();
	http_cancel_set(cancel);
	pthread_join(b[1].thread, NULL);
	assert_in_range(clock_now_ms() - began_ms, 0, PROMPT_MS + BUSY_MS);
	assert_int_equal(b[1].fetch.end, HTTP_FETCH_CANCELLED);
	pthread_join(b[0].thread, NULL);
	pthread_join(b[2].thread, NULL);
	expect_body(&b[0].fetch, "slept");
	expect_body(&b[2].fetch, "hello");
	for (int i = 0; i < 3; i++)
		http_fetch_fini(&b[i].fetch);
	assert_int_equal(raw_server_counts(w->server).requests, 2);
	http_client_close(client);
	http_cancel_free(cancel);
}

/* On their way, waiting for a connection, and not begun: all at once. */
static void many_end_at_once(void **state)
{
	struct world *w = *state;
	struct http_client *client = world_client(10, 5000);
	struct http_cancel *cancel = http_cancel_new();
	struct http_fetch fetches[MANY];
	struct http_fetch *all[MANY];
	struct setter setter;

	for (size_t i = 0; i < MANY; i++) {
		fetches[i] = get_with(w, "/never", cancel);
		all[i] = &fetches[i];
	}
	start_setter(&setter, cancel, 200);
	http_fetch_all(client, all, MANY, 50, NULL);
	assert_in_range(join_setter(&setter), 0, PROMPT_MS + BUSY_MS);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(fetches[i].end, HTTP_FETCH_CANCELLED);
		http_fetch_fini(&fetches[i]);
	}
	assert_in_range(raw_server_counts(w->server).requests, 1, 10);
	assert_int_equal(http_client_stats(client).in_flight, 0);
	http_client_close(client);
	http_cancel_free(cancel);
}

/* In one batch, each by its own. */
static void others_go_on(void **state)
{
	struct world *w = *state;
	struct http_cancel *cancels[2] = {http_cancel_new(), http_cancel_new()};
	struct http_fetch f[4] = {get_with(w, "/never", cancels[0]),
				  get_with(w, "/20ms", cancels[1]), get(w, "/20ms"),
				  get_with(w, "/plain", cancels[0])};
	struct http_fetch *all[] = {&f[0], &f[1], &f[2], &f[3]};
	struct setter setter;

	start_setter(&setter, cancels[0], 200);
	http_fetch_all(w->client, all, 4, 4, NULL);
	join_setter(&setter);
	assert_int_equal(f[0].end, HTTP_FETCH_CANCELLED);
	assert_int_equal(f[1].end, HTTP_FETCH_DONE);
	assert_int_equal(f[2].end, HTTP_FETCH_DONE);
	assert_int_equal(f[3].end, HTTP_FETCH_DONE);
	for (int i = 0; i < 4; i++)
		http_fetch_fini(&f[i]);
	http_cancel_free(cancels[0]);
	http_cancel_free(cancels[1]);
}

/* ---- Threads ---- */

enum { THREADS = 8, ROUNDS = 25, IN_BATCH = 6 };

/* The setting meets the requests at any moment of their lives. */
static void *call_off_often(void *context)
{
	struct world mine = *(struct world *)context;

	for (int round = 0; round < ROUNDS; round++) {
		struct http_cancel *cancel = http_cancel_new();
		struct http_fetch f[IN_BATCH];
		struct http_fetch *all[IN_BATCH];
		struct setter setter;

		for (int i = 0; i < IN_BATCH; i++) {
			f[i] = get_with(&mine, i == 5 ? "/never" : "/plain", cancel);
			all[i] = &f[i];
		}
		start_setter(&setter, cancel, round % 8);
		http_fetch_all(mine.client, all, IN_BATCH, 3, NULL);
		join_setter(&setter);
		http_cancel_free(cancel);
		for (int i = 0; i < IN_BATCH; i++) {
			if (f[i].end != HTTP_FETCH_CANCELLED &&
			    (i == 5 || f[i].end != HTTP_FETCH_DONE))
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
		assert_int_equal(pthread_create(&threads[i], NULL, call_off_often, w), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(http_client_stats(w->client).in_flight, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_set),
		cmocka_unit_test(a_wait_ends_when_it_is_set),
		cmocka_unit_test(watches_are_called_once),
		TEST(one_that_is_set_already_is_not_sent),
		TEST(one_on_its_way_ends),
		TEST(one_that_is_done_is_left_alone),
		TEST(one_that_waits_for_its_turn_ends),
		TEST(many_end_at_once),
		TEST(others_go_on),
		TEST(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
