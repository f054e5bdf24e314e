/*
 * Key sets of those who sign tokens: one a URL, fetched when it is needed and kept for a while.
 *
 * One lock guards all; it is not held during a fetch or a verification. A set never changes: a new
 * one takes its place, and the old one goes with its last reader. The same issuer is fetched by one
 * caller at a time; the others wait for what comes of it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	MOST_ISSUERS = 128,
	SET_AGE_MS = 10 * 60 * 1000, /* older sets are fetched again */
	RELOAD_AFTER_MS = 30 * 1000, /* an unknown key is a reason to, after so long */
	FORCED_RELOADS = 10,         /* and before that so many times a window */
	STRANGER_FETCHES = 20,       /* first fetches of all issuers, a window */
	WINDOW_MS = 60 * 1000,
	FAILURE_HELD_MS = 1000,            /* who failed is not asked again at once */
	FAILED_RELOAD_HELD_MS = 10 * 1000, /* nor for an unknown key while others are there */
	LARGEST_SET = 256 * 1024,
	UNKNOWN_KEYS = 32,
	UNKNOWN_MS = 5000,
	LABEL_SIZE = 68, /* more than a plugin's id has */
};

/* A key set and those who use it: the issuer, and callers in the middle of a verification. */
struct shared_set {
	struct jose_set *keys;
	unsigned users; /* under the lock */
};

struct budget {
	int64_t window_ms; /* when it began */
	unsigned spent;
};

/* A key id that a fetch has not brought: for a while it is no reason for another one. */
struct unknown_key {
	struct digest id;
	int64_t until_ms;
};

struct issuer {
	char *name;
	char *url; /* where its keys were last said to be */
	bool configured;
	bool fetching;
	bool tried;
	bool failed;         /* the last fetch gave no set */
	bool missing;        /* because it was answered with 404 */
	int64_t began_ms;    /* of the last fetch */
	int64_t tried_ms;    /* its end */
	unsigned generation; /* fetches that have ended */
	unsigned sets;       /* those that gave a set */
	unsigned waiting;    /* callers that hold a pointer to it */
	int64_t used_ms;
	struct shared_set *set; /* NULL: none yet */
	int64_t set_ms;         /* its age begins */
	struct budget reloads;
	struct unknown_key unknown[UNKNOWN_KEYS]; /* a ring */
	size_t next_unknown;
};

struct issuers {
	struct http_client *http;
	const struct http_target *target;
	int timeout_ms;
	unsigned most_waiting; /* callers, for fetches that are slow */
	struct counts *counts;
	pthread_mutex_t lock;
	unsigned waiting;
	pthread_cond_t fetch_ended;
	struct issuer *items[MOST_ISSUERS];
	size_t count;
	struct budget strangers;
};

struct issuers *issuers_new(struct http_client *http, const struct http_target *target,
			    const struct config *config, struct counts *counts)
{
	struct issuers *all = heap_alloc(sizeof *all);

	all->http = http;
	all->target = target;
	all->timeout_ms = config->backstage_timeout_ms;
	all->most_waiting = most_waiting(config);
	all->counts = counts;
	pthread_mutex_init(&all->lock, NULL);
	clock_cond_init(&all->fetch_ended);
	return all;
}

static void release_set(struct shared_set *set)
{
	if (set == NULL || --set->users > 0)
		return;
	jose_set_free(set->keys);
	free(set);
}

static void issuer_free(struct issuer *issuer)
{
	release_set(issuer->set);
	free(issuer->name);
	free(issuer->url);
	free(issuer);
}

void issuers_free(struct issuers *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->count; i++)
		issuer_free(all->items[i]);
	pthread_cond_destroy(&all->fetch_ended);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

static bool spend(struct budget *budget, unsigned most)
{
	int64_t now_ms = clock_now_ms();

	if (budget->spent == 0 || now_ms - budget->window_ms >= WINDOW_MS)
		*budget = (struct budget){.window_ms = now_ms};
	if (budget->spent == most)
		return false;
	budget->spent++;
	return true;
}

/* ---- which issuer ---- */

/* The one to give up for a new one: better one without keys, and the one unused for longest. NULL
 * where all are in use or stand in the configuration. */
static struct issuer **find_dispensable(struct issuers *all)
{
	struct issuer **best = NULL;

	for (size_t i = 0; i < all->count; i++) {
		struct issuer **at = &all->items[i];

		if ((*at)->configured || (*at)->waiting > 0)
			continue;
		if (best == NULL || ((*at)->set == NULL) > ((*best)->set == NULL) ||
		    (((*at)->set == NULL) == ((*best)->set == NULL) &&
		     (*at)->used_ms < (*best)->used_ms))
			best = at;
	}
	return best;
}

static struct issuer *find(struct issuers *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i]->name, name) == 0)
			return all->items[i];
	return NULL;
}

/* A new one in the place of none, or of one that is not needed; NULL where there is no room. */
static struct issuer *add(struct issuers *all, const struct issuer_address *at)
{
	struct issuer **place = &all->items[all->count];
	struct issuer *issuer;

	if (all->count == MOST_ISSUERS) {
		place = find_dispensable(all);
		if (place == NULL)
			return NULL;
		issuer_free(*place);
		all->count--;
	}
	issuer = heap_alloc(sizeof *issuer);
	issuer->name = heap_copy(text_of(at->name));
	issuer->url = heap_copy(text_of(at->url));
	issuer->configured = at->configured;
	*place = issuer;
	all->count++;
	return issuer;
}

/* Service names may lead elsewhere each time. */
static struct issuer *find_or_add(struct issuers *all, const struct issuer_address *at)
{
	struct issuer *issuer = find(all, at->name);

	if (issuer == NULL)
		return add(all, at);
	if (strcmp(issuer->url, at->url) != 0) {
		free(issuer->url);
		issuer->url = heap_copy(text_of(at->url));
	}
	return issuer;
}

/* ---- fetching ---- */

static struct shared_set *read_set(const struct http_fetch *fetch, const char **problem)
{
	struct shared_set *made;
	struct jose_set *keys;
	struct error err;

	if (!jose_set_read(buf_text(&fetch->answer), &keys, &err)) {
		*problem = "the answer is no JSON Web Key Set";
		return NULL;
	}
	made = heap_alloc(sizeof *made);
	*made = (struct shared_set){.keys = keys, .users = 1};
	return made;
}

/* How a fetch ended. */
struct fetched {
	int status; /* 0: there was no answer */
	const char *problem;
	bool cut; /* whoever asked had less time than an answer may take: it says nothing */
};

/* For figures: a plugin's id. Plugins that only a token names, and other issuers, have one word
 * together. Under the lock. */
static void label_of(const struct issuer *issuer, char label[LABEL_SIZE])
{
	size_t len = strcspn(issuer->name, "/");

	if (strstr(issuer->name, "://") != NULL)
		strcpy(label, "external");
	else if (!issuer->configured || len >= LABEL_SIZE)
		strcpy(label, "other");
	else
		*(char *)mempcpy(label, issuer->name, len) = '\0';
}

/* NULL with why, unless it got a set. */
static struct shared_set *fetch_set(struct issuers *all, const char *url, const char *label,
				    int64_t deadline_ms, struct fetched *got)
{
	const struct http_header headers[] = {{TEXT("Accept"), TEXT("application/json")}};
	int64_t latest_ms = clock_now_ms() + all->timeout_ms;
	struct http_fetch fetch = {
		.method = "GET",
		.url = url,
		.target = all->target,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.deadline_ms = deadline_ms < latest_ms ? deadline_ms : latest_ms,
		.max_bytes = LARGEST_SET,
	};
	struct shared_set *set = NULL;

	atomic_fetch_add(&all->counts->key_fetches, 1);
	http_fetch(all->http, &fetch);
	count_plugin_fetch(label, &fetch);
	*got = (struct fetched){
		.status = fetch.end == HTTP_FETCH_DONE ? fetch.status : 0,
		.problem = fetch.problem,
		.cut = fetch.end == HTTP_FETCH_TOO_SLOW && deadline_ms < latest_ms,
	};
	if (got->status == 200)
		set = read_set(&fetch, &got->problem);
	else if (got->status != 0)
		got->problem = "it did not answer with 200";
	http_fetch_fini(&fetch);
	if (set == NULL)
		atomic_fetch_add(&all->counts->key_fetches_failed, 1);
	return set;
}

/* For the log: a query may hold a key. */
static struct text without_query(const char *url)
{
	return text_slice(text_of(url), 0, strcspn(url, "?#"));
}

/* Under the lock, which it gives up meanwhile. */
static void fetch_issuer(struct issuers *all, struct issuer *issuer, int64_t deadline_ms)
{
	char *url = heap_copy(text_of(issuer->url));
	char label[LABEL_SIZE];
	struct shared_set *set;
	struct fetched got;

	issuer->fetching = true;
	issuer->began_ms = clock_now_ms();
	label_of(issuer, label);
	pthread_mutex_unlock(&all->lock);
	set = fetch_set(all, url, label, deadline_ms, &got);
	if (set == NULL)
		log_warn("keys.unavailable", F_TEXT("url", without_query(url)),
			 F_STR("problem", got.problem), F_INT("status", got.status));
	else
		log_debug("keys.fetched", F_TEXT("url", without_query(url)),
			  F_INT("keys", jose_set_size(set->keys)));
	free(url);
	pthread_mutex_lock(&all->lock);
	issuer->fetching = false;
	issuer->tried = true;
	issuer->tried_ms = clock_now_ms();
	issuer->failed = set == NULL && !got.cut;
	issuer->missing = got.status == 404;
	issuer->generation++;
	if (set != NULL) {
		release_set(issuer->set);
		issuer->set = set;
		issuer->set_ms = issuer->tried_ms;
		issuer->sets++;
	}
	pthread_cond_broadcast(&all->fetch_ended);
}

/* Waits for who fetches. False if the deadline passed. */
static bool wait_for_fetch(struct issuers *all, const struct issuer *issuer, int64_t deadline_ms)
{
	unsigned generation = issuer->generation;

	while (issuer->generation == generation && clock_left_ms(deadline_ms) > 0)
		clock_cond_wait(&all->fetch_ended, &all->lock, deadline_ms);
	return issuer->generation != generation;
}

/*
 * Fetches, or waits for who does. ISSUER_GOOD: it was fetched, whatever came of it. Those who come
 * when half of the workers wait already do not wait for long.
 */
static enum issuer_verdict refresh(struct issuers *all, struct issuer *issuer, int64_t deadline_ms)
{
	bool hurried = all->waiting >= all->most_waiting;
	int64_t until_ms = (issuer->fetching ? issuer->began_ms : clock_now_ms()) + SLOW_MS;
	bool fetched = true;

	if (!hurried || deadline_ms < until_ms)
		until_ms = deadline_ms;
	if (!issuer->fetching && !issuer->tried && !issuer->configured &&
	    !spend(&all->strangers, STRANGER_FETCHES))
		return ISSUER_BUSY;
	all->waiting++;
	if (issuer->fetching)
		fetched = wait_for_fetch(all, issuer, until_ms);
	else
		fetch_issuer(all, issuer, until_ms);
	all->waiting--;
	if (hurried && clock_left_ms(until_ms) == 0)
		return ISSUER_BUSY;
	return fetched ? ISSUER_GOOD : ISSUER_UNREACHABLE;
}

/* ---- verifying ---- */

static bool is_fresh(const struct issuer *issuer)
{
	return issuer->set != NULL && clock_now_ms() - issuer->set_ms < SET_AGE_MS;
}

static bool failed_just_now(const struct issuer *issuer)
{
	return issuer->failed && clock_now_ms() - issuer->tried_ms < FAILURE_HELD_MS;
}

static enum jose_verdict verify_unlocked(struct issuers *all, struct issuer *issuer,
					 const struct jose_token *token)
{
	struct shared_set *set = issuer->set;
	enum jose_verdict verdict;

	set->users++;
	pthread_mutex_unlock(&all->lock);
	verdict = jose_verify_with_set(token, set->keys);
	pthread_mutex_lock(&all->lock);
	release_set(set);
	return verdict;
}

/* A fetch that failed is no reason to try the next unknown key at once. */
static bool may_reload(struct issuer *issuer)
{
	int64_t age_ms = clock_now_ms() - issuer->tried_ms;

	if (age_ms > RELOAD_AFTER_MS)
		return true;
	return !(issuer->failed && age_ms < FAILED_RELOAD_HELD_MS) &&
	       spend(&issuer->reloads, FORCED_RELOADS);
}

/* A set that is young enough. What others could not wait for is tried again. Under the lock. */
static enum issuer_verdict have_set(struct issuers *all, struct issuer *issuer, int64_t deadline_ms)
{
	while (!is_fresh(issuer)) {
		enum issuer_verdict verdict = ISSUER_UNREACHABLE;

		if (!failed_just_now(issuer))
			verdict = refresh(all, issuer, deadline_ms);
		if (is_fresh(issuer))
			break;
		if (verdict == ISSUER_BUSY)
			return verdict;
		if (issuer->failed || verdict != ISSUER_GOOD || clock_left_ms(deadline_ms) == 0)
			return issuer->missing ? ISSUER_NO_ENDPOINT : ISSUER_UNREACHABLE;
	}
	return ISSUER_GOOD;
}

/* The set has no such key: it may have a new one. ISSUER_GOOD: there is another set. */
static enum issuer_verdict reload(struct issuers *all, struct issuer *issuer, int64_t deadline_ms)
{
	unsigned sets = issuer->sets;
	enum issuer_verdict verdict;

	if (!issuer->fetching && !may_reload(issuer))
		return issuer->failed ? ISSUER_REFUSED : ISSUER_BUSY;
	verdict = refresh(all, issuer, deadline_ms);
	if (issuer->sets != sets)
		return ISSUER_GOOD;
	/* Without an answer nothing is said about the key. */
	return verdict == ISSUER_BUSY || !issuer->failed ? ISSUER_BUSY : ISSUER_REFUSED;
}

static struct digest id_of(const struct jose_token *token)
{
	struct text id = text_of(token->id);
	struct digest digest;

	digest_of(&id, 1, &digest);
	return digest;
}

static bool is_known_to_be_unknown(const struct issuer *issuer, const struct jose_token *token)
{
	struct digest id = id_of(token);

	for (size_t i = 0; i < UNKNOWN_KEYS; i++)
		if (clock_left_ms(issuer->unknown[i].until_ms) > 0 &&
		    digest_equal(&issuer->unknown[i].id, &id))
			return true;
	return false;
}

static enum issuer_verdict note_unknown(struct issuer *issuer, const struct jose_token *token)
{
	issuer->unknown[issuer->next_unknown++ % UNKNOWN_KEYS] =
		(struct unknown_key){id_of(token), clock_now_ms() + UNKNOWN_MS};
	return ISSUER_REFUSED;
}

/* Under the lock. */
static enum issuer_verdict verify_with(struct issuers *all, struct issuer *issuer,
				       const struct jose_token *token, int64_t deadline_ms)
{
	bool reloaded = false;

	for (;;) {
		bool was_fresh = is_fresh(issuer);
		enum issuer_verdict found = have_set(all, issuer, deadline_ms);
		enum jose_verdict verdict;
		unsigned sets;

		if (found != ISSUER_GOOD)
			return found;
		reloaded = reloaded || !was_fresh;
		sets = issuer->sets;
		verdict = verify_unlocked(all, issuer, token);
		if (verdict != JOSE_NO_KEY)
			return verdict == JOSE_GOOD ? ISSUER_GOOD : ISSUER_REFUSED;
		if (issuer->sets != sets)
			continue; /* somebody has fetched another one meanwhile */
		if (is_known_to_be_unknown(issuer, token))
			return ISSUER_REFUSED;
		if (reloaded)
			return note_unknown(issuer, token);
		found = reload(all, issuer, deadline_ms);
		if (found != ISSUER_GOOD)
			return found;
		reloaded = true;
	}
}

enum issuer_verdict issuers_verify(struct issuers *all, const struct issuer_address *at,
				   const struct jose_token *token, int64_t deadline_ms)
{
	enum issuer_verdict verdict = ISSUER_BUSY;
	struct issuer *issuer;

	pthread_mutex_lock(&all->lock);
	issuer = find_or_add(all, at);
	if (issuer != NULL) {
		issuer->waiting++;
		issuer->used_ms = clock_now_ms();
		verdict = verify_with(all, issuer, token, deadline_ms);
		issuer->waiting--;
	}
	pthread_mutex_unlock(&all->lock);
	return verdict;
}

void issuers_prepare(struct issuers *all, const struct issuer_address *at, int64_t deadline_ms)
{
	struct issuer *issuer;

	pthread_mutex_lock(&all->lock);
	issuer = find_or_add(all, at);
	if (issuer != NULL && !is_fresh(issuer)) {
		issuer->waiting++;
		refresh(all, issuer, deadline_ms);
		issuer->waiting--;
	}
	pthread_mutex_unlock(&all->lock);
}
