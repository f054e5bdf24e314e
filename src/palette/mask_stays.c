/* Masking: what may stay under the name of a secret. */
#include <string.h>

#include "palette/mask_words.h"

/* "{{ .spectro.var.name }}", also through filters that keep what it says: a name, not a value. */
static bool is_reference(struct text t)
{
	static const char *const roots[] = {".spectro.", ".Values.", ".Release.", "$.Values."};
	static const char *const filters[] = {"b64enc", "b64dec", "quote",
					      "squote", "trim",   "toString"};
	struct text part;
	bool known = false;

	if (t.len < 4 || t.len > 512 || !text_starts(t, "{{") || !text_ends(t, "}}"))
		return false;
	t = text_slice(t, 2, t.len - 4);
	if (text_starts(t, "-"))
		t = text_slice(t, 1, t.len);
	if (text_ends(t, "-"))
		t.len--;
	if (!text_next(&t, '|', &part))
		return false;
	part = text_trim(part);
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		known = known || text_starts(part, roots[i]);
	for (size_t i = 0; known && i < part.len; i++)
		known = words_is_name(part.ptr[i]) || (i == 0 && part.ptr[i] == '$');
	while (known && text_next(&t, '|', &part)) {
		known = false;
		for (size_t i = 0; i < ARRAY_LEN(filters); i++)
			known = known || text_is(text_trim(part), filters[i]);
	}
	return known;
}

static bool is_nothing(struct text t)
{
	return t.len == 0 || text_is(t, "***") || text_is(t, "~") ||
	       text_equal_nocase(t, TEXT("null"));
}

/* "/etc/kubernetes/pki/ca.key". What mixes letters of both sorts with digits in one part may as
 * well be a secret that happens to begin with a slash. */
static bool is_path(struct text t)
{
	bool upper = false;
	bool lower = false;
	bool digit = false;

	if (t.len < 2 || t.len > 256 ||
	    !(text_starts(t, "/") || text_starts(t, "./") || text_starts(t, "~/")))
		return false;
	for (size_t i = text_starts(t, "~") ? 1 : 0; i < t.len; i++) {
		char c = t.ptr[i];

		if (!words_is_name(c) && c != '/')
			return false;
		if (c == '/')
			upper = lower = digit = false;
		upper = upper || (c >= 'A' && c <= 'Z');
		lower = lower || (c >= 'a' && c <= 'z');
		digit = digit || words_is_digit(c);
		if (upper && lower && digit)
			return false;
	}
	return true;
}

/* What "license" says when it is not the key to buy one. */
static bool is_known_license(struct text t)
{
	static const char *const list[] = {"MIT",     "ISC",          "Apache-2.0",
					   "MPL-2.0", "BSD-2-Clause", "BSD-3-Clause",
					   "GPL-2.0", "GPL-3.0",      "AGPL-3.0"};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (text_is(t, list[i]))
			return true;
	return false;
}

bool mask_stays(struct text scalar, bool strict)
{
	struct text t = text_trim(scalar);

	return is_nothing(t) || is_reference(t) ||
	       (!strict &&
		(text_equal_nocase(t, TEXT("true")) || text_equal_nocase(t, TEXT("false")) ||
		 is_path(t) || is_known_license(t)));
}
