/* backend.cors. */
#include "unit/config/fixture.h"

#include "base/glob.h"

#define CORS(members) "backend: {cors: {" members "}}"

static bool allows(const struct fixture *f, const char *origin)
{
	const struct config_cors *cors = &f->config->cors;

	for (size_t i = 0; i < cors->origin_count; i++)
		if (glob_matches(cors->origins[i], text_of(origin)))
			return true;
	return false;
}

static void nothing_set(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "backend: {}");
	assert_false(f->config->cors.enabled);
	assert_false(f->config->cors.any_origin);
	assert_int_equal(f->config->cors.origin_count, 0);
	fixture_loads(f, "backend: {cors: null}");
	assert_false(f->config->cors.enabled);
}

/* As the npm package does; but it is said. */
static void no_origin_is_every_origin(void **state)
{
	static const char notice[] = "no origin: pages of every origin may read the answers";
	static const char *const all[] = {"backend: {cors: {}}", CORS("credentials: true"),
					  CORS("origin: null")};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		fixture_loads(f, all[i]);
		assert_true(f->config->cors.enabled);
		assert_true(f->config->cors.any_origin);
		assert_true(fixture_noticed(f, "backend.cors.origin", notice));
	}
	fixture_loads(f, CORS("origin: []"));
	assert_true(f->config->cors.enabled);
	assert_false(f->config->cors.any_origin);
	assert_int_equal(f->config->cors.origin_count, 0);
}

static void a_lost_variable_opens_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_fails(f, CORS("origin: '${NONE}'"),
		      "app-config.yaml:1:26: backend.cors.origin: a variable in it is not set; "
		      "every origin would be allowed");
	fixture_loads(f, CORS("origin: ['${NONE}', 'https://a']"));
	assert_int_equal(f->config->cors.origin_count, 1);
	fixture_loads(f, CORS("origin: ['${NONE}']"));
	assert_false(f->config->cors.any_origin);
	assert_int_equal(f->config->cors.origin_count, 0);
	fixture_loads(f, "backend: {cors: '${NONE}'}");
	assert_false(f->config->cors.enabled);
	assert_true(fixture_noticed(f, "backend.cors",
				    "a variable in it is not set; no page of another origin may "
				    "read the answers"));
}

static void origins(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, CORS("origin: 'https://*.Example.com'"));
	assert_true(allows(f, "HTTPS://a.b.example.COM"));
	assert_false(allows(f, "https://example.com"));
	assert_false(f->config->cors.null_origin);
	fixture_loads(f, CORS("origin: ['http://localhost:3000', 'https://**', 'Null']"));
	assert_int_equal(f->config->cors.origin_count, 3);
	assert_true(allows(f, "http://localhost:3000"));
	assert_true(allows(f, "https://x"));
	assert_false(allows(f, "https://x/y"));
	assert_true(f->config->cors.null_origin);
	for (size_t i = 0; i < f->notices.count; i++)
		assert_null(strstr(f->notices.items[i].path, "cors"));
}

static void unwise_origins_are_remarked_upon(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, CORS("origin: ['*', '!https://a', '#https://a']"));
	assert_true(fixture_noticed(f, "backend.cors.origin[0]",
				    "matches no origin of a website: they begin with http:// or "
				    "https://, and '*' takes no '/'"));
	assert_true(fixture_noticed(f, "backend.cors.origin[1]",
				    "matches every origin but those behind the '!'"));
	assert_true(
		fixture_noticed(f, "backend.cors.origin[2]",
				"matches no origin: a pattern that begins with '#' is a comment"));
	assert_false(f->config->cors.null_origin);
}

static void the_others(void **state)
{
	struct fixture *f = *state;
	const struct config_cors *cors;

	fixture_loads(f, CORS("origin: 'https://a'"));
	cors = &f->config->cors;
	assert_string_equal(cors->methods, "GET,HEAD,PUT,PATCH,POST,DELETE");
	assert_null(cors->allowed_headers);
	assert_string_equal(cors->exposed_headers, "");
	assert_string_equal(cors->max_age, "");
	assert_false(cors->credentials);
	assert_false(cors->preflight_continue);
	assert_int_equal(cors->preflight_status, 204);
	fixture_loads(f, CORS("origin: 'https://a', methods: [GET, 'PUT , POST'], "
			      "allowedHeaders: [], exposedHeaders: 'x-a, x-b', credentials: 'yes', "
			      "maxAge: '600', preflightContinue: true, optionsSuccessStatus: 200"));
	cors = &f->config->cors;
	assert_string_equal(cors->methods, "GET,PUT , POST");
	assert_string_equal(cors->allowed_headers, "");
	assert_string_equal(cors->exposed_headers, "x-a, x-b");
	assert_string_equal(cors->max_age, "600");
	assert_true(cors->credentials);
	assert_true(cors->preflight_continue);
	assert_int_equal(cors->preflight_status, 200);
	fixture_loads(f, CORS("maxAge: 0"));
	assert_string_equal(f->config->cors.max_age, "0");
	fixture_loads(f, CORS("maxAge: -1"));
	assert_string_equal(f->config->cors.max_age, "-1");
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{"backend: {cors: true}", "17: backend.cors: got a boolean, wanted a map"},
		{CORS("origin: false"),
		 "26: backend.cors.origin: got the boolean false, wanted globs such as "
		 "https://*.example.com"},
		{CORS("origin: ''"),
		 "26: backend.cors.origin: got an empty string, wanted globs such as "
		 "https://*.example.com"},
		{CORS("origin: [a, 7]"),
		 "30: backend.cors.origin[1]: got the number 7, wanted globs such as "
		 "https://*.example.com"},
		{CORS("origin: ['https://!(a|@(b))']"),
		 "27: backend.cors.origin[0]: not usable as a glob: a negated group has nothing, "
		 "or another group, before its ')'"},
		{CORS("origin: \"https://\xc3\xa9\""),
		 "26: backend.cors.origin: not usable as a glob: it has a character that is not "
		 "printable ASCII"},
		{CORS("methods: GET POST"),
		 "27: backend.cors.methods: got the string 'GET POST', wanted names of methods"},
		{CORS("methods: [\"GET\\r\\nX: y\"]"),
		 "28: backend.cors.methods[0]: got a string, wanted names of methods"},
		{CORS("allowedHeaders: [x-a, 'x:y']"),
		 "40: backend.cors.allowedHeaders[1]: got the string 'x:y', wanted names of "
		 "headers"},
		{CORS("exposedHeaders: 'a,,b'"),
		 "34: backend.cors.exposedHeaders: got the string 'a,,b', wanted names of headers"},
		{CORS("exposedHeaders: {a: b}"),
		 "34: backend.cors.exposedHeaders: got a map, wanted names of headers"},
		{CORS("credentials: maybe"),
		 "31: backend.cors.credentials: got the string 'maybe', wanted true or false"},
		{CORS("maxAge: 1.5"), "26: backend.cors.maxAge: got the number 1.5, wanted a whole "
				      "number of seconds, at least -1"},
		{CORS("maxAge: -2"), "26: backend.cors.maxAge: got the number -2, wanted a whole "
				     "number of seconds, at least -1"},
		{CORS("optionsSuccessStatus: 404"),
		 "40: backend.cors.optionsSuccessStatus: got the number 404, wanted a whole number "
		 "from 200 to 299"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char message[512];

		snprintf(message, sizeof message, "app-config.yaml:1:%s", cases[i].message);
		fixture_fails(f, cases[i].yaml, message);
	}
}

static void lengths_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf yaml;

	buf_init(&yaml, 64 * 1024);
	buf_add_string(&yaml, "backend: {cors: {origin: [");
	for (int i = 0; i < 101; i++)
		buf_add_string(&yaml, "'https://a',");
	buf_add_string(&yaml, "]}}");
	fixture_fails(f, yaml.ptr,
		      "app-config.yaml:1:26: backend.cors.origin: more than 100 origins");
	buf_truncate(&yaml, 0);
	buf_add_string(&yaml, "backend: {cors: {exposedHeaders: [");
	for (int i = 0; i < 1000; i++)
		buf_add_string(&yaml, "x-abc,");
	buf_add_string(&yaml, "]}}");
	fixture_fails(f, yaml.ptr,
		      "app-config.yaml:1:34: backend.cors.exposedHeaders: longer than 4096 bytes");
	buf_fini(&yaml);
}

/* What is shown can be read again, and a section that is not there does not appear. */
static void it_is_shown_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	buf_init(&out, 64 * 1024);
	fixture_loads(f, "backend: {}");
	config_show(f->config, &out);
	assert_null(strstr(out.ptr, "cors"));
	buf_truncate(&out, 0);
	fixture_loads(f, CORS("origin: ['https://*.a', 'null'], credentials: true, maxAge: 5"));
	config_show(f->config, &out);
	assert_non_null(strstr(out.ptr, "  cors:\n    origin: [\"https://*.a\", \"null\"] # "));
	assert_non_null(strstr(out.ptr, "\n    credentials: true # "));
	assert_non_null(strstr(out.ptr, "\n    maxAge: 5 # "));
	fixture_loads(f, out.ptr);
	assert_true(f->config->cors.null_origin);
	assert_int_equal(f->config->cors.origin_count, 2);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nothing_set),
		fixture_test(no_origin_is_every_origin),
		fixture_test(a_lost_variable_opens_nothing),
		fixture_test(origins),
		fixture_test(unwise_origins_are_remarked_upon),
		fixture_test(the_others),
		fixture_test(faults),
		fixture_test(lengths_are_bounded),
		fixture_test(it_is_shown_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
