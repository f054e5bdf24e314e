/* Base64 over OpenSSL. */
#include "crypto/base64.h"

#include <openssl/evp.h>

/* Whether EVP's decoder, which takes some liberties, would see nothing but the alphabet. */
static bool is_base64(struct text t)
{
	size_t letters = 0;
	size_t padding = 0;

	for (size_t i = 0; i < t.len; i++) {
		char c = t.ptr[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '=')
			padding++;
		else if (padding > 0 || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
					  (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
		letters++;
	}
	return letters > 0 && letters % 4 == 0 && padding <= 2;
}

bool base64_decode(struct text encoded, struct buf *out)
{
	EVP_ENCODE_CTX *context;
	size_t before = out->len;
	bool ok;

	if (!is_base64(encoded))
		return false;
	context = EVP_ENCODE_CTX_new();
	if (context == NULL)
		return false;
	EVP_DecodeInit(context);
	ok = true;
	for (size_t at = 0; ok && at < encoded.len;) {
		/* With what the decoder kept of the chunk before, one can give more than 3072. */
		unsigned char piece[4096];
		struct text chunk = text_slice(encoded, at, sizeof piece);
		int len = 0;

		ok = EVP_DecodeUpdate(context, piece, &len, (const unsigned char *)chunk.ptr,
				      (int)chunk.len) >= 0;
		if (ok)
			buf_add(out, (struct text){(const char *)piece, (size_t)len});
		at += chunk.len;
	}
	if (ok) {
		unsigned char tail[64];
		int len = 0;

		ok = EVP_DecodeFinal(context, tail, &len) == 1;
		buf_add(out, (struct text){(const char *)tail, ok ? (size_t)len : 0});
	}
	EVP_ENCODE_CTX_free(context);
	if (!ok)
		buf_truncate(out, before);
	return ok && buf_complete(out);
}
