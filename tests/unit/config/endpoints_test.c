/* discovery.endpoints. */
#include "unit/config/fixture.h"

#define ENDPOINT(members) "discovery: {endpoints: [{" members "}]}"
#define TARGET(url)       ENDPOINT("plugins: [a], target: " url)

static void both_sides(void **state)
{
	struct fixture *f = *state;
	const struct config_endpoint *e;

	fixture_loads(f,
		      "discovery:\n"
		      "  endpoints:\n"
		      "    - target: http://a.internal:7727/api/{{pluginId}}//\n"
		      "      plugins: [spectrocloud, b]\n"
		      "    - target: {internal: 'https+srv://a.b/{{ pluginId }}',\n"
		      "               external: 'HTTPS://{{pluginId}}.example/{{  pluginId}}/x'}\n"
		      "      plugins: ['*']\n");
	assert_int_equal(f->config->endpoint_count, 2);
	e = f->config->endpoints;
	assert_string_equal(e[0].internal, "http://a.internal:7727/api/{{pluginId}}");
	assert_string_equal(e[0].external, "http://a.internal:7727/api/{{pluginId}}");
	assert_int_equal(e[0].plugins.count, 2);
	assert_string_equal(e[0].plugins.items[0], "spectrocloud");
	assert_string_equal(e[1].internal, "https+srv://a.b/{{ pluginId }}");
	assert_string_equal(e[1].external, "HTTPS://{{pluginId}}.example/{{  pluginId}}/x");
	assert_string_equal(e[1].plugins.items[0], "*");
}

/* What a variable that is not set leaves out is left to the fallback, as Backstage does. */
static void one_side(void **state)
{
	struct fixture *f = *state;
	const struct config_endpoint *e;

	fixture_loads(f, TARGET("{internal: 'http://h'}"));
	assert_string_equal(f->config->endpoints->internal, "http://h");
	assert_null(f->config->endpoints->external);
	fixture_loads(f, TARGET("{external: 'http://h', internal: '${NONE}'}"));
	assert_null(f->config->endpoints->internal);
	assert_string_equal(f->config->endpoints->external, "http://h");
	fixture_loads(f, TARGET("{internal: '${NONE}'}"));
	e = f->config->endpoints;
	assert_true(e->internal == NULL && e->external == NULL);
	fixture_loads(f, ENDPOINT("plugins: [a], target: 'http://h', comment: x"));
	assert_true(fixture_noticed(f, "discovery.endpoints[0].comment", "unknown setting"));
	fixture_loads(f, TARGET("{internal: 'http://h', externl: 'http://i'}"));
	assert_true(fixture_noticed(f, "discovery.endpoints[0].target.externl",
				    "unknown setting; did you mean 'external'?"));
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{"discovery: {endpoints: {}}",
		 "app-config.yaml:1:24: discovery.endpoints: got a map, wanted a list of maps"},
		{ENDPOINT("plugins: [a]"),
		 "app-config.yaml:1:25: discovery.endpoints[0].target: missing; wanted a URL, or "
		 "a map with internal, external or both"},
		{TARGET("'${NONE}'"), "discovery.endpoints[0].target: missing, because the "
				      "variable NONE is not set; wanted a URL, or a map"},
		{TARGET("5"), "discovery.endpoints[0].target: got a number, wanted a URL, or a map "
			      "with internal, external or both"},
		{TARGET("{}"), "discovery.endpoints[0].target: got a map, wanted a URL, or a map "
			       "with internal, external or both"},
		{TARGET("{intern: 'http://h'}"), "target: got a map, wanted a URL, or a map"},
		{TARGET("''"), "target: got an empty string, wanted an http or https URL"},
		{TARGET("{internal: 5}"), "app-config.yaml:1:59: "
					  "discovery.endpoints[0].target.internal: got a number, "
					  "wanted an http or https URL"},
		{TARGET("'ftp://h/{{pluginId}}'"),
		 "app-config.yaml:1:48: discovery.endpoints[0].target: not usable as a URL: it "
		 "must start with https:// or http://"},
		{TARGET("'http+srv://h/{{pluginId}}'"), "it must start with https:// or http://"},
		{TARGET("{external: 'https+srv://h'}"),
		 "target.external: not usable as a URL: it must start with https:// or http://"},
		{TARGET("{internal: 'srv://h'}"), "target.internal: not usable as a URL: it must "
						  "start with https://, http://, https+srv:// or "
						  "http+srv://"},
		{TARGET("{internal: 'http+srv://h:80'}"), "it must not have a port, which SRV "
							  "records say"},
		{TARGET("{internal: 'http+srv://h:'}"), "it must not have a port"},
		{TARGET("{internal: 'http+srv://u@h'}"), "it must not hold credentials"},
		{TARGET("{internal: 'http+srv://h/?a'}"), "it must not have a query or a fragment"},
		{TARGET("{internal: 'http+srv://'}"), "it has no host"},
		{TARGET("'http://h/?p={{pluginId}}'"), "it must not have a query or a fragment"},
		{TARGET("'http://h:{{pluginId}}/'"), "its port is not a number from 1 to 65535"},
		{TARGET("'http://h/{{pluginid}}'"), "it has braces other than those of "
						    "{{pluginId}}"},
		{TARGET("'http://h/{{pluginId}'"), "it has braces other than those"},
		{TARGET("'http://h/{{pluginId }}}'"), "it has braces other than those"},
		{TARGET("'http://h/{{'"), "it has braces other than those"},
		{TARGET("'http://h/{{ plugin Id }}'"), "it has braces other than those"},
		{TARGET("'http://h/a {{pluginId}}'"), "it has white space"},
		{ENDPOINT("target: 'http://h'"),
		 "discovery.endpoints[0].plugins: missing; wanted a list of at least one "
		 "non-empty string"},
		{ENDPOINT("target: 'http://h', plugins: []"),
		 "discovery.endpoints[0].plugins: got an empty list, wanted a list of at least "
		 "one non-empty string"},
		{ENDPOINT("target: 'http://h', plugins: a"), "plugins: got the string 'a', wanted "
							     "a list of at least one"},
		{ENDPOINT("target: 'http://h', plugins: [a, '']"),
		 "plugins[1]: got an empty string, wanted "},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_write(f, "app-config.yaml", cases[i].yaml);
		assert_false(fixture_load(f));
		if (strstr(f->err.message, cases[i].message) == NULL)
			fail_msg("case %zu: %s", i, f->err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(both_sides),
		fixture_test(one_side),
		fixture_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
