/* JSON values to a tree: what APP_CONFIG_ variables and --set carry. */
#include "config/yaml.h"

#include "json/json.h"

struct json_reader {
	struct arena *arena;
	size_t *budget;
	struct place place;
};

static struct node *read_value(struct json_reader *r, struct text value, unsigned depth);

static struct node *read_list(struct json_reader *r, struct text value, unsigned depth)
{
	struct node *list = config_node_new(r->arena, NODE_LIST, r->place);
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	while (json_walk_item(&walk, &item)) {
		struct node *child = read_value(r, item, depth + 1);

		if (child == NULL)
			return NULL;
		config_node_add(r->arena, list, TEXT(""), r->place, child);
	}
	return list;
}

static struct node *read_map(struct json_reader *r, struct text value, unsigned depth)
{
	struct node *map = config_node_new(r->arena, NODE_MAP, r->place);
	struct json_walk walk = json_walk_begin(value);
	struct text raw;
	struct text item;

	while (json_walk_member(&walk, &raw, &item)) {
		struct node *child = read_value(r, item, depth + 1);
		struct text key;

		if (child == NULL || !json_unescape(r->arena, raw, &key))
			return NULL;
		if (map->count >= TREE_MAX_KEYS || config_node_get(map, key) != NULL)
			return NULL;
		config_node_add(r->arena, map, key, r->place, child);
	}
	return map;
}

static struct node *read_string(struct json_reader *r, struct text value)
{
	struct text text;

	return json_unescape(r->arena, value, &text) ? config_node_string(r->arena, text, r->place)
						     : NULL;
}

static struct node *read_value(struct json_reader *r, struct text value, unsigned depth)
{
	if (depth > TREE_MAX_DEPTH || *r->budget == 0)
		return NULL;
	(*r->budget)--;
	switch (json_type_of(value)) {
	case JSON_TYPE_ARRAY:
		return read_list(r, value, depth);
	case JSON_TYPE_OBJECT:
		return read_map(r, value, depth);
	case JSON_TYPE_STRING:
		return read_string(r, value);
	default:
		/* Numbers, true, false and null read in YAML's core schema as they do in JSON. */
		return config_node_plain(r->arena, value, r->place);
	}
}

bool json_value_read(struct arena *a, size_t *budget, struct place place, struct text document,
		     struct node **root)
{
	struct json_reader r = {a, budget, place};
	struct error ignored;
	struct text value;
	struct node *node;

	if (!json_check(document, &value, &ignored))
		return false;
	node = read_value(&r, value, 1);
	if (node == NULL)
		return false;
	*root = node;
	return true;
}
