/* backend.auth.pluginKeyStore. */
#include "unit/config/fixture.h"

#define STORE(members) "backend: {auth: {pluginKeyStore: {" members "}}}"
#define KEYS(keys)     STORE("type: static, static: {keys: " keys "}")
#define PUBLIC         "publicKeyFile: pub.pem"
#define PRIVATE        "privateKeyFile: key.pem"

static void write_keys(struct fixture *f)
{
	fixture_write(f, "pub.pem", "# of last year\n-----BEGIN PUBLIC KEY-----\r\n");
	fixture_write(f, "key.pem", "-----BEGIN PRIVATE KEY-----\n");
}

static void static_keys(void **state)
{
	struct fixture *f = *state;
	const struct config_plugin_key *k;
	char path[128];

	write_keys(f);
	fixture_loads(f, KEYS("[{keyId: k2, " PUBLIC ", " PRIVATE "}, {keyId: k1, " PUBLIC ", "
			      "algorithm: PS512}, {keyId: '0', " PUBLIC ", " PRIVATE "}]"));
	assert_int_equal(f->config->plugin_key_store, CONFIG_KEYS_STATIC);
	assert_int_equal(f->config->plugin_key_count, 3);
	k = f->config->plugin_keys;
	assert_string_equal(k[0].key_id, "k2");
	assert_string_equal(k[0].algorithm, "ES256");
	snprintf(path, sizeof path, "%s/pub.pem", f->directory);
	assert_string_equal(k[0].public_key_file, path);
	snprintf(path, sizeof path, "%s/key.pem", f->directory);
	assert_string_equal(k[0].private_key_file, path);
	assert_string_equal(k[1].algorithm, "PS512");
	assert_null(k[1].private_key_file);
	/* Only the first one signs. */
	assert_null(k[2].private_key_file);
}

static void keys_that_are_made(void **state)
{
	static const char path[] = "backend.auth.pluginKeyStore.static.keys";
	static const char message[] = "not read, as backend.auth.pluginKeyStore.type is not static";
	static const char *const same[] = {"", "type: database", "static: {}", "type: null"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		char yaml[128];

		snprintf(yaml, sizeof yaml, STORE("%s"), same[i]);
		fixture_loads(f, yaml);
		assert_int_equal(f->config->plugin_key_store, CONFIG_KEYS_DATABASE);
		assert_int_equal(f->config->plugin_key_count, 0);
		assert_false(fixture_noticed(f, path, message));
	}
	fixture_loads(f, STORE("static: {keys: [{keyId: 5}]}"));
	assert_int_equal(f->config->plugin_key_count, 0);
	assert_null(f->config->plugin_keys);
	assert_true(fixture_noticed(f, path, message));
}

static void faults(void **state)
{
	static const struct {
		const char *yaml, *message;
	} cases[] = {
		{STORE("type: vault, static: {keys: [{}]}"),
		 "app-config.yaml:1:41: backend.auth.pluginKeyStore.type: got the string 'vault', "
		 "wanted one of database, static"},
		{STORE("type: static"), "app-config.yaml:1:34: "
					"backend.auth.pluginKeyStore.static.keys: missing; wanted "
					"a list of at least one map"},
		{STORE("type: static, static: 5"),
		 "backend.auth.pluginKeyStore.static: got a number, wanted a map"},
		{KEYS("[]"), "static.keys: got an empty list, wanted a list of at least one map"},
		{KEYS("{}"), "static.keys: got a map, wanted a list of maps"},
		{KEYS("['${NONE}']"), "static.keys: got an empty list, wanted"},
		{KEYS("[{" PUBLIC ", " PRIVATE "}]"),
		 "static.keys[0].keyId: missing; wanted a non-empty string"},
		{KEYS("[{keyId: '', " PUBLIC ", " PRIVATE "}]"),
		 "keyId: got an empty string, wanted a non-empty string"},
		{KEYS("[{keyId: a, " PUBLIC "}]"),
		 "app-config.yaml:1:65: backend.auth.pluginKeyStore.static.keys[0].privateKeyFile: "
		 "missing; the first key signs, and needs it"},
		{KEYS("[{keyId: a, " PRIVATE "}]"),
		 "static.keys[0].publicKeyFile: missing; wanted the name of a readable file"},
		{KEYS("[{keyId: a, " PUBLIC ", " PRIVATE "}, {keyId: a, " PUBLIC "}]"),
		 "static.keys[1].keyId: backend.auth.pluginKeyStore.static.keys[0] has this keyId "
		 "already"},
		{KEYS("[{keyId: a, algorithm: HS256, " PUBLIC ", " PRIVATE "}]"),
		 "keys[0].algorithm: got the string 'HS256', wanted one of RS256, RS384, RS512, "
		 "PS256, PS384, PS512, ES256, ES384, ES512"},
		{KEYS("[{keyId: a, algorithm: 256, " PUBLIC ", " PRIVATE "}]"),
		 "keys[0].algorithm: got the number 256, wanted one of RS256, RS384, RS512, "
		 "PS256, PS384, PS512, ES256, ES384, ES512"},
		{KEYS("[{keyId: a, publicKeyFile: key.pem, " PRIVATE "}]"),
		 "publicKeyFile: got a file that holds something else, wanted a PEM file with "
		 "-----BEGIN PUBLIC KEY-----"},
		{KEYS("[{keyId: a, " PUBLIC ", privateKeyFile: pub.pem}]"),
		 "privateKeyFile: got a file that holds something else, wanted a PEM file with "
		 "-----BEGIN PRIVATE KEY-----"},
		{KEYS("[{keyId: a, publicKeyFile: none.pem, " PRIVATE "}]"),
		 "publicKeyFile: cannot read this file: No such file or directory"},
		{KEYS("[{keyId: a, " PUBLIC ", " PRIVATE "}, {keyId: b, " PUBLIC ", "
		      "privateKeyFile: none.pem}]"),
		 "keys[1].privateKeyFile: cannot read this file: No such file or directory"},
	};
	struct fixture *f = *state;

	write_keys(f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		fixture_write(f, "app-config.yaml", cases[i].yaml);
		assert_false(fixture_load(f));
		if (strstr(f->err.message, cases[i].message) == NULL)
			fail_msg("case %zu: %s", i, f->err.message);
		assert_null(strstr(f->err.message, " more)"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(static_keys),
		fixture_test(keys_that_are_made),
		fixture_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
