/* The headers that every answer carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "face/secure.h"

/* Those of a configuration, into r. */
static struct secure *add_headers(const struct config *config, struct http_response *r)
{
	struct secure *secure = secure_new(config);

	*r = (struct http_response){.status = 200};
	http_response_header(r, "Content-Type", "text/plain");
	secure_headers(secure, r);
	return secure;
}

static void has(const struct http_response *r, const char *name, const char *value)
{
	const struct http_header *h = http_header_find(r->headers, r->header_count, name);

	assert_non_null(h);
	assert_int_equal(h->value.len, strlen(value));
	assert_memory_equal(h->value.ptr, value, h->value.len);
}

static void by_default_those_of_backstage(void **state)
{
	static const char *const expected[][2] = {
		{"Content-Type", "text/plain"},
		{"Content-Security-Policy",
		 "default-src 'self';base-uri 'self';font-src 'self' https: data:;frame-ancestors "
		 "'self';img-src 'self' data:;object-src 'none';script-src 'self' "
		 "'unsafe-eval';script-src-attr 'none';style-src 'self' https: "
		 "'unsafe-inline';upgrade-insecure-requests"},
		{"Referrer-Policy", "no-referrer"},
		{"Strict-Transport-Security", "max-age=15552000; includeSubDomains"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-DNS-Prefetch-Control", "off"},
		{"X-Download-Options", "noopen"},
		{"X-Frame-Options", "SAMEORIGIN"},
		{"X-Permitted-Cross-Domain-Policies", "none"},
		{"X-XSS-Protection", "0"},
	};
	const struct config config = {.referrer_policy = "no-referrer"};
	struct http_response r;
	struct secure *secure = add_headers(&config, &r);

	(void)state;
	assert_int_equal(r.header_count, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_true(text_is(r.headers[i].name, expected[i][0]));
		has(&r, expected[i][0], expected[i][1]);
	}
	secure_free(secure);
}

/* As the middleware of Backstage answers to the same configuration. */
static void as_configured(void **state)
{
	static const struct config_header changes[] = {
		{"connect-src", "'self' https:"},
		{"frame-ancestors", NULL},
		{"upgrade-insecure-requests", NULL},
		{"img-src", ""},
	};
	const struct config config = {
		.csp = {changes, ARRAY_LEN(changes)},
		.referrer_policy = "origin,same-origin",
	};
	struct http_response r;
	struct secure *secure = add_headers(&config, &r);

	(void)state;
	has(&r, "Content-Security-Policy",
	    "default-src 'self';base-uri 'self';font-src 'self' https: data:;img-src;object-src "
	    "'none';script-src 'self' 'unsafe-eval';script-src-attr 'none';style-src 'self' https: "
	    "'unsafe-inline';connect-src 'self' https:");
	has(&r, "Referrer-Policy", "origin,same-origin");
	secure_free(secure);
}

static void the_last_of_several_changes_counts(void **state)
{
	static const struct config_header changes[] = {
		{"base-uri", NULL},
		{"never-there", NULL},
		{"script-src", "a"},
		{"base-uri", "b"},
		{"x-y", "c"},
		{"script-src", "a2"},
		{"x-y", NULL},
		{"font-src", NULL},
		{"img-src", NULL},
		{"object-src", NULL},
		{"style-src", NULL},
		{"frame-ancestors", NULL},
		{"script-src-attr", NULL},
	};
	const struct config config = {.csp = {changes, ARRAY_LEN(changes)}};
	struct http_response r;
	struct secure *secure = add_headers(&config, &r);

	(void)state;
	has(&r, "Content-Security-Policy",
	    "default-src 'self';script-src a2;upgrade-insecure-requests;base-uri b");
	secure_free(secure);
}

static void configured_headers_replace_those_of_the_same_name(void **state)
{
	static const struct config_header items[] = {
		{"x-frame-options", "DENY"}, {"X-Pod", "a"}, {"content-type", "b"}};
	const struct config_headers health = {items, ARRAY_LEN(items)};
	const struct config config = {.referrer_policy = "no-referrer"};
	struct http_response r;
	struct secure *secure = add_headers(&config, &r);
	size_t count = r.header_count;

	(void)state;
	secure_replace(&health, &r);
	assert_int_equal(r.header_count, count + 1);
	has(&r, "X-Frame-Options", "DENY");
	has(&r, "X-Pod", "a");
	has(&r, "Content-Type", "b");
	secure_free(secure);
}

static void without_any(void **state)
{
	struct http_response r = {.status = 200};

	(void)state;
	secure_headers(NULL, &r);
	secure_free(NULL);
	assert_int_equal(r.header_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_those_of_backstage),
		cmocka_unit_test(as_configured),
		cmocka_unit_test(the_last_of_several_changes_counts),
		cmocka_unit_test(configured_headers_replace_those_of_the_same_name),
		cmocka_unit_test(without_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
