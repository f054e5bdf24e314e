/* A place for each minute of the hour, which is emptied when it comes round again. */
#include "telemetry/tally.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telemetry/inside.h"

enum {
	STATUSES = 24,  /* told apart; words for what was no answer, and 429, come besides */
	NO_STATUS = -1, /* its labels are added up */
};

/* What is kept, and which of its labels is told apart. */
static const struct tally_row {
	enum metric metric;
	int status;
} rows[] = {
	{METRIC_UPSTREAM, 2},
	{METRIC_UPSTREAM_SECONDS, NO_STATUS},
	{METRIC_PACED_REFUSALS, NO_STATUS},
};

struct kept {
	struct kept *next;
	const struct tally_row *row;
	uint64_t total;
	uint32_t minutes[HISTORY_MINUTES];   /* by minute modulo HISTORY_MINUTES, as below */
	uint32_t (*buckets)[METRIC_BUCKETS]; /* of durations; else NULL */
	char status[METRIC_STATUS_SIZE];     /* "": none is told apart */
};

struct tally {
	pthread_mutex_t lock; /* guards all below */
	int64_t minute;       /* that is not over */
	struct kept *all;
	size_t count;
};

struct tally *tally_new(void)
{
	struct tally *t = heap_alloc(sizeof *t);

	*t = (struct tally){.count = 0};
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void tally_free(struct tally *t)
{
	struct kept *next;

	if (t == NULL)
		return;
	for (struct kept *k = t->all; k != NULL; k = next) {
		next = k->next;
		free(k->buckets);
		free(k);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---- what there is; under the lock ---- */

static const struct tally_row *row_of(enum metric metric)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].metric == metric)
			return &rows[i];
	return NULL;
}

static struct kept *find(const struct tally *t, const struct tally_row *row, const char *status)
{
	struct kept *k = t->all;

	while (k != NULL && (k->row != row || strcmp(k->status, status) != 0))
		k = k->next;
	return k;
}

static struct kept *kept_new(struct tally *t, const struct tally_row *row, const char *status)
{
	struct kept *k = heap_alloc(sizeof *k);

	*k = (struct kept){.row = row, .next = t->all};
	snprintf(k->status, sizeof k->status, "%s", status);
	if (metric_rows[row->metric].type == METRIC_HISTOGRAM)
		k->buckets = heap_alloc(HISTORY_MINUTES * sizeof k->buckets[0]);
	t->all = k;
	t->count++;
	return k;
}

/* Whose answers have so many statuses gets no more of them but their class, as "5xx". */
static struct kept *kept_of(struct tally *t, const struct tally_row *row, const char *status)
{
	char class[] = "?xx";
	struct kept *k = find(t, row, status);
	bool digit = status[0] >= '0' && status[0] <= '9';

	if (k != NULL)
		return k;
	if (t->count >= STATUSES && digit && strcmp(status, "429") != 0) {
		class[0] = status[0];
		status = class;
		k = find(t, row, status);
	}
	return k != NULL ? k : kept_new(t, row, status);
}

static void empty(struct kept *k, int64_t minute)
{
	k->minutes[minute % HISTORY_MINUTES] = 0;
	if (k->buckets != NULL)
		memset(k->buckets[minute % HISTORY_MINUTES], 0, sizeof k->buckets[0]);
}

static void advance(struct tally *t, int64_t now_ms)
{
	int64_t minute = history_minute(now_ms);
	int64_t from = t->minute + 1;

	if (minute <= t->minute)
		return;
	if (from < minute - HISTORY_MINUTES + 1)
		from = minute - HISTORY_MINUTES + 1;
	for (struct kept *k = t->all; k != NULL; k = k->next)
		for (int64_t m = from; m <= minute; m++)
			empty(k, m);
	t->minute = minute;
}

/* ---- counting ---- */

/* bucket: of durations. */
static void add(struct tally *t, int64_t now_ms, enum metric metric, uint64_t count,
		const char *const *labels, size_t bucket)
{
	const struct tally_row *row = row_of(metric);
	struct kept *k;
	size_t at;

	if (row == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	advance(t, now_ms);
	at = (size_t)(t->minute % HISTORY_MINUTES);
	k = kept_of(t, row, row->status == NO_STATUS ? "" : metric_value(labels[row->status]));
	k->minutes[at] += (uint32_t)count;
	k->total += count;
	if (k->buckets != NULL)
		k->buckets[at][bucket] += (uint32_t)count;
	pthread_mutex_unlock(&t->lock);
}

void tally_add(struct tally *t, int64_t now_ms, enum metric metric, uint64_t count,
	       const char *const *labels)
{
	metric_add(metric, count, labels);
	add(t, now_ms, metric, count, labels, 0);
}

void tally_add_duration(struct tally *t, int64_t now_ms, enum metric metric, int64_t us,
			const char *const *labels)
{
	metric_add_duration(metric, us, labels);
	add(t, now_ms, metric, 1, labels, metric_bucket_of(us));
}

/* ---- reading ---- */

static void read_kept(const struct tally *t, const struct kept *k, struct arena *a,
		      struct history_series *out)
{
	*out = (struct history_series){
		.metric = k->row->metric,
		.names = {"", arena_copy(a, text_of(k->status))},
		.total = k->total,
	};
	if (k->buckets != NULL)
		out->buckets = arena_alloc_array(a, HISTORY_MINUTES, sizeof out->buckets[0]);
	for (size_t i = 0; i < HISTORY_MINUTES; i++) {
		size_t at = (size_t)(t->minute + 1 + (int64_t)i) % HISTORY_MINUTES;

		out->minutes[i] = k->minutes[at];
		for (size_t b = 0; k->buckets != NULL && b < METRIC_BUCKETS; b++)
			out->buckets[i][b] = k->buckets[at][b];
	}
}

void tally_read(struct tally *t, int64_t now_ms, struct arena *a, struct history_reading *out)
{
	struct history_series *series;
	size_t count = 0;

	pthread_mutex_lock(&t->lock);
	advance(t, now_ms);
	series = arena_array(a, struct history_series, t->count);
	for (const struct kept *k = t->all; k != NULL; k = k->next)
		read_kept(t, k, a, &series[count++]);
	*out = (struct history_reading){.series = series, .count = count};
	pthread_mutex_unlock(&t->lock);
}
