/*
 * The entity while it is being made: containers with raw JSON at the ends, so that the caller's
 * strings go out with the bytes they came in with.
 */
#include <string.h>

#include "palette/entity_work.h"

struct entity_node *node_object(struct arena *a)
{
	struct entity_node *node = arena_new(a, struct entity_node);

	node->type = NODE_OBJECT;
	return node;
}

static void link_last(struct entity_node *container, struct entity_node *node)
{
	if (container->last == NULL)
		container->first = node;
	else
		container->last->next = node;
	container->last = node;
}

static struct entity_node *find_member(const struct entity_node *object, struct text key)
{
	if (object->type != NODE_OBJECT)
		return NULL;
	for (struct entity_node *m = object->first; m != NULL; m = m->next)
		if (text_is(key, m->key))
			return m;
	return NULL;
}

static struct entity_node *add_member(struct arena *a, struct entity_node *object, const char *key)
{
	struct entity_node *node = node_object(a);

	node->key = key;
	if (object->type == NODE_RAW)
		object->type = NODE_OBJECT; /* a constant "{}" that gets members after all */
	link_last(object, node);
	return node;
}

static struct entity_node *first_item(struct arena *a, struct entity_node *array)
{
	if (array->first == NULL)
		node_append(array, node_object(a));
	return array->first;
}

struct entity_node *node_at(struct arena *a, struct entity_node *root, const char *pointer)
{
	struct text rest = text_slice(text_of(pointer), 1, SIZE_MAX);
	struct entity_node *node = root;
	struct text segment;

	while (text_next(&rest, '/', &segment)) {
		struct entity_node *member = find_member(node, segment);

		if (text_is(segment, "0"))
			member = first_item(a, node);
		else if (member == NULL)
			member = add_member(a, node, arena_copy(a, segment));
		node = member;
	}
	return node;
}

struct entity_node *node_find(struct entity_node *root, const char *pointer)
{
	struct text rest = text_slice(text_of(pointer), 1, SIZE_MAX);
	struct entity_node *node = root;
	struct text segment;

	while (node != NULL && text_next(&rest, '/', &segment))
		node = find_member(node, segment);
	return node;
}

static void make_raw(struct entity_node *node, struct text raw)
{
	node->type = NODE_RAW;
	node->raw = raw;
	node->first = NULL;
	node->last = NULL;
}

void node_set(struct arena *a, struct entity_node *root, const char *pointer, struct text raw)
{
	make_raw(node_at(a, root, pointer), raw);
}

void node_set_json(struct arena *a, struct entity_node *root, const char *pointer, const char *json)
{
	node_set(a, root, pointer, text_of(json));
}

void node_set_all(struct arena *a, struct entity_node *root,
		  const struct entity_constant *constants)
{
	for (const struct entity_constant *c = constants; c != NULL && c->pointer != NULL; c++)
		node_set_json(a, root, c->pointer, c->json);
}

void node_set_member(struct arena *a, struct entity_node *object, const char *key, struct text raw)
{
	make_raw(add_member(a, object, key), raw);
}

bool node_has_member(const struct entity_node *object, const char *key)
{
	return find_member(object, text_of(key)) != NULL;
}

void node_make_array(struct entity_node *node)
{
	node->type = NODE_ARRAY;
}

void node_append(struct entity_node *array, struct entity_node *item)
{
	node_make_array(array);
	link_last(array, item);
}

/* Only what our rows make is copied and written, a few levels deep; raw values are one step. */
struct entity_node *node_copy(struct arena *a, const struct entity_node *node)
{
	struct entity_node *copy = arena_new(a, struct entity_node);

	copy->key = node->key;
	copy->raw = node->raw;
	copy->type = node->type;
	for (const struct entity_node *m = node->first; m != NULL; m = m->next)
		link_last(copy, node_copy(a, m));
	return copy;
}

static void write_node(struct json_writer *w, const struct entity_node *node)
{
	if (node->type == NODE_RAW) {
		json_put_raw(w, node->raw);
		return;
	}
	if (node->type == NODE_ARRAY)
		json_array_begin(w);
	else
		json_object_begin(w);
	for (const struct entity_node *m = node->first; m != NULL; m = m->next) {
		if (node->type == NODE_OBJECT)
			json_key(w, m->key);
		write_node(w, m);
	}
	if (node->type == NODE_ARRAY)
		json_array_end(w);
	else
		json_object_end(w);
}

bool node_write(struct arena *a, const struct entity_node *node, size_t max_bytes, struct text *out)
{
	struct json_writer w;
	bool complete;
	struct buf b;

	buf_init(&b, max_bytes);
	json_writer_init(&w, &b);
	write_node(&w, node);
	complete = buf_complete(&b);
	if (complete)
		*out = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return complete;
}
