/* The effective configuration for programs: a list of settings, each with where it comes from. */
#include "config/show.h"
#include "config/value.h"
#include "json/json.h"

struct shown {
	struct json_writer w;
	struct arena *arena;
	const struct config *config;
};

/* ---- values ---- */

static void put_strings(struct json_writer *w, const char *const *items, size_t count)
{
	json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		json_put_cstr(w, items[i]);
	json_array_end(w);
}

/* A number that JSON would write otherwise stays text. */
static void put_number(struct json_writer *w, const struct node *node)
{
	int64_t whole;

	if (value_int(node, &whole))
		json_put_int(w, whole);
	else
		json_put_text(w, node->text);
}

/* What was written of a row that is read in its own way. */
static void put_written(struct shown *s, const struct node *node)
{
	bool is_map = node->type == NODE_MAP;

	if (node->type == NODE_BOOL) {
		json_put_bool(&s->w, node->boolean);
	} else if (node->type == NODE_NUMBER) {
		put_number(&s->w, node);
	} else if (!is_map && node->type != NODE_LIST) {
		json_put_text(&s->w, node->text);
	} else {
		(is_map ? json_object_begin : json_array_begin)(&s->w);
		for (size_t i = 0; i < node->count; i++) {
			if (!node_is_set(node->entries[i].value))
				continue;
			if (is_map)
				json_key(&s->w, arena_copy(s->arena, node->entries[i].key));
			put_written(s, node->entries[i].value);
		}
		(is_map ? json_object_end : json_array_end)(&s->w);
	}
}

static void put_value(struct shown *s, const struct setting *row, const void *base,
		      const struct node *source)
{
	const void *at = (const char *)base + row->into;
	const struct config_strings *strings = at;

	switch (row->type) {
	case SETTING_SECRET:
	case SETTING_BASE64:
		json_put_cstr(&s->w, "***");
		break;
	case SETTING_BOOL:
		json_put_bool(&s->w, *(const bool *)at);
		break;
	case SETTING_INT:
		json_put_int(&s->w, *(const int *)at);
		break;
	case SETTING_SIZE_BYTES:
		json_put_cstr(&s->w, value_print_size(s->arena, *(const int *)at));
		break;
	case SETTING_DURATION_MS:
		json_put_cstr(&s->w, value_print_duration(s->arena, *(const int *)at));
		break;
	case SETTING_ENUM:
		json_put_cstr(&s->w, setting_choice_name(row, *(const int *)at));
		break;
	case SETTING_STRINGS:
		put_strings(&s->w, strings->items, strings->count);
		break;
	case SETTING_WORDS:
		put_strings(&s->w, *(const char *const *const *)at, show_list_count(row, base));
		break;
	case SETTING_READ:
		if (row->secret)
			json_put_cstr(&s->w, "***");
		else
			put_written(s, source);
		break;
	default:
		json_put_cstr(&s->w, *(const char *const *)at);
		break;
	}
}

/* ---- where they come from ---- */

static void put_source(struct json_writer *w, const struct node *source)
{
	json_key(w, "source");
	if (!node_is_set(source)) {
		json_put_null(w);
		return;
	}
	json_object_begin(w);
	json_put_pair(w, "file", source->place.file);
	if (source->place.line > 0) {
		json_key(w, "line");
		json_put_int(w, source->place.line);
		json_key(w, "column");
		json_put_int(w, source->place.column);
	}
	json_object_end(w);
}

/* Begins the object of a setting, up to its value. */
static void begin(struct shown *s, const char *path)
{
	json_object_begin(&s->w);
	json_put_pair(&s->w, "path", path);
	json_key(&s->w, "value");
}

static void end(struct shown *s, const struct node *source)
{
	json_key(&s->w, "default");
	json_put_bool(&s->w, !node_is_set(source));
	put_source(&s->w, source);
	json_object_end(&s->w);
}

/* ---- rows ---- */

static void put_rows(struct shown *s, const struct setting *rows, const void *base,
		     const struct node *map, const char *prefix);

static void put_empty(struct shown *s, const char *path, const struct node *source)
{
	begin(s, path);
	json_array_begin(&s->w);
	json_array_end(&s->w);
	end(s, source);
}

static const char *element(struct shown *s, const char *path, size_t index)
{
	return arena_printf(s->arena, "%s[%zu].", path, index);
}

static void put_list(struct shown *s, const struct setting *row, const void *base,
		     const struct node *list, const char *path)
{
	const char *elements = *(const char *const *)((const char *)base + row->into);
	size_t count = show_list_count(row, base);

	if (count == 0)
		put_empty(s, path, list);
	for (size_t i = 0; i < count; i++)
		put_rows(s, row->list->rows, elements + i * row->list->element_size,
			 list->entries[i].value, element(s, path, i));
}

/* Callers from outside; those of backend.auth.keys stand behind the others. */
static void put_callers(struct shown *s, const struct node *list, const char *path, bool old)
{
	size_t count = node_is_set(list) ? list->count : 0;
	const struct config_external *all = s->config->external;

	if (old && count > 0)
		all += s->config->external_count - count;
	if (count == 0)
		put_empty(s, path, list);
	for (size_t i = 0; i < count; i++) {
		const struct node *source = list->entries[i].value;
		const char *prefix = element(s, path, i);

		put_rows(s, old ? old_key_settings : external_settings, &all[i], source, prefix);
		if (!old)
			put_rows(s, external_options[all[i].type], &all[i], source, prefix);
	}
}

static void put_target(struct shown *s, const struct config_endpoint *endpoint,
		       const struct node *source, const char *path)
{
	if (source->type == NODE_STRING) {
		begin(s, path);
		json_put_cstr(&s->w, endpoint->external);
		end(s, source);
		return;
	}
	put_rows(s, target_settings, endpoint, source, arena_printf(s->arena, "%s.", path));
}

static void put_row(struct shown *s, const struct setting *row, const void *base,
		    const struct node *source, const char *path)
{
	switch (row->type) {
	case SETTING_LIST:
		put_list(s, row, base, source, path);
		break;
	case SETTING_EXTERNAL:
	case SETTING_OLD_KEYS:
		put_callers(s, source, path, row->type == SETTING_OLD_KEYS);
		break;
	case SETTING_TARGET:
		put_target(s, base, source, path);
		break;
	default:
		begin(s, path);
		put_value(s, row, base, source);
		end(s, source);
		break;
	}
}

static void put_rows(struct shown *s, const struct setting *rows, const void *base,
		     const struct node *map, const char *prefix)
{
	for (const struct setting *row = rows; row->path != NULL; row++) {
		const struct node *source = config_node_at(map, text_of(row->path));

		if (show_has_value(row, base, source))
			put_row(s, row, base, source,
				arena_printf(s->arena, "%s%s", prefix, row->path));
	}
}

void config_show_json(const struct config *config, struct buf *out)
{
	struct arena arena;
	struct shown s = {.arena = &arena, .config = config};

	arena_init(&arena);
	json_writer_init(&s.w, out);
	json_object_begin(&s.w);
	json_key(&s.w, "settings");
	json_array_begin(&s.w);
	put_rows(&s, settings, config, config->tree->root, "");
	json_array_end(&s.w);
	json_object_end(&s.w);
	arena_fini(&arena);
}
