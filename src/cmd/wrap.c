/* Text broken into lines. */
#include "cmd/wrap.h"

#include <string.h>

static void add_blanks(struct buf *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_char(out, ' ');
}

static size_t count_blanks(struct text t)
{
	size_t n = 0;

	while (n < t.len && t.ptr[n] == ' ')
		n++;
	return n;
}

/* One line of the text, which begins at column. */
static void add_line(struct buf *out, struct text line, size_t column, size_t indent)
{
	struct text word;
	size_t own = count_blanks(line);
	bool fits = column + line.len <= WRAP_WIDTH;
	bool first = true;

	if (fits) {
		buf_add(out, line);
		buf_add_char(out, '\n');
		return;
	}
	add_blanks(out, own);
	column += own;
	line = text_slice(line, own, line.len);
	while (text_next(&line, ' ', &word)) {
		if (!first && column + 1 + word.len > WRAP_WIDTH) {
			buf_add_char(out, '\n');
			add_blanks(out, indent + own);
			column = indent + own;
			first = true;
		}
		if (!first)
			buf_add_char(out, ' ');
		column += word.len + !first;
		buf_add(out, word);
		first = false;
	}
	buf_add_char(out, '\n');
}

void wrap_add(struct buf *out, const char *text, size_t column, size_t indent)
{
	struct text rest = text_of(text);
	struct text line;
	bool first = true;

	while (text_next(&rest, '\n', &line)) {
		if (line.len == 0 && rest.ptr == NULL && !first)
			return; /* behind the last line feed */
		if (!first && line.len > 0)
			add_blanks(out, indent);
		add_line(out, line, first ? column : indent, indent);
		first = false;
	}
}

void wrap_add_term(struct buf *out, const char *term, const char *text, size_t column)
{
	size_t end = 2 + strlen(term);

	buf_printf(out, "  %s", term);
	if (end + 2 > column) {
		buf_add_char(out, '\n');
		end = 0;
	}
	add_blanks(out, column - end);
	wrap_add(out, text, column, column);
}
