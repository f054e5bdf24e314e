/* Text as it stands on the wire: comparing, cutting, reading numbers. */
#include "base/text.h"

#include <string.h>

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

struct text text_of(const char *s)
{
	return s == NULL ? TEXT("") : (struct text){s, strlen(s)};
}

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool text_is(struct text a, const char *s)
{
	return text_equal(a, text_of(s));
}

bool text_equal_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool text_starts(struct text a, const char *prefix)
{
	size_t len = strlen(prefix);

	return a.len >= len && memcmp(a.ptr, prefix, len) == 0;
}

bool text_ends(struct text a, const char *suffix)
{
	size_t len = strlen(suffix);

	return a.len >= len && memcmp(a.ptr + a.len - len, suffix, len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text a)
{
	while (a.len > 0 && is_blank(a.ptr[0])) {
		a.ptr++;
		a.len--;
	}
	while (a.len > 0 && is_blank(a.ptr[a.len - 1]))
		a.len--;
	return a;
}

struct text text_slice(struct text a, size_t offset, size_t len)
{
	if (offset > a.len)
		offset = a.len;
	if (len > a.len - offset)
		len = a.len - offset;
	/* Adding even 0 to NULL is not defined. */
	return (struct text){offset == 0 ? a.ptr : a.ptr + offset, len};
}

size_t text_find(struct text a, char c)
{
	const char *at = a.len == 0 ? NULL : memchr(a.ptr, c, a.len);

	return at == NULL ? SIZE_MAX : (size_t)(at - a.ptr);
}

bool text_next(struct text *rest, char separator, struct text *piece)
{
	size_t at;

	if (rest->ptr == NULL)
		return false;
	at = text_find(*rest, separator);
	if (at == SIZE_MAX) {
		*piece = *rest;
		*rest = (struct text){NULL, 0};
	} else {
		*piece = (struct text){rest->ptr, at};
		*rest = (struct text){rest->ptr + at + 1, rest->len - at - 1};
	}
	return true;
}

bool text_to_int(struct text a, int64_t *out)
{
	uint64_t limit = INT64_MAX;
	uint64_t value = 0;
	bool negative = false;
	size_t i = 0;

	if (a.len > 0 && (a.ptr[0] == '-' || a.ptr[0] == '+')) {
		negative = a.ptr[0] == '-';
		limit += negative ? 1 : 0;
		i = 1;
	}
	if (i == a.len)
		return false;
	for (; i < a.len; i++) {
		unsigned digit = (unsigned)((unsigned char)a.ptr[i] - '0');

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* How many bytes the sequence at p takes, of the n there are; 0 if it is not well-formed. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t need;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF) {
		need = 2;
	} else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
		need = 3;
		low = p[0] == 0xE0 ? 0xA0 : low;
		high = p[0] == 0xED ? 0x9F : high;
	} else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
		need = 4;
		low = p[0] == 0xF0 ? 0x90 : low;
		high = p[0] == 0xF4 ? 0x8F : high;
	} else {
		return 0;
	}
	if (n < need || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (p[i] < 0x80 || p[i] > 0xBF)
			return 0;
	return need;
}

size_t text_characters(struct text a)
{
	size_t count = 0;

	for (size_t i = 0; i < a.len; i++)
		count += ((unsigned char)a.ptr[i] & 0xC0) != 0x80;
	return count;
}

bool text_is_utf8(struct text a)
{
	size_t i = 0;

	while (i < a.len) {
		size_t step = utf8_length((const unsigned char *)a.ptr + i, a.len - i);

		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

unsigned text_distance(struct text a, struct text b)
{
	enum { LONGEST = 64 };
	unsigned row[LONGEST + 1];

	a = text_slice(a, 0, LONGEST);
	b = text_slice(b, 0, LONGEST);
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned change = diagonal + (lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]));
			unsigned insert_or_drop = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < insert_or_drop ? change : insert_or_drop;
		}
	}
	return row[b.len];
}
