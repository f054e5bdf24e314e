/* Palette's answers about a cluster that is followed, and what is new in them. */
#include "op/follow_read.h"

#include <string.h>

#include "base/clock.h"
#include "json/json.h"

/* ---- texts ---- */

/* The string at pointer, not longer than longest; what is cut ends with "...". */
static const char *bounded(struct arena *a, struct text value, const char *pointer, size_t longest)
{
	static const char more[] = "...";
	const char *s = json_string_at(a, value, pointer, "");
	struct text t = text_of(s);

	if (t.len <= longest)
		return s;
	t.len = longest - strlen(more);
	while (t.len > 0 && ((unsigned char)t.ptr[t.len] & 0xC0) == 0x80)
		t.len--;
	return arena_printf(a, "%.*s%s", (int)t.len, t.ptr, more);
}

static const char *word(struct arena *a, struct text value, const char *pointer)
{
	return bounded(a, value, pointer, FOLLOW_LONGEST_WORD);
}

/* ---- the cluster ---- */

static void read_condition(struct arena *a, struct text item, struct follow_condition *condition)
{
	*condition = (struct follow_condition){
		.type = word(a, item, "/type"),
		.status = word(a, item, "/status"),
		.reason = word(a, item, "/reason"),
		.message = bounded(a, item, "/message", FOLLOW_LONGEST_MESSAGE),
		.last_transition = word(a, item, "/lastTransitionTime"),
	};
}

static const char *read_state(struct arena *a, struct text document)
{
	const char *state = word(a, document, "/status/state");
	struct text status;

	if (!json_at(document, "/status", &status) || json_type_of(status) != JSON_TYPE_OBJECT)
		return "Deleted";
	return state[0] == '\0' ? "Unknown" : state;
}

bool follow_read_cluster(struct arena *a, struct text document, struct follow_snapshot *snapshot,
			 struct error *err)
{
	struct follow_condition *conditions;
	struct text list = TEXT("");
	struct json_walk walk;
	struct text item;
	size_t count;

	(void)json_at(document, "/status/conditions", &list);
	if (json_type_of(list) != JSON_TYPE_ARRAY)
		list = TEXT("[]");
	count = json_count_items(list);
	if (count > FOLLOW_MOST_CONDITIONS)
		return error_set(err, ERROR_UPSTREAM, "Palette lists more than %d conditions",
				 FOLLOW_MOST_CONDITIONS);
	conditions = arena_array(a, struct follow_condition, count);
	walk = json_walk_begin(list);
	for (size_t i = 0; i < count && json_walk_item(&walk, &item); i++)
		read_condition(a, item, &conditions[i]);
	*snapshot = (struct follow_snapshot){
		.state = read_state(a, document), .conditions = conditions, .count = count};
	return true;
}

static bool is_same(const struct follow_condition *a, const struct follow_condition *b)
{
	return strcmp(a->type, b->type) == 0 && strcmp(a->status, b->status) == 0 &&
	       strcmp(a->reason, b->reason) == 0 && strcmp(a->message, b->message) == 0 &&
	       strcmp(a->last_transition, b->last_transition) == 0;
}

static bool has_same(const struct follow_snapshot *before, const struct follow_condition *condition)
{
	for (size_t i = 0; i < before->count; i++)
		if (is_same(&before->conditions[i], condition))
			return true;
	return false;
}

size_t follow_changed(struct arena *a, const struct follow_snapshot *before,
		      const struct follow_snapshot *now, const struct follow_condition ***changed)
{
	const struct follow_condition **list =
		arena_array(a, const struct follow_condition *, now->count);
	size_t count = 0;

	for (size_t i = 0; i < now->count; i++)
		if (!has_same(before, &now->conditions[i]))
			list[count++] = &now->conditions[i];
	*changed = list;
	return count;
}

/* ---- events ---- */

int64_t follow_event_time(struct arena *a, struct text item, int64_t now_ms, int64_t fallback_ms)
{
	const char *time = json_string_at(a, item, "/metadata/creationTimestamp", "");
	int64_t ms = fallback_ms;

	if (!clock_parse_iso(text_of(time), &ms) || ms < 0)
		ms = fallback_ms;
	return ms < now_ms ? ms : now_ms;
}

static void read_event(struct arena *a, struct text item, struct follow_event *event)
{
	const char *uid = json_string_at(a, item, "/metadata/uid", "");

	event->known.digest = follow_digest(text_of(uid));
	event->component = (struct follow_component){
		.uid = word(a, item, "/metadata/uid"),
		.time = word(a, item, "/metadata/creationTimestamp"),
		.severity = word(a, item, "/severity"),
		.reason = word(a, item, "/reason"),
		.message = bounded(a, item, "/message", FOLLOW_LONGEST_MESSAGE),
		.component = word(a, item, "/source/component"),
		.host = word(a, item, "/source/host"),
	};
}

/* Palette has them in order already, but for what a wrong clock has made of it. */
static void sort_by_time(struct follow_event *events, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct follow_event event = events[i];
		size_t at = i;

		for (; at > 0 && events[at - 1].known.time_ms > event.known.time_ms; at--)
			events[at] = events[at - 1];
		events[at] = event;
	}
}

size_t follow_read_events(struct arena *a, struct text document, int64_t now_ms,
			  struct follow_event **events)
{
	struct text list = TEXT("[]");
	struct follow_event *read;
	int64_t newer_ms = now_ms;
	struct json_walk walk;
	struct text item;
	size_t count;

	(void)json_at(document, "/events", &list);
	count = json_count_items(list);
	read = arena_array(a, struct follow_event, count);
	walk = json_walk_begin(list);
	for (size_t i = count; i > 0 && json_walk_item(&walk, &item); i--) {
		read_event(a, item, &read[i - 1]);
		newer_ms = follow_event_time(a, item, now_ms, newer_ms);
		read[i - 1].known.time_ms = newer_ms;
	}
	sort_by_time(read, count);
	*events = read;
	return count;
}
