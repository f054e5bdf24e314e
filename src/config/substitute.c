/* ${VAR}, $env, $file and $include, as Backstage's loader resolves them. */
#include <string.h>

#include "config/load.h"
#include "config/yaml.h"

/* Includes bring their own levels with them; the walk stops here whatever the files say. */
enum { MAX_WALK_DEPTH = 2 * TREE_MAX_DEPTH };

struct walk {
	struct loader *l;
	const char *directory;
	unsigned depth;
	unsigned includes;
};

static struct node *copy_resolved(struct walk w, const struct node *node);

static struct node *absent(struct walk w, struct place place, struct text variable)
{
	struct node *node = config_node_string(w.l->arena, variable, place);

	node->type = NODE_ABSENT;
	return node;
}

/* After a fault the tree is not used any more; anything does. */
static struct node *fault_node(struct walk w, struct place place)
{
	return absent(w, place, TEXT(""));
}

static struct node *computed_string(struct walk w, struct text text, struct place place)
{
	struct node *node = config_node_string(w.l->arena, text, place);

	node->computed = true;
	return node;
}

/* ---- ${VAR} ---- */

struct reference {
	size_t len;   /* of the whole "${...}" or "$${...}" */
	bool escaped; /* "$${...}": stands for itself without the first '$' */
	struct text inside;
};

/* The reference that starts at the first byte of t, if one does. Braces do not nest. */
static bool read_reference(struct text t, struct reference *out)
{
	bool escaped = text_starts(t, "$${");
	size_t open = escaped ? 3 : 2;

	if (!escaped && !text_starts(t, "${"))
		return false;
	for (size_t i = open; i < t.len; i++) {
		if (t.ptr[i] == '{')
			return false;
		if (t.ptr[i] == '}') {
			*out = (struct reference){i + 1, escaped, text_slice(t, open, i - open)};
			return true;
		}
	}
	return false;
}

/* "NAME" or "NAME:-fallback": its value; false and the name if there is none. */
static bool resolve(const struct loader *l, struct text inside, struct text *value,
		    struct text *name)
{
	struct text fallback = TEXT("");
	bool has_fallback = false;
	bool is_set;

	*name = inside;
	for (size_t i = 0; i + 1 < inside.len && !has_fallback; i++) {
		has_fallback = inside.ptr[i] == ':' && inside.ptr[i + 1] == '-';
		if (has_fallback) {
			*name = text_slice(inside, 0, i);
			fallback = text_trim(text_slice(inside, i + 2, inside.len));
		}
	}
	*name = text_trim(*name);
	is_set = load_variable(l, *name, value);
	if (!has_fallback || (is_set && value->len > 0))
		return is_set;
	*value = fallback;
	return fallback.len > 0;
}

static struct node *too_long(struct walk w, struct place place)
{
	findings_fault(w.l->found, place, NULL, "too long after the variables are filled in");
	return fault_node(w, place);
}

static struct node *expand_into(struct walk w, const struct node *in, struct buf *out)
{
	struct text rest = in->text;
	struct reference ref;
	bool computed = false;
	struct node *made;

	while (rest.len > 0) {
		size_t plain = text_find(rest, '$');
		struct text value;
		struct text name;

		plain = plain == SIZE_MAX ? rest.len : plain;
		buf_add(out, text_slice(rest, 0, plain));
		rest = text_slice(rest, plain, rest.len);
		if (!read_reference(rest, &ref)) {
			buf_add(out, text_slice(rest, 0, 1));
			rest = text_slice(rest, 1, rest.len);
			continue;
		}
		if (ref.escaped) {
			buf_add(out, text_slice(rest, 1, ref.len - 1));
		} else {
			computed = true;
			if (!resolve(w.l, ref.inside, &value, &name))
				return absent(w, in->place, name);
			buf_add(out, value);
		}
		rest = text_slice(rest, ref.len, rest.len);
	}
	if (!buf_complete(out) || out->len > w.l->bytes_left)
		return too_long(w, in->place);
	w.l->bytes_left -= out->len;
	made = config_node_string(w.l->arena, buf_text(out), in->place);
	made->computed = computed || in->computed;
	return made;
}

static struct node *expand(struct walk w, const struct node *in)
{
	struct node *made;
	struct buf out;

	buf_init(&out, LOAD_MAX_FILE_BYTES);
	made = expand_into(w, in, &out);
	buf_fini(&out);
	return made;
}

/* ---- $env, $file, $include ---- */

static struct node *from_variable(struct walk w, const struct node *argument)
{
	struct text value;

	if (!load_variable(w.l, argument->text, &value))
		return absent(w, argument->place, argument->computed ? TEXT("") : argument->text);
	return computed_string(w, value, argument->place);
}

/* How an argument may be named in messages: as it is written, for it may hold a secret later. */
static const char *as_written(const struct node *raw)
{
	return raw->text.ptr;
}

static bool read_for(struct walk w, const struct node *raw, const char *path, struct text *content)
{
	struct error err;

	if (load_file(w.l, path, content, &err))
		return true;
	findings_fault(w.l->found, raw->place, NULL, "cannot read '%s': %s", as_written(raw),
		       err.message);
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct node *from_file(struct walk w, const struct node *raw, const struct node *argument)
{
	const char *path = load_path(w.l->arena, w.directory, argument->text.ptr);
	struct text content;

	if (!read_for(w, raw, path, &content))
		return fault_node(w, raw->place);
	if (!text_is_utf8(content)) {
		findings_fault(w.l->found, raw->place, NULL, "'%s' is not UTF-8", as_written(raw));
		return fault_node(w, raw->place);
	}
	while (content.len > 0 && is_space(content.ptr[content.len - 1]))
		content.len--;
	return computed_string(w, content, raw->place);
}

/* The part of an included document that "#a.b" names; NULL after a fault. */
static const struct node *select_part(struct walk w, const struct node *raw,
				      const struct node *root, struct text path)
{
	struct text key;

	while (path.len > 0 && text_next(&path, '.', &key)) {
		if (root == NULL || root->type != NODE_MAP) {
			findings_fault(w.l->found, raw->place, NULL,
				       "'%s' leads into something that is no map", as_written(raw));
			return NULL;
		}
		root = config_node_get(root, key);
	}
	if (root == NULL)
		root = absent(w, raw->place, TEXT(""));
	return root;
}

static struct node *copy_children(struct walk w, const struct node *node);

static struct node *from_document(struct walk w, const struct node *raw,
				  const struct node *argument)
{
	size_t hash = text_find(argument->text, '#');
	struct text name = text_slice(argument->text, 0, hash);
	struct text part = text_slice(argument->text, hash == SIZE_MAX ? hash : hash + 1, SIZE_MAX);
	const char *path = load_path(w.l->arena, w.directory, arena_copy(w.l->arena, name));
	const struct node *chosen;
	struct text content;
	struct error err;
	struct node *root;

	if (!text_ends(name, ".yaml") && !text_ends(name, ".yml") && !text_ends(name, ".json")) {
		findings_fault(w.l->found, raw->place, NULL,
			       "cannot include '%s': its name must end in .yaml, .yml or .json",
			       as_written(raw));
		return fault_node(w, raw->place);
	}
	if (w.includes == LOAD_MAX_INCLUDES) {
		findings_fault(w.l->found, raw->place, NULL,
			       "more than 16 files included in one another");
		return fault_node(w, raw->place);
	}
	if (!read_for(w, raw, path, &content))
		return fault_node(w, raw->place);
	if (!yaml_read(w.l->arena, &w.l->nodes_left, path, content, &root, &err)) {
		findings_fault_error(w.l->found, path, &err);
		return fault_node(w, raw->place);
	}
	chosen = select_part(w, raw, root, part);
	if (chosen == NULL)
		return fault_node(w, raw->place);
	w.directory = load_directory(w.l->arena, path);
	w.includes++;
	return copy_children(w, chosen);
}

/* The key of a map that asks for something from elsewhere, if it has one. */
static const struct entry *find_request(const struct node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		struct text key = map->entries[i].key;

		if (text_is(key, "$env") || text_is(key, "$file") || text_is(key, "$include"))
			return &map->entries[i];
	}
	return NULL;
}

static struct node *fetch(struct walk w, const struct node *map, const struct entry *request)
{
	const struct node *raw = request->value;
	struct node *argument;

	if (map->count > 1 || raw->type != NODE_STRING) {
		findings_fault(w.l->found, request->place, NULL, "%.*s wants %s",
			       (int)request->key.len, request->key.ptr,
			       map->count > 1 ? "to be the only key of its map" : "a string");
		return fault_node(w, map->place);
	}
	argument = expand(w, raw);
	if (argument->type == NODE_ABSENT) {
		findings_fault(w.l->found, raw->place, NULL,
			       "%.*s needs the variable %s, which is not set",
			       (int)request->key.len, request->key.ptr, argument->text.ptr);
		return fault_node(w, map->place);
	}
	if (memchr(argument->text.ptr, '\0', argument->text.len) != NULL) {
		findings_fault(w.l->found, raw->place, NULL, "a name cannot hold a NUL");
		return fault_node(w, map->place);
	}
	if (text_is(request->key, "$env"))
		return from_variable(w, argument);
	if (text_is(request->key, "$file"))
		return from_file(w, raw, argument);
	return from_document(w, raw, argument);
}

/* ---- the walk ---- */

/* A copy whose children are resolved. What an $include brings is not itself a request again. */
static struct node *copy_children(struct walk w, const struct node *node)
{
	struct node *copy;

	if (node->type == NODE_STRING)
		return expand(w, node);
	copy = arena_new(w.l->arena, struct node);
	*copy = *node;
	copy->entries = NULL;
	copy->count = copy->capacity = 0;
	w.depth++;
	for (size_t i = 0; i < node->count; i++) {
		const struct entry *entry = &node->entries[i];
		struct node *value = copy_resolved(w, entry->value);

		if (node->type == NODE_LIST && value->type == NODE_ABSENT)
			copy->lost = true;
		else
			config_node_add(w.l->arena, copy, entry->key, entry->place, value);
	}
	return copy;
}

static struct node *copy_resolved(struct walk w, const struct node *node)
{
	const struct entry *request;

	if (w.depth >= MAX_WALK_DEPTH) {
		findings_fault(w.l->found, node->place, NULL, "included too deep");
		return fault_node(w, node->place);
	}
	request = node->type == NODE_MAP ? find_request(node) : NULL;
	return request == NULL ? copy_children(w, node) : fetch(w, node, request);
}

struct node *load_substitute(struct loader *l, const struct node *node, const char *directory)
{
	return copy_resolved((struct walk){.l = l, .directory = directory}, node);
}
