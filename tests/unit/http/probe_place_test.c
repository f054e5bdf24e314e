/* What a URL and the variables of the environment say of the way to a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/probe.h"

static void a_url_has_a_host_and_a_port(void **state)
{
	static const struct {
		const char *url;
		bool tls;
		const char *host;
		const char *port;
	} cases[] = {
		{"https://a.example", true, "a.example", "443"},
		{"https://a.example/x/y", true, "a.example", "443"},
		{"http://a.example:81", false, "a.example", "81"},
		{"HTTP://a.example?x=1:2", false, "a.example", "80"},
		{"https://[2001:db8::1]", true, "2001:db8::1", "443"},
		{"https://[2001:db8::1]:8443/v1", true, "2001:db8::1", "8443"},
		{"http://u:p@proxy.example:3128/", false, "proxy.example", "3128"},
		{"http://u@x:p@proxy.example", false, "proxy.example", "80"},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_place place;
		struct error err;

		assert_true(http_place_of(&a, cases[i].url, &place, &err));
		assert_int_equal(place.tls, cases[i].tls);
		assert_string_equal(place.host, cases[i].host);
		assert_string_equal(place.port, cases[i].port);
	}
	arena_fini(&a);
}

static void what_is_no_url_has_none(void **state)
{
	static const char *const wrong[] = {"", "a.example", "ftp://a.example", "https://[::1"};
	struct http_place place = {.host = "untouched"};
	struct error err;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_false(http_place_of(&a, wrong[i], &place, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_string_equal(place.host, "untouched");
	}
	arena_fini(&a);
}

/* ---- proxies ---- */

static const char *const *variables; /* name and value by turns, then NULL */

static char *get(const char *name)
{
	for (const char *const *v = variables; *v != NULL; v += 2)
		if (strcmp(v[0], name) == 0)
			return (char *)v[1];
	return NULL;
}

static void assert_proxy(const char *url, const char *const *given, const char *wanted,
			 const char *wanted_variable)
{
	const char *variable = NULL;
	const char *proxy;
	struct arena a;

	arena_init(&a);
	variables = given;
	proxy = http_proxy_of(&a, url, get, &variable);
	if (wanted == NULL) {
		assert_null(proxy);
	} else {
		assert_non_null(proxy);
		assert_string_equal(proxy, wanted);
		assert_string_equal(variable, wanted_variable);
	}
	arena_fini(&a);
}

#define GIVEN(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_proxy_is_that_of_the_scheme(void **state)
{
	(void)state;
	assert_proxy("https://a.example", GIVEN("https_proxy", "http://p:3128"), "http://p:3128",
		     "https_proxy");
	assert_proxy("https://a.example", GIVEN("HTTPS_PROXY", "p:3128"), "p:3128", "HTTPS_PROXY");
	assert_proxy("https://a.example", GIVEN("http_proxy", "p:3128"), NULL, NULL);
	assert_proxy("http://a.example", GIVEN("http_proxy", "p:3128"), "p:3128", "http_proxy");
	assert_proxy("http://a.example", GIVEN("HTTP_PROXY", "p:3128"), NULL, NULL);
	assert_proxy("http://a.example", GIVEN("ALL_PROXY", "p:1"), "p:1", "ALL_PROXY");
	assert_proxy("https://a.example", GIVEN("https_proxy", "", "all_proxy", "p:1"), "p:1",
		     "all_proxy");
	assert_proxy("no url", GIVEN("all_proxy", "p:1"), NULL, NULL);
}

static void its_password_is_left_out(void **state)
{
	(void)state;
	assert_proxy("https://a.example", GIVEN("https_proxy", "http://user:p4ss@p:3128"),
		     "http://p:3128", "https_proxy");
	assert_proxy("https://a.example", GIVEN("https_proxy", "user:p4@ss://p:3128"),
		     "ss://p:3128", "https_proxy");
	assert_proxy("https://a.example", GIVEN("https_proxy", "user:p4://ss@p:3128"), "p:3128",
		     "https_proxy");
	assert_proxy("https://a.example", GIVEN("https_proxy", "user:p4@ss@p:3128"), "p:3128",
		     "https_proxy");
}

static void hosts_may_be_excepted(void **state)
{
	static const struct {
		const char *list;
		bool excepted;
	} cases[] = {
		{"*", true},
		{"a.example", true},
		{"example", true},
		{".example", true},
		{"b.example", false},
		{"x,A.Example", true},
		{"x a.example", true},
		{"ample", false},
		{"", false},
		{"a.example.", true},
		{"sub.a.example", false},
		{"x, a.example", true},
		{"*,x", false},
		{".", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_proxy("https://a.example",
			     GIVEN("https_proxy", "p:1", "no_proxy", cases[i].list),
			     cases[i].excepted ? NULL : "p:1", "https_proxy");
}

static void ranges_of_addresses_may_be_excepted(void **state)
{
	static const struct {
		const char *url;
		const char *list;
		bool excepted;
	} cases[] = {
		{"https://10.1.2.3", "10.0.0.0/8", true},
		{"https://10.1.2.3", "x, 10.1.2.0/30", true},
		{"https://10.1.2.4", "10.1.2.0/30", false},
		{"https://10.1.2.3", "10.1.2.3", true},
		{"https://10.1.2.3", "10.1.2.3/0", true}, /* libcurl's own */
		{"https://10.1.2.3", "10.1.2.0/0", false},
		{"https://10.1.2.3", "10.1.2.3/33", false},
		{"https://10.1.2.3", "10.0.0.0/x", false},
		{"https://10.1.2.3", "2.3", false},
		{"https://10.1.2.3", "*", true},
		{"https://a.10", "10.0.0.0/8", false},
		{"https://[fd00::1]", "fd00::/8", true},
		{"https://[fe00::1]", "fd00::/8", false},
		{"https://[fd00::1]", "0.0.0.0/1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_proxy(cases[i].url, GIVEN("https_proxy", "p:1", "no_proxy", cases[i].list),
			     cases[i].excepted ? NULL : "p:1", "https_proxy");
}

static void a_proxy_has_a_port_without_naming_one(void **state)
{
	static const struct {
		const char *proxy;
		const char *host;
		const char *port;
	} cases[] = {
		{"p", "p", "1080"},
		{"p:3128", "p", "3128"},
		{"http://p", "p", "1080"},
		{"http://p:80/", "p", "80"},
		{"http://p/a:80", "p", "1080"},
		{"http://[::1]", "::1", "1080"},
		{"http://[::1]:80", "::1", "80"},
		{"https://p", "p", "443"},
		{"https://p:77", "p", "77"},
	};
	struct http_place place;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(http_place_of_proxy(&a, cases[i].proxy, &place));
		assert_string_equal(place.host, cases[i].host);
		assert_string_equal(place.port, cases[i].port);
	}
	assert_false(http_place_of_proxy(&a, "socks5://p:9", &place));
	assert_false(http_place_of_proxy(&a, "http://[::1", &place));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_has_a_host_and_a_port),
		cmocka_unit_test(what_is_no_url_has_none),
		cmocka_unit_test(a_proxy_is_that_of_the_scheme),
		cmocka_unit_test(its_password_is_left_out),
		cmocka_unit_test(a_proxy_has_a_port_without_naming_one),
		cmocka_unit_test(hosts_may_be_excepted),
		cmocka_unit_test(ranges_of_addresses_may_be_excepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
