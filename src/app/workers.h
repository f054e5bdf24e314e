/* Threads that take work from a bounded queue, or each a piece of work as it comes. */
#ifndef APP_WORKERS_H
#define APP_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"

struct workers;

/* Does one piece of work; blocks as long as it takes. */
typedef void work_fn(void *context, void *item);

/*
 * Starts `threads` threads; as many are at work at a time.
 * spare    so many more are started while threads only wait: see workers_begin_wait().
 * context  borrowed until workers_stop().
 * workers  out, owned: workers_stop().
 */
MUST_USE bool workers_start(unsigned threads, unsigned spare, size_t queue_length, work_fn *work,
			    void *context, struct workers **workers, struct error *err);

/*
 * The same for work that takes long: nothing waits in a queue, each piece has a thread from the
 * start. Threads are started as they are needed, `most` at a time, and end when they have had
 * nothing to do for a while.
 */
struct workers *workers_start_on_demand(unsigned most, work_fn *work, void *context);

/* False when the queue is full, or all threads are at work; the item is then still the caller's.
 * Any thread. */
MUST_USE bool workers_submit(struct workers *workers, void *item);

/*
 * Between these two the calling thread does nothing but wait for what others do, and another one
 * may do work meanwhile: a thread that has none, or a spare one, which ends some seconds after the
 * last need of it. Called in pairs; of a thread that is no worker they do nothing.
 */
void workers_begin_wait(void);
void workers_end_wait(void);

struct workers_state {
	size_t queued;
	size_t usual;   /* threads that may be at work at a time */
	size_t busy;    /* that are */
	size_t waiting; /* that only wait: see workers_begin_wait() */
};
/* Any thread. */
struct workers_state workers_state(struct workers *workers);

/* Threads that there are now. Any thread. */
unsigned workers_count(struct workers *workers);

/* Waits until everything queued is done, ends the threads, releases. NULL is fine. */
void workers_stop(struct workers *workers);

#endif
