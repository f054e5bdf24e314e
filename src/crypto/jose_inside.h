/* Inside crypto/: what a key is, and which algorithms there are. */
#ifndef CRYPTO_JOSE_INSIDE_H
#define CRYPTO_JOSE_INSIDE_H

#include <cjose/cjose.h>

#include "crypto/jose.h"

/* One row an algorithm of RFC 7518 section 3.1. */
struct jose_algorithm {
	const char *name;
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve; /* of EC */
	const char *group;        /* the curve's name in OpenSSL */
	const char *crv;          /* and in a JSON Web Key */
	size_t coordinate_bytes;  /* of EC; a signature has two of them */
};

extern const struct jose_algorithm jose_algorithms[]; /* ends with a NULL name */
/* NULL: none of that name. */
const struct jose_algorithm *jose_algorithm_named(const char *name);

struct jose_key {
	cjose_jwk_t *jwk;
	char *id; /* owned; NULL: none */
	const char
		*algorithm; /* static; NULL: any that fits the type, which only RSA leaves open */
};

/* Whether the key verifies tokens that name this algorithm. */
bool jose_key_fits(const struct jose_key *key, const struct jose_algorithm *algorithm);

struct jose_set {
	struct jose_key *keys[JOSE_MAX_KEYS];
	size_t count;
};

#endif
