/* Inside the masking of lines: one text that is being read. Private. */
#ifndef PALETTE_MASK_LINES_H
#define PALETTE_MASK_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "palette/mask_inside.h"

/* A collection that is open, by the column of its keys or dashes. */
struct frame {
	ptrdiff_t column;
	bool is_list;
	bool announced; /* the item before was "--password" */
	size_t map;
	struct mask_mood mood;  /* of the collection */
	struct mask_mood child; /* of the value being read */
};

struct lines {
	struct mask_state s;
	size_t at;  /* where the line starts */
	size_t end; /* where it ends, before the line break */
	struct frame frames[MASK_MAX_DEPTH];
	unsigned depth;
	bool lost;     /* too deep to be followed: everything is a secret */
	bool dropping; /* lines that go on with a value that is masked already */
	bool has_key;  /* of the value being read: */
	struct text key;
	size_t map;
};

static inline bool lines_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static inline bool lines_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline char lines_byte(const struct lines *l, size_t at)
{
	return at < l->s.text.len ? l->s.text.ptr[at] : '\0';
}

static inline size_t lines_skip(const struct lines *l, size_t at, size_t end)
{
	while (at < end && lines_blank(l->s.text.ptr[at]))
		at++;
	return at;
}

static inline size_t lines_trim(const struct lines *l, size_t start, size_t end)
{
	while (end > start && lines_blank(l->s.text.ptr[end - 1]))
		end--;
	return end;
}

/* Where the line of at ends, before its line break. */
static inline size_t lines_end(const struct lines *l, size_t at)
{
	size_t len = text_find(text_slice(l->s.text, at, l->s.text.len), '\n');

	return len == SIZE_MAX ? l->s.text.len : at + len;
}

static inline void lines_go_on(struct lines *l, size_t end)
{
	l->at = end < l->s.text.len ? end + 1 : end;
}

static inline bool lines_break(const struct lines *l, size_t at)
{
	return at >= l->end || lines_blank(l->s.text.ptr[at]);
}

static inline struct text lines_slice(const struct lines *l, size_t start, size_t end)
{
	return text_slice(l->s.text, start, end - start);
}

/* ---- text in text: mask_nested.c ---- */

/* Comments that start with this one, one below the other: a text that is switched off. */
void lines_comments(struct lines *l, size_t hash);
/* Whether the header of a block scalar starts at at. */
bool lines_is_block(const struct lines *l, size_t at);
/* The block scalar of that header; parent is the column of its key or dash. */
void lines_block(struct lines *l, size_t header, struct mask_mood mood, ptrdiff_t parent);
/* Whether "---" or "..." stands at at, the start of a line. */
bool lines_is_marker(const struct lines *l, size_t at);

/* ---- keys: mask_keys.c ---- */

/* Behind anchors and tags before a value or key. */
size_t lines_properties(const struct lines *l, size_t at, bool *anchored);
/* Behind the colon of the key that starts at start; 0 if none does. key_end: behind the key. */
size_t lines_key(const struct lines *l, size_t start, size_t *key_end);
/* The name that a key reads as; one with escapes may read as anything. */
struct text lines_key_name(const struct lines *l, size_t start, size_t end);

#endif
