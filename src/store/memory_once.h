/* Deeds in memory; see store_once_begin(). */
#ifndef STORE_MEMORY_ONCE_H
#define STORE_MEMORY_ONCE_H

#include "store/inside.h"

struct memory_once;

/* most: of deeds; most_bytes: of their notes. Owned. */
struct memory_once *memory_once_new(size_t most, size_t most_bytes);
void memory_once_free(struct memory_once *m);

/* Any thread; as the functions of struct store_kind. */
MUST_USE bool memory_once_put(struct memory_once *m, const struct once_row *row, int64_t now_ms,
			      struct error *err);
void memory_once_get(struct memory_once *m, struct arena *a, struct once_row *row, int64_t now_ms);
size_t memory_once_set(struct memory_once *m, const struct once_row *row);
void memory_once_drop(struct memory_once *m, const struct once_row *row);
void memory_once_purge(struct memory_once *m, int64_t now_ms);

#endif
