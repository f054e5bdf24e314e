/* Requests as part of traces: where they come from, and what is told of them at the end. */
#include <string.h>

#include "face/answer.h"
#include "face/face.h"
#include "http/http.h"
#include "telemetry/spans.h"

/* The one header of that name; ptr NULL where there is none, or several. */
static struct text only_header(const struct http_request *request, const char *name)
{
	struct text value = {NULL, 0};

	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];

		if (!text_equal_nocase(h->name, text_of(name)))
			continue;
		if (value.ptr != NULL)
			return (struct text){NULL, 0};
		value = h->value;
	}
	return value;
}

/* All tracestate headers are one. Empty where together they are too long to be passed on. */
static struct text whole_state(const struct http_request *request)
{
	struct text state = {NULL, 0};
	struct buf whole;

	buf_init(&whole, TRACE_LONGEST_STATE);
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];

		if (!text_equal_nocase(h->name, TEXT("tracestate")))
			continue;
		if (whole.len > 0)
			buf_add_char(&whole, ',');
		buf_add(&whole, h->value);
	}
	if (buf_complete(&whole) && whole.len > 0)
		state = arena_copy_text(request->arena, buf_text(&whole));
	buf_fini(&whole);
	return state;
}

void answer_begin_trace(const struct http_request *request, const struct rest *rest,
			struct trace *trace)
{
	struct text parent = only_header(request, "traceparent");
	struct text state = parent.ptr == NULL ? parent : whole_state(request);

	trace_begin(trace, parent, state, config_sample_ratio(rest->services->config));
}

/* Where nobody has to say who they are, all are strangers and none is. */
static bool is_of_stranger(const struct rest_call *rc)
{
	return rc->call.principal.kind == PRINCIPAL_NONE &&
	       !rc->rest->services->config->disable_default_auth_policy;
}

void rest_ended(struct http_exchange *x)
{
	const struct http_request *request = http_exchange_request(x);
	const struct rest_call *rc = http_exchange_data(x);
	const struct trace *trace = &rc->trace;
	const struct op *op = rc->match.op;
	struct span span;

	if (!spans_want(trace))
		return;
	span_make(&span, SPAN_SERVER, trace, trace->span_id, trace->parent_id,
		  request->received_us);
	span_name(&span, op == NULL ? "no operation" : op->name);
	span_add_string(&span, "http.request.method",
			http_is_method(request->method) ? request->method : "_OTHER");
	if (op != NULL)
		span_add_string(&span, "url.template",
				arena_printf(request->arena, "%s%s",
					     op->flags & OP_ROOT ? "" : face_mounts[0], op->path));
	if (rc->call.environment != NULL)
		span_add_string(&span, "spectrocloud.environment", rc->call.environment->name);
	span_add_string(&span, "gen_ai.tool.name", rc->call.tool);
	if (rc->status != 0)
		span_add_number(&span, "http.response.status_code", rc->status);
	span.minor = is_of_stranger(rc);
	span.failed = rc->status == 0 || rc->status >= 500;
	span_end(&span);
}
