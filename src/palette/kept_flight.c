/*
 * What is being asked. A flight has one who asks, on a thread of its own, and any number who wait
 * for the answer. Who waits has a seat, with a deadline and a cancel of its own. Where the one who
 * asks gives up for a reason of its own, the seat with the latest deadline becomes the next one: so
 * a question that takes too long for all is asked once or twice, and not by everybody in turn.
 *
 * What calls a flight off is its own cancel. It is set when the one who asks has been called off
 * and nobody waits, and at the end of all; never under the lock, which its watches take.
 */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "http/cancel.h"
#include "palette/callers.h"
#include "palette/kept_inside.h"
#include "telemetry/metrics.h"

enum { SLACK_MS = 5 }; /* what a wait may end too early */

struct seat {
	struct kept *k;
	struct kept_flight *flight;
	struct http_cancel_watch watch;
	int64_t until_ms;
	bool asks; /* and does not wait */
	bool gone; /* called off */
	struct seat *next;
};

/* All under the lock, but for the key, the number, the cancel and the callers, which stay. */
struct kept_flight {
	struct kept_key key;
	uint64_t number;
	struct http_cancel *cancel;
	struct callers callers; /* who wants its answer */
	struct kept_flight *next;
	struct kept_flight **link; /* what points here; NULL: landed */
	unsigned holders;
	struct seat *seats; /* of those who wait */
	struct seat *heir;  /* of them the one who is to ask next */
	bool closed;        /* nobody may join: it is called off, or not good any more */
	bool outdated;      /* its answer is not kept */
	bool asker_gone;
	bool landed;
	bool ok;
	struct kept_answer answer; /* bytes: one holder is the flight */
	struct error error;
	char *details; /* of the error; heap */
};

/* ---- the life of a flight; under the lock ---- */

static void hold(struct kept *k, struct kept_flight *f)
{
	k->holders++;
	f->holders++;
}

struct kept_flight *kept_take_off(struct kept *k, const struct kept_key *key)
{
	struct kept_flight *f = heap_alloc(sizeof *f);

	f->key = *key;
	f->number = ++k->flight_number;
	f->cancel = http_cancel_new();
	callers_init(&f->callers);
	hold(k, f);
	f->closed = k->closing;
	f->outdated = k->closing;
	f->next = k->flights;
	f->link = &k->flights;
	if (f->next != NULL)
		f->next->link = &f->next;
	k->flights = f;
	return f;
}

static void unlink_flight(struct kept_flight *f)
{
	*f->link = f->next;
	if (f->next != NULL)
		f->next->link = f->link;
	f->link = NULL;
}

/* The newest that may be joined. */
struct kept_flight *kept_find_flight(struct kept *k, const struct kept_key *key)
{
	struct kept_flight *f = k->flights;

	while (f != NULL && (f->closed || !kept_same_key(&f->key, key)))
		f = f->next;
	return f;
}

/* Not under the lock: what is left when the last one has let go. */
static void free_flight(struct kept_flight *f)
{
	if (f == NULL)
		return;
	shared_unref(f->answer.bytes);
	http_cancel_free(f->cancel);
	callers_fini(&f->callers);
	free(f->details);
	free(f);
}

/* Returns what is to be freed without the lock. */
static struct kept_flight *let_go(struct kept *k, struct kept_flight *f)
{
	if (--k->holders == 0)
		pthread_cond_broadcast(&k->changed);
	return --f->holders == 0 ? f : NULL;
}

/* The one with the most time; NULL: nobody waits. */
static struct seat *find_heir(struct kept_flight *f)
{
	struct seat *heir = f->seats;

	for (struct seat *s = f->seats; s != NULL; s = s->next)
		if (!s->gone && (heir->gone || s->until_ms > heir->until_ms))
			heir = s;
	return heir;
}

/* Nobody asks at the moment. */
static void pass_on(struct kept *k, struct kept_flight *f)
{
	f->heir = find_heir(f);
	if (f->heir == NULL)
		unlink_flight(f);
	pthread_cond_broadcast(&k->changed);
}

void kept_outdate(struct kept *k, size_t environment, const struct kept_key *key)
{
	for (struct kept_flight *f = k->flights; f != NULL; f = f->next) {
		if (f->key.environment != environment ||
		    (key != NULL && (f->key.credential_kind != key->credential_kind ||
				     !digest_equal(&f->key.credential, &key->credential))))
			continue;
		f->outdated = true;
		f->closed = true;
	}
}

/* ---- being called off ---- */

/* Under the lock. Whether the flight's cancel is to be set. */
static bool nobody_wants(struct kept_flight *f)
{
	if (!f->asker_gone || f->seats != NULL || f->landed)
		return false;
	f->closed = true;
	return true;
}

/* On the thread of who calls off, under the lock of that cancel. */
static void on_gone(void *context)
{
	struct seat *s = context;
	struct kept_flight *f = s->flight;
	bool ends;

	pthread_mutex_lock(&s->k->lock);
	s->gone = true;
	f->asker_gone = f->asker_gone || s->asks;
	ends = s->asks && nobody_wants(f);
	if (!s->asks)
		pthread_cond_broadcast(&s->k->changed);
	pthread_mutex_unlock(&s->k->lock);
	if (ends)
		http_cancel_set(f->cancel); /* the seat holds the flight */
}

static void watch(struct seat *s, struct http_cancel *cancel)
{
	if (!http_cancel_watch(cancel, &s->watch, on_gone, s))
		on_gone(s);
}

/* ---- asking ---- */

/* Under the lock. Whether it failed for a reason that somebody who waits need not share. */
static bool may_pass_on(struct kept_flight *f, const struct error *err, int64_t until_ms)
{
	const struct seat *heir = find_heir(f);
	int64_t now_ms = clock_now_ms();

	if (heir == NULL || http_cancelled(f->cancel))
		return false;
	if (err->kind == ERROR_TIMEOUT)
		return until_ms - now_ms <= SLACK_MS;
	/* There was no turn, or no place, before its deadline. */
	if (err->kind == ERROR_UNAVAILABLE)
		return err->upstream_status == 0 &&
		       heir->until_ms > now_ms + (int64_t)err->retry_after_s * 1000;
	return err->kind == ERROR_CANCELLED;
}

/* What is kept of who asks is not theirs any more. */
static bool is_refusal(const struct error *err)
{
	return err->reauthenticate || err->upstream_status == 401 || err->upstream_status == 403 ||
	       err->upstream_status == 404;
}

/* Under the lock. */
static void keep_error(struct kept_flight *f, const struct error *err)
{
	f->error = *err;
	f->error.allow = NULL;
	f->error.details = TEXT("");
	if (err->details.len == 0)
		return;
	f->details = heap_copy(err->details);
	f->error.details = (struct text){f->details, err->details.len};
}

/* Under the lock: for all who wait, and for those who come later. */
static void land(struct kept *k, struct kept_flight *f, struct kept_entry *entry,
		 struct kept_entry **gone)
{
	struct kept_entry *before = kept_find(k, &f->key);

	f->landed = true;
	unlink_flight(f);
	pthread_cond_broadcast(&k->changed);
	if (entry != NULL && !f->outdated && !k->closing) {
		kept_put(k, entry, gone);
	} else if (entry != NULL) {
		entry->next_in_chain = *gone;
		*gone = entry;
	} else if (before != NULL && !f->ok && is_refusal(&f->error)) {
		kept_drop(k, before, gone);
		k->statistics.dropped++;
	}
}

/* Takes the outcome. */
static void settle(struct kept *k, struct kept_flight *f, const struct kept_question *q, bool ok,
		   const struct kept_answer *answer, const struct error *err)
{
	struct kept_entry *entry =
		ok ? kept_entry_new(k, &f->key, answer, q->ttl_ms, f->number) : NULL;
	struct kept_entry *gone = NULL;

	pthread_mutex_lock(&k->lock);
	if (!ok && may_pass_on(f, err, q->until_ms)) {
		pass_on(k, f);
	} else {
		f->ok = ok;
		if (ok)
			f->answer = (struct kept_answer){.bytes = shared_ref(answer->bytes),
							 .count = answer->count,
							 .age_ms = -1};
		else
			keep_error(f, err);
		land(k, f, entry, &gone);
	}
	pthread_mutex_unlock(&k->lock);
	kept_release(gone);
}

/* One who holds the flight asks; on success *answer is theirs. */
static bool ask(struct kept *k, struct kept_flight *f, const struct kept_question *q,
		struct kept_answer *answer, struct error *err)
{
	struct seat seat = {.k = k, .flight = f, .until_ms = q->until_ms, .asks = true};
	int64_t asked_ms = clock_now_ms();
	struct kept_answer found = {.age_ms = -1};
	bool ok;

	watch(&seat, q->cancel);
	callers_add(&f->callers, q->caller);
	ok = q->ask(q->context, &f->callers, f->cancel, &found, err);
	http_cancel_unwatch(&seat.watch);
	found.asked_ms = asked_ms;
	settle(k, f, q, ok, &found, err);
	if (ok)
		*answer = (struct kept_answer){
			.bytes = found.bytes, .count = found.count, .age_ms = -1};
	return ok;
}

/* ---- waiting ---- */

/* Under the lock, which it gives up while it sleeps. Until there is an outcome, or it is this
 * seat's turn to ask, or its time is up. */
static void wait_for_outcome(struct kept *k, struct kept_flight *f, struct seat *s)
{
	while (!f->landed && f->heir != s && !s->gone && clock_left_ms(s->until_ms) > 0)
		clock_cond_wait(&k->changed, &k->lock, s->until_ms);
}

static void leave_seat(struct kept *k, struct kept_flight *f, struct seat *s)
{
	struct seat **at = &f->seats;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (f->heir != s)
		return;
	f->heir = NULL;
	if (!f->landed && (s->gone || clock_left_ms(s->until_ms) == 0))
		pass_on(k, f);
}

enum outcome { OUTCOME_ANSWER, OUTCOME_ERROR, OUTCOME_MY_TURN, OUTCOME_NONE };

/* Under the lock. */
static enum outcome outcome_of(struct kept_flight *f, const struct seat *s, bool heir,
			       const struct kept_question *q, struct kept_answer *answer,
			       struct error *err)
{
	if (f->landed && f->ok) {
		*answer = f->answer;
		shared_ref(answer->bytes);
		return OUTCOME_ANSWER;
	}
	if (f->landed) {
		*err = f->error;
		if (f->details != NULL)
			err->details = arena_copy_text(q->arena, f->error.details);
		return OUTCOME_ERROR;
	}
	if (heir && !s->gone && clock_left_ms(s->until_ms) > 0) {
		f->asker_gone = false;
		return OUTCOME_MY_TURN;
	}
	if (s->gone)
		error_set(err, ERROR_CANCELLED, "the caller has called it off");
	else
		error_set(err, ERROR_TIMEOUT,
			  "Palette did not answer in time what was asked for several at once");
	return OUTCOME_NONE;
}

/* Under the lock, and returns without it. */
bool kept_join(struct kept *k, struct kept_flight *f, const struct kept_question *q,
	       struct kept_answer *answer, struct error *err)
{
	struct seat seat = {.k = k, .flight = f, .until_ms = q->until_ms, .next = f->seats};
	struct kept_flight *over = NULL;
	enum outcome outcome;
	bool ends;
	bool heir;
	bool ok;

	hold(k, f);
	f->seats = &seat;
	k->statistics.coalesced++;
	pthread_mutex_unlock(&k->lock);
	metric_count(METRIC_CACHE, "coalesced");
	watch(&seat, q->cancel);
	callers_add(&f->callers, q->caller);
	if (q->begin_wait != NULL)
		q->begin_wait(q->context);
	pthread_mutex_lock(&k->lock);
	wait_for_outcome(k, f, &seat);
	heir = f->heir == &seat;
	leave_seat(k, f, &seat);
	outcome = outcome_of(f, &seat, heir, q, answer, err);
	ends = outcome == OUTCOME_NONE && nobody_wants(f);
	pthread_mutex_unlock(&k->lock);
	if (q->end_wait != NULL)
		q->end_wait(q->context);
	http_cancel_unwatch(&seat.watch);
	if (ends)
		http_cancel_set(f->cancel);
	ok = outcome == OUTCOME_ANSWER || (outcome == OUTCOME_MY_TURN && ask(k, f, q, answer, err));
	pthread_mutex_lock(&k->lock);
	over = let_go(k, f);
	pthread_mutex_unlock(&k->lock);
	free_flight(over);
	return ok;
}

/* Under the lock, and returns without it. */
bool kept_ask_first(struct kept *k, const struct kept_question *q, struct kept_answer *answer,
		    struct error *err)
{
	struct kept_flight *f = kept_take_off(k, &q->key);
	struct kept_flight *over;
	bool ok;

	k->statistics.misses++;
	pthread_mutex_unlock(&k->lock);
	metric_count(METRIC_CACHE, "miss");
	ok = ask(k, f, q, answer, err);
	pthread_mutex_lock(&k->lock);
	over = let_go(k, f);
	pthread_mutex_unlock(&k->lock);
	free_flight(over);
	return ok;
}

/* ---- refreshing ---- */

/* Nobody asks after all. */
void kept_abandon(struct kept *k, struct kept_flight *f)
{
	struct kept_flight *over;

	pthread_mutex_lock(&k->lock);
	pass_on(k, f);
	over = let_go(k, f);
	pthread_mutex_unlock(&k->lock);
	free_flight(over);
}

void kept_fly(struct kept *k, struct kept_flight *flight, const struct kept_question *q)
{
	struct kept_answer answer = {.bytes = NULL};
	struct kept_flight *over;
	struct error ignored;

	if (ask(k, flight, q, &answer, &ignored))
		shared_unref(answer.bytes);
	pthread_mutex_lock(&k->lock);
	over = let_go(k, flight);
	pthread_mutex_unlock(&k->lock);
	free_flight(over);
}

/* ---- the end ---- */

/* Under the lock. */
static struct kept_flight *next_to_end(struct kept *k)
{
	struct kept_flight *f = k->flights;

	while (f != NULL && http_cancelled(f->cancel))
		f = f->next;
	return f;
}

void kept_end_flights(struct kept *k, bool wait)
{
	struct kept_flight *over;
	struct kept_flight *f;

	pthread_mutex_lock(&k->lock);
	while ((f = next_to_end(k)) != NULL) {
		f->closed = true;
		f->outdated = true;
		hold(k, f);
		pthread_mutex_unlock(&k->lock);
		http_cancel_set(f->cancel);
		pthread_mutex_lock(&k->lock);
		over = let_go(k, f);
		if (over != NULL) {
			pthread_mutex_unlock(&k->lock);
			free_flight(over);
			pthread_mutex_lock(&k->lock);
		}
	}
	while (wait && k->holders > 0)
		pthread_cond_wait(&k->changed, &k->lock);
	pthread_mutex_unlock(&k->lock);
}
