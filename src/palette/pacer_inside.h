/* What a pacer is made of; of pacer.c and pacer_rates.c alone. */
#ifndef PALETTE_PACER_INSIDE_H
#define PALETTE_PACER_INSIDE_H

#include <pthread.h>

#include "palette/callers.h"
#include "palette/pacer.h"

enum { SECOND_US = 1000 * 1000 };

/* One who waits. */
struct waiter {
	pthread_mutex_t *lock; /* the pacer's; guards all below */
	pthread_cond_t changed;
	uint64_t caller;       /* in whose line */
	struct bucket *bucket; /* NULL: it is in no line, yet or any more */
	uint64_t others[CALLERS_MOST];
	size_t other_count;
	bool cancelled;
	struct waiter *behind; /* the next of the same caller */
	struct waiter *next;   /* of a line's first: the first of the line whose turn is next */
};

struct bucket {
	char *prefix; /* owned */
	bool retired; /* no rate any more; whoever waits in it still gets a turn */
	unsigned rate_per_second;
	unsigned rate_at_once;
	double share;
	double per_second; /* of these, what is ours */
	double most;
	double tokens;
	int64_t filled_us; /* when; in the future while Palette wants nothing */
	struct waiter *first;
	bool asked;    /* ever */
	unsigned used; /* tokens, since uses were taken */
	bool waited;   /* somebody, since then */
};

struct pacer {
	pthread_mutex_t lock; /* guards all below */
	double part;
	double share;         /* of buckets that come */
	double largest_share; /* that there can be */
	int64_t uses_taken_us;
	size_t bucket_count;
	struct bucket buckets[PACER_MOST_RATES];
};

/* All under the lock. */

/* Adds the tokens that have come until now. */
void pacer_fill(struct bucket *b);
/* What those who wait have reckoned with is not so any more. */
void pacer_tell_all(struct bucket *b);

#endif
