/* The effective configuration as YAML, each value with where it comes from. */
#include <string.h>

#include "config/show.h"
#include "config/value.h"

struct show {
	struct arena *arena;
	struct buf *out;
	unsigned indent; /* levels */
	bool dash;       /* the next line starts a list's element */
};

/* ---- pieces of YAML ---- */

static void begin_line(struct show *s, unsigned depth)
{
	for (unsigned i = 0; i < s->indent + depth; i++)
		buf_add_string(s->out, s->dash && i + 1 == s->indent + depth ? "- " : "  ");
	s->dash = false;
}

static bool is_plain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_./:@-", c) != NULL;
}

/* Whether a string may stand without quotes and still read as that string. */
static bool is_plain(struct show *s, struct text t)
{
	if (t.len == 0 || strchr("-:@.", t.ptr[0]) != NULL || text_ends(t, ":"))
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] == '\0' || !is_plain_char(t.ptr[i]))
			return false;
	return config_node_plain(s->arena, t, (struct place){"", 0, 0})->type == NODE_STRING;
}

static void put_string(struct show *s, const char *string)
{
	struct text t = text_of(string);

	if (is_plain(s, t)) {
		buf_add(s->out, t);
		return;
	}
	buf_add_char(s->out, '"');
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		if (c < 0x20 || c == 0x7f)
			buf_printf(s->out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			buf_printf(s->out, "\\%c", c);
		else
			buf_add_char(s->out, (char)c);
	}
	buf_add_char(s->out, '"');
}

static void put_strings(struct show *s, const char *const *items, size_t count)
{
	buf_add_char(s->out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_add_string(s->out, i == 0 ? "" : ", ");
		put_string(s, items[i]);
	}
	buf_add_char(s->out, ']');
}

/* Ends a line with where its value comes from; NULL: from nowhere, so it is the default. */
static void end_line(struct show *s, const struct node *source)
{
	const char *where = node_is_set(source) ? place_print(s->arena, source->place) : "default";

	buf_add_string(s->out, " # ");
	for (; *where != '\0'; where++) /* a file's name may hold anything */
		buf_add_char(s->out, (unsigned char)*where < 0x20 ? '?' : *where);
	buf_add_char(s->out, '\n');
}

/* ---- rows ---- */

size_t show_list_count(const struct setting *row, const void *base)
{
	return *(const size_t *)((const char *)base + row->count_into);
}

static void put_value(struct show *s, const struct setting *row, const void *base)
{
	const void *at = (const char *)base + row->into;
	const struct config_strings *strings = at;

	switch (row->type) {
	case SETTING_SECRET:
	case SETTING_BASE64:
		buf_add_string(s->out, "\"***\"");
		break;
	case SETTING_BOOL:
		buf_add_string(s->out, *(const bool *)at ? "true" : "false");
		break;
	case SETTING_INT:
		buf_printf(s->out, "%d", *(const int *)at);
		break;
	case SETTING_SIZE_BYTES:
		buf_add_string(s->out, value_print_size(s->arena, *(const int *)at));
		break;
	case SETTING_DURATION_MS:
		buf_add_string(s->out, value_print_duration(s->arena, *(const int *)at));
		break;
	case SETTING_ENUM:
		buf_add_string(s->out, setting_choice_name(row, *(const int *)at));
		break;
	case SETTING_STRINGS:
		put_strings(s, strings->items, strings->count);
		break;
	case SETTING_WORDS:
		put_strings(s, *(const char *const *const *)at, show_list_count(row, base));
		break;
	default:
		put_string(s, *(const char *const *)at);
		break;
	}
}

/* Whether there is something to print of a row. Of lists, most are worth a line when empty too. */
bool show_has_value(const struct setting *row, const void *base, const struct node *source)
{
	const void *at = (const char *)base + row->into;

	switch (row->type) {
	case SETTING_FOREIGN:
		return false;
	case SETTING_SECRET:
	case SETTING_BASE64:
		return secret_is_set(at);
	case SETTING_STRING:
	case SETTING_URL:
	case SETTING_FILE:
	case SETTING_WORDS:
		return *(const void *const *)at != NULL;
	case SETTING_STRINGS:
		return ((const struct config_strings *)at)->items != NULL || !row->narrows;
	case SETTING_LIST:
		return show_list_count(row, base) > 0 || (!row->narrows && row->needed == NULL);
	case SETTING_OLD_KEYS:
	case SETTING_READ:
		return node_is_set(source);
	default:
		return true;
	}
}

/* Prints the sections of path that were not those of the line before; tells how deep path is. */
static unsigned put_sections(struct show *s, const char *before, const char *path)
{
	const char *start = path;
	bool shared = true;
	unsigned depth = 0;

	for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(start, '.')) {
		size_t upto = (size_t)(dot - path) + 1;

		shared = shared && strncmp(before, path, upto) == 0;
		if (!shared) {
			begin_line(s, depth);
			buf_printf(s->out, "%.*s:\n", (int)(dot - start), start);
		}
		start = dot + 1;
		depth++;
	}
	return depth;
}

static void put_rows(struct show *s, const struct setting *rows, const void *base,
		     const struct node *map);

/* The element of a list that starts at base; it goes on until the indent is put back. */
static void put_element(struct show *s, unsigned indent, const struct setting *rows,
			const void *base, const struct node *map)
{
	s->indent = indent + 2;
	s->dash = true;
	put_rows(s, rows, base, map);
	if (!s->dash)
		return;
	begin_line(s, 0);
	buf_add_string(s->out, "{}");
	end_line(s, map);
}

static void put_list(struct show *s, const struct setting *row, const void *base,
		     const struct node *list)
{
	const char *elements = *(const char *const *)((const char *)base + row->into);
	size_t count = show_list_count(row, base);
	unsigned indent = s->indent;

	if (count == 0)
		buf_add_string(s->out, " []");
	end_line(s, list);
	for (size_t i = 0; i < count; i++)
		put_element(s, indent, row->list->rows, elements + i * row->list->element_size,
			    list->entries[i].value);
	s->indent = indent;
}

static void put_target(struct show *s, const struct config_endpoint *endpoint,
		       const struct node *source)
{
	bool is_one = source->type == NODE_STRING;

	if (is_one) {
		buf_add_char(s->out, ' ');
		put_string(s, endpoint->external);
	} else if (endpoint->internal == NULL && endpoint->external == NULL) {
		buf_add_string(s->out, " {internal: null}");
	}
	end_line(s, source);
	s->indent++;
	if (!is_one)
		put_rows(s, target_settings, endpoint, source);
	s->indent--;
}

/* How many elements a list of external callers has. */
static size_t count_elements(const struct node *list)
{
	return node_is_set(list) ? list->count : 0;
}

static void put_external(struct show *s, const struct config *config, const struct node *list)
{
	unsigned indent = s->indent;

	if (count_elements(list) == 0)
		buf_add_string(s->out, " []");
	end_line(s, list);
	for (size_t i = 0; i < count_elements(list); i++) {
		const struct config_external *entry = &config->external[i];
		const struct node *source = list->entries[i].value;

		put_element(s, indent, external_settings, entry, source);
		put_rows(s, external_options[entry->type], entry, source);
	}
	s->indent = indent;
}

/* They stand behind those of put_external(). */
static void put_old_keys(struct show *s, const struct config *config, const struct node *list)
{
	size_t first = config->external_count - list->count;
	unsigned indent = s->indent;

	if (list->count == 0)
		buf_add_string(s->out, " []");
	end_line(s, list);
	for (size_t i = 0; i < list->count; i++)
		put_element(s, indent, old_key_settings, &config->external[first + i],
			    list->entries[i].value);
	s->indent = indent;
}

static void put_scalar(struct show *s, const struct node *node)
{
	if (node->type == NODE_STRING)
		put_string(s, node->text.ptr);
	else
		buf_add(s->out, node->text);
}

/* What was written: a scalar, a list of scalars, or a map of such. */
static void put_written(struct show *s, const struct node *node)
{
	if (node->type == NODE_LIST) {
		buf_add_string(s->out, " [");
		for (size_t i = 0; i < node->count; i++) {
			buf_add_string(s->out, i == 0 ? "" : ", ");
			put_scalar(s, node->entries[i].value);
		}
		buf_add_char(s->out, ']');
	} else if (node->type != NODE_MAP) {
		buf_add_char(s->out, ' ');
		put_scalar(s, node);
	} else if (node->count == 0) {
		buf_add_string(s->out, " {}");
	}
	end_line(s, node);
	if (node->type != NODE_MAP)
		return;
	s->indent++;
	for (size_t i = 0; i < node->count; i++) {
		if (!node_is_set(node->entries[i].value))
			continue;
		begin_line(s, 0);
		put_string(s, arena_copy(s->arena, node->entries[i].key));
		buf_add_char(s->out, ':');
		put_written(s, node->entries[i].value);
	}
	s->indent--;
}

/* What stands behind the name of a row that is depth levels deep. */
static void put_row(struct show *s, const struct setting *row, const void *base,
		    const struct node *source, unsigned depth)
{
	s->indent += depth;
	switch (row->type) {
	case SETTING_LIST:
		put_list(s, row, base, source);
		break;
	case SETTING_TARGET:
		put_target(s, base, source);
		break;
	case SETTING_EXTERNAL:
		put_external(s, base, source);
		break;
	case SETTING_OLD_KEYS:
		put_old_keys(s, base, source);
		break;
	case SETTING_READ:
		if (row->secret) {
			buf_add_string(s->out, " \"***\"");
			end_line(s, source);
		} else {
			put_written(s, source);
		}
		break;
	default:
		buf_add_char(s->out, ' ');
		put_value(s, row, base);
		end_line(s, source);
		break;
	}
	s->indent -= depth;
}

static void put_rows(struct show *s, const struct setting *rows, const void *base,
		     const struct node *map)
{
	const char *before = "";

	for (const struct setting *row = rows; row->path != NULL; row++) {
		const struct node *source = config_node_at(map, text_of(row->path));
		unsigned depth;

		if (!show_has_value(row, base, source))
			continue;
		depth = put_sections(s, before, row->path);
		begin_line(s, depth);
		buf_add(s->out, setting_name(row));
		buf_add_char(s->out, ':');
		put_row(s, row, base, source, depth);
		before = row->path;
	}
}

void config_show(const struct config *config, struct buf *out)
{
	struct arena arena;
	struct show s = {.arena = &arena, .out = out};

	arena_init(&arena);
	put_rows(&s, settings, config, config->tree->root);
	arena_fini(&arena);
}
