/* Notices about who can call, and who decides what they may do. */
#include "unit/config/fixture.h"

#define TOKEN "externalAccess: [{type: static, options: {token: abcdefgh, subject: a}}]"
#define OTHER                                                                      \
	"externalAccess: [{type: static, options: {token: abcdefgh, subject: a}, " \
	"accessRestrictions: [{plugin: catalog}]}]"
#define BACKEND(auth)  "backend: {auth: {" auth "}}\n"
#define ENDPOINT(t, p) "discovery: {endpoints: [{target: " t ", plugins: [" p "]}]}\n"
#define ADDRESS        "'http://h/{{pluginId}}'"
#define BASE_URL       "backend: {baseUrl: 'http://h'}\n"
#define PERMISSIONS    "permission: {enabled: true}\n"
#define OURS(members)  "spectrocloud: {" members "}\n"
#define WHERE(plugin) \
	"neither backend.baseUrl nor discovery.endpoints says where its plugin '" plugin "' is"
#define EXTERNAL           "backend.auth.externalAccess"
#define CANNOT_BE_VERIFIED "Backstage's tokens cannot be verified: " WHERE("auth")

static bool noticed(struct fixture *f, const char *yaml, const char *path, const char *message)
{
	fixture_loads(f, yaml);
	return fixture_noticed(f, path, message);
}

static void nobody_can_call(void **state)
{
	struct fixture *f = *state;

	assert_true(noticed(f, "", EXTERNAL, NOBODY));
	assert_true(noticed(f, BACKEND(OTHER), EXTERNAL, NOBODY));
	assert_true(noticed(f, PERMISSIONS, EXTERNAL, NOBODY));
	assert_true(noticed(f, ENDPOINT(ADDRESS, "catalog"), EXTERNAL, NOBODY));
	assert_true(noticed(f, ENDPOINT("{external: 'http://h'}", "'*'"), EXTERNAL, NOBODY));
	assert_false(noticed(f, BACKEND(TOKEN), EXTERNAL, NOBODY));
	assert_false(noticed(f, BASE_URL, EXTERNAL, NOBODY));
	assert_false(noticed(f, ENDPOINT(ADDRESS, "auth"), EXTERNAL, NOBODY));
	assert_false(noticed(f, ENDPOINT("{internal: 'http://h'}", "b, '*'"), EXTERNAL, NOBODY));
	assert_false(
		noticed(f, BACKEND("dangerouslyDisableDefaultAuthPolicy: true"), EXTERNAL, NOBODY));
}

/* A service that stands alone has no use for Backstage's tokens. */
static void tokens_cannot_be_verified(void **state)
{
	static const char enabled[] = "permission.enabled";
	static const char file[] = "spectrocloud.standalone.policyFile";
	static const char endpoints[] = "discovery.endpoints";
	struct fixture *f = *state;

	fixture_write(f, "policy", "");
	assert_true(noticed(f, BACKEND(TOKEN) PERMISSIONS, enabled, CANNOT_BE_VERIFIED));
	assert_non_null(strstr(f->notices.items[f->notices.count - 1].where, "yaml:2:23"));
	assert_false(noticed(f, BACKEND(TOKEN) OURS("standalone: {policyFile: policy}"), file,
			     CANNOT_BE_VERIFIED));
	assert_true(noticed(f, BACKEND(TOKEN) ENDPOINT(ADDRESS, "permission"), endpoints,
			    CANNOT_BE_VERIFIED));
	assert_false(noticed(f, BACKEND(TOKEN) PERMISSIONS ENDPOINT(ADDRESS, "'*'"), enabled,
			     CANNOT_BE_VERIFIED));
	assert_false(noticed(f, BASE_URL PERMISSIONS, enabled, CANNOT_BE_VERIFIED));
	fixture_loads(f, BACKEND(TOKEN));
	assert_int_equal(f->notices.count, 1);
}

static void permissions_cannot_be_asked_for(void **state)
{
	static const char path[] = "permission.enabled";
	static const char message[] =
		"users are refused what needs a permission: " WHERE("permission");
	struct fixture *f = *state;

	assert_true(noticed(f, PERMISSIONS ENDPOINT(ADDRESS, "auth"), path, message));
	assert_false(noticed(f, PERMISSIONS ENDPOINT(ADDRESS, "auth, permission"), path, message));
	assert_false(noticed(f, PERMISSIONS BASE_URL, path, message));
	assert_false(noticed(f, ENDPOINT(ADDRESS, "auth"), path, message));
}

static void nobody_is_asked(void **state)
{
	static const char path[] = "spectrocloud.enablePermissions";
	static const char message[] =
		"nobody is asked: permission.enabled is not true, so everybody with a valid "
		"credential is allowed, services within their access restrictions";
	struct fixture *f = *state;

	fixture_write(f, "policy", "");
	assert_true(noticed(f, OURS("enablePermissions: true"), path, message));
	assert_false(noticed(f, OURS("enablePermissions: true") PERMISSIONS, path, message));
	assert_false(noticed(f, OURS("enablePermissions: true, standalone: {policyFile: policy}"),
			     path, message));
	assert_false(noticed(f, OURS("enablePermissions: false"), path, message));
}

static void policy_file_beside_backstage(void **state)
{
	static const char path[] = "spectrocloud.standalone.policyFile";
	static const char message[] =
		"not in force: with permission.enabled and spectrocloud.enablePermissions, "
		"Backstage's permission backend decides";
	struct fixture *f = *state;
	char file[128];

	fixture_write(f, "policy", "");
	assert_true(noticed(
		f, OURS("enablePermissions: true, standalone: {policyFile: policy}") PERMISSIONS,
		path, message));
	/* One switch alone asks nobody, so the file decides. */
	assert_false(
		noticed(f, OURS("standalone: {policyFile: policy}") PERMISSIONS, path, message));
	snprintf(file, sizeof file, "%s/policy", f->directory);
	assert_string_equal(f->config->policy_file, file);
	assert_false(noticed(f, OURS("standalone: {policyFile: policy}"), path, message));
	assert_false(noticed(f, PERMISSIONS, path, message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nobody_can_call),
		fixture_test(tokens_cannot_be_verified),
		fixture_test(permissions_cannot_be_asked_for),
		fixture_test(nobody_is_asked),
		fixture_test(policy_file_beside_backstage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
