/*
 * What a status of Palette's means, for each credential and purpose; and whose words end up in the
 * message.
 */
#include "unit/palette/fixture.h"

#include "json/json.h"

/* The answer to everything. */
struct script {
	int status;
	const char *body;
	const char *retry_after;
};

static void answer_script(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	const struct script *script = context;

	(void)request;
	answer->status = script->status;
	answer->retry_after = script->retry_after;
	buf_add_string(answer->body, script->body);
}

static bool fetch(struct fixture *f, enum palette_purpose purpose)
{
	struct palette_request r = {
		.purpose = purpose,
		.expect = PALETTE_OBJECT,
		.method = purpose == PALETTE_CREATE ? "POST" : "GET",
		.path = "/v1/x",
		.project = "p1",
		.body = purpose == PALETTE_CREATE ? TEXT("{}") : TEXT(""),
		.what = "Thing t1",
	};
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

/* The documented table, written out: a kind for {api key, session} x {read, list, create, check}.
 */
#define INPUT     ERROR_INPUT
#define UNAUTH    ERROR_UNAUTHENTICATED
#define DENIED    ERROR_DENIED
#define NOT_FOUND ERROR_NOT_FOUND
#define CONFLICT  ERROR_CONFLICT
#define RULES     ERROR_UNPROCESSABLE
#define UPSTREAM  ERROR_UPSTREAM
#define BUSY      ERROR_UNAVAILABLE

enum { KEY, SESSION, CREDENTIALS };
enum { READ, LIST, CREATE, CHECK, PURPOSES };

static const struct {
	int status;
	enum error_kind expected[CREDENTIALS][PURPOSES];
} table[] = {
	/*     api key: read, list, create, check; session: the same */
	{301, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{302, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{307, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{400, {{INPUT, UPSTREAM, INPUT, INPUT}, {INPUT, UPSTREAM, INPUT, INPUT}}},
	{401, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UNAUTH, UNAUTH, UNAUTH, UNAUTH}}},
	{402, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{403, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {DENIED, DENIED, DENIED, DENIED}}},
	{404,
	 {{NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND},
	  {NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND}}},
	{405, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{409, {{UPSTREAM, UPSTREAM, CONFLICT, CONFLICT}, {UPSTREAM, UPSTREAM, CONFLICT, CONFLICT}}},
	{410, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{422, {{INPUT, UPSTREAM, RULES, RULES}, {INPUT, UPSTREAM, RULES, RULES}}},
	{429, {{BUSY, BUSY, BUSY, BUSY}, {BUSY, BUSY, BUSY, BUSY}}},
	{500, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{502, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{503, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{504, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
	{599, {{UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}, {UPSTREAM, UPSTREAM, UPSTREAM, UPSTREAM}}},
};

static const enum palette_purpose purposes[PURPOSES] = {PALETTE_READ, PALETTE_LIST, PALETTE_CREATE,
							PALETTE_CHECK};

static void every_status_is_the_documented_kind(void **state)
{
	struct script script = {.body = "{\"code\":\"SomeCode\",\"message\":\"some words\"}"};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (int credential = 0; credential < CREDENTIALS; credential++) {
		fixture_open(f, credential == SESSION ? TEXT("tok") : (struct text){NULL, 0},
			     60000);
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			for (int purpose = 0; purpose < PURPOSES; purpose++) {
				script.status = table[i].status;
				assert_false(fetch(f, purposes[purpose]));
				if (f->err.kind != table[i].expected[credential][purpose])
					fail_msg("%d, credential %d, purpose %d: kind %d (%s)",
						 script.status, credential, purpose, f->err.kind,
						 f->err.message);
				assert_int_equal(f->err.upstream_status, script.status);
				assert_int_equal(strncmp(f->err.message, "Thing t1", 8), 0);
				assert_int_equal(f->err.reauthenticate,
						 credential == SESSION && script.status == 401);
			}
		}
	}
	fixture_free(f);
}

static void a_change_fails_as_a_create_does(void **state)
{
	struct script script = {.body = "{\"code\":\"SomeCode\",\"message\":\"some words\"}"};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		script.status = table[i].status;
		assert_false(fetch(f, PALETTE_CHANGE));
		assert_int_equal(f->err.kind, table[i].expected[KEY][CREATE]);
	}
	fixture_free(f);
}

static void a_bad_uid_on_a_read_is_not_found(void **state)
{
	static const char *const bodies[] = {
		"{\"code\":\"InvalidUid\",\"message\":\"nope\"}",
		"{\"code\":\"X\",\"message\":\"Invalid uid 'zz'\"}",
		"{\"message\":\"The UID is not valid\"}",
	};
	struct script script = {.status = 400};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		script.body = bodies[i];
		assert_false(fetch(f, PALETTE_READ));
		assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
		assert_string_equal(f->err.message, "Thing t1 not found");
		assert_false(fetch(f, PALETTE_CREATE));
		assert_int_equal(f->err.kind, ERROR_INPUT);
	}
	fixture_free(f);
}

static void a_refused_api_token_names_its_environment_and_not_itself(void **state)
{
	struct script script = {.status = 401, .body = "{\"message\":\"key prod-api-token bad\"}"};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	assert_false(fetch(f, PALETTE_LIST));
	assert_string_equal(
		f->err.message,
		"Thing t1: Palette refused the apiToken configured for environment prod (401)");
	assert_int_equal(f->err.details.len, 0);
	script.status = 403;
	assert_false(fetch(f, PALETTE_LIST));
	assert_string_equal(
		f->err.message,
		"Thing t1: Palette refused the apiToken configured for environment prod "
		"(403), asked for project p1");
	f->environments[0].name = NULL;
	assert_false(fetch(f, PALETTE_LIST));
	assert_non_null(strstr(f->err.message, "(unnamed)"));
	fixture_free(f);
}

static json_t *details_of(struct fixture *f)
{
	json_t *tree;

	assert_true(json_tree_read(f->err.details, &tree, &f->err));
	return tree;
}

static void palettes_words_come_along_on_a_create(void **state)
{
	struct script script = {
		.status = 422,
		.body = "{\"code\":4711,\"message\":\"bad\\u0007 pool\",\"ref\":\"r-1\","
			"\"details\":{\"pools\":[{\"name\":\"w\"}]},\"stack\":\"at main.go:7\"}"};
	struct fixture *f = fixture_new(answer_script, &script);
	json_t *details;
	json_t *words;

	(void)state;
	assert_false(fetch(f, PALETTE_CREATE));
	assert_string_equal(f->err.message, "Thing t1: Palette says: bad  pool");
	details = details_of(f);
	words = json_object_get(details, "palette");
	assert_string_equal(json_string_value(json_object_get(words, "code")), "4711");
	assert_string_equal(json_string_value(json_object_get(words, "message")), "bad  pool");
	assert_string_equal(json_string_value(json_object_get(words, "ref")), "r-1");
	assert_non_null(json_object_get(json_object_get(words, "details"), "pools"));
	assert_null(json_object_get(words, "stack"));
	json_decref(details);
	fixture_free(f);
}

/* A proxy's page, an answer of another form: nothing of it reaches anybody. */
static void text_that_is_not_palettes_stays_inside(void **state)
{
	static const char *const bodies[] = {
		"",
		"<html>stack trace</html>",
		"[\"stack trace\"]",
		"\"stack trace\"",
		"{\"message\":{\"stack\":\"stack trace\"}}",
		"{\"trace\":\"stack trace\"}",
		"{\"message\":\"\",\"trace\":\"stack trace\"}",
		"{\"message\":\"stack trace\"} trailing",
	};
	static const int statuses[] = {400, 403, 404, 409, 422, 429, 500, 503};
	struct script script;
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	fixture_open(f, TEXT("tok"), 60000);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		for (size_t s = 0; s < ARRAY_LEN(statuses); s++) {
			for (int purpose = 0; purpose < PURPOSES; purpose++) {
				script = (struct script){statuses[s], bodies[i], NULL};
				assert_false(fetch(f, purposes[purpose]));
				assert_null(strstr(f->err.message, "stack"));
				/* No details at all rather than empty ones. */
				assert_int_equal(f->err.details.len, 0);
			}
		}
	}
	fixture_free(f);
}

static void a_failure_of_palettes_keeps_its_words_inside(void **state)
{
	static const int statuses[] = {401, 429, 500, 502, 503};
	struct script script = {.body = "{\"code\":\"Oops\",\"message\":\"db-1.internal down\"}"};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		script.status = statuses[i];
		assert_false(fetch(f, PALETTE_READ));
		assert_null(strstr(f->err.message, "db-1"));
		assert_int_equal(f->err.details.len, 0);
	}
	fixture_free(f);
}

static void long_words_are_cut_visibly_and_stay_text(void **state)
{
	enum { LONG = 5000 };
	struct script script = {.status = 409};
	struct fixture *f = fixture_new(answer_script, &script);
	char *body = malloc(2 * LONG + 100);
	char *at = body;

	(void)state;
	assert_non_null(body);
	at += sprintf(at, "{\"message\":\"x");
	for (int i = 0; i < LONG; i++)
		at += sprintf(at, "\xC3\xA4");
	sprintf(at, "\"}");
	script.body = body;
	assert_false(fetch(f, PALETTE_CREATE));
	assert_int_equal(f->err.kind, ERROR_CONFLICT);
	assert_true(text_is_utf8(text_of(f->err.message)));
	assert_true(text_ends(text_of(f->err.message), "\xC3\xA4..."));
	free(body);
	fixture_free(f);
}

static void huge_details_are_left_out_whole(void **state)
{
	enum { HUGE = 100 * 1024 };
	struct script script = {.status = 422};
	struct fixture *f = fixture_new(answer_script, &script);
	char *body = malloc(HUGE + 200);
	json_t *details;
	size_t len;

	(void)state;
	assert_non_null(body);
	len = (size_t)sprintf(body, "{\"code\":\"X\",\"message\":\"m\",\"details\":{\"a\":\"");
	memset(body + len, 'd', HUGE);
	strcpy(body + len + HUGE, "\"}}");
	script.body = body;
	assert_false(fetch(f, PALETTE_CREATE));
	details = details_of(f);
	assert_non_null(json_object_get(json_object_get(details, "palette"), "code"));
	assert_null(json_object_get(json_object_get(details, "palette"), "details"));
	json_decref(details);
	free(body);
	fixture_free(f);
}

static void a_rate_limit_says_when_to_come_back(void **state)
{
	static const struct {
		const char *header;
		int seconds;
	} rows[] = {
		{NULL, 5},    {"", 5},      {"90000000", 3600}, {"9999999999999999999999", 5},
		{"-1", 5},    {"0", 5},     {"soon", 5},        {" 4000 ", 3600},
		{"300.5", 5}, {"300", 300},
	};
	struct script script = {.status = 429, .body = ""};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		script.retry_after = rows[i].header;
		fixture_open(f, (struct text){NULL, 0}, 60000);
		assert_false(fetch(f, PALETTE_READ));
		assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
		assert_int_equal(f->err.retry_after_s, rows[i].seconds);
	}
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_is_the_documented_kind),
		cmocka_unit_test(a_change_fails_as_a_create_does),
		cmocka_unit_test(a_bad_uid_on_a_read_is_not_found),
		cmocka_unit_test(a_refused_api_token_names_its_environment_and_not_itself),
		cmocka_unit_test(palettes_words_come_along_on_a_create),
		cmocka_unit_test(text_that_is_not_palettes_stays_inside),
		cmocka_unit_test(a_failure_of_palettes_keeps_its_words_inside),
		cmocka_unit_test(long_words_are_cut_visibly_and_stay_text),
		cmocka_unit_test(huge_details_are_left_out_whole),
		cmocka_unit_test(a_rate_limit_says_when_to_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
