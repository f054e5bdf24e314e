/*
 * Keys and signed tokens as JOSE has them (RFC 7515, 7517, 7518, 7519), over cjose and OpenSSL.
 *
 * The key decides how a token is verified, never the token: the algorithm in a token's header must
 * be one that its key is for. There is no "none", and a published key is never an HMAC secret.
 */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

/* ---- keys: jose_key.c ---- */

struct jose_key;

/* Any thread may verify and sign with the same key at once. NULL is fine. Wipes what is secret. */
void jose_key_free(struct jose_key *key);

/* A new ES256 pair, whose id is a random UUID. key: out, owned. */
MUST_USE bool jose_key_generate(struct jose_key **key, struct error *err);

/*
 * A pair from PEM texts: SPKI, and PKCS#8 for the private half.
 * algorithm    ES256, ES384, ES512, RS256 and so on; the key must be of that kind.
 * private_pem  empty: the key only verifies.
 * key          out, owned.
 * Fails with ERROR_INPUT; the message names no part of a key.
 */
MUST_USE bool jose_key_from_pem(const char *id, const char *algorithm, struct text public_pem,
				struct text private_pem, struct jose_key **key, struct error *err);

/*
 * The public half of a signing key, from a JSON Web Key that has a kid and says what it is for, by
 * its curve or by alg. Whatever else stands there, a private half too, is left behind.
 * key  out, owned.
 * Fails with ERROR_INPUT; the message names no part of the key.
 */
MUST_USE bool jose_key_from_jwk(struct text jwk, struct jose_key **key, struct error *err);

/* The key of an HMAC with SHA-256, for tokens of the old kind. key: out, owned. */
MUST_USE bool jose_key_from_secret(struct text secret, struct jose_key **key, struct error *err);

/* Borrowed from the key. */
const char *jose_key_id(const struct jose_key *key);
/* The public half as a JSON Web Key with kty, its numbers, kid and alg; nothing for an HMAC key. */
void jose_key_put_public(const struct jose_key *key, struct buf *out);

/*
 * A JSON Web Key Set, "keys" of RFC 7517 section 5. Constant once it is read.
 *
 * Left out are keys that nothing here can verify with: of other types or curves, secret ones, of
 * another use, and those past JOSE_MAX_KEYS, of which the log is told. Fails with ERROR_UPSTREAM
 * unless document is such a set. set: out, owned: jose_set_free().
 */
enum { JOSE_MAX_KEYS = 64 };
struct jose_set;
MUST_USE bool jose_set_read(struct text document, struct jose_set **set, struct error *err);
void jose_set_free(struct jose_set *set);
size_t jose_set_size(const struct jose_set *set);

/* ---- tokens: jose_token.c ---- */

/* A compact JWS whose payload is a JSON object, taken apart and not verified. In the arena. */
struct jose_token {
	struct text compact;
	const char *algorithm;
	const char *type; /* typ; NULL: none */
	const char *id;   /* kid; NULL: none */
	struct text claims;
};

/* Longer ones are refused; Backstage's may have 32 KiB. */
enum { JOSE_LONGEST_TOKEN = 64 * 1024 };

/*
 * Takes a token apart. Refused with ERROR_UNAUTHENTICATED: what is no compact JWS of canonical
 * base64url, whose header or payload is no JSON object or names a member twice, or whose header has
 * a member "crit" (RFC 7515 4.1.11: none is understood here).
 */
MUST_USE bool jose_token_read(struct arena *a, struct text compact, struct jose_token *token,
			      struct error *err);

/* A member of the claims; NULL where it is not there or no string. Arena. */
const char *jose_claim_string(struct arena *a, const struct jose_token *token, const char *name);
/* Seconds since 1970. False where it is not there or no whole number. */
MUST_USE bool jose_claim_time(const struct jose_token *token, const char *name, int64_t *out);
/* Whether a claim that is a string or a list of strings has this one (RFC 7519 4.1.3). */
bool jose_claim_has(const struct jose_token *token, const char *name, const char *wanted);
/* Whether the claim is there at all, whatever it is. */
bool jose_claim_is_there(const struct jose_token *token, const char *name);

enum jose_verdict {
	JOSE_GOOD,
	JOSE_NO_KEY,  /* the set has no such key: it may have been replaced */
	JOSE_REFUSED, /* the algorithm is not the key's, or the signature is wrong */
};

/* Verifies with the one key that token names; a token without kid only where one key fits. */
MUST_USE enum jose_verdict jose_verify_with_set(const struct jose_token *token,
						const struct jose_set *set);
MUST_USE bool jose_verify_with_key(const struct jose_token *token, const struct jose_key *key);

/*
 * Signs a JSON object. type goes into the header beside alg and kid. out: the compact form is
 * appended. Fails with ERROR_INTERNAL.
 */
MUST_USE bool jose_sign(const struct jose_key *key, const char *type, struct text claims,
			struct buf *out, struct error *err);

/* ---- digests and random bytes: digest.c ---- */

enum { DIGEST_SIZE = 32 };
struct digest {
	unsigned char bytes[DIGEST_SIZE];
};
/* SHA-256 of the parts, each preceded by its length, so that no two lists of parts agree. */
void digest_of(const struct text *parts, size_t count, struct digest *out);
/* SHA-256 of the bytes alone, as others reckon it. */
void digest_plain(struct text bytes, struct digest *out);
bool digest_equal(const struct digest *a, const struct digest *b);
/* Random bytes of the system's generator. */
void random_bytes(void *out, size_t size);

enum { UUID_SIZE = 37 };
/* A random UUID (RFC 4122, version 4), NUL-terminated. */
void random_uuid(char out[UUID_SIZE]);

#endif
