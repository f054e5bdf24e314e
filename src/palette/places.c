/*
 * A count behind a mutex, and a list of those who wait, the first come first. Who gives a place
 * back hands it to the first of them, so that nobody who comes later can take it before.
 */
#include "palette/places.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/cancel.h"

enum { RETRY_S = 2 };

/* One who waits. */
struct waiter {
	pthread_mutex_t *lock; /* the places'; guards all below */
	pthread_cond_t changed;
	bool has_place;
	bool cancelled;
	struct waiter *next;
};

struct places {
	unsigned line;
	const struct palette_wait_hooks *hooks; /* NULL: none */
	pthread_mutex_t lock;                   /* guards all below */
	unsigned free;
	unsigned waiting; /* in line, and for other things */
	struct waiter *first;
};

struct places *places_new(unsigned most, unsigned line, const struct palette_wait_hooks *hooks)
{
	struct places *places = heap_alloc(sizeof *places);

	places->line = line;
	places->hooks = hooks;
	places->free = most;
	pthread_mutex_init(&places->lock, NULL);
	return places;
}

void places_free(struct places *places)
{
	if (places == NULL)
		return;
	pthread_mutex_destroy(&places->lock);
	free(places);
}

static bool refuse(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "Palette is slow at the moment and too many requests wait for it");
	err->retry_after_s = RETRY_S;
	return false;
}

static bool say_called_off(struct error *err)
{
	return error_set(err, ERROR_CANCELLED, "The caller has called it off");
}

/* ---- the line; under the lock ---- */

static void join(struct places *places, struct waiter *w)
{
	struct waiter **end = &places->first;

	while (*end != NULL)
		end = &(*end)->next;
	*end = w;
	places->waiting++;
}

static void leave(struct places *places, const struct waiter *w)
{
	struct waiter **link = &places->first;

	while (*link != w)
		link = &(*link)->next;
	*link = w->next;
	places->waiting--;
}

static void give(struct places *places)
{
	struct waiter *first = places->first;

	if (first == NULL) {
		places->free++;
		return;
	}
	leave(places, first);
	first->has_place = true;
	pthread_cond_signal(&first->changed);
}

/* Under the lock. */
static bool take_free(struct places *places)
{
	if (places->free == 0)
		return false;
	places->free--;
	return true;
}

/* ---- waiting ---- */

static void waiter_init(struct waiter *w, struct places *places)
{

	*w = (struct waiter){.lock = &places->lock};
	clock_cond_init(&w->changed);
}

/* Called on the thread that sets the cancel; the lock is never held for long. */
static void call_off(void *context)
{
	struct waiter *w = context;

	pthread_mutex_lock(w->lock);
	w->cancelled = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(w->lock);
}

/* Under the lock, which it gives up while it sleeps. */
static void sleep_in_line(struct waiter *w, int64_t deadline_ms)
{
	while (!w->has_place && !w->cancelled && clock_left_ms(deadline_ms) > 0)
		clock_cond_wait(&w->changed, w->lock, deadline_ms);
}

static bool wait_in_line(struct places *places, struct waiter *w, int64_t deadline_ms,
			 struct error *err)
{
	pthread_mutex_lock(&places->lock);
	sleep_in_line(w, deadline_ms);
	if (!w->has_place)
		leave(places, w);
	pthread_mutex_unlock(&places->lock);
	if (w->has_place)
		return true;
	return w->cancelled ? say_called_off(err) : refuse(err);
}

enum standing { STANDING_HAS, STANDING_WAITS, STANDING_NONE };

static enum standing begin(struct places *places, struct waiter *w)
{
	enum standing standing = STANDING_NONE;

	pthread_mutex_lock(&places->lock);
	if (take_free(places)) {
		standing = STANDING_HAS;
	} else if (places->waiting < places->line) {
		join(places, w);
		standing = STANDING_WAITS;
	}
	pthread_mutex_unlock(&places->lock);
	return standing;
}

static bool wait_with_hooks(struct places *places, struct waiter *w, int64_t deadline_ms,
			    struct error *err)
{
	const struct palette_wait_hooks *hooks = places->hooks;
	bool taken;

	if (hooks != NULL && hooks->begin != NULL)
		hooks->begin();
	taken = wait_in_line(places, w, deadline_ms, err);
	if (hooks != NULL && hooks->end != NULL)
		hooks->end();
	return taken;
}

bool places_try(struct places *places)
{
	bool taken;

	pthread_mutex_lock(&places->lock);
	taken = take_free(places);
	pthread_mutex_unlock(&places->lock);
	return taken;
}

bool places_take(struct places *places, int64_t deadline_ms, struct http_cancel *cancel,
		 struct error *err)
{
	struct http_cancel_watch watch;
	enum standing standing;
	struct waiter self;
	bool taken;

	if (http_cancelled(cancel))
		return say_called_off(err);
	if (places_try(places)) /* as nearly always */
		return true;
	waiter_init(&self, places);
	/* Not under our lock, which the other side takes under its own. */
	if (!http_cancel_watch(cancel, &watch, call_off, &self)) {
		pthread_cond_destroy(&self.changed);
		return say_called_off(err);
	}
	standing = begin(places, &self);
	taken = standing == STANDING_HAS ||
		(standing == STANDING_WAITS ? wait_with_hooks(places, &self, deadline_ms, err)
					    : refuse(err));
	http_cancel_unwatch(&watch);
	pthread_cond_destroy(&self.changed);
	return taken;
}

bool places_leave(struct places *places)
{
	bool may;

	pthread_mutex_lock(&places->lock);
	may = places->waiting < places->line;
	if (may) {
		places->waiting++;
		give(places);
	}
	pthread_mutex_unlock(&places->lock);
	return may;
}

bool places_return(struct places *places)
{
	bool taken;

	pthread_mutex_lock(&places->lock);
	places->waiting--;
	taken = take_free(places);
	pthread_mutex_unlock(&places->lock);
	return taken;
}

void places_give(struct places *places)
{
	pthread_mutex_lock(&places->lock);
	give(places);
	pthread_mutex_unlock(&places->lock);
}
