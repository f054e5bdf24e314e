/*
 * Inside op/: following as server-sent events (WHATWG HTML, 9.2): each with a name, an id to come
 * back with, and one line of JSON.
 */
#ifndef OP_FOLLOW_STREAM_H
#define OP_FOLLOW_STREAM_H

#include "op/follow.h"

struct follow_stream {
	const struct call_stream *stream;
	bool begun;
};

/* A sink that writes to out->stream, which is begun with the first piece. out: borrowed for the
 * life of the sink. */
struct follow_sink follow_stream_sink(struct follow_stream *out);

/* Appends the last event: {"reason","state","message","mayReconnect"}, and "requiresReAuth" where
 * the user should sign in to Palette again. */
void follow_stream_put_end(struct buf *out, const struct follow_end *end);

/* The header Last-Event-ID of the call. Fails with ERROR_INPUT where it is no id of ours; a mark
 * that is not given where there is none. */
MUST_USE bool follow_stream_since(const struct call *c, struct follow_mark *since,
				  struct error *err);

#endif
