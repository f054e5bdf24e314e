/*
 * What the checker lets through, and what the slicer finds in it. Documents lie in heap blocks of
 * their exact size, so that a sanitizer sees any read behind the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

#define SAMPLE                                                                             \
	"{\"metadata\": {\"uid\": \"u1\", \"na\\u006De\": \"k\\u00FC\\uD83D\\ude00\\n\", " \
	"\"labels\": {\"a/b\": 1, \"m~n\": 2, \"\": 3, \"~1\": 4, \"q\\\"\": 5}},\n"       \
	" \"spec\": {\"sizes\": [10, 20, [30, 31], {\"deep\": [true, false, null]}], "     \
	"\"gone\": null, \"big\": 123456789012345678901234567890.50e+400},\n"              \
	" \"spec\": \"second\", \"text\": \"}]\\\"[{\", \"\\\\u0061\": 7}"

static struct text exact(struct text t)
{
	char *copy = malloc(t.len == 0 ? 1 : t.len);

	assert_non_null(copy);
	memcpy(copy, t.ptr, t.len);
	return (struct text){copy, t.len};
}

static void drop(struct text t)
{
	free((void *)(uintptr_t)t.ptr);
}

static bool accepts(struct text given, struct error *err)
{
	struct text document = exact(given);
	struct text value = {0};
	bool ok = json_check(document, &value, err);

	if (ok) {
		assert_true(value.len > 0);
		assert_true(value.ptr >= document.ptr);
		assert_true(value.ptr + value.len <= document.ptr + document.len);
		assert_int_not_equal(json_type_of(value), JSON_TYPE_NONE);
	} else {
		assert_null(value.ptr);
	}
	drop(document);
	return ok;
}

/* ---- checking ---- */

static const struct text valid[] = {
	/* bare values, and white space around them */
	TEXT("null"),
	TEXT("true"),
	TEXT(" \t\r\nfalse\n"),
	TEXT("\"\""),
	TEXT("[]"),
	TEXT("{}"),
	TEXT("[ ]"),
	TEXT("{\t}"),
	TEXT("[[],{},[{}]]"),
	TEXT("\n                          [ 1 ,\n                    2 ]                "),
	/* numbers */
	TEXT("0"),
	TEXT("-0"),
	TEXT("-1"),
	TEXT("10"),
	TEXT("0.0"),
	TEXT("-0.5"),
	TEXT("1e5"),
	TEXT("1E+05"),
	TEXT("1.25e-0"),
	TEXT("0e1"),
	TEXT("[123456789012345678901234567890,-9223372036854775809,1e999,1e-999]"),
	/* strings */
	TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	TEXT("\"\\u0000\\u0020\\uABCD\\uabcd\""),
	TEXT("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""),
	TEXT("\"\\uFFFF\\uD7FF\\uE000\""),
	TEXT("\"\x7f\""),
	TEXT("\"\xC2\x80\xDF\xBF\""),
	TEXT("\"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\""),
	TEXT("\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""),
	TEXT("\"\xEF\xBB\xBFinside\""),
	TEXT("\"1234567\\n\""),
	TEXT("\"12345678\""),
	TEXT("\"a longer one, over several words of eight bytes, \xC3\xBC, and so on\""),
	/* objects */
	TEXT("{\"\":0}"),
	TEXT("{\"a\":1,\"a\":2}"),
	TEXT("{\"\\u0000\":1}"),
	TEXT("{ \"a\" : [ 1 , { \"b\" : null } ] , \"c\" : \"\" }"),
	TEXT("{\"a\":{\"b\":[{\"c\":[]},{}]},\"d\":0}"),
	TEXT(SAMPLE),
};

static void what_is_json_passes(void **state)
{
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(valid); i++)
		if (!accepts(valid[i], &err))
			fail_msg("%.*s: %s", (int)valid[i].len, valid[i].ptr, err.message);
}

static const struct {
	struct text document;
	size_t offset;
	const char *expected; /* a part of the message */
} invalid[] = {
	/* nothing, or not enough */
	{TEXT(""), 0, "a value"},
	{TEXT(" \n"), 2, "a value"},
	{TEXT("["), 1, "a value or ']'"},
	{TEXT("[1"), 2, "',' or ']'"},
	{TEXT("[1,"), 3, "a value"},
	{TEXT("{"), 1, "a name in quotes or '}'"},
	{TEXT("{\"a\""), 4, "':'"},
	{TEXT("{\"a\":"), 5, "a value"},
	{TEXT("{\"a\":1"), 6, "',' or '}'"},
	{TEXT("{\"a\":1,"), 7, "a name in quotes"},
	{TEXT("\"a"), 2, "closing quote"},
	{TEXT("\""), 1, "closing quote"},
	/* too much */
	{TEXT("1 2"), 2, "end of the document"},
	{TEXT("{}}"), 2, "end of the document"},
	{TEXT("[]]"), 2, "end of the document"},
	{TEXT("null\0"), 4, "end of the document"},
	{TEXT("[] // no"), 3, "end of the document"},
	/* brackets and commas */
	{TEXT("]"), 0, "a value"},
	{TEXT("}"), 0, "a value"},
	{TEXT("[1}"), 2, "',' or ']'"},
	{TEXT("{\"a\":1]"), 6, "',' or '}'"},
	{TEXT("[}"), 1, "a value"},
	{TEXT("{]"), 1, "a name in quotes"},
	{TEXT("[,]"), 1, "a value"},
	{TEXT("[1,]"), 3, "a value"},
	{TEXT("[1,,2]"), 3, "a value"},
	{TEXT("[1 2]"), 3, "',' or ']'"},
	{TEXT("{,}"), 1, "a name in quotes"},
	{TEXT("{\"a\":1,}"), 7, "a name in quotes"},
	{TEXT("{\"a\":1 \"b\":2}"), 7, "',' or '}'"},
	{TEXT("{\"a\" 1}"), 5, "':'"},
	{TEXT("{\"a\",1}"), 4, "':'"},
	{TEXT("{\"a\"::1}"), 5, "a value"},
	{TEXT("{1:1}"), 1, "a name in quotes"},
	{TEXT("{a:1}"), 1, "a name in quotes"},
	{TEXT("{'a':1}"), 1, "a name in quotes"},
	{TEXT("[1:2]"), 2, "',' or ']'"},
	{TEXT(","), 0, "a value"},
	{TEXT(":"), 0, "a value"},
	/* words */
	{TEXT("nul"), 0, "a value"},
	{TEXT("nulL"), 0, "a value"},
	{TEXT("True"), 0, "a value"},
	{TEXT("truefalse"), 4, "end of the document"},
	{TEXT("[nullx]"), 5, "',' or ']'"},
	{TEXT("NaN"), 0, "a value"},
	{TEXT("Infinity"), 0, "a value"},
	{TEXT("-Infinity"), 1, "a digit"},
	{TEXT("undefined"), 0, "a value"},
	/* numbers */
	{TEXT("-"), 1, "a digit"},
	{TEXT("+1"), 0, "a value"},
	{TEXT("01"), 1, "end of the document"},
	{TEXT("-01"), 2, "end of the document"},
	{TEXT("00"), 1, "end of the document"},
	{TEXT("1."), 2, "a digit"},
	{TEXT(".5"), 0, "a value"},
	{TEXT("-.5"), 1, "a digit"},
	{TEXT("1.e1"), 2, "a digit"},
	{TEXT("1e"), 2, "a digit"},
	{TEXT("1e+"), 3, "a digit"},
	{TEXT("1e1.5"), 3, "end of the document"},
	{TEXT("1.5.5"), 3, "end of the document"},
	{TEXT("0x10"), 1, "end of the document"},
	{TEXT("1_000"), 1, "end of the document"},
	{TEXT("--1"), 1, "a digit"},
	{TEXT("\xEF\xBC\x91"), 0, "a value"},
	/* strings: controls and escapes */
	{TEXT("'a'"), 0, "a value"},
	{TEXT("\"a\nb\""), 2, "control characters"},
	{TEXT("\"\t\""), 1, "control characters"},
	{TEXT("\"\0\""), 1, "control characters"},
	{TEXT("\"12345678\x1F\""), 9, "control characters"},
	{TEXT("\"\\\""), 3, "closing quote"},
	{TEXT("\"\\"), 1, "an escape"},
	{TEXT("\"\\x41\""), 1, "an escape"},
	{TEXT("\"\\a\""), 1, "an escape"},
	{TEXT("\"\\'\""), 1, "an escape"},
	{TEXT("\"\\U0041\""), 1, "an escape"},
	{TEXT("\"\\u\""), 1, "an escape"},
	{TEXT("\"\\u004\""), 1, "an escape"},
	{TEXT("\"\\u00G0\""), 1, "an escape"},
	{TEXT("\"\\u 041\""), 1, "an escape"},
	{TEXT("\"\\u+041\""), 1, "an escape"},
	/* strings: surrogates */
	{TEXT("\"\\uD800\""), 1, "an escape"},
	{TEXT("\"\\uDC00\""), 1, "an escape"},
	{TEXT("\"\\uD800x\""), 1, "an escape"},
	{TEXT("\"\\uD800\\n\""), 1, "an escape"},
	{TEXT("\"\\uD800\\u0041\""), 1, "an escape"},
	{TEXT("\"\\uD800\\uD800\""), 1, "an escape"},
	{TEXT("\"\\uDC00\\uD800\""), 1, "an escape"},
	{TEXT("\"\\uD800\\uDC0\""), 1, "an escape"},
	{TEXT("\"\\uD800\\"), 1, "an escape"},
	/* strings: UTF-8 */
	{TEXT("\"\x80\""), 1, "UTF-8"},
	{TEXT("\"\xBF\""), 1, "UTF-8"},
	{TEXT("\"\xC0\x80\""), 1, "UTF-8"},
	{TEXT("\"\xC1\xBF\""), 1, "UTF-8"},
	{TEXT("\"\xC3\""), 1, "UTF-8"},
	{TEXT("\"\xC3"), 1, "UTF-8"},
	{TEXT("\"\xE0\x80\x80\""), 1, "UTF-8"},
	{TEXT("\"\xE2\x82\""), 1, "UTF-8"},
	{TEXT("\"\xED\xA0\x80\""), 1, "UTF-8"},
	{TEXT("\"\xF0\x80\x80\x80\""), 1, "UTF-8"},
	{TEXT("\"\xF4\x90\x80\x80\""), 1, "UTF-8"},
	{TEXT("\"\xF5\x80\x80\x80\""), 1, "UTF-8"},
	{TEXT("\"\xFF\""), 1, "UTF-8"},
	{TEXT("\"1234567\xFE\""), 8, "UTF-8"},
	{TEXT("[\"ok\",\"\xC3\x28\"]"), 7, "UTF-8"},
	/* what other formats allow */
	{TEXT("\xEF\xBB\xBF{}"), 0, "a value"},
	{TEXT("/* no */ 1"), 0, "a value"},
	{TEXT("[1] # no"), 4, "end of the document"},
	{TEXT("\f1"), 0, "a value"},
	{TEXT("\v[]"), 0, "a value"},
	{TEXT("\xC2\xA0[]"), 0, "a value"},
	{TEXT("[\0]"), 1, "a value"},
	{TEXT("{\"a\"\0:1}"), 4, "':'"},
};

static void what_is_no_json_is_refused_where_it_goes_wrong(void **state)
{
	char where[64];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		if (accepts(invalid[i].document, &err))
			fail_msg("row %zu passed: %s", i, invalid[i].document.ptr);
		snprintf(where, sizeof where, "at byte %zu:", invalid[i].offset);
		if (err.kind != ERROR_INPUT || strstr(err.message, where) == NULL ||
		    strstr(err.message, invalid[i].expected) == NULL)
			fail_msg("row %zu (%s) says: %s", i, invalid[i].document.ptr, err.message);
	}
}

/* levels of arrays and objects in turns, around a number. */
static struct text nested(unsigned levels)
{
	char *bytes = malloc((size_t)levels * 7 + 1);
	size_t len = 0;

	assert_non_null(bytes);
	for (unsigned i = 0; i < levels; i++) {
		const char *opener = i % 2 == 0 ? "[" : "{\"k\":";

		memcpy(bytes + len, opener, strlen(opener));
		len += strlen(opener);
	}
	bytes[len++] = '1';
	for (unsigned i = levels; i-- > 0;)
		bytes[len++] = i % 2 == 0 ? ']' : '}';
	return (struct text){bytes, len};
}

static void depth_is_bounded(void **state)
{
	struct text at_limit = nested(JSON_MAX_DEPTH);
	struct text above = nested(JSON_MAX_DEPTH + 1);
	struct text far_above = nested(100000);
	struct error err;

	(void)state;
	assert_true(accepts(at_limit, &err));
	assert_false(accepts(above, &err));
	assert_non_null(strstr(err.message, "128 levels"));
	assert_false(accepts(far_above, &err));
	drop(at_limit);
	drop(above);
	drop(far_above);
}

static void an_error_does_not_repeat_the_document(void **state)
{
	struct error err;

	(void)state;
	assert_false(accepts(TEXT("{\"password\":\"hunter2\" oops}"), &err));
	assert_null(strstr(err.message, "hunter2"));
	assert_null(strstr(err.message, "oops"));
	assert_null(strstr(err.message, "password"));
}

static void the_value_comes_without_white_space(void **state)
{
	struct text value;
	struct error err;

	(void)state;
	assert_true(json_check(TEXT(" \n{\"a\" : 1 } \t"), &value, &err));
	assert_true(text_is(value, "{\"a\" : 1 }"));
	assert_true(json_check((struct text){"7,", 1}, &value, &err));
	assert_true(text_is(value, "7"));
	assert_false(json_check((struct text){NULL, 0}, &value, &err));
}

/* ---- finding ---- */

static void types_follow_from_the_value(void **state)
{
	(void)state;
	assert_int_equal(json_type_of(TEXT(" {}")), JSON_TYPE_OBJECT);
	assert_int_equal(json_type_of(TEXT("[1] ")), JSON_TYPE_ARRAY);
	assert_int_equal(json_type_of(TEXT("\"\"")), JSON_TYPE_STRING);
	assert_int_equal(json_type_of(TEXT("-1")), JSON_TYPE_NUMBER);
	assert_int_equal(json_type_of(TEXT("0")), JSON_TYPE_NUMBER);
	assert_int_equal(json_type_of(TEXT("true")), JSON_TYPE_TRUE);
	assert_int_equal(json_type_of(TEXT("false")), JSON_TYPE_FALSE);
	assert_int_equal(json_type_of(TEXT("null")), JSON_TYPE_NULL);
	assert_int_equal(json_type_of(TEXT("")), JSON_TYPE_NONE);
	assert_int_equal(json_type_of(TEXT("  ")), JSON_TYPE_NONE);
	assert_int_equal(json_type_of(TEXT("nul")), JSON_TYPE_NONE);
	assert_int_equal(json_type_of(TEXT("trues")), JSON_TYPE_NONE);
	assert_int_equal(json_type_of(TEXT("]")), JSON_TYPE_NONE);
	assert_int_equal(json_type_of((struct text){NULL, 0}), JSON_TYPE_NONE);
}

static const struct {
	const char *pointer;
	const char *value; /* NULL: not there */
} pointers[] = {
	{"/metadata/uid", "\"u1\""},
	{"/metadata/name", "\"k\\u00FC\\uD83D\\ude00\\n\""},
	{"/metadata/labels/a~1b", "1"},
	{"/metadata/labels/m~0n", "2"},
	{"/metadata/labels/", "3"},
	{"/metadata/labels/~01", "4"},
	{"/metadata/labels/q\"", "5"},
	{"/metadata/labels/a/b", NULL},
	{"/metadata/labels/m~n", NULL},
	{"/metadata/labels/~", NULL},
	{"/metadata/labels/~2", NULL},
	{"/metadata/na\\u006De", NULL},
	{"/\\u0061", "7"},
	{"/a", NULL},
	{"/spec/sizes", "[10, 20, [30, 31], {\"deep\": [true, false, null]}]"},
	{"/spec/sizes/0", "10"},
	{"/spec/sizes/2/1", "31"},
	{"/spec/sizes/3/deep/2", "null"},
	{"/spec/sizes/3/deep/3", NULL},
	{"/spec/sizes/4", NULL},
	{"/spec/sizes/00", NULL},
	{"/spec/sizes/01", NULL},
	{"/spec/sizes/-", NULL},
	{"/spec/sizes/-1", NULL},
	{"/spec/sizes/+1", NULL},
	{"/spec/sizes/1x", NULL},
	{"/spec/sizes/", NULL},
	{"/spec/sizes/99999999999999999999", NULL},
	{"/spec/sizes/deep", NULL},
	{"/spec/gone", "null"},
	{"/spec/gone/further", NULL},
	{"/spec/big", "123456789012345678901234567890.50e+400"},
	{"/spec/absent", NULL},
	{"/text", "\"}]\\\"[{\""},
	{"/text/0", NULL},
	{"/", NULL},
	{"//", NULL},
	{"metadata", NULL},
	{"/metadata/uid/", NULL},
	{"/METADATA", NULL},
	{"/meta", NULL},
	{"/metadatas", NULL},
};

static void pointers_find_what_is_there(void **state)
{
	struct text document = exact(TEXT(SAMPLE));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
		struct text value = TEXT("untouched");
		bool found = json_at(document, pointers[i].pointer, &value);

		if (found != (pointers[i].value != NULL))
			fail_msg("%s: found %d", pointers[i].pointer, found);
		if (!text_is(value, found ? pointers[i].value : "untouched"))
			fail_msg("%s: %.*s", pointers[i].pointer, (int)value.len, value.ptr);
	}
	drop(document);
}

static void the_empty_pointer_is_the_document(void **state)
{
	struct text value;

	(void)state;
	assert_true(json_at(TEXT(" [1] \n"), "", &value));
	assert_true(text_is(value, "[1]"));
	assert_true(json_at(TEXT("{\"\":{\"\":2}}"), "//", &value));
	assert_true(text_is(value, "2"));
	assert_true(json_at(TEXT("{\"0\":1}"), "/0", &value));
	assert_true(text_is(value, "1"));
	assert_false(json_at(TEXT(""), "", &value));
	assert_false(json_at(TEXT(" "), "/a", &value));
	assert_false(json_at(TEXT("7"), "/a", &value));
	assert_false(json_at(TEXT("\"a\""), "/0", &value));
}

static void members_are_found_by_what_their_name_reads_as(void **state)
{
	struct text object = TEXT("{\"a\\nb\":1, \"\\u00e9\\uD83D\\uDE00/\":2, \"a\":3, \"a\":4, "
				  "\"x~1\":5, \"\\\\n\":6, \"nul\\u0000\":7}");
	struct text value;

	(void)state;
	assert_true(json_member(object, "a\nb", &value) && text_is(value, "1"));
	assert_true(json_member(object, "\xC3\xA9\xF0\x9F\x98\x80/", &value));
	assert_true(text_is(value, "2"));
	assert_true(json_member(object, "a", &value) && text_is(value, "3"));
	assert_true(json_member(object, "x~1", &value) && text_is(value, "5"));
	assert_true(json_member(object, "\\n", &value) && text_is(value, "6"));
	assert_false(json_member(object, "a\\nb", &value));
	assert_false(json_member(object, "nul", &value));
	assert_false(json_member(object, "", &value));
	assert_false(json_member(TEXT("[\"a\",1]"), "a", &value));
	assert_false(json_member(TEXT("\"a\""), "a", &value));
	assert_false(json_member(TEXT("{}"), "a", &value));
}

static void a_walk_gives_every_item_once(void **state)
{
	static const char *const wanted[] = {"1", "\"a,]\"", "[2, [3]]", "{\"b\":[ ]}", "null"};
	struct json_walk walk =
		json_walk_begin(TEXT(" [ 1,\"a,]\" , [2, [3]],{\"b\":[ ]},\nnull ] "));
	struct text item;
	size_t count = 0;

	(void)state;
	while (json_walk_item(&walk, &item)) {
		assert_true(count < ARRAY_LEN(wanted));
		assert_true(text_is(item, wanted[count]));
		count++;
	}
	assert_int_equal(count, ARRAY_LEN(wanted));
	assert_false(json_walk_item(&walk, &item));
}

static void a_walk_gives_every_member_once(void **state)
{
	struct json_walk walk =
		json_walk_begin(TEXT("{\"a\" : 1,\"\\u0062\":{\"c\":2} , \"\":[]}"));
	struct text key;
	struct text value;

	(void)state;
	assert_true(json_walk_member(&walk, &key, &value));
	assert_true(text_is(key, "\"a\"") && text_is(value, "1"));
	assert_true(json_walk_member(&walk, &key, &value));
	assert_true(json_string_is(key, "b") && text_is(value, "{\"c\":2}"));
	assert_true(json_walk_member(&walk, &key, &value));
	assert_true(text_is(key, "\"\"") && text_is(value, "[]"));
	assert_false(json_walk_member(&walk, &key, &value));
	assert_true(text_is(key, "\"\"") && text_is(value, "[]"));
}

static void what_cannot_be_walked_is_empty(void **state)
{
	static const char *const others[] = {"", "  ", "1", "null", "\"[1]\"", "[]", "{}", "]"};
	struct text key;
	struct text value;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct json_walk walk = json_walk_begin(text_of(others[i]));

		assert_false(json_walk_item(&walk, &value));
		assert_false(json_walk_member(&walk, &key, &value));
	}
	struct json_walk object = json_walk_begin(TEXT("{\"a\":1}"));
	struct json_walk array = json_walk_begin(TEXT("[\"a\",1]"));

	assert_false(json_walk_item(&object, &value));
	assert_false(json_walk_member(&array, &key, &value));
}

/* The use that counts: every item of a long list, by pointer. Were it not linear, it would not end
 * within the test's time. */
static void a_long_list_is_walked(void **state)
{
	enum { ITEMS = 50000 };
	struct json_walk walk;
	struct text item;
	struct text uid;
	struct buf out;
	char wanted[16];
	unsigned count = 0;

	(void)state;
	buf_init(&out, (size_t)ITEMS * 200);
	for (unsigned i = 0; i < ITEMS; i++)
		buf_printf(&out, "%c{\"kind\":[1,{}],\"metadata\":{\"name\":\"n\",\"uid\":\"%u\"}}",
			   i == 0 ? '[' : ',', i);
	buf_add_char(&out, ']');
	assert_true(buf_complete(&out));
	walk = json_walk_begin(buf_text(&out));
	while (json_walk_item(&walk, &item)) {
		snprintf(wanted, sizeof wanted, "%u", count);
		assert_true(json_at(item, "/metadata/uid", &uid) && json_string_is(uid, wanted));
		count++;
	}
	assert_int_equal(count, ITEMS);
	buf_fini(&out);
}

/* ---- reading ---- */

static void strings_are_unescaped(void **state)
{
	struct arena a;
	struct text out;

	(void)state;
	arena_init(&a);
	assert_true(json_unescape(&a, TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), &out));
	assert_string_equal(out.ptr, "\"\\/\b\f\n\r\t");
	assert_true(json_unescape(&a, TEXT("\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\""), &out));
	assert_string_equal(out.ptr, "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
	assert_int_equal(out.len, strlen(out.ptr));
	assert_true(json_unescape(&a, TEXT("\"plain \xC3\xBC\""), &out));
	assert_string_equal(out.ptr, "plain \xC3\xBC");
	assert_true(json_unescape(&a, TEXT(" \"\" "), &out));
	assert_string_equal(out.ptr, "");
	assert_int_equal(out.len, 0);
	arena_fini(&a);
}

static void what_is_no_string_is_not_unescaped(void **state)
{
	static const struct text others[] = {
		TEXT("\"a\\u0000\""), TEXT("\"\0\""),   TEXT("1"),           TEXT("null"),
		TEXT("{}"),           TEXT(""),         TEXT("\""),          TEXT("\"\\\""),
		TEXT("\"\\x\""),      TEXT("\"a\"b\""), TEXT("\"\\uD800\""), TEXT("\"\\u00\""),
	};
	struct text out = TEXT("untouched");
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (json_unescape(&a, others[i], &out))
			fail_msg("row %zu", i);
	assert_string_equal(out.ptr, "untouched");
	arena_fini(&a);
}

static void strings_at_a_pointer_have_a_fallback(void **state)
{
	struct text document =
		TEXT("{\"a\":\"x\\n\",\"b\":null,\"c\":1,\"d\":\"\\u0000\",\"e\":\"\"}");
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(json_string_at(&a, document, "/a", "no"), "x\n");
	assert_string_equal(json_string_at(&a, document, "/b", "no"), "no");
	assert_string_equal(json_string_at(&a, document, "/c", "no"), "no");
	assert_string_equal(json_string_at(&a, document, "/d", "no"), "no");
	assert_string_equal(json_string_at(&a, document, "/e", "no"), "");
	assert_null(json_string_at(&a, document, "/f", NULL));
	arena_fini(&a);
}

static void strings_compare_as_they_read(void **state)
{
	(void)state;
	assert_true(json_string_is(TEXT("\"Running\""), "Running"));
	assert_true(json_string_is(TEXT("\"R\\u0075nning\""), "Running"));
	assert_true(json_string_is(TEXT("\"\""), ""));
	assert_true(json_string_is(TEXT("\"~1\""), "~1"));
	assert_false(json_string_is(TEXT("\"Runnin\""), "Running"));
	assert_false(json_string_is(TEXT("\"Runnin\\u0067s\""), "Running"));
	assert_false(json_string_is(TEXT("\"\\u0052unnin\""), "Running"));
	assert_false(json_string_is(TEXT("\"a\\u0000\""), "a"));
	assert_false(json_string_is(TEXT("Running"), "Running"));
	assert_false(json_string_is(TEXT("null"), "null"));
	assert_false(json_string_is(TEXT("\""), ""));
	assert_false(json_string_is(TEXT(""), ""));
}

static void whole_numbers_are_read(void **state)
{
	static const char *const others[] = {"1.5",   "1e3",  "1.0", "9223372036854775808",  "null",
					     "\"1\"", "true", "",    "-9223372036854775809", "-",
					     "+1",    "[1]"};
	int64_t n = 7;

	(void)state;
	assert_true(json_int(TEXT("9223372036854775807"), &n) && n == INT64_MAX);
	assert_true(json_int(TEXT("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_true(json_int(TEXT("-0"), &n) && n == 0);
	assert_true(json_int(TEXT(" 42 "), &n) && n == 42);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (json_int(text_of(others[i]), &n))
			fail_msg("%s", others[i]);
	assert_int_equal(n, 42);
}

static void booleans_are_read(void **state)
{
	bool b = false;

	(void)state;
	assert_true(json_bool(TEXT("true"), &b) && b);
	assert_true(json_bool(TEXT("false"), &b) && !b);
	assert_false(json_bool(TEXT("null"), &b));
	assert_false(json_bool(TEXT("1"), &b));
	assert_false(json_bool(TEXT("\"true\""), &b));
}

/* ---- bytes that were not checked ---- */

/* Everything, over anything; how many values it saw. */
static size_t touch(struct arena *a, struct text value, unsigned depth)
{
	struct json_walk walk = json_walk_begin(value);
	size_t seen = 1;
	struct text key;
	struct text inner;
	int64_t n;
	bool b;

	(void)json_int(value, &n);
	(void)json_bool(value, &b);
	(void)json_unescape(a, value, &key);
	(void)json_string_is(value, "k\xC3\xBC");
	if (depth == 0)
		return seen;
	while (json_walk_item(&walk, &inner))
		seen += touch(a, inner, depth - 1);
	while (json_walk_member(&walk, &key, &inner))
		seen += touch(a, key, 0) + touch(a, inner, depth - 1);
	return seen;
}

static void touch_all(struct text given)
{
	struct text document = exact(given);
	struct arena a;
	struct text value;

	arena_init(&a);
	(void)touch(&a, document, 10);
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
		(void)json_at(document, pointers[i].pointer, &value);
	(void)json_member(document, "text", &value);
	arena_fini(&a);
	drop(document);
}

static void a_document_cut_anywhere_does_no_harm(void **state)
{
	struct text sample = TEXT(SAMPLE);
	struct error err;

	(void)state;
	for (size_t len = 0; len < sample.len; len++) {
		assert_false(accepts(text_slice(sample, 0, len), &err));
		touch_all(text_slice(sample, 0, len));
		touch_all(text_slice(sample, len, SIZE_MAX));
	}
}

static void a_document_changed_anywhere_does_no_harm(void **state)
{
	static const char bad[] = {'"', '\\', '{', '}', '[', ']', ',', ':', '\0', '\x80', 'u', ' '};
	struct text sample = exact(TEXT(SAMPLE));
	char *bytes = (char *)(uintptr_t)sample.ptr;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sample.len; i++) {
		char kept = bytes[i];

		for (size_t j = 0; j < ARRAY_LEN(bad); j++) {
			bytes[i] = bad[j];
			(void)accepts(sample, &err);
			touch_all(sample);
		}
		bytes[i] = kept;
	}
	drop(sample);
}

static void deep_nesting_that_was_not_checked_is_skipped(void **state)
{
	struct text deep = nested(200000);
	struct json_walk walk = json_walk_begin(deep);
	struct text item;

	(void)state;
	assert_true(json_walk_item(&walk, &item));
	assert_int_equal(item.len, deep.len - 2);
	drop(deep);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_json_passes),
		cmocka_unit_test(what_is_no_json_is_refused_where_it_goes_wrong),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(an_error_does_not_repeat_the_document),
		cmocka_unit_test(the_value_comes_without_white_space),
		cmocka_unit_test(types_follow_from_the_value),
		cmocka_unit_test(pointers_find_what_is_there),
		cmocka_unit_test(the_empty_pointer_is_the_document),
		cmocka_unit_test(members_are_found_by_what_their_name_reads_as),
		cmocka_unit_test(a_walk_gives_every_item_once),
		cmocka_unit_test(a_walk_gives_every_member_once),
		cmocka_unit_test(what_cannot_be_walked_is_empty),
		cmocka_unit_test(a_long_list_is_walked),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(what_is_no_string_is_not_unescaped),
		cmocka_unit_test(strings_at_a_pointer_have_a_fallback),
		cmocka_unit_test(strings_compare_as_they_read),
		cmocka_unit_test(whole_numbers_are_read),
		cmocka_unit_test(booleans_are_read),
		cmocka_unit_test(a_document_cut_anywhere_does_no_harm),
		cmocka_unit_test(a_document_changed_anywhere_does_no_harm),
		cmocka_unit_test(deep_nesting_that_was_not_checked_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
