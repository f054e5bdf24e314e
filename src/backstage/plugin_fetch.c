/* Requests to Backstage's other plugins. */
#include "backstage/inside.h"
#include "base/clock.h"
#include "telemetry/metrics.h"

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
	struct http_header *headers = arena_array(call->arena, struct http_header, 3);
	size_t header_count = 0;
	struct text token = TEXT("");
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
