/*
 * One request of Palette's, or many at once: credential, scope, deadline, retries, and whether the
 * answer is what was asked for.
 *
 * Retries follow the official SDK: 429, a status above 500, a connection that failed. 500 itself is
 * Palette's own word and is not asked again.
 */
#include "palette/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "palette/circuit.h"
#include "palette/kept.h"
#include "palette/pacer.h"
#include "json/json.h"

enum { MOST_HEADERS = 4, LONGEST_PAUSE_MS = 15000 };

/* What became of a request in a round. */
enum sending {
	SENDING_WAITS,
	SENDING_DONE,
	SENDING_OVER, /* not sent, and settled */
};

/* A request under way. */
struct attempt {
	enum sending sending;
	struct palette_request *request;
	struct circuit_leave leave; /* to send it */
	bool whole;                 /* it may take as long as the configuration gives an answer */
	struct http_fetch fetch;
	struct http_header headers[MOST_HEADERS];
};

/* What must not happen twice. */
static bool is_write(const struct palette_request *r)
{
	return r->purpose == PALETTE_CREATE || r->purpose == PALETTE_CHANGE;
}

static void add_header(struct attempt *at, const char *name, struct text value)
{
	at->headers[at->fetch.header_count++] = (struct http_header){text_of(name), value};
}

static int64_t patience_of(const struct palette *p, const struct palette_request *r)
{
	int64_t usual = p->config->upstream_timeout_ms;

	return r->patience_ms > 0 && r->patience_ms < usual ? r->patience_ms : usual;
}

/* What was called off is not sent. A create that was begun before is carried through: to stop in
 * the middle would only mean not to know what became of it. */
static struct http_cancel *cancel_of(const struct palette *p, const struct palette_request *r)
{
	return r->purpose == PALETTE_CREATE && !http_cancelled(p->cancel) ? NULL : p->cancel;
}

static void prepare(const struct palette *p, struct attempt *at)
{
	const struct palette_request *r = at->request;
	const struct config_environment *e = p->environment;
	int64_t patience = clock_now_ms() + patience_of(p, r);

	at->whole =
		patience <= p->deadline_ms && patience_of(p, r) == p->config->upstream_timeout_ms;
	at->fetch = (struct http_fetch){
		.method = r->method,
		.url = arena_printf(p->arena, "%s%s", e->url, r->path),
		.target = palette_target(p),
		.headers = at->headers,
		.body = r->body,
		.deadline_ms = patience < p->deadline_ms ? patience : p->deadline_ms,
		.max_bytes = (size_t)p->config->upstream_max_answer_bytes,
		.once = is_write(r),
		.uncompressed = r->expect == PALETTE_BYTES, /* JSON cannot end early unnoticed */
		.cancel = cancel_of(p, r),
	};
	if (p->credential == PALETTE_SESSION)
		add_header(at, "Authorization", p->session);
	else
		add_header(at, "ApiKey", (struct text){e->api_token.ptr, e->api_token.len});
	add_header(at, "Accept",
		   r->expect == PALETTE_BYTES ? TEXT("application/octet-stream, */*")
					      : TEXT("application/json"));
	if (r->body.len > 0)
		add_header(at, "Content-Type", TEXT("application/json"));
	if (r->project != NULL)
		add_header(at, "ProjectUid", text_of(r->project));
}

/* ---- judging an answer ---- */

/* Retry-After (RFC 9110, 10.2.3) in seconds from now: a number, or a date. 0: none, or passed. */
static int retry_after(const struct http_fetch *fetch)
{
	struct text value = text_trim(text_of(fetch->retry_after));
	struct tm date = {0};
	int64_t seconds;

	if (!text_to_int(value, &seconds)) {
		if (strptime(value.ptr, "%a, %d %b %Y %H:%M:%S GMT", &date) == NULL)
			return 0;
		seconds = timegm(&date) - clock_calendar_ms() / 1000;
	}
	if (seconds < 0)
		return 0;
	return seconds > 3600 ? 3600 : (int)seconds;
}

static bool may_try_again(const struct palette_request *r, const struct http_fetch *fetch)
{
	if (fetch->end == HTTP_FETCH_UNREACHABLE)
		return true;
	if (fetch->end == HTTP_FETCH_DONE && fetch->status == 429)
		return true;
	if (is_write(r))
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
	if (!is_write(r) || !fetch->may_have_arrived)
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
				     retry_after(fetch), &r->error);
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

/* ---- whether the environment answers ---- */

static void tell_circuit(struct palette *p, const struct attempt *at)
{
	const char *why;
	enum circuit_verdict verdict = palette_verdict(p, &at->fetch, at->whole, &why);

	circuit_tell(palette_circuit(p), &at->leave, verdict, why);
}

/* Nothing of it has gone out. */
static bool was_refused(struct attempt *at)
{
	error_in(&at->request->error, "%s", at->request->what);
	at->request->status = 0;
	at->sending = SENDING_OVER;
	return false;
}

/* Before it waits for anything, or takes what others could use. */
static bool could_enter(struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;

	return circuit_look(palette_circuit(p), is_write(r), &r->error) || was_refused(at);
}

/* It has to be sent then, and the circuit told what became of it. */
static bool enter(struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;

	return circuit_enter(palette_circuit(p), is_write(r), &at->leave, &r->error) ||
	       was_refused(at);
}

/* ---- sending, as fast as Palette's rate limits allow ---- */

/* Until when a request may wait for its turn. */
static int64_t turn_deadline(const struct palette *p, const struct palette_request *r)
{
	int64_t patience = clock_now_ms() + r->patience_ms;

	return r->patience_ms > 0 && patience < p->deadline_ms ? patience : p->deadline_ms;
}

/* Nothing of it has gone out, so that it is certain that it was not done. */
static bool wait_for_turn(struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;
	bool granted;

	palette_begin_wait(p);
	granted = pacer_wait(palette_pacer(p), r->path, p->caller, turn_deadline(p, r), p->cancel,
			     &r->error);
	palette_end_wait(p);
	if (granted)
		return true;
	return was_refused(at);
}

/* What changes something is not begun when it would be cut off at once, for then nobody would know
 * what became of it: a tenth of the time that such a request usually has, has to be left. */
static bool has_time(const struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;
	int64_t usual = patience_of(p, r);

	if (usual > p->config->request_timeout_ms)
		usual = p->config->request_timeout_ms;
	if (!is_write(r) || clock_left_ms(p->deadline_ms) >= usual / 10)
		return true;
	error_set(&r->error, ERROR_TIMEOUT, "%s: it was too late to begin with it", r->what);
	r->status = 0;
	at->sending = SENDING_OVER;
	return false;
}

/* Moves to chunk what may be sent now. Where nothing may, the first waits until it may. One that
 * tries whether the environment answers goes alone: what becomes of the others depends on it. */
static size_t take_chunk(struct palette *p, struct attempt *attempts, size_t count,
			 struct attempt **chunk)
{
	struct pacer *pacer = palette_pacer(p);
	struct attempt *first = NULL;
	bool probe = false;
	size_t taken = 0;

	for (size_t i = 0; i < count && !probe; i++) {
		struct attempt *at = &attempts[i];

		if (at->sending != SENDING_WAITS || !has_time(p, at) || !could_enter(p, at))
			continue;
		if (pacer != NULL && !pacer_take(pacer, at->request->path)) {
			first = first == NULL ? at : first;
		} else if (enter(p, at)) {
			probe = at->leave.probe;
			chunk[taken++] = at;
		}
	}
	if (taken == 0 && first != NULL && wait_for_turn(p, first) && has_time(p, first) &&
	    enter(p, first))
		chunk[taken++] = first;
	return taken;
}

static void send_chunk(struct palette *p, struct attempt *const *chunk, size_t count,
		       struct http_fetch **fetches)
{
	struct pacer *pacer = palette_pacer(p);

	for (size_t i = 0; i < count; i++) {
		prepare(p, chunk[i]);
		chunk[i]->sending = SENDING_DONE;
		fetches[i] = &chunk[i]->fetch;
	}
	http_fetch_all(palette_http(p), fetches, count, (unsigned)p->config->upstream_parallel);
	for (size_t i = 0; i < count; i++) {
		tell_circuit(p, chunk[i]);
		if (pacer != NULL && fetches[i]->end == HTTP_FETCH_DONE &&
		    fetches[i]->status == 429)
			pacer_hold(pacer, chunk[i]->request->path,
				   (int64_t)retry_after(fetches[i]) * 1000);
	}
}

static bool any_waits(const struct attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (attempts[i].sending == SENDING_WAITS)
			return true;
	return false;
}

static void send_all(struct palette *p, struct attempt *attempts, size_t count)
{
	struct http_fetch **fetches = arena_array(p->arena, struct http_fetch *, count);
	struct attempt **chunk = arena_array(p->arena, struct attempt *, count);

	for (size_t i = 0; i < count; i++)
		attempts[i].sending = SENDING_WAITS;
	while (any_waits(attempts, count))
		send_chunk(p, chunk, take_chunk(p, attempts, count, chunk), fetches);
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

	send_all(p, attempts, count);
	for (size_t i = 0; i < count; i++) {
		struct attempt *at = &attempts[i];
		int64_t asked;

		if (at->sending == SENDING_OVER)
			continue;
		asked = (int64_t)retry_after(&at->fetch) * 1000;
		if (last || !may_try_again(at->request, &at->fetch) ||
		    *pause_ms + asked >= clock_left_ms(p->deadline_ms)) {
			settle(p, at);
			http_fetch_fini(&at->fetch);
			continue;
		}
		http_fetch_fini(&at->fetch);
		if (asked > longest)
			longest = asked;
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

	if (is_write(r) && (r->ok || r->error.maybe_done))
		kept_drop_environment(kept, p->environment_index);
	if (r->ok || !r->error.reauthenticate)
		return;
	palette_credential_key(p, &key);
	kept_drop_credential(kept, &key);
}

void palette_fetch_all(struct palette *p, struct palette_request *const *requests, size_t count)
{
	struct attempt *attempts = arena_array(p->arena, struct attempt, count);
	unsigned rounds = (unsigned)p->config->upstream_attempts;
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		requests[i]->ok = false;
		attempts[i].request = requests[i];
		for (size_t h = 0; h < MOST_HEADERS; h++)
			attempts[i].headers[h] = (struct http_header){TEXT(""), TEXT("")};
	}
	for (unsigned round = 0; left > 0; round++) {
		int64_t pause_ms = pause_after(p, round);

		left = run_round(p, attempts, left, round + 1 >= rounds, &pause_ms);
		if (left > 0)
			http_cancel_wait_ms(p->cancel, pause_ms); /* then nothing is sent */
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
