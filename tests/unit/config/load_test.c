/* Which files, what lies over what, variables and includes. The setting that carries a string
 * through is the tenant of the first environment. */
#include "unit/config/fixture.h"

/* A document whose first tenant is as given. */
static void load_tenant(struct fixture *f, const char *tenant)
{
	char yaml[1024];

	snprintf(yaml, sizeof yaml,
		 "spectrocloud:\n  environments:\n    - url: https://p.example\n      apiToken: "
		 "t0ken\n"
		 "      tenant: %s\n",
		 tenant);
	fixture_write(f, "app-config.yaml", yaml);
}

static void tenant_is(struct fixture *f, const char *tenant, const char *expected)
{
	load_tenant(f, tenant);
	if (!fixture_load(f))
		fail_msg("%s", f->err.message);
	assert_string_equal(f->config->environments[0].tenant, expected);
}

static void tenant_fails(struct fixture *f, const char *tenant, const char *message)
{
	load_tenant(f, tenant);
	assert_false(fixture_load(f));
	if (strstr(f->err.message, message) == NULL)
		fail_msg("'%s' does not say '%s'", f->err.message, message);
}

static void default_files(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "BACKSTAGE_ENV=stage, eu";
	fixture_write(f, "app-config.yaml",
		      "spectrocloud: {annotationPrefix: base, server: {workers: 1}}");
	fixture_write(f, "app-config.stage.yaml", "spectrocloud: {server: {queueLength: 2}}");
	fixture_write(f, "app-config.eu.yaml", "spectrocloud: {server: {queueLength: 3}}");
	fixture_write(f, "app-config.local.yaml", "spectrocloud: {server: {workers: 4}}");
	fixture_write(f, "app-config.eu.local.yaml", "spectrocloud: {annotationPrefix: last}");
	assert_true(fixture_load(f));
	assert_int_equal(f->config->workers, 4);
	assert_int_equal(f->config->queue_length, 3);
	assert_string_equal(f->config->annotation_prefix, "last");
}

static void named_files(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "a.yaml", "spectrocloud: {server: {workers: 1, queueLength: 1}}");
	fixture_write(f, "b.yaml", "spectrocloud: {server: {workers: 2}}");
	fixture_write(f, "app-config.local.yaml", "spectrocloud: {server: {workers: 3}}");
	f->files[0] = "a.yaml";
	f->files[1] = "b.yaml";
	assert_true(fixture_load(f));
	assert_int_equal(f->config->workers, 2);
	assert_int_equal(f->config->queue_length, 1);
	f->files[0] = "/dev/null";
	assert_true(fixture_load(f));
	assert_int_equal(f->config->queue_length, 256);
}

static void files_that_cannot_be_read(void **state)
{
	struct fixture *f = *state;

	assert_false(fixture_load(f));
	assert_non_null(strstr(f->err.message, "app-config.yaml: cannot read this file: No such"));
	f->files[0] = "https://config.example/app.yaml";
	assert_false(fixture_load(f));
	assert_string_equal(f->err.message,
			    "--config: configuration from a URL is not supported; give a file");
	f->files[0] = ".";
	assert_false(fixture_load(f));
	assert_non_null(strstr(f->err.message, "not a file"));
}

static void file_size_is_bounded(void **state)
{
	struct fixture *f = *state;
	char *large = malloc(1024 * 1024 + 1);

	memset(large, '#', 1024 * 1024 + 1);
	fixture_write_bytes(f, "app-config.yaml", large, 1024 * 1024);
	assert_true(fixture_load(f));
	fixture_write_bytes(f, "app-config.yaml", large, 1024 * 1024 + 1);
	assert_false(fixture_load(f));
	assert_non_null(strstr(f->err.message, "larger than 1024 KiB"));
	free(large);
}

static void root_is_a_map(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "");
	fixture_loads(f, "~\n");
	fixture_fails(f, "- a\n", "app-config.yaml:1:1: the file must hold a map of settings");
}

static void merging(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "app-config.local.yaml",
		      "spectrocloud:\n"
		      "  auth: {trustedServices: [c]}\n"
		      "  server: {workers: null}\n"
		      "  telemetry: null\n");
	fixture_loads(f, "spectrocloud:\n"
			 "  auth: {trustedServices: [a, b]}\n"
			 "  server: {workers: 3, queueLength: 4}\n"
			 "  telemetry: {logLevel: error}\n");
	assert_int_equal(f->config->trusted_services.count, 1);
	assert_string_equal(f->config->trusted_services.items[0], "c");
	assert_int_equal(f->config->workers, 16);
	assert_int_equal(f->config->queue_length, 4);
	assert_int_equal(f->config->log_level, LOG_INFO);
}

static void substitution(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "A= alpha ";
	f->variables[1] = "EMPTY=";
	tenant_is(f, "x-${A}-${ A }", "x-alpha-alpha");
	tenant_is(f, "$${A}", "${A}");
	tenant_is(f, "$$${A}", "$${A}");
	tenant_is(f, "'${A'", "${A");
	tenant_is(f, "'${{A}}'", "${{A}}");
	tenant_is(f, "$A $", "$A $");
	tenant_is(f, "${NONE:-x y }", "x y");
	tenant_is(f, "${EMPTY:-z}", "z");
	tenant_is(f, "${A:-z}", "alpha");
	tenant_is(f, "a${EMPTY}b", "ab");
	tenant_fails(f, "${EMPTY}", "tenant: got an empty string, wanted a non-empty string");
	tenant_fails(
		f, "x${NONE}y",
		"app-config.yaml:5:15: spectrocloud.environments[0].tenant: missing, because the "
		"variable NONE is not set; wanted a non-empty string");
	tenant_fails(f, "${NONE:-}", "the variable NONE is not set");
	/* The result is a string, whatever it looks like. */
	f->variables[0] = "A=7";
	tenant_is(f, "${A}", "7");
}

static void absent_values(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "app-config.local.yaml", "spectrocloud: {server: {workers: '${NONE}'}}");
	fixture_loads(f, "spectrocloud:\n"
			 "  auth: {trustedServices: [a, '${NONE}', b]}\n"
			 "  server: {workers: 3, queueLength: '${NONE}'}\n");
	assert_int_equal(f->config->workers, 3);
	assert_int_equal(f->config->queue_length, 256);
	assert_int_equal(f->config->trusted_services.count, 2);
	assert_string_equal(f->config->trusted_services.items[1], "b");
}

static void from_elsewhere(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "A=alpha";
	f->variables[1] = "NAME=A";
	f->variables[2] = "TRICK=${A}";
	fixture_folder(f, "sub");
	fixture_write(f, "sub/tenant.txt", "  kept ${A}\n\n");
	fixture_write(f, "sub/inner.yaml",
		      "v: {$file: tenant.txt}\nw: '${A}!'\n"
		      "loop: {$include: inner.yaml#loop2}\nloop2: {a: {$include: "
		      "inner.yaml#loop2}}\n");
	fixture_write(f, "sub/outer.json", "{\"x\": {\"$include\": \"inner.yaml\"}}");
	tenant_is(f, "{$env: A}", "alpha");
	tenant_is(f, "{$env: '${NAME}'}", "alpha");
	tenant_is(f, "{$env: TRICK}", "${A}");
	tenant_is(f, "{$file: sub/tenant.txt}", "  kept ${A}");
	tenant_is(f, "{$include: sub/inner.yaml#w}", "alpha!");
	tenant_is(f, "{$include: 'sub/inner.yaml#w'}", "alpha!");
	tenant_fails(f, "{$include: sub/inner.yaml#w.x}", "leads into something that is no map");
	tenant_fails(f, "{$include: sub/inner.yaml#loop2}",
		     "more than 16 files included in one another");
	tenant_fails(f, "{$include: sub/none.yaml}",
		     "app-config.yaml:5:26: cannot read "
		     "'sub/none.yaml': No such file");
	tenant_fails(f, "{$include: sub/tenant.txt}", "must end in .yaml, .yml or .json");
	tenant_fails(f, "{$file: none}", "cannot read 'none': No such file");
	tenant_fails(f, "{$env: A, b: 1}", "$env wants to be the only key of its map");
	tenant_fails(f, "{$env: 5}", "$env wants a string");
	tenant_fails(f, "{$file: '${NONE}'}", "$file needs the variable NONE, which is not set");
	tenant_fails(f, "{$env: NONE}", "missing, because the variable NONE is not set");
	tenant_fails(f, "{$other: A}", "got a map, wanted a non-empty string");
}

/* Relative paths and places follow the included file. */
static void include_of_include(void **state)
{
	struct fixture *f = *state;
	char expected[256];

	fixture_folder(f, "sub/deep");
	fixture_write(f, "sub/deep/env.yaml", "server:\n  workers: none\n");
	fixture_write(f, "sub/ours.yaml", "$include: deep/env.yaml\n");
	fixture_write(f, "sub/both.yaml", "ours: {$include: deep/env.yaml}\n");
	fixture_write(f, "app-config.yaml", "spectrocloud: {$include: 'sub/both.yaml#ours'}\n");
	/* What a '#' selects is not resolved again, as in Backstage. */
	assert_true(fixture_load(f));
	fixture_write(f, "sub/ours.yaml", "spectrocloud: {$include: deep/env.yaml}\n");
	fixture_write(f, "app-config.yaml", "$include: sub/ours.yaml\n");
	assert_false(fixture_load(f));
	snprintf(expected, sizeof expected,
		 "%s/sub/deep/env.yaml:2:12: spectrocloud.server.workers: got the string 'none', "
		 "wanted a whole number from 1 to 1024",
		 f->directory);
	assert_string_equal(f->err.message, expected);
}

static void substitution_is_bounded(void **state)
{
	struct fixture *f = *state;
	static char big[100 * 1024];
	static char yaml[64 * 1024];
	size_t len = 0;

	memset(big, 'x', sizeof big - 1);
	memcpy(big, "A=", 2);
	f->variables[0] = big;
	len += (size_t)snprintf(yaml, sizeof yaml, "other:\n");
	for (int i = 0; i < 1000; i++)
		len += (size_t)snprintf(yaml + len, sizeof yaml - len, "  k%d: ${A}\n", i);
	fixture_write(f, "app-config.yaml", yaml);
	assert_false(fixture_load(f));
	assert_non_null(strstr(f->err.message, "too long after the variables are filled in"));
	assert_null(strstr(f->err.message, "xxx"));
}

static void variables(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "APP_CONFIG_spectrocloud_server_workers=7";
	f->variables[1] = "APP_CONFIG_spectrocloud_annotationPrefix=plain.example";
	f->variables[2] = "APP_CONFIG_spectrocloud_auth={\"trustedServices\":[\"s\"]}";
	f->variables[3] = "APP_CONFIG_spectrocloud_enablePermissions=";
	f->variables[4] = "APP_CONFIG_a-b_c:d=1";
	fixture_loads(f, "spectrocloud: {server: {workers: 3}}");
	assert_int_equal(f->config->workers, 7);
	assert_string_equal(f->config->annotation_prefix, "plain.example");
	assert_int_equal(f->config->trusted_services.count, 1);
}

static void bad_variables(void **state)
{
	static const struct {
		const char *one, *two, *message;
	} cases[] = {
		{"APP_CONFIG_a=null", NULL, "APP_CONFIG_a: the value may not be null"},
		{"APP_CONFIG_a__b=1", NULL, "APP_CONFIG_a__b: not the name of a setting"},
		{"APP_CONFIG_=1", NULL, "APP_CONFIG_: not the name of a setting"},
		{"APP_CONFIG_a_1b=1", NULL, "APP_CONFIG_a_1b: not the name of a setting"},
		{"APP_CONFIG_a-=1", NULL, "APP_CONFIG_a-: not the name of a setting"},
		{"APP_CONFIG_a=1", "APP_CONFIG_a_b=1",
		 "APP_CONFIG_a_b: another APP_CONFIG_ variable gives 'a' a value already"},
		{"APP_CONFIG_a_b=1", "APP_CONFIG_a=1",
		 "APP_CONFIG_a: another APP_CONFIG_ variable sets this or something below it"},
		{"APP_CONFIG_spectrocloud_server_workers=s3cret", NULL,
		 "APP_CONFIG_spectrocloud_server_workers: spectrocloud.server.workers: got a "
		 "string, "
		 "wanted a whole number from 1 to 1024"},
	};
	struct fixture *f = *state;

	fixture_write(f, "app-config.yaml", "");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->variables[0] = cases[i].one;
		f->variables[1] = cases[i].two;
		assert_false(fixture_load(f));
		if (strncmp(f->err.message, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("%s", f->err.message);
	}
}

/* The walks over a tree recurse. */
static void a_variable_is_not_deeper_than_a_file_may_be(void **state)
{
	char variable[2 * 65 + 16] = "APP_CONFIG_a";
	struct fixture *f = *state;

	for (int i = 0; i < 63; i++)
		strcat(variable, "_b");
	strcat(variable, "=1");
	f->variables[0] = variable;
	fixture_loads(f, "");
	variable[strlen(variable) - 2] = '\0';
	strcat(variable, "_c=1");
	assert_false(fixture_load(f));
	assert_non_null(strstr(f->err.message, ": more than 64 levels deep"));
}

static void overrides(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "APP_CONFIG_spectrocloud_server_workers=7";
	f->overrides[0] = "spectrocloud.server.workers=8";
	f->overrides[1] = "spectrocloud.environments.0.url=http://127.0.0.1:1/";
	f->overrides[2] = "spectrocloud.environments[0].tenant=a=b";
	f->overrides[3] = "spectrocloud.environments.0.apiToken=key";
	f->overrides[4] = "spectrocloud.environments.1={\"name\":\"n\",\"url\":\"https://x\","
			  "\"tenant\":\"t\",\"apiToken\":\"k\"}";
	f->overrides[5] = "spectrocloud.annotationPrefix=null";
	fixture_loads(f, "spectrocloud: {annotationPrefix: x}");
	assert_int_equal(f->config->workers, 8);
	assert_int_equal(f->config->environment_count, 2);
	assert_string_equal(f->config->environments[0].url, "http://127.0.0.1:1");
	assert_string_equal(f->config->environments[0].tenant, "a=b");
	assert_string_equal(f->config->environments[1].name, "n");
	assert_string_equal(f->config->annotation_prefix, "terasky.backstage.io");
}

static void bad_overrides(void **state)
{
	static const char *const cases[][2] = {
		{"x", "--set: wants PATH=VALUE"},
		{"=x", "--set: wants PATH=VALUE"},
		{"a.=x", "--set: wants PATH=VALUE"},
		{"a..b=x", "--set: a..b: a part of the path is empty"},
		{"a..\xC2=x", "--set: a..\xC2: a part of the path is empty"}, /* half a character */
		{"spectrocloud.environments.1.url=x",
		 "--set: spectrocloud.environments.1.url: a list wants a number"},
		{"spectrocloud.environments.x=1",
		 "--set: spectrocloud.environments.x: a list wants a number"},
		{"spectrocloud.server.workers=many",
		 "--set: spectrocloud.server.workers: got the string 'many'"},
	};
	struct fixture *f = *state;

	fixture_write(f, "app-config.yaml", "spectrocloud: {environments: []}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->overrides[0] = cases[i][0];
		assert_false(fixture_load(f));
		if (strncmp(f->err.message, cases[i][1], strlen(cases[i][1])) != 0)
			fail_msg("%s", f->err.message);
	}
}

static void log_level_variable(void **state)
{
	struct fixture *f = *state;

	f->variables[0] = "LOG_LEVEL=debug";
	fixture_loads(f, "");
	assert_int_equal(f->config->log_level, LOG_DEBUG);
	fixture_loads(f, "spectrocloud: {telemetry: {logLevel: error}}");
	assert_int_equal(f->config->log_level, LOG_ERROR);
	f->variables[0] = "LOG_LEVEL=silly";
	fixture_loads(f, "");
	assert_int_equal(f->config->log_level, LOG_INFO);
	assert_true(fixture_noticed(
		f, "spectrocloud.telemetry.logLevel",
		"the variable is not one of debug, info, warn, error, and ignored"));
	f->variables[0] = "LOG_LEVEL=";
	fixture_loads(f, "");
	assert_int_equal(f->notices.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(default_files),
		fixture_test(named_files),
		fixture_test(files_that_cannot_be_read),
		fixture_test(file_size_is_bounded),
		fixture_test(root_is_a_map),
		fixture_test(merging),
		fixture_test(substitution),
		fixture_test(absent_values),
		fixture_test(from_elsewhere),
		fixture_test(include_of_include),
		fixture_test(substitution_is_bounded),
		fixture_test(variables),
		fixture_test(bad_variables),
		fixture_test(a_variable_is_not_deeper_than_a_file_may_be),
		fixture_test(overrides),
		fixture_test(bad_overrides),
		fixture_test(log_level_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
