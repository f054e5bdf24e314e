/* Tokens: taken apart, verified, signed. */
#include <string.h>

#include <openssl/err.h>

#include "crypto/base64.h"
#include "crypto/jose_inside.h"
#include "json/json.h"

enum { MOST_MEMBERS = 64 };

/* ---- taking apart ---- */

static bool is_object_of_unique_members(struct arena *a, struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text names[MOST_MEMBERS];
	size_t count = 0;
	struct text value;
	struct text key;

	if (json_type_of(object) != JSON_TYPE_OBJECT)
		return false;
	while (json_walk_member(&walk, &key, &value)) {
		if (count == MOST_MEMBERS || !json_unescape(a, key, &names[count]))
			return false;
		for (size_t i = 0; i < count; i++)
			if (text_equal(names[i], names[count]))
				return false;
		count++;
	}
	return true;
}

/* One part of the three: base64url of a JSON object. */
static bool read_object(struct arena *a, struct text encoded, struct text *object)
{
	struct error unused;
	struct text bytes;
	struct buf plain;
	bool ok;

	buf_init(&plain, JOSE_LONGEST_TOKEN);
	ok = base64url_decode(encoded, &plain) && plain.len > 0;
	if (ok) {
		bytes = arena_copy_text(a, buf_text(&plain));
		ok = json_check(bytes, object, &unused) && is_object_of_unique_members(a, *object);
	}
	buf_fini(&plain);
	return ok;
}

static bool is_base64url(struct text encoded)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, JOSE_LONGEST_TOKEN);
	ok = base64url_decode(encoded, &plain);
	buf_fini(&plain);
	return ok;
}

bool jose_token_read(struct arena *a, struct text compact, struct jose_token *token,
		     struct error *err)
{
	struct jose_token made = {.compact = compact};
	struct text rest = compact;
	struct text header;
	struct text parts[3];
	struct text crit;
	size_t count = 0;

	if (compact.len == 0 || compact.len > JOSE_LONGEST_TOKEN)
		return error_set(err, ERROR_UNAUTHENTICATED, "the token has no possible length");
	while (count < ARRAY_LEN(parts) && text_next(&rest, '.', &parts[count]))
		count++;
	if (count != ARRAY_LEN(parts) || rest.ptr != NULL || !read_object(a, parts[0], &header) ||
	    !read_object(a, parts[1], &made.claims) || !is_base64url(parts[2]))
		return error_set(err, ERROR_UNAUTHENTICATED, "not a signed token");
	if (json_member(header, "crit", &crit))
		return error_set(err, ERROR_UNAUTHENTICATED,
				 "the token wants something understood that is not");
	made.algorithm = json_string_at(a, header, "/alg", "");
	made.type = json_string_at(a, header, "/typ", NULL);
	made.id = json_string_at(a, header, "/kid", NULL);
	*token = made;
	return true;
}

/* ---- claims ---- */

const char *jose_claim_string(struct arena *a, const struct jose_token *token, const char *name)
{
	struct text value;
	struct text out;

	if (!json_member(token->claims, name, &value) || !json_unescape(a, value, &out))
		return NULL;
	return out.ptr;
}

bool jose_claim_time(const struct jose_token *token, const char *name, int64_t *out)
{
	struct text value;

	return json_member(token->claims, name, &value) && json_int(value, out);
}

bool jose_claim_has(const struct jose_token *token, const char *name, const char *wanted)
{
	struct json_walk walk;
	struct text value;
	struct text item;

	if (!json_member(token->claims, name, &value))
		return false;
	if (json_type_of(value) == JSON_TYPE_STRING)
		return json_string_is(value, wanted);
	if (json_type_of(value) != JSON_TYPE_ARRAY)
		return false;
	walk = json_walk_begin(value);
	while (json_walk_item(&walk, &item))
		if (json_string_is(item, wanted))
			return true;
	return false;
}

bool jose_claim_is_there(const struct jose_token *token, const char *name)
{
	struct text value;

	return json_member(token->claims, name, &value);
}

/* ---- verifying ---- */

/* A signature of another length is refused before the library looks at it. */
static bool has_right_length(const struct jose_token *token, const struct jose_algorithm *a,
			     const struct jose_key *key)
{
	size_t dot = token->compact.len;
	size_t letters;
	size_t bytes;

	while (token->compact.ptr[dot - 1] != '.')
		dot--;
	letters = token->compact.len - dot;
	if (a->kty == CJOSE_JWK_KTY_EC)
		bytes = 2 * a->coordinate_bytes;
	else if (a->kty == CJOSE_JWK_KTY_RSA)
		bytes = (cjose_jwk_get_keysize(key->jwk, NULL) + 7) / 8;
	else
		bytes = DIGEST_SIZE;
	return letters == (bytes * 4 + 2) / 3;
}

static bool verify(const struct jose_token *token, const struct jose_algorithm *a,
		   const struct jose_key *key)
{
	cjose_jws_t *jws;
	bool ok;

	if (!has_right_length(token, a, key))
		return false;
	jws = cjose_jws_import(token->compact.ptr, token->compact.len, NULL);
	ok = jws != NULL && cjose_jws_verify(jws, key->jwk, NULL);
	cjose_jws_release(jws);
	ERR_clear_error();
	return ok;
}

bool jose_verify_with_key(const struct jose_token *token, const struct jose_key *key)
{
	const struct jose_algorithm *a = jose_algorithm_named(token->algorithm);

	return a != NULL && jose_key_fits(key, a) && verify(token, a, key);
}

enum jose_verdict jose_verify_with_set(const struct jose_token *token, const struct jose_set *set)
{
	const struct jose_algorithm *a = jose_algorithm_named(token->algorithm);
	const struct jose_key *found = NULL;
	bool named = false;

	if (a == NULL || a->kty == CJOSE_JWK_KTY_OCT)
		return JOSE_REFUSED;
	for (size_t i = 0; i < set->count; i++) {
		const struct jose_key *key = set->keys[i];

		if (token->id != NULL && (key->id == NULL || strcmp(key->id, token->id) != 0))
			continue;
		named = true;
		if (!jose_key_fits(key, a))
			continue;
		if (found != NULL)
			return JOSE_REFUSED; /* which one is meant could not be said */
		found = key;
	}
	if (!named)
		return JOSE_NO_KEY;
	return found != NULL && verify(token, a, found) ? JOSE_GOOD : JOSE_REFUSED;
}

/* ---- signing ---- */

bool jose_sign(const struct jose_key *key, const char *type, struct text claims, struct buf *out,
	       struct error *err)
{
	cjose_header_t *header = cjose_header_new(NULL);
	cjose_jws_t *jws = NULL;
	const char *compact = NULL;
	bool ok;

	ok = header != NULL && cjose_header_set(header, CJOSE_HDR_ALG, key->algorithm, NULL) &&
	     (key->id == NULL || cjose_header_set(header, CJOSE_HDR_KID, key->id, NULL)) &&
	     cjose_header_set(header, "typ", type, NULL);
	if (ok)
		jws = cjose_jws_sign(key->jwk, header, (const uint8_t *)claims.ptr, claims.len,
				     NULL);
	ok = jws != NULL && cjose_jws_export(jws, &compact, NULL);
	if (ok)
		buf_add_string(out, compact);
	cjose_jws_release(jws);
	cjose_header_release(header);
	ERR_clear_error();
	return ok || error_set(err, ERROR_INTERNAL, "could not sign a token");
}
