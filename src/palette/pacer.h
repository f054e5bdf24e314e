/*
 * Inside palette/: Palette's limits on requests. Palette counts them by the address they come from
 * and by the first segments of their path, so that all callers of this service share one budget at
 * each of its hosts; above it there is only 429. The pacer lets requests go no faster than that, in
 * turn: of several callers that wait, each gets one request before anybody gets a second.
 *
 * Source: Spectro Cloud's documentation, "API rate limits": requests a second for each prefix, and
 * five times as many at once.
 */
#ifndef PALETTE_PACER_H
#define PALETTE_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"

struct callers;
struct http_cancel;
struct pacer;

enum { PACER_MOST_RATES = 128 };

/* One limit. A path belongs to the row with the longest prefix of it, segment by segment; "*" is
 * any one segment. */
struct pacer_rate {
	const char *prefix; /* "": of every path; NULL ends a list */
	unsigned per_second;
	unsigned at_once; /* after a quiet time */
};
/* As Palette's documentation has them; the first row is for whatever has none of its own. */
extern const struct pacer_rate pacer_published[];

/*
 * For one host.
 * rates  at most PACER_MOST_RATES; copied. A path that none fits may always be asked for.
 * part   of the rates, above 0 and at most 1: others use the same address.
 * Returns owned: pacer_free(), when nobody waits.
 */
struct pacer *pacer_new(const struct pacer_rate *rates, double part);
/* NULL is fine. */
void pacer_free(struct pacer *pacer);

/* Other rates, or another part of them, from now on. Nobody gets a token by that, and those who
 * wait keep their places. Any thread. */
void pacer_set_rates(struct pacer *pacer, const struct pacer_rate *rates, double part);
/*
 * This process's share of what is left after `part`, above 0 and at most 1: replicas share it. 1 at
 * first. What is in the bucket beyond the new bound is lost.
 * prefix  of the rate; NULL: of all, and of those that come later. Unknown ones are passed over.
 */
void pacer_set_share(struct pacer *pacer, const char *prefix, double share);
/* Leaves only a few tokens in each bucket: what one that ran before has used is not known. */
void pacer_begin_low(struct pacer *pacer);

/* How much of its share a rate was asked for since the last time. */
struct pacer_use {
	const char *prefix; /* arena */
	bool busy;          /* somebody waited, or much of the share was used */
};
/* *uses: out, arena; all rates, in no certain order. For one thread at a time. */
void pacer_take_uses(struct pacer *pacer, struct arena *a, struct pacer_use **uses, size_t *count);

/* Of one rate: what is in its bucket at the moment. */
struct pacer_left {
	const char *prefix; /* arena */
	double requests;
	double most; /* that can be in it */
};
/* Of those rates that were ever asked for. *left: out, arena. Any thread. */
void pacer_look(struct pacer *pacer, struct arena *a, struct pacer_left **left, size_t *count);

/* Whether a request for path may be sent now; false also where others wait for theirs. Each true is
 * one request, and harmless where it is not sent. path may have a query. Any thread. */
bool pacer_take(struct pacer *pacer, const char *path);

/*
 * Waits until one request for path may be sent.
 *
 * caller  any number that tells callers apart: they take turns.
 * others  for whom it is, too (callers.h): the turn that comes first is used; NULL: nobody.
 * cancel  NULL: none.
 * Fails with ERROR_UNAVAILABLE and retry_after_s as soon as its turn is known to come after
 * deadline_ms, and with ERROR_CANCELLED when cancel is set, within milliseconds. Any thread.
 */
MUST_USE bool pacer_wait(struct pacer *pacer, const char *path, uint64_t caller,
			 struct callers *others, int64_t deadline_ms, struct http_cancel *cancel,
			 struct error *err);

/* The same of all rates, for good: it will not grow with what is needed here. */
void pacer_fix_share(struct pacer *pacer, double share);

/*
 * Whether so many requests for path could be sent until deadline_ms at all, if nobody else sent
 * any: what cannot be done is not begun, for it would only take away the others' turns.
 *
 * Fails with ERROR_UNAVAILABLE. Any thread.
 */
MUST_USE bool pacer_could(struct pacer *pacer, const char *path, size_t count, int64_t deadline_ms,
			  struct error *err);
/* In how many seconds so many requests for path can be sent, if nobody else sends any and none was
 * saved up. Any thread. */
int pacer_takes_s(struct pacer *pacer, const char *path, size_t count);

/* Palette has answered with 429 all the same: others use the budget, too. Nothing goes there for so
 * long, a minute at most; 0: for a second. Any thread. */
void pacer_hold(struct pacer *pacer, const char *path, int64_t ms);

#endif
