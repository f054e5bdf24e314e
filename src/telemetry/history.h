/*
 * The last hour of what is counted, by minute: for the page of operators, who should not need
 * another program to see that something began ten minutes ago. What is kept has a row in history.c;
 * the memory for a series of it is bounded, and so is their number.
 *
 * Minutes are those of the steady clock. What an environment of Palette's does has a history of its
 * own, in tally.h. Any thread may call all of this.
 */
#ifndef TELEMETRY_HISTORY_H
#define TELEMETRY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "telemetry/metrics.h"

enum { HISTORY_MINUTES = 60, HISTORY_NAMES = 2, HISTORY_BUCKETS = 16 };

/* The minute that is not over, from some beginning on. */
static inline int64_t history_minute(int64_t now_ms)
{
	return now_ms / (60 * INT64_C(1000));
}

struct history;

/* Owned: history_free(). now_ms: of the steady clock, here and below. */
struct history *history_new(int64_t now_ms);
/* NULL is fine. */
void history_free(struct history *h);
/* To be called at least once a minute; what was counted in minutes without a call is taken for that
 * of the last of them. Cheap where no minute has ended. */
void history_tick(struct history *h, int64_t now_ms);

/* One that is told apart. names are those values of labels that its row keeps, in the row's order;
 * "" where there are fewer. */
struct history_series {
	enum metric metric;
	const char *names[HISTORY_NAMES];
	/* Of each minute, the oldest first; the last one is not over. Of durations: how many. */
	uint64_t minutes[HISTORY_MINUTES];
	/* Of durations, by minute and bucket; else NULL. */
	uint64_t (*buckets)[HISTORY_BUCKETS];
	uint64_t total; /* since the process began */
};

/* All of it is in an arena. */
struct history_reading {
	const struct history_series *series;
	size_t count;
	size_t minutes; /* of which something is known: fewer than all, soon after the start */
};

/* What there is until now. h: NULL reads as nothing. */
void history_read(struct history *h, int64_t now_ms, struct arena *a, struct history_reading *out);

/* ---- looking at a reading ---- */

/* Whether a series is of that metric and has these names; NULL stands for any. */
bool history_fits(const struct history_series *s, enum metric metric, const char *first,
		  const char *second);
/* Of all that fit: in the hour, and since the process began. */
uint64_t history_hour(const struct history_reading *r, enum metric metric, const char *first,
		      const char *second);
uint64_t history_total(const struct history_reading *r, enum metric metric, const char *first,
		       const char *second);
/* Adds up what fits, by minute. minutes: out. */
void history_by_minute(const struct history_reading *r, enum metric metric, const char *first,
		       const char *second, uint64_t minutes[HISTORY_MINUTES]);
/* Adds up the durations of a metric, by minute and bucket. buckets: out. */
void history_durations(const struct history_reading *r, enum metric metric,
		       uint64_t buckets[HISTORY_MINUTES][HISTORY_BUCKETS]);

/* So many of a hundred took no longer, in microseconds; between the bounds of a bucket it is taken
 * for even. What took longer than the last bound is taken for that. -1: there were none. */
int64_t history_quantile_us(const uint64_t buckets[HISTORY_BUCKETS], unsigned percent);

#endif
