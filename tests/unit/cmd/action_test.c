/* The command action: what is typed as a tool's input, and its answer as people see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/action.h"
#include "json/json.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct field item_fields[] = {
	{.name = "uid", .type = FIELD_STRING, .required = true},
	{.name = "name", .type = FIELD_STRING, .required = true},
	{.name = "state", .type = FIELD_STRING},
	{.name = "tags", .type = FIELD_ARRAY},
	{.name = "detail", .type = FIELD_OBJECT},
	{.name = NULL},
};
static const struct field health_fields[] = {
	{.name = "state", .type = FIELD_STRING},
	{.name = "conditions", .type = FIELD_ARRAY, .fields = item_fields},
	{.name = NULL},
};
static const struct field whole[] = {{.name = NULL}};
static const struct field answer_fields[] = {
	{.name = "things", .type = FIELD_ARRAY, .fields = item_fields},
	{.name = "groups", .type = FIELD_ARRAY, .fields = whole},
	{.name = "total", .type = FIELD_INT},
	{.name = "labels", .type = FIELD_ARRAY},
	{.name = "health", .type = FIELD_OBJECT, .fields = health_fields},
	{.name = "raw", .type = FIELD_OBJECT, .fields = whole},
	{.name = "file", .type = FIELD_STRING},
	{.name = "nextCursor", .type = FIELD_STRING},
	{.name = NULL},
};

static const struct op tool = {
	.name = "test.tool",
	.params = PARAMS(ARG("text", PARAM_TEXT, ""), ARG("uid", PARAM_IDENTIFIER, ""),
			 ARG_CHOICE("colour", colours, ""), ARG_SWITCH("on", "false", ""),
			 ARG_COUNT("limit", "10", 1, 500, ""), ARG("names", PARAM_STRINGS, ""),
			 ARG_FIELDS("fields", item_fields, ""), ARG("object", PARAM_OBJECT, ""),
			 ARG("cursor", PARAM_LINE, "")),
	.answer = answer_fields,
};

/* ---- inputs ---- */

enum { MOST = 8 };

struct typed {
	const char *arguments[MOST]; /* up to the first NULL */
	const char *object;          /* NULL: {} */
	const char *input;           /* NULL: it fails */
};

static void assert_becomes(const struct typed *typed)
{
	struct repeated arguments = {.count = 0};
	struct arena arena;
	struct error err = {.message = ""};
	struct text input;
	bool ok;

	while (arguments.count < MOST && typed->arguments[arguments.count] != NULL) {
		arguments.items[arguments.count] = typed->arguments[arguments.count];
		arguments.count++;
	}
	arena_init(&arena);
	ok = action_input(&arena, &tool, &arguments,
			  typed->object == NULL ? TEXT("{}") : text_of(typed->object), &input,
			  &err);
	assert_int_equal(ok, typed->input != NULL);
	if (ok)
		assert_string_equal(arena_copy(&arena, input), typed->input);
	else
		assert_int_equal(err.kind, ERROR_INPUT);
	arena_fini(&arena);
}

static void values_become_what_the_row_wants(void **state)
{
	static const struct typed all[] = {
		{.input = "{}"},
		{{"text=a=b c"}, NULL, "{\"text\":\"a=b c\"}"},
		{{"text="}, NULL, "{\"text\":\"\"}"},
		{{"text=true"}, NULL, "{\"text\":\"true\"}"},
		{{"text=\"\n\\"}, NULL, "{\"text\":\"\\\"\\n\\\\\"}"},
		{{"uid=007"}, NULL, "{\"uid\":\"007\"}"},
		{{"colour=blue"}, NULL, "{\"colour\":\"blue\"}"},
		{{"on=true"}, NULL, "{\"on\":true}"},
		{{"on=false"}, NULL, "{\"on\":false}"},
		{{"limit=12"}, NULL, "{\"limit\":12}"},
		{{"limit=+12"}, NULL, "{\"limit\":12}"},
		{{"limit=-1"}, NULL, "{\"limit\":-1}"},
		{{"names=a"}, NULL, "{\"names\":[\"a\"]}"},
		{{"names=a, b,c"}, NULL, "{\"names\":[\"a\",\"b\",\"c\"]}"},
		{{"names=a,b", "on=true", "names=c"},
		 NULL,
		 "{\"names\":[\"a\",\"b\",\"c\"],\"on\":true}"},
		{{"names=[\"a,b\", \"c\"]", "names=d"}, NULL, "{\"names\":[\"a,b\",\"c\",\"d\"]}"},
		{{"names=[a"}, NULL, "{\"names\":[\"[a\"]}"},
		{{"fields=state,tags"}, NULL, "{\"fields\":[\"state\",\"tags\"]}"},
		{{"object={\"a\": 1}"}, NULL, "{\"object\":{\"a\": 1}}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_becomes(&all[i]);
}

/* As text, which the pipeline refuses in its own words. */
static void what_cannot_be_converted_stays_text(void **state)
{
	static const struct typed all[] = {
		{{"on=yes"}, NULL, "{\"on\":\"yes\"}"},
		{{"on="}, NULL, "{\"on\":\"\"}"},
		{{"limit=1.5"}, NULL, "{\"limit\":\"1.5\"}"},
		{{"limit=many"}, NULL, "{\"limit\":\"many\"}"},
		{{"limit=99999999999999999999"}, NULL, "{\"limit\":\"99999999999999999999\"}"},
		{{"names="}, NULL, "{\"names\":[\"\"]}"},
		{{"object={"}, NULL, "{\"object\":\"{\"}"},
		{{"object=[]"}, NULL, "{\"object\":\"[]\"}"},
		{{"frob=1"}, NULL, "{\"frob\":\"1\"}"},
		{{"limit=1", "limit=2"}, NULL, "{\"limit\":1,\"limit\":2}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_becomes(&all[i]);
}

static void arguments_count_more_than_the_object(void **state)
{
	static const struct typed all[] = {
		{{NULL}, "{\"limit\":1,\"x\":[ ]}", "{\"limit\":1,\"x\":[ ]}"},
		{{"on=true"}, "{\"limit\":1}", "{\"limit\":1,\"on\":true}"},
		{{"limit=2"}, "{\"limit\":1,\"text\":\"a\"}", "{\"text\":\"a\",\"limit\":2}"},
		{{"limit=2"}, "{\"lim\\u0069t\":1}", "{\"limit\":2}"},
		{{"names=b"}, "{\"names\":[\"a\"]}", "{\"names\":[\"b\"]}"},
		{{NULL}, "{\"limit\":1,\"limit\":2}", "{\"limit\":1,\"limit\":2}"},
		{{NULL}, "{\"li\\u0000mit\":1}", "{\"\\\\u0000\":1}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_becomes(&all[i]);
}

static void what_is_no_argument_is_refused(void **state)
{
	static const struct typed all[] = {
		{.arguments = {"limit"}},     {.arguments = {"=1"}},
		{.arguments = {""}},          {.arguments = {"limit=1", "on"}},
		{.arguments = {"text=\xff"}}, {.arguments = {"\xff=1"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_becomes(&all[i]);
}

/* Each is fine by itself; in the input they are one level deeper. */
static void what_becomes_too_deep_is_refused(void **state)
{
	char argument[16 + 6 * JSON_MAX_DEPTH] = "object=";
	const struct typed deep = {.arguments = {argument}};

	(void)state;
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		strcat(argument, "{\"\":");
	strcat(argument, "{}");
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		strcat(argument, "}");
	assert_becomes(&deep);
}

/* ---- answers ---- */

static void assert_draws(struct text answer, size_t width, const char *wanted)
{
	struct arena arena;
	struct buf out;

	arena_init(&arena);
	buf_init(&out, 65536);
	action_draw(&out, &arena, &tool, answer, width);
	assert_string_equal(out.len == 0 ? "" : out.ptr, wanted);
	buf_fini(&out);
	arena_fini(&arena);
}

static void a_list_is_a_table(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"things\":[{\"uid\":\"u1\",\"name\":\"a\",\"tags\":[\"x\",\"y\"]},"
			  "{\"uid\":\"u2\",\"name\":\"longer\"}],\"total\":2}"),
		     80, "uid  name    tags\nu1   a       x, y\nu2   longer  -\ntotal: 2\n");
	assert_draws(TEXT("{\"things\":[],\"total\":0}"), 80, "things: none\ntotal: 0\n");
	assert_draws(TEXT("{\"things\":[{\"uid\":\"u1\",\"name\":null,"
			  "\"detail\":{\"a\": [1, 2]}}]}"),
		     0, "uid  name  detail\nu1   -     {\"a\":[1,2]}\n");
}

static void objects_as_palette_has_them_show_what_identifies(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"groups\":[{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},"
			  "\"kind\":\"k\",\"a/b\":1,\"spec\":{}}]}"),
		     80,
		     "groups:\n  uid  name  kind\n  u    n     k\n"
		     "(There is more in each; --json has all of it.)\n");
}

static void members_stand_below(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"total\":3,\"labels\":[\"a\",\"b\"],\"health\":{\"state\":\"OK\","
			  "\"conditions\":[{\"uid\":\"u\",\"name\":\"n\"}]},\"raw\":{\"x\": 1},"
			  "\"unknown\":1}"),
		     80,
		     "total: 3\nlabels: a, b\nhealth:\n  state: OK\n  conditions:\n"
		     "    uid  name\n    u    n\nraw: {\"x\":1}\n");
}

static void a_cursor_says_how_to_go_on(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"total\":3,\"nextCursor\":\"abc\"}"), 80,
		     "total: 3\nmore: --arg cursor=abc\n");
}

static void a_text_of_several_lines_comes_last(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"file\":\"a: 1\\nb: \\u001b[2J\\n\",\"nextCursor\":\"x\"}"), 80,
		     "more: --arg cursor=x\n\nfile:\na: 1\nb: \\u001b[2J\n");
}

static void what_disturbs_a_terminal_is_escaped(void **state)
{
	(void)state;
	assert_draws(TEXT("{\"things\":[{\"uid\":\"\\u001b[31m\",\"name\":\"a\\nb\","
			  "\"tags\":[\"\\u202e\"],\"detail\":{\"\x7f\":1}}],"
			  "\"raw\":{\"a\":\"\xc2\x9b\"}}"),
		     0,
		     "uid         name      tags    detail\n"
		     "\\u001b[31m  a\\u000ab  \\u202e  {\"\\u007f\":1}\n"
		     "raw: {\"a\":\"\\u009b\"}\n");
}

static void a_long_cell_is_cut_and_says_so(void **state)
{
	struct arena arena;
	struct buf answer;
	struct buf out;

	(void)state;
	arena_init(&arena);
	buf_init(&answer, 65536);
	buf_init(&out, 65536);
	buf_add_string(&answer, "{\"things\":[{\"uid\":\"u\",\"name\":\"");
	for (int i = 0; i < 1000; i++)
		buf_add_char(&answer, 'x');
	buf_add_string(&answer, "\"}]}");
	action_draw(&out, &arena, &tool, buf_text(&answer), 80);
	assert_non_null(strstr(out.ptr, "x\xe2\x80\xa6\n"));
	assert_non_null(strstr(out.ptr, "--json has all of it"));
	assert_true(out.len < 1000);
	buf_fini(&out);
	buf_fini(&answer);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_what_the_row_wants),
		cmocka_unit_test(what_cannot_be_converted_stays_text),
		cmocka_unit_test(arguments_count_more_than_the_object),
		cmocka_unit_test(what_is_no_argument_is_refused),
		cmocka_unit_test(what_becomes_too_deep_is_refused),
		cmocka_unit_test(a_list_is_a_table),
		cmocka_unit_test(objects_as_palette_has_them_show_what_identifies),
		cmocka_unit_test(members_stand_below),
		cmocka_unit_test(a_cursor_says_how_to_go_on),
		cmocka_unit_test(a_text_of_several_lines_comes_last),
		cmocka_unit_test(what_disturbs_a_terminal_is_escaped),
		cmocka_unit_test(a_long_cell_is_cut_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
