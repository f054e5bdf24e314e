/* Arenas: alignment, zeroes, pieces of every size, copies, and sizes that cannot be. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	enum { PIECES = 2000 };
	static unsigned char *pieces[PIECES];
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i % 97;

		pieces[i] = arena_alloc(&a, size);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i & 0xFF), size);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < i % 97; j++)
			assert_int_equal(pieces[i][j], i & 0xFF);
	arena_fini(&a);
}

/* Of the address sanitizer; NULL where it is not. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __asan_address_is_poisoned(const volatile void *address) __attribute__((weak));

static void what_is_behind_a_piece_is_forbidden(void **state)
{
	struct arena a;

	(void)state;
	if (__asan_address_is_poisoned == NULL)
		skip();
	arena_init(&a);
	for (size_t size = 0; size < 40; size++) {
		char *piece = arena_alloc(&a, size);

		for (size_t i = 0; i < size; i++)
			assert_false(__asan_address_is_poisoned(piece + i));
		assert_true(__asan_address_is_poisoned(piece + size));
	}
	arena_fini(&a);
}

static void large_pieces_stand_beside_small_ones(void **state)
{
	static const size_t sizes[] = {1, 4096, 4097, 300 * 1024, 7, 5 * 1024 * 1024, 16};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *p = arena_alloc(&a, sizes[i]);

		assert_int_equal(p[0], 0);
		assert_int_equal(p[sizes[i] - 1], 0);
		memset(p, 0x5A, sizes[i]);
	}
	assert_true(a.taken >= 5 * 1024 * 1024 + 300 * 1024);
	arena_fini(&a);
}

static void an_arena_can_be_used_again(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	arena_fini(&a);
	assert_string_equal(arena_copy(&a, TEXT("x")), "x");
	arena_fini(&a);
	assert_null(a.blocks);
	assert_int_equal(a.taken, 0);
	assert_string_equal(arena_printf(&a, "%s %d", "y", 7), "y 7");
	arena_fini(&a);
}

static void copies_end_with_nul(void **state)
{
	static const char bytes[] = {'a', 'b', 'c'};
	struct arena a;
	struct text copy;

	(void)state;
	arena_init(&a);
	assert_string_equal(arena_copy(&a, (struct text){bytes, sizeof bytes}), "abc");
	assert_string_equal(arena_copy(&a, (struct text){NULL, 0}), "");
	copy = arena_copy_text(&a, TEXT("with\0nul"));
	assert_int_equal(copy.len, 8);
	assert_memory_equal(copy.ptr, "with\0nul", 9);
	arena_fini(&a);
}

static void a_long_line_is_printed_whole(void **state)
{
	static char word[100 * 1024 + 1];
	struct arena a;

	(void)state;
	memset(word, 'w', sizeof word - 1);
	arena_init(&a);
	assert_int_equal(strlen(arena_printf(&a, "<%s>", word)), sizeof word - 1 + 2);
	arena_fini(&a);
}

static void heap_copies_are_the_callers(void **state)
{
	char *copy = heap_copy(TEXT("mine"));
	char *larger = heap_resize(copy, 100);

	(void)state;
	assert_string_equal(larger, "mine");
	free(larger);
	free(heap_alloc(0));
	free(heap_resize(NULL, 0));
}

static void ask_for_a_product_that_does_not_fit(void)
{
	struct arena a;

	arena_init(&a);
	arena_alloc_array(&a, SIZE_MAX / 4, 8);
}

static void ask_for_all_of_memory(void)
{
	struct arena a;

	arena_init(&a);
	arena_alloc(&a, SIZE_MAX - 3);
}

/* In a child, since the program ends. What it says goes to the returned text. */
static void assert_stops_the_program(void (*ask)(void))
{
	char said[256] = {0};
	int to_us[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(to_us), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(to_us[1], STDERR_FILENO);
		ask();
		_exit(0);
	}
	close(to_us[1]);
	assert_true(read(to_us[0], said, sizeof said - 1) > 0);
	close(to_us[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	assert_int_equal(strncmp(said, "out of memory", 13), 0);
}

static void sizes_that_cannot_be_stop_the_program(void **state)
{
	(void)state;
	assert_stops_the_program(ask_for_a_product_that_does_not_fit);
	assert_stops_the_program(ask_for_all_of_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(what_is_behind_a_piece_is_forbidden),
		cmocka_unit_test(large_pieces_stand_beside_small_ones),
		cmocka_unit_test(an_arena_can_be_used_again),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(a_long_line_is_printed_whole),
		cmocka_unit_test(heap_copies_are_the_callers),
		cmocka_unit_test(sizes_that_cannot_be_stop_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
