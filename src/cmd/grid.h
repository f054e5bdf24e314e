/* A table for a terminal: columns under headings, cells wrapped where the terminal is too narrow.
 */
#ifndef CMD_GRID_H
#define CMD_GRID_H

#include "base/arena.h"
#include "base/buf.h"

enum { GRID_MOST_COLUMNS = 32 };

struct grid {
	const char *const *headings; /* one a column, at most GRID_MOST_COLUMNS */
	size_t columns;
	const struct text *cells; /* row by row; harmless for a terminal, see visible.h */
	size_t rows;
};

/*
 * indent  spaces before each line.
 * width   of the terminal; 0: unlimited. What identifies things (a heading that ends in uid) is
 *         not wrapped, nor short names, so lines may be wider. For one thread only.
 */
void grid_add(struct buf *out, const struct grid *grid, size_t indent, size_t width);

#endif
