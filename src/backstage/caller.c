/*
 * Who sent a request: Backstage's users and plugins by their signed tokens, others by
 * backend.auth.externalAccess.
 *
 * The kinds of tokens are told apart by the header's "typ", never by trial. What can be refused
 * without a key is refused first, so that a stranger costs little; what was verified once is
 * remembered by its digest, until it expires or for ten minutes.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "telemetry/metrics.h"

enum {
	LONGEST_PLUGIN_ID = 64,
	LONGEST_SUBJECT = 1024,
	REMEMBERED_S = 10 * 60, /* as long as a key set: a key that is withdrawn ends its tokens */
};

/* One token on its way to a principal. */
struct reading {
	struct backstage *b;
	const struct backstage_call *call;
	struct jose_token token;
	int64_t now_s;
};

int64_t now_s(void)
{
	return clock_calendar_ms() / 1000;
}

/* The token of a Bearer header; its ptr is NULL for any other scheme and for a bare "Bearer". */
static struct text bearer_token(struct text header)
{
	static const struct text scheme = TEXT("Bearer ");
	struct text token = {NULL, 0};

	if (header.ptr == NULL || !text_equal_nocase(text_slice(header, 0, scheme.len), scheme))
		return token;
	token = text_trim(text_slice(header, scheme.len, header.len));
	if (token.len == 0 || text_find(token, ' ') != SIZE_MAX ||
	    text_find(token, '\t') != SIZE_MAX)
		token.ptr = NULL;
	return token;
}

/* ---- refusals ---- */

/* What a kind of token is called when it is refused. */
static const char failed_user[] = "Failed user token verification";
static const char failed_plugin[] = "Failed plugin token verification";
static const char failed_obo[] = "Invalid user token in plugin token obo claim";

/* As Backstage words it: what failed, and the cause by the name that the jose library gives it. */
static enum identity refuse(struct error *err, const char *what, const char *cause)
{
	if (cause == NULL)
		error_set(err, ERROR_UNAUTHENTICATED, "%s", what);
	else
		error_set(err, ERROR_UNAUTHENTICATED, "%s; caused by %s", what, cause);
	return IDENTITY_REFUSED;
}

/* ---- what needs no key ---- */

/* NULL if the token's times are fine: exp not passed, nbf not ahead; no tolerance. Those that are
 * named as required must be there. */
static const char *problem_with_times(const struct reading *r, bool required)
{
	int64_t issued;
	int64_t expires;
	int64_t not_before;

	if (required && !jose_claim_time(&r->token, "iat", &issued))
		return "JWTClaimValidationFailed: the claim iat is missing or no whole number";
	if (!jose_claim_time(&r->token, "exp", &expires)) {
		if (required || jose_claim_is_there(&r->token, "exp"))
			return "JWTClaimValidationFailed: the claim exp is missing or no whole "
			       "number";
	} else if (expires <= r->now_s) {
		return "JWTExpired: the token has expired";
	}
	if (!jose_claim_is_there(&r->token, "nbf"))
		return NULL;
	if (!jose_claim_time(&r->token, "nbf", &not_before))
		return "JWTClaimValidationFailed: the claim nbf is no whole number";
	return not_before > r->now_s ? "JWTClaimValidationFailed: the token is not valid yet"
				     : NULL;
}

static int64_t expiry_of(const struct jose_token *token)
{
	int64_t expires;

	return jose_claim_time(token, "exp", &expires) ? expires : 0;
}

/* The claim sub, if it can be somebody's name. */
static const char *subject_of(const struct reading *r)
{
	const char *subject = jose_claim_string(r->call->arena, &r->token, "sub");

	if (subject == NULL || subject[0] == '\0' || strlen(subject) > LONGEST_SUBJECT)
		return NULL;
	return subject;
}

/* The guard that keeps a token from choosing an address: the id goes into a URL. */
static bool is_plugin_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_')
			return false;
	return len > 0 && len <= LONGEST_PLUGIN_ID;
}

static bool is_type(const struct reading *r, const char *type)
{
	return r->token.type != NULL && strcmp(r->token.type, type) == 0;
}

/* Tokens of the old kind have no type of their own. */
static bool is_old_user_token(const struct reading *r)
{
	const char *audience = jose_claim_string(r->call->arena, &r->token, "aud");

	return !is_type(r, TYPE_USER) && !is_type(r, TYPE_LIMITED_USER) &&
	       !is_type(r, TYPE_PLUGIN) && audience != NULL && strcmp(audience, AUDIENCE_USER) == 0;
}

static bool is_user_token(const struct reading *r)
{
	return is_type(r, TYPE_USER) || is_type(r, TYPE_LIMITED_USER) || is_old_user_token(r);
}

/* ---- signatures ---- */

/* What a verdict is called when it is no good one. */
static const char *cause_of(enum issuer_verdict verdict)
{
	switch (verdict) {
	case ISSUER_NO_ENDPOINT:
		return "AuthenticationError: the issuer does not have a JWKS endpoint";
	case ISSUER_BUSY:
	case ISSUER_UNREACHABLE:
		return "JWKSTimeout: the issuer's keys could not be fetched";
	default:
		return "JWSSignatureVerificationFailed: no key of the issuer made this signature";
	}
}

/* Nothing is said about the token: it may be good. */
static enum identity postpone(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "Keys of Backstage's plugins are slow to come, and too many requests wait for "
		  "them");
	return IDENTITY_REFUSED;
}

/* Plugins that are asked for their keys whatever strangers make us ask for: Backstage's own, and
 * those that the configuration names. */
static bool is_well_known(const struct config *config, const char *plugin)
{
	static const char *const names[] = {"auth",        "catalog", "permission",    "scaffolder",
					    "search",      "events",  "notifications", "signals",
					    "techdocs",    "proxy",   "app",           "kubernetes",
					    "mcp-actions", "devtools"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], plugin) == 0)
			return true;
	for (size_t i = 0; i < config->endpoint_count; i++)
		for (size_t j = 0; j < config->endpoints[i].plugins.count; j++)
			if (strcmp(config->endpoints[i].plugins.items[j], plugin) == 0)
				return true;
	return false;
}

/* The keys of one of Backstage's plugins. */
static enum identity verify_by_plugin(const struct reading *r, const char *plugin, const char *path,
				      const char *what, struct error *err)
{
	struct issuer_address at = {.configured = is_well_known(r->b->config, plugin)};
	enum issuer_verdict verdict;
	const char *url;

	if (!r->call->may_wait)
		return IDENTITY_UNDECIDED;
	if (!backstage_url(r->b, r->call, plugin, &url, err)) {
		log_warn("keys.unavailable", F_STR("plugin", plugin),
			 F_STR("problem", err->message));
		return refuse(err, what, cause_of(ISSUER_UNREACHABLE));
	}
	/* A plugin's own keys are others than those of users, which the auth plugin has both. */
	at.name = arena_printf(r->call->arena, "%s%s", plugin, path);
	at.url = arena_printf(r->call->arena, "%s%s", url, path);
	verdict = issuers_verify(r->b->issuers, &at, &r->token, r->call->deadline_ms);
	if (verdict == ISSUER_BUSY)
		return postpone(err);
	if (verdict != ISSUER_GOOD)
		return refuse(err, what, cause_of(verdict));
	atomic_fetch_add(&r->b->counts.tokens_verified, 1);
	return IDENTITY_KNOWN;
}

/* ---- users ---- */

/* A user's token, whether it came by itself or inside a plugin's. */
static enum identity read_user(const struct reading *r, const char *what,
			       struct principal *principal, struct error *err)
{
	const char *problem = problem_with_times(r, true);
	const char *subject = subject_of(r);
	enum identity identity;

	if (problem == NULL && subject == NULL)
		problem = "JWTClaimValidationFailed: the claim sub is missing or no name";
	if (problem != NULL)
		return refuse(err, what, problem);
	identity = verify_by_plugin(r, "auth", PATH_USER_KEYS, what, err);
	if (identity != IDENTITY_KNOWN)
		return identity;
	*principal = (struct principal){.kind = PRINCIPAL_USER,
					.subject = subject,
					.on_behalf = limited_form(r->call->arena, &r->token),
					.expires_s = expiry_of(&r->token)};
	return IDENTITY_KNOWN;
}

static enum identity read_direct_user(const struct reading *r, struct principal *principal,
				      struct error *err)
{
	if (is_type(r, TYPE_LIMITED_USER))
		return refuse(err, "Illegal limited user token", NULL);
	return read_user(r, failed_user, principal, err);
}

/* ---- plugins ---- */

/* The user for whom a plugin acts. */
static enum identity read_obo(const struct reading *r, const char *obo, const char *plugin,
			      struct principal *principal, struct error *err)
{
	struct reading inner = {.b = r->b, .call = r->call, .now_s = r->now_s};
	enum identity identity;
	int64_t expires = expiry_of(&r->token);

	if (!jose_token_read(r->call->arena, text_of(obo), &inner.token, err) ||
	    !is_user_token(&inner))
		return refuse(err, failed_obo, NULL);
	identity = read_user(&inner, failed_obo, principal, err);
	if (identity != IDENTITY_KNOWN)
		return identity;
	principal->actor = arena_printf(r->call->arena, "plugin:%s", plugin);
	if (expires < principal->expires_s)
		principal->expires_s = expires;
	return IDENTITY_KNOWN;
}

static enum identity read_plugin(const struct reading *r, struct principal *principal,
				 struct error *err)
{
	const char *problem = problem_with_times(r, true);
	const char *plugin = subject_of(r);
	const char *obo = jose_claim_string(r->call->arena, &r->token, "obo");
	enum identity identity;

	if (plugin == NULL)
		return refuse(err, "Invalid plugin token: missing subject", NULL);
	if (!is_plugin_id(plugin))
		return refuse(err, "Invalid plugin token: forbidden subject format", NULL);
	if (problem == NULL && !jose_claim_has(&r->token, "aud", BACKSTAGE_PLUGIN_ID))
		problem = "JWTClaimValidationFailed: the claim aud is not this plugin";
	if (problem == NULL && obo == NULL && jose_claim_is_there(&r->token, "obo"))
		problem = "JWTClaimValidationFailed: the claim obo is no token";
	if (problem != NULL)
		return refuse(err, failed_plugin, problem);
	identity = verify_by_plugin(r, plugin, PATH_PLUGIN_KEYS, failed_plugin, err);
	if (identity != IDENTITY_KNOWN)
		return identity;
	if (obo != NULL)
		return read_obo(r, obo, plugin, principal, err);
	*principal =
		(struct principal){.kind = PRINCIPAL_SERVICE,
				   .subject = arena_printf(r->call->arena, "plugin:%s", plugin),
				   .expires_s = expiry_of(&r->token)};
	return IDENTITY_KNOWN;
}

/* ---- callers from outside Backstage ---- */

static bool refuse_other_plugins(const struct config_external *e, struct error *err)
{
	struct buf plugins;

	buf_init(&plugins, 64 * 1024);
	for (size_t i = 0; i < e->restriction_count; i++)
		buf_printf(&plugins, "%s'%s'", i == 0 ? "" : ", ", e->restrictions[i].plugin);
	error_set(err, ERROR_DENIED, "This token's access is restricted to plugin(s) %s",
		  plugins.ptr);
	buf_fini(&plugins);
	return false;
}

/* The service that an entry stands for; a token that is restricted to other plugins is refused. */
static enum identity take_external(const struct config_external *e, const char *subject,
				   int64_t expires_s, struct principal *principal,
				   struct error *err)
{
	*principal = (struct principal){.kind = PRINCIPAL_SERVICE,
					.subject = subject,
					.external = e,
					.expires_s = expires_s};
	if (e->restriction_count == 0)
		return IDENTITY_KNOWN;
	for (size_t i = 0; i < e->restriction_count; i++) {
		if (strcmp(e->restrictions[i].plugin, BACKSTAGE_PLUGIN_ID) != 0)
			continue;
		principal->restriction = &e->restrictions[i];
		return IDENTITY_KNOWN;
	}
	refuse_other_plugins(e, err);
	return IDENTITY_REFUSED;
}

/* Compares with all of them, so that the time does not tell which one came close. */
static const struct config_external *find_static_token(const struct config *config,
						       struct text token)
{
	const struct config_external *found = NULL;

	for (size_t i = 0; i < config->external_count; i++) {
		const struct config_external *e = &config->external[i];

		if (e->type == CONFIG_EXTERNAL_STATIC && secret_equal(&e->token, token) &&
		    found == NULL)
			found = e;
	}
	return found;
}

/* Only a string can be an issuer (RFC 7519 4.1.1). */
static bool is_issuer_of(const struct config_external *e, const struct reading *r)
{
	const char *issuer = jose_claim_string(r->call->arena, &r->token, "iss");

	for (size_t i = 0; i < e->issuers.count && issuer != NULL; i++)
		if (strcmp(e->issuers.items[i], issuer) == 0)
			return true;
	return e->issuers.count == 0;
}

static bool is_audience_of(const struct config_external *e, const struct jose_token *token)
{
	for (size_t i = 0; i < e->audiences.count; i++)
		if (jose_claim_has(token, "aud", e->audiences.items[i]))
			return true;
	return e->audiences.count == 0;
}

static bool is_algorithm_of(const struct config_external *e, const struct jose_token *token)
{
	for (size_t i = 0; i < e->algorithms.count; i++)
		if (strcmp(e->algorithms.items[i], token->algorithm) == 0)
			return true;
	return e->algorithms.count == 0;
}

/* Whether a token looks like one of a legacy entry: signed with a shared secret, for nobody. */
static bool looks_legacy(const struct reading *r)
{
	const char *subject = subject_of(r);

	return strcmp(r->token.algorithm, "HS256") == 0 && subject != NULL &&
	       strcmp(subject, "backstage-server") == 0 && !jose_claim_is_there(&r->token, "aud") &&
	       problem_with_times(r, false) == NULL;
}

/* Whether the entry may have let this token in, as far as can be told without a key. */
static bool may_be_of(const struct reading *r, const struct config_external *e)
{
	if (e->type == CONFIG_EXTERNAL_LEGACY)
		return looks_legacy(r);
	return e->type == CONFIG_EXTERNAL_JWKS && subject_of(r) != NULL &&
	       problem_with_times(r, false) == NULL && is_algorithm_of(e, &r->token) &&
	       is_issuer_of(e, r) && is_audience_of(e, &r->token);
}

static enum issuer_verdict verify_external(const struct reading *r, size_t index)
{
	const struct config_external *e = &r->b->config->external[index];
	const struct issuer_address at = {.name = e->url, .url = e->url, .configured = true};

	if (e->type == CONFIG_EXTERNAL_LEGACY)
		return jose_verify_with_key(&r->token, r->b->external_secrets[index])
			       ? ISSUER_GOOD
			       : ISSUER_REFUSED;
	return issuers_verify(r->b->issuers, &at, &r->token, r->call->deadline_ms);
}

static const char *external_subject(const struct reading *r, const struct config_external *e)
{
	const char *subject = subject_of(r);

	if (e->type == CONFIG_EXTERNAL_LEGACY)
		return e->subject;
	if (e->subject_prefix == NULL)
		return arena_printf(r->call->arena, "external:%s", subject);
	return arena_printf(r->call->arena, "external:%s:%s", e->subject_prefix, subject);
}

/* A signed token of none of Backstage's kinds: the entries in their order. */
static enum identity read_external(const struct reading *r, struct principal *principal,
				   struct error *err)
{
	const struct config *config = r->b->config;

	for (size_t i = 0; i < config->external_count; i++) {
		const struct config_external *e = &config->external[i];
		enum issuer_verdict verdict;

		if (!may_be_of(r, e))
			continue;
		if (!r->call->may_wait)
			return IDENTITY_UNDECIDED;
		verdict = verify_external(r, i);
		if (verdict == ISSUER_BUSY)
			return postpone(err);
		if (verdict != ISSUER_GOOD)
			continue;
		atomic_fetch_add(&r->b->counts.tokens_verified, 1);
		return take_external(e, external_subject(r, e), expiry_of(&r->token), principal,
				     err);
	}
	return refuse(err, "Illegal token", NULL);
}

/* ---- what was verified before ---- */

/* A principal on the heap. */
struct known {
	struct principal principal;
	char *subject;
	char *actor;
	struct secret on_behalf;
};

static void release_known(void *value)
{
	struct known *known = value;

	free(known->subject);
	free(known->actor);
	secret_wipe(&known->on_behalf);
	free(known);
}

struct digest_map *verified_new(void)
{
	enum { MOST_CALLERS = 8192, MOST_BYTES = 32 * 1024 * 1024 };

	return digest_map_new(MOST_CALLERS, MOST_BYTES, release_known);
}

struct recall {
	struct arena *arena;
	struct principal *principal;
};

static void recall(void *context, const void *value)
{
	const struct known *known = value;
	struct recall *r = context;
	struct principal *p = r->principal;

	*p = known->principal;
	p->subject = arena_copy(r->arena, text_of(known->subject));
	p->actor = known->actor == NULL ? NULL : arena_copy(r->arena, text_of(known->actor));
	p->on_behalf = arena_copy_text(r->arena,
				       (struct text){known->on_behalf.ptr, known->on_behalf.len});
}

static void remember(const struct reading *r, const struct digest *digest,
		     const struct principal *principal)
{
	struct known *known = heap_alloc(sizeof *known);
	size_t bytes = sizeof *known + strlen(principal->subject) + principal->on_behalf.len;
	int64_t until_s = r->now_s + REMEMBERED_S;

	known->principal = *principal;
	known->subject = heap_copy(text_of(principal->subject));
	known->actor = principal->actor == NULL ? NULL : heap_copy(text_of(principal->actor));
	secret_set(&known->on_behalf, principal->on_behalf);
	digest_map_put(r->b->verified, digest, known, bytes,
		       principal->expires_s < until_s ? principal->expires_s : until_s);
}

/* ---- figures ---- */

/* verified: what it is called if it is good. */
static enum identity count_token(const char *kind, const char *verified, enum identity identity,
				 const struct error *err)
{
	const char *result = verified;

	if (identity == IDENTITY_REFUSED)
		result = err->kind == ERROR_UNAVAILABLE ? "unclear" : "refused";
	if (identity != IDENTITY_UNDECIDED)
		metric_count(METRIC_TOKENS, kind, result);
	return identity;
}

static const char *kind_of_token(const struct reading *r)
{
	if (is_type(r, TYPE_PLUGIN))
		return "plugin";
	return is_user_token(r) ? "user" : "external";
}

static const char *kind_of_known(const struct principal *p)
{
	if (p->kind == PRINCIPAL_USER && p->actor == NULL)
		return "user";
	return p->external == NULL ? "plugin" : "external";
}

/* ---- the whole ---- */

static enum identity read_token(const struct reading *r, struct principal *principal,
				struct error *err)
{
	if (is_type(r, TYPE_PLUGIN))
		return read_plugin(r, principal, err);
	if (is_user_token(r))
		return read_direct_user(r, principal, err);
	return read_external(r, principal, err);
}

static enum identity identify_by_token(struct backstage *b, const struct backstage_call *call,
				       struct text token, struct principal *principal,
				       struct error *err)
{
	struct reading r = {.b = b, .call = call, .now_s = now_s()};
	struct recall known = {call->arena, principal};
	const struct config_external *e = find_static_token(b->config, token);
	struct digest digest;
	enum identity identity;

	if (e != NULL)
		return count_token("static", "verified",
				   take_external(e, e->subject, 0, principal, err), err);
	digest_of(&token, 1, &digest);
	if (digest_map_get(b->verified, &digest, r.now_s, recall, &known)) {
		atomic_fetch_add(&b->counts.tokens_recalled, 1);
		return count_token(kind_of_known(principal), "recalled", IDENTITY_KNOWN, err);
	}
	if (!jose_token_read(call->arena, token, &r.token, err))
		return count_token("malformed", "", refuse(err, "Illegal token", NULL), err);
	identity = count_token(kind_of_token(&r), "verified", read_token(&r, principal, err), err);
	if (identity == IDENTITY_KNOWN && principal->expires_s > 0)
		remember(&r, &digest, principal);
	return identity;
}

enum identity backstage_identify(struct backstage *b, const struct backstage_call *call,
				 struct text authorization, struct principal *principal,
				 struct error *err)
{
	struct text token = bearer_token(authorization);
	enum identity identity;

	if (token.ptr == NULL && b->config->disable_default_auth_policy) {
		*principal = (struct principal){.kind = PRINCIPAL_NONE};
		return IDENTITY_KNOWN;
	}
	if (token.ptr == NULL)
		return count_token("none", "", refuse(err, "Missing credentials", NULL), err);
	identity = identify_by_token(b, call, token, principal, err);
	if (identity == IDENTITY_REFUSED)
		atomic_fetch_add(&b->counts.tokens_refused, 1);
	return identity;
}
