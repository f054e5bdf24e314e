/*
 * Spans: what was done in a trace, from when to when. They are collected here, at most so many, for
 * somebody who takes them away; what there is no room for is dropped and counted. Nobody waits.
 *
 * An attribute is a name of a table of ours or of the configuration, a status, or the template of a
 * path. It is never anything that a person, an object of Palette's or a credential is known by.
 */
#ifndef TELEMETRY_SPANS_H
#define TELEMETRY_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "telemetry/trace.h"

/* With the numbers of OTLP. */
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER = 2, SPAN_CLIENT = 3 };

enum {
	SPAN_MOST_ATTRIBUTES = 8,
	SPAN_LONGEST_NAME = 95,
	SPAN_LONGEST_VALUE = 95,
};

struct span_attribute {
	const char *key;                     /* static */
	char string[SPAN_LONGEST_VALUE + 1]; /* "": it is the number */
	int64_t number;
};

struct span {
	char trace_id[TRACE_ID_DIGITS + 1];
	char id[SPAN_ID_DIGITS + 1];
	char parent_id[SPAN_ID_DIGITS + 1]; /* "": it is the first of its trace */
	enum span_kind kind;
	char name[SPAN_LONGEST_NAME + 1];
	int64_t start_us; /* since 1970 */
	int64_t end_us;
	bool failed;
	bool minor; /* of who is not known: these may take a quarter of the room at most */
	struct span_attribute attributes[SPAN_MOST_ATTRIBUTES];
	size_t attribute_count;
};

/* Whether spans of this trace are wanted. trace: NULL is fine. Any thread. */
bool spans_want(const struct trace *trace);

/* One of that trace, which has the time that has passed since it began until now.
 * id     its own; parent_id: whose it is, or "".
 * began_us  of clock_now_us(). */
void span_make(struct span *span, enum span_kind kind, const struct trace *trace, const char *id,
	       const char *parent_id, int64_t began_us);
/* What is longer than fits is cut; an empty or missing value is left out. */
void span_name(struct span *span, const char *name);
void span_add_string(struct span *span, const char *key, const char *value);
void span_add_number(struct span *span, const char *key, int64_t value);
/* Any thread; copies it. Dropped where nobody collects, or where there is no room. */
void span_end(const struct span *span);

/* ---- for who takes them away ---- */

/* From now on they are collected, at most so many at a time. Once in a process's life at a time. */
void spans_collect(size_t most);
/* No more: what was not taken is gone. After all others have ended. */
void spans_stop(void);
/* Moves the oldest, at most so many; answers how many. Any thread. */
size_t spans_take(struct span *out, size_t most);
size_t spans_waiting(void);
/* Of those that were taken so many did not arrive. */
void spans_lose(uint64_t some);
/* How many were dropped or lost since the start. */
uint64_t spans_dropped(void);

#endif
