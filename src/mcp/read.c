/*
 * From a message's bytes to what it wants: the JSON-RPC envelope, whose members each come once,
 * then the era, then the method.
 */
#include "mcp/inside.h"

#include <inttypes.h>

enum member {
	MEMBER_JSONRPC,
	MEMBER_ID,
	MEMBER_METHOD,
	MEMBER_PARAMS,
	MEMBER_RESULT,
	MEMBER_ERROR,
	MEMBERS
};

static const char *const member_names[MEMBERS] = {
	[MEMBER_JSONRPC] = "jsonrpc", [MEMBER_ID] = "id",         [MEMBER_METHOD] = "method",
	[MEMBER_PARAMS] = "params",   [MEMBER_RESULT] = "result", [MEMBER_ERROR] = "error",
};

static const char *const param_names[PARAMS] = {
	[PARAM_META] = "_meta",
	[PARAM_NAME] = "name",
	[PARAM_URI] = "uri",
	[PARAM_ARGUMENTS] = "arguments",
	[PARAM_CURSOR] = "cursor",
	[PARAM_VERSION] = "protocolVersion",
	[PARAM_REQUEST_ID] = "requestId",
	[PARAM_INPUT_RESPONSES] = "inputResponses",
	[PARAM_REQUEST_STATE] = "requestState",
};

static const char *const meta_names[METAS] = {
	[META_VERSION] = "io.modelcontextprotocol/protocolVersion",
	[META_CLIENT_CAPABILITIES] = "io.modelcontextprotocol/clientCapabilities",
	[META_CLIENT_INFO] = "io.modelcontextprotocol/clientInfo",
	[META_PROGRESS_TOKEN] = "progressToken",
};

static const struct text no_data = {NULL, 0};

bool mcp_refuse(struct reading *r, int status, enum mcp_code code, const char *message,
		struct text data)
{
	struct mcp_message *out = r->out;

	out->kind = MCP_ANSWER;
	out->status = status;
	out->code = code;
	if (r->carrier == MCP_STDIO && r->method != NULL && !r->is_request)
		out->kind = MCP_ACCEPTED; /* nobody reads what a notification is answered */
	else
		mcp_put_error(r->answer, out->id, code, message, data);
	return false;
}

static bool refuse_shape(struct reading *r, const char *message)
{
	return mcp_refuse(r, 400, MCP_INVALID_REQUEST, message, no_data);
}

/* ---- pieces ---- */

/* The raw values of the members that names lists. False if one of them stands there twice: others
 * on the way may have read the other one. */
static bool read_members(struct text object, const char *const names[], size_t count,
			 struct text values[])
{
	struct json_walk walk = json_walk_begin(object);
	struct text key;
	struct text value;

	while (json_walk_member(&walk, &key, &value)) {
		size_t i = 0;

		while (i < count && !json_string_is(key, names[i]))
			i++;
		if (i == count)
			continue;
		if (values[i].ptr != NULL)
			return false;
		values[i] = value;
	}
	return true;
}

bool mcp_read_id(struct arena *a, struct text value, struct text *id)
{
	struct text string;
	struct buf out;
	int64_t n;

	if (value.len > MCP_MAX_ID_BYTES)
		return false;
	if (json_int(value, &n)) {
		*id = text_of(arena_printf(a, "%" PRId64, n));
		return true;
	}
	if (!json_unescape(a, value, &string))
		return false;
	buf_init(&out, SIZE_MAX / 2);
	json_put_string(&out, string);
	*id = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return true;
}

/* ---- the envelope ---- */

static bool read_id(struct reading *r, struct text id)
{
	if (id.ptr == NULL || mcp_read_id(r->arena, id, &r->out->id))
		return true;
	return refuse_shape(r, "The id must be a string or a whole number, of 256 bytes at most");
}

static bool read_method(struct reading *r, struct text method)
{
	struct text name;

	if (!json_unescape(r->arena, method, &name) || name.len == 0)
		return refuse_shape(r, "The method must be a name");
	r->method = name.ptr;
	return true;
}

static bool read_params(struct reading *r, struct text params)
{
	struct text meta;

	if (params.ptr == NULL)
		return true;
	if (json_type_of(params) != JSON_TYPE_OBJECT)
		return refuse_shape(r, "The params must be an object");
	if (!read_members(params, param_names, PARAMS, r->params))
		return refuse_shape(r, "A member of params stands there twice");
	meta = r->params[PARAM_META];
	if (meta.ptr == NULL)
		return true;
	if (json_type_of(meta) != JSON_TYPE_OBJECT)
		return refuse_shape(r, "params._meta must be an object");
	return read_members(meta, meta_names, METAS, r->meta) ||
	       refuse_shape(r, "A member of params._meta stands there twice");
}

/* A request or a notification. */
static bool read_call(struct reading *r, const struct text member[MEMBERS])
{
	if (!read_id(r, member[MEMBER_ID]))
		return false;
	if (!json_string_is(member[MEMBER_JSONRPC], "2.0"))
		return refuse_shape(r, "jsonrpc must be \"2.0\"");
	if (member[MEMBER_RESULT].ptr != NULL || member[MEMBER_ERROR].ptr != NULL)
		return refuse_shape(r, "A message has either a method or an outcome");
	if (!read_method(r, member[MEMBER_METHOD]))
		return false;
	r->is_request = member[MEMBER_ID].ptr != NULL;
	return read_params(r, member[MEMBER_PARAMS]);
}

/* We ask clients for nothing, so what they answer has nobody who waits for it. */
static bool read_response(struct reading *r, const struct text member[MEMBERS])
{
	if (!json_string_is(member[MEMBER_JSONRPC], "2.0"))
		return refuse_shape(r, "jsonrpc must be \"2.0\"");
	if ((member[MEMBER_RESULT].ptr != NULL) == (member[MEMBER_ERROR].ptr != NULL))
		return refuse_shape(r, "A message needs a method, a result or an error");
	return true;
}

static bool read_envelope(struct reading *r, struct text body)
{
	struct text member[MEMBERS] = {{NULL, 0}};
	struct text message;
	struct error err;

	if (!json_check(body, &message, &err))
		return mcp_refuse(r, 400, MCP_PARSE_ERROR,
				  arena_printf(r->arena, "Not JSON: %s", err.message), no_data);
	if (json_type_of(message) == JSON_TYPE_ARRAY)
		return refuse_shape(r, "Messages come one by one, not in batches");
	if (json_type_of(message) != JSON_TYPE_OBJECT)
		return refuse_shape(r, "A message is an object");
	if (!read_members(message, member_names, MEMBERS, member))
		return refuse_shape(r, "A member of the message stands there twice");
	return member[MEMBER_METHOD].ptr != NULL ? read_call(r, member) : read_response(r, member);
}

/* In the modern era who calls a request off over HTTP hangs up; its notification says nothing. */
static void take_notification(struct reading *r)
{
	struct mcp_message *out = r->out;

	out->kind = MCP_ACCEPTED;
	out->status = 202;
	if ((r->carrier == MCP_STDIO || out->era == MCP_LEGACY) && r->method != NULL &&
	    text_is(text_of(r->method), "notifications/cancelled") &&
	    mcp_read_id(r->arena, r->params[PARAM_REQUEST_ID], &out->cancel_id))
		out->kind = MCP_CANCEL;
}

static struct text trimmed(struct text header)
{
	return header.ptr == NULL ? header : text_trim(header);
}

void mcp_read(const struct mcp_server *server, struct arena *a, enum mcp_carrier carrier,
	      const struct mcp_headers *headers, struct text body, struct buf *answer,
	      struct mcp_message *out)
{
	struct reading r = {
		.server = server,
		.arena = a,
		.carrier = carrier,
		.headers = {trimmed(headers->version), trimmed(headers->method),
			    trimmed(headers->name)},
		.answer = answer,
		.out = out,
	};

	*out = (struct mcp_message){
		.kind = MCP_ANSWER, .status = 200, .version = mcp_latest_legacy, .progress = -1};
	if (!read_envelope(&r, body) || !mcp_settle_era(&r))
		return;
	if (r.is_request)
		mcp_answer(&r);
	else
		take_notification(&r);
}
