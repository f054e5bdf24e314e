/* action list and show: the tools that there are, from their rows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/action.h"
#include "cmd/grid.h"
#include "cmd/pretty.h"
#include "json/json.h"

static void print(const struct buf *out)
{
	fwrite(out->ptr, 1, out->len, stdout);
}

static void print_json(struct text json)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	pretty_add_json(&out, json);
	buf_add_char(&out, '\n');
	print(&out);
	buf_fini(&out);
}

/* ---- what is said of a tool ---- */

static bool is_offered(const struct toolbox *box, enum tool_door door, const struct op *op)
{
	return toolbox_find(box, door, text_of(op->tool->name)) != NULL;
}

/* What is offered to Backstage is so through MCP, too. */
static const char *who_is_offered(const struct toolbox *box, const struct op *op)
{
	if (is_offered(box, DOOR_BACKSTAGE, op))
		return "offered";
	return is_offered(box, DOOR_MCP, op) ? "only through MCP" : "off";
}

static const char *permission_name(const struct op *op)
{
	const struct permission *p = permission_of(op->permission);

	return p == NULL ? "none: whoever is known may" : p->name;
}

static void put_flag(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_put_bool(w, value);
}

static void put_summary(struct json_writer *w, const struct toolbox *box, const struct op *op)
{
	const struct permission *p = permission_of(op->permission);

	json_put_pair(w, "name", op->tool->name);
	json_put_pair(w, "title", op->tool->title);
	json_put_pair(w, "toolset", op->tool->toolset);
	json_put_pair(w, "operation", op->name);
	json_put_pair(w, "permission", p == NULL ? NULL : p->name);
	put_flag(w, "writes", (op->tool->does & TOOL_WRITES) != 0);
	put_flag(w, "destroys", (op->tool->does & TOOL_DESTROYS) != 0);
	put_flag(w, "spends", (op->tool->does & TOOL_SPENDS) != 0);
	put_flag(w, "offeredByBackstage", is_offered(box, DOOR_BACKSTAGE, op));
	put_flag(w, "offeredByMcp", is_offered(box, DOOR_MCP, op));
}

/* ---- list ---- */

static bool is_new_toolset(const struct op *const *tools, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(tools[i]->tool->toolset, tools[at]->tool->toolset) == 0)
			return false;
	return true;
}

/* All of the toolset that the tool at `at` is the first of. */
static void add_toolset(struct text *cells, size_t *count, const struct toolbox *box,
			const struct op *const *tools, size_t at)
{
	for (const struct op *const *op = tools + at; *op != NULL; op++) {
		const struct tool *tool = (*op)->tool;

		if (strcmp(tool->toolset, tools[at]->tool->toolset) != 0)
			continue;
		cells[(*count)++] = text_of(tool->toolset);
		cells[(*count)++] = text_of(tool->name);
		cells[(*count)++] = text_of(who_is_offered(box, *op));
		cells[(*count)++] = text_of(tool->title);
	}
}

static void list_for_people(const struct toolbox *box, const struct op *const *tools, size_t count)
{
	static const char *const headings[] = {"TOOLSET", "NAME", "TO AGENTS", "TITLE"};
	struct arena arena;
	struct text *cells;
	struct buf out;
	size_t filled = 0;

	arena_init(&arena);
	buf_init(&out, SIZE_MAX);
	cells = arena_array(&arena, struct text, count * ARRAY_LEN(headings));
	for (size_t i = 0; i < count; i++)
		if (is_new_toolset(tools, i))
			add_toolset(cells, &filled, box, tools, i);
	grid_add(&out,
		 &(const struct grid){.headings = headings,
				      .columns = ARRAY_LEN(headings),
				      .cells = cells,
				      .rows = count},
		 0, 0);
	print(&out);
	buf_fini(&out);
	arena_fini(&arena);
}

static void list_for_programs(const struct toolbox *box, const struct op *const *tools)
{
	struct json_writer w;
	struct buf out;

	buf_init(&out, SIZE_MAX);
	json_writer_init(&w, &out);
	json_array_begin(&w);
	for (; *tools != NULL; tools++) {
		json_object_begin(&w);
		put_summary(&w, box, *tools);
		json_object_end(&w);
	}
	json_array_end(&w);
	print_json(buf_text(&out));
	buf_fini(&out);
}

int action_list(const struct config *config, bool json)
{
	struct toolbox *box = toolbox_new(config);
	const struct op *const *tools = toolbox_offered(box, DOOR_SHELL);
	size_t count = 0;

	while (tools[count] != NULL)
		count++;
	if (json)
		list_for_programs(box, tools);
	else
		list_for_people(box, tools, count);
	toolbox_free(box);
	return 0;
}

/* ---- show ---- */

static const char *type_of_input(struct arena *a, const struct param *p)
{
	const char *list = "one of: ";

	switch (p->type) {
	case PARAM_FLAG:
	case PARAM_NOT_FALSE:
	case PARAM_SWITCH:
		return "true or false";
	case PARAM_COUNT:
		return arena_printf(a, "number, %" PRId64 " to %" PRId64, p->min, p->max);
	case PARAM_TIME:
		return "milliseconds since 1970";
	case PARAM_STRINGS:
		return "texts, a comma between them";
	case PARAM_OBJECT:
		return "JSON object";
	case PARAM_IDENTIFIER:
	case PARAM_NAME:
		return "identifier";
	case PARAM_EMAIL:
		return "e-mail address";
	case PARAM_CHOICE:
		for (const char *const *c = p->choices; *c != NULL; c++)
			list = arena_printf(a, "%s%s%s", list, c == p->choices ? "" : ", ", *c);
		return list;
	case PARAM_FIELDS:
		list = "some of, a comma between them: ";
		for (const struct field *f = p->fields; f->name != NULL; f++)
			list = arena_printf(a, "%s%s%s", list, f == p->fields ? "" : ", ", f->name);
		return list;
	default:
		return "text";
	}
}

static void add_inputs(struct buf *out, struct arena *a, const struct op *op, size_t width)
{
	static const char *const headings[] = {"name", "type", "required", "default", "what it is"};
	struct grid grid = {.headings = headings, .columns = ARRAY_LEN(headings)};
	struct text cells[MAX_PARAMS * ARRAY_LEN(headings)];
	size_t filled = 0;

	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++) {
		cells[filled++] = text_of(p->name);
		cells[filled++] = text_of(type_of_input(a, p));
		cells[filled++] = text_of(p->required ? "yes" : "no");
		cells[filled++] = text_of(p->fallback == NULL ? "-" : p->fallback);
		cells[filled++] = text_of(p->help);
		grid.rows++;
	}
	grid.cells = cells;
	if (grid.rows == 0)
		buf_add_string(out, "\nIt takes no inputs.\n");
	else
		buf_add_string(out, "\nInputs:\n");
	if (grid.rows > 0)
		grid_add(out, &grid, 2, width);
}

static const char *type_of_output(const struct field *f)
{
	static const char *const names[] = {
		[FIELD_STRING] = "text",  [FIELD_BOOL] = "true or false",
		[FIELD_INT] = "number",   [FIELD_OBJECT] = "object",
		[FIELD_ANY] = "anything", [FIELD_NUMBER] = "number",
	};

	if (f->type == FIELD_ARRAY)
		return f->fields == NULL ? "texts" : "objects";
	return names[f->type];
}

enum { MOST_OUTPUTS = 256, DEEPEST_OUTPUT = 8 };

struct outputs {
	struct arena *arena;
	struct text cells[MOST_OUTPUTS * 3];
	size_t count;
};

static void collect_outputs(struct outputs *o, const struct field *fields, size_t depth)
{ // NOLINT(misc-no-recursion)
	for (const struct field *f = fields; f->name != NULL && o->count < MOST_OUTPUTS; f++) {
		struct text *row = &o->cells[o->count++ * 3];

		row[0] = text_of(arena_printf(o->arena, "%*s%s", (int)depth * 2, "", f->name));
		row[1] = text_of(type_of_output(f));
		row[2] = text_of(f->help == NULL ? "" : f->help);
		if (f->fields != NULL && depth < DEEPEST_OUTPUT)
			collect_outputs(o, f->fields, depth + 1);
	}
}

static void add_outputs(struct buf *out, struct arena *a, const struct op *op, size_t width)
{
	static const char *const headings[] = {"name", "type", "what it is"};
	struct outputs *o = arena_new(a, struct outputs);

	o->arena = a;
	collect_outputs(o, op->answer, 0);
	buf_add_string(out, "\nOutputs:\n");
	grid_add(out,
		 &(const struct grid){.headings = headings,
				      .columns = ARRAY_LEN(headings),
				      .cells = o->cells,
				      .rows = o->count},
		 2, width);
}

/* At spaces, where there is a width. */
static void add_wrapped(struct buf *out, const char *text, size_t width)
{
	struct text rest = text_of(text);
	struct text word;
	size_t column = 0;

	while (text_next(&rest, ' ', &word)) {
		if (column > 0) {
			bool wraps = width > 0 && column + 1 + word.len > width;

			buf_add_char(out, wraps ? '\n' : ' ');
			column = wraps ? 0 : column + 1;
		}
		buf_add(out, word);
		column += word.len;
	}
	buf_add_char(out, '\n');
}

static void show_to_people(const struct toolbox *box, const struct op *op)
{
	size_t width = action_width();
	struct arena arena;
	struct buf out;

	arena_init(&arena);
	buf_init(&out, SIZE_MAX);
	buf_printf(&out, "%s\n", op->tool->name);
	add_wrapped(&out, op->tool->title, width);
	buf_add_char(&out, '\n');
	add_wrapped(&out, op->tool->description, width);
	buf_printf(&out, "\nToolset:     %s\nTo agents:   %s\nDoes:        %s\nPermission:  %s\n",
		   op->tool->toolset, who_is_offered(box, op), tool_does(op->tool),
		   permission_name(op));
	add_inputs(&out, &arena, op, width);
	add_outputs(&out, &arena, op, width);
	print(&out);
	buf_fini(&out);
	arena_fini(&arena);
}

/* What MCP says of it, and what is said of it in the list. */
static void show_to_programs(const struct toolbox *box, const struct op *op)
{
	struct json_walk walk;
	struct json_writer w;
	struct buf described;
	struct buf out;
	struct arena arena;
	struct text value;
	struct text name;
	struct text key;

	arena_init(&arena);
	buf_init(&described, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	tool_describe(op, &described);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	put_summary(&w, box, op);
	walk = json_walk_begin(buf_text(&described));
	while (json_walk_member(&walk, &key, &value))
		if (json_unescape(&arena, key, &name) && !text_is(name, "name") &&
		    !text_is(name, "title")) {
			json_key(&w, name.ptr);
			json_put_raw(&w, value);
		}
	json_object_end(&w);
	print_json(buf_text(&out));
	buf_fini(&out);
	buf_fini(&described);
	arena_fini(&arena);
}

int action_show(const struct config *config, const struct op *op, bool json)
{
	struct toolbox *box = toolbox_new(config);

	if (json)
		show_to_programs(box, op);
	else
		show_to_people(box, op);
	toolbox_free(box);
	return 0;
}
