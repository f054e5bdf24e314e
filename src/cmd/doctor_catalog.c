/* Checks of what the ingestor wrote into the catalog about Palette's objects. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/doctor.h"
#include "op/op.h"

/* Once for all checks; whoever comes first reads, the others wait for them. */
static bool read_all(struct doctor_task *t, struct error *err)
{
	struct doctor *d = t->doctor;
	struct backstage_call call = {
		.arena = &d->catalog_arena, .deadline_ms = t->deadline_ms, .may_wait = true};

	for (int type = 0; type < CATALOG_TYPES; type++)
		if (!backstage_all_entities(d->backstage, &call, &d->caller,
					    (enum catalog_type)type, &d->entities[type],
					    &d->entity_counts[type], err))
			return false;
	d->catalog_read = true;
	return true;
}

static bool have_entities(struct doctor_task *t)
{
	struct doctor *d = t->doctor;
	struct error err;
	bool ok;

	doctor_tried(t, "POST entities/by-query of the plugin catalog, for each type of entity");
	pthread_mutex_lock(&d->catalog_lock);
	ok = d->catalog_read || read_all(t, &err);
	pthread_mutex_unlock(&d->catalog_lock);
	if (ok)
		return true;
	doctor_fault(t, "the catalog does not name Palette's objects");
	doctor_answer(t, "%s", err.message);
	doctor_advice(t, "see the checks backstage-catalog and backstage-caller");
	return false;
}

static size_t count_all(const struct doctor *d)
{
	size_t count = 0;

	for (int type = 0; type < CATALOG_TYPES; type++)
		count += d->entity_counts[type];
	return count;
}

/* The `at`-th of all, whatever its type. */
static const struct catalog_entity *entity(const struct doctor *d, size_t at,
					   enum catalog_type *type)
{
	int of = 0;

	while (at >= d->entity_counts[of])
		at -= d->entity_counts[of++];
	*type = (enum catalog_type)of;
	return &d->entities[of][at];
}

/* ---- are there any ---- */

void doctor_check_entities(struct doctor_task *t)
{
	struct doctor_names counts = {.count = 0};
	const struct doctor *d = t->doctor;

	if (!have_entities(t))
		return;
	for (int type = 0; type < CATALOG_TYPES; type++)
		doctor_name(t, &counts, "%zu %s%s", d->entity_counts[type],
			    catalog_type_name((enum catalog_type)type),
			    d->entity_counts[type] == 1 ? "" : "s");
	if (count_all(d) > 0) {
		doctor_ok(t, "%s", doctor_names_text(t, &counts));
		return;
	}
	doctor_warn(t, "the catalog has none of Palette's objects");
	doctor_answer(t, "no entity of kind Resource whose spec.type begins with spectrocloud-");
	doctor_advice(t, "add the ingestor @terasky/backstage-plugin-spectrocloud-ingestor to "
			 "Backstage's catalog, or wait for its first round of ten minutes");
}

/* ---- environments ---- */

static bool is_environment(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->environment_count; i++)
		if (c->environments[i].name != NULL && strcmp(c->environments[i].name, name) == 0)
			return true;
	return false;
}

/* Whether entities that name none are of an environment: of the only one, or of one without a name.
 */
static bool may_name_none(const struct config *c)
{
	bool may = c->environment_count <= 1;

	for (size_t i = 0; i < c->environment_count; i++)
		may = may || c->environments[i].name == NULL;
	return may;
}

static const char *environment_names(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;
	struct doctor_names names = {.count = 0};

	for (size_t i = 0; i < c->environment_count; i++)
		doctor_name(t, &names, "%s", doctor_environment(&t->arena, &c->environments[i]));
	return names.count == 0 ? "none" : doctor_names_text(t, &names);
}

void doctor_check_instances(struct doctor_task *t)
{
	const struct doctor *d = t->doctor;
	const struct config *c = d->config;
	struct doctor_names bad = {.count = 0};
	enum catalog_type type;

	if (!have_entities(t))
		return;
	for (size_t i = 0; i < count_all(d); i++) {
		const struct catalog_entity *e = entity(d, i, &type);

		if (e->instance != NULL && !is_environment(c, e->instance))
			doctor_name(t, &bad, "%s names `%s`", e->ref, e->instance);
		else if (e->instance == NULL && !may_name_none(c))
			doctor_name(t, &bad, "%s names none", e->ref);
	}
	if (bad.count == 0) {
		doctor_ok(t, "all %zu entities are of environments that there are", count_all(d));
		return;
	}
	doctor_warn(t, "%zu of %zu entities name an environment that is not there", bad.count,
		    count_all(d));
	doctor_answer(t, "%s; environments: %s", doctor_names_text(t, &bad), environment_names(t));
	doctor_advice(t,
		      "give spectrocloud.environments[].name the same words for the ingestor and "
		      "for this service: they are compared letter by letter");
}

/* ---- annotations ---- */

/* As tools take it: whoever wrote it, it is to be one segment of a path of Palette's. */
static bool is_usable(const char *uid)
{
	return uid != NULL && param_identifier_problem(text_of(uid)) == NULL;
}

void doctor_check_annotations(struct doctor_task *t)
{
	const struct doctor *d = t->doctor;
	struct doctor_names bad = {.count = 0};
	enum catalog_type type;

	if (!have_entities(t))
		return;
	for (size_t i = 0; i < count_all(d); i++) {
		const struct catalog_entity *e = entity(d, i, &type);

		if (!is_usable(e->uid))
			doctor_name(t, &bad, "%s has no usable %s/%s", e->ref,
				    d->config->annotation_prefix, catalog_uid_annotation(type));
		else if (e->project != NULL && !is_usable(e->project))
			doctor_name(t, &bad, "%s has no usable %s/project-id", e->ref,
				    d->config->annotation_prefix);
		else if (e->title == NULL)
			doctor_name(t, &bad, "%s has no title", e->ref);
	}
	if (bad.count == 0) {
		doctor_ok(t, "all %zu entities have Palette's uid and a title", count_all(d));
		return;
	}
	doctor_warn(t, "%zu of %zu entities cannot be found by agents", bad.count, count_all(d));
	doctor_answer(t, "%s", doctor_names_text(t, &bad));
	if (bad.count == count_all(d))
		doctor_advice(t, "the ingestor writes with another prefix: set "
				 "spectrocloud.annotationPrefix to its");
	else
		doctor_advice(t,
			      "have the ingestor write them; what was written by hand needs that "
			      "annotation, and a metadata.title");
}

/* ---- titles ---- */

struct titled {
	enum catalog_type type;
	const struct catalog_entity *entity;
};

static int compare_words(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

/* By what agents can say of one: type, title, project, environment. */
static int compare(const void *x, const void *y)
{
	const struct titled *a = x;
	const struct titled *b = y;
	int order = (a->type > b->type) - (a->type < b->type);

	if (order == 0)
		order = strcasecmp(a->entity->title, b->entity->title);
	if (order == 0)
		order = compare_words(a->entity->project, b->entity->project);
	return order != 0 ? order : compare_words(a->entity->instance, b->entity->instance);
}

static size_t collect(const struct doctor *d, struct titled *all)
{
	size_t count = 0;

	for (size_t i = 0; i < count_all(d); i++) {
		all[count].entity = entity(d, i, &all[count].type);
		count += all[count].entity->title != NULL;
	}
	return count;
}

static void name_equal_ones(struct doctor_task *t, const struct titled *all, size_t count,
			    struct doctor_names *names)
{
	for (size_t at = 0; at < count;) {
		size_t end = at + 1;

		while (end < count && compare(&all[at], &all[end]) == 0)
			end++;
		if (end - at > 1)
			doctor_name(t, names, "%zu %ss called %s (%s, %s)", end - at,
				    catalog_type_name(all[at].type), all[at].entity->title,
				    all[at].entity->ref, all[at + 1].entity->ref);
		at = end;
	}
}

void doctor_check_titles(struct doctor_task *t)
{
	struct doctor_names equal = {.count = 0};
	struct titled *all;
	size_t count;

	if (!have_entities(t))
		return;
	all = arena_array(&t->arena, struct titled, count_all(t->doctor) + 1);
	count = collect(t->doctor, all);
	qsort(all, count, sizeof *all, compare);
	name_equal_ones(t, all, count, &equal);
	if (equal.count == 0) {
		doctor_ok(t, "title, project and environment tell all %zu entities apart", count);
		return;
	}
	doctor_warn(t, "%zu title%s what nothing else tells apart", equal.count,
		    equal.count == 1 ? " names" : "s name");
	doctor_answer(t, "%s", doctor_names_text(t, &equal));
	doctor_advice(t, "rename one in Palette, or have agents give entityRef; where one of them "
			 "was deleted in Palette, remove its entity");
}
