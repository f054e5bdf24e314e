/*
 * Inside palette/: for whom one question is asked. Others may come to want its answer while who
 * asks is waiting for a turn; then the turn of any of them will do.
 */
#ifndef PALETTE_CALLERS_H
#define PALETTE_CALLERS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Of more nobody takes notice: they have the earliest turn of these. */
enum { CALLERS_MOST = 8 };

typedef void callers_fn(void *context, uint64_t caller);

struct callers_watch {
	callers_fn *call;
	void *context;
};

struct callers {
	pthread_mutex_t lock; /* held while the watch is called: so unwatching waits for that */
	uint64_t numbers[CALLERS_MOST];
	size_t count;
	struct callers_watch *watch; /* NULL: nobody wants to know */
};

void callers_init(struct callers *callers);
void callers_fini(struct callers *callers);

/* One who is there already is passed over. Any thread. */
void callers_add(struct callers *callers, uint64_t caller);

/* Has call called with each who is there, and each who comes until callers_unwatch(), on their
 * threads. One watch at a time. NULL callers have nobody. */
void callers_watch(struct callers *callers, struct callers_watch *watch, callers_fn *call,
		   void *context);
/* Afterwards call is not running. */
void callers_unwatch(struct callers *callers);

#endif
