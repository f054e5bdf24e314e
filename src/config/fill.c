/* One value of the tree into its place. */
#include "config/check.h"

#include <stdint.h>
#include <string.h>

#include "config/value.h"

_Static_assert(sizeof(enum log_level) == sizeof(int), "choices are stored as int");
_Static_assert(sizeof(enum log_format) == sizeof(int), "choices are stored as int");
_Static_assert(sizeof(enum config_external_type) == sizeof(int), "choices are stored as int");
_Static_assert(sizeof(enum config_key_store) == sizeof(int), "choices are stored as int");
_Static_assert(sizeof(enum config_kubeconfig) == sizeof(int), "choices are stored as int");

static bool read_string(const struct setting *row, const struct node *value, const char **into)
{
	if (value->type != NODE_STRING || value->text.len == 0 || !check_is_one_line(value->text) ||
	    (row->accepts != NULL && !row->accepts(value->text)) ||
	    (row->choices != NULL && setting_find_choice(row, value->text) == NULL))
		return false;
	*into = value->text.ptr;
	return true;
}

static bool read_secret(const struct setting *row, const struct node *value, struct secret *into)
{
	const char *text;

	if (!read_string(row, value, &text))
		return false;
	secret_set(into, value->text);
	return true;
}

static bool read_base64(struct arena *a, const struct node *value, struct secret *into)
{
	struct text bytes;

	if (value->type != NODE_STRING || !value_base64(a, value->text, &bytes) || bytes.len == 0)
		return false;
	secret_set(into, bytes);
	return true;
}

static bool read_whole(const struct setting *row, const struct node *value, int *into)
{
	int64_t number = 0;
	bool ok;

	if (row->type == SETTING_DURATION_MS)
		ok = value_duration_ms(value, &number);
	else if (row->type == SETTING_SIZE_BYTES)
		ok = value_size(value, &number);
	else
		ok = value_int(value, &number);
	if (!ok || number < row->min || number > row->max)
		return false;
	*into = (int)number;
	return true;
}

static bool read_choice(const struct setting *row, const struct node *value, int *into)
{
	const struct setting_choice *choice =
		value->type == NODE_STRING ? setting_find_choice(row, value->text) : NULL;

	if (choice == NULL)
		return false;
	*into = choice->value;
	return true;
}

/* An element that is no string is named by itself. */
static void read_strings(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, struct config_strings *into)
{
	static const struct setting any = {.type = SETTING_STRING};
	const char **items;

	if (value->type != NODE_LIST || value->count < (size_t)row->min) {
		check_not_for_row(c, row, value, path);
		return;
	}
	items = arena_array(c->l->arena, const char *, value->count);
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->entries[i].value;

		if (!read_string(&any, item, &items[i]))
			check_not_for_row(c, &any, item,
					  arena_printf(c->l->arena, "%s[%zu]", path, i));
	}
	*into = (struct config_strings){items, value->count};
}

/* A duration written without its unit is the mistake people make most: say how to write it. */
static bool lacks_unit(struct check *c, const struct setting *row, const struct node *value,
		       const char *path)
{
	int64_t number;

	if (row->type != SETTING_DURATION_MS || value->computed || !value_int(value, &number) ||
	    number < 0)
		return false;
	findings_fault(c->l->found, value->place, path,
		       "got %s without a unit, wanted a duration: write %lds or %ldms",
		       check_describe(c->l->arena, value, true), (long)number, (long)number);
	return true;
}

static void check_url_value(struct check *c, const struct setting *row, const struct node *value,
			    const char *path, const char **into)
{
	struct text url = value->text;
	const char *why;
	bool loopback;

	if (value->type != NODE_STRING || url.len == 0) {
		check_not_for_row(c, row, value, path);
		return;
	}
	why = check_url(c->l->arena, url, row->url, &loopback);
	if (why != NULL) {
		findings_fault(c->l->found, value->place, path, "not usable as a URL: %s", why);
		return;
	}
	while ((row->url & URL_QUERY) == 0 && text_ends(url, "/"))
		url.len--;
	*into = arena_copy(c->l->arena, url);
}

static void check_file_value(struct check *c, const struct setting *row, const struct node *value,
			     const char *path, const char **into)
{
	const char *name;
	struct text content;
	struct error err;

	if (!read_string(&(struct setting){0}, value, &name)) {
		check_not_for_row(c, row, value, path);
		return;
	}
	name = load_path(c->l->arena, c->l->directory, name);
	if (!load_file(c->l, name, &content, &err))
		findings_fault(c->l->found, value->place, path, "cannot read this file: %s",
			       err.message);
	else if (row->accepts != NULL && !row->accepts(content))
		findings_fault(c->l->found, value->place, path,
			       "got a file that holds something else, wanted %s", row->wants);
	else
		*into = name;
	if (row->apart)
		load_note_apart(c->l, name);
}

void check_value(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *into)
{
	bool ok = true;

	switch (row->type) {
	case SETTING_STRING:
		ok = read_string(row, value, into);
		break;
	case SETTING_SECRET:
		ok = read_secret(row, value, into);
		break;
	case SETTING_BASE64:
		ok = read_base64(c->l->arena, value, into);
		break;
	case SETTING_BOOL:
		ok = value_bool(value, into);
		break;
	case SETTING_INT:
	case SETTING_SIZE_BYTES:
	case SETTING_DURATION_MS:
		ok = read_whole(row, value, into);
		break;
	case SETTING_ENUM:
		ok = read_choice(row, value, into);
		break;
	case SETTING_STRINGS:
		read_strings(c, row, value, path, into);
		break;
	case SETTING_URL:
		check_url_value(c, row, value, path, into);
		break;
	case SETTING_FILE:
		check_file_value(c, row, value, path, into);
		break;
	case SETTING_READ:
		row->read(c, row, value, path, into);
		break;
	default:
		break;
	}
	if (!ok && !lacks_unit(c, row, value, path))
		check_not_for_row(c, row, value, path);
}
