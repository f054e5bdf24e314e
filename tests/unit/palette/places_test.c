/* Places: so many at a time, the others in line, the first come first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdatomic.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/cancel.h"
#include "palette/places.h"

enum { LONG_MS = 30000 };

static int64_t in_ms(int64_t ms)
{
	return clock_now_ms() + ms;
}

static void there_are_so_many(void **state)
{
	struct places *places = places_new(2, 0, NULL);
	struct error err;

	(void)state;
	assert_true(places_take(places, in_ms(LONG_MS), NULL, &err));
	assert_true(places_try(places));
	assert_false(places_try(places));
	assert_false(places_take(places, in_ms(LONG_MS), NULL, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_true(err.retry_after_s > 0);
	places_give(places);
	assert_true(places_take(places, in_ms(LONG_MS), NULL, &err));
	places_free(places);
	places_free(NULL);
}

static void who_waits_too_long_is_refused(void **state)
{
	struct places *places = places_new(1, 4, NULL);
	int64_t before = clock_now_ms();
	struct error err;

	(void)state;
	assert_true(places_try(places));
	assert_false(places_take(places, before + 30, NULL, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_true(clock_now_ms() - before >= 30);
	/* And leaves no trace in the line. */
	places_give(places);
	assert_true(places_try(places));
	places_free(places);
}

static void who_was_called_off_before_does_not_wait(void **state)
{
	struct places *places = places_new(1, 4, NULL);
	struct http_cancel *cancel = http_cancel_new();
	struct error err;

	(void)state;
	http_cancel_set(cancel);
	assert_false(places_take(places, in_ms(LONG_MS), cancel, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_true(places_try(places));
	http_cancel_free(cancel);
	places_free(places);
}

/* ---- several who wait ---- */

enum { WAITERS = 8 };

struct crowd {
	struct places *places;
	struct http_cancel *cancel;
	atomic_uint begun; /* waits, as the hooks see them */
	atomic_uint ended;
	atomic_uint served;
	unsigned order[WAITERS];
	enum error_kind kinds[WAITERS];
	bool taken[WAITERS];
};

struct one {
	struct crowd *crowd;
	unsigned number;
};

static struct crowd *seen;

static void note_begin(void)
{
	atomic_fetch_add(&seen->begun, 1);
}

static void note_end(void)
{
	atomic_fetch_add(&seen->ended, 1);
}

static const struct palette_wait_hooks hooks = {.begin = note_begin, .end = note_end};

static void *take_and_give(void *argument)
{
	struct one *one = argument;
	struct crowd *c = one->crowd;
	struct error err;

	c->taken[one->number] = places_take(c->places, in_ms(LONG_MS), c->cancel, &err);
	if (!c->taken[one->number]) {
		c->kinds[one->number] = err.kind;
		return NULL;
	}
	c->order[atomic_fetch_add(&c->served, 1)] = one->number;
	places_give(c->places);
	return NULL;
}

static void wait_until(const atomic_uint *count, unsigned wanted)
{
	int64_t deadline = in_ms(LONG_MS);

	while (atomic_load(count) < wanted && clock_left_ms(deadline) > 0)
		clock_sleep_ms(1);
	assert_int_equal(atomic_load(count), wanted);
}

/* One after the other, so that it is known who came first. */
static void let_all_wait(struct crowd *c, struct one *ones, pthread_t *threads)
{
	seen = c;
	for (unsigned i = 0; i < WAITERS; i++) {
		ones[i] = (struct one){.crowd = c, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &ones[i]), 0);
		wait_until(&c->begun, i + 1);
		clock_sleep_ms(10);
	}
}

static void the_first_come_first(void **state)
{
	struct crowd c = {.places = places_new(1, WAITERS, &hooks)};
	struct one ones[WAITERS];
	pthread_t threads[WAITERS];
	struct error err;

	(void)state;
	assert_true(places_try(c.places));
	let_all_wait(&c, ones, threads);
	assert_false(places_take(c.places, in_ms(LONG_MS), NULL, &err)); /* the line is full */
	assert_false(places_try(c.places));
	places_give(c.places);
	for (unsigned i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < WAITERS; i++) {
		assert_true(c.taken[i]);
		assert_int_equal(c.order[i], i);
	}
	assert_int_equal(atomic_load(&c.ended), WAITERS);
	assert_true(places_try(c.places));
	assert_false(places_try(c.places));
	places_free(c.places);
}

static void calling_off_ends_the_wait(void **state)
{
	struct crowd c = {.places = places_new(1, WAITERS, &hooks), .cancel = http_cancel_new()};
	struct one ones[WAITERS];
	pthread_t threads[WAITERS];

	(void)state;
	assert_true(places_try(c.places));
	let_all_wait(&c, ones, threads);
	http_cancel_set(c.cancel);
	for (unsigned i = 0; i < WAITERS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(c.taken[i]);
		assert_int_equal(c.kinds[i], ERROR_CANCELLED);
	}
	places_give(c.places);
	assert_true(places_try(c.places));
	http_cancel_free(c.cancel);
	places_free(c.places);
}

/* ---- many at once ---- */

enum { THREADS = 8, ROUNDS = 3000, PLACES = 3 };

struct rush {
	struct places *places;
	atomic_uint inside;
	atomic_uint most;
	atomic_uint times;
};

static void *come_and_go(void *argument)
{
	struct rush *rush = argument;
	struct error err;

	for (int i = 0; i < ROUNDS; i++) {
		unsigned inside;

		if (!places_take(rush->places, in_ms(LONG_MS), NULL, &err))
			continue;
		inside = atomic_fetch_add(&rush->inside, 1) + 1;
		for (unsigned most = atomic_load(&rush->most);
		     inside > most && !atomic_compare_exchange_weak(&rush->most, &most, inside);)
			;
		atomic_fetch_add(&rush->times, 1);
		atomic_fetch_sub(&rush->inside, 1);
		places_give(rush->places);
	}
	return NULL;
}

static void never_more_and_nobody_is_forgotten(void **state)
{
	struct rush rush = {.places = places_new(PLACES, THREADS, NULL)};
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &rush), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&rush.times), THREADS * ROUNDS);
	assert_true(atomic_load(&rush.most) <= PLACES);
	for (int i = 0; i < PLACES; i++)
		assert_true(places_try(rush.places));
	assert_false(places_try(rush.places));
	places_free(rush.places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_so_many),
		cmocka_unit_test(who_waits_too_long_is_refused),
		cmocka_unit_test(who_was_called_off_before_does_not_wait),
		cmocka_unit_test(the_first_come_first),
		cmocka_unit_test(calling_off_ends_the_wait),
		cmocka_unit_test(never_more_and_nobody_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
