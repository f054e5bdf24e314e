/* What a row says of itself. */
#include <inttypes.h>
#include <string.h>

#include "config/table.h"
#include "config/value.h"

struct text setting_name(const struct setting *row)
{
	const char *dot = strrchr(row->path, '.');

	return text_of(dot == NULL ? row->path : dot + 1);
}

const struct setting_choice *setting_find_choice(const struct setting *row, struct text name)
{
	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		if (text_is(name, c->name))
			return c;
	return NULL;
}

const char *setting_choice_name(const struct setting *row, int value)
{
	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		if (c->value == value)
			return c->name;
	return "?";
}

static const char *list_choices(struct arena *a, const struct setting *row)
{
	const char *list = "";

	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		list = arena_printf(a, "%s%s%s", list, c == row->choices ? "" : ", ", c->name);
	return arena_printf(a, "one of %s%s", list,
			    row->type == SETTING_WORDS ? ", or a list of them" : "");
}

const char *setting_wants(struct arena *a, const struct setting *row)
{
	if (row->choices != NULL)
		return list_choices(a, row);
	switch (row->type) {
	case SETTING_BOOL:
		return "true or false";
	case SETTING_INT:
		return arena_printf(a, "a whole number from %" PRId64 " to %" PRId64, row->min,
				    row->max);
	case SETTING_SIZE_BYTES:
		return arena_printf(a, "a size from %s to %s such as %s",
				    value_print_size(a, row->min), value_print_size(a, row->max),
				    row->fallback);
	case SETTING_DURATION_MS:
		return arena_printf(a, "a duration with its unit, from %s to %s, such as %s",
				    value_print_duration(a, row->min),
				    value_print_duration(a, row->max), row->fallback);
	case SETTING_STRINGS:
		return row->min > 0 ? "a list of at least one non-empty string"
				    : "a list of non-empty strings";
	case SETTING_URL:
		return "an http or https URL";
	case SETTING_FILE:
		return "the name of a readable file";
	case SETTING_LIST:
		return row->min > 0 ? "a list of at least one map" : "a list of maps";
	case SETTING_EXTERNAL:
	case SETTING_OLD_KEYS:
		return "a list of maps";
	default:
		return row->wants != NULL ? row->wants : "a non-empty string";
	}
}

static bool is_one_value(const struct setting *row)
{
	switch (row->type) {
	case SETTING_FOREIGN:
	case SETTING_LIST:
	case SETTING_TARGET:
	case SETTING_EXTERNAL:
	case SETTING_OLD_KEYS:
		return false;
	default:
		return true;
	}
}

void config_each_setting(void (*take)(void *context, const char *path), void *context)
{
	for (const struct setting *row = settings; row->path != NULL; row++)
		if (is_one_value(row))
			take(context, row->path);
}
