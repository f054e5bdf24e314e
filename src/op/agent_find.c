/* What an agent means by a name: an entity of Backstage's catalog, or an object of Palette's. */
#include "op/agent_find.h"

#include <string.h>

#include "json/json.h"

enum { MOST_NAMED = 8 }; /* candidates in a message; its details have all */

bool has_catalog(const struct call *c)
{
	const struct config *config = c->services->config;

	return !c->local && (config->base_url != NULL || config->endpoint_count > 0);
}

/* ---- by the catalog ---- */

/* What stands in the catalog was written by others: it must not reach another path of Palette's. */
static bool check_annotation(const struct call *c, const struct catalog_entity *entity,
			     const char *what, const char *value, struct error *err)
{
	if (value != NULL && param_identifier_problem(text_of(value)) == NULL)
		return true;
	return error_set(
		err, ERROR_INPUT,
		"The entity %s has no usable annotation %s/%s: it was not written by the "
		"ingestor of SpectroCloud entities, or another annotationPrefix is configured",
		entity->ref, c->services->config->annotation_prefix, what);
}

/* The environment that has no name, if any. */
static const struct config_environment *unnamed(const struct config *config)
{
	for (size_t i = 0; i < config->environment_count; i++)
		if (config->environments[i].name == NULL)
			return &config->environments[i];
	return NULL;
}

/* An entity without the annotation is of the only environment, or of the one that has no name. */
static bool choose_by_entity(struct call *c, const struct catalog_entity *entity, struct error *err)
{
	const struct config *config = c->services->config;

	if (entity->instance != NULL)
		return call_choose_environment(c,
					       arena_printf(c->arena,
							    "The annotation %s/instance of %s",
							    config->annotation_prefix, entity->ref),
					       entity->instance, err);
	if (call_string(c, "instanceName") != NULL || config->environment_count <= 1)
		return true;
	c->environment = unnamed(config);
	if (c->environment != NULL)
		return true;
	return error_set(err, ERROR_INPUT,
			 "The entity %s does not say of which environment it is: give instanceName",
			 entity->ref);
}

static const char *uid_annotation(enum catalog_type type)
{
	return type == CATALOG_PROFILE         ? "profile-id"
	       : type == CATALOG_CLUSTER_GROUP ? "cluster-group-id"
					       : "cluster-id";
}

static bool use_entity(struct call *c, enum catalog_type type, const struct catalog_entity *entity,
		       struct found *found, struct error *err)
{
	if (!check_annotation(c, entity, uid_annotation(type), entity->uid, err) ||
	    (entity->project != NULL &&
	     !check_annotation(c, entity, "project-id", entity->project, err)) ||
	    !choose_by_entity(c, entity, err))
		return false;
	*found = (struct found){
		.uid = entity->uid,
		.name = entity->title == NULL ? "" : entity->title,
		.project = entity->project,
		.entity_ref = entity->ref,
		.entity = *entity,
	};
	return true;
}

static bool find_title(struct call *c, enum catalog_type type, const char *title,
		       struct found *found, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);
	const struct catalog_wanted wanted = {
		.type = type,
		.title = title,
		.entity_ref = call_string(c, "entityRef"),
		.project = call_string(c, "projectUid"),
		.instance = call_string(c, "instanceName"),
	};
	const struct catalog_entity *all;
	const struct catalog_entity *one;
	size_t count;

	return backstage_entities(c->services->backstage, &how, &c->principal, type, title, &all,
				  &count, err) &&
	       catalog_choose(c->arena, all, count, &wanted, &one, err) &&
	       use_entity(c, type, one, found, err);
}

/* The entity that entityRef names, alone. */
static bool find_ref(struct call *c, enum catalog_type type, struct found *found, struct error *err)
{
	const struct backstage_call how = call_asking(c, true);
	const struct catalog_wanted wanted = {
		.type = type,
		.title = call_string(c, "entityRef"),
		.project = call_string(c, "projectUid"),
		.instance = call_string(c, "instanceName"),
	};
	const struct catalog_entity *one;
	struct catalog_entity entity;

	return backstage_entity(c->services->backstage, &how, &c->principal, type, wanted.title,
				&entity, err) &&
	       catalog_choose(c->arena, &entity, entity.ref == NULL ? 0 : 1, &wanted, &one, err) &&
	       use_entity(c, type, one, found, err);
}

bool find_entity(struct call *c, enum catalog_type type, const char *name, struct found *found,
		 struct error *err)
{
	return call_choose_environment(c, "instanceName", call_string(c, "instanceName"), err) &&
	       find_title(c, type, call_string(c, name), found, err);
}

/* ---- by Palette itself ---- */

static const char *list_key(enum catalog_type type)
{
	return type == CATALOG_PROFILE ? "profiles" : "clusters";
}

/* Profiles of that name; else all clusters. */
static bool ask_candidates(struct call *c, enum catalog_type type, const char *name,
			   struct palette_document *document, struct error *err)
{
	const char *project = call_string(c, "projectUid");
	const struct palette_wanted clusters = {.kind = PALETTE_DOCUMENT_CLUSTERS,
						.project = project};
	struct palette_list list;
	struct buf json;
	bool ok;

	if (type != CATALOG_PROFILE)
		return palette_document(c->palette, &clusters, document, err);
	palette_list_init(&list, c->palette, list_key(type));
	ok = palette_profiles_named(c->palette, project, &name, 1, &list, err) &&
	     palette_list_finish(&list, &json, err);
	if (ok)
		*document = (struct palette_document){
			.shared = shared_new(&json), .count = list.count, .age_s = -1};
	palette_list_fini(&list);
	return ok;
}

struct candidates {
	struct found *all;
	size_t count;
	size_t room;
};

enum match { MATCH_NAME, MATCH_NAME_NOCASE, MATCH_UID };

static bool is_meant(enum match by, const char *own, const char *uid, const char *name)
{
	switch (by) {
	case MATCH_NAME:
		return strcmp(own, name) == 0;
	case MATCH_NAME_NOCASE:
		return text_equal_nocase(text_of(own), text_of(name));
	default:
		return strcmp(uid, name) == 0;
	}
}

static void collect(struct call *c, struct text items, const char *name, enum match by,
		    struct candidates *found)
{
	struct json_walk walk = json_walk_begin(items);
	struct text item;

	while (found->count < found->room && json_walk_item(&walk, &item)) {
		const char *own = json_string_at(c->arena, item, "/metadata/name", "");
		const char *uid = json_string_at(c->arena, item, "/metadata/uid", "");
		const char *project =
			json_string_at(c->arena, item, "/metadata/annotations/projectUid", NULL);

		if (!is_meant(by, own, uid, name))
			continue;
		if (project != NULL && project[0] == '\0')
			project = NULL;
		found->all[found->count++] = (struct found){
			.uid = uid,
			.name = own,
			.project = project != NULL ? project : call_string(c, "projectUid"),
			.entity_ref = "",
		};
	}
}

static bool refuse_several(struct call *c, enum catalog_type type, const char *name,
			   const struct candidates *found, struct error *err)
{
	const char *named = "";

	for (size_t i = 0; i < found->count && i < MOST_NAMED; i++)
		named = arena_printf(c->arena, "%s%s%s (%s%s)", named, i == 0 ? "" : ", ",
				     found->all[i].uid,
				     found->all[i].project == NULL ? "of the tenant" : "project ",
				     found->all[i].project == NULL ? "" : found->all[i].project);
	return error_set(
		err, ERROR_INPUT,
		"%zu %ss are called \"%.100s\": %s%s. Give the uid instead of the name, or "
		"projectUid",
		found->count, catalog_type_name(type), name, named,
		found->count > MOST_NAMED ? " and more" : "");
}

static bool choose_candidate(struct call *c, enum catalog_type type, const char *name,
			     struct text document, size_t most, struct found *found,
			     struct error *err)
{
	struct candidates all = {.all = arena_array(c->arena, struct found, most), .room = most};
	struct text items = TEXT("[]");

	(void)json_member(document, list_key(type), &items);
	for (enum match by = MATCH_NAME; all.count == 0 && by <= MATCH_UID; by++)
		collect(c, items, name, by, &all);
	if (all.count == 0)
		return error_set(err, ERROR_NOT_FOUND, "No %s is called \"%.100s\"",
				 catalog_type_name(type), name);
	if (all.count > 1)
		return refuse_several(c, type, name, &all, err);
	if (param_identifier_problem(text_of(all.all[0].uid)) != NULL)
		return error_set(err, ERROR_UPSTREAM, "Palette gave no usable uid of the %s",
				 catalog_type_name(type));
	*found = all.all[0];
	return true;
}

static bool find_in_palette(struct call *c, enum catalog_type type, const char *name,
			    struct found *found, struct error *err)
{
	struct palette_document document;
	bool ok;

	if (!call_open_environment(c, err) || !ask_candidates(c, type, name, &document, err))
		return false;
	ok = choose_candidate(c, type, name, palette_document_text(&document), document.count,
			      found, err);
	palette_document_fini(&document);
	return ok;
}

/* ---- both ---- */

bool found_document(struct call *c, enum palette_document_kind kind, const struct found *found,
		    struct palette_document *document, struct error *err)
{
	const struct palette_wanted wanted = {
		.kind = kind, .project = found->project, .uid = found->uid};

	return palette_document(c->palette, &wanted, document, err);
}

bool find_named(struct call *c, enum catalog_type type, const char *name, struct found *found,
		struct error *err)
{
	if (has_catalog(c))
		return find_entity(c, type, name, found, err) && call_open_environment(c, err);
	return call_choose_environment(c, "instanceName", call_string(c, "instanceName"), err) &&
	       find_in_palette(c, type, call_string(c, name), found, err);
}

bool find_by_uid_or_name(struct call *c, enum catalog_type type, const char *uid, const char *name,
			 struct found *found, struct error *err)
{
	const char *given = call_string(c, uid);

	if (given != NULL && call_string(c, name) != NULL)
		return error_set(err, ERROR_INPUT,
				 "Either %s or %s (in the input), not both: they may mean two",
				 name, uid);
	if (given == NULL && call_string(c, name) != NULL)
		return find_named(c, type, name, found, err);
	if (given == NULL && call_string(c, "entityRef") != NULL && has_catalog(c))
		return call_choose_environment(c, "instanceName", call_string(c, "instanceName"),
					       err) &&
		       find_ref(c, type, found, err) && call_open_environment(c, err);
	if (given == NULL)
		return error_set(err, ERROR_INPUT,
				 "One of %s, %s and entityRef (in the input) is required: the name "
				 "as the catalog shows it, the UID in Palette, or the entity's "
				 "reference",
				 name, uid);
	*found = (struct found){.uid = given,
				.name = "",
				.project = call_string(c, "projectUid"),
				.entity_ref = ""};
	return call_choose_environment(c, "instanceName", call_string(c, "instanceName"), err) &&
	       call_open_environment(c, err);
}
