/*
 * Text that came from outside, made harmless for a terminal, a table and a line: whatever could
 * move the cursor, end the line, hide, or turn the direction of writing stands there as JSON
 * escapes it, such as \u001b.
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

/* A backslash is doubled; a byte that is no part of UTF-8 becomes \xNN. */
void visible_add(struct buf *out, struct text t);
/* The same, into the arena, or onto a stream. */
const char *visible_copy(struct arena *a, struct text t);
void visible_print(FILE *to, struct text t);

/* The same of one compact JSON value, which stays the same value. */
void visible_add_json(struct buf *out, struct text json);

/* The longest beginning of it that takes at most so many columns. For one thread only. */
struct text visible_cut(struct text t, size_t columns);

/* How many columns of a terminal it takes. For one thread only. */
size_t visible_columns(struct text t);

#endif
