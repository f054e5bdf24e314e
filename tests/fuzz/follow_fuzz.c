/*
 * What Palette says of a cluster that is followed, as any bytes: two answers about the cluster and
 * a list of events, separated by a form feed, and the id that a client sends behind another. What
 * is read is bounded and UTF-8, what was told is not new, and what is written has one line an
 * event.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/follow_read.h"
#include "op/follow_stream.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS 1700000000000

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_text(const char *s, size_t longest)
{
	must(s != NULL && strlen(s) <= longest, "it is bounded");
	must(text_is_utf8(text_of(s)), "it is UTF-8");
}

/* ---- what is written ---- */

static void begin(void *context, const char *content_type)
{
	(void)context;
	(void)content_type;
}

/* "id: ...", "event: ...", "data: {...}", and an empty line; the first has retry, too. */
static bool send(void *context, struct text piece)
{
	struct text line = {NULL, 0};
	struct text rest = piece;
	struct text value;
	struct error err;
	size_t lines = 0;

	(void)context;
	must(text_find(piece, '\r') == SIZE_MAX, "no line ends otherwise");
	must(text_ends(piece, "}\n\n"), "it ends");
	while (text_next(&rest, '\n', &line) && line.len > 0) {
		lines++;
		if (text_starts(line, "data: "))
			must(json_check(text_slice(line, 6, SIZE_MAX), &value, &err), "JSON");
		else
			must(text_starts(line, "id: ") || text_starts(line, "event: ") ||
				     text_starts(line, "retry: "),
			     "a field");
	}
	must(lines == 3 || lines == 4, "one line each");
	must(text_is(rest, ""), "nothing behind it");
	return true;
}

static const struct call_stream stream = {.begin = begin, .send = send};

/* ---- the cluster ---- */

static void check_snapshot(const struct follow_sink *sink, const struct follow_snapshot *s)
{
	const struct follow_state state = {.state = s->state};

	check_text(s->state, FOLLOW_LONGEST_WORD);
	must(s->state[0] != '\0', "there is a state");
	must(s->count <= FOLLOW_MOST_CONDITIONS, "conditions are bounded");
	must(sink->state(sink->context, "1", &state), "it is sent");
	for (size_t i = 0; i < s->count; i++) {
		check_text(s->conditions[i].type, FOLLOW_LONGEST_WORD);
		check_text(s->conditions[i].message, FOLLOW_LONGEST_MESSAGE);
		must(sink->condition(sink->context, "1", &s->conditions[i]), "it is sent");
	}
}

static void check_clusters(struct arena *a, const struct follow_sink *sink, struct text first,
			   struct text second)
{
	struct follow_snapshot before = {.state = NULL};
	struct follow_snapshot now = {.state = NULL};
	const struct follow_condition **changed;
	struct text value;
	struct error err;

	if (!json_check(first, &value, &err) || !follow_read_cluster(a, value, &before, &err))
		return;
	check_snapshot(sink, &before);
	must(follow_changed(a, &before, &before, &changed) == 0, "nothing has changed");
	if (!json_check(second, &value, &err) || !follow_read_cluster(a, value, &now, &err))
		return;
	check_snapshot(sink, &now);
	must(follow_changed(a, &before, &now, &changed) <= now.count, "no more than there are");
}

/* ---- events ---- */

static void check_mark(const struct follow_seen *seen, struct follow_known event)
{
	char id[FOLLOW_MARK_LONGEST];
	struct follow_seen next;
	struct follow_mark mark;

	follow_seen_mark(seen, &mark);
	follow_mark_write(&mark, id);
	must(follow_mark_read(text_of(id), &mark), "an id is read back");
	follow_seen_begin(&next, &mark);
	must(follow_seen_has(&next, event), "whoever comes back knows it");
	follow_seen_fini(&next);
}

static void check_events(struct arena *a, const struct follow_sink *sink, struct follow_seen *seen,
			 struct text list)
{
	struct follow_event *events;
	struct text value;
	struct error err;
	size_t count;

	if (!json_check(list, &value, &err))
		return;
	count = follow_read_events(a, value, NOW_MS, &events);
	for (size_t i = 0; i < count; i++) {
		const struct follow_event *e = &events[i];

		must(i == 0 || events[i - 1].known.time_ms <= e->known.time_ms, "in order");
		must(e->known.time_ms >= 0 && e->known.time_ms <= NOW_MS, "within time");
		check_text(e->component.uid, FOLLOW_LONGEST_WORD);
		check_text(e->component.message, FOLLOW_LONGEST_MESSAGE);
		must(sink->component(sink->context, "1", &e->component), "it is sent");
		if (!follow_seen_has(seen, e->known))
			follow_seen_add(seen, e->known);
		must(follow_seen_has(seen, e->known), "each once");
		check_mark(seen, e->known);
	}
	follow_seen_trim(seen);
	must(seen->count <= FOLLOW_SEEN_MOST, "it is bounded");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct follow_stream out = {.stream = &stream};
	struct follow_sink sink = follow_stream_sink(&out);
	struct text rest = {(const char *)data, size};
	struct text part[4] = {TEXT(""), TEXT(""), TEXT(""), TEXT("")};
	struct follow_mark mark = {.given = false};
	const struct follow_state state = {.state = "Pending"};
	struct follow_seen seen;
	struct arena a;

	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		if (!text_next(&rest, '\f', &part[i]))
			break;
	arena_init(&a);
	must(sink.state(sink.context, "1", &state), "it is sent");
	(void)follow_mark_read(part[3], &mark);
	follow_seen_begin(&seen, &mark);
	check_clusters(&a, &sink, part[0], part[1]);
	check_events(&a, &sink, &seen, part[2]);
	follow_seen_fini(&seen);
	arena_fini(&a);
	return 0;
}
