/* action run on a terminal: the answer as its row describes it. */
#include <string.h>

#include "base/visible.h"
#include "cmd/action.h"
#include "cmd/grid.h"
#include "cmd/pretty.h"
#include "json/json.h"

enum {
	LONGEST_CELL = 400, /* bytes; a longer one is cut, with a mark */
	MOST_BELOW = 64,    /* texts of several lines */
	MOST_FOUND = 6,     /* columns of objects that nobody describes */
	INDENT = 2,
};

#define CUT_MARK "\xe2\x80\xa6"

struct below {
	const char *name;
	struct text text;
};

struct drawing {
	struct buf *out;
	struct arena *arena;
	const struct op *op;
	size_t width;
	bool cut;
	bool partial; /* there are members that are not drawn */
	struct below below[MOST_BELOW];
	size_t below_count;
};

struct column {
	const char *name;
	const char *pointer;
};

struct columns {
	struct column all[GRID_MOST_COLUMNS];
	size_t count;
};

/* ---- values ---- */

static struct text string_of(struct arena *a, struct text value)
{
	struct text string;

	return json_unescape(a, value, &string) ? string : text_trim(value);
}

static bool is_nothing(struct text value)
{
	enum json_type type = json_type_of(value);

	return type == JSON_TYPE_NULL || type == JSON_TYPE_NONE;
}

static bool is_container(struct text value)
{
	enum json_type type = json_type_of(value);

	return type == JSON_TYPE_OBJECT || type == JSON_TYPE_ARRAY;
}

static bool holds_containers(struct text array)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;

	while (json_walk_item(&walk, &item))
		if (is_container(item))
			return true;
	return false;
}

static void add_items(struct buf *out, struct arena *a, struct text array)
{
	struct json_walk walk = json_walk_begin(array);
	const char *comma = "";
	struct text item;

	while (json_walk_item(&walk, &item)) {
		buf_add_string(out, comma);
		visible_add(out, string_of(a, item));
		comma = ", ";
	}
}

/* On one line. */
static void add_value(struct buf *out, struct arena *a, struct text value)
{
	enum json_type type = json_type_of(value);

	if (type == JSON_TYPE_OBJECT || (type == JSON_TYPE_ARRAY && holds_containers(value)))
		pretty_add_json_line(out, value);
	else if (type == JSON_TYPE_ARRAY)
		add_items(out, a, value);
	else
		visible_add(out, string_of(a, value));
}

static struct text cell_of(struct drawing *d, struct text value)
{
	struct text cell;
	struct buf line;

	buf_init(&line, SIZE_MAX);
	add_value(&line, d->arena, value);
	cell = buf_text(&line);
	if (cell.len > LONGEST_CELL) {
		d->cut = true;
		cell = text_of(arena_printf(d->arena, "%s" CUT_MARK,
					    arena_copy(d->arena, visible_cut(cell, LONGEST_CELL))));
	} else {
		cell = arena_copy_text(d->arena, cell);
	}
	buf_fini(&line);
	return cell;
}

/* ---- tables ---- */

static void add_column(struct columns *columns, const char *name, const char *pointer)
{
	if (columns->count < GRID_MOST_COLUMNS)
		columns->all[columns->count++] = (struct column){name, pointer};
}

static bool is_anywhere(struct text array, const char *pointer)
{
	struct json_walk walk = json_walk_begin(array);
	struct text value;
	struct text item;

	while (json_walk_item(&walk, &item))
		if (json_at(item, pointer, &value) && !is_nothing(value))
			return true;
	return false;
}

/* Those that an item has. */
static void described_columns(struct drawing *d, const struct field *fields, struct text array,
			      struct columns *columns)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		const char *pointer = arena_printf(d->arena, "/%s", f->name);

		if (f->required || is_anywhere(array, pointer))
			add_column(columns, f->name, pointer);
	}
}

/* Of objects as Palette has them: what identifies one, and what is one word of the first. */
static void found_columns(struct drawing *d, struct text array, struct columns *columns)
{
	struct json_walk walk = json_walk_begin(array);
	struct text first = TEXT("");
	struct text value;
	struct text key;

	d->partial = true;
	if (is_anywhere(array, "/metadata/uid"))
		add_column(columns, "uid", "/metadata/uid");
	if (is_anywhere(array, "/metadata/name"))
		add_column(columns, "name", "/metadata/name");
	if (!json_walk_item(&walk, &first))
		return;
	walk = json_walk_begin(first);
	while (columns->count < MOST_FOUND && json_walk_member(&walk, &key, &value)) {
		struct buf name;
		struct text plain;

		if (is_container(value) || !json_unescape(d->arena, key, &plain) ||
		    text_find(plain, '/') != SIZE_MAX || text_find(plain, '~') != SIZE_MAX)
			continue;
		buf_init(&name, SIZE_MAX);
		visible_add(&name, plain);
		add_column(columns, arena_copy(d->arena, buf_text(&name)),
			   arena_printf(d->arena, "/%s", plain.ptr));
		buf_fini(&name);
	}
}

static void draw_table(struct drawing *d, const struct field *fields, struct text array,
		       size_t indent)
{
	struct json_walk walk = json_walk_begin(array);
	const char *headings[GRID_MOST_COLUMNS];
	struct grid grid = {.headings = headings, .rows = json_count_items(array)};
	struct columns columns = {.count = 0};
	struct text *cell;
	struct text value;
	struct text item;

	if (fields != NULL && fields->name != NULL)
		described_columns(d, fields, array, &columns);
	else
		found_columns(d, array, &columns);
	grid.columns = columns.count;
	for (size_t i = 0; i < columns.count; i++)
		headings[i] = columns.all[i].name;
	cell = arena_array(d->arena, struct text, grid.rows * columns.count);
	grid.cells = cell;
	while (json_walk_item(&walk, &item))
		for (size_t i = 0; i < columns.count; i++, cell++)
			*cell = json_at(item, columns.all[i].pointer, &value) && !is_nothing(value)
					? cell_of(d, value)
					: TEXT("-");
	grid_add(d->out, &grid, indent, d->width);
}

/* ---- members ---- */

static void add_name(struct drawing *d, const char *name, size_t indent)
{
	for (size_t i = 0; i < indent; i++)
		buf_add_char(d->out, ' ');
	buf_add_string(d->out, name);
	buf_add_char(d->out, ':');
}

static bool goes_below(struct drawing *d, const char *name, struct text value)
{
	struct text string;

	if (json_type_of(value) != JSON_TYPE_STRING)
		return false;
	string = string_of(d->arena, value);
	if (text_find(string, '\n') == SIZE_MAX || d->below_count == MOST_BELOW)
		return false;
	d->below[d->below_count++] = (struct below){name, string};
	return true;
}

static void draw_value(struct drawing *d, const char *name, struct text value, size_t indent)
{
	if (goes_below(d, name, value))
		return;
	add_name(d, name, indent);
	buf_add_char(d->out, ' ');
	add_value(d->out, d->arena, value);
	buf_add_char(d->out, '\n');
}

static void draw_list(struct drawing *d, const struct field *f, struct text array, size_t indent,
		      bool heading)
{
	if (json_count_items(array) == 0) {
		add_name(d, f->name, indent);
		buf_add_string(d->out, " none\n");
		return;
	}
	if (heading) {
		add_name(d, f->name, indent);
		buf_add_char(d->out, '\n');
		indent += INDENT;
	}
	draw_table(d, f->fields, array, indent);
}

static bool has_param(const struct op *op, const char *name)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

/* Fields of rows are not deep. */
static void draw_members(struct drawing *d, const struct field *fields, struct text object,
			 size_t indent) // NOLINT(misc-no-recursion)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		struct text value;

		if (!json_member(object, f->name, &value) || is_nothing(value))
			continue;
		if (json_type_of(value) == JSON_TYPE_ARRAY && f->fields != NULL) {
			draw_list(d, f, value, indent, f != fields);
		} else if (json_type_of(value) == JSON_TYPE_OBJECT && f->fields != NULL &&
			   f->fields->name != NULL) {
			add_name(d, f->name, indent);
			buf_add_char(d->out, '\n');
			draw_members(d, f->fields, value, indent + INDENT);
		} else if (indent == 0 && strcmp(f->name, "nextCursor") == 0 &&
			   has_param(d->op, "cursor")) {
			buf_add_string(d->out, "more: --arg cursor=");
			add_value(d->out, d->arena, value);
			buf_add_char(d->out, '\n');
		} else {
			draw_value(d, f->name, value, indent);
		}
	}
}

static void draw_below(struct drawing *d)
{
	for (size_t i = 0; i < d->below_count; i++) {
		struct text rest = d->below[i].text;
		struct text line;

		if (rest.len > 0 && rest.ptr[rest.len - 1] == '\n')
			rest.len--;
		buf_printf(d->out, "%s%s:\n", d->out->len == 0 ? "" : "\n", d->below[i].name);
		while (text_next(&rest, '\n', &line)) {
			visible_add(d->out, line);
			buf_add_char(d->out, '\n');
		}
	}
}

void action_draw(struct buf *out, struct arena *a, const struct op *op, struct text answer,
		 size_t width)
{
	struct drawing d = {.out = out, .arena = a, .op = op, .width = width};

	draw_members(&d, op->answer, answer, 0);
	draw_below(&d);
	if (d.cut)
		buf_add_string(out,
			       "(" CUT_MARK " stands for what is cut; --json has all of it)\n");
	else if (d.partial)
		buf_add_string(out, "(There is more in each; --json has all of it.)\n");
}
