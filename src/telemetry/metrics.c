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

/* A power of two, and more than twice what all rows allow. */
enum { SLOTS = 16384 };

static _Atomic(struct metric_series *) slots[SLOTS];
static _Atomic(struct metric_series *) newest;
static atomic_uint counts[METRICS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of who makes a series */

const char *const metric_others[METRIC_MOST_LABELS] = {"other", "other", "other"};

size_t metric_label_count(const struct metric_row *row)
{
	size_t count = 0;

	while (row->labels[count] != NULL)
		count++;
	return count;
}

/* ---- finding ---- */

static uint64_t hash_of(enum metric metric, size_t count, const char *const *values)
{
	uint64_t hash = hash_byte(HASH_START, (unsigned char)metric);

	/* With the NUL, which no value has, between them. */
	for (size_t i = 0; i < count; i++)
		for (const char *c = metric_value(values[i]);; c++) {
			hash = hash_byte(hash, (unsigned char)*c);
			if (*c == '\0')
				break;
		}
	return hash;
}

static bool is_it(const struct metric_series *s, enum metric metric, size_t count,
		  const char *const *values)
{
	if (s->metric != metric)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(s->values[i], metric_value(values[i])) != 0)
			return false;
	return true;
}

/* *slot: where it is or, of NULL, where it would be. */
static struct metric_series *find(uint64_t hash, enum metric metric, size_t count,
				  const char *const *values, size_t *slot)
{
	for (size_t i = hash % SLOTS;; i = (i + 1) % SLOTS) {
		struct metric_series *s = atomic_load_explicit(&slots[i], memory_order_acquire);

		*slot = i;
		if (s == NULL || (s->hash == hash && is_it(s, metric, count, values)))
			return s;
	}
}

/* ---- making ---- */

/* In one piece, with its values behind it. */
static struct metric_series *series_new(uint64_t hash, enum metric metric, size_t count,
					const char *const *values)
{
	size_t buckets = metric_rows[metric].type == METRIC_HISTOGRAM ? METRIC_BUCKETS : 0;
	size_t size = sizeof(struct metric_series) + buckets * sizeof(atomic_uint_fast64_t);
	struct metric_series *s;
	char *to;

	for (size_t i = 0; i < count; i++)
		size += strlen(metric_value(values[i])) + 1;
	s = heap_alloc(size);
	s->metric = metric;
	s->hash = hash;
	to = (char *)&s->counts[buckets];
	for (size_t i = 0; i < count; i++) {
		s->values[i] = to;
		to = stpcpy(to, metric_value(values[i])) + 1;
	}
	return s;
}

/* Under the lock. */
static void publish(struct metric_series *s, size_t slot)
{
	s->next = atomic_load_explicit(&newest, memory_order_relaxed);
	atomic_store_explicit(&newest, s, memory_order_release);
	atomic_store_explicit(&slots[slot], s, memory_order_release);
	atomic_fetch_add(&counts[s->metric], 1);
}

static bool is_full(enum metric metric)
{
	return metric_rows[metric].most > 0 &&
	       atomic_load_explicit(&counts[metric], memory_order_relaxed) >=
		       metric_rows[metric].most;
}

static struct metric_series *make(uint64_t hash, enum metric metric, size_t count,
				  const char *const *values)
{
	struct metric_series *s;
	size_t slot;

	pthread_mutex_lock(&lock);
	s = find(hash, metric, count, values, &slot);
	if (s == NULL && is_full(metric) && values != metric_others) {
		hash = hash_of(metric, count, metric_others);
		values = metric_others;
		s = find(hash, metric, count, values, &slot);
	}
	if (s == NULL) {
		s = series_new(hash, metric, count, values);
		publish(s, slot);
	}
	pthread_mutex_unlock(&lock);
	return s;
}

static struct metric_series *series_of(enum metric metric, const char *const *values)
{
	size_t count = metric_label_count(&metric_rows[metric]);
	uint64_t hash = hash_of(metric, count, values);
	struct metric_series *s;
	size_t slot;

	s = find(hash, metric, count, values, &slot);
	if (s == NULL && is_full(metric)) {
		values = metric_others;
		hash = hash_of(metric, count, values);
		s = find(hash, metric, count, values, &slot);
	}
	return s != NULL ? s : make(hash, metric, count, values);
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

static size_t bucket_of(int64_t us)
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
	atomic_fetch_add_explicit(&s->counts[bucket_of(us)], 1, memory_order_relaxed);
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
