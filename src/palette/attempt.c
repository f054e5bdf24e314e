/*
 * Requests on their way, once each: credential, scope and deadline, a turn within Palette's rate
 * limits, and whether the environment is asked at all at the moment.
 */
#include "palette/attempt.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "palette/pacer.h"
#include "telemetry/tally.h"

static void add_header(struct attempt *at, const char *name, struct text value)
{
	at->headers[at->fetch.header_count++] = (struct http_header){text_of(name), value};
}

/* Palette sees which trace it is part of. */
static void add_trace(const struct palette *p, struct attempt *at)
{
	const struct trace *trace = trace_current();
	char *parent;

	at->span_id[0] = '\0';
	if (trace == NULL)
		return;
	trace_make_span_id(at->span_id);
	parent = arena_alloc(p->arena, TRACE_PARENT_LENGTH + 1);
	trace_put_parent(trace, at->span_id, parent);
	add_header(at, "traceparent", text_of(parent));
	if (trace->state.len > 0)
		add_header(at, "tracestate", trace->state);
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
		.once = attempt_is_write(r),
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
	add_trace(p, at);
}

int attempt_retry_after(const struct http_fetch *fetch)
{
	struct text value = text_trim(text_of(fetch->retry_after));
	int64_t at_ms;
	int64_t seconds;

	if (!text_to_int(value, &seconds)) {
		if (!clock_parse_http(value, &at_ms))
			return 0;
		seconds = at_ms / 1000 - clock_calendar_ms() / 1000;
	}
	if (seconds < 0)
		return 0;
	return seconds > 3600 ? 3600 : (int)seconds;
}

/* ---- whether the environment answers ---- */

static void tell_circuit(struct palette *p, const struct attempt *at)
{
	const char *why;
	enum circuit_verdict verdict = palette_verdict(p, &at->fetch, at->whole, &why);

	circuit_tell(palette_circuit(p), &at->leave, verdict, why);
}

/* Of the path, without its query, and the project; no identifier of the caller's is in a list's. */
uint64_t attempt_question(const struct palette_request *r)
{
	uint64_t hash;

	if (r->purpose == PALETTE_LIST && r->project == NULL)
		return CIRCUIT_WHOLE;
	hash = hash_text(HASH_START, (struct text){r->path, strcspn(r->path, "?")});

	/* A byte between them that neither has. */
	return hash_text(hash_byte(hash, '?'), text_of(r->project));
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

	return circuit_look(palette_circuit(p), attempt_is_write(r), attempt_question(r),
			    &r->error) ||
	       was_refused(at);
}

/* It has to be sent then, and the circuit told what became of it. */
static bool enter(struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;

	return circuit_enter(palette_circuit(p), attempt_is_write(r), attempt_question(r),
			     &at->leave, &r->error) ||
	       was_refused(at);
}

/* ---- sending, as fast as Palette's rate limits allow ---- */

/* Until when a request may wait for its turn. */
static int64_t turn_deadline(const struct palette *p, const struct palette_request *r)
{
	int64_t patience = clock_now_ms() + r->patience_ms;

	return r->patience_ms > 0 && patience < p->deadline_ms ? patience : p->deadline_ms;
}

/* A refusal, that is, and not that it was called off. */
static void count_refusal(const struct palette *p, const struct error *err)
{
	if (err->kind == ERROR_UNAVAILABLE)
		tally_count(palette_tally(p), clock_now_ms(), METRIC_PACED_REFUSALS,
			    palette_label(p->environment->name));
}

/* Nothing of it has gone out, so that it is certain that it was not done. */
static bool wait_for_turn(struct palette *p, struct attempt *at)
{
	struct palette_request *r = at->request;
	int64_t began_us = clock_now_us();
	bool granted;

	palette_begin_wait(p);
	granted = pacer_wait(palette_pacer(p), r->path, p->caller, p->others, turn_deadline(p, r),
			     p->cancel, &r->error);
	palette_end_wait(p);
	metric_observe(METRIC_PACED_SECONDS, clock_now_us() - began_us,
		       palette_label(p->environment->name));
	if (granted)
		return true;
	count_refusal(p, &r->error);
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
	if (!attempt_is_write(r) || clock_left_ms(p->deadline_ms) >= usual / 10)
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

static void measure(const struct palette *p, const struct attempt *at)
{
	const char *environment = palette_label(p->environment->name);
	const struct palette_request *r = at->request;
	const char *cause = http_fetch_cause(&at->fetch);
	int64_t now_ms = clock_now_ms();
	char room[METRIC_STATUS_SIZE];

	tally_count(palette_tally(p), now_ms, METRIC_UPSTREAM, environment,
		    palette_endpoint(r->method, r->path),
		    cause != NULL ? cause : metric_status(at->fetch.status, room));
	tally_observe(palette_tally(p), now_ms, METRIC_UPSTREAM_SECONDS, at->fetch.took_us,
		      environment);
	if (at->fetch.certificate_ends_s != 0)
		atomic_store(palette_certificate(p), at->fetch.certificate_ends_s);
}

static void log_attempt(const struct palette *p, const struct attempt *at)
{
	const struct palette_request *r = at->request;
	const struct http_fetch *fetch = &at->fetch;

	log_debug("upstream.attempt",
		  F_STR("environment", p->environment->name == NULL ? "" : p->environment->name),
		  F_STR("method", r->method), F_STR("path", r->path),
		  F_INT("status", fetch->end == HTTP_FETCH_DONE ? fetch->status : 0),
		  F_STR("problem", fetch->problem == NULL ? "" : fetch->problem),
		  F_INT("ms", fetch->took_us / 1000));
}

/* 401 is about the token itself; other refusals are about what was asked. */
static void note_token(const struct palette *p, const struct attempt *at)
{
	int_fast64_t taken = 0;

	if (p->credential != PALETTE_API_KEY || at->fetch.end != HTTP_FETCH_DONE)
		return;
	if (at->fetch.status == 401)
		atomic_compare_exchange_strong(palette_token_refused(p), &taken,
					       clock_calendar_ms());
	else if (at->fetch.status < 300)
		atomic_store(palette_token_refused(p), 0);
}

static void send_chunk(struct palette *p, struct attempt *const *chunk, size_t count,
		       struct http_fetch **fetches)
{
	struct pacer *pacer = palette_pacer(p);
	int64_t began_us = clock_now_us();

	for (size_t i = 0; i < count; i++) {
		prepare(p, chunk[i]);
		chunk[i]->sending = SENDING_DONE;
		fetches[i] = &chunk[i]->fetch;
	}
	http_fetch_all(palette_http(p), fetches, count, (unsigned)p->config->upstream_parallel,
		       palette_patience(p->client));
	for (size_t i = 0; i < count; i++) {
		tell_circuit(p, chunk[i]);
		attempt_tell_trace(p, chunk[i], began_us);
		measure(p, chunk[i]);
		note_token(p, chunk[i]);
		log_attempt(p, chunk[i]);
		if (pacer != NULL && fetches[i]->end == HTTP_FETCH_DONE &&
		    fetches[i]->status == 429)
			pacer_hold(pacer, chunk[i]->request->path,
				   (int64_t)attempt_retry_after(fetches[i]) * 1000);
	}
}

static bool any_waits(const struct attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (attempts[i].sending == SENDING_WAITS)
			return true;
	return false;
}

void attempt_all(struct palette *p, struct attempt *attempts, size_t count)
{
	struct http_fetch **fetches = arena_array(p->arena, struct http_fetch *, count);
	struct attempt **chunk = arena_array(p->arena, struct attempt *, count);

	for (size_t i = 0; i < count; i++)
		attempts[i].sending = SENDING_WAITS;
	while (any_waits(attempts, count))
		send_chunk(p, chunk, take_chunk(p, attempts, count, chunk), fetches);
}

bool palette_could_ask(const struct palette *p, const char *path, size_t count, const char *what,
		       struct error *err)
{
	struct pacer *pacer = palette_pacer(p);

	if (pacer == NULL || pacer_could(pacer, path, count, p->deadline_ms, err))
		return true;
	count_refusal(p, err);
	return error_in(err, "%s", what);
}

void palette_put_off(const struct palette *p, const char *path, size_t count, struct error *err)
{
	struct pacer *pacer = palette_pacer(p);
	int seconds;

	if (pacer == NULL || err->kind != ERROR_UNAVAILABLE || err->upstream_status != 0)
		return;
	seconds = pacer_takes_s(pacer, path, count);
	if (seconds > err->retry_after_s)
		err->retry_after_s = seconds;
}
