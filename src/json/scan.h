/*
 * Reading JSON byte by byte and eight bytes at a time: what the checker, the slicer and the writer
 * share. Private to src/json.
 *
 * Every function takes the place to read at and the end of the bytes, never reads at or behind the
 * end, and answers the place behind what it read.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define SCAN_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The next eight bytes; the first of them is the lowest. */
static inline uint64_t scan_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return le64toh(word);
}

/* How many bytes come before the first one whose high bit is set in marks, which is not 0. */
static inline size_t scan_first(uint64_t marks)
{
	return (size_t)__builtin_ctzll(marks) / 8;
}

static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool scan_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline const char *scan_blank(const char *p, const char *end)
{
	if (p == end || (unsigned char)*p > ' ')
		return p; /* the usual case in compact documents */
	while (p < end && scan_is_blank(*p)) {
		p++;
		while (end - p >= 8 && scan_word(p) == SCAN_EACH_BYTE(' '))
			p += 8; /* indentation */
	}
	return p;
}

/*
 * To the first byte that is not plain text of a string: a quote, a backslash, a control character,
 * or anything outside ASCII.
 *
 * Each subtraction borrows from the byte above only where its own byte is such a one, so the lowest
 * mark is always right, and only the lowest is used.
 */
static inline const char *scan_plain(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word = scan_word(p);
		uint64_t control = word - SCAN_EACH_BYTE(0x20);
		uint64_t quote = (word ^ SCAN_EACH_BYTE('"')) - SCAN_EACH_BYTE(1);
		uint64_t backslash = (word ^ SCAN_EACH_BYTE('\\')) - SCAN_EACH_BYTE(1);
		uint64_t marks = (word | control | quote | backslash) & SCAN_EACH_BYTE(0x80);

		if (marks != 0)
			return p + scan_first(marks);
	}
	while (p < end && *p >= ' ' && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* To the first quote or backslash, whatever lies between. */
static inline const char *scan_to_quote(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word = scan_word(p);
		uint64_t quote = (word ^ SCAN_EACH_BYTE('"')) - SCAN_EACH_BYTE(1);
		uint64_t backslash = (word ^ SCAN_EACH_BYTE('\\')) - SCAN_EACH_BYTE(1);
		uint64_t marks = (quote | backslash) & ~word & SCAN_EACH_BYTE(0x80);

		if (marks != 0)
			return p + scan_first(marks);
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Over one well-formed UTF-8 sequence of more than one byte; NULL if there is none. */
static inline const char *scan_utf8(const char *p, const char *end)
{
	unsigned char lead = (unsigned char)*p;
	size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

	if (lead < 0x80 || (size_t)(end - p) < len || !text_is_utf8((struct text){p, len}))
		return NULL;
	return p + len;
}

/*
 * Over one escape, from its backslash on; NULL if it is none. A surrogate pair is one escape, half
 * a pair is none.
 *
 * rune  out: the character it stands for.
 */
const char *scan_escape(const char *p, const char *end, uint32_t *rune);

#endif
