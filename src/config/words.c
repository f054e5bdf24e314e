/* Settings that are a string or a list of strings, and those of words, as Backstage takes them. */
#include <string.h>

#include "config/check.h"

/* ---- strings, and lists of them ---- */

bool check_is_strings(struct check *c, const struct setting *row, const struct node *node,
		      const char *path)
{
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
		return false;
	}
	return true;
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

void check_words(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *base)
{
	const char *wanted = setting_wants(c->l->arena, row);
	struct words words = {0};

	if (!read_words(c, value, path, wanted, &words))
		return;
	for (size_t i = 0; i < words.count && row->choices != NULL; i++) {
		if (setting_find_choice(row, text_of(words.items[i])) != NULL)
			continue;
		check_wrong(c, value, path, wanted);
		return;
	}
	*(const char *const **)((char *)base + row->into) = words.items;
	*(size_t *)((char *)base + row->count_into) = words.count;
}
