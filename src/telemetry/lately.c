/* A short list of each kind, under one lock: it is for what happens seldom. */
#include "telemetry/lately.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { LONGEST_NAME = 64 };

struct item {
	char name[LONGEST_NAME];
	unsigned running;
	const char *outcome;
	int64_t ended_ms;
	char place[LATELY_LONGEST_PLACE];
};

static struct {
	struct item items[LATELY_MOST_NAMES];
	size_t count;
} kinds[LATELY_KINDS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. NULL: there are too many. */
static struct item *item_of(enum lately_kind kind, const char *name)
{
	for (size_t i = 0; i < kinds[kind].count; i++)
		if (strncmp(kinds[kind].items[i].name, name, LONGEST_NAME - 1) == 0)
			return &kinds[kind].items[i];
	if (kinds[kind].count == LATELY_MOST_NAMES)
		return NULL;
	snprintf(kinds[kind].items[kinds[kind].count].name, LONGEST_NAME, "%s", name);
	return &kinds[kind].items[kinds[kind].count++];
}

void lately_begin(enum lately_kind kind, const char *name)
{
	struct item *item;

	pthread_mutex_lock(&lock);
	item = item_of(kind, name);
	if (item != NULL)
		item->running++;
	pthread_mutex_unlock(&lock);
}

void lately_end(enum lately_kind kind, const char *name, const char *outcome, const char *place)
{
	struct item *item;

	pthread_mutex_lock(&lock);
	item = item_of(kind, name);
	if (item != NULL) {
		item->running -= item->running > 0;
		item->outcome = outcome;
		item->ended_ms = clock_calendar_ms();
		snprintf(item->place, sizeof item->place, "%s", place == NULL ? "" : place);
	}
	pthread_mutex_unlock(&lock);
}

void lately_look(enum lately_kind kind, struct arena *a, struct lately **items, size_t *count)
{
	pthread_mutex_lock(&lock);
	*count = kinds[kind].count;
	*items = arena_array(a, struct lately, *count);
	for (size_t i = 0; i < *count; i++) {
		const struct item *item = &kinds[kind].items[i];

		(*items)[i] = (struct lately){
			.name = arena_copy(a, text_of(item->name)),
			.running = item->running,
			.outcome = item->outcome,
			.ended_ms = item->ended_ms,
			.place = arena_copy(a, text_of(item->place)),
		};
	}
	pthread_mutex_unlock(&lock);
}
