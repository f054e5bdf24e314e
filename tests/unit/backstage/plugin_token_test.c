/* Tokens for other plugins: for whom they are made, for how long, and for whom not. */
#include "unit/backstage/host.h"

static struct jose_token make(struct host *h, const struct principal *principal, const char *plugin,
			      struct text *compact)
{
	struct jose_token token;
	struct error err = {.message = ""};

	if (!backstage_plugin_token(h->b, &h->arena, principal, plugin, compact, &err))
		fail_msg("%s", err.message);
	assert_true(jose_token_read(&h->arena, *compact, &token, &err));
	return token;
}

static int64_t lives(const struct jose_token *token)
{
	int64_t issued_s;
	int64_t expires_s;

	assert_true(jose_claim_time(token, "iat", &issued_s));
	assert_true(jose_claim_time(token, "exp", &expires_s));
	return expires_s - issued_s;
}

static void a_service_is_not_delegated(void **state)
{
	const struct principal service = {.kind = PRINCIPAL_SERVICE, .subject = "external:ci"};
	struct host *h = *state;
	struct text compact;
	struct jose_token token = make(h, &service, "catalog", &compact);

	assert_string_equal(token.type, TYPE_PLUGIN);
	assert_string_equal(token.algorithm, "ES256");
	assert_string_equal(jose_claim_string(&h->arena, &token, "sub"), "spectrocloud");
	assert_string_equal(jose_claim_string(&h->arena, &token, "aud"), "catalog");
	assert_false(jose_claim_is_there(&token, "obo"));
	assert_int_equal(lives(&token), 3600);
}

static void a_users_token_ends_with_theirs(void **state)
{
	struct host *h = *state;
	const struct principal ada = {.kind = PRINCIPAL_USER,
				      .subject = "user:default/ada",
				      .on_behalf = TEXT("limited.token.of-ada"),
				      .expires_s = now_s() + 120};
	struct text compact;
	struct jose_token token = make(h, &ada, "catalog", &compact);

	assert_string_equal(jose_claim_string(&h->arena, &token, "obo"), "limited.token.of-ada");
	assert_in_range(lives(&token), 118, 120);
}

static void tokens_are_used_again_by_caller_and_target(void **state)
{
	struct host *h = *state;
	struct principal ada = {.kind = PRINCIPAL_USER,
				.subject = "user:default/ada",
				.on_behalf = TEXT("limited.token.of-ada"),
				.expires_s = now_s() + 3000};
	struct principal bob = ada;
	struct text first;
	struct text again;
	struct text other_target;
	struct text other_caller;

	bob.on_behalf = TEXT("limited.token.of-bob");
	make(h, &ada, "catalog", &first);
	make(h, &ada, "catalog", &again);
	make(h, &ada, "permission", &other_target);
	make(h, &bob, "catalog", &other_caller);
	assert_true(text_equal(first, again));
	assert_false(text_equal(first, other_target));
	assert_false(text_equal(first, other_caller));
}

static void refused(struct host *h, const struct principal *principal, const char *plugin,
		    enum error_kind kind, const char *why)
{
	struct text token = TEXT("untouched");
	struct error err;

	assert_false(backstage_plugin_token(h->b, &h->arena, principal, plugin, &token, &err));
	assert_int_equal(err.kind, kind);
	assert_non_null(strstr(err.message, why));
	assert_true(text_is(token, "untouched"));
}

static void for_whom_none_is_made(void **state)
{
	static const char *const names[] = {"catalog.entity.read"};
	static const struct config_restriction restrictions[] = {
		{.plugin = "spectrocloud"},
		{.plugin = "catalog", .permissions = names, .permission_count = 1},
		{.plugin = "search"},
	};
	static const struct config_external entry = {.restrictions = restrictions,
						     .restriction_count = 3};
	const struct principal none = {.kind = PRINCIPAL_NONE};
	const struct principal bare = {.kind = PRINCIPAL_USER, .subject = "user:default/ada"};
	const struct principal restricted = {.kind = PRINCIPAL_SERVICE,
					     .subject = "external:ci",
					     .external = &entry,
					     .restriction = &restrictions[0]};
	struct host *h = *state;
	struct text token;
	struct error err;

	refused(h, &none, "catalog", ERROR_UNAUTHENTICATED, "no caller");
	refused(h, &bare, "catalog", ERROR_UNAUTHENTICATED, "cannot be delegated");
	refused(h, &restricted, "permission", ERROR_DENIED,
		"Access to target plugin 'permission' is not included in token's access "
		"restrictions");
	refused(h, &restricted, "catalog", ERROR_DENIED, "is restricted and cannot be delegated");
	assert_true(backstage_plugin_token(h->b, &h->arena, &restricted, "search", &token, &err));
	h->config.disable_default_auth_policy = true;
	assert_true(backstage_plugin_token(h->b, &h->arena, &none, "catalog", &token, &err));
	assert_int_equal(token.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_service_is_not_delegated, host_begin, host_end),
		cmocka_unit_test_setup_teardown(a_users_token_ends_with_theirs, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(tokens_are_used_again_by_caller_and_target,
						host_begin, host_end),
		cmocka_unit_test_setup_teardown(for_whom_none_is_made, host_begin, host_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
