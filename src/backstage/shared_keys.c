/*
 * The public keys of all replicas, as the store has them.
 *
 * Other plugins do not fetch a key set again for 30 seconds, so an answer must not miss a key that
 * was there when they asked: each caller gets what a read found that began after its call. One read
 * runs at a time, and all who came meanwhile share the next one, so that strangers cannot flood the
 * database. Whoever can write there is believed, but only so far that a key must be one.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

enum {
	READ_MS = 1000,
	FAILURE_HELD_MS = 1000, /* a store that failed is not asked again at once */
	LONGEST_JWK = 4 * 1024,
	LONGEST_KNOWN = 192 * 1024, /* all of them */
};

struct known_key {
	char *id;
	char *jwk;
};

struct known_keys {
	struct known_key items[STORE_MOST_KEYS];
	size_t count;
	size_t bytes; /* of the jwk */
};

struct shared_keys {
	struct store *store;
	/* Only who reads touches these: */
	struct digest raw; /* of what the last read found, and is in `known` */
	struct digest bad; /* of what of it was left out, so that it is logged once */
	/* Guards what follows; not held during a read. */
	pthread_mutex_t lock;
	pthread_cond_t read_ended;
	struct known_keys *known;
	bool reading;
	bool failing;
	int64_t failed_ms;
	uint64_t begun; /* reads, by their number */
	uint64_t good;  /* the last one that worked */
};

/* ---- what is known ---- */

static void known_free(struct known_keys *known)
{
	for (size_t i = 0; known != NULL && i < known->count; i++) {
		free(known->items[i].id);
		free(known->items[i].jwk);
	}
	free(known);
}

static bool has_id(const struct known_keys *known, const char *id)
{
	for (size_t i = 0; i < known->count; i++)
		if (strcmp(known->items[i].id, id) == 0)
			return true;
	return false;
}

/* NULL, or why it is left out. */
static const char *add_known(struct known_keys *known, struct text raw)
{
	const char *problem = NULL;
	struct jose_key *key;
	struct error err;
	struct buf jwk;

	if (known->count == STORE_MOST_KEYS)
		return "there are too many";
	if (!jose_key_from_jwk(raw, &key, &err))
		return "it is no public key with kid and alg";
	buf_init(&jwk, LONGEST_JWK);
	jose_key_put_public(key, &jwk);
	if (has_id(known, jose_key_id(key)))
		problem = "there is another one with that kid";
	else if (!buf_complete(&jwk) || known->bytes + jwk.len > LONGEST_KNOWN)
		problem = "there are too many";
	if (problem == NULL) {
		known->bytes += jwk.len;
		known->items[known->count++] =
			(struct known_key){.id = heap_copy(text_of(jose_key_id(key))),
					   .jwk = heap_copy(buf_text(&jwk))};
	}
	buf_fini(&jwk);
	jose_key_free(key);
	return problem;
}

/* Says it once, not at every read. */
static void note_bad(struct shared_keys *s, const struct text *bad, size_t count, const char *why)
{
	struct digest digest;

	digest_of(bad, count, &digest);
	if (count > 0 && !digest_equal(&digest, &s->bad))
		log_warn("keys.left_out", F_INT("keys", count), F_STR("problem", why));
	s->bad = digest;
}

static struct known_keys *known_of(struct shared_keys *s, struct arena *a, const struct text *raw,
				   size_t count)
{
	struct known_keys *known = heap_alloc(sizeof *known);
	struct text *bad = arena_array(a, struct text, count);
	const char *why = NULL;
	size_t bad_count = 0;

	for (size_t i = 0; i < count; i++) {
		const char *problem = add_known(known, raw[i]);

		if (problem == NULL)
			continue;
		why = problem;
		bad[bad_count++] = raw[i];
	}
	note_bad(s, bad, bad_count, why);
	return known;
}

/* ---- reading ---- */

/* Fills *known; NULL where the store has what it had at the last read. */
static bool read_store(struct shared_keys *s, int64_t deadline_ms, struct known_keys **known,
		       struct error *err)
{
	struct digest digest;
	struct arena arena;
	struct text *raw;
	size_t count;
	bool ok;

	arena_init(&arena);
	ok = store_keys(s->store, &arena, deadline_ms, &raw, &count, err);
	if (ok) {
		digest_of(raw, count, &digest);
		*known = digest_equal(&digest, &s->raw) ? NULL : known_of(s, &arena, raw, count);
		s->raw = digest;
	}
	arena_fini(&arena);
	return ok;
}

/* How a read ended, with one line where that is news. Under the lock. */
static void note_end(struct shared_keys *s, bool ok, const struct error *err)
{
	if (!ok && !s->failing)
		log_warn("keys.store_failed", F_STR("error", err->message));
	if (ok && s->failing)
		log_info("keys.store_answers");
	s->failing = !ok;
	s->failed_ms = clock_now_ms();
}

/* Under the lock, which it gives up meanwhile. */
static void read_now(struct shared_keys *s, int64_t deadline_ms)
{
	int64_t until_ms = clock_now_ms() + READ_MS;
	bool hurried = deadline_ms < until_ms;
	struct known_keys *known = NULL;
	uint64_t mine = ++s->begun;
	struct error err;
	bool ok;

	s->reading = true;
	pthread_mutex_unlock(&s->lock);
	ok = read_store(s, hurried ? deadline_ms : until_ms, &known, &err);
	pthread_mutex_lock(&s->lock);
	s->reading = false;
	if (known != NULL) {
		known_free(s->known);
		s->known = known;
	}
	if (ok)
		s->good = mine;
	/* Where the caller had less time than a read may take, its end says nothing. */
	if (ok || !hurried || clock_left_ms(deadline_ms) > 0)
		note_end(s, ok, &err);
	pthread_cond_broadcast(&s->read_ended);
}

/* While it fails somebody tries, once in a while, and nobody waits for that. */
static bool is_hopeless(const struct shared_keys *s)
{
	return s->failing && (s->reading || clock_now_ms() - s->failed_ms < FAILURE_HELD_MS);
}

/* Whether `known` is of a read that began after this. Under the lock. */
static bool refresh(struct shared_keys *s, int64_t deadline_ms)
{
	uint64_t wanted = s->begun + 1;

	while (s->good < wanted) {
		if (is_hopeless(s) || clock_left_ms(deadline_ms) == 0)
			return false;
		if (s->reading)
			clock_cond_wait(&s->read_ended, &s->lock, deadline_ms);
		else
			read_now(s, deadline_ms);
	}
	return true;
}

/* ---- for others ---- */

struct shared_keys *shared_keys_new(struct store *store)
{
	struct shared_keys *s = heap_alloc(sizeof *s);

	s->store = store;
	digest_of(NULL, 0, &s->raw);
	s->bad = s->raw;
	s->known = heap_alloc(sizeof *s->known);
	pthread_mutex_init(&s->lock, NULL);
	clock_cond_init(&s->read_ended);
	return s;
}

void shared_keys_free(struct shared_keys *shared)
{
	if (shared == NULL)
		return;
	known_free(shared->known);
	pthread_cond_destroy(&shared->read_ended);
	pthread_mutex_destroy(&shared->lock);
	free(shared);
}

bool shared_keys_read(struct shared_keys *shared, const struct backstage_call *call,
		      const struct public_key **keys, size_t *count)
{
	struct public_key *copies;
	bool fresh;

	pthread_mutex_lock(&shared->lock);
	fresh = call->may_wait && refresh(shared, call->deadline_ms);
	copies = arena_array(call->arena, struct public_key, shared->known->count);
	for (size_t i = 0; i < shared->known->count; i++)
		copies[i] = (struct public_key){
			.id = arena_copy(call->arena, text_of(shared->known->items[i].id)),
			.jwk = arena_copy(call->arena, text_of(shared->known->items[i].jwk)),
		};
	*count = shared->known->count;
	pthread_mutex_unlock(&shared->lock);
	*keys = copies;
	return fresh;
}
