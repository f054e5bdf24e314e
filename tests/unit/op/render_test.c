/* Whatever Palette sends, what is rendered of it fits the fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/render.h"
#include "unit/op/fits.h"

static const struct field pair[] = {
	{.name = "key", .type = FIELD_STRING, .required = true, FROM("/k")},
	{.name = "size", .type = FIELD_INT, FROM("/n")},
	{.name = NULL},
};

static const struct field any_object[] = {{.name = NULL}};

/* One of each type: first as it must be, then as it may be. */
static const struct field every_type[] = {
	{.name = "text", .type = FIELD_STRING, .required = true, FROM("/text", "/other/text")},
	{.name = "flag", .type = FIELD_BOOL, .required = true, FROM("/flag")},
	{.name = "count", .type = FIELD_INT, .required = true, FROM("/count")},
	{.name = "strings", .type = FIELD_ARRAY, .required = true, FROM("/strings")},
	{.name = "pairs", .type = FIELD_ARRAY, .required = true, FROM("/pairs"), .fields = pair},
	{.name = "pair", .type = FIELD_OBJECT, .required = true, FROM("/pair"), .fields = pair},
	{.name = "open", .type = FIELD_OBJECT, .required = true, FROM("/open")},
	{.name = "any", .type = FIELD_ANY, .required = true, FROM("/any")},
	{.name = "mayText", .type = FIELD_STRING, FROM("/text", "/other/text")},
	{.name = "mayFlag", .type = FIELD_BOOL, FROM("/flag")},
	{.name = "mayCount", .type = FIELD_INT, FROM("/count")},
	{.name = "mayStrings", .type = FIELD_ARRAY, FROM("/strings")},
	{.name = "mayPairs", .type = FIELD_ARRAY, FROM("/pairs"), .fields = pair},
	{.name = "mayObjects", .type = FIELD_ARRAY, FROM("/pairs"), .fields = any_object},
	{.name = "mayPair", .type = FIELD_OBJECT, FROM("/pair"), .fields = pair},
	{.name = "mayOpen", .type = FIELD_OBJECT, FROM("/open"), .fields = any_object},
	{.name = "mayAny", .type = FIELD_ANY, FROM("/any")},
	{.name = "written", .type = FIELD_STRING, .required = true}, /* by a function */
	{.name = NULL},
};

static const struct field lists[] = {
	{.name = "strings", .type = FIELD_ARRAY, FROM("/s")},
	{.name = "pairs", .type = FIELD_ARRAY, FROM("/p"), .fields = pair},
	{.name = "objects", .type = FIELD_ARRAY, FROM("/p"), .fields = any_object},
	{.name = NULL},
};

static const struct field places[] = {
	{.name = "at", .type = FIELD_STRING, FROM("/a", "/b/c", "/d")},
	{.name = NULL},
};

static int arena_begin(void **state)
{
	struct arena *a = calloc(1, sizeof *a);

	assert_non_null(a);
	arena_init(a);
	*state = a;
	return 0;
}

static int arena_end(void **state)
{
	arena_fini(*state);
	free(*state);
	return 0;
}

static struct text render(struct arena *a, const struct field *fields, struct text object,
			  const char *const *chosen, size_t count)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, 16 * 1024 * 1024);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	render_fields(&w, fields, object, chosen, count);
	json_object_end(&w);
	assert_true(buf_complete(&b));
	out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return out;
}

static void assert_renders(struct arena *a, const struct field *fields, const char *object,
			   const char *wanted)
{
	struct text got = render(a, fields, text_of(object), NULL, 0);

	assert_string_equal(got.ptr, wanted);
	assert_true(fits_fields(a, fields, got));
}

#define EMPTY                                                                              \
	"{\"text\":\"\",\"flag\":false,\"count\":0,\"strings\":[],\"pairs\":[],\"pair\":{" \
	"\"key\":\"\"},\"open\":{},\"any\":null}"

static void what_is_there_is_written(void **state)
{
	assert_renders(
		*state, every_type,
		"{\"text\":\"a\\u00e4\\\"\",\"flag\":true,\"count\":-7,\"strings\":[ \"x\" ,\"\"],"
		"\"pairs\":[{\"k\":\"1\",\"n\":1,\"z\":9}, {}],\"pair\":{\"n\":2,\"k\":\"b\"},"
		"\"open\":{ \"q\" : [1.50] },\"any\":[null],\"unknown\":1}",
		"{\"text\":\"a\\u00e4\\\"\",\"flag\":true,\"count\":-7,\"strings\":[\"x\",\"\"],"
		"\"pairs\":[{\"key\":\"1\",\"size\":1},{\"key\":\"\"}],"
		"\"pair\":{\"key\":\"b\",\"size\":2},\"open\":{ \"q\" : [1.50] },\"any\":[null],"
		"\"mayText\":\"a\\u00e4\\\"\",\"mayFlag\":true,\"mayCount\":-7,"
		"\"mayStrings\":[\"x\",\"\"],"
		"\"mayPairs\":[{\"key\":\"1\",\"size\":1},{\"key\":\"\"}],"
		"\"mayObjects\":[{\"k\":\"1\",\"n\":1,\"z\":9},{}],"
		"\"mayPair\":{\"key\":\"b\",\"size\":2},\"mayOpen\":{ \"q\" : [1.50] },"
		"\"mayAny\":[null]}");
}

static void what_is_missing_is_empty_or_left_out(void **state)
{
	static const char *const objects[] = {
		"{}",
		"[]",
		"[{}]",
		"null",
		"true",
		"\"\"",
		"\"text\"",
		"7",
		" {} ",
		"{\"unknown\":{\"text\":\"a\"}}",
		("{\"text\":null,\"flag\":null,\"count\":null,\"strings\":null,\"pairs\":null,"
		 "\"pair\":null,\"open\":null,\"any\":null}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		assert_renders(*state, every_type, objects[i], EMPTY);
}

static void a_wrong_type_counts_as_missing(void **state)
{
	static const char *const objects[] = {
		"{\"text\":true,\"flag\":1,\"count\":\"1\",\"strings\":{},\"pairs\":{},"
		"\"pair\":[],\"open\":[]}",
		"{\"text\":{},\"flag\":\"true\",\"count\":1.5,\"strings\":\"a\",\"pairs\":true,"
		"\"pair\":\"a\",\"open\":7}",
		"{\"text\":[\"a\"],\"flag\":{},\"count\":1e3,\"strings\":false,\"pairs\":1,"
		"\"pair\":1,\"open\":\"a\"}",
		"{\"text\":false,\"flag\":0,\"count\":99999999999999999999,\"strings\":1,"
		"\"pairs\":\"\",\"pair\":false,\"open\":true}",
	};

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		assert_renders(*state, every_type, objects[i], EMPTY);
}

static void items_of_a_wrong_type_are_left_out(void **state)
{
	assert_renders(*state, lists,
		       "{\"s\":[1,\"a\",null,{},[\"b\"],true,\"c\"],"
		       "\"p\":[1,{\"k\":5},null,\"x\",[{}],{\"k\":[],\"n\":\"1\"}]}",
		       "{\"strings\":[\"a\",\"c\"],\"pairs\":[{\"key\":\"5\"},{\"key\":\"\"}],"
		       "\"objects\":[{\"k\":5},{\"k\":[],\"n\":\"1\"}]}");
}

static void the_first_place_with_such_a_value_counts(void **state)
{
	assert_renders(*state, places, "{\"d\":\"3\",\"b\":{\"c\":\"2\"},\"a\":\"1\"}",
		       "{\"at\":\"1\"}");
	assert_renders(*state, places, "{\"d\":\"3\",\"b\":{\"c\":\"2\"},\"a\":null}",
		       "{\"at\":\"2\"}");
	assert_renders(*state, places, "{\"d\":\"3\",\"b\":[\"2\"],\"a\":{}}", "{\"at\":\"3\"}");
	assert_renders(*state, places, "{\"a\":[],\"b\":{}}", "{}");
	/* An empty text is one. */
	assert_renders(*state, places, "{\"a\":\"\",\"d\":\"3\"}", "{\"at\":\"\"}");
}

/* Where a text is wanted a number is one, digit for digit. */
static void numbers_as_text(void **state)
{
	static const char *const numbers[] = {"0", "-1", "1.50", "1e400",
					      "12345678901234567890123"};
	char object[100];
	char wanted[200];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		snprintf(object, sizeof object, "{\"k\": %s }", numbers[i]);
		snprintf(wanted, sizeof wanted, "{\"key\":\"%s\"}", numbers[i]);
		assert_renders(*state, pair, object, wanted);
		assert_true(text_is(render_string(*state, &pair[0], text_of(object)), numbers[i]));
	}
}

static void whole_numbers_at_their_edges(void **state)
{
	static const char *const whole[] = {"9223372036854775807", "-9223372036854775808", "0"};
	static const char *const others[] = {"9223372036854775808", "1.0", "1e2", "1E2", "-0.0"};
	char object[100];
	char wanted[200];

	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		snprintf(object, sizeof object, "{\"n\":%s}", whole[i]);
		snprintf(wanted, sizeof wanted, "{\"key\":\"\",\"size\":%s}", whole[i]);
		assert_renders(*state, pair, object, wanted);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(object, sizeof object, "{\"n\":%s}", others[i]);
		assert_renders(*state, pair, object, "{\"key\":\"\"}");
	}
}

/* Of a name that stands twice the first counts, and it is written once. */
static void names_that_stand_twice(void **state)
{
	assert_renders(*state, pair, "{\"k\":\"a\",\"k\":\"b\",\"n\":1,\"n\":2}",
		       "{\"key\":\"a\",\"size\":1}");
}

static void the_fields_that_are_chosen(void **state)
{
	static const char *const chosen[] = {"mayFlag", "mayAny", "no such"};
	const struct text object = TEXT("{\"flag\":true,\"any\":{},\"count\":4,\"text\":\"x\"}");
	struct text got = render(*state, every_type, object, chosen, ARRAY_LEN(chosen));

	assert_string_equal(got.ptr, "{\"text\":\"x\",\"flag\":true,\"count\":4,\"strings\":[],"
				     "\"pairs\":[],\"pair\":{\"key\":\"\"},\"open\":{},\"any\":{},"
				     "\"mayFlag\":true,\"mayAny\":{}}");
	assert_true(fits_fields(*state, every_type, got));
	/* None chosen: those that must be there. */
	got = render(*state, pair, TEXT("{\"k\":\"a\",\"n\":1}"), chosen, 0);
	assert_string_equal(got.ptr, "{\"key\":\"a\"}");
}

static void the_text_of_a_field(void **state)
{
	static const struct {
		const char *object;
		const char *text;
	} rows[] = {
		{"{\"k\":\"a\\u00e4\\n\"}", "a\xC3\xA4\n"},
		{"{\"k\":\"\"}", ""},
		{"{}", ""},
		{"[]", ""},
		{"null", ""},
		{"{\"k\":null}", ""},
		{"{\"k\":true}", ""},
		{"{\"k\":[\"a\"]}", ""},
		{"{\"k\": 1.50 }", "1.50"},
		{"{\"k\":\"a\\u0000b\"}", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(text_is(render_string(*state, &pair[0], text_of(rows[i].object)),
				    rows[i].text));
}

/* ---- any JSON ---- */

static uint64_t seed = 20240607;

static unsigned any(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % below);
}

static void put_any(struct buf *b, int depth);

static void put_members(struct buf *b, int depth)
{
	static const char *const names[] = {"text", "flag", "count", "strings", "pairs", "pair",
					    "open", "any",  "other", "k",       "n",     "z"};
	unsigned count = any(14);

	buf_add_char(b, '{');
	for (unsigned i = 0; i < count; i++) {
		buf_printf(b, "%s\"%s\":", i == 0 ? "" : " ,", names[any(ARRAY_LEN(names))]);
		put_any(b, depth - 1);
	}
	buf_add_char(b, '}');
}

static void put_items(struct buf *b, int depth)
{
	unsigned count = any(5);

	buf_add_char(b, '[');
	for (unsigned i = 0; i < count; i++) {
		buf_add_string(b, i == 0 ? "" : ", ");
		put_any(b, depth - 1);
	}
	buf_add_char(b, ']');
}

static void put_any(struct buf *b, int depth)
{
	static const char *const scalars[] = {"null",
					      "true",
					      "false",
					      "0",
					      "-0",
					      "1",
					      "1.5",
					      "1e9",
					      "\"\"",
					      "\"a\"",
					      "\" \"",
					      "\"\\u0000\"",
					      "-99",
					      "1e-400",
					      "\"\\ud83d\\ude00\"",
					      "\"\\\"\"",
					      "123456789012345678901"};
	unsigned kind = any(4);

	if (depth > 0 && kind == 0)
		put_members(b, depth);
	else if (depth > 0 && kind == 1)
		put_items(b, depth);
	else
		buf_add_string(b, scalars[any(ARRAY_LEN(scalars))]);
}

static void any_json_renders_to_what_fits(void **state)
{
	struct arena *a = *state;
	size_t full = 0;

	for (int i = 0; i < 20000; i++) {
		struct text object;
		struct text value;
		struct error err;
		struct text got;
		struct buf b;

		buf_init(&b, 1024 * 1024);
		if (i % 8 == 0)
			put_any(&b, 4);
		else
			put_members(&b, 4);
		assert_true(buf_complete(&b));
		assert_true(json_check(buf_text(&b), &object, &err));
		got = render(a, every_type, object, NULL, 0);
		if (!json_check(got, &value, &err) || !fits_fields(a, every_type, got))
			fail_msg("%s\nbecame\n%s", b.ptr, got.ptr);
		full += got.len > sizeof EMPTY;
		buf_fini(&b);
		arena_fini(a);
		arena_init(a);
	}
	assert_true(full > 5000); /* the generator has hit the fields */
}

/* The test's own judge refuses what does not fit. */
static void what_does_not_fit(void **state)
{
	static const char *const objects[] = {
		"[]",
		"null",
		"{}",
		"{\"key\":1}",
		"{\"key\":null}",
		"{\"key\":\"a\",\"size\":\"1\"}",
		"{\"key\":\"a\",\"size\":1.5}",
		"{\"key\":\"a\",\"more\":1}",
		"{\"key\":\"a\",\"key\":\"a\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		assert_false(fits_fields(*state, pair, text_of(objects[i])));
	assert_true(fits_fields(*state, pair, TEXT("{\"size\":1,\"key\":\"a\"}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_written),
		cmocka_unit_test(what_is_missing_is_empty_or_left_out),
		cmocka_unit_test(a_wrong_type_counts_as_missing),
		cmocka_unit_test(items_of_a_wrong_type_are_left_out),
		cmocka_unit_test(the_first_place_with_such_a_value_counts),
		cmocka_unit_test(numbers_as_text),
		cmocka_unit_test(whole_numbers_at_their_edges),
		cmocka_unit_test(names_that_stand_twice),
		cmocka_unit_test(the_fields_that_are_chosen),
		cmocka_unit_test(the_text_of_a_field),
		cmocka_unit_test(any_json_renders_to_what_fits),
		cmocka_unit_test(what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
