/* Calling work off: a flag that stays, and who is to be told of it. */
#include "http/cancel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"

struct http_cancel {
	atomic_bool set;
	pthread_mutex_t lock; /* held while watches are called: so unwatching waits for that */
	pthread_cond_t was_set;
	struct http_cancel_watch *watches; /* under lock */
};

struct http_cancel *http_cancel_new(void)
{
	struct http_cancel *cancel = heap_alloc(sizeof *cancel);

	atomic_init(&cancel->set, false);
	pthread_mutex_init(&cancel->lock, NULL);
	clock_cond_init(&cancel->was_set);
	return cancel;
}

void http_cancel_free(struct http_cancel *cancel)
{
	if (cancel == NULL)
		return;
	pthread_cond_destroy(&cancel->was_set);
	pthread_mutex_destroy(&cancel->lock);
	free(cancel);
}

void http_cancel_set(struct http_cancel *cancel)
{
	pthread_mutex_lock(&cancel->lock);
	if (!atomic_exchange(&cancel->set, true)) {
		pthread_cond_broadcast(&cancel->was_set);
		for (struct http_cancel_watch *w = cancel->watches; w != NULL; w = w->next)
			w->call(w->context);
	}
	pthread_mutex_unlock(&cancel->lock);
}

bool http_cancelled(const struct http_cancel *cancel)
{
	return cancel != NULL && atomic_load(&cancel->set);
}

bool http_cancel_wait_ms(struct http_cancel *cancel, int64_t ms)
{
	int64_t until_ms = clock_now_ms() + ms;
	bool in_time = true;
	bool set;

	if (cancel == NULL) {
		clock_sleep_ms(ms);
		return false;
	}
	pthread_mutex_lock(&cancel->lock);
	while (!atomic_load(&cancel->set) && in_time)
		in_time = clock_cond_wait(&cancel->was_set, &cancel->lock, until_ms);
	set = atomic_load(&cancel->set);
	pthread_mutex_unlock(&cancel->lock);
	return set;
}

bool http_cancel_watch(struct http_cancel *cancel, struct http_cancel_watch *watch,
		       http_cancel_fn *call, void *context)
{
	bool set;

	*watch = (struct http_cancel_watch){.call = call, .context = context};
	if (cancel == NULL)
		return true;
	pthread_mutex_lock(&cancel->lock);
	set = atomic_load(&cancel->set);
	if (!set) {
		watch->cancel = cancel;
		watch->next = cancel->watches;
		watch->link = &cancel->watches;
		if (watch->next != NULL)
			watch->next->link = &watch->next;
		cancel->watches = watch;
	}
	pthread_mutex_unlock(&cancel->lock);
	return !set;
}

void http_cancel_unwatch(struct http_cancel_watch *watch)
{
	struct http_cancel *cancel = watch->cancel;

	if (cancel == NULL)
		return;
	pthread_mutex_lock(&cancel->lock);
	*watch->link = watch->next;
	if (watch->next != NULL)
		watch->next->link = watch->link;
	pthread_mutex_unlock(&cancel->lock);
	watch->cancel = NULL;
}
