/* Keys that no row knows, and what may have been meant. */
#include "config/check.h"

#include <string.h>

/* The part of a row's path behind within, up to the next '.'; empty if the row is elsewhere. */
static struct text name_within(const struct setting *row, const char *within)
{
	struct text path = text_of(row->path);
	struct text name = TEXT("");

	if (!text_starts(path, within))
		return name;
	path = text_slice(path, strlen(within), path.len);
	return text_next(&path, '.', &name) ? name : TEXT("");
}

static bool is_suggestible(const struct setting *row)
{
	return row->type != SETTING_FOREIGN;
}

/* The most similar name beside it; empty if none is similar enough to have been meant. */
static struct text nearest(const struct setting *rows, struct text key, const char *within)
{
	unsigned least = key.len < 6 ? 1 : key.len < 10 ? 2 : 3;
	struct text best = TEXT("");

	for (const struct setting *row = rows; row->path != NULL; row++) {
		struct text name = name_within(row, within);
		unsigned distance;

		if (!is_suggestible(row) || name.len == 0)
			continue;
		distance = text_distance(key, name);
		if (distance > least || (distance == least && best.len > 0))
			continue;
		least = distance;
		best = name;
	}
	return best;
}

/* "; did you mean ...?" or nothing: a similar name beside it, or the same name in another place. */
static const char *suggest(struct arena *a, const struct setting *rows, struct text key,
			   const char *within)
{
	struct text best = nearest(rows, key, within);

	if (best.len > 0)
		return arena_printf(a, "; did you mean '%.*s'?", (int)best.len, best.ptr);
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (is_suggestible(row) && text_equal_nocase(setting_name(row), key))
			return arena_printf(a, "; did you mean '%s'?", row->path);
	return "";
}

enum kinship { STRANGER, SETTING, SECTION };

/* Whether within + key is a row, or the beginning of one's path. A name that is empty is none, as
 * name_within() has it of rows that are elsewhere. */
static enum kinship know(const struct setting *rows, struct text key, const char *within)
{
	size_t start = strlen(within);

	for (const struct setting *row = rows; row->path != NULL; row++) {
		struct text name = name_within(row, within);

		if (name.len == 0 || !text_equal(name, key))
			continue;
		return row->path[start + key.len] == '\0' ? SETTING : SECTION;
	}
	return STRANGER;
}

static void tell_stranger(struct check *c, const struct setting_list *of, const struct entry *entry,
			  const char *within, const char *prefix)
{
	struct arena *a = c->l->arena;
	size_t len = entry->key.len > 100 ? 100 : entry->key.len;
	const char *path = arena_printf(a, "%s%.*s", prefix, (int)len, entry->key.ptr);
	const char *suggestion = suggest(a, of->rows, entry->key, within);

	if (of->strict)
		findings_fault(c->l->found, entry->place, path, "unknown setting%s", suggestion);
	else
		findings_notice(c->l->found, entry->place, path, "unknown setting%s", suggestion);
}

void check_unknown(struct check *c, const struct setting_list *of, const struct node *map,
		   const char *within, const char *prefix)
{
	struct arena *a = c->l->arena;

	if (map == NULL || map->type != NODE_MAP)
		return;
	for (size_t i = 0; i < map->count; i++) {
		const struct entry *entry = &map->entries[i];
		const char *key = entry->key.ptr;
		int len = (int)entry->key.len;

		switch (know(of->rows, entry->key, within)) {
		case SETTING:
			break;
		case SECTION:
			check_unknown(c, of, entry->value,
				      arena_printf(a, "%s%.*s.", within, len, key),
				      arena_printf(a, "%s%.*s.", prefix, len, key));
			break;
		case STRANGER:
			tell_stranger(c, of, entry, within, prefix);
			break;
		}
	}
}

/* ---- in what Backstage and other plugins have, too ---- */

static void tell_similar(struct check *c, const struct node *map, const struct entry *entry,
			 const char *within)
{
	struct text meant = nearest(settings, entry->key, within);
	size_t len = entry->key.len > 100 ? 100 : entry->key.len;

	if (meant.len == 0 || config_node_get(map, meant) != NULL)
		return;
	findings_notice(c->l->found, entry->place,
			arena_printf(c->l->arena, "%s%.*s", within, (int)len, entry->key.ptr),
			"not a setting that this service reads; did you mean '%.*s'?",
			(int)meant.len, meant.ptr);
}

void check_similar(struct check *c, const struct node *map, const char *within)
{
	if (map == NULL || map->type != NODE_MAP)
		return;
	for (size_t i = 0; i < map->count; i++) {
		const struct entry *entry = &map->entries[i];
		enum kinship kinship = know(settings, entry->key, within);

		if (kinship == STRANGER)
			tell_similar(c, map, entry, within);
		else if (kinship == SECTION &&
			 (*within != '\0' || !text_is(entry->key, "spectrocloud")))
			check_similar(c, entry->value,
				      arena_printf(c->l->arena, "%s%.*s.", within,
						   (int)entry->key.len, entry->key.ptr));
	}
}
