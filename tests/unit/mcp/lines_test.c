/* Lines out of a stream, however it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mcp/lines.h"

enum { LONGEST = 8 };

static const struct {
	const char *stream;
	const char *lines; /* each in brackets; "!" is one that was too long */
} rows[] = {
	{"", ""},
	{"a\n", "[a]"},
	{"a\nb\n", "[a][b]"},
	{"a\r\nb\r\n", "[a][b]"},
	{"a\rb\n", "[a\rb]"},
	{"a\r\r\n", "[a\r]"},
	{"\n\r\n  \n\t\r\na\n\n", "[a]"},
	{" a \n", "[ a ]"},
	{"12345678\n", "[12345678]"},
	{"12345678\r\n", "[12345678]"},
	{"123456789\n", "!"},
	{"123456789\r\n", "!"},
	{"12345678\rx\n", "!"},
	{"12345678\r\r\n", "!"},
	{"123456789012345678901234567890\na\n", "![a]"},
	{"123456789\n123456789\n\nb\n", "!![b]"},
	{"         \na\n", "![a]"},
	/* what nothing ended */
	{"a", "[a]"},
	{"a\r", "[a]"},
	{"a\nb", "[a][b]"},
	{"a\n  ", "[a]"},
	{"12345678", "[12345678]"},
	{"123456789", "!"},
	{"a\n1234567890123456789", "[a]!"},
};

static void note(struct buf *found, enum mcp_line kind, struct text line)
{
	if (kind == MCP_LINE_TOO_LONG)
		buf_add_char(found, '!');
	if (kind != MCP_LINE_WHOLE)
		return;
	buf_add_char(found, '[');
	buf_add(found, line);
	buf_add_char(found, ']');
}

/* Feeds the stream in pieces of that size, each in memory of its own. */
static void feed(struct text stream, size_t piece_bytes, struct buf *found)
{
	struct mcp_lines lines;
	struct text line;
	enum mcp_line kind;

	mcp_lines_init(&lines, LONGEST);
	for (size_t at = 0; at < stream.len; at += piece_bytes) {
		struct buf piece;
		struct text rest;

		buf_init(&piece, SIZE_MAX / 2);
		buf_add(&piece, text_slice(stream, at, piece_bytes));
		rest = buf_text(&piece);
		while ((kind = mcp_lines_next(&lines, &rest, &line)) != MCP_LINE_NONE)
			note(found, kind, line);
		assert_int_equal(rest.len, 0);
		assert_true(lines.kept.capacity <= 256);
		buf_fini(&piece);
	}
	kind = mcp_lines_end(&lines, &line);
	note(found, kind, line);
	mcp_lines_fini(&lines);
}

static void lines_come_out_however_they_come_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text stream = text_of(rows[i].stream);

		for (size_t bytes = 1; bytes <= stream.len + 1; bytes++) {
			struct buf found;

			buf_init(&found, 1000);
			feed(stream, bytes, &found);
			if (!text_is(buf_text(&found), rows[i].lines))
				fail_msg("%s in pieces of %zu: %.*s", rows[i].stream, bytes,
					 (int)found.len, found.ptr);
			buf_fini(&found);
		}
	}
}

/* Were each byte looked at again and again, it would not end within the test's time. */
static void a_long_line_in_small_pieces_takes_its_time_once(void **state)
{
	enum { BYTES = 1 << 20 };
	struct mcp_lines lines;
	struct text line;

	(void)state;
	mcp_lines_init(&lines, BYTES);
	for (unsigned i = 0; i < BYTES; i++) {
		struct text byte = TEXT("x");

		assert_int_equal(mcp_lines_next(&lines, &byte, &line), MCP_LINE_NONE);
	}
	assert_int_equal(mcp_lines_end(&lines, &line), MCP_LINE_WHOLE);
	assert_int_equal(line.len, BYTES);
	mcp_lines_fini(&lines);
}

static void a_line_without_end_is_not_kept(void **state)
{
	struct mcp_lines lines;
	struct text line;
	unsigned said = 0;

	(void)state;
	mcp_lines_init(&lines, LONGEST);
	for (unsigned i = 0; i < 100000; i++) {
		struct text piece = TEXT("never an end to it");

		said += mcp_lines_next(&lines, &piece, &line) == MCP_LINE_TOO_LONG;
	}
	assert_int_equal(said, 1);
	assert_int_equal(lines.kept.len, 0);
	mcp_lines_fini(&lines);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_however_they_come_in),
		cmocka_unit_test(a_long_line_in_small_pieces_takes_its_time_once),
		cmocka_unit_test(a_line_without_end_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
