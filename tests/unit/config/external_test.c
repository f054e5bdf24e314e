/* backend.auth.externalAccess. */
#include "unit/config/fixture.h"

#define ENTRY(members) "backend:\n  auth:\n    externalAccess:\n      - {" members "}\n"
#define STATIC         "type: static, options: {token: abcdefgh, subject: ci}"
#define RESTRICTED(r)  ENTRY(STATIC ", accessRestrictions: " r)

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
		 "the string 'magic', wanted static, legacy or jwks"},
		{ENTRY("options: {}"), "backend.auth.externalAccess[0].type: missing"},
		{ENTRY(STATIC) "      - {type: static, options: {token: abcdefgh, subject: b}}\n",
		 "externalAccess[1].options.token: externalAccess[0] has this token already"},
		{"backend: {auth: {externalAccess: {}}}", "got a map, wanted a list of maps"},
		{RESTRICTED("x"), "accessRestrictions: got a string, wanted a list of maps"},
		{RESTRICTED("[{}]"),
		 "accessRestrictions[0].plugin: missing; wanted the name of a plugin"},
		{RESTRICTED("[{plugin: a, plugins: b}]"),
		 "app-config.yaml:4:98: "
		 "backend.auth.externalAccess[0].accessRestrictions[0].plugins: unknown key"},
		{RESTRICTED("[{plugin: a}, {plugin: a}]"),
		 "accessRestrictions[1].plugin: accessRestrictions[0] names this plugin already"},
		{RESTRICTED("[{plugin: a, permission: 5}]"),
		 "permission: got the number 5, wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permission: []}]"),
		 "permission: got a list, wanted names"},
		{RESTRICTED("[{plugin: a, permission: ' , '}]"), "wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permission: [b, [c]]}]"),
		 "permission[1]: got a list, wanted names of permissions"},
		{RESTRICTED("[{plugin: a, permissionAttribute: read}]"),
		 "permissionAttribute: got the string 'read', wanted a map with the key action"},
		{RESTRICTED("[{plugin: a, permissionAttribute: {verb: read}}]"),
		 "permissionAttribute: unknown key; wanted action"},
		{RESTRICTED("[{plugin: a, permissionAttribute: {action: fly}}]"),
		 "permissionAttribute.action: got the string 'fly', wanted create, read, update or "
		 "delete, or a list of them"},
		/* A restriction that vanished would widen what the token may do. */
		{RESTRICTED("[{plugin: a, permission: '${NONE}'}]"),
		 "permission: a variable in it is not set; the token could do more than was meant"},
		{RESTRICTED("[{plugin: a, permission: [b, '${NONE}']}]"),
		 "a variable in it is not set"},
		{RESTRICTED("'${NONE}'"), "accessRestrictions: a variable in it is not set"},
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

static void types_not_accepted_yet(void **state)
{
	struct fixture *f = *state;

	fixture_loads(
		f,
		ENTRY("type: legacy, options: {secret: c2VjcmV0, subject: old}") "      - {type: "
										 "jwks, options: "
										 "{url: "
										 "'https://x'}, "
										 "accessRestriction"
										 "s: [{plugin: "
										 "a}]}\n"
										 "    keys: "
										 "[{secret: x}]\n");
	assert_int_equal(f->config->external[0].type, CONFIG_EXTERNAL_LEGACY);
	assert_string_equal(f->config->external[0].subject, "old");
	assert_int_equal(f->config->external[1].type, CONFIG_EXTERNAL_JWKS);
	assert_int_equal(f->config->external[1].restriction_count, 1);
	assert_false(secret_is_set(&f->config->external[1].token));
	assert_true(fixture_noticed(f, "backend.auth.externalAccess[0]",
				    "tokens of type 'legacy' are refused by this version"));
	assert_true(fixture_noticed(f, "backend.auth.externalAccess[1]",
				    "tokens of type 'jwks' are refused by this version"));
	assert_true(fixture_noticed(f, "backend.auth.keys",
				    "tokens made with these keys are refused by this version"));
}

#define NOBODY "nobody can call: no token of type 'static' may be used with this plugin"

static void usable_tokens(void **state)
{
	struct fixture *f = *state;
	static const char path[] = "backend.auth.externalAccess";

	fixture_loads(f, ENTRY(STATIC));
	assert_int_equal(config_usable_tokens(f->config), 1);
	assert_false(fixture_noticed(f, path, NOBODY));
	fixture_loads(f, RESTRICTED("[{plugin: catalog}, {plugin: spectrocloud}]"));
	assert_int_equal(config_usable_tokens(f->config), 1);
	assert_false(fixture_noticed(f, path, NOBODY));
	fixture_loads(f, RESTRICTED("[{plugin: catalog}]"));
	assert_int_equal(config_usable_tokens(f->config), 0);
	assert_true(fixture_noticed(f, path, NOBODY));
	fixture_loads(f, ENTRY("type: legacy, options: {secret: c2VjcmV0, subject: old}"));
	assert_int_equal(config_usable_tokens(f->config), 0);
	assert_true(fixture_noticed(f, path, NOBODY));
	fixture_loads(f, "backend: {auth: {dangerouslyDisableDefaultAuthPolicy: true}}");
	assert_false(fixture_noticed(f, path, NOBODY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(static_tokens),          fixture_test(faults),
		fixture_test(restrictions),           fixture_test(usable_tokens),
		fixture_test(types_not_accepted_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
