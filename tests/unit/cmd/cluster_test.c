/* The command cluster: what a dry run shows, how it says to go on, and how it tells of progress. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cluster.h"
#include "cmd/progress.h"
#include "cmd/progress_live.h"

/* A stream into memory, which is no terminal. */
struct stream {
	FILE *file;
	char *bytes;
	size_t len;
};

static void stream_open(struct stream *s)
{
	s->file = open_memstream(&s->bytes, &s->len);
	assert_non_null(s->file);
}

static const char *stream_text(struct stream *s)
{
	fflush(s->file);
	return s->bytes;
}

static void stream_close(struct stream *s)
{
	fclose(s->file);
	free(s->bytes);
}

/* ---- the plan ---- */

static void assert_draws(const char *plan, const char *project, const char *expected)
{
	const struct cluster_options options = {.project = project};
	struct arena arena;
	struct buf out;

	arena_init(&arena);
	buf_init(&out, SIZE_MAX);
	cluster_draw_plan(&out, &arena, &options, text_of(plan), 0);
	assert_string_equal(out.ptr, expected);
	buf_fini(&out);
	arena_fini(&arena);
}

#define LAST "Nothing was created. With --json you see all that would be sent.\n"

static void a_plan_in_a_few_lines(void **state)
{
	(void)state;
	assert_draws("{\"kind\":\"aws\",\"entity\":{\"metadata\":{\"name\":\"demo\"},\"spec\":{"
		     "\"cloudAccountUid\":\"acc\",\"cloudConfig\":{\"region\":\"us-east-1\"},"
		     "\"machinepoolconfig\":[{\"cloudConfig\":{\"instanceType\":\"m5\"},"
		     "\"poolConfig\":{\"name\":\"cp\",\"size\":3,\"isControlPlane\":true}},"
		     "{\"cloudConfig\":{\"instanceType\":{\"numCPUs\":4,\"memoryMiB\":8192,"
		     "\"diskGiB\":60}},\"poolConfig\":{\"name\":\"w\",\"size\":1,\"minSize\":1,"
		     "\"maxSize\":5}}],\"profiles\":[{\"uid\":\"p1\"},{\"uid\":\"p2\"}]}},"
		     "\"price\":{\"periodType\":\"hourly\",\"total\":0.3125},"
		     "\"warnings\":[{\"message\":\"look\\u001b[2J\"}]}",
		     "proj",
		     "aws cluster demo\n"
		     "  project    proj\n"
		     "  account    acc\n"
		     "  in         us-east-1\n"
		     "  profiles   p1\n"
		     "             p2\n"
		     "  price      0.3125 an hour, 225.00 in 30 days, as Palette estimates it\n"
		     "\n"
		     "  pool  role           count   machine\n"
		     "  cp    control plane  3       m5\n"
		     "  w     worker         1 to 5  4 CPUs, 8192 MiB, 60 GiB disk\n"
		     "\n"
		     "warning: look\\u001b[2J\n" LAST);
}

static void a_plan_of_which_little_is_known(void **state)
{
	(void)state;
	assert_draws("{}", NULL, "? cluster ?\n  project    none: the tenant\n" LAST);
	assert_draws("{\"kind\":\"virtual\",\"entity\":{\"metadata\":{\"name\":\"v\"},\"spec\":{"
		     "\"clusterConfig\":{\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":\"g\"}}},"
		     "\"machinepoolconfig\":[{\"cloudConfig\":{\"instanceType\":{\"minCPU\":4,"
		     "\"minMemInMiB\":8192,\"minStorageGiB\":20}}},{}]}},"
		     "\"price\":{\"total\":\"much\"},\"warnings\":7}",
		     NULL,
		     "virtual cluster v\n"
		     "  project    none: the tenant\n"
		     "  group      g\n"
		     "\n"
		     "  pool  role    count  machine\n"
		     "  -     worker  1      4 CPUs, 8192 MiB, 20 GiB storage\n"
		     "  -     worker  1      -\n"
		     "\n" LAST);
}

/* ---- how to go on ---- */

static void a_command_that_a_shell_reads_back(void **state)
{
	struct options common = {.files = {"plain.yaml", "it's here.yaml"},
				 .file_count = 2,
				 .overrides = {"a=secret"},
				 .override_count = 1};
	const struct cluster_options options = {.common = &common, .project = "p1", .instance = ""};
	struct stream s;

	(void)state;
	stream_open(&s);
	cluster_say_how_to_wait(s.file, "Now:", &options, "uid");
	assert_string_equal(stream_text(&s),
			    "Now: spectrocloud-backend cluster wait uid --project p1 --instance '' "
			    "--config plain.yaml --config 'it'\\''s here.yaml' --set ...\n");
	stream_close(&s);
}

/* ---- progress ---- */

static const struct follow_condition ready = {
	.type = "Ready", .status = "True", .reason = "R", .message = "all is well"};
static const struct follow_condition open = {.type = "NodesAdded",
					     .status = "False",
					     .reason = "Adding",
					     .message = "one of\nthree \x1b[2J"};
static const struct follow_condition bad = {
	.type = "Network", .status = "False", .reason = "CreateFailed", .message = ""};

static void tell_all(struct progress *p)
{
	const struct follow_sink sink = progress_sink(p);
	const struct follow_end end = {
		.reason = FOLLOW_RUNNING, .state = "Running", .message = "The cluster runs"};
	const struct error trouble = {.kind = ERROR_UPSTREAM, .message = "no answer"};

	assert_true(sink.state(sink.context, "1", &(struct follow_state){"Provisioning", NULL}));
	assert_true(sink.condition(sink.context, "1", &open));
	assert_true(sink.condition(sink.context, "1", &ready));
	assert_true(sink.component(
		sink.context, "1",
		&(struct follow_component){"u", "t", "Normal", "r", "routine", "c", "h"}));
	assert_true(sink.component(
		sink.context, "1",
		&(struct follow_component){"u", "t", "Warning", "Low", "quota", "capi", "h"}));
	assert_true(sink.trouble(sink.context, &trouble));
	assert_true(sink.quiet(sink.context));
	progress_end(p, "uid-1", &end, true, "demo runs (1 s)");
}

/* Without its time, "2026-01-31T10:00:00.000Z ". */
static void assert_line(const char **rest, const char *expected)
{
	enum { TIME = 25 };
	const char *end = strchr(*rest, '\n');

	assert_non_null(end);
	assert_true(end - *rest >= TIME && (*rest)[TIME - 2] == 'Z');
	assert_int_equal(end - *rest - TIME, strlen(expected));
	assert_memory_equal(*rest + TIME, expected, strlen(expected));
	*rest = end + 1;
}

static void lines_with_their_time(void **state)
{
	struct progress *p;
	const char *rest;
	struct stream s;

	(void)state;
	stream_open(&s);
	assert_int_equal(progress_look_of(s.file, false), PROGRESS_LINES);
	p = progress_new(s.file, PROGRESS_LINES, "demo");
	assert_true(progress_quiet_ms(p) > 0);
	tell_all(p);
	rest = stream_text(&s);
	assert_line(&rest, "demo: Provisioning");
	assert_line(&rest, "  NodesAdded: not yet, Adding: one of\\u000athree \\u001b[2J");
	assert_line(&rest, "  Ready: done");
	assert_line(&rest, "  Warning of capi: Low: quota");
	assert_line(&rest, "  still trying: no answer");
	assert_line(&rest, "  still Provisioning");
	assert_line(&rest, "demo runs (1 s)");
	assert_string_equal(rest, "");
	progress_free(p);
	stream_close(&s);
}

static void an_object_a_line(void **state)
{
	static const char *const expected[] = {
		"\"event\":\"state\"",
		"\"status\":\"False\",\"reason\":\"Adding\",\"message\":\"one of\\n",
		"\"type\":\"Ready\"",
		"\"severity\":\"Normal\"",
		"\"severity\":\"Warning\",\"reason\":\"Low\"",
		"\"event\":\"trouble\"",
		"\"reason\":\"running\",\"uid\":\"uid-1\",\"state\":\"Running\"",
	};
	struct progress *p;
	struct text rest;
	struct text line;
	struct stream s;
	size_t count = 0;

	(void)state;
	stream_open(&s);
	assert_int_equal(progress_look_of(s.file, true), PROGRESS_JSON);
	p = progress_new(s.file, PROGRESS_JSON, "demo");
	tell_all(p);
	rest = text_of(stream_text(&s));
	while (text_next(&rest, '\n', &line) && line.len > 0) {
		char *copy = strndup(line.ptr, line.len);

		assert_true(count < ARRAY_LEN(expected));
		assert_non_null(strstr(copy, expected[count++]));
		free(copy);
	}
	assert_int_equal(count, ARRAY_LEN(expected));
	progress_free(p);
	stream_close(&s);
}

/* ---- in place ---- */

static void set_environment(const char *lang, const char *no_color)
{
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", lang, 1);
	setenv("NO_COLOR", no_color, 1);
}

static void conditions_in_place(void **state)
{
	struct live *live;
	struct stream s;

	(void)state;
	set_environment("C", "1");
	stream_open(&s);
	live = live_new(s.file);
	live_note(live, "first");
	live_condition(live, &open);
	live_condition(live, &bad);
	live_condition(live, &ready);
	live_note(live, "second");
	live_end(live, false, true, "it failed");
	assert_string_equal(stream_text(&s),
			    "first\n"
			    "  . NodesAdded  Adding: one of\\u000athree \\u001b[2J\n"
			    "\x1b[1A\r\x1b[J"
			    "  . NodesAdded  Adding: one of\\u000athree \\u001b[2J\n"
			    "  x Network     CreateFailed\n"
			    "\x1b[2A\r\x1b[J"
			    "  . NodesAdded  Adding: one of\\u000athree \\u001b[2J\n"
			    "  x Network     CreateFailed\n"
			    "  + Ready\n"
			    "\x1b[3A\r\x1b[J"
			    "second\n"
			    "  . NodesAdded  Adding: one of\\u000athree \\u001b[2J\n"
			    "  x Network     CreateFailed\n"
			    "  + Ready\n"
			    "\x1b[3A\r\x1b[J"
			    "  x NodesAdded  Adding: one of\\u000athree \\u001b[2J\n"
			    "  x Network     CreateFailed\n"
			    "  + Ready\n"
			    "it failed\n");
	live_free(live);
	stream_close(&s);
}

static void marks_and_colours(void **state)
{
	struct live *live;
	struct stream s;

	(void)state;
	set_environment("en_US.utf8", "");
	stream_open(&s);
	live = live_new(s.file);
	live_condition(live, &ready);
	live_end(live, true, false, "it runs");
	assert_string_equal(stream_text(&s), "  \x1b[32m\xe2\x9c\x93\x1b[0m Ready\n"
					     "\x1b[1A\r\x1b[J"
					     "  \x1b[32m\xe2\x9c\x93\x1b[0m Ready\n"
					     "\x1b[32mit runs\x1b[0m\n");
	live_free(live);
	stream_close(&s);
}

/* A terminal that says nothing of its size has 80 columns and 24 lines. */
static void no_line_is_longer_and_no_block_higher_than_the_terminal(void **state)
{
	char message[400];
	const char *last = NULL;
	struct live *live;
	struct stream s;
	size_t lines = 0;

	(void)state;
	set_environment("C", "1");
	memset(message, 'm', sizeof message - 1);
	message[sizeof message - 1] = '\0';
	stream_open(&s);
	live = live_new(s.file);
	for (int i = 0; i < 120; i++) {
		char type[128];

		snprintf(type, sizeof type, "%0*d", i == 7 ? 100 : 4, i);
		live_condition(live,
			       &(struct follow_condition){.type = type,
							  .status = i % 2 == 0 ? "True" : "Unknown",
							  .reason = "",
							  .message = message});
	}
	for (const char *at = stream_text(&s); (at = strstr(at, "\x1b[J")) != NULL; at++)
		last = at + 3;
	assert_non_null(last);
	for (const char *at = last; *at != '\0'; at = strchr(at, '\n') + 1, lines++)
		assert_true(strchr(at, '\n') - at < 80);
	assert_true(lines > 10 && lines <= 22);
	assert_non_null(strstr(last, " more\n"));
	live_free(live);
	stream_close(&s);
}

static void conditions_without_end_are_told_all_the_same(void **state)
{
	struct live *live;
	struct stream s;

	(void)state;
	set_environment("C", "1");
	stream_open(&s);
	live = live_new(s.file);
	for (int i = 0; i < 200; i++) {
		char type[16];

		snprintf(type, sizeof type, "type-%d", i);
		live_condition(live, &(struct follow_condition){.type = type,
								.status = "False",
								.reason = "Why",
								.message = "not"});
	}
	assert_non_null(strstr(stream_text(&s), "  . type-199  Why: not\n"));
	live_free(live);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_in_a_few_lines),
		cmocka_unit_test(a_plan_of_which_little_is_known),
		cmocka_unit_test(a_command_that_a_shell_reads_back),
		cmocka_unit_test(lines_with_their_time),
		cmocka_unit_test(an_object_a_line),
		cmocka_unit_test(conditions_in_place),
		cmocka_unit_test(marks_and_colours),
		cmocka_unit_test(no_line_is_longer_and_no_block_higher_than_the_terminal),
		cmocka_unit_test(conditions_without_end_are_told_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
