/* Inside palette/: requests on their way, once each; what becomes of them is in fetch.c. */
#ifndef PALETTE_ATTEMPT_H
#define PALETTE_ATTEMPT_H

#include "http/client.h"
#include "palette/circuit.h"
#include "palette/fetch.h"
#include "telemetry/trace.h"

enum { ATTEMPT_MOST_HEADERS = 6 };

/* What became of a request in a round. */
enum sending {
	SENDING_WAITS,
	SENDING_DONE,
	SENDING_OVER, /* not sent, and settled */
};

/* A request under way. */
struct attempt {
	enum sending sending;
	struct palette_request *request;
	struct circuit_leave leave; /* to send it */
	bool whole;                 /* it may take as long as the configuration gives an answer */
	struct http_fetch fetch;
	char span_id[SPAN_ID_DIGITS + 1]; /* "": it belongs to no trace */
	struct http_header headers[ATTEMPT_MOST_HEADERS];
};

/* What must not happen twice. */
static inline bool attempt_is_write(const struct palette_request *r)
{
	return r->purpose == PALETTE_CREATE || r->purpose == PALETTE_CHANGE;
}

/* Sends all of them as fast as Palette's limits, the circuit and the deadlines allow. Each has
 * ended then: fetch says how, or it was not sent and its request has the error. */
void attempt_all(struct palette *p, struct attempt *attempts, size_t count);

/* Of one that is done. began_us: when it was sent, of clock_now_us(). */
void attempt_tell_trace(const struct palette *p, const struct attempt *at, int64_t began_us);

/* What it asks, for the circuit: a number that tells apart what may fail by itself. */
uint64_t attempt_question(const struct palette_request *r);

/* Retry-After (RFC 9110, 10.2.3) in seconds from now: a number, or a date. 0: none, or passed. */
int attempt_retry_after(const struct http_fetch *fetch);

#endif
