/* The effective configuration as YAML, each value with where it comes from. */
#include <string.h>

#include "config/table.h"
#include "config/tree.h"
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

static void put_value(struct show *s, const struct setting *row, const void *at)
{
	const struct config_strings *strings = at;

	switch (row->type) {
	case SETTING_SECRET:
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
	default:
		put_string(s, *(const char *const *)at);
		break;
	}
}

static bool has_value(const struct setting *row, const void *at)
{
	if (row->type == SETTING_SECRET)
		return secret_is_set(at);
	if (row->type == SETTING_STRING || row->type == SETTING_URL || row->type == SETTING_FILE)
		return *(const char *const *)at != NULL;
	return true;
}

static struct text last_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	return text_of(dot == NULL ? path : dot + 1);
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

static void put_list(struct show *s, const struct setting *row, const void *base,
		     const struct node *list)
{
	const char *elements = *(const char *const *)((const char *)base + row->into);
	size_t count = *(const size_t *)((const char *)base + row->list->count_into);
	unsigned indent = s->indent;

	if (count == 0)
		buf_add_string(s->out, " []");
	end_line(s, list);
	for (size_t i = 0; i < count; i++) {
		s->indent = indent + 3;
		s->dash = true;
		put_rows(s, row->list->rows, elements + i * row->list->element_size,
			 list->entries[i].value);
	}
	s->indent = indent;
}

static void put_external(struct show *s, const struct config *config, const struct node *list);

static void put_row(struct show *s, const struct setting *row, const void *base,
		    const struct node *source)
{
	if (row->type == SETTING_LIST) {
		put_list(s, row, base, source);
	} else if (row->type == SETTING_EXTERNAL) {
		put_external(s, base, source);
	} else {
		buf_add_char(s->out, ' ');
		put_value(s, row, (const char *)base + row->into);
		end_line(s, source);
	}
}

static void put_rows(struct show *s, const struct setting *rows, const void *base,
		     const struct node *map)
{
	const char *before = "";

	for (const struct setting *row = rows; row->path != NULL; row++) {
		struct text name = last_name(row->path);
		unsigned depth;

		if (row->type == SETTING_FOREIGN || row->type == SETTING_UNSUPPORTED ||
		    !has_value(row, (const char *)base + row->into))
			continue;
		depth = put_sections(s, before, row->path);
		begin_line(s, depth);
		buf_add(s->out, name);
		buf_add_char(s->out, ':');
		put_row(s, row, base, config_node_at(map, text_of(row->path)));
		before = row->path;
	}
}

/* ---- backend.auth.externalAccess ---- */

static void put_words(struct show *s, unsigned depth, const char *key, const char *const *items,
		      size_t count)
{
	if (items == NULL)
		return;
	begin_line(s, depth);
	buf_printf(s->out, "%s: ", key);
	put_strings(s, items, count);
	buf_add_char(s->out, '\n');
}

static void put_restriction(struct show *s, const struct config_restriction *restriction,
			    const struct node *source)
{
	s->dash = true;
	begin_line(s, 0);
	buf_add_string(s->out, "plugin: ");
	put_string(s, restriction->plugin);
	end_line(s, source);
	put_words(s, 0, "permission", restriction->permissions, restriction->permission_count);
	if (restriction->actions == NULL)
		return;
	begin_line(s, 0);
	buf_add_string(s->out, "permissionAttribute:\n");
	put_words(s, 1, "action", restriction->actions, restriction->action_count);
}

static void put_entry(struct show *s, const struct config_external *external,
		      const struct node *source)
{
	static const char *const types[] = {
		[CONFIG_EXTERNAL_STATIC] = "static",
		[CONFIG_EXTERNAL_LEGACY] = "legacy",
		[CONFIG_EXTERNAL_JWKS] = "jwks",
	};
	const struct node *list = config_node_get(source, TEXT("accessRestrictions"));

	s->dash = true;
	begin_line(s, 0);
	buf_printf(s->out, "type: %s", types[external->type]);
	end_line(s, source);
	put_rows(s, external_settings, external, source);
	if (external->restriction_count == 0)
		return;
	begin_line(s, 0);
	buf_add_string(s->out, "accessRestrictions:");
	end_line(s, list);
	s->indent += 2;
	for (size_t i = 0; i < external->restriction_count; i++)
		put_restriction(s, &external->restrictions[i], list->entries[i].value);
	s->indent -= 2;
}

static void put_external(struct show *s, const struct config *config, const struct node *list)
{
	unsigned indent = s->indent;

	if (config->external_count == 0)
		buf_add_string(s->out, " []");
	end_line(s, list);
	s->indent = indent + 4;
	for (size_t i = 0; i < config->external_count; i++)
		put_entry(s, &config->external[i], list->entries[i].value);
	s->indent = indent;
}

void config_show(const struct config *config, struct buf *out)
{
	struct arena arena;
	struct show s = {.arena = &arena, .out = out};

	arena_init(&arena);
	put_rows(&s, settings, config, config->tree->root);
	arena_fini(&arena);
}
