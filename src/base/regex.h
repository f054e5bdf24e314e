/*
 * Regular expressions that others wrote, over PCRE2: searched for in a text, with work and memory
 * that are bounded whatever the pattern and the text are.
 *
 * A pattern reads as Go's package regexp reads it, as far as both know it: "$" is only the end of
 * the text, "." is anything but a newline, \d and \w are of ASCII, and a search begins anywhere.
 * What PCRE2 knows beyond Go is not refused.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include "base/attr.h"
#include "base/text.h"

enum {
	REGEX_MAX_PATTERN = 2048, /* bytes */
	REGEX_MAX_TEXT = 16 * 1024,
};

enum regex_answer {
	REGEX_FOUND,
	REGEX_NOT_FOUND,
	REGEX_UNKNOWN, /* no pattern that can be used, too long, or more work than is left */
};

/* The work that may still be done; one for as many searches as belong together. */
struct regex_work {
	unsigned steps;
};

/* As much work as a person will not notice: some tens of milliseconds. */
struct regex_work regex_work_begin(void);

/* Takes what it needs from work; when that is used up, further answers are REGEX_UNKNOWN. Any
 * thread, with a work of its own. */
enum regex_answer regex_search(struct text pattern, struct text text, struct regex_work *work);

#endif
