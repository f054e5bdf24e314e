/*
 * The keys this plugin signs with, and what it publishes of them.
 *
 * Without static keys: an ES256 pair that signs for an hour and stays published for three, as
 * Backstage's own plugins do; the private half is only in memory. With static keys: the first
 * signs, all are published, nothing ends.
 */
#include <pthread.h>
#include <stdlib.h>

#include "backstage/inside.h"
#include "base/file.h"

enum {
	SIGNS_FOR_S = 60 * 60,
	PUBLISHED_FOR_S = 3 * 60 * 60,
	/* One an hour, each published for three, and the one that is just made. */
	MOST_MADE_KEYS = PUBLISHED_FOR_S / SIGNS_FOR_S + 1,
	LONGEST_JWKS = 256 * 1024,
	LONGEST_PEM = 64 * 1024,
};

struct own_key {
	struct jose_key *key;
	int64_t made_s;
};

struct own_keys {
	bool fixed;
	pthread_mutex_t lock;
	struct own_key *items; /* the first one signs */
	size_t count;
};

static void add_first(struct own_keys *keys, struct jose_key *key, int64_t at_s)
{
	for (size_t i = keys->count; i > 0; i--)
		keys->items[i] = keys->items[i - 1];
	keys->items[0] = (struct own_key){key, at_s};
	keys->count++;
}

/* Those that are published for long enough go. */
static void drop_old(struct own_keys *keys, int64_t at_s)
{
	while (!keys->fixed && keys->count > 1 &&
	       (keys->count == MOST_MADE_KEYS ||
		at_s - keys->items[keys->count - 1].made_s >= PUBLISHED_FOR_S))
		jose_key_free(keys->items[--keys->count].key);
}

static bool make_key(struct own_keys *keys, int64_t at_s, struct error *err)
{
	struct jose_key *key;

	if (!jose_key_generate(&key, err))
		return false;
	drop_old(keys, at_s);
	add_first(keys, key, at_s);
	return true;
}

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
		keys->count++;
	}
	return true;
}

bool own_keys_open(const struct config *config, struct own_keys **keys, struct error *err)
{
	struct own_keys *made = heap_alloc(sizeof *made);
	bool ok;

	made->fixed = config->plugin_key_count > 0;
	made->items = heap_alloc((made->fixed ? config->plugin_key_count : MOST_MADE_KEYS) *
				 sizeof made->items[0]);
	pthread_mutex_init(&made->lock, NULL);
	ok = made->fixed ? read_keys(config, made, err) : make_key(made, now_s(), err);
	if (!ok) {
		own_keys_close(made);
		return false;
	}
	*keys = made;
	return true;
}

void own_keys_close(struct own_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->count; i++)
		jose_key_free(keys->items[i].key);
	pthread_mutex_destroy(&keys->lock);
	free(keys->items);
	free(keys);
}

struct text own_keys_jwks(struct own_keys *keys, struct arena *a, int64_t at_s)
{
	struct buf out;
	struct text copy;

	buf_init(&out, LONGEST_JWKS);
	buf_add_string(&out, "{\"keys\":[");
	pthread_mutex_lock(&keys->lock);
	drop_old(keys, at_s);
	for (size_t i = 0; i < keys->count; i++) {
		if (i > 0)
			buf_add_char(&out, ',');
		jose_key_put_public(keys->items[i].key, &out);
	}
	pthread_mutex_unlock(&keys->lock);
	buf_add_string(&out, "]}");
	copy = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return copy;
}

bool own_keys_sign(struct own_keys *keys, const char *type, struct text claims, int64_t at_s,
		   struct buf *out, struct error *err)
{
	bool ok = true;

	pthread_mutex_lock(&keys->lock);
	if (!keys->fixed && at_s - keys->items[0].made_s >= SIGNS_FOR_S)
		ok = make_key(keys, at_s, err);
	ok = ok && jose_sign(keys->items[0].key, type, claims, out, err);
	pthread_mutex_unlock(&keys->lock);
	return ok;
}
