/*
 * Calling work off: whoever does the work passes a struct http_cancel to what it waits for, and
 * anybody who knows that nobody wants the result any more sets it. It stays set.
 */
#ifndef HTTP_CANCEL_H
#define HTTP_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

struct http_cancel;

/* owned: http_cancel_free(), when nobody can set it and nothing waits with it any more. */
struct http_cancel *http_cancel_new(void);
/* NULL is fine. */
void http_cancel_free(struct http_cancel *cancel);

/* Ends what waits with it, within milliseconds. Does not wait for that. Any thread, any number of
 * times. */
void http_cancel_set(struct http_cancel *cancel);

/* Any thread; NULL is never set. */
bool http_cancelled(const struct http_cancel *cancel);

/* Waits so long, or until it is set: then true. NULL only waits. Any thread. */
bool http_cancel_wait_ms(struct http_cancel *cancel, int64_t ms);

/* ---- for what waits by other means ---- */

/* Called once it is set, on the setter's thread and under its lock: it must not block, nor call
 * anything of this header for the same cancel. It may set another one, which in turn sets none that
 * leads back. */
typedef void http_cancel_fn(void *context);

/* One who waits; zero before use. Must stay where it is while it watches. */
struct http_cancel_watch {
	http_cancel_fn *call;
	void *context;
	struct http_cancel *cancel; /* NULL: not watching */
	struct http_cancel_watch *next;
	struct http_cancel_watch **link; /* what points here */
};

/* Has call called when cancel is set. False, and not watching, if it is set already; NULL is never
 * set, and nothing is watched then. */
bool http_cancel_watch(struct http_cancel *cancel, struct http_cancel_watch *watch,
		       http_cancel_fn *call, void *context);
/* When it returns, call is not running and will not be called. Not watching is fine. */
void http_cancel_unwatch(struct http_cancel_watch *watch);

#endif
