/* Memory that is left out of core files: pages of their own, cut into pieces of a few sizes. */
#include "base/hidden.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"

enum {
	SMALLEST_PIECE = 64,
	SIZES = 8, /* each twice the one before; what is larger has pages of its own */
	CHUNK = 64 * 1024,
};

/* A piece that nobody has. */
struct piece {
	struct piece *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece *unused[SIZES]; /* under the lock */

/* SIZES: larger than all of them. */
static size_t kind_of(size_t size)
{
	size_t kind = 0;

	while (kind < SIZES && (size_t)SMALLEST_PIECE << kind < size)
		kind++;
	return kind;
}

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

static void *map(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		arena_out_of_memory(size);
	(void)madvise(pages, size,
		      MADV_DONTDUMP); /* refused only where nothing is written anyway */
	return pages;
}

/* Under the lock. */
static void cut_another_chunk(size_t kind)
{
	size_t size = (size_t)SMALLEST_PIECE << kind;
	char *chunk = map(CHUNK);

	for (size_t at = 0; at < CHUNK; at += size) {
		struct piece *piece = (struct piece *)(void *)(chunk + at);

		piece->next = unused[kind];
		unused[kind] = piece;
	}
}

void *hidden_alloc(size_t size)
{
	size_t kind = kind_of(size);
	struct piece *piece;

	if (kind == SIZES)
		return map(whole_pages(size));
	pthread_mutex_lock(&lock);
	if (unused[kind] == NULL)
		cut_another_chunk(kind);
	piece = unused[kind];
	unused[kind] = piece->next;
	pthread_mutex_unlock(&lock);
	return piece;
}

void hidden_free(void *memory, size_t size)
{
	size_t kind = kind_of(size);
	struct piece *piece = memory;

	if (memory == NULL)
		return;
	explicit_bzero(memory, size);
	if (kind == SIZES) {
		munmap(memory, whole_pages(size));
		return;
	}
	pthread_mutex_lock(&lock);
	piece->next = unused[kind];
	unused[kind] = piece;
	pthread_mutex_unlock(&lock);
}

void hidden_pages(const void *from, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = (uintptr_t)from / page * page;
	uintptr_t end = ((uintptr_t)from + size + page - 1) / page * page;

	(void)madvise((void *)first, end - first, MADV_DONTDUMP);
}
