/*
 * The last hour of one environment of Palette's, by minute. What an operator is told of it must not
 * depend on how many series of metrics others have taken, so each environment has its own figures.
 * What is counted here is counted in the metric, too.
 *
 * The memory is taken when something is counted for the first time: 4 KiB, and 0.3 KiB for each
 * status that came, of which fewer than fifty are told apart. Any thread may call all of this.
 */
#ifndef TELEMETRY_TALLY_H
#define TELEMETRY_TALLY_H

#include "telemetry/history.h"

struct tally;

/* Owned: tally_free(). */
struct tally *tally_new(void);
/* NULL is fine. */
void tally_free(struct tally *t);

/* As metric_add() and metric_add_duration(); now_ms: of the steady clock. */
void tally_add(struct tally *t, int64_t now_ms, enum metric metric, uint64_t count,
	       const char *const *labels);
void tally_add_duration(struct tally *t, int64_t now_ms, enum metric metric, int64_t us,
			const char *const *labels);
#define tally_count(t, now_ms, metric, ...) \
	tally_add((t), (now_ms), (metric), 1, METRIC_LABELS(__VA_ARGS__))
#define tally_observe(t, now_ms, metric, us, ...) \
	tally_add_duration((t), (now_ms), (metric), (us), METRIC_LABELS(__VA_ARGS__))

/* What was counted until now. The first name of its series is "", as they are all of one; the
 * second is the status. One that was never counted reads as nothing. */
void tally_read(struct tally *t, int64_t now_ms, struct arena *a, struct history_reading *out);

#endif
