/*
 * The Palette sessions of users, as requests need them: the store, a short memory in front of it
 * where it lies behind a network, and the rules for how long a session is good.
 *
 * They all belong to one environment, spectrocloud.auth.sessionEnvironment: one sign-in provider
 * signs in to one tenant.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "store/store.h"

struct sessions;

enum {
	SESSION_LONGEST_TOKEN = 16 * 1024,
	/* Of a token that does not say when it ends. */
	SESSION_LASTS_MS = 15 * 60 * 1000,
};

/* config and store are borrowed for its life; it watches the store. Owned. */
struct sessions *sessions_new(const struct config *config, struct store *store);
/* The same in the place of another one, which may still be at work, and may be freed first:
 * together they keep the order of changes to one address. before  NULL: there is none. */
struct sessions *sessions_new_after(struct sessions *before, const struct config *config,
				    struct store *store);
/* NULL is fine. */
void sessions_free(struct sessions *s);

/* NULL if t can stand in a header as a token, else what was expected (static): 1 to 16,384
 * characters of visible ASCII. */
const char *session_token_problem(struct text t);

/*
 * The live session of an address. session: out, arena; its token's ptr is NULL where there is none,
 * and where the store does not answer: that is logged and counted, and for a second nobody else
 * waits for it.
 */
void sessions_find(struct sessions *s, struct arena *a, struct text email, int64_t deadline_ms,
		   struct session *session);

/*
 * Keeps a session until the first of: offered_ms (calendar; 0: not said), the `exp` of the token
 * (RFC 7519 4.1.4), or, where it has none, SESSION_LASTS_MS. expires_ms: out.
 * Fails with ERROR_INPUT where that is over already, and as store_put() does.
 */
MUST_USE bool sessions_keep(struct sessions *s, struct arena *a, struct text email,
			    struct text token, int64_t offered_ms, int64_t deadline_ms,
			    int64_t *expires_ms, struct error *err);

/* expires_ms: out, calendar; 0: there is none. Asks the store itself. */
MUST_USE bool sessions_look(struct sessions *s, struct arena *a, struct text email,
			    int64_t deadline_ms, int64_t *expires_ms, struct error *err);

/* On every replica. *deleted: out, how many there were. */
MUST_USE bool sessions_delete(struct sessions *s, struct text email, int64_t deadline_ms,
			      size_t *deleted, struct error *err);

/* Palette takes this one no more: it goes, on every replica, unless another is in its place. Blocks
 * for a second at most. */
void sessions_refused(struct sessions *s, struct text email, const struct session *session);

/* Drops what has expired, about once a minute; to be called often, from one thread. Blocks for two
 * seconds at most. */
void sessions_look_around(struct sessions *s);

struct session_stats {
	uint64_t hits; /* of sessions_find() */
	uint64_t misses;
	uint64_t store_reads; /* that it took */
	uint64_t store_failures;
	uint64_t kept;
	uint64_t deleted;
	uint64_t refused; /* by Palette */
	uint64_t expired; /* and dropped by this process */
};
/* Since the start. Any thread. */
struct session_stats sessions_stats(const struct sessions *s);

#endif
