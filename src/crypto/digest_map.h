/*
 * A bounded memory of what is dear to find out, by the digest of what was asked. When it is full
 * the entry that was not used for longest goes. Any thread.
 */
#ifndef CRYPTO_DIGEST_MAP_H
#define CRYPTO_DIGEST_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/jose.h"

struct digest_map;

/* max_bytes: the sum of what digest_map_put() is told. release: for values that go. */
struct digest_map *digest_map_new(size_t max_entries, size_t max_bytes,
				  void (*release)(void *value));
void digest_map_free(struct digest_map *map);

/*
 * Shows the value to visit, under the map's lock: it copies what it needs and calls nothing of the
 * map. False, and visit is not called, where there is none or it ended at or before now.
 */
bool digest_map_get(struct digest_map *map, const struct digest *key, int64_t now,
		    void (*visit)(void *context, const void *value), void *context);

/* Remembers value, which is the map's from here on, until `expires` (of the caller's clock); an
 * older one of that key goes. One that alone is too large is released at once. */
void digest_map_put(struct digest_map *map, const struct digest *key, void *value, size_t bytes,
		    int64_t expires);

/* Forgets one, or all. */
void digest_map_drop(struct digest_map *map, const struct digest *key);
void digest_map_clear(struct digest_map *map);

size_t digest_map_count(struct digest_map *map);

#endif
