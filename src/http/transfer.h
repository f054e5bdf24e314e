/*
 * One HTTP request through libcurl: how it is put to curl, what it may cost, and what its end
 * means. Private to this folder; client.c decides what runs when. A struct wire (curl's multi
 * handle with the connections it keeps) belongs to one thread; only wire_wake() may be called from
 * others.
 */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "http/client.h"

struct wire;

struct transfer {
	struct http_fetch *fetch; /* borrowed until it has ended */
	int64_t asked_us;
	void *owner; /* the caller's */

	/* transfer.c's; zero before the start */
	void *easy;                       /* curl's handle, while on its way */
	struct header_list *sent_headers; /* owned, while on its way */
	size_t header_bytes;              /* of the answer so far */
	const char *too_large;            /* what passed its limit; NULL: nothing */
	bool connect_ends_first;          /* the limit for connecting is before the deadline */
	bool sent;                        /* some of it may have gone out */
};

/* wire  out, owned: wire_close(). Fails with ERROR_INTERNAL. */
MUST_USE bool wire_open(const struct http_client_options *options, struct wire **wire,
			struct error *err);
/* When nothing is on its way any more. */
void wire_close(struct wire *wire);

/* Ends a wire_wait(), the next one if none is going on. Any thread. */
void wire_wake(struct wire *wire);
/* Sends and receives what is possible without waiting. */
void wire_work(struct wire *wire);
/* Waits for something to do, at most so long. */
void wire_wait(struct wire *wire, int at_most_ms);
/* A transfer that has ended since; its fetch holds the outcome. NULL: no more. */
struct transfer *wire_ended(struct wire *wire);
/* Connections opened by transfers that have ended. Any thread. */
uint64_t wire_connections_opened(const struct wire *wire);

/* Empties the fetch's outcome. False if its request cannot be sent: it has then ended. */
MUST_USE bool transfer_prepare(struct transfer *t);
/* Puts it on its way. Ends, in wire_ended(), at the fetch's deadline at the latest. */
void transfer_start(struct wire *wire, struct transfer *t);
/* Takes back one that is on its way, because it was called off. */
void transfer_abort(struct wire *wire, struct transfer *t);
/* Records the outcome of a fetch that was never started; the second, that it was called off. */
void transfer_end(struct transfer *t, enum http_fetch_end end, const char *problem);
void transfer_call_off(struct transfer *t);

#endif
