/* What the files of base/glob.c share; nobody else includes it. */
#ifndef BASE_GLOB_PARTS_H
#define BASE_GLOB_PARTS_H

#include <stdint.h>

#include "base/glob.h"

enum { GLOB_MAX_ALTERNATIVES = 256 }; /* that braces may make */

/* ---- braces ---- */

struct glob_list {
	struct text *items;
	size_t count;
};

/* All patterns that the braces of one stand for; arena. Fails with ERROR_INPUT. */
MUST_USE bool glob_expand(struct arena *a, struct text pattern, struct glob_list *out,
			  struct error *err);

/* ---- one segment ---- */

enum glob_op {
	GLOB_END,     /* here the segment ends */
	GLOB_CHAR,    /* ch, then next */
	GLOB_ANY,     /* one character, then next */
	GLOB_SET,     /* one of a set, then next */
	GLOB_STAR,    /* any characters, then next */
	GLOB_EITHER,  /* next or other */
	GLOB_LOOP,    /* next, or other, which comes back here; its steps end before `end` */
	GLOB_NOT,     /* next, unless other can be gone on from here */
	GLOB_NO_DOT,  /* next, unless a '.' is here */
	GLOB_NO_DOTS, /* next, unless the whole segment is "." or ".." */
	GLOB_NEVER,
};

/* A step of a program that is run backwards over a text; `next` always lies before it. */
struct glob_step {
	uint8_t op;
	unsigned char ch;
	uint16_t next;
	uint16_t other;
	uint16_t end;
	const uint8_t *set; /* 32 bytes, a bit for each character */
};

enum glob_kind { GLOB_LITERAL, GLOB_PROGRAM, GLOB_GLOBSTAR };

struct glob_segment {
	enum glob_kind kind;
	struct text literal;
	const struct glob_step *steps;
	uint16_t step_count;
	uint16_t entry; /* where it begins */
};

/*
 * pattern     without '/'.
 * steps_left  what is left of GLOB_MAX_STEPS for this and further segments.
 * out         arena.
 */
MUST_USE bool glob_segment_new(struct arena *a, struct text pattern, bool nocase,
			       size_t *steps_left, struct glob_segment *out, struct error *err);
bool glob_segment_matches(const struct glob_segment *segment, bool nocase, struct text text);

/* ---- one set ---- */

/* What "[...]" stands for. */
struct glob_set {
	size_t length; /* of what was read; 0: it is not closed, so '[' means itself */
	bool never;    /* it matches nothing, and nor does all that follows it */
	bool is_char;  /* it is a long way to write ch */
	unsigned char ch;
	bool alternation; /* of two sets; such a one lets a leading dot through */
	uint8_t bits[32];
};

/* Whether a set's bits have one for c. */
static inline bool glob_set_has(const uint8_t *bits, unsigned char c)
{
	return ((unsigned)bits[c / 8] >> c % 8 & 1U) != 0;
}

/* Reads the set that t starts with, which is '['. False if it begins with an escaped '^'. */
MUST_USE bool glob_set_read(struct text t, bool nocase, struct glob_set *out);

#endif
