/*
 * Lines out of a stream. What lies whole in the bytes that came is given from there; only a line
 * that came in pieces is put together, and never more of it than a line may have.
 */
#include "mcp/lines.h"

void mcp_lines_init(struct mcp_lines *l, size_t max_bytes)
{
	*l = (struct mcp_lines){.max_bytes = max_bytes};
	/* With the CR of a line that is as long as it may be. */
	buf_init(&l->kept, max_bytes + 1);
}

void mcp_lines_fini(struct mcp_lines *l)
{
	buf_fini(&l->kept);
}

static struct text without_cr(struct text line)
{
	return text_ends(line, "\r") ? text_slice(line, 0, line.len - 1) : line;
}

static void forget_given(struct mcp_lines *l)
{
	if (l->is_given)
		buf_truncate(&l->kept, 0);
	l->is_given = false;
}

/* Keeps a piece of a line; false if that gets too long, which is said once. */
static bool keep(struct mcp_lines *l, struct text piece)
{
	if (l->is_skipping)
		return true;
	if (piece.len <= l->kept.max_bytes - l->kept.len) {
		buf_add(&l->kept, piece);
		return true;
	}
	buf_truncate(&l->kept, 0);
	l->is_skipping = true;
	return false;
}

/* A line is complete; whether it is one to give out. */
static enum mcp_line judge(struct mcp_lines *l, struct text whole, struct text *line)
{
	whole = without_cr(whole);
	if (whole.len > l->max_bytes)
		return MCP_LINE_TOO_LONG;
	if (text_trim(whole).len == 0)
		return MCP_LINE_NONE;
	*line = whole;
	return MCP_LINE_WHOLE;
}

/* The end of a line has come, and piece is what stands before it. */
static enum mcp_line finish(struct mcp_lines *l, struct text piece, struct text *line)
{
	if (l->is_skipping) {
		l->is_skipping = false;
		return MCP_LINE_NONE;
	}
	if (l->kept.len == 0)
		return judge(l, piece, line);
	if (!keep(l, piece)) {
		l->is_skipping = false;
		return MCP_LINE_TOO_LONG;
	}
	l->is_given = true;
	return judge(l, buf_text(&l->kept), line);
}

enum mcp_line mcp_lines_next(struct mcp_lines *l, struct text *bytes, struct text *line)
{
	enum mcp_line found = MCP_LINE_NONE;

	while (found == MCP_LINE_NONE && bytes->len > 0) {
		size_t end = text_find(*bytes, '\n');
		struct text piece = text_slice(*bytes, 0, end);

		forget_given(l);
		*bytes = text_slice(*bytes, end == SIZE_MAX ? bytes->len : end + 1, SIZE_MAX);
		if (end != SIZE_MAX)
			found = finish(l, piece, line);
		else if (!keep(l, piece))
			found = MCP_LINE_TOO_LONG;
	}
	return found;
}

enum mcp_line mcp_lines_end(struct mcp_lines *l, struct text *line)
{
	forget_given(l);
	return finish(l, TEXT(""), line);
}
