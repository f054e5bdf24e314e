/* backend.auth.externalAccess: who may call from outside Backstage, and what they may do. */
#include "config/check.h"

#include <stdint.h>
#include <string.h>

static const char *const type_names[] = {
	[CONFIG_EXTERNAL_STATIC] = "static",
	[CONFIG_EXTERNAL_LEGACY] = "legacy",
	[CONFIG_EXTERNAL_JWKS] = "jwks",
};

/* ---- accessRestrictions ---- */

/*
 * A member of a restriction, NULL if it is not there. One that depends on a variable that is not
 * set is a fault: without it the token could do more than was meant.
 */
static const struct node *get_restricting(struct check *c, const struct node *map, struct text key,
					  const char *path)
{
	const struct node *node = config_node_get(map, key);

	if (node != NULL && (node->type == NODE_ABSENT || node->lost))
		findings_fault(
			c->l->found, node->place, path,
			"a variable in it is not set; the token could do more than was meant");
	return node_is_set(node) ? node : NULL;
}

static bool is_action(struct text t)
{
	return text_is(t, "create") || text_is(t, "read") || text_is(t, "update") ||
	       text_is(t, "delete");
}

struct words {
	const char **items;
	size_t count;
};

/* Adds the words of one string, which spaces and commas separate. */
static void split_words(struct arena *a, struct text t, struct words *out)
{
	size_t at = 0;

	while (at < t.len) {
		size_t start;

		while (at < t.len && strchr(" ,\t\r\n", t.ptr[at]) != NULL)
			at++;
		start = at;
		while (at < t.len && strchr(" ,\t\r\n", t.ptr[at]) == NULL)
			at++;
		if (at > start)
			out->items[out->count++] = arena_copy(a, text_slice(t, start, at - start));
	}
}

/* A string of words or a list of such strings; none at all is a fault, as are non-strings. */
static bool read_words(struct check *c, const struct node *node, const char *path,
		       const char *wanted, struct words *out)
{
	size_t bytes = node->text.len;

	for (size_t i = 0; i < node->count; i++)
		bytes += node->entries[i].value->text.len;
	/* A word takes a byte and, but for the last one of a string, a separator. */
	out->items = arena_array(c->l->arena, const char *, bytes / 2 + node->count + 1);
	if (node->type == NODE_STRING)
		split_words(c->l->arena, node->text, out);
	for (size_t i = 0; i < node->count && node->type == NODE_LIST; i++) {
		const struct node *item = node->entries[i].value;

		if (item->type != NODE_STRING) {
			check_wrong(c, item, arena_printf(c->l->arena, "%s[%zu]", path, i), wanted);
			return false;
		}
		split_words(c->l->arena, item->text, out);
	}
	if (out->count == 0)
		check_wrong(c, node, path, wanted);
	return out->count > 0;
}

static void read_permissions(struct check *c, const struct node *map, const char *at,
			     struct config_restriction *out)
{
	const char *path = arena_printf(c->l->arena, "%s.permission", at);
	const struct node *node = get_restricting(c, map, TEXT("permission"), path);
	struct words words = {0};

	if (node == NULL || !read_words(c, node, path, "names of permissions", &words))
		return;
	out->permissions = words.items;
	out->permission_count = words.count;
}

static void read_actions(struct check *c, const struct node *map, const char *at,
			 struct config_restriction *out)
{
	static const char wanted[] = "create, read, update or delete, or a list of them";
	const char *path = arena_printf(c->l->arena, "%s.permissionAttribute", at);
	const struct node *attribute = get_restricting(c, map, TEXT("permissionAttribute"), path);
	const struct node *node;
	struct words words = {0};

	if (attribute == NULL)
		return;
	if (attribute->type != NODE_MAP) {
		check_wrong(c, attribute, path, "a map with the key action");
		return;
	}
	for (size_t i = 0; i < attribute->count; i++)
		if (!text_is(attribute->entries[i].key, "action"))
			findings_fault(c->l->found, attribute->entries[i].place, path,
				       "unknown key; wanted action");
	path = arena_printf(c->l->arena, "%s.action", path);
	node = get_restricting(c, attribute, TEXT("action"), path);
	if (node == NULL || !read_words(c, node, path, wanted, &words))
		return;
	for (size_t i = 0; i < words.count; i++) {
		if (is_action(text_of(words.items[i])))
			continue;
		check_wrong(c, node, path, wanted);
		return;
	}
	out->actions = words.items;
	out->action_count = words.count;
}

static void refuse_unknown(struct check *c, const struct node *map, const char *at)
{
	for (size_t i = 0; i < map->count; i++) {
		struct text key = map->entries[i].key;

		if (text_is(key, "plugin") || text_is(key, "permission") ||
		    text_is(key, "permissionAttribute"))
			continue;
		findings_fault(c->l->found, map->entries[i].place,
			       arena_printf(c->l->arena, "%s.%.*s", at,
					    (int)(key.len > 100 ? 100 : key.len), key.ptr),
			       "unknown key; wanted plugin, permission or permissionAttribute");
	}
}

static void read_restriction(struct check *c, const struct node *map, const char *at,
			     struct config_restriction *out)
{
	static const struct setting plugin = {
		.path = "plugin",
		.type = SETTING_STRING,
		.into = offsetof(struct config_restriction, plugin),
		.required = true,
		.wants = "the name of a plugin",
	};
	const struct setting rows[] = {plugin, {.path = NULL}};

	refuse_unknown(c, map, at);
	check_rows(c, rows, out, map, arena_printf(c->l->arena, "%s.", at));
	read_permissions(c, map, at, out);
	read_actions(c, map, at, out);
}

static void refuse_second(struct check *c, const struct config_restriction *all, size_t index,
			  const struct node *map, const char *at)
{
	for (size_t i = 0; i < index; i++) {
		if (all[i].plugin == NULL || all[index].plugin == NULL ||
		    strcmp(all[i].plugin, all[index].plugin) != 0)
			continue;
		findings_fault(c->l->found, map->place, arena_printf(c->l->arena, "%s.plugin", at),
			       "accessRestrictions[%zu] names this plugin already", i);
		return;
	}
}

static void read_restrictions(struct check *c, const struct node *entry, const char *at,
			      struct config_external *out)
{
	const char *path = arena_printf(c->l->arena, "%s.accessRestrictions", at);
	const struct node *list = get_restricting(c, entry, TEXT("accessRestrictions"), path);
	struct config_restriction *all;

	if (list == NULL || !check_is_list_of_maps(c, list, path) || list->count == 0)
		return;
	all = arena_array(c->l->arena, struct config_restriction, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const char *each = arena_printf(c->l->arena, "%s[%zu]", path, i);

		read_restriction(c, list->entries[i].value, each, &all[i]);
		refuse_second(c, all, i, list->entries[i].value, each);
	}
	out->restrictions = all;
	out->restriction_count = list->count;
}

/* ---- entries ---- */

static bool read_type(struct check *c, const struct node *entry, const char *at,
		      enum config_external_type *out)
{
	const char *path = arena_printf(c->l->arena, "%s.type", at);
	const struct node *type = config_node_get(entry, TEXT("type"));

	if (!node_is_set(type)) {
		findings_fault(c->l->found, entry->place, path,
			       "missing; wanted static, legacy or jwks");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
		if (type->type != NODE_STRING || !text_is(type->text, type_names[i]))
			continue;
		*out = (enum config_external_type)i;
		return true;
	}
	check_wrong(c, type, path, "static, legacy or jwks");
	return false;
}

static void remark_on_refusal(struct check *c, const struct node *entry, const char *at,
			      enum config_external_type type)
{
	findings_notice(c->l->found, entry->place, at,
			"tokens of type '%s' are refused by this version", type_names[type]);
}

/* Legacy tokens stand for a subject too, though none is accepted yet. */
static const char *legacy_subject(const struct node *entry)
{
	const struct node *subject = config_node_at(entry, TEXT("options.subject"));

	return subject != NULL && subject->type == NODE_STRING ? subject->text.ptr : NULL;
}

static void refuse_second_token(struct check *c, size_t index, const struct node *entry,
				const char *at)
{
	const struct config_external *all = c->config->external;

	for (size_t i = 0; i < index; i++) {
		const struct secret *mine = &all[index].token;

		if (!secret_is_set(mine) ||
		    !secret_equal(&all[i].token, (struct text){mine->ptr, mine->len}))
			continue;
		findings_fault(c->l->found, entry->place,
			       arena_printf(c->l->arena, "%s.options.token", at),
			       "externalAccess[%zu] has this token already", i);
		return;
	}
}

static void read_entry(struct check *c, const struct node *entry, const char *at, size_t index)
{
	struct config_external *out = &c->config->external[index];
	enum config_external_type type;

	if (!read_type(c, entry, at, &type))
		return;
	out->type = type;
	if (type == CONFIG_EXTERNAL_STATIC) {
		check_rows(c, external_settings, out, entry, arena_printf(c->l->arena, "%s.", at));
		refuse_second_token(c, index, entry, at);
	} else {
		remark_on_refusal(c, entry, at, type);
	}
	if (type == CONFIG_EXTERNAL_LEGACY)
		out->subject = legacy_subject(entry);
	read_restrictions(c, entry, at, out);
}

void check_external(struct check *c, const struct node *list, const char *path)
{
	if (!check_is_list_of_maps(c, list, path))
		return;
	c->config->external = arena_array(c->l->arena, struct config_external, list->count);
	c->config->external_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		read_entry(c, list->entries[i].value, arena_printf(c->l->arena, "%s[%zu]", path, i),
			   i);
}

static bool is_for_us(const struct config_external *entry)
{
	for (size_t i = 0; i < entry->restriction_count; i++)
		if (strcmp(entry->restrictions[i].plugin, "spectrocloud") == 0)
			return true;
	return entry->restriction_count == 0;
}

size_t config_usable_tokens(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->external_count; i++)
		if (config->external[i].type == CONFIG_EXTERNAL_STATIC &&
		    is_for_us(&config->external[i]))
			count++;
	return count;
}
