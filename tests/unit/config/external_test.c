/* backend.auth.externalAccess and backend.auth.keys. */
#include "unit/config/fixture.h"

#define ENTRY(members) "backend:\n  auth:\n    externalAccess:\n      - {" members "}\n"
#define STATIC         "type: static, options: {token: abcdefgh, subject: ci}"
#define RESTRICTED(r)  ENTRY(STATIC ", accessRestrictions: " r)
#define LEGACY(secret) ENTRY("type: legacy, options: {subject: old, secret: " secret "}")
#define JWKS(options)  ENTRY("type: jwks, options: {" options "}")
#define JWKS_URL       "url: 'https://i.example/keys'"
#define KEYS(keys)     "backend: {auth: {keys: " keys "}}"

static void static_tokens(void **state)
{
	struct fixture *f = *state;
	const struct config_external *e;

	f->variables[0] = "T=  from-variable ";
	fixture_loads(
		f, ENTRY(STATIC) "      - {type: static, options: {token: '${T}', subject: b}}\n");
	e = f->config->external;
	assert_int_equal(f->config->external_count, 2);
	assert_int_equal(e[0].type, CONFIG_EXTERNAL_STATIC);
	assert_true(secret_equal(&e[0].token, TEXT("abcdefgh")));
	assert_string_equal(e[0].subject, "ci");
	assert_null(e[0].restrictions);
	assert_true(secret_equal(&e[1].token, TEXT("from-variable")));
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{ENTRY("type: static, options: {token: short, subject: a}"),
		 "backend.auth.externalAccess[0].options.token: got a string, wanted a string of "
		 "at "
		 "least 8 characters without white space"},
		{ENTRY("type: static, options: {token: 12345678, subject: a}"),
		 "options.token: got a number, wanted a string of at least 8 characters without "
		 "white space, in quotes"},
		{ENTRY("type: static, options: {token: 'a b c d e', subject: a}"),
		 "options.token: got a string"},
		{ENTRY("type: static, options: {token: abcdefgh, subject: ''}"),
		 "options.subject: got an empty string, wanted a name without white space"},
		{ENTRY("type: static"), "app-config.yaml:4:9: "
					"backend.auth.externalAccess[0].options.token: missing"},
		{ENTRY("type: static, options: [x]"),
		 "backend.auth.externalAccess[0].options: got a list, wanted a map"},
		{ENTRY("type: magic"),
		 "app-config.yaml:4:16: backend.auth.externalAccess[0].type: got "
		 "the string 'magic', wanted one of static, legacy, jwks"},
		{ENTRY("options: {}"), "backend.auth.externalAccess[0].type: missing"},
		{ENTRY(STATIC) "      - {type: static, options: {token: abcdefgh, subject: b}}\n",
		 "app-config.yaml:5:41: backend.auth.externalAccess[1].options.token: "
		 "backend.auth.externalAccess[0] has this token already"},
		{"backend: {auth: {externalAccess: {}}}", "got a map, wanted a list of maps"},
		{RESTRICTED("x"), "accessRestrictions: got a string, wanted a list of maps"},
		{RESTRICTED("[{}]"),
		 "accessRestrictions[0].plugin: missing; wanted the name of a plugin"},
		{RESTRICTED("[{plugin: a, plugins: b}]"),
		 "app-config.yaml:4:98: "
		 "backend.auth.externalAccess[0].accessRestrictions[0].plugins: unknown setting; "
		 "did you mean 'plugin'?"},
		{RESTRICTED("[{plugin: a}, {plugin: a}]"),
		 "accessRestrictions[1].plugin: "
		 "backend.auth.externalAccess[0].accessRestrictions[0] has this plugin already"},
		{RESTRICTED("[{plugin: a, permission: 5}]"),
		 "permission: got the number 5, wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permission: []}]"),
		 "permission: got an empty list, wanted names"},
		{RESTRICTED("[{plugin: a, permission: ' , '}]"), "wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permission: [b, [c]]}]"),
		 "permission[1]: got a list, wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permissionAttribute: read}]"),
		 "permissionAttribute: got a string, wanted a map"},
		{RESTRICTED("[{plugin: a, permissionAttribute: {verb: read}}]"),
		 "accessRestrictions[0].permissionAttribute.verb: unknown setting"},
		{RESTRICTED("[{plugin: a, permissionAttribute: {action: fly}}]"),
		 "permissionAttribute.action: got the string 'fly', wanted one of create, read, "
		 "update, delete, or a list of them"},
		/* A restriction that vanished would widen what the token may do. */
		{RESTRICTED("[{plugin: a, permission: '${NONE}'}]"),
		 "permission: a variable in it is not set; more would be allowed than was meant"},
		{RESTRICTED("[{plugin: a, permission: [b, '${NONE}']}]"),
		 "a variable in it is not set"},
		{RESTRICTED("'${NONE}'"), "accessRestrictions: a variable in it is not set"},
		{RESTRICTED("['${NONE}']"), "accessRestrictions: a variable in it is not set"},
		{RESTRICTED("[{plugin: a, permissionAttribute: '${NONE}'}]"),
		 "permissionAttribute.action: a variable in it is not set"},
		{RESTRICTED("[{plugin: a, permissionAttribute: {action: '${NONE}'}}]"),
		 "permissionAttribute.action: a variable in it is not set"},

		{ENTRY("type: legacy, options: {subject: a}"),
		 "backend.auth.externalAccess[0].options.secret: missing; wanted base64 of at "
		 "least one byte"},
		{ENTRY("type: legacy, options: {secret: c2VjcmV0}"),
		 "backend.auth.externalAccess[0].options.subject: missing; wanted a name without "
		 "white space"},
		{LEGACY("c2Vj*mV0"), "options.secret: got a string, wanted base64 of at least one "
				     "byte"},
		{LEGACY("c2VjcmV0Y"), "options.secret: got a string, wanted base64"},
		{LEGACY("'c2 VjcmV0'"), "options.secret: got a string, wanted base64"},
		{LEGACY("'===='"), "options.secret: got a string, wanted base64"},
		{LEGACY("Zg="), "options.secret: got a string, wanted base64"},
		{LEGACY("Z==="), "options.secret: got a string, wanted base64"},
		{LEGACY("''"), "options.secret: got an empty string, wanted base64"},
		{LEGACY("12345678"), "options.secret: got a number, wanted base64"},

		{ENTRY("type: jwks"),
		 "backend.auth.externalAccess[0].options.url: missing; wanted an http or https "
		 "URL"},
		{JWKS("url: 'ftp://x'"), "options.url: not usable as a URL: it must start with "
					 "https:// or http://"},
		{JWKS("url: 'https+srv://x'"), "options.url: not usable as a URL: it must start"},
		{JWKS("url: 'https://u:p@x/'"), "options.url: not usable as a URL: it must not "
						"hold credentials"},
		{JWKS("url: 'https://x/#k'"), "options.url: not usable as a URL: it must not have "
					      "a fragment"},
		{JWKS(JWKS_URL ", issuer: 5"),
		 "options.issuer: got the number 5, wanted names of issuers"},
		{JWKS(JWKS_URL ", audience: []"),
		 "options.audience: got an empty list, wanted names of audiences"},
		{JWKS(JWKS_URL ", algorithm: HS256"),
		 "app-config.yaml:4:74: backend.auth.externalAccess[0].options.algorithm: got the "
		 "string 'HS256', wanted one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
		 "ES384, ES512, or a list of them"},
		{JWKS(JWKS_URL ", algorithm: [ES256, none]"),
		 "options.algorithm[1]: got the string 'none', wanted one of RS256, "},
		{JWKS(JWKS_URL ", subjectPrefix: a b"),
		 "options.subjectPrefix: got the string 'a b', wanted a name without white space"},
		{JWKS(JWKS_URL ", issuer: '${NONE}'"),
		 "options.issuer: a variable in it is not set; more would be allowed"},
		{JWKS(JWKS_URL ", audience: [a, '${NONE}']"),
		 "options.audience: a variable in it is not set; more would be allowed"},
		{JWKS(JWKS_URL ", algorithm: '${NONE}'"),
		 "options.algorithm: a variable in it is not set; more would be allowed"},
		{JWKS(JWKS_URL "}, accessRestrictions: [{plugins: a}], x: {"),
		 "accessRestrictions[0].plugin: missing"},

		{KEYS("{}"), "backend.auth.keys: got a map, wanted a list of maps"},
		{KEYS("[x]"), "backend.auth.keys[0]: got a string, wanted a map"},
		{KEYS("[{}]"), "backend.auth.keys[0].secret: missing; wanted base64 of at least "
			       "one byte"},
		{KEYS("[{secret: '!'}]"), "backend.auth.keys[0].secret: got a string, wanted "
					  "base64"},
		{KEYS("[{secret: Zg, accessRestrictions: [{}]}]"),
		 "backend.auth.keys[0].accessRestrictions[0].plugin: missing"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_write(f, "app-config.yaml", cases[i].yaml);
		assert_false(fixture_load(f));
		if (strstr(f->err.message, cases[i].message) == NULL)
			fail_msg("case %zu: %s", i, f->err.message);
	}
}

static void restrictions(void **state)
{
	struct fixture *f = *state;
	const struct config_restriction *r;

	fixture_loads(f, RESTRICTED("[{plugin: spectrocloud, permission: 'a.b, c  d',"
				    "permissionAttribute: {action: [read, 'create update']}},"
				    "{plugin: catalog, permission: [e, 'f,g'],"
				    "permissionAttribute: {action: delete}}, {plugin: x}]"));
	assert_int_equal(f->config->external[0].restriction_count, 3);
	r = f->config->external[0].restrictions;
	assert_string_equal(r[0].plugin, "spectrocloud");
	assert_int_equal(r[0].permission_count, 3);
	assert_string_equal(r[0].permissions[0], "a.b");
	assert_string_equal(r[0].permissions[2], "d");
	assert_int_equal(r[0].action_count, 3);
	assert_string_equal(r[0].actions[2], "update");
	assert_int_equal(r[1].permission_count, 3);
	assert_int_equal(r[1].action_count, 1);
	assert_null(r[2].permissions);
	assert_null(r[2].actions);
	fixture_loads(f, RESTRICTED("[]"));
	assert_null(f->config->external[0].restrictions);
}

static void assert_words(const struct config_strings *words, const char *first, size_t count)
{
	assert_int_equal(words->count, count);
	assert_string_equal(words->items[0], first);
}

static void legacy_tokens(void **state)
{
	static const char *const same[] = {"Zm9v/+9v", "'Zm9v_-9v'", "'${T}'"};
	struct fixture *f = *state;

	f->variables[0] = "T=Zm9v/+9v";
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		const struct config_external *e;
		char yaml[256];

		snprintf(yaml, sizeof yaml, LEGACY("%s"), same[i]);
		fixture_loads(f, yaml);
		e = f->config->external;
		assert_int_equal(f->config->external_count, 1);
		assert_int_equal(e->type, CONFIG_EXTERNAL_LEGACY);
		assert_true(secret_equal(&e->secret, TEXT("foo\xff\xefo")));
		assert_false(secret_is_set(&e->token));
		assert_string_equal(e->subject, "old");
		assert_null(e->restrictions);
	}
	/* Padded, not padded; a byte, two; NUL is one like any other. */
	fixture_loads(f, LEGACY("Zg=="));
	assert_true(secret_equal(&f->config->external->secret, TEXT("f")));
	fixture_loads(f, LEGACY("Zm8"));
	assert_true(secret_equal(&f->config->external->secret, TEXT("fo")));
	fixture_loads(f, LEGACY("AAAA"));
	assert_true(secret_equal(&f->config->external->secret, TEXT("\0\0\0")));
}

static void tokens_of_an_issuer(void **state)
{
	struct fixture *f = *state;
	const struct config_external *e;

	fixture_loads(f, JWKS(JWKS_URL));
	e = f->config->external;
	assert_int_equal(e->type, CONFIG_EXTERNAL_JWKS);
	assert_string_equal(e->url, "https://i.example/keys");
	assert_int_equal(e->issuers.count + e->audiences.count + e->algorithms.count, 0);
	assert_null(e->subject_prefix);
	assert_null(e->subject);
	fixture_loads(f,
		      ENTRY("type: jwks, accessRestrictions: [{plugin: a}], options: {"
			    "url: 'https://i.example/keys/?p=a/', issuer: 'https://i.example, b', "
			    "audience: [c, 'd e'], algorithm: [ES256, RS512], "
			    "subjectPrefix: ci}"));
	e = f->config->external;
	assert_string_equal(e->url, "https://i.example/keys/?p=a/");
	assert_words(&e->issuers, "https://i.example", 2);
	assert_words(&e->audiences, "c", 3);
	assert_words(&e->algorithms, "ES256", 2);
	assert_string_equal(e->subject_prefix, "ci");
	assert_int_equal(e->restriction_count, 1);
}

static void old_keys(void **state)
{
	struct fixture *f = *state;
	const struct config_external *e;

	fixture_loads(f, ENTRY(STATIC) "    keys: [{secret: Zm9v}, {secret: YmFy, "
				       "accessRestrictions: [{plugin: a}]}]\n");
	assert_int_equal(f->config->external_count, 3);
	e = f->config->external;
	assert_true(secret_equal(&e[0].token, TEXT("abcdefgh")));
	assert_int_equal(e[1].type, CONFIG_EXTERNAL_LEGACY);
	assert_true(secret_equal(&e[1].secret, TEXT("foo")));
	assert_string_equal(e[1].subject, "external:backstage-plugin");
	assert_null(e[1].restrictions);
	assert_true(secret_equal(&e[2].secret, TEXT("bar")));
	assert_int_equal(e[2].restriction_count, 1);
	assert_true(fixture_noticed(
		f, "backend.auth.keys",
		"deprecated: write each as an entry of backend.auth.externalAccess, {type: legacy, "
		"options: {secret: ..., subject: ...}}"));
	fixture_loads(f, KEYS("[{secret: Zm9v}]"));
	assert_int_equal(f->config->external_count, 1);
	fixture_loads(f, KEYS("[]"));
	assert_int_equal(f->config->external_count, 0);
	assert_int_equal(f->notices.count, 2);
}

/* A name that is misspelt may have been meant to restrict. */
static void unknown_settings(void **state)
{
	struct fixture *f = *state;

	fixture_loads(f, JWKS(JWKS_URL ", issuers: a"));
	assert_true(fixture_noticed(f, "backend.auth.externalAccess[0].options.issuers",
				    "unknown setting; did you mean 'issuer'?"));
	fixture_loads(f, ENTRY(STATIC ", accessRestriction: []"));
	assert_true(fixture_noticed(f, "backend.auth.externalAccess[0].accessRestriction",
				    "unknown setting; did you mean 'accessRestrictions'?"));
	fixture_loads(f, KEYS("[{secret: Zm9v, subject: a}]"));
	assert_true(fixture_noticed(f, "backend.auth.keys[0].subject", "unknown setting"));
}

static void keys_in_clear(void **state)
{
	static const char path[] = "backend.auth.externalAccess[0].options.url";
	static const char message[] = "http, not https: anybody on the way can replace the keys";
	struct fixture *f = *state;

	fixture_loads(f, JWKS("url: 'http://i.example/keys?a=1'"));
	assert_true(fixture_noticed(f, path, message));
	fixture_loads(f, JWKS("url: 'http://localhost/keys?a=1'"));
	assert_false(fixture_noticed(f, path, message));
}

static size_t usable(struct fixture *f, const char *yaml)
{
	fixture_loads(f, yaml);
	return config_usable_external(f->config);
}

static void usable_entries(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(usable(f, ""), 0);
	assert_int_equal(usable(f, ENTRY(STATIC)), 1);
	assert_int_equal(usable(f, RESTRICTED("[{plugin: catalog}, {plugin: spectrocloud}]")), 1);
	assert_int_equal(usable(f, RESTRICTED("[{plugin: catalog}]")), 0);
	assert_int_equal(usable(f, LEGACY("Zm9v")), 1);
	assert_int_equal(usable(f, JWKS(JWKS_URL)), 1);
	assert_int_equal(usable(f, KEYS("[{secret: Zm9v}]")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(static_tokens),       fixture_test(faults),
		fixture_test(restrictions),        fixture_test(legacy_tokens),
		fixture_test(tokens_of_an_issuer), fixture_test(old_keys),
		fixture_test(unknown_settings),    fixture_test(keys_in_clear),
		fixture_test(usable_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
