/*
 * What the process counts and measures, for operators. A metric is one row of metric_table.c; a
 * series is a metric with values of its labels. Series are made when they are first counted, and
 * stay for the process's life; of each metric there are at most so many as its row says. Beyond
 * that labels become "other", in the order that the row says, and the status or result stays.
 *
 * A label value is a name from the configuration or from a table of ours, a status or a word for an
 * outcome. It is never anything that a person, an object of Palette's or a credential is known by.
 *
 * Any thread may call all of this. Counting takes no lock, but the first time.
 */
#ifndef TELEMETRY_METRICS_H
#define TELEMETRY_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum metric {
	/* requests */
	METRIC_REQUESTS,
	METRIC_REQUEST_SECONDS,
	METRIC_REFUSED,
	METRIC_CONNECTIONS,
	METRIC_BUFFERED,
	METRIC_QUEUE,
	METRIC_WORKERS,
	METRIC_WORKERS_BUSY,
	METRIC_WORKERS_WAITING,
	METRIC_FOLLOWERS,
	/* Palette */
	METRIC_UPSTREAM,
	METRIC_UPSTREAM_SECONDS,
	METRIC_RETRIES,
	METRIC_PACED_SECONDS,
	METRIC_PACED_REFUSALS,
	METRIC_BUDGET,
	METRIC_CIRCUIT,
	METRIC_CIRCUIT_OPENINGS,
	METRIC_CERTIFICATE,
	METRIC_TOKEN_REFUSED,
	METRIC_CREATIONS,
	/* what is kept */
	METRIC_CACHE,
	METRIC_CACHE_BYTES,
	METRIC_CACHE_ENTRIES,
	METRIC_SESSIONS,
	METRIC_SESSIONS_EXPIRED,
	METRIC_STORE_FAILURES,
	/* callers, and Backstage */
	METRIC_TOKENS,
	METRIC_DECISIONS,
	METRIC_REAUTHENTICATIONS,
	METRIC_BACKSTAGE,
	/* the process */
	METRIC_RELOADS,
	METRIC_LOG_LINES,
	METRIC_AUDIT_LINES,
	METRIC_SPANS_DROPPED,
	METRIC_BUILD,
	METRIC_PROCESS_CPU,
	METRIC_PROCESS_RESIDENT,
	METRIC_PROCESS_VIRTUAL,
	METRIC_PROCESS_FILES,
	METRIC_PROCESS_MOST_FILES,
	METRIC_PROCESS_START,
	METRIC_PROCESS_THREADS,
	METRICS
};

enum { METRIC_MOST_LABELS = 3 };
/* Each has its series: as many as a configuration may have, and a few that were renamed. */
enum { METRIC_MOST_ENVIRONMENTS = 1024 };

/* Values of labels in the order of the row; the last is followed by NULL, which also stands for one
 * that is empty. */
#define METRIC_LABELS(...) \
	((const char *const[METRIC_MOST_LABELS + 1]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* Counts up; with 0 the series is there from now on. Values are copied where they are new. */
void metric_add(enum metric metric, uint64_t count, const char *const *labels);
#define metric_count(metric, ...) metric_add((metric), 1, METRIC_LABELS(__VA_ARGS__))
/* Adds a duration to a histogram. */
void metric_add_duration(enum metric metric, int64_t us, const char *const *labels);
#define metric_observe(metric, us, ...) \
	metric_add_duration((metric), (us), METRIC_LABELS(__VA_ARGS__))

/* What the only label of a metric may be, in the order of its row; ends with NULL. NULL where that
 * is not known. Static. */
const char *const *metric_words(enum metric metric);

/* "503"; of 0 "none". */
enum { METRIC_STATUS_SIZE = 12 };
const char *metric_status(int status, char room[METRIC_STATUS_SIZE]);

/* ---- what is looked up when somebody asks ---- */

struct metric_samples;

/* Says what there is at the moment, by metric_sample(). Called by whoever writes all of it out; not
 * by two threads at once. Must not wait, and not count anything. */
typedef void metric_sampler_fn(void *context, struct metric_samples *samples);

enum { METRIC_MOST_SAMPLERS = 8 };
/* From now on; context is borrowed until metric_sample_no_more(). */
void metric_sample_by(metric_sampler_fn *sampler, void *context);
/* When it returns nobody is in the sampler. One that was never told of is fine. */
void metric_sample_no_more(metric_sampler_fn *sampler, void *context);

/* For samplers. Labels are copied. Beyond what the row allows nothing is taken. */
void metric_sample_add(struct metric_samples *samples, enum metric metric, double value,
		       const char *const *labels);
#define metric_sample(samples, metric, value, ...) \
	metric_sample_add((samples), (metric), (double)(value), METRIC_LABELS(__VA_ARGS__))

/* ---- looking at what samplers say ---- */

/* Asks all of them. Owned: metric_look_end(). */
struct metric_samples *metric_look(void);
/* The value with these labels; fallback where nobody has said one. */
double metric_seen(const struct metric_samples *samples, enum metric metric,
		   const char *const *labels, double fallback);
void metric_look_end(struct metric_samples *samples);

/* ---- writing ---- */

enum metrics_format {
	METRICS_TEXT,        /* Prometheus' text format, version 0.0.4 */
	METRICS_OPENMETRICS, /* OpenMetrics 1.0 */
};

/* As in Content-Type; static. */
const char *metrics_content_type(enum metrics_format format);
#define METRICS_OPENMETRICS_TYPE  "application/openmetrics-text"
#define METRICS_TEXT_TYPE         "text/plain"
#define METRICS_TEXT_CONTENT_TYPE METRICS_TEXT_TYPE "; version=0.0.4; charset=utf-8"

/* More than all of it can be. */
enum { METRICS_LONGEST = 16 * 1024 * 1024 };
/* Every metric, with all its series. out: empty, with a ceiling of METRICS_LONGEST. */
void metrics_write(enum metrics_format format, struct buf *out);

/* ---- documentation ---- */

/* The page about all of this, Markdown. */
void metrics_page(struct buf *out);

#endif
