/* The hour of one environment, under a clock that is given: it is told whatever series there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "telemetry/inside.h"
#include "telemetry/tally.h"

enum { MINUTE = 60000, BEGAN = 17 * MINUTE };

static struct arena arena;
static struct tally *t;
static struct history_reading reading;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	t = tally_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	tally_free(t);
	arena_fini(&arena);
	return 0;
}

static int64_t at(int minute)
{
	return BEGAN + (int64_t)minute * MINUTE + MINUTE / 2;
}

static uint64_t hour(enum metric metric, const char *status)
{
	return history_hour(&reading, metric, "", status);
}

static uint64_t in_minute(enum metric metric, const char *status, size_t minute)
{
	uint64_t minutes[HISTORY_MINUTES];

	history_by_minute(&reading, metric, NULL, status, minutes);
	return minutes[minute];
}

static const size_t NOW = HISTORY_MINUTES - 1;

static void ask(int minute, const char *environment, const char *status)
{
	tally_count(t, at(minute), METRIC_UPSTREAM, environment, "/v1/tally", status);
	tally_observe(t, at(minute), METRIC_UPSTREAM_SECONDS, 40000, environment);
}

static void by_status_and_minute(void **state)
{
	(void)state;
	ask(0, "here", "200");
	ask(1, "here", "dns");
	ask(1, "here", "dns");
	tally_add(t, at(1), METRIC_PACED_REFUSALS, 3, METRIC_LABELS("here"));
	tally_read(t, at(2), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, "200"), 1);
	assert_int_equal(hour(METRIC_UPSTREAM, "dns"), 2);
	assert_int_equal(hour(METRIC_UPSTREAM, NULL), 3);
	assert_int_equal(hour(METRIC_PACED_REFUSALS, NULL), 3);
	assert_int_equal(in_minute(METRIC_UPSTREAM, "200", NOW - 2), 1);
	assert_int_equal(in_minute(METRIC_UPSTREAM, "dns", NOW - 1), 2);
	assert_int_equal(in_minute(METRIC_UPSTREAM, NULL, NOW), 0);
}

static void durations_by_bucket(void **state)
{
	uint64_t buckets[HISTORY_MINUTES][HISTORY_BUCKETS];

	(void)state;
	ask(0, "here", "200");
	tally_observe(t, at(1), METRIC_UPSTREAM_SECONDS, 3000, "here");
	tally_read(t, at(1), &arena, &reading);
	history_durations(&reading, METRIC_UPSTREAM_SECONDS, buckets);
	assert_int_equal(buckets[NOW - 1][5], 1);
	assert_int_equal(buckets[NOW][2], 1);
	assert_int_equal(hour(METRIC_UPSTREAM_SECONDS, NULL), 2);
}

/* After an hour it is forgotten, but for the total; also where nothing was counted meanwhile. */
static void only_the_last_hour_stays(void **state)
{
	(void)state;
	for (int m = 0; m < 150; m++)
		ask(m, "here", "200");
	tally_read(t, at(149), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, NULL), HISTORY_MINUTES);
	for (size_t m = 0; m < HISTORY_MINUTES; m++)
		assert_int_equal(in_minute(METRIC_UPSTREAM, "200", m), 1);
	tally_read(t, at(149 + HISTORY_MINUTES - 1), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, NULL), 1);
	tally_read(t, at(149 + HISTORY_MINUTES), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, NULL), 0);
	assert_int_equal(hour(METRIC_UPSTREAM_SECONDS, NULL), 0);
	assert_int_equal(history_total(&reading, METRIC_UPSTREAM, NULL, "200"), 150);
	ask(1000, "here", "200");
	ask(3, "here", "200"); /* a clock that went back would be a defect, and is passed over */
	tally_read(t, at(1000), &arena, &reading);
	assert_int_equal(in_minute(METRIC_UPSTREAM, NULL, NOW), 2);
}

static void nothing_reads_as_nothing(void **state)
{
	(void)state;
	tally_read(t, at(0), &arena, &reading);
	assert_int_equal(reading.count, 0);
	tally_free(NULL);
}

static uint64_t in_metric(const char *const *labels)
{
	for (const struct metric_series *s = metric_all_series(); s != NULL; s = s->next)
		if (s->metric == METRIC_UPSTREAM && strcmp(s->values[0], labels[0]) == 0 &&
		    strcmp(s->values[1], labels[1]) == 0 && strcmp(s->values[2], labels[2]) == 0)
			return atomic_load(&s->sum);
	return 0;
}

/* Those who came before have taken every series; what is known of this one is the same. */
static void whatever_series_there_are(void **state)
{
	const struct metric_row *row = &metric_rows[METRIC_UPSTREAM];
	unsigned many = row->most + row->folds[0].most + 10;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < many; i++) {
		snprintf(name, sizeof name, "env-%u", i);
		metric_count(METRIC_UPSTREAM, name, "/v1/tally", "200");
	}
	for (int i = 0; i < 50; i++)
		ask(0, "zlast", "connection");
	assert_int_equal(in_metric(METRIC_LABELS("other", "other", "connection")), 50);
	tally_read(t, at(0), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, "connection"), 50);
	assert_int_equal(hour(METRIC_UPSTREAM_SECONDS, NULL), 50);
}

/* A Palette that says whatever it likes takes no more memory than that; classes stay, and so does
 * what is a failure. */
static void statuses_are_bounded(void **state)
{
	static const char *const kept[] = {"429", "dns", "timeout", "unsent"};
	char status[METRIC_STATUS_SIZE];
	uint64_t server = 0;

	(void)state;
	for (int i = 100; i < 1000; i++)
		if (i != 429)
			ask(0, "here", metric_status(i, status));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		ask(0, "here", kept[i]);
	tally_read(t, at(0), &arena, &reading);
	assert_true(reading.count < 50);
	assert_int_equal(hour(METRIC_UPSTREAM, NULL), 899 + ARRAY_LEN(kept));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		assert_int_equal(hour(METRIC_UPSTREAM, kept[i]), 1);
	for (size_t i = 0; i < reading.count; i++)
		if (reading.series[i].names[1][0] == '5')
			server += reading.series[i].total;
	assert_int_equal(server, 100);
	assert_int_equal(hour(METRIC_UPSTREAM, "5xx"), 100);
}

/* ---- by several threads ---- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *count_and_read(void *unused)
{
	struct history_reading r;
	struct arena a;

	(void)unused;
	arena_init(&a);
	for (int i = 0; i < ROUNDS; i++) {
		ask(i / 100, "threads", i % 2 == 0 ? "200" : "503");
		if (i % 100 == 0)
			tally_read(t, at(i / 100), &a, &r);
	}
	arena_fini(&a);
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_and_read, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	tally_read(t, at(30), &arena, &reading);
	assert_int_equal(hour(METRIC_UPSTREAM, "200"), THREADS * ROUNDS / 2);
	assert_int_equal(hour(METRIC_UPSTREAM, "503"), THREADS * ROUNDS / 2);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(by_status_and_minute),      CASE(durations_by_bucket),
		CASE(only_the_last_hour_stays),  CASE(nothing_reads_as_nothing),
		CASE(whatever_series_there_are), CASE(statuses_are_bounded),
		CASE(threads_lose_nothing),
	};

	return cmocka_run_group_tests_name("telemetry/tally", tests, NULL, NULL);
}
