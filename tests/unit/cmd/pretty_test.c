/* JSON for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/pretty.h"
#include "json/json.h"

static void assert_prints(struct text json, const char *line, const char *indented)
{
	struct buf out;

	buf_init(&out, 65536);
	pretty_add_json_line(&out, json);
	assert_string_equal(out.ptr, line);
	buf_truncate(&out, 0);
	pretty_add_json(&out, json);
	assert_string_equal(out.ptr, indented);
	buf_fini(&out);
}

static void values_are_indented(void **state)
{
	(void)state;
	assert_prints(TEXT("1.50e+3"), "1.50e+3", "1.50e+3");
	assert_prints(TEXT(" \"a b\" "), "\"a b\"", "\"a b\"");
	assert_prints(TEXT("[ ]"), "[]", "[]");
	assert_prints(TEXT("{\n}"), "{}", "{}");
	assert_prints(
		TEXT("{\"a\": [1, {}, []],\r\n\t\"b\":{\"c\":null}}"),
		"{\"a\":[1,{},[]],\"b\":{\"c\":null}}",
		"{\n  \"a\": [\n    1,\n    {},\n    []\n  ],\n  \"b\": {\n    \"c\": null\n  "
		"}\n}");
}

static void strings_are_left_alone(void **state)
{
	(void)state;
	assert_prints(TEXT("[\"{,: \\\"]\\\\\",\"\\u001b\"]"), "[\"{,: \\\"]\\\\\",\"\\u001b\"]",
		      "[\n  \"{,: \\\"]\\\\\",\n  \"\\u001b\"\n]");
}

static void what_disturbs_a_terminal_is_escaped(void **state)
{
	(void)state;
	/* NOLINTBEGIN(misc-misleading-bidirectional): that is what it is about */
	assert_prints(TEXT("\"\x7f\xe2\x80\xae\xc2\x9b\""), "\"\\u007f\\u202e\\u009b\"",
		      "\"\\u007f\\u202e\\u009b\"");
	/* NOLINTEND(misc-misleading-bidirectional) */
}

/* Indented it reads back as what it was. */
static void it_stays_the_same_value(void **state)
{
	static const char *const pieces[] = {"{\"a\":", "[1,", "\"x\\\\\"", "[]", "{}",
					     " ",       "]",   "}",         ",",  "true"};
	int good = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		struct error err;
		struct text value;
		struct buf json;
		struct buf again;
		struct buf out;

		buf_init(&json, 4096);
		for (long n = 1 + random() % 7; n > 0; n--)
			buf_add_string(&json, pieces[(size_t)random() % ARRAY_LEN(pieces)]);
		if (json_check(buf_text(&json), &value, &err)) {
			good++;
			buf_init(&out, 65536);
			buf_init(&again, 65536);
			pretty_add_json(&out, value);
			assert_true(json_check(buf_text(&out), &(struct text){NULL, 0}, &err));
			pretty_add_json_line(&again, buf_text(&out));
			buf_truncate(&out, 0);
			pretty_add_json_line(&out, value);
			assert_string_equal(again.ptr, out.ptr);
			buf_fini(&again);
			buf_fini(&out);
		}
		buf_fini(&json);
	}
	assert_true(good > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_indented),
		cmocka_unit_test(strings_are_left_alone),
		cmocka_unit_test(what_disturbs_a_terminal_is_escaped),
		cmocka_unit_test(it_stays_the_same_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
