/* From the merged tree to struct config, row by row. */
#include "config/check.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/value.h"
#include "telemetry/metrics.h"

enum { MAX_LIST = 1000 }; /* environments and such: each is compared with all others */

static_assert((int)MAX_LIST <= (int)METRIC_MOST_ENVIRONMENTS, "each environment has its series");

/* ---- saying what is wrong ---- */

bool check_is_one_line(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
			return false;
	return true;
}

const char *check_describe(struct arena *a, const struct node *node, bool show)
{
	show = show && !node->computed && node->text.len <= 80 && check_is_one_line(node->text);
	switch (node->type) {
	case NODE_LIST:
		return node->count == 0 ? "an empty list" : "a list";
	case NODE_MAP:
		return "a map";
	case NODE_BOOL:
		return show ? arena_printf(a, "the boolean %s", node->text.ptr) : "a boolean";
	case NODE_NUMBER:
		return show ? arena_printf(a, "the number %s", node->text.ptr) : "a number";
	case NODE_STRING:
		if (node->text.len == 0)
			return "an empty string";
		return show ? arena_printf(a, "the string '%s'", node->text.ptr) : "a string";
	default:
		return "nothing";
	}
}

static void wrong(struct check *c, const struct node *node, const char *path, const char *wanted,
		  bool show)
{
	findings_fault(c->l->found, node->place, path, "got %s, wanted %s",
		       check_describe(c->l->arena, node, show), wanted);
}

void check_wrong(struct check *c, const struct node *node, const char *path, const char *wanted)
{
	wrong(c, node, path, wanted, true);
}

void check_wrong_secret(struct check *c, const struct node *node, const char *path,
			const char *wanted)
{
	wrong(c, node, path, wanted, false);
}

/* What keeps a value from being a string that would do; "" if it is something else. */
static const char *what_it_lacks(const struct setting *row, const struct node *node)
{
	if (row->type != SETTING_STRING && row->type != SETTING_SECRET)
		return "";
	if (node->type == NODE_STRING && row->accepts == NULL && !check_is_one_line(node->text))
		return ", without control characters";
	if ((node->type == NODE_NUMBER || node->type == NODE_BOOL) && row->choices == NULL &&
	    (row->accepts == NULL || row->accepts(node->text)))
		return ", in quotes";
	return "";
}

void check_not_for_row(struct check *c, const struct setting *row, const struct node *node,
		       const char *path)
{
	bool show = row->type != SETTING_SECRET && row->type != SETTING_BASE64 &&
		    row->type != SETTING_URL && row->type != SETTING_TARGET && !row->secret;

	wrong(c, node, path,
	      arena_printf(c->l->arena, "%s%s", setting_wants(c->l->arena, row),
			   what_it_lacks(row, node)),
	      show);
}

bool check_is_list(struct check *c, const struct node *node, const char *path)
{
	if (node->type != NODE_LIST) {
		wrong(c, node, path, "a list of maps", false);
		return false;
	}
	if (node->count > MAX_LIST) {
		findings_fault(c->l->found, node->place, path, "more than 1000 elements");
		return false;
	}
	return true;
}

bool check_is_map(struct check *c, const struct node *list, size_t index, const char *path)
{
	const struct node *element = list->entries[index].value;

	if (element->type == NODE_MAP)
		return true;
	wrong(c, element, arena_printf(c->l->arena, "%s[%zu]", path, index), "a map", false);
	return false;
}

/* ---- finding values ---- */

/* What is at a row's path below map, NULL if nothing; a section on the way that is no map is a
 * fault. *around is the innermost map on the way that exists. */
static const struct node *find_value(struct check *c, const struct setting *row,
				     const struct node *map, const char *prefix,
				     const struct node **around)
{
	struct text rest = text_of(row->path);
	const struct node *node = map;
	struct text key;

	assert(map != NULL);
	*around = map;
	while (text_next(&rest, '.', &key)) {
		if (node == NULL || node->type == NODE_NULL)
			return NULL;
		if (node->type == NODE_ABSENT)
			return node;
		if (node->type != NODE_MAP) {
			if (node != c->blamed)
				wrong(c, node,
				      arena_printf(c->l->arena, "%s%.*s", prefix,
						   (int)(key.ptr - row->path - 1), row->path),
				      "a map", false);
			c->blamed = node;
			return node;
		}
		*around = node;
		node = config_node_get(node, key);
	}
	return node;
}

static void fault_missing(struct check *c, const struct setting *row, const struct node *value,
			  const struct node *around, const char *path)
{
	const char *wants = setting_wants(c->l->arena, row);

	if (value != NULL && value->type == NODE_ABSENT && value->text.len > 0)
		findings_fault(c->l->found, value->place, path,
			       "missing, because the variable %s is not set; wanted %s",
			       value->text.ptr, wants);
	else
		findings_fault(c->l->found, around->place, path, "missing; wanted %s", wants);
}

/* ---- lists ---- */

static bool is_same(const struct setting *row, const void *a, const void *b)
{
	const struct secret *secret = b;
	const char *one;
	const char *other;

	if (row->type == SETTING_SECRET)
		return secret_is_set(secret) &&
		       secret_equal(a, (struct text){secret->ptr, secret->len});
	one = *(const char *const *)a;
	other = *(const char *const *)b;
	return one != NULL && other != NULL && strcmp(one, other) == 0;
}

void check_unique(struct check *c, const struct setting_list *of, const void *elements,
		  size_t index, const struct node *map, const char *path)
{
	for (const struct setting *row = of->rows; row->path != NULL; row++) {
		const char *base = (const char *)elements + row->into;
		const struct node *value = config_node_at(map, text_of(row->path));
		struct text name = setting_name(row);

		for (size_t i = 0; i < index && row->unique && value != NULL; i++) {
			if (!is_same(row, base + i * of->element_size,
				     base + index * of->element_size))
				continue;
			findings_fault(
				c->l->found, value->place,
				arena_printf(c->l->arena, "%s[%zu].%s", path, index, row->path),
				"%s[%zu] has this %.*s already", path, i, (int)name.len, name.ptr);
			break;
		}
	}
}

static void check_list(struct check *c, const struct setting *row, const struct node *list,
		       const char *path, void *base)
{
	const struct setting_list *of = row->list;
	char *elements;

	if (!check_is_list(c, list, path))
		return;
	if (list->count < (size_t)row->min)
		check_not_for_row(c, row, list, path);
	if (row->max > 0 && list->count > (size_t)row->max)
		findings_fault(c->l->found, list->place, path, "more than %d elements",
			       (int)row->max);
	if (list->count == 0)
		return;
	elements = arena_alloc_array(c->l->arena, list->count, of->element_size);
	*(void **)((char *)base + row->into) = elements;
	*(size_t *)((char *)base + row->count_into) = list->count;
	for (size_t i = 0; i < list->count; i++) {
		const struct node *element = list->entries[i].value;
		const char *prefix = arena_printf(c->l->arena, "%s[%zu].", path, i);

		if (!check_is_map(c, list, i, path))
			continue;
		check_rows(c, of->rows, elements + i * of->element_size, element, prefix);
		check_unknown(c, of, element, "", prefix);
		check_unique(c, of, elements, i, element, path);
	}
}

/* The addresses of an endpoint: one for both sides, or a map of them. */
static void check_target(struct check *c, const struct setting *row, const struct node *value,
			 const char *path, struct config_endpoint *endpoint)
{
	static const struct setting_list of = {.rows = target_settings};
	const char *prefix = arena_printf(c->l->arena, "%s.", path);
	bool any = false;

	for (const struct setting *side = of.rows; side->path != NULL; side++)
		any = any || config_node_get(value, text_of(side->path)) != NULL;
	if (value->type == NODE_STRING) {
		check_value(c, &of.rows[1], value, path, &endpoint->external);
		endpoint->internal = endpoint->external;
	} else if (any) {
		check_rows(c, of.rows, endpoint, value, prefix);
		check_unknown(c, &of, value, "", prefix);
	} else {
		check_not_for_row(c, row, value, path);
	}
}

/* ---- rows ---- */

static void check_set(struct check *c, const struct setting *row, void *base,
		      const struct node *value, const char *path)
{
	if (row->deprecated != NULL && (value->type != NODE_LIST || value->count > 0))
		findings_notice(c->l->found, value->place, path, "deprecated: %s", row->deprecated);
	switch (row->type) {
	case SETTING_LIST:
		check_list(c, row, value, path, base);
		break;
	case SETTING_WORDS:
		check_words(c, row, value, path, base);
		break;
	case SETTING_TARGET:
		check_target(c, row, value, path, base);
		break;
	case SETTING_EXTERNAL:
		check_external(c, value, path);
		break;
	case SETTING_OLD_KEYS:
		check_old_keys(c, value, path);
		break;
	default:
		check_value(c, row, value, path, (char *)base + row->into);
		break;
	}
}

static void fill_default(struct check *c, const struct setting *row, void *base, const char *path)
{
	struct node value = {.type = NODE_STRING, .text = text_of(row->fallback)};
	unsigned before = c->l->found->fault_count;

	value.place.file = "default";
	check_set(c, row, base, &value, path);
	assert(c->l->found->fault_count == before);
	(void)before;
}

static bool is_lost(const struct node *value)
{
	return value != NULL && (value->type == NODE_ABSENT || value->lost);
}

/* As Backstage has it; but what was to stand there may have been cut off, or be a comment. */
static void remark_on_nothing(struct check *c, const struct setting *row, const struct node *value,
			      const char *path)
{
	if (row->narrows && value != NULL && value->type == NODE_NULL)
		findings_notice(c->l->found, value->place, path,
				"there is nothing behind it, which counts as if it were not there: "
				"it narrows nothing");
}

static void check_row(struct check *c, const struct setting *row, void *base,
		      const struct node *map, const char *prefix)
{
	const char *path = arena_printf(c->l->arena, "%s%s", prefix, row->path);
	const struct node *around;
	const struct node *value = find_value(c, row, map, prefix, &around);

	if ((value != NULL && value == c->blamed) ||
	    (row->needed != NULL && !row->needed(c->config)))
		return;
	remark_on_nothing(c, row, value, path);
	if (row->narrows && is_lost(value))
		findings_fault(c->l->found, value->place, path,
			       "a variable in it is not set; more would be allowed than was meant");
	else if (node_is_set(value))
		check_set(c, row, base, value, path);
	else if (row->required || row->needed != NULL)
		fault_missing(c, row, value, around, path);
	else if (row->fallback != NULL)
		fill_default(c, row, base, path);
}

void check_rows(struct check *c, const struct setting *rows, void *base, const struct node *map,
		const char *prefix)
{
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (row->type != SETTING_FOREIGN)
			check_row(c, row, base, map, prefix);
}

/* ---- the whole ---- */

void check_config(struct check *c, const struct node *root)
{
	static const struct setting_list all = {.rows = settings};

	check_rows(c, settings, c->config, root, "");
	check_unknown(c, &all, config_node_get(root, TEXT("spectrocloud")), "spectrocloud.",
		      "spectrocloud.");
	check_similar(c, root, "");
	check_cors(c, root);
	check_store(c, root);
	check_agents(c, root);
	check_remarks(c, root);
	check_telemetry(c, root);
}
