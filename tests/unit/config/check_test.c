/* From the tree to the configuration: every kind of row, its faults and the notices. */
#include "unit/config/fixture.h"

#define ENVIRONMENT(more)                \
	"spectrocloud:\n"                \
	"  environments:\n"              \
	"    - url: https://p.example\n" \
	"      tenant: t\n"              \
	"      apiToken: k\n" more

static void defaults(void **state)
{
	struct fixture *f = *state;
	const struct config *c;

	fixture_loads(f, "app: {title: x}\nother: [1, {server: 2}]\n");
	c = f->config;
	assert_string_equal(c->annotation_prefix, "terasky.backstage.io");
	assert_false(c->enable_permissions);
	assert_int_equal(c->environment_count, 0);
	assert_string_equal(c->listen, "127.0.0.1:7727");
	assert_int_equal(c->max_body_bytes, 1048576);
	assert_int_equal(c->max_header_bytes, 48 * 1024);
	assert_int_equal(c->max_buffered_bytes, 256 << 20);
	assert_int_equal(c->max_connections, 1024);
	assert_int_equal(c->workers, 16);
	assert_int_equal(c->queue_length, 256);
	assert_int_equal(c->request_timeout_ms, 60000);
	assert_int_equal(c->receive_timeout_ms, 20000);
	assert_int_equal(c->idle_timeout_ms, 75000);
	assert_int_equal(c->drain_timeout_ms, 30000);
	assert_int_equal(c->upstream_timeout_ms, 30000);
	assert_int_equal(c->upstream_connect_timeout_ms, 5000);
	assert_int_equal(c->upstream_connections_per_host, 16);
	assert_int_equal(c->upstream_calls_in_flight, 64);
	assert_int_equal(c->upstream_parallel, 8);
	assert_int_equal(c->upstream_max_answer_bytes, 64 << 20);
	assert_int_equal(c->upstream_max_pages, 2000);
	assert_int_equal(c->upstream_attempts, 4);
	assert_int_equal(c->upstream_retry_delay_ms, 500);
	assert_int_equal(c->upstream_rate_percent, 80);
	assert_int_equal(c->upstream_replicas, 1);
	assert_int_equal(c->trusted_services.count, 0);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->log_format, LOG_TEXT);
	assert_false(c->permission_enabled);
	assert_false(c->disable_default_auth_policy);
	assert_int_equal(c->external_count, 0);
	assert_int_equal(c->permission_cache_ttl_ms, 5000);
	assert_int_equal(c->backstage_timeout_ms, 5000);
	assert_null(c->backstage_ca_file);
	assert_null(c->policy_file);
	assert_null(c->base_url);
	assert_int_equal(c->endpoint_count, 0);
	assert_int_equal(c->plugin_key_store, CONFIG_KEYS_DATABASE);
	assert_int_equal(c->plugin_key_count, 0);
	assert_int_equal(f->notices.count, 2);
	assert_true(fixture_noticed(
		f, "spectrocloud.environments",
		"no environments: every call to Palette will be answered with 500"));
	assert_true(fixture_noticed(f, "backend.auth.externalAccess", NOBODY));
}

#define NO_TRAIL                                                              \
	"there is no audit trail: it is part of the log, at level info, and " \
	"spectrocloud.telemetry.logLevel leaves that out; "                   \
	"spectrocloud.telemetry.logLevels.audit can be info"

static void values(void **state)
{
	struct fixture *f = *state;
	const struct config *c;

	fixture_write(f, "ca.pem", "-----BEGIN CERTIFICATE-----\n");
	fixture_loads(f, "permission: {enabled: 'Yes'}\n"
			 "backend: {baseUrl: 'https://b.example/x//',\n"
			 "          auth: {dangerouslyDisableDefaultAuthPolicy: on}}\n"
			 "spectrocloud:\n"
			 "  enablePermissions: 1\n"
			 "  server: {workers: '4', maxBodyBytes: 2 MiB, requestTimeout: PT5S,\n"
			 "           listen: 'unix:/run/x.sock', idleTimeout: {minutes: 1}}\n"
			 "  upstream: {maxAnswerBytes: 2048}\n"
			 "  telemetry: {logLevel: warn, logFormat: json}\n"
			 "  auth: {trustedServices: ['plugin:a', b]}\n"
			 "  permissions: {cacheTtl: 0s}\n"
			 "  backstage: {timeout: 1 min, caFile: ca.pem}\n"
			 "  environments:\n"
			 "    - name: prod\n"
			 "      url: HTTPS://Palette.example:8443/prefix//\n"
			 "      tenant: acme\n"
			 "      apiToken: k\n"
			 "      catalogProvider: {anything: [1]}\n");
	c = f->config;
	assert_true(c->permission_enabled);
	assert_true(c->disable_default_auth_policy);
	assert_true(c->enable_permissions);
	assert_int_equal(c->workers, 4);
	assert_int_equal(c->max_body_bytes, 2 << 20);
	assert_int_equal(c->request_timeout_ms, 5000);
	assert_int_equal(c->idle_timeout_ms, 60000);
	assert_string_equal(c->listen, "unix:/run/x.sock");
	assert_int_equal(c->upstream_max_answer_bytes, 2048);
	assert_int_equal(c->log_level, LOG_WARN);
	assert_int_equal(c->log_format, LOG_JSON);
	assert_string_equal(c->trusted_services.items[0], "plugin:a");
	assert_string_equal(c->environments[0].name, "prod");
	assert_string_equal(c->environments[0].url, "HTTPS://Palette.example:8443/prefix");
	assert_string_equal(c->environments[0].tenant, "acme");
	assert_true(secret_equal(&c->environments[0].api_token, TEXT("k")));
	assert_null(c->environments[0].ca_file);
	assert_string_equal(c->base_url, "https://b.example/x");
	assert_int_equal(c->permission_cache_ttl_ms, 0);
	assert_int_equal(c->backstage_timeout_ms, 60000);
	assert_non_null(strstr(c->backstage_ca_file, "/ca.pem"));
	assert_int_equal(f->notices.count, 2);
	assert_true(fixture_noticed(f, "backend.auth.dangerouslyDisableDefaultAuthPolicy",
				    "everybody is let in without a credential"));
	assert_true(fixture_noticed(f, "spectrocloud.audit.to", NO_TRAIL));
}

static void wrong_values(void **state)
{
	struct fixture *f = *state;

	fixture_fails(
		f, "spectrocloud: {annotationPrefix: 7}",
		"app-config.yaml:1:34: spectrocloud.annotationPrefix: got the number 7, wanted a "
		"DNS name such as terasky.backstage.io, in quotes");
	fixture_fails(
		f, "spectrocloud: {annotationPrefix: ''}",
		"app-config.yaml:1:34: spectrocloud.annotationPrefix: got an empty string, wanted "
		"a DNS name such as terasky.backstage.io");
	fixture_fails(
		f, "spectrocloud: {server: {workers: 0}}",
		"app-config.yaml:1:34: spectrocloud.server.workers: got the number 0, wanted a "
		"whole number from 1 to 1024");
	fixture_fails(f, "spectrocloud: {server: {maxBodyBytes: 2MiB, maxBufferedBytes: 7MiB}}",
		      "app-config.yaml:1:63: spectrocloud.server.maxBufferedBytes: less than four "
		      "times spectrocloud.server.maxBodyBytes: a quarter of it is for bodies");
	fixture_fails(f, "spectrocloud: {server: {maxBufferedBytes: 3MiB}}",
		      "app-config.yaml:1:43: spectrocloud.server.maxBufferedBytes: got the string "
		      "'3MiB', wanted a size from 4MiB to 2047MiB such as 256MiB");
	fixture_fails(f, "spectrocloud: {server: {requestTimeout: 30}}",
		      "app-config.yaml:1:41: spectrocloud.server.requestTimeout: got the number 30 "
		      "without a unit, wanted a duration: write 30s or 30ms");
	fixture_fails(
		f, "spectrocloud: {server: {requestTimeout: '30'}}",
		"app-config.yaml:1:41: spectrocloud.server.requestTimeout: got the string '30' "
		"without a unit, wanted a duration: write 30s or 30ms");
	fixture_fails(
		f, "spectrocloud: {server: {requestTimeout: soon}}",
		"app-config.yaml:1:41: spectrocloud.server.requestTimeout: got the string 'soon', "
		"wanted a duration with its unit, from 100ms to 1h, such as 60s");
	fixture_fails(
		f, "spectrocloud: {server: {maxBodyBytes: 1}}",
		"app-config.yaml:1:39: spectrocloud.server.maxBodyBytes: got the number 1, wanted "
		"a size from 1KiB to 64MiB such as 1MiB");
	fixture_fails(
		f, "spectrocloud: {telemetry: {logLevel: loud}}",
		"app-config.yaml:1:38: spectrocloud.telemetry.logLevel: got the string 'loud', "
		"wanted one of debug, info, warn, error");
	fixture_fails(
		f, "spectrocloud: {enablePermissions: maybe}",
		"app-config.yaml:1:35: spectrocloud.enablePermissions: got the string 'maybe', "
		"wanted true or false");
	fixture_fails(
		f, "spectrocloud: {auth: {trustedServices: [a, 5]}}",
		"app-config.yaml:1:44: spectrocloud.auth.trustedServices[1]: got the number 5, "
		"wanted a non-empty string, in quotes");
	fixture_fails(
		f, "spectrocloud: {auth: {trustedServices: a}}",
		"app-config.yaml:1:40: spectrocloud.auth.trustedServices: got the string 'a', "
		"wanted a list of non-empty strings");
	fixture_fails(f, "spectrocloud: {server: {listen: 7727}}",
		      "app-config.yaml:1:33: spectrocloud.server.listen: got the number 7727, "
		      "wanted HOST:PORT, [IPV6]:PORT or unix:PATH");
	fixture_fails(
		f, "spectrocloud: {environments: {name: x}}",
		"app-config.yaml:1:30: spectrocloud.environments: got a map, wanted a list of "
		"maps");
	fixture_fails(
		f, "spectrocloud: {environments: [x]}",
		"app-config.yaml:1:31: spectrocloud.environments[0]: got a string, wanted a map");
	fixture_fails(
		f, "spectrocloud: {annotationPrefix: \"a\\nb\"}",
		"app-config.yaml:1:34: spectrocloud.annotationPrefix: got a string, wanted a DNS "
		"name such as terasky.backstage.io");
	fixture_fails(
		f, "spectrocloud: {permissions: {cacheTtl: 6m}}",
		"app-config.yaml:1:40: spectrocloud.permissions.cacheTtl: got the string '6m', "
		"wanted a duration with its unit, from 0ms to 5m, such as 5s");
	fixture_fails(
		f, "spectrocloud: {backstage: {timeout: 0s}}",
		"app-config.yaml:1:37: spectrocloud.backstage.timeout: got the string '0s', wanted "
		"a duration with its unit, from 100ms to 1m, such as 5s");
	fixture_fails(f, "spectrocloud: {standalone: {policyFile: none.yaml}}",
		      "app-config.yaml:1:41: spectrocloud.standalone.policyFile: cannot read this "
		      "file: No such file or directory");
	fixture_write(f, "empty.pem", "");
	fixture_fails(f, "spectrocloud: {backstage: {caFile: empty.pem}}",
		      "app-config.yaml:1:36: spectrocloud.backstage.caFile: got a file that holds "
		      "something else, wanted a file with at least one PEM certificate");
	fixture_fails(f, "backend: {baseUrl: b.example}",
		      "app-config.yaml:1:20: backend.baseUrl: not usable as a URL: it must start "
		      "with https:// or http://");
}

static void sections_are_maps(void **state)
{
	struct fixture *f = *state;

	fixture_fails(f, "spectrocloud: {server: 5}",
		      "app-config.yaml:1:24: spectrocloud.server: got a number, wanted a map");
	fixture_fails(f, "permission: true",
		      "app-config.yaml:1:13: permission: got a boolean, wanted a map");
	fixture_fails(f, "backend: {auth: x}",
		      "app-config.yaml:1:17: backend.auth: got a string, wanted a map");
	fixture_fails(f, "spectrocloud: text",
		      "app-config.yaml:1:15: spectrocloud: got a string, wanted a map");
	fixture_loads(f, "spectrocloud:\npermission: null\n");
}

/* Whose Palette session, and what without one. */
static void sessions_of_users(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, "spectrocloud: {environments: [{name: a, url: 'https://a', tenant: t, "
			 "apiToken: x}, "
			 "{name: b, url: 'https://b', tenant: t, apiToken: x}]}");
	assert_int_equal(f->config->email_binding, CONFIG_BINDING_CATALOG);
	assert_false(f->config->require_user_session);
	assert_false(f->config->use_session_without_header);
	assert_null(f->config->service_token_for.items);
	assert_ptr_equal(config_session_environment(f->config), &f->config->environments[0]);
	fixture_loads(f, "spectrocloud: {auth: {emailBinding: 'off', sessionEnvironment: b, "
			 "requireUserSession: true, serviceTokenFor: [], "
			 "useSessionWithoutHeader: true}, "
			 "environments: [{name: a, url: 'https://a', tenant: t, apiToken: x}, "
			 "{name: b, url: 'https://b', tenant: t, apiToken: x}]}");
	assert_int_equal(f->config->email_binding, CONFIG_BINDING_OFF);
	assert_true(f->config->require_user_session);
	assert_true(f->config->use_session_without_header);
	assert_non_null(f->config->service_token_for.items);
	assert_int_equal(f->config->service_token_for.count, 0);
	assert_ptr_equal(config_session_environment(f->config), &f->config->environments[1]);
	fixture_fails(f, "spectrocloud: {auth: {sessionEnvironment: c}}",
		      "app-config.yaml:1:43: spectrocloud.auth.sessionEnvironment: no environment "
		      "of spectrocloud.environments has this name");
	/* More would be allowed than was meant. */
	fixture_fails(f, "spectrocloud: {auth: {requireUserSession: '${NONE}'}}",
		      "app-config.yaml:1:43: spectrocloud.auth.requireUserSession: a variable in "
		      "it is not set; more would be allowed than was meant");
	fixture_fails(f, "spectrocloud: {auth: {serviceTokenFor: '${NONE}'}}",
		      "app-config.yaml:1:40: spectrocloud.auth.serviceTokenFor: a variable in it "
		      "is not set; more would be allowed than was meant");
}

/* A misspelt setting is often the reason why another is missing: one run tells both. */
static void notices_with_faults(void **state)
{
	struct fixture *f = *state;

	fixture_fails(
		f, "spectrocloud: {environments: [{url: 'https://h', tenat: t, apiToken: k}]}",
		"app-config.yaml:1:31: spectrocloud.environments[0].tenant: missing; wanted a "
		"non-empty string");
	assert_non_null(strstr(f->faults.ptr,
			       "app-config.yaml:1:50: spectrocloud.environments[0].tenat: unknown "
			       "setting; did you mean 'tenant'?\n"));
	assert_non_null(strstr(f->faults.ptr, "\nwarning: "));
	assert_null(strstr(f->faults.ptr, "nobody can call"));
}

static void all_faults_are_told(void **state)
{
	struct fixture *f = *state;

	fixture_fails(
		f,
		"spectrocloud:\n"
		"  server: {workers: x}\n"
		"  environments:\n"
		"    - url: ftp://x\n"
		"      apiToken: k\n",
		"app-config.yaml:4:12: spectrocloud.environments[0].url: not usable as a URL: it "
		"must start with https:// or http:// (and 2 more)");
	assert_non_null(
		strstr(f->faults.ptr, "app-config.yaml:2:21: spectrocloud.server.workers: "));
	assert_non_null(strstr(f->faults.ptr,
			       "app-config.yaml:4:7: spectrocloud.environments[0].tenant: missing; "
			       "wanted a non-empty string\n"));
}

static void url_fails(struct fixture *f, const char *url, const char *why)
{
	char yaml[512];
	char message[512];

	snprintf(yaml, sizeof yaml,
		 "spectrocloud: {environments: [{tenant: t, apiToken: k, url: '%s'}]}", url);
	snprintf(message, sizeof message,
		 "app-config.yaml:1:61: spectrocloud.environments[0].url: not usable as a URL: %s",
		 why);
	fixture_fails(f, yaml, message);
}

static void urls(void **state)
{
	static const char *const good[] = {"http://localhost", "http://[::1]:80/",
					   "https://10.0.0.1/a/b", "https://a_b.example:65535"};
	struct fixture *f = *state;
	char yaml[256];

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(yaml, sizeof yaml,
			 "spectrocloud: {environments: [{tenant: t, apiToken: k, url: '%s'}]}",
			 good[i]);
		fixture_loads(f, yaml);
		assert_int_equal(f->notices.count, 1);
		assert_true(fixture_noticed(f, "backend.auth.externalAccess", NOBODY));
	}
	url_fails(f, "palette.example", "it must start with https:// or http://");
	url_fails(f, "https://", "it has no host");
	url_fails(f, "https:///x", "it has no host");
	url_fails(f, "https://:80", "it has no host");
	url_fails(f, "https://user:pass@h", "it must not hold credentials");
	url_fails(f, "https://h?a=1", "it must not have a query or a fragment");
	url_fails(f, "https://h/#x", "it must not have a query or a fragment");
	url_fails(f, "https://h:0", "its port is not a number from 1 to 65535");
	url_fails(f, "https://h:65536", "its port is not a number from 1 to 65535");
	url_fails(f, "https://h:+1", "its port is not a number from 1 to 65535");
	url_fails(f, "https://[::1", "its host is not a name or an address");
	url_fails(f, "https://[]", "its host is not a name or an address");
	url_fails(f, "https://[::1]x", "its host is not a name or an address");
	url_fails(f, "https://h%41", "its host is not a name or an address");
	url_fails(f, "https://h/a/../b", "its path must not have '.' or '..' segments");
	url_fails(f, "https://h/a b",
		  "it has white space or characters that must be percent-encoded");
}

static void environment_faults(void **state)
{
	char name[CONFIG_LONGEST_NAME + 1];
	struct fixture *f = *state;
	char yaml[1024];

	fixture_fails(
		f, "spectrocloud: {environments: [{}]}",
		"app-config.yaml:1:31: spectrocloud.environments[0].url: missing; wanted an http "
		"or https URL (and 2 more)");
	fixture_fails(f,
		      ENVIRONMENT("      name: a\n"
				  "    - {name: a, url: 'https://q', tenant: t, apiToken: k}\n"),
		      "app-config.yaml:7:14: spectrocloud.environments[1].name: "
		      "spectrocloud.environments[0] has this name already");
	fixture_fails(f, ENVIRONMENT("      caFile: none.pem\n"),
		      "app-config.yaml:6:15: spectrocloud.environments[0].caFile: cannot read this "
		      "file: No such file or directory");
	fixture_write(f, "empty.pem", "");
	fixture_write(f, "key.pem", "# -----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
	fixture_fails(f, ENVIRONMENT("      caFile: empty.pem\n"),
		      "app-config.yaml:6:15: spectrocloud.environments[0].caFile: got a file that "
		      "holds something else, wanted a file with at least one PEM certificate");
	fixture_fails(f, ENVIRONMENT("      caFile: key.pem\n"),
		      "app-config.yaml:6:15: spectrocloud.environments[0].caFile: got a file that "
		      "holds something else, wanted a file with at least one PEM certificate");
	fixture_fails(
		f, ENVIRONMENT("      name: \"a\\nb\"\n"),
		"app-config.yaml:6:13: spectrocloud.environments[0].name: got a string, wanted "
		"a string of 1 to 256 characters, without control characters");
	memset(name, 'a', CONFIG_LONGEST_NAME);
	memcpy(name, "\xC3\xA4", 2); /* one character */
	name[CONFIG_LONGEST_NAME] = '\0';
	snprintf(yaml, sizeof yaml, ENVIRONMENT("      name: %sb\n"), name);
	fixture_loads(f, yaml);
	snprintf(yaml, sizeof yaml, ENVIRONMENT("      name: %sbc\n"), name);
	fixture_fails(f, yaml,
		      "app-config.yaml:6:13: spectrocloud.environments[0].name: got a string, "
		      "wanted a string of 1 to 256 characters, without control characters");
	fixture_fails(
		f, ENVIRONMENT("      name: 5\n"),
		"app-config.yaml:6:13: spectrocloud.environments[0].name: got the number 5, "
		"wanted a string of 1 to 256 characters, without control characters, in quotes");
}

static void environment_notices(void **state)
{
	struct fixture *f = *state;
	char path[128];

	fixture_write(f, "ca.pem", "a comment\n-----BEGIN CERTIFICATE-----\n");
	fixture_loads(f, ENVIRONMENT("      caFile: ca.pem\n"
				     "      insecureSkipVerify: true\n"
				     "    - {url: 'http://q.example', tenant: t, apiToken: k}\n"));
	snprintf(path, sizeof path, "%s/ca.pem", f->directory);
	assert_string_equal(f->config->environments[0].ca_file, path);
	assert_int_equal(f->notices.count, 5);
	assert_true(fixture_noticed(
		f, "spectrocloud.environments[0].insecureSkipVerify",
		"certificates are not verified: anybody on the way can read the token"));
	assert_true(fixture_noticed(f, "spectrocloud.environments[1].url",
				    "http, not https: the token travels in clear"));
	assert_true(fixture_noticed(f, "spectrocloud.environments[1].name",
				    "no name: no call can reach this environment"));
	assert_non_null(strstr(f->notices.items[0].where, "app-config.yaml:"));
}

/* As when the lines below it were made a comment, or the end of the file is missing. */
static void nothing_where_something_is_to_narrow(void **state)
{
	static const char why[] =
		"there is nothing behind it, which counts as if it were not there: "
		"it narrows nothing";
	struct fixture *f = *state;

	fixture_loads(f, "backend:\n  auth:\n    externalAccess:\n      - type: static\n"
			 "        options: {token: token-0001, subject: s}\n"
			 "        accessRestrictions:\n"
			 "spectrocloud:\n  auth: {requireUserSession: , sessionEnvironment: }\n"
			 "  mcp: {readOnly: null}\n");
	assert_true(fixture_noticed(f, "backend.auth.externalAccess[0].accessRestrictions", why));
	assert_true(fixture_noticed(f, "spectrocloud.auth.requireUserSession", why));
	assert_true(fixture_noticed(f, "spectrocloud.mcp.readOnly", why));
	assert_false(fixture_noticed(f, "spectrocloud.auth.sessionEnvironment", why));
}

static void unknown_keys(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, ENVIRONMENT("      apitoken2: x\n"
				     "      clusterProvider: {x: 1}\n"
				     "  server: {lisen: x, zebra: 1}\n"
				     "  workers: 3\n"
				     "  enablePermision: true\n"
				     "  enabled: true\n"
				     "  ingestor: {a: 1}\n"
				     "  server.listen: x\n"));
	assert_int_equal(f->notices.count, 7);
	assert_true(fixture_noticed(f, "spectrocloud.environments[0].apitoken2",
				    "unknown setting; did you mean 'apiToken'?"));
	assert_true(fixture_noticed(f, "spectrocloud.server.lisen",
				    "unknown setting; did you mean 'listen'?"));
	assert_true(fixture_noticed(f, "spectrocloud.server.zebra", "unknown setting"));
	assert_true(
		fixture_noticed(f, "spectrocloud.workers",
				"unknown setting; did you mean 'spectrocloud.server.workers'?"));
	assert_true(fixture_noticed(f, "spectrocloud.enablePermision",
				    "unknown setting; did you mean 'enablePermissions'?"));
	assert_true(fixture_noticed(f, "spectrocloud.server.listen", "unknown setting"));
}

/* Whatever is wrong with a value that may be secret, the value stays out of every message. */
static void secrets_stay_secret(void **state)
{
	static const char *const documents[] = {
		"spectrocloud: {server: {workers: '${S}'}}",
		"spectrocloud: {server: {requestTimeout: '${N}'}}",
		"spectrocloud: {server: {listen: 'x${S}'}}",
		"spectrocloud: {telemetry: {logLevel: {$env: S}}}",
		"spectrocloud: {environments: [{url: 'https://u:hunter2@h', tenant: t, apiToken: "
		"k}]}",
		"spectrocloud: {environments: [{url: 'https://h', tenant: t, apiToken: 'hunter2 "
		"x'}]}",
		"spectrocloud: {environments: [{url: '${S}', tenant: t, apiToken: k}]}",
		"backend: {auth: {externalAccess: [{type: '${S}'}]}}",
		"backend: {auth: {externalAccess: [{type: static, options: {token: 'hunter2 x', "
		"subject: s}}]}}",
		"backend: {auth: {externalAccess: [{type: legacy, options: {secret: 'hunter2!', "
		"subject: s}}]}}",
		"backend: {auth: {externalAccess: [{type: jwks, options: {url: 'x:hunter2'}}]}}",
		"backend: {auth: {keys: [{secret: 'hunter2!'}]}}",
		"backend: {baseUrl: 'https://u:hunter2@h'}",
		"discovery: {endpoints: [{target: 'https://u:hunter2@h', plugins: [a]}]}",
		"discovery: {endpoints: [{target: {internal: 'x:hunter2'}, plugins: [a]}]}",
		"spectrocloud: {environments: [{url: {$env: '${S}'}, tenant: t, apiToken: k}]}",
		"spectrocloud: {annotationPrefix: {$file: '${S}'}}",
		"spectrocloud: {annotationPrefix: {$include: '${S}.yaml'}}",
	};
	struct fixture *f = *state;

	f->variables[0] = "S=hunter2 hunter2";
	f->variables[1] = "N=77777";
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		fixture_write(f, "app-config.yaml", documents[i]);
		assert_false(fixture_load(f));
		assert_null(strstr(f->faults.ptr, "hunter2"));
		assert_null(strstr(f->faults.ptr, "77777"));
		assert_null(strstr(f->err.message, "hunter2"));
	}
}

/* Names from the files may be quoted; they cannot draw on the terminal or fill it. */
static void messages_are_tidy(void **state)
{
	struct fixture *f = *state;
	char yaml[2048] = "spectrocloud: {";

	fixture_loads(f, "spectrocloud: {\"a\\e[2J\\x9b\\nb\": 1}");
	assert_true(fixture_noticed(f, "spectrocloud.a?[2J???b", "unknown setting"));
	fixture_fails(
		f,
		"spectrocloud: {environments: [{url: 'https://h', tenant: \"${x\\ny}\", apiToken: "
		"k}]}",
		"app-config.yaml:1:58: spectrocloud.environments[0].tenant: missing, because the "
		"variable x?y is not set; wanted a non-empty string");
	memset(yaml + strlen(yaml), 'v', 1000);
	strcpy(yaml + 1015, ": 1}");
	fixture_loads(f, yaml);
	assert_true(strlen(f->notices.items[0].path) < 600);
}

static void lists_are_bounded(void **state)
{
	struct fixture *f = *state;
	static char yaml[16 * 1024] = "spectrocloud: {environments: [";

	for (int i = 0; i < 1001; i++)
		strcat(yaml, "{},");
	strcat(yaml, "]}");
	fixture_fails(f, yaml,
		      "app-config.yaml:1:30: spectrocloud.environments: more than 1000 elements");
}

static void assert_faults(struct fixture *f, const char *yaml, const char *const *wanted)
{
	size_t lines = 0;

	fixture_write(f, "app-config.yaml", yaml);
	assert_false(fixture_load(f));
	for (const char *c = f->faults.ptr; *c != '\0'; c++)
		if (*c == '\n')
			lines++;
	for (; *wanted != NULL; wanted++, lines--)
		if (strstr(f->faults.ptr, *wanted) == NULL)
			fail_msg("no %s in\n%s", *wanted, f->faults.ptr);
	if (lines != 0)
		fail_msg("%zu lines more in\n%s", lines, f->faults.ptr);
}

/* What is wrong with one element hides nothing of the others. */
static void elements_are_judged_one_by_one(void **state)
{
	struct fixture *f = *state;

	assert_faults(f,
		      "spectrocloud: {environments: [x, {url: 'https://h', tenant: 5, apiToken: "
		      "k}, [], {url: 'ftp://h', tenant: t, apiToken: k}]}",
		      (const char *const[]){
			      "environments[0]: got a string, wanted a map\n",
			      "environments[1].tenant: got the number 5, wanted",
			      "environments[2]: got an empty list, wanted a map\n",
			      "environments[3].url: not usable as a URL",
			      "warning: ",
			      "warning: ",
			      NULL,
		      });
	assert_faults(
		f,
		"backend: {auth: {externalAccess: [5, {type: magic}, {type: static}], keys: [{}, "
		"x]}}",
		(const char *const[]){
			"externalAccess[0]: got a number, wanted a map\n",
			"externalAccess[1].type: got the string 'magic', wanted",
			"externalAccess[2].options.token: missing",
			"externalAccess[2].options.subject: missing",
			"keys[0].secret: missing",
			"keys[1]: got a string, wanted a map\n",
			"warning: ",
			"warning: ",
			NULL,
		});
	assert_faults(f,
		      "backend: {auth: {pluginKeyStore: {type: static, static: {keys: [x, {}]}}}}",
		      (const char *const[]){
			      "keys[0]: got a string, wanted a map\n",
			      "keys[1].keyId: missing",
			      "keys[1].publicKeyFile: missing",
			      "warning: ",
			      NULL,
		      });
}

static void strings_are_judged_one_by_one(void **state)
{
	struct fixture *f = *state;

	assert_faults(f,
		      "spectrocloud: {auth: {trustedServices: [1, a, {}]}, mcp: {toolsets: [core, "
		      "packz, 7], exclude: [1, a, []]}, environments: []}\n"
		      "backend: {cors: {origin: 'https://a', methods: [GET, 'a b', 5]},\n"
		      "          csp: {script-src: [';', a, ',']}, referrer: {policy: [origin, x, "
		      "y]}}\n",
		      (const char *const[]){
			      "trustedServices[0]: got the number 1, wanted a non-empty string, in",
			      "trustedServices[2]: got a map, wanted a non-empty string",
			      "mcp.toolsets[1]: got the string 'packz', wanted one of core",
			      "mcp.toolsets[2]: got the number 7, wanted one of core",
			      "mcp.exclude[0]: got the number 1, wanted",
			      "mcp.exclude[2]: got an empty list, wanted",
			      "cors.methods[2]: got the number 5, wanted",
			      "script-src[0]: got the string ';', wanted",
			      "script-src[2]: got the string ',', wanted",
			      "referrer.policy[1]: got the string 'x', wanted",
			      "referrer.policy[2]: got the string 'y', wanted",
			      "warning: ",
			      NULL,
		      });
}

/* Outside of spectrocloud other plugins have keys, so only what nearly is one of ours is told. */
static void similar_keys(void **state)
{
	struct fixture *f = *state;

	fixture_loads(
		f, "spectroCloud: {}\n"
		   "permissions: {enabled: true}\n"
		   "app: {baseURL: 'https://a', title: x}\n"
		   "auth: {providers: {}, environment: production}\n"
		   "backend: {baseUrl: 'https://b', baseUrls: x, listen: ':7007', lifecycles: {},\n"
		   "          auth: {externalAcces: []}, cache: {store: memory},\n"
		   "          database: {client: better-sqlite3, connection: ':memory:', "
		   "clients: x}}\n");
	assert_true(fixture_noticed(f, "spectroCloud",
				    "not a setting that this service reads; did you mean "
				    "'spectrocloud'?"));
	assert_true(fixture_noticed(f, "permissions",
				    "not a setting that this service reads; did you mean "
				    "'permission'?"));
	assert_true(fixture_noticed(f, "app.baseURL",
				    "not a setting that this service reads; did you mean "
				    "'baseUrl'?"));
	assert_true(fixture_noticed(f, "backend.auth.externalAcces",
				    "not a setting that this service reads; did you mean "
				    "'externalAccess'?"));
	assert_true(fixture_noticed(f, "backend.lifecycles",
				    "not a setting that this service reads; did you mean "
				    "'lifecycle'?"));
	for (size_t i = 0; i < f->notices.count; i++) {
		assert_null(strstr(f->notices.items[i].path, "backend.baseUrls"));
		assert_null(strstr(f->notices.items[i].path, "backend.database.clients"));
		assert_null(strstr(f->notices.items[i].path, "auth.environment"));
	}
}

/* For programs: the same as the lines say. */
static void findings(void **state)
{
	struct fixture *f = *state;
	char path[128];
	const char *const files[] = {path};
	struct config_findings found;
	struct config_options options = {.files = files, .file_count = 1, .findings = &found};
	struct config *config;
	struct error err;

	snprintf(path, sizeof path, "%s/app-config.yaml", f->directory);
	fixture_write(f, "app-config.yaml", "spectrocloud:\n  lisen: x\n  server: {workers: 0}\n");
	assert_false(config_load(&options, &config, NULL, NULL, &err));
	assert_true(found.count >= 2);
	assert_true(found.items[0].is_fault);
	assert_string_equal(found.items[0].file, path);
	assert_int_equal(found.items[0].line, 3);
	assert_int_equal(found.items[0].column, 21);
	assert_string_equal(found.items[0].path, "spectrocloud.server.workers");
	assert_string_equal(found.items[0].message,
			    "got the number 0, wanted a whole number from 1 to 1024");
	assert_false(found.items[1].is_fault);
	assert_string_equal(found.items[1].path, "spectrocloud.lisen");
	assert_int_equal(found.items[1].line, 2);
	config_findings_fini(&found);

	fixture_write(f, "app-config.yaml", "spectrocloud:\n  server: [1, 2\n");
	assert_false(config_load(&options, &config, NULL, NULL, &err));
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0].file, path);
	assert_true(found.items[0].line >= 2);
	assert_true(found.items[0].column >= 1);
	assert_null(found.items[0].path);
	assert_null(strstr(found.items[0].message, "app-config.yaml"));
	config_findings_fini(&found);

	snprintf(path, sizeof path, "%s/none.yaml", f->directory);
	assert_false(config_load(&options, &config, NULL, NULL, &err));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.items[0].line, 0);
	config_findings_fini(&found);
}

static void listen_addresses(void **state)
{
	static const char *const good[] = {"0.0.0.0:1", "localhost:7727", "[::]:7727",
					   "127.0.0.1:0"};
	static const char *const bad[] = {
		"7727", "host:", "::1:80", ":80", "unix:", "h:70000", "[]:1", "h:-1", "a b:1"};
	struct fixture *f = *state;
	char yaml[128];

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(yaml, sizeof yaml, "spectrocloud: {server: {listen: '%s'}}", good[i]);
		fixture_loads(f, yaml);
		assert_string_equal(f->config->listen, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(yaml, sizeof yaml, "spectrocloud: {server: {listen: '%s'}}", bad[i]);
		fixture_write(f, "app-config.yaml", yaml);
		assert_false(fixture_load(f));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(defaults),
		fixture_test(values),
		fixture_test(wrong_values),
		fixture_test(sections_are_maps),
		fixture_test(sessions_of_users),
		fixture_test(notices_with_faults),
		fixture_test(all_faults_are_told),
		fixture_test(urls),
		fixture_test(environment_faults),
		fixture_test(environment_notices),
		fixture_test(nothing_where_something_is_to_narrow),
		fixture_test(unknown_keys),
		fixture_test(secrets_stay_secret),
		fixture_test(messages_are_tidy),
		fixture_test(lists_are_bounded),
		fixture_test(elements_are_judged_one_by_one),
		fixture_test(strings_are_judged_one_by_one),
		fixture_test(similar_keys),
		fixture_test(findings),
		fixture_test(listen_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
