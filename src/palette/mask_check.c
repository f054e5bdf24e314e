/*
 * Masking: a second opinion. The text as written is read by the parser of YAML; where it is YAML,
 * no secret may be left in the tree. What the reading by lines has taken for something else is
 * found here.
 */
#include <string.h>

#include "config/yaml.h"
#include "palette/mask_inside.h"

enum {
	MAX_BYTES = 512 * 1024,
	MAX_NODES = 100 * 1000,
};

static bool is_scalar(const struct node *node)
{
	return node->type != NODE_MAP && node->type != NODE_LIST;
}

static bool is_hidden(const struct node *node, struct mask_mood mood);

static bool is_map_hidden(const struct node *map, struct mask_mood mood)
{
	unsigned char is = 0;

	for (size_t i = 0; i < map->count; i++)
		is |= mask_key_says(map->entries[i].key);
	for (size_t i = 0; i < map->count; i++)
		if (is_scalar(map->entries[i].value))
			is |= mask_member_says(map->entries[i].key, map->entries[i].value->text);
	for (size_t i = 0; i < map->count; i++)
		if (!is_hidden(map->entries[i].value, mask_mood_in(is, map->entries[i].key, mood)))
			return false;
	return true;
}

/* As deep as a tree can be. */
static bool is_hidden(const struct node *node, struct mask_mood mood)
{
	if (is_scalar(node))
		return !mood.secret || mask_stays(node->text, mood.strict);
	if (node->type == NODE_MAP)
		return is_map_hidden(node, mood);
	for (size_t i = 0; i < node->count; i++)
		if (!is_hidden(node->entries[i].value, mood))
			return false;
	return true;
}

static bool is_document_hidden(struct text document, size_t *budget)
{
	struct arena arena;
	struct error ignored;
	struct node *root;
	bool hidden;

	arena_init(&arena);
	hidden = !yaml_read(&arena, budget, "text", document, &root, &ignored) ||
		 is_hidden(root, (struct mask_mood){.secret = false});
	arena_fini(&arena);
	return hidden;
}

bool mask_is_complete(struct text text)
{
	static const char marker[] = "\n---";
	size_t budget = MAX_NODES;

	if (text.len > MAX_BYTES)
		return true;
	while (text.len > 0) {
		const char *next = memmem(text.ptr + 1, text.len - 1, marker, sizeof marker - 1);
		size_t len = next == NULL ? text.len : (size_t)(next - text.ptr) + 1;

		if (!is_document_hidden(text_slice(text, 0, len), &budget))
			return false;
		text = text_slice(text, len, text.len);
	}
	return true;
}
