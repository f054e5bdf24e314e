/* Spans on their way out: in order, bounded, dropped and counted, by many threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "telemetry/spans.h"

static struct trace trace_of(bool sampled)
{
	const struct text none = {NULL, 0};
	struct trace t;

	trace_begin(&t, none, none, sampled ? 1 : 0);
	return t;
}

static void put(const char *name)
{
	struct trace t = trace_of(true);
	struct span s;

	span_make(&s, SPAN_SERVER, &t, t.span_id, "", clock_now_us());
	span_name(&s, name);
	span_end(&s);
}

static void they_are_wanted_where_they_are_sampled_and_collected(void **state)
{
	struct trace sampled = trace_of(true);
	struct trace other = trace_of(false);

	(void)state;
	assert_false(spans_want(&sampled));
	spans_collect(4);
	assert_true(spans_want(&sampled));
	assert_false(spans_want(&other));
	assert_false(spans_want(NULL));
	spans_stop();
	assert_false(spans_want(&sampled));
}

static void they_come_in_order_and_what_is_too_many_is_dropped(void **state)
{
	uint64_t before = spans_dropped();
	struct span out[10];
	char name[8];

	(void)state;
	spans_collect(4);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 6; i++) {
			snprintf(name, sizeof name, "%d", i);
			put(name);
		}
		assert_int_equal(spans_waiting(), 4);
		assert_int_equal(spans_take(out, 3), 3);
		assert_int_equal(spans_take(out + 3, 10 - 3), 1);
		assert_int_equal(spans_take(out + 4, 1), 0);
		for (int i = 0; i < 4; i++)
			assert_int_equal(atoi(out[i].name), i);
	}
	assert_int_equal(spans_dropped() - before, 6);
	put("gone");
	spans_stop();
	put("too late");
	assert_int_equal(spans_dropped() - before, 7);
}

static void what_is_minor_leaves_room(void **state)
{
	uint64_t before = spans_dropped();
	struct span minor = {.name = "minor", .minor = true};
	struct span out[8];

	(void)state;
	spans_collect(8);
	for (int i = 0; i < 5; i++)
		span_end(&minor);
	assert_int_equal(spans_waiting(), 2);
	assert_int_equal(spans_dropped() - before, 3);
	for (int i = 0; i < 7; i++)
		put("mine");
	assert_int_equal(spans_dropped() - before, 4);
	assert_int_equal(spans_take(out, 8), 8);
	assert_string_equal(out[1].name, "minor");
	assert_string_equal(out[2].name, "mine");
	spans_stop();
}

static void what_is_long_is_cut_and_what_is_empty_left_out(void **state)
{
	struct trace t = trace_of(true);
	char longer[500];
	struct span s;

	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	span_make(&s, SPAN_CLIENT, &t, "00f067aa0ba902b7", t.span_id, clock_now_us() - 5000);
	assert_string_equal(s.trace_id, t.id);
	assert_string_equal(s.id, "00f067aa0ba902b7");
	assert_string_equal(s.parent_id, t.span_id);
	assert_true(s.end_us - s.start_us >= 5000);
	span_name(&s, longer);
	assert_int_equal(strlen(s.name), SPAN_LONGEST_NAME);
	span_add_string(&s, "none", NULL);
	span_add_string(&s, "empty", "");
	assert_int_equal(s.attribute_count, 0);
	for (int i = 0; i < 2 * SPAN_MOST_ATTRIBUTES; i++)
		span_add_string(&s, "long", longer);
	span_add_number(&s, "number", 1);
	assert_int_equal(s.attribute_count, SPAN_MOST_ATTRIBUTES);
	assert_int_equal(strlen(s.attributes[0].string), SPAN_LONGEST_VALUE);
}

enum { THREADS = 4, SPANS = 5000 };

static void *put_many(void *unused)
{
	for (int i = 0; i < SPANS; i++)
		put("x");
	return unused;
}

static void threads_do_not_lose_any(void **state)
{
	uint64_t before = spans_dropped();
	pthread_t threads[THREADS];
	struct span out[64];
	size_t taken = 0;

	(void)state;
	spans_collect(256);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, NULL), 0);
	for (int i = 0; i < 500; i++)
		taken += spans_take(out, ARRAY_LEN(out));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t more; (more = spans_take(out, ARRAY_LEN(out))) > 0;)
		taken += more;
	assert_int_equal(taken + spans_dropped() - before, THREADS * SPANS);
	spans_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_wanted_where_they_are_sampled_and_collected),
		cmocka_unit_test(they_come_in_order_and_what_is_too_many_is_dropped),
		cmocka_unit_test(what_is_minor_leaves_room),
		cmocka_unit_test(what_is_long_is_cut_and_what_is_empty_left_out),
		cmocka_unit_test(threads_do_not_lose_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
