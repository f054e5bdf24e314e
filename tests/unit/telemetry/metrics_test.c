/* Series: made once whoever comes first, found again, bounded; and what samplers add. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "telemetry/inside.h"

enum { THREADS = 8, ROUNDS = 20000, NAMES = 50 };

static const struct metric_series *find(enum metric metric, const char *const *values)
{
	for (const struct metric_series *s = metric_all_series(); s != NULL; s = s->next) {
		bool same = s->metric == metric;

		for (size_t i = 0; same && i < metric_label_count(&metric_rows[metric]); i++)
			same = strcmp(s->values[i], metric_value(values[i])) == 0;
		if (same)
			return s;
	}
	return NULL;
}

static uint64_t value_of(enum metric metric, const char *const *values)
{
	const struct metric_series *s = find(metric, values);

	return s == NULL ? 0 : atomic_load(&s->sum);
}

static size_t series_of(enum metric metric)
{
	size_t count = 0;

	for (const struct metric_series *s = metric_all_series(); s != NULL; s = s->next)
		count += s->metric == metric;
	return count;
}

static bool starts_with_letter(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool ends_with(const char *name, const char *end)
{
	return text_ends(text_of(name), end);
}

static bool has_label(const struct metric_row *row, const char *label)
{
	for (size_t i = 0; row->labels[i] != NULL; i++)
		if (strcmp(row->labels[i], label) == 0)
			return true;
	return false;
}

/* How something ended is told in any case: all labels but that one are folded, each once, and each
 * time there is room for whatever that one may be. */
static void folds_are_complete(const struct metric_row *row)
{
	static const char *const endings[] = {"status", "result", "outcome"};
	size_t labels = metric_label_count(row);
	size_t folds = 0;
	bool ends = false;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		ends = ends || has_label(row, endings[i]);
	for (; folds < METRIC_MOST_LABELS && row->folds[folds].label != NULL; folds++) {
		assert_true(has_label(row, row->folds[folds].label));
		assert_true(row->folds[folds].most > 0);
		for (size_t i = 0; i < ARRAY_LEN(endings); i++)
			assert_string_not_equal(row->folds[folds].label, endings[i]);
		for (size_t i = 0; i < folds; i++)
			assert_string_not_equal(row->folds[folds].label, row->folds[i].label);
	}
	if (ends && labels > 1)
		assert_int_equal(folds, labels - 1);
	assert_true(folds < labels || labels == 0);
}

/* Series that there may be in the table. */
static size_t most_of(const struct metric_row *row)
{
	size_t most = row->most + 1;

	for (size_t i = 0; i < METRIC_MOST_LABELS; i++)
		most += row->folds[i].most;
	return row->type == METRIC_GAUGE || row->type == METRIC_INFO ? 0 : most;
}

/* Prometheus' own rules for names, and that what all rows allow leaves a third of the table free.
 */
static void rows_are_complete(void **state)
{
	size_t most = 0;

	(void)state;
	for (int m = 0; m < METRICS; m++) {
		const struct metric_row *row = &metric_rows[m];

		assert_non_null(row->name);
		assert_non_null(row->help);
		assert_true(row->type >= METRIC_COUNTER && row->type <= METRIC_INFO);
		assert_true(starts_with_letter(row->name));
		assert_false(ends_with(row->name, "_total") || ends_with(row->name, "_info"));
		if (row->unit != NULL)
			assert_true(ends_with(row->name, row->unit));
		assert_true((row->labels[0] == NULL) == (row->most == 0));
		if (row->words != NULL)
			assert_true(row->labels[0] != NULL && row->labels[1] == NULL);
		for (size_t i = 0; row->labels[i] != NULL; i++)
			assert_true(starts_with_letter(row->labels[i]));
		for (int other = 0; other < m; other++)
			assert_string_not_equal(row->name, metric_rows[other].name);
		if (has_label(row, "environment"))
			assert_true(row->most >= METRIC_MOST_ENVIRONMENTS);
		folds_are_complete(row);
		most += most_of(row);
	}
	assert_true(most * 3 <= (size_t)METRIC_SLOTS * 2);
	for (size_t i = 1; i < METRIC_BUCKETS; i++)
		assert_true(metric_buckets[i - 1].most_us < metric_buckets[i].most_us);
}

static void counts_by_labels(void **state)
{
	char name[] = "cluster.one";

	(void)state;
	metric_count(METRIC_REQUESTS, name, "200");
	metric_count(METRIC_REQUESTS, name, "200");
	metric_count(METRIC_REQUESTS, name, "404");
	metric_count(METRIC_REQUESTS, "cluster.two", "200");
	/* Not the same as one label that holds both. */
	metric_count(METRIC_REQUESTS, "cluster.one200", NULL);
	/* They were copied. */
	name[0] = 'x';
	assert_int_equal(value_of(METRIC_REQUESTS, METRIC_LABELS("cluster.one", "200")), 2);
	assert_int_equal(value_of(METRIC_REQUESTS, METRIC_LABELS("cluster.one", "404")), 1);
	assert_int_equal(value_of(METRIC_REQUESTS, METRIC_LABELS("cluster.two", "200")), 1);
	assert_int_equal(value_of(METRIC_REQUESTS, METRIC_LABELS("cluster.one200", "")), 1);
	assert_null(find(METRIC_REQUESTS, METRIC_LABELS("xluster.one", "200")));
	/* Of another metric. */
	assert_null(find(METRIC_TOKENS, METRIC_LABELS("cluster.one", "200")));
}

static void a_series_may_begin_with_nothing(void **state)
{
	(void)state;
	metric_add(METRIC_RETRIES, 0, METRIC_LABELS("somewhere"));
	assert_non_null(find(METRIC_RETRIES, METRIC_LABELS("somewhere")));
	assert_int_equal(value_of(METRIC_RETRIES, METRIC_LABELS("somewhere")), 0);
	metric_add(METRIC_RETRIES, 7, METRIC_LABELS("somewhere"));
	assert_int_equal(value_of(METRIC_RETRIES, METRIC_LABELS("somewhere")), 7);
}

/* A bound belongs to the bucket that it names. */
static void durations_go_into_buckets(void **state)
{
	static const struct {
		int64_t us;
		size_t bucket;
	} rows[] = {{0, 0},
		    {-5, 0},
		    {1, 0},
		    {1000, 0},
		    {1001, 1},
		    {2500, 1},
		    {2501, 2},
		    {999999, 9},
		    {1000000, 9},
		    {1000001, 10},
		    {60000000, 14},
		    {60000001, 15},
		    {INT64_C(1) << 40, 15}};
	const struct metric_series *s;
	uint64_t before[METRIC_BUCKETS] = {0};
	uint64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		metric_observe(METRIC_UPSTREAM_SECONDS, rows[i].us, "here");
		s = find(METRIC_UPSTREAM_SECONDS, METRIC_LABELS("here"));
		before[rows[i].bucket]++;
		sum += rows[i].us < 0 ? 0 : (uint64_t)rows[i].us;
		for (size_t b = 0; b < METRIC_BUCKETS; b++)
			assert_int_equal(atomic_load(&s->counts[b]), before[b]);
		assert_int_equal(atomic_load(&s->sum), sum);
	}
}

/* What comes beyond the bound is counted together, by its status; what was there goes on by itself.
 */
static void series_are_bounded(void **state)
{
	unsigned most = metric_rows[METRIC_BACKSTAGE].most;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < most + 100; i++) {
		snprintf(name, sizeof name, "plugin-%u", i);
		metric_count(METRIC_BACKSTAGE, name, "200");
	}
	assert_int_equal(series_of(METRIC_BACKSTAGE), most + 1);
	assert_int_equal(value_of(METRIC_BACKSTAGE, METRIC_LABELS("other", "200")), 100);
	metric_count(METRIC_BACKSTAGE, "plugin-0", "200");
	assert_int_equal(value_of(METRIC_BACKSTAGE, METRIC_LABELS("plugin-0", "200")), 2);
	metric_count(METRIC_BACKSTAGE, "plugin-0", "500");
	assert_int_equal(value_of(METRIC_BACKSTAGE, METRIC_LABELS("other", "500")), 1);
	assert_int_equal(value_of(METRIC_BACKSTAGE, METRIC_LABELS("other", "other")), 0);
}

/* The only label there is. */
static void a_name_alone_becomes_other(void **state)
{
	unsigned most = metric_rows[METRIC_CIRCUIT_OPENINGS].most;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < most + 5; i++) {
		snprintf(name, sizeof name, "env-%u", i);
		metric_count(METRIC_CIRCUIT_OPENINGS, name);
	}
	assert_int_equal(value_of(METRIC_CIRCUIT_OPENINGS, METRIC_LABELS("env-999")), 1);
	assert_int_equal(value_of(METRIC_CIRCUIT_OPENINGS, METRIC_LABELS("other")), 5);
	assert_int_equal(series_of(METRIC_CIRCUIT_OPENINGS), most + 1);
}

/* First the endpoint, then the environment; what is beyond that in a thousand statuses as well. */
static void labels_fold_in_steps(void **state)
{
	const struct metric_row *row = &metric_rows[METRIC_UPSTREAM];
	char name[32];
	char status[METRIC_STATUS_SIZE];

	(void)state;
	for (unsigned i = 0; i < row->most; i++) {
		snprintf(name, sizeof name, "/v1/%u", i);
		metric_count(METRIC_UPSTREAM, "first", name, "200");
	}
	for (int i = 0; i < 50; i++)
		metric_count(METRIC_UPSTREAM, "zlast", i % 2 == 0 ? "/v1/a" : "/v1/b", "timeout");
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("zlast", "other", "timeout")), 50);
	metric_count(METRIC_UPSTREAM, "first", "/v1/0", "200");
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("first", "/v1/0", "200")), 2);

	for (unsigned i = 0; i < row->folds[0].most + 7; i++) {
		snprintf(name, sizeof name, "env-%u", i);
		metric_count(METRIC_UPSTREAM, name, "/v1/a", "503");
	}
	/* "zlast" has one of the places. */
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("other", "other", "503")), 8);
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("env-0", "other", "503")), 1);
	for (int i = 100; i < 1000; i++)
		metric_count(METRIC_UPSTREAM, "more", "/v1/a", metric_status(i, status));
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("other", "other", "503")), 9);
	assert_int_equal(value_of(METRIC_UPSTREAM, METRIC_LABELS("other", "other", "999")), 1);
	assert_null(find(METRIC_UPSTREAM, METRIC_LABELS("other", "other", "other")));
	assert_true(series_of(METRIC_UPSTREAM) <= most_of(row));
}

/* ---- several threads ---- */

static void *count_much(void *argument)
{
	char name[32];
	char status[METRIC_STATUS_SIZE];

	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof name, "op.%d", i % NAMES);
		metric_count(METRIC_REQUESTS, name, metric_status(200 + i % 2, status));
		metric_observe(METRIC_REQUEST_SECONDS, i, name);
	}
	return NULL;
}

/* Reads all the time, too, as a scrape does. */
static void *read_much(void *argument)
{
	(void)argument;
	for (int i = 0; i < 50; i++) {
		struct buf out;

		buf_init(&out, METRICS_LONGEST);
		metrics_write(i % 2 == 0 ? METRICS_TEXT : METRICS_OPENMETRICS, &out);
		buf_fini(&out);
	}
	return NULL;
}

static void nothing_is_lost_or_made_twice(void **state)
{
	pthread_t threads[THREADS + 1];
	uint64_t sum = 0;
	size_t series = 0;

	(void)state;
	for (size_t i = 0; i <= THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						i < THREADS ? count_much : read_much, NULL),
				 0);
	for (size_t i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	for (const struct metric_series *s = metric_all_series(); s != NULL; s = s->next) {
		if (s->metric != METRIC_REQUESTS || strncmp(s->values[0], "op.", 3) != 0)
			continue;
		sum += atomic_load(&s->sum);
		series++;
	}
	assert_int_equal(sum, THREADS * ROUNDS);
	/* 50 is even, so that each name has one of the two statuses. */
	assert_int_equal(series, NAMES);
}

/* ---- samplers ---- */

static void sample_some(void *context, struct metric_samples *samples)
{
	int *called = context;

	(*called)++;
	metric_sample(samples, METRIC_CONNECTIONS, 3);
	metric_sample(samples, METRIC_CIRCUIT, 2, "here");
}

static const char *const others[METRIC_MOST_LABELS] = {"other", "other", "other"};

static void sample_many(void *context, struct metric_samples *samples)
{
	char name[32];

	(void)context;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "env-%d", i);
		metric_sample(samples, METRIC_CIRCUIT, i, name);
		metric_sample(samples, METRIC_CERTIFICATE, 9000 - i, name);
		metric_sample(samples, METRIC_CONNECTIONS, i);
	}
}

static size_t sampled(enum metric metric)
{
	struct metric_samples samples;
	size_t count = 0;

	metric_samples_take(&samples);
	for (size_t i = 0; i < samples.count; i++)
		count += samples.items[i].metric == metric;
	metric_samples_fini(&samples);
	return count;
}

static void samplers_come_and_go(void **state)
{
	int called = 0;
	int other = 0;

	(void)state;
	assert_int_equal(sampled(METRIC_CONNECTIONS), 0);
	metric_sample_no_more(sample_some, &called);
	metric_sample_by(sample_some, &called);
	assert_int_equal(sampled(METRIC_CONNECTIONS), 1);
	assert_int_equal(sampled(METRIC_CIRCUIT), 1);
	assert_int_equal(called, 2);
	metric_sample_no_more(sample_some, &other); /* another one */
	assert_int_equal(sampled(METRIC_CONNECTIONS), 1);
	metric_sample_no_more(sample_some, &called);
	assert_int_equal(sampled(METRIC_CONNECTIONS), 0);
	assert_int_equal(called, 3);
}

static void samples_are_bounded(void **state)
{
	(void)state;
	metric_sample_by(sample_many, NULL);
	assert_int_equal(sampled(METRIC_CIRCUIT), metric_rows[METRIC_CIRCUIT].most + 1);
	assert_int_equal(sampled(METRIC_CERTIFICATE), metric_rows[METRIC_CERTIFICATE].most + 1);
	assert_int_equal(sampled(METRIC_CONNECTIONS), 1);
	metric_sample_no_more(sample_many, NULL);
}

/* Of gauges that is the worst of them. */
static void what_is_beyond_the_bound_is_told_together(void **state)
{
	const char *const beyond[] = {"env-4999", NULL};
	const char *const within[] = {"env-0", NULL};
	struct metric_samples *samples;

	(void)state;
	metric_sample_by(sample_many, NULL);
	samples = metric_look();
	assert_float_equal(metric_seen(samples, METRIC_CIRCUIT, within, -1), 0, 0);
	assert_float_equal(metric_seen(samples, METRIC_CIRCUIT, beyond, -1), -1, 0);
	assert_float_equal(metric_seen(samples, METRIC_CIRCUIT, others, -1), 4999, 0);
	assert_float_equal(metric_seen(samples, METRIC_CERTIFICATE, others, -1), 4001, 0);
	metric_look_end(samples);
	metric_sample_no_more(sample_many, NULL);
}

/* Of each environment the least that is left of its parts. */
static void sample_parts(void *context, struct metric_samples *samples)
{
	char name[32];
	char part[32];

	(void)context;
	for (int i = 0; i < 1000; i++)
		for (int p = 0; p < 10; p++) {
			snprintf(name, sizeof name, "env-%d", i);
			snprintf(part, sizeof part, "/v1/%d", p);
			metric_sample(samples, METRIC_BUDGET, 10000 + i * 10 - p, name, part);
		}
}

static void parts_fold_and_environments_stay(void **state)
{
	struct metric_samples *samples;

	(void)state;
	metric_sample_by(sample_parts, NULL);
	samples = metric_look();
	assert_float_equal(metric_seen(samples, METRIC_BUDGET, METRIC_LABELS("env-1", "/v1/3"), -1),
			   10007, 0);
	assert_float_equal(
		metric_seen(samples, METRIC_BUDGET, METRIC_LABELS("env-999", "/v1/3"), -1), -1, 0);
	assert_float_equal(
		metric_seen(samples, METRIC_BUDGET, METRIC_LABELS("env-999", "other"), -1), 19981,
		0);
	assert_float_equal(metric_seen(samples, METRIC_BUDGET, others, -1), -1, 0);
	metric_look_end(samples);
	metric_sample_no_more(sample_parts, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(counts_by_labels),
		cmocka_unit_test(a_series_may_begin_with_nothing),
		cmocka_unit_test(durations_go_into_buckets),
		cmocka_unit_test(nothing_is_lost_or_made_twice),
		cmocka_unit_test(series_are_bounded),
		cmocka_unit_test(a_name_alone_becomes_other),
		cmocka_unit_test(labels_fold_in_steps),
		cmocka_unit_test(samplers_come_and_go),
		cmocka_unit_test(samples_are_bounded),
		cmocka_unit_test(what_is_beyond_the_bound_is_told_together),
		cmocka_unit_test(parts_fold_and_environments_stay),
	};

	return cmocka_run_group_tests_name("telemetry/metrics", tests, NULL, NULL);
}
