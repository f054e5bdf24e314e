/* Sealing over OpenSSL's EVP. */
#include "crypto/seal.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "crypto/jose.h"

enum {
	VERSION = 1,
	ID_SIZE = 4,
	NONCE_SIZE = 12,
	TAG_SIZE = 16,
	HEAD_SIZE = 1 + ID_SIZE, /* authenticated, in clear */
	BODY_AT = HEAD_SIZE + NONCE_SIZE,
};

struct seal_key {
	unsigned char bytes[SEAL_KEY_SIZE];
	unsigned char head[HEAD_SIZE]; /* what a text sealed with it begins with */
};

struct seal_keys {
	size_t count;
	struct seal_key keys[SEAL_MAX_KEYS];
};

static void add_key(struct seal_keys *keys, const void *bytes)
{
	struct seal_key *key = &keys->keys[keys->count++];
	unsigned char digest[EVP_MAX_MD_SIZE];

	memcpy(key->bytes, bytes, SEAL_KEY_SIZE);
	if (EVP_Digest(bytes, SEAL_KEY_SIZE, digest, NULL, EVP_sha256(), NULL) != 1)
		arena_out_of_memory(sizeof digest); /* the only way in which it fails */
	key->head[0] = VERSION;
	memcpy(key->head + 1, digest, ID_SIZE);
	OPENSSL_cleanse(digest, sizeof digest);
}

struct seal_keys *seal_keys_new(const struct secret *keys, size_t count)
{
	struct seal_keys *made = heap_alloc(sizeof *made);

	assert(count > 0 && count <= SEAL_MAX_KEYS);
	memset(made, 0, sizeof *made);
	for (size_t i = 0; i < count; i++) {
		assert(keys[i].len == SEAL_KEY_SIZE);
		add_key(made, keys[i].ptr);
	}
	return made;
}

struct seal_keys *seal_keys_random(void)
{
	struct seal_keys *made = heap_alloc(sizeof *made);
	unsigned char bytes[SEAL_KEY_SIZE];

	memset(made, 0, sizeof *made);
	random_bytes(bytes, sizeof bytes);
	add_key(made, bytes);
	OPENSSL_cleanse(bytes, sizeof bytes);
	return made;
}

void seal_keys_free(struct seal_keys *keys)
{
	if (keys == NULL)
		return;
	OPENSSL_cleanse(keys, sizeof *keys);
	free(keys);
}

/* Feeds what is authenticated: the head, then the associated text. */
static bool add_associated(EVP_CIPHER_CTX *context, const unsigned char *head,
			   struct text associated)
{
	int unused;

	return EVP_CipherUpdate(context, NULL, &unused, head, HEAD_SIZE) == 1 &&
	       (associated.len == 0 ||
		EVP_CipherUpdate(context, NULL, &unused, (const unsigned char *)associated.ptr,
				 (int)associated.len) == 1);
}

/* out takes len bytes. */
static bool cipher_body(EVP_CIPHER_CTX *context, const unsigned char *in, size_t len,
			unsigned char *out)
{
	int written;

	return len == 0 || EVP_CipherUpdate(context, out, &written, in, (int)len) == 1;
}

void seal(const struct seal_keys *keys, struct text associated, struct text plain, struct buf *out)
{
	const struct seal_key *key = &keys->keys[0];
	size_t size = plain.len + SEAL_OVERHEAD;
	unsigned char *sealed = heap_alloc(size);
	unsigned char *tag = sealed + size - TAG_SIZE;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int unused;
	bool ok;

	assert(plain.len <= INT_MAX - SEAL_OVERHEAD && associated.len <= INT_MAX);
	memcpy(sealed, key->head, HEAD_SIZE);
	random_bytes(sealed + HEAD_SIZE, NONCE_SIZE);
	ok = context != NULL &&
	     EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, sealed + HEAD_SIZE) ==
		     1 &&
	     add_associated(context, sealed, associated) &&
	     cipher_body(context, (const unsigned char *)plain.ptr, plain.len, sealed + BODY_AT) &&
	     EVP_EncryptFinal_ex(context, tag, &unused) == 1 &&
	     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!ok)
		arena_out_of_memory(size); /* the only way in which it fails */
	buf_add(out, (struct text){(char *)sealed, size});
	free(sealed);
}

static bool open_with(const struct seal_key *key, struct text associated, struct text sealed,
		      unsigned char *plain)
{
	const unsigned char *in = (const unsigned char *)sealed.ptr;
	size_t len = sealed.len - SEAL_OVERHEAD;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char tag[TAG_SIZE];
	int unused;
	bool ok;

	memcpy(tag, in + sealed.len - TAG_SIZE, TAG_SIZE);
	ok = context != NULL &&
	     EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, in + HEAD_SIZE) ==
		     1 &&
	     add_associated(context, in, associated) &&
	     cipher_body(context, in + BODY_AT, len, plain) &&
	     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
	     EVP_DecryptFinal_ex(context, plain + len, &unused) == 1;
	EVP_CIPHER_CTX_free(context);
	return ok;
}

bool seal_open(const struct seal_keys *keys, struct text associated, struct text sealed,
	       struct buf *out)
{
	unsigned char *plain;
	size_t len;
	bool ok = false;

	if (sealed.len < SEAL_OVERHEAD || sealed.len > INT_MAX || associated.len > INT_MAX)
		return false;
	len = sealed.len - SEAL_OVERHEAD;
	plain = heap_alloc(len + 1);
	for (size_t i = 0; i < keys->count && !ok; i++)
		ok = memcmp(sealed.ptr, keys->keys[i].head, HEAD_SIZE) == 0 &&
		     open_with(&keys->keys[i], associated, sealed, plain);
	if (ok)
		buf_add(out, (struct text){(char *)plain, len});
	OPENSSL_cleanse(plain, len + 1);
	free(plain);
	return ok;
}
