/* What the files of mcp/ share. Private. */
#ifndef MCP_INSIDE_H
#define MCP_INSIDE_H

#include "mcp/mcp.h"
#include "json/json.h"

/* Longer ids and progress tokens are refused, counted as they stand in the message. */
enum { MCP_MAX_ID_BYTES = 256 };

/* Members of params that anybody here reads. */
enum param {
	PARAM_META,
	PARAM_NAME,
	PARAM_URI,
	PARAM_ARGUMENTS,
	PARAM_CURSOR,
	PARAM_VERSION,
	PARAM_REQUEST_ID,
	PARAM_INPUT_RESPONSES,
	PARAM_REQUEST_STATE,
	PARAMS
};

/* Members of params._meta, likewise. */
enum meta { META_VERSION, META_CLIENT_CAPABILITIES, META_CLIENT_INFO, META_PROGRESS_TOKEN, METAS };

/* A message while it is being read. */
struct reading {
	const struct mcp_server *server;
	struct arena *arena;
	enum mcp_carrier carrier;
	struct mcp_headers headers; /* trimmed */
	struct buf *answer;
	struct mcp_message *out;

	const char *method;         /* arena; NULL: a response */
	bool is_request;            /* else a notification or a response, which is never answered */
	struct text params[PARAMS]; /* raw; ptr NULL: not there */
	struct text meta[METAS];
};

/* ---- read.c ---- */

/* An id or a progress token, written in one way only, arena. False if value is neither a string nor
 * a whole number of 64 bits, or is longer than MCP_MAX_ID_BYTES. */
MUST_USE bool mcp_read_id(struct arena *a, struct text value, struct text *id);

/*
 * The message ends here, with an error; over stdio a notification ends without one. Always false.
 *
 * status   what HTTP says.
 * data     a JSON value; ptr NULL: none.
 */
bool mcp_refuse(struct reading *r, int status, enum mcp_code code, const char *message,
		struct text data);

/* ---- era.c ---- */

/* The newest legacy revision, which is offered to clients that ask for one we do not know. */
extern const char *const mcp_latest_legacy;

/* The revision of that name and era; NULL: none. */
const char *mcp_version_of(enum mcp_era era, struct text name);
/* An array of the revisions of the modern era, or of both. */
void mcp_put_versions(struct json_writer *w, bool legacy_too);

/* Which era the message belongs to, and whether it and its headers are as that wants them. */
MUST_USE bool mcp_settle_era(struct reading *r);

/* ---- methods.c ---- */

/* The member of params that Mcp-Name repeats for this method; PARAMS: none. */
enum param mcp_named_by(const char *method);
/* Answers a request, or says what is left to do. */
void mcp_answer(struct reading *r);

/* ---- write.c ---- */

/* A result up to its own members, and its end; between them the writer stands in the object. */
void mcp_result_begin(struct json_writer *w, struct buf *out, const struct mcp_message *request);
void mcp_result_end(struct json_writer *w, const struct mcp_server *server,
		    const struct mcp_message *request);
/* For how long, and for whom, a modern result may be kept. */
void mcp_put_cache_hints(struct json_writer *w, const struct mcp_message *request, bool is_public);
/* The members of a server's description. */
void mcp_put_server_info(struct json_writer *w, const struct mcp_server *server);

#endif
