/*
 * Deeds in memory: a hash table. One that is full begins no more: to forget one would be to allow
 * that it is done twice.
 */
#include "store/memory_once.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 12 };

struct deed {
	struct deed *next;
	struct digest id;
	unsigned char mark[STORE_MARK_SIZE];
	enum store_stage stage;
	int64_t until_ms;
	int64_t expires_ms;
	char *sealed;
	size_t sealed_len;
};

struct memory_once {
	pthread_mutex_t lock; /* guards everything below; never held for long */
	size_t most;
	size_t most_bytes;
	size_t count;
	size_t bytes;
	struct deed *buckets[BUCKETS];
};

struct memory_once *memory_once_new(size_t most, size_t most_bytes)
{
	struct memory_once *m = heap_alloc(sizeof *m);

	*m = (struct memory_once){.most = most, .most_bytes = most_bytes};
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

/* ---- the table; the lock is held ---- */

/* Where the deed hangs; *link is NULL where there is none. */
static struct deed **find(struct memory_once *m, struct text id)
{
	const unsigned char *bytes = (const unsigned char *)id.ptr;
	struct deed **link = &m->buckets[(size_t)(bytes[0] << 8 | bytes[1]) % BUCKETS];

	while (*link != NULL && memcmp((*link)->id.bytes, id.ptr, DIGEST_SIZE) != 0)
		link = &(*link)->next;
	return link;
}

static bool is_marked(const struct deed *deed, struct text mark)
{
	return deed != NULL && memcmp(deed->mark, mark.ptr, STORE_MARK_SIZE) == 0;
}

static void take_out(struct memory_once *m, struct deed **link)
{
	struct deed *deed = *link;

	*link = deed->next;
	m->count--;
	m->bytes -= deed->sealed_len;
	free(deed->sealed);
	free(deed);
}

static void purge(struct memory_once *m, int64_t now_ms)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct deed **link = &m->buckets[i];

		while (*link != NULL) {
			if ((*link)->expires_ms <= now_ms)
				take_out(m, link);
			else
				link = &(*link)->next;
		}
	}
}

static void seal_in(struct memory_once *m, struct deed *deed, struct text sealed)
{
	m->bytes += sealed.len - deed->sealed_len;
	free(deed->sealed);
	deed->sealed = heap_copy(sealed);
	deed->sealed_len = sealed.len;
}

static bool has_room(struct memory_once *m, size_t bytes, int64_t now_ms)
{
	if (m->count >= m->most || m->bytes + bytes > m->most_bytes)
		purge(m, now_ms);
	return m->count < m->most && m->bytes + bytes <= m->most_bytes;
}

static void add(struct memory_once *m, struct deed **link, const struct once_row *row)
{
	struct deed *deed = heap_alloc(sizeof *deed);

	*deed = (struct deed){
		.stage = row->stage, .until_ms = row->until_ms, .expires_ms = row->expires_ms};
	memcpy(deed->id.bytes, row->id.ptr, DIGEST_SIZE);
	memcpy(deed->mark, row->mark.ptr, STORE_MARK_SIZE);
	seal_in(m, deed, row->sealed);
	*link = deed;
	m->count++;
}

/* ---- calls ---- */

void memory_once_free(struct memory_once *m)
{
	if (m == NULL)
		return;
	purge(m, INT64_MAX);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

bool memory_once_put(struct memory_once *m, const struct once_row *row, int64_t now_ms,
		     struct error *err)
{
	struct deed **link;
	bool ok = true;

	pthread_mutex_lock(&m->lock);
	link = find(m, row->id);
	if (*link != NULL && (*link)->expires_ms <= now_ms)
		take_out(m, link);
	if (*find(m, row->id) == NULL) {
		ok = has_room(m, row->sealed.len, now_ms);
		if (ok)
			add(m, find(m, row->id), row);
	}
	pthread_mutex_unlock(&m->lock);
	return ok || error_set(err, ERROR_UNAVAILABLE, "the store is full of what was begun");
}

void memory_once_get(struct memory_once *m, struct arena *a, struct once_row *row, int64_t now_ms)
{
	const struct deed *deed;

	pthread_mutex_lock(&m->lock);
	deed = *find(m, row->id);
	if (deed != NULL && deed->expires_ms > now_ms) {
		row->mark = arena_copy_text(
			a, (struct text){(const char *)deed->mark, STORE_MARK_SIZE});
		row->stage = deed->stage;
		row->sealed = arena_copy_text(a, (struct text){deed->sealed, deed->sealed_len});
		row->until_ms = deed->until_ms;
		row->expires_ms = deed->expires_ms;
	}
	pthread_mutex_unlock(&m->lock);
}

size_t memory_once_set(struct memory_once *m, const struct once_row *row)
{
	struct deed *deed;
	bool ok;

	pthread_mutex_lock(&m->lock);
	deed = *find(m, row->id);
	ok = is_marked(deed, row->mark);
	if (ok) {
		seal_in(m, deed, row->sealed);
		deed->stage = row->stage;
	}
	pthread_mutex_unlock(&m->lock);
	return ok ? 1 : 0;
}

void memory_once_drop(struct memory_once *m, const struct once_row *row)
{
	struct deed **link;

	pthread_mutex_lock(&m->lock);
	link = find(m, row->id);
	if (is_marked(*link, row->mark))
		take_out(m, link);
	pthread_mutex_unlock(&m->lock);
}

void memory_once_purge(struct memory_once *m, int64_t now_ms)
{
	pthread_mutex_lock(&m->lock);
	purge(m, now_ms);
	pthread_mutex_unlock(&m->lock);
}
