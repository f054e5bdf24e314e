/* Which component events count as told, and how that is said in an id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "op/follow_seen.h"

static struct follow_known event(int64_t time_ms, uint64_t digest)
{
	return (struct follow_known){time_ms, digest};
}

static const char *written(const struct follow_seen *seen)
{
	static char out[FOLLOW_MARK_LONGEST];
	struct follow_mark mark;

	follow_seen_mark(seen, &mark);
	follow_mark_write(&mark, out);
	return out;
}

/* What another following knows that begins with this one's id. */
static struct follow_seen taken_up(const struct follow_seen *seen)
{
	struct follow_seen next = {.count = 0};
	struct follow_mark mark;

	assert_true(follow_mark_read(text_of(written(seen)), &mark));
	follow_seen_begin(&next, &mark);
	return next;
}

static void each_event_is_new_once(void **state)
{
	struct follow_seen seen = {.count = 0};

	(void)state;
	assert_false(follow_seen_has(&seen, event(1000, 1)));
	follow_seen_add(&seen, event(1000, 1));
	assert_true(follow_seen_has(&seen, event(1000, 1)));
	assert_false(follow_seen_has(&seen, event(1000, 2)));
	assert_false(follow_seen_has(&seen, event(999, 3)));
	assert_string_equal(written(&seen), "0.0000000000000001");
	follow_seen_fini(&seen);
}

static void what_is_much_older_than_the_newest_counts_as_told(void **state)
{
	struct follow_seen seen = {.count = 0};
	const int64_t newest = 1000000;

	(void)state;
	follow_seen_add(&seen, event(newest, 1));
	follow_seen_add(&seen, event(newest - FOLLOW_SLACK_MS - 1, 2));
	follow_seen_trim(&seen);
	assert_int_equal(seen.count, 1);
	assert_true(follow_seen_has(&seen, event(newest - FOLLOW_SLACK_MS - 1, 9)));
	assert_false(follow_seen_has(&seen, event(newest - FOLLOW_SLACK_MS, 9)));
	assert_false(follow_seen_reaches(&seen, newest - FOLLOW_SLACK_MS));
	follow_seen_fini(&seen);
}

static void whoever_takes_up_knows_what_was_told(void **state)
{
	struct follow_seen seen = {.count = 0};
	struct follow_seen next;

	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		follow_seen_add(&seen, event(1000000 + (int64_t)(i / 5) * 1000, i));
	follow_seen_trim(&seen);
	next = taken_up(&seen);
	for (uint64_t i = 0; i < 20; i++)
		assert_true(follow_seen_has(&next, event(1000000 + (int64_t)(i / 5) * 1000, i)));
	assert_false(follow_seen_has(&next, event(1001000, 99)));
	/* Their times are known by now, so that the old ones are forgotten and the new ones not. */
	follow_seen_add(&next, event(1003000 + FOLLOW_SLACK_MS, 50));
	follow_seen_trim(&next);
	assert_int_equal(next.count, 6);
	assert_true(follow_seen_has(&next, event(1003000, 19)));
	follow_seen_fini(&next);
	follow_seen_fini(&seen);
}

/* More than a mark has room for: a moment is known as a whole, never in part. */
static void a_mark_is_cut_between_moments(void **state)
{
	struct follow_seen seen = {.count = 0};
	struct follow_seen next;

	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		follow_seen_add(&seen, event(1000, i));
	for (uint64_t i = 20; i < 40; i++)
		follow_seen_add(&seen, event(2000, i));
	next = taken_up(&seen);
	assert_int_equal(next.count, 20);
	for (uint64_t i = 0; i < 40; i++)
		assert_true(follow_seen_has(&next, event(i < 20 ? 1000 : 2000, i)));
	assert_false(follow_seen_has(&next, event(2000, 99)));
	assert_false(follow_seen_has(&next, event(1001, 99)));
	follow_seen_fini(&next);

	for (uint64_t i = 40; i < 80; i++)
		follow_seen_add(&seen, event(3000, i));
	assert_string_equal(written(&seen), "3000!");
	next = taken_up(&seen);
	assert_true(follow_seen_has(&next, event(3000, 79)));
	assert_false(follow_seen_has(&next, event(3001, 79)));
	follow_seen_fini(&next);
	follow_seen_fini(&seen);
}

static void it_does_not_grow_without_end(void **state)
{
	struct follow_seen seen = {.count = 0};

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		follow_seen_add(&seen, event(1000000, i));
		if (i % 100 == 0)
			follow_seen_trim(&seen);
		assert_true(seen.count <= FOLLOW_SEEN_MOST + 101);
		assert_true(follow_seen_has(&seen, event(1000000, i)));
	}
	follow_seen_fini(&seen);
}

static void what_has_settled_needs_no_names(void **state)
{
	struct follow_seen seen = {.count = 0};

	(void)state;
	follow_seen_settle(&seen, 1000000);
	assert_string_equal(written(&seen), "0");
	follow_seen_add(&seen, event(900000, 1));
	follow_seen_add(&seen, event(970001, 2));
	follow_seen_settle(&seen, 1000000); /* too early to say */
	assert_int_equal(seen.count, 2);
	follow_seen_settle(&seen, 1000001);
	assert_string_equal(written(&seen), "970001!");
	assert_true(follow_seen_has(&seen, event(970001, 3)));
	assert_false(follow_seen_has(&seen, event(970002, 2)));
	follow_seen_fini(&seen);
}

static void only_our_own_marks_are_read(void **state)
{
	static const char *const right[] = {"0", "1700000000000", "1700000000000!",
					    "5.0123456789abcdef",
					    "5!.0123456789abcdef.ffffffffffffffff"};
	static const char *const wrong[] = {"",
					    "!",
					    ".",
					    "x",
					    "-1",
					    "+1",
					    "1.",
					    "1..0123456789abcdef",
					    "1.0123456789ABCDEF",
					    "1.0123456789abcde",
					    "1.0123456789abcdef0",
					    "1!!",
					    "1 ",
					    "1700000000000000"};
	char out[FOLLOW_MARK_LONGEST];
	struct follow_mark mark = {.count = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (follow_mark_read(text_of(wrong[i]), &mark))
			fail_msg("%s was read", wrong[i]);
	assert_int_equal(mark.count, 77);
	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		assert_true(follow_mark_read(text_of(right[i]), &mark));
		assert_true(mark.given);
		follow_mark_write(&mark, out);
		assert_string_equal(out, right[i]);
	}
}

static void the_longest_mark_fits(void **state)
{
	struct follow_mark mark = {
		.floor_ms = 253402300799999, .floor_whole = true, .count = FOLLOW_MARK_MOST};
	char out[FOLLOW_MARK_LONGEST];
	char more[FOLLOW_MARK_LONGEST + 32];
	struct follow_mark back;

	(void)state;
	memset(mark.known, 0xff, sizeof mark.known);
	follow_mark_write(&mark, out);
	assert_int_equal(strlen(out), 16 + 17 * FOLLOW_MARK_MOST);
	assert_true(follow_mark_read(text_of(out), &back));
	assert_int_equal(back.count, FOLLOW_MARK_MOST);
	strcpy(more, out);
	strcat(more, ".0123456789abcdef");
	assert_false(follow_mark_read(text_of(more), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_is_new_once),
		cmocka_unit_test(what_is_much_older_than_the_newest_counts_as_told),
		cmocka_unit_test(whoever_takes_up_knows_what_was_told),
		cmocka_unit_test(a_mark_is_cut_between_moments),
		cmocka_unit_test(it_does_not_grow_without_end),
		cmocka_unit_test(what_has_settled_needs_no_names),
		cmocka_unit_test(only_our_own_marks_are_read),
		cmocka_unit_test(the_longest_mark_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
