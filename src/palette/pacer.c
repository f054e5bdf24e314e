/*
 * A bucket of tokens for each of Palette's limits; a request takes one. Who finds none waits, in
 * the line of its caller, and the lines take turns. Those who wait do the work: the first of the
 * first line waits until the next token is due, takes it, and wakes the one who is first now; all
 * others sleep until that, or until their deadline.
 */
#include "palette/pacer_inside.h"

#include <string.h>

#include "base/clock.h"
#include "http/cancel.h"

enum {
	HOLD_MS = 1000,
	LONGEST_HOLD_MS = 60 * 1000, /* then Palette may say it again */
	LONGEST_RETRY_S = 3600,
	RETRY_IN_VAIN_S = 60, /* of what cannot be done while nobody changes anything */
};

/* ---- which bucket ---- */

/* How many segments of the path, without its query, the prefix takes; -1: it is none of it. */
static int segments_taken(const char *path, const char *prefix)
{
	int taken = 0;

	while (*prefix == '/' && *path == '/') {
		size_t wanted = strcspn(++prefix, "/");
		size_t len = strcspn(++path, "/?");
		bool any = wanted == 1 && *prefix == '*' && len > 0;

		if (!any && (wanted != len || memcmp(prefix, path, len) != 0))
			return -1;
		prefix += wanted;
		path += len;
		taken++;
	}
	return *prefix == '\0' ? taken : -1;
}

/* Under the lock. */
static struct bucket *bucket_of(struct pacer *pacer, const char *path)
{
	struct bucket *found = NULL;
	int longest = -1;

	for (size_t i = 0; i < pacer->bucket_count; i++) {
		int taken = segments_taken(path, pacer->buckets[i].prefix);

		if (taken > longest && !pacer->buckets[i].retired) {
			longest = taken;
			found = &pacer->buckets[i];
		}
	}
	return found;
}

/* ---- tokens; under the lock ---- */

void pacer_fill(struct bucket *b)
{
	int64_t now_us = clock_now_us();

	if (now_us <= b->filled_us)
		return;
	b->tokens += (double)(now_us - b->filled_us) / SECOND_US * b->per_second;
	if (b->tokens > b->most)
		b->tokens = b->most;
	b->filled_us = now_us;
}

static bool take_token(struct bucket *b)
{
	b->asked = true;
	pacer_fill(b);
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	b->used++;
	return true;
}

/* When so many will have come, if nobody takes any. */
static int64_t due_us(const struct bucket *b, size_t count)
{
	double missing = (double)count - b->tokens;

	/* One microsecond more, so that rounding does not wake anybody too early. */
	return missing <= 0 ? b->filled_us
			    : b->filled_us + 1 + (int64_t)(missing / b->per_second * SECOND_US);
}

bool pacer_take(struct pacer *pacer, const char *path)
{
	struct bucket *b;
	bool taken;

	pthread_mutex_lock(&pacer->lock);
	b = bucket_of(pacer, path);
	taken = b == NULL || (b->first == NULL && take_token(b));
	pthread_mutex_unlock(&pacer->lock);
	return taken;
}

void pacer_tell_all(struct bucket *b)
{
	for (struct waiter *line = b->first; line != NULL; line = line->next)
		for (struct waiter *w = line; w != NULL; w = w->behind)
			pthread_cond_signal(&w->changed);
}

/* ---- lines; under the lock ---- */

static void append_line(struct bucket *b, struct waiter *w)
{
	struct waiter **end = &b->first;

	while (*end != NULL)
		end = &(*end)->next;
	*end = w;
	w->next = NULL;
}

static void join(struct bucket *b, struct waiter *w)
{
	struct waiter *last = b->first;

	w->behind = NULL;
	while (last != NULL && last->caller != w->caller)
		last = last->next;
	if (last == NULL) {
		append_line(b, w);
		return;
	}
	while (last->behind != NULL)
		last = last->behind;
	last->behind = w;
}

/* Where something points to the first of w's line. */
static struct waiter **line_of(struct bucket *b, const struct waiter *w)
{
	struct waiter **line = &b->first;

	while ((*line)->caller != w->caller)
		line = &(*line)->next;
	return line;
}

/* served: it had its turn, and the rest of its line waits for the next round; else the next of its
 * caller has its place. */
static void leave(struct bucket *b, struct waiter *w, bool served)
{
	struct waiter **line = line_of(b, w);
	struct waiter *before = *line;
	struct waiter *behind = w->behind;

	if (before != w) {
		while (before->behind != w)
			before = before->behind;
		before->behind = behind;
		return;
	}
	*line = w->next;
	if (behind != NULL && served) {
		append_line(b, behind);
	} else if (behind != NULL) {
		behind->next = w->next;
		*line = behind;
	}
	if (b->first != NULL)
		pthread_cond_signal(&b->first->changed);
}

/* How many wait in the line, if fewer than most. */
static size_t at_most(const struct waiter *line, size_t most)
{
	size_t count = 0;

	for (; line != NULL && count < most; line = line->behind)
		count++;
	return count;
}

/* How many requests go before w's, if nobody else comes. */
static size_t turns_before(struct bucket *b, const struct waiter *w)
{
	size_t own = 0; /* those of its line */
	size_t turns = 0;
	size_t most; /* of another line */

	for (const struct waiter *at = *line_of(b, w); at != w; at = at->behind)
		own++;
	most = own + 1;
	for (const struct waiter *line = b->first; line != NULL; line = line->next) {
		if (line->caller == w->caller)
			most = own; /* which is also what the lines after it have */
		turns += at_most(line, most);
	}
	return turns;
}

/* The same, if it were the last of that caller's line. */
static size_t turns_as(const struct bucket *b, const struct waiter *w, uint64_t caller)
{
	size_t own = 0;
	size_t turns = 0;
	size_t most;

	for (const struct waiter *line = b->first; line != NULL; line = line->next)
		if (line->caller == caller)
			own = at_most(line, SIZE_MAX);
	most = own + 1;
	for (const struct waiter *line = b->first; line != NULL; line = line->next) {
		size_t count = at_most(line, SIZE_MAX);

		if (line->caller == w->caller)
			count--; /* w itself */
		if (line->caller == caller)
			most = own;
		turns += count < most ? count : most;
	}
	return turns;
}

/* To the line of another for whom it waits, where its turn comes earlier there. */
static void change_line(struct waiter *w, uint64_t caller)
{
	if (w->caller == caller || turns_as(w->bucket, w, caller) >= turns_before(w->bucket, w))
		return;
	leave(w->bucket, w, false);
	w->caller = caller;
	join(w->bucket, w);
	pthread_cond_signal(&w->changed);
}

/* ---- waiting ---- */

static void waiter_init(struct waiter *w, struct pacer *pacer, uint64_t caller)
{
	*w = (struct waiter){.lock = &pacer->lock, .caller = caller};
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

/* A callers_fn. */
static void wait_for_another(void *context, uint64_t caller)
{
	struct waiter *w = context;

	pthread_mutex_lock(w->lock);
	if (w->other_count < ARRAY_LEN(w->others))
		w->others[w->other_count++] = caller;
	if (w->bucket != NULL)
		change_line(w, caller);
	pthread_mutex_unlock(w->lock);
}

static bool refuse(int64_t turn_us, struct error *err)
{
	int64_t wait_us = turn_us - clock_now_us();
	int64_t seconds = wait_us <= 0 ? 1 : (wait_us + SECOND_US - 1) / SECOND_US;

	error_set(err, ERROR_UNAVAILABLE,
		  "Palette's rate limit lets no more requests through in time; try again later");
	err->retry_after_s = seconds > LONGEST_RETRY_S ? LONGEST_RETRY_S : (int)seconds;
	return false;
}

static bool say_called_off(struct error *err)
{
	return error_set(err, ERROR_CANCELLED, "the caller has called it off");
}

/* Under the lock, which it gives up while it sleeps. */
static bool wait_in_line(struct bucket *b, struct waiter *w, int64_t deadline_us, struct error *err)
{
	for (;;) {
		int64_t turn_us;

		if (w->cancelled)
			return say_called_off(err);
		if (b->first == w && take_token(b))
			return true;
		pacer_fill(b);
		turn_us = due_us(b, turns_before(b, w) + 1);
		if (turn_us > deadline_us || clock_now_us() >= deadline_us)
			return refuse(turn_us, err);
		clock_cond_wait_us(&w->changed, w->lock, b->first == w ? turn_us : deadline_us);
	}
}

/* Under the lock. */
static bool wait_for_token(struct pacer *pacer, const char *path, struct waiter *w,
			   int64_t deadline_us, struct error *err)
{
	struct bucket *b = bucket_of(pacer, path);
	bool granted;

	if (b == NULL)
		return true;
	b->waited = true;
	join(b, w);
	w->bucket = b;
	for (size_t i = 0; i < w->other_count; i++)
		change_line(w, w->others[i]);
	granted = wait_in_line(b, w, deadline_us, err);
	w->bucket = NULL;
	leave(b, w, granted);
	return granted;
}

bool pacer_wait(struct pacer *pacer, const char *path, uint64_t caller, struct callers *others,
		int64_t deadline_ms, struct http_cancel *cancel, struct error *err)
{
	struct callers_watch others_watch;
	struct http_cancel_watch watch;
	struct waiter self;
	bool granted = false;

	waiter_init(&self, pacer, caller);
	/* Not under our lock, which the other sides take under their own. */
	if (http_cancel_watch(cancel, &watch, call_off, &self)) {
		callers_watch(others, &others_watch, wait_for_another, &self);
		pthread_mutex_lock(&pacer->lock);
		granted = wait_for_token(pacer, path, &self, deadline_ms * 1000, err);
		pthread_mutex_unlock(&pacer->lock);
		callers_unwatch(others);
		http_cancel_unwatch(&watch);
	} else {
		say_called_off(err);
	}
	pthread_cond_destroy(&self.changed);
	return granted;
}

/* saved: without those that may go at once after a quiet time. Where replicas share by need, our
 * part may grow to all that they have together. */
static double seconds_for(struct pacer *pacer, const char *path, size_t count, bool saved)
{
	const struct bucket *b;
	double seconds = 0;
	double part;

	pthread_mutex_lock(&pacer->lock);
	b = bucket_of(pacer, path);
	part = pacer->part * pacer->largest_share;
	if (b != NULL)
		seconds = ((double)count - (saved ? b->rate_at_once * part : 0)) /
			  (b->rate_per_second * part);
	pthread_mutex_unlock(&pacer->lock);
	return seconds;
}

bool pacer_could(struct pacer *pacer, const char *path, size_t count, int64_t deadline_ms,
		 struct error *err)
{
	double seconds = seconds_for(pacer, path, count, true);

	if (seconds * 1000 <= (double)clock_left_ms(deadline_ms))
		return true;
	error_set(err, ERROR_UNAVAILABLE,
		  "Palette's rate limit lets %zu requests through in %.0f seconds, which is later "
		  "than spectrocloud.server.requestTimeout allows",
		  count, seconds);
	err->retry_after_s = RETRY_IN_VAIN_S;
	return false;
}

int pacer_takes_s(struct pacer *pacer, const char *path, size_t count)
{
	double seconds = seconds_for(pacer, path, count, false);

	return seconds > LONGEST_RETRY_S ? LONGEST_RETRY_S : (int)seconds;
}

/* The budget is used up, whatever we thought; and who now waits in vain is to know it. */
void pacer_hold(struct pacer *pacer, const char *path, int64_t ms)
{
	struct bucket *b;
	int64_t until_us;

	if (ms <= 0)
		ms = HOLD_MS;
	if (ms > LONGEST_HOLD_MS)
		ms = LONGEST_HOLD_MS;
	until_us = clock_now_us() + ms * 1000;
	pthread_mutex_lock(&pacer->lock);
	b = bucket_of(pacer, path);
	if (b != NULL) {
		b->tokens = 0;
		if (until_us > b->filled_us)
			b->filled_us = until_us;
		pacer_tell_all(b);
	}
	pthread_mutex_unlock(&pacer->lock);
}
