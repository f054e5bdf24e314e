/*
 * Sealing: what is kept outside this process is encrypted and cannot be changed unnoticed
 * (AES-256-GCM, over OpenSSL).
 *
 * A sealed text is: one byte, the format's version (1); four bytes, which key (the first of the
 * key's SHA-256); twelve random bytes, the nonce; the ciphertext; sixteen bytes, the tag. Version
 * and key are authenticated with the rest. Random nonces are safe for 2^32 sealings with one key.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/secret.h"
#include "base/text.h"

enum {
	SEAL_KEY_SIZE = 32,
	SEAL_MAX_KEYS = 16,
	SEAL_OVERHEAD = 1 + 4 + 12 + 16, /* how much longer a sealed text is */
};

/* Constant once it is made; any thread. */
struct seal_keys;

/*
 * The first key seals, all open: a new one is put in front, and the old one taken away when what it
 * sealed is gone. keys are copied; each has SEAL_KEY_SIZE bytes, 1 to SEAL_MAX_KEYS of them.
 * Owned: seal_keys_free(), which wipes them; NULL is fine.
 */
struct seal_keys *seal_keys_new(const struct secret *keys, size_t count);
/* A key that nobody else has or ever will have. */
struct seal_keys *seal_keys_random(void);
void seal_keys_free(struct seal_keys *keys);

/* Appends plain, sealed, to out. associated is not in it, and must be given again to open it. */
void seal(const struct seal_keys *keys, struct text associated, struct text plain, struct buf *out);

/* Appends to out what was sealed. False, with out as it was: no key of these, other associated
 * text, changed, or no sealed text at all; which of them is not told. */
MUST_USE bool seal_open(const struct seal_keys *keys, struct text associated, struct text sealed,
			struct buf *out);

#endif
