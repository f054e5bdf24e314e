/* Callers: every form of a credential, and whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backstage/backstage.h"

enum { FREE, OURS, OTHERS, LEGACY, EXTERNALS };

static const struct config_restriction ours[] = {{.plugin = "catalog"}, {.plugin = "spectrocloud"}};
static const struct config_restriction others[] = {{.plugin = "catalog"}, {.plugin = "search"}};

static struct config_external externals[EXTERNALS] = {
	[FREE] = {.type = CONFIG_EXTERNAL_STATIC, .subject = "external:free"},
	[OURS] = {.type = CONFIG_EXTERNAL_STATIC,
		  .subject = "external:ours",
		  .restrictions = ours,
		  .restriction_count = 2},
	[OTHERS] = {.type = CONFIG_EXTERNAL_STATIC,
		    .subject = "external:others",
		    .restrictions = others,
		    .restriction_count = 2},
	[LEGACY] = {.type = CONFIG_EXTERNAL_LEGACY, .subject = "external:legacy"},
};

static int set_tokens(void **state)
{
	(void)state;
	secret_set(&externals[FREE].token, TEXT("free-token-value"));
	secret_set(&externals[OURS].token, TEXT("ours-token-value"));
	secret_set(&externals[OTHERS].token, TEXT("others-token-value"));
	secret_set(&externals[LEGACY].token, TEXT("legacy-token-value"));
	return 0;
}

static int wipe_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXTERNALS; i++)
		secret_wipe(&externals[i].token);
	return 0;
}

static const struct config config = {.external = externals, .external_count = EXTERNALS};

static void no_credential_is_none(void **state)
{
	static const struct text headers[] = {
		{NULL, 0},
		TEXT(""),
		TEXT("Bearer"),
		TEXT("Bearer "),
		TEXT("Bearer   "),
		TEXT("Basic ZnJlZQ=="),
		TEXT("Bearerfree-token-value"),
		TEXT("free-token-value"),
		TEXT("Bearer free-token-value extra"),
		TEXT("Bearer free-token-value, Bearer ours-token-value"),
	};
	struct principal principal = {.subject = "untouched"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_false(backstage_identify(&config, headers[i], &principal, &err));
		assert_int_equal(err.kind, ERROR_UNAUTHENTICATED);
		assert_string_equal(err.message, "Missing credentials");
		assert_string_equal(principal.subject, "untouched");
	}
}

static void an_unknown_token_is_refused_and_not_repeated(void **state)
{
	static const struct text headers[] = {
		TEXT("Bearer free-token-valu"),     TEXT("Bearer free-token-value2"),
		TEXT("Bearer FREE-token-value"),    TEXT("Bearer free-token-value\0"),
		TEXT("Bearer legacy-token-value"),  TEXT("Bearer eyJhbGciOiJub25lIn0.e30."),
		TEXT("Bearer free-token-value\tx"),
	};
	struct principal principal;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_false(backstage_identify(&config, headers[i], &principal, &err));
		assert_int_equal(err.kind, ERROR_UNAUTHENTICATED);
		assert_string_equal(err.message, "Illegal token");
	}
}

static void a_static_token_is_its_service(void **state)
{
	static const struct text headers[] = {
		TEXT("Bearer free-token-value"),
		TEXT("bearer free-token-value"),
		TEXT("BEARER   free-token-value  "),
	};
	struct principal principal;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_true(backstage_identify(&config, headers[i], &principal, &err));
		assert_int_equal(principal.kind, PRINCIPAL_SERVICE);
		assert_string_equal(principal.subject, "external:free");
		assert_null(principal.restriction);
	}
}

static void a_restricted_token_brings_its_restriction(void **state)
{
	struct principal principal;
	struct error err;

	(void)state;
	assert_true(backstage_identify(&config, TEXT("Bearer ours-token-value"), &principal, &err));
	assert_string_equal(principal.subject, "external:ours");
	assert_ptr_equal(principal.restriction, &ours[1]);
}

static void a_token_for_other_plugins_is_denied(void **state)
{
	struct principal principal;
	struct error err;

	(void)state;
	assert_false(
		backstage_identify(&config, TEXT("Bearer others-token-value"), &principal, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_string_equal(err.message,
			    "This token's access is restricted to plugin(s) 'catalog', 'search'");
}

static void with_the_policy_off_nobody_is_somebody(void **state)
{
	struct config open = config;
	struct principal principal;
	struct error err;

	(void)state;
	open.disable_default_auth_policy = true;
	assert_true(backstage_identify(&open, (struct text){NULL, 0}, &principal, &err));
	assert_int_equal(principal.kind, PRINCIPAL_NONE);
	assert_null(principal.subject);
	assert_true(backstage_identify(&open, TEXT("Bearer unknown"), &principal, &err));
	assert_int_equal(principal.kind, PRINCIPAL_NONE);
	assert_true(backstage_identify(&open, TEXT("Bearer ours-token-value"), &principal, &err));
	assert_string_equal(principal.subject, "external:ours");
	assert_false(
		backstage_identify(&open, TEXT("Bearer others-token-value"), &principal, &err));
}

static void without_tokens_nobody_gets_in(void **state)
{
	static const struct config empty;
	struct principal principal;
	struct error err;

	(void)state;
	assert_false(backstage_identify(&empty, TEXT("Bearer x"), &principal, &err));
	assert_false(backstage_identify(&empty, (struct text){NULL, 0}, &principal, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_credential_is_none),
		cmocka_unit_test(an_unknown_token_is_refused_and_not_repeated),
		cmocka_unit_test(a_static_token_is_its_service),
		cmocka_unit_test(a_restricted_token_brings_its_restriction),
		cmocka_unit_test(a_token_for_other_plugins_is_denied),
		cmocka_unit_test(with_the_policy_off_nobody_is_somebody),
		cmocka_unit_test(without_tokens_nobody_gets_in),
	};

	return cmocka_run_group_tests(tests, set_tokens, wipe_tokens);
}
