/* The last hour by minute, under a clock that is given; and what happens seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "telemetry/history.h"
#include "telemetry/inside.h"
#include "telemetry/lately.h"

enum { MINUTE = 60000, BEGAN = 17 * MINUTE };

static struct arena arena;
static struct history *h;
static struct history_reading reading;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	h = history_new(BEGAN);
	return 0;
}

static int end(void **state)
{
	(void)state;
	history_free(h);
	arena_fini(&arena);
	return 0;
}

/* A reading so many minutes, and a half, after the beginning. */
static void read_at(int minute)
{
	history_read(h, BEGAN + (int64_t)minute * MINUTE + MINUTE / 2, &arena, &reading);
}

static void tick_at(int minute)
{
	history_tick(h, BEGAN + (int64_t)minute * MINUTE);
}

static uint64_t in_minute(enum metric metric, const char *first, size_t minute)
{
	uint64_t minutes[HISTORY_MINUTES];

	history_by_minute(&reading, metric, first, NULL, minutes);
	return minutes[minute];
}

static const size_t NOW = HISTORY_MINUTES - 1;

static void what_was_before_is_in_no_minute(void **state)
{
	(void)state;
	history_free(h);
	metric_add(METRIC_RETRIES, 1, METRIC_LABELS("no row"));
	metric_add(METRIC_REFUSED, 5, METRIC_LABELS("before"));
	h = history_new(BEGAN);
	metric_add(METRIC_REFUSED, 2, METRIC_LABELS("before"));
	read_at(0);
	assert_int_equal(reading.minutes, 1);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "before", NULL), 2);
	assert_int_equal(history_total(&reading, METRIC_REFUSED, "before", NULL), 7);
	assert_int_equal(history_total(&reading, METRIC_RETRIES, NULL, NULL), 0);
}

static void each_minute_has_its_own(void **state)
{
	(void)state;
	for (int m = 0; m < 5; m++) {
		tick_at(m);
		metric_add(METRIC_REFUSED, (uint64_t)m + 1, METRIC_LABELS("each"));
	}
	read_at(4);
	assert_int_equal(reading.minutes, 5);
	for (size_t back = 0; back < 5; back++)
		assert_int_equal(in_minute(METRIC_REFUSED, "each", NOW - back), 5 - back);
	assert_int_equal(in_minute(METRIC_REFUSED, "each", NOW - 5), 0);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "each", NULL), 15);
}

/* After an hour it is forgotten, but for the total. */
static void only_the_last_hour_stays(void **state)
{
	(void)state;
	for (int m = 0; m < 150; m++) {
		tick_at(m);
		metric_add(METRIC_REFUSED, (uint64_t)m, METRIC_LABELS("hour"));
		if (m % 7 == 0) {
			uint64_t sum = 0;

			read_at(m);
			for (int i = 0; i < HISTORY_MINUTES; i++) {
				int minute = m - HISTORY_MINUTES + 1 + i;
				uint64_t wanted = minute < 0 ? 0 : (uint64_t)minute;

				sum += wanted;
				assert_int_equal(in_minute(METRIC_REFUSED, "hour", (size_t)i),
						 wanted);
			}
			assert_int_equal(history_hour(&reading, METRIC_REFUSED, "hour", NULL), sum);
		}
	}
	assert_int_equal(reading.minutes, HISTORY_MINUTES);
	tick_at(150);
	read_at(150 + HISTORY_MINUTES);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "hour", NULL), 0);
	assert_int_equal(history_total(&reading, METRIC_REFUSED, "hour", NULL), 149 * 150 / 2);
}

/* What came while nobody looked is in the last minute that nobody saw; nothing is lost or counted
 * twice. */
static void minutes_without_a_look(void **state)
{
	(void)state;
	tick_at(1);
	metric_add(METRIC_REFUSED, 3, METRIC_LABELS("late"));
	tick_at(5);
	metric_add(METRIC_REFUSED, 4, METRIC_LABELS("late"));
	tick_at(5); /* again */
	tick_at(2); /* a clock that went back would be a defect, and is passed over */
	read_at(5);
	assert_int_equal(in_minute(METRIC_REFUSED, "late", NOW), 4);
	assert_int_equal(in_minute(METRIC_REFUSED, "late", NOW - 1), 3);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "late", NULL), 7);
	/* Much longer than there is room for. */
	tick_at(6);
	metric_add(METRIC_REFUSED, 9, METRIC_LABELS("late"));
	tick_at(1000);
	read_at(1000);
	assert_int_equal(in_minute(METRIC_REFUSED, "late", NOW - 1), 9);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "late", NULL), 9);
	assert_int_equal(history_total(&reading, METRIC_REFUSED, "late", NULL), 16);
}

/* A multiple of what there is room for: the same place in the ring. */
static void a_round_without_a_look(void **state)
{
	(void)state;
	tick_at(3);
	metric_add(METRIC_REFUSED, 3, METRIC_LABELS("round"));
	tick_at(3 + HISTORY_MINUTES);
	metric_add(METRIC_REFUSED, 1, METRIC_LABELS("round"));
	read_at(3 + HISTORY_MINUTES);
	assert_int_equal(in_minute(METRIC_REFUSED, "round", NOW), 1);
	assert_int_equal(in_minute(METRIC_REFUSED, "round", NOW - 1), 3);
	assert_int_equal(history_hour(&reading, METRIC_REFUSED, "round", NULL), 4);
}

/* By the labels that its row keeps; the operation is added up. */
static void labels_that_are_told_apart(void **state)
{
	(void)state;
	metric_count(METRIC_REQUESTS, "a", "200");
	metric_count(METRIC_REQUESTS, "b", "200");
	metric_count(METRIC_REQUESTS, "b", "503");
	metric_count(METRIC_BACKSTAGE, "east", "503");
	metric_count(METRIC_BACKSTAGE, "west", "503");
	metric_count(METRIC_BACKSTAGE, "eas", "t503");
	read_at(0);
	assert_int_equal(history_hour(&reading, METRIC_REQUESTS, "200", NULL), 2);
	assert_int_equal(history_hour(&reading, METRIC_REQUESTS, "503", NULL), 1);
	assert_int_equal(history_hour(&reading, METRIC_REQUESTS, NULL, NULL), 3);
	assert_int_equal(history_hour(&reading, METRIC_BACKSTAGE, "east", "503"), 1);
	assert_int_equal(history_hour(&reading, METRIC_BACKSTAGE, NULL, "503"), 2);
	assert_int_equal(history_hour(&reading, METRIC_BACKSTAGE, NULL, NULL), 3);
	assert_int_equal(history_hour(&reading, METRIC_BACKSTAGE, "north", NULL), 0);
}

static void durations_by_minute(void **state)
{
	uint64_t buckets[HISTORY_MINUTES][HISTORY_BUCKETS];

	(void)state;
	metric_observe(METRIC_REQUEST_SECONDS, 3000, "slow");
	tick_at(1);
	for (int i = 0; i < 9; i++)
		metric_observe(METRIC_REQUEST_SECONDS, 40000, i == 0 ? "another" : "slow");
	read_at(1);
	assert_int_equal(in_minute(METRIC_REQUEST_SECONDS, NULL, NOW), 9);
	assert_int_equal(in_minute(METRIC_REQUEST_SECONDS, NULL, NOW - 1), 1);
	history_durations(&reading, METRIC_REQUEST_SECONDS, buckets);
	assert_in_range(history_quantile_us(buckets[NOW - 1], 50), 2500, 5000);
	assert_in_range(history_quantile_us(buckets[NOW], 50), 25000, 50000);
	assert_int_equal(history_quantile_us(buckets[NOW - 2], 50), -1);
	assert_int_equal(buckets[NOW][5], 9);
	history_durations(&reading, METRIC_REQUESTS, buckets);
	assert_int_equal(history_quantile_us(buckets[NOW], 50), -1);
}

static void quantiles(void **state)
{
	uint64_t buckets[HISTORY_BUCKETS] = {0};

	(void)state;
	assert_int_equal(history_quantile_us(buckets, 95), -1);
	buckets[9] = 100; /* above half a second, up to a whole one */
	assert_int_equal(history_quantile_us(buckets, 50), 750000);
	assert_int_equal(history_quantile_us(buckets, 100), 1000000);
	buckets[0] = 100;
	assert_int_equal(history_quantile_us(buckets, 50), 1000);
	assert_int_equal(history_quantile_us(buckets, 75), 750000);
	memset(buckets, 0, sizeof buckets);
	buckets[HISTORY_BUCKETS - 1] = 1; /* longer than any bound */
	assert_int_equal(history_quantile_us(buckets, 50), 60000000);
}

static void nothing_reads_as_nothing(void **state)
{
	(void)state;
	history_tick(NULL, 0);
	history_read(NULL, 0, &arena, &reading);
	assert_int_equal(reading.count, 0);
	assert_int_equal(history_hour(&reading, METRIC_REQUESTS, NULL, NULL), 0);
	history_free(NULL);
}

/* ---- by several threads ---- */

enum { THREADS = 4, ROUNDS = 2000 };

static void *count_and_look(void *unused)
{
	struct history_reading r;
	struct arena a;

	(void)unused;
	arena_init(&a);
	for (int i = 0; i < ROUNDS; i++) {
		metric_count(METRIC_CREATIONS, "threads", "succeeded");
		if (i % 100 == 0) {
			history_tick(h, BEGAN + (int64_t)i * 600);
			history_read(h, BEGAN + (int64_t)i * 600, &a, &r);
		}
		lately_begin(LATELY_CREATION, "threads");
		lately_end(LATELY_CREATION, "threads", "succeeded", NULL);
	}
	arena_fini(&a);
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	pthread_t threads[THREADS];
	struct lately *items;
	size_t count;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_and_look, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	read_at(30);
	assert_int_equal(history_hour(&reading, METRIC_CREATIONS, "threads", "succeeded"),
			 THREADS * ROUNDS);
	lately_look(LATELY_CREATION, &arena, &items, &count);
	assert_int_equal(count, 1);
	assert_int_equal(items[0].running, 0);
}

/* ---- what happens seldom ---- */

static void what_is_under_way_and_how_it_ended(void **state)
{
	int64_t before_ms = clock_calendar_ms();
	struct lately *items;
	size_t count;

	(void)state;
	lately_look(LATELY_RELOAD, &arena, &items, &count);
	assert_int_equal(count, 0);
	lately_begin(LATELY_RELOAD, "");
	lately_begin(LATELY_RELOAD, "");
	lately_look(LATELY_RELOAD, &arena, &items, &count);
	assert_int_equal(items[0].running, 2);
	assert_null(items[0].outcome);
	lately_end(LATELY_RELOAD, "", "refused", "file:3:5");
	lately_look(LATELY_RELOAD, &arena, &items, &count);
	assert_int_equal(count, 1);
	assert_int_equal(items[0].running, 1);
	assert_string_equal(items[0].outcome, "refused");
	assert_string_equal(items[0].place, "file:3:5");
	assert_true(items[0].ended_ms >= before_ms);
	lately_end(LATELY_RELOAD, "", "reloaded", NULL);
	lately_end(LATELY_RELOAD, "", "reloaded", NULL); /* one too many is no harm */
	lately_look(LATELY_RELOAD, &arena, &items, &count);
	assert_int_equal(items[0].running, 0);
	assert_string_equal(items[0].place, "");
}

static void names_are_bounded(void **state)
{
	struct lately *items;
	size_t count;
	char name[8];

	(void)state;
	for (int i = 0; i < LATELY_MOST_NAMES + 5; i++) {
		snprintf(name, sizeof name, "n%d", i);
		lately_begin(LATELY_CREATION, name);
		lately_end(LATELY_CREATION, name, "failed", NULL);
	}
	lately_look(LATELY_CREATION, &arena, &items, &count);
	assert_int_equal(count, LATELY_MOST_NAMES);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(what_was_before_is_in_no_minute),
		CASE(each_minute_has_its_own),
		CASE(only_the_last_hour_stays),
		CASE(minutes_without_a_look),
		CASE(a_round_without_a_look),
		CASE(labels_that_are_told_apart),
		CASE(durations_by_minute),
		CASE(quantiles),
		CASE(nothing_reads_as_nothing),
		CASE(threads_lose_nothing),
		CASE(what_is_under_way_and_how_it_ended),
		CASE(names_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
