/*
 * Sessions in memory: a hash table to find them by address and environment, and a heap that has the
 * one that ends first in front, so that what has expired, and what goes when it is full, is at
 * hand.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/jose.h"
#include "store/inside.h"
#include "store/memory_once.h"

enum { BUCKETS = 1 << 16 };

struct entry {
	struct digest key; /* of address and environment */
	struct entry *next;
	size_t at; /* in the heap */
	int64_t expires_ms;
	struct secret sealed;
	size_t email_len;
	size_t environment_len;
	char names[]; /* the address, then the environment */
};

struct public_key {
	char *id;
	char *jwk;
	int64_t expires_ms;
};

struct memory {
	pthread_mutex_t lock; /* guards everything below; never held for long */
	size_t most;
	size_t count;
	size_t capacity;
	struct entry **heap;
	struct entry **buckets;
	struct public_key keys[STORE_MOST_KEYS];
	size_t key_count;
	struct memory_once *once;
};

/* ---- the heap ---- */

static void place(struct memory *m, size_t at, struct entry *entry)
{
	m->heap[at] = entry;
	entry->at = at;
}

static void rise(struct memory *m, struct entry *entry)
{
	size_t at = entry->at;

	while (at > 0 && m->heap[(at - 1) / 2]->expires_ms > entry->expires_ms) {
		place(m, at, m->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(m, at, entry);
}

static void sink(struct memory *m, struct entry *entry)
{
	size_t at = entry->at;

	for (;;) {
		size_t child = at * 2 + 1;

		if (child + 1 < m->count &&
		    m->heap[child + 1]->expires_ms < m->heap[child]->expires_ms)
			child++;
		if (child >= m->count || m->heap[child]->expires_ms >= entry->expires_ms)
			break;
		place(m, at, m->heap[child]);
		at = child;
	}
	place(m, at, entry);
}

static void settle(struct memory *m, struct entry *entry)
{
	rise(m, entry);
	sink(m, entry);
}

/* ---- the table ---- */

static struct entry **bucket_of(struct memory *m, const struct digest *key)
{
	return &m->buckets[(size_t)(key->bytes[0] << 8 | key->bytes[1]) % BUCKETS];
}

static void key_of(struct text email, struct text environment, struct digest *key)
{
	digest_of((const struct text[]){email, environment}, 2, key);
}

static struct entry *find(struct memory *m, const struct digest *key)
{
	struct entry *entry = *bucket_of(m, key);

	while (entry != NULL && !digest_equal(&entry->key, key))
		entry = entry->next;
	return entry;
}

/* The entry at that place of the heap; the last one takes the place. */
static void remove_at(struct memory *m, size_t at)
{
	struct entry *entry = m->heap[at];
	struct entry **link = bucket_of(m, &entry->key);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	m->count--;
	if (at < m->count) {
		place(m, at, m->heap[m->count]);
		settle(m, m->heap[at]);
	}
	secret_wipe(&entry->sealed);
	free(entry);
}

static size_t remove_expired(struct memory *m, int64_t now_ms)
{
	size_t before = m->count;

	while (m->count > 0 && m->heap[0]->expires_ms <= now_ms)
		remove_at(m, 0);
	return before - m->count;
}

static struct entry *add_entry(struct memory *m, const struct store_row *row,
			       const struct digest *key)
{
	size_t names = row->email.len + row->environment.len;
	struct entry *entry = heap_alloc(sizeof *entry + names);
	struct entry **bucket = bucket_of(m, key);

	if (m->count == m->most)
		remove_at(m, 0);
	if (m->count == m->capacity) {
		m->capacity = m->capacity == 0 ? 64 : m->capacity * 2;
		m->heap = heap_resize(m->heap, m->capacity * sizeof *m->heap);
	}
	*entry = (struct entry){.key = *key,
				.next = *bucket,
				.email_len = row->email.len,
				.environment_len = row->environment.len};
	memcpy(entry->names, row->email.ptr, row->email.len);
	if (row->environment.len > 0)
		memcpy(entry->names + row->email.len, row->environment.ptr, row->environment.len);
	*bucket = entry;
	m->count++;
	place(m, m->count - 1, entry);
	return entry;
}

static struct text email_of(const struct entry *entry)
{
	return (struct text){entry->names, entry->email_len};
}

static struct text environment_of(const struct entry *entry)
{
	return (struct text){entry->names + entry->email_len, entry->environment_len};
}

/* ---- sessions ---- */

void *memory_open(size_t most)
{
	struct memory *m = heap_alloc(sizeof *m);

	*m = (struct memory){.most = most,
			     .once = memory_once_new(STORE_MOST_ONCE, STORE_MOST_ONCE_BYTES)};
	m->buckets = calloc(BUCKETS, sizeof *m->buckets); /* untouched pages take no memory */
	if (m->buckets == NULL)
		arena_out_of_memory(BUCKETS * sizeof *m->buckets);
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

static void remove_key(struct memory *m, size_t index)
{
	free(m->keys[index].id);
	free(m->keys[index].jwk);
	m->keys[index] = m->keys[--m->key_count];
}

static void memory_close(void *self)
{
	struct memory *m = self;

	while (m->count > 0)
		remove_at(m, m->count - 1);
	while (m->key_count > 0)
		remove_key(m, 0);
	memory_once_free(m->once);
	pthread_mutex_destroy(&m->lock);
	free((void *)m->heap);
	free((void *)m->buckets);
	free(m);
}

static bool memory_put(void *self, const struct store_row *row, const char *digest,
		       int64_t deadline_ms, struct error *err)
{
	struct memory *m = self;
	struct entry *entry;
	struct digest key;

	(void)digest;
	(void)deadline_ms;
	(void)err;
	key_of(row->email, row->environment, &key);
	pthread_mutex_lock(&m->lock);
	entry = find(m, &key);
	if (entry == NULL)
		entry = add_entry(m, row, &key);
	secret_set(&entry->sealed, row->sealed);
	entry->expires_ms = row->expires_ms;
	settle(m, entry);
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool memory_get(void *self, struct arena *a, struct store_row *row, int64_t now_ms,
		       int64_t deadline_ms, struct error *err)
{
	struct memory *m = self;
	struct entry *entry;
	struct digest key;

	(void)deadline_ms;
	(void)err;
	key_of(row->email, row->environment, &key);
	pthread_mutex_lock(&m->lock);
	entry = find(m, &key);
	if (entry != NULL && entry->expires_ms > now_ms) {
		row->sealed =
			arena_copy_text(a, (struct text){entry->sealed.ptr, entry->sealed.len});
		row->expires_ms = entry->expires_ms;
	}
	pthread_mutex_unlock(&m->lock);
	return true;
}

static size_t drop_all(struct memory *m, struct text email)
{
	size_t dropped = 0;

	/* From the end: what takes the place of one that goes stood behind it, or rises to where
	 * this loop comes later. */
	for (size_t i = m->count; i > 0; i--) {
		while (i - 1 < m->count && text_equal(email_of(m->heap[i - 1]), email)) {
			remove_at(m, i - 1);
			dropped++;
		}
	}
	return dropped;
}

static bool is_sealed_so(const struct entry *entry, struct text sealed)
{
	return sealed.ptr == NULL ||
	       text_equal((struct text){entry->sealed.ptr, entry->sealed.len}, sealed);
}

static bool memory_drop(void *self, const struct store_row *which, const char *digest,
			int64_t deadline_ms, size_t *dropped, struct error *err)
{
	struct memory *m = self;
	struct entry *entry;
	struct digest key;

	(void)digest;
	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	if (which->environment.ptr == NULL) {
		*dropped = drop_all(m, which->email);
	} else {
		key_of(which->email, which->environment, &key);
		entry = find(m, &key);
		*dropped = entry != NULL && is_sealed_so(entry, which->sealed) ? 1 : 0;
		if (*dropped == 1)
			remove_at(m, entry->at);
	}
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool memory_count(void *self, int64_t now_ms, int64_t deadline_ms, size_t *count,
			 struct error *err)
{
	struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	remove_expired(m, now_ms);
	*count = m->count;
	pthread_mutex_unlock(&m->lock);
	return true;
}

static int compare_texts(struct text a, struct text b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_address(const void *a, const void *b)
{
	const struct entry *one = *(const struct entry *const *)a;
	const struct entry *other = *(const struct entry *const *)b;
	int order = compare_texts(email_of(one), email_of(other));

	return order != 0 ? order : compare_texts(environment_of(one), environment_of(other));
}

static bool memory_list(void *self, struct arena *a, size_t most, int64_t now_ms,
			int64_t deadline_ms, struct store_row **rows, size_t *count,
			struct error *err)
{
	struct memory *m = self;
	const struct entry **all;

	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	remove_expired(m, now_ms);
	all = arena_array(a, const struct entry *, m->count);
	for (size_t i = 0; i < m->count; i++)
		all[i] = m->heap[i];
	qsort((void *)all, m->count, sizeof *all, by_address);
	*count = m->count < most ? m->count : most;
	*rows = arena_array(a, struct store_row, *count);
	for (size_t i = 0; i < *count; i++)
		(*rows)[i] = (struct store_row){
			.email = arena_copy_text(a, email_of(all[i])),
			.environment = arena_copy_text(a, environment_of(all[i])),
			.expires_ms = all[i]->expires_ms,
		};
	pthread_mutex_unlock(&m->lock);
	return true;
}

/* ---- public keys ---- */

static void remove_expired_keys(struct memory *m, int64_t now_ms)
{
	for (size_t i = m->key_count; i > 0; i--)
		if (m->keys[i - 1].expires_ms <= now_ms)
			remove_key(m, i - 1);
}

static void make_room(struct memory *m)
{
	size_t first = 0;

	for (size_t i = 1; i < m->key_count; i++)
		if (m->keys[i].expires_ms < m->keys[first].expires_ms)
			first = i;
	if (m->key_count == STORE_MOST_KEYS)
		remove_key(m, first);
}

static bool memory_purge(void *self, int64_t now_ms, int64_t deadline_ms, size_t *dropped,
			 struct error *err)
{
	struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	*dropped = remove_expired(m, now_ms);
	remove_expired_keys(m, now_ms);
	pthread_mutex_unlock(&m->lock);
	memory_once_purge(m->once, now_ms);
	return true;
}

static bool memory_put_key(void *self, struct text id, struct text jwk, int64_t expires_ms,
			   int64_t deadline_ms, struct error *err)
{
	struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	for (size_t i = m->key_count; i > 0; i--)
		if (text_is(id, m->keys[i - 1].id))
			remove_key(m, i - 1);
	make_room(m);
	m->keys[m->key_count++] = (struct public_key){
		.id = heap_copy(id), .jwk = heap_copy(jwk), .expires_ms = expires_ms};
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool memory_keys(void *self, struct arena *a, int64_t now_ms, int64_t deadline_ms,
			struct text **jwks, size_t *count, struct error *err)
{
	struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	pthread_mutex_lock(&m->lock);
	remove_expired_keys(m, now_ms);
	*jwks = arena_array(a, struct text, m->key_count);
	for (size_t i = 0; i < m->key_count; i++)
		(*jwks)[i] = arena_copy_text(a, text_of(m->keys[i].jwk));
	*count = m->key_count;
	pthread_mutex_unlock(&m->lock);
	return true;
}

/* ---- deeds ---- */

static bool put_once(void *self, const struct once_row *row, int64_t now_ms, int64_t deadline_ms,
		     struct error *err)
{
	const struct memory *m = self;

	(void)deadline_ms;
	return memory_once_put(m->once, row, now_ms, err);
}

static bool get_once(void *self, struct arena *a, struct once_row *row, int64_t now_ms,
		     int64_t deadline_ms, struct error *err)
{
	const struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	memory_once_get(m->once, a, row, now_ms);
	return true;
}

static bool set_once(void *self, const struct once_row *row, int64_t deadline_ms, size_t *set,
		     struct error *err)
{
	const struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	*set = memory_once_set(m->once, row);
	return true;
}

static bool drop_once(void *self, const struct once_row *row, int64_t deadline_ms,
		      struct error *err)
{
	const struct memory *m = self;

	(void)deadline_ms;
	(void)err;
	memory_once_drop(m->once, row);
	return true;
}

const struct store_kind store_kind_memory = {
	.name = "memory",
	.close = memory_close,
	.put = memory_put,
	.get = memory_get,
	.drop = memory_drop,
	.count = memory_count,
	.list = memory_list,
	.purge = memory_purge,
	.put_key = memory_put_key,
	.keys = memory_keys,
	.once_put = put_once,
	.once_get = get_once,
	.once_set = set_once,
	.once_drop = drop_once,
};
