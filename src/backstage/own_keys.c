/*
 * The keys this plugin signs with, and what it publishes of them.
 *
 * Without static keys: an ES256 pair that signs for an hour and stays published for three, as
 * Backstage's own plugins do. The private half is only in memory; the public half goes into the
 * store, for other replicas and for those that start after us. The next key is made before it is
 * needed, and signs when others have had the time to hear of it. With static keys: the first signs,
 * all are published, nothing ends, and the store has nothing to do with them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/store.h"

enum {
	SIGNS_FOR_S = 60 * 60,
	PUBLISHED_FOR_S = 3 * 60 * 60,
	/* Of a key's age. What it signs ends within an hour, and so before the key goes. */
	SIGNS_UNTIL_S = PUBLISHED_FOR_S - 60 * 60,
	NEXT_BEFORE_S = 5 * 60,
	/* Who fetched the key set just before a key came fetches it again after 30 seconds. */
	KNOWN_AFTER_S = 60,
	/* One an hour, each published for three, the next one, and one to spare. */
	MOST_MADE_KEYS = PUBLISHED_FOR_S / SIGNS_FOR_S + 3,
	LONGEST_JWK = 16 * 1024,
	LONGEST_JWKS = 512 * 1024,
	LONGEST_PEM = 64 * 1024,
	PUT_MS = 1000,
	FIRST_READ_MS = 1000,
};

struct own_key {
	struct jose_key *key;
	char *jwk; /* its public half */
	int64_t made_s;
	bool published;       /* where others see it */
	int64_t published_s;  /* when that was done, */
	int64_t published_ms; /* and by the steady clock */
};

struct own_keys {
	atomic_uint users;
	bool fixed;
	struct store *store; /* NULL: what is made is published at once */
	struct shared_keys *shared;
	pthread_mutex_t lock;  /* guards what follows; never held while the store is asked */
	struct own_key *items; /* the newest is the first */
	size_t count;
	size_t signer;   /* which one signs: the first, or the second until the first takes over */
	int64_t since_s; /* when that began to */
	bool put_fails;
};

/* ---- making ---- */

static void release_key(struct own_key *own)
{
	jose_key_free(own->key);
	free(own->jwk);
}

static char *public_half(const struct jose_key *key)
{
	struct buf jwk;
	char *copy;

	buf_init(&jwk, LONGEST_JWK);
	jose_key_put_public(key, &jwk);
	copy = heap_copy(buf_text(&jwk));
	buf_fini(&jwk);
	return copy;
}

static void set_published(struct own_key *own, int64_t at_s)
{
	own->published = true;
	own->published_s = at_s;
	own->published_ms = clock_now_ms();
}

/* Those that are published for long enough go; never the one that signs. */
static void drop_old(struct own_keys *keys, int64_t at_s)
{
	while (!keys->fixed && keys->count > keys->signer + 1 &&
	       (keys->count == MOST_MADE_KEYS ||
		at_s - keys->items[keys->count - 1].made_s >= PUBLISHED_FOR_S))
		release_key(&keys->items[--keys->count]);
}

/* The one that signs stays the one that signs. */
static bool make_key(struct own_keys *keys, int64_t at_s, struct error *err)
{
	struct jose_key *key;

	if (!jose_key_generate(&key, err))
		return false;
	drop_old(keys, at_s);
	memmove(&keys->items[1], &keys->items[0], keys->count * sizeof keys->items[0]);
	keys->items[0] = (struct own_key){.key = key, .jwk = public_half(key), .made_s = at_s};
	if (keys->store == NULL)
		set_published(&keys->items[0], at_s);
	keys->signer = keys->count++ > 0 ? keys->signer + 1 : 0;
	return true;
}

/* ---- whose turn it is ---- */

static bool is_worn(const struct own_key *own, int64_t at_s)
{
	return at_s - own->made_s >= SIGNS_UNTIL_S;
}

static bool is_due(const struct own_keys *keys, int64_t at_s)
{
	return at_s - keys->since_s >= SIGNS_FOR_S || is_worn(&keys->items[keys->signer], at_s);
}

/* The next key signs from now on if it is time, and others know it. Without that the old one goes
 * on for as long as it can: then rather one that is not known yet than none. */
static void take_over(struct own_keys *keys, int64_t at_s)
{
	const struct own_key *next = &keys->items[0];

	if (keys->signer == 0 || !is_due(keys, at_s))
		return;
	if (!is_worn(&keys->items[keys->signer], at_s) &&
	    !(next->published && at_s - next->published_s >= KNOWN_AFTER_S))
		return;
	keys->signer = 0;
	keys->since_s = at_s;
}

/* Sees to it that the right one signs, and that there is a next one so long before it is needed.
 * Also where nobody did so for hours. */
static bool prepare(struct own_keys *keys, int64_t at_s, int64_t ahead_s, struct error *err)
{
	take_over(keys, at_s);
	if (keys->signer == 0 && is_due(keys, at_s + ahead_s)) {
		if (!make_key(keys, at_s, err))
			return false;
		take_over(keys, at_s);
	}
	drop_old(keys, at_s);
	return true;
}

/* ---- sharing ---- */

/* A key that is not in the store; jwk, owned, is NULL where there is none. */
struct unshared {
	char id[UUID_SIZE];
	char *jwk;
	int64_t expires_ms;
};

static struct unshared find_unshared(struct own_keys *keys)
{
	struct unshared found = {.jwk = NULL};

	pthread_mutex_lock(&keys->lock);
	for (size_t i = 0; i < keys->count && found.jwk == NULL; i++) {
		const struct own_key *own = &keys->items[i];

		if (own->published)
			continue;
		snprintf(found.id, sizeof found.id, "%s", jose_key_id(own->key));
		found.jwk = heap_copy(text_of(own->jwk));
		found.expires_ms = (own->made_s + PUBLISHED_FOR_S) * 1000;
	}
	pthread_mutex_unlock(&keys->lock);
	return found;
}

static struct own_key *find_own(struct own_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(jose_key_id(keys->items[i].key), id) == 0)
			return &keys->items[i];
	return NULL;
}

/* With one line where the outcome is news. */
static void note_shared(struct own_keys *keys, const char *id, bool ok, int64_t at_s,
			const struct error *err)
{
	struct own_key *own;

	pthread_mutex_lock(&keys->lock);
	own = find_own(keys, id);
	if (own != NULL && ok)
		set_published(own, at_s);
	if (!ok && !keys->put_fails)
		log_warn("keys.not_shared", F_STR("key", id), F_STR("error", err->message));
	else if (ok && keys->put_fails)
		log_info("keys.shared", F_STR("key", id));
	else if (ok)
		log_debug("keys.shared", F_STR("key", id));
	keys->put_fails = !ok;
	pthread_mutex_unlock(&keys->lock);
}

/* Puts into the store what is not there. From one thread. */
static void share(struct own_keys *keys, int64_t at_s)
{
	int64_t deadline_ms = clock_now_ms() + PUT_MS;
	bool ok = true;

	while (ok && keys->store != NULL) {
		struct unshared u = find_unshared(keys);
		struct error err;

		if (u.jwk == NULL)
			return;
		ok = store_put_key(keys->store, u.id, text_of(u.jwk), u.expires_ms, deadline_ms,
				   &err);
		free(u.jwk);
		note_shared(keys, u.id, ok, at_s, &err);
	}
}

void own_keys_tend(struct own_keys *keys, int64_t at_s)
{
	struct error err;
	bool ok;

	if (keys->fixed)
		return;
	pthread_mutex_lock(&keys->lock);
	ok = prepare(keys, at_s, NEXT_BEFORE_S, &err);
	pthread_mutex_unlock(&keys->lock);
	if (!ok)
		log_warn("keys.not_made", F_STR("error", err.message));
	share(keys, at_s);
}

/* ---- static keys ---- */

static bool read_pem(const char *path, struct buf *out, struct error *err)
{
	buf_init(out, LONGEST_PEM);
	return path == NULL || file_read(path, out, err) || error_in(err, "%s", path);
}

static bool read_key(const struct config_plugin_key *from, struct jose_key **key, struct error *err)
{
	struct buf public_pem;
	struct buf private_pem;
	bool ok;

	buf_init(&private_pem, 0);
	ok = read_pem(from->public_key_file, &public_pem, err) &&
	     read_pem(from->private_key_file, &private_pem, err) &&
	     jose_key_from_pem(from->key_id, from->algorithm, buf_text(&public_pem),
			       buf_text(&private_pem), key, err);
	buf_fini(&public_pem);
	buf_fini(&private_pem);
	return ok;
}

static bool read_keys(const struct config *config, struct own_keys *keys, struct error *err)
{
	for (size_t i = 0; i < config->plugin_key_count; i++) {
		if (!read_key(&config->plugin_keys[i], &keys->items[i].key, err))
			return error_in(err, "backend.auth.pluginKeyStore.static.keys[%zu]", i);
		keys->items[i].jwk = public_half(keys->items[i].key);
		keys->count++;
	}
	return true;
}

/* ---- opening and closing ---- */

/* What the first answers fall back on, should the store fail before they could read it. */
static void read_first(struct own_keys *keys)
{
	struct arena arena;
	const struct backstage_call call = {
		.arena = &arena, .deadline_ms = clock_now_ms() + FIRST_READ_MS, .may_wait = true};
	const struct public_key *unused;
	size_t count;

	arena_init(&arena);
	shared_keys_read(keys->shared, &call, &unused, &count);
	arena_fini(&arena);
}

static bool make_first(struct own_keys *keys, int64_t at_s, struct error *err)
{
	if (!make_key(keys, at_s, err))
		return false;
	keys->since_s = at_s;
	if (keys->store == NULL)
		return true;
	keys->shared = shared_keys_new(keys->store);
	share(keys, at_s);
	read_first(keys);
	return true;
}

bool own_keys_open(const struct config *config, struct store *store, struct own_keys **keys,
		   struct error *err)
{
	struct own_keys *made = heap_alloc(sizeof *made);
	bool ok;

	atomic_init(&made->users, 1);
	made->fixed = config->plugin_key_count > 0;
	made->store = made->fixed ? NULL : store;
	made->items = heap_alloc((made->fixed ? config->plugin_key_count : MOST_MADE_KEYS) *
				 sizeof made->items[0]);
	pthread_mutex_init(&made->lock, NULL);
	ok = made->fixed ? read_keys(config, made, err) : make_first(made, now_s(), err);
	if (!ok) {
		own_keys_close(made);
		return false;
	}
	*keys = made;
	return true;
}

struct own_keys *own_keys_share(struct own_keys *keys)
{
	if (keys->fixed)
		return NULL;
	atomic_fetch_add(&keys->users, 1);
	return keys;
}

void own_keys_close(struct own_keys *keys)
{
	if (keys == NULL || atomic_fetch_sub(&keys->users, 1) > 1)
		return;
	for (size_t i = 0; i < keys->count; i++)
		release_key(&keys->items[i]);
	shared_keys_free(keys->shared);
	pthread_mutex_destroy(&keys->lock);
	free(keys->items);
	free(keys);
}

/* ---- publishing ---- */

static bool is_in(const struct public_key *shared, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(shared[i].id, id) == 0)
			return true;
	return false;
}

/* A store that was emptied, or brought back from a copy, has lost keys that we put there before
 * asked_ms: they are put there again. Not where it gives out no more: that would not help. */
static void note_lost(struct own_keys *keys, const struct public_key *shared, size_t count,
		      int64_t asked_ms)
{
	for (size_t i = 0; i < keys->count && count < STORE_MOST_KEYS; i++) {
		struct own_key *own = &keys->items[i];

		if (own->published && own->published_ms < asked_ms &&
		    !is_in(shared, count, jose_key_id(own->key)))
			own->published = false;
	}
}

static void put_key(struct buf *out, const char *jwk)
{
	if (out->ptr[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_add_string(out, jwk);
}

struct text own_keys_jwks(struct own_keys *keys, const struct backstage_call *call, int64_t at_s)
{
	const struct public_key *shared = NULL;
	int64_t asked_ms = clock_now_ms();
	bool fresh = false;
	struct text copy;
	size_t count = 0;
	struct buf out;

	if (keys->shared != NULL)
		fresh = shared_keys_read(keys->shared, call, &shared, &count);
	buf_init(&out, LONGEST_JWKS);
	buf_add_string(&out, "{\"keys\":[");
	pthread_mutex_lock(&keys->lock);
	drop_old(keys, at_s);
	for (size_t i = 0; i < keys->count; i++)
		put_key(&out, keys->items[i].jwk);
	for (size_t i = 0; i < count; i++)
		if (find_own(keys, shared[i].id) == NULL)
			put_key(&out, shared[i].jwk);
	if (fresh)
		note_lost(keys, shared, count, asked_ms);
	pthread_mutex_unlock(&keys->lock);
	buf_add_string(&out, "]}");
	copy = arena_copy_text(call->arena, buf_text(&out));
	buf_fini(&out);
	return copy;
}

bool own_keys_sign(struct own_keys *keys, const char *type, struct text claims, int64_t at_s,
		   struct buf *out, struct error *err)
{
	bool ok;

	pthread_mutex_lock(&keys->lock);
	ok = (keys->fixed || prepare(keys, at_s, 0, err)) &&
	     jose_sign(keys->items[keys->signer].key, type, claims, out, err);
	pthread_mutex_unlock(&keys->lock);
	return ok;
}
