/* Text for the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/roff.h"

static void assert_adds(const char *text, const char *wanted)
{
	struct buf out;

	buf_init(&out, 65536);
	roff_add(&out, text);
	assert_string_equal(out.ptr == NULL ? "" : out.ptr, wanted);
	buf_fini(&out);
}

static void nothing_is_taken_for_markup(void **state)
{
	(void)state;
	assert_adds("", "");
	assert_adds("plain text", "plain text\n");
	assert_adds(".TH and 'br", "\\&.TH and \\&'br\n");
	assert_adds("'quoted' first", "\\&'quoted' first\n");
	assert_adds("a\\b", "a\\eb\n");
	assert_adds("~ and ^", "\\(ti and \\(ha\n");
}

static void code_and_options_stand_out(void **state)
{
	(void)state;
	assert_adds("`a-b` c-d", "\\fBa\\-b\\fR c-d\n");
	assert_adds("`a b` c", "\\fBa b\\fR c\n");
	assert_adds("give --set and -f", "give \\-\\-set and \\-f\n");
	assert_adds("a - b", "a - b\n");
}

static void lines_and_paragraphs(void **state)
{
	(void)state;
	assert_adds("one\ntwo\n", "one\ntwo\n");
	assert_adds("one\n\ntwo\n", "one\n.PP\ntwo\n");
	assert_adds("one\n\n", "one\n");
	assert_adds("One. Two 1.5 three... four. Five", "One.\nTwo 1.5 three... four.\nFive\n");
	assert_adds(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb c",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
		"c\n");
}

static void terms(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	roff_heading(&out, "SS", "a-b");
	roff_term(&out, "--file", "FILE", "the file");
	assert_string_equal(out.ptr, ".SS a\\-b\n.TP\n\\fB\\-\\-file\\fR \\fIFILE\\fR\nthe file\n");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_taken_for_markup),
		cmocka_unit_test(code_and_options_stand_out),
		cmocka_unit_test(lines_and_paragraphs),
		cmocka_unit_test(terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
