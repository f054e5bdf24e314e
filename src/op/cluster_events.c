/* What happens to a cluster: the events of Palette's components, and following it until it runs. */
#include "op/follow_stream.h"
#include "op/page.h"
#include "op/rows.h"

/* ---- the list ---- */

static bool list_events(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;

	if (!call_open_environment(c, err))
		return false;
	palette_list_init(&list, c->palette, "events");
	return result_list(res, &list,
			   palette_cluster_events(c->palette, call_string(c, "projectUid"),
						  call_string(c, "clusterUid"),
						  (size_t)call_number(c, "limit"), &list, err),
			   err);
}

/* ---- following ---- */

static bool follow_with(struct call *c, struct http_cancel *cancel,
			const struct follow_options *options, struct follow_end *end,
			struct error *err)
{
	struct follow_stream out = {.stream = c->stream};
	struct follow_sink sink = follow_stream_sink(&out);
	bool followed;

	c->cancel = cancel;
	c->stream->on_gone(c->stream->context, cancel);
	followed = follow_cluster(c, call_string(c, "projectUid"), call_string(c, "clusterUid"),
				  options, &sink, end, err);
	c->stream->on_gone(c->stream->context, NULL);
	c->cancel = NULL;
	return followed;
}

static bool follow_events(struct call *c, struct result *res, struct error *err)
{
	struct follow_options options = {
		.backlog = (size_t)call_number(c, "limit"),
		.quiet_ms = c->services->config->follow.keep_alive_ms,
	};
	struct http_cancel *cancel;
	struct follow_end end;
	bool followed;

	if (c->stream == NULL)
		return error_set(err, ERROR_INPUT, "query parameter follow: not possible here");
	if (!follow_stream_since(c, &options.since, err))
		return false;
	cancel = http_cancel_new();
	followed = follow_with(c, cancel, &options, &end, err);
	http_cancel_free(cancel);
	if (!followed)
		return false;
	c->ended = follow_reason_name(end.reason);
	buf_init(&res->body_owned, SIZE_MAX / 2); /* its texts have bounds */
	follow_stream_put_end(&res->body_owned, &end);
	return true;
}

static bool cluster_events(struct call *c, struct result *res, struct error *err)
{
	if (!call_choose_environment(c, "instance", call_string(c, "instance"), err))
		return false;
	return call_bool(c, "follow") ? follow_events(c, res, err) : list_events(c, res, err);
}

/* ---- answers ---- */

static const struct field event_fields[] = {
	{.name = "metadata",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = metadata_fields,
	 .help = "With the uid and the time, creationTimestamp"},
	{.name = "severity", .type = FIELD_STRING, .help = "Such as Warning"},
	{.name = "reason", .type = FIELD_STRING, .help = "A word, such as NodeNotReady"},
	{.name = "message", .type = FIELD_STRING, .help = "What the component says"},
	{.name = "source", .type = FIELD_OBJECT, .help = "Which component, and on which host"},
	{.name = NULL},
};

static const struct field events_answer[] = {
	{.name = "events",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = event_fields,
	 .help = "The newest first, as Palette has them"},
	WARNINGS,
	{.name = NULL},
};

const struct op cluster_event_ops[] = {
	{
		.name = "cluster.events",
		.summary = "List what Palette's components tell of a cluster, or follow it until "
			   "it runs",
		GET("/clusters/:clusterUid/events"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(
			PATH_IDENTIFIER("clusterUid", "UID of the cluster"), QUERY_PROJECT,
			QUERY_INSTANCE,
			QUERY_FLAG("follow",
				   "Stay, and send what changes as server-sent events until the "
				   "cluster runs, fails or is deleted. Who comes back with the "
				   "header Last-Event-ID gets what they have missed"),
			QUERY_COUNT("limit", "100", 1, FOLLOW_MOST_BACKLOG,
				    "At most so many of the newest events; with follow, of those "
				    "that are there at the start")),
		.flags = OP_LATE | OP_FOLLOWS,
		.answer = events_answer,
		.stream_type = "text/event-stream",
		.stream_help =
			"with follow, server-sent events, each with JSON as its data: state "
			"{state, previous}, condition {type, status, reason, message, "
			"lastTransitionTime}, component {uid, time, severity, reason, message, "
			"component, host}, trouble {message}, and at the end, end {reason, "
			"state, message, mayReconnect, requiresReAuth}",
		.run = cluster_events,
	},
	{.name = NULL},
};
