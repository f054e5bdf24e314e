/* Where an answer comes from: what is kept, what somebody else is asking, or asking. */
#include "base/clock.h"
#include "palette/kept_inside.h"
#include "telemetry/metrics.h"

/* Under the lock. Whether the entry answers the question; *refresh: by whom, if it is to be asked
 * again. */
static bool answer_from(struct kept *k, struct kept_entry *e, const struct kept_question *q,
			int64_t now_ms, struct kept_answer *answer, struct kept_flight **refresh)
{
	bool fresh = e != NULL && now_ms < e->fresh_until_ms;

	if (e == NULL || q->anew || (!fresh && (q->refresh == NULL || now_ms >= e->stale_until_ms)))
		return false;
	kept_touch(k, e);
	*answer = e->answer;
	answer->age_ms = now_ms - e->answer.asked_ms;
	shared_ref(answer->bytes);
	if (fresh) {
		k->statistics.hits++;
		metric_count(METRIC_CACHE, "hit");
		return true;
	}
	k->statistics.stale++;
	metric_count(METRIC_CACHE, "stale");
	if (kept_find_flight(k, &q->key) == NULL && !k->closing)
		*refresh = kept_take_off(k, &q->key);
	return true;
}

static void sweep(struct kept *k, int64_t now_ms)
{
	struct kept_entry *gone = NULL;

	pthread_mutex_lock(&k->lock);
	kept_sweep(k, now_ms, &gone);
	pthread_mutex_unlock(&k->lock);
	kept_release(gone);
}

bool kept_read(struct kept *k, const struct kept_question *q, struct kept_answer *answer,
	       struct error *err)
{
	struct kept_flight *refresh = NULL;
	int64_t now_ms = clock_now_ms();
	struct kept_flight *f;

	sweep(k, now_ms);
	pthread_mutex_lock(&k->lock);
	if (answer_from(k, kept_find(k, &q->key), q, now_ms, answer, &refresh)) {
		pthread_mutex_unlock(&k->lock);
		if (refresh != NULL && !q->refresh(q->context, refresh))
			kept_abandon(k, refresh);
		return true;
	}
	f = q->anew ? NULL : kept_find_flight(k, &q->key);
	return f != NULL ? kept_join(k, f, q, answer, err) : kept_ask_first(k, q, answer, err);
}
