/* The pacer: how fast requests go, which limit is whose, whose turn it is, and when nobody waits.
 */
#include "palette/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "http/cancel.h"
#include "palette/callers.h"

enum {
	BUSY_MS = 700, /* what a busy machine may add */
	PATIENT_MS = 30000,
};

static const struct pacer_rate fast[] = {
	{"/v1", 1000, 20},    {"/v1/fifty", 50, 1},         {"/v1/slow", 1, 3},
	{"/v1/things", 1, 1}, {"/v1/things/*/files", 1, 2}, {"/v1/things/*/files/all", 1, 4},
	{NULL, 0, 0},
};

/* How many go at once. */
static unsigned take_all(struct pacer *p, const char *path)
{
	unsigned count = 0;

	while (count < 1000 && pacer_take(p, path))
		count++;
	return count;
}

static bool wait_at_most(struct pacer *p, const char *path, uint64_t caller, int64_t ms,
			 struct error *err)
{
	return pacer_wait(p, path, caller, NULL, clock_now_ms() + ms, NULL, err);
}

/* ---- how fast ---- */

static void after_a_quiet_time_several_go_at_once(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct error err;
	int64_t before = clock_now_ms();

	(void)state;
	assert_int_equal(take_all(p, "/v1/slow"), 3);
	assert_true(wait_at_most(p, "/v1/slow", 1, PATIENT_MS, &err));
	assert_in_range(clock_now_ms() - before, 990, 1000 + BUSY_MS);
	assert_false(pacer_take(p, "/v1/slow"));
	pacer_free(p);
	pacer_free(NULL);
}

static void then_they_go_at_the_rate(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct error err;
	int64_t before = clock_now_ms();
	int64_t took;

	(void)state;
	for (int i = 0; i < 20 + 300; i++)
		assert_true(wait_at_most(p, "/v1/x", 1, PATIENT_MS, &err));
	took = clock_now_ms() - before;
	assert_in_range(took, 299, 300 + BUSY_MS);
	pacer_free(p);
}

static void a_share_is_less_of_both(void **state)
{
	struct pacer *p = pacer_new(fast, 0.5);
	struct pacer *tiny = pacer_new(fast, 0.001);
	struct error err;
	int64_t before;

	(void)state;
	assert_true(take_all(p, "/v1/x") >= 10);
	before = clock_now_ms();
	for (int i = 0; i < 100; i++)
		assert_true(wait_at_most(p, "/v1/x", 1, PATIENT_MS, &err));
	assert_in_range(clock_now_ms() - before, 195, 200 + BUSY_MS);
	/* However small it is, one request fits. */
	assert_int_equal(take_all(tiny, "/v1/slow"), 1);
	pacer_free(p);
	pacer_free(tiny);
}

/* ---- whose limit ---- */

static void the_longest_prefix_counts(void **state)
{
	static const struct {
		const char *path;
		unsigned at_once;
	} cases[] = {
		{"/v1/slow", 3},
		{"/v1/slow/a/b", 3},
		{"/v1/slow?limit=50", 3},
		{"/v1/slow/?x=/v1/things", 3},
		{"/v1/things", 1},
		{"/v1/things/a", 1},
		{"/v1/things/a/file", 1},
		{"/v1/things/a/files", 2},
		{"/v1/things/%2F/files?x=y", 2},
		{"/v1/things/a/files/one", 2},
		{"/v1/things/a/files/all/b", 4},
		{"/v1/things//files", 1},
		{"/v1/things?a=/b/files", 1},
		{"/v1/things/files", 1},
		{"/v2/slow", 1000},
		{"/v1x", 1000},
		{"", 1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pacer *p = pacer_new(fast, 1);

		assert_int_equal(take_all(p, cases[i].path), cases[i].at_once);
		pacer_free(p);
	}
}

static void one_prefix_does_not_hold_up_another(void **state)
{
	struct pacer *p = pacer_new(fast, 1);

	(void)state;
	assert_int_equal(take_all(p, "/v1/things/a/files"), 2);
	assert_int_equal(take_all(p, "/v1/things/b/files"), 0); /* the same limit */
	assert_int_equal(take_all(p, "/v1/things"), 1);
	assert_int_equal(take_all(p, "/v1/slow"), 3);
	pacer_free(p);
}

static void the_published_limits(void **state)
{
	static const struct {
		const char *path;
		unsigned at_once;
	} cases[] = {
		{"/v1/dashboard/spectroclusters/search?limit=50", 50},
		{"/v1/spectroclusters/5f/profiles", 250},
		{"/v1/spectroclusters/5f/assets/kubeconfig", 50},
		{"/v1/spectroclusters/5f/download", 50},
		{"/v1/events/components/spectrocluster/5f", 250},
		{"/v1/events", 50},
		{"/v1/cloudconfigs/aws/5f/machinePools", 250},
		{"/v1/auth/user/password/reset", 10},
		{"/v1/clustergroups/5f", 50},
		{"/v1/whatever", 50},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pacer *p = pacer_new(pacer_published, 1);

		/* A few more come while they are counted on a busy machine. */
		assert_in_range(take_all(p, cases[i].path), cases[i].at_once, cases[i].at_once + 2);
		pacer_free(p);
	}
}

/* ---- turns ---- */

struct asker {
	struct pacer *pacer;
	const char *path;
	uint64_t caller;
	struct callers *others; /* NULL: none */
	int count;
	atomic_int *order; /* counts all grants; NULL: nobody does */
	int turn;          /* out: of its last */
	int64_t took_ms;
	pthread_t thread;
};

static void *ask(void *context)
{
	struct asker *a = context;
	struct error err;
	int64_t before = clock_now_ms();

	for (int i = 0; i < a->count; i++) {
		assert_true(pacer_wait(a->pacer, a->path, a->caller, a->others,
				       clock_now_ms() + PATIENT_MS, NULL, &err));
		if (a->order != NULL)
			a->turn = atomic_fetch_add(a->order, 1);
	}
	a->took_ms = clock_now_ms() - before;
	return NULL;
}

static void start(struct asker *a)
{
	assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

static void a_sweep_does_not_hold_up_a_single_read(void **state)
{
	enum { SWEEPERS = 10, EACH = 20 };
	struct pacer *p = pacer_new(fast, 1);
	struct asker sweep[SWEEPERS];
	struct error err;
	int64_t before;
	int64_t took;

	(void)state;
	for (int i = 0; i < SWEEPERS; i++) {
		sweep[i] =
			(struct asker){.pacer = p, .path = "/v1/fifty", .caller = 7, .count = EACH};
		start(&sweep[i]);
	}
	clock_sleep_ms(200);
	before = clock_now_ms();
	assert_true(wait_at_most(p, "/v1/fifty", 8, PATIENT_MS, &err));
	took = clock_now_ms() - before;
	for (int i = 0; i < SWEEPERS; i++)
		pthread_join(sweep[i].thread, NULL);
	/* 200 requests take 4 s. Two turns are 40 ms; the sweepers that wait would be 200. */
	assert_true(took <= 40 + BUSY_MS / 10);
	assert_true(sweep[0].took_ms > 3000);
	pacer_free(p);
}

static void callers_take_turns_and_each_keeps_its_order(void **state)
{
	/* In the order in which they come: three of 1, two of 2, one of 3. */
	static const uint64_t callers[] = {1, 1, 1, 2, 2, 3};
	static const int turns[] = {0, 3, 5, 1, 4, 2};
	struct pacer *p = pacer_new(fast, 1);
	struct asker askers[ARRAY_LEN(callers)];
	atomic_int order = 0;

	(void)state;
	pacer_take(p, "/v1/fifty");
	pacer_hold(p, "/v1/fifty", 1000);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		askers[i] = (struct asker){.pacer = p,
					   .path = "/v1/fifty",
					   .caller = callers[i],
					   .count = 1,
					   .order = &order};
		start(&askers[i]);
		clock_sleep_ms(50); /* they come one after the other */
	}
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].turn, turns[i]);
	}
	pacer_free(p);
}

/* So many of caller 1, then one of 2, at one a fiftieth of a second; out: whose turn was when. Of 1
 * the last one waits for others, too, to whom `late` comes when all are there. */
static void run_for_others(struct callers *others, uint64_t late, int turns[5])
{
	struct pacer *p = pacer_new(fast, 1);
	struct asker askers[5];
	atomic_int order = 0;

	pacer_take(p, "/v1/fifty");
	pacer_hold(p, "/v1/fifty", 1000);
	for (int i = 0; i < 5; i++) {
		askers[i] = (struct asker){.pacer = p,
					   .path = "/v1/fifty",
					   .caller = i < 4 ? 1 : 2,
					   .others = i == 3 ? others : NULL,
					   .count = 1,
					   .order = &order};
		start(&askers[i]);
		clock_sleep_ms(50);
	}
	callers_add(others, late);
	for (int i = 0; i < 5; i++) {
		pthread_join(askers[i].thread, NULL);
		turns[i] = askers[i].turn;
	}
	pacer_free(p);
}

static void assert_turns(const int *turns, const int *wanted)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(turns[i], wanted[i]);
}

static void the_turn_of_any_for_whom_it_is_will_do(void **state)
{
	static const int alone[] = {0, 2, 3, 4, 1};
	static const int with_another[] = {0, 3, 4, 2, 1};
	static const int with_one_before[] = {0, 3, 4, 1, 2};
	struct callers others;
	int turns[5];

	(void)state;
	callers_init(&others);
	run_for_others(&others, 1, turns);
	assert_turns(turns, alone);
	run_for_others(&others, 3, turns);
	assert_turns(turns, with_another);
	/* Who was there before, and 2, who has a line of its own in which it would be later. */
	run_for_others(&others, 2, turns);
	assert_turns(turns, with_one_before);
	callers_fini(&others);
}

static void many_threads_keep_to_the_rate(void **state)
{
	enum { THREADS = 16, EACH = 25 };
	struct pacer *p = pacer_new(fast, 1);
	struct asker askers[THREADS];
	int64_t before = clock_now_ms();

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){.pacer = p,
					   .path = i % 4 == 3 ? "/v1/fifty" : "/v1/x",
					   .caller = (uint64_t)i % 5,
					   .count = i % 4 == 3 ? 5 : EACH};
		start(&askers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(askers[i].thread, NULL);
	/* 300 of "/v1", of which 20 go at once; 20 of "/v1/fifty", of which one does. */
	assert_in_range(clock_now_ms() - before, 379, 380 + 2 * BUSY_MS);
	pacer_free(p);
}

/* ---- ends ---- */

static void who_would_wait_too_long_is_told_at_once(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct asker ahead[3];
	struct error err = {.maybe_done = true};
	int64_t before;

	(void)state;
	take_all(p, "/v1/slow");
	before = clock_now_ms();
	assert_false(wait_at_most(p, "/v1/slow", 1, 500, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(err.retry_after_s, 1);
	assert_false(err.maybe_done);
	assert_non_null(strstr(err.message, "Palette's rate limit"));
	assert_true(clock_now_ms() - before < 400);
	/* Those that wait count: one of each of two others goes before us, in a second each; what
	 * the first of them wants besides comes after us. */
	for (int i = 0; i < 3; i++) {
		ahead[i] = (struct asker){
			.pacer = p, .path = "/v1/slow", .caller = i < 2 ? 1 : 2, .count = 1};
		start(&ahead[i]);
		clock_sleep_ms(10);
	}
	assert_false(wait_at_most(p, "/v1/slow", 3, 2000, &err));
	assert_int_equal(err.retry_after_s, 3);
	assert_true(clock_now_ms() - before < 1000);
	assert_true(wait_at_most(p, "/v1/slow", 3, 3500, &err));
	for (int i = 0; i < 3; i++)
		pthread_join(ahead[i].thread, NULL);
	pacer_free(p);
}

static void *set_later(void *context)
{
	clock_sleep_ms(50);
	http_cancel_set(context);
	return NULL;
}

static void who_is_called_off_waits_no_longer(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct http_cancel *cancel = http_cancel_new();
	struct error err;
	pthread_t setter;
	int64_t before = clock_now_ms();

	(void)state;
	take_all(p, "/v1/slow");
	assert_int_equal(pthread_create(&setter, NULL, set_later, cancel), 0);
	assert_false(pacer_wait(p, "/v1/slow", 1, NULL, before + PATIENT_MS, cancel, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_in_range(clock_now_ms() - before, 49, 400);
	pthread_join(setter, NULL);
	/* It stays set, and what was not waited for is still there. */
	assert_false(pacer_wait(p, "/v1/slow", 1, NULL, before + PATIENT_MS, cancel, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_true(wait_at_most(p, "/v1/slow", 1, 1000, &err));
	http_cancel_free(cancel);
	pacer_free(p);
}

static void who_leaves_lets_the_next_one_go_on(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct asker behind[2];
	struct http_cancel *cancel = http_cancel_new();
	struct error err;
	pthread_t setter;

	(void)state;
	take_all(p, "/v1/fifty");
	pacer_hold(p, "/v1/fifty", 300);
	assert_int_equal(pthread_create(&setter, NULL, set_later, cancel), 0);
	for (int i = 0; i < 2; i++)
		behind[i] = (struct asker){
			.pacer = p, .path = "/v1/fifty", .caller = (uint64_t)i + 1, .count = 1};
	start(&behind[0]);
	start(&behind[1]);
	assert_false(
		pacer_wait(p, "/v1/fifty", 1, NULL, clock_now_ms() + PATIENT_MS, cancel, &err));
	for (int i = 0; i < 2; i++) {
		pthread_join(behind[i].thread, NULL);
		assert_in_range(behind[i].took_ms, 250, 340 + BUSY_MS);
	}
	pthread_join(setter, NULL);
	http_cancel_free(cancel);
	pacer_free(p);
}

static void *hold_later(void *context)
{
	clock_sleep_ms(100);
	pacer_hold(context, "/v1/slow", 60000);
	return NULL;
}

static void a_429_holds_up_everybody(void **state)
{
	struct pacer *p = pacer_new(fast, 1);
	struct error err;
	pthread_t holder;
	int64_t before = clock_now_ms();

	(void)state;
	pacer_hold(p, "/v1/x/y", 200);
	assert_false(pacer_take(p, "/v1/z"));
	assert_true(pacer_take(p, "/v1/slow"));
	assert_true(wait_at_most(p, "/v1/z", 1, PATIENT_MS, &err));
	assert_in_range(clock_now_ms() - before, 199, 200 + BUSY_MS);
	/* A shorter one does not end it; without a time it is a second. */
	before = clock_now_ms();
	pacer_hold(p, "/v1/x", 0);
	pacer_hold(p, "/v1/x", 10);
	assert_true(wait_at_most(p, "/v1/z", 1, PATIENT_MS, &err));
	assert_in_range(clock_now_ms() - before, 999, 1000 + BUSY_MS);
	/* Whoever waits then hears that it is too long; of an hour, a minute counts. */
	take_all(p, "/v1/slow");
	before = clock_now_ms();
	assert_int_equal(pthread_create(&holder, NULL, hold_later, p), 0);
	assert_false(wait_at_most(p, "/v1/slow", 1, PATIENT_MS, &err));
	assert_true(clock_now_ms() - before < 100 + BUSY_MS);
	assert_in_range(err.retry_after_s, 59, 61);
	pacer_hold(p, "/v1/slow", 3600 * 1000);
	assert_false(wait_at_most(p, "/v1/slow", 1, PATIENT_MS, &err));
	assert_in_range(err.retry_after_s, 59, 61);
	pthread_join(holder, NULL);
	pacer_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_quiet_time_several_go_at_once),
		cmocka_unit_test(then_they_go_at_the_rate),
		cmocka_unit_test(a_share_is_less_of_both),
		cmocka_unit_test(the_longest_prefix_counts),
		cmocka_unit_test(one_prefix_does_not_hold_up_another),
		cmocka_unit_test(the_published_limits),
		cmocka_unit_test(a_sweep_does_not_hold_up_a_single_read),
		cmocka_unit_test(callers_take_turns_and_each_keeps_its_order),
		cmocka_unit_test(the_turn_of_any_for_whom_it_is_will_do),
		cmocka_unit_test(many_threads_keep_to_the_rate),
		cmocka_unit_test(who_would_wait_too_long_is_told_at_once),
		cmocka_unit_test(who_is_called_off_waits_no_longer),
		cmocka_unit_test(who_leaves_lets_the_next_one_go_on),
		cmocka_unit_test(a_429_holds_up_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
