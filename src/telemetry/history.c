/*
 * A series keeps what it came to at the end of each of the last minutes, not what was counted in
 * them: so nothing is lost between two looks, and what a minute had is a difference.
 */
#include "telemetry/history.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "telemetry/inside.h"

enum {
	MOST_KEPT = 4096,
	SLOTS = 1024, /* of the lists by hash */
};

static_assert((int)HISTORY_BUCKETS == (int)METRIC_BUCKETS, "buckets are those of metrics");

/* Of which metrics, and which of their labels are told apart; the others are added up. */
static const struct history_row {
	enum metric metric;
	size_t names; /* how many */
	size_t labels[HISTORY_NAMES];
} rows[] = {
	{METRIC_REQUESTS, 1, {1}},          /* status */
	{METRIC_REQUEST_SECONDS, 0, {0}},   /* of all operations */
	{METRIC_REFUSED, 1, {0}},           /* reason */
	{METRIC_CREATIONS, 2, {0, 1}},      /* cloud, outcome */
	{METRIC_CACHE, 1, {0}},             /* result */
	{METRIC_SESSIONS, 1, {0}},          /* result */
	{METRIC_SESSIONS_EXPIRED, 0, {0}},  /* */
	{METRIC_STORE_FAILURES, 0, {0}},    /* of whatever store */
	{METRIC_DECISIONS, 2, {0, 1}},      /* permission, result */
	{METRIC_REAUTHENTICATIONS, 0, {0}}, /* */
	{METRIC_BACKSTAGE, 2, {0, 1}},      /* plugin, status */
};

struct kept {
	struct kept *next;
	struct kept *next_of_slot;
	const struct history_row *row;
	uint64_t hash;
	const char *names[HISTORY_NAMES];
	size_t width; /* values of it at a time: of durations one a bucket */
	uint64_t *now;
	uint64_t *ends; /* by minute modulo HISTORY_MINUTES: at its beginning */
	uint64_t values[];
};

struct history {
	pthread_mutex_t lock; /* guards all below */
	int64_t first;        /* minute of which something is known */
	int64_t minute;       /* that is not over */
	struct kept *all;
	struct kept *slots[SLOTS];
	size_t count;
};

/* ---- what is counted now; under the lock ---- */

static const struct history_row *row_of(enum metric metric)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].metric == metric)
			return &rows[i];
	return NULL;
}

static uint64_t hash_of(const struct history_row *row, const struct metric_series *s)
{
	uint64_t hash = hash_byte(HASH_START, (unsigned char)row->metric);

	for (size_t i = 0; i < row->names; i++)
		hash = hash_byte(hash_text(hash, text_of(s->values[row->labels[i]])), 0);
	return hash;
}

static bool is_of(const struct kept *k, const struct history_row *row, uint64_t hash,
		  const struct metric_series *s)
{
	if (k->row != row || k->hash != hash)
		return false;
	for (size_t i = 0; i < row->names; i++)
		if (strcmp(k->names[i], s->values[row->labels[i]]) != 0)
			return false;
	return true;
}

/* In one piece. The names are the series' own, which stay. */
static struct kept *kept_new(const struct history_row *row, uint64_t hash,
			     const struct metric_series *s)
{
	size_t width = metric_rows[row->metric].type == METRIC_HISTOGRAM ? METRIC_BUCKETS : 1;
	struct kept *k =
		heap_alloc(sizeof *k + width * (HISTORY_MINUTES + 1) * sizeof k->values[0]);

	k->row = row;
	k->hash = hash;
	k->width = width;
	k->now = k->values;
	k->ends = k->values + width;
	for (size_t i = 0; i < HISTORY_NAMES; i++)
		k->names[i] = i < row->names ? s->values[row->labels[i]] : "";
	return k;
}

/* NULL: there are too many. A new one had nothing before, as the series of it were not there. */
static struct kept *kept_of(struct history *h, const struct history_row *row,
			    const struct metric_series *s)
{
	uint64_t hash = hash_of(row, s);
	struct kept **slot = &h->slots[hash % SLOTS];
	struct kept *k = *slot;

	while (k != NULL && !is_of(k, row, hash, s))
		k = k->next_of_slot;
	if (k != NULL || h->count == MOST_KEPT)
		return k;
	k = kept_new(row, hash, s);
	k->next = h->all;
	h->all = k;
	k->next_of_slot = *slot;
	*slot = k;
	h->count++;
	return k;
}

static void add_series(struct kept *k, const struct metric_series *s)
{
	if (k->width == 1) {
		k->now[0] += atomic_load_explicit(&s->sum, memory_order_relaxed);
		return;
	}
	for (size_t i = 0; i < k->width; i++)
		k->now[i] += atomic_load_explicit(&s->counts[i], memory_order_relaxed);
}

static void look(struct history *h)
{
	for (struct kept *k = h->all; k != NULL; k = k->next)
		memset(k->now, 0, k->width * sizeof k->now[0]);
	for (const struct metric_series *s = metric_all_series(); s != NULL; s = s->next) {
		const struct history_row *row = row_of(s->metric);
		struct kept *k = row == NULL ? NULL : kept_of(h, row, s);

		if (k != NULL)
			add_series(k, s);
	}
}

/* ---- minutes; under the lock ---- */

static uint64_t *end_of(const struct kept *k, int64_t minute)
{
	return k->ends + (size_t)(minute % HISTORY_MINUTES) * k->width;
}

/* Of one that has gone by unseen nothing is known, so that it had nothing. */
static void fill(struct kept *k, int64_t seen, int64_t minute)
{
	size_t size = k->width * sizeof k->now[0];
	int64_t from = seen + 1;

	if (from < minute - HISTORY_MINUTES + 1)
		from = minute - HISTORY_MINUTES + 1;
	for (int64_t m = from; m < minute; m++)
		if (end_of(k, m) != end_of(k, seen))
			memcpy(end_of(k, m), end_of(k, seen), size);
	memcpy(end_of(k, minute), k->now, size);
}

static void advance(struct history *h, int64_t now_ms)
{
	int64_t minute = history_minute(now_ms);

	if (minute <= h->minute)
		return;
	look(h);
	for (struct kept *k = h->all; k != NULL; k = k->next)
		fill(k, h->minute, minute);
	h->minute = minute;
}

struct history *history_new(int64_t now_ms)
{
	struct history *h = heap_alloc(sizeof *h);

	h->first = h->minute = history_minute(now_ms);
	pthread_mutex_init(&h->lock, NULL);
	/* What was counted before is in no minute. */
	look(h);
	for (struct kept *k = h->all; k != NULL; k = k->next)
		for (int64_t m = 0; m < HISTORY_MINUTES; m++)
			memcpy(end_of(k, m), k->now, k->width * sizeof k->now[0]);
	return h;
}

void history_free(struct history *h)
{
	struct kept *next;

	if (h == NULL)
		return;
	for (struct kept *k = h->all; k != NULL; k = next) {
		next = k->next;
		free(k);
	}
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void history_tick(struct history *h, int64_t now_ms)
{
	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	advance(h, now_ms);
	pthread_mutex_unlock(&h->lock);
}

/* ---- reading ---- */

/* In the i-th of the minutes that are shown. */
static uint64_t counted(const struct history *h, const struct kept *k, size_t i, size_t value)
{
	int64_t minute = h->minute - HISTORY_MINUTES + 1 + (int64_t)i;

	if (minute < h->first)
		return 0;
	return (minute == h->minute ? k->now : end_of(k, minute + 1))[value] -
	       end_of(k, minute)[value];
}

static void read_kept(const struct history *h, const struct kept *k, struct arena *a,
		      struct history_series *out)
{
	out->metric = k->row->metric;
	memcpy(out->names, k->names, sizeof out->names);
	if (k->width > 1)
		out->buckets = arena_alloc_array(a, HISTORY_MINUTES, sizeof out->buckets[0]);
	for (size_t v = 0; v < k->width; v++) {
		out->total += k->now[v];
		for (size_t i = 0; i < HISTORY_MINUTES; i++) {
			uint64_t count = counted(h, k, i, v);

			out->minutes[i] += count;
			if (out->buckets != NULL)
				out->buckets[i][v] = count;
		}
	}
}

void history_read(struct history *h, int64_t now_ms, struct arena *a, struct history_reading *out)
{
	struct history_series *series;
	size_t count = 0;

	*out = (struct history_reading){.count = 0};
	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	advance(h, now_ms);
	look(h);
	series = arena_array(a, struct history_series, h->count);
	for (const struct kept *k = h->all; k != NULL; k = k->next)
		read_kept(h, k, a, &series[count++]);
	out->series = series;
	out->count = count;
	out->minutes = h->minute - h->first + 1 < HISTORY_MINUTES
			       ? (size_t)(h->minute - h->first) + 1
			       : HISTORY_MINUTES;
	pthread_mutex_unlock(&h->lock);
}

bool history_fits(const struct history_series *s, enum metric metric, const char *first,
		  const char *second)
{
	return s->metric == metric && (first == NULL || strcmp(s->names[0], first) == 0) &&
	       (second == NULL || strcmp(s->names[1], second) == 0);
}

uint64_t history_hour(const struct history_reading *r, enum metric metric, const char *first,
		      const char *second)
{
	uint64_t minutes[HISTORY_MINUTES];
	uint64_t sum = 0;

	history_by_minute(r, metric, first, second, minutes);
	for (size_t i = 0; i < HISTORY_MINUTES; i++)
		sum += minutes[i];
	return sum;
}

uint64_t history_total(const struct history_reading *r, enum metric metric, const char *first,
		       const char *second)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < r->count; i++)
		if (history_fits(&r->series[i], metric, first, second))
			sum += r->series[i].total;
	return sum;
}

void history_by_minute(const struct history_reading *r, enum metric metric, const char *first,
		       const char *second, uint64_t minutes[HISTORY_MINUTES])
{
	memset(minutes, 0, HISTORY_MINUTES * sizeof minutes[0]);
	for (size_t i = 0; i < r->count; i++)
		if (history_fits(&r->series[i], metric, first, second))
			for (size_t m = 0; m < HISTORY_MINUTES; m++)
				minutes[m] += r->series[i].minutes[m];
}

void history_durations(const struct history_reading *r, enum metric metric,
		       uint64_t buckets[HISTORY_MINUTES][HISTORY_BUCKETS])
{
	memset(buckets, 0, HISTORY_MINUTES * sizeof buckets[0]);
	for (size_t i = 0; i < r->count; i++) {
		const struct history_series *s = &r->series[i];

		if (s->buckets == NULL || !history_fits(s, metric, NULL, NULL))
			continue;
		for (size_t m = 0; m < HISTORY_MINUTES; m++)
			for (size_t b = 0; b < HISTORY_BUCKETS; b++)
				buckets[m][b] += s->buckets[m][b];
	}
}

int64_t history_quantile_us(const uint64_t buckets[HISTORY_BUCKETS], unsigned percent)
{
	uint64_t count = 0;
	uint64_t before = 0;
	double wanted;

	for (size_t b = 0; b < HISTORY_BUCKETS; b++)
		count += buckets[b];
	if (count == 0)
		return -1;
	wanted = (double)count * percent / 100;
	for (size_t b = 0; b + 1 < HISTORY_BUCKETS; b++) {
		int64_t low = b == 0 ? 0 : metric_buckets[b - 1].most_us;
		int64_t high = metric_buckets[b].most_us;

		if (buckets[b] > 0 && (double)(before + buckets[b]) >= wanted)
			return low + (int64_t)((double)(high - low) * (wanted - (double)before) /
					       (double)buckets[b]);
		before += buckets[b];
	}
	return metric_buckets[HISTORY_BUCKETS - 2].most_us;
}
