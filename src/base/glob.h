/*
 * Globs, as Backstage's configuration has them: what the npm package minimatch 10 accepts, this
 * accepts, and with the same answer for every text. A pattern is made once, at start; matching
 * takes no memory, keeps no state, and does work that is bounded whatever the text is.
 *
 *   *  ?         any characters but '/', one character; no leading '.' of a segment
 *   **           as a segment of its own: any number of segments
 *   [a-z] [!a]   one character of, or not of, a set; also [[:alpha:]] and its like
 *   {a,b} {1..3} one pattern for each
 *   ?(a|b) *(a|b) +(a|b) @(a|b) !(a|b)   at most once, any number, at least once, once, not
 *   \x           the character x
 *   !pattern     everything else; #pattern  nothing
 *
 * Segments lie between slashes; several slashes in a row count as one, in patterns and in texts.
 *
 * Refused is what cannot be bounded, and what minimatch does not read as it is written: characters
 * that are not printable ASCII, groups more than three deep, an escaped '|', a set that begins with
 * an escaped '^', a negated group in which a group stands last or alone, or whose last choice is
 * empty, and behind a group another that is not closed.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

enum {
	GLOB_NOCASE = 1,      /* letters A-Z count as a-z */
	GLOB_NO_GLOBSTAR = 2, /* "**" is "*" */
};

enum {
	GLOB_MAX_PATTERN = 1024, /* bytes of a pattern */
	GLOB_MAX_TEXT = 1024,    /* bytes of a text; a longer one matches nothing */
	GLOB_MAX_STEPS = 4096, /* of a pattern's program; bounds the work for each byte of a text */
};

struct glob;

/*
 * glob     out, arena.
 * pattern  borrowed.
 * Fails with ERROR_INPUT: what about the pattern cannot be used. The message quotes nothing of it.
 */
MUST_USE bool glob_new(struct arena *a, struct text pattern, unsigned flags,
		       const struct glob **glob, struct error *err);

/* Whether all of text matches; bytes that are not ASCII count as a character each. Any thread. */
bool glob_matches(const struct glob *glob, struct text text);

#endif
