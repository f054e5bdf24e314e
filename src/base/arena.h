/*
 * Memory that belongs to one call: taken piece by piece, given back all at once.
 *
 * Nothing here fails: the doors bound what comes in, and a machine without memory stops the program
 * with one log line (see arena_out_of_memory). Not thread-safe: an arena belongs to one thread at a
 * time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/text.h"

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t taken;               /* bytes handed out so far, for statistics */
	bool secret;                /* left out of core files */
};

/* An empty arena takes no memory yet. */
void arena_init(struct arena *a);
/* One for texts in which there are tokens: core files do not have it (base/secret.h). */
void arena_init_secret(struct arena *a);
/* Gives everything back; the arena is empty again. What was handed out is wiped first. */
void arena_fini(struct arena *a);

/* size bytes, zeroed, aligned for any type. Never NULL, also for size 0. */
void *arena_alloc(struct arena *a, size_t size);
/* count elements of size bytes each; a product that does not fit stops the program. */
void *arena_alloc_array(struct arena *a, size_t count, size_t size);

#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))

/* Copies, NUL-terminated. */
char *arena_copy(struct arena *a, struct text t);
struct text arena_copy_text(struct arena *a, struct text t);
char *arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Logs that memory ran out and aborts. For the few places outside an arena that allocate. */
void arena_out_of_memory(size_t wanted) NORETURN;
/* malloc and realloc that do not return NULL; free() the result. */
void *heap_alloc(size_t size);
void *heap_resize(void *old, size_t size);
char *heap_copy(struct text t);

#endif
