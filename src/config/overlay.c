/* What stands above the files: APP_CONFIG_ variables, and --set above everything. */
#include <stdint.h>
#include <string.h>

#include "config/load.h"
#include "config/yaml.h"

static const char too_deep[] = "more than 64 levels deep";

/* ---- APP_CONFIG_ ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alphanumeric(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* A letter first, then letters and digits, in groups joined by single '-', '_' or ':'. */
static bool is_key_part(struct text part)
{
	bool joined = true;

	if (part.len == 0 || !is_letter(part.ptr[0]))
		return false;
	for (size_t i = 0; i < part.len; i++) {
		bool joins = strchr("-_:", part.ptr[i]) != NULL && part.ptr[i] != '\0';

		if ((joins && joined) || (!joins && !is_alphanumeric(part.ptr[i])))
			return false;
		joined = joins;
	}
	return !joined;
}

/* The map in which the last part of the key belongs, made as needed; NULL after a fault. */
static struct node *map_for(struct loader *l, struct node *map, struct text *key,
			    struct place place)
{
	struct text part;
	size_t end;

	while ((end = text_find(*key, '_')) != SIZE_MAX) {
		struct node *inner;

		part = text_slice(*key, 0, end);
		*key = text_slice(*key, end + 1, key->len);
		inner = config_node_get(map, part);
		if (inner == NULL) {
			inner = config_node_new(l->arena, NODE_MAP, place);
			config_node_add(l->arena, map, part, place, inner);
		}
		if (inner->type != NODE_MAP) {
			findings_fault(
				l->found, place, NULL,
				"another APP_CONFIG_ variable gives '%.*s' a value already, so "
				"nothing can be below it",
				(int)part.len, part.ptr);
			return NULL;
		}
		map = inner;
	}
	return map;
}

/* A variable may hold a secret: nothing of it is ever shown, whatever part of it is wrong. */
static void mark_computed(struct node *node)
{
	node->computed = true;
	for (size_t i = 0; i < node->count; i++)
		mark_computed(node->entries[i].value);
}

static struct node *value_of(struct loader *l, struct text text, struct place place)
{
	struct node *value;

	if (!json_value_read(l->arena, &l->nodes_left, place, text, &value))
		value = config_node_string(l->arena, text, place);
	return value;
}

static bool is_key(struct loader *l, struct text key, struct place place)
{
	unsigned depth = 0;
	struct text part;

	while (text_next(&key, '_', &part)) {
		if (!is_key_part(part)) {
			findings_fault(l->found, place, NULL,
				       "not the name of a setting: '_' separates levels, and each "
				       "level is letters and digits that start with a letter");
			return false;
		}
		if (++depth > TREE_MAX_DEPTH) {
			findings_fault(l->found, place, NULL, "%s", too_deep);
			return false;
		}
	}
	return true;
}

static void set_variable(struct loader *l, struct node *root, struct text key, struct text text,
			 struct place place)
{
	struct node *value;
	struct node *map;

	if (!is_key(l, key, place))
		return;
	map = map_for(l, root, &key, place);
	if (map == NULL)
		return;
	if (config_node_get(map, key) != NULL) {
		findings_fault(l->found, place, NULL,
			       "another APP_CONFIG_ variable sets this or something below it "
			       "already");
		return;
	}
	value = value_of(l, text, place);
	if (value->type == NODE_NULL) {
		findings_fault(l->found, place, NULL, "the value may not be null");
		return;
	}
	mark_computed(value);
	config_node_add(l->arena, map, key, place, value);
}

struct node *load_variables(struct loader *l)
{
	struct node *root =
		config_node_new(l->arena, NODE_MAP, (struct place){"the environment", 0, 0});

	for (char *const *at = l->environment; at != NULL && *at != NULL; at++) {
		static const char prefix[] = "APP_CONFIG_";
		struct text variable = text_of(*at);
		size_t equals = text_find(variable, '=');
		struct text value;
		const char *name;

		if (!text_starts(variable, prefix) || equals == SIZE_MAX)
			continue;
		value = text_slice(variable, equals + 1, variable.len);
		name = arena_copy(l->arena, text_slice(variable, 0, equals));
		if (value.len > 0)
			set_variable(l, root, text_of(name + sizeof prefix - 1), value,
				     (struct place){name, 0, 0});
	}
	return root;
}

/* ---- --set ---- */

static bool is_index(struct text part, size_t *index)
{
	int64_t number;

	if (part.len == 0 || part.len > 6 || part.ptr[0] == '+' || part.ptr[0] == '-' ||
	    !text_to_int(part, &number))
		return false;
	*index = (size_t)number;
	return true;
}

/* Takes the next part of "a.0.b" or "a[0].b" from *path. */
static bool next_part(struct text *path, struct text *part)
{
	size_t end = 0;

	if (path->len == 0)
		return false;
	while (end < path->len && strchr(".[]", path->ptr[end]) == NULL)
		end++;
	*part = text_slice(*path, 0, end);
	if (end < path->len && path->ptr[end] == ']')
		end++;
	if (end < path->len && (path->ptr[end] == '.' || path->ptr[end] == '['))
		end++;
	*path = text_slice(*path, end, path->len);
	return true;
}

/* A value on its way to its place in the tree. */
struct setter {
	struct loader *l;
	struct place place;
	const char *path;
};

static bool refuse_path(const struct setter *s, const char *why)
{
	findings_fault(s->l->found, s->place, s->path, "%s", why);
	return false;
}

static struct node **add_slot(const struct setter *s, struct node *parent, struct text key)
{
	config_node_add(s->l->arena, parent, key, s->place,
			config_node_new(s->l->arena, NODE_NULL, s->place));
	return &parent->entries[parent->count - 1].value;
}

static bool find_element(const struct setter *s, struct node *list, struct text part,
			 struct node ***slot)
{
	size_t index;

	if (!is_index(part, &index) || index > list->count)
		return refuse_path(s, "a list wants a number, at most the count of its elements");
	*slot = index == list->count ? add_slot(s, list, TEXT("")) : &list->entries[index].value;
	return true;
}

/* The slot for one part of the path below a map or list, made as needed. */
static bool find_slot(const struct setter *s, struct node *node, struct text part,
		      struct node ***slot)
{
	if (part.len == 0)
		return refuse_path(s, "a part of the path is empty");
	if (node->type == NODE_LIST)
		return find_element(s, node, part, slot);
	for (size_t i = 0; i < node->count; i++) {
		if (text_equal(node->entries[i].key, part)) {
			*slot = &node->entries[i].value;
			return true;
		}
	}
	if (node->count >= TREE_MAX_KEYS)
		return refuse_path(s, "too many keys in this map");
	*slot = add_slot(s, node, part);
	return true;
}

/* Walks to the place of the path, making maps and lists on the way. */
static bool descend(const struct setter *s, struct node *root, struct node ***slot)
{
	struct text rest = text_of(s->path);
	struct node **at = &root;
	unsigned depth = 0;
	struct text part;

	while (next_part(&rest, &part)) {
		size_t index;

		if (++depth > TREE_MAX_DEPTH)
			return refuse_path(s, too_deep);
		if ((*at)->type != NODE_MAP && (*at)->type != NODE_LIST)
			*at = config_node_new(s->l->arena,
					      is_index(part, &index) ? NODE_LIST : NODE_MAP,
					      s->place);
		if (!find_slot(s, *at, part, &at))
			return false;
	}
	if (at == &root)
		return refuse_path(s, "the path is empty");
	*slot = at;
	return true;
}

void load_set(struct loader *l, struct node *root, const char *path, struct text value,
	      struct place place)
{
	struct setter s = {l, place, path};
	struct node **slot = NULL;

	if (descend(&s, root, &slot))
		*slot = value_of(l, value, place);
}

void load_override(struct loader *l, struct node *root, const char *override)
{
	static const struct place place = {"--set", 0, 0};
	struct text given = text_of(override);
	size_t equals = text_find(given, '=');
	struct text path = text_slice(given, 0, equals);

	if (equals == SIZE_MAX || equals == 0 || text_ends(path, "."))
		findings_fault(l->found, place, NULL,
			       "wants PATH=VALUE, such as spectrocloud.server.workers=8");
	else
		load_set(l, root, arena_copy(l->arena, path),
			 text_slice(given, equals + 1, given.len), place);
}
