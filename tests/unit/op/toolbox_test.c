/* Which tools are offered at which door, and the lists that say so. The table here is the test's
 * own. */
#include "unit/op/services.h"

#include "base/glob.h"
#include "op/op.h"
#include "json/json.h"

/* ---- a table with a tool of each kind ---- */

static bool run_tool(struct call *c, struct result *res, struct error *err)
{
	(void)err;
	result_json(res, text_of(arena_printf(
				 c->arena, "{\"uid\":\"%s\"}",
				 call_string(c, "uid") == NULL ? "" : call_string(c, "uid"))));
	return true;
}

static const char *const colours[] = {"red", "green", NULL};
static const struct field no_more[] = {{.name = NULL}};
static const struct field part[] = {
	{.name = "key", .type = FIELD_STRING, .required = true, .help = "Its key"},
	{.name = NULL},
};
static const struct field answer[] = {
	{.name = "uid", .type = FIELD_STRING, .required = true, .help = "A uid"},
	{.name = "flag", .type = FIELD_BOOL},
	{.name = "count", .type = FIELD_INT},
	{.name = "part", .type = FIELD_OBJECT, .fields = part},
	{.name = "open", .type = FIELD_OBJECT, .fields = no_more},
	{.name = "parts", .type = FIELD_ARRAY, .fields = part},
	{.name = "strings", .type = FIELD_ARRAY},
	{.name = "any", .type = FIELD_ANY},
	{.name = NULL},
};
static const struct param inputs[] = {
	ARG_REQUIRED("uid", PARAM_IDENTIFIER, "A \"uid\""),
	ARG("word", PARAM_NAME, "A word"),
	ARG("text", PARAM_TEXT, "A text"),
	ARG("line", PARAM_LINE, "A line"),
	ARG_CHOICE("colour", colours, "A colour"),
	ARG_SWITCH("on", "true", "A switch"),
	ARG_COUNT("limit", "5", 1, 10, "A count"),
	ARG_FIELDS("fields", answer, "Fields"),
	ARG("names", PARAM_STRINGS, "Names"),
	{.name = NULL},
};

#define ROW(id, set, what)                                                               \
	{                                                                                \
		.name = "test." id, .summary = "A row",                                  \
		TOOL(.name = (id), .title = "Title of " id, .description = "It \"is\"",  \
		     .toolset = (set), .does = (what)),                                  \
		.permission = PERMIT_AUTHENTICATED, .params = inputs, .flags = OP_LOCAL, \
		.answer = answer, .run = run_tool                                        \
	}

static const struct op rows[] = {
	ROW("get_thing", "core", 0),
	ROW("make_thing", "core", TOOL_WRITES),
	ROW("set_thing", "core", TOOL_WRITES | TOOL_IDEMPOTENT),
	ROW("drop_thing", "core", TOOL_WRITES | TOOL_DESTROYS | TOOL_IDEMPOTENT),
	ROW("get_more", "more", 0),
	ROW("drop_more", "more", TOOL_WRITES | TOOL_DESTROYS),
	{.name = "test.route", .summary = "No tool", GET("/x"), .permission = PERMIT_ANYONE},
};

/* Stands in for the table, as this program's own objects come before the archive's. */
const struct op *const *op_all(void)
{
	static const struct op *const all[] = {&rows[0], &rows[1], &rows[2], &rows[3],
					       &rows[4], &rows[5], &rows[6], NULL};

	return all;
}

/* ---- configurations ---- */

enum { MOST = 4 };

struct scene {
	struct arena arena;
	struct config config;
	const char *toolsets[MOST];
	const struct glob *globs[2][MOST];
	const char *written[2][MOST];
	struct config_action_rule rules[2][MOST];
	struct toolbox *box;
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena);
	s->toolsets[0] = "core";
	s->config.mcp = (struct config_mcp){.toolsets = s->toolsets, .toolset_count = 1};
	s->config.actions = (struct config_actions){
		.offered = true, .include = s->rules[0], .exclude = s->rules[1]};
	for (int i = 0; i < 2; i++)
		*(i == 0 ? &s->config.mcp.include : &s->config.mcp.exclude) =
			(struct config_patterns){.items = s->globs[i], .written = s->written[i]};
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	toolbox_free(s->box);
	arena_fini(&s->arena);
	free(s);
	return 0;
}

static const struct glob *make_glob(struct scene *s, const char *pattern)
{
	const struct glob *glob;
	struct error err;

	if (!glob_new(&s->arena, text_of(pattern), 0, &glob, &err))
		fail_msg("%s", err.message);
	return glob;
}

static void add_pattern(struct scene *s, struct config_patterns *to, const char *pattern)
{
	int which = to == &s->config.mcp.include ? 0 : 1;

	s->globs[which][to->count] = make_glob(s, pattern);
	s->written[which][to->count++] = pattern;
}

static void include(struct scene *s, const char *pattern)
{
	add_pattern(s, &s->config.mcp.include, pattern);
}

static void exclude(struct scene *s, const char *pattern)
{
	add_pattern(s, &s->config.mcp.exclude, pattern);
}

static struct config_action_rule rule_of(struct scene *s, const char *id)
{
	return (struct config_action_rule){.id = id == NULL ? NULL : make_glob(s, id)};
}

static void include_rule(struct scene *s, struct config_action_rule rule)
{
	s->rules[0][s->config.actions.include_count++] = rule;
}

static void exclude_rule(struct scene *s, struct config_action_rule rule)
{
	s->rules[1][s->config.actions.exclude_count++] = rule;
}

static void assert_offered(struct scene *s, enum tool_door door, const char *wanted)
{
	const char *names = "";

	toolbox_free(s->box);
	s->box = toolbox_new(&s->config);
	for (const struct op *const *op = toolbox_offered(s->box, door); *op != NULL; op++) {
		names = arena_printf(&s->arena, "%s%s%s", names, *names == '\0' ? "" : " ",
				     (*op)->tool->name);
		assert_ptr_equal(toolbox_find(s->box, door, text_of((*op)->tool->name)), *op);
	}
	assert_string_equal(names, wanted);
	/* What is not offered is not found. */
	for (const struct op *const *op = op_all(); *op != NULL; op++)
		if ((*op)->tool != NULL && strstr(wanted, (*op)->tool->name) == NULL)
			assert_null(toolbox_find(s->box, door, text_of((*op)->tool->name)));
}

#define SAFE "get_thing make_thing set_thing"

/* ---- our own door ---- */

static void the_core_and_nothing_that_destroys(void **state)
{
	assert_offered(*state, DOOR_MCP, SAFE);
	assert_offered(*state, DOOR_BACKSTAGE, SAFE);
}

static void toolsets(void **state)
{
	struct scene *s = *state;

	s->toolsets[0] = "more";
	assert_offered(s, DOOR_MCP, "get_more");
	assert_offered(s, DOOR_BACKSTAGE, "get_more");
	s->toolsets[1] = "core";
	s->config.mcp.toolset_count = 2;
	assert_offered(s, DOOR_MCP, SAFE " get_more");
	s->toolsets[0] = "cor";
	s->config.mcp.toolset_count = 1;
	assert_offered(s, DOOR_MCP, "");
}

static void read_only(void **state)
{
	struct scene *s = *state;

	s->config.mcp.read_only = true;
	include(s, "*");
	include(s, "drop_thing");
	assert_offered(s, DOOR_MCP, "get_thing");
	assert_offered(s, DOOR_BACKSTAGE, "get_thing");
}

static void includes_and_excludes(void **state)
{
	struct scene *s = *state;

	include(s, "get_*");
	assert_offered(s, DOOR_MCP, "get_thing");
	include(s, "set_thing");
	assert_offered(s, DOOR_MCP, "get_thing set_thing");
	exclude(s, "g*");
	assert_offered(s, DOOR_MCP, "set_thing");
	assert_offered(s, DOOR_BACKSTAGE, "set_thing");
	exclude(s, "*");
	assert_offered(s, DOOR_MCP, "");
	assert_offered(s, DOOR_BACKSTAGE, "");
}

/* A tool of another toolset is not turned on by its name. */
static void a_name_turns_on_no_toolset(void **state)
{
	include(*state, "get_more");
	assert_offered(*state, DOOR_MCP, "");
}

static void what_destroys_is_named_in_full(void **state)
{
	static const char *const not_names[] = {"*", "drop_*", "drop_thin?", "{drop_thing,x}"};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(not_names); i++) {
		s->config.mcp.include.count = 0;
		include(s, not_names[i]);
		assert_offered(s, DOOR_MCP, i == 0 ? SAFE : "");
		assert_offered(s, DOOR_BACKSTAGE, i == 0 ? SAFE : "");
	}
	include(s, "drop_thing");
	assert_offered(s, DOOR_MCP, "drop_thing");
	assert_offered(s, DOOR_BACKSTAGE, "drop_thing");
	/* Its toolset is not on. */
	include(s, "drop_more");
	assert_offered(s, DOOR_BACKSTAGE, "drop_thing");
	exclude(s, "drop*");
	assert_offered(s, DOOR_MCP, "");
	assert_offered(s, DOOR_BACKSTAGE, "");
}

static void people_at_a_shell_have_all(void **state)
{
	struct scene *s = *state;

	s->config.mcp.read_only = true;
	s->config.actions.offered = false;
	exclude(s, "*");
	assert_offered(s, DOOR_SHELL,
		       "get_thing make_thing set_thing drop_thing get_more drop_more");
}

/* ---- Backstage's filter ---- */

static void other_plugins_only(void **state)
{
	struct scene *s = *state;

	s->config.actions.offered = false;
	assert_offered(s, DOOR_BACKSTAGE, "");
	assert_string_equal(toolbox_actions(s->box)->json.ptr, "{\"actions\":[]}");
	assert_offered(s, DOOR_MCP, SAFE);
}

static void rules_of_ids(void **state)
{
	struct scene *s = *state;

	include_rule(s, rule_of(s, "spectrocloud:get_*"));
	assert_offered(s, DOOR_BACKSTAGE, "get_thing");
	include_rule(s, rule_of(s, "*:set_thing"));
	assert_offered(s, DOOR_BACKSTAGE, "get_thing set_thing");
	/* The id is matched, not the name. */
	include_rule(s, rule_of(s, "make_thing"));
	assert_offered(s, DOOR_BACKSTAGE, "get_thing set_thing");
	exclude_rule(s, rule_of(s, "spectrocloud:s*"));
	assert_offered(s, DOOR_BACKSTAGE, "get_thing");
	assert_offered(s, DOOR_MCP, SAFE);
}

static void rules_of_attributes(void **state)
{
	static const struct {
		struct config_action_rule rule;
		const char *included;
		const char *excluded;
	} cases[] = {
		{{.read_only = CONFIG_SAID_TRUE}, "get_thing", "make_thing set_thing drop_thing"},
		{{.read_only = CONFIG_SAID_FALSE}, "make_thing set_thing drop_thing", "get_thing"},
		{{.idempotent = CONFIG_SAID_TRUE}, "get_thing set_thing drop_thing", "make_thing"},
		{{.idempotent = CONFIG_SAID_FALSE}, "make_thing", "get_thing set_thing drop_thing"},
		{{.destructive = CONFIG_SAID_TRUE}, "drop_thing", SAFE},
		{{.destructive = CONFIG_SAID_FALSE}, SAFE, "drop_thing"},
		{{.read_only = CONFIG_SAID_FALSE, .idempotent = CONFIG_SAID_TRUE},
		 "set_thing drop_thing",
		 "get_thing make_thing"},
		{{.read_only = CONFIG_SAID_TRUE, .destructive = CONFIG_SAID_TRUE},
		 "",
		 SAFE " drop_thing"},
		{{.read_only = CONFIG_UNSAID}, SAFE " drop_thing", ""},
	};
	struct scene *s = *state;

	include(s, "*");
	include(s, "drop_thing");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		s->config.actions.include_count = s->config.actions.exclude_count = 0;
		include_rule(s, cases[i].rule);
		assert_offered(s, DOOR_BACKSTAGE, cases[i].included);
		s->config.actions.include_count = 0;
		exclude_rule(s, cases[i].rule);
		assert_offered(s, DOOR_BACKSTAGE, cases[i].excluded);
	}
}

/* Within a rule all parts count; among excludes one is enough. */
static void all_parts_of_a_rule(void **state)
{
	struct scene *s = *state;
	struct config_action_rule rule = rule_of(s, "*:*_thing");

	rule.read_only = CONFIG_SAID_FALSE;
	rule.idempotent = CONFIG_SAID_FALSE;
	exclude_rule(s, rule);
	assert_offered(s, DOOR_BACKSTAGE, "get_thing set_thing");
	exclude_rule(s, rule_of(s, "*:get_*"));
	assert_offered(s, DOOR_BACKSTAGE, "set_thing");
	include_rule(s, rule_of(s, "*"));
	assert_offered(s, DOOR_BACKSTAGE, "set_thing");
}

/* ---- lists ---- */

static json_t *read(struct text list)
{
	struct error err;
	json_t *tree;

	if (!json_tree_read(list, &tree, &err))
		fail_msg("%s", err.message);
	return tree;
}

static const char *string_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* An object schema that is whole: what is required is described, and nothing else is allowed. */
static void check_object_schema(const json_t *schema)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *name;
	size_t i;

	assert_string_equal(string_at(schema, "type"), "object");
	assert_true(json_is_object(properties));
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	json_array_foreach(json_object_get(schema, "required"), i, name)
		assert_non_null(json_object_get(properties, json_string_value(name)));
}

static void check_inputs(const json_t *schema)
{
	static const char *const types[] = {"string",  "string",  "string", "string", "string",
					    "boolean", "integer", "array",  "array"};
	const json_t *properties = json_object_get(schema, "properties");

	check_object_schema(schema);
	assert_int_equal(json_object_size(properties), ARRAY_LEN(types));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const json_t *property = json_object_get(properties, inputs[i].name);

		assert_string_equal(string_at(property, "type"), types[i]);
		assert_string_equal(string_at(property, "description"), inputs[i].help);
	}
	assert_int_equal(json_array_size(json_object_get(schema, "required")), 1);
	assert_true(json_is_true(json_object_get(json_object_get(properties, "on"), "default")));
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(properties, "limit"), "default")),
			 5);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(properties, "colour"), "enum")), 2);
}

static void check_outputs(const json_t *schema)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *open = json_object_get(properties, "open");

	check_object_schema(schema);
	check_object_schema(json_object_get(properties, "part"));
	check_object_schema(json_object_get(json_object_get(properties, "parts"), "items"));
	assert_string_equal(string_at(open, "type"), "object");
	assert_null(json_object_get(open, "additionalProperties"));
	assert_null(json_object_get(json_object_get(properties, "any"), "type"));
}

static void the_list_for_backstage(void **state)
{
	static const int attributes[][3] = {{0, 1, 1}, {0, 0, 0}, {0, 1, 0}, {1, 1, 0}};
	struct scene *s = *state;
	json_t *list;

	include(s, "*");
	include(s, "drop_thing");
	assert_offered(s, DOOR_BACKSTAGE, SAFE " drop_thing");
	list = read(toolbox_actions(s->box)->json);
	for (size_t i = 0; i < 4; i++) {
		const json_t *action = json_array_get(json_object_get(list, "actions"), i);
		const json_t *is = json_object_get(action, "attributes");
		const json_t *schema = json_object_get(action, "schema");
		const char *name = rows[i].tool->name;

		assert_string_equal(string_at(action, "id"),
				    arena_printf(&s->arena, "spectrocloud:%s", name));
		assert_string_equal(string_at(action, "name"), name);
		assert_string_equal(string_at(action, "title"), rows[i].tool->title);
		assert_string_equal(string_at(action, "description"), rows[i].tool->description);
		assert_string_equal(string_at(action, "pluginId"), "spectrocloud");
		assert_int_equal(json_is_true(json_object_get(is, "destructive")),
				 attributes[i][0]);
		assert_int_equal(json_is_true(json_object_get(is, "idempotent")), attributes[i][1]);
		assert_int_equal(json_is_true(json_object_get(is, "readOnly")), attributes[i][2]);
		check_inputs(json_object_get(schema, "input"));
		check_outputs(json_object_get(schema, "output"));
	}
	assert_int_equal(json_array_size(json_object_get(list, "actions")), 4);
	json_decref(list);
}

static void the_list_for_mcp(void **state)
{
	struct scene *s = *state;
	json_t *list;

	assert_offered(s, DOOR_MCP, SAFE);
	list = read(toolbox_tools(s->box));
	assert_int_equal(json_array_size(list), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *tool = json_array_get(list, i);
		const json_t *hints = json_object_get(tool, "annotations");

		assert_string_equal(string_at(tool, "name"), rows[i].tool->name);
		assert_string_equal(string_at(hints, "title"), rows[i].tool->title);
		assert_int_equal(json_is_true(json_object_get(hints, "readOnlyHint")), i == 0);
		assert_int_equal(json_is_true(json_object_get(hints, "idempotentHint")), i != 1);
		assert_true(json_is_false(json_object_get(hints, "destructiveHint")));
		assert_true(json_is_false(json_object_get(hints, "openWorldHint")));
		check_inputs(json_object_get(tool, "inputSchema"));
		check_outputs(json_object_get(tool, "outputSchema"));
	}
	json_decref(list);
}

static void names_that_are_none(void **state)
{
	static const struct text names[] = {
		TEXT(""),          TEXT("get_thin"),   TEXT("get_thing "),
		TEXT("GET_THING"), TEXT("test.route"), TEXT("spectrocloud:get_thing"),
		{NULL, 0},
	};
	struct scene *s = *state;

	assert_offered(s, DOOR_MCP, SAFE);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (int door = 0; door < DOORS; door++)
			assert_null(toolbox_find(s->box, (enum tool_door)door, names[i]));
	toolbox_free(NULL);
}

/* ---- a run ---- */

static void a_tool_runs_for_its_caller(void **state)
{
	struct scene *s = *state;
	struct call caller = {.arena = &s->arena,
			      .local = true,
			      .op = &rows[6],
			      .admitted = true,
			      .body = TEXT("{\"uid\":\"of the caller\"}")};
	struct result res = {.status = 0};
	struct error err;

	buf_init(&res.body_owned, 0);
	log_open(LOG_OFF, LOG_TEXT);
	assert_true(tool_run(&caller, DOOR_MCP, &rows[0], TEXT("{\"uid\":\"u1\"}"), &res, &err));
	assert_string_equal(res.body.ptr, "{\"uid\":\"u1\"}");
	assert_ptr_equal(caller.op, &rows[6]);
	result_fini(&res);
	assert_false(tool_run(&caller, DOOR_MCP, &rows[0], TEXT("{}"), &res, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_string_equal(err.message, "uid (in the input) is required");
	result_fini(&res);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		TEST(the_core_and_nothing_that_destroys),
		TEST(toolsets),
		TEST(read_only),
		TEST(includes_and_excludes),
		TEST(a_name_turns_on_no_toolset),
		TEST(what_destroys_is_named_in_full),
		TEST(people_at_a_shell_have_all),
		TEST(other_plugins_only),
		TEST(rules_of_ids),
		TEST(rules_of_attributes),
		TEST(all_parts_of_a_rule),
		TEST(the_list_for_backstage),
		TEST(the_list_for_mcp),
		TEST(names_that_are_none),
		TEST(a_tool_runs_for_its_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
