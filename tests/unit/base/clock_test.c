/* Clocks: differences, waits, and the calendar's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void the_steady_clock_does_not_run_back(void **state)
{
	int64_t before = clock_now_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_now_us();

		assert_true(now >= before);
		before = now;
	}
	assert_true(clock_now_ms() >= before / 1000);
}

static void what_is_left_is_never_below_zero(void **state)
{
	int64_t left = clock_left_ms(clock_now_ms() + 5000);

	(void)state;
	assert_true(left > 4000 && left <= 5000);
	assert_int_equal(clock_left_ms(clock_now_ms()), 0);
	assert_int_equal(clock_left_ms(clock_now_ms() - 5000), 0);
	assert_int_equal(clock_left_ms(0), 0);
	assert_true(clock_left_ms(INT64_MAX) > 0);
}

static void waits_last_as_long_as_asked(void **state)
{
	int64_t before = clock_now_ms();

	(void)state;
	clock_sleep_ms(-1000);
	clock_sleep_ms(0);
	assert_true(clock_now_ms() - before < 500);
	clock_sleep_ms(30);
	assert_true(clock_now_ms() - before >= 30);
}

static void the_calendar_is_utc_with_milliseconds(void **state)
{
	char out[CLOCK_ISO_SIZE];

	(void)state;
	clock_format_iso(0, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000Z");
	clock_format_iso(1769853600007, out);
	assert_string_equal(out, "2026-01-31T10:00:00.007Z");
	clock_format_iso(951782399999, out); /* the leap day of 2000 starts a millisecond later */
	assert_string_equal(out, "2000-02-28T23:59:59.999Z");
	clock_format_iso(253402300799999, out);
	assert_string_equal(out, "9999-12-31T23:59:59.999Z");
	assert_true(clock_calendar_ms() > 1600000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_steady_clock_does_not_run_back),
		cmocka_unit_test(what_is_left_is_never_below_zero),
		cmocka_unit_test(waits_last_as_long_as_asked),
		cmocka_unit_test(the_calendar_is_utc_with_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
