/* Tables for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/visible.h"
#include "cmd/grid.h"

static void assert_prints(const struct grid *g, size_t indent, size_t width, const char *wanted)
{
	struct buf out;

	buf_init(&out, 65536);
	grid_add(&out, g, indent, width);
	assert_true(buf_complete(&out));
	assert_string_equal(out.len == 0 ? "" : out.ptr, wanted);
	buf_fini(&out);
}

static const char *const headings[] = {"uid", "what", "note"};

static void columns_stand_below_each_other(void **state)
{
	const struct text cells[] = {
		TEXT("u1"),
		TEXT("caf\xc3\xa9"),
		TEXT("x"),
		TEXT("u22"),
		TEXT("\xe5\xa4\xaa\xe9\x83\x8e"),
		TEXT(""),
	};

	(void)state;
	assert_prints(&(const struct grid){headings, 3, cells, 2}, 2, 0,
		      "  uid  what  note\n"
		      "  u1   caf\xc3\xa9  x\n"
		      "  u22  \xe5\xa4\xaa\xe9\x83\x8e\n");
}

static void no_rows_leave_the_headings(void **state)
{
	(void)state;
	assert_prints(&(const struct grid){headings, 3, NULL, 0}, 0, 0, "uid  what  note\n");
	assert_prints(&(const struct grid){headings, 0, NULL, 0}, 0, 0, "");
}

static void long_cells_are_wrapped_at_spaces(void **state)
{
	const struct text cells[] = {
		TEXT("0123456789012345"),
		TEXT("some words that go on"),
		TEXT("n"),
	};

	(void)state;
	assert_prints(&(const struct grid){headings, 3, cells, 1}, 0, 36,
		      "uid               what          note\n"
		      "0123456789012345  some words    n\n"
		      "                  that go on\n");
}

static void long_words_are_broken_and_nothing_is_lost(void **state)
{
	const struct text cells[] = {TEXT("u"), TEXT("abcdefghijklmnopqrstuvwxyz"), TEXT("n")};

	(void)state;
	assert_prints(&(const struct grid){headings, 3, cells, 1}, 0, 23,
		      "uid  what          note\n"
		      "u    abcdefghijkl  n\n"
		      "     mnopqrstuvwx\n"
		      "     yz\n");
}

static void without_room_each_row_is_a_block(void **state)
{
	const struct text cells[] = {
		TEXT("0123456789012345"), TEXT("two"), TEXT(""),
		TEXT("1123456789012345"), TEXT("-"),   TEXT("n"),
	};

	(void)state;
	assert_prints(&(const struct grid){headings, 3, cells, 2}, 1, 18,
		      " uid: 0123456789012345\n   what: two\n   note:\n"
		      " uid: 1123456789012345\n   what: -\n   note: n\n");
}

/* Whatever the cells and the width: every byte but spaces comes out, in lines that fit. */
static void nothing_is_lost_at_any_width(void **state)
{
	static const char letters[] = "ab \xc3\xa9 \xe5\xa4\xaa-";
	struct arena arena;

	(void)state;
	arena_init(&arena);
	srandom(1);
	for (int i = 0; i < 2000; i++) {
		struct text cells[6];
		size_t wanted = 0;
		size_t found = 0;
		struct buf out;

		for (size_t c = 0; c < 6; c++) {
			struct buf cell;

			buf_init(&cell, 1024);
			for (long n = random() % 40; n > 0; n--) {
				size_t at = (size_t)random() % 6;

				buf_add(&cell, at == 3   ? TEXT("\xc3\xa9")
					       : at == 4 ? TEXT("\xe5\xa4\xaa")
							 : (struct text){letters + at, 1});
			}
			cells[c] = arena_copy_text(&arena, buf_text(&cell));
			buf_fini(&cell);
			for (size_t b = 0; b < cells[c].len; b++)
				wanted += cells[c].ptr[b] != ' ';
		}
		buf_init(&out, 65536);
		grid_add(&out, &(const struct grid){headings, 3, cells, 2}, 0,
			 41 + (size_t)random() % 40);
		for (size_t b = 0; b < out.len; b++)
			found += out.ptr[b] != ' ' && out.ptr[b] != '\n';
		/* A block repeats the headings with a colon. */
		if (strncmp(out.ptr, "uid:", 4) == 0)
			wanted += (size_t)2 * (4 + 5 + 5);
		else
			wanted += strlen("uidwhatnote");
		assert_int_equal(found, wanted);
		assert_true(text_is_utf8(buf_text(&out)));
		buf_fini(&out);
	}
	arena_fini(&arena);
}

static void a_cut_keeps_characters_whole(void **state)
{
	(void)state;
	assert_int_equal(visible_cut(TEXT("abc"), 2).len, 2);
	assert_int_equal(visible_cut(TEXT("abc"), 9).len, 3);
	assert_int_equal(visible_cut(TEXT("abc"), 0).len, 0);
	assert_int_equal(visible_cut(TEXT("a\xc3\xa9z"), 2).len, 3);
	assert_int_equal(visible_cut(TEXT("a\xe5\xa4\xaaz"), 2).len, 1);
	assert_int_equal(visible_cut(TEXT("e\xcc\x81z"), 1).len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_below_each_other),
		cmocka_unit_test(no_rows_leave_the_headings),
		cmocka_unit_test(long_cells_are_wrapped_at_spaces),
		cmocka_unit_test(long_words_are_broken_and_nothing_is_lost),
		cmocka_unit_test(without_room_each_row_is_a_block),
		cmocka_unit_test(nothing_is_lost_at_any_width),
		cmocka_unit_test(a_cut_keeps_characters_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
