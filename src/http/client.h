/*
 * HTTP requests to other services: one thread drives one libcurl multi handle, so that connections
 * are pooled for the whole process; callers block until their answers are there or their deadline
 * has passed. Redirects are never followed: they would carry the credential to another host. TLS is
 * verified unless a target says otherwise.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/cancel.h"
#include "http/http.h"

struct http_client;

struct http_client_options {
	unsigned max_connections_per_host; /* at least 1; requests over it wait their turn */
	int connect_timeout_ms;            /* name, connection and TLS handshake together */
	const char *user_agent;            /* borrowed for the call */
};

/*
 * client  out, owned: http_client_close(). Starts the thread. The proxy variables of the
 * environment are read at each request: they must not change while the client is open.
 */
MUST_USE bool http_client_open(const struct http_client_options *options,
			       struct http_client **client, struct error *err);
/* After every caller has returned. NULL is fine. */
void http_client_close(struct http_client *client);

/* How to reach a service; constant while it is used. Strings are borrowed. */
struct http_target {
	const char *ca_file;       /* PEM; NULL: the system's */
	bool insecure_skip_verify; /* accept any certificate */
	bool direct;               /* ignore http_proxy and its kin in the environment */
};

enum http_fetch_end {
	HTTP_FETCH_DONE,        /* a whole answer is there, whatever its status; redirects too */
	HTTP_FETCH_UNREACHABLE, /* no connection: name, connect, TLS. Nothing was sent */
	HTTP_FETCH_BROKEN,   /* the connection ended early or spoke nonsense. It may have arrived */
	HTTP_FETCH_TOO_SLOW, /* the deadline passed. It may have arrived */
	HTTP_FETCH_TOO_LARGE, /* the answer passed max_bytes, or its headers 64 KiB. It arrived */
	HTTP_FETCH_CANCELLED, /* it was called off. If it was on its way, it may have arrived */
};

/*
 * One request and what became of it. Everything above "out" is borrowed until the call returns.
 *
 * A kept connection may turn out to be dead while a request is on its way. It is then sent again by
 * itself, within its deadline, because for a request that only reads this is what everybody wants.
 * A request that changes something must say `once`: it goes out at most one time, over a connection
 * of its own, and ends as BROKEN if that breaks.
 */
struct http_fetch {
	const char *method;
	const char *url; /* http or https, printable ASCII, no user name in it */
	const struct http_target *target;
	const struct http_header *headers; /* values may hold credentials: never logged */
	size_t header_count;
	bool once;           /* never send it twice: for what is not safe to repeat */
	bool uncompressed;   /* ask for no gzip, whose stream may end early without being noticed */
	struct text body;    /* sent if not empty, or if method is POST, PUT or PATCH */
	int64_t deadline_ms; /* of clock_now_ms() */
	size_t max_bytes;    /* of the answer's body, after decoding */
	struct http_cancel *cancel; /* ends it at once, or keeps it from being sent; NULL: none */

	/* out; valid when the call returns */
	enum http_fetch_end end;
	int status;            /* when DONE */
	struct buf answer;     /* owned: http_fetch_fini(). Empty unless DONE */
	char content_type[64]; /* lower case, without parameters; "" if none, or longer than fits */
	char retry_after[48];  /* the header as sent; "" if none, or longer than fits */
	const char *problem;   /* static: a plain phrase why it is not DONE; else NULL */
	const char *cause;     /* static: one word for that, see http_fetch_cause() */
	/* When the certificate ends that was shown at a TLS handshake for this request, in seconds
	 * since 1970; 0: there was none, as on a connection that was kept. */
	int64_t certificate_ends_s;
	bool unsendable;       /* UNREACHABLE for its own form: it holds what no request may */
	bool may_have_arrived; /* something of it went out */
	int64_t took_us;       /* from the call on, waiting for a free connection included */
	int64_t queued_us;     /* of that, until it first went out; 0: it did not */
};

/*
 * Runs one request; blocks at most until its deadline (and a little). Any thread. What has no time
 * left, or was called off before, is not sent.
 */
void http_fetch(struct http_client *client, struct http_fetch *fetch);

/* What is called on the thread that waits, when it has waited for so long, and when that is over.
 */
struct http_patience {
	int64_t ms;
	void (*begin)(void);
	void (*end)(void);
};

/*
 * Runs all of them, at most `parallel` (1 or more) at a time, in their order; returns when the last
 * has ended. Each has its own outcome. patience: NULL: nothing is called. Any thread.
 */
void http_fetch_all(struct http_client *client, struct http_fetch *const *fetches, size_t count,
		    unsigned parallel, const struct http_patience *patience);

/* Releases (and wipes) the answer. */
void http_fetch_fini(struct http_fetch *fetch);

/* Why it is not DONE, in one word, for figures: "dns", "connection", "tls", "proxy", "timeout",
 * "broken", "too_large", "cancelled" or "unsent"; of one that is DONE NULL. Static. (cause.c) */
const char *http_fetch_cause(const struct http_fetch *fetch);

struct http_client_stats {
	uint64_t requests;           /* asked for since the start */
	uint64_t connections_opened; /* since the start; counted when a request ends */
	unsigned in_flight;          /* on their way now; those that wait for their turn are not */
};
/* Any thread. */
struct http_client_stats http_client_stats(const struct http_client *client);

#endif
