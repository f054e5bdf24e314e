/* Text for the manual: man(7) macros. */
#ifndef CMD_ROFF_H
#define CMD_ROFF_H

#include "base/buf.h"

/*
 * Adds a text as lines of at most 80 characters: what stands between backquotes is bold, and so is
 * a word that is an option. A line of the text begins a line, an empty one a paragraph. Nothing in
 * the text is taken for a macro or an escape.
 */
void roff_add(struct buf *out, const char *text);
/* The same of a text for the argument of a macro, on its line, without markup. */
void roff_add_word(struct buf *out, const char *text);
/* ".SH NAME" and the like. */
void roff_heading(struct buf *out, const char *macro, const char *title);
/* A tagged paragraph: a bold term, and perhaps what stands in its place in italics. */
void roff_term(struct buf *out, const char *term, const char *argument, const char *text);

#endif
