/* Digests and random bytes over OpenSSL. */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto/jose.h"

void digest_of(const struct text *parts, size_t count, struct digest *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < count; i++) {
		uint64_t len = parts[i].len;

		ok = EVP_DigestUpdate(context, &len, sizeof len) == 1 &&
		     EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(context, out->bytes, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (!ok)
		arena_out_of_memory(DIGEST_SIZE); /* the only way in which it fails */
}

void digest_plain(struct text bytes, struct digest *out)
{
	if (EVP_Digest(bytes.ptr, bytes.len, out->bytes, NULL, EVP_sha256(), NULL) != 1)
		arena_out_of_memory(DIGEST_SIZE);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

void random_bytes(void *out, size_t size)
{
	if (RAND_bytes(out, (int)size) != 1)
		arena_out_of_memory(size); /* without randomness there is nothing safe to do */
}

void random_uuid(char out[UUID_SIZE])
{
	unsigned char b[16];

	random_bytes(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}
