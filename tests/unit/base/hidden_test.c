/* Hidden memory: pieces of all sizes, wiped and used again, and not in core files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/hidden.h"
#include "base/text.h"

/* What the kernel says of the memory that holds an address: its flags, each of two letters. */
static bool has_flag(const void *address, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	bool inside = false;
	bool found = false;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)address >= from && (uintptr_t)address < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	fclose(maps);
	return found;
}

static void no_core_file_has_it(void **state)
{
	static const size_t sizes[] = {1, 64, 65, 4096, 8192, 8193, 1000000};
	char *ordinary = malloc(64);

	(void)state;
	assert_false(has_flag(ordinary, " dd"));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *piece = hidden_alloc(sizes[i]);

		assert_true(has_flag(piece, " dd"));
		assert_true(has_flag(piece + sizes[i] - 1, " dd"));
		hidden_free(piece, sizes[i]);
	}
	free(ordinary);
}

static void pieces_are_apart(void **state)
{
	enum { COUNT = 2000 };
	static unsigned char *pieces[COUNT];
	static size_t sizes[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		sizes[i] = 1 + i * 37 % 10000;
		pieces[i] = hidden_alloc(sizes[i]);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], (int)(i % 251), sizes[i]);
	}
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(pieces[i][0], i % 251);
		assert_int_equal(pieces[i][sizes[i] - 1], i % 251);
		hidden_free(pieces[i], sizes[i]);
	}
}

static void what_is_released_is_wiped_and_used_again(void **state)
{
	static const char zeros[100];
	char *first = hidden_alloc(200);
	char *second;

	(void)state;
	memset(first, 'x', 200);
	hidden_free(first, 200);
	second = hidden_alloc(129);
	assert_ptr_equal(second, first);
	assert_memory_equal(second + 29, zeros, 100); /* in front there may be a link */
	hidden_free(second, 129);
	hidden_free(NULL, 10);
}

/* The thread's number is in all that it holds; NULL if that was ever another's. */
static void *take_and_give_back(void *argument)
{
	const int *number = argument;
	char *held[50];

	for (size_t round = 0; round < 200; round++) {
		for (size_t i = 0; i < ARRAY_LEN(held); i++) {
			held[i] = hidden_alloc(100);
			memset(held[i], *number, 100);
		}
		for (size_t i = 0; i < ARRAY_LEN(held); i++) {
			for (size_t at = 0; at < 100; at++)
				if (held[i][at] != *number)
					return NULL;
			hidden_free(held[i], 100);
		}
	}
	return argument;
}

static void threads_do_not_get_the_same(void **state)
{
	static int numbers[4] = {1, 2, 3, 4};
	pthread_t threads[4];
	void *result;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give_back, &numbers[i]),
				 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, &numbers[i]);
	}
}

static void pages_can_be_hidden_later(void **state)
{
	char *pages = aligned_alloc(65536, (size_t)2 * 65536);

	(void)state;
	hidden_pages(pages + 100, 10);
	assert_true(has_flag(pages, " dd"));
	assert_false(has_flag(pages + 65536, " dd"));
	free(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_core_file_has_it),
		cmocka_unit_test(pieces_are_apart),
		cmocka_unit_test(what_is_released_is_wiped_and_used_again),
		cmocka_unit_test(threads_do_not_get_the_same),
		cmocka_unit_test(pages_can_be_hidden_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
