/* What the tests of our own keys do with them. Include it before other headers. */
#ifndef UNIT_BACKSTAGE_OWN_KEYS_H
#define UNIT_BACKSTAGE_OWN_KEYS_H

#include "unit/backstage/host.h"

#include "store/store.h"

enum { HOUR_S = 3600, MINUTE_S = 60 };

/* A point of P-256, as the members of a JSON Web Key. */
#define POINT                                                    \
	"\"kty\":\"EC\",\"crv\":\"P-256\","                      \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static inline struct text jwks(struct host *h, struct own_keys *keys, int64_t at_s)
{
	const struct backstage_call call = host_call(h);

	return own_keys_jwks(keys, &call, at_s);
}

static inline int keys_in(struct host *h, struct own_keys *keys, int64_t at_s)
{
	struct text document = jwks(h, keys, at_s);
	struct jose_set *set;
	struct error err;
	int count;

	assert_true(jose_set_read(document, &set, &err));
	count = (int)jose_set_size(set);
	jose_set_free(set);
	return count;
}

static inline struct text sign(struct host *h, struct own_keys *keys, int64_t at_s)
{
	struct text token;
	struct error err;
	struct buf out;

	buf_init(&out, 4096);
	assert_true(own_keys_sign(keys, TYPE_PLUGIN, TEXT("{\"sub\":\"x\"}"), at_s, &out, &err));
	token = arena_copy_text(&h->arena, buf_text(&out));
	buf_fini(&out);
	return token;
}

static inline bool verifies(struct host *h, struct own_keys *keys, struct text compact,
			    int64_t at_s)
{
	struct text document = jwks(h, keys, at_s);
	struct jose_token token;
	struct jose_set *set;
	struct error err;
	bool good;

	assert_true(jose_token_read(&h->arena, compact, &token, &err));
	assert_true(jose_set_read(document, &set, &err));
	good = jose_verify_with_set(&token, set) == JOSE_GOOD;
	jose_set_free(set);
	return good;
}

#endif
