/* Rate limits of Palette that are set. */
#include "unit/config/fixture.h"

#define RATES(list) "spectrocloud: {upstream: {rates: " list "}}"

static void fails_at(struct fixture *f, const char *yaml, const char *part)
{
	fixture_write(f, "app-config.yaml", yaml);
	assert_false(fixture_load(f));
	if (strstr(f->err.message, part) == NULL)
		fail_msg("not %s, but %s", part, f->err.message);
}

static void rates_are_read(void **state)
{
	struct fixture *f = *state;
	const struct config_environment *e;

	fixture_loads(f, "spectrocloud: {}");
	assert_int_equal(f->config->upstream_rate_count, 0);
	assert_int_equal(f->config->upstream_circuit_failures, 5);
	assert_int_equal(f->config->upstream_circuit_pause_ms, 10000);
	fixture_loads(f, RATES("[{path: /v1/dashboard, perSecond: 1, atOnce: 10000}, "
			       "{path: '/v1/spectroclusters/*/assets', perSecond: '10000', "
			       "atOnce: 1}]"));
	assert_int_equal(f->config->upstream_rate_count, 2);
	assert_string_equal(f->config->upstream_rates[0].path, "/v1/dashboard");
	assert_int_equal(f->config->upstream_rates[0].per_second, 1);
	assert_int_equal(f->config->upstream_rates[0].at_once, 10000);
	assert_string_equal(f->config->upstream_rates[1].path, "/v1/spectroclusters/*/assets");
	assert_int_equal(f->config->upstream_rates[1].per_second, 10000);
	fixture_loads(f, "spectrocloud: {environments: [{url: 'https://a', tenant: t, apiToken: "
			 "k, rates: [{path: /v1/users, perSecond: 3, atOnce: 4}]}]}");
	e = &f->config->environments[0];
	assert_int_equal(e->rate_count, 1);
	assert_string_equal(e->rates[0].path, "/v1/users");
	assert_int_equal(e->rates[0].at_once, 4);
}

static void what_is_no_rate(void **state)
{
	static const char *const paths[] = {
		"/v1",    "/v1/",           "/v2/a",  "v1/a",      "/v1//a",      "/v1/a/",
		"/v1/a?", "/v1/a*",         "/v1/**", "'/v1/a b'", "/v1/%61",     "'/v1/a#b'",
		"/V1/a",  "'/v1/\xc3\xa4'", "''",     "[/v1/a]",   "'/v1/a\\tb'",
	};
	static const char *const numbers[] = {"0", "10001", "-1", "1.5", "x", "[1]"};
	struct fixture *f = *state;
	char yaml[200];

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		snprintf(yaml, sizeof yaml, RATES("[{path: %s, perSecond: 1, atOnce: 1}]"),
			 paths[i]);
		fails_at(f, yaml, "spectrocloud.upstream.rates[0].path");
	}
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		snprintf(yaml, sizeof yaml, RATES("[{path: /v1/a, perSecond: %s, atOnce: 1}]"),
			 numbers[i]);
		fails_at(f, yaml, "spectrocloud.upstream.rates[0].perSecond");
		snprintf(yaml, sizeof yaml, RATES("[{path: /v1/a, perSecond: 1, atOnce: %s}]"),
			 numbers[i]);
		fails_at(f, yaml, "spectrocloud.upstream.rates[0].atOnce");
	}
}

static void lists_that_are_none(void **state)
{
	struct fixture *f = *state;
	char yaml[4096] = "spectrocloud: {upstream: {rates: [";
	char one[80];

	fails_at(f, RATES("{/v1/a: 5}"), "spectrocloud.upstream.rates");
	fails_at(f, RATES("[{path: /v1/a, atOnce: 1}]"),
		 "spectrocloud.upstream.rates[0].perSecond: missing");
	fails_at(f, RATES("[{path: /v1/a, perSecond: 1, atOnce: 1, burst: 2}]"),
		 "spectrocloud.upstream.rates[0].burst");
	fails_at(f,
		 RATES("[{path: /v1/a, perSecond: 1, atOnce: 1}, "
		       "{path: /v1/a, perSecond: 2, atOnce: 1}]"),
		 "spectrocloud.upstream.rates[0] has this path already");
	for (int i = 0; i < CONFIG_MOST_RATES + 1; i++) {
		snprintf(one, sizeof one, "{path: /v1/%d, perSecond: 1, atOnce: 1}, ", i);
		strcat(yaml, one);
	}
	strcat(yaml, "]}}");
	fails_at(f, yaml, "spectrocloud.upstream.rates: more than 32 elements");
}

static void circuits(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "spectrocloud: {upstream: {circuitFailures: 0, circuitPause: 100ms}}");
	assert_int_equal(f->config->upstream_circuit_failures, 0);
	assert_int_equal(f->config->upstream_circuit_pause_ms, 100);
	fails_at(f, "spectrocloud: {upstream: {circuitFailures: -1}}", "circuitFailures");
	fails_at(f, "spectrocloud: {upstream: {circuitPause: 99ms}}", "circuitPause");
}

#define OF_HOST(url, name, rates)                                                             \
	"{url: '" url "', name: " name ", tenant: t, apiToken: k, rates: [{path: /v1/users, " \
	"perSecond: " rates ", atOnce: 4}]}"

/* Palette counts by host: what cannot be in force is told. */
static void other_rates_of_one_host(void **state)
{
	static const char told[] =
		"not in force: spectrocloud.environments[0] is of the same host, "
		"and its rates hold for both";
	struct fixture *f = *state;

	fixture_loads(f,
		      "spectrocloud: {environments: [" OF_HOST("https://h", "a", "3") ", " OF_HOST(
			      "HTTPS://H:443/x", "b",
			      "4") ", " OF_HOST("https://h", "c",
						"3") ", " OF_HOST("https://other", "d",
								  "5") ", " OF_HOST("http://h", "e",
										    "6") "]}");
	assert_true(fixture_noticed(f, "spectrocloud.environments[1].rates", told));
	assert_false(fixture_noticed(f, "spectrocloud.environments[2].rates", told));
	assert_false(fixture_noticed(f, "spectrocloud.environments[3].rates", told));
	assert_false(fixture_noticed(f, "spectrocloud.environments[4].rates", told));
}

static void they_are_shown_as_they_were_written(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	buf_init(&out, 1024 * 1024);
	fixture_loads(f, RATES("[{path: '/v1/a/*', perSecond: 2, atOnce: 3}]"));
	config_show(f->config, &out);
	assert_non_null(strstr(out.ptr, "/v1/a/*"));
	fixture_loads(f, out.ptr);
	assert_int_equal(f->config->upstream_rate_count, 1);
	assert_string_equal(f->config->upstream_rates[0].path, "/v1/a/*");
	assert_int_equal(f->config->upstream_rates[0].per_second, 2);
	assert_int_equal(f->config->upstream_rates[0].at_once, 3);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(rates_are_read),
		fixture_test(what_is_no_rate),
		fixture_test(lists_that_are_none),
		fixture_test(circuits),
		fixture_test(other_rates_of_one_host),
		fixture_test(they_are_shown_as_they_were_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
