/*
 * Backstage's registry of actions, through which its own MCP server, the scaffolder and others call
 * our tools. The paths, and what stands there, are Backstage's: see its backend-defaults
 * (actionsRegistry) and the client in backend-plugin-api (actions).
 */
#include "op/rows.h"
#include "json/json.h"

static bool registry_list(struct call *c, struct result *res, struct error *err)
{
	(void)err;
	result_constant(res, toolbox_actions(c->services->toolbox));
	return true;
}

/* The action of "spectrocloud:NAME". */
static const struct op *action_of(struct call *c, const char *id)
{
	struct text rest = text_of(id);
	struct text plugin;

	if (!text_next(&rest, ':', &plugin) || rest.ptr == NULL ||
	    !text_is(plugin, CONFIG_PLUGIN_ID))
		return NULL;
	return toolbox_find(c->services->toolbox, DOOR_BACKSTAGE, rest);
}

/*
 * Of errors with other names than Backstage's own, its MCP server shows a model only that the
 * request failed, and nothing of why.
 */
static void use_known_name(struct error *err)
{
	switch (err->kind) {
	case ERROR_TOO_LARGE:
	case ERROR_UNPROCESSABLE:
		err->kind = ERROR_INPUT;
		break;
	case ERROR_INTERNAL:
	case ERROR_UPSTREAM:
	case ERROR_TIMEOUT:
		err->kind = ERROR_UNAVAILABLE;
		break;
	default:
		break;
	}
}

static void wrap_output(struct result *res, struct result *answer)
{
	struct text json =
		answer->body_owned.len > 0 ? buf_text(&answer->body_owned) : answer->body;
	struct buf out;

	buf_init(&out, json.len + 16);
	buf_add_string(&out, "{\"output\":");
	buf_add(&out, json);
	buf_add_char(&out, '}');
	result_fini(answer);
	result_json_owned(res, &out);
}

/* Who has no credential learns of no action, also where nobody else needs one. */
static bool find_action(struct call *c, const struct op **op, struct error *err)
{
	const char *id = call_string(c, "actionId");

	if (c->principal.kind == PRINCIPAL_NONE && !c->local)
		return error_set(err, ERROR_DENIED, "Actions are for known callers only");
	*op = action_of(c, id);
	if (*op == NULL)
		return error_set(err, ERROR_NOT_FOUND, "Action \"%s\" not found", id);
	return true;
}

static bool invoke(struct call *c, const struct op *op, struct text input, struct result *res,
		   struct error *err)
{
	struct result answer = {.status = 0};

	buf_init(&answer.body_owned, 0);
	if (tool_run(c, DOOR_BACKSTAGE, op, input, &answer, err)) {
		wrap_output(res, &answer);
		return true;
	}
	use_known_name(err);
	if (err->kind == ERROR_INPUT)
		return error_in(err, "Invalid input to action \"%s\"; caused by InputError",
				call_string(c, "actionId"));
	return false;
}

static bool registry_invoke(struct call *c, struct result *res, struct error *err)
{
	const struct op *op = NULL;

	return find_action(c, &op, err) && invoke(c, op, call_json(c, "body"), res, err);
}

static bool has_members(struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text value;
	struct text key;

	return json_type_of(object) != JSON_TYPE_OBJECT || json_walk_member(&walk, &key, &value);
}

/* Input and secrets, each once, and nothing else: an input in the wrong place is not passed over.
 */
static bool read_parts(struct text body, struct text *input, struct text *secrets,
		       struct error *err)
{
	struct json_walk walk = json_walk_begin(body);
	struct text value;
	struct text key;

	while (json_walk_member(&walk, &key, &value)) {
		struct text *part = json_string_is(key, "input")     ? input
				    : json_string_is(key, "secrets") ? secrets
								     : NULL;

		if (part == NULL)
			return error_set(err, ERROR_INPUT,
					 "The body has members besides input and secrets; what the "
					 "action is called with belongs into input");
		if (part->ptr != NULL)
			return error_set(err, ERROR_INPUT,
					 "%s (in the body) was given more than once",
					 part == input ? "input" : "secrets");
		*part = value;
	}
	return true;
}

static bool registry_invoke_v2(struct call *c, struct result *res, struct error *err)
{
	struct text secrets = {NULL, 0};
	struct text input = {NULL, 0};
	const struct op *op = NULL;

	if (!find_action(c, &op, err) || !read_parts(call_json(c, "body"), &input, &secrets, err))
		return false;
	if (secrets.ptr != NULL && json_type_of(secrets) != JSON_TYPE_NULL && has_members(secrets))
		return error_set(err, ERROR_INPUT, "Action \"%s\" does not accept secrets",
				 call_string(c, "actionId"));
	if (input.ptr == NULL)
		input = TEXT("{}");
	if (json_type_of(input) != JSON_TYPE_OBJECT)
		return error_set(err, ERROR_INPUT, "input (in the body) must be a JSON object");
	return invoke(c, op, input, res, err);
}

/* ---- answers ---- */

static const struct field any_object[] = {{.name = NULL}};

static const struct field schema_fields[] = {
	{.name = "input",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .help = "JSON Schema of what it is called with"},
	{.name = "output",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .help = "JSON Schema of what it answers"},
	{.name = NULL},
};

static const struct field attribute_fields[] = {
	{.name = "destructive", .type = FIELD_BOOL, .required = true, .help = "Takes away"},
	{.name = "idempotent", .type = FIELD_BOOL, .required = true, .help = "May be repeated"},
	{.name = "readOnly", .type = FIELD_BOOL, .required = true, .help = "Changes nothing"},
	{.name = NULL},
};

static const struct field action_fields[] = {
	{.name = "id", .type = FIELD_STRING, .required = true, .help = "Plugin and name"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "Its name"},
	{.name = "title", .type = FIELD_STRING, .required = true, .help = "For people"},
	{.name = "description", .type = FIELD_STRING, .required = true, .help = "For models"},
	{.name = "pluginId", .type = FIELD_STRING, .required = true, .help = "spectrocloud"},
	{.name = "attributes",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = attribute_fields,
	 .help = "What it does to the world"},
	{.name = "schema", .type = FIELD_OBJECT, .required = true, .fields = schema_fields},
	{.name = NULL},
};

static const struct field actions_answer[] = {
	{.name = "actions",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = action_fields,
	 .help = "The actions that are offered to Backstage"},
	{.name = NULL},
};

static const struct field output_answer[] = {
	{.name = "output",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = any_object,
	 .help = "What the action answers, as its schema says"},
	{.name = NULL},
};

#define ACTION_ID                                                                        \
	{                                                                                \
		.name = "actionId", .in = IN_PATH, .type = PARAM_TEXT, .required = true, \
		.help = "Such as spectrocloud:list_spectrocloud_clusters"                \
	}

const struct op registry_ops[] = {
	{
		.name = "registry.list",
		.summary = "List the actions that this plugin offers to Backstage",
		GET("/.backstage/actions/v1/actions"),
		.permission = PERMIT_AUTHENTICATED,
		.flags = OP_FRONT | OP_LOCAL,
		.answer = actions_answer,
		.run = registry_list,
	},
	{
		.name = "registry.invoke",
		.summary = "Run an action for the caller; its own permission is asked for",
		POST("/.backstage/actions/v1/actions/:actionId/invoke"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(ACTION_ID, WHOLE_BODY("body", NULL, "The action's input")),
		.flags = OP_LOCAL | OP_SECRET | OP_CARRIER,
		.answer = output_answer,
		.run = registry_invoke,
	},
	{
		.name = "registry.invoke_v2",
		.summary = "Run an action for the caller, with its input and secrets apart",
		POST("/.backstage/actions/v2/actions/:actionId/invoke"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(ACTION_ID,
				 WHOLE_BODY("body", NULL,
					    "{\"input\":...}: the action's input; no action takes "
					    "secrets")),
		.flags = OP_LOCAL | OP_SECRET | OP_CARRIER,
		.answer = output_answer,
		.run = registry_invoke_v2,
	},
	{.name = NULL},
};
