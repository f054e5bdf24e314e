/* Answers of the HTTP face: results, and errors as Backstage's clients expect them. */
#include "face/answer.h"

#include "base/log.h"
#include "http/http.h"
#include "telemetry/metrics.h"
#include "json/json.h"

enum {
	LONGEST_ERROR = 128 * 1024, /* but for the URL */
	LONGEST_ESCAPE = 6,         /* what a byte may become in a JSON string */
};

void answer_common_headers(struct http_response *r, const struct http_exchange *x,
			   bool reauthenticate)
{
	const struct http_request *request = http_exchange_request(x);
	const struct rest_call *rc = http_exchange_data(x);
	bool exposed;

	http_response_header(r, "X-Request-Id", request->id);
	secure_headers(rc->rest->secure, r);
	exposed = cors_headers(rc->rest->cors, request, r);
	if (!reauthenticate)
		return;
	metric_count(METRIC_REAUTHENTICATIONS);
	http_response_header(r, "X-SpectroCloud-ReAuth-Required", "true");
	if (!exposed)
		http_response_header(r, "Access-Control-Expose-Headers",
				     "X-SpectroCloud-ReAuth-Required");
}

/* What was done for a request before is not done again, and its client should know. */
static void add_replayed(struct http_response *r, bool replayed)
{
	if (replayed)
		http_response_header(r, "Idempotency-Replayed", "true");
}

static void write_details(struct json_writer *w, struct arena *a, struct text details)
{
	struct json_walk walk;
	struct text value;
	struct text name;
	struct text key;

	if (details.len == 0)
		return;
	walk = json_walk_begin(details);
	while (json_walk_member(&walk, &key, &value)) {
		if (!json_unescape(a, key, &name))
			continue;
		json_key(w, name.ptr);
		json_put_raw(w, value);
	}
}

/* Backstage's ErrorResponseBody. */
static void write_error(struct buf *out, struct arena *a, const char *method, struct text url,
			const struct error *err)
{
	const struct error_face *face = error_face(err->kind);
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "error");
	json_object_begin(&w);
	json_key(&w, "name");
	json_put_cstr(&w, face->name);
	json_key(&w, "message");
	json_put_cstr(&w, err->message);
	write_details(&w, a, err->details);
	json_object_end(&w);
	json_key(&w, "request");
	json_object_begin(&w);
	json_key(&w, "method");
	json_put_cstr(&w, method);
	json_key(&w, "url");
	json_put_text(&w, url);
	json_object_end(&w);
	json_key(&w, "response");
	json_object_begin(&w);
	json_key(&w, "statusCode");
	json_put_int(&w, face->http_status);
	json_object_end(&w);
	if (err->reauthenticate) {
		json_key(&w, "requiresReAuth");
		json_put_bool(&w, true);
	}
	json_object_end(&w);
}

/* RFC 6750 section 3: what is wanted, and whether what came was no good. RFC 9728 section 5.1:
 * where a client learns who gives out what is. */
static const char *challenge(const struct http_exchange *x, const struct error *err)
{
	const struct http_request *request = http_exchange_request(x);
	const struct rest_call *rc = http_exchange_data(x);
	const char *wanted = "Bearer realm=\"spectrocloud\"";
	const char *metadata = NULL;

	if (rest_has_flag(rc, OP_RESOURCE))
		metadata = op_resource_metadata(rc->rest->services->config, request->arena);
	if (metadata != NULL)
		wanted = arena_printf(request->arena, "%s, resource_metadata=\"%s\"", wanted,
				      metadata);
	if (http_header_find(request->headers, request->header_count, "Authorization") == NULL ||
	    err->reauthenticate)
		return wanted;
	return arena_printf(request->arena, "%s, error=\"invalid_token\"", wanted);
}

void answer_error(struct http_exchange *x, struct text url, const struct error *err,
		  bool reauthenticate)
{
	const struct http_request *request = http_exchange_request(x);
	struct http_response r = {.status = error_face(err->kind)->http_status};

	buf_init(&r.body_owned, LONGEST_ERROR + LONGEST_ESCAPE * url.len);
	write_error(&r.body_owned, request->arena, request->method == NULL ? "" : request->method,
		    url, err);
	http_response_header(&r, "Content-Type", "application/json; charset=utf-8");
	http_response_header(&r, "Cache-Control", "no-store");
	answer_common_headers(&r, x, reauthenticate || err->reauthenticate);
	if (err->kind == ERROR_UNAUTHENTICATED)
		http_response_header(&r, "WWW-Authenticate", challenge(x, err));
	if (err->kind == ERROR_METHOD && err->allow != NULL)
		http_response_header(&r, "Allow", err->allow);
	add_replayed(&r, err->replayed);
	if (err->kind == ERROR_UNAVAILABLE || err->retry_after_s > 0)
		http_response_header(&r, "Retry-After",
				     arena_printf(request->arena, "%d",
						  err->retry_after_s > 0 ? err->retry_after_s : 1));
	http_exchange_answer(x, &r);
}

void answer_refusal(struct http_exchange *x, const struct rest_call *rc, const struct error *err)
{
	const struct http_request *request = http_exchange_request(x);

	metric_count(METRIC_REFUSED, rc->refused_for);
	log_info("request.refused", F_INT("status", error_face(err->kind)->http_status),
		 F_STR("error", err->message), F_STR("peer", request->peer));
	answer_error(x, rc->url, err, false);
}

void answer_result(struct http_exchange *x, const struct rest_call *rc, struct result *res)
{
	const struct http_request *request = http_exchange_request(x);
	struct http_response r = {.status = res->status, .body = res->body};

	r.body_owned = res->body_owned;
	buf_init(&res->body_owned, 0);
	r.shared = res->shared;
	res->shared = NULL;
	http_response_header(&r, "Content-Type",
			     res->content_type == NULL ? "" : res->content_type);
	if (rc->call.op->flags & OP_SECRET)
		http_response_header(&r, "Cache-Control", "no-store");
	add_replayed(&r, res->replayed);
	if (res->kept) /* RFC 9111, 5.1 */
		http_response_header(&r, "Age", arena_printf(request->arena, "%d", res->age_s));
	if (res->file_name != NULL)
		http_response_header(&r, "Content-Disposition",
				     arena_printf(request->arena, "attachment; filename=\"%s\"",
						  res->file_name));
	answer_common_headers(&r, x, rc->call.reauthenticate);
	if (res->policy != NULL)
		secure_page(res->policy, &r);
	/* Those that the configuration adds to the answers about the process's health. */
	if (rc->call.op->flags & OP_ROOT)
		secure_replace(&rc->call.services->config->health, &r);
	represent_answer(rc->rest->represent, request, rc->call.op, res->constant, &r);
	http_exchange_answer(x, &r);
}
