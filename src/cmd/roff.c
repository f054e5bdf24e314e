/* Text for the manual. */
#include "cmd/roff.h"

#include <string.h>

enum { WIDTH = 78 };

struct roff {
	struct buf *out;
	size_t line; /* where the line begins */
	bool bold;
	bool ended; /* a sentence did, so the next one begins a line: it is set further apart */
};

/* A character that stands for itself. */
static void put_char(struct buf *out, char c, bool code)
{
	if (c == '\\')
		buf_add_string(out, "\\e");
	else if (c == '-' && code)
		buf_add_string(out, "\\-");
	else if (c == '"' && code)
		buf_add_string(out, "\\(dq");
	else if (c == '\'' && code)
		buf_add_string(out, "\\(aq");
	else if (c == '~')
		buf_add_string(out, "\\(ti");
	else if (c == '^')
		buf_add_string(out, "\\(ha");
	else
		buf_add_char(out, c);
}

static bool is_option(struct text word)
{
	return word.len > 1 && word.ptr[0] == '-' && word.ptr[1] != ' ' && word.ptr[1] != ',';
}

static void put_word(struct roff *r, struct text word)
{
	bool option = is_option(word);
	size_t start = r->out->len;
	bool fits;

	if (start > r->line)
		buf_add_char(r->out, ' ');
	if (word.ptr[0] == '.' || word.ptr[0] == '\'')
		buf_add_string(r->out, "\\&");
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] == '`') {
			r->bold = !r->bold;
			buf_add_string(r->out, r->bold ? "\\fB" : "\\fR");
			continue;
		}
		put_char(r->out, word.ptr[i], r->bold || option);
	}
	fits = r->out->len - r->line <= WIDTH && !r->ended;
	r->ended = text_ends(word, ".") && !text_ends(word, "..");
	if (start == r->line || fits)
		return;
	r->out->ptr[start] = '\n'; /* in the place of the blank */
	r->line = start + 1;
}

static void put_line(struct roff *r, struct text line)
{
	struct text word;

	r->line = r->out->len;
	r->ended = false;
	while (text_next(&line, ' ', &word))
		if (word.len > 0)
			put_word(r, word);
	if (r->out->len > r->line)
		buf_add_char(r->out, '\n');
}

void roff_add(struct buf *out, const char *text)
{
	struct roff r = {.out = out};
	struct text rest = text_of(text);
	struct text line;
	bool paragraph = false;

	while (text_next(&rest, '\n', &line)) {
		if (text_trim(line).len == 0) {
			paragraph = rest.ptr != NULL;
			continue;
		}
		if (paragraph)
			buf_add_string(out, ".PP\n");
		paragraph = false;
		put_line(&r, line);
	}
}

void roff_add_word(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_add_string(out, "\\&");
	for (; *text != '\0'; text++)
		put_char(out, *text, true);
}

void roff_heading(struct buf *out, const char *macro, const char *title)
{
	buf_printf(out, ".%s ", macro);
	roff_add_word(out, title);
	buf_add_char(out, '\n');
}

void roff_term(struct buf *out, const char *term, const char *argument, const char *text)
{
	buf_add_string(out, ".TP\n\\fB");
	roff_add_word(out, term);
	buf_add_string(out, "\\fR");
	if (argument != NULL) {
		buf_add_string(out, " \\fI");
		roff_add_word(out, argument);
		buf_add_string(out, "\\fR");
	}
	buf_add_char(out, '\n');
	roff_add(out, text);
}
