/*
 * The Model Context Protocol, from the side of a server that has tools: a message's bytes in, and
 * out of them either the answer or what is left to do. It knows no tool, no socket and no state:
 * each message is read by itself, and no session is handed out.
 *
 * Two eras are spoken at once. The modern one (2026-07-28) describes every request in its own
 * params._meta and, over HTTP, in headers that repeat the body; the legacy one (2025-03-26 to
 * 2025-11-25) begins with `initialize`. Each message says by itself which one it belongs to.
 *
 * All functions may be called by any thread, each with its own arena and buffers.
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/text.h"

/* The codes of JSON-RPC and of the protocol that may be answered. */
enum mcp_code {
	MCP_PARSE_ERROR = -32700,
	MCP_INVALID_REQUEST = -32600,
	MCP_METHOD_NOT_FOUND = -32601,
	MCP_INVALID_PARAMS = -32602, /* also: there is no such tool */
	MCP_INTERNAL_ERROR = -32603,
	MCP_RESOURCE_NOT_FOUND = -32002, /* legacy only */
	MCP_HEADER_MISMATCH = -32020,    /* modern only, as the next */
	MCP_UNSUPPORTED_VERSION = -32022,
};

enum mcp_era {
	MCP_LEGACY,
	MCP_MODERN,
};

enum mcp_carrier {
	MCP_HTTP,
	MCP_STDIO,
};

/* Who answers. Everything is borrowed and must stay as it is while messages are read. */
struct mcp_server {
	const char *name;
	const char *title; /* NULL: none */
	const char *version;
	const char *instructions; /* for the model; NULL: none */
	/* A JSON array of tools, always in the same order. ptr NULL: it depends on who asks, and
	 * tools/list comes out as MCP_LIST. */
	struct text tools;
};

/* The headers of an HTTP request, as sent; ptr NULL: not there. On stdio all are NULL. */
struct mcp_headers {
	struct text version; /* MCP-Protocol-Version */
	struct text method;  /* Mcp-Method */
	struct text name;    /* Mcp-Name */
};

enum mcp_kind {
	MCP_ANSWER,   /* the answer is written; send it with `status` */
	MCP_ACCEPTED, /* nothing to say: over HTTP `status` without a body, on stdio nothing */
	MCP_LIST,     /* list the caller's tools: mcp_put_tools() */
	MCP_CALL,     /* run `tool`; then mcp_put_tool_result(), mcp_put_tool_error() or, if there
		       * is no such tool, mcp_put_error() with MCP_INVALID_PARAMS; all with 200 */
	MCP_CANCEL,   /* nobody waits for the answer to `cancel_id` any more; else as MCP_ACCEPTED.
		       * Over HTTP in the legacy era only, and an id alone does not say whose
		       * request it is: clients count from 1, each for itself */
};

/* One message, read. Texts are in the arena, or point into the message's bytes. */
struct mcp_message {
	enum mcp_kind kind;
	enum mcp_era era;
	int status;          /* of HTTP */
	int code;            /* an enum mcp_code if the answer is an error, else 0 */
	const char *version; /* static: the revision it is read by */
	const char *method;  /* static: one we know; NULL: another, or no request */
	/*
	 * The request's id as JSON: a number or a string, written in one way only, so that two ids
	 * are the same where their bytes are. ptr NULL: a notification, or none that can be
	 * answered.
	 */
	struct text id;
	struct text cancel_id;      /* of MCP_CANCEL; as id */
	const char *tool;           /* of MCP_CALL */
	struct text arguments;      /* of MCP_CALL: a JSON object */
	struct text progress_token; /* as id; ptr NULL: nobody wants to know of progress */
	int64_t progress;           /* the last that was reported; see mcp_put_progress() */
};

/*
 * Reads one message.
 *
 * a       takes what the message refers to.
 * headers borrowed; a header that came twice is the caller's to refuse.
 * body    one message, well-formed or not. Its size is the carrier's to bound.
 * answer  the answer is appended, on one line, if the message has one already. Check
 *         buf_complete().
 * out     what to do. Every message has one kind; there is no failure.
 *
 * Takes time in the bytes of body.
 */
void mcp_read(const struct mcp_server *server, struct arena *a, enum mcp_carrier carrier,
	      const struct mcp_headers *headers, struct text body, struct buf *answer,
	      struct mcp_message *out);

/* ---- what the host answers; appended to out on one line, check buf_complete() ---- */

/* tools  a JSON array, always in the same order for the same caller. */
void mcp_put_tools(struct buf *out, const struct mcp_server *server, const struct mcp_message *list,
		   struct text tools);
/*
 * structured  a JSON object, which conforms to the tool's output schema; it is repeated as text.
 * more        text for the model that stands behind it; NULL: none.
 */
void mcp_put_tool_result(struct buf *out, const struct mcp_server *server,
			 const struct mcp_message *call, struct text structured, const char *more);
/* The tool did not do its work, or its arguments are not what it takes: text tells the model why,
 * and what to change. */
void mcp_put_tool_error(struct buf *out, const struct mcp_server *server,
			const struct mcp_message *call, const char *text);

/*
 * id    as struct mcp_message has it; ptr NULL: null.
 * data  a JSON value for programs; ptr NULL: none.
 */
void mcp_put_error(struct buf *out, struct text id, enum mcp_code code, const char *message,
		   struct text data);

/*
 * A notification on how far a call is. Returns false, and writes nothing, where the client does not
 * want it or done is no more than what was reported before.
 *
 * total  0: not known. message  NULL: none.
 */
bool mcp_put_progress(struct buf *out, struct mcp_message *call, int64_t done, int64_t total,
		      const char *message);

#endif
