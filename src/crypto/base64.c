/* Base64 over OpenSSL. */
#include "crypto/base64.h"

#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"

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

/* ---- base64url ---- */

enum { LETTERS_OF_GROUP = 4, BYTES_OF_GROUP = 3 };

/* The value of a letter; the letters that end a text must not have the lowest bits of it set. */
static int value_of(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

static bool is_canonical(struct text t)
{
	size_t tail = t.len % LETTERS_OF_GROUP;
	int unused = tail == 2 ? 0xf : tail == 3 ? 0x3 : 0;

	if (tail == 1)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (value_of(t.ptr[i]) < 0)
			return false;
	return tail == 0 || (value_of(t.ptr[t.len - 1]) & unused) == 0;
}

bool base64url_decode(struct text encoded, struct buf *out)
{
	struct buf plain;
	bool ok;

	if (encoded.len == 0)
		return true;
	if (!is_canonical(encoded))
		return false;
	buf_init(&plain, encoded.len + LETTERS_OF_GROUP);
	buf_add(&plain, encoded);
	while (plain.len % LETTERS_OF_GROUP != 0)
		buf_add_char(&plain, '=');
	for (size_t i = 0; i < plain.len; i++)
		plain.ptr[i] = plain.ptr[i] == '-' ? '+' : plain.ptr[i] == '_' ? '/' : plain.ptr[i];
	ok = base64_decode(buf_text(&plain), out);
	buf_fini(&plain);
	return ok;
}

/* Each group of bytes, and how many of its four letters are wanted. */
static void encode(struct text bytes, bool padded, struct buf *out)
{
	for (size_t at = 0; at < bytes.len; at += BYTES_OF_GROUP) {
		struct text group = text_slice(bytes, at, BYTES_OF_GROUP);
		unsigned char letters[LETTERS_OF_GROUP + 1];

		EVP_EncodeBlock(letters, (const unsigned char *)group.ptr, (int)group.len);
		buf_add(out, (struct text){(const char *)letters,
					   padded ? LETTERS_OF_GROUP : group.len + 1});
	}
}

void base64_encode(struct text bytes, struct buf *out)
{
	encode(bytes, true, out);
}

void base64url_encode(struct text bytes, struct buf *out)
{
	size_t before = out->len;

	encode(bytes, false, out);
	for (size_t i = before; i < out->len; i++)
		out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i] == '/' ? '_' : out->ptr[i];
}
