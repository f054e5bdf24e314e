/*
 * Creating clusters: the caller's body is read and checked in full, becomes Palette's entity, and
 * is sent once; a dry run stops before that and shows the entity.
 */
#include <string.h>

#include "op/rows.h"
#include "palette/entity.h"
#include "json/json.h"

/* A cluster that somebody wants. */
struct creation {
	const struct entity_kind *kind;
	struct text entity;
	struct entity_repairs repairs;
};

/* ---- reading the body ---- */

/* No name twice, in the whole of the request. */
static bool check_keys(struct call *c, struct error *err)
{
	struct entity_faults faults;

	entity_faults_init(&faults, c->arena, "");
	entity_check_keys(&faults, c->body);
	return entity_faults_none(&faults, err);
}

/* Their uids become parts of Palette's URLs. */
static void check_profiles(struct call *c, const struct entity_draft *draft,
			   struct entity_faults *faults)
{
	for (size_t i = 0; i < draft->profile_count; i++) {
		const struct entity_profile *profile = &draft->profiles[i];
		const char *problem = param_identifier_problem(text_of(profile->uid));

		if (problem != NULL)
			entity_fault_at(faults,
					arena_printf(c->arena, "/profileUids/%zu", profile->index),
					"%s", problem);
	}
}

/* Asks what variables the profiles declare, where the body gives any. */
static bool ask_profiles(struct call *c, struct entity_draft *draft, struct entity_faults *faults,
			 struct error *err)
{
	for (size_t i = 0; draft->variable_count > 0 && i < draft->profile_count; i++) {
		const struct entity_profile *profile = &draft->profiles[i];
		struct buf answer;

		if (palette_profile_variables(c->palette, call_string(c, "projectUid"),
					      profile->uid, &answer, err)) {
			/* The draft keeps copies of names only. */
			entity_declare(draft, i, text_trim(buf_text(&answer)));
			buf_fini(&answer);
		} else if (err->kind == ERROR_NOT_FOUND) {
			entity_fault_at(faults,
					arena_printf(c->arena, "/profileUids/%zu", profile->index),
					"is no profile that Palette knows");
		} else {
			return false;
		}
	}
	return entity_faults_none(faults, err);
}

/* What Palette knows is asked only for a body that is right as far as we can tell. */
static bool read_flat(struct call *c, struct text body, struct creation *creation,
		      struct error *err)
{
	struct entity_faults faults;
	struct entity_draft draft;

	entity_faults_init(&faults, c->arena, "");
	entity_draft(c->arena, creation->kind, body, &faults, &draft);
	check_profiles(c, &draft, &faults);
	if (!entity_faults_none(&faults, err) || !ask_profiles(c, &draft, &faults, err))
		return false;
	if (!entity_finish(&draft, &faults, &creation->entity))
		return entity_faults_none(&faults, err);
	return true;
}

/* base: where body stands in the request. */
static bool read_palette(struct call *c, struct text body, const char *base, bool with_group,
			 struct creation *creation, struct error *err)
{
	struct entity_faults faults;

	entity_faults_init(&faults, c->arena, base);
	if (!entity_repair(c->arena, creation->kind, body, with_group, &faults, &creation->repairs,
			   &creation->entity))
		return entity_faults_none(&faults, err);
	return true;
}

/* ---- creating ---- */

/* {"uid":...}, and what was changed in the caller's entity. */
static struct text created_answer(struct call *c, const struct creation *creation,
				  struct text answer)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, 16 * 1024);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_key(&w, "uid");
	c->object = json_string_at(c->arena, answer, "/uid", NULL);
	json_put_cstr(&w, c->object);
	if (creation->repairs.count > 0) {
		json_key(&w, "warnings");
		json_array_begin(&w);
		for (size_t i = 0; i < creation->repairs.count; i++) {
			json_object_begin(&w);
			json_key(&w, "message");
			json_put_cstr(&w, creation->repairs.messages[i]);
			json_object_end(&w);
		}
		json_array_end(&w);
	}
	json_object_end(&w);
	out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

static bool show(struct call *c, const struct creation *creation, struct result *res,
		 struct error *err)
{
	if (!palette_validate_cluster(c->palette, call_string(c, "projectUid"),
				      creation->kind->name, creation->entity, err))
		return false;
	res->status = 200;
	result_json(res, creation->entity);
	return true;
}

static bool create(struct call *c, const struct creation *creation, struct result *res,
		   struct error *err)
{
	struct buf answer;

	if (call_bool(c, "dryRun"))
		return show(c, creation, res, err);
	if (!palette_create_cluster(c->palette, call_string(c, "projectUid"), creation->kind->name,
				    creation->entity, &answer, err))
		return false;
	result_json(res, created_answer(c, creation, text_trim(buf_text(&answer))));
	buf_fini(&answer);
	return true;
}

static bool cluster_create(struct call *c, struct result *res, struct error *err)
{
	struct text body = call_json(c, "body");
	struct creation creation = {.kind = NULL};
	enum entity_form form;
	bool ok;

	if (!check_keys(c, err) || !entity_form(c->arena, body, &form, &creation.kind, err))
		return false;
	ok = form == ENTITY_FLAT ? read_flat(c, body, &creation, err)
				 : read_palette(c, body, "", false, &creation, err);
	return ok && create(c, &creation, res, err);
}

static bool virtual_cluster_create(struct call *c, struct result *res, struct error *err)
{
	struct creation creation = {.kind = entity_kind_named(TEXT("virtual"))};

	return check_keys(c, err) &&
	       read_palette(c, call_json(c, "clusterConfig"), "/clusterConfig", true, &creation,
			    err) &&
	       create(c, &creation, res, err);
}

/* ---- rows ---- */

#define QUERY_DRY_RUN                                                                           \
	{                                                                                       \
		.name = "dryRun", .in = IN_QUERY, .type = PARAM_FLAG,                           \
		.help = "Check it, also with Palette, create nothing, and answer 200 with the " \
			"entity that would be sent"                                             \
	}

static const struct field repair_fields[] = {
	{.name = "message", .type = FIELD_STRING, .required = true, .help = "What was changed"},
	{.name = NULL},
};

static const struct field created_answer_fields[] = {
	{
		.name = "uid",
		.type = FIELD_STRING,
		.required = true,
		.help = "UID of the new cluster",
	},
	{
		.name = "warnings",
		.type = FIELD_ARRAY,
		.fields = repair_fields,
		.help = "What was changed in the caller's entity before it was sent",
	},
	{.name = NULL},
};

const struct op cluster_create_ops[] = {
	{
		.name = "cluster.create",
		.summary = "Create a cluster from a flat description or from Palette's own entity",
		POST("/clusters"),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(WHOLE_BODY("body", entity_kinds,
					    "With cloudType at the top: a flat description. "
					    "With spec: Palette's own entity"),
				 QUERY_DRY_RUN, QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_STRICT,
		.success_status = 201,
		.answer = created_answer_fields,
		.run = cluster_create,
	},
	{
		.name = "virtual_cluster.create",
		.summary = "Create a virtual cluster from Palette's own entity",
		POST("/virtualclusters"),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(
			BODY_OBJECT("clusterConfig", "Palette's entity of a virtual cluster"),
			QUERY_DRY_RUN, QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_STRICT,
		.success_status = 201,
		.answer = created_answer_fields,
		.run = virtual_cluster_create,
	},
	{.name = NULL},
};
