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

/* workers: out, owned: workers_stop(). Starts `threads` threads; context is borrowed until then. */
MUST_USE bool workers_start(unsigned threads, size_t queue_length, work_fn *work, void *context,
			    struct workers **workers, struct error *err);

/*
 * The same for work that takes long: nothing waits in a queue, each piece has a thread from the
 * start. Threads are started as they are needed, `most` at a time, and end when they have had
 * nothing to do for a while.
 */
struct workers *workers_start_on_demand(unsigned most, work_fn *work, void *context);

/* False when the queue is full, or all threads are at work; the item is then still the caller's.
 * Any thread. */
MUST_USE bool workers_submit(struct workers *workers, void *item);

/* Threads that there are now. Any thread. */
unsigned workers_count(struct workers *workers);

/* Waits until everything queued is done, ends the threads, releases. NULL is fine. */
void workers_stop(struct workers *workers);

#endif
