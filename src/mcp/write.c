/* What goes out: results, errors, progress. */
#include "mcp/inside.h"

/* Tools change only when the server is started anew; a client need not ask again for each call. */
enum { LIST_TTL_MS = 5 * 60 * 1000 };

/*
 * A message is one line on stdio. Strings hold no raw line ends, so those that stand in what was
 * written are white space, as they come with JSON that somebody else laid out.
 */
static void keep_on_one_line(struct buf *out, size_t start)
{
	for (size_t i = start; i < out->len; i++)
		if (out->ptr[i] == '\n' || out->ptr[i] == '\r')
			out->ptr[i] = ' ';
}

/* A value that may have line ends between its tokens. */
static void put_foreign(struct json_writer *w, struct text value)
{
	size_t start = w->out->len;

	json_put_raw(w, value);
	keep_on_one_line(w->out, start);
}

static void envelope_begin(struct json_writer *w, struct buf *out)
{
	json_writer_init(w, out);
	json_object_begin(w);
	json_key(w, "jsonrpc");
	json_put_cstr(w, "2.0");
}

static void put_id(struct json_writer *w, struct text id)
{
	json_key(w, "id");
	if (id.ptr == NULL)
		json_put_null(w);
	else
		json_put_raw(w, id);
}

void mcp_result_begin(struct json_writer *w, struct buf *out, const struct mcp_message *request)
{
	envelope_begin(w, out);
	put_id(w, request->id);
	json_key(w, "result");
	json_object_begin(w);
	if (request->era == MCP_MODERN) {
		json_key(w, "resultType");
		json_put_cstr(w, "complete");
	}
}

void mcp_put_server_info(struct json_writer *w, const struct mcp_server *server)
{
	json_object_begin(w);
	json_key(w, "name");
	json_put_cstr(w, server->name);
	if (server->title != NULL) {
		json_key(w, "title");
		json_put_cstr(w, server->title);
	}
	json_key(w, "version");
	json_put_cstr(w, server->version);
	json_object_end(w);
}

void mcp_result_end(struct json_writer *w, const struct mcp_server *server,
		    const struct mcp_message *request)
{
	if (request->era == MCP_MODERN) {
		json_key(w, "_meta");
		json_object_begin(w);
		json_key(w, "io.modelcontextprotocol/serverInfo");
		mcp_put_server_info(w, server);
		json_object_end(w);
	}
	json_object_end(w);
	json_object_end(w);
}

void mcp_put_cache_hints(struct json_writer *w, const struct mcp_message *request, bool is_public)
{
	if (request->era != MCP_MODERN)
		return;
	json_key(w, "ttlMs");
	json_put_int(w, LIST_TTL_MS);
	json_key(w, "cacheScope");
	json_put_cstr(w, is_public ? "public" : "private");
}

void mcp_put_tools(struct buf *out, const struct mcp_server *server, const struct mcp_message *list,
		   struct text tools)
{
	struct json_writer w;

	mcp_result_begin(&w, out, list);
	json_key(&w, "tools");
	put_foreign(&w, tools);
	mcp_put_cache_hints(&w, list, server->tools.ptr != NULL);
	mcp_result_end(&w, server, list);
}

static void put_text_content(struct json_writer *w, struct text t)
{
	json_object_begin(w);
	json_key(w, "type");
	json_put_cstr(w, "text");
	json_key(w, "text");
	json_put_text(w, t);
	json_object_end(w);
}

void mcp_put_tool_result(struct buf *out, const struct mcp_server *server,
			 const struct mcp_message *call, struct text structured, const char *more)
{
	struct json_writer w;

	mcp_result_begin(&w, out, call);
	json_key(&w, "content");
	json_array_begin(&w);
	put_text_content(&w, structured);
	if (more != NULL)
		put_text_content(&w, text_of(more));
	json_array_end(&w);
	json_key(&w, "structuredContent");
	put_foreign(&w, structured);
	mcp_result_end(&w, server, call);
}

void mcp_put_tool_error(struct buf *out, const struct mcp_server *server,
			const struct mcp_message *call, const char *text)
{
	struct json_writer w;

	mcp_result_begin(&w, out, call);
	json_key(&w, "content");
	json_array_begin(&w);
	put_text_content(&w, text_of(text));
	json_array_end(&w);
	json_key(&w, "isError");
	json_put_bool(&w, true);
	mcp_result_end(&w, server, call);
}

void mcp_put_error(struct buf *out, struct text id, enum mcp_code code, const char *message,
		   struct text data)
{
	struct json_writer w;

	envelope_begin(&w, out);
	put_id(&w, id);
	json_key(&w, "error");
	json_object_begin(&w);
	json_key(&w, "code");
	json_put_int(&w, code);
	json_key(&w, "message");
	json_put_cstr(&w, message);
	if (data.ptr != NULL) {
		json_key(&w, "data");
		put_foreign(&w, data);
	}
	json_object_end(&w);
	json_object_end(&w);
}

bool mcp_put_progress(struct buf *out, struct mcp_message *call, int64_t done, int64_t total,
		      const char *message)
{
	struct json_writer w;

	if (call->progress_token.ptr == NULL || done <= call->progress)
		return false;
	call->progress = done;
	envelope_begin(&w, out);
	json_key(&w, "method");
	json_put_cstr(&w, "notifications/progress");
	json_key(&w, "params");
	json_object_begin(&w);
	json_key(&w, "progressToken");
	json_put_raw(&w, call->progress_token);
	json_key(&w, "progress");
	json_put_int(&w, done);
	if (total > 0) {
		json_key(&w, "total");
		json_put_int(&w, total);
	}
	if (message != NULL) {
		json_key(&w, "message");
		json_put_cstr(&w, message);
	}
	json_object_end(&w);
	json_object_end(&w);
	return true;
}
