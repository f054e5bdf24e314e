/* From the merged tree to struct config, row by row. */
#include "config/check.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/value.h"

_Static_assert(sizeof(enum log_level) == sizeof(int), "choices are stored as int");
_Static_assert(sizeof(enum log_format) == sizeof(int), "choices are stored as int");

enum { MAX_LIST = 1000 }; /* environments and such: each is compared with all others */

/* ---- saying what is wrong ---- */

static bool is_one_line(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7f)
			return false;
	return true;
}

const char *check_describe(struct arena *a, const struct node *node, bool show)
{
	show = show && !node->computed && node->text.len <= 80 && is_one_line(node->text);
	switch (node->type) {
	case NODE_LIST:
		return "a list";
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

/* What keeps a value from being a string that would do; "" if it is something else. */
static const char *what_it_lacks(const struct setting *row, const struct node *node)
{
	if (row->type != SETTING_STRING && row->type != SETTING_SECRET)
		return "";
	if (node->type == NODE_STRING && row->accepts == NULL && !is_one_line(node->text))
		return ", without control characters";
	if ((node->type == NODE_NUMBER || node->type == NODE_BOOL) &&
	    (row->accepts == NULL || row->accepts(node->text)))
		return ", in quotes";
	return "";
}

static void not_for_row(struct check *c, const struct setting *row, const struct node *node,
			const char *path)
{
	bool show = row->type != SETTING_SECRET && row->type != SETTING_URL;

	wrong(c, node, path,
	      arena_printf(c->l->arena, "%s%s", setting_wants(c->l->arena, row),
			   what_it_lacks(row, node)),
	      show);
}

bool check_is_list_of_maps(struct check *c, const struct node *node, const char *path)
{
	bool ok = true;

	if (node->type != NODE_LIST) {
		wrong(c, node, path, "a list of maps", false);
		return false;
	}
	if (node->count > MAX_LIST) {
		findings_fault(c->l->found, node->place, path, "more than 1000 elements");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *element = node->entries[i].value;

		if (element->type == NODE_MAP)
			continue;
		wrong(c, element, arena_printf(c->l->arena, "%s[%zu]", path, i), "a map", false);
		ok = false;
	}
	return ok;
}

/* ---- one value ---- */

static bool read_string(const struct setting *row, const struct node *value, const char **into)
{
	if (value->type != NODE_STRING || value->text.len == 0 || !is_one_line(value->text) ||
	    (row->accepts != NULL && !row->accepts(value->text)))
		return false;
	*into = value->text.ptr;
	return true;
}

static bool read_secret(const struct setting *row, const struct node *value, struct secret *into)
{
	const char *text;

	if (!read_string(row, value, &text))
		return false;
	secret_set(into, value->text);
	return true;
}

static bool read_whole(const struct setting *row, const struct node *value, int *into)
{
	int64_t number = 0;
	bool ok;

	if (row->type == SETTING_DURATION_MS)
		ok = value_duration_ms(value, &number);
	else if (row->type == SETTING_SIZE_BYTES)
		ok = value_size(value, &number);
	else
		ok = value_int(value, &number);
	if (!ok || number < row->min || number > row->max)
		return false;
	*into = (int)number;
	return true;
}

static bool read_choice(const struct setting *row, const struct node *value, int *into)
{
	if (value->type != NODE_STRING)
		return false;
	for (const struct setting_choice *choice = row->choices; choice->name != NULL; choice++) {
		if (!text_is(value->text, choice->name))
			continue;
		*into = choice->value;
		return true;
	}
	return false;
}

static bool read_strings(struct arena *a, const struct node *value, struct config_strings *into)
{
	const char **items;

	if (value->type != NODE_LIST)
		return false;
	items = arena_array(a, const char *, value->count);
	for (size_t i = 0; i < value->count; i++)
		if (!read_string(&(struct setting){0}, value->entries[i].value, &items[i]))
			return false;
	*into = (struct config_strings){items, value->count};
	return true;
}

/* A duration written without its unit is the mistake people make most: say how to write it. */
static bool lacks_unit(struct check *c, const struct setting *row, const struct node *value,
		       const char *path)
{
	int64_t number;

	if (row->type != SETTING_DURATION_MS || value->computed || !value_int(value, &number) ||
	    number < 0)
		return false;
	findings_fault(c->l->found, value->place, path,
		       "got %s without a unit, wanted a duration: write %lds or %ldms",
		       check_describe(c->l->arena, value, true), (long)number, (long)number);
	return true;
}

static void check_url_value(struct check *c, const struct setting *row, const struct node *value,
			    const char *path, const char **into)
{
	struct text url = value->text;
	const char *why;
	bool loopback;

	if (value->type != NODE_STRING || url.len == 0) {
		not_for_row(c, row, value, path);
		return;
	}
	why = check_url(url, &loopback);
	if (why != NULL) {
		findings_fault(c->l->found, value->place, path, "not usable as a URL: %s", why);
		return;
	}
	while (text_ends(url, "/"))
		url.len--;
	*into = arena_copy(c->l->arena, url);
}

static void check_file_value(struct check *c, const struct setting *row, const struct node *value,
			     const char *path, const char **into)
{
	const char *name;
	struct text content;
	struct error err;

	if (!read_string(&(struct setting){0}, value, &name)) {
		not_for_row(c, row, value, path);
		return;
	}
	name = load_path(c->l->arena, c->l->directory, name);
	if (!load_file(c->l, name, &content, &err))
		findings_fault(c->l->found, value->place, path, "cannot read this file: %s",
			       err.message);
	else if (row->accepts != NULL && !row->accepts(content))
		findings_fault(c->l->found, value->place, path,
			       "got a file that holds something else, wanted %s", row->wants);
	else
		*into = name;
}

static bool is_off(const struct node *value)
{
	bool on;

	if (value->type == NODE_LIST || value->type == NODE_MAP)
		return value->count == 0 && !value->lost;
	return value->text.len == 0 || (value_bool(value, &on) && !on);
}

/* To go on without a safeguard that somebody asked for would be worse than not to start. */
static void refuse_unsupported(struct check *c, const struct node *value, const char *path)
{
	if (!is_off(value))
		findings_fault(c->l->found, value->place, path,
			       "is not supported by this version; remove it");
}

void check_value(struct check *c, const struct setting *row, const struct node *value,
		 const char *path, void *into)
{
	bool ok = true;

	switch (row->type) {
	case SETTING_STRING:
		ok = read_string(row, value, into);
		break;
	case SETTING_SECRET:
		ok = read_secret(row, value, into);
		break;
	case SETTING_BOOL:
		ok = value_bool(value, into);
		break;
	case SETTING_INT:
	case SETTING_SIZE_BYTES:
	case SETTING_DURATION_MS:
		ok = read_whole(row, value, into);
		break;
	case SETTING_ENUM:
		ok = read_choice(row, value, into);
		break;
	case SETTING_STRINGS:
		ok = read_strings(c->l->arena, value, into);
		break;
	case SETTING_URL:
		check_url_value(c, row, value, path, into);
		break;
	case SETTING_FILE:
		check_file_value(c, row, value, path, into);
		break;
	default:
		break;
	}
	if (!ok && !lacks_unit(c, row, value, path))
		not_for_row(c, row, value, path);
}

/* ---- rows ---- */

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

static void fill_default(struct check *c, const struct setting *row, const char *path, void *into)
{
	struct node value = {.type = NODE_STRING, .text = text_of(row->fallback)};
	unsigned before = c->l->found->fault_count;

	value.place.file = "default";
	check_value(c, row, &value, path, into);
	assert(c->l->found->fault_count == before);
	(void)before;
}

static void check_list(struct check *c, const struct setting *row, const struct node *list,
		       const char *path, void *base)
{
	const struct setting_list *of = row->list;
	char *elements;

	if (!check_is_list_of_maps(c, list, path))
		return;
	elements = arena_alloc_array(c->l->arena, list->count, of->element_size);
	*(void **)((char *)base + row->into) = elements;
	*(size_t *)((char *)base + of->count_into) = list->count;
	for (size_t i = 0; i < list->count; i++) {
		const struct node *element = list->entries[i].value;
		const char *prefix = arena_printf(c->l->arena, "%s[%zu].", path, i);

		check_rows(c, of->rows, elements + i * of->element_size, element, prefix);
		check_unknown(c, of->rows, element, "", prefix);
	}
}

static void check_row(struct check *c, const struct setting *row, void *base,
		      const struct node *map, const char *prefix)
{
	const char *path = arena_printf(c->l->arena, "%s%s", prefix, row->path);
	void *into = (char *)base + row->into;
	const struct node *around;
	const struct node *value = find_value(c, row, map, prefix, &around);

	if (value != NULL && value == c->blamed)
		return;
	if (node_is_set(value) && row->type == SETTING_LIST)
		check_list(c, row, value, path, base);
	else if (node_is_set(value) && row->type == SETTING_EXTERNAL)
		check_external(c, value, path);
	else if (node_is_set(value) && row->type == SETTING_UNSUPPORTED)
		refuse_unsupported(c, value, path);
	else if (node_is_set(value))
		check_value(c, row, value, path, into);
	else if (row->required)
		fault_missing(c, row, value, around, path);
	else if (row->fallback != NULL)
		fill_default(c, row, path, into);
}

void check_rows(struct check *c, const struct setting *rows, void *base, const struct node *map,
		const char *prefix)
{
	for (const struct setting *row = rows; row->path != NULL; row++)
		if (row->type != SETTING_FOREIGN)
			check_row(c, row, base, map, prefix);
}

/* ---- what rows cannot say ---- */

static void check_name(struct check *c, const struct node *list, size_t index)
{
	const struct config_environment *all = c->config->environments;
	const struct node *map = list->entries[index].value;
	const char *path = arena_printf(c->l->arena, "spectrocloud.environments[%zu].name", index);
	const struct node *name = config_node_get(map, TEXT("name"));

	if (all[index].name == NULL) {
		if (list->count > 1 && !node_is_set(name))
			findings_notice(c->l->found, map->place, path,
					index > 0 ? "no name: no call can reach this environment"
						  : "no name: only calls that name no environment "
						    "reach this one");
		return;
	}
	for (size_t i = 0; i < index; i++) {
		if (all[i].name == NULL || strcmp(all[i].name, all[index].name) != 0)
			continue;
		findings_fault(c->l->found, name->place, path,
			       "spectrocloud.environments[%zu] has this name already", i);
		return;
	}
}

static void remark_on_transport(struct check *c, const struct node *map, size_t index)
{
	const struct config_environment *env = &c->config->environments[index];
	const struct node *url = config_node_get(map, TEXT("url"));
	const struct node *skip = config_node_get(map, TEXT("insecureSkipVerify"));
	const char *path = arena_printf(c->l->arena, "spectrocloud.environments[%zu]", index);
	bool loopback = true;

	if (env->url != NULL && text_starts(text_of(env->url), "http:") &&
	    check_url(text_of(env->url), &loopback) == NULL && !loopback)
		findings_notice(c->l->found, url->place, arena_printf(c->l->arena, "%s.url", path),
				"http, not https: the token travels in clear");
	if (env->insecure_skip_verify)
		findings_notice(
			c->l->found, skip->place,
			arena_printf(c->l->arena, "%s.insecureSkipVerify", path),
			"certificates are not verified: anybody on the way can read the token");
}

static void check_environments(struct check *c, const struct node *root)
{
	static const char path[] = "spectrocloud.environments";
	const struct node *section = config_node_get(root, TEXT("spectrocloud"));
	const struct node *list = config_node_at(root, text_of(path));

	if (!node_is_set(list) || (list->type == NODE_LIST && list->count == 0)) {
		const struct node *near = node_is_set(list)      ? list
					  : node_is_set(section) ? section
								 : root;

		findings_notice(c->l->found, near->place, path,
				"no environments: every call to Palette will be answered with 500");
		return;
	}
	if (c->config->environments == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		check_name(c, list, i);
		remark_on_transport(c, list->entries[i].value, i);
	}
}

/* The innermost part of backend.auth.externalAccess that was written. */
static struct place place_of_callers(const struct node *root)
{
	static const char *const paths[] = {"backend.auth.externalAccess", "backend.auth",
					    "backend"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct node *node = config_node_at(root, text_of(paths[i]));

		if (node_is_set(node))
			return node->place;
	}
	return root->place;
}

static void remark_on_auth(struct check *c, const struct node *root)
{
	static const char policy[] = "backend.auth.dangerouslyDisableDefaultAuthPolicy";
	static const char keys[] = "backend.auth.keys";
	const struct node *old = config_node_at(root, TEXT("backend.auth.keys"));

	/* A fault may be all that keeps a token from being usable. */
	if (!c->config->disable_default_auth_policy && c->l->found->fault_count == 0 &&
	    config_usable_tokens(c->config) == 0)
		findings_notice(c->l->found, place_of_callers(root), "backend.auth.externalAccess",
				"nobody can call: no token of type 'static' may be used with this "
				"plugin");
	if (c->config->disable_default_auth_policy)
		findings_notice(c->l->found, config_node_at(root, text_of(policy))->place, policy,
				"everybody is let in without a credential");
	if (node_is_set(old) && old->count > 0)
		findings_notice(c->l->found, old->place, keys,
				"tokens made with these keys are refused by this version");
}

void check_config(struct check *c, const struct node *root)
{
	const struct node *ours = config_node_get(root, TEXT("spectrocloud"));

	check_rows(c, settings, c->config, root, "");
	if (ours != NULL)
		check_unknown(c, settings, ours, "spectrocloud.", "spectrocloud.");
	check_environments(c, root);
	remark_on_auth(c, root);
}
