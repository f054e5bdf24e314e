/* What is read of Palette's answers about a cluster that is followed, and what counts as new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/follow_read.h"
#include "json/json.h"

#define NOW_MS 1700000000000

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct follow_snapshot read_cluster(const char *document)
{
	struct follow_snapshot snapshot = {.state = NULL};
	struct error err;

	if (!follow_read_cluster(&arena, text_of(document), &snapshot, &err))
		fail_msg("%s", err.message);
	return snapshot;
}

static const char *state_of(const char *document)
{
	return read_cluster(document).state;
}

static void the_state_is_palettes_word(void **state)
{
	(void)state;
	assert_string_equal(state_of("{\"status\":{\"state\":\"Provisioning\"}}"), "Provisioning");
	assert_string_equal(state_of("{\"status\":{\"state\":\"Pa\\u0075sed\"}}"), "Paused");
	assert_string_equal(state_of("{\"status\":{\"state\":null}}"), "Unknown");
	assert_string_equal(state_of("{\"status\":{\"state\":7}}"), "Unknown");
	assert_string_equal(state_of("{\"status\":{}}"), "Unknown");
	assert_string_equal(state_of("{\"status\":null}"), "Deleted");
	assert_string_equal(state_of("{}"), "Deleted");
}

static void conditions_are_read_whatever_is_missing(void **state)
{
	struct follow_snapshot s =
		read_cluster("{\"status\":{\"state\":\"Error\",\"conditions\":[{\"type\":\"A\","
			     "\"status\":\"False\","
			     "\"reason\":\"R\",\"message\":\"m "
			     "\\\"1\\\"\\n\",\"lastTransitionTime\":\"t\"},{},7]}}");

	(void)state;
	assert_int_equal(s.count, 3);
	assert_string_equal(s.conditions[0].type, "A");
	assert_string_equal(s.conditions[0].message, "m \"1\"\n");
	assert_string_equal(s.conditions[0].last_transition, "t");
	assert_string_equal(s.conditions[1].type, "");
	assert_string_equal(s.conditions[2].status, "");
	assert_int_equal(read_cluster("{\"status\":{\"conditions\":null}}").count, 0);
	assert_int_equal(read_cluster("{\"status\":{\"conditions\":{\"a\":{}}}}").count, 0);
}

static void long_texts_are_cut_between_characters(void **state)
{
	char document[8192];
	char word[2 * FOLLOW_LONGEST_WORD + 1] = "";
	struct follow_snapshot s;

	(void)state;
	for (size_t i = 0; i < FOLLOW_LONGEST_WORD; i++)
		strcat(word, "\xC3\xA4");
	snprintf(document, sizeof document, "{\"status\":{\"state\":\"%s\"}}", word);
	s = read_cluster(document);
	assert_int_equal(strlen(s.state), FOLLOW_LONGEST_WORD - 1);
	assert_string_equal(s.state + strlen(s.state) - 5, "\xC3\xA4...");
	assert_true(text_is_utf8(text_of(s.state)));
}

static void too_many_conditions_are_an_error(void **state)
{
	struct follow_snapshot snapshot = {.count = 77};
	struct error err;
	struct buf b;

	(void)state;
	buf_init(&b, 1024 * 1024);
	buf_add_string(&b, "{\"status\":{\"conditions\":[{}");
	for (int i = 0; i < FOLLOW_MOST_CONDITIONS; i++)
		buf_add_string(&b, ",{}");
	buf_add_string(&b, "]}}");
	assert_false(follow_read_cluster(&arena, buf_text(&b), &snapshot, &err));
	assert_int_equal(err.kind, ERROR_UPSTREAM);
	assert_int_equal(snapshot.count, 77);
	buf_fini(&b);
}

/* The types of the conditions that are new or changed. */
static const char *changed(const char *before, const char *now)
{
	struct follow_snapshot none = {.state = NULL};
	struct follow_snapshot old = before == NULL ? none : read_cluster(before);
	struct follow_snapshot new = read_cluster(now);
	const struct follow_condition **list;
	size_t count = follow_changed(&arena, &old, &new, &list);
	const char *types = "";

	for (size_t i = 0; i < count; i++)
		types = arena_printf(&arena, "%s%s", types, list[i]->type);
	return types;
}

#define CONDITIONS(list)      "{\"status\":{\"state\":\"Pending\",\"conditions\":[" list "]}}"
#define CONDITION(type, rest) "{\"type\":\"" type "\"," rest "}"
#define IS(status)            "\"status\":\"" status "\""

static void what_is_new_or_changed_is_told(void **state)
{
	const char *two = CONDITIONS(CONDITION("A", IS("True")) "," CONDITION("B", IS("False")));

	(void)state;
	assert_string_equal(changed(NULL, two), "AB");
	assert_string_equal(changed(two, two), "");
	assert_string_equal(changed(two, CONDITIONS(CONDITION("B", IS("False")) "," CONDITION(
						 "A", IS("True")))),
			    "");
	assert_string_equal(changed(two, CONDITIONS(CONDITION("A", IS("True")) "," CONDITION(
						 "B", IS("True")) "," CONDITION("C", IS("False")))),
			    "BC");
	assert_string_equal(changed(two, CONDITIONS(CONDITION("A", IS("True")))), "");
	for (const char *const *more =
		     (const char *const[]){"reason", "message", "lastTransitionTime", NULL};
	     *more != NULL; more++) {
		const char *now = arena_printf(
			&arena, CONDITIONS(CONDITION("A", IS("True") ",\"%s\":\"x\"")), *more);

		assert_string_equal(changed(two, now), "A");
	}
	assert_string_equal(changed(two, CONDITIONS(CONDITION("A", IS("True") ",\"lastProbeTime\":"
									      "\"x\""))),
			    "");
}

#define EVENT(uid, time, rest) \
	"{\"metadata\":{\"uid\":\"" uid "\",\"creationTimestamp\":\"" time "\"}" rest "}"

static size_t read_events(const char *list, struct follow_event **events)
{
	return follow_read_events(&arena, text_of(arena_printf(&arena, "{\"events\":[%s]}", list)),
				  NOW_MS, events);
}

static void events_come_oldest_first(void **state)
{
	struct follow_event *e;

	(void)state;
	assert_int_equal(
		read_events(
			EVENT("e3", "2020-01-01T00:00:02.000Z",
			      ",\"severity\":\"Warning\",\"reason\":\"R\",\"message\":\"m\","
			      "\"source\":{\"component\":\"c\",\"host\":\"h\"}") "," EVENT("e2",
											   "2020-"
											   "01-"
											   "01T00:"
											   "00:01."
											   "000Z",
											   "") "," EVENT("e1",
													 "2020-01-01T00:00:01.000Z",
													 ",\"message\":7"),
			&e),
		3);
	assert_string_equal(e[0].component.uid, "e1");
	assert_string_equal(e[1].component.uid, "e2");
	assert_string_equal(e[2].component.uid, "e3");
	assert_string_equal(e[2].component.severity, "Warning");
	assert_string_equal(e[2].component.reason, "R");
	assert_string_equal(e[2].component.message, "m");
	assert_string_equal(e[2].component.component, "c");
	assert_string_equal(e[2].component.host, "h");
	assert_string_equal(e[0].component.message, "");
	assert_int_equal(e[2].known.time_ms - e[1].known.time_ms, 1000);
	assert_int_equal(e[0].known.digest, follow_digest(TEXT("e1")));
	assert_int_equal(read_events("", &e), 0);
}

/* Palette's order is not trusted, and a clock that is wrong does not hide what comes after. */
static void times_put_events_in_order(void **state)
{
	struct follow_event *e;

	(void)state;
	assert_int_equal(
		read_events(EVENT("future", "2999-01-01T00:00:00Z", "") "," EVENT(
				    "old", "2019-01-01T00:00:00Z",
				    "") "," EVENT("none", "yesterday",
						  "") "," EVENT("newer", "2020-01-01T00:00:00Z",
								"") "," EVENT("unset",
									      "0001-01-01T00:00:00."
									      "000Z",
									      ""),
			    &e),
		5);
	assert_string_equal(e[0].component.uid, "none"); /* like its neighbour that is newer */
	assert_string_equal(e[1].component.uid, "old");
	assert_string_equal(e[2].component.uid, "unset");
	assert_string_equal(e[3].component.uid, "newer");
	assert_string_equal(e[4].component.uid, "future");
	assert_int_equal(e[4].known.time_ms, NOW_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_state_is_palettes_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(conditions_are_read_whatever_is_missing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(long_texts_are_cut_between_characters, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(too_many_conditions_are_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_new_or_changed_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_come_oldest_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times_put_events_in_order, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
