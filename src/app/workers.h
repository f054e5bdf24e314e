/* Threads that take work from a bounded queue. */
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

/* False when the queue is full; the item is then still the caller's. Any thread. */
MUST_USE bool workers_submit(struct workers *workers, void *item);

/* Waits until everything queued is done, ends the threads, releases. NULL is fine. */
void workers_stop(struct workers *workers);

#endif
