/*
 * What is kept: a hash table with chains, and a list by last use. An entry counts for the memory
 * that it may come to take with its compressed form, which somebody may make later.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "palette/kept_inside.h"

enum {
	SWEEP_EVERY_MS = 1000,
	/* What of an answer's size its compressed form may take, which is more than JSON needs. */
	FORM_PART = 4,
	LEAST_FORM = 512,
	ROOM_AROUND = 1024, /* that each entry takes besides */
};

struct kept *kept_new(size_t max_bytes)
{
	struct kept *k = heap_alloc(sizeof *k);

	k->max_bytes = max_bytes;
	pthread_mutex_init(&k->lock, NULL);
	clock_cond_init(&k->changed);
	return k;
}

/* ---- the table; under the lock ---- */

bool kept_same_key(const struct kept_key *a, const struct kept_key *b)
{
	return digest_equal(&a->question, &b->question) &&
	       digest_equal(&a->credential, &b->credential) &&
	       a->credential_kind == b->credential_kind && a->environment == b->environment &&
	       a->version == b->version;
}

/* Equal questions of different people share a chain, and nothing else. */
static struct kept_entry **chain_of(struct kept *k, const struct kept_key *key)
{
	uint64_t one;
	uint64_t other;

	memcpy(&one, key->question.bytes, sizeof one);
	memcpy(&other, key->credential.bytes, sizeof other);
	return &k->chains[(one ^ other) % KEPT_CHAINS];
}

struct kept_entry *kept_find(struct kept *k, const struct kept_key *key)
{
	struct kept_entry *e = *chain_of(k, key);

	while (e != NULL && !kept_same_key(&e->key, key))
		e = e->next_in_chain;
	return e;
}

static void unlist(struct kept *k, struct kept_entry *e)
{
	*(e->newer != NULL ? &e->newer->older : &k->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &k->oldest) = e->newer;
}

static void list_as_newest(struct kept *k, struct kept_entry *e)
{
	e->newer = NULL;
	e->older = k->newest;
	*(k->newest != NULL ? &k->newest->newer : &k->oldest) = e;
	k->newest = e;
}

static size_t bytes_of(const struct shared *bytes)
{
	return sizeof(struct kept_entry) + shared_most_bytes(bytes);
}

/* Once the compressed form is there, it is known how little room it takes. */
void kept_touch(struct kept *k, struct kept_entry *e)
{
	size_t bytes = bytes_of(e->answer.bytes);

	k->statistics.bytes -= e->bytes - bytes;
	e->bytes = bytes;
	unlist(k, e);
	list_as_newest(k, e);
}

void kept_drop(struct kept *k, struct kept_entry *e, struct kept_entry **gone)
{
	struct kept_entry **at = chain_of(k, &e->key);

	while (*at != e)
		at = &(*at)->next_in_chain;
	*at = e->next_in_chain;
	unlist(k, e);
	k->statistics.entries--;
	k->statistics.bytes -= e->bytes;
	e->next_in_chain = *gone;
	*gone = e;
}

/* Who was not used for longest goes first. */
static void fit(struct kept *k, struct kept_entry **gone)
{
	while (k->oldest != NULL && k->statistics.bytes > k->max_bytes) {
		kept_drop(k, k->oldest, gone);
		k->statistics.evicted++;
	}
}

void kept_put(struct kept *k, struct kept_entry *entry, struct kept_entry **gone)
{
	struct kept_entry *before = kept_find(k, &entry->key);
	struct kept_entry **chain = chain_of(k, &entry->key);

	if (entry->bytes > k->max_bytes || (before != NULL && before->number > entry->number)) {
		entry->next_in_chain = *gone;
		*gone = entry;
		return;
	}
	if (before != NULL)
		kept_drop(k, before, gone);
	entry->next_in_chain = *chain;
	*chain = entry;
	list_as_newest(k, entry);
	k->statistics.entries++;
	k->statistics.bytes += entry->bytes;
	fit(k, gone);
}

void kept_sweep(struct kept *k, int64_t now_ms, struct kept_entry **gone)
{
	struct kept_entry *older;

	if (now_ms - k->swept_ms < SWEEP_EVERY_MS)
		return;
	k->swept_ms = now_ms;
	for (struct kept_entry *e = k->newest; e != NULL; e = older) {
		older = e->older;
		if (e->stale_until_ms <= now_ms)
			kept_drop(k, e, gone);
	}
}

/* ---- entries ---- */

struct kept_entry *kept_entry_new(const struct kept *k, const struct kept_key *key,
				  const struct kept_answer *answer, int64_t ttl_ms, uint64_t number)
{
	size_t size = shared_text(answer->bytes).len;
	size_t form = size / FORM_PART + LEAST_FORM;
	int64_t now_ms = clock_now_ms();
	struct kept_entry *e;

	if (ttl_ms <= 0 || size + form + ROOM_AROUND > k->max_bytes)
		return NULL;
	e = heap_alloc(sizeof *e);
	shared_limit_form(answer->bytes, form);
	*e = (struct kept_entry){
		.key = *key,
		.answer = {.bytes = shared_ref(answer->bytes),
			   .count = answer->count,
			   .asked_ms = answer->asked_ms},
		.bytes = bytes_of(answer->bytes),
		.fresh_until_ms = now_ms + ttl_ms,
		.stale_until_ms = now_ms + 2 * ttl_ms,
		.number = number,
	};
	return e;
}

void kept_release(struct kept_entry *gone)
{
	struct kept_entry *next;

	for (; gone != NULL; gone = next) {
		next = gone->next_in_chain;
		shared_unref(gone->answer.bytes);
		free(gone);
	}
}

/* ---- dropping ---- */

/* key: only of that credential; NULL: of all. */
static void drop_all(struct kept *k, size_t environment, const struct kept_key *key)
{
	struct kept_entry *gone = NULL;
	struct kept_entry *older;

	pthread_mutex_lock(&k->lock);
	kept_outdate(k, environment, key);
	for (struct kept_entry *e = k->newest; e != NULL; e = older) {
		older = e->older;
		if (e->key.environment != environment ||
		    (key != NULL && (e->key.credential_kind != key->credential_kind ||
				     !digest_equal(&e->key.credential, &key->credential))))
			continue;
		kept_drop(k, e, &gone);
		k->statistics.dropped++;
	}
	pthread_mutex_unlock(&k->lock);
	kept_release(gone);
}

void kept_drop_environment(struct kept *k, size_t environment)
{
	drop_all(k, environment, NULL);
}

void kept_drop_credential(struct kept *k, const struct kept_key *key)
{
	drop_all(k, key->environment, key);
}

void kept_statistics(struct kept *k, struct palette_cache_statistics *out)
{
	pthread_mutex_lock(&k->lock);
	*out = k->statistics;
	pthread_mutex_unlock(&k->lock);
}

/* ---- the end ---- */

void kept_call_off(struct kept *k)
{
	struct kept_entry *gone = NULL;

	pthread_mutex_lock(&k->lock);
	k->closing = true;
	while (k->newest != NULL)
		kept_drop(k, k->newest, &gone);
	pthread_mutex_unlock(&k->lock);
	kept_release(gone);
	kept_end_flights(k, false);
}

void kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	kept_call_off(k);
	kept_end_flights(k, true);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
