/*
 * A JSON Schema of the files, for editors, from the rows. It is draft-07, which is what YAML's
 * language server takes. What belongs to other plugins it lets be; a key that this service would
 * report as unknown does not fit.
 */
#include <string.h>

#include "config/config.h"
#include "config/schema_value.h"
#include "config/table.h"

struct schema {
	struct json_writer *w;
	struct arena *a;
};

/* Where a map may come from another file as a whole, nothing is required of what stands here. */
#define INCLUDE "$include"

/* ---- pieces ---- */

static void put_reference(struct json_writer *w, const char *path)
{
	json_object_begin(w);
	json_put_pair(w, "$ref", path);
	json_object_end(w);
}

static void put_description(const struct schema *s, const struct setting *row)
{
	const char *unit = "";

	if (row->type == SETTING_SIZE_BYTES || row->type == SETTING_DURATION_MS)
		unit = arena_printf(s->a, " Wanted: %s.", setting_wants(s->a, row));
	else if (row->wants != NULL)
		unit = arena_printf(s->a, " Wanted: %s.", row->wants);
	json_put_pair(s->w, "description",
		      arena_printf(s->a, "%s%s%s", row->help, unit,
				   row->fixed ? " Needs a restart." : ""));
	schema_put_default(s->w, row);
	if (row->deprecated == NULL)
		return;
	json_key(s->w, "deprecated");
	json_put_bool(s->w, true);
	json_put_pair(s->w, "deprecationMessage",
		      arena_printf(s->a, "Deprecated: %s.", row->deprecated));
}

/* ---- maps ---- */

/* A map, or a string that depends on a variable: where that is not set, the map is not there. */
static void put_types(const struct schema *s, bool or_nothing)
{
	json_key(s->w, "type");
	json_put_raw(s->w, or_nothing ? TEXT("[\"object\",\"string\",\"null\"]")
				      : TEXT("[\"object\",\"string\"]"));
	json_put_pair(s->w, "pattern", "\\$\\{[^}]*\\}");
}

static void put_rows(const struct schema *s, const struct setting *rows, const char *within);

static bool is_required(const struct setting *rows, const char *within)
{
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (row->required && strncmp(row->path, within, strlen(within)) == 0)
			return true;
	return false;
}

static void put_required(const struct schema *s, const struct setting *rows, const char *within)
{
	size_t start = strlen(within);

	if (!is_required(rows, within))
		return;
	json_key(s->w, "if");
	json_put_raw(s->w, TEXT("{\"required\":[\"" INCLUDE "\"]}"));
	json_key(s->w, "else");
	json_object_begin(s->w);
	json_key(s->w, "required");
	json_array_begin(s->w);
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (row->required && strncmp(row->path, within, start) == 0 &&
		    strchr(row->path + start, '.') == NULL)
			json_put_cstr(s->w, row->path + start);
	json_array_end(s->w);
	json_object_end(s->w);
}

/* The members of an object: what a map may hold whose rows begin with within. */
static void put_map(const struct schema *s, const struct setting *rows, const char *within,
		    bool closed)
{
	json_key(s->w, "properties");
	json_object_begin(s->w);
	put_rows(s, rows, within);
	json_key(s->w, INCLUDE);
	json_put_raw(s->w, TEXT("{\"type\":\"string\",\"description\":"
				"\"All of this map, from another file: PATH#a.b.\"}"));
	json_object_end(s->w);
	put_required(s, rows, within);
	if (!closed)
		return;
	json_key(s->w, "additionalProperties");
	json_put_bool(s->w, false);
}

/* ---- lists of maps ---- */

static void put_element(const struct schema *s, const struct setting *rows)
{
	json_object_begin(s->w);
	put_types(s, false);
	put_map(s, rows, "", true);
	json_object_end(s->w);
}

/* What the options of a caller are depends on its type. */
static void put_type_of_caller(const struct schema *s, const struct setting_choice *type)
{
	const struct setting *rows = external_options[type->value];

	json_object_begin(s->w);
	json_key(s->w, "if");
	json_put_raw(s->w, text_of(arena_printf(s->a,
						"{\"properties\":{\"type\":{\"const\":\"%s\"}},"
						"\"required\":[\"type\"]}",
						type->name)));
	json_key(s->w, "then");
	json_object_begin(s->w);
	json_key(s->w, "properties");
	json_object_begin(s->w);
	put_rows(s, rows, "");
	json_object_end(s->w);
	if (is_required(rows, "")) {
		json_key(s->w, "required");
		json_put_raw(s->w, TEXT("[\"options\"]"));
	}
	json_object_end(s->w);
	json_object_end(s->w);
}

static void put_caller(const struct schema *s)
{
	json_object_begin(s->w);
	put_types(s, false);
	put_map(s, external_settings, "", true);
	json_key(s->w, "allOf");
	json_array_begin(s->w);
	for (const struct setting_choice *c = external_settings[0].choices; c->name != NULL; c++)
		put_type_of_caller(s, c);
	json_array_end(s->w);
	json_object_end(s->w);
}

static void put_list(const struct schema *s, const struct setting *row)
{
	json_object_begin(s->w);
	json_put_pair(s->w, "type", "array");
	if (row->min > 0) {
		json_key(s->w, "minItems");
		json_put_int(s->w, row->min);
	}
	if (row->max > 0) {
		json_key(s->w, "maxItems");
		json_put_int(s->w, row->max);
	}
	json_key(s->w, "items");
	if (row->type == SETTING_EXTERNAL)
		put_caller(s);
	else
		put_element(s, row->type == SETTING_OLD_KEYS ? old_key_settings : row->list->rows);
	json_object_end(s->w);
}

/* An address for both sides, or a map of them. */
static void put_target(const struct schema *s)
{
	schema_put_alternatives(s->w, s->a, &target_settings[1]);
	put_element(s, target_settings);
}

/* ---- rows ---- */

static void put_alternatives(const struct schema *s, const struct setting *row)
{
	switch (row->type) {
	case SETTING_LIST:
	case SETTING_EXTERNAL:
	case SETTING_OLD_KEYS:
		put_list(s, row);
		break;
	case SETTING_TARGET:
		put_target(s);
		break;
	default:
		schema_put_alternatives(s->w, s->a, row);
		break;
	}
}

static void put_row(const struct schema *s, const struct setting *row)
{
	json_object_begin(s->w);
	if (row->type == SETTING_FOREIGN) {
		json_put_pair(s->w, "description", "Not read by spectrocloud-backend.");
		json_object_end(s->w);
		return;
	}
	put_description(s, row);
	json_key(s->w, "anyOf");
	json_array_begin(s->w);
	put_alternatives(s, row);
	put_reference(s->w, "#/definitions/computed");
	if (!row->required)
		json_put_raw(s->w, TEXT("{\"type\":\"null\"}"));
	json_array_end(s->w);
	json_object_end(s->w);
}

/* The first name of a path behind within; empty if the row is elsewhere. */
static struct text name_behind(const struct setting *row, const char *within)
{
	struct text path = text_of(row->path);
	struct text name = TEXT("");

	if (!text_starts(path, within))
		return name;
	path = text_slice(path, strlen(within), path.len);
	return text_next(&path, '.', &name) ? name : TEXT("");
}

static bool has_been(const struct setting *rows, const struct setting *row, const char *within)
{
	for (const struct setting *before = rows; before < row; before++)
		if (text_equal(name_behind(before, within), name_behind(row, within)))
			return true;
	return false;
}

/* Where check_unknown() looks: what this service alone reads. */
static bool is_ours(const struct setting *rows, const char *within)
{
	return rows != settings || strncmp(within, "spectrocloud.", strlen("spectrocloud.")) == 0;
}

static void put_section(const struct schema *s, const struct setting *rows, const char *within)
{
	json_object_begin(s->w);
	put_types(s, true);
	put_map(s, rows, within, is_ours(rows, within));
	json_object_end(s->w);
}

static void put_rows(const struct schema *s, const struct setting *rows, const char *within)
{
	for (const struct setting *row = rows; row->path != NULL; row++) {
		struct text name = name_behind(row, within);
		const char *key = arena_copy(s->a, name);

		if (name.len == 0 || has_been(rows, row, within))
			continue;
		json_key(s->w, key);
		if (strlen(row->path) == strlen(within) + name.len)
			put_row(s, row);
		else
			put_section(s, rows, arena_printf(s->a, "%s%s.", within, key));
	}
}

void config_schema(struct buf *out)
{
	struct arena arena;
	struct json_writer w;
	struct schema s = {.w = &w, .a = &arena};

	arena_init(&arena);
	json_writer_init(&w, out);
	json_object_begin(&w);
	json_put_pair(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	json_put_pair(&w, "title", "app-config.yaml, as spectrocloud-backend reads it");
	json_put_pair(&w, "type", "object");
	put_map(&s, settings, "", false);
	json_key(&w, "definitions");
	schema_put_definitions(&w);
	json_object_end(&w);
	arena_fini(&arena);
}
