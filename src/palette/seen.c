/* A set of short texts: open addressing, keys one behind the other in one piece of memory. */
#include "palette/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"

enum { FIRST_SLOTS = 64 };

struct slot {
	uint64_t hash; /* 0: empty */
	size_t offset; /* into keys */
	size_t len;
};

struct palette_seen {
	struct slot *slots;
	size_t slot_count; /* a power of two */
	size_t used;
	char *keys;
	size_t keys_len;
	size_t keys_capacity;
	uint64_t salt; /* so that nobody can choose uids that all collide */
};

struct palette_seen *palette_seen_new(void)
{
	struct palette_seen *s = heap_alloc(sizeof *s);

	s->slot_count = FIRST_SLOTS;
	s->slots = heap_alloc(s->slot_count * sizeof s->slots[0]);
	if (getrandom(&s->salt, sizeof s->salt, GRND_NONBLOCK) != (ssize_t)sizeof s->salt)
		s->salt = (uint64_t)clock_now_us();
	return s;
}

void palette_seen_free(struct palette_seen *seen)
{
	if (seen == NULL)
		return;
	free(seen->slots);
	free(seen->keys);
	free(seen);
}

/* With a salt and a final mix. */
static uint64_t hash_of(const struct palette_seen *s, struct text key)
{
	uint64_t h = hash_text(HASH_START ^ s->salt, key);

	h ^= h >> 32;
	return h == 0 ? 1 : h;
}

static struct slot *find_slot(const struct palette_seen *s, uint64_t hash, struct text key)
{
	size_t i = (size_t)hash & (s->slot_count - 1);

	for (;; i = (i + 1) & (s->slot_count - 1)) {
		struct slot *slot = &s->slots[i];

		if (slot->hash == 0)
			return slot;
		if (slot->hash == hash && slot->len == key.len &&
		    memcmp(s->keys + slot->offset, key.ptr, key.len) == 0)
			return slot;
	}
}

static void grow_slots(struct palette_seen *s)
{
	struct slot *old = s->slots;
	size_t count = s->slot_count;

	s->slot_count *= 2;
	s->slots = heap_alloc(s->slot_count * sizeof s->slots[0]);
	for (size_t i = 0; i < count; i++) {
		struct text key = {s->keys + old[i].offset, old[i].len};

		if (old[i].hash != 0)
			*find_slot(s, old[i].hash, key) = old[i];
	}
	free(old);
}

static size_t keep_key(struct palette_seen *s, struct text key)
{
	size_t offset = s->keys_len;

	if (s->keys_capacity - s->keys_len < key.len + 1) {
		s->keys_capacity = s->keys_capacity * 2 + key.len + 1024;
		s->keys = heap_resize(s->keys, s->keys_capacity);
	}
	memcpy(s->keys + offset, key.ptr, key.len);
	s->keys_len += key.len;
	return offset;
}

bool palette_seen_has(const struct palette_seen *seen, struct text key)
{
	return key.len > 0 && find_slot(seen, hash_of(seen, key), key)->hash != 0;
}

bool palette_seen_add(struct palette_seen *seen, struct text key)
{
	uint64_t hash = hash_of(seen, key);
	struct slot *slot = key.len == 0 ? NULL : find_slot(seen, hash, key);

	if (slot == NULL || slot->hash != 0)
		return false;
	*slot = (struct slot){.hash = hash, .offset = keep_key(seen, key), .len = key.len};
	seen->used++;
	if (seen->used * 2 > seen->slot_count)
		grow_slots(seen);
	return true;
}
