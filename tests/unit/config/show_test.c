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
	"      - {type: jwks, options: {url: 'https://i/?a=b', issuer: a b}}\n"
	"      - {type: legacy, options: {secret: aHVudGVyMg==, subject: old}}\n"
	"    keys: [{secret: aHVudGVyMg==}]\n"
	"    pluginKeyStore: {type: static, static: {keys: [\n"
	"      {keyId: k2, publicKeyFile: pub.pem, privateKeyFile: key.pem},\n"
	"      {keyId: k1, algorithm: RS256, publicKeyFile: pub.pem}]}}\n"
	"  baseUrl: https://b.example/\n"
	"discovery:\n"
	"  endpoints:\n"
	"    - {target: 'http://h/{{ pluginId }}', plugins: ['*', a]}\n"
	"    - {target: {internal: 'http+srv://h'}, plugins: [b]}\n"
	"    - {target: {external: '${NONE}'}, plugins: [c]}\n";

static void write_keys(struct fixture *f)
{
	fixture_write(f, "pub.pem", "-----BEGIN PUBLIC KEY-----\n");
	fixture_write(f, "key.pem", "-----BEGIN PRIVATE KEY-----\n");
}

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
	write_keys(f);
	fixture_loads(f, sample);
	buf_init(&out, 64 * 1024);
	config_show(f->config, &out);
	assert_true(buf_complete(&out));
	assert_null(strstr(out.ptr, "hunter2"));
	assert_null(strstr(out.ptr, "aHVudGVyMg"));
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
	shows(&out, "            permission: [a, b] # ");
	shows(&out, "            permissionAttribute:\n              action: [read] # ");
	shows(&out, "      - type: jwks # ");
	shows(&out, "          url: \"https://i/?a=b\" # ");
	shows(&out, "          issuer: [a, b] # ");
	shows(&out, "          secret: \"***\" # ");
	shows(&out, "    keys: # ");
	shows(&out, "      - secret: \"***\" # ");
	shows(&out, "      type: static # ");
	shows(&out, "      static:\n        keys: # ");
	shows(&out, "          - keyId: k2 # ");
	shows(&out, "            algorithm: ES256 # default\n            publicKeyFile: ");
	shows(&out, "  baseUrl: https://b.example # ");
	shows(&out, "    - target: \"http://h/{{ pluginId }}\" # ");
	shows(&out, "      plugins: [\"*\", a] # ");
	shows(&out, "    - target: # ");
	shows(&out, "        internal: \"http+srv://h\" # ");
	shows(&out, "    - target: {internal: null} # ");
	shows(&out, "    cacheTtl: 5s # default\n");
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

/* Without the places, and with a secret that can be read. */
static char *values_of(const struct buf *shown)
{
	char *out = calloc(1, shown->len + 1);
	char *to = out;

	assert_non_null(out);
	for (const char *from = shown->ptr; *from != '\0';) {
		if (strncmp(from, " # ", 3) == 0) {
			from += strcspn(from, "\n");
		} else if (strncmp(from, "\"***\"", 5) == 0) {
			to = stpcpy(to, "hidden99"); /* longer, but a place was cut off behind it */
			from += 5;
		} else {
			*to++ = *from++;
		}
	}
	return out;
}

static void lists_can_be_loaded_again(void **state)
{
	struct fixture *f = *state;
	struct buf shown;
	char *first;
	char *second;

	write_keys(f);
	fixture_loads(f, sample);
	buf_init(&shown, 64 * 1024);
	config_show(f->config, &shown);
	first = values_of(&shown);
	buf_fini(&shown);
	f->variables[0] = NULL;
	fixture_loads(f, first);
	config_show(f->config, &shown);
	second = values_of(&shown);
	assert_string_equal(first, second);
	free(first);
	free(second);
	buf_fini(&shown);
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
	shows(&out, "discovery:\n  endpoints: [] # default\n");
	shows(&out, "    pluginKeyStore:\n      type: database # default\n");
	assert_null(strstr(out.ptr, "baseUrl"));
	assert_null(strstr(out.ptr, "keys:"));
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
	shows(&out, "## `backend.auth.externalAccess[]` of type `jwks`\n");
	shows(&out, "| `options.algorithm` | string or list of strings | any | one of RS256, ");
	shows(&out, "## `backend.auth.externalAccess[].accessRestrictions[]`\n");
	shows(&out, "## `backend.auth.keys[]`\n");
	shows(&out, "## `discovery.endpoints[]`\n");
	shows(&out, "| `plugins` | list of strings | required | at least one | ");
	shows(&out, "## `backend.auth.pluginKeyStore.static.keys[]`\n");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(effective_values_and_their_places),
		fixture_test(can_be_loaded_again),
		fixture_test(lists_can_be_loaded_again),
		fixture_test(shows_an_empty_configuration),
		cmocka_unit_test(reference_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
