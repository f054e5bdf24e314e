/* What a trace is told of a request to Palette. */
#include "palette/attempt.h"
#include "telemetry/spans.h"

void attempt_tell_trace(const struct palette *p, const struct attempt *at, int64_t began_us)
{
	const struct http_fetch *fetch = &at->fetch;
	const struct trace *trace = trace_current();
	const char *endpoint;
	struct span span;

	if (!spans_want(trace) || at->span_id[0] == '\0')
		return;
	endpoint = palette_endpoint(at->request->method, at->request->path);
	span_make(&span, SPAN_CLIENT, trace, at->span_id, trace->span_id, began_us);
	span.end_us = span.start_us + fetch->took_us;
	span_name(&span, arena_printf(p->arena, "%s %s", fetch->method, endpoint));
	span_add_string(&span, "http.request.method", fetch->method);
	span_add_string(&span, "url.template", endpoint);
	span_add_string(&span, "peer.service", "palette");
	span_add_string(&span, "spectrocloud.environment", p->environment->name);
	if (fetch->end == HTTP_FETCH_DONE)
		span_add_number(&span, "http.response.status_code", fetch->status);
	else
		span_add_string(&span, "error.type", http_fetch_cause(fetch));
	span.failed = fetch->end != HTTP_FETCH_DONE || fetch->status >= 400;
	span_end(&span);
}
