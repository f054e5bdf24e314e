/*
 * Where the series are: a table of pointers that only grows, so that who looks needs no lock. Who
 * finds nothing makes a series under one.
 */
#include "telemetry/metrics.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "telemetry/inside.h"

static _Atomic(struct metric_series *) slots[METRIC_SLOTS];
static _Atomic(struct metric_series *) newest;
static atomic_uint counts[METRICS][METRIC_LEVELS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of who makes a series */

size_t metric_label_count(const struct metric_row *row)
{
	size_t count = 0;

	while (row->labels[count] != NULL)
		count++;
	return count;
}

/* ---- finding ---- */

static uint64_t hash_of(const struct metric_folded *f)
{
	uint64_t hash = hash_byte(HASH_START, (unsigned char)f->metric);

	/* With the NUL, which no value has, between them. */
	for (size_t i = 0; i < METRIC_MOST_LABELS && f->values[i] != NULL; i++)
		for (const char *c = f->values[i];; c++) {
			hash = hash_byte(hash, (unsigned char)*c);
			if (*c == '\0')
				break;
		}
	return hash;
}

static bool is_it(const struct metric_series *s, const struct metric_folded *f)
{
	if (s->metric != f->metric)
		return false;
	for (size_t i = 0; i < METRIC_MOST_LABELS && f->values[i] != NULL; i++)
		if (strcmp(s->values[i], f->values[i]) != 0)
			return false;
	return true;
}

/* *slot: where it is or, of NULL, where it would be. */
static struct metric_series *find(const struct metric_folded *f, uint64_t hash, size_t *slot)
{
	for (size_t i = hash % METRIC_SLOTS;; i = (i + 1) % METRIC_SLOTS) {
		struct metric_series *s = atomic_load_explicit(&slots[i], memory_order_acquire);

		*slot = i;
		if (s == NULL || (s->hash == hash && is_it(s, f)))
			return s;
	}
}

static bool is_full(const struct metric_folded *f)
{
	return atomic_load_explicit(&counts[f->metric][f->level], memory_order_relaxed) >=
	       metric_fold_most(f);
}

/* Folds labels until there is such a series, or room for it: then NULL. */
static struct metric_series *find_or_fold(struct metric_folded *f, uint64_t *hash, size_t *slot)
{
	struct metric_series *s;

	do {
		*hash = hash_of(f);
		s = find(f, *hash, slot);
	} while (s == NULL && is_full(f) && metric_fold_next(f));
	return s;
}

/* ---- making ---- */

/* In one piece, with its values behind it. */
static struct metric_series *series_new(const struct metric_folded *f, uint64_t hash)
{
	size_t buckets = metric_rows[f->metric].type == METRIC_HISTOGRAM ? METRIC_BUCKETS : 0;
	size_t size = sizeof(struct metric_series) + buckets * sizeof(atomic_uint_fast64_t);
	size_t count = metric_label_count(&metric_rows[f->metric]);
	struct metric_series *s;
	char *to;

	for (size_t i = 0; i < count; i++)
		size += strlen(f->values[i]) + 1;
	s = heap_alloc(size);
	s->metric = f->metric;
	s->hash = hash;
	to = (char *)&s->counts[buckets];
	for (size_t i = 0; i < count; i++) {
		s->values[i] = to;
		to = stpcpy(to, f->values[i]) + 1;
	}
	return s;
}

/* Under the lock. */
static void publish(struct metric_series *s, size_t level, size_t slot)
{
	s->next = atomic_load_explicit(&newest, memory_order_relaxed);
	atomic_store_explicit(&newest, s, memory_order_release);
	atomic_store_explicit(&slots[slot], s, memory_order_release);
	atomic_fetch_add(&counts[s->metric][level], 1);
}

static struct metric_series *make(struct metric_folded *f)
{
	struct metric_series *s;
	uint64_t hash;
	size_t slot;

	pthread_mutex_lock(&lock);
	s = find_or_fold(f, &hash, &slot);
	if (s == NULL) {
		s = series_new(f, hash);
		publish(s, f->level, slot);
	}
	pthread_mutex_unlock(&lock);
	return s;
}

static struct metric_series *series_of(enum metric metric, const char *const *labels)
{
	struct metric_folded f;
	struct metric_series *s;
	uint64_t hash;
	size_t slot;

	metric_fold_begin(&f, metric, labels);
	s = find_or_fold(&f, &hash, &slot);
	return s != NULL ? s : make(&f);
}

const struct metric_series *metric_all_series(void)
{
	return atomic_load_explicit(&newest, memory_order_acquire);
}

/* ---- counting ---- */

void metric_add(enum metric metric, uint64_t count, const char *const *labels)
{
	assert(metric_rows[metric].type == METRIC_COUNTER);
	atomic_fetch_add_explicit(&series_of(metric, labels)->sum, count, memory_order_relaxed);
}

size_t metric_bucket_of(int64_t us)
{
	size_t i = 0;

	while (i < METRIC_BUCKETS - 1 && us > metric_buckets[i].most_us)
		i++;
	return i;
}

void metric_add_duration(enum metric metric, int64_t us, const char *const *labels)
{
	struct metric_series *s = series_of(metric, labels);

	assert(metric_rows[metric].type == METRIC_HISTOGRAM);
	if (us < 0)
		us = 0;
	atomic_fetch_add_explicit(&s->counts[metric_bucket_of(us)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->sum, (uint64_t)us, memory_order_relaxed);
}

const char *metric_status(int status, char room[METRIC_STATUS_SIZE])
{
	if (status <= 0)
		return "none";
	if (status > 999) {
		snprintf(room, METRIC_STATUS_SIZE, "%d", status);
		return room;
	}
	/* As HTTP has them, which is each time. */
	room[0] = (char)('0' + status / 100);
	room[1] = (char)('0' + status / 10 % 10);
	room[2] = (char)('0' + status % 10);
	room[3] = '\0';
	return room;
}
