/* Inputs: every type at its edges, given twice, empty or undecodable, and all faults at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/op.h"
#include "json/json.h"

static const char *const colours[] = {"red", "green", NULL};

/* A row that has one of each. */
static const struct op row = {
	.name = "test.all",
	.params = PARAMS(PATH_IDENTIFIER("id", "An identifier"), QUERY_IDENTIFIER("uid", "Another"),
			 QUERY_NAME("word", "A name"),
			 {.name = "text", .in = IN_QUERY, .type = PARAM_TEXT, .help = "Any text"},
			 QUERY_CHOICE("colour", colours, "A colour"),
			 QUERY_NOT_FALSE("frp", "A switch"), BODY_STRINGS("names", "Names"),
			 {.name = "extra", .in = IN_BODY, .type = PARAM_OBJECT, .help = "More"}),
};

enum { MOST_INPUTS = 16 };

struct request {
	struct arena arena;
	struct call_input inputs[MOST_INPUTS];
	struct call call;
	struct error err;
};

static int request_begin(void **state)
{
	struct request *r = calloc(1, sizeof *r);

	assert_non_null(r);
	arena_init(&r->arena);
	*state = r;
	return 0;
}

static int request_end(void **state)
{
	struct request *r = *state;

	arena_fini(&r->arena);
	free(r);
	return 0;
}

/* A request that the row takes: what a test adds is what it is about. */
static void begin(struct request *r, const struct op *op)
{
	r->call = (struct call){.op = op, .arena = &r->arena, .inputs = r->inputs};
	r->call.body = TEXT("{\"names\":[\"a\"]}");
	r->inputs[0] = (struct call_input){IN_PATH, TEXT("id"), TEXT("c1")};
	r->call.input_count = 1;
}

static void add(struct request *r, enum param_in in, const char *name, struct text value)
{
	r->inputs[r->call.input_count++] = (struct call_input){in, text_of(name), value};
}

static bool read_all(struct request *r)
{
	return call_read_params(&r->call, r->call.op, &r->err);
}

static void assert_refused(struct request *r, const char *message)
{
	assert_false(read_all(r));
	assert_int_equal(r->err.kind, ERROR_INPUT);
	assert_string_equal(r->err.message, message);
}

static void what_is_given_is_read(void **state)
{
	struct request *r = *state;
	const char *const *names;
	size_t count;

	begin(r, &row);
	add(r, IN_QUERY, "uid", TEXT("u-1_2.3"));
	add(r, IN_QUERY, "word", TEXT("metadata"));
	add(r, IN_QUERY, "text", TEXT("DC / \xC3\xA4 \"1\""));
	add(r, IN_QUERY, "colour", TEXT("green"));
	add(r, IN_QUERY, "frp", TEXT("false"));
	add(r, IN_QUERY, "unknown", TEXT("x"));
	r->call.body =
		TEXT(" {\"n\\u0061mes\":[\"a\",\"b\\n\"],\"extra\":{ \"x\": 1.50 },\"z\":1}\n");
	assert_true(read_all(r));
	assert_string_equal(call_string(&r->call, "id"), "c1");
	assert_string_equal(call_string(&r->call, "uid"), "u-1_2.3");
	assert_string_equal(call_string(&r->call, "word"), "metadata");
	assert_string_equal(call_string(&r->call, "text"), "DC / \xC3\xA4 \"1\"");
	assert_string_equal(call_string(&r->call, "colour"), "green");
	assert_false(call_bool(&r->call, "frp"));
	names = call_strings(&r->call, "names", &count);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b\n");
	assert_true(text_is(call_json(&r->call, "extra"), "{ \"x\": 1.50 }"));
}

static void what_is_not_given_has_its_fallback(void **state)
{
	struct request *r = *state;

	begin(r, &row);
	assert_true(read_all(r));
	assert_null(call_string(&r->call, "uid"));
	assert_null(call_string(&r->call, "text"));
	assert_true(call_bool(&r->call, "frp"));
	assert_null(call_json(&r->call, "extra").ptr);
	/* An empty value in a query is none. */
	begin(r, &row);
	add(r, IN_QUERY, "uid", TEXT(""));
	add(r, IN_QUERY, "frp", TEXT(""));
	add(r, IN_QUERY, "colour", TEXT(""));
	assert_true(read_all(r));
	assert_null(call_string(&r->call, "uid"));
	assert_true(call_bool(&r->call, "frp"));
}

static void only_the_literal_false_is_false(void **state)
{
	static const char *const words[] = {"true", "False",  "FALSE", "0",
					    "no",   "false ", "falsee"};
	struct request *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		begin(r, &row);
		add(r, IN_QUERY, "frp", text_of(words[i]));
		assert_true(read_all(r));
		assert_true(call_bool(&r->call, "frp"));
	}
}

#define FORM "must be an identifier: 1 to 128 letters, digits, '-', '_' or '.'"

static void identifiers(void **state)
{
	static char long_one[129];
	static const char *const good[] = {"a",  "Z",  "0",   "-",         "_",         "...",
					   ".a", "a.", "a.b", "Metadata1", "6f1a-B_c.d"};
	static const struct text bad[] = {
		TEXT(""),    TEXT("."),   TEXT(".."),  TEXT("a/b"),      TEXT("a?b"),   TEXT("a#b"),
		TEXT("a%b"), TEXT("a b"), TEXT("a+b"), TEXT("a\\b"),     TEXT("a\0b"),  TEXT("\0"),
		TEXT("a\n"), TEXT("a:b"), TEXT("a@b"), TEXT("\xC3\xA4"), TEXT("a\x7F"), TEXT("~a"),
		TEXT("a,b"), TEXT("a;b"), TEXT("*"),   TEXT("a\r\nX:y"), TEXT("..\\..")};

	(void)state;
	memset(long_one, 'x', sizeof long_one);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_null(param_identifier_problem(text_of(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_string_equal(param_identifier_problem(bad[i]), FORM);
	assert_null(param_identifier_problem((struct text){long_one, 128}));
	assert_string_equal(param_identifier_problem((struct text){long_one, 129}), FORM);
}

static void words_of_palettes_paths_are_no_identifiers(void **state)
{
	static const char *const words[] = {"meta", "METADATA", "search", "Validate", "kubeconfig"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_string_equal(param_identifier_problem(text_of(words[i])),
				    "must be an identifier, not a word of Palette's own paths");
}

static void each_fault_of_a_single_value(void **state)
{
	static char long_text[257];
	struct request *r = *state;
	const struct {
		const char *name;
		struct text value;
		const char *message;
	} rows[] = {
		{"uid", TEXT("../x"), "uid (in the query) " FORM},
		{"uid", TEXT("search"),
		 "uid (in the query) must be an identifier, not a word of Palette's own paths"},
		{"uid", {NULL, 0}, "uid (in the query) is not valid percent-encoded UTF-8"},
		{"word", TEXT("a b"), "word (in the query) " FORM},
		{"text", TEXT("a\tb"), "text (in the query) must not hold control characters"},
		{"text", TEXT("a\x7F"), "text (in the query) must not hold control characters"},
		{"text",
		 {long_text, 257},
		 "text (in the query) must be 1 to 256 characters of text"},
		{"colour", TEXT("Red"), "colour (in the query) must be one of: red, green"},
		{"frp", {NULL, 0}, "frp (in the query) is not valid percent-encoded UTF-8"},
	};

	memset(long_text, 'x', sizeof long_text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(r, &row);
		add(r, IN_QUERY, rows[i].name, rows[i].value);
		assert_refused(r, rows[i].message);
		/* What was refused is not there for anybody who looks. */
		for (size_t v = 0; v < MAX_PARAMS; v++)
			if (row.params[v].name == NULL)
				break;
			else if (strcmp(row.params[v].name, rows[i].name) == 0)
				assert_false(r->call.values[v].given);
	}
	begin(r, &row);
	add(r, IN_QUERY, "text", (struct text){long_text, 256});
	assert_true(read_all(r));
}

static void given_twice_is_a_fault(void **state)
{
	struct request *r = *state;

	begin(r, &row);
	add(r, IN_QUERY, "uid", TEXT("a"));
	add(r, IN_QUERY, "uid", TEXT("a"));
	assert_refused(r, "uid (in the query) was given more than once");
	begin(r, &row);
	add(r, IN_QUERY, "uid", TEXT(""));
	add(r, IN_QUERY, "uid", TEXT("b"));
	assert_refused(r, "uid (in the query) was given more than once");
	begin(r, &row);
	r->call.body = TEXT("{\"names\":[\"a\"],\"n\\u0061mes\":[\"b\"]}");
	assert_refused(r, "names (in the body) was given more than once");
}

/* A query parameter does not stand in for one of the path, nor the other way round. */
static void places_do_not_mix(void **state)
{
	struct request *r = *state;

	begin(r, &row);
	r->call.input_count = 0;
	add(r, IN_QUERY, "id", TEXT("c1"));
	assert_refused(r, "id (in the path) is required");
	begin(r, &row);
	add(r, IN_PATH, "uid", TEXT("x y"));
	assert_true(read_all(r));
	assert_null(call_string(&r->call, "uid"));
	begin(r, &row);
	r->inputs[0].value = TEXT("");
	assert_refused(r, "id (in the path) " FORM);
}

/* ---- headers ---- */

static const struct op keyed = {
	.name = "test.keyed",
	.params = PARAMS(HEADER_KEY("Idempotency-Key", "A key")),
};

#define KEY_FORM                                                                              \
	"Idempotency-Key (in the header) must be 1 to 255 visible ASCII characters, with or " \
	"without quotes around them"

static void give_headers(struct request *r, const struct http_header *headers, size_t count)
{
	begin(r, &keyed);
	r->call.headers = headers;
	r->call.header_count = count;
}

static void keys_are_read(void **state)
{
	static char longest[257];
	static const struct {
		const char *sent;
		const char *read;
	} good[] = {
		{"8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"},
		{"\"8e03978e\"", "8e03978e"},
		{"  x\t", "x"},
		{"\"a\\\"b\\\\c\"", "a\"b\\c"},
		{"a\\b", "a\\b"},
		{"a\"b", "a\"b"},
		{"!~", "!~"},
		{longest, longest},
	};
	struct request *r = *state;

	memset(longest, 'k', 255);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct http_header h[] = {{TEXT("Authorization"), TEXT("x")},
						{TEXT("IDEMPOTENCY-key"), text_of(good[i].sent)}};

		give_headers(r, h, 2);
		assert_true(read_all(r));
		assert_string_equal(call_string(&r->call, "Idempotency-Key"), good[i].read);
	}
	give_headers(r, NULL, 0);
	assert_true(read_all(r));
	assert_null(call_string(&r->call, "Idempotency-Key"));
}

static void bad_keys_are_refused(void **state)
{
	static char too_long[257];
	static const char *const bad[] = {
		"",        " ",        "\"\"",     "\"",        "\"a",     "a b",
		"\"a b\"", "a\tb",     "\"a\"b\"", "\"a\";q=1", "\"a\\\"", "\"a\\b\"",
		"\"\\\"",  "\xc3\xa4", "\"\xc3\"", "a\x7f",     too_long,
	};
	struct request *r = *state;
	const struct http_header twice[] = {{TEXT("Idempotency-Key"), TEXT("a")},
					    {TEXT("idempotency-key"), TEXT("a")}};

	memset(too_long, 'k', 256);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct http_header h = {TEXT("Idempotency-Key"), text_of(bad[i])};

		give_headers(r, &h, 1);
		assert_refused(r, KEY_FORM);
		assert_string_equal(json_string_at(&r->arena, r->err.details, "/faults/0/in", ""),
				    "header");
	}
	give_headers(r, twice, 2);
	assert_refused(r, "Idempotency-Key (in the header) was given more than once");
}

static void bodies(void **state)
{
	static const char form[] =
		"names (in the body) must be an array of 1 to 1000 non-empty strings";
	static const struct {
		const char *body;
		const char *message; /* its start; NULL: fine */
	} rows[] = {
		{"{\"names\":[\"a\"]}", NULL},
		{"{\"names\":[\"a\"],\"extra\":{}}", NULL},
		{"", "names (in the body) is required"},
		{" \r\n\t ", "names (in the body) is required"},
		{"{}", "names (in the body) is required"},
		{"{\"Names\":[\"a\"]}", "names (in the body) is required"},
		{"{\"names\":null}", form},
		{"{\"names\":\"a\"}", form},
		{"{\"names\":{}}", form},
		{"{\"names\":[]}", form},
		{"{\"names\":[\"\"]}", form},
		{"{\"names\":[\"a\",7]}", form},
		{"{\"names\":[\"a\\u0000\"]}", form},
		{"{\"names\":[[\"a\"]]}", form},
		{"{\"names\":[\"a\"],\"extra\":null}", "extra (in the body) must be a JSON object"},
		{"{\"names\":[\"a\"],\"extra\":[]}", "extra (in the body) must be a JSON object"},
		{"{\"names\":[\"a\"]", "The body is not valid JSON: "},
		{"{\"names\":[\"a\"]} x", "The body is not valid JSON: "},
		{"{'names':['a']}", "The body is not valid JSON: "},
		{"names=a", "The body is not valid JSON: "},
		{"[]", "The body must be a JSON object"},
		{"\"names\"", "The body must be a JSON object"},
		{"null", "The body must be a JSON object"},
	};
	struct request *r = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(r, &row);
		r->call.body = text_of(rows[i].body);
		assert_int_equal(read_all(r), rows[i].message == NULL);
		if (rows[i].message == NULL)
			continue;
		assert_int_equal(r->err.kind, ERROR_INPUT);
		if (strncmp(r->err.message, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: %s", rows[i].body, r->err.message);
	}
}

/* {"names":["n0","n1",...]} */
static struct text body_of_names(struct arena *a, int count)
{
	struct text body;
	struct buf b;

	buf_init(&b, 1024 * 1024);
	buf_add_string(&b, "{\"names\":[");
	for (int i = 0; i < count; i++)
		buf_printf(&b, "%s\"n%d\"", i == 0 ? "" : ",", i);
	buf_add_string(&b, "]}");
	body = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return body;
}

static void a_thousand_names_and_one_more(void **state)
{
	struct request *r = *state;
	size_t count;

	begin(r, &row);
	r->call.body = body_of_names(&r->arena, 1000);
	assert_true(read_all(r));
	(void)call_strings(&r->call, "names", &count);
	assert_int_equal(count, 1000);
	begin(r, &row);
	r->call.body = body_of_names(&r->arena, 1001);
	assert_false(read_all(r));
}

static void a_body_that_nobody_asked_for_is_not_read(void **state)
{
	const struct op no_body = {.params = PARAMS(QUERY_IDENTIFIER("uid", "One"))};
	static const struct op nothing = {.params = NULL};
	struct request *r = *state;

	begin(r, &no_body);
	r->call.body = TEXT("not JSON");
	assert_true(read_all(r));
	begin(r, &nothing);
	r->call.body = TEXT("not JSON");
	assert_true(read_all(r));
}

static void the_whole_body_as_one(void **state)
{
	const struct op whole = {.params = PARAMS(WHOLE_BODY("cluster", NULL, "A cluster"))};
	struct request *r = *state;

	begin(r, &whole);
	r->call.body = TEXT("  {\"a\": 1e400}\n");
	assert_true(read_all(r));
	assert_true(text_is(call_json(&r->call, "cluster"), "{\"a\": 1e400}"));
	begin(r, &whole);
	r->call.body = TEXT("");
	assert_true(read_all(r));
	assert_true(text_is(call_json(&r->call, "cluster"), "{}"));
	begin(r, &whole);
	r->call.body = TEXT("[]");
	assert_refused(r, "The body must be a JSON object");
}

static void all_faults_are_named_at_once(void **state)
{
	struct request *r = *state;
	json_t *details;
	json_t *faults;

	begin(r, &row);
	r->inputs[0].value = TEXT("..");
	add(r, IN_QUERY, "uid", TEXT("a/b"));
	add(r, IN_QUERY, "colour", TEXT("blue"));
	r->call.body = TEXT("{\"extra\":7}");
	assert_refused(r, "id (in the path) " FORM "; uid (in the query) " FORM
			  "; colour (in the query) must be one of: red, green; "
			  "names (in the body) is required; extra (in the body) must be a JSON "
			  "object");
	assert_true(json_tree_read(r->err.details, &details, &r->err));
	faults = json_object_get(details, "faults");
	assert_int_equal(json_array_size(faults), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(faults, 2), "field")),
			    "colour");
	assert_string_equal(json_string_value(json_object_get(json_array_get(faults, 2), "in")),
			    "query");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(faults, 2), "message")),
		"must be one of: red, green");
	json_decref(details);
}

/* A message holds what is wrong, never what was sent: that may be anything, of any length. */
static void a_fault_does_not_repeat_the_input(void **state)
{
	struct request *r = *state;

	begin(r, &row);
	add(r, IN_QUERY, "uid", TEXT("<script>alert(1)</script>"));
	add(r, IN_QUERY, "colour", TEXT("<b>"));
	r->call.body = TEXT("{\"names\":\"<i>\"}");
	assert_false(read_all(r));
	assert_null(strchr(r->err.message, '<'));
	r->call.body = TEXT("{\"<i>\":}");
	assert_false(read_all(r));
	assert_null(strchr(r->err.message, '<'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_is_read),
		cmocka_unit_test(what_is_not_given_has_its_fallback),
		cmocka_unit_test(only_the_literal_false_is_false),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(words_of_palettes_paths_are_no_identifiers),
		cmocka_unit_test(each_fault_of_a_single_value),
		cmocka_unit_test(given_twice_is_a_fault),
		cmocka_unit_test(places_do_not_mix),
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(bad_keys_are_refused),
		cmocka_unit_test(bodies),
		cmocka_unit_test(a_thousand_names_and_one_more),
		cmocka_unit_test(a_body_that_nobody_asked_for_is_not_read),
		cmocka_unit_test(the_whole_body_as_one),
		cmocka_unit_test(all_faults_are_named_at_once),
		cmocka_unit_test(a_fault_does_not_repeat_the_input),
	};

	return cmocka_run_group_tests(tests, request_begin, request_end);
}
