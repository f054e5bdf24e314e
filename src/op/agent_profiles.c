/* What agents see of a cluster profile: its packs, its variables, the clusters that use it. */
#include <string.h>

#include "op/agent.h"
#include "op/agent_find.h"
#include "op/render.h"
#include "op/rows.h"
#include "palette/mask.h"

enum { LARGEST_ANSWER = 16 * 1024 * 1024 };

/* The published form of a profile, or else its draft. */
static struct text form_of(struct text profile)
{
	struct text form;

	if ((json_at(profile, "/spec/published", &form) &&
	     json_type_of(form) == JSON_TYPE_OBJECT) ||
	    (json_at(profile, "/spec/draft", &form) && json_type_of(form) == JSON_TYPE_OBJECT))
		return form;
	return TEXT("{}");
}

static bool is_published(struct text profile)
{
	struct text status;
	bool published;

	return json_at(profile, "/status/isPublished", &status) && json_bool(status, &published) &&
	       published;
}

/* The name, uid and entityRef that every answer about a profile has. */
static void put_found(struct json_writer *w, const struct found *found)
{
	json_put_pair(w, "name", found->name);
	json_put_pair(w, "uid", found->uid);
	json_put_pair(w, "entityRef", found->entity_ref);
}

/* ---- packs ---- */

static const struct field form_fields[] = {
	FOUND_FIELDS,
	{.name = "type",
	 .type = FIELD_STRING,
	 FROM("/type"),
	 .help = "infra, cluster, add-on or system"},
	{.name = "cloudType",
	 .type = FIELD_STRING,
	 FROM("/cloudType"),
	 .help = "The cloud it is for, or all"},
	{.name = "version",
	 .type = FIELD_STRING,
	 FROM("/profileVersion", "/version"),
	 .help = "Its version"},
	{.name = "status", .type = FIELD_STRING, .help = "published or draft"},
	{.name = NULL},
};

static const struct field pack_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/name"),
	 .help = "The pack's name"},
	{.name = "version",
	 .type = FIELD_STRING,
	 FROM("/version", "/tag"),
	 .help = "The pack's version"},
	{.name = "layer",
	 .type = FIELD_STRING,
	 FROM("/layer"),
	 .help = "kernel, os, k8s, cni, csi or addon"},
	{.name = "type",
	 .type = FIELD_STRING,
	 FROM("/type"),
	 .help = "spectro, helm, manifest or oci"},
	{.name = NULL},
};

static const struct field packs_source[] = {
	{.name = "packs",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = pack_fields,
	 FROM("/packs"),
	 .help = "Its packs, lowest layer first as Palette has them"},
	{.name = NULL},
};

static const struct field packs_answer[] = {
	{.name = "profile",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = form_fields,
	 .help = "Which profile it is"},
	{.name = "packs",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = pack_fields,
	 .help = "Its packs, in Palette's order"},
	{.name = NULL},
};

static void write_packs(const struct found *found, struct text profile, struct result *res)
{
	struct text form = form_of(profile);
	struct json_writer w;
	struct buf out;

	buf_init(&out, LARGEST_ANSWER + profile.len * 2);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "profile");
	json_object_begin(&w);
	put_found(&w, found);
	render_fields(&w, form_fields, form, NULL, 0);
	json_put_pair(&w, "status", is_published(profile) ? "published" : "draft");
	json_object_end(&w);
	render_fields(&w, packs_source, form, NULL, 0);
	json_object_end(&w);
	result_json_owned(res, &out);
}

static bool profile_packs(struct call *c, struct result *res, struct error *err)
{
	struct found found;
	struct buf profile;

	if (!find_named(c, CATALOG_PROFILE, "profileName", &found, err))
		return false;
	c->object = found.uid;
	c->project = found.project;
	if (!palette_profile(c->palette, found.project, found.uid, &profile, err))
		return false;
	write_packs(&found, buf_text(&profile), res);
	buf_fini(&profile);
	return true;
}

/* ---- variables ---- */

static const struct field variables_answer[] = {
	{.name = "profileUid", .type = FIELD_STRING, .required = true, .help = "The profile"},
	{.name = "variables",
	 .type = FIELD_ANY,
	 .help = "The variables it declares, as Palette describes them"},
	MASKED,
	{.name = NULL},
};

static bool profile_variables(struct call *c, struct result *res, struct error *err)
{
	struct text variables = TEXT("[]");
	struct json_writer w;
	struct found found;
	struct buf document;
	struct buf masked;
	struct buf out;
	size_t count;

	if (!find_by_uid_or_name(c, CATALOG_PROFILE, "profileUid", "profileName", &found, err) ||
	    !palette_profile_variables(c->palette, found.project, found.uid, &document, err))
		return false;
	buf_init(&masked, LARGEST_ANSWER + document.len * 2);
	count = mask_variables(buf_text(&document), &masked);
	buf_fini(&document);
	if (buf_complete(&masked))
		(void)json_member(buf_text(&masked), "variables", &variables);
	buf_init(&out, LARGEST_ANSWER + masked.len * 2);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_put_pair(&w, "profileUid", found.uid);
	json_key(&w, "variables");
	json_put_raw(&w, variables);
	json_key(&w, "masked");
	json_put_int(&w, (int64_t)count);
	json_object_end(&w);
	buf_fini(&masked);
	result_json_owned(res, &out);
	return true;
}

/* ---- clusters that use it ---- */

static const struct field profile_fields[] = {
	FOUND_FIELDS,
	{.name = NULL},
};

static const struct field user_fields[] = {
	{.name = "name", .type = FIELD_STRING, .required = true, FROM("/name"), .help = "Its name"},
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/uid"),
	 .help = "Its UID in Palette"},
	{.name = "entityRef",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/entityRef"),
	 .help = "Its entity in the catalog; empty where no catalog was asked"},
	{.name = "state", .type = FIELD_STRING, FROM("/state"), .help = "As the catalog has it"},
	{.name = "projectId",
	 .type = FIELD_STRING,
	 FROM("/projectId"),
	 .help = "UID of its project"},
	{.name = NULL},
};

static const struct field users_answer[] = {
	{.name = "profile",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = profile_fields,
	 .help = "Which profile it is"},
	{.name = "clusters",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = user_fields,
	 .help = "The clusters that use any version of it, by name"},
	PAGE_FIELDS("clusters"),
	{.name = NULL},
};

/* The clusters so far: {"clusters":[...]}. */
struct users {
	struct json_writer w;
	struct buf document;
	size_t count;
};

static void put_user(struct users *users, const char *name, const char *uid, const char *ref,
		     const char *state, const char *project)
{
	json_object_begin(&users->w);
	json_put_pair(&users->w, "name", name == NULL ? "" : name);
	json_put_pair(&users->w, "uid", uid == NULL ? "" : uid);
	json_put_pair(&users->w, "entityRef", ref);
	if (state != NULL)
		json_put_pair(&users->w, "state", state);
	if (project != NULL)
		json_put_pair(&users->w, "projectId", project);
	json_object_end(&users->w);
	users->count++;
}

static bool is_same_instance(const struct catalog_entity *a, const struct catalog_entity *b)
{
	return text_equal(text_of(a->instance), text_of(b->instance));
}

static bool add_by_type(struct call *c, enum catalog_type type, const struct found *found,
			struct users *users, struct error *err)
{
	const struct catalog_uids uids = catalog_profile_uids(c->arena, &found->entity);
	const struct backstage_call how = call_asking(c, true);
	const struct catalog_entity *all;
	size_t count;

	if (!backstage_profile_users(c->services->backstage, &how, &c->principal, type, &all,
				     &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (catalog_uses(&all[i], &uids) && is_same_instance(&all[i], &found->entity))
			put_user(users, all[i].title, all[i].uid, all[i].ref, all[i].state,
				 all[i].project);
	return true;
}

static bool add_by_catalog(struct call *c, const struct found *found, struct users *users,
			   struct error *err)
{
	return add_by_type(c, CATALOG_CLUSTER, found, users, err) &&
	       add_by_type(c, CATALOG_VIRTUAL_CLUSTER, found, users, err);
}

/* Palette keeps with each version which clusters use it. */
static bool add_by_version(struct call *c, const struct found *found, const char *uid,
			   struct users *users, struct error *err)
{
	const struct palette_wanted wanted = {
		.kind = PALETTE_DOCUMENT_PROFILE, .project = found->project, .uid = uid};
	struct text in_use = TEXT("[]");
	struct palette_document profile;
	struct json_walk walk;
	struct text user;

	if (!palette_document(c->palette, &wanted, &profile, err))
		return false;
	(void)json_at(palette_document_text(&profile), "/status/inUseClusters", &in_use);
	walk = json_walk_begin(in_use);
	while (json_walk_item(&walk, &user))
		put_user(users, json_string_at(c->arena, user, "/name", ""),
			 json_string_at(c->arena, user, "/uid", ""), "", NULL, NULL);
	palette_document_fini(&profile);
	return true;
}

static bool add_by_palette(struct call *c, const struct found *found, struct users *users,
			   struct error *err)
{
	struct text versions = TEXT("[]");
	bool known = false;
	struct palette_document profile;
	struct json_walk walk;
	struct text version;
	bool ok = true;

	if (!found_document(c, PALETTE_DOCUMENT_PROFILE, found, &profile, err))
		return false;
	(void)json_at(palette_document_text(&profile), "/spec/versions", &versions);
	walk = json_walk_begin(versions);
	while (ok && json_walk_item(&walk, &version)) {
		const char *uid = json_string_at(c->arena, version, "/uid", "");

		if (param_identifier_problem(text_of(uid)) != NULL)
			continue;
		known = known || strcmp(uid, found->uid) == 0;
		ok = add_by_version(c, found, uid, users, err);
	}
	if (ok && !known)
		ok = add_by_version(c, found, found->uid, users, err);
	palette_document_fini(&profile);
	return ok;
}

static struct text describe_found(struct call *c, const struct found *found)
{
	struct json_writer w;
	struct text json;
	struct buf out;

	buf_init(&out, LARGEST_ANSWER);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	put_found(&w, found);
	json_object_end(&w);
	json = arena_copy_text(c->arena, buf_text(&out));
	buf_fini(&out);
	return json;
}

static bool answer_users(struct call *c, const struct found *found, struct users *users,
			 struct result *res, struct error *err)
{
	const struct page page = {
		.key = "clusters",
		.item = user_fields,
		.head_key = "profile",
		.head = describe_found(c, found),
		.basis = text_of(found->uid),
	};

	json_array_end(&users->w);
	json_object_end(&users->w);
	if (!buf_complete(&users->document))
		return error_set(err, ERROR_UPSTREAM, "Too many clusters use the profile to list");
	return answer_page_of(c, &page, buf_text(&users->document), users->count, res, err);
}

static bool profile_users(struct call *c, struct result *res, struct error *err)
{
	bool by_catalog = has_catalog(c);
	struct users users = {.count = 0};
	struct found found;
	bool ok;

	if (by_catalog ? !find_entity(c, CATALOG_PROFILE, "profileName", &found, err)
		       : !find_named(c, CATALOG_PROFILE, "profileName", &found, err))
		return false;
	buf_init(&users.document, LARGEST_ANSWER);
	json_writer_init(&users.w, &users.document);
	json_object_begin(&users.w);
	json_key(&users.w, "clusters");
	json_array_begin(&users.w);
	ok = (by_catalog ? add_by_catalog(c, &found, &users, err)
			 : add_by_palette(c, &found, &users, err)) &&
	     answer_users(c, &found, &users, res, err);
	buf_fini(&users.document);
	return ok;
}

/* ---- rows ---- */

#define ARG_NAMED_PROFILE                       \
	ARG_REQUIRED("profileName", PARAM_TEXT, \
		     "Name of the cluster profile: the title of its entity")

const struct op agent_profile_ops[] = {
	{
		.name = "agent.profile_packs",
		.summary = "Show an agent the packs of a cluster profile",
		TOOL(.name = "get_spectrocloud_pack_details_for_profile",
		     .title = "Get the packs of a SpectroCloud cluster profile", .toolset = "core",
		     .description =
			     "Gives the packs of a cluster profile with their versions and "
			     "layers. profileName is the profile's name as the catalog shows "
			     "it (the entity's title)."),
		.permission = PERMIT_VIEW_PACK_VALUES,
		.params = PARAMS(ARG_NAMED_PROFILE, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT | OP_SECRET,
		.answer = packs_answer,
		.run = profile_packs,
	},
	{
		.name = "agent.profile_clusters",
		.summary = "List for an agent the clusters that use a cluster profile",
		TOOL(.name = "find_spectrocloud_clusters_for_profile",
		     .title = "Find the clusters that use a SpectroCloud cluster profile",
		     .toolset = "core",
		     .description = "Lists the clusters and virtual clusters that use a cluster "
				    "profile, in any of its versions. profileName is the profile's "
				    "name as the catalog shows it (the entity's title)."),
		.permission = PERMIT_VIEW_PROFILE_CLUSTERS,
		.params = PARAMS(ARG_NAMED_PROFILE, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE, ARG_LIMIT, ARG_CURSOR),
		.flags = OP_LATE,
		.answer = users_answer,
		.run = profile_users,
	},
	{
		.name = "agent.profile_variables",
		.summary = "Show an agent the variables of a cluster profile, secrets masked",
		TOOL(.name = "get_spectrocloud_profile_variables",
		     .title = "Get the variables of a SpectroCloud cluster profile",
		     .toolset = "core",
		     .description =
			     "Gives the variables that a cluster profile declares, with their "
			     "formats, defaults and choices. Defaults of sensitive ones are "
			     "masked."),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(ARG_PROFILE_NAME, ARG_PROFILE_UID, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = variables_answer,
		.run = profile_variables,
	},
	{.name = NULL},
};
