/* Lenient scalars: booleans, numbers, sizes, durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/value.h"
#include "config/yaml.h"

static struct arena arena;

static const struct node *node_of(const char *yaml)
{
	struct node *root = NULL;
	struct error err;
	size_t budget = 100;

	assert_true(yaml_read(&arena, &budget, "f", text_of(yaml), &root, &err));
	return root;
}

static int64_t size_of(const char *yaml)
{
	int64_t out = -1;

	return value_size(node_of(yaml), &out) ? out : -1;
}

static int64_t duration_of(const char *yaml)
{
	int64_t out = -1;

	return value_duration_ms(node_of(yaml), &out) ? out : -1;
}

static int bool_of(const char *yaml)
{
	bool out = false;

	return value_bool(node_of(yaml), &out) ? out : -1;
}

static void booleans(void **state)
{
	(void)state;
	assert_int_equal(bool_of("true"), 1);
	assert_int_equal(bool_of("YES"), 1);
	assert_int_equal(bool_of("'y'"), 1);
	assert_int_equal(bool_of("1"), 1);
	assert_int_equal(bool_of("On"), 1);
	assert_int_equal(bool_of("oFF"), 0);
	assert_int_equal(bool_of("n"), 0);
	assert_int_equal(bool_of("' no '"), 0);
	assert_int_equal(bool_of("'0'"), 0);
	assert_int_equal(bool_of("2"), -1);
	assert_int_equal(bool_of("''"), -1);
	assert_int_equal(bool_of("[true]"), -1);
}

static void whole_numbers(void **state)
{
	int64_t out = -1;

	(void)state;
	assert_true(value_int(node_of("' 12 '"), &out));
	assert_int_equal(out, 12);
	assert_true(value_int(node_of("1e3"), &out));
	assert_int_equal(out, 1000);
	assert_true(value_int(node_of("'0x10'"), &out));
	assert_int_equal(out, 16);
	assert_false(value_int(node_of("1.5"), &out));
	assert_false(value_int(node_of(".inf"), &out));
	assert_false(value_int(node_of(".nan"), &out));
	assert_false(value_int(node_of("1e300"), &out));
	assert_false(value_int(node_of("''"), &out));
	assert_false(value_int(node_of("true"), &out));
	assert_false(value_int(node_of("12a"), &out));
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(size_of("1024"), 1024);
	assert_int_equal(size_of("64MiB"), 64 << 20);
	assert_int_equal(size_of("64 MB"), 64000000);
	assert_int_equal(size_of("1.5 kib"), 1536);
	assert_int_equal(size_of("10B"), 10);
	assert_int_equal(size_of("'1000'"), 1000);
	assert_int_equal(size_of("5 apples"), -1);
	assert_int_equal(size_of("MiB"), -1);
	assert_int_equal(size_of("0.3B"), -1);
	assert_int_equal(size_of("-1MiB"), -1);
	assert_int_equal(size_of("1..5MiB"), -1);
}

static void durations(void **state)
{
	(void)state;
	assert_int_equal(duration_of("500ms"), 500);
	assert_int_equal(duration_of("5m"), 300000);
	assert_int_equal(duration_of("1 day"), 86400000);
	assert_int_equal(duration_of("1.5 Hours"), 5400000);
	assert_int_equal(duration_of("PT5M"), 300000);
	assert_int_equal(duration_of("P1DT2H3M4.5S"), 93784500);
	assert_int_equal(duration_of("P1M"), 2592000000);
	assert_int_equal(duration_of("{minutes: 5, seconds: '1'}"), 301000);
	assert_int_equal(duration_of("{milliseconds: 5}"), 5);
	assert_int_equal(duration_of("30"), -1);
	assert_int_equal(duration_of("'30'"), -1);
	assert_int_equal(duration_of("P"), -1);
	assert_int_equal(duration_of("PT"), -1);
	assert_int_equal(duration_of("P1DT"), -1);
	assert_int_equal(duration_of("PT1D"), -1);
	assert_int_equal(duration_of("PT1M1H"), -1);
	assert_int_equal(duration_of("PTT1M"), -1);
	assert_int_equal(duration_of("5 fortnights"), -1);
	assert_int_equal(duration_of("{}"), -1);
	assert_int_equal(duration_of("{minute: 5}"), -1);
	assert_int_equal(duration_of("{minutes: five}"), -1);
	assert_int_equal(duration_of("[5m]"), -1);
	assert_int_equal(duration_of("99999999999999999999s"), -1);
}

static void printing(void **state)
{
	(void)state;
	assert_string_equal(value_print_size(&arena, 64 << 20), "64MiB");
	assert_string_equal(value_print_size(&arena, 1000), "1000B");
	assert_string_equal(value_print_size(&arena, 0), "0B");
	assert_string_equal(value_print_duration(&arena, 90000), "90s");
	assert_string_equal(value_print_duration(&arena, 3600000), "1h");
	assert_string_equal(value_print_duration(&arena, 0), "0ms");
}

static void base64(void **state)
{
	static const struct {
		const char *encoded, *bytes;
	} good[] = {
		{"", ""},
		{"Zg==", "f"},
		{"Zg", "f"},
		{"Zm8=", "fo"},
		{"Zm9v", "foo"},
		{"Zm9vYg", "foob"},
		{"+/+/", "\xfb\xff\xbf"},
		{"-_-_", "\xfb\xff\xbf"},
	};
	static const char *const bad[] = {"Z",    "=",     "Z=",    "Zg=",   "Z===",
					  "====", "Zg===", "Zm9vY", "Zm 9v", "Zm9v\n",
					  "Zm=9", "Z.==",  "é000"};
	struct text out;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(value_base64(&arena, text_of(good[i].encoded), &out));
		assert_true(text_is(out, good[i].bytes));
	}
	assert_true(value_base64(&arena, TEXT("AAA"), &out));
	assert_true(text_equal(out, TEXT("\0\0")));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(value_base64(&arena, text_of(bad[i]), &out));
	assert_false(value_base64(&arena, TEXT("A\0AA"), &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(booleans), cmocka_unit_test(whole_numbers),
		cmocka_unit_test(sizes),    cmocka_unit_test(durations),
		cmocka_unit_test(printing), cmocka_unit_test(base64),
	};
	int failed;

	arena_init(&arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_fini(&arena);
	return failed;
}
