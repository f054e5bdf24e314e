/* The circuit: when it opens, what it lets through meanwhile, and when it closes. */
#include "palette/circuit.h"

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
#include "base/log.h"

/* Each asks something else. */
static uint64_t another(void)
{
	static atomic_uint_fast64_t count;

	return atomic_fetch_add(&count, 1);
}

enum {
	FAILURES = 3,
	PAUSE_MS = 60,         /* and up to a quarter more */
	LONG_MS = 1000 * 1000, /* not over while a test runs */
	PATIENT_MS = 30 * 1000,
};

static struct circuit *circuit_of(unsigned failures, int64_t pause_ms)
{
	struct circuit *c = circuit_new("first");

	log_open(LOG_OFF, LOG_TEXT);
	circuit_set(c, failures, pause_ms);
	return c;
}

/* One request that gets leave and ends so. */
static bool pass(struct circuit *c, enum circuit_verdict verdict)
{
	struct circuit_leave leave;
	struct error err;

	if (!circuit_enter(c, false, another(), &leave, &err))
		return false;
	circuit_tell(c, &leave, verdict, "test");
	return true;
}

static void open_it(struct circuit *c)
{
	for (int i = 0; i < FAILURES; i++)
		assert_true(pass(c, CIRCUIT_FAILED));
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
}

static void wait_until_half_open(struct circuit *c)
{
	int64_t until_ms = clock_now_ms() + PATIENT_MS;

	while (circuit_state(c).phase == CIRCUIT_OPEN && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(2);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_HALF_OPEN);
}

static struct circuit *half_open(void)
{
	struct circuit *c = circuit_of(FAILURES, PAUSE_MS);

	open_it(c);
	wait_until_half_open(c);
	return c;
}

static void failures_in_a_row_open_it(void **state)
{
	struct circuit *c = circuit_of(FAILURES, LONG_MS);
	struct circuit_leave leave;
	struct error err = {.kind = ERROR_INTERNAL};

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < FAILURES - 1; i++)
			assert_true(pass(c, CIRCUIT_FAILED));
		assert_true(pass(c, CIRCUIT_NO_VERDICT));
		assert_int_equal(circuit_state(c).failures, FAILURES - 1);
		assert_int_equal(circuit_state(c).opened_ms, 0);
		assert_true(pass(c, CIRCUIT_ANSWERED));
		assert_int_equal(circuit_state(c).failures, 0);
	}
	open_it(c);
	assert_true(clock_calendar_ms() - circuit_state(c).opened_ms < PATIENT_MS);
	for (int write = 0; write < 2; write++) {
		assert_false(circuit_look(c, write == 1, another(), &err));
		assert_false(circuit_enter(c, write == 1, another(), &leave, &err));
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
		assert_in_range(err.retry_after_s, LONG_MS / 1000 - PATIENT_MS / 1000,
				LONG_MS / 1000 * 5 / 4 + 1);
		assert_non_null(strstr(err.message, "environment first"));
		assert_false(err.maybe_done);
	}
	circuit_free(c);
}

static void none_is_no_limit(void **state)
{
	struct circuit *c = circuit_of(0, LONG_MS);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(pass(c, CIRCUIT_FAILED));
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	circuit_free(c);
}

static void one_probe_closes_it(void **state)
{
	struct circuit *c = half_open();
	struct circuit_leave leave;
	struct circuit_leave other;
	struct error err;

	(void)state;
	/* A write tries nothing out. */
	assert_false(circuit_look(c, true, another(), &err));
	assert_false(circuit_enter(c, true, another(), &leave, &err));
	assert_int_equal(err.retry_after_s, 1);
	assert_true(circuit_look(c, false, another(), &err));
	assert_true(circuit_enter(c, false, another(), &leave, &err));
	assert_true(leave.probe);
	assert_false(circuit_look(c, false, another(), &err));
	assert_false(circuit_enter(c, false, another(), &other, &err));
	assert_false(circuit_enter(c, true, another(), &other, &err));
	circuit_tell(c, &leave, CIRCUIT_ANSWERED, NULL);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	assert_int_equal(circuit_state(c).failures, 0);
	assert_true(circuit_enter(c, true, another(), &other, &err));
	assert_false(other.probe);
	circuit_free(c);
}

static void a_probe_that_fails_opens_it_for_longer(void **state)
{
	struct circuit *c = half_open();
	int64_t shortest_ms = PAUSE_MS;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int64_t before_ms = clock_now_ms();

		assert_true(pass(c, CIRCUIT_FAILED));
		assert_false(pass(c, CIRCUIT_ANSWERED));
		wait_until_half_open(c);
		shortest_ms *= 2;
		assert_true(clock_now_ms() - before_ms >= shortest_ms - 1);
	}
	assert_int_equal(circuit_state(c).failures, FAILURES + 3);
	/* When it has been closed, it begins anew. */
	assert_true(pass(c, CIRCUIT_ANSWERED));
	circuit_set(c, FAILURES, LONG_MS);
	open_it(c);
	circuit_free(c);
}

static int seconds_when_refused(struct circuit *c)
{
	struct circuit_leave leave;
	struct error err = {.kind = ERROR_INTERNAL};

	assert_false(circuit_enter(c, false, another(), &leave, &err));
	return err.retry_after_s;
}

/* The pauses are as long as they are said to be, which needs no waiting for them. */
static void pauses_double_six_times_at_most(void **state)
{
	enum { LAST = 8, HOUR_S = 3600 };

	(void)state;
	for (int i = 1; i <= LAST; i++) {
		struct circuit *c = half_open();
		int64_t pause_s = (int64_t)HOUR_S << (i < 6 ? i : 6);

		circuit_set(c, FAILURES, 1);
		for (int probe = 1; probe < i; probe++) {
			assert_true(pass(c, CIRCUIT_FAILED));
			wait_until_half_open(c);
		}
		circuit_set(c, FAILURES, HOUR_S * 1000);
		assert_true(pass(c, CIRCUIT_FAILED));
		assert_in_range(seconds_when_refused(c), pause_s - PATIENT_MS / 1000,
				pause_s * 5 / 4 + 1);
		circuit_free(c);
	}
}

static void a_probe_without_a_verdict_frees_its_place(void **state)
{
	struct circuit *c = half_open();

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(pass(c, CIRCUIT_NO_VERDICT));
		assert_int_equal(circuit_state(c).phase, CIRCUIT_HALF_OPEN);
	}
	assert_true(pass(c, CIRCUIT_ANSWERED));
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	circuit_free(c);
}

/* Requests that were under way when it opened or closed know nothing of the time since. */
static void late_verdicts_do_not_count(void **state)
{
	struct circuit *c = circuit_of(FAILURES, PAUSE_MS);
	struct circuit_leave late[10];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(late); i++)
		assert_true(circuit_enter(c, false, another(), &late[i], &err));
	open_it(c);
	circuit_tell(c, &late[0], CIRCUIT_ANSWERED, NULL);
	circuit_tell(c, &late[1], CIRCUIT_FAILED, "late");
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
	assert_int_equal(circuit_state(c).failures, FAILURES);
	wait_until_half_open(c);
	assert_true(pass(c, CIRCUIT_ANSWERED));
	for (size_t i = 2; i < ARRAY_LEN(late); i++)
		circuit_tell(c, &late[i], CIRCUIT_FAILED, "late");
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	assert_int_equal(circuit_state(c).failures, 0);
	circuit_free(c);
}

static void other_settings_take_hold(void **state)
{
	struct circuit *c = circuit_of(FAILURES, LONG_MS);

	(void)state;
	open_it(c);
	circuit_set(c, FAILURES, LONG_MS); /* the same again leaves it open */
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
	circuit_set(c, 0, LONG_MS);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	assert_true(pass(c, CIRCUIT_FAILED));
	circuit_free(c);
}

/* ---- many at once ---- */

enum { THREADS = 8, ROUNDS = 2000 };

struct crowd {
	struct circuit *circuit;
	atomic_int probes; /* under way */
	atomic_int most;   /* of them, ever */
	atomic_int passed;
};

static void count_probe(struct crowd *crowd)
{
	int now = atomic_fetch_add(&crowd->probes, 1) + 1;
	int most = atomic_load(&crowd->most);

	while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
		;
}

static void *ask(void *context)
{
	struct crowd *crowd = context;

	for (int i = 0; i < ROUNDS; i++) {
		struct circuit_leave leave;
		struct error err;

		if (!circuit_enter(crowd->circuit, i % 3 == 0, another(), &leave, &err)) {
			circuit_state(crowd->circuit);
			continue;
		}
		atomic_fetch_add(&crowd->passed, 1);
		if (leave.probe) {
			count_probe(crowd);
			clock_sleep_ms(1);
			atomic_fetch_sub(&crowd->probes, 1);
		}
		circuit_tell(crowd->circuit, &leave, (enum circuit_verdict)(i % 3), "test");
	}
	return NULL;
}

static void there_is_one_probe_at_a_time(void **state)
{
	struct crowd crowd = {.circuit = circuit_of(1, 1)};
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &crowd), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.most), 1);
	assert_true(atomic_load(&crowd.passed) > 1);
	circuit_free(crowd.circuit);
}

/* ---- what is asked ---- */

enum { BAD = 1000000, GOOD };

static void tell(struct circuit *c, uint64_t question, enum circuit_verdict verdict)
{
	struct circuit_leave leave;
	struct error err;

	assert_true(circuit_enter(c, false, question, &leave, &err));
	circuit_tell(c, &leave, verdict, "test");
}

static void one_thing_that_fails_does_not_open_it(void **state)
{
	struct circuit *c = circuit_of(3, 3600 * 1000);

	(void)state;
	for (int i = 0; i < 20; i++)
		tell(c, BAD, CIRCUIT_FAILED);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	tell(c, GOOD, CIRCUIT_ANSWERED);
	tell(c, BAD, CIRCUIT_FAILED);
	tell(c, BAD, CIRCUIT_FAILED);
	tell(c, GOOD, CIRCUIT_FAILED);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
	circuit_free(c);
}

static void where_nothing_can_be_reached_one_is_enough(void **state)
{
	struct circuit *c = circuit_of(3, 3600 * 1000);

	(void)state;
	for (int i = 0; i < 3; i++)
		tell(c, BAD, CIRCUIT_UNREACHABLE);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
	circuit_free(c);
}

static void one_question_about_the_whole_is_enough(void **state)
{
	struct circuit *c = circuit_of(3, 3600 * 1000);

	(void)state;
	tell(c, BAD, CIRCUIT_FAILED);
	tell(c, BAD, CIRCUIT_ANSWERED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
		tell(c, CIRCUIT_WHOLE, CIRCUIT_FAILED);
	}
	assert_int_equal(circuit_state(c).phase, CIRCUIT_OPEN);
	circuit_free(c);
}

/* Somebody asks for it all the time, and must not be the probe each time. */
static void what_failed_as_a_probe_gives_way(void **state)
{
	struct circuit *c = circuit_of(1, 200);
	int64_t until_ms = clock_now_ms() + 30000;
	struct circuit_leave leave;
	struct error err;

	(void)state;
	tell(c, BAD, CIRCUIT_FAILED);
	while (!circuit_enter(c, false, BAD, &leave, &err) && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(1);
	assert_true(leave.probe);
	circuit_tell(c, &leave, CIRCUIT_FAILED, "test");
	while (!circuit_look(c, false, GOOD, &err) && clock_left_ms(until_ms) > 0)
		assert_false(circuit_look(c, false, BAD, &err));
	assert_true(circuit_enter(c, false, GOOD, &leave, &err));
	circuit_tell(c, &leave, CIRCUIT_ANSWERED, NULL);
	assert_int_equal(circuit_state(c).phase, CIRCUIT_CLOSED);
	circuit_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_in_a_row_open_it),
		cmocka_unit_test(none_is_no_limit),
		cmocka_unit_test(one_probe_closes_it),
		cmocka_unit_test(a_probe_that_fails_opens_it_for_longer),
		cmocka_unit_test(pauses_double_six_times_at_most),
		cmocka_unit_test(a_probe_without_a_verdict_frees_its_place),
		cmocka_unit_test(late_verdicts_do_not_count),
		cmocka_unit_test(other_settings_take_hold),
		cmocka_unit_test(there_is_one_probe_at_a_time),
		cmocka_unit_test(one_thing_that_fails_does_not_open_it),
		cmocka_unit_test(where_nothing_can_be_reached_one_is_enough),
		cmocka_unit_test(one_question_about_the_whole_is_enough),
		cmocka_unit_test(what_failed_as_a_probe_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
