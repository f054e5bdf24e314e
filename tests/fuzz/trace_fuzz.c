/*
 * Headers of W3C's Trace Context: the input's first line is traceparent, the rest tracestate. What
 * is taken makes a header that is taken again with the same trace; what is passed on is short, is
 * printable, and stays good.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_ids(const struct trace *t)
{
	must(strlen(t->id) == TRACE_ID_DIGITS &&
		     strspn(t->id, "0123456789abcdef") == TRACE_ID_DIGITS &&
		     strspn(t->id, "0") < TRACE_ID_DIGITS,
	     "a trace has an id");
	must(strlen(t->span_id) == SPAN_ID_DIGITS &&
		     strspn(t->span_id, "0123456789abcdef") == SPAN_ID_DIGITS,
	     "and a span");
	must(*t->parent_id == '\0' || strlen(t->parent_id) == SPAN_ID_DIGITS,
	     "and perhaps a parent");
}

static void check_again(const struct trace *t)
{
	char parent[TRACE_PARENT_LENGTH + 1];
	struct trace again = {.sampled = !t->sampled};

	trace_put_parent(t, t->span_id, parent);
	must(trace_read_parent(text_of(parent), &again), "what is sent is good");
	must(strcmp(again.id, t->id) == 0 && strcmp(again.parent_id, t->span_id) == 0 &&
		     again.sampled == t->sampled,
	     "and says the same");
}

static void check_state(struct text state)
{
	must(state.len <= TRACE_LONGEST_STATE && (state.len == 0 || trace_is_state(state)),
	     "what is passed on is good");
	for (size_t i = 0; i < state.len; i++)
		must((state.ptr[i] >= ' ' && state.ptr[i] <= '~') || state.ptr[i] == '\t',
		     "and can stand in a header");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	struct trace t = {.id = "untouched"};
	struct text parent;
	bool taken;

	if (!text_next(&rest, '\n', &parent))
		return 0;
	taken = trace_read_parent(parent, &t);
	must(taken || strcmp(t.id, "untouched") == 0, "what is refused leaves nothing");
	trace_begin(&t, parent, rest, 1);
	must(taken == (*t.parent_id != '\0'), "both see the same");
	check_ids(&t);
	check_again(&t);
	check_state(t.state);
	must(taken || t.state.len == 0, "without a parent there is no state");
	return 0;
}
