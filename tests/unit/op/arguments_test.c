/* What tools are called with: every type, wrong types, what is unknown, empty or given twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "op/op.h"
#include "json/json.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct field fields[] = {
	{.name = "uid", .type = FIELD_STRING},
	{.name = "name", .type = FIELD_STRING},
	{.name = NULL},
};
static const struct tool tool = {.name = "test"};

/* One of each type; nothing has to be given. */
static const struct op row = {
	.name = "test.all",
	.tool = &tool,
	.params = PARAMS(ARG("uid", PARAM_IDENTIFIER, ""), ARG("word", PARAM_NAME, ""),
			 ARG("text", PARAM_TEXT, ""), ARG("line", PARAM_LINE, ""),
			 ARG_CHOICE("colour", colours, ""), ARG_SWITCH("on", "true", ""),
			 ARG("off", PARAM_SWITCH, ""), ARG_COUNT("limit", "5", -1, 10, ""),
			 ARG_FIELDS("fields", fields, ""), ARG("names", PARAM_STRINGS, ""),
			 ARG("extra", PARAM_OBJECT, "")),
};

static const struct op strict = {
	.name = "test.required",
	.tool = &tool,
	.params = PARAMS(ARG_REQUIRED("uid", PARAM_IDENTIFIER, ""),
			 ARG_REQUIRED("names", PARAM_STRINGS, ""),
			 ARG_REQUIRED("colour", PARAM_TEXT, "")),
};

static const struct op bare = {.name = "test.bare", .tool = &tool};

struct scene {
	struct arena arena;
	struct call call;
	struct error err;
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	arena_fini(&s->arena);
	free(s);
	return 0;
}

static bool read_text(struct scene *s, const struct op *op, struct text json)
{
	s->call = (struct call){.op = op, .arena = &s->arena};
	assert_true(json_check(json, &s->call.arguments, &s->err));
	return call_read_params(&s->call, op, &s->err);
}

static bool read(struct scene *s, const struct op *op, const char *json)
{
	return read_text(s, op, text_of(json));
}

static void must_read(struct scene *s, const struct op *op, const char *json)
{
	if (!read(s, op, json))
		fail_msg("%s: %s", json, s->err.message);
}

static void assert_refused(struct scene *s, const struct op *op, const char *json,
			   const char *message)
{
	if (read(s, op, json))
		fail_msg("%s was taken", json);
	assert_int_equal(s->err.kind, ERROR_INPUT);
	assert_string_equal(s->err.message, message);
}

static void every_type(void **state)
{
	struct scene *s = *state;
	const char *const *strings;
	size_t count;

	must_read(
		s, &row,
		"{\"uid\":\"u-1_2.3\",\"word\":\"metadata\",\"text\":\"\\u00e4 b\",\"line\":\"c\","
		"\"colour\":\"green\",\"on\":false,\"off\":true,\"limit\":-1,"
		"\"fields\":[\"name\",\"uid\"],\"n\\u0061mes\":[\"a\",\"b\\n\"],"
		"\"extra\":{ \"x\":1.50 }}");
	assert_string_equal(call_string(&s->call, "uid"), "u-1_2.3");
	assert_string_equal(call_string(&s->call, "word"), "metadata");
	assert_string_equal(call_string(&s->call, "text"), "\xC3\xA4 b");
	assert_string_equal(call_string(&s->call, "line"), "c");
	assert_string_equal(call_string(&s->call, "colour"), "green");
	assert_false(call_bool(&s->call, "on"));
	assert_true(call_bool(&s->call, "off"));
	assert_int_equal(call_number(&s->call, "limit"), -1);
	strings = call_strings(&s->call, "fields", &count);
	assert_int_equal(count, 2);
	assert_string_equal(strings[1], "uid");
	strings = call_strings(&s->call, "names", &count);
	assert_int_equal(count, 2);
	assert_string_equal(strings[1], "b\n");
	assert_true(text_is(call_json(&s->call, "extra"), "{ \"x\":1.50 }"));
}

static void nothing_given(void **state)
{
	static const char *const calls[] = {
		"{}", "  { }\n",
		/* Empty texts are how models say that there is none. */
		"{\"uid\":\"\",\"word\":\"\",\"text\":\"\",\"line\":\"\",\"colour\":\"\"}"};
	struct scene *s = *state;
	size_t count;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		must_read(s, &row, calls[i]);
		assert_null(call_string(&s->call, "uid"));
		assert_null(call_string(&s->call, "word"));
		assert_null(call_string(&s->call, "text"));
		assert_null(call_string(&s->call, "line"));
		assert_null(call_string(&s->call, "colour"));
		assert_true(call_bool(&s->call, "on"));
		assert_false(call_bool(&s->call, "off"));
		assert_int_equal(call_number(&s->call, "limit"), 5);
		assert_null(call_strings(&s->call, "fields", &count));
		assert_int_equal(count, 0);
		assert_null(call_json(&s->call, "extra").ptr);
	}
	must_read(s, &bare, "{}");
	s->call = (struct call){.op = &bare, .arena = &s->arena};
	assert_true(call_read_params(&s->call, &bare, &s->err));
}

#define UID_FORM "must be an identifier: 1 to 128 letters, digits, '-', '_' or '.'"
#define COUNT    "must be a whole number from -1 to 10"
#define STRINGS  "must be an array of 1 to 1000 non-empty strings"
#define FIELDS   "must be an array of names out of: uid, name"

static void wrong_types(void **state)
{
	/* Each of these for each parameter, but where it is right. */
	static const char *const values[] = {"null",    "true", "7",   "1.5", "1e2",
					     "\"x y\"", "[]",   "[7]", "{}"};
	static const struct {
		const char *name;
		const char *right; /* of the values above */
	} params[] = {
		{"uid", ""},    {"word", ""},   {"text", "\"x y\""}, {"line", "\"x y\""},
		{"colour", ""}, {"on", "true"}, {"off", "true"},     {"limit", "7"},
		{"fields", ""}, {"names", ""},  {"extra", "{}"},
	};
	struct scene *s = *state;

	for (size_t p = 0; p < ARRAY_LEN(params); p++)
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			const char *json =
				arena_printf(&s->arena, "{\"%s\":%s}", params[p].name, values[v]);
			bool ok = read(s, &row, json);

			if (ok != (strcmp(values[v], params[p].right) == 0))
				fail_msg("%s: %s", json, ok ? "taken" : s->err.message);
			if (ok)
				continue;
			assert_int_equal(s->err.kind, ERROR_INPUT);
			assert_memory_equal(s->err.message, params[p].name, strlen(params[p].name));
			/* What was refused is not there for anybody who looks. */
			assert_false(s->call.values[p].given);
		}
}

static void each_fault(void **state)
{
	static const struct {
		const char *json;
		const char *message;
	} rows[] = {
		{"{\"uid\":null}", "uid (in the input) must be a string"},
		{"{\"uid\":\"../x\"}", "uid (in the input) " UID_FORM},
		{"{\"uid\":\"search\"}",
		 "uid (in the input) must be an identifier, not a word of Palette's own paths"},
		{"{\"uid\":\"a\\u0000\"}", "uid (in the input) must be a string"},
		{"{\"word\":\"a/b\"}", "word (in the input) " UID_FORM},
		{"{\"text\":\"a\\n\"}", "text (in the input) must not hold control characters"},
		{"{\"line\":\"a\\u007f\"}", "line (in the input) must not hold control characters"},
		{"{\"colour\":\"Red\"}", "colour (in the input) must be one of: red, green"},
		{"{\"on\":\"true\"}", "on (in the input) must be true or false"},
		{"{\"limit\":11}", "limit (in the input) " COUNT},
		{"{\"limit\":-2}", "limit (in the input) " COUNT},
		{"{\"limit\":\"5\"}", "limit (in the input) " COUNT},
		{"{\"limit\":5.0}", "limit (in the input) " COUNT},
		{"{\"limit\":99999999999999999999}", "limit (in the input) " COUNT},
		{"{\"fields\":[]}", "fields (in the input) " STRINGS},
		{"{\"fields\":[\"password\"]}", "fields (in the input) " FIELDS},
		{"{\"fields\":[\"uid\",\"Name\"]}", "fields (in the input) " FIELDS},
		{"{\"names\":[\"\"]}", "names (in the input) " STRINGS},
		{"{\"extra\":[]}", "extra (in the input) must be a JSON object"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(*state, &row, rows[i].json, rows[i].message);
}

static void lengths(void **state)
{
	struct scene *s = *state;
	static const struct {
		const char *name;
		size_t most;
	} rows[] = {{"uid", 128}, {"word", 128}, {"text", 256}, {"line", 1024}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t more = 0; more < 2; more++) {
			char *value = arena_alloc(&s->arena, rows[i].most + more + 1);

			memset(value, 'x', rows[i].most + more);
			assert_int_equal(read(s, &row,
					      arena_printf(&s->arena, "{\"%s\":\"%s\"}",
							   rows[i].name, value)),
					 more == 0);
		}
}

static void what_is_required(void **state)
{
	struct scene *s = *state;

	assert_refused(s, &strict, "{}",
		       "uid (in the input) is required; names (in the input) is required; colour "
		       "(in the input) is required");
	assert_refused(s, &strict, "{\"uid\":\"\",\"names\":[\"a\"],\"colour\":\"\"}",
		       "uid (in the input) must not be empty; colour (in the input) must not be "
		       "empty");
	must_read(s, &strict, "{\"uid\":\"a\",\"names\":[\"a\"],\"colour\":\"b\"}");
}

static void what_is_unknown(void **state)
{
	struct scene *s = *state;

	assert_refused(s, &row, "{\"Uid\":\"a\"}", "Uid (in the input) is not a parameter here");
	assert_refused(s, &row, "{\"uid\":\"a\",\"x\":{\"uid\":1},\"\":2}",
		       "x (in the input) is not a parameter here;  (in the input) is not a "
		       "parameter here");
	assert_refused(s, &row, "{\"a\\u0000\":1}", " (in the input) is not a parameter here");
	assert_refused(s, &bare, "{\"x\":1}", "x (in the input) is not a parameter here");
	/* A name may be anything: a long one is not repeated. */
	assert_refused(
		s, &row,
		"{\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\":1}",
		"a parameter with a long name (in the input) is not a parameter here");
}

static void given_twice(void **state)
{
	static const char *const calls[] = {
		"{\"uid\":\"a\",\"uid\":\"a\"}",
		"{\"uid\":\"a\",\"u\\u0069d\":\"b\"}",
		"{\"uid\":\"\",\"uid\":\"b\"}",
		"{\"uid\":null,\"uid\":null}",
	};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_refused(*state, &row, calls[i],
			       "uid (in the input) was given more than once");
}

/* A member of the input does not stand in for another place's parameter. */
static void other_places_do_not_count(void **state)
{
	static const struct call_input elsewhere[] = {{IN_PATH, TEXT("uid"), TEXT("p")},
						      {IN_QUERY, TEXT("uid"), TEXT("q")}};
	struct scene *s = *state;

	s->call = (struct call){.op = &row,
				.arena = &s->arena,
				.inputs = elsewhere,
				.input_count = ARRAY_LEN(elsewhere),
				.body = TEXT("{\"uid\":\"b\"}"),
				.arguments = TEXT("{}")};
	assert_true(call_read_params(&s->call, &row, &s->err));
	assert_null(call_string(&s->call, "uid"));
}

static struct text many_unknown(struct arena *a, size_t count)
{
	struct text json;
	struct buf b;

	buf_init(&b, 16 * 1024 * 1024);
	buf_add_char(&b, '{');
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s\"unknown-%zu\":%zu", i == 0 ? "" : ",", i, i);
	buf_add_char(&b, '}');
	assert_true(buf_complete(&b));
	json = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return json;
}

/* Not every one of a hundred thousand faults is named, and what is said is whole. */
static void many_unknown_ones(void **state)
{
	struct scene *s = *state;
	int64_t started = clock_now_ms();
	json_t *details;

	assert_false(read_text(s, &row, many_unknown(&s->arena, 100000)));
	assert_true(strlen(s->err.message) < sizeof s->err.message);
	assert_true(json_tree_read(s->err.details, &details, &s->err));
	assert_in_range(json_array_size(json_object_get(details, "faults")), 1, 100);
	json_decref(details);
	assert_true(clock_now_ms() - started < 5000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		TEST(every_type),        TEST(nothing_given), TEST(wrong_types),
		TEST(each_fault),        TEST(lengths),       TEST(what_is_required),
		TEST(what_is_unknown),   TEST(given_twice),   TEST(other_places_do_not_count),
		TEST(many_unknown_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
