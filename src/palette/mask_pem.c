/* Masking: private keys in PEM, over any number of lines. */
#include <string.h>

#include "palette/mask_inside.h"

/* Behind "-----BEGIN ... PRIVATE KEY-----"; 0 if something else starts there. */
static size_t key_header(struct text rest)
{
	static const char begin[] = "-----BEGIN ";
	struct text label = text_slice(rest, sizeof begin - 1, 64);
	const char *dashes;

	if (!text_starts(rest, begin))
		return 0;
	dashes = memmem(label.ptr, label.len, "-----", 5);
	if (dashes == NULL)
		return 0;
	label.len = (size_t)(dashes - label.ptr);
	/* "PGP PRIVATE KEY BLOCK", "OPENSSH PRIVATE KEY" and others. */
	if (memmem(label.ptr, label.len, "PRIVATE", 7) == NULL)
		return 0;
	return sizeof begin - 1 + label.len + 5;
}

/* Behind the next "-----END ...-----"; the whole text where there is none. */
static size_t key_end(struct text rest)
{
	const char *end = memmem(rest.ptr, rest.len, "-----END ", 9);
	struct text label;
	const char *dashes;

	if (end == NULL)
		return rest.len;
	label = text_slice(rest, (size_t)(end - rest.ptr) + 9, 64);
	dashes = memmem(label.ptr, label.len, "-----", 5);
	return dashes == NULL ? rest.len : (size_t)(dashes - rest.ptr) + 5;
}

size_t mask_pem(struct text text, struct buf *out)
{
	size_t count = 0;
	size_t from = 0;
	size_t at = 0;

	while (at < text.len) {
		struct text rest = text_slice(text, at, text.len);
		const char *next = memmem(rest.ptr, rest.len, "-----BEGIN ", 11);
		size_t header;

		if (next == NULL)
			break;
		at += (size_t)(next - rest.ptr);
		rest = text_slice(text, at, text.len);
		header = key_header(rest);
		if (header == 0) {
			at += 11;
			continue;
		}
		buf_add(out, text_slice(text, from, at - from));
		buf_add(out, TEXT("***"));
		count++;
		at += header;
		at += key_end(text_slice(text, at, text.len));
		from = at;
	}
	buf_add(out, text_slice(text, from, text.len - from));
	return count;
}
