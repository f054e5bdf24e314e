/* The rates of a pacer while it runs: other ones, and a share of them that grows and shrinks. */
#include "palette/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

enum { PATIENT_MS = 30 * 1000 };

/* So slow that none comes while a test runs, but where it says so. */
static const struct pacer_rate rates[] = {
	{"", 1, 40}, {"/v1/a", 1, 20}, {"/v1/b", 1, 100}, {NULL, 0, 0}};

static unsigned take_all(struct pacer *p, const char *path)
{
	unsigned count = 0;

	while (count < 1000 && pacer_take(p, path))
		count++;
	return count;
}

/* One or two come while others are counted on a busy machine. */
#define TAKES(p, path, wanted) assert_in_range(take_all(p, path), wanted, (wanted) + 2)

static void a_share_bounds_what_is_there(void **state)
{
	struct pacer *p = pacer_new(rates, 0.5);

	(void)state;
	pacer_set_share(p, "/v1/a", 0.5);
	TAKES(p, "/v1/a/x", 5);
	TAKES(p, "/v1/b", 50); /* of another rate nothing was lost */
	pacer_set_share(p, NULL, 0.25);
	TAKES(p, "/", 5);
	pacer_set_share(p, "/v1/unknown", 0.1); /* passed over */
	pacer_free(p);
}

static void a_larger_share_gives_no_tokens(void **state)
{
	struct pacer *p = pacer_new(rates, 1);

	(void)state;
	pacer_set_share(p, "/v1/b", 0.1);
	pacer_set_share(p, "/v1/b", 1);
	TAKES(p, "/v1/b", 10);
	pacer_set_share(p, "/v1/b", 1);
	assert_in_range(take_all(p, "/v1/b"), 0, 1);
	pacer_free(p);
}

static void the_smallest_share_still_lets_one_through(void **state)
{
	struct pacer *p = pacer_new(rates, 0.01);

	(void)state;
	pacer_set_share(p, NULL, 0.001);
	assert_int_equal(take_all(p, "/v1/a"), 1);
	pacer_free(p);
}

static void one_that_begins_low_has_few(void **state)
{
	struct pacer *p = pacer_new(rates, 1);

	(void)state;
	pacer_begin_low(p);
	TAKES(p, "/v1/a", 2);
	TAKES(p, "/v1/b", 2);
	pacer_free(p);
}

static void other_rates_give_no_tokens(void **state)
{
	static const struct pacer_rate other[] = {
		{"", 1, 400}, {"/v1/a", 1, 7}, {"/v1/new", 1, 100}, {NULL, 0, 0}};
	struct pacer *p = pacer_new(rates, 1);

	(void)state;
	TAKES(p, "/v1/x", 40);
	pacer_set_rates(p, other, 1);
	assert_in_range(take_all(p, "/v1/x"), 0, 2);
	TAKES(p, "/v1/a", 7);                        /* bounded */
	assert_in_range(take_all(p, "/v1/b"), 0, 1); /* no rate of its own any more */
	TAKES(p, "/v1/new", 2);                      /* a new one begins with few */
	pacer_set_rates(p, rates, 1);
	TAKES(p, "/v1/b", 100); /* as it was left */
	pacer_free(p);
}

/* Many configurations one after the other: what is gone makes room. */
static void rates_come_and_go(void **state)
{
	struct pacer *p = pacer_new(rates, 1);
	char prefixes[100][16];
	struct pacer_rate many[101];

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
			snprintf(prefixes[i], sizeof prefixes[i], "/v1/%d-%zu", round, i);
			many[i] = (struct pacer_rate){prefixes[i], 1, 3};
		}
		many[100].prefix = NULL;
		pacer_set_rates(p, many, 1);
		for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
			TAKES(p, prefixes[i], 2);
	}
	pacer_free(p);
}

struct asker {
	struct pacer *pacer;
	bool granted;
	pthread_t thread;
};

static void *ask(void *context)
{
	struct asker *a = context;
	struct error err;

	a->granted = pacer_wait(a->pacer, "/v1/a", 1, NULL, clock_now_ms() + 1000 * PATIENT_MS,
				NULL, &err);
	return NULL;
}

/* At first the next token is due in more than an hour. */
static void who_waits_hears_of_a_larger_share(void **state)
{
	struct pacer *p = pacer_new(rates, 0.01);
	struct asker a = {.pacer = p};

	(void)state;
	pacer_set_share(p, NULL, 0.01);
	assert_int_equal(take_all(p, "/v1/a"), 1);
	assert_int_equal(pthread_create(&a.thread, NULL, ask, &a), 0);
	clock_sleep_ms(50);
	pacer_set_rates(p, (const struct pacer_rate[]){{"/v1/a", 1000, 1}, {NULL, 0, 0}}, 1);
	pacer_set_share(p, "/v1/a", 1);
	pthread_join(a.thread, NULL);
	assert_true(a.granted);
	pacer_free(p);
}

static const struct pacer_use *use_of(const struct pacer_use *uses, size_t count,
				      const char *prefix)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(uses[i].prefix, prefix) == 0)
			return &uses[i];
	return NULL;
}

static void what_is_busy(void **state)
{
	struct pacer *p = pacer_new(rates, 1);
	struct pacer_use *uses;
	struct arena arena;
	struct error err;
	size_t count;

	(void)state;
	arena_init(&arena);
	pacer_take(p, "/v1/b"); /* one request is not much */
	for (int i = 0; i < 20; i++)
		pacer_take(p, "/v1/a");
	/* Refused at once, but it would have waited. */
	assert_false(pacer_wait(p, "/v1/a", 1, NULL, clock_now_ms(), NULL, &err));
	pacer_take_uses(p, &arena, &uses, &count);
	assert_int_equal(count, 3);
	assert_true(use_of(uses, count, "/v1/a")->busy);
	assert_false(use_of(uses, count, "/v1/b")->busy);
	assert_false(use_of(uses, count, "")->busy);
	pacer_take_uses(p, &arena, &uses, &count);
	assert_false(use_of(uses, count, "/v1/a")->busy);
	for (int i = 0; i < 50; i++)
		pacer_take(p, "/v1/b");
	pacer_take_uses(p, &arena, &uses, &count);
	assert_true(use_of(uses, count, "/v1/b")->busy);
	pacer_set_rates(p, (const struct pacer_rate[]){{"/v1/b", 1, 1}, {NULL, 0, 0}}, 1);
	pacer_take_uses(p, &arena, &uses, &count);
	assert_int_equal(count, 1);
	arena_fini(&arena);
	pacer_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_bounds_what_is_there),
		cmocka_unit_test(a_larger_share_gives_no_tokens),
		cmocka_unit_test(the_smallest_share_still_lets_one_through),
		cmocka_unit_test(one_that_begins_low_has_few),
		cmocka_unit_test(other_rates_give_no_tokens),
		cmocka_unit_test(rates_come_and_go),
		cmocka_unit_test(who_waits_hears_of_a_larger_share),
		cmocka_unit_test(what_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
