/* What a trace is told of a request to Palette. */
#include <string.h>

#include "palette/attempt.h"
#include "telemetry/spans.h"

/* Of a path, as much as names no object: "/v1/spectroclusters". */
static const char *collection_of(const struct palette *p, const char *path)
{
	struct text whole = {path, strcspn(path, "?")};
	struct text rest = whole;
	struct text segment;
	size_t len = 0;

	for (int i = 0; i < 3 && text_next(&rest, '/', &segment); i++)
		len = (size_t)(segment.ptr + segment.len - path);
	return arena_copy(p->arena, text_slice(whole, 0, len));
}

void attempt_tell_trace(const struct palette *p, const struct attempt *at, int64_t began_us)
{
	const struct http_fetch *fetch = &at->fetch;
	const struct trace *trace = trace_current();
	const char *collection;
	struct span span;

	if (!spans_want(trace) || at->span_id[0] == '\0')
		return;
	collection = collection_of(p, at->request->path);
	span_make(&span, SPAN_CLIENT, trace, at->span_id, trace->span_id, began_us);
	span.end_us = span.start_us + fetch->took_us;
	span_name(&span, arena_printf(p->arena, "%s %s", fetch->method, collection));
	span_add_string(&span, "http.request.method", fetch->method);
	span_add_string(&span, "url.template", collection);
	span_add_string(&span, "peer.service", "palette");
	span_add_string(&span, "spectrocloud.environment", p->environment->name);
	if (fetch->end == HTTP_FETCH_DONE)
		span_add_number(&span, "http.response.status_code", fetch->status);
	else
		span_add_string(&span, "error.type", http_fetch_end_name(fetch->end));
	span.failed = fetch->end != HTTP_FETCH_DONE || fetch->status >= 400;
	span_end(&span);
}
