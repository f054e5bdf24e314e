/* A table for a terminal: columns under headings, wrapped where it is narrow. */
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
 * width   of the terminal; 0: unlimited. What people copy, uids and names, is not wrapped; where
 *         that leaves too little room for the rest, each row becomes a block of lines instead.
 *
 * For one thread only.
 */
void grid_add(struct buf *out, const struct grid *grid, size_t indent, size_t width);

#endif
