/* A hash table with chains, and a list of its entries by their last use, behind one mutex. */
#include "crypto/digest_map.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct remembered {
	struct digest key;
	struct remembered *next_in_chain;
	struct remembered *newer, *older;
	void *value;
	size_t bytes;
	int64_t expires;
};

struct digest_map {
	pthread_mutex_t lock;
	size_t max_entries;
	size_t max_bytes;
	void (*release)(void *value);
	struct remembered **chains;
	size_t chain_count; /* a power of two */
	struct remembered *newest, *oldest;
	size_t count;
	size_t bytes;
};

struct digest_map *digest_map_new(size_t max_entries, size_t max_bytes,
				  void (*release)(void *value))
{
	struct digest_map *map = heap_alloc(sizeof *map);

	pthread_mutex_init(&map->lock, NULL);
	map->max_entries = max_entries;
	map->max_bytes = max_bytes;
	map->release = release;
	map->chain_count = 1;
	while (map->chain_count < max_entries)
		map->chain_count *= 2;
	map->chains = heap_alloc(map->chain_count * sizeof(struct remembered *));
	return map;
}

static struct remembered **chain_of(struct digest_map *map, const struct digest *key)
{
	uint64_t hash;

	memcpy(&hash, key->bytes, sizeof hash);
	return &map->chains[hash & (map->chain_count - 1)];
}

static struct remembered **find(struct digest_map *map, const struct digest *key)
{
	struct remembered **at = chain_of(map, key);

	while (*at != NULL && !digest_equal(&(*at)->key, key))
		at = &(*at)->next_in_chain;
	return at;
}

static void unlist(struct digest_map *map, struct remembered *r)
{
	*(r->newer != NULL ? &r->newer->older : &map->newest) = r->older;
	*(r->older != NULL ? &r->older->newer : &map->oldest) = r->newer;
}

static void list_as_newest(struct digest_map *map, struct remembered *r)
{
	r->newer = NULL;
	r->older = map->newest;
	*(map->newest != NULL ? &map->newest->newer : &map->oldest) = r;
	map->newest = r;
}

/* Takes out what *at points to, which is the link in its chain. */
static void drop(struct digest_map *map, struct remembered **at)
{
	struct remembered *r = *at;

	*at = r->next_in_chain;
	unlist(map, r);
	map->count--;
	map->bytes -= r->bytes;
	map->release(r->value);
	free(r);
}

static void drop_oldest(struct digest_map *map)
{
	struct remembered **at;

	assert(map->oldest != NULL);
	at = find(map, &map->oldest->key);
	assert(*at != NULL);
	drop(map, at);
}

void digest_map_free(struct digest_map *map)
{
	if (map == NULL)
		return;
	while (map->oldest != NULL)
		drop_oldest(map);
	pthread_mutex_destroy(&map->lock);
	free((void *)map->chains);
	free(map);
}

bool digest_map_get(struct digest_map *map, const struct digest *key, int64_t now,
		    void (*visit)(void *context, const void *value), void *context)
{
	struct remembered **at;
	bool found;

	pthread_mutex_lock(&map->lock);
	at = find(map, key);
	found = *at != NULL && (*at)->expires > now;
	if (found) {
		struct remembered *r = *at;

		visit(context, r->value);
		unlist(map, r);
		list_as_newest(map, r);
	} else if (*at != NULL) {
		drop(map, at);
	}
	pthread_mutex_unlock(&map->lock);
	return found;
}

void digest_map_put(struct digest_map *map, const struct digest *key, void *value, size_t bytes,
		    int64_t expires)
{
	struct remembered *r;
	struct remembered **at;

	if (bytes > map->max_bytes) {
		map->release(value);
		return;
	}
	r = heap_alloc(sizeof *r);
	*r = (struct remembered){.key = *key, .value = value, .bytes = bytes, .expires = expires};
	pthread_mutex_lock(&map->lock);
	at = find(map, key);
	if (*at != NULL)
		drop(map, at);
	while (map->count > 0 &&
	       (map->count == map->max_entries || map->bytes + bytes > map->max_bytes))
		drop_oldest(map);
	at = chain_of(map, key);
	r->next_in_chain = *at;
	*at = r;
	list_as_newest(map, r);
	map->count++;
	map->bytes += bytes;
	pthread_mutex_unlock(&map->lock);
}

void digest_map_drop(struct digest_map *map, const struct digest *key)
{
	struct remembered **at;

	pthread_mutex_lock(&map->lock);
	at = find(map, key);
	if (*at != NULL)
		drop(map, at);
	pthread_mutex_unlock(&map->lock);
}

void digest_map_clear(struct digest_map *map)
{
	pthread_mutex_lock(&map->lock);
	while (map->oldest != NULL)
		drop_oldest(map);
	pthread_mutex_unlock(&map->lock);
}

size_t digest_map_count(struct digest_map *map)
{
	size_t count;

	pthread_mutex_lock(&map->lock);
	count = map->count;
	pthread_mutex_unlock(&map->lock);
	return count;
}
