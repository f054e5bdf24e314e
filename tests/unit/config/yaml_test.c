/* YAML to a tree: scalars of the core schema, positions, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/yaml.h"

struct document {
	struct arena arena;
	struct node *root;
	struct error err;
};

static bool read_text(struct document *d, struct text text)
{
	size_t budget = 1000;

	arena_init(&d->arena);
	d->root = NULL;
	return yaml_read(&d->arena, &budget, "f.yaml", text, &d->root, &d->err);
}

static void refuse(const char *yaml, const char *message)
{
	struct document d;

	assert_false(read_text(&d, text_of(yaml)));
	assert_int_equal(d.err.kind, ERROR_INPUT);
	assert_string_equal(d.err.message, message);
	arena_fini(&d.arena);
}

static void is_type(const char *scalar, enum node_type type)
{
	struct document d;
	char yaml[256];

	snprintf(yaml, sizeof yaml, "k: %s\n", scalar);
	assert_true(read_text(&d, text_of(yaml)));
	if (config_node_get(d.root, TEXT("k"))->type != type)
		fail_msg("'%s' reads as type %d", scalar,
			 (int)config_node_get(d.root, TEXT("k"))->type);
	arena_fini(&d.arena);
}

static void is_number(const char *scalar, double number)
{
	struct document d;
	char yaml[256];
	const struct node *node;

	snprintf(yaml, sizeof yaml, "k: %s\n", scalar);
	assert_true(read_text(&d, text_of(yaml)));
	node = config_node_get(d.root, TEXT("k"));
	assert_int_equal(node->type, NODE_NUMBER);
	assert_true(node->number == number);
	arena_fini(&d.arena);
}

static void core_schema(void **state)
{
	static const char *const strings[] = {
		"yes",   "on",   "No",    "2024-01-31", "0b11", "1_000", "12:30:45", "'8080'",
		"\"1\"", "tRue", "+0x10", "0o8",        "1e",   "--1",   "nULL",     "!!str 1",
		"!x 5",  "'~'",  "1.2.3", "e5",         "\"\"", "$1",    "a b",      ".",
	};
	static const char *const nulls[] = {"~", "null", "Null", "NULL", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		is_type(strings[i], NODE_STRING);
	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		is_type(nulls[i], NODE_NULL);
	is_type("true", NODE_BOOL);
	is_type("False", NODE_BOOL);
	is_type("!!bool 'true'", NODE_BOOL);
	is_type("[1]", NODE_LIST);
	is_number("0o17", 15);
	is_number("017", 17);
	is_number("0xFf", 255);
	is_number("-12", -12);
	is_number("1.5e3", 1500);
	is_number(".5", 0.5);
	is_number("5.", 5);
	is_type(".inf", NODE_NUMBER);
	is_type("-.INF", NODE_NUMBER);
	is_type(".NaN", NODE_NUMBER);
}

static void every_node_has_its_place(void **state)
{
	struct document d;
	const struct node *b;

	(void)state;
	assert_true(read_text(&d, TEXT("a:\n  - x\n  - b: \"y\"\n")));
	b = config_node_get(config_node_at(d.root, TEXT("a"))->entries[1].value, TEXT("b"));
	assert_string_equal(place_print(&d.arena, b->place), "f.yaml:3:8");
	assert_string_equal(place_print(&d.arena, d.root->entries[0].place), "f.yaml:1:1");
	arena_fini(&d.arena);
}

static void no_merge_keys(void **state)
{
	struct document d;

	(void)state;
	assert_true(read_text(&d, TEXT("a: &x {p: 1}\nb:\n  <<: *x\n")));
	assert_null(config_node_at(d.root, TEXT("b.p")));
	assert_non_null(config_node_at(d.root, TEXT("b.<<.p")));
	arena_fini(&d.arena);
}

static void aliases(void **state)
{
	struct document d;

	(void)state;
	assert_true(read_text(&d, TEXT("a: &x {p: 1}\nb: *x\nc: &k key\n*k : 5\n")));
	assert_non_null(config_node_at(d.root, TEXT("b.p")));
	assert_non_null(config_node_at(d.root, TEXT("key")));
	arena_fini(&d.arena);
	refuse("a: &x [*x]\n", "f.yaml:1:8: this alias stands inside the value it names");
	refuse("a: *nowhere\n", "f.yaml:1:4: this alias names no anchor above it");
	refuse("a: &a [1,1,1,1,1,1,1,1,1,1]\n"
	       "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
	       "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
	       "f.yaml:3:29: too many values (are aliases piled up?)");
}

static void refusals(void **state)
{
	(void)state;
	refuse("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key 'a' is in this map already");
	refuse("a: {'x': 1, x: 2}\n", "f.yaml:1:13: the key 'x' is in this map already");
	refuse("a: 1\n---\nb: 1\n", "f.yaml:2:1: a second document; one is allowed");
	refuse("%YAML 1.1\n---\na: yes\n", "f.yaml:1:1: this file asks for YAML 1.1, which reads "
					   "values differently; remove the "
					   "%YAML line");
	refuse("? [a]\n: 1\n", "f.yaml:1:3: a key must be a plain word or a string");
	refuse("a: \xff\n", "f.yaml:1:4: not UTF-8");
	refuse("a:\n\tb: 1\n",
	       "f.yaml:2:1: no value can start with this character: indent with spaces, not tabs, "
	       "and put what starts with @, ` or % in quotes");
	refuse("a:\n  b: 1\n\tc: 2\n",
	       "f.yaml:3:1: a tab at the start of a line: indent with spaces");
	refuse("a: [1\n",
	       "f.yaml:1:4: this list in [ ] is not closed, or a comma is missing in it");
	refuse("b: 1\na: {c: 1\nd: 2\n",
	       "f.yaml:2:4: this map in { } is not closed, or a comma is missing in it");
	refuse("b: 1\na: \"never\nclosed\n", "f.yaml:2:4: this quoted text is not closed");
	refuse("a: [\n",
	       "f.yaml:2:1: the end, and a value is missing, or the end of a list in [ ] or "
	       "a map in { }");
	refuse("a: [ ,1]\n", "f.yaml:1:6: a value is missing here");
}

static void control_characters(void **state)
{
	struct document d;

	(void)state;
	assert_false(read_text(&d, (struct text){"a: 1\0b: 2", 9}));
	assert_non_null(strstr(d.err.message, "control characters are not allowed"));
	arena_fini(&d.arena);
}

static void depth_is_bounded(void **state)
{
	struct document d;
	char deep[2 * 70];

	(void)state;
	memset(deep, '[', 70);
	memset(deep + 70, ']', 70);
	assert_true(read_text(&d, (struct text){deep + 70 - 64, 128}));
	arena_fini(&d.arena);
	assert_false(read_text(&d, (struct text){deep + 70 - 65, 130}));
	assert_string_equal(d.err.message, "f.yaml:1:65: more than 64 levels deep");
	arena_fini(&d.arena);
	/* Aliases cannot pile levels up either. */
	assert_false(
		read_text(&d, TEXT("a: &a [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]"
				   "]]]]]]]\n"
				   "b: &b [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]"
				   "]]]]]]]]\n"
				   "c: [[[[*b]]]]\n")));
	assert_non_null(strstr(d.err.message, "more than 64 levels deep"));
	arena_fini(&d.arena);
}

static void empty_and_marked(void **state)
{
	struct document d;

	(void)state;
	assert_true(read_text(&d, TEXT("")));
	assert_int_equal(d.root->type, NODE_NULL);
	arena_fini(&d.arena);
	assert_true(read_text(&d, TEXT("# only this\n")));
	assert_int_equal(d.root->type, NODE_NULL);
	arena_fini(&d.arena);
	assert_true(read_text(&d, TEXT("\xEF\xBB\xBF"
				       "a: 1\n")));
	assert_non_null(config_node_at(d.root, TEXT("a")));
	arena_fini(&d.arena);
}

static void json_values(void **state)
{
	static const char *const refused[] = {
		"", "yes", "{a: 1}", "[1,]", "{\"a\":1,\"a\":2}", "01", "\"\\u0000\""};
	const struct place place = {"X", 0, 0};
	struct arena arena;
	struct node *root = NULL;
	size_t budget = 100;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_false(json_value_read(&arena, &budget, place, text_of(refused[i]), &root));
	assert_null(root);
	assert_true(json_value_read(&arena, &budget, place,
				    TEXT(" {\"a\\u0041\": [1e3, \"\\ud83d\\ude00\", null]} "),
				    &root));
	root = config_node_get(root, TEXT("aA"));
	assert_int_equal(root->count, 3);
	assert_true(root->entries[0].value->number == 1000);
	assert_string_equal(root->entries[1].value->text.ptr, "\xF0\x9F\x98\x80");
	assert_int_equal(root->entries[2].value->type, NODE_NULL);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_schema),      cmocka_unit_test(every_node_has_its_place),
		cmocka_unit_test(no_merge_keys),    cmocka_unit_test(aliases),
		cmocka_unit_test(refusals),         cmocka_unit_test(control_characters),
		cmocka_unit_test(depth_is_bounded), cmocka_unit_test(empty_and_marked),
		cmocka_unit_test(json_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
