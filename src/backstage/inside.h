/* Inside backstage/: what its parts share. */
#ifndef BACKSTAGE_INSIDE_H
#define BACKSTAGE_INSIDE_H

#include <stdatomic.h>

#include "backstage/backstage.h"
#include "crypto/digest_map.h"
#include "crypto/jose.h"

struct issuers;
struct own_keys;
struct shared_keys;
struct decisions;
struct policy;
struct srv_resolver;

/*
 * How many callers may wait for a part of Backstage that is slow: half of the workers, so that the
 * others answer those who need not wait. Whoever comes after them waits no longer than this.
 */
enum { SLOW_MS = 1000 };
unsigned most_waiting(const struct config *config);

/* Counters; see struct backstage_stats. */
struct counts {
	atomic_uint_fast64_t tokens_verified;
	atomic_uint_fast64_t tokens_recalled;
	atomic_uint_fast64_t tokens_refused;
	atomic_uint_fast64_t key_fetches;
	atomic_uint_fast64_t key_fetches_failed;
	atomic_uint_fast64_t questions_asked;
	atomic_uint_fast64_t questions_recalled;
	atomic_uint_fast64_t questions_failed;
	atomic_uint_fast64_t allowed;
	atomic_uint_fast64_t denied;
};

/* Who waits for the catalog. */
struct catalog_gate {
	atomic_uint waiting;
	atomic_bool silent;        /* it did not answer the last time */
	atomic_llong ask_again_ms; /* while it is silent */
	/* Until then it is not asked with predicates, which it did not know; see entities.c. */
	atomic_llong plain_until_ms;
};

struct backstage {
	const struct config *config;
	struct http_client *http;
	struct http_target target; /* how other plugins are reached */
	struct text given;         /* backstage_use_token(); ptr NULL: none */
	struct issuers *issuers;
	struct own_keys *own_keys;
	struct digest_map *verified;  /* callers by their tokens */
	struct digest_map *delegated; /* our tokens by target and caller */
	struct digest_map *emails;    /* of users, by what stands for them */
	struct catalog_gate catalog_gate;
	struct decisions *decisions;
	struct policy *policy;              /* NULL: none */
	struct srv_resolver *srv;           /* NULL: no target needs it */
	struct jose_key **external_secrets; /* of legacy entries, by their place; else NULL */
	struct counts counts;
};

/* Where a plugin's keys are, below its address; of the auth plugin those of its users. */
#define PATH_USER_KEYS   "/.well-known/jwks.json"
#define PATH_PLUGIN_KEYS "/.backstage/auth/v1/jwks.json"

/* The names of header "typ" that Backstage's tokens have. */
#define TYPE_USER         "vnd.backstage.user"
#define TYPE_LIMITED_USER "vnd.backstage.limited-user"
#define TYPE_PLUGIN       "vnd.backstage.plugin"
#define AUDIENCE_USER     "backstage" /* of user tokens, also of those without a typ */

int64_t now_s(void);

/* ---- issuers.c: whose keys verify a token ---- */

enum issuer_verdict {
	ISSUER_GOOD,
	ISSUER_REFUSED,     /* the signature is wrong, or there is no such key */
	ISSUER_NO_ENDPOINT, /* it has no key set there: 404 */
	ISSUER_UNREACHABLE, /* no key set could be had */
	ISSUER_BUSY, /* too many wait for keys, or too many strangers were asked: try later */
};

struct issuers *issuers_new(struct http_client *http, const struct http_target *target,
			    const struct config *config, struct counts *counts);
void issuers_free(struct issuers *all);

/* Whose keys, and where they are now. Strings are borrowed for the call. */
struct issuer_address {
	const char *name; /* of the issuer, for as long as it is the same */
	const char *url;
	bool configured; /* it stands in the configuration: it is never dropped for another, and is
			  * not counted among the strangers that may be asked */
};

/*
 * Verifies token with the issuer's key set, which is fetched if it is not known, is old, or has no
 * such key. Blocks for one fetch, at most until deadline_ms.
 */
MUST_USE enum issuer_verdict issuers_verify(struct issuers *all, const struct issuer_address *at,
					    const struct jose_token *token, int64_t deadline_ms);

/* Fetches the key set if it is not there or old. */
void issuers_prepare(struct issuers *all, const struct issuer_address *at, int64_t deadline_ms);

/* ---- own_keys.c ---- */

/* store: see backstage_open(). Blocks for it, at most for two seconds; without an answer of the
 * store it opens all the same. */
MUST_USE bool own_keys_open(const struct config *config, struct store *store,
			    struct own_keys **keys, struct error *err);
/* The same keys for another configuration, so that what they signed stays good: each is closed.
 * NULL: they are the configuration's, which is to be read again. */
struct own_keys *own_keys_share(struct own_keys *keys);
void own_keys_close(struct own_keys *keys);
/* See backstage_jwks(); as it is at that time. */
struct text own_keys_jwks(struct own_keys *keys, const struct backstage_call *call, int64_t at_s);
/* Makes the next key some minutes before it is to sign, and shares what is not shared yet. Blocks
 * for the store, at most for a second. From one thread. */
void own_keys_tend(struct own_keys *keys, int64_t at_s);
/* Signs with the key of that time, making one where the last is too old. Never waits for the
 * store. */
MUST_USE bool own_keys_sign(struct own_keys *keys, const char *type, struct text claims,
			    int64_t at_s, struct buf *out, struct error *err);

/* ---- permission.c ---- */

/* Whether every permission exists that the configuration names. Fails with ERROR_INPUT. */
MUST_USE bool permissions_check(const struct config *config, struct error *err);
/* Looks whether the permission backend answers, where it is asked and that is not known. */
void permissions_look(struct backstage *b);
/* From now on the figures have every decision that there can be, as 0. */
void permissions_begin_counting(void);

/* ---- shared_keys.c: the public keys of all replicas ---- */

struct shared_keys *shared_keys_new(struct store *store);
void shared_keys_free(struct shared_keys *shared);

/* As JSON Web Key: kty, its numbers, kid, alg, and nothing else. */
struct public_key {
	const char *id;
	const char *jwk;
};
/*
 * What is in the store, ours too. True: as a read found it that began after this was called. False:
 * as it was known last, since the store fails or the call may not wait for so long.
 *
 * keys  out, in the call's arena: at most STORE_MOST_KEYS, of different ids, below 192 KiB.
 *
 * Blocks for the read that is under way and the next one, at most a second each. While the store
 * fails one caller waits for it, once a second. Any thread.
 */
bool shared_keys_read(struct shared_keys *shared, const struct backstage_call *call,
		      const struct public_key **keys, size_t *count);

/* ---- plugin_token.c and caller.c: what they remember ---- */

struct digest_map *delegated_new(void);
struct digest_map *verified_new(void);

/* The limited form of a user's token, by cutting it down; arena. Empty where it has no proof. */
struct text limited_form(struct arena *a, const struct jose_token *token);

/* ---- plugin_fetch.c ---- */

struct plugin_request {
	const char *plugin;
	const char *method;
	const char *path; /* below the plugin's address, percent-encoded */
	struct text body; /* JSON; empty: none */
	int timeout_ms;
	size_t max_bytes; /* of the answer */
};

/*
 * One request to another plugin, on the principal's behalf; NULL: without a token.
 * fetch  out, owned in any case: http_fetch_fini(). Whatever became of it.
 * False where nothing could be sent: ERROR_UNAVAILABLE (its address is not known), or as
 * backstage_plugin_token() fails.
 */
MUST_USE bool plugin_fetch(struct backstage *b, const struct backstage_call *call,
			   const struct principal *principal, const struct plugin_request *request,
			   struct http_fetch *fetch, struct error *err);
/* One that was made otherwise is counted among them, too. */
void count_plugin_fetch(const char *plugin, const struct http_fetch *fetch);

/* ---- catalog.c: asking it, and what it remembers ---- */

/*
 * plugin_fetch() of the catalog, so that one that is slow does not take all workers: half of them
 * wait at most, and while it does not answer one caller a second tries, and nobody else waits.
 * Refuses with ERROR_UNAVAILABLE.
 */
MUST_USE bool catalog_fetch(struct backstage *b, const struct backstage_call *call,
			    const struct principal *principal, const struct plugin_request *request,
			    struct http_fetch *fetch, struct error *err);

struct digest_map *emails_new(void);

/* ---- entities_read.c: entities as the catalog answers with them ---- */

/* Which entities are meant. */
struct catalog_filter {
	enum catalog_type type;
	const char *prefix; /* of annotations */
	const char *title;  /* NULL: any */
	bool selected;      /* the catalog has compared the title: what it folds it folds better */
};

/* What was read so far; arena. */
struct catalog_list {
	struct catalog_entity *items;
	size_t count;
	size_t capacity;
};

struct catalog_page {
	size_t items;       /* how many it held, of whatever kind */
	int64_t total;      /* on all pages; -1: it does not say */
	const char *cursor; /* of the next page, arena; NULL: it was the last */
};

/* Of the catalog: "spectrocloud-cluster". */
const char *catalog_spec_type(enum catalog_type type);

/*
 * Adds the entities of an answer {"items":[],"totalItems":0,"pageInfo":{"nextCursor":""}} that are
 * meant. page: out. False, with a static phrase in *problem, where it is no such answer; list may
 * then hold some of it.
 */
MUST_USE bool catalog_read_page(struct arena *a, struct text body,
				const struct catalog_filter *filter, struct catalog_list *list,
				struct catalog_page *page, const char **problem);
/* The same for one item, null or not: {"items":[null]}. found: out, its ref NULL where the item is
 * not meant. */
MUST_USE bool catalog_read_one(struct arena *a, struct text body,
			       const struct catalog_filter *filter, struct catalog_entity *found,
			       const char **problem);
/* Leaves those whose title is exactly this one, if there are any. */
void catalog_prefer_exact(struct catalog_list *list, const char *title);

/* ---- entities_choose.c ---- */

/* A reference in full and in lower case; arena. Fails with ERROR_INPUT for what is none. */
MUST_USE bool catalog_ref_read(struct arena *a, const char *ref, const char **full,
			       struct error *err);

/* ---- decisions.c: what the permission backend says ---- */

struct decisions *decisions_new(struct backstage *b);
void decisions_free(struct decisions *decisions);
MUST_USE bool decisions_ask(struct decisions *decisions, const struct backstage_call *call,
			    const struct principal *principal, const struct permission *permission,
			    struct error *err);
MUST_USE bool decisions_ready(struct decisions *decisions, struct error *err);
void decisions_look(struct decisions *decisions);

enum decision { DECISION_DENY, DECISION_ALLOW };
/*
 * Reads an answer to one question. decision: out. False, with a static phrase in *problem, unless
 * body answers exactly the question of that id with ALLOW or DENY.
 */
MUST_USE bool decision_read(struct text body, const char *id, enum decision *decision,
			    const char **problem);

#endif
