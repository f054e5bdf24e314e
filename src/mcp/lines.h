/*
 * The messages of stdio: one a line. Bytes in as they arrive, whole lines out.
 *
 * Lines end with LF or CRLF; those without anything but white space are passed over.
 */
#ifndef MCP_LINES_H
#define MCP_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/text.h"

struct mcp_lines {
	struct buf kept; /* the beginning of a line whose end has not come yet */
	size_t max_bytes;
	bool is_skipping; /* over the rest of a line that was too long */
	bool is_given;    /* what is kept was given out and goes with the next call */
};

enum mcp_line {
	MCP_LINE_NONE,     /* all bytes are used up, more are needed */
	MCP_LINE_WHOLE,    /* here is one */
	MCP_LINE_TOO_LONG, /* there was one; answer it with MCP_PARSE_ERROR and no id */
};

/* max_bytes  of a line, without its end. */
void mcp_lines_init(struct mcp_lines *l, size_t max_bytes);
void mcp_lines_fini(struct mcp_lines *l);

/*
 * The next line of what was kept and *bytes, which moves behind it. Call until MCP_LINE_NONE.
 *
 * line  out, borrowed from *bytes or l until the next call.
 */
MUST_USE enum mcp_line mcp_lines_next(struct mcp_lines *l, struct text *bytes, struct text *line);

/* At the end of the input: the last line, if nothing ended it. */
MUST_USE enum mcp_line mcp_lines_end(struct mcp_lines *l, struct text *line);

#endif
