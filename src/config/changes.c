/* Which settings two configurations differ in, and whether a service that runs can follow. */
#include <string.h>

#include "config/table.h"
#include "config/tree.h"

enum { MOST_CHANGES = 4096 }; /* that are named; one is enough to refuse */

struct compare {
	struct arena *arena;
	const struct config *before;
	const struct config *after;
	bool same_store;
	struct config_changes *changes;
};

/* Two of something: of structs that rows fill, or of what was written. */
struct pair {
	const void *a;
	const void *b;
};
struct node_pair {
	const struct node *a;
	const struct node *b;
};

/* ---- what is the same ---- */

static bool same_string(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_secret(const struct secret *a, const struct secret *b)
{
	if (!secret_is_set(a) || !secret_is_set(b))
		return secret_is_set(a) == secret_is_set(b);
	return secret_equal(a, (struct text){b->ptr, b->len});
}

static bool same_strings(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
	if (a_count != b_count || (a == NULL) != (b == NULL))
		return false;
	if (a == NULL)
		return true;
	for (size_t i = 0; i < a_count; i++)
		if (!same_string(a[i], b[i]))
			return false;
	return true;
}

/* What was written, with variables and files filled in. */
static bool same_node(const struct node *a, const struct node *b)
{
	if (!node_is_set(a) || !node_is_set(b))
		return node_is_set(a) == node_is_set(b);
	if (a->type != b->type || !text_equal(a->text, b->text) || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!text_equal(a->entries[i].key, b->entries[i].key) ||
		    !same_node(a->entries[i].value, b->entries[i].value))
			return false;
	return true;
}

static const struct config_file *find_file(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->file_count; i++)
		if (strcmp(config->files[i].path, path) == 0)
			return &config->files[i];
	return NULL;
}

static bool same_file(const struct compare *c, const struct setting *row, const char *a,
		      const char *b)
{
	const struct config_file *before;
	const struct config_file *after;

	if (a == NULL || !same_string(a, b) || row->apart)
		return same_string(a, b);
	before = find_file(c->before, a);
	after = find_file(c->after, a);
	return before != NULL && after != NULL && before->digest == after->digest;
}

static bool same_keys(const struct config_store *a, const struct config_store *b)
{
	if (a->key_count != b->key_count)
		return false;
	for (size_t i = 0; i < a->key_count; i++)
		if (!same_secret(&a->keys[i], &b->keys[i]))
			return false;
	return true;
}

static bool same_postgres(const struct config_postgres *a, const struct config_postgres *b)
{
	return same_secret(&a->connection, &b->connection) && same_string(a->host, b->host) &&
	       same_string(a->port, b->port) && same_string(a->user, b->user) &&
	       same_secret(&a->password, &b->password) && same_string(a->database, b->database) &&
	       same_string(a->schema, b->schema) && a->tls == b->tls && same_string(a->ca, b->ca) &&
	       a->create == b->create;
}

/* Whatever is written where: what comes of it. Much of it is Backstage's own. */
static bool same_store(const struct config_store *a, const struct config_store *b)
{
	return a->type == b->type && same_string(a->file, b->file) &&
	       same_postgres(&a->postgres, &b->postgres) && same_keys(a, b);
}

static bool same_value(const struct compare *c, const struct setting *row, struct pair base,
		       struct node_pair written)
{
	const char *a = (const char *)base.a + row->into;
	const char *b = (const char *)base.b + row->into;
	const struct config_strings *one = (const void *)a;
	const struct config_strings *other = (const void *)b;

	switch (row->type) {
	case SETTING_STRING:
	case SETTING_URL:
		return same_string(*(const char *const *)(const void *)a,
				   *(const char *const *)(const void *)b);
	case SETTING_FILE:
		return same_file(c, row, *(const char *const *)(const void *)a,
				 *(const char *const *)(const void *)b);
	case SETTING_SECRET:
	case SETTING_BASE64:
		return same_secret((const void *)a, (const void *)b);
	case SETTING_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case SETTING_INT:
	case SETTING_SIZE_BYTES:
	case SETTING_DURATION_MS:
	case SETTING_ENUM:
		return *(const int *)(const void *)a == *(const int *)(const void *)b;
	case SETTING_STRINGS:
		return same_strings(one->items, one->count, other->items, other->count);
	default:
		return same_node(written.a, written.b);
	}
}

/* ---- what is not ---- */

static bool is_of_store(const struct setting *row)
{
	return row->into >= offsetof(struct config, store) &&
	       row->into < offsetof(struct config, store) + sizeof(struct config_store);
}

static void add(struct compare *c, const struct setting *row, const char *path)
{
	struct config_changes *changes = c->changes;

	if (changes->count < MOST_CHANGES)
		changes->paths[changes->count++] = path;
	if (row->fixed && !(is_of_store(row) && c->same_store) &&
	    changes->fixed_count < MOST_CHANGES)
		changes->fixed[changes->fixed_count++] = path;
}

static size_t count_at(const void *base, const struct setting *row)
{
	return *(const size_t *)(const void *)((const char *)base + row->count_into);
}

static const char *elements_at(const void *base, const struct setting *row)
{
	return *(const char *const *)(const void *)((const char *)base + row->into);
}

static void compare_rows(struct compare *c, const struct setting *rows, struct pair base,
			 struct node_pair maps, const char *prefix);

static void compare_list(struct compare *c, const struct setting *row, struct pair base,
			 struct node_pair lists, const char *path)
{
	struct pair first = {elements_at(base.a, row), elements_at(base.b, row)};
	size_t count = count_at(base.a, row);

	if (count != count_at(base.b, row)) {
		add(c, row, path);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t offset = i * row->list->element_size;
		struct pair element = {(const char *)first.a + offset,
				       (const char *)first.b + offset};
		struct node_pair written = {lists.a->entries[i].value, lists.b->entries[i].value};

		compare_rows(c, row->list->rows, element, written,
			     arena_printf(c->arena, "%s[%zu].", path, i));
	}
}

static void compare_rows(struct compare *c, const struct setting *rows, struct pair base,
			 struct node_pair maps, const char *prefix)
{
	for (const struct setting *row = rows; row->path != NULL; row++) {
		const char *path = arena_printf(c->arena, "%s%s", prefix, row->path);
		struct node_pair written = {config_node_at(maps.a, text_of(row->path)),
					    config_node_at(maps.b, text_of(row->path))};

		if (row->type == SETTING_FOREIGN)
			continue;
		if (row->type == SETTING_LIST)
			compare_list(c, row, base, written, path);
		else if (!same_value(c, row, base, written))
			add(c, row, path);
	}
}

void config_compare(struct arena *a, const struct config *before, const struct config *after,
		    struct config_changes *changes)
{
	struct compare c = {.arena = a,
			    .before = before,
			    .after = after,
			    .same_store = same_store(&before->store, &after->store),
			    .changes = changes};
	struct pair base = {before, after};
	struct node_pair roots = {before->tree->root, after->tree->root};

	*changes = (struct config_changes){.paths = arena_array(a, const char *, MOST_CHANGES),
					   .fixed = arena_array(a, const char *, MOST_CHANGES)};
	compare_rows(&c, settings, base, roots, "");
	/* Should ever something else decide where sessions are kept: that is no less fixed. */
	if (!c.same_store && changes->fixed_count == 0)
		changes->fixed[changes->fixed_count++] = "spectrocloud.tokenStore";
}
