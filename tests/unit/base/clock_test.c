/* Clocks: differences, waits, and the calendar's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
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
	clock_format_iso(-1, out);
	assert_string_equal(out, "1969-12-31T23:59:59.999Z");
	clock_format_iso(-1000, out);
	assert_string_equal(out, "1969-12-31T23:59:59.000Z");
	assert_true(clock_calendar_ms() > 1600000000000);
}

static int64_t parsed(const char *time)
{
	int64_t ms = -77;

	return clock_parse_iso(text_of(time), &ms) ? ms : -77;
}

static void times_are_read_back(void **state)
{
	static const int64_t moments[] = {0,
					  7,
					  951782399999,
					  951868799999,
					  951868800000,
					  1709251199999,
					  1769853600007,
					  4107542400000,
					  253402300799999};
	char out[CLOCK_ISO_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		clock_format_iso(moments[i], out);
		assert_int_equal(parsed(out), moments[i]);
	}
	assert_int_equal(parsed("2023-09-18T19:49:33Z"), 1695066573000);
	assert_int_equal(parsed("2023-09-18t21:49:33.5+02:00"), 1695066573500);
	assert_int_equal(parsed("2023-09-18 14:19:33.123456789-05:30"), 1695066573123);
	assert_int_equal(parsed("0001-01-01T00:00:00.000Z"), -62135596800000);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const wrong[] = {"",
					    "2023",
					    "2023-09-18",
					    "2023-09-18T19:49:33",
					    "2023-09-18T19:49:33.Z",
					    "2023-13-18T19:49:33Z",
					    "2023-00-18T19:49:33Z",
					    "2023-09-00T19:49:33Z",
					    "2023-09-18T24:49:33Z",
					    "2023-09-18T19:60:33Z",
					    "0000-09-18T19:49:33Z",
					    "2023-09-18T19:49:33ZZ",
					    "2023-09-18T19:49:33+2:00",
					    "2023-09-18T19:49:33+02:0",
					    "2023-09-18T19:49:33+0200",
					    "x023-09-18T19:49:33Z",
					    " 2023-09-18T19:49:33Z"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (parsed(wrong[i]) != -77)
			fail_msg("%s was read", wrong[i]);
}

/* ---- the forms of headers and certificates ---- */

typedef bool parse_fn(struct text time, int64_t *calendar_ms);

static int64_t parsed_by(parse_fn *parse, const char *time)
{
	int64_t ms = -77;

	return parse(text_of(time), &ms) ? ms : -77;
}

static void times_of_headers_and_certificates_are_read(void **state)
{
	static const char *const wrong[] = {"",
					    "Sun, 06 Nov 1994 08:49:37",
					    "Sun, 06 Nov 1994 08:49:37 GMT and more",
					    "06 Nov 1994 08:49:37 GMT",
					    "Sun, 66 Nov 1994 08:49:37 GMT",
					    "1994-11-06T08:49:37Z",
					    ("Sun, 06 Nov 1994 08:49:37 GMT                        "
					     "                                          ")};

	(void)state;
	assert_int_equal(parsed_by(clock_parse_http, "Sun, 06 Nov 1994 08:49:37 GMT"),
			 784111777000);
	assert_int_equal(parsed_by(clock_parse_certificate, "Nov  6 08:49:37 1994 GMT"),
			 784111777000);
	assert_int_equal(parsed_by(clock_parse_certificate, "Nov 27 00:00:00 2026 GMT"),
			 1795737600000);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_int_equal(parsed_by(clock_parse_http, wrong[i]), -77);
		assert_int_equal(parsed_by(clock_parse_certificate, wrong[i]), -77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_steady_clock_does_not_run_back),
		cmocka_unit_test(what_is_left_is_never_below_zero),
		cmocka_unit_test(waits_last_as_long_as_asked),
		cmocka_unit_test(the_calendar_is_utc_with_milliseconds),
		cmocka_unit_test(times_are_read_back),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(times_of_headers_and_certificates_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
