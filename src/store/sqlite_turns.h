/* Who has which connection: those who want one get it in the order in which they came. */
#ifndef STORE_SQLITE_TURNS_H
#define STORE_SQLITE_TURNS_H

#include <pthread.h>

#include "store/sqlite_conn.h"

struct sqlite_waiter;

struct sqlite_turns {
	pthread_mutex_t lock;         /* guards the rest; never held for long */
	struct sqlite_conn *idle;     /* none where somebody waits */
	struct sqlite_waiter *first;  /* who came first */
	struct sqlite_waiter **after; /* where the next one who comes goes */
};

/* Without connections; sqlite_turns_give() brings them. It stays at its address. */
void sqlite_turns_init(struct sqlite_turns *t);
void sqlite_turns_fini(struct sqlite_turns *t);

/* A connection with that deadline, at most until which it waits; NULL: err has why. Any thread. */
MUST_USE struct sqlite_conn *sqlite_turns_take(struct sqlite_turns *t, int64_t deadline_ms,
					       struct error *err);
void sqlite_turns_give(struct sqlite_turns *t, struct sqlite_conn *c);

#endif
