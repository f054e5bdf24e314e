/* Inside telemetry/: the rows, and where the series are. */
#ifndef TELEMETRY_INSIDE_H
#define TELEMETRY_INSIDE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "telemetry/metrics.h"

enum metric_type { METRIC_COUNTER = 1, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_INFO };

/* A label that says "other" where there is no room for another series. */
struct metric_fold {
	const char *label;
	unsigned most; /* series in which this one is folded, and those before it */
};

/* One metric. Strings are static. */
struct metric_row {
	/* Without what the type adds to it: "_total" of a counter, "_info". With a unit it ends
	 * with that. */
	const char *name;
	enum metric_type type;
	const char *unit; /* "seconds"; NULL: it is a number */
	const char *labels[METRIC_MOST_LABELS + 1];
	unsigned most; /* series with the labels that they were given; 0: it has none */
	/* What is given up beyond that, one label after the other, each with places of its own, so
	 * that there is one whatever came before. What tells how something ended is not among them.
	 * In the end all labels are "other". */
	struct metric_fold folds[METRIC_MOST_LABELS];
	bool sampled; /* a counter that is looked up, as gauges are */
	/* Of a gauge a series with something folded tells the worst: the largest or, with this, the
	 * least. */
	bool least_is_worst;
	/* What the only label may be, where that is known: ends with NULL. Of a counter such series
	 * are there from the start. */
	const char *const *words;
	const char *help;
};

/* By enum metric. */
extern const struct metric_row metric_rows[METRICS];

/* Buckets of every histogram, the last of them for all that takes longer. */
enum { METRIC_BUCKETS = 16 };
size_t metric_bucket_of(int64_t us);
struct metric_bucket {
	int64_t most_us;
	const char *most; /* in seconds, as it is written */
};
extern const struct metric_bucket metric_buckets[METRIC_BUCKETS];

struct metric_series {
	enum metric metric;
	uint64_t hash;
	const char *values[METRIC_MOST_LABELS]; /* never NULL where the row has a label */
	struct metric_series *next;             /* of all of them; constant */
	atomic_uint_fast64_t sum;               /* of a counter: its value; of a histogram: in us */
	atomic_uint_fast64_t counts[];          /* of a histogram: METRIC_BUCKETS */
};

/* "" for NULL. */
static inline const char *metric_value(const char *value)
{
	return value == NULL ? "" : value;
}

size_t metric_label_count(const struct metric_row *row);

/* The last of them is the series with no label left. */
enum { METRIC_LEVELS = METRIC_MOST_LABELS + 2 };

/* fold.c: the labels of a series, as far as there is room for them. */
struct metric_folded {
	enum metric metric;
	size_t level; /* 0: as they were given */
	const char *values[METRIC_MOST_LABELS];
};
void metric_fold_begin(struct metric_folded *f, enum metric metric, const char *const *labels);
/* One step further; false: there is none. */
bool metric_fold_next(struct metric_folded *f);
/* How many series of the metric may be at that level. */
unsigned metric_fold_most(const struct metric_folded *f);

/* A power of two; what all rows allow leaves a third of the table free. */
enum { METRIC_SLOTS = 32768 };
/* The newest series; the others are behind it. NULL: there is none. */
const struct metric_series *metric_all_series(void);

/* What samplers have said. */
struct metric_sampled {
	enum metric metric;
	const char *values[METRIC_MOST_LABELS];
	double value;
};
struct metric_samples {
	struct arena arena;
	struct metric_sampled *items; /* owned */
	size_t count;
	size_t room;
	unsigned counts[METRICS][METRIC_LEVELS];
};
/* Asks all samplers, and for what this folder looks up itself. Owned: metric_samples_fini(). */
void metric_samples_take(struct metric_samples *samples);
void metric_samples_fini(struct metric_samples *samples);
/* process.c: the process's own figures, the log's and the build's. */
void metric_sample_process(struct metric_samples *samples);

#endif
