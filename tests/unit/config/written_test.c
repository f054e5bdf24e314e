/* Files that people write as the JSON they stand for, and where in them a value stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"
#include "json/json.h"

enum { MOST_BYTES = 4096 };

/* ---- what becomes what ---- */

struct conversion {
	const char *written;
	const char *json;
};

static const struct conversion conversions[] = {
	/* null */
	{"~", "null"},
	{"null", "null"},
	{"Null", "null"},
	{"NULL", "null"},
	{"", "null"},
	{"# nothing but a comment\n", "null"},
	{"!!null ''", "null"},
	{"a:\nb: 1\n", "{\"a\":null,\"b\":1}"},
	/* booleans, and what only YAML 1.1 took for them */
	{"[true, True, TRUE]", "[true,true,true]"},
	{"[false, False, FALSE]", "[false,false,false]"},
	{"[yes, no, on, off, y, n, Yes, tRUE]",
	 "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\",\"tRUE\"]"},
	{"!!bool \"true\"", "true"},
	/* numbers keep their text */
	{"0", "0"},
	{"-0", "-0"},
	{"1.30", "1.30"},
	{"1e400", "1e400"},
	{"-1E-400", "-1E-400"},
	{"1e05", "1e05"},
	{"9007199254740993", "9007199254740993"},
	{"123456789012345678901234567890", "123456789012345678901234567890"},
	{"0.10000000000000000000000000001", "0.10000000000000000000000000001"},
	{"- 0.5\n- -0.5", "[0.5,-0.5]"},
	/* as far as JSON has it */
	{"+7", "7"},
	{"+.5", "0.5"},
	{".5", "0.5"},
	{"-.5e3", "-0.5e3"},
	{"5.", "5"},
	{"5.e3", "5e3"},
	{"0.", "0"},
	{"0x1F", "31"},
	{"0xffffffffffffffff", "18446744073709551615"},
	{"0o17", "15"},
	{"!!int '12'", "12"},
	{"!!float 12", "12"},
	/* strings that look like numbers */
	{"1.2.3", "\"1.2.3\""},
	{"1_000", "\"1_000\""},
	{"12:30:45", "\"12:30:45\""},
	{"2024-01-31", "\"2024-01-31\""},
	{"0b11", "\"0b11\""},
	{"+0x1F", "\"+0x1F\""},
	{"1e", "\"1e\""},
	{"'0123'", "\"0123\""},
	{"\"1.30\"", "\"1.30\""},
	{"!!str 1.30", "\"1.30\""},
	{"! 5", "\"5\""},
	{"v1.30", "\"v1.30\""},
	/* strings */
	{"'it''s'", "\"it's\""},
	{"\"tab\\tquote\\\" \\u00e9 \\U0001F600\"",
	 "\"tab\\tquote\\\" \xc3\xa9 \xf0\x9f\x98\x80\""},
	{"\"a\\0b\"", "\"a\\u0000b\""},
	{"|\n  a\n   b\n", "\"a\\n b\\n\""},
	{">-\n  a\n  b\n", "\"a b\""},
	{"|+\n  a\n\n", "\"a\\n\\n\""},
	{"a\n  b", "\"a b\""},
	{"'~'", "\"~\""},
	{"''", "\"\""},
	{"http://a.example:80/#x", "\"http://a.example:80/#x\""},
	{"\xe6\x97\xa5\xe6\x9c\xac", "\"\xe6\x97\xa5\xe6\x9c\xac\""},
	/* maps and lists */
	{"{}", "{}"},
	{"[]", "[]"},
	{"a: {}\nb: []\n", "{\"a\":{},\"b\":[]}"},
	{"a:\n- 1\n- b: 2\n  c: [3, {d: 4}]\n", "{\"a\":[1,{\"b\":2,\"c\":[3,{\"d\":4}]}]}"},
	{"1.0: a\ntrue: b\n'': c\n\"q\\\"\": d\n",
	 "{\"1.0\":\"a\",\"true\":\"b\",\"\":\"c\",\"q\\\"\":\"d\"}"},
	{"? a\n: 1\n", "{\"a\":1}"},
	{"!!map {a: !!seq [1]}", "{\"a\":[1]}"},
	{"--- \na: 1\n...\n", "{\"a\":1}"},
	{"%YAML 1.2\n---\na: 1\n", "{\"a\":1}"},
	{"\xef\xbb\xbf"
	 "a: 1\n",
	 "{\"a\":1}"},
	{"a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
	/* aliases, and "<<", which is a name like any other */
	{"a: &x {p: 1.30}\nb: *x\n", "{\"a\":{\"p\":1.30},\"b\":{\"p\":1.30}}"},
	{"- &n 0x10\n- *n\n", "[16,16]"},
	{"a: &x {p: 1}\nb:\n  \"<<\": *x\n", "{\"a\":{\"p\":1},\"b\":{\"<<\":{\"p\":1}}}"},
	/* JSON, byte for byte */
	{" {\"a\" : 1.0E+2 ,\n\"a\":9007199254740993, \"\\u0061\":\"\\/\"} ",
	 "{\"a\" : 1.0E+2 ,\n\"a\":9007199254740993, \"\\u0061\":\"\\/\"}"},
	{"[1e400,-0.0]", "[1e400,-0.0]"},
	{"\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\""},
	/* nearly JSON is YAML */
	{"{\"a\": 1,}", "{\"a\":1}"},
	{"{\"a\": .5, b: 'c'} # so", "{\"a\":0.5,\"b\":\"c\"}"},
};

struct document {
	struct arena arena;
	struct written written;
	struct error err;
	struct text json;
};

static bool read_as(struct document *d, const char *file, struct text bytes)
{
	arena_init(&d->arena);
	d->err.message[0] = '\0';
	return written_read(&d->arena, file, bytes, &d->written, &d->err);
}

static void values_as_json(void **state)
{
	(void)state;
	assert_true(ARRAY_LEN(conversions) >= 60);
	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		const struct conversion *c = &conversions[i];
		struct document d;
		struct text value;

		if (!read_as(&d, "f.yaml", text_of(c->written)) ||
		    !written_json(&d.written, MOST_BYTES, &d.json, &d.err))
			fail_msg("'%s': %s", c->written, d.err.message);
		if (!text_is(d.json, c->json))
			fail_msg("'%s' became %.*s", c->written, (int)d.json.len, d.json.ptr);
		assert_true(json_check(d.json, &value, &d.err));
		arena_fini(&d.arena);
	}
}

/* ---- what is refused at once ---- */

struct refusal {
	const char *written;
	const char *message;
};

#define TAGS                                                                               \
	"a tag that has no meaning here; those of YAML's core schema have: !!str, !!int, " \
	"!!float, !!bool, !!null, !!map, !!seq"

static const struct refusal refusals[] = {
	{"a: 1\na: 2\n", "f.yaml:2:1: the key 'a' is in this map already"},
	{"1: x\n'1': y\n", "f.yaml:2:1: the key '1' is in this map already"},
	{"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document; one is allowed"},
	{"a: !!binary aGk=\n",
	 "f.yaml:1:4: binary values (!!binary) have no place here: write text"},
	{"a:\n  - !thing x\n", "f.yaml:2:5: " TAGS},
	{"a: !!timestamp 2024-01-31\n", "f.yaml:1:4: " TAGS},
	{"!!set {a, b}\n", "f.yaml:1:1: " TAGS},
	{"a: !list [1]\n", "f.yaml:1:4: " TAGS},
	{"a: !!int 1.5\n", "f.yaml:1:4: the value is not what its tag says"},
	{"a: !!int 1e3\n", "f.yaml:1:4: the value is not what its tag says"},
	{"a: !!bool yes\n", "f.yaml:1:4: the value is not what its tag says"},
	{"a: !!float x\n", "f.yaml:1:4: the value is not what its tag says"},
	{"a: !!null 0\n", "f.yaml:1:4: the value is not what its tag says"},
	{"a: &x {b: 1}\nc:\n  <<: *x\n",
	 "f.yaml:3:3: YAML 1.2 has no merge keys (<<): write the members out, or \"<<\" in quotes "
	 "if that is a name"},
	{"a: *x\n", "f.yaml:1:4: this alias names no anchor above it"},
	{"a: &x [*x]\n", "f.yaml:1:8: this alias stands inside the value it names"},
	{"{[1]: 2}\n", "f.yaml:1:2: a key must be a plain word or a string"},
	{"a:\n\t- 1\n", "f.yaml:2:1: no value can start with this character: indent with spaces, "
			"not tabs, and put what starts with @, ` or % in quotes"},
	{"a: @b\n", "f.yaml:1:4: no value can start with this character: indent with spaces, not "
		    "tabs, and put what starts with @, ` or % in quotes"},
	{"a: [1\n", "f.yaml:1:4: this list in [ ] is not closed, or a comma is missing in it"},
	{"a: 1\nb: \xff\n", "f.yaml:2:4: not UTF-8"},
	{"a: \xc3\xa9\nbc\x01\n", "f.yaml:2:3: control characters are not allowed"},
	{"%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: this file asks for YAML 1.1, which reads values "
				   "differently; remove the %YAML line"},
	{"a: \"\\ud83d\"\n", "f.yaml:1:7: while parsing a quoted scalar: found invalid Unicode "
			     "character escape code"},
};

static void what_is_no_document_has_line_and_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct document d;

		if (read_as(&d, "f.yaml", text_of(refusals[i].written)))
			fail_msg("'%s' was taken", refusals[i].written);
		assert_int_equal(d.err.kind, ERROR_INPUT);
		assert_string_equal(d.err.message, refusals[i].message);
		arena_fini(&d.arena);
	}
}

static void a_json_file_is_json(void **state)
{
	struct document d;

	(void)state;
	assert_false(read_as(&d, "f.json", TEXT("{\n  \"\xc3\xa9\": 1,\n}")));
	assert_string_equal(d.err.message, "f.json:3:1: not JSON: expected a name in quotes");
	arena_fini(&d.arena);
	assert_false(read_as(&d, "f.json", TEXT("a: 1")));
	assert_string_equal(d.err.message, "f.json:1:1: not JSON: expected a value");
	arena_fini(&d.arena);
	assert_false(read_as(&d, "f.json", TEXT("")));
	arena_fini(&d.arena);
}

static void billions_of_laughs_are_not_told(void **state)
{
	struct document d;
	char yaml[1024] = "a: &a [x,x,x,x,x,x,x,x,x]\n";

	(void)state;
	for (int c = 'b'; c < 'j'; c++) {
		char line[64];

		snprintf(line, sizeof line, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c,
			 c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
		strcat(yaml, line);
	}
	assert_false(read_as(&d, "f.yaml", text_of(yaml)));
	assert_string_equal(d.err.message, "f.yaml:6:11: too many values (are aliases piled up?)");
	arena_fini(&d.arena);
}

static void long_texts_are_not_repeated_for_ever(void **state)
{
	struct document d;
	struct buf yaml;

	(void)state;
	buf_init(&yaml, 64 * 1024);
	buf_add_string(&yaml, "- &a ");
	for (int i = 0; i < 1000; i++)
		buf_add_char(&yaml, 'x');
	for (int i = 0; i < 5000; i++)
		buf_add_string(&yaml, "\n- *a");
	assert_true(read_as(&d, "f.yaml", buf_text(&yaml)));
	assert_false(written_json(&d.written, MOST_BYTES, &d.json, &d.err));
	assert_int_equal(d.err.kind, ERROR_TOO_LARGE);
	assert_string_equal(d.err.message,
			    "f.yaml: more than 4096 bytes as JSON (are aliases piled up?)");
	arena_fini(&d.arena);
	assert_true(read_as(&d, "f.yaml", TEXT("[1234567890]")));
	assert_false(written_json(&d.written, 11, &d.json, &d.err));
	assert_int_equal(d.err.kind, ERROR_TOO_LARGE);
	arena_fini(&d.arena);
	buf_fini(&yaml);
}

/* ---- values that JSON does not have ---- */

#define ZEROS \
	"is a number with leading zeros, which would be lost: put it in quotes, or leave them out"
#define FINITE "must be a finite number: JSON has neither .inf nor .nan"
#define BITS   "is a number of more than 64 bits: write it in decimal"

static const struct {
	const char *written;
	const char *faults[4]; /* a pointer and what is said, by turns */
} unlike_json[] = {
	{"a: 0123\n", {"/a", ZEROS}},
	{"a: [00, -01.5]\n", {"/a/0", ZEROS, "/a/1", ZEROS}},
	{"a/b: {c~d: .inf}\ne: -.INF\n", {"/a~1b/c~0d", FINITE, "/e", FINITE}},
	{".nan", {"", FINITE}},
	{"- 0x10000000000000000\n- 0o7777777777777777777777\n", {"/0", BITS, "/1", BITS}},
	{"a: &x {b: 007}\nc: *x\n", {"/a/b", ZEROS, "/c/b", ZEROS}},
};

static void all_values_that_json_lacks_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unlike_json); i++) {
		const char *const *expected = unlike_json[i].faults;
		struct json_walk walk;
		struct document d;
		struct text faults;
		struct text fault;
		size_t told = 0;

		assert_true(read_as(&d, "f.yaml", text_of(unlike_json[i].written)));
		assert_false(written_json(&d.written, MOST_BYTES, &d.json, &d.err));
		assert_int_equal(d.err.kind, ERROR_INPUT);
		assert_true(json_check(d.err.details, &faults, &(struct error){.kind = 0}));
		assert_true(json_member(d.err.details, "faults", &faults));
		walk = json_walk_begin(faults);
		for (; json_walk_item(&walk, &fault); told += 2) {
			assert_true(told < 4 && expected[told] != NULL);
			assert_string_equal(json_string_at(&d.arena, fault, "/pointer", "none"),
					    expected[told]);
			assert_string_equal(json_string_at(&d.arena, fault, "/message", "none"),
					    expected[told + 1]);
		}
		assert_true(told == 4 || expected[told] == NULL);
		arena_fini(&d.arena);
	}
}

static void a_hundred_faults_are_enough(void **state)
{
	struct document d;
	struct text value;
	struct buf yaml;
	int64_t more = 0;

	(void)state;
	buf_init(&yaml, 64 * 1024);
	for (int i = 0; i < 150; i++)
		buf_add_string(&yaml, "- .nan\n");
	assert_true(read_as(&d, "f.yaml", buf_text(&yaml)));
	assert_false(written_json(&d.written, MOST_BYTES, &d.json, &d.err));
	assert_string_equal(d.err.message, "f.yaml: 150 values that JSON does not have");
	assert_true(json_member(d.err.details, "moreFaults", &value) && json_int(value, &more));
	assert_int_equal(more, 50);
	assert_true(json_at(d.err.details, "/faults/99", &value));
	assert_false(json_at(d.err.details, "/faults/100", &value));
	arena_fini(&d.arena);
	buf_fini(&yaml);
}

/* ---- places ---- */

struct location {
	const char *pointer;
	const char *place;
};

static const char yaml_body[] = "# a cluster\n"
				"name: demo\n"
				"pools:\n"
				"  - name: one\n"
				"    \xc3\xa9: {count: 1, /a: 2, ~b: 3}\n"
				"  - &two\n"
				"    name: two\n"
				"  - *two\n"
				"  - 7\n"
				"'': empty\n";

static const struct location in_yaml[] = {
	{"", "f.yaml:2:1"},
	{"/name", "f.yaml:2:1"},
	{"/name/deeper", "f.yaml:2:1"},
	{"/none", "f.yaml:2:1"},
	{"/pools", "f.yaml:3:1"},
	{"/pools/0", "f.yaml:4:5"},
	{"/pools/0/name", "f.yaml:4:5"},
	{"/pools/0/\xc3\xa9/count", "f.yaml:5:9"},
	{"/pools/0/\xc3\xa9/~1a", "f.yaml:5:19"},
	{"/pools/0/\xc3\xa9/~0b", "f.yaml:5:26"},
	{"/pools/0/\xc3\xa9/none/at/all", "f.yaml:5:5"},
	{"/pools/1/name", "f.yaml:7:5"},
	{"/pools/2/name", "f.yaml:7:5"},
	{"/pools/3", "f.yaml:9:5"},
	{"/pools/4", "f.yaml:3:1"},
	{"/pools/-1", "f.yaml:3:1"},
	{"/pools/x", "f.yaml:3:1"},
	{"/pools/99999999999999999999", "f.yaml:3:1"},
	{"/", "f.yaml:10:1"},
};

static const char json_body[] = "\n{\"name\": \"demo\",\n"
				" \"pools\": [ {\"\\u00e9\": 1,\n"
				"   \"\xc3\xa9\xc3\xa9\": 2, \"a/b\":[]}, 7],\n"
				" \"name\": 2}\n";

static const struct location in_json[] = {
	{"", "f.yaml:2:1"},
	{"/name", "f.yaml:5:2"}, /* of a name that stands twice the second */
	{"/pools", "f.yaml:3:2"},
	{"/pools/0", "f.yaml:3:13"},
	{"/pools/0/\xc3\xa9", "f.yaml:3:14"},
	{"/pools/0/\xc3\xa9\xc3\xa9", "f.yaml:4:4"},
	{"/pools/0/a~1b", "f.yaml:4:13"},
	{"/pools/0/a~1b/0", "f.yaml:4:13"},
	{"/pools/1", "f.yaml:4:24"},
	{"/pools/2", "f.yaml:3:2"},
	{"/pools/x", "f.yaml:3:2"},
	{"/none", "f.yaml:2:1"},
};

static void check_places(struct text bytes, const struct location *all, size_t count)
{
	struct document d;

	assert_true(read_as(&d, "f.yaml", bytes));
	for (size_t i = 0; i < count; i++) {
		const char *found =
			place_print(&d.arena, written_place(&d.written, all[i].pointer));

		if (strcmp(found, all[i].place) != 0)
			fail_msg("%s is at %s", all[i].pointer, found);
	}
	arena_fini(&d.arena);
}

static void every_value_is_found_again(void **state)
{
	(void)state;
	check_places(text_of(yaml_body), in_yaml, ARRAY_LEN(in_yaml));
	check_places(text_of(json_body), in_json, ARRAY_LEN(in_json));
	check_places(TEXT(""), (const struct location[]){{"/a/b", "f.yaml:1:1"}}, 1);
	check_places(TEXT("{}"), (const struct location[]){{"/a/b", "f.yaml:1:1"}}, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_as_json),
		cmocka_unit_test(what_is_no_document_has_line_and_column),
		cmocka_unit_test(a_json_file_is_json),
		cmocka_unit_test(billions_of_laughs_are_not_told),
		cmocka_unit_test(long_texts_are_not_repeated_for_ever),
		cmocka_unit_test(all_values_that_json_lacks_are_named),
		cmocka_unit_test(a_hundred_faults_are_enough),
		cmocka_unit_test(every_value_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
