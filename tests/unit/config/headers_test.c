/* backend.csp, backend.referrer, backend.health.headers, backend.lifecycle. */
#include "unit/config/fixture.h"

#define CSP(members)    "backend: {csp: {" members "}}"
#define SPANS(members)  "spectrocloud: {telemetry: {otlpHeaders: {" members "}}}"
#define HEALTH(members) "backend: {health: {headers: {" members "}}}"

static const char *value_of(const struct config_headers *headers, size_t i, const char *name)
{
	assert_true(i < headers->count);
	assert_string_equal(headers->items[i].name, name);
	return headers->items[i].value;
}

static void nothing_set(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "backend: {csp: null, health: {}, referrer: {}}");
	assert_int_equal(f->config->csp.count, 0);
	assert_int_equal(f->config->health.count, 0);
	assert_string_equal(f->config->referrer_policy, "no-referrer");
	assert_int_equal(f->config->startup_pause_ms, 5000);
	assert_int_equal(f->config->shutdown_delay_ms, 0);
}

static void csp(void **state)
{
	struct fixture *f = *state;
	const struct config_headers *changes;

	fixture_loads(f, CSP("connect-src: [\"'self'\", 'https:', 'http: ws:'], imgSrc: [], "
			     "scriptSrcElem: [a], upgrade-insecure-requests: false, "
			     "script-src: ['${NONE}', b], style-src: null, font-src: '${NONE}'"));
	changes = &f->config->csp;
	assert_int_equal(changes->count, 5);
	assert_string_equal(value_of(changes, 0, "connect-src"), "'self' https: http: ws:");
	assert_string_equal(value_of(changes, 1, "img-src"), "");
	assert_string_equal(value_of(changes, 2, "script-src-elem"), "a");
	assert_null(value_of(changes, 3, "upgrade-insecure-requests"));
	assert_string_equal(value_of(changes, 4, "script-src"), "b");
}

static void referrer_policy(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "backend: {referrer: {policy: [origin, same-origin]}}");
	assert_string_equal(f->config->referrer_policy, "origin,same-origin");
	fixture_loads(f, "backend: {referrer: {policy: unsafe-url}}");
	assert_string_equal(f->config->referrer_policy, "unsafe-url");
}

static void health_headers(void **state)
{
	struct fixture *f = *state;
	const struct config_headers *health;

	fixture_loads(f, HEALTH("X-Pod: 'a b', service-name: \"${NAME:-n}\", x: null"));
	health = &f->config->health;
	assert_int_equal(health->count, 2);
	assert_string_equal(value_of(health, 0, "X-Pod"), "a b");
	assert_string_equal(value_of(health, 1, "service-name"), "n");
}

static void lifecycle(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "backend: {lifecycle: {startupRequestPauseTimeout: 0s, "
			 "serverShutdownDelay: {seconds: 20}}}");
	assert_int_equal(f->config->startup_pause_ms, 0);
	assert_int_equal(f->config->shutdown_delay_ms, 20000);
	fixture_fails(f, "backend: {lifecycle: {serverShutdownDelay: 20}}",
		      "app-config.yaml:1:44: backend.lifecycle.serverShutdownDelay: got the number "
		      "20 without a unit, wanted a duration: write 20s or 20ms");
}

static void faults(void **state)
{
	static const char source[] =
		"wanted a non-empty string of ASCII characters without ';' and "
		"','";
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{"backend: {csp: []}", "backend.csp: got an empty list, wanted directives, each a "
				       "list of strings or false"},
		{CSP("script-src: none"), "backend.csp.script-src: got the string 'none', wanted a "
					  "list of strings, or false"},
		{CSP("script-src: true"), "backend.csp.script-src: got the boolean true, wanted a "
					  "list of strings, or false"},
		{CSP("script-src: ['a; object-src *']"),
		 "backend.csp.script-src[0]: got the string 'a; object-src *', %s"},
		{CSP("script-src: ['a, b']"),
		 "backend.csp.script-src[0]: got the string 'a, b', %s"},
		{CSP("script-src: [a, \"b\\r\\nX: y\"]"),
		 "backend.csp.script-src[1]: got a string, %s"},
		{CSP("script-src: ['']"), "backend.csp.script-src[0]: got an empty string, %s"},
		{CSP("script-src: [[a]]"), "backend.csp.script-src[0]: got a list, %s"},
		{CSP("'script src': [a]"), "backend.csp.script src: not the name of a directive "
					   "such as script-src"},
		{CSP("'a;b': [a]"),
		 "backend.csp.a;b: not the name of a directive such as script-src"},
		{CSP("-a: [a]"), "backend.csp.-a: not the name of a directive such as script-src"},
		{CSP("defaultSrc: false"), "backend.csp.defaultSrc: it cannot be left out: it "
					   "stands in for those that are"},
		{"backend: {referrer: {policy: [origin, origin]}}",
		 "backend.referrer.policy[1]: got the string 'origin', wanted policies of "
		 "Referrer-Policy, each once"},
		{"backend: {referrer: {policy: []}}",
		 "backend.referrer.policy: got an empty list, wanted policies of Referrer-Policy, "
		 "each once"},
		{"backend: {referrer: {policy: [never]}}",
		 "backend.referrer.policy[0]: got the string 'never', wanted policies of "
		 "Referrer-Policy, each once"},
		{"backend: {referrer: no-referrer}",
		 "backend.referrer: got a string, wanted a map"},
		{"backend: {health: {headers: [a]}}",
		 "backend.health.headers: got a list, wanted names and values of at most 16 "
		 "headers"},
		{HEALTH("'a b': c"), "backend.health.headers.a b: not the name of a header"},
		{HEALTH("'a:': c"), "backend.health.headers.a:: not the name of a header"},
		{HEALTH("content-length: '5'"),
		 "backend.health.headers.content-length: this program "
		 "sets this header itself"},
		{HEALTH("x-a: b, X-A: c"),
		 "backend.health.headers.X-A: this header stands here already"},
		{HEALTH("x: \"a\\r\\nb: c\""), "backend.health.headers.x: got a string, wanted a "
					       "non-empty string of ASCII characters"},
		{HEALTH("x: 5"), "backend.health.headers.x: got the number 5, wanted a non-empty "
				 "string of ASCII characters"},
		{SPANS("Host: x"), "spectrocloud.telemetry.otlpHeaders.Host: this program sets "
				   "this header itself"},
		{SPANS("x: '\303\244'"), "spectrocloud.telemetry.otlpHeaders.x: got a string, "
					 "wanted a non-empty string of ASCII characters"},
		{SPANS("x: 5"), "spectrocloud.telemetry.otlpHeaders.x: got a number, wanted a "
				"non-empty string of ASCII characters"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *wanted = strstr(cases[i].message, "%s");
		const char *message;
		char expected[512];

		snprintf(expected, sizeof expected, "%.*s%s",
			 (int)(wanted == NULL ? strlen(cases[i].message)
					      : (size_t)(wanted - cases[i].message)),
			 cases[i].message, wanted == NULL ? "" : source);
		fixture_write(f, "app-config.yaml", cases[i].yaml);
		assert_false(fixture_load(f));
		/* behind "FOLDER/app-config.yaml:1:N: " */
		message = strstr(f->err.message, ": ");
		assert_non_null(message);
		assert_string_equal(message + 2, expected);
	}
}

static void counts_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf yaml;

	buf_init(&yaml, 64 * 1024);
	buf_add_string(&yaml, "backend: {health: {headers: {");
	for (int i = 0; i < 17; i++)
		buf_printf(&yaml, "x-%d: y,", i);
	buf_add_string(&yaml, "}}}");
	fixture_fails(f, yaml.ptr,
		      "app-config.yaml:1:29: backend.health.headers: more than 16 keys");
	buf_truncate(&yaml, 0);
	buf_add_string(&yaml, "backend: {csp: {img-src: [");
	for (int i = 0; i < 1000; i++)
		buf_add_string(&yaml, "https://a,");
	buf_add_string(&yaml, "]}}");
	fixture_fails(f, yaml.ptr,
		      "app-config.yaml:1:26: backend.csp.img-src: longer than 8192 bytes");
	buf_fini(&yaml);
}

static void they_are_shown_as_they_were_written(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	buf_init(&out, 64 * 1024);
	fixture_loads(f, "backend:\n"
			 "  csp: {connectSrc: [\"'self'\", 'https:'], img-src: false}\n"
			 "  health: {headers: {x-a: 'b: c'}}\n");
	config_show(f->config, &out);
	assert_non_null(strstr(out.ptr, "  csp: # "));
	assert_non_null(strstr(out.ptr, "\n    connectSrc: [\"'self'\", \"https:\"] # "));
	assert_non_null(strstr(out.ptr, "\n    img-src: false # "));
	assert_non_null(strstr(out.ptr, "\n      x-a: \"b: c\" # "));
	fixture_loads(f, out.ptr);
	assert_int_equal(f->config->csp.count, 2);
	assert_int_equal(f->config->health.count, 1);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nothing_set),        fixture_test(csp),
		fixture_test(referrer_policy),    fixture_test(health_headers),
		fixture_test(lifecycle),          fixture_test(faults),
		fixture_test(counts_are_bounded), fixture_test(they_are_shown_as_they_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
