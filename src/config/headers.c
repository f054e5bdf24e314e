/* What is configured of the headers of answers: backend.csp, backend.referrer, backend.health. */
#include <string.h>

#include "config/check.h"

enum {
	MOST_DIRECTIVES = 64,
	MOST_HEALTH_HEADERS = 16,
	LONGEST_VALUE = 8192,
};

/* Visible ASCII, and blanks but at the ends: nothing that could end the header. */
static bool is_value(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] < ' ' || t.ptr[i] > '~')
			return false;
	return t.len > 0 && t.len <= LONGEST_VALUE && t.ptr[0] != ' ' && t.ptr[t.len - 1] != ' ';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

const char *check_path_of(struct check *c, const char *path, const struct entry *entry)
{
	size_t shown = entry->key.len > 100 ? 100 : entry->key.len;

	return arena_printf(c->l->arena, "%s.%.*s", path, (int)shown, entry->key.ptr);
}

/* Whether node is a map with at most so many keys; a fault if not. */
static bool is_map(struct check *c, const struct setting *row, const struct node *node,
		   const char *path, size_t most)
{
	if (node->type == NODE_MAP && node->count <= most)
		return true;
	if (node->type == NODE_MAP)
		findings_fault(c->l->found, node->place, path, "more than %zu keys", most);
	else
		check_not_for_row(c, row, node, path);
	return false;
}

/* ---- backend.csp ---- */

/* "scriptSrc" and "script-src" are the same. NULL: it is no name. */
static const char *directive_name(struct arena *a, struct text key)
{
	char *out = arena_alloc(a, 2 * key.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (is_upper(c) && i > 0 && is_lower(key.ptr[i - 1]))
			out[len++] = '-';
		if (is_upper(c))
			c = (char)(c - 'A' + 'a');
		if (!is_lower(c) && (c != '-' || i == 0 || i + 1 == key.len))
			return NULL;
		out[len++] = c;
	}
	return len > 0 ? out : NULL;
}

/* A source of a directive: what separates directives or policies may not stand in it. */
static bool is_source(const struct node *node)
{
	return node->type == NODE_STRING && is_value(node->text) &&
	       text_find(node->text, ';') == SIZE_MAX && text_find(node->text, ',') == SIZE_MAX;
}

static const char *join_sources(struct check *c, const struct node *list, const char *path)
{
	const char *joined = "";
	struct buf out;

	buf_init(&out, LONGEST_VALUE);
	for (size_t i = 0; i < list->count; i++) {
		const struct node *item = list->entries[i].value;

		if (!is_source(item)) {
			check_wrong(c, item, arena_printf(c->l->arena, "%s[%zu]", path, i),
				    "a non-empty string of ASCII characters without ';' and ','");
			continue;
		}
		buf_add_string(&out, i == 0 ? "" : " ");
		buf_add(&out, item->text);
	}
	if (!buf_complete(&out))
		findings_fault(c->l->found, list->place, path, "longer than %d bytes",
			       LONGEST_VALUE);
	joined = arena_copy(c->l->arena, buf_text(&out));
	buf_fini(&out);
	return joined;
}

static void read_directive(struct check *c, const struct entry *entry, const char *path,
			   struct config_header *out)
{
	const struct node *value = entry->value;

	out->name = directive_name(c->l->arena, entry->key);
	if (out->name == NULL)
		findings_fault(c->l->found, entry->place, path,
			       "not the name of a directive such as script-src");
	else if (value->type == NODE_LIST)
		out->value = join_sources(c, value, path);
	else if (value->type != NODE_BOOL || value->boolean)
		check_wrong(c, value, path, "a list of strings, or false");
	else if (strcmp(out->name, "default-src") == 0)
		findings_fault(c->l->found, value->place, path,
			       "it cannot be left out: it stands in for those that are");
}

void read_csp(struct check *c, const struct setting *row, const struct node *value,
	      const char *path, void *into)
{
	struct config_headers *csp = into;
	struct config_header *items;
	size_t count = 0;

	if (!is_map(c, row, value, path, MOST_DIRECTIVES))
		return;
	items = arena_array(c->l->arena, struct config_header, value->count);
	for (size_t i = 0; i < value->count; i++) {
		const struct entry *entry = &value->entries[i];

		if (node_is_set(entry->value))
			read_directive(c, entry, check_path_of(c, path, entry), &items[count++]);
	}
	*csp = (struct config_headers){items, count};
}

/* ---- backend.referrer ---- */

static bool is_policy(const struct node *node)
{
	static const char *const known[] = {
		"no-referrer",
		"no-referrer-when-downgrade",
		"same-origin",
		"origin",
		"strict-origin",
		"origin-when-cross-origin",
		"strict-origin-when-cross-origin",
		"unsafe-url",
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (node->type == NODE_STRING && text_is(node->text, known[i]))
			return true;
	return false;
}

static bool comes_again(const struct node *list, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (text_equal(list->entries[i].value->text, list->entries[index].value->text))
			return true;
	return false;
}

void read_referrer_policy(struct check *c, const struct setting *row, const struct node *value,
			  const char *path, void *into)
{
	const char *joined = "";

	if (value->type == NODE_STRING && is_policy(value)) {
		*(const char **)into = value->text.ptr;
		return;
	}
	if (value->type != NODE_LIST || value->count == 0) {
		check_not_for_row(c, row, value, path);
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->entries[i].value;

		if (!is_policy(item) || comes_again(value, i)) {
			check_not_for_row(c, row, item,
					  arena_printf(c->l->arena, "%s[%zu]", path, i));
			continue;
		}
		joined = arena_printf(c->l->arena, "%s%s%s", joined, i == 0 ? "" : ",",
				      item->text.ptr);
	}
	*(const char **)into = joined;
}

/* ---- backend.health.headers ---- */

static bool is_header_name(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] <= ' ' || t.ptr[i] > '~' ||
		    strchr("()<>@,;:\\\"/[]?={}", t.ptr[i]) != NULL)
			return false;
	return t.len > 0 && t.len <= 100;
}

/* Those that say whom a message is for, where it ends, and what it is. */
static bool is_ours(struct text name)
{
	static const char *const ours[] = {
		"Connection", "Content-Encoding", "Content-Length", "Content-Type",
		"Date",       "Expect",           "Host",           "Keep-Alive",
		"TE",         "Trailer",          "Upgrade",        "Transfer-Encoding",
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (text_equal_nocase(name, text_of(ours[i])))
			return true;
	return false;
}

static bool is_there(const struct config_header *items, size_t count, struct text name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(text_of(items[i].name), name))
			return true;
	return false;
}

static void wrong_value(struct check *c, const struct setting *row, const struct node *node,
			const char *path)
{
	static const char wants[] = "a non-empty string of ASCII characters";

	if (row->secret)
		check_wrong_secret(c, node, path, wants);
	else
		check_wrong(c, node, path, wants);
}

void read_health_headers(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, void *into)
{
	struct config_headers *health = into;
	struct config_header *items;
	size_t count = 0;

	if (!is_map(c, row, value, path, MOST_HEALTH_HEADERS))
		return;
	items = arena_array(c->l->arena, struct config_header, value->count);
	for (size_t i = 0; i < value->count; i++) {
		const struct entry *entry = &value->entries[i];
		const char *each = check_path_of(c, path, entry);
		const struct node *node = entry->value;

		if (!node_is_set(node))
			continue;
		if (!is_header_name(entry->key))
			findings_fault(c->l->found, entry->place, each, "not the name of a header");
		else if (is_ours(entry->key))
			findings_fault(c->l->found, entry->place, each,
				       "this program sets this header itself");
		else if (is_there(items, count, entry->key))
			findings_fault(c->l->found, entry->place, each,
				       "this header stands here already");
		else if (node->type != NODE_STRING || !is_value(node->text))
			wrong_value(c, row, node, each);
		else
			items[count++] = (struct config_header){arena_copy(c->l->arena, entry->key),
								node->text.ptr};
	}
	*health = (struct config_headers){items, count};
}
