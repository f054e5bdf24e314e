/* The store as others see it: checks and lowers what it is given, seals, and hands rows on. */
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/jose.h"
#include "crypto/seal.h"
#include "store/inside.h"
#include "telemetry/metrics.h"

enum { TELL_EVERY_MS = 60 * 1000, LONGEST_URL = 4096 };

struct store {
	const struct store_kind *kind;
	void *self;
	struct seal_keys *keys;
	const struct config *config;
	struct store *opened; /* the one that store_open() made: itself, unless it is a view */
	store_changed_fn *changed;
	void *context;
	struct store *next; /* of the views */

	/* Of the opened one: */
	atomic_llong tell_again_ms; /* of rows that cannot be opened */
	pthread_mutex_t watching;   /* guards changed, context and next of it and of all its views;
				       held while they are told */
};

/* ---- open, close ---- */

static bool open_kind(struct store *s, const struct config_store *config, struct error *err)
{
	switch (config->type) {
	case CONFIG_STORE_SQLITE:
		s->kind = &store_kind_sqlite;
		return sqlite_open(config->file, &s->self, err);
	case CONFIG_STORE_POSTGRESQL:
		s->kind = &store_kind_postgres;
		return postgres_open(&config->postgres, s, &s->self, err);
	default:
		s->kind = &store_kind_memory;
		s->self = memory_open(STORE_MOST_IN_MEMORY);
		return true;
	}
}

bool store_open(const struct config *config, struct store **store, struct error *err)
{
	const struct config_store *c = &config->store;
	struct store *s;

	if (c->type != CONFIG_STORE_MEMORY && c->type != CONFIG_STORE_AUTO && c->key_count == 0)
		return error_set(err, ERROR_INPUT,
				 "spectrocloud.tokenStore.encryptionKey is missing");
	s = heap_alloc(sizeof *s);
	*s = (struct store){.config = config, .opened = s};
	pthread_mutex_init(&s->watching, NULL);
	s->keys = c->key_count > 0 ? seal_keys_new(c->keys, c->key_count) : seal_keys_random();
	if (!open_kind(s, c, err)) {
		store_close(s);
		return false;
	}
	*store = s;
	return true;
}

struct store *store_view(struct store *store, const struct config *config)
{
	struct store *opened = store->opened;
	struct store *view = heap_alloc(sizeof *view);

	*view = (struct store){.kind = opened->kind,
			       .self = opened->self,
			       .keys = opened->keys,
			       .config = config,
			       .opened = opened};
	pthread_mutex_lock(&opened->watching);
	view->next = opened->next;
	opened->next = view;
	pthread_mutex_unlock(&opened->watching);
	return view;
}

static void close_view(struct store *view)
{
	struct store *opened = view->opened;
	struct store *before = opened;

	pthread_mutex_lock(&opened->watching);
	while (before->next != view)
		before = before->next;
	before->next = view->next;
	pthread_mutex_unlock(&opened->watching);
	free(view);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->opened != store) {
		close_view(store);
		return;
	}
	if (store->self != NULL)
		store->kind->close(store->self);
	seal_keys_free(store->keys);
	pthread_mutex_destroy(&store->watching);
	free(store);
}

const char *store_kind(const struct store *store)
{
	return store->kind->name;
}

bool store_too_slow(struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE, "the store of sessions does not answer");
}

/* ---- changes ---- */

void store_watch(struct store *store, store_changed_fn *changed, void *context)
{
	pthread_mutex_lock(&store->opened->watching);
	store->changed = changed;
	store->context = context;
	pthread_mutex_unlock(&store->opened->watching);
}

void store_tell(struct store *store, const char *digest)
{
	struct store *opened = store->opened;

	pthread_mutex_lock(&opened->watching);
	for (const struct store *s = opened; s != NULL; s = s->next)
		if (s->changed != NULL)
			s->changed(s->context, digest);
	pthread_mutex_unlock(&opened->watching);
}

bool store_is_remote(const struct store *store)
{
	return store->kind->is_remote;
}

bool store_tells_of_others(const struct store *store)
{
	return store->kind->tells_of_others != NULL && store->kind->tells_of_others(store->self);
}

/* ---- addresses ---- */

/* An address as it is kept. */
struct address {
	char bytes[STORE_LONGEST_EMAIL + 1];
	size_t len;
};

static void lower(struct text email, struct address *out)
{
	out->len = email.len > STORE_LONGEST_EMAIL ? STORE_LONGEST_EMAIL : email.len;
	for (size_t i = 0; i < out->len; i++) {
		char c = email.ptr[i];

		out->bytes[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	out->bytes[out->len] = '\0';
}

void store_digest(struct text email, char digest[STORE_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	struct address address = {.len = 0};
	struct digest bytes;
	struct text part;

	lower(email, &address);
	part = (struct text){address.bytes, address.len};
	digest_of(&part, 1, &bytes);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		digest[i * 2] = digits[bytes.bytes[i] >> 4];
		digest[i * 2 + 1] = digits[bytes.bytes[i] & 15];
	}
	digest[STORE_DIGEST_SIZE - 1] = '\0';
}

static bool is_line(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
			return false;
	return text_is_utf8(t);
}

static bool read_address(struct text email, struct address *out, struct error *err)
{
	if (email.len == 0 || email.len > STORE_LONGEST_EMAIL || !is_line(email))
		return error_set(err, ERROR_INPUT, "this is no e-mail address");
	lower(email, out);
	return true;
}

static bool check_environment(struct text environment, struct error *err)
{
	if (environment.len > STORE_LONGEST_ENVIRONMENT || !is_line(environment))
		return error_set(err, ERROR_INPUT, "this is no name of an environment");
	return true;
}

/* ---- sealing ---- */

/* Where the environment of that name is; "" for a name that the configuration does not have. */
static const char *url_of(const struct store *s, struct text environment)
{
	for (size_t i = 0; i < s->config->environment_count; i++) {
		const struct config_environment *e = &s->config->environments[i];

		if (text_equal(environment, e->name == NULL ? TEXT("") : text_of(e->name)))
			return e->url == NULL ? "" : e->url;
	}
	return "";
}

/* What a token is sealed for: an address, an environment with its URL, and an end. A name that
 * means another Palette one day opens nothing, and neither does a row that was made to last. */
static struct text associated_of(const struct store *s, const struct store_row *row,
				 struct buf *out)
{
	buf_init(out, STORE_LONGEST_EMAIL + STORE_LONGEST_ENVIRONMENT + LONGEST_URL + 32);
	buf_add(out, row->email);
	buf_add_char(out, '\0');
	buf_add(out, row->environment);
	buf_printf(out, "%c%lld%c%s", '\0', (long long)row->expires_ms, '\0',
		   url_of(s, row->environment));
	return buf_text(out);
}

static void seal_row(const struct store *s, const struct store_row *row, struct text token,
		     struct buf *sealed)
{
	struct buf associated;

	buf_init(sealed, STORE_LONGEST_TOKEN + SEAL_OVERHEAD);
	seal(s->keys, associated_of(s, row, &associated), token, sealed);
	buf_fini(&associated);
}

const struct store_kind *store_kind_of(const struct store *store, void **self)
{
	*self = store->self;
	return store->kind;
}

const struct seal_keys *store_seal_keys(const struct store *store)
{
	return store->keys;
}

void store_tell_unreadable(struct store *store)
{
	if (clock_turn(&store->opened->tell_again_ms, TELL_EVERY_MS))
		log_warn("store.unreadable", F_STR("store", store->kind->name),
			 F_STR("why", "sealed with a key that is not configured, or broken"));
}

/* token: out, owned in any case. */
static bool unseal_row(const struct store *s, const struct store_row *row, struct buf *token)
{
	struct buf associated;
	bool ok;

	buf_init(token, STORE_LONGEST_TOKEN);
	ok = seal_open(s->keys, associated_of(s, row, &associated), row->sealed, token) &&
	     buf_complete(token);
	buf_fini(&associated);
	return ok;
}

static void open_row(struct store *s, struct arena *a, const struct store_row *row,
		     struct session *session)
{
	struct buf token;

	*session = (struct session){.expires_ms = 0};
	if (row->sealed.ptr == NULL)
		return;
	if (unseal_row(s, row, &token)) {
		session->token = arena_copy_text(a, buf_text(&token));
		session->mark = row->sealed;
		session->expires_ms = row->expires_ms;
	} else {
		store_tell_unreadable(s);
	}
	buf_fini(&token);
}

bool store_said(const struct store *store, bool ok, const struct error *err)
{
	if (!ok && err->kind != ERROR_INPUT)
		metric_count(METRIC_STORE_FAILURES, store->kind->name);
	return ok;
}

/* ---- sessions ---- */

bool store_put(struct store *store, struct text email, const char *environment, struct text token,
	       int64_t expires_ms, int64_t deadline_ms, struct error *err)
{
	struct store_row row = {.environment = text_of(environment), .expires_ms = expires_ms};
	char digest[STORE_DIGEST_SIZE];
	struct address address = {.len = 0};
	struct buf sealed;
	bool ok;

	if (!read_address(email, &address, err) || !check_environment(row.environment, err))
		return false;
	if (token.len == 0 || token.len > STORE_LONGEST_TOKEN)
		return error_set(err, ERROR_INPUT, "a token has 1 to %d bytes",
				 STORE_LONGEST_TOKEN);
	row.email = (struct text){address.bytes, address.len};
	seal_row(store, &row, token, &sealed);
	row.sealed = buf_text(&sealed);
	store_digest(row.email, digest);
	ok = store_said(store, store->kind->put(store->self, &row, digest, deadline_ms, err), err);
	buf_fini(&sealed);
	/* After a failure too: it may have been carried out. */
	store_tell(store, digest);
	return ok;
}

bool store_get(struct store *store, struct arena *a, struct text email, const char *environment,
	       int64_t deadline_ms, struct session *session, struct error *err)
{
	struct store_row row = {.environment = text_of(environment)};
	struct address address = {.len = 0};

	if (!read_address(email, &address, err) || !check_environment(row.environment, err))
		return false;
	row.email = (struct text){address.bytes, address.len};
	if (!store_said(
		    store,
		    store->kind->get(store->self, a, &row, clock_calendar_ms(), deadline_ms, err),
		    err))
		return false;
	open_row(store, a, &row, session);
	return true;
}

/* which: email is lowered here. */
static bool drop(struct store *store, struct store_row *which, int64_t deadline_ms, size_t *deleted,
		 struct error *err)
{
	char digest[STORE_DIGEST_SIZE];
	struct address address = {.len = 0};
	bool ok;

	if (!read_address(which->email, &address, err) ||
	    !check_environment(which->environment, err))
		return false;
	which->email = (struct text){address.bytes, address.len};
	store_digest(which->email, digest);
	ok = store_said(store,
			store->kind->drop(store->self, which, digest, deadline_ms, deleted, err),
			err);
	store_tell(store, digest);
	return ok;
}

bool store_delete(struct store *store, struct text email, const char *environment,
		  int64_t deadline_ms, size_t *deleted, struct error *err)
{
	struct store_row which = {.email = email};

	if (environment != NULL)
		which.environment = text_of(environment);
	return drop(store, &which, deadline_ms, deleted, err);
}

bool store_delete_marked(struct store *store, struct text email, const char *environment,
			 struct text mark, int64_t deadline_ms, size_t *deleted, struct error *err)
{
	struct store_row which = {
		.email = email, .environment = text_of(environment), .sealed = mark};

	return drop(store, &which, deadline_ms, deleted, err);
}

bool store_count(struct store *store, int64_t deadline_ms, size_t *count, struct error *err)
{
	return store_said(
		store,
		store->kind->count(store->self, clock_calendar_ms(), deadline_ms, count, err), err);
}

bool store_list(struct store *store, struct arena *a, size_t most, int64_t deadline_ms,
		struct session_row **rows, size_t *count, struct error *err)
{
	struct store_row *found = NULL;
	struct session_row *made;
	size_t n = 0;

	if (!store_said(store,
			store->kind->list(store->self, a, most, clock_calendar_ms(), deadline_ms,
					  &found, &n, err),
			err))
		return false;
	made = arena_array(a, struct session_row, n);
	for (size_t i = 0; i < n; i++)
		made[i] = (struct session_row){
			.email = arena_copy(a, found[i].email),
			.environment = arena_copy(a, found[i].environment),
			.expires_ms = found[i].expires_ms,
		};
	*rows = made;
	*count = n;
	return true;
}

bool store_purge(struct store *store, int64_t deadline_ms, size_t *dropped, struct error *err)
{
	return store_said(
		store,
		store->kind->purge(store->self, clock_calendar_ms(), deadline_ms, dropped, err),
		err);
}

/* ---- public keys ---- */

bool store_put_key(struct store *store, const char *id, struct text jwk, int64_t expires_ms,
		   int64_t deadline_ms, struct error *err)
{
	struct text name = text_of(id);

	if (name.len == 0 || name.len > STORE_LONGEST_ENVIRONMENT || !is_line(name) ||
	    jwk.len == 0 || jwk.len > STORE_LONGEST_KEY || memchr(jwk.ptr, '\0', jwk.len) != NULL ||
	    !text_is_utf8(jwk))
		return error_set(err, ERROR_INPUT, "this is no public key with an id");
	return store_said(
		store, store->kind->put_key(store->self, name, jwk, expires_ms, deadline_ms, err),
		err);
}

bool store_keys(struct store *store, struct arena *a, int64_t deadline_ms, struct text **jwks,
		size_t *count, struct error *err)
{
	return store_said(store,
			  store->kind->keys(store->self, a, clock_calendar_ms(), deadline_ms, jwks,
					    count, err),
			  err);
}

/* ---- replicas ---- */

bool store_can_meet(const struct store *store)
{
	return store->kind->budget_meet != NULL;
}

static bool cannot_meet(struct error *err)
{
	return error_set(err, ERROR_INTERNAL, "replicas cannot meet in this store");
}

static bool is_meeting(const struct store_meeting *m)
{
	struct text busy = text_of(m->busy);

	return busy.len <= STORE_LONGEST_BUSY && is_line(busy) && is_line(text_of(m->host));
}

bool store_budget_meet(struct store *store, struct arena *a, const char *replica,
		       struct store_meeting *meetings, size_t count, int64_t deadline_ms,
		       struct error *err)
{
	if (!store_can_meet(store))
		return cannot_meet(err);
	if (count > STORE_MOST_MEETINGS)
		return error_set(err, ERROR_INPUT, "more than %d hosts at once",
				 STORE_MOST_MEETINGS);
	for (size_t i = 0; i < count; i++)
		if (!is_meeting(&meetings[i]))
			return error_set(err, ERROR_INPUT, "this is no line");
	return store_said(store,
			  store->kind->budget_meet(store->self, a, text_of(replica), meetings,
						   count, deadline_ms, err),
			  err);
}

bool store_budget_leave(struct store *store, const char *replica, int64_t deadline_ms,
			struct error *err)
{
	if (!store_can_meet(store))
		return cannot_meet(err);
	return store_said(
		store, store->kind->budget_leave(store->self, text_of(replica), deadline_ms, err),
		err);
}

/* ---- a look at it ---- */

static size_t count_openable(const struct config *config, const struct store_found *found)
{
	const struct config_store *c = &config->store;
	const struct store s = {.keys = seal_keys_new(c->keys, c->key_count), .config = config};
	size_t count = 0;

	for (size_t i = 0; i < found->row_count; i++) {
		struct buf token;

		count += unseal_row(&s, &found->rows[i], &token);
		buf_fini(&token);
	}
	seal_keys_free(s.keys);
	return count;
}

static bool find(const struct config_store *c, struct arena *a, int64_t deadline_ms,
		 struct store_found *found, struct error *err)
{
	if (c->key_count == 0)
		return error_set(err, ERROR_INPUT,
				 "spectrocloud.tokenStore.encryptionKey is missing");
	return c->type == CONFIG_STORE_SQLITE
		       ? sqlite_survey(c->file, a, deadline_ms, found, err)
		       : postgres_survey(&c->postgres, a, deadline_ms, found, err);
}

bool store_survey(const struct config *config, int64_t deadline_ms, struct store_survey *survey,
		  struct error *err)
{
	const struct config_store *c = &config->store;
	struct store_found found = {.row_count = 0};
	struct arena arena;
	bool ok;

	if (c->type != CONFIG_STORE_SQLITE && c->type != CONFIG_STORE_POSTGRESQL) {
		*survey = (struct store_survey){.out_of_reach = true};
		return true;
	}
	arena_init(&arena);
	ok = find(c, &arena, deadline_ms, &found, err);
	if (ok)
		*survey = (struct store_survey){.missing = found.missing,
						.live = found.live,
						.expired = found.expired,
						.first_end_ms = found.first_end_ms,
						.tried = found.row_count,
						.opened = count_openable(config, &found)};
	arena_fini(&arena);
	return ok;
}
