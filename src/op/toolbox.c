/* Which tools are offered to whom, their lists, and how one is run. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "op/op.h"
#include "op/schema.h"

enum { LARGEST_LIST = 4 * 1024 * 1024 };

struct toolbox {
	const struct config *config;
	const struct op **offered[DOORS]; /* each ends with NULL */
	struct buf actions;
	struct op_constant actions_answer;
	struct buf tools;
};

const char *tool_does(const struct tool *tool)
{
	if (tool->does & TOOL_DESTROYS)
		return "takes away or overwrites";
	if (tool->does & TOOL_SPENDS)
		return "makes what costs money";
	return tool->does & TOOL_WRITES ? "writes" : "reads";
}

/* ---- who is offered what ---- */

static bool is_in_toolsets(const struct config_mcp *mcp, const struct tool *tool)
{
	for (size_t i = 0; i < mcp->toolset_count; i++)
		if (strcmp(mcp->toolsets[i], tool->toolset) == 0)
			return true;
	return false;
}

static bool fits_any(const struct config_patterns *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (glob_matches(patterns->items[i], text_of(name)))
			return true;
	return false;
}

/* What takes something away or costs money has to be named in full: no pattern and no toolset turns
 * it on. */
static bool is_named(const struct config_patterns *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (strcmp(patterns->written[i], name) == 0)
			return true;
	return false;
}

static bool is_on(const struct config_mcp *mcp, const struct tool *tool)
{
	if (!is_in_toolsets(mcp, tool) || (mcp->read_only && (tool->does & TOOL_WRITES)) ||
	    (mcp->include.count > 0 && !fits_any(&mcp->include, tool->name)) ||
	    fits_any(&mcp->exclude, tool->name))
		return false;
	return (tool->does & (TOOL_DESTROYS | TOOL_SPENDS)) == 0 ||
	       is_named(&mcp->include, tool->name);
}

static bool says(enum config_said said, bool value)
{
	return said == CONFIG_UNSAID || (said == CONFIG_SAID_TRUE) == value;
}

static bool rule_fits(const struct config_action_rule *rule, const struct tool *tool)
{
	char id[GLOB_MAX_TEXT];
	int len = snprintf(id, sizeof id, "%s:%s", CONFIG_PLUGIN_ID, tool->name);

	return (rule->id == NULL || glob_matches(rule->id, (struct text){id, (size_t)len})) &&
	       says(rule->destructive, (tool->does & TOOL_DESTROYS) != 0) &&
	       says(rule->idempotent, tool->does == 0 || (tool->does & TOOL_IDEMPOTENT)) &&
	       says(rule->read_only, (tool->does & TOOL_WRITES) == 0);
}

static bool passes_filter(const struct config_actions *actions, const struct tool *tool)
{
	bool included = actions->include_count == 0;

	for (size_t i = 0; i < actions->exclude_count; i++)
		if (rule_fits(&actions->exclude[i], tool))
			return false;
	for (size_t i = 0; i < actions->include_count; i++)
		included = included || rule_fits(&actions->include[i], tool);
	return included;
}

static bool is_offered(const struct config *config, enum tool_door door, const struct tool *tool)
{
	const struct config_mcp *mcp = &config->mcp;

	switch (door) {
	case DOOR_BACKSTAGE:
		return is_on(mcp, tool) && config->actions.offered &&
		       passes_filter(&config->actions, tool);
	case DOOR_MCP:
		return is_on(mcp, tool);
	default:
		return true;
	}
}

static size_t count_tools(void)
{
	size_t count = 0;

	for (const struct op *const *op = op_all(); *op != NULL; op++)
		count += (*op)->tool != NULL;
	return count;
}

static void fill(struct toolbox *box, enum tool_door door)
{
	const struct op **at = heap_alloc((count_tools() + 1) * sizeof(struct op *));

	box->offered[door] = at;
	for (const struct op *const *op = op_all(); *op != NULL; op++)
		if ((*op)->tool != NULL && is_offered(box->config, door, (*op)->tool))
			*at++ = *op;
	*at = NULL;
}

/* A name that is misspelt would leave a tool on, or off, and nobody would know. */
static void warn_of_patterns(const struct config_patterns *patterns, const char *setting)
{
	for (size_t i = 0; i < patterns->count; i++) {
		const struct op *const *op = op_all();

		while (*op != NULL &&
		       ((*op)->tool == NULL ||
			!glob_matches(patterns->items[i], text_of((*op)->tool->name))))
			op++;
		if (*op == NULL)
			log_warn("mcp.pattern", F_STR("setting", setting),
				 F_STR("pattern", patterns->written[i]),
				 F_STR("problem", "no tool has such a name"));
	}
}

/* ---- the lists ---- */

static void put_flag(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_put_bool(w, value);
}

static void put_action(struct json_writer *w, const struct op *op)
{
	const struct tool *tool = op->tool;
	char id[256];

	snprintf(id, sizeof id, "%s:%s", CONFIG_PLUGIN_ID, tool->name);
	json_object_begin(w);
	json_put_pair(w, "id", id);
	json_put_pair(w, "name", tool->name);
	json_put_pair(w, "title", tool->title);
	json_put_pair(w, "description", tool->description);
	json_put_pair(w, "pluginId", CONFIG_PLUGIN_ID);
	json_key(w, "attributes");
	json_object_begin(w);
	put_flag(w, "destructive", (tool->does & TOOL_DESTROYS) != 0);
	put_flag(w, "idempotent", tool->does == 0 || (tool->does & TOOL_IDEMPOTENT));
	put_flag(w, "readOnly", (tool->does & TOOL_WRITES) == 0);
	json_object_end(w);
	json_key(w, "schema");
	json_object_begin(w);
	json_key(w, "input");
	schema_put_input(w, op);
	json_key(w, "output");
	schema_put_output(w, op);
	json_object_end(w);
	json_object_end(w);
}

static void put_tool(struct json_writer *w, const struct op *op)
{
	const struct tool *tool = op->tool;

	json_object_begin(w);
	json_put_pair(w, "name", tool->name);
	json_put_pair(w, "title", tool->title);
	json_put_pair(w, "description", tool->description);
	json_key(w, "inputSchema");
	schema_put_input(w, op);
	json_key(w, "outputSchema");
	schema_put_output(w, op);
	json_key(w, "annotations");
	json_object_begin(w);
	json_put_pair(w, "title", tool->title);
	put_flag(w, "readOnlyHint", (tool->does & TOOL_WRITES) == 0);
	put_flag(w, "destructiveHint", (tool->does & TOOL_DESTROYS) != 0);
	put_flag(w, "idempotentHint", tool->does == 0 || (tool->does & TOOL_IDEMPOTENT));
	put_flag(w, "openWorldHint", false);
	json_object_end(w);
	json_object_end(w);
}

static void put_all(struct json_writer *w, const struct op *const *ops,
		    void (*put)(struct json_writer *w, const struct op *op))
{
	json_array_begin(w);
	for (; *ops != NULL; ops++)
		put(w, *ops);
	json_array_end(w);
}

struct toolbox *toolbox_new(const struct config *config)
{
	struct toolbox *box = heap_alloc(sizeof *box);
	struct json_writer w;

	box->config = config;
	warn_of_patterns(&config->mcp.include, "spectrocloud.mcp.include");
	warn_of_patterns(&config->mcp.exclude, "spectrocloud.mcp.exclude");
	for (int door = 0; door < DOORS; door++)
		fill(box, (enum tool_door)door);
	buf_init(&box->actions, LARGEST_LIST);
	json_writer_init(&w, &box->actions);
	json_object_begin(&w);
	json_key(&w, "actions");
	put_all(&w, box->offered[DOOR_BACKSTAGE], put_action);
	json_object_end(&w);
	op_constant_make(&box->actions_answer, buf_text(&box->actions), config->compression);
	buf_init(&box->tools, LARGEST_LIST);
	json_writer_init(&w, &box->tools);
	put_all(&w, box->offered[DOOR_MCP], put_tool);
	return box;
}

void toolbox_free(struct toolbox *box)
{
	if (box == NULL)
		return;
	for (int door = 0; door < DOORS; door++)
		free(box->offered[door]);
	op_constant_fini(&box->actions_answer);
	buf_fini(&box->actions);
	buf_fini(&box->tools);
	free(box);
}

const struct op *toolbox_find(const struct toolbox *box, enum tool_door door, struct text name)
{
	for (const struct op *const *op = box->offered[door]; *op != NULL; op++)
		if (text_is(name, (*op)->tool->name))
			return *op;
	return NULL;
}

const struct op *const *toolbox_offered(const struct toolbox *box, enum tool_door door)
{
	return box->offered[door];
}

const struct op_constant *toolbox_actions(const struct toolbox *box)
{
	return &box->actions_answer;
}

struct text toolbox_tools(const struct toolbox *box)
{
	return buf_text(&box->tools);
}

void tool_describe(const struct op *op, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	put_tool(&w, op);
}

/* ---- a run ---- */

bool tool_run(struct call *caller, enum tool_door door, const struct op *op, struct text arguments,
	      struct result *res, struct error *err)
{
	struct call *c = arena_new(caller->arena, struct call);
	bool ok;

	*c = *caller;
	c->op = NULL;
	c->admitted = false;
	c->inputs = NULL;
	c->input_count = 0;
	c->body = TEXT("");
	memset(c->values, 0, sizeof c->values);
	c->arguments = arguments;
	c->door = door;
	ok = op_run(op, c, res, err);
	caller->environment = c->environment;
	caller->tool = op->tool->name;
	caller->reauthenticate = c->reauthenticate;
	return ok;
}
