/* backend.auth.externalAccess and backend.auth.keys: who may call from outside Backstage. */
#include "config/check.h"

#include <string.h>

/* Not so: the fault was told by check_rows(). */
static bool has_type(const struct node *entry)
{
	const struct setting *row = &external_settings[0];
	const struct node *type = config_node_get(entry, text_of(row->path));

	return type != NULL && type->type == NODE_STRING &&
	       setting_find_choice(row, type->text) != NULL;
}

static void read_entry(struct check *c, const struct node *entry, const char *path, size_t index)
{
	static const struct setting_list own = {.rows = external_settings};
	const char *prefix = arena_printf(c->l->arena, "%s[%zu].", path, index);
	struct config_external *out = &c->config->external[index];
	struct setting_list options = {.element_size = sizeof *out};

	check_rows(c, external_settings, out, entry, prefix);
	check_unknown(c, &own, entry, "", prefix);
	if (!has_type(entry))
		return;
	options.rows = external_options[out->type];
	check_rows(c, options.rows, out, entry, prefix);
	check_unknown(c, &options, config_node_get(entry, TEXT("options")), "options.",
		      arena_printf(c->l->arena, "%soptions.", prefix));
	check_unique(c, &options, c->config->external, index, entry, path);
}

void check_external(struct check *c, const struct node *list, const char *path)
{
	if (!check_is_list(c, list, path))
		return;
	c->config->external = arena_array(c->l->arena, struct config_external, list->count);
	c->config->external_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		if (check_is_map(c, list, i, path))
			read_entry(c, list->entries[i].value, path, i);
}

/* Makes room behind the entries there are; the first of the new ones. */
static struct config_external *add_external(struct check *c, size_t more)
{
	struct config *config = c->config;
	size_t count = config->external_count;
	struct config_external *all =
		arena_array(c->l->arena, struct config_external, count + more);

	if (count > 0)
		memcpy(all, config->external, count * sizeof *all);
	config->external = all;
	config->external_count += more;
	return all + count;
}

void check_old_keys(struct check *c, const struct node *list, const char *path)
{
	static const struct setting_list of = {.rows = old_key_settings};
	struct config_external *keys;

	if (!check_is_list(c, list, path) || list->count == 0)
		return;
	keys = add_external(c, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct node *entry = list->entries[i].value;
		const char *prefix = arena_printf(c->l->arena, "%s[%zu].", path, i);

		keys[i].type = CONFIG_EXTERNAL_LEGACY;
		keys[i].subject = CONFIG_OLD_KEY_SUBJECT;
		if (!check_is_map(c, list, i, path))
			continue;
		check_rows(c, old_key_settings, &keys[i], entry, prefix);
		check_unknown(c, &of, entry, "", prefix);
	}
}
