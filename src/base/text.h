/*
 * Text as it stands on the wire: bytes with a length, not NUL-terminated unless a function says so.
 * A struct text never owns its bytes.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct text {
	const char *ptr;
	size_t len;
};

/* A text of a string literal; a constant expression, so it may stand in tables. */
#define TEXT(literal) ((struct text){.ptr = ("" literal), .len = sizeof(literal) - 1})

/* The text of a NUL-terminated string, borrowed; of NULL: the empty text. */
struct text text_of(const char *s);

bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *s);
/* Letters A-Z count as a-z; other bytes as themselves. */
bool text_equal_nocase(struct text a, struct text b);
bool text_starts(struct text a, const char *prefix);
bool text_ends(struct text a, const char *suffix);

/* Without spaces, tabs, CR and LF at both ends. */
struct text text_trim(struct text a);

/* The bytes from offset on, at most len of them; out of range: what there is. */
struct text text_slice(struct text a, size_t offset, size_t len);

/*
 * Takes the next piece of *rest up to separator and moves *rest behind it.
 * False when *rest was used up (its ptr is then NULL). "a,,b" gives "a", "", "b"; "" gives "".
 */
bool text_next(struct text *rest, char separator, struct text *piece);

/* Where c first stands; SIZE_MAX if nowhere. */
size_t text_find(struct text a, char c);

/* A whole decimal number, sign allowed, nothing else around it. */
MUST_USE bool text_to_int(struct text a, int64_t *out);

/* Well-formed UTF-8 as of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(struct text a);
/* Of UTF-8: all bytes but those that continue one. */
size_t text_characters(struct text a);

/*
 * Levenshtein distance, for "did you mean". Looks at the first 64 bytes of each; letters' case
 * does not count.
 */
unsigned text_distance(struct text a, struct text b);

#endif
