/* Where the other plugins are. */
#include "unit/backstage/host.h"

static const char *const all[] = {"*"};
static const char *const two[] = {"catalog", "search"};
static const char *const ours[] = {"spectrocloud"};
static struct config_endpoint endpoints[] = {
	{.internal = "http://us.test/api/{{pluginId}}",
	 .external = "http://us.test/api/{{pluginId}}",
	 .plugins = {ours, 1}},
	{.internal = "http://first.test/{{ pluginId }}/x/{{pluginId}}?",
	 .external = "https://out.test/{{\tpluginId }}/",
	 .plugins = {two, 2}},
	{.internal = "http://any.test/api/{{pluginId}}/", .plugins = {all, 1}},
	{.internal = "http://braces.test/{{other}}/{{pluginId}/{{pluginId}}", .plugins = {ours, 1}},
	{.external = "https://only.test/{{pluginId}}", .plugins = {two, 1}},
};

static const char *url_of(struct host *h, const char *plugin)
{
	const struct backstage_call call = host_call(h);
	const char *url = NULL;
	struct error err;

	return backstage_url(h->b, &call, plugin, &url, &err) ? url : NULL;
}

static const char *external_of(struct host *h, const char *plugin)
{
	const char *url = NULL;

	return backstage_external_url(&h->config, &h->arena, plugin, &url) ? url : NULL;
}

static void endpoints_and_fallbacks(void **state)
{
	struct host h;

	(void)state;
	host_open(&h);
	host_start(&h);
	assert_string_equal(url_of(&h, "auth"), "http://backstage.test/api/auth");
	assert_string_equal(external_of(&h, "auth"), "http://backstage.test/api/auth");
	h.config.endpoints = endpoints;
	h.config.endpoint_count = 3;
	assert_string_equal(url_of(&h, "catalog"), "http://first.test/catalog/x/catalog?");
	assert_string_equal(external_of(&h, "search"), "https://out.test/search");
	assert_string_equal(url_of(&h, "auth"), "http://any.test/api/auth");
	assert_string_equal(external_of(&h, "auth"), "http://backstage.test/api/auth");
	assert_string_equal(url_of(&h, "spectrocloud"), "http://us.test/api/spectrocloud");
	/* A later entry for the same id replaces an earlier one; other braces stay. */
	h.config.endpoint_count = 4;
	assert_string_equal(url_of(&h, "spectrocloud"),
			    "http://braces.test/{{other}}/{{pluginId}/spectrocloud");
	/* An entry for browsers alone does not hide the other's address. */
	h.config.endpoint_count = 5;
	assert_string_equal(url_of(&h, "catalog"), "http://first.test/catalog/x/catalog?");
	assert_string_equal(external_of(&h, "catalog"), "https://only.test/catalog");
	host_close(&h);
}

static void nowhere(void **state)
{
	const struct backstage_call call = {.may_wait = true};
	const char *url = "untouched";
	struct error err;
	struct host h;

	(void)state;
	host_open(&h);
	h.config.base_url = NULL;
	h.config.endpoints = endpoints;
	h.config.endpoint_count = 2;
	host_start(&h);
	assert_false(backstage_url(h.b, &call, "auth", &url, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.message, "backend.baseUrl"));
	assert_string_equal(url, "untouched");
	assert_null(external_of(&h, "auth"));
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_and_fallbacks),
		cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
