/* What is wrong with variables of profiles, in words. */
#include "palette/entity_variables.h"

#include <string.h>

enum {
	LONGEST_FOUND = 64, /* bytes of a value that a fault repeats */
	LONGEST_TITLE = 64,
	MOST_COMPARISONS = 20000, /* of names, for "did you mean": about a tenth of a second */
	FAR_AWAY = 3,             /* so many letters differ in names that are not near */
};

static struct entity_rule rule_of(const struct entity_declaration *d)
{
	return (struct entity_rule){.declaration = d->raw, .is_sensitive = d->is_sensitive};
}

/* "; found ..." as far as it may be told. */
static const char *found(struct entity_matching *f, const struct entity_variable *variable)
{
	struct arena *a = f->draft->arena;

	if (variable->is_sensitive)
		return "";
	if (variable->text.len > LONGEST_FOUND)
		return arena_printf(a, "; found a text of %zu bytes", variable->text.len);
	return arena_printf(a, "; found \"%s\"",
			    entity_shown(a, variable->text, (size_t)6 * LONGEST_FOUND));
}

/* Whether the profile keeps the variable at its default, and the value is another. */
static bool is_kept_from(struct entity_matching *f, const struct entity_declaration *d,
			 struct text value, const char **standard)
{
	struct text flag;

	if (!json_member(d->raw, "immutable", &flag) || json_type_of(flag) != JSON_TYPE_TRUE)
		return false;
	*standard = json_string_at(f->draft->arena, d->raw, "/defaultValue", "");
	return **standard != '\0' && !text_is(value, *standard);
}

/* "its default", as far as it may be told. */
static const char *shown_default(struct entity_matching *f, const struct entity_declaration *d,
				 const char *standard)
{
	if (d->is_sensitive || strlen(standard) > LONGEST_FOUND)
		return "its default";
	return arena_printf(
		f->draft->arena, "its default \"%s\"",
		entity_shown(f->draft->arena, text_of(standard), (size_t)6 * LONGEST_FOUND));
}

static void check_value(struct entity_matching *f, const struct entity_variable *variable,
			const struct entity_declaration *d)
{
	struct entity_rule rule = rule_of(d);
	const char *expected;

	/* An empty text is no value; see entity_check_need(). */
	if (variable->text.len == 0)
		return;
	if (is_kept_from(f, d, variable->text, &expected)) {
		entity_fault_at(f->faults, variable->pointer,
				"is immutable, and must keep %s (profile %s)%s",
				shown_default(f, d, expected), d->profile->uid, found(f, variable));
		return;
	}
	if (entity_value_fits(f->draft->arena, &rule, variable->text, &f->regex_work, &expected))
		return;
	entity_fault_at(f->faults, variable->pointer, "must %s (profile %s)%s", expected,
			d->profile->uid, found(f, variable));
}

static bool are_all_known(const struct entity_draft *draft)
{
	for (size_t i = 0; i < draft->profile_count; i++)
		if (!draft->profiles[i].is_known)
			return false;
	return true;
}

/* Calls each for the first declaration of each name, in the order of the profiles, until it
 * answers false. */
static void for_each_name(struct entity_matching *f,
			  bool (*each)(struct entity_matching *f,
				       const struct entity_declaration *d, void *context),
			  void *context)
{
	for (size_t i = 0; i < f->draft->profile_count; i++) {
		const struct entity_profile *profile = &f->draft->profiles[i];

		for (size_t k = 0; k < profile->declaration_count; k++)
			if (profile->declarations[k].is_first &&
			    !each(f, &profile->declarations[k], context))
				return;
	}
}

static bool add_name(struct entity_matching *f, const struct entity_declaration *d, void *context)
{
	(void)f;
	entity_list_add(context, d->name);
	return true;
}

static const char *declared_names(struct entity_matching *f)
{
	struct entity_list list = {.arena = f->draft->arena};

	if (f->names == NULL) {
		for_each_name(f, add_name, &list);
		f->names = entity_list_end(&list);
	}
	return f->names;
}

struct nearest {
	struct text name;
	struct text found; /* empty: none so far */
	unsigned least;
};

static bool come_nearer(struct entity_matching *f, const struct entity_declaration *d,
			void *context)
{
	struct nearest *n = context;
	unsigned distance;

	if (d->name.len >= n->name.len + FAR_AWAY || n->name.len >= d->name.len + FAR_AWAY)
		return true;
	if (f->comparisons == MOST_COMPARISONS)
		return false;
	f->comparisons++;
	distance = text_distance(n->name, d->name);
	if (distance < n->least && distance < d->name.len) {
		n->least = distance;
		n->found = d->name;
	}
	return true;
}

/* What stands between a name that nobody declares and those that are declared. */
static const char *nearest_name(struct entity_matching *f, struct text name)
{
	struct nearest n = {.name = name, .found = TEXT(""), .least = FAR_AWAY};

	if (!entity_faults_full(f->faults))
		for_each_name(f, come_nearer, &n);
	if (n.found.len == 0)
		return "; they declare";
	return arena_printf(f->draft->arena, "; did you mean %s? They declare",
			    entity_shown(f->draft->arena, n.found, LONGEST_TITLE));
}

static void name_undeclared(struct entity_matching *f, const struct entity_variable *variable)
{
	if (f->draft->profile_count == 0)
		entity_fault_at(f->faults, variable->pointer,
				"is a variable, and there are no profiles to declare it");
	else if (f->declaration_count == 0)
		entity_fault_at(f->faults, variable->pointer,
				"cannot be given: none of the profiles declares any variables");
	else
		entity_fault_at(f->faults, variable->pointer,
				"is a variable that none of the profiles declares%s: %s",
				nearest_name(f, variable->name), declared_names(f));
}

void entity_check_variables(struct entity_matching *f)
{
	bool all_known = are_all_known(f->draft);

	for (size_t i = 0; i < f->draft->variable_count; i++) {
		const struct entity_variable *variable = &f->draft->variables[i];

		for (const struct entity_declaration *d = variable->uses; d != NULL;
		     d = d->next_use)
			check_value(f, variable, d);
		if (variable->uses == NULL && all_known)
			name_undeclared(f, variable);
	}
}

/* " (Cluster domain)", if the variable has another name for people. */
static const char *title_of(struct entity_matching *f, const struct entity_declaration *d)
{
	struct arena *a = f->draft->arena;
	const char *title = json_string_at(a, d->raw, "/displayName", "");

	if (*title == '\0' || text_is(d->name, title))
		return "";
	return arena_printf(a, " (%s)", entity_shown(a, text_of(title), LONGEST_TITLE));
}

void entity_check_need(struct entity_matching *f, const struct entity_declaration *d)
{
	struct entity_place field = PLACE_MEMBER(NULL, TEXT("profileVariables"));
	struct entity_place place = PLACE_MEMBER(&field, d->name);
	struct arena *a = f->draft->arena;
	struct entity_rule rule = rule_of(d);
	const char *more = "";

	if (!d->is_first_need)
		return;
	if (d->needing_more > 0)
		more = arena_printf(a, " and %zu more", d->needing_more);
	entity_fault_at(f->faults,
			d->variable == NULL ? entity_pointer(a, &place) : d->variable->pointer,
			"is required by profile %s%s%s: expected %s; found %s", d->profile->uid,
			more, title_of(f, d), entity_value_expected(a, &rule),
			d->variable == NULL ? "nothing" : "an empty text");
}
