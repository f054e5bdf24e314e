/* Callers: every form of a credential, and whose it is. */
#include "unit/backstage/host.h"

enum { FREE, OURS, OTHERS, LEGACY, JWKS, EXTERNALS };

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
	[JWKS] = {.type = CONFIG_EXTERNAL_JWKS,
		  .url = "http://idp.test/keys",
		  .subject_prefix = "ci",
		  .restrictions = ours,
		  .restriction_count = 2},
};
static const char *const issuers[] = {"https://idp.test"};
static const char *const audiences[] = {"portal", "other"};
static const char *const algorithms[] = {"ES256"};

static int set_tokens(void **state)
{
	(void)state;
	externals[JWKS].issuers = (struct config_strings){issuers, 1};
	externals[JWKS].audiences = (struct config_strings){audiences, 2};
	externals[JWKS].algorithms = (struct config_strings){algorithms, 1};
	secret_set(&externals[FREE].token, TEXT("free-token-value"));
	secret_set(&externals[OURS].token, TEXT("ours-token-value"));
	secret_set(&externals[OTHERS].token, TEXT("others-token-value"));
	secret_set(&externals[LEGACY].secret, TEXT("legacy-secret-of-some-length-here"));
	return 0;
}

static int wipe_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXTERNALS; i++)
		secret_wipe(&externals[i].token);
	secret_wipe(&externals[LEGACY].secret);
	return 0;
}

static int begin(void **state)
{
	struct host *h = malloc(sizeof *h);

	assert_non_null(h);
	host_open(h);
	h->config.external = externals;
	h->config.external_count = EXTERNALS;
	host_start(h);
	*state = h;
	return 0;
}

/* ---- no token, and tokens that are no JWT ---- */

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
		TEXT("Bearer free-token-value\textra"),
		TEXT("Bearer free-token-value, Bearer ours-token-value"),
	};
	struct host *h = *state;
	const struct backstage_call call = host_call(h);
	struct principal principal = {.subject = "untouched"};
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_int_equal(backstage_identify(h->b, &call, headers[i], &principal, &err),
				 IDENTITY_REFUSED);
		assert_int_equal(err.kind, ERROR_UNAUTHENTICATED);
		assert_string_equal(err.message, "Missing credentials");
		assert_string_equal(principal.subject, "untouched");
	}
}

static void refused(struct host *h, struct text token, const char *message)
{
	struct principal principal = {.subject = "untouched"};
	struct error err = {.kind = ERROR_INTERNAL};

	assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_REFUSED);
	assert_int_equal(err.kind, ERROR_UNAUTHENTICATED);
	if (strncmp(err.message, message, strlen(message)) != 0)
		fail_msg("got '%s', wanted '%s'", err.message, message);
}

static void an_unknown_token_is_refused_and_not_repeated(void **state)
{
	static const struct text tokens[] = {
		TEXT("free-token-valu"),
		TEXT("free-token-value2"),
		TEXT("FREE-token-value"),
		TEXT("legacy-token-value"),
		TEXT("eyJhbGciOiJub25lIn0.e30."),
		TEXT("a.b.c"),
		TEXT("..."),
		TEXT("e30.e30.e30"),
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		refused(*state, tokens[i], "Illegal token");
	assert_int_equal(((struct host *)*state)->http.count, 0);
}

static void a_static_token_is_its_service(void **state)
{
	static const struct text headers[] = {
		TEXT("Bearer free-token-value"),
		TEXT("bearer free-token-value"),
		TEXT("BEARER   free-token-value  "),
	};
	struct host *h = *state;
	const struct backstage_call call = {.arena = &h->arena, .may_wait = false};
	struct principal principal;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_int_equal(backstage_identify(h->b, &call, headers[i], &principal, &err),
				 IDENTITY_KNOWN);
		assert_int_equal(principal.kind, PRINCIPAL_SERVICE);
		assert_string_equal(principal.subject, "external:free");
		assert_null(principal.restriction);
	}
}

static void a_restricted_token_brings_its_restriction(void **state)
{
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(*state, TEXT("ours-token-value"), &principal, &err),
			 IDENTITY_KNOWN);
	assert_string_equal(principal.subject, "external:ours");
	assert_ptr_equal(principal.restriction, &ours[1]);
}

static void a_token_for_other_plugins_is_denied(void **state)
{
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(*state, TEXT("others-token-value"), &principal, &err),
			 IDENTITY_REFUSED);
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_string_equal(err.message,
			    "This token's access is restricted to plugin(s) 'catalog', 'search'");
	assert_string_equal(principal.subject, "external:others");
}

/* Without the barrier a bad token is still a bad token. */
static void with_the_policy_off_nobody_is_somebody(void **state)
{
	struct host *h = *state;
	const struct backstage_call call = host_call(h);
	struct principal principal;
	struct error err;

	h->config.disable_default_auth_policy = true;
	assert_int_equal(backstage_identify(h->b, &call, (struct text){NULL, 0}, &principal, &err),
			 IDENTITY_KNOWN);
	assert_int_equal(principal.kind, PRINCIPAL_NONE);
	assert_null(principal.subject);
	assert_int_equal(backstage_identify(h->b, &call, TEXT("Bearer"), &principal, &err),
			 IDENTITY_KNOWN);
	assert_int_equal(host_identify(h, TEXT("ours-token-value"), &principal, &err),
			 IDENTITY_KNOWN);
	assert_string_equal(principal.subject, "external:ours");
	refused(h, TEXT("unknown"), "Illegal token");
	assert_int_equal(host_identify(h, TEXT("others-token-value"), &principal, &err),
			 IDENTITY_REFUSED);
}

/* ---- users ---- */

static void a_user_is_known_and_remembered(void **state)
{
	struct host *h = *state;
	struct text token = host_user(h, "user:default/ada", now_s() + 3600);
	struct principal principal;
	struct error err;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_KNOWN);
		assert_int_equal(principal.kind, PRINCIPAL_USER);
		assert_string_equal(principal.subject, "user:default/ada");
		assert_null(principal.actor);
		assert_null(principal.restriction);
		assert_true(principal.expires_s > now_s() + 3500);
		assert_true(text_ends(principal.on_behalf, ".proof-of-user:default/ada"));
	}
	assert_int_equal(h->http.count, 1);
	assert_int_equal(backstage_stats(h->b).tokens_verified, 1);
	assert_int_equal(backstage_stats(h->b).tokens_recalled, 2);
}

static void see_nothing(void *context, const void *value)
{
	(void)context;
	(void)value;
}

/* A key that is withdrawn ends its tokens, however long they would live. */
static void nobody_is_remembered_for_longer_than_a_key_set(void **state)
{
	struct host *h = *state;
	struct text token = host_user(h, "user:default/ada", now_s() + 24 * 3600);
	struct principal principal;
	struct digest digest;
	struct error err;

	assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_KNOWN);
	digest_of(&token, 1, &digest);
	assert_true(digest_map_get(h->b->verified, &digest, now_s() + 590, see_nothing, NULL));
	assert_false(digest_map_get(h->b->verified, &digest, now_s() + 601, see_nothing, NULL));
}

/* Byte for byte what the auth plugin signed beside the user's token. */
static void the_limited_form_is_the_one_that_was_signed(void **state)
{
	struct host *h = *state;
	int64_t issued_s = now_s();
	struct buf header;
	struct buf claims;
	struct text limited = host_limited(h, "user:default/ada", issued_s, issued_s + 60);
	struct text proof = signature_of(limited);
	struct text user = host_sign(
		h, h->user_key, TYPE_USER,
		"{'uip':'%.*s','exp':%lld,'sub':'user:default/ada','iat':%lld,'aud':'backstage'}",
		(int)proof.len, proof.ptr, (long long)issued_s + 60, (long long)issued_s);
	const char *expected;
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(h, user, &principal, &err), IDENTITY_KNOWN);
	buf_init(&header, 1000);
	buf_init(&claims, 1000);
	base64url_encode(
		text_of(arena_printf(
			&h->arena,
			"{\"typ\":\"vnd.backstage.limited-user\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
			jose_key_id(h->user_key))),
		&header);
	base64url_encode(
		text_of(arena_printf(&h->arena,
				     "{\"sub\":\"user:default/ada\",\"iat\":%lld,\"exp\":%lld}",
				     (long long)issued_s, (long long)issued_s + 60)),
		&claims);
	expected = arena_printf(&h->arena, "%s.%s.%.*s", header.ptr, claims.ptr, (int)proof.len,
				proof.ptr);
	assert_string_equal(principal.on_behalf.ptr, expected);
	buf_fini(&header);
	buf_fini(&claims);
}

static void a_user_token_without_proof_cannot_be_delegated(void **state)
{
	struct host *h = *state;
	struct text token =
		host_sign(h, h->user_key, TYPE_USER,
			  "{'sub':'user:default/ada','iat':1,'exp':%lld}", (long long)now_s() + 60);
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_KNOWN);
	assert_int_equal(principal.on_behalf.len, 0);
}

static void an_old_user_token_is_passed_on_as_it_is(void **state)
{
	struct host *h = *state;
	struct text token = host_sign(
		h, h->user_key, "JWT",
		"{'sub':'user:default/ada','aud':'backstage','iat':1,'exp':%lld,'ent':[]}",
		(long long)now_s() + 60);
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_KNOWN);
	assert_string_equal(principal.subject, "user:default/ada");
	assert_true(text_equal(principal.on_behalf, token));
}

/* Backstage's own had a string there; whoever has a list is somebody else's. */
static void a_list_of_audiences_is_no_old_user_token(void **state)
{
	struct host *h = *state;

	refused(h,
		host_sign(h, h->user_key, "JWT",
			  "{'sub':'user:default/ada','aud':['x','backstage'],'iat':1,'exp':%lld}",
			  (long long)now_s() + 60),
		"Illegal token");
	refused(h,
		host_sign(h, h->plugin_key, "JWT",
			  "{'iss':['https://idp.test'],'aud':'portal','sub':'b','exp':%lld}",
			  (long long)now_s() + 60),
		"Illegal token");
}

static void bad_user_tokens(void **state)
{
	static const char failed[] = "Failed user token verification";
	struct host *h = *state;
	long long later = now_s() + 60;
	struct text good = host_user(h, "user:default/ada", later);
	char *tampered = arena_copy(&h->arena, good);
	struct jose_key *stranger;
	struct error err;

	assert_true(jose_key_generate(&stranger, &err));
	refused(h, host_user(h, "user:default/ada", now_s() - 1), failed);
	refused(h, host_user(h, "user:default/ada", now_s()), failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'sub':'u','iat':1}"), failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'sub':'u','exp':%lld}", later), failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'iat':1,'exp':%lld}", later), failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'sub':'','iat':1,'exp':%lld}", later),
		failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'sub':7,'iat':1,'exp':%lld}", later),
		failed);
	refused(h, host_sign(h, h->user_key, TYPE_USER, "{'sub':'u','iat':1,'exp':'%lld'}", later),
		failed);
	refused(h,
		host_sign(h, h->user_key, TYPE_USER, "{'sub':'u','iat':1,'exp':%lld,'nbf':%lld}",
			  later, later),
		failed);
	refused(h, host_sign(h, stranger, TYPE_USER, "{'sub':'u','iat':1,'exp':%lld}", later),
		failed);
	refused(h, host_limited(h, "user:default/ada", 1, later), "Illegal limited user token");
	/* A claim twice: what another reader takes for it would be a matter of luck. */
	refused(h,
		host_sign(h, h->user_key, TYPE_USER, "{'sub':'u','sub':'v','iat':1,'exp':%lld}",
			  later),
		"Illegal token");
	tampered[good.len - 10] = tampered[good.len - 10] == 'A' ? 'B' : 'A';
	refused(h, text_of(tampered), failed);
	jose_key_free(stranger);
}

/* iat ahead is taken, as Backstage does. */
static void times_have_no_tolerance(void **state)
{
	struct host *h = *state;
	struct principal principal;
	struct error err;
	long long now = now_s();

	assert_int_equal(host_identify(h,
				       host_sign(h, h->user_key, TYPE_USER,
						 "{'sub':'u','iat':%lld,'exp':%lld,'nbf':%lld}",
						 now + 1000, now + 100, now),
				       &principal, &err),
			 IDENTITY_KNOWN);
}

static void a_token_that_may_not_wait_is_undecided(void **state)
{
	struct host *h = *state;
	struct backstage_call call = {.arena = &h->arena, .may_wait = false};
	struct text token = host_user(h, "user:default/ada", now_s() + 60);
	struct text header =
		text_of(arena_printf(&h->arena, "Bearer %.*s", (int)token.len, token.ptr));
	struct principal principal;
	struct error err;

	assert_int_equal(backstage_identify(h->b, &call, header, &principal, &err),
			 IDENTITY_UNDECIDED);
	assert_int_equal(h->http.count, 0);
	assert_int_equal(host_identify(h, token, &principal, &err), IDENTITY_KNOWN);
	assert_int_equal(backstage_identify(h->b, &call, header, &principal, &err), IDENTITY_KNOWN);
}

static void keys_that_cannot_be_had(void **state)
{
	struct host *h = *state;
	struct text token = host_user(h, "user:default/ada", now_s() + 60);

	h->keys_status = 0;
	refused(h, token, "Failed user token verification");
	h->keys_status = 200;
	/* Not again at once. */
	refused(h, token, "Failed user token verification");
	assert_int_equal(h->http.count, 1);
	assert_int_equal(backstage_stats(h->b).key_fetches_failed, 1);
}

static void without_an_address_no_backstage_token_is_good(void **state)
{
	struct host *h = *state;

	h->config.base_url = NULL;
	refused(h, host_user(h, "user:default/ada", now_s() + 60),
		"Failed user token verification");
}

/* ---- plugins ---- */

static void a_plugin_is_a_service(void **state)
{
	struct host *h = *state;
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(h, host_plugin(h, "relay", "spectrocloud", TEXT("")),
				       &principal, &err),
			 IDENTITY_KNOWN);
	assert_int_equal(principal.kind, PRINCIPAL_SERVICE);
	assert_string_equal(principal.subject, "plugin:relay");
	assert_int_equal(
		canned_http_count(&h->http, "GET", "/api/relay/.backstage/auth/v1/jwks.json", NULL),
		1);
}

static void a_plugin_acts_for_a_user(void **state)
{
	struct host *h = *state;
	struct text limited = host_limited(h, "user:default/ada", now_s(), now_s() + 600);
	struct text user = host_user(h, "user:default/bob", now_s() + 600);
	struct principal principal;
	struct error err;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(host_identify(h, host_plugin(h, "relay", "spectrocloud", limited),
					       &principal, &err),
				 IDENTITY_KNOWN);
		assert_int_equal(principal.kind, PRINCIPAL_USER);
		assert_string_equal(principal.subject, "user:default/ada");
		assert_string_equal(principal.actor, "plugin:relay");
		assert_true(text_equal(principal.on_behalf, limited));
	}
	assert_int_equal(
		host_identify(h, host_plugin(h, "relay", "spectrocloud", user), &principal, &err),
		IDENTITY_KNOWN);
	assert_string_equal(principal.subject, "user:default/bob");
}

static void bad_plugin_tokens(void **state)
{
	static const char failed[] = "Failed plugin token verification";
	static const char bad_obo[] = "Invalid user token in plugin token obo claim";
	struct host *h = *state;
	long long later = now_s() + 60;
	struct text plugin = host_plugin(h, "relay", "spectrocloud", TEXT(""));

	refused(h, host_plugin(h, "relay", "catalog", TEXT("")), failed);
	refused(h, host_plugin(h, "missing", "spectrocloud", TEXT("")), failed);
	refused(h, host_plugin(h, "../auth", "spectrocloud", TEXT("")),
		"Invalid plugin token: forbidden subject format");
	refused(h, host_plugin(h, "a/b", "spectrocloud", TEXT("")),
		"Invalid plugin token: forbidden subject format");
	refused(h,
		host_sign(h, h->plugin_key, TYPE_PLUGIN,
			  "{'sub':'relay','aud':'spectrocloud','iat':1,'exp':%lld,'obo':{}}",
			  later),
		failed);
	refused(h,
		host_sign(h, h->plugin_key, TYPE_PLUGIN, "{'sub':'relay','iat':1,'exp':%lld}",
			  later),
		failed);
	refused(h,
		host_sign(h, h->plugin_key, TYPE_PLUGIN,
			  "{'sub':'relay','aud':'spectrocloud','iat':1,'exp':%lld}",
			  (long long)now_s()),
		failed);
	/* Signed by the auth plugin's key, which is not the relay's. */
	refused(h,
		host_sign(h, h->user_key, TYPE_PLUGIN,
			  "{'sub':'relay','aud':'spectrocloud','iat':1,'exp':%lld}", later),
		failed);
	refused(h, host_plugin(h, "relay", "spectrocloud", TEXT("x")), bad_obo);
	refused(h, host_plugin(h, "relay", "spectrocloud", plugin), bad_obo);
	refused(h,
		host_plugin(h, "relay", "spectrocloud",
			    host_limited(h, "user:default/ada", 1, now_s() - 5)),
		bad_obo);
	refused(h,
		host_plugin(h, "relay", "spectrocloud",
			    host_sign(h, h->plugin_key, TYPE_LIMITED_USER,
				      "{'sub':'u','iat':1,'exp':%lld}", later)),
		bad_obo);
}

/* A plugin's token typed as a user's, and the other way round, is verified with the wrong keys. */
static void kinds_are_not_mixed_up(void **state)
{
	struct host *h = *state;
	long long later = now_s() + 60;

	refused(h, host_sign(h, h->plugin_key, TYPE_USER, "{'sub':'u','iat':1,'exp':%lld}", later),
		"Failed user token verification");
	refused(h,
		host_sign(h, h->user_key, TYPE_LIMITED_USER,
			  "{'sub':'relay','aud':'spectrocloud','iat':1,'exp':%lld}", later),
		"Illegal limited user token");
	refused(h,
		host_sign(h, h->user_key, "vnd.backstage.other", "{'sub':'u','iat':1,'exp':%lld}",
			  later),
		"Illegal token");
}

/* ---- from outside ---- */

static struct text legacy(struct host *h, const char *secret, const char *claims)
{
	struct jose_key *key;
	struct error err;
	struct text token;

	assert_true(jose_key_from_secret(text_of(secret), &key, &err));
	token = host_sign(h, key, "JWT", "%s", claims);
	jose_key_free(key);
	return token;
}

static void legacy_tokens(void **state)
{
	static const char secret[] = "legacy-secret-of-some-length-here";
	struct host *h = *state;
	struct principal principal;
	struct error err;

	assert_int_equal(host_identify(h,
				       legacy(h, secret,
					      arena_printf(&h->arena,
							   "{'sub':'backstage-server','exp':%lld}",
							   (long long)now_s() + 60)),
				       &principal, &err),
			 IDENTITY_KNOWN);
	assert_string_equal(principal.subject, "external:legacy");
	assert_int_equal(principal.kind, PRINCIPAL_SERVICE);
	assert_int_equal(
		host_identify(h, legacy(h, secret, "{'sub':'backstage-server'}"), &principal, &err),
		IDENTITY_KNOWN);
	refused(h, legacy(h, "another-secret-of-some-length-her", "{'sub':'backstage-server'}"),
		"Illegal token");
	refused(h, legacy(h, secret, "{'sub':'somebody'}"), "Illegal token");
	refused(h, legacy(h, secret, "{'sub':'backstage-server','aud':'x'}"), "Illegal token");
	refused(h, legacy(h, secret, "{'sub':'backstage-server','exp':5}"), "Illegal token");
	assert_int_equal(h->http.count, 0);
}

static void tokens_of_another_issuer(void **state)
{
	struct host *h = *state;
	long long later = now_s() + 60;
	struct principal principal;
	struct error err;
	struct text good = host_sign(
		h, h->plugin_key, "JWT",
		"{'iss':'https://idp.test','aud':['portal'],'sub':'build','iat':1,'exp':%lld}",
		later);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(host_identify(h, good, &principal, &err), IDENTITY_KNOWN);
		assert_string_equal(principal.subject, "external:ci:build");
		assert_ptr_equal(principal.restriction, &ours[1]);
	}
	assert_int_equal(h->http.count, 1);
	refused(h,
		host_sign(h, h->plugin_key, "JWT",
			  "{'iss':'https://other.test','aud':'portal','sub':'b','exp':%lld}",
			  later),
		"Illegal token");
	refused(h,
		host_sign(h, h->plugin_key, "JWT",
			  "{'iss':'https://idp.test','aud':'third','sub':'b','exp':%lld}", later),
		"Illegal token");
	refused(h,
		host_sign(h, h->plugin_key, "JWT",
			  "{'iss':'https://idp.test','aud':'portal','sub':'b','exp':1}"),
		"Illegal token");
	refused(h,
		host_sign(h, h->user_key, "JWT",
			  "{'iss':'https://idp.test','aud':'portal','sub':'b','exp':%lld}", later),
		"Illegal token");
	assert_int_equal(h->http.count, 2); /* the last one names a key that might be new */
}

/* An HMAC made with the text of a public key is no signature of anybody's. */
static void no_hmac_with_a_public_key(void **state)
{
	struct host *h = *state;
	struct buf public;
	struct jose_key *key;
	struct error err;
	long long later = now_s() + 60;

	buf_init(&public, 4096);
	jose_key_put_public(h->user_key, &public);
	assert_true(jose_key_from_secret(buf_text(&public), &key, &err));
	refused(h, host_sign(h, key, TYPE_USER, "{'sub':'u','iat':1,'exp':%lld}", later),
		"Failed user token verification");
	refused(h,
		host_sign(h, key, TYPE_PLUGIN,
			  "{'sub':'relay','aud':'spectrocloud','iat':1,'exp':%lld}", later),
		"Failed plugin token verification");
	jose_key_free(key);
	buf_fini(&public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_credential_is_none, begin, host_end),
		cmocka_unit_test_setup_teardown(an_unknown_token_is_refused_and_not_repeated, begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_static_token_is_its_service, begin, host_end),
		cmocka_unit_test_setup_teardown(a_restricted_token_brings_its_restriction, begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_token_for_other_plugins_is_denied, begin,
						host_end),
		cmocka_unit_test_setup_teardown(with_the_policy_off_nobody_is_somebody, begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_user_is_known_and_remembered, begin, host_end),
		cmocka_unit_test_setup_teardown(nobody_is_remembered_for_longer_than_a_key_set,
						begin, host_end),
		cmocka_unit_test_setup_teardown(the_limited_form_is_the_one_that_was_signed, begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_user_token_without_proof_cannot_be_delegated,
						begin, host_end),
		cmocka_unit_test_setup_teardown(an_old_user_token_is_passed_on_as_it_is, begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_list_of_audiences_is_no_old_user_token, begin,
						host_end),
		cmocka_unit_test_setup_teardown(bad_user_tokens, begin, host_end),
		cmocka_unit_test_setup_teardown(times_have_no_tolerance, begin, host_end),
		cmocka_unit_test_setup_teardown(a_token_that_may_not_wait_is_undecided, begin,
						host_end),
		cmocka_unit_test_setup_teardown(keys_that_cannot_be_had, begin, host_end),
		cmocka_unit_test_setup_teardown(without_an_address_no_backstage_token_is_good,
						begin, host_end),
		cmocka_unit_test_setup_teardown(a_plugin_is_a_service, begin, host_end),
		cmocka_unit_test_setup_teardown(a_plugin_acts_for_a_user, begin, host_end),
		cmocka_unit_test_setup_teardown(bad_plugin_tokens, begin, host_end),
		cmocka_unit_test_setup_teardown(kinds_are_not_mixed_up, begin, host_end),
		cmocka_unit_test_setup_teardown(legacy_tokens, begin, host_end),
		cmocka_unit_test_setup_teardown(tokens_of_another_issuer, begin, host_end),
		cmocka_unit_test_setup_teardown(no_hmac_with_a_public_key, begin, host_end),
	};

	return cmocka_run_group_tests(tests, set_tokens, wipe_tokens);
}
