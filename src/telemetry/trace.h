/*
 * Which trace a request belongs to: W3C's Trace Context, level 1. A request brings the headers
 * traceparent and tracestate, or begins a trace; what is asked on its behalf takes the trace along.
 */
#ifndef TELEMETRY_TRACE_H
#define TELEMETRY_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum {
	TRACE_ID_DIGITS = 32,
	SPAN_ID_DIGITS = 16,
	TRACE_PARENT_LENGTH = 55,
	TRACE_LONGEST_STATE = 512, /* a longer tracestate is not passed on */
};

struct trace {
	char id[TRACE_ID_DIGITS + 1];
	char span_id[SPAN_ID_DIGITS + 1];   /* of what is done here */
	char parent_id[SPAN_ID_DIGITS + 1]; /* of who called; "": nobody says */
	bool sampled;
	struct text state; /* tracestate as it is passed on; empty: none. Borrowed */
};

/*
 * Reads a header traceparent. Of versions after 00 what is known is taken, as W3C has it.
 * trace  out: id, parent_id and sampled; untouched where it is not good: then there is none.
 */
bool trace_read_parent(struct text header, struct trace *trace);
/* Whether a tracestate is good: at most 32 members, each key once. Several headers are one, with
 * commas between them. */
bool trace_is_state(struct text header);

/*
 * The trace of a request.
 * parent, state  the headers; ptr NULL: there is none, or there are several of parent.
 * ratio          of traces that begin here, how many are sampled, 0 to 1.
 */
void trace_begin(struct trace *trace, struct text parent, struct text state, double ratio);

/* A span id, of random digits. */
void trace_make_span_id(char id[SPAN_ID_DIGITS + 1]);
/* The header traceparent of a request that is sent as that span. */
void trace_put_parent(const struct trace *trace, const char *span_id,
		      char out[TRACE_PARENT_LENGTH + 1]);

/* What the thread works for until the next call; NULL: for none. Borrowed. Lines of log carry its
 * id, too. */
void trace_enter(const struct trace *trace);
const struct trace *trace_current(void);

#endif
