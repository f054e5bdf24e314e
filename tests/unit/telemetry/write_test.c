/* The two formats, to the byte where it is ours to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "telemetry/inside.h"

static const char *write_out(struct buf *out, enum metrics_format format)
{
	buf_init(out, METRICS_LONGEST);
	metrics_write(format, out);
	assert_true(buf_complete(out));
	return out->ptr;
}

/* A whole line of it. */
static bool has_line(const char *page, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = strstr(page, line); at != NULL; at = strstr(at + 1, line))
		if ((at == page || at[-1] == '\n') && at[len] == '\n')
			return true;
	return false;
}

static void assert_line(const char *page, const char *line)
{
	if (!has_line(page, line))
		fail_msg("no line: %s", line);
}

static void counters_have_their_ending(void **state)
{
	struct buf text;
	struct buf open;

	(void)state;
	metric_add(METRIC_REQUESTS, 3, METRIC_LABELS("cluster.get", "200"));
	write_out(&text, METRICS_TEXT);
	write_out(&open, METRICS_OPENMETRICS);
	assert_line(text.ptr, "# TYPE spectrocloud_requests_total counter");
	assert_line(open.ptr, "# TYPE spectrocloud_requests counter");
	assert_line(text.ptr,
		    "spectrocloud_requests_total{operation=\"cluster.get\",status=\"200\"} 3");
	assert_line(open.ptr,
		    "spectrocloud_requests_total{operation=\"cluster.get\",status=\"200\"} 3");
	buf_fini(&text);
	buf_fini(&open);
}

static void units_and_the_end_are_openmetrics(void **state)
{
	struct buf text;
	struct buf open;

	(void)state;
	write_out(&text, METRICS_TEXT);
	write_out(&open, METRICS_OPENMETRICS);
	assert_line(open.ptr, "# UNIT process_cpu_seconds seconds");
	assert_line(open.ptr, "# UNIT spectrocloud_cache_bytes bytes");
	assert_true(text_ends(buf_text(&open), "\n# EOF\n"));
	assert_null(strstr(text.ptr, "# UNIT"));
	assert_null(strstr(text.ptr, "# EOF"));
	assert_true(text_ends(buf_text(&text), "\n"));
	assert_line(text.ptr, "# TYPE spectrocloud_build_info gauge");
	assert_line(open.ptr, "# TYPE spectrocloud_build info");
	assert_line(text.ptr, "spectrocloud_build_info{version=\"" PROJECT_VERSION "\"} 1");
	assert_line(open.ptr, "spectrocloud_build_info{version=\"" PROJECT_VERSION "\"} 1");
	buf_fini(&text);
	buf_fini(&open);
	assert_string_equal(metrics_content_type(METRICS_TEXT),
			    "text/plain; version=0.0.4; charset=utf-8");
	assert_string_equal(metrics_content_type(METRICS_OPENMETRICS),
			    "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static void histograms_add_up(void **state)
{
	static const char *const lines[] = {
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"0.001\"} 1",
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"0.0025\"} 1",
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"0.5\"} 1",
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"1.0\"} 3",
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"60.0\"} 3",
		"spectrocloud_pacer_wait_seconds_bucket{environment=\"e\",le=\"+Inf\"} 4",
		"spectrocloud_pacer_wait_seconds_sum{environment=\"e\"} 101.700007",
		"spectrocloud_pacer_wait_seconds_count{environment=\"e\"} 4",
	};
	struct buf out;

	(void)state;
	metric_observe(METRIC_PACED_SECONDS, 7, "e");
	metric_observe(METRIC_PACED_SECONDS, 700000, "e");
	metric_observe(METRIC_PACED_SECONDS, 1000000, "e");
	metric_observe(METRIC_PACED_SECONDS, 100000000, "e");
	write_out(&out, METRICS_TEXT);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_line(out.ptr, lines[i]);
	buf_fini(&out);
}

static void values_are_escaped(void **state)
{
	struct buf out;

	(void)state;
	metric_count(METRIC_CIRCUIT_OPENINGS, "a\"b\\c\nd\xC3\xA4");
	write_out(&out, METRICS_TEXT);
	assert_line(out.ptr, "spectrocloud_circuit_openings_total"
			     "{environment=\"a\\\"b\\\\c\\nd\xC3\xA4\"} 1");
	buf_fini(&out);
}

/* So that the first time is seen to be one. */
static void known_labels_are_there_from_the_start(void **state)
{
	struct buf out;

	(void)state;
	write_out(&out, METRICS_TEXT);
	assert_line(out.ptr, "spectrocloud_cache_requests_total{result=\"coalesced\"} 0");
	assert_line(out.ptr, "spectrocloud_requests_refused_total{reason=\"queue\"} 0");
	assert_line(out.ptr, "spectrocloud_reauthentications_total 0");
	assert_line(out.ptr, "spectrocloud_log_lines_total{level=\"error\"} 0");
	/* Not where they are only some of several. */
	assert_null(strstr(out.ptr, "spectrocloud_token_verifications_total{"));
	buf_fini(&out);
}

/* A family stands together, under its head, once; and nothing else is in it. */
static void every_line_is_of_its_family(void **state)
{
	struct text rest;
	struct text line;
	struct buf out;
	char name[128] = "";
	int heads = 0;

	(void)state;
	metric_count(METRIC_REQUESTS, "b", "200");
	metric_count(METRIC_TOKENS, "static", "verified");
	metric_count(METRIC_REQUESTS, "a", "200");
	write_out(&out, METRICS_OPENMETRICS);
	rest = buf_text(&out);
	while (text_next(&rest, '\n', &line)) {
		if (text_starts(line, "# HELP ")) {
			snprintf(name, sizeof name, "%.*s",
				 (int)text_find(text_slice(line, 7, SIZE_MAX), ' '), line.ptr + 7);
			assert_string_equal(name, metric_rows[heads].name);
			heads++;
		} else if (line.len > 0 && line.ptr[0] != '#') {
			assert_true(text_starts(line, name));
		}
	}
	assert_int_equal(heads, METRICS);
	buf_fini(&out);
}

/* The value of a series without labels. */
static double value_of(const char *page, const char *name)
{
	char start[128];
	const char *at;
	double value = -1;

	snprintf(start, sizeof start, "\n%s ", name);
	at = strstr(page, start);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(start), "%lf", &value), 1);
	return value;
}

static void the_process_describes_itself(void **state)
{
	struct buf before;
	struct buf after;
	int pipes[2];

	(void)state;
	write_out(&before, METRICS_TEXT);
	assert_true(value_of(before.ptr, "process_resident_memory_bytes") > 100000);
	assert_true(value_of(before.ptr, "process_virtual_memory_bytes") >=
		    value_of(before.ptr, "process_resident_memory_bytes"));
	assert_true(value_of(before.ptr, "process_threads") >= 1);
	assert_true(value_of(before.ptr, "process_max_fds") >= 3);
	assert_true(value_of(before.ptr, "process_cpu_seconds_total") >= 0);
	/* Not in the future, and not before there was such a program. */
	assert_true(value_of(before.ptr, "process_start_time_seconds") > 1700000000);
	assert_true(value_of(before.ptr, "process_start_time_seconds") <= (double)time(NULL) + 1);
	assert_int_equal(pipe(pipes), 0);
	write_out(&after, METRICS_TEXT);
	assert_true(value_of(after.ptr, "process_open_fds") ==
		    value_of(before.ptr, "process_open_fds") + 2);
	close(pipes[0]);
	close(pipes[1]);
	buf_fini(&before);
	buf_fini(&after);
}

/* changes() of it is how a restart is seen. */
static void when_it_started_is_always_the_same(void **state)
{
	double first = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct buf page;

		write_out(&page, METRICS_TEXT);
		if (i == 0)
			first = value_of(page.ptr, "process_start_time_seconds");
		assert_true(value_of(page.ptr, "process_start_time_seconds") == first);
		buf_fini(&page);
		clock_sleep_ms(1);
	}
}

static void statuses_are_words(void **state)
{
	char room[METRIC_STATUS_SIZE];

	(void)state;
	assert_string_equal(metric_status(200, room), "200");
	assert_string_equal(metric_status(0, room), "none");
	assert_string_equal(metric_status(7, room), "007");
	assert_string_equal(metric_status(599, room), "599");
	assert_string_equal(metric_status(1000, room), "1000");
	assert_string_equal(metric_status(INT32_MAX, room), "2147483647");
	assert_string_equal(metric_status(-3, room), "none");
}

/* One line a row. */
static void the_page_has_every_row(void **state)
{
	struct buf out;
	char start[160];

	(void)state;
	buf_init(&out, METRICS_LONGEST);
	metrics_page(&out);
	for (int m = 0; m < METRICS; m++) {
		snprintf(start, sizeof start, "\n| `%s", metric_rows[m].name);
		assert_non_null(strstr(out.ptr, start));
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_labels_are_there_from_the_start),
		cmocka_unit_test(counters_have_their_ending),
		cmocka_unit_test(units_and_the_end_are_openmetrics),
		cmocka_unit_test(histograms_add_up),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(every_line_is_of_its_family),
		cmocka_unit_test(the_process_describes_itself),
		cmocka_unit_test(when_it_started_is_always_the_same),
		cmocka_unit_test(statuses_are_words),
		cmocka_unit_test(the_page_has_every_row),
	};

	return cmocka_run_group_tests_name("telemetry/write", tests, NULL, NULL);
}
