/* Tokens with which we call other plugins, on behalf of whoever calls us. */
#include <string.h>

#include "backstage/inside.h"
#include "crypto/base64.h"
#include "json/json.h"

enum {
	LIVES_S = 60 * 60,
	KEPT_S = 5 * 60, /* used again for so long, and at most for half of its life */
	LONGEST_TOKEN = 2 * JOSE_LONGEST_TOKEN,
};

/* ---- the limited form of a user's token ---- */

static void put_part(struct buf *out, const struct buf *json)
{
	if (out->len > 0)
		buf_add_char(out, '.');
	base64url_encode(buf_text(json), out);
}

/* A member whose value stands as it is in the token; nothing if it is not there. */
static void put_claim(struct json_writer *w, const struct jose_token *token, const char *name)
{
	struct text value;

	if (!json_member(token->claims, name, &value))
		return;
	json_key(w, name);
	json_put_raw(w, value);
}

/*
 * The auth plugin signs, beside a user's token, a smaller one and puts only that signature into the
 * claim uip. The bytes it signed are those of JSON.stringify(): this order, no white space.
 */
static void put_limited(const struct jose_token *token, const char *proof, struct buf *out)
{
	struct json_writer w;
	struct buf json;

	buf_init(&json, JOSE_LONGEST_TOKEN);
	json_writer_init(&w, &json);
	json_object_begin(&w);
	json_key(&w, "typ");
	json_put_cstr(&w, TYPE_LIMITED_USER);
	json_key(&w, "alg");
	json_put_cstr(&w, token->algorithm);
	json_key(&w, "kid");
	json_put_cstr(&w, token->id);
	json_object_end(&w);
	put_part(out, &json);
	buf_truncate(&json, 0);
	json_writer_init(&w, &json);
	json_object_begin(&w);
	put_claim(&w, token, "sub");
	put_claim(&w, token, "iat");
	put_claim(&w, token, "exp");
	json_object_end(&w);
	put_part(out, &json);
	buf_printf(out, ".%s", proof);
	buf_fini(&json);
}

struct text limited_form(struct arena *a, const struct jose_token *token)
{
	const char *proof = jose_claim_string(a, token, "uip");
	struct text limited = TEXT("");
	struct buf out;

	/* A limited token, and one of the old kind, is passed on as it is. */
	if (token->type == NULL || strcmp(token->type, TYPE_USER) != 0)
		return token->compact;
	if (proof == NULL || token->id == NULL)
		return limited;
	buf_init(&out, LONGEST_TOKEN);
	put_limited(token, proof, &out);
	if (buf_complete(&out))
		limited = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return limited;
}

/* ---- whom we may act for ---- */

/* A service whose token is restricted reaches only what its restrictions name without conditions.
 */
static bool may_reach(const struct principal *principal, const char *plugin, struct error *err)
{
	const struct config_external *e = principal->external;

	if (e == NULL || e->restriction_count == 0)
		return true;
	for (size_t i = 0; i < e->restriction_count; i++) {
		const struct config_restriction *r = &e->restrictions[i];

		if (strcmp(r->plugin, plugin) != 0)
			continue;
		if (r->permissions == NULL && r->actions == NULL)
			return true;
		return error_set(err, ERROR_DENIED,
				 "Access to target plugin '%s' is restricted and cannot be "
				 "delegated",
				 plugin);
	}
	return error_set(err, ERROR_DENIED,
			 "Access to target plugin '%s' is not included in token's access "
			 "restrictions",
			 plugin);
}

static bool may_act_for(const struct principal *principal, const char *plugin, struct error *err)
{
	switch (principal->kind) {
	case PRINCIPAL_SERVICE:
		return may_reach(principal, plugin, err);
	case PRINCIPAL_USER:
		return principal->on_behalf.len > 0 ||
		       error_set(err, ERROR_UNAUTHENTICATED,
				 "The token of %s cannot be delegated: it has no proof of identity",
				 principal->subject);
	default:
		return error_set(err, ERROR_UNAUTHENTICATED,
				 "There is no caller on whose behalf '%s' could be asked", plugin);
	}
}

/* ---- tokens ---- */

static void release_token(void *value)
{
	secret_wipe(value);
	free(value);
}

struct digest_map *delegated_new(void)
{
	enum { MOST_TOKENS = 4096, MOST_BYTES = 16 * 1024 * 1024 };

	return digest_map_new(MOST_TOKENS, MOST_BYTES, release_token);
}

struct copy {
	struct arena *arena;
	struct text *out;
};

static void copy_token(void *context, const void *value)
{
	const struct secret *token = value;
	struct copy *copy = context;

	*copy->out = arena_copy_text(copy->arena, (struct text){token->ptr, token->len});
}

static void write_claims(struct buf *out, const char *plugin, struct text obo, int64_t issued_s,
			 int64_t expires_s)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "sub");
	json_put_cstr(&w, BACKSTAGE_PLUGIN_ID);
	json_key(&w, "aud");
	json_put_cstr(&w, plugin);
	json_key(&w, "iat");
	json_put_int(&w, issued_s);
	json_key(&w, "exp");
	json_put_int(&w, expires_s);
	if (obo.len > 0) {
		json_key(&w, "obo");
		json_put_text(&w, obo);
	}
	json_object_end(&w);
}

static bool make_token(struct backstage *b, const char *plugin, struct text obo, int64_t expires_s,
		       struct buf *out, struct error *err)
{
	int64_t issued_s = now_s();
	struct buf claims;
	bool ok;

	buf_init(&claims, LONGEST_TOKEN);
	write_claims(&claims, plugin, obo, issued_s, expires_s);
	ok = own_keys_sign(b->own_keys, TYPE_PLUGIN, buf_text(&claims), issued_s, out, err) &&
	     (buf_complete(out) || error_set(err, ERROR_INTERNAL, "a token became too long"));
	buf_fini(&claims);
	return ok;
}

static void keep(struct backstage *b, const struct digest *digest, struct text token,
		 int64_t expires_s)
{
	struct secret *copy = heap_alloc(sizeof *copy);
	int64_t left_s = expires_s - now_s();

	secret_set(copy, token);
	digest_map_put(b->delegated, digest, copy, sizeof *copy + token.len,
		       now_s() + (left_s / 2 < KEPT_S ? left_s / 2 : KEPT_S));
}

bool backstage_plugin_token(struct backstage *b, struct arena *a, const struct principal *principal,
			    const char *plugin, struct text *token, struct error *err)
{
	struct text obo = principal->kind == PRINCIPAL_USER ? principal->on_behalf : TEXT("");
	const struct text parts[] = {text_of(plugin), obo};
	int64_t expires_s = now_s() + LIVES_S;
	struct copy copy = {a, token};
	struct digest digest;
	struct buf made;
	bool ok;

	if (principal->kind == PRINCIPAL_NONE && b->config->disable_default_auth_policy) {
		*token = TEXT("");
		return true;
	}
	if (!may_act_for(principal, plugin, err))
		return false;
	digest_of(parts, ARRAY_LEN(parts), &digest);
	if (digest_map_get(b->delegated, &digest, now_s(), copy_token, &copy))
		return true;
	if (principal->kind == PRINCIPAL_USER && principal->expires_s < expires_s)
		expires_s = principal->expires_s;
	buf_init(&made, LONGEST_TOKEN);
	ok = make_token(b, plugin, obo, expires_s, &made, err);
	if (ok) {
		*token = arena_copy_text(a, buf_text(&made));
		keep(b, &digest, *token, expires_s);
	}
	buf_fini(&made);
	return ok;
}
