/* Buffers: they grow to their ceiling, leave out whole what passes it, and say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void an_untouched_buffer_is_empty_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_text(&b).len, 0);
	assert_non_null(buf_text(&b).ptr);
	assert_true(buf_complete(&b));
	buf_truncate(&b, 0);
	buf_truncate(&b, 5);
	buf_fini(&b);
	buf_fini(&b);
}

static void what_is_added_stands_in_order(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add(&b, TEXT("a\0b"));
	buf_add_string(&b, "cd");
	buf_add_char(&b, 'e');
	buf_printf(&b, "%d-%s", -7, "x");
	buf_add(&b, (struct text){NULL, 0});
	buf_add_string(&b, NULL);
	assert_int_equal(b.len, 10);
	assert_memory_equal(b.ptr, "a\0bcde-7-x", 11);
	buf_fini(&b);
	assert_int_equal(b.max_bytes, 100);
}

/* Of the address sanitizer; NULL where it is not. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __asan_address_is_poisoned(const volatile void *address) __attribute__((weak));

static void assert_ends(const struct buf *b)
{
	for (size_t i = 0; i <= b->len; i++)
		assert_false(__asan_address_is_poisoned(b->ptr + i));
	for (size_t i = b->len + 1; i < b->capacity; i++)
		assert_true(__asan_address_is_poisoned(b->ptr + i));
}

static void what_is_not_in_use_is_forbidden(void **state)
{
	struct buf b;

	(void)state;
	if (__asan_address_is_poisoned == NULL)
		skip();
	buf_init(&b, 5000);
	for (int i = 0; i < 300; i++) {
		buf_add(&b, TEXT("abc"));
		assert_ends(&b);
		buf_printf(&b, "%d", i);
		assert_ends(&b);
	}
	buf_reserve(&b, 1000);
	assert_ends(&b);
	buf_truncate(&b, 77);
	assert_ends(&b);
	buf_add_char(&b, 'x');
	assert_ends(&b);
	buf_fini(&b);
}

static void the_ceiling_itself_fits(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_add_string(&b, "12345");
	assert_true(buf_complete(&b));
	assert_string_equal(b.ptr, "12345");
	buf_add(&b, TEXT(""));
	assert_true(buf_complete(&b));
	buf_add_char(&b, '6');
	assert_false(buf_complete(&b));
	assert_string_equal(b.ptr, "12345");
	buf_fini(&b);
}

static void a_write_over_the_ceiling_is_left_out_whole(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	buf_add_string(&b, "12345");
	buf_printf(&b, "%s", "6789");
	assert_false(buf_complete(&b));
	assert_string_equal(b.ptr, "12345");
	/* A later one that would fit must not hide the gap. */
	buf_add_char(&b, '6');
	assert_string_equal(b.ptr, "12345");
	buf_fini(&b);
	assert_true(buf_complete(&b));
	buf_init(&b, 0);
	buf_add_char(&b, 'x');
	assert_false(buf_complete(&b));
	buf_fini(&b);
}

static void reserving_changes_nothing_to_see(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_reserve(&b, 500);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.ptr, "");
	buf_add_string(&b, "abc");
	buf_reserve(&b, 5000); /* more than can ever come */
	assert_true(buf_complete(&b));
	assert_string_equal(b.ptr, "abc");
	buf_fini(&b);
}

static void truncating_keeps_the_front(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add_string(&b, "abcdef");
	buf_truncate(&b, 2);
	buf_truncate(&b, 50);
	buf_add_char(&b, 'x');
	assert_string_equal(b.ptr, "abx");
	buf_fini(&b);
}

static void many_small_writes_take_linear_time(void **state)
{
	enum { BYTES = 4 * 1024 * 1024 };
	struct buf b;

	(void)state;
	buf_init(&b, BYTES);
	for (int i = 0; i < BYTES; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_true(buf_complete(&b));
	assert_int_equal(b.len, BYTES);
	assert_int_equal(b.ptr[BYTES - 1], 'a' + (BYTES - 1) % 26);
	buf_fini(&b);
}

static void the_highest_ceiling_is_one_too(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		buf_add_string(&b, "0123456789");
	assert_true(buf_complete(&b));
	assert_int_equal(b.len, 10000);
	buf_fini(&b);
}

/* One without a ceiling grows in steps, too: each addition on its own would copy all there is. */
static void one_without_a_ceiling_grows_in_steps(void **state)
{
	size_t last = 0;
	size_t steps = 0;
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	for (size_t i = 0; i < 100 * 1000; i++) {
		buf_add_char(&b, 'x');
		steps += b.capacity != last;
		last = b.capacity;
	}
	assert_true(steps < 100);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_buffer_is_empty_text),
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(what_is_not_in_use_is_forbidden),
		cmocka_unit_test(the_ceiling_itself_fits),
		cmocka_unit_test(a_write_over_the_ceiling_is_left_out_whole),
		cmocka_unit_test(reserving_changes_nothing_to_see),
		cmocka_unit_test(truncating_keeps_the_front),
		cmocka_unit_test(many_small_writes_take_linear_time),
		cmocka_unit_test(the_highest_ceiling_is_one_too),
		cmocka_unit_test(one_without_a_ceiling_grows_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
