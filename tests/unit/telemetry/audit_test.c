/* Lines of the audit trail: their shape, what is left out, what is cut, and odd bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "telemetry/audit.h"
#include "json/json.h"

enum { TIME = 1769853600 };

static struct buf line;
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	buf_init(&line, AUDIT_LONGEST_LINE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_fini(&line);
	arena_fini(&arena);
	return 0;
}

static struct text line_of(const struct audit_event *e)
{
	struct error err = {.message = ""};
	struct text object = TEXT("");

	buf_truncate(&line, 0);
	audit_put_line(&line, e, (int64_t)TIME * 1000);
	assert_true(buf_complete(&line));
	if (!json_check(buf_text(&line), &object, &err))
		fail_msg("%s: %s", err.message, line.ptr);
	assert_int_equal(text_find(object, '\n'), SIZE_MAX);
	return object;
}

static void an_event_is_one_object(void **state)
{
	struct audit_event e = {
		.id = "cluster-kubeconfig", .severity = AUDIT_HIGH, .status = AUDIT_SUCCEEDED};

	(void)state;
	e.values[AUDIT_OPERATION] = TEXT("cluster.kubeconfig");
	e.values[AUDIT_ACTOR] = TEXT("user:default/ada");
	e.values[AUDIT_KIND] = TEXT("user");
	e.values[AUDIT_URL] = TEXT("/api/spectrocloud/clusters/c1/kubeconfig");
	e.values[AUDIT_METHOD] = TEXT("GET");
	e.values[AUDIT_OBJECT] = TEXT("c1");
	e.values[AUDIT_OUTCOME] = TEXT("succeeded");
	e.values[AUDIT_COUNT] = TEXT("3");
	e.values[AUDIT_REQUEST_ID] = TEXT("r-1");
	(void)line_of(&e);
	assert_string_equal(
		line.ptr,
		"{\"time\":\"2026-01-31T10:00:00.000Z\",\"level\":\"info\",\"event\":\"audit\","
		"\"message\":\"spectrocloud.cluster-kubeconfig\","
		"\"eventId\":\"cluster-kubeconfig\",\"severityLevel\":\"high\","
		"\"status\":\"succeeded\",\"isAuditEvent\":true,\"schemaVersion\":1,"
		"\"service\":\"spectrocloud-backend\",\"plugin\":\"spectrocloud\","
		"\"requestId\":\"r-1\","
		"\"actor\":{\"actorId\":\"user:default/ada\",\"kind\":\"user\"},"
		"\"request\":{\"method\":\"GET\","
		"\"url\":\"/api/spectrocloud/clusters/c1/kubeconfig\"},"
		"\"meta\":{\"operation\":\"cluster.kubeconfig\",\"object\":\"c1\","
		"\"outcome\":\"succeeded\",\"sessions\":3}}");
}

/* What says nothing is not there, and neither is an object of which nothing would be. */
static void what_is_empty_is_left_out(void **state)
{
	const struct audit_event e = {.id = "x",
				      .severity = AUDIT_LOW,
				      .status = AUDIT_FAILED,
				      .values[AUDIT_ACTOR] = {NULL, 0}};
	struct text object = line_of(&e);
	struct text found;

	(void)state;
	assert_false(json_member(object, "actor", &found));
	assert_false(json_member(object, "request", &found));
	assert_false(json_member(object, "meta", &found));
	assert_false(json_member(object, "shortened", &found));
	assert_string_equal(json_string_at(&arena, object, "/status", ""), "failed");
}

/* Each field at more than its longest: the line stays whole, and says what it lacks. */
static void what_is_long_is_cut_and_named(void **state)
{
	static const char *const fillings[] = {"a",    "\n", "\xC3\xA4",     "\xF0\x9F\x98\x80",
					       "\xFF", "\"", "\xE2\x80\xA8", "\x80"};
	static char filled[6000];

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(fillings); f++) {
		struct audit_event e = {.id = "x"};
		size_t len = strlen(fillings[f]);
		struct text object;
		struct text named;
		size_t strings = 0;

		for (size_t i = 0; i < sizeof filled; i++)
			filled[i] = fillings[f][i % len];
		for (size_t v = 0; v < AUDIT_TIME; v++)
			e.values[v] = (struct text){filled, sizeof filled / len * len};
		e.values[AUDIT_COUNT] = e.values[AUDIT_SUPPRESSED] = TEXT("12345678901234567890");
		object = line_of(&e);
		assert_true(text_is_utf8(object));
		assert_true(json_member(object, "shortened", &named));
		for (const struct audit_row *row = audit_rows; row->name != NULL; row++)
			strings += row->constant == NULL && !row->number && row->of < AUDIT_TIME;
		assert_int_equal(json_count_items(named), strings);
		assert_true(strlen(json_string_at(&arena, object, "/meta/object", "")) > 20);
	}
}

static void a_whole_character_is_cut_off(void **state)
{
	struct audit_event e = {.id = "x"};
	static char name[300];
	struct text object;

	(void)state;
	memset(name, 'a', sizeof name);
	memcpy(name + 255, "\xC3\xA4", 2);
	e.values[AUDIT_OBJECT] = (struct text){name, 257};
	object = line_of(&e);
	assert_int_equal(strlen(json_string_at(&arena, object, "/meta/object", "")), 255);
	e.values[AUDIT_OBJECT] = (struct text){name + 1, 256};
	object = line_of(&e);
	assert_int_equal(strlen(json_string_at(&arena, object, "/meta/object", "")), 256);
}

/* Each value has a row, and no two rows have one name. */
static void the_rows_are_complete(void **state)
{
	unsigned rows_of[AUDIT_VALUES] = {0};

	(void)state;
	for (const struct audit_row *row = audit_rows; row->name != NULL; row++) {
		bool known = row->group == NULL;

		for (size_t i = 1; i < AUDIT_GROUPS; i++)
			known = known || strcmp(row->group, audit_groups[i]) == 0;
		assert_true(known);
		assert_non_null(row->help);
		if (row->constant == NULL) {
			rows_of[row->of]++;
			assert_true(row->longest > 0);
		}
		for (const struct audit_row *other = audit_rows; other != row; other++)
			assert_false(strcmp(other->name, row->name) == 0 &&
				     other->group == row->group);
	}
	for (size_t i = 0; i < AUDIT_VALUES; i++)
		assert_int_equal(rows_of[i], 1);
}

int main(void)
{
#define LINE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		LINE(an_event_is_one_object),        LINE(what_is_empty_is_left_out),
		LINE(what_is_long_is_cut_and_named), LINE(a_whole_character_is_cut_off),
		LINE(the_rows_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
