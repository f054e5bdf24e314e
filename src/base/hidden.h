/*
 * Memory that is left out of core files, for tokens and keys. Any thread. What is released is
 * wiped, and kept for the next who asks: the process never has less of it than it once needed.
 */
#ifndef BASE_HIDDEN_H
#define BASE_HIDDEN_H

#include <stddef.h>

/* size bytes, whatever is in them. Owned: hidden_free() with the same size. */
void *hidden_alloc(size_t size);
/* Wipes and releases. NULL is fine. */
void hidden_free(void *memory, size_t size);

/* Leaves the pages that hold these bytes, and what else is on them, out of core files. */
void hidden_pages(const void *from, size_t size);

#endif
