/* spectrocloud.mcp and backend.actions. */
#include "unit/config/fixture.h"

#include "base/glob.h"

#define MCP(members)     "spectrocloud: {mcp: {" members "}}"
#define ACTIONS(members) "backend: {actions: {" members "}}"
#define FILTER(members)  ACTIONS("filter: {" members "}")

#define AT "app-config.yaml:1:"

static const struct config_mcp *mcp_of(struct fixture *f, const char *yaml)
{
	fixture_loads(f, yaml);
	return &f->config->mcp;
}

static const struct config_actions *actions_of(struct fixture *f, const char *yaml)
{
	fixture_loads(f, yaml);
	return &f->config->actions;
}

static bool matches(const struct config_patterns *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (glob_matches(patterns->items[i], text_of(name)))
			return true;
	return false;
}

/* ---- spectrocloud.mcp ---- */

static void nothing_set(void **state)
{
	static const char *const all[] = {
		"backend: {}",
		"spectrocloud: {mcp: null}",
		MCP("enabled: null, toolsets: null, include: null, exclude: [], readOnly: null, "
		    "kubeconfig: null, allowedOrigins: []"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct config_mcp *mcp = mcp_of(f, all[i]);

		assert_true(mcp->enabled);
		assert_int_equal(mcp->toolset_count, 1);
		assert_string_equal(mcp->toolsets[0], "core");
		assert_int_equal(mcp->include.count, 0);
		assert_int_equal(mcp->exclude.count, 0);
		assert_false(mcp->read_only);
		assert_int_equal(mcp->kubeconfig, CONFIG_KUBECONFIG_OIDC);
		assert_int_equal(mcp->allowed_origins.count, 0);
	}
}

static void switches(void **state)
{
	struct fixture *f = *state;
	const struct config_mcp *mcp =
		mcp_of(f, MCP("enabled: 'off', readOnly: yes, kubeconfig: full"));

	assert_false(mcp->enabled);
	assert_true(mcp->read_only);
	assert_int_equal(mcp->kubeconfig, CONFIG_KUBECONFIG_FULL);
	assert_int_equal(mcp_of(f, MCP("kubeconfig: off"))->kubeconfig, CONFIG_KUBECONFIG_OFF);
	assert_int_equal(mcp_of(f, MCP("kubeconfig: oidc"))->kubeconfig, CONFIG_KUBECONFIG_OIDC);
}

static void toolsets(void **state)
{
	struct fixture *f = *state;
	const struct config_mcp *mcp = mcp_of(f, MCP("toolsets: 'core, packs tags'"));

	assert_int_equal(mcp->toolset_count, 3);
	assert_string_equal(mcp->toolsets[0], "core");
	assert_string_equal(mcp->toolsets[1], "packs");
	assert_string_equal(mcp->toolsets[2], "tags");
	mcp = mcp_of(f, MCP("toolsets: [operations]"));
	assert_int_equal(mcp->toolset_count, 1);
	assert_string_equal(mcp->toolsets[0], "operations");
}

static void patterns(void **state)
{
	struct fixture *f = *state;
	const struct config_mcp *mcp =
		mcp_of(f, MCP("include: 'list_{a,b}_*', exclude: [list_a_x, '*_y']"));

	assert_int_equal(mcp->include.count, 1);
	assert_string_equal(mcp->include.written[0], "list_{a,b}_*");
	assert_true(matches(&mcp->include, "list_a_x"));
	assert_true(matches(&mcp->include, "list_b_"));
	assert_false(matches(&mcp->include, "list_c_x"));
	assert_int_equal(mcp->exclude.count, 2);
	assert_string_equal(mcp->exclude.written[0], "list_a_x");
	assert_string_equal(mcp->exclude.written[1], "*_y");
	assert_true(matches(&mcp->exclude, "list_a_x"));
	assert_true(matches(&mcp->exclude, "get_y"));
	assert_false(matches(&mcp->exclude, "List_a_x"));
	for (size_t i = 0; i < f->notices.count; i++)
		assert_null(strstr(f->notices.items[i].path, "mcp"));
}

static void odd_patterns_are_remarked_upon(void **state)
{
	struct fixture *f = *state;

	mcp_of(f, MCP("include: '!list_*', exclude: ['#a', '!@(a|b)']"));
	assert_true(fixture_noticed(f, "spectrocloud.mcp.include",
				    "matches every tool but those behind the '!'"));
	assert_true(
		fixture_noticed(f, "spectrocloud.mcp.exclude[0]",
				"matches no tool: a pattern that begins with '#' is a comment"));
	assert_true(matches(&f->config->mcp.exclude, "c"));
	assert_false(matches(&f->config->mcp.exclude, "a"));
	assert_false(matches(&f->config->mcp.exclude, "b"));
}

static void origins_are_as_browsers_send_them(void **state)
{
	static const struct {
		const char *written, *sent;
	} cases[] = {
		{"https://app.example.com", "https://app.example.com"},
		{"HTTPS://App.Example.COM", "https://app.example.com"},
		{"https://app.example.com:443", "https://app.example.com"},
		{"http://app.example.com:80", "http://app.example.com"},
		{"http://app.example.com:443", "http://app.example.com:443"},
		{"http://localhost:3000", "http://localhost:3000"},
		{"https://a:08443", "https://a:8443"},
		{"https://a:", "https://a"},
		{"http://[::1]", "http://[::1]"},
		{"http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"},
		{"vscode-webview://0abc", "vscode-webview://0abc"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config_strings *origins;
		char yaml[128];

		snprintf(yaml, sizeof yaml, MCP("allowedOrigins: ['https://x', '%s']"),
			 cases[i].written);
		origins = &mcp_of(f, yaml)->allowed_origins;
		assert_int_equal(origins->count, 2);
		assert_string_equal(origins->items[1], cases[i].sent);
	}
	assert_string_equal(mcp_of(f, MCP("allowedOrigins: 'https://a'"))->allowed_origins.items[0],
			    "https://a");
}

static void what_is_no_origin(void **state)
{
	static const char start[] = "it must start with a scheme and ://, such as https://";
	static const char end[] = "it must end with the host or the port";
	static const char query[] = "it must not have a query or a fragment";
	static const struct {
		const char *origin, *why;
	} cases[] = {
		{"*", start},
		{"null", start},
		{"app.example.com", start},
		{"://a", start},
		{"1x://a", start},
		{"ht_tp://a", start},
		{"https:/a", start},
		{"https://a/", end},
		{"https://a/b", end},
		{"https://a?b", query},
		{"https://a#b", query},
		{"https://u:p@a", "it must not hold credentials"},
		{"https://", "it has no host"},
		{"https://:80", "it has no host"},
		{"https://*.example.com", "its host is not a name or an address"},
		{"https://[::1", "its host is not a name or an address"},
		{"https://a:0", "its port is not a number from 1 to 65535"},
		{"https://a:65536", "its port is not a number from 1 to 65535"},
		{"https://a b", "it has white space or characters that must be percent-encoded"},
		{"https://a\\n", "it has control characters"},
		{"https://a\\0/b", "it has control characters"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char yaml[128];
		char message[256];

		snprintf(yaml, sizeof yaml, MCP("allowedOrigins: [\"%s\"]"), cases[i].origin);
		snprintf(message, sizeof message,
			 AT "39: spectrocloud.mcp.allowedOrigins[0]: not usable as an origin: %s",
			 cases[i].why);
		fixture_fails(f, yaml, message);
	}
}

static void misspelt_settings_are_named(void **state)
{
	struct fixture *f = *state;

	mcp_of(f, MCP("readonly: true"));
	assert_true(fixture_noticed(f, "spectrocloud.mcp.readonly",
				    "unknown setting; did you mean 'readOnly'?"));
}

/* ---- backend.actions ---- */

static void whether_the_plugin_is_a_source(void **state)
{
	static const struct {
		const char *yaml;
		bool offered;
	} cases[] = {
		{"backend: {}", true},
		{"backend: {actions: null}", true},
		{ACTIONS("pluginSources: null"), true},
		{ACTIONS("pluginSources: [spectrocloud]"), true},
		{ACTIONS("pluginSources: [catalog, spectrocloud]"), true},
		{ACTIONS("pluginSources: [catalog, spectrocloud-x, Spectrocloud]"), false},
		{ACTIONS("pluginSources: []"), false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(actions_of(f, cases[i].yaml)->offered, cases[i].offered);
}

static void rules(void **state)
{
	struct fixture *f = *state;
	const struct config_actions *actions =
		actions_of(f, FILTER("include: [{id: 'spectrocloud:list_*'}, {attributes: "
				     "{readOnly: true, idempotent: 'no'}}, {}], "
				     "exclude: [{id: '*:x', attributes: {destructive: true}}]"));
	const struct config_action_rule *rule = actions->include;

	assert_int_equal(actions->include_count, 3);
	assert_true(glob_matches(rule[0].id, text_of("spectrocloud:list_spectrocloud_clusters")));
	assert_false(glob_matches(rule[0].id, text_of("catalog:list_x")));
	assert_int_equal(rule[0].destructive, CONFIG_UNSAID);
	assert_int_equal(rule[0].idempotent, CONFIG_UNSAID);
	assert_int_equal(rule[0].read_only, CONFIG_UNSAID);
	assert_null(rule[1].id);
	assert_int_equal(rule[1].destructive, CONFIG_UNSAID);
	assert_int_equal(rule[1].idempotent, CONFIG_SAID_FALSE);
	assert_int_equal(rule[1].read_only, CONFIG_SAID_TRUE);
	assert_null(rule[2].id);
	assert_int_equal(rule[2].read_only, CONFIG_UNSAID);
	assert_int_equal(actions->exclude_count, 1);
	assert_true(glob_matches(actions->exclude[0].id, text_of("spectrocloud:x")));
	assert_int_equal(actions->exclude[0].destructive, CONFIG_SAID_TRUE);
}

/* What Backstage alone reads, or may read one day, is not in the way. */
static void other_keys_are_accepted(void **state)
{
	struct fixture *f = *state;
	const struct config_actions *actions =
		actions_of(f, ACTIONS("other: [1], filter: {include: [], further: {a: b}}"));

	assert_true(actions->offered);
	assert_int_equal(actions->include_count, 0);
	assert_int_equal(actions->exclude_count, 0);
}

/* ---- faults ---- */

static void faults(void **state)
{
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{"spectrocloud: {mcp: true}", "21: spectrocloud.mcp: got a boolean, wanted a map"},
		{MCP("enabled: maybe"), "31: spectrocloud.mcp.enabled: got the string 'maybe', "
					"wanted true or false"},
		{MCP("readOnly: [true]"),
		 "32: spectrocloud.mcp.readOnly: got a list, wanted true or false"},
		{MCP("kubeconfig: admin"),
		 "34: spectrocloud.mcp.kubeconfig: got the string 'admin', wanted one of oidc, "
		 "full, off"},
		{MCP("kubeconfig: false"),
		 "34: spectrocloud.mcp.kubeconfig: got the boolean false, wanted one of oidc, "
		 "full, off"},
		{MCP("toolsets: all"),
		 "32: spectrocloud.mcp.toolsets: got the string 'all', wanted one of core, "
		 "operations, packs, tags, create, or a list of them"},
		{MCP("toolsets: []"),
		 "32: spectrocloud.mcp.toolsets: got an empty list, wanted one of core, "
		 "operations, packs, tags, create, or a list of them"},
		{MCP("toolsets: [core, 5]"),
		 "39: spectrocloud.mcp.toolsets[1]: got the number 5, wanted one of core, "
		 "operations, packs, tags, create, or a list of them"},
		{MCP("include: []"), "31: spectrocloud.mcp.include: got an empty list, wanted "
				     "globs such as list_spectrocloud_*"},
		{MCP("include: [a, 7]"),
		 "35: spectrocloud.mcp.include[1]: got the number 7, wanted globs such as "
		 "list_spectrocloud_*"},
		{MCP("exclude: {a: b}"), "31: spectrocloud.mcp.exclude: got a map, wanted globs "
					 "such as get_spectrocloud_kubeconfig_*"},
		{MCP("exclude: ''"), "31: spectrocloud.mcp.exclude: got an empty string, wanted "
				     "globs such as get_spectrocloud_kubeconfig_*"},
		{MCP("exclude: [\"\xc3\xa9\"]"),
		 "32: spectrocloud.mcp.exclude[0]: not usable as a glob: it has a character that "
		 "is not printable ASCII"},
		{MCP("exclude: 'a b'"), "31: spectrocloud.mcp.exclude: not a glob of one name: "
					"several are written as a list"},
		{MCP("include: ['a,b']"), "32: spectrocloud.mcp.include[0]: not a glob of one "
					  "name: several are written as a list"},
		{MCP("allowedOrigins: true"),
		 "38: spectrocloud.mcp.allowedOrigins: got the boolean true, wanted origins such "
		 "as https://app.example.com"},
		{"backend: {actions: []}", "20: backend.actions: got an empty list, wanted a map"},
		{ACTIONS("pluginSources: spectrocloud"),
		 "36: backend.actions.pluginSources: got the string 'spectrocloud', wanted a list "
		 "of names of plugins"},
		{ACTIONS("pluginSources: [spectrocloud, '']"),
		 "51: backend.actions.pluginSources[1]: got an empty string, wanted a list of "
		 "names of plugins"},
		{FILTER("include: {}"),
		 "39: backend.actions.filter.include: got a map, wanted a list of maps"},
		{FILTER("exclude: [a]"),
		 "40: backend.actions.filter.exclude[0]: got a string, wanted a map"},
		{FILTER("include: [{id: 5}]"),
		 "45: backend.actions.filter.include[0].id: got the number 5, wanted a glob such "
		 "as spectrocloud:list_*"},
		{MCP("include: '!(a|b)'"),
		 "31: spectrocloud.mcp.include: not the group it looks like: write !NAME, or "
		 "several as !@(NAME|NAME)"},
		{FILTER("include: [{id: 'x!(a|@(b))'}]"),
		 "45: backend.actions.filter.include[0].id: not usable as a glob: a negated group "
		 "has nothing, or another group, before its ')'"},
		{FILTER("exclude: [{attributes: true}]"),
		 "53: backend.actions.filter.exclude[0].attributes: got a boolean, wanted a map"},
		{FILTER("exclude: [{attributes: {destructive: 2}}]"),
		 "67: backend.actions.filter.exclude[0].attributes.destructive: got the number 2, "
		 "wanted true or false"},
		{FILTER("exclude: [{attributes: {'': true}}]"),
		 "54: backend.actions.filter.exclude[0].attributes.: unknown setting"},
		{FILTER("exclude: [{attributes: {readonly: true}}]"),
		 "54: backend.actions.filter.exclude[0].attributes.readonly: unknown setting; did "
		 "you mean 'readOnly'?"},
		{FILTER("include: [{readOnly: true}]"),
		 "41: backend.actions.filter.include[0].readOnly: unknown setting; did you mean "
		 "'attributes.readOnly'?"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char message[512];

		snprintf(message, sizeof message, AT "%s", cases[i].message);
		fixture_fails(f, cases[i].yaml, message);
	}
}

/* Where a variable would have restricted something, its absence lets nothing in. */
static void lost_variables(void **state)
{
	static const char more[] = "a variable in it is not set; more would be allowed than was "
				   "meant";
	static const char hidden[] = "a variable in it is not set; more would be hidden than was "
				     "meant";
	static const struct {
		const char *yaml, *where, *why;
	} cases[] = {
		{MCP("enabled: '${NONE}'"), "31: spectrocloud.mcp.enabled", more},
		{MCP("toolsets: '${NONE}'"), "32: spectrocloud.mcp.toolsets", more},
		{MCP("include: '${NONE}'"), "31: spectrocloud.mcp.include", more},
		{MCP("include: [a, '${NONE}']"), "31: spectrocloud.mcp.include", more},
		{MCP("exclude: ['${NONE}', a]"), "31: spectrocloud.mcp.exclude", more},
		{MCP("readOnly: '${NONE}'"), "32: spectrocloud.mcp.readOnly", more},
		{MCP("kubeconfig: '${NONE}'"), "34: spectrocloud.mcp.kubeconfig", more},
		{ACTIONS("pluginSources: '${NONE}'"), "36: backend.actions.pluginSources", more},
		{FILTER("include: ['${NONE}']"), "39: backend.actions.filter.include", more},
		{FILTER("exclude: ['${NONE}', {id: a}]"), "39: backend.actions.filter.exclude",
		 more},
		{FILTER("include: [{id: '${NONE}'}]"), "45: backend.actions.filter.include[0].id",
		 more},
		{FILTER("include: [{attributes: {readOnly: '${NONE}'}}]"),
		 "64: backend.actions.filter.include[0].attributes.readOnly", more},
		{FILTER("exclude: [{id: '${NONE}'}]"), "45: backend.actions.filter.exclude[0].id",
		 hidden},
		{FILTER("exclude: [{id: a}, {attributes: '${NONE}'}]"),
		 "62: backend.actions.filter.exclude[1].attributes", hidden},
		{FILTER("exclude: [{attributes: {destructive: '${NONE}'}}]"),
		 "67: backend.actions.filter.exclude[0].attributes.destructive", hidden},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char message[512];

		snprintf(message, sizeof message, AT "%s: %s", cases[i].where, cases[i].why);
		fixture_fails(f, cases[i].yaml, message);
	}
	/* All of a section. */
	fixture_write(f, "app-config.yaml", "spectrocloud: {mcp: '${NONE}'}");
	assert_false(fixture_load(f));
	fixture_write(f, "app-config.yaml", FILTER("include: [{attributes: '${NONE}'}]"));
	assert_false(fixture_load(f));
	fixture_write(f, "app-config.yaml", ACTIONS("filter: '${NONE}'"));
	assert_false(fixture_load(f));
	/* This one only lets in. */
	assert_int_equal(mcp_of(f, MCP("allowedOrigins: '${NONE}'"))->allowed_origins.count, 0);
	assert_int_equal(
		mcp_of(f, MCP("allowedOrigins: ['${NONE}', 'https://a']"))->allowed_origins.count,
		1);
}

static void counts_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf yaml;

	buf_init(&yaml, 64 * 1024);
	buf_add_string(&yaml, "spectrocloud: {mcp: {exclude: [");
	for (int i = 0; i < 101; i++)
		buf_add_string(&yaml, "a,");
	buf_add_string(&yaml, "]}}");
	fixture_fails(f, yaml.ptr, AT "31: spectrocloud.mcp.exclude: more than 100 elements");
	buf_truncate(&yaml, 0);
	buf_add_string(&yaml, "spectrocloud: {mcp: {allowedOrigins: [");
	for (int i = 0; i < 101; i++)
		buf_add_string(&yaml, "'https://a',");
	buf_add_string(&yaml, "]}}");
	fixture_fails(f, yaml.ptr,
		      AT "38: spectrocloud.mcp.allowedOrigins: more than 100 elements");
	buf_fini(&yaml);
}

/* What is shown can be read again, an empty rule included. */
static void it_is_shown_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	buf_init(&out, 64 * 1024);
	fixture_loads(f, "backend: {}");
	config_show(f->config, &out);
	assert_non_null(strstr(out.ptr, "\n    toolsets: [core] # default\n"));
	assert_non_null(strstr(out.ptr, "\n    kubeconfig: oidc # default\n"));
	assert_null(strstr(out.ptr, "actions"));
	buf_truncate(&out, 0);
	fixture_loads(f, MCP("toolsets: core packs, include: [a, '*'], allowedOrigins: "
			     "['https://A']") "\n" FILTER("include: [{}, {attributes: {readOnly: "
							  "true}}, {}], exclude: [{id: 'a:*'}]"));
	config_show(f->config, &out);
	assert_non_null(strstr(out.ptr, "\n    toolsets: [core, packs] # "));
	assert_non_null(strstr(out.ptr, "\n    include: [a, \"*\"] # "));
	assert_non_null(strstr(out.ptr, "\n        - {} # "));
	fixture_loads(f, out.ptr);
	assert_int_equal(f->config->mcp.toolset_count, 2);
	assert_int_equal(f->config->mcp.include.count, 2);
	assert_string_equal(f->config->mcp.allowed_origins.items[0], "https://a");
	assert_int_equal(f->config->actions.include_count, 3);
	assert_int_equal(f->config->actions.include[0].read_only, CONFIG_UNSAID);
	assert_int_equal(f->config->actions.include[1].read_only, CONFIG_SAID_TRUE);
	assert_non_null(f->config->actions.exclude[0].id);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nothing_set),
		fixture_test(switches),
		fixture_test(toolsets),
		fixture_test(patterns),
		fixture_test(odd_patterns_are_remarked_upon),
		fixture_test(origins_are_as_browsers_send_them),
		fixture_test(what_is_no_origin),
		fixture_test(misspelt_settings_are_named),
		fixture_test(whether_the_plugin_is_a_source),
		fixture_test(rules),
		fixture_test(other_keys_are_accepted),
		fixture_test(faults),
		fixture_test(lost_variables),
		fixture_test(counts_are_bounded),
		fixture_test(it_is_shown_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
