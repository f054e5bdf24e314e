/* The bounded memory: what it keeps, what goes first, and that nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest_map.h"

static struct digest key_of(int number)
{
	struct digest key;
	struct text part = {(const char *)&number, sizeof number};

	digest_of(&part, 1, &key);
	return key;
}

static void put(struct digest_map *map, int number, size_t bytes, int64_t expires)
{
	struct digest key = key_of(number);
	int *value = malloc(sizeof *value);

	assert_non_null(value);
	*value = number;
	digest_map_put(map, &key, value, bytes, expires);
}

static void read_int(void *context, const void *value)
{
	*(int *)context = *(const int *)value;
}

static bool has(struct digest_map *map, int number, int64_t now)
{
	struct digest key = key_of(number);
	int value = -1;

	if (!digest_map_get(map, &key, now, read_int, &value))
		return false;
	assert_int_equal(value, number);
	return true;
}

static void what_was_put_is_there_until_it_ends(void **state)
{
	struct digest_map *map = digest_map_new(10, 1000, free);

	(void)state;
	assert_false(has(map, 1, 0));
	put(map, 1, 1, 100);
	assert_true(has(map, 1, 99));
	assert_false(has(map, 1, 100));
	assert_int_equal(digest_map_count(map), 0);
	put(map, 1, 1, 100);
	put(map, 1, 1, 200);
	assert_int_equal(digest_map_count(map), 1);
	assert_true(has(map, 1, 150));
	digest_map_free(map);
}

static void the_longest_unused_goes_first(void **state)
{
	struct digest_map *map = digest_map_new(3, 1000, free);

	(void)state;
	for (int i = 1; i <= 3; i++)
		put(map, i, 1, 100);
	assert_true(has(map, 1, 0));
	put(map, 4, 1, 100);
	assert_true(has(map, 1, 0));
	assert_false(has(map, 2, 0));
	assert_true(has(map, 3, 0));
	assert_true(has(map, 4, 0));
	digest_map_free(map);
}

static void bytes_are_bounded(void **state)
{
	struct digest_map *map = digest_map_new(100, 10, free);

	(void)state;
	put(map, 1, 4, 100);
	put(map, 2, 4, 100);
	put(map, 3, 4, 100);
	assert_false(has(map, 1, 0));
	assert_true(has(map, 3, 0));
	put(map, 4, 10, 100);
	assert_int_equal(digest_map_count(map), 1);
	put(map, 5, 11, 100); /* too large by itself: the others stay */
	assert_true(has(map, 4, 0));
	assert_false(has(map, 5, 0));
	digest_map_free(map);
}

static void many_come_and_go(void **state)
{
	struct digest_map *map = digest_map_new(64, SIZE_MAX, free);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		put(map, i, 1, i + 50);
		assert_true(has(map, i, i));
		assert_int_equal(has(map, i - 40, i), i >= 40);
		assert_false(has(map, i - 60, i));
	}
	assert_true(digest_map_count(map) <= 64);
	digest_map_free(map);
	digest_map_free(NULL);
}

static void digests_depend_on_every_part(void **state)
{
	const struct text one[] = {TEXT("ab"), TEXT("c")};
	const struct text two[] = {TEXT("a"), TEXT("bc")};
	const struct text three[] = {TEXT("abc"), TEXT("")};
	struct digest a;
	struct digest b;
	struct digest c;

	(void)state;
	digest_of(one, 2, &a);
	digest_of(two, 2, &b);
	digest_of(three, 2, &c);
	assert_false(digest_equal(&a, &b));
	assert_false(digest_equal(&a, &c));
	assert_false(digest_equal(&b, &c));
	digest_of(one, 2, &b);
	assert_true(digest_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_there_until_it_ends),
		cmocka_unit_test(the_longest_unused_goes_first),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(many_come_and_go),
		cmocka_unit_test(digests_depend_on_every_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
