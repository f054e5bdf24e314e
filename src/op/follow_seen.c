/* Which component events were told: those since a moment by name, what is before it as a whole. */
#include "op/follow_seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

void follow_seen_begin(struct follow_seen *seen, const struct follow_mark *mark)
{
	*seen = (struct follow_seen){.floor_ms = mark->floor_ms, .floor_whole = mark->floor_whole};
	for (size_t i = 0; i < mark->count; i++)
		follow_seen_add(seen, (struct follow_known){mark->floor_ms, mark->known[i]});
}

void follow_seen_fini(struct follow_seen *seen)
{
	free(seen->items);
	*seen = (struct follow_seen){.items = NULL};
}

bool follow_seen_reaches(const struct follow_seen *seen, int64_t time_ms)
{
	return time_ms < seen->floor_ms || (time_ms == seen->floor_ms && seen->floor_whole);
}

/* Takes the item at `at` out. */
static void take_out(struct follow_seen *seen, size_t at)
{
	seen->count--;
	memmove(&seen->items[at], &seen->items[at + 1], (seen->count - at) * sizeof seen->items[0]);
}

bool follow_seen_has(struct follow_seen *seen, struct follow_known event)
{
	if (follow_seen_reaches(seen, event.time_ms))
		return true;
	for (size_t i = seen->count; i-- > 0;) {
		if (seen->items[i].digest != event.digest)
			continue;
		if (seen->items[i].time_ms != event.time_ms) {
			take_out(seen, i);
			follow_seen_add(seen, event);
		}
		return true;
	}
	return false;
}

void follow_seen_add(struct follow_seen *seen, struct follow_known event)
{
	size_t at = seen->count;

	if (seen->count == seen->room) {
		seen->room = seen->room == 0 ? 64 : seen->room * 2;
		seen->items = heap_resize(seen->items, seen->room * sizeof seen->items[0]);
	}
	while (at > 0 && seen->items[at - 1].time_ms > event.time_ms)
		at--;
	memmove(&seen->items[at + 1], &seen->items[at], (seen->count - at) * sizeof seen->items[0]);
	seen->items[at] = event;
	seen->count++;
}

static void drop_oldest(struct follow_seen *seen, size_t count)
{
	seen->count -= count;
	memmove(seen->items, seen->items + count, seen->count * sizeof seen->items[0]);
}

static size_t count_reached(const struct follow_seen *seen)
{
	size_t count = 0;

	while (count < seen->count && follow_seen_reaches(seen, seen->items[count].time_ms))
		count++;
	return count;
}

void follow_seen_trim(struct follow_seen *seen)
{
	if (seen->count == 0)
		return;
	if (seen->items[seen->count - 1].time_ms - FOLLOW_SLACK_MS > seen->floor_ms) {
		seen->floor_ms = seen->items[seen->count - 1].time_ms - FOLLOW_SLACK_MS;
		seen->floor_whole = false;
	}
	if (seen->count - count_reached(seen) > FOLLOW_SEEN_MOST) {
		seen->floor_ms = seen->items[seen->count - FOLLOW_SEEN_MOST - 1].time_ms;
		seen->floor_whole = true;
	}
	drop_oldest(seen, count_reached(seen));
}

void follow_seen_settle(struct follow_seen *seen, int64_t now_ms)
{
	int64_t newest_ms = seen->count == 0 ? 0 : seen->items[seen->count - 1].time_ms;

	if (seen->count == 0 || newest_ms > now_ms - FOLLOW_SLACK_MS)
		return;
	seen->floor_ms = newest_ms;
	seen->floor_whole = true;
	seen->count = 0;
}

/* The newest that a mark has room for, but of one moment all or none: where there are more, all up
 * to that moment counts as told. */
void follow_seen_mark(const struct follow_seen *seen, struct follow_mark *mark)
{
	size_t from = seen->count > FOLLOW_MARK_MOST ? seen->count - FOLLOW_MARK_MOST : 0;

	*mark = (struct follow_mark){
		.given = true, .floor_ms = seen->floor_ms, .floor_whole = seen->floor_whole};
	if (from > 0) {
		mark->floor_ms = seen->items[from - 1].time_ms;
		mark->floor_whole = true;
	}
	for (size_t i = from; i < seen->count; i++)
		if (from == 0 || seen->items[i].time_ms > mark->floor_ms)
			mark->known[mark->count++] = seen->items[i].digest;
}
