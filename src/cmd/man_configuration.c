/*
 * spectrocloud-backend(5): the reference page of the settings, which is Markdown, as a page of the
 * manual. It knows as much of Markdown as that page has: headings, paragraphs, numbered lists,
 * tables.
 */
#include <string.h>

#include "cmd/man.h"
#include "cmd/roff.h"
#include "config/config.h"

enum { LONGEST_PAGE = 4 * 1024 * 1024, MOST_CELLS = 8 };

struct page {
	struct buf *out;
	struct arena *a;
	bool in_settings;
	bool in_example;
	bool paragraph; /* the next line begins one */
	/* Lines of a paragraph or of an item of a list, until it ends. */
	const char *pending;
};

static void flush(struct page *p)
{
	if (*p->pending != '\0')
		roff_add(p->out, p->pending);
	p->pending = "";
}

/* ---- headings ---- */

static const char *without_backquotes(struct arena *a, struct text t)
{
	char *out = arena_copy(a, t);
	size_t len = 0;

	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] != '`')
			out[len++] = t.ptr[i];
	out[len] = '\0';
	return out;
}

static const char *in_capitals(struct arena *a, struct text t)
{
	char *out = arena_copy(a, t);

	for (char *c = out; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return out;
}

static void put_heading(struct page *p, struct text title)
{
	bool setting = text_starts(title, "`");

	if (setting && !p->in_settings)
		roff_heading(p->out, "SH", "SETTINGS");
	p->in_settings = p->in_settings || setting;
	if (setting)
		roff_heading(p->out, "SS", without_backquotes(p->a, title));
	else
		roff_heading(p->out, "SH", in_capitals(p->a, title));
	p->paragraph = false;
}

/* ---- tables ---- */

static size_t split(struct text row, struct text cells[MOST_CELLS])
{
	size_t count = 0;
	struct text cell;

	row = text_slice(row, 1, row.len - 2); /* without the bars at its ends */
	while (count < MOST_CELLS && text_next(&row, '|', &cell))
		cells[count++] = text_trim(cell);
	return count;
}

/* "setting | type | default | range | what it does" */
static void put_setting(struct page *p, const struct text cells[MOST_CELLS])
{
	const char *range = cells[3].len == 0 ? "" : ", ";
	bool plain = text_starts(cells[2], "`");

	roff_term(p->out, without_backquotes(p->a, cells[0]), NULL,
		  arena_printf(p->a, "%.*s%s%s; %s%.*s", (int)cells[1].len, cells[1].ptr, range,
			       arena_copy(p->a, cells[3]), plain ? "default " : "",
			       (int)cells[2].len, cells[2].ptr));
	buf_add_string(p->out, ".br\n");
	roff_add(p->out, arena_copy(p->a, cells[4]));
}

static void put_row(struct page *p, struct text line)
{
	struct text cells[MOST_CELLS];
	size_t count = split(line, cells);

	if (count == 5)
		put_setting(p, cells);
	else if (count == 2)
		roff_term(p->out, without_backquotes(p->a, cells[0]), NULL,
			  arena_copy(p->a, cells[1]));
	p->paragraph = true;
}

/* ---- the others ---- */

static bool is_item(struct text line)
{
	return line.len > 3 && line.ptr[0] >= '1' && line.ptr[0] <= '9' && line.ptr[1] == '.' &&
	       line.ptr[2] == ' ';
}

static void put_item(struct page *p, struct text line)
{
	flush(p);
	buf_printf(p->out, ".IP %.*s 4\n", 2, line.ptr);
	p->pending = arena_copy(p->a, text_slice(line, 3, line.len));
	p->paragraph = true;
}

static void put_text(struct page *p, struct text line)
{
	if (*p->pending == '\0' && p->paragraph) {
		buf_add_string(p->out, ".PP\n");
		p->paragraph = false;
	}
	p->pending = arena_printf(p->a, "%s%s%.*s", p->pending, *p->pending == '\0' ? "" : " ",
				  (int)line.len, line.ptr);
}

/* A line that stands as it is; the next one tells whether it is the last. */
static void put_example(struct page *p, struct text line, struct text next)
{
	if (!p->in_example)
		buf_add_string(p->out, ".PP\n.RS 4\n.nf\n");
	p->in_example = text_starts(next, "    ");
	p->paragraph = true;
	roff_add_word(p->out, arena_copy(p->a, text_slice(line, 4, line.len)));
	buf_add_string(p->out, p->in_example ? "\n" : "\n.fi\n.RE\n");
}

static void put_line(struct page *p, struct text line, struct text next)
{
	if (text_starts(line, "## ")) {
		flush(p);
		put_heading(p, text_slice(line, strlen("## "), line.len));
	} else if (text_starts(line, "|---") || text_starts(next, "|---")) {
		flush(p); /* the head of a table, and the line below it */
	} else if (text_starts(line, "|")) {
		put_row(p, line);
	} else if (text_trim(line).len == 0) {
		p->paragraph = p->paragraph || *p->pending != '\0';
		flush(p);
	} else if (text_starts(line, "    ") && *p->pending == '\0') {
		put_example(p, line, next);
	} else if (is_item(line)) {
		put_item(p, line);
	} else {
		put_text(p, text_trim(line));
	}
}

static struct text line_after(struct text rest)
{
	return text_slice(rest, 0, text_find(rest, '\n'));
}

void man_configuration(struct buf *out)
{
	struct buf document;
	struct arena a;
	struct page p = {.out = out, .a = &a, .pending = ""};
	struct text rest;
	struct text line;

	arena_init(&a);
	buf_init(&document, LONGEST_PAGE);
	config_document(&document);
	man_begin(out, "5", "the configuration of spectrocloud-backend");
	buf_add_string(out, ".SH DESCRIPTION\n");
	rest = buf_text(&document);
	while (text_next(&rest, '\n', &line))
		if (!text_starts(line, "# "))
			put_line(&p, line, line_after(rest));
	flush(&p);
	man_environment(out);
	man_files(out);
	buf_add_string(out, ".SH SEE ALSO\n.BR spectrocloud\\-backend (1)\n");
	buf_fini(&document);
	arena_fini(&a);
}
