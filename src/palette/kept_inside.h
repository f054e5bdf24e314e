/* Inside palette/kept*.c: what is kept (kept.c), what is being asked (kept_flight.c), and which of
 * them answers a question (kept_read.c). */
#ifndef PALETTE_KEPT_INSIDE_H
#define PALETTE_KEPT_INSIDE_H

#include <pthread.h>

#include "palette/kept.h"

enum { KEPT_CHAINS = 4096 };

struct kept_entry {
	struct kept_key key;
	struct kept_entry *next_in_chain;
	struct kept_entry *newer, *older; /* by their last use */
	struct kept_answer answer;
	size_t bytes; /* that it counts for */
	int64_t fresh_until_ms;
	int64_t stale_until_ms;
	uint64_t number; /* of the flight that brought it */
};

struct kept {
	size_t max_bytes;
	pthread_mutex_t lock;   /* guards all below */
	pthread_cond_t changed; /* of some flight: who waits looks at its own */
	struct kept_entry *chains[KEPT_CHAINS];
	struct kept_entry *newest, *oldest;
	struct kept_flight *flights; /* the newest first */
	size_t holders;              /* of all flights */
	uint64_t flight_number;
	int64_t swept_ms; /* when what is past its time was last looked for */
	bool closing;
	struct palette_cache_statistics statistics;
};

bool kept_same_key(const struct kept_key *a, const struct kept_key *b);

/*
 * Under the lock. What goes is put in front of *gone, a list by next_in_chain, and released by
 * kept_release() without the lock.
 */
struct kept_entry *kept_find(struct kept *k, const struct kept_key *key);
/* It was used now. */
void kept_touch(struct kept *k, struct kept_entry *e);
/* entry: made by kept_entry_new(); goes to *gone where it may not be kept. */
void kept_put(struct kept *k, struct kept_entry *entry, struct kept_entry **gone);
void kept_drop(struct kept *k, struct kept_entry *e, struct kept_entry **gone);
/* What is past its time, now and then. */
void kept_sweep(struct kept *k, int64_t now_ms, struct kept_entry **gone);

/* Without the lock, and before others have the answer, whose bytes get one holder more. NULL: it is
 * not to be kept, or too large for that. */
struct kept_entry *kept_entry_new(const struct kept *k, const struct kept_key *key,
				  const struct kept_answer *answer, int64_t ttl_ms,
				  uint64_t number);
void kept_release(struct kept_entry *gone);

/* ---- kept_flight.c ---- */

/* Under the lock. A new one, which the caller holds and asks for; and the newest that may be
 * joined, NULL: there is none. */
struct kept_flight *kept_take_off(struct kept *k, const struct kept_key *key);
struct kept_flight *kept_find_flight(struct kept *k, const struct kept_key *key);
/* Both are called under the lock and return without it: waits for the flight's outcome, or takes
 * off. */
MUST_USE bool kept_join(struct kept *k, struct kept_flight *f, const struct kept_question *q,
			struct kept_answer *answer, struct error *err);
MUST_USE bool kept_ask_first(struct kept *k, const struct kept_question *q,
			     struct kept_answer *answer, struct error *err);
/* Without the lock: nobody asks after all. */
void kept_abandon(struct kept *k, struct kept_flight *f);

/* Under the lock: those of the environment, of the credential where key is not NULL,
 * are not kept when they land. */
void kept_outdate(struct kept *k, size_t environment, const struct kept_key *key);
/* Calls all off, and waits for them if wait. Without the lock. */
void kept_end_flights(struct kept *k, bool wait);

#endif
