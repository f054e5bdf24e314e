/*
 * The MCP endpoint: one message a request, answered whole or, where a client wants to hear of the
 * progress, as a stream of events.
 */
#include "base/log.h"
#include "op/mcp_door.h"
#include "op/mcp_host.h"
#include "op/rows.h"

/* A stream of events, and whether anybody wants one. */
struct events {
	const struct call_stream *stream;
	bool begun;
};

static void wrap_event(struct buf *out, struct text message)
{
	buf_init(out, message.len + 64);
	buf_add_string(out, "event: message\ndata: ");
	buf_add(out, message);
	buf_add_string(out, "\n\n");
}

/* What cannot be sent, since the client reads too slowly or is gone, is not missed: another piece
 * of news will follow, or nobody listens. */
static void send_event(void *context, struct text message)
{
	const struct events *events = context;
	struct buf event;
	bool sent;

	wrap_event(&event, message);
	sent = events->stream->send(events->stream->context, buf_text(&event));
	(void)sent;
	buf_fini(&event);
}

static void send_comment(void *context)
{
	const struct events *events = context;
	bool sent = events->stream->send(events->stream->context, TEXT(": keep-alive\n\n"));

	(void)sent;
}

static void begin_events(struct events *events)
{
	events->stream->begin(events->stream->context, "text/event-stream");
	events->begun = true;
}

/* The answer, in the form that was begun; it moves. */
static void put_answer(const struct events *events, int status, struct buf *answer,
		       struct result *res)
{
	struct buf event;

	res->status = status;
	if (!events->begun) {
		result_json_owned(res, answer);
		return;
	}
	wrap_event(&event, buf_text(answer));
	buf_fini(answer);
	res->body_owned = event;
}

/* ---- one message ---- */

/*
 * In the modern era who leaves has called the request off. In the legacy era a connection that
 * breaks says nothing: those clients send a notification.
 */
static void run_call(struct call *c, struct mcp_message *m, struct events *events,
		     struct buf *answer)
{
	bool is_modern = m->era == MCP_MODERN;
	struct mcp_run run = {.call = c, .message = m, .by_id = !is_modern, .context = events};
	struct http_cancel *cancel = http_cancel_new();

	c->cancel = cancel;
	if (events->begun) {
		run.notify = send_event;
		run.keep_alive = send_comment;
	}
	if (is_modern && events->stream != NULL)
		events->stream->on_gone(events->stream->context, cancel);
	mcp_run_begin(c->services->mcp, &run);
	mcp_run(&run, answer);
	mcp_run_end(&run);
	if (is_modern && events->stream != NULL)
		events->stream->on_gone(events->stream->context, NULL);
	c->cancel = NULL;
	http_cancel_free(cancel);
}

static void answer_message(struct call *c, const struct mcp_visit *visit, struct result *res)
{
	struct mcp_host *host = c->services->mcp;
	struct events events = {.stream = c->stream};
	struct mcp_message m;
	struct buf answer;

	buf_init(&answer, SIZE_MAX / 2); /* a tool's answer has a bound, the rest is small */
	mcp_read(mcp_host_server(host), c->arena, MCP_HTTP, &visit->headers, c->body, &answer, &m);
	log_debug("mcp", F_STR("method", m.method), F_STR("version", m.version),
		  F_INT("code", m.code));
	if (m.kind == MCP_CANCEL)
		mcp_host_cancel(host, c, m.cancel_id);
	if (m.kind == MCP_CANCEL || m.kind == MCP_ACCEPTED) {
		buf_fini(&answer);
		res->status = m.status;
		return;
	}
	if (c->stream != NULL && visit->takes_stream && m.status == 200 &&
	    (!visit->takes_json || m.progress_token.ptr != NULL))
		begin_events(&events);
	if (m.kind == MCP_CALL)
		run_call(c, &m, &events, &answer);
	put_answer(&events, m.status, &answer, res);
}

static void answer_refusal(const struct mcp_refusal *refusal, struct result *res)
{
	struct buf out;

	log_info("mcp.refused", F_INT("status", refusal->status), F_STR("error", refusal->message));
	buf_init(&out, SIZE_MAX / 2);
	mcp_put_error(&out, (struct text){NULL, 0}, refusal->code, refusal->message,
		      (struct text){NULL, 0});
	res->status = refusal->status;
	result_json_owned(res, &out);
}

static bool mcp_message(struct call *c, struct result *res, struct error *err)
{
	struct mcp_refusal refusal;
	struct mcp_visit visit;

	(void)err;
	if (mcp_admit(c, &visit, &refusal))
		answer_message(c, &visit, res);
	else
		answer_refusal(&refusal, res);
	return true;
}

static bool is_enabled(const struct config *config)
{
	return config->mcp.enabled;
}

/* ---- answers ---- */

static const struct field message_answer[] = {
	{.name = "jsonrpc", .type = FIELD_STRING, .required = true, .help = "2.0"},
	{.name = "id", .type = FIELD_ANY, .help = "The request's, a string or a number"},
	{.name = "result", .type = FIELD_OBJECT, .help = "What the method answers"},
	{.name = "error", .type = FIELD_OBJECT, .help = "Or why it does not: code and message"},
	{.name = NULL},
};

const struct op mcp_ops[] = {
	{
		.name = "mcp.message",
		.summary =
			"Serve agents: one message of the Model Context Protocol, over streamable "
			"HTTP",
		POST("/mcp"),
		.permission = PERMIT_AUTHENTICATED,
		.flags = OP_LOCAL | OP_SECRET | OP_CARRIER | OP_RESOURCE,
		.answer = message_answer,
		.run = mcp_message,
		.exists = is_enabled,
	},
	{.name = NULL},
};
