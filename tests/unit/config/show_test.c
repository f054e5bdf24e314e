/* `config show` and the reference page. */
#include "unit/config/fixture.h"

static const char sample[] =
	"spectrocloud:\n"
	"  annotationPrefix: ${PREFIX}\n"
	"  environments:\n"
	"    - name: \"a \\\"quoted\\\" name: #1\"\n"
	"      url: https://p.example/\n"
	"      tenant: 'yes it is'\n"
	"      apiToken: hunter2hunter2\n"
	"    - {url: 'http://localhost:1', tenant: '12', apiToken: hunter2hunter2}\n"
	"  server: {maxBodyBytes: 2000, idleTimeout: 90s}\n"
	"backend:\n"
	"  auth:\n"
	"    externalAccess:\n"
	"      - {type: static, options: {token: hunter2hunter2, subject: ci},\n"
	"         accessRestrictions: [{plugin: p, permission: a b,\n"
	"                               permissionAttribute: {action: read}}]}\n"
	"      - {type: jwks}\n";

static void shows(const struct buf *out, const char *line)
{
	if (strstr(out->ptr, line) == NULL)
		fail_msg("no '%s' in:\n%s", line, out->ptr);
}

static void effective_values_and_their_places(void **state)
{
	struct fixture *f = *state;
	char where[128];
	struct buf out;

	f->variables[0] = "PREFIX=made.example";
	f->variables[1] = "APP_CONFIG_spectrocloud_server_workers=5";
	f->variables[2] = "LOG_LEVEL=warn";
	f->overrides[0] = "spectrocloud.server.queueLength=9";
	fixture_loads(f, sample);
	buf_init(&out, 64 * 1024);
	config_show(f->config, &out);
	assert_true(buf_complete(&out));
	assert_null(strstr(out.ptr, "hunter2"));
	snprintf(where, sizeof where,
		 "  annotationPrefix: made.example # %s/app-config.yaml:2:21\n", f->directory);
	shows(&out, where);
	shows(&out, "  enablePermissions: false # default\n");
	shows(&out, "    - name: \"a \\\"quoted\\\" name: #1\" # ");
	shows(&out, "      apiToken: \"***\" # ");
	shows(&out, "    - url: http://localhost:1 # ");
	shows(&out, "      tenant: \"12\" # ");
	shows(&out, "    workers: 5 # APP_CONFIG_spectrocloud_server_workers\n");
	shows(&out, "    queueLength: 9 # --set\n");
	shows(&out, "    maxBodyBytes: 2000B # ");
	shows(&out, "    idleTimeout: 90s # ");
	shows(&out, "    logLevel: warn # LOG_LEVEL\n");
	shows(&out, "    trustedServices: [] # default\n");
	shows(&out, "            permission: [a, b]\n");
	buf_fini(&out);
}

/* What is shown is itself a configuration, and means the same. */
static void can_be_loaded_again(void **state)
{
	struct fixture *f = *state;
	struct buf first;
	struct buf second;

	fixture_loads(f, "spectrocloud: {annotationPrefix: x, environments: [{name: '${N:-null}', "
			 "url: 'https://h', tenant: \"a\\\\b é\", apiToken: k}], auth: "
			 "{trustedServices: [a, 'on', 'true', '-']}}");
	buf_init(&first, 64 * 1024);
	buf_init(&second, 64 * 1024);
	config_show(f->config, &first);
	fixture_loads(f, first.ptr);
	assert_string_equal(f->config->environments[0].name, "null");
	assert_string_equal(f->config->environments[0].tenant, "a\\b é");
	assert_string_equal(f->config->trusted_services.items[2], "true");
	config_show(f->config, &second);
	fixture_loads(f, second.ptr);
	buf_fini(&first);
	buf_fini(&second);
}

static void shows_an_empty_configuration(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	fixture_loads(f, "");
	buf_init(&out, 64 * 1024);
	config_show(f->config, &out);
	shows(&out, "spectrocloud:\n  annotationPrefix: terasky.backstage.io # default\n");
	shows(&out,
	      "  environments: [] # default\n  server:\n    listen: 127.0.0.1:7727 # default\n");
	shows(&out, "    externalAccess: [] # default\n");
	buf_fini(&out);
}

static void reference_page(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 256 * 1024);
	config_document(&out);
	assert_true(buf_complete(&out));
	shows(&out, "## `spectrocloud.server`\n");
	shows(&out, "| `maxBodyBytes` | size | `1MiB` | 1KiB to 64MiB | ");
	shows(&out, "| `logLevel` | string | `info`, or the variable `LOG_LEVEL` | one of debug, "
		    "info, warn, error | ");
	shows(&out, "| `apiToken` | secret | required | ");
	shows(&out, "`spectrocloud.catalogProvider`");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(effective_values_and_their_places),
		fixture_test(can_be_loaded_again),
		fixture_test(shows_an_empty_configuration),
		cmocka_unit_test(reference_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
