/* Requests to Backstage's other plugins. */
#include "backstage/inside.h"
#include "base/clock.h"
#include "telemetry/metrics.h"
#include "telemetry/spans.h"

enum { MOST_HEADERS = 5 };

/* The plugin sees which trace it is part of. span_id: out, "" where there is none. Answers how many
 * headers there are for it. */
static size_t add_trace(const struct backstage_call *call, char *span_id,
			struct http_header *headers)
{
	const struct trace *trace = trace_current();
	char *parent;

	span_id[0] = '\0';
	if (trace == NULL)
		return 0;
	trace_make_span_id(span_id);
	parent = arena_alloc(call->arena, TRACE_PARENT_LENGTH + 1);
	trace_put_parent(trace, span_id, parent);
	headers[0] = (struct http_header){TEXT("traceparent"), text_of(parent)};
	headers[1] = (struct http_header){TEXT("tracestate"), trace->state};
	return trace->state.len > 0 ? 2 : 1;
}

static void tell_trace(const struct backstage_call *call, const struct plugin_request *request,
		       const struct http_fetch *fetch, const char *span_id, int64_t began_us)
{
	const struct trace *trace = trace_current();
	struct span span;

	if (!spans_want(trace) || *span_id == '\0')
		return;
	span_make(&span, SPAN_CLIENT, trace, span_id, trace->span_id, began_us);
	span_name(&span, arena_printf(call->arena, "%s %s", request->method, request->plugin));
	span_add_string(&span, "http.request.method", request->method);
	span_add_string(&span, "peer.service", "backstage");
	span_add_string(&span, "backstage.plugin.id", request->plugin);
	if (fetch->end == HTTP_FETCH_DONE)
		span_add_number(&span, "http.response.status_code", fetch->status);
	else
		span_add_string(&span, "error.type", http_fetch_cause(fetch));
	span.failed = fetch->end != HTTP_FETCH_DONE || fetch->status >= 400;
	span_end(&span);
}

void count_plugin_fetch(const char *plugin, const struct http_fetch *fetch)
{
	const char *cause = http_fetch_cause(fetch);
	char room[METRIC_STATUS_SIZE];

	metric_count(METRIC_BACKSTAGE, plugin,
		     cause != NULL ? cause : metric_status(fetch->status, room));
}

/* Empty: none. */
static bool token_for(struct backstage *b, const struct backstage_call *call,
		      const struct principal *principal, const char *plugin, struct text *token,
		      struct error *err)
{
	if (principal == NULL)
		return true;
	if (b->given.ptr == NULL)
		return backstage_plugin_token(b, call->arena, principal, plugin, token, err);
	*token = b->given;
	return true;
}

bool plugin_fetch(struct backstage *b, const struct backstage_call *call,
		  const struct principal *principal, const struct plugin_request *request,
		  struct http_fetch *fetch, struct error *err)
{
	int64_t latest_ms = clock_now_ms() + request->timeout_ms;
	struct http_header *headers = arena_array(call->arena, struct http_header, MOST_HEADERS);
	size_t header_count = 0;
	struct text token = TEXT("");
	char span_id[SPAN_ID_DIGITS + 1];
	int64_t began_us = clock_now_us();
	const char *url;

	*fetch = (struct http_fetch){.end = HTTP_FETCH_UNREACHABLE};
	if (!backstage_url(b, call, request->plugin, &url, err) ||
	    !token_for(b, call, principal, request->plugin, &token, err))
		return false;
	headers[header_count++] = (struct http_header){TEXT("Accept"), TEXT("application/json")};
	if (request->body.len > 0)
		headers[header_count++] =
			(struct http_header){TEXT("Content-Type"), TEXT("application/json")};
	if (token.len > 0)
		headers[header_count++] = (struct http_header){
			TEXT("Authorization"), text_of(arena_printf(call->arena, "Bearer %.*s",
								    (int)token.len, token.ptr))};
	header_count += add_trace(call, span_id, headers + header_count);
	*fetch = (struct http_fetch){
		.method = request->method,
		.url = arena_printf(call->arena, "%s%s", url, request->path),
		.target = &b->target,
		.headers = headers,
		.header_count = header_count,
		.body = request->body,
		.deadline_ms = call->deadline_ms < latest_ms ? call->deadline_ms : latest_ms,
		.max_bytes = request->max_bytes,
		.cancel = call->cancel,
	};
	http_fetch(b->http, fetch);
	tell_trace(call, request, fetch, span_id, began_us);
	count_plugin_fetch(request->plugin, fetch);
	return true;
}

/* ---- for who looks for a fault ---- */

void backstage_use_token(struct backstage *b, struct text token)
{
	b->given = token;
}

const struct http_target *backstage_target(const struct backstage *b)
{
	return &b->target;
}

bool backstage_look(struct backstage *b, const struct backstage_call *call,
		    const struct principal *principal, const struct backstage_question *question,
		    struct http_fetch *fetch, struct error *err)
{
	enum { LARGEST_ANSWER = 4 * 1024 * 1024 };
	const struct plugin_request request = {
		.plugin = question->plugin,
		.method = question->body.len > 0 ? "POST" : "GET",
		.path = question->path,
		.body = question->body,
		.timeout_ms = b->config->backstage_timeout_ms,
		.max_bytes = LARGEST_ANSWER,
	};

	return plugin_fetch(b, call, principal, &request, fetch, err);
}
