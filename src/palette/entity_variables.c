/*
 * Variables of profiles: the values that the caller gave, what the profiles declare, and whether
 * the one fits the other. entity_values.c looks at a single value, entity_variable_faults.c tells.
 */
#include <stdlib.h>
#include <string.h>

#include "palette/entity_variables.h"
#include "palette/mask.h"

/* Values may stand in it once for each pool or profile. */
enum { LARGEST_ENTITY = 8 * 1024 * 1024 };

/* ---- reading ---- */

static struct entity_variable *variable_named(struct entity_draft *draft, struct text name)
{
	for (size_t i = 0; i < draft->variable_count; i++)
		if (text_equal(name, draft->variables[i].name))
			return &draft->variables[i];
	return NULL;
}

/* Palette's variables are strings: numbers and booleans as they stand in the body. */
static struct text as_string(struct arena *a, struct text raw)
{
	if (json_type_of(raw) == JSON_TYPE_STRING)
		return raw;
	return text_of(arena_printf(a, "\"%.*s\"", (int)raw.len, raw.ptr));
}

static void read_variable(struct entity_work *work, struct entity_draft *draft,
			  const struct entity_place *place, struct text raw)
{
	struct entity_variable *variable = variable_named(draft, place->name);
	struct text value = as_string(work->arena, raw);
	struct text text;

	/* A value that is no text has a fault of its own already. */
	if (!json_unescape(work->arena, value, &text))
		return;
	if (variable == NULL)
		variable = &draft->variables[draft->variable_count++];
	*variable = (struct entity_variable){
		.name = arena_copy_text(work->arena, place->name),
		.value = value,
		.text = text,
		.pointer = entity_pointer(work->arena, place),
	};
}

/* Those of clusterVariables that are settings of the cluster go there, checked by their own row. */
static void read_variables_of(struct entity_work *work, struct entity_draft *draft,
			      const char *field, const struct entity_field *settings)
{
	struct entity_place at = PLACE_MEMBER(NULL, text_of(field));
	struct json_walk walk;
	struct text object;
	struct text value;
	struct text name;
	struct text key;

	/* Too many to compare are a fault already. */
	if (!json_member(work->body, field, &object) ||
	    json_count_members(object) > ENTITY_MOST_MEMBERS)
		return;
	walk = json_walk_begin(object);
	while (json_walk_member(&walk, &key, &value)) {
		const struct entity_field *setting;
		struct entity_place member;

		if (!json_unescape(work->arena, key, &name) || name.len == 0)
			continue;
		member = PLACE_MEMBER(&at, name);
		setting = settings == NULL ? NULL : entity_field_named(settings, name);
		if (setting != NULL)
			entity_read_value(work, setting, value, &member, work->root);
		else
			read_variable(work, draft, &member, value);
	}
}

static size_t count_of(const struct entity_work *work, const char *field)
{
	struct text object;
	size_t count;

	if (!json_member(work->body, field, &object))
		return 0;
	count = json_count_members(object);
	return count > ENTITY_MOST_MEMBERS ? 0 : count;
}

void entity_read_variables(struct entity_work *work, struct entity_draft *draft)
{
	size_t count = count_of(work, "profileVariables") + count_of(work, "clusterVariables");

	draft->variables = arena_array(work->arena, struct entity_variable, count);
	read_variables_of(work, draft, "profileVariables", NULL);
	read_variables_of(work, draft, "clusterVariables", entity_cluster_settings);
}

/* ---- declaring ---- */

/* Anything but a clear no: a value that is shown once is not to be taken back. */
static bool is_called_sensitive(struct text declaration)
{
	enum json_type type;
	struct text value;

	if (!json_member(declaration, "isSensitive", &value))
		return false;
	type = json_type_of(value);
	return type != JSON_TYPE_FALSE && type != JSON_TYPE_NULL;
}

static void declare(struct entity_draft *draft, struct entity_profile *profile, struct text item)
{
	struct entity_declaration *d = &profile->declarations[profile->declaration_count];
	struct text name;
	struct text raw;

	if (!json_member(item, "name", &raw) || !json_unescape(draft->arena, raw, &name) ||
	    name.len == 0)
		return;
	*d = (struct entity_declaration){
		.name = name,
		.raw = item,
		.profile = profile,
		.is_required = entity_is_true(item, "/required"),
		.is_sensitive = is_called_sensitive(item) || mask_is_secret_name(name),
	};
	d->needs_value = d->is_required && !entity_value_has_default(item);
	profile->declaration_count++;
}

void entity_declare(struct entity_draft *draft, size_t profile, struct text answer)
{
	struct entity_profile *p = &draft->profiles[profile];
	struct text copy = arena_copy_text(draft->arena, answer);
	struct json_walk walk;
	struct text variables;
	struct text item;
	size_t count = 0;

	p->is_known = true;
	p->declaration_count = 0;
	if (!json_member(copy, "variables", &variables))
		return;
	walk = json_walk_begin(variables);
	while (json_walk_item(&walk, &item))
		count++;
	p->declarations = arena_array(draft->arena, struct entity_declaration, count);
	walk = json_walk_begin(variables);
	while (json_walk_item(&walk, &item))
		declare(draft, p, item);
}

/* ---- values and declarations, by name ---- */

static int compare_texts(struct text a, struct text b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_variables(const void *left, const void *right)
{
	const struct entity_variable *const *a = left;
	const struct entity_variable *const *b = right;

	return compare_texts((*a)->name, (*b)->name);
}

/* By name, then in the order of profiles, then in that of their declarations. */
static int compare_declarations(const void *left, const void *right)
{
	const struct entity_declaration *a = *(const struct entity_declaration *const *)left;
	const struct entity_declaration *b = *(const struct entity_declaration *const *)right;
	int order = compare_texts(a->name, b->name);

	if (order != 0)
		return order;
	if (a->profile != b->profile)
		return a->profile < b->profile ? -1 : 1;
	return (a > b) - (a < b);
}

static void sort_variables(struct entity_matching *f)
{
	struct entity_draft *draft = f->draft;

	f->variables = arena_array(draft->arena, struct entity_variable *, draft->variable_count);
	for (size_t i = 0; i < draft->variable_count; i++)
		f->variables[i] = &draft->variables[i];
	qsort(f->variables, draft->variable_count, sizeof f->variables[0], compare_variables);
}

static void sort_declarations(struct entity_matching *f)
{
	struct entity_draft *draft = f->draft;
	size_t room = 0;

	for (size_t i = 0; i < draft->profile_count; i++)
		room += draft->profiles[i].declaration_count;
	f->declarations = arena_array(draft->arena, struct entity_declaration *, room);
	for (size_t i = 0; i < draft->profile_count; i++)
		for (size_t k = 0; k < draft->profiles[i].declaration_count; k++)
			f->declarations[f->declaration_count++] =
				&draft->profiles[i].declarations[k];
	qsort(f->declarations, f->declaration_count, sizeof f->declarations[0],
	      compare_declarations);
}

static struct entity_variable *find_variable(const struct entity_matching *f, struct text name)
{
	struct entity_variable wanted = {.name = name};
	struct entity_variable *key = &wanted;
	struct entity_variable **found = bsearch(&key, f->variables, f->draft->variable_count,
						 sizeof f->variables[0], compare_variables);

	return found == NULL ? NULL : *found;
}

static void use(struct entity_declaration *d, struct entity_variable *variable)
{
	d->variable = variable;
	if (variable == NULL)
		return;
	if (variable->uses == NULL)
		variable->uses = d;
	else
		variable->last_use->next_use = d;
	variable->last_use = d;
}

/* All declarations of one name. */
static void join_group(struct entity_matching *f, struct entity_declaration **group, size_t count)
{
	struct entity_variable *variable = find_variable(f, group[0]->name);
	struct entity_declaration *need = NULL;
	bool is_sensitive = false;

	for (size_t i = 0; i < count; i++)
		is_sensitive = is_sensitive || group[i]->is_sensitive;
	if (variable != NULL)
		variable->is_sensitive = is_sensitive;
	group[0]->is_first = true;
	for (size_t i = 0; i < count; i++) {
		struct entity_declaration *d = group[i];

		d->is_sensitive = is_sensitive;
		d->is_repeated = i > 0 && d->profile == group[i - 1]->profile;
		if (d->is_repeated)
			continue;
		use(d, variable);
		if (!d->needs_value)
			continue;
		if (need == NULL)
			need = d;
		else
			need->needing_more++;
	}
	if (need != NULL)
		need->is_first_need = variable == NULL || variable->text.len == 0;
}

static void join(struct entity_matching *f)
{
	size_t end;

	sort_variables(f);
	sort_declarations(f);
	for (size_t start = 0; start < f->declaration_count; start = end) {
		end = start + 1;
		while (end < f->declaration_count &&
		       text_equal(f->declarations[end]->name, f->declarations[start]->name))
			end++;
		join_group(f, &f->declarations[start], end - start);
	}
}

/* ---- giving ---- */

static void give(struct entity_draft *draft, const struct entity_declaration *d)
{
	struct entity_node *item;

	if (d->variable == NULL || d->is_repeated)
		return;
	/* Its default is to stand. */
	if (d->variable->text.len == 0 && d->is_required)
		return;
	item = node_object(draft->arena);
	node_set(draft->arena, item, "/name", entity_json_string(draft->arena, d->name));
	node_set(draft->arena, item, "/value", d->variable->value);
	node_append(d->profile->variables, item);
}

bool entity_finish(struct entity_draft *draft, struct entity_faults *faults, struct text *entity)
{
	struct entity_matching f = {
		.draft = draft,
		.faults = faults,
		.regex_work = regex_work_begin(),
	};

	join(&f);
	entity_check_variables(&f);
	for (size_t i = 0; i < draft->profile_count; i++) {
		const struct entity_profile *profile = &draft->profiles[i];

		for (size_t k = 0; k < profile->declaration_count; k++) {
			entity_check_need(&f, &profile->declarations[k]);
			give(draft, &profile->declarations[k]);
		}
	}
	if (faults->count == 0 && !node_write(draft->arena, draft->root, LARGEST_ENTITY, entity))
		entity_fault_at(faults, "", "makes a request that is too large for Palette");
	return faults->count == 0;
}
