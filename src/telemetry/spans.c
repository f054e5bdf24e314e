/* Spans on their way out. */
#include "telemetry/spans.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

enum { MINOR_PART = 4 };

static atomic_bool collects;
static atomic_ullong dropped;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct span *ring;
static size_t room;
static size_t first;
static size_t count;

bool spans_want(const struct trace *trace)
{
	return trace != NULL && trace->sampled &&
	       atomic_load_explicit(&collects, memory_order_relaxed);
}

static void copy_id(char *to, const char *from, size_t digits)
{
	snprintf(to, digits + 1, "%s", from);
}

void span_make(struct span *span, enum span_kind kind, const struct trace *trace, const char *id,
	       const char *parent_id, int64_t began_us)
{
	int64_t now_us = clock_calendar_ms() * 1000;
	int64_t took_us = clock_now_us() - began_us;

	*span = (struct span){.kind = kind, .start_us = now_us - took_us, .end_us = now_us};
	copy_id(span->trace_id, trace->id, TRACE_ID_DIGITS);
	copy_id(span->id, id, SPAN_ID_DIGITS);
	copy_id(span->parent_id, parent_id, SPAN_ID_DIGITS);
}

void span_name(struct span *span, const char *name)
{
	snprintf(span->name, sizeof span->name, "%s", name);
}

static struct span_attribute *add(struct span *span, const char *key)
{
	struct span_attribute *a;

	if (span->attribute_count == SPAN_MOST_ATTRIBUTES)
		return NULL;
	a = &span->attributes[span->attribute_count++];
	*a = (struct span_attribute){.key = key};
	return a;
}

void span_add_string(struct span *span, const char *key, const char *value)
{
	struct span_attribute *a = value == NULL || *value == '\0' ? NULL : add(span, key);

	if (a != NULL)
		snprintf(a->string, sizeof a->string, "%s", value);
}

void span_add_number(struct span *span, const char *key, int64_t value)
{
	struct span_attribute *a = add(span, key);

	if (a != NULL)
		a->number = value;
}

void span_end(const struct span *span)
{
	bool taken = false;

	pthread_mutex_lock(&lock);
	if (count < (span->minor ? room / MINOR_PART : room)) {
		ring[(first + count++) % room] = *span;
		taken = true;
	}
	pthread_mutex_unlock(&lock);
	if (!taken)
		atomic_fetch_add(&dropped, 1);
}

void spans_collect(size_t most)
{
	pthread_mutex_lock(&lock);
	ring = heap_alloc(most * sizeof *ring);
	room = most;
	first = 0;
	count = 0;
	pthread_mutex_unlock(&lock);
	atomic_store(&collects, true);
}

void spans_stop(void)
{
	atomic_store(&collects, false);
	pthread_mutex_lock(&lock);
	free(ring);
	ring = NULL;
	room = 0;
	count = 0;
	pthread_mutex_unlock(&lock);
}

size_t spans_take(struct span *out, size_t most)
{
	size_t taken = 0;

	pthread_mutex_lock(&lock);
	for (; taken < most && count > 0; taken++, count--) {
		out[taken] = ring[first];
		first = (first + 1) % room;
	}
	pthread_mutex_unlock(&lock);
	return taken;
}

size_t spans_waiting(void)
{
	size_t waiting;

	pthread_mutex_lock(&lock);
	waiting = count;
	pthread_mutex_unlock(&lock);
	return waiting;
}

void spans_lose(uint64_t some)
{
	atomic_fetch_add(&dropped, some);
}

uint64_t spans_dropped(void)
{
	return atomic_load(&dropped);
}
