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
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

struct http_cancel;
struct pacer;

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
 * rates  at most 64, borrowed; a path that none fits may always be asked for.
 * share  of the rates, above 0 and at most 1: others use the same address, or replicas share it.
 * Returns owned: pacer_free(), when nobody waits.
 */
struct pacer *pacer_new(const struct pacer_rate *rates, double share);
/* NULL is fine. */
void pacer_free(struct pacer *pacer);

/* Whether a request for path may be sent now; false also where others wait for theirs. Each true is
 * one request, and harmless where it is not sent. path may have a query. Any thread. */
bool pacer_take(struct pacer *pacer, const char *path);

/*
 * Waits until one request for path may be sent.
 *
 * caller  any number that tells callers apart: they take turns.
 * cancel  NULL: none.
 * Fails with ERROR_UNAVAILABLE and retry_after_s as soon as its turn is known to come after
 * deadline_ms, and with ERROR_CANCELLED when cancel is set, within milliseconds. Any thread.
 */
MUST_USE bool pacer_wait(struct pacer *pacer, const char *path, uint64_t caller,
			 int64_t deadline_ms, struct http_cancel *cancel, struct error *err);

/* Palette has answered with 429 all the same: others use the budget, too. Nothing goes there for so
 * long, a minute at most; 0: for a second. Any thread. */
void pacer_hold(struct pacer *pacer, const char *path, int64_t ms);

#endif
