/*
 * Tools for clients of the Model Context Protocol: what its carriers, HTTP and stdio, share. From a
 * message that mcp_read() understood to a tool's run, and from its outcome to the answer; and which
 * calls are running, so that they can be called off and their streams kept alive.
 */
#ifndef OP_MCP_HOST_H
#define OP_MCP_HOST_H

#include "mcp/mcp.h"
#include "op/op.h"

struct mcp_host;

/* What is offered, and how it presents itself. box: borrowed for its life. Owned: mcp_host_free().
 */
struct mcp_host *mcp_host_new(const struct toolbox *box);
/*
 * The same in the place of another one, whose calls go on meanwhile: what runs can be called off
 * and kept alive with either. before may be freed first.
 */
struct mcp_host *mcp_host_new_after(struct mcp_host *before, const struct toolbox *box);
/* When no call of its own runs any more. NULL is fine. */
void mcp_host_free(struct mcp_host *host);

/* Constant. */
const struct mcp_server *mcp_host_server(const struct mcp_host *host);

/* A call from its message to its answer. The carrier fills the first part, and keeps it where it is
 * from mcp_run_begin() to mcp_run_end(). */
struct mcp_run {
	struct call *call;           /* as the carrier made it, with `cancel` */
	struct mcp_message *message; /* an MCP_CALL */
	bool by_id;                  /* mcp_host_cancel() may end it */
	/* Sends a message of the protocol while the call runs, and a sign of life; NULL: neither.
	 * One after the other. */
	void (*notify)(void *context, struct text message);
	void (*keep_alive)(void *context);
	void *context;

	struct mcp_host *host;
	struct mcp_run *next;
	struct mcp_run **link; /* what points here */
	int64_t said_ms;       /* when something was sent last */
};

/* From now on it can be called off, and its stream is kept alive. Any thread. */
void mcp_run_begin(struct mcp_host *host, struct mcp_run *run);
/*
 * Runs the tool and appends the answer, one line, which is good for nobody where the call was
 * called off. Blocks as long as the tool does. Any thread.
 */
void mcp_run(struct mcp_run *run, struct buf *answer);
/* From here on nobody else sets its cancel, or sends for it. */
void mcp_run_end(struct mcp_run *run);

/*
 * Calls off what runs for the same client with that id, if it is exactly one call. Over HTTP
 * nothing names the client of a request in the legacy era. Taken for the same are those with the
 * same credential, address and User-Agent; and of those, since clients count from the same number,
 * two may have calls with one id: then it cannot be said which is meant, and none is ended.
 */
void mcp_host_cancel(struct mcp_host *host, const struct call *c, struct text id);

/* Whether a call runs, or waits for its turn. */
bool mcp_host_is_busy(struct mcp_host *host);

/* Calls off everything. */
void mcp_host_cancel_all(struct mcp_host *host);

/* Has streams that were quiet for 15 seconds show that they live. To be called about once a second.
 */
void mcp_host_look_around(struct mcp_host *host);

#endif
