/* Masking: finding the key of a line. */
#include "palette/mask_lines.h"

/* Behind anchors and tags before a value or key. */
size_t lines_properties(const struct lines *l, size_t at, bool *anchored)
{
	while (at < l->end && lines_one_of(l->s.text.ptr[at], "&!")) {
		*anchored = *anchored || l->s.text.ptr[at] == '&';
		while (!lines_break(l, at))
			at++;
		at = lines_skip(l, at, l->end);
	}
	return at;
}

/* ---- keys ---- */

/* Behind the colon that ends the quoted key at start; 0 if there is none. */
static size_t quoted_key(const struct lines *l, size_t start, size_t *key_end)
{
	char quote = l->s.text.ptr[start];
	size_t at = start + 1;

	while (at < l->end && l->s.text.ptr[at] != quote)
		at += l->s.text.ptr[at] == '\\' && quote == '"' ? 2 : 1;
	if (at >= l->end)
		return 0;
	*key_end = at + 1;
	at = lines_skip(l, at + 1, l->end);
	return lines_byte(l, at) == ':' && at < l->end ? at + 1 : 0;
}

/* The same of a key without quotes. */
static size_t bare_key(const struct lines *l, size_t start, size_t *key_end)
{
	if (lines_one_of(l->s.text.ptr[start], "[]},#|>@`%*") ||
	    (l->s.text.ptr[start] == '{' && lines_byte(l, start + 1) != '{'))
		return 0;
	for (size_t at = start; at < l->end;) {
		size_t behind = mask_template_end(l->s.text, at, l->end);

		if (behind > at) {
			at = behind;
			continue;
		}
		if (l->s.text.ptr[at] == '#' && at > start && lines_blank(l->s.text.ptr[at - 1]))
			return 0;
		if (l->s.text.ptr[at] == ':' && at > start && lines_break(l, at + 1)) {
			*key_end = at;
			return at + 1;
		}
		at++;
	}
	return 0;
}

size_t lines_key(const struct lines *l, size_t start, size_t *key_end)
{
	if (start >= l->end)
		return 0;
	return lines_one_of(l->s.text.ptr[start], "\"'") ? quoted_key(l, start, key_end)
							 : bare_key(l, start, key_end);
}

/* The name that a key reads as; one with escapes may read as anything. */
struct text lines_key_name(const struct lines *l, size_t start, size_t end)
{
	struct text key = text_trim(lines_slice(l, start, end));

	if (key.len >= 2 && lines_one_of(key.ptr[0], "\"'")) {
		key = text_slice(key, 1, key.len - 2);
		if (text_find(key, '\\') != SIZE_MAX)
			return TEXT("secret");
	}
	return key;
}
