/* Bytes that several hold. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/shared.h"

static atomic_uint made;

static struct shared *shared_of(const char *string)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_reserve(&b, 100000);
	buf_add_string(&b, string);
	return shared_new(&b);
}

static void twice(struct text plain, struct buf *out)
{
	atomic_fetch_add(&made, 1);
	buf_init(out, SIZE_MAX);
	buf_add(out, plain);
	buf_add(out, plain);
}

static void first_byte(struct text plain, unsigned char out[SHARED_MARK_SIZE])
{
	atomic_fetch_add(&made, 1);
	memset(out, plain.ptr[0], SHARED_MARK_SIZE);
}

static void it_goes_with_the_last_holder(void **state)
{
	struct shared *s = shared_of("abc");

	(void)state;
	assert_true(shared_is_single(s));
	assert_ptr_equal(shared_ref(s), s);
	assert_false(shared_is_single(s));
	shared_unref(s);
	assert_true(shared_is_single(s));
	assert_true(text_is(shared_text(s), "abc"));
	shared_unref(s);
	shared_unref(NULL);
}

static void room_that_is_not_needed_is_given_back(void **state)
{
	struct shared *s = shared_of("abc");

	(void)state;
	shared_limit_form(s, 100);
	assert_true(shared_most_bytes(s) < 1000);
	assert_true(shared_most_bytes(s) > 100);
	shared_unref(s);
}

static void form_and_mark_are_made_once(void **state)
{
	struct shared *s = shared_of("abc");
	unsigned char mark[SHARED_MARK_SIZE];
	struct text form;
	struct buf own;

	(void)state;
	atomic_store(&made, 0);
	for (int i = 0; i < 3; i++) {
		form = shared_form(s, twice, &own);
		assert_true(text_is(form, "abcabc"));
		assert_int_equal(own.len, 0);
		shared_mark(s, first_byte, mark);
		assert_int_equal(mark[SHARED_MARK_SIZE - 1], 'a');
	}
	assert_int_equal(atomic_load(&made), 2);
	shared_unref(s);
}

static void a_form_that_is_too_large_is_the_caller_s(void **state)
{
	struct shared *s = shared_of("abc");
	size_t bytes;
	struct buf own;

	(void)state;
	shared_limit_form(s, 6);
	bytes = shared_most_bytes(s);
	assert_true(text_is(shared_form(s, twice, &own), "abcabc"));
	assert_true(text_is(buf_text(&own), "abcabc"));
	assert_int_equal(shared_most_bytes(s), bytes);
	buf_fini(&own);
	shared_unref(s);

	s = shared_of("abc");
	shared_limit_form(s, 7); /* with the NUL it is that */
	assert_true(text_is(shared_form(s, twice, &own), "abcabc"));
	assert_int_equal(own.len, 0);
	shared_unref(s);
}

static void *use(void *argument)
{
	struct shared *s = argument;
	unsigned char mark[SHARED_MARK_SIZE];
	struct buf own;

	shared_mark(s, first_byte, mark);
	if (!text_is(shared_form(s, twice, &own), "abcabc"))
		atomic_fetch_add(&made, 100);
	shared_unref(s);
	return NULL;
}

static void by_many_threads(void **state)
{
	struct shared *s = shared_of("abc");
	pthread_t threads[8];

	(void)state;
	atomic_store(&made, 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, shared_ref(s)), 0);
	shared_unref(s);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&made), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_with_the_last_holder),
		cmocka_unit_test(room_that_is_not_needed_is_given_back),
		cmocka_unit_test(form_and_mark_are_made_once),
		cmocka_unit_test(a_form_that_is_too_large_is_the_caller_s),
		cmocka_unit_test(by_many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
