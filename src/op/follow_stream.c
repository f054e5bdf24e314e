/* Following as server-sent events. All texts stand in JSON, where line feeds are escaped, so that
 * none of them can end a line of the stream. */
#include "op/follow_stream.h"

#include "json/json.h"

enum {
	RETRY_MS = 3000,
	LONGEST_EVENT = 64 * 1024, /* six times the longest texts */
};

/* ---- an event ---- */

/* id  NULL: none. The members of the object follow, then end_event(). */
static void begin_event(struct buf *out, struct json_writer *w, const char *name, const char *id)
{
	if (id != NULL)
		buf_printf(out, "id: %s\n", id);
	buf_printf(out, "event: %s\ndata: ", name);
	json_writer_init(w, out);
	json_object_begin(w);
}

static void end_event(struct buf *out, struct json_writer *w)
{
	json_object_end(w);
	buf_add_string(out, "\n\n");
}

static bool send(struct follow_stream *to, struct buf *event)
{
	bool sent = buf_complete(event) && to->stream->send(to->stream->context, buf_text(event));

	buf_fini(event);
	return sent;
}

/* ---- the sink ---- */

static bool send_state(void *context, const char *id, const struct follow_state *state)
{
	struct follow_stream *to = context;
	struct json_writer w;
	struct buf event;

	buf_init(&event, LONGEST_EVENT);
	if (!to->begun) {
		to->stream->begin(to->stream->context, "text/event-stream");
		to->begun = true;
		buf_printf(&event, "retry: %d\n", RETRY_MS);
	}
	begin_event(&event, &w, "state", id);
	json_put_pair(&w, "state", state->state);
	json_put_pair(&w, "previous", state->previous);
	end_event(&event, &w);
	return send(to, &event);
}

static bool send_condition(void *context, const char *id, const struct follow_condition *condition)
{
	struct json_writer w;
	struct buf event;

	buf_init(&event, LONGEST_EVENT);
	begin_event(&event, &w, "condition", id);
	json_put_pair(&w, "type", condition->type);
	json_put_pair(&w, "status", condition->status);
	json_put_pair(&w, "reason", condition->reason);
	json_put_pair(&w, "message", condition->message);
	json_put_pair(&w, "lastTransitionTime", condition->last_transition);
	end_event(&event, &w);
	return send(context, &event);
}

static bool send_component(void *context, const char *id, const struct follow_component *component)
{
	struct json_writer w;
	struct buf event;

	buf_init(&event, LONGEST_EVENT);
	begin_event(&event, &w, "component", id);
	json_put_pair(&w, "uid", component->uid);
	json_put_pair(&w, "time", component->time);
	json_put_pair(&w, "severity", component->severity);
	json_put_pair(&w, "reason", component->reason);
	json_put_pair(&w, "message", component->message);
	json_put_pair(&w, "component", component->component);
	json_put_pair(&w, "host", component->host);
	end_event(&event, &w);
	return send(context, &event);
}

static bool send_trouble(void *context, const struct error *problem)
{
	struct json_writer w;
	struct buf event;

	buf_init(&event, LONGEST_EVENT);
	begin_event(&event, &w, "trouble", NULL);
	json_put_pair(&w, "message", problem->message);
	end_event(&event, &w);
	return send(context, &event);
}

static bool send_sign_of_life(void *context)
{
	struct follow_stream *to = context;

	return to->stream->send(to->stream->context, TEXT(": keep-alive\n\n"));
}

struct follow_sink follow_stream_sink(struct follow_stream *out)
{
	return (struct follow_sink){
		.context = out,
		.state = send_state,
		.condition = send_condition,
		.component = send_component,
		.trouble = send_trouble,
		.quiet = send_sign_of_life,
	};
}

void follow_stream_put_end(struct buf *out, const struct follow_end *end)
{
	struct json_writer w;

	begin_event(out, &w, "end", NULL);
	json_put_pair(&w, "reason", follow_reason_name(end->reason));
	json_put_pair(&w, "state", end->state);
	json_put_pair(&w, "message", end->message);
	json_key(&w, "mayReconnect");
	json_put_bool(&w, follow_may_go_on(end->reason));
	if (end->reason == FOLLOW_SIGNED_OUT) {
		json_key(&w, "requiresReAuth");
		json_put_bool(&w, true);
	}
	end_event(out, &w);
}

/* ---- coming back ---- */

bool follow_stream_since(const struct call *c, struct follow_mark *since, struct error *err)
{
	struct text value = TEXT("");

	*since = (struct follow_mark){.given = false};
	for (size_t i = 0; i < c->header_count; i++)
		if (text_equal_nocase(c->headers[i].name, TEXT("Last-Event-ID")))
			value = text_trim(c->headers[i].value);
	if (value.len == 0 || follow_mark_read(value, since))
		return true;
	return error_set(err, ERROR_INPUT,
			 "The header Last-Event-ID must be an id that this stream has given");
}
