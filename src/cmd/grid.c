/* A table for a terminal. */
#include "cmd/grid.h"

#include "base/visible.h"

enum { GAP = 2, NARROWEST = 12, NARROWEST_NAME = 40 };

/* How narrow the column may become. What people copy stays in one piece. */
static size_t narrowest(const char *heading)
{
	struct text name = text_of(heading);

	if (text_ends(name, "uid") || text_ends(name, "Uid"))
		return SIZE_MAX;
	return text_equal_nocase(name, TEXT("name")) ? NARROWEST_NAME : NARROWEST;
}

static struct text cell(const struct grid *g, size_t row, size_t column)
{
	return g->cells[row * g->columns + column];
}

/* ---- widths ---- */

static void measure(const struct grid *g, size_t *widths)
{
	for (size_t c = 0; c < g->columns; c++) {
		widths[c] = visible_columns(text_of(g->headings[c]));
		for (size_t r = 0; r < g->rows; r++) {
			size_t columns = visible_columns(cell(g, r, c));

			if (columns > widths[c])
				widths[c] = columns;
		}
	}
}

static size_t sum(const struct grid *g, const size_t *widths)
{
	size_t total = GAP * (g->columns - 1);

	for (size_t c = 0; c < g->columns; c++)
		total += widths[c];
	return total;
}

/* The widest that may become narrower; g->columns: none. */
static size_t widest(const struct grid *g, const size_t *widths)
{
	size_t found = g->columns;

	for (size_t c = 0; c < g->columns; c++)
		if (widths[c] > narrowest(g->headings[c]) &&
		    (found == g->columns || widths[c] > widths[found]))
			found = c;
	return found;
}

static void fit(const struct grid *g, size_t *widths, size_t width)
{
	size_t column;

	for (size_t c = 0; c < g->columns; c++) {
		size_t least = narrowest(g->headings[c]);

		if (widths[c] > width && widths[c] > least)
			widths[c] = width > least ? width : least;
	}
	while (sum(g, widths) > width && (column = widest(g, widths)) < g->columns)
		widths[column]--;
}

/* ---- lines ---- */

/* Takes of *rest what fits in a line of the column: up to the last space, or else in a word. */
static struct text take_line(struct text *rest, size_t columns)
{
	struct text line = visible_cut(*rest, columns);
	size_t used = line.len;

	if (line.len < rest->len && rest->ptr[line.len] == ' ') {
		used++;
	} else if (line.len < rest->len) {
		size_t space = line.len;

		while (space > 0 && line.ptr[space - 1] != ' ')
			space--;
		if (space > 1) {
			line.len = space - 1;
			used = space;
		}
	}
	/* A character that is wider than the column has it for itself. */
	if (used == 0 && rest->len > 0) {
		line = *rest;
		used = rest->len;
	}
	*rest = text_slice(*rest, used, rest->len);
	return line;
}

static void add_spaces(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_add_char(out, ' ');
}

/* Without spaces at the end of the line. */
static bool add_line(struct buf *out, struct text *rests, const size_t *widths, size_t columns,
		     size_t indent)
{
	size_t missing = indent;
	bool more = false;

	for (size_t c = 0; c < columns; c++) {
		struct text line = take_line(&rests[c], widths[c]);
		size_t taken = visible_columns(line);

		if (line.len > 0) {
			add_spaces(out, missing);
			buf_add(out, line);
			missing = 0;
		} else {
			taken = 0;
		}
		missing += (taken < widths[c] ? widths[c] - taken : 0) + GAP;
		more = more || rests[c].len > 0;
	}
	buf_add_char(out, '\n');
	return more;
}

/* A line a cell, the first of each row in front. */
static void add_blocks(struct buf *out, const struct grid *g, size_t indent)
{
	for (size_t r = 0; r < g->rows; r++)
		for (size_t c = 0; c < g->columns; c++) {
			struct text value = cell(g, r, c);

			add_spaces(out, c == 0 ? indent : indent + GAP);
			buf_add_string(out, g->headings[c]);
			buf_add_string(out, value.len > 0 ? ": " : ":");
			buf_add(out, value);
			buf_add_char(out, '\n');
		}
}

static void add_table(struct buf *out, const struct grid *g, const size_t *widths, size_t indent)
{
	struct text rests[GRID_MOST_COLUMNS];

	for (size_t c = 0; c < g->columns; c++)
		rests[c] = text_of(g->headings[c]);
	while (add_line(out, rests, widths, g->columns, indent))
		continue;
	for (size_t r = 0; r < g->rows; r++) {
		for (size_t c = 0; c < g->columns; c++)
			rests[c] = cell(g, r, c);
		while (add_line(out, rests, widths, g->columns, indent))
			continue;
	}
}

void grid_add(struct buf *out, const struct grid *g, size_t indent, size_t width)
{
	size_t room = width > indent ? width - indent : 1;
	size_t widths[GRID_MOST_COLUMNS];

	if (g->columns == 0)
		return;
	measure(g, widths);
	if (width > 0)
		fit(g, widths, room);
	if (width > 0 && sum(g, widths) > room)
		add_blocks(out, g, indent);
	else
		add_table(out, g, widths, indent);
}
