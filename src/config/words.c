/* Settings that are a string or a list of strings, and those of words, as Backstage takes them. */
#include <string.h>

#include "config/check.h"

/* ---- strings, and lists of them ---- */

bool check_is_strings(struct check *c, const struct setting *row, const struct node *node,
		      const char *path)
{
	bool ok = true;

	if (node->type == NODE_STRING && node->text.len > 0)
		return true;
	if (node->type != NODE_LIST) {
		check_not_for_row(c, row, node, path);
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->entries[i].value;

		if (item->type == NODE_STRING && item->text.len > 0)
			continue;
		check_not_for_row(c, row, item, arena_printf(c->l->arena, "%s[%zu]", path, i));
		ok = false;
	}
	return ok;
}

size_t check_count_strings(const struct node *node)
{
	return node->type == NODE_LIST ? node->count : 1;
}

const struct node *check_string_at(struct check *c, const struct node *node, size_t i,
				   const char **path)
{
	if (node->type != NODE_LIST)
		return node;
	*path = arena_printf(c->l->arena, "%s[%zu]", *path, i);
	return node->entries[i].value;
}

/* ---- words in them ---- */

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

/* Whether each word of an item is a choice of the row, if it has choices; a fault if not. */
static bool check_choices(struct check *c, const struct setting *row, const struct node *item,
			  const char *path, const struct words *words, size_t first)
{
	for (size_t i = first; i < words->count && row->choices != NULL; i++) {
		if (setting_find_choice(row, text_of(words->items[i])) != NULL)
			continue;
		check_wrong(c, item, path, setting_wants(c->l->arena, row));
		return false;
	}
	return true;
}

static bool read_item(struct check *c, const struct setting *row, const struct node *item,
		      const char *path, struct words *out)
{
	size_t first = out->count;

	if (item->type != NODE_STRING) {
		check_wrong(c, item, path, setting_wants(c->l->arena, row));
		return false;
	}
	split_words(c->l->arena, item->text, out);
	return check_choices(c, row, item, path, out, first);
}

/* A string of words or a list of such strings; none at all is a fault, as are non-strings. */
static bool read_words(struct check *c, const struct setting *row, const struct node *node,
		       const char *path, struct words *out)
{
	size_t bytes = node->text.len;
	bool ok = true;

	for (size_t i = 0; i < node->count; i++)
		bytes += node->entries[i].value->text.len;
	/* A word takes a byte and, but for the last one of a string, a separator. */
	out->items = arena_array(c->l->arena, const char *, bytes / 2 + node->count + 1);
	if (node->type != NODE_LIST)
		ok = read_item(c, row, node, path, out);
	for (size_t i = 0; i < node->count && node->type == NODE_LIST; i++)
		if (!read_item(c, row, node->entries[i].value,
			       arena_printf(c->l->arena, "%s[%zu]", path, i), out))
			ok = false;
	if (ok && out->count == 0)
		check_wrong(c, node, path, setting_wants(c->l->arena, row));
	return ok && out->count > 0;
}

void check_words(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *base)
{
	struct words words = {0};

	if (!read_words(c, row, value, path, &words))
		return;
	*(const char *const **)((char *)base + row->into) = words.items;
	*(size_t *)((char *)base + row->count_into) = words.count;
}
