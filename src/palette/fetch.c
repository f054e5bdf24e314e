/*
 * One request of Palette's, or many at once: retries, and whether the answer is what was asked for.
 * What is sent, and when, is in attempt.c.
 *
 * Retries follow the official SDK: 429, a status above 500, a connection that failed. 500 itself is
 * Palette's own word and is not asked again.
 */
#include "palette/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "palette/attempt.h"
#include "palette/kept.h"
#include "telemetry/metrics.h"
#include "json/json.h"

enum { LONGEST_PAUSE_MS = 15000 };

/* ---- judging an answer ---- */

static bool may_try_again(const struct palette_request *r, const struct http_fetch *fetch)
{
	if (fetch->end == HTTP_FETCH_UNREACHABLE)
		return true;
	if (fetch->end == HTTP_FETCH_DONE && fetch->status == 429)
		return true;
	if (attempt_is_write(r))
		return false;
	return fetch->end == HTTP_FETCH_BROKEN ||
	       (fetch->end == HTTP_FETCH_DONE && fetch->status > 500);
}

static bool has_expected_type(enum palette_expect expect, struct text value)
{
	enum json_type type = json_type_of(value);

	if (type == JSON_TYPE_OBJECT)
		return expect == PALETTE_OBJECT || expect == PALETTE_OBJECT_OR_ARRAY;
	if (type == JSON_TYPE_NULL) /* an array without items may be that */
		return expect == PALETTE_ARRAY;
	return type == JSON_TYPE_ARRAY &&
	       (expect == PALETTE_ARRAY || expect == PALETTE_OBJECT_OR_ARRAY);
}

static bool is_as_documented(const struct palette_request *r, struct text value)
{
	return has_expected_type(r->expect, value) &&
	       (json_type_of(value) != JSON_TYPE_OBJECT || palette_has_form(r->form, value));
}

static bool check_answer(const struct palette_request *r, const struct http_fetch *fetch,
			 struct error *err)
{
	struct error ignored;
	struct text value;
	bool is_json;

	if (r->expect == PALETTE_BYTES)
		return true;
	is_json = json_check(buf_text(&fetch->answer), &value, &ignored);
	if (is_json && palette_is_error(value))
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette answered with an error under a status of success",
				 r->what);
	if (r->expect == PALETTE_NOTHING)
		return true;
	if (!is_json)
		return error_set(err, ERROR_UPSTREAM, "%s: Palette answered with broken JSON",
				 r->what);
	if (!is_as_documented(r, value))
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette answered with JSON of another form than its API has",
				 r->what);
	return true;
}

static void transport_error(const struct palette_request *r, const struct http_fetch *fetch,
			    struct error *err)
{
	enum error_kind kind = fetch->end == HTTP_FETCH_TOO_SLOW ? ERROR_TIMEOUT : ERROR_UPSTREAM;

	if (fetch->end == HTTP_FETCH_CANCELLED) {
		error_set(err, ERROR_CANCELLED, "%s: the caller has called it off", r->what);
		return;
	}
	error_set(err, kind, "%s: calling Palette failed: %s", r->what, fetch->problem);
}

/* A create or change that may have arrived and was not clearly refused: nobody can say what became
 * of it. */
static bool outcome_unknown(const struct palette_request *r, const struct http_fetch *fetch)
{
	if (!attempt_is_write(r) || !fetch->may_have_arrived)
		return false;
	return fetch->end != HTTP_FETCH_DONE || fetch->status < 400 || fetch->status >= 500;
}

static void log_failure(const struct palette *p, const struct palette_request *r,
			const struct http_fetch *fetch)
{
	log_warn("upstream.failed",
		 F_STR("environment", p->environment->name == NULL ? "" : p->environment->name),
		 F_STR("method", r->method), F_STR("path", r->path), F_INT("status", fetch->status),
		 F_STR("problem", fetch->problem == NULL ? r->error.message : fetch->problem),
		 F_INT("ms", fetch->took_us / 1000));
}

/* What became of the request, for good. */
static void settle(const struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;
	struct http_fetch *fetch = &at->fetch;

	r->status = fetch->end == HTTP_FETCH_DONE ? fetch->status : 0;
	if (fetch->end != HTTP_FETCH_DONE) {
		transport_error(r, fetch, &r->error);
	} else if (fetch->status < 200 || fetch->status > 299) {
		palette_status_error(p, r, fetch->status, buf_text(&fetch->answer),
				     attempt_retry_after(fetch), &r->error);
	} else if (check_answer(r, fetch, &r->error)) {
		r->ok = true;
		r->answer = fetch->answer;
		buf_init(&fetch->answer, 0);
		return;
	}
	r->error.upstream_status = r->status;
	if (outcome_unknown(r, fetch))
		palette_say_unknown(p, r, &r->error);
	if (fetch->end == HTTP_FETCH_CANCELLED)
		return; /* Palette has not failed */
	if (r->status == 0 || r->status == 429 || r->status >= 500 || r->status < 400)
		log_failure(p, r, fetch);
}

/* ---- rounds ---- */

/* Full jitter: anywhere between nothing and the ceiling, which grows from round to round. */
static int64_t pause_after(const struct palette *p, unsigned round)
{
	int64_t ceiling = (int64_t)p->config->upstream_retry_delay_ms << (round < 6 ? round : 6);
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint32_t)clock_now_us();
	if (ceiling > LONGEST_PAUSE_MS)
		ceiling = LONGEST_PAUSE_MS;
	return ceiling == 0 ? 0 : (int64_t)(random % (uint32_t)ceiling);
}

/* What it would be told after the pause it can be told now. */
static bool is_left_alone(struct palette *p, const struct attempt *at)
{
	struct error ignored;

	return !circuit_look(palette_circuit(p), attempt_is_write(at->request),
			     attempt_question(at->request), &ignored);
}

/*
 * Runs the attempts and settles those that are over. Returns how many are left, moved to the front.
 *
 * pause_ms  in: how long to wait before the next round; out: with the longest Retry-After among
 *           those left on top. One whose wait would use up the time is over: its answer is what is
 *           known, and asking again sooner than Palette wants would only make things worse.
 */
static size_t run_round(struct palette *p, struct attempt *attempts, size_t count, bool last,
			int64_t *pause_ms)
{
	int64_t longest = 0;
	size_t left = 0;

	attempt_all(p, attempts, count);
	for (size_t i = 0; i < count; i++) {
		struct attempt *at = &attempts[i];
		int64_t asked;

		if (at->sending == SENDING_OVER)
			continue;
		asked = (int64_t)attempt_retry_after(&at->fetch) * 1000;
		if (last || !may_try_again(at->request, &at->fetch) || is_left_alone(p, at) ||
		    *pause_ms + asked >= clock_left_ms(p->deadline_ms)) {
			settle(p, at);
			http_fetch_fini(&at->fetch);
			continue;
		}
		http_fetch_fini(&at->fetch);
		if (asked > longest)
			longest = asked;
		metric_count(METRIC_RETRIES, palette_label(p->environment->name));
		attempts[left++].request = at->request;
	}
	*pause_ms += longest;
	return left;
}

/* What was changed, or may have been, makes what is kept of it untrue; and who is refused has a
 * claim to none of it. */
static void forget_after(const struct palette *p, const struct palette_request *r)
{
	struct kept *kept = palette_kept(p->client);
	struct kept_key key;

	if (attempt_is_write(r) && (r->ok || r->error.maybe_done)) {
		palette_has_changed(p);
		kept_drop_environment(kept, p->environment_index);
	}
	if (r->ok || !r->error.reauthenticate)
		return;
	palette_credential_key(p, &key);
	kept_drop_credential(kept, &key);
}

/* Once it is called off, nothing is sent. */
static void pause_for(struct palette *p, int64_t ms)
{
	palette_begin_wait(p);
	http_cancel_wait_ms(p->cancel, ms);
	palette_end_wait(p);
}

void palette_fetch_all(struct palette *p, struct palette_request *const *requests, size_t count)
{
	struct attempt *attempts = arena_array(p->arena, struct attempt, count);
	unsigned rounds = (unsigned)p->config->upstream_attempts;
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		requests[i]->ok = false;
		attempts[i].request = requests[i];
		for (size_t h = 0; h < ATTEMPT_MOST_HEADERS; h++)
			attempts[i].headers[h] = (struct http_header){TEXT(""), TEXT("")};
	}
	for (unsigned round = 0; left > 0; round++) {
		int64_t pause_ms = pause_after(p, round);

		left = run_round(p, attempts, left, round + 1 >= rounds, &pause_ms);
		if (left > 0)
			pause_for(p, pause_ms);
	}
	for (size_t i = 0; i < count; i++)
		forget_after(p, requests[i]);
}

bool palette_fetch(struct palette *p, struct palette_request *r, struct error *err)
{
	palette_fetch_all(p, &r, 1);
	if (!r->ok)
		*err = r->error;
	return r->ok;
}

size_t palette_batch(const struct palette *p)
{
	/* Twice what is under way at a time, so that a slow one does not hold up the others much.
	 */
	return (size_t)p->config->upstream_parallel * 2;
}

void palette_requests_fini(struct palette_request *requests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (requests[i].ok)
			buf_fini(&requests[i].answer);
}

static bool get_object(struct palette *p, enum palette_purpose purpose, enum palette_form form,
		       const char *project, const char *path, const char *what, struct buf *out,
		       struct error *err)
{
	struct palette_request r = {
		.purpose = purpose,
		.expect = PALETTE_OBJECT,
		.form = form,
		.method = "GET",
		.path = path,
		.project = project,
		.what = what,
	};

	if (!palette_fetch(p, &r, err))
		return false;
	*out = r.answer;
	return true;
}

bool palette_get_object(struct palette *p, enum palette_form form, const char *project,
			const char *path, const char *what, struct buf *out, struct error *err)
{
	return get_object(p, PALETTE_READ, form, project, path, what, out, err);
}

bool palette_get_ours(struct palette *p, enum palette_form form, const char *project,
		      const char *path, const char *what, struct buf *out, struct error *err)
{
	return get_object(p, PALETTE_LIST, form, project, path, what, out, err);
}
