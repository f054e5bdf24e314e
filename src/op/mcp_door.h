/* Inside op/: what the MCP endpoint looks at before it reads a message. */
#ifndef OP_MCP_DOOR_H
#define OP_MCP_DOOR_H

#include "mcp/mcp.h"
#include "op/op.h"

/* What came with a message. */
struct mcp_visit {
	struct mcp_headers headers;
	bool takes_json;
	bool takes_stream; /* text/event-stream */
};

/* Why it is turned away. */
struct mcp_refusal {
	int status;
	enum mcp_code code;
	const char *message; /* static or arena */
};

/*
 * Whether the request may come in by its headers.
 * visit    out, if so.
 * refusal  out, if not.
 */
MUST_USE bool mcp_admit(const struct call *c, struct mcp_visit *visit, struct mcp_refusal *refusal);

/* Scheme and authority of an absolute URL, without a port that goes without saying. */
struct text mcp_origin_of(struct text url);

#endif
