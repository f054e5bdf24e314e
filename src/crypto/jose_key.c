/* Keys: made, read from PEM files and from JSON Web Key Sets, published. */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "crypto/base64.h"
#include "crypto/jose_inside.h"
#include "json/json.h"

enum {
	LONGEST_ID = 256,
	LEAST_RSA_BITS = 2048, /* RFC 7518 3.3 */
	MOST_RSA_BITS = 8192,  /* larger ones make a verification slow */
};

const struct jose_algorithm jose_algorithms[] = {
	{"ES256", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_256, "prime256v1", "P-256", 32},
	{"ES384", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_384, "secp384r1", "P-384", 48},
	{"ES512", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_521, "secp521r1", "P-521", 66},
	{"RS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"RS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"RS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"PS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"PS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"PS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{"HS256", CJOSE_JWK_KTY_OCT, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
	{NULL, CJOSE_JWK_KTY_OCT, CJOSE_JWK_EC_INVALID, NULL, NULL, 0},
};

const struct jose_algorithm *jose_algorithm_named(const char *name)
{
	for (const struct jose_algorithm *a = jose_algorithms; a->name != NULL; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

bool jose_key_fits(const struct jose_key *key, const struct jose_algorithm *algorithm)
{
	if (key->algorithm != NULL)
		return strcmp(key->algorithm, algorithm->name) == 0;
	return cjose_jwk_get_kty(key->jwk, NULL) == algorithm->kty;
}

/* Takes jwk, which may be NULL after a failure. */
static struct jose_key *key_of(cjose_jwk_t *jwk, const char *id, const char *algorithm)
{
	struct jose_key *key;

	if (jwk == NULL)
		return NULL;
	key = heap_alloc(sizeof *key);
	key->jwk = jwk;
	key->id = id == NULL ? NULL : heap_copy(text_of(id));
	key->algorithm = algorithm;
	return key;
}

void jose_key_free(struct jose_key *key)
{
	if (key == NULL)
		return;
	cjose_jwk_release(key->jwk);
	free(key->id);
	free(key);
}

const char *jose_key_id(const struct jose_key *key)
{
	return key->id;
}

bool jose_key_generate(struct jose_key **key, struct error *err)
{
	char id[UUID_SIZE];
	struct jose_key *made;

	random_uuid(id);
	made = key_of(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, NULL), id, "ES256");
	if (made == NULL)
		return error_set(err, ERROR_INTERNAL, "could not make a signing key");
	*key = made;
	return true;
}

bool jose_key_from_secret(struct text secret, struct jose_key **key, struct error *err)
{
	struct jose_key *made =
		key_of(cjose_jwk_create_oct_spec((const uint8_t *)secret.ptr, secret.len, NULL),
		       NULL, "HS256");

	if (made == NULL)
		return error_set(err, ERROR_INPUT, "not usable as the key of an HMAC");
	*key = made;
	return true;
}

void jose_key_put_public(const struct jose_key *key, struct buf *out)
{
	char *json;

	if (cjose_jwk_get_kty(key->jwk, NULL) == CJOSE_JWK_KTY_OCT)
		return;
	json = cjose_jwk_to_json(key->jwk, false, NULL);
	if (json == NULL)
		arena_out_of_memory(0);
	buf_add(out, (struct text){json, strlen(json) - 1}); /* but for the closing brace */
	free(json);
	buf_add_string(out, ",\"kid\":");
	json_put_string(out, text_of(key->id));
	buf_printf(out, ",\"alg\":\"%s\"}", key->algorithm);
}

/* ---- PEM ---- */

/* The numbers of a key as big-endian bytes, for cjose. */
struct numbers {
	struct arena arena; /* wiped at its end */
	const EVP_PKEY *pkey;
	bool complete;
};

/* size 0: as many bytes as the number has. */
static uint8_t *number(struct numbers *n, const char *name, size_t size, size_t *len)
{
	BIGNUM *value = NULL;
	uint8_t *bytes = NULL;

	if (EVP_PKEY_get_bn_param(n->pkey, name, &value) == 1) {
		*len = size > 0 ? size : (size_t)BN_num_bytes(value);
		bytes = arena_alloc(&n->arena, *len);
		n->complete = n->complete && BN_bn2binpad(value, bytes, (int)*len) == (int)*len;
	} else {
		n->complete = false;
	}
	BN_clear_free(value);
	return bytes;
}

static cjose_jwk_t *ec_from(struct numbers *n, const struct jose_algorithm *a, bool private_half)
{
	cjose_jwk_ec_keyspec spec = {.crv = a->curve};

	spec.x = number(n, OSSL_PKEY_PARAM_EC_PUB_X, a->coordinate_bytes, &spec.xlen);
	spec.y = number(n, OSSL_PKEY_PARAM_EC_PUB_Y, a->coordinate_bytes, &spec.ylen);
	if (private_half)
		spec.d = number(n, OSSL_PKEY_PARAM_PRIV_KEY, a->coordinate_bytes, &spec.dlen);
	return n->complete ? cjose_jwk_create_EC_spec(&spec, NULL) : NULL;
}

static cjose_jwk_t *rsa_from(struct numbers *n, bool private_half)
{
	cjose_jwk_rsa_keyspec spec = {.e = NULL};

	spec.n = number(n, OSSL_PKEY_PARAM_RSA_N, 0, &spec.nlen);
	spec.e = number(n, OSSL_PKEY_PARAM_RSA_E, 0, &spec.elen);
	if (private_half) {
		spec.d = number(n, OSSL_PKEY_PARAM_RSA_D, 0, &spec.dlen);
		spec.p = number(n, OSSL_PKEY_PARAM_RSA_FACTOR1, 0, &spec.plen);
		spec.q = number(n, OSSL_PKEY_PARAM_RSA_FACTOR2, 0, &spec.qlen);
		spec.dp = number(n, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0, &spec.dplen);
		spec.dq = number(n, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0, &spec.dqlen);
		spec.qi = number(n, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0, &spec.qilen);
	}
	return n->complete ? cjose_jwk_create_RSA_spec(&spec, NULL) : NULL;
}

static bool is_for(const EVP_PKEY *pkey, const struct jose_algorithm *a)
{
	char group[64] = "";

	if (a->kty == CJOSE_JWK_KTY_RSA)
		return EVP_PKEY_is_a(pkey, "RSA") == 1 && EVP_PKEY_get_bits(pkey) >= LEAST_RSA_BITS;
	return EVP_PKEY_is_a(pkey, "EC") == 1 &&
	       EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
	       strcmp(group, a->group) == 0;
}

/* A file with a passphrase must not make the program ask for it on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static EVP_PKEY *read_pem(struct text pem, bool private_half)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *pkey = NULL;

	if (bio == NULL)
		arena_out_of_memory(pem.len);
	pkey = private_half ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
			    : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

static bool key_of_pair(const struct jose_algorithm *a, const char *id, EVP_PKEY *public_half,
			EVP_PKEY *private_half, struct jose_key **key, struct error *err)
{
	struct numbers n = {.pkey = private_half != NULL ? private_half : public_half,
			    .complete = true};
	struct jose_key *made;

	if (!is_for(public_half, a) || (private_half != NULL && !is_for(private_half, a)))
		return error_set(err, ERROR_INPUT, "the key is not one for %s", a->name);
	if (private_half != NULL && EVP_PKEY_eq(public_half, private_half) != 1)
		return error_set(err, ERROR_INPUT,
				 "the private and the public key do not belong together");
	arena_init(&n.arena);
	made = key_of(a->kty == CJOSE_JWK_KTY_EC ? ec_from(&n, a, private_half != NULL)
						 : rsa_from(&n, private_half != NULL),
		      id, a->name);
	arena_fini(&n.arena);
	if (made == NULL)
		return error_set(err, ERROR_INPUT, "the key cannot be used");
	*key = made;
	return true;
}

bool jose_key_from_pem(const char *id, const char *algorithm, struct text public_pem,
		       struct text private_pem, struct jose_key **key, struct error *err)
{
	const struct jose_algorithm *a = jose_algorithm_named(algorithm);
	EVP_PKEY *private_half;
	EVP_PKEY *public_half;
	bool ok = false;

	if (a == NULL || a->kty == CJOSE_JWK_KTY_OCT)
		return error_set(err, ERROR_INPUT, "there is no algorithm %s", algorithm);
	public_half = read_pem(public_pem, false);
	private_half = private_pem.len > 0 ? read_pem(private_pem, true) : NULL;
	if (public_half == NULL)
		error_set(err, ERROR_INPUT, "the public key is not PEM of the form SPKI");
	else if (private_pem.len > 0 && private_half == NULL)
		error_set(err, ERROR_INPUT,
			  "the private key is not PEM of the form PKCS#8 without a passphrase");
	else
		ok = key_of_pair(a, id, public_half, private_half, key, err);
	EVP_PKEY_free(public_half);
	EVP_PKEY_free(private_half);
	return ok;
}

/* ---- JSON Web Key Sets ---- */

static bool is_for_verifying(const json_t *jwk)
{
	const json_t *operations = json_object_get(jwk, "key_ops");
	const char *use = json_string_value(json_object_get(jwk, "use"));
	const json_t *operation;
	size_t i;

	if (use != NULL && strcmp(use, "sig") != 0)
		return false;
	if (!json_is_array(operations))
		return true;
	json_array_foreach(operations, i, operation)
	{
		const char *name = json_string_value(operation);

		if (name != NULL && strcmp(name, "verify") == 0)
			return true;
	}
	return false;
}

/* The algorithm that a key is for: its own word, or what its curve leaves. NULL with *usable for an
 * RSA key that does not say. */
static const char *algorithm_of(const json_t *jwk, const char *kty, bool *usable)
{
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	const char *named = json_string_value(json_object_get(jwk, "alg"));
	const json_t *member = json_object_get(jwk, "alg");
	bool rsa = strcmp(kty, "RSA") == 0;

	*usable = member == NULL && rsa;
	for (const struct jose_algorithm *a = jose_algorithms; a->name != NULL; a++) {
		bool same_type = rsa ? a->kty == CJOSE_JWK_KTY_RSA
				     : a->crv != NULL && crv != NULL && strcmp(crv, a->crv) == 0;

		if (!same_type || (member == NULL && rsa) ||
		    (member != NULL && (named == NULL || strcmp(named, a->name) != 0)))
			continue;
		*usable = true;
		return a->name;
	}
	return NULL;
}

/* cjose ends the program over some text that is none. */
static bool is_number(const json_t *value)
{
	struct text encoded = text_of(json_string_value(value));
	struct buf bytes;
	bool ok;

	buf_init(&bytes, MOST_RSA_BITS / 8);
	ok = encoded.len > 0 && base64url_decode(encoded, &bytes);
	buf_fini(&bytes);
	return ok;
}

/* The numbers of a type are all there, and are numbers. */
static bool has_numbers(const json_t *jwk, const char *kty)
{
	bool rsa = strcmp(kty, "RSA") == 0;

	return is_number(json_object_get(jwk, rsa ? "n" : "x")) &&
	       is_number(json_object_get(jwk, rsa ? "e" : "y"));
}

/* Only the public numbers of its type, whatever else stands there. */
static cjose_jwk_t *import_public(const json_t *jwk, const char *kty)
{
	static const char *const ec_members[] = {"kty", "crv", "x", "y"};
	static const char *const rsa_members[] = {"kty", "n", "e"};
	bool rsa = strcmp(kty, "RSA") == 0;
	const char *const *members = rsa ? rsa_members : ec_members;
	size_t member_count = rsa ? ARRAY_LEN(rsa_members) : ARRAY_LEN(ec_members);
	json_t *copy = json_object();
	cjose_jwk_t *made;
	char *json;

	for (size_t i = 0; i < member_count; i++) {
		json_t *value = json_object_get(jwk, members[i]);

		if (value != NULL)
			json_object_set(copy, members[i], value);
	}
	json = json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	if (json == NULL)
		return NULL;
	made = cjose_jwk_import(json, strlen(json), NULL);
	free(json);
	ERR_clear_error();
	if (made != NULL && rsa) {
		size_t bits = cjose_jwk_get_keysize(made, NULL);

		if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) {
			cjose_jwk_release(made);
			return NULL;
		}
	}
	return made;
}

/* NULL for a key that nothing here can verify with. */
static struct jose_key *read_key(const json_t *jwk)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *kid = json_string_value(json_object_get(jwk, "kid"));
	const char *algorithm;
	bool usable;

	if (kty == NULL || (strcmp(kty, "EC") != 0 && strcmp(kty, "RSA") != 0) ||
	    (kid != NULL && strlen(kid) > LONGEST_ID) || !is_for_verifying(jwk) ||
	    !has_numbers(jwk, kty))
		return NULL;
	algorithm = algorithm_of(jwk, kty, &usable);
	if (!usable)
		return NULL;
	return key_of(import_public(jwk, kty), kid, algorithm);
}

bool jose_key_from_jwk(struct text jwk, struct jose_key **key, struct error *err)
{
	struct jose_key *made;
	json_t *tree;

	if (!json_tree_read(jwk, &tree, err))
		return error_set(err, ERROR_INPUT, "not a JSON Web Key: not JSON");
	made = read_key(tree);
	json_decref(tree);
	if (made == NULL)
		return error_set(err, ERROR_INPUT, "the key cannot be used");
	if (made->id == NULL || made->id[0] == '\0' || made->algorithm == NULL) {
		jose_key_free(made);
		return error_set(err, ERROR_INPUT, "the key does not say its id or what it is for");
	}
	*key = made;
	return true;
}

bool jose_set_read(struct text document, struct jose_set **set, struct error *err)
{
	const json_t *keys;
	const json_t *jwk;
	struct jose_set *made;
	json_t *tree;
	size_t i;

	if (!json_tree_read(document, &tree, err))
		return error_set(err, ERROR_UPSTREAM, "not a JSON Web Key Set: not JSON");
	keys = json_object_get(tree, "keys");
	if (!json_is_array(keys)) {
		json_decref(tree);
		return error_set(err, ERROR_UPSTREAM, "not a JSON Web Key Set: no list of keys");
	}
	if (json_array_size(keys) > JOSE_MAX_KEYS)
		log_warn("keys.too_many", F_INT("keys", json_array_size(keys)),
			 F_INT("most", JOSE_MAX_KEYS));
	made = heap_alloc(sizeof *made);
	json_array_foreach(keys, i, jwk)
	{
		struct jose_key *key = made->count < JOSE_MAX_KEYS ? read_key(jwk) : NULL;

		if (key != NULL)
			made->keys[made->count++] = key;
	}
	json_decref(tree);
	*set = made;
	return true;
}

void jose_set_free(struct jose_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++)
		jose_key_free(set->keys[i]);
	free(set);
}

size_t jose_set_size(const struct jose_set *set)
{
	return set->count;
}
