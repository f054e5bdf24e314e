/* Permissions: their names, and who has them. */
#include "unit/backstage/host.h"

#include <unistd.h>

#include "backstage/inside.h"

/* As the plugin's documents name them. */
static const struct {
	enum permit permit;
	const char *name;
	const char *action;
} documented[] = {
	{PERMIT_VIEW_CLUSTER, "spectrocloud.cluster.view-info", "read"},
	{PERMIT_DOWNLOAD_KUBECONFIG, "spectrocloud.cluster.download-kubeconfig", "read"},
	{PERMIT_VIEW_PACK_VALUES, "spectrocloud.cluster.view-pack-values", "read"},
	{PERMIT_VIEW_PACK_MANIFESTS, "spectrocloud.cluster.view-pack-manifests", "read"},
	{PERMIT_CREATE_CLUSTER, "spectrocloud.cluster.create", "create"},
	{PERMIT_VIEW_PROFILE, "spectrocloud.profile.view-info", "read"},
	{PERMIT_VIEW_PROFILE_CLUSTERS, "spectrocloud.profile.view-clusters", "read"},
};

static void the_documented_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documented); i++) {
		const struct permission *p = permission_of(documented[i].permit);

		assert_non_null(p);
		assert_string_equal(p->name, documented[i].name);
		assert_string_equal(p->action, documented[i].action);
		assert_true(strlen(p->summary) > 0);
	}
	assert_int_equal(ARRAY_LEN(documented), PERMITS - PERMIT_VIEW_CLUSTER);
	assert_null(permission_of(PERMIT_NOBODY));
	assert_null(permission_of(PERMIT_ANYONE));
	assert_null(permission_of(PERMIT_AUTHENTICATED));
	assert_null(permission_of(PERMITS));
	assert_null(permission_of((enum permit) - 1));
}

static const char *const trusted[] = {"external:portal"};

/* Nothing here has to be asked of anybody, so nothing may go out. */
static bool may(bool enforced, const struct principal *principal, enum permit permit)
{
	struct error err = {.kind = ERROR_INTERNAL};
	struct host h;
	bool allowed;

	host_open(&h);
	h.config.enable_permissions = enforced;
	h.config.trusted_services = (struct config_strings){trusted, 1};
	host_start(&h);
	allowed = backstage_authorize(h.b, &(struct backstage_call){.arena = &h.arena}, principal,
				      permit, &err);
	assert_int_equal(h.http.count, 0);
	host_close(&h);
	if (allowed)
		return true;
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_true(strlen(err.message) > 0);
	return false;
}

enum { PLAIN = false, ENFORCED = true };

static void nobody_is_nobody(void **state)
{
	const struct principal service = {.kind = PRINCIPAL_SERVICE, .subject = "external:x"};
	const struct principal user = {.kind = PRINCIPAL_USER, .subject = "user:default/x"};
	const struct principal none = {.kind = PRINCIPAL_NONE};

	(void)state;
	assert_false(may(PLAIN, &service, PERMIT_NOBODY));
	assert_false(may(PLAIN, &user, PERMIT_NOBODY));
	assert_false(may(PLAIN, &none, PERMIT_NOBODY));
	assert_false(may(PLAIN, &service, PERMITS));
	assert_false(may(PLAIN, &service, (enum permit)77));
}

static void an_unrestricted_service_may_everything(void **state)
{
	const struct principal service = {.kind = PRINCIPAL_SERVICE, .subject = "external:x"};

	(void)state;
	for (int permit = PERMIT_ANYONE; permit < PERMITS; permit++) {
		bool yes = permit != PERMIT_SESSIONS;

		assert_int_equal(may(PLAIN, &service, (enum permit)permit), yes);
		assert_int_equal(may(ENFORCED, &service, (enum permit)permit), yes);
	}
}

/* Whose sessions are kept is Backstage's sign-in's business. */
static void sessions_are_for_auth_and_the_trusted(void **state)
{
	static const struct config_external entry = {.subject = "plugin:auth"};
	const struct principal can = {.kind = PRINCIPAL_SERVICE, .subject = "plugin:auth"};
	const struct principal named = {.kind = PRINCIPAL_SERVICE, .subject = "external:portal"};
	const struct principal cannot[] = {
		{.kind = PRINCIPAL_SERVICE, .subject = "plugin:authority"},
		{.kind = PRINCIPAL_SERVICE, .subject = "plugin:aut"},
		{.kind = PRINCIPAL_SERVICE, .subject = "auth"},
		{.kind = PRINCIPAL_SERVICE, .subject = "external:x"},
		{.kind = PRINCIPAL_SERVICE, .subject = "plugin:auth", .external = &entry},
		{.kind = PRINCIPAL_USER, .subject = "plugin:auth"},
		{.kind = PRINCIPAL_USER, .subject = "external:portal"},
		{.kind = PRINCIPAL_USER, .subject = "user:default/a", .actor = "plugin:auth"},
		{.kind = PRINCIPAL_NONE},
	};

	(void)state;
	assert_true(may(ENFORCED, &can, PERMIT_SESSIONS));
	assert_true(may(ENFORCED, &named, PERMIT_SESSIONS));
	for (size_t i = 0; i < ARRAY_LEN(cannot); i++)
		assert_false(may(ENFORCED, &cannot[i], PERMIT_SESSIONS));
}

static void without_permissions_a_credential_is_enough(void **state)
{
	const struct principal user = {.kind = PRINCIPAL_USER, .subject = "user:default/x"};

	(void)state;
	for (int permit = PERMIT_ANYONE; permit < PERMITS; permit++)
		assert_int_equal(may(PLAIN, &user, (enum permit)permit),
				 permit != PERMIT_SESSIONS && permit != PERMIT_OPERATORS);
}

/* A token for nothing else is possible, and one for something else is not enough. */
static void figures_are_for_services(void **state)
{
	static const char *const metrics[] = {PERMISSION_OPERATORS};
	static const char *const clusters[] = {"spectrocloud.cluster.view-info"};
	static const char *const reads[] = {"read"};
	static const char *const creates[] = {"create"};
	static const struct config_restriction allowing[] = {
		{.plugin = "spectrocloud"},
		{.plugin = "spectrocloud", .permissions = metrics, .permission_count = 1},
		{.plugin = "spectrocloud", .actions = reads, .action_count = 1},
	};
	static const struct config_restriction refusing[] = {
		{.plugin = "spectrocloud", .permissions = clusters, .permission_count = 1},
		{.plugin = "spectrocloud", .actions = creates, .action_count = 1},
	};
	const struct principal user = {.kind = PRINCIPAL_USER, .subject = "external:x"};
	const struct principal behalf = {
		.kind = PRINCIPAL_USER, .subject = "user:default/x", .actor = "plugin:auth"};
	const struct principal none = {.kind = PRINCIPAL_NONE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(allowing); i++) {
		struct principal service = {.kind = PRINCIPAL_SERVICE,
					    .subject = "external:x",
					    .restriction = &allowing[i]};

		assert_true(may(ENFORCED, &service, PERMIT_OPERATORS));
	}
	for (size_t i = 0; i < ARRAY_LEN(refusing); i++) {
		struct principal service = {.kind = PRINCIPAL_SERVICE,
					    .subject = "external:x",
					    .restriction = &refusing[i]};

		assert_false(may(ENFORCED, &service, PERMIT_OPERATORS));
	}
	assert_false(may(PLAIN, &user, PERMIT_OPERATORS));
	assert_false(may(PLAIN, &behalf, PERMIT_OPERATORS));
	assert_false(may(PLAIN, &none, PERMIT_OPERATORS));
}

static void what_the_api_token_is_for(void **state)
{
	static const char *const short_names[] = {"view-info", "cluster.create"};
	static const char *const full_names[] = {"spectrocloud.cluster.view-info"};
	static const char *const wrong[] = {"info",       "",
					    "view",       "spectrocloud.cluster.View-info",
					    ".view-info", "x.spectrocloud.cluster.view-info"};
	struct config config = {.base_url = NULL};
	struct error err;

	(void)state;
	for (int permit = 0; permit < PERMITS; permit++)
		assert_true(permit_uses_service_token(&config, (enum permit)permit));
	config.service_token_for = (struct config_strings){short_names, 2};
	assert_true(permissions_check(&config, &err));
	for (int permit = 0; permit < PERMITS; permit++)
		assert_int_equal(permit_uses_service_token(&config, (enum permit)permit),
				 permit == PERMIT_VIEW_CLUSTER || permit == PERMIT_VIEW_PROFILE ||
					 permit == PERMIT_CREATE_CLUSTER);
	config.service_token_for = (struct config_strings){full_names, 1};
	for (int permit = 0; permit < PERMITS; permit++)
		assert_int_equal(permit_uses_service_token(&config, (enum permit)permit),
				 permit == PERMIT_VIEW_CLUSTER);
	config.service_token_for = (struct config_strings){full_names, 0};
	assert_false(permit_uses_service_token(&config, PERMIT_VIEW_CLUSTER));
	config.service_token_for = (struct config_strings){.items = NULL};
	config.require_user_session = true;
	assert_false(permit_uses_service_token(&config, PERMIT_VIEW_CLUSTER));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		config.service_token_for = (struct config_strings){&wrong[i], 1};
		assert_false(permissions_check(&config, &err));
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_non_null(strstr(err.message, "spectrocloud.auth.serviceTokenFor[0]"));
	}
}

static void a_restriction_by_permission(void **state)
{
	static const char *const names[] = {"spectrocloud.cluster.view-info"};
	const struct config_restriction r = {
		.plugin = "spectrocloud", .permissions = names, .permission_count = 1};
	const struct principal service = {
		.kind = PRINCIPAL_SERVICE, .subject = "external:x", .restriction = &r};

	(void)state;
	assert_true(may(PLAIN, &service, PERMIT_VIEW_CLUSTER));
	assert_true(may(PLAIN, &service, PERMIT_AUTHENTICATED));
	assert_false(may(PLAIN, &service, PERMIT_DOWNLOAD_KUBECONFIG));
	assert_false(may(PLAIN, &service, PERMIT_CREATE_CLUSTER));
}

static void a_restriction_by_action(void **state)
{
	static const char *const actions[] = {"read"};
	const struct config_restriction r = {
		.plugin = "spectrocloud", .actions = actions, .action_count = 1};
	const struct principal service = {
		.kind = PRINCIPAL_SERVICE, .subject = "external:x", .restriction = &r};

	(void)state;
	assert_true(may(PLAIN, &service, PERMIT_VIEW_CLUSTER));
	assert_true(may(PLAIN, &service, PERMIT_DOWNLOAD_KUBECONFIG));
	assert_false(may(PLAIN, &service, PERMIT_CREATE_CLUSTER));
}

/* Both parts have to allow it, and an empty list allows nothing. */
static void parts_of_a_restriction_add_up(void **state)
{
	static const char *const names[] = {"spectrocloud.cluster.create",
					    "spectrocloud.cluster.view-info"};
	static const char *const actions[] = {"read"};
	const struct config_restriction both = {.plugin = "spectrocloud",
						.permissions = names,
						.permission_count = 2,
						.actions = actions,
						.action_count = 1};
	const struct config_restriction empty = {
		.plugin = "spectrocloud", .permissions = names, .permission_count = 0};
	struct principal service = {
		.kind = PRINCIPAL_SERVICE, .subject = "external:x", .restriction = &both};

	(void)state;
	assert_true(may(PLAIN, &service, PERMIT_VIEW_CLUSTER));
	assert_false(may(PLAIN, &service, PERMIT_CREATE_CLUSTER));
	assert_false(may(PLAIN, &service, PERMIT_VIEW_PROFILE));
	service.restriction = &empty;
	assert_false(may(PLAIN, &service, PERMIT_VIEW_CLUSTER));
}

/* ---- a policy file ---- */

static void write_policy(char path[], const char *lines)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
}

static bool may_by_policy(struct host *h, const struct principal *principal, enum permit permit)
{
	const struct backstage_call call = host_call(h);
	struct error err = {.kind = ERROR_INTERNAL};

	if (backstage_authorize(h->b, &call, principal, permit, &err))
		return true;
	assert_int_equal(err.kind, ERROR_DENIED);
	return false;
}

static void a_policy_file_decides_where_nobody_else_does(void **state)
{
	static const char *const names[] = {"spectrocloud.cluster.view-info"};
	static const struct config_restriction restriction = {
		.plugin = "spectrocloud", .permissions = names, .permission_count = 1};
	const struct principal ops = {.kind = PRINCIPAL_SERVICE, .subject = "external:ops"};
	const struct principal half = {
		.kind = PRINCIPAL_SERVICE, .subject = "external:ops", .restriction = &restriction};
	const struct principal other = {.kind = PRINCIPAL_SERVICE, .subject = "external:x"};
	const struct principal none = {.kind = PRINCIPAL_NONE};
	const struct principal ada = {.kind = PRINCIPAL_USER, .subject = "user:default/ada"};
	char path[] = "/tmp/permission-test-XXXXXX";
	struct host h;

	(void)state;
	write_policy(path, "p, role:default/ops, spectrocloud.cluster.create, create, allow\n"
			   "p, role:default/ops, spectrocloud.cluster.view-info, read, allow\n"
			   "g, external:ops, role:default/ops\n"
			   "g, user:default/ada, role:default/ops\n");
	host_open(&h);
	h.config.policy_file = path;
	h.config.enable_permissions = false;
	host_start(&h);
	assert_true(may_by_policy(&h, &ops, PERMIT_CREATE_CLUSTER));
	assert_false(may_by_policy(&h, &ops, PERMIT_DOWNLOAD_KUBECONFIG));
	/* Restrictions of a token hold as well. */
	assert_true(may_by_policy(&h, &half, PERMIT_VIEW_CLUSTER));
	assert_false(may_by_policy(&h, &half, PERMIT_CREATE_CLUSTER));
	assert_false(may_by_policy(&h, &other, PERMIT_VIEW_CLUSTER));
	assert_false(may_by_policy(&h, &none, PERMIT_VIEW_CLUSTER));
	assert_true(may_by_policy(&h, &ada, PERMIT_VIEW_CLUSTER));
	assert_true(may_by_policy(&h, &other, PERMIT_AUTHENTICATED));
	assert_false(backstage_decides_at_once(h.b, &ops, PERMIT_VIEW_CLUSTER));
	/* Where Backstage is asked the file says nothing. */
	h.config.enable_permissions = true;
	assert_true(may_by_policy(&h, &other, PERMIT_CREATE_CLUSTER));
	assert_true(backstage_decides_at_once(h.b, &ops, PERMIT_VIEW_CLUSTER));
	assert_int_equal(h.http.count, 0);
	host_close(&h);
	unlink(path);
}

static void a_bad_policy_file_stops_the_start(void **state)
{
	char path[] = "/tmp/permission-test-XXXXXX";
	struct backstage *b = NULL;
	struct error err;
	struct host h;

	(void)state;
	write_policy(path,
		     "# fine\np, role:default/ops, spectrocloud.cluster.create, create, maybe\n");
	host_open(&h);
	h.config.policy_file = path;
	assert_false(backstage_open(&h.config, &h.http, NULL, &b, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_non_null(strstr(err.message, path));
	assert_non_null(strstr(err.message, "2"));
	assert_null(b);
	host_close(&h);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_names),
		cmocka_unit_test(nobody_is_nobody),
		cmocka_unit_test(an_unrestricted_service_may_everything),
		cmocka_unit_test(sessions_are_for_auth_and_the_trusted),
		cmocka_unit_test(what_the_api_token_is_for),
		cmocka_unit_test(without_permissions_a_credential_is_enough),
		cmocka_unit_test(figures_are_for_services),
		cmocka_unit_test(a_restriction_by_permission),
		cmocka_unit_test(a_restriction_by_action),
		cmocka_unit_test(parts_of_a_restriction_add_up),
		cmocka_unit_test(a_policy_file_decides_where_nobody_else_does),
		cmocka_unit_test(a_bad_policy_file_stops_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
