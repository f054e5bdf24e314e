/* What requests ask of the store of sessions, and what this process remembers of the answers. */
#include "session/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/digest_map.h"
#include "crypto/jose.h"
#include "telemetry/metrics.h"
#include "json/json.h"

enum {
	/* How long a session is used that was read behind a network: where others' changes are
	 * heard of, and where they are not. */
	KEPT_MS = 10 * 1000,
	KEPT_UNHEARD_MS = 2 * 1000,
	MOST_KEPT = 10000,
	MOST_KEPT_BYTES = 32 * 1024 * 1024,
	/* How long a request waits for the store, and how long none does after it has failed. */
	FIND_MS = 1000,
	CHANGE_MS = 3000, /* likewise one that is about sessions themselves */
	PAUSE_MS = 1000,
	HURRIED_MS = 1000, /* while others wait already */
	REFUSED_MS = 1000,
	PURGE_MS = 2000,
	PURGE_EVERY_MS = 60 * 1000,
	GENERATIONS = 256, /* as many as the first byte of a key has values */
	LANES = 64,
	/* Nothing that a token says of its end goes beyond. */
	LONGEST_DAYS = 30,
};

struct kept {
	struct secret token;
	struct secret mark;
	int64_t expires_ms; /* calendar */
};

/* Whether the store answered the last time, to those who read or to those who change. */
struct reach {
	const char *lost_event;
	const char *back_event;
	atomic_bool lost;
	atomic_llong ask_again_ms; /* while it is lost */
};

/* Changes of one address come one after the other, in the order in which they are asked for: one
 * that waits for a slow store must not overtake a later one. Those who follow one another share
 * them. */
struct lanes {
	atomic_uint users;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t freed;
	bool taken[LANES];
	unsigned about_sessions; /* requests that wait for the store about sessions themselves */
};

struct sessions {
	struct store *store;
	const char *environment;
	struct digest_map *kept; /* NULL: the store is at hand */
	/* Guards the next one, and what is put into `kept` against what changed meanwhile. */
	pthread_mutex_t lock;
	uint64_t generations[GENERATIONS]; /* changes to the sessions of those keys */
	int64_t purge_ms;                  /* when to purge again; of one thread */
	struct reach reading;
	struct reach changing;
	atomic_bool told; /* a line says that one of them is lost */
	struct lanes *lanes;
	unsigned most_about_sessions;
	atomic_uint_fast64_t hits;
	atomic_uint_fast64_t misses;
	atomic_uint_fast64_t reads;
	atomic_uint_fast64_t failures;
	atomic_uint_fast64_t put;
	atomic_uint_fast64_t deleted;
	atomic_uint_fast64_t refused;
	atomic_uint_fast64_t expired;
};

static void release_kept(void *value)
{
	struct kept *kept = value;

	secret_wipe(&kept->token);
	secret_wipe(&kept->mark);
	free(kept);
}

/* What the store tells of, and what `kept` goes by. */
static void key_of(const char *digest, struct digest *key)
{
	const struct text part = text_of(digest);

	digest_of(&part, 1, key);
}

static void key_of_email(struct text email, struct digest *key)
{
	char digest[STORE_DIGEST_SIZE];

	store_digest(email, digest);
	key_of(digest, key);
}

/* ---- the memory ---- */

/* The store's: somebody's sessions changed. */
static void forget(void *context, const char *digest)
{
	struct sessions *s = context;
	struct digest key;

	if (*digest != '\0')
		key_of(digest, &key);
	pthread_mutex_lock(&s->lock);
	if (*digest != '\0') {
		s->generations[key.bytes[0]]++;
		digest_map_drop(s->kept, &key);
	} else {
		for (size_t i = 0; i < GENERATIONS; i++)
			s->generations[i]++;
		digest_map_clear(s->kept);
	}
	pthread_mutex_unlock(&s->lock);
}

static uint64_t generation_of(struct sessions *s, const struct digest *key)
{
	uint64_t generation;

	pthread_mutex_lock(&s->lock);
	generation = s->generations[key->bytes[0]];
	pthread_mutex_unlock(&s->lock);
	return generation;
}

/* Unless it changed since that generation: then what was read may be the old one. */
static void remember(struct sessions *s, const struct digest *key, uint64_t generation,
		     const struct session *session)
{
	int64_t ms = store_tells_of_others(s->store) ? KEPT_MS : KEPT_UNHEARD_MS;
	size_t bytes = sizeof(struct kept) + session->token.len + session->mark.len;
	struct kept *kept = heap_alloc(sizeof *kept);

	*kept = (struct kept){.expires_ms = session->expires_ms};
	secret_set(&kept->token, session->token);
	secret_set(&kept->mark, session->mark);
	pthread_mutex_lock(&s->lock);
	if (s->generations[key->bytes[0]] == generation)
		digest_map_put(s->kept, key, kept, bytes, clock_now_ms() + ms);
	else
		release_kept(kept);
	pthread_mutex_unlock(&s->lock);
}

struct recalling {
	struct arena *arena;
	struct session *session;
	bool expired; /* what was remembered */
};

static void recall(void *context, const void *value)
{
	struct recalling *r = context;
	const struct kept *kept = value;

	r->expired = kept->expires_ms <= clock_calendar_ms();
	if (r->expired)
		return;
	*r->session = (struct session){
		.token = arena_copy_text(r->arena, (struct text){kept->token.ptr, kept->token.len}),
		.mark = arena_copy_text(r->arena, (struct text){kept->mark.ptr, kept->mark.len}),
		.expires_ms = kept->expires_ms,
	};
}

/* ---- open, close ---- */

static struct lanes *lanes_new(void)
{
	struct lanes *lanes = heap_alloc(sizeof *lanes);

	atomic_init(&lanes->users, 0);
	pthread_mutex_init(&lanes->lock, NULL);
	clock_cond_init(&lanes->freed);
	return lanes;
}

static void lanes_leave(struct lanes *lanes)
{
	if (atomic_fetch_sub(&lanes->users, 1) > 1)
		return;
	pthread_cond_destroy(&lanes->freed);
	pthread_mutex_destroy(&lanes->lock);
	free(lanes);
}

struct sessions *sessions_new(const struct config *config, struct store *store)
{
	return sessions_new_after(NULL, config, store);
}

struct sessions *sessions_new_after(struct sessions *before, const struct config *config,
				    struct store *store)
{
	const struct config_environment *environment = config_session_environment(config);
	struct sessions *s = heap_alloc(sizeof *s);

	s->store = store;
	s->environment = environment == NULL || environment->name == NULL ? "" : environment->name;
	pthread_mutex_init(&s->lock, NULL);
	s->reading = (struct reach){.lost_event = "sessions.lost", .back_event = "sessions.back"};
	s->changing = (struct reach){.lost_event = "sessions.unchangeable",
				     .back_event = "sessions.changeable"};
	s->most_about_sessions = config->workers > 4 ? (unsigned)config->workers / 4 : 1;
	s->lanes = before == NULL ? lanes_new() : before->lanes;
	atomic_fetch_add(&s->lanes->users, 1);
	if (store_is_remote(store)) {
		s->kept = digest_map_new(MOST_KEPT, MOST_KEPT_BYTES, release_kept);
		store_watch(store, forget, s);
	}
	return s;
}

void sessions_free(struct sessions *s)
{
	if (s == NULL)
		return;
	if (s->kept != NULL)
		store_watch(s->store, NULL, NULL);
	digest_map_free(s->kept);
	lanes_leave(s->lanes);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- finding ---- */

/* While the store is lost, one caller a second finds out whether it is back. */
static bool may_ask(struct reach *r)
{
	return !atomic_load(&r->lost) || clock_turn(&r->ask_again_ms, PAUSE_MS);
}

static void note_failure(struct sessions *s, struct reach *r, const struct error *err)
{
	atomic_fetch_add(&s->failures, 1);
	atomic_store(&r->ask_again_ms, clock_now_ms() + PAUSE_MS);
	if (!atomic_exchange(&r->lost, true) && !atomic_exchange(&s->told, true))
		log_warn(r->lost_event, F_STR("store", store_kind(s->store)),
			 F_STR("error", err->message));
}

static void note_success(struct sessions *s, struct reach *r)
{
	if (!atomic_load(&r->lost) || !atomic_exchange(&r->lost, false))
		return;
	/* What is back to be read may be to be changed: the next one finds out. */
	if (r == &s->reading)
		atomic_store(&s->changing.lost, false);
	if (atomic_exchange(&s->told, false))
		log_info(r->back_event, F_STR("store", store_kind(s->store)));
}

static bool refuse(enum error_kind kind, struct error *err)
{
	return error_set(err, kind, "Palette sessions cannot be read or changed now");
}

/*
 * What a driver says names hosts and users: that is for the log, not for who asks. A store that
 * refuses this one is not lost.
 */
static bool note(struct sessions *s, struct reach *r, bool ok, struct error *err)
{
	if (ok) {
		note_success(s, r);
		return true;
	}
	if (err->kind == ERROR_INPUT)
		return false;
	if (err->kind == ERROR_UNAVAILABLE)
		note_failure(s, r, err);
	else
		log_warn("sessions.refused", F_STR("store", store_kind(s->store)),
			 F_STR("error", err->message));
	return refuse(err->kind, err);
}

static int64_t sooner(int64_t deadline_ms, int64_t ms)
{
	int64_t until = clock_now_ms() + ms;

	return until < deadline_ms ? until : deadline_ms;
}

/* False: it could not be asked. */
static bool read_session(struct sessions *s, struct arena *a, struct text email,
			 const struct digest *key, int64_t deadline_ms, struct session *session)
{
	uint64_t generation = generation_of(s, key);
	struct session found = {.expires_ms = 0};
	struct error err;

	/* That a caller had no time left would say nothing about the store. */
	if (clock_left_ms(deadline_ms) == 0 || !may_ask(&s->reading))
		return false;
	atomic_fetch_add(&s->reads, 1);
	if (!note(s, &s->reading,
		  store_get(s->store, a, email, s->environment, sooner(deadline_ms, FIND_MS),
			    &found, &err),
		  &err))
		return false;
	if (found.token.ptr != NULL && s->kept != NULL)
		remember(s, key, generation, &found);
	*session = found;
	return true;
}

/* A word of METRIC_SESSIONS, where it was not remembered. */
static const char *how_found(bool asked, const struct session *session, bool expired)
{
	if (!asked)
		return "lost";
	if (session->token.ptr != NULL)
		return "miss";
	return expired ? "expired" : "none";
}

void sessions_find(struct sessions *s, struct arena *a, struct text email, int64_t deadline_ms,
		   struct session *session)
{
	struct recalling recalling = {.arena = a, .session = session};
	const char *result = "hit";
	struct digest key;

	*session = (struct session){.expires_ms = 0};
	if (email.len > STORE_LONGEST_EMAIL)
		return; /* none is kept for such an address */
	key_of_email(email, &key);
	if (s->kept != NULL)
		digest_map_get(s->kept, &key, clock_now_ms(), recall, &recalling);
	if (session->token.ptr == NULL) {
		bool asked = read_session(s, a, email, &key, deadline_ms, session);

		result = how_found(asked, session, recalling.expired);
	}
	metric_count(METRIC_SESSIONS, result);
	atomic_fetch_add(session->token.ptr != NULL ? &s->hits : &s->misses, 1);
}

/* ---- changing ---- */

const char *session_token_problem(struct text t)
{
	if (t.len == 0 || t.len > SESSION_LONGEST_TOKEN)
		return "must be 1 to 16384 characters long";
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] <= ' ' || t.ptr[i] > '~')
			return "must be printable ASCII without spaces";
	return NULL;
}

/* Whole seconds of a NumericDate (RFC 7519 section 2), which may have a fraction. */
static bool read_seconds(struct text number, int64_t *seconds)
{
	size_t dot = text_find(number, '.');

	for (size_t i = dot; i < number.len; i++)
		if (i > dot && (number.ptr[i] < '0' || number.ptr[i] > '9'))
			return false;
	return json_int(text_slice(number, 0, dot), seconds);
}

/* When the token says that it ends; what is no JSON Web Token, or does not say, lasts a while. */
static int64_t end_of(struct arena *a, struct text token, int64_t now_ms)
{
	const int64_t latest_ms = now_ms + (int64_t)LONGEST_DAYS * 24 * 60 * 60 * 1000;
	struct jose_token read;
	struct error unused;
	struct text value;
	int64_t exp_s = 0;

	if (!jose_token_read(a, token, &read, &unused) ||
	    !json_member(read.claims, "exp", &value) || !read_seconds(text_trim(value), &exp_s))
		return now_ms + SESSION_LASTS_MS;
	return exp_s > latest_ms / 1000 ? latest_ms : exp_s * 1000;
}

static size_t lane_of(struct text email)
{
	struct digest key;

	key_of_email(email, &key);
	return key.bytes[0] % LANES;
}

/* A request about sessions themselves, while it is with the store. */
struct visit {
	struct reach *reach;
	struct text email;
	bool alone; /* in the lane of its address */
	bool hurried;
	int64_t until_ms;
};

/*
 * Lets a visit in, unless the store is lost. The first few may wait for as long as they like; of a
 * slow store further ones must not take all workers: they wait for a moment only. Give it back with
 * leave().
 */
static bool enter(struct sessions *s, struct visit *v, int64_t deadline_ms, struct error *err)
{
	size_t lane = lane_of(v->email);
	struct lanes *lanes = s->lanes;
	bool late = false;

	if (!may_ask(v->reach))
		return refuse(ERROR_UNAVAILABLE, err);
	pthread_mutex_lock(&lanes->lock);
	v->hurried = lanes->about_sessions++ >= s->most_about_sessions ||
		     clock_left_ms(deadline_ms) < CHANGE_MS;
	v->until_ms = sooner(deadline_ms, v->hurried ? HURRIED_MS : CHANGE_MS);
	while (v->alone && lanes->taken[lane] && !late)
		late = !clock_cond_wait(&lanes->freed, &lanes->lock, v->until_ms);
	late = v->alone && lanes->taken[lane];
	if (late)
		lanes->about_sessions--;
	else if (v->alone)
		lanes->taken[lane] = true;
	pthread_mutex_unlock(&lanes->lock);
	return !late || refuse(ERROR_UNAVAILABLE, err);
}

/* ok, err: what the store said. What a hurried one meets says nothing about the store. */
static bool leave(struct sessions *s, const struct visit *v, bool ok, struct error *err)
{
	struct lanes *lanes = s->lanes;

	pthread_mutex_lock(&lanes->lock);
	lanes->about_sessions--;
	if (v->alone) {
		lanes->taken[lane_of(v->email)] = false;
		pthread_cond_broadcast(&lanes->freed);
	}
	pthread_mutex_unlock(&lanes->lock);
	if (!ok && v->hurried && err->kind == ERROR_UNAVAILABLE)
		return refuse(ERROR_UNAVAILABLE, err);
	return note(s, v->reach, ok, err);
}

bool sessions_keep(struct sessions *s, struct arena *a, struct text email, struct text token,
		   int64_t offered_ms, int64_t deadline_ms, int64_t *expires_ms, struct error *err)
{
	struct visit v = {.reach = &s->changing, .email = email, .alone = true};
	int64_t now_ms = clock_calendar_ms();
	int64_t end_ms = end_of(a, token, now_ms);

	if (end_ms <= now_ms)
		return error_set(err, ERROR_INPUT,
				 "token has expired: its claim exp lies in the past");
	if (offered_ms != 0 && offered_ms <= now_ms)
		return error_set(err, ERROR_INPUT,
				 "expiresAt lies in the past; milliseconds since 1970 are wanted");
	if (offered_ms != 0 && offered_ms < end_ms)
		end_ms = offered_ms;
	if (!enter(s, &v, deadline_ms, err) ||
	    !leave(s, &v,
		   store_put(s->store, email, s->environment, token, end_ms, v.until_ms, err), err))
		return false;
	atomic_fetch_add(&s->put, 1);
	*expires_ms = end_ms;
	return true;
}

bool sessions_look(struct sessions *s, struct arena *a, struct text email, int64_t deadline_ms,
		   int64_t *expires_ms, struct error *err)
{
	struct visit v = {.reach = &s->reading, .email = email};
	struct session session = {.expires_ms = 0};

	if (!enter(s, &v, deadline_ms, err) ||
	    !leave(s, &v, store_get(s->store, a, email, s->environment, v.until_ms, &session, err),
		   err))
		return false;
	*expires_ms = session.token.ptr != NULL ? session.expires_ms : 0;
	return true;
}

bool sessions_delete(struct sessions *s, struct text email, int64_t deadline_ms, size_t *deleted,
		     struct error *err)
{
	struct visit v = {.reach = &s->changing, .email = email, .alone = true};

	if (!enter(s, &v, deadline_ms, err) ||
	    !leave(s, &v, store_delete(s->store, email, s->environment, v.until_ms, deleted, err),
		   err))
		return false;
	atomic_fetch_add(&s->deleted, *deleted);
	return true;
}

void sessions_refused(struct sessions *s, struct text email, const struct session *session)
{
	size_t deleted = 0;
	struct error err;
	bool ok;

	atomic_fetch_add(&s->refused, 1);
	ok = store_delete_marked(s->store, email, s->environment, session->mark,
				 clock_now_ms() + REFUSED_MS, &deleted, &err);
	if (!note(s, &s->changing, ok, &err))
		log_warn("sessions.refused_stays", F_STR("error", err.message));
}

void sessions_look_around(struct sessions *s)
{
	size_t dropped = 0;
	struct error err;

	if (clock_left_ms(s->purge_ms) > 0)
		return;
	s->purge_ms = clock_now_ms() + PURGE_EVERY_MS;
	if (note(s, &s->changing, store_purge(s->store, clock_now_ms() + PURGE_MS, &dropped, &err),
		 &err))
		atomic_fetch_add(&s->expired, dropped);
	metric_add(METRIC_SESSIONS_EXPIRED, dropped, METRIC_LABELS());
	if (dropped > 0)
		log_debug("sessions.expired", F_INT("count", dropped));
}

struct session_stats sessions_stats(const struct sessions *s)
{
	return (struct session_stats){
		.hits = atomic_load(&s->hits),
		.misses = atomic_load(&s->misses),
		.store_reads = atomic_load(&s->reads),
		.store_failures = atomic_load(&s->failures),
		.kept = atomic_load(&s->put),
		.deleted = atomic_load(&s->deleted),
		.refused = atomic_load(&s->refused),
		.expired = atomic_load(&s->expired),
	};
}
