/* Memory that belongs to one call, in blocks of growing size. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/watched.h"

enum {
	FIRST_BLOCK = 4096,
	LARGEST_BLOCK = 256 * 1024, /* larger pieces get a block of their own */
#ifdef WATCHED
	GAP = 16, /* between pieces */
#else
	GAP = 0,
#endif
};

struct arena_block {
	struct arena_block *next;
	size_t size; /* usable bytes in data */
	size_t used;
	alignas(max_align_t) char data[];
};

void arena_out_of_memory(size_t wanted)
{
	char line[96];
	int len = snprintf(line, sizeof line, "out of memory: could not get %zu bytes\n", wanted);

	if (len > 0 && write(STDERR_FILENO, line, (size_t)len) < 0)
		abort();
	abort();
}

void *heap_alloc(size_t size)
{
	void *p = calloc(1, size == 0 ? 1 : size);

	if (p == NULL)
		arena_out_of_memory(size);
	return p;
}

void *heap_resize(void *old, size_t size)
{
	void *p = realloc(old, size == 0 ? 1 : size);

	if (p == NULL)
		arena_out_of_memory(size);
	return p;
}

char *heap_copy(struct text t)
{
	char *copy = heap_alloc(t.len + 1);

	if (t.len > 0)
		memcpy(copy, t.ptr, t.len);
	return copy;
}

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_init_secret(struct arena *a)
{
	*a = (struct arena){.secret = true};
}

static void *take_block(const struct arena *a, size_t size)
{
	void *block = a->secret ? secret_alloc(size) : malloc(size);

	if (block == NULL)
		arena_out_of_memory(size);
	return block;
}

static void give_block_back(const struct arena *a, struct arena_block *block)
{
	explicit_bzero(block->data, block->used);
	if (a->secret)
		secret_free(block, sizeof *block + block->size);
	else
		free(block);
}

void arena_fini(struct arena *a)
{
	struct arena_block *block = a->blocks;

	while (block != NULL) {
		struct arena_block *next = block->next;

		watched_allow(block->data, block->size);
		give_block_back(a, block);
		block = next;
	}
	a->blocks = NULL;
	a->taken = 0;
}

static struct arena_block *add_block(struct arena *a, size_t at_least)
{
	size_t size = a->blocks == NULL ? FIRST_BLOCK : a->blocks->size * 2;
	struct arena_block *block;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < at_least)
		size = at_least;
	if (size > SIZE_MAX - sizeof *block)
		arena_out_of_memory(size);
	block = take_block(a, sizeof *block + size);
	block->next = a->blocks;
	block->size = size;
	block->used = 0;
	watched_forbid(block->data, block->size);
	a->blocks = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + GAP + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *block = a->blocks;
	char *p;

	if (rounded < size)
		arena_out_of_memory(size);
	if (block == NULL || block->size - block->used < rounded)
		block = add_block(a, rounded);
	p = block->data + block->used;
	block->used += rounded;
	a->taken += rounded;
	watched_allow(p, size);
	memset(p, 0, size);
	return p;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		arena_out_of_memory(SIZE_MAX);
	return arena_alloc(a, bytes);
}

char *arena_copy(struct arena *a, struct text t)
{
	char *copy = arena_alloc(a, t.len + 1);

	if (t.len > 0)
		memcpy(copy, t.ptr, t.len);
	return copy;
}

struct text arena_copy_text(struct arena *a, struct text t)
{
	return (struct text){arena_copy(a, t), t.len};
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;
	char *out;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	out = arena_alloc(a, len < 0 ? 1 : (size_t)len + 1);
	if (len >= 0)
		vsnprintf(out, (size_t)len + 1, format, again);
	va_end(again);
	return out;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *out;

	va_start(args, format);
	out = arena_vprintf(a, format, args);
	va_end(args);
	return out;
}
