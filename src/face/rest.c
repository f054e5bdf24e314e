/* The HTTP face: from an exchange to a call, and to what answers it. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "face/answer.h"
#include "face/face.h"
#include "http/fields.h"
#include "http/http.h"
#include "json/json.h"

enum {
	MOST_QUERY_PARTS = 64,
	RETRY_FOLLOWING_S = 15,
};

/* The requirements document writes POST /spectrocloud/clusters: the same routes answer there. */
const char *const face_mounts[] = {"/api/spectrocloud", "/spectrocloud", NULL};

/* ---- answers in pieces ---- */

static void begin_stream(void *context, const char *content_type)
{
	struct http_exchange *x = context;
	struct rest_call *rc = http_exchange_data(x);
	struct http_response r = {.status = 200};

	http_response_header(&r, "Content-Type", content_type);
	http_response_header(&r, "Cache-Control", "no-store");
	/* Proxies would keep the pieces until the last one is there. */
	http_response_header(&r, "X-Accel-Buffering", "no");
	answer_common_headers(&r, x, rc->call.reauthenticate);
	rc->streams = true;
	rc->status = r.status;
	http_exchange_stream(x, &r);
}

static bool send_piece(void *context, struct text piece)
{
	return http_stream_send(context, piece);
}

static void watch_client(void *context, struct http_cancel *cancel)
{
	http_exchange_on_gone(context, cancel);
}

/* A browser asks what a page may send, without credentials. True if it was that, and is answered.
 */
static bool answer_preflight(struct http_exchange *x, const struct rest *rest)
{
	const struct http_request *request = http_exchange_request(x);
	struct http_response r = {.status = cors_preflight(rest->cors, request), .say_empty = true};

	if (r.status == 0)
		return false;
	log_info("request.preflight", F_INT("status", r.status), F_STR("peer", request->peer));
	answer_common_headers(&r, x, false);
	((struct rest_call *)http_exchange_data(x))->status = r.status;
	http_exchange_answer(x, &r);
	return true;
}

/* ---- from a request to a call ---- */

/* The path behind the mount, "/..."; false if it lies elsewhere. */
static bool path_in_mount(const struct http_request *request, struct text *path, struct text *url)
{
	for (const char *const *mount = face_mounts; *mount != NULL; mount++) {
		size_t len = strlen(*mount);

		if (!text_starts(request->path, *mount) ||
		    (request->path.len > len && request->path.ptr[len] != '/'))
			continue;
		*path = text_slice(request->path, len, SIZE_MAX);
		*url = text_slice(request->target, len, SIZE_MAX);
		if (path->len == 0)
			*path = TEXT("/");
		return true;
	}
	return false;
}

/* A header that may come once. Its value's ptr is NULL where it did not come. */
static bool single_header(const struct http_request *request, const char *name, struct text *value,
			  struct error *err)
{
	*value = (struct text){NULL, 0};
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];

		if (!text_equal_nocase(h->name, text_of(name)))
			continue;
		if (value->ptr != NULL)
			return error_set(err, ERROR_INPUT, "The header %s came more than once",
					 name);
		*value = text_trim(h->value);
	}
	/* An empty one says nothing, as frontends send it that have nothing to say. */
	if (value->len == 0)
		value->ptr = NULL;
	return true;
}

static bool read_headers(const struct http_request *request, struct call *c, struct error *err)
{
	struct text *names = arena_array(request->arena, struct text, request->header_count);

	for (size_t i = 0; i < request->header_count; i++) {
		char *name = arena_copy(request->arena, request->headers[i].name);

		for (char *p = name; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		names[i] = (struct text){name, request->headers[i].name.len};
	}
	c->header_names = names;
	c->headers = request->headers;
	c->header_count = request->header_count;
	return single_header(request, "Authorization", &c->authorization, err) &&
	       single_header(request, "X-SpectroCloud-Token", &c->palette_token, err) &&
	       single_header(request, "X-SpectroCloud-User-Email", &c->user_email, err);
}

/* The path's and the query's parameters, decoded; what does not decode has a value without ptr. */
static bool read_inputs(const struct http_request *request, struct rest_call *rc, struct error *err)
{
	size_t room = rc->match.input_count + MOST_QUERY_PARTS;
	struct call_input *inputs = arena_array(request->arena, struct call_input, room);
	size_t count = rc->match.input_count;
	struct text rest = request->query;
	struct text part;

	memcpy(inputs, rc->match.inputs, count * sizeof inputs[0]);
	while (rest.len > 0 && text_next(&rest, '&', &part)) {
		size_t equals = text_find(part, '=');
		struct text raw_name = text_slice(part, 0, equals);
		struct call_input input = {.in = IN_QUERY};

		if (part.len == 0)
			continue;
		if (count == room)
			return error_set(err, ERROR_INPUT, "The query has more than %d parameters",
					 MOST_QUERY_PARTS);
		if (!http_url_decode(request->arena, raw_name, true, &input.name))
			input.name = raw_name; /* which no parameter of ours has */
		if (equals == SIZE_MAX)
			input.value = TEXT("");
		else if (!http_url_decode(request->arena, text_slice(part, equals + 1, SIZE_MAX),
					  true, &input.value))
			input.value = (struct text){NULL, 0};
		inputs[count++] = input;
	}
	rc->call.inputs = inputs;
	rc->call.input_count = count;
	return true;
}

static bool make_call(const struct rest *rest, struct http_exchange *x, struct rest_call *rc,
		      struct error *err)
{
	const struct http_request *request = http_exchange_request(x);
	const struct config *config = rest->services->config;
	struct call *c = &rc->call;

	c->services = rest->services;
	c->arena = request->arena;
	c->id = request->id;
	c->method = request->method;
	c->url_path = request->path;
	c->peer = request->peer;
	rc->stream = (struct call_stream){
		.context = x, .begin = begin_stream, .send = send_piece, .on_gone = watch_client};
	c->stream = &rc->stream;
	c->started_us = request->received_us;
	c->deadline_ms = clock_now_ms() + config->request_timeout_ms;
	c->body = request->body;
	c->anew = http_wants_anew(request->headers, request->header_count);
	return read_headers(request, c, err) && read_inputs(request, rc, err);
}

/* No operation there. Who is not known learns only that. */
static void answer_no_route(struct http_exchange *x, struct rest_call *rc)
{
	const struct http_request *request = http_exchange_request(x);
	struct error err;

	rc->refused_for = rc->match.allow != NULL ? "method" : "route";
	if (op_identify(&rc->call, true, &err) != IDENTITY_KNOWN) {
		op_audit_stranger(&rc->call, NULL, &err);
		answer_refusal(x, rc, &err);
		return;
	}
	if (rc->match.allow != NULL) {
		error_set(&err, ERROR_METHOD, "%s is not possible here, only %s", request->method,
			  rc->match.allow);
		err.allow = rc->match.allow;
	} else {
		error_set(&err, ERROR_NOT_FOUND, "There is no such route");
	}
	answer_refusal(x, rc, &err);
}

/* ---- the two threads ---- */

static bool follows(const struct rest_call *rc)
{
	return rc->match.op != NULL && op_holds_thread(rc->match.op, &rc->call);
}

static bool run(struct http_exchange *x, struct rest_call *rc, struct result *res,
		struct error *err)
{
	struct http_cancel *cancel;
	bool ok;

	if (strcmp(http_exchange_request(x)->method, "GET") != 0 || follows(rc))
		return op_run(rc->match.op, &rc->call, res, err);
	/* Who only reads and leaves is not worked for any more. */
	cancel = http_cancel_new();
	rc->call.cancel = cancel;
	http_exchange_on_gone(x, cancel);
	ok = op_run(rc->match.op, &rc->call, res, err);
	http_exchange_on_gone(x, NULL);
	rc->call.cancel = NULL;
	http_cancel_free(cancel);
	return ok;
}

static void run_and_answer(struct http_exchange *x, struct rest_call *rc)
{
	struct result res = {.status = 0};
	struct error err;
	bool ok;

	buf_init(&res.body_owned, 0);
	ok = run(x, rc, &res, &err);
	if (rc->streams)
		http_stream_end_with(x, &res.body_owned);
	else if (ok)
		answer_result(x, rc, &res);
	else
		answer_error(x, rc->url, &err, rc->call.reauthenticate);
}

/* word: one of METRIC_REFUSED. */
static bool refuse(struct rest_call *rc, const char *word, const char *message, struct error *err)
{
	rc->refused_for = word;
	return error_set(err, ERROR_UNAVAILABLE, "%s", message);
}

static bool is_admitted_in(enum op_phase phase, struct rest_call *rc, struct error *err)
{
	rc->refused_for = phase == PHASE_STARTING ? "starting" : "stopping";
	return op_life_admits(phase, err);
}

/* Whether it is still worth doing, and the service is up. Waits while it is starting. */
static bool may_work(const struct http_exchange *x, struct rest_call *rc, struct error *err)
{
	const struct op_services *services = rc->call.services;
	int64_t until_ms = rc->call.started_us / 1000 + services->config->startup_pause_ms;

	if (http_exchange_gone(x))
		return refuse(rc, "gone", "The client hung up before its turn", err);
	if (clock_left_ms(rc->call.deadline_ms) == 0)
		return refuse(rc, "late", "The request waited too long for its turn", err);
	return rest_has_flag(rc, OP_ALWAYS) ||
	       is_admitted_in(op_life_wait_started(services->life, until_ms), rc, err);
}

static bool queue_following(struct rest_queues *q, struct http_exchange *x, struct rest_call *rc,
			    struct error *err)
{
	if (q->queue_following(q->context, x))
		return true;
	refuse(rc, "followers",
	       "As many clusters are followed as can be at a time (spectrocloud.follow.most)", err);
	err->retry_after_s = RETRY_FOLLOWING_S;
	return false;
}

/* Nobody gets a thread of their own before it is known that they may. */
static void admit_and_hand_over(struct http_exchange *x, struct rest_call *rc)
{
	struct error err;

	if (op_admit_waiting(rc->match.op, &rc->call, &err) != OP_ADMITTED)
		answer_error(x, rc->url, &err, false);
	else if (!queue_following(rc->rest->queues, x, rc, &err))
		answer_refusal(x, rc, &err);
}

void rest_work(struct http_exchange *x)
{
	struct rest_call *rc = http_exchange_data(x);
	const char *id = rc->call.id;
	struct error err;

	if (rc->unknown)
		atomic_fetch_sub(&rc->rest->queues->unknown, 1);
	rc->unknown = false;
	log_set_request(id);
	trace_enter(&rc->trace);
	if (!may_work(x, rc, &err))
		answer_refusal(x, rc, &err);
	else if (rc->match.op == NULL)
		answer_no_route(x, rc);
	else if (follows(rc) && !rc->call.admitted)
		admit_and_hand_over(x, rc);
	else
		run_and_answer(x, rc);
	trace_enter(NULL);
	log_set_request(NULL);
}

static bool queue(struct rest_queues *q, struct http_exchange *x, struct rest_call *rc,
		  struct error *err)
{
	if (rest_has_flag(rc, OP_ASIDE))
		return q->queue_aside(q->context, x) ||
		       refuse(rc, "queue", "Too many requests at the moment", err);
	if (follows(rc) && rc->call.admitted)
		return queue_following(q, x, rc, err);
	rc->unknown = !rc->call.identified;
	if (rc->unknown && atomic_fetch_add(&q->unknown, 1) >= q->most_unknown) {
		atomic_fetch_sub(&q->unknown, 1);
		return refuse(rc, "strangers", "Too many requests of unknown senders at the moment",
			      err);
	}
	if (q->queue(q->context, x))
		return true;
	if (rc->unknown)
		atomic_fetch_sub(&q->unknown, 1);
	return refuse(rc, "queue", "Too many requests at the moment", err);
}

/* What the front can say by itself is said here; false: a worker has to. */
static bool answer_at_once(struct http_exchange *x, struct rest_call *rc)
{
	const struct op *op = rc->match.op;
	struct error err;

	if (op == NULL) {
		if (op_identify(&rc->call, false, &err) == IDENTITY_UNDECIDED)
			return false;
		answer_no_route(x, rc);
		return true;
	}
	switch (op_admit(op, &rc->call, &err)) {
	case OP_REFUSED:
		answer_error(x, rc->url, &err, false);
		return true;
	case OP_UNDECIDED:
		return false;
	default:
		break;
	}
	if ((op->flags & OP_FRONT) == 0)
		return false;
	run_and_answer(x, rc);
	return true;
}

/* Who is known does not share the strangers' part of the queue. The others wait like anybody, and
 * are refused in their turn. */
static void get_to_know(struct rest_call *rc)
{
	struct error unused;
	enum identity identity = op_identify(&rc->call, false, &unused);

	(void)identity; /* the call remembers it */
}

/* From a whole, acceptable request on. */
static void handle_call(const struct rest *rest, struct http_exchange *x, struct rest_call *rc)
{
	bool always = rest_has_flag(rc, OP_ALWAYS);
	enum op_phase phase = op_life_phase(rest->services->life);
	struct error err;

	if (!always && phase == PHASE_STOPPING) {
		if (!is_admitted_in(phase, rc, &err))
			answer_refusal(x, rc, &err);
		return;
	}
	if ((always || phase != PHASE_STARTING) && answer_at_once(x, rc))
		return;
	if (phase == PHASE_STARTING && !always)
		get_to_know(rc);
	if (!queue(rest->queues, x, rc, &err))
		answer_refusal(x, rc, &err);
}

void rest_handle(void *context, struct http_exchange *x, const struct error *refused)
{
	const struct http_request *request = http_exchange_request(x);
	struct rest_call *rc = arena_new(request->arena, struct rest_call);
	const struct rest *rest = context;
	struct text path = request->path;
	struct error err;
	bool mounted;

	rc->rest = rest;
	rc->url = request->target;
	answer_begin_trace(request, rest, &rc->trace);
	http_exchange_set_data(x, rc);
	mounted = path_in_mount(request, &path, &rc->url);
	log_set_request(request->id);
	trace_enter(&rc->trace);
	if (refused != NULL) {
		rc->refused_for = refused->kind == ERROR_UNAVAILABLE ? "memory" : "malformed";
		answer_refusal(x, rc, refused);
	} else if (!answer_preflight(x, rest)) {
		op_match_path(request->arena, rest->services->config, text_of(request->method),
			      path, !mounted, &rc->match);
		rc->refused_for = "header";
		if (make_call(rest, x, rc, &err))
			handle_call(rest, x, rc);
		else
			answer_refusal(x, rc, &err);
	}
	trace_enter(NULL);
	log_set_request(NULL);
}

void rest_answer_instead(void *context, struct http_exchange *x, const struct error *why)
{
	struct rest_call *rc = http_exchange_data(x);

	(void)context;
	log_set_request(http_exchange_request(x)->id);
	trace_enter(&rc->trace);
	rc->refused_for = "memory";
	answer_refusal(x, rc, why);
	trace_enter(NULL);
	log_set_request(NULL);
}

const struct rest *rest_of(const struct http_exchange *x)
{
	const struct rest_call *rc = http_exchange_data(x);

	return rc == NULL ? NULL : rc->rest;
}
