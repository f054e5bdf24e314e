/*
 * Whoever gives a connection back hands it to the one who has waited longest. With a lock alone,
 * a thread that comes again at once would have it again before any that waits has woken up.
 */
#include "store/sqlite_turns.h"

#include <time.h>

#include "base/clock.h"
#include "store/inside.h"

/* On its thread's stack. */
struct sqlite_waiter {
	pthread_cond_t handed;
	struct sqlite_conn *conn; /* NULL: not yet */
	struct sqlite_waiter *next;
};

void sqlite_turns_init(struct sqlite_turns *t)
{
	*t = (struct sqlite_turns){.idle = NULL};
	t->after = &t->first;
	pthread_mutex_init(&t->lock, NULL);
}

void sqlite_turns_fini(struct sqlite_turns *t)
{
	pthread_mutex_destroy(&t->lock);
}

static void join(struct sqlite_turns *t, struct sqlite_waiter *waiter)
{
	*t->after = waiter;
	t->after = &waiter->next;
}

/* Takes a waiter out of the queue, wherever in it. */
static void leave(struct sqlite_turns *t, struct sqlite_waiter *waiter)
{
	struct sqlite_waiter **at = &t->first;

	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	if (t->after == &waiter->next)
		t->after = at;
}

/* The lock is held. NULL: too late. */
static struct sqlite_conn *queue_up(struct sqlite_turns *t, int64_t deadline_ms)
{
	struct sqlite_waiter me = {.conn = NULL};

	clock_cond_init(&me.handed);
	join(t, &me);
	while (me.conn == NULL && clock_left_ms(deadline_ms) > 0)
		clock_cond_wait(&me.handed, &t->lock, deadline_ms);
	if (me.conn == NULL)
		leave(t, &me);
	pthread_cond_destroy(&me.handed);
	return me.conn;
}

struct sqlite_conn *sqlite_turns_take(struct sqlite_turns *t, int64_t deadline_ms,
				      struct error *err)
{
	struct sqlite_conn *c;

	pthread_mutex_lock(&t->lock);
	c = t->idle;
	if (c != NULL)
		t->idle = c->next;
	else
		c = queue_up(t, deadline_ms);
	pthread_mutex_unlock(&t->lock);
	if (c == NULL)
		(void)store_too_slow(err);
	else
		c->deadline_ms = deadline_ms;
	return c;
}

void sqlite_turns_give(struct sqlite_turns *t, struct sqlite_conn *c)
{
	struct sqlite_waiter *first;

	sqlite_conn_rest(c);
	pthread_mutex_lock(&t->lock);
	first = t->first;
	if (first != NULL) {
		leave(t, first);
		first->conn = c;
		pthread_cond_signal(&first->handed);
	} else {
		c->next = t->idle;
		t->idle = c;
	}
	pthread_mutex_unlock(&t->lock);
}
