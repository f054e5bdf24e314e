/* The phases: only forward, and who waits for the first to end. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "op/op.h"

static void phases_only_go_forward(void **state)
{
	struct op_life *life = op_life_new();

	(void)state;
	assert_int_equal(op_life_phase(life), PHASE_STARTING);
	op_life_enter(life, PHASE_SERVING);
	op_life_enter(life, PHASE_STARTING);
	assert_int_equal(op_life_phase(life), PHASE_SERVING);
	op_life_mark(life, PHASE_STOPPING);
	op_life_enter(life, PHASE_LEAVING);
	assert_int_equal(op_life_phase(life), PHASE_STOPPING);
	op_life_free(life);
	op_life_free(NULL);
}

static void what_each_phase_admits(void **state)
{
	struct error err;

	(void)state;
	assert_false(op_life_admits(PHASE_STARTING, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_string_equal(err.message, "Service has not started up yet");
	assert_true(op_life_admits(PHASE_SERVING, &err));
	assert_true(op_life_admits(PHASE_LEAVING, &err));
	assert_false(op_life_admits(PHASE_STOPPING, &err));
	assert_string_equal(err.message, "Service is shutting down");
}

static void *wait_long(void *life)
{
	return (void *)(uintptr_t)op_life_wait_started(life, clock_now_ms() + 10000);
}

static void waiting_ends_with_the_start(void **state)
{
	enum { WAITERS = 4 };
	struct op_life *life = op_life_new();
	int64_t began_ms = clock_now_ms();
	pthread_t threads[WAITERS];

	(void)state;
	assert_int_equal(op_life_wait_started(life, clock_now_ms() + 20), PHASE_STARTING);
	assert_true(clock_now_ms() - began_ms >= 20);
	for (int i = 0; i < WAITERS; i++)
		pthread_create(&threads[i], NULL, wait_long, life);
	clock_sleep_ms(20);
	op_life_enter(life, PHASE_SERVING);
	for (int i = 0; i < WAITERS; i++) {
		void *phase;

		pthread_join(threads[i], &phase);
		assert_int_equal((uintptr_t)phase, PHASE_SERVING);
	}
	assert_true(clock_now_ms() - began_ms < 5000);
	op_life_free(life);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_only_go_forward),
		cmocka_unit_test(what_each_phase_admits),
		cmocka_unit_test(waiting_ends_with_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
