/* Text broken into lines for a terminal of 80 columns. */
#ifndef CMD_WRAP_H
#define CMD_WRAP_H

#include "base/buf.h"

enum { WRAP_WIDTH = 80 };

/*
 * Adds a text whose first line begins where the caller stands, at that column; further ones begin
 * with so many blanks. Each line of the text is broken by itself, where it is too long; what a line
 * of it begins with in blanks, its continuation does, too. Ends with a line feed. ASCII.
 */
void wrap_add(struct buf *out, const char *text, size_t column, size_t indent);

/* A term and what it means: the term behind two blanks, the text at that column, or on the next
 * line where the term is too long. */
void wrap_add_term(struct buf *out, const char *term, const char *text, size_t column);

#endif
