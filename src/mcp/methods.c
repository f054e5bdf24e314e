/* The methods there are, and what each answers. A method that is not here does not exist. */
#include "mcp/inside.h"

struct method {
	const char *name;
	bool in[2];          /* whether it exists, by enum mcp_era */
	enum param named_by; /* what Mcp-Name repeats; PARAMS: nothing */
	void (*answer)(struct reading *r);
};

static const struct text no_data = {NULL, 0};

static void refuse_params(struct reading *r, const char *message)
{
	(void)mcp_refuse(r, 200, MCP_INVALID_PARAMS, message, no_data);
}

/* ---- who we are ---- */

static void put_empty(struct json_writer *w, const char *name)
{
	json_key(w, name);
	json_object_begin(w);
	json_object_end(w);
}

/*
 * Prompts and resources are declared though there are none: clients that ask for the lists without
 * looking get empty ones, not errors.
 */
static void put_capabilities(struct json_writer *w)
{
	json_key(w, "capabilities");
	json_object_begin(w);
	put_empty(w, "tools");
	put_empty(w, "prompts");
	put_empty(w, "resources");
	json_object_end(w);
}

static void put_instructions(struct json_writer *w, const struct mcp_server *server)
{
	if (server->instructions == NULL)
		return;
	json_key(w, "instructions");
	json_put_cstr(w, server->instructions);
}

static void answer_initialize(struct reading *r)
{
	struct text requested;
	struct json_writer w;
	const char *version;

	if (!json_unescape(r->arena, r->params[PARAM_VERSION], &requested)) {
		refuse_params(r, "protocolVersion must be a revision's name");
		return;
	}
	version = mcp_version_of(MCP_LEGACY, requested);
	r->out->version = version != NULL ? version : mcp_latest_legacy;
	mcp_result_begin(&w, r->answer, r->out);
	json_key(&w, "protocolVersion");
	json_put_cstr(&w, r->out->version);
	put_capabilities(&w);
	json_key(&w, "serverInfo");
	mcp_put_server_info(&w, r->server);
	put_instructions(&w, r->server);
	mcp_result_end(&w, r->server, r->out);
}

static void answer_discover(struct reading *r)
{
	struct json_writer w;

	mcp_result_begin(&w, r->answer, r->out);
	json_key(&w, "supportedVersions");
	mcp_put_versions(&w, false);
	put_capabilities(&w);
	put_instructions(&w, r->server);
	mcp_put_cache_hints(&w, r->out, true);
	mcp_result_end(&w, r->server, r->out);
}

static void answer_ping(struct reading *r)
{
	struct json_writer w;

	mcp_result_begin(&w, r->answer, r->out);
	mcp_result_end(&w, r->server, r->out);
}

/* ---- lists ---- */

/* All of a list is on its first page, so no cursor is one of ours. */
static bool is_first_page(struct reading *r)
{
	if (r->params[PARAM_CURSOR].ptr == NULL)
		return true;
	refuse_params(r, "There is no such page; ask without a cursor");
	return false;
}

static void answer_tools(struct reading *r)
{
	if (!is_first_page(r))
		return;
	if (r->server->tools.ptr == NULL)
		r->out->kind = MCP_LIST;
	else
		mcp_put_tools(r->answer, r->server, r->out, r->server->tools);
}

static void answer_empty_list(struct reading *r, const char *name)
{
	struct json_writer w;

	if (!is_first_page(r))
		return;
	mcp_result_begin(&w, r->answer, r->out);
	json_key(&w, name);
	json_array_begin(&w);
	json_array_end(&w);
	mcp_put_cache_hints(&w, r->out, true);
	mcp_result_end(&w, r->server, r->out);
}

static void answer_prompts(struct reading *r)
{
	answer_empty_list(r, "prompts");
}

static void answer_resources(struct reading *r)
{
	answer_empty_list(r, "resources");
}

static void answer_templates(struct reading *r)
{
	answer_empty_list(r, "resourceTemplates");
}

static void answer_prompt(struct reading *r)
{
	refuse_params(r, "There is no such prompt");
}

static void answer_resource(struct reading *r)
{
	bool is_modern = r->out->era == MCP_MODERN;
	struct json_writer w;
	struct buf data;

	if (json_type_of(r->params[PARAM_URI]) != JSON_TYPE_STRING) {
		refuse_params(r, "uri must be a string");
		return;
	}
	buf_init(&data, SIZE_MAX / 2);
	json_writer_init(&w, &data);
	json_object_begin(&w);
	json_key(&w, "uri");
	json_put_raw(&w, r->params[PARAM_URI]);
	json_object_end(&w);
	(void)mcp_refuse(r, 200, is_modern ? MCP_INVALID_PARAMS : MCP_RESOURCE_NOT_FOUND,
			 "There is no such resource", buf_text(&data));
	buf_fini(&data);
}

/* ---- tools/call ---- */

/* We never ask for input, so there is nothing to find in the answers; but a client that sends
 * nonsense shall hear of it. */
static bool are_input_responses(struct text responses)
{
	struct json_walk walk = json_walk_begin(responses);
	struct text key;
	struct text value;

	if (json_type_of(responses) != JSON_TYPE_OBJECT)
		return false;
	while (json_walk_member(&walk, &key, &value))
		if (json_type_of(value) != JSON_TYPE_OBJECT)
			return false;
	return true;
}

static const char *wrong_with_call(struct reading *r)
{
	struct text arguments = r->params[PARAM_ARGUMENTS];
	struct text responses = r->params[PARAM_INPUT_RESPONSES];
	struct text state = r->params[PARAM_REQUEST_STATE];
	struct text token = r->meta[META_PROGRESS_TOKEN];
	struct text name;

	if (!json_unescape(r->arena, r->params[PARAM_NAME], &name) || name.len == 0)
		return "name must be the name of a tool";
	r->out->tool = name.ptr;
	if (arguments.ptr != NULL && json_type_of(arguments) != JSON_TYPE_OBJECT)
		return "arguments must be an object";
	if (token.ptr != NULL && !mcp_read_id(r->arena, token, &r->out->progress_token))
		return "progressToken must be a string or a whole number, of 256 bytes at most";
	if (r->out->era == MCP_LEGACY)
		return NULL;
	if (responses.ptr != NULL && !are_input_responses(responses))
		return "inputResponses must be an object of objects";
	if (state.ptr != NULL && json_type_of(state) != JSON_TYPE_STRING)
		return "requestState must be a string";
	return NULL;
}

static void answer_call(struct reading *r)
{
	const char *wrong = wrong_with_call(r);

	if (wrong != NULL) {
		refuse_params(r, wrong);
		return;
	}
	r->out->kind = MCP_CALL;
	r->out->arguments = r->params[PARAM_ARGUMENTS];
	if (r->out->arguments.ptr == NULL)
		r->out->arguments = TEXT("{}");
}

/* ---- the table ---- */

#define LEGACY_ONLY                 \
	{                           \
		[MCP_LEGACY] = true \
	}
#define MODERN_ONLY                 \
	{                           \
		[MCP_MODERN] = true \
	}
#define BOTH               \
	{                  \
		true, true \
	}

static const struct method methods[] = {
	{"initialize", LEGACY_ONLY, PARAMS, answer_initialize},
	{"ping", LEGACY_ONLY, PARAMS, answer_ping},
	{"server/discover", MODERN_ONLY, PARAMS, answer_discover},
	{"tools/list", BOTH, PARAMS, answer_tools},
	{"tools/call", BOTH, PARAM_NAME, answer_call},
	{"prompts/list", BOTH, PARAMS, answer_prompts},
	{"prompts/get", BOTH, PARAM_NAME, answer_prompt},
	{"resources/list", BOTH, PARAMS, answer_resources},
	{"resources/templates/list", BOTH, PARAMS, answer_templates},
	{"resources/read", BOTH, PARAM_URI, answer_resource},
};

static const struct method *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (text_is(text_of(name), methods[i].name))
			return &methods[i];
	return NULL;
}

enum param mcp_named_by(const char *method)
{
	const struct method *found = find(method);

	return found == NULL ? PARAMS : found->named_by;
}

void mcp_answer(struct reading *r)
{
	const struct method *method = find(r->method);

	if (method == NULL || !method->in[r->out->era]) {
		(void)mcp_refuse(r, r->out->era == MCP_MODERN ? 404 : 200, MCP_METHOD_NOT_FOUND,
				 "Method not found", no_data);
		return;
	}
	r->out->method = method->name;
	method->answer(r);
}
