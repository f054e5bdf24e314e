/*
 * A new cluster, as agents make one: what it needs, a plan to look at, and then the creation of
 * just that plan. Creating costs money, so an agent is offered it only where the configuration
 * names it.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/jose.h"
#include "op/agent.h"
#include "op/create.h"
#include "op/rows.h"

enum {
	PLAN_LASTS_MS = 60 * 60 * 1000,
	PLAN_DIGITS = 32,            /* of its digest */
	LARGEST_ANSWER = 512 * 1024, /* more warnings than any body can cause */
};

/* ---- what a cluster needs ---- */

static void put_choices(struct json_writer *w, const char *const *choices)
{
	json_key(w, "choices");
	json_array_begin(w);
	for (; *choices != NULL; choices++)
		json_put_cstr(w, *choices);
	json_array_end(w);
}

static void put_number(struct json_writer *w, const char *key, int64_t number)
{
	json_key(w, key);
	json_put_int(w, number);
}

static void put_field(struct json_writer *w, const struct entity_field *f, const char *name)
{
	json_object_begin(w);
	json_put_pair(w, "name", name);
	json_put_pair(w, "type", entity_type_name(f->type));
	json_key(w, "required");
	json_put_bool(w, f->required);
	if (f->fallback != NULL)
		json_put_pair(w, "default", f->fallback);
	if (f->choices != NULL)
		put_choices(w, f->choices);
	if (f->type == ENTITY_INT) {
		put_number(w, "minimum", f->min);
		put_number(w, "maximum", f->max);
	}
	json_put_pair(w, "description", f->help);
	json_object_end(w);
}

/* "machinePoolConfig[].name" for what is in a field. The rows are three deep. */
// NOLINTNEXTLINE(misc-no-recursion)
static void put_fields(struct call *c, struct json_writer *w, const struct entity_field *fields,
		       const char *above)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		const char *name = arena_printf(c->arena, "%s%s", above, f->name);
		bool many = f->type == ENTITY_OBJECTS || f->type == ENTITY_POOLS;

		put_field(w, f, name);
		if (f->fields != NULL)
			put_fields(c, w, f->fields,
				   arena_printf(c->arena, "%s%s", name, many ? "[]." : "."));
	}
}

static bool cluster_fields(struct call *c, struct result *res, struct error *err)
{
	const struct entity_kind *kind = entity_kind_named(text_of(call_string(c, "cloudType")));
	struct answer answer;

	answer_begin(c, &answer);
	answer_put(&answer, "cloudType", kind->name);
	answer_put(&answer, "summary", kind->summary);
	json_key(&answer.w, "fields");
	json_array_begin(&answer.w);
	put_fields(c, &answer.w, kind->fields, "");
	json_array_end(&answer.w);
	return answer_finish(&answer, res, err);
}

/* ---- plans ---- */

/*
 * What a plan is known by: when it was made, and a digest over that, who made it, where, and all
 * that Palette would get. Nobody keeps it: whoever creates makes it anew and compares.
 */
static const char *plan_id(const struct call *c, const struct creation *creation, int64_t made_ms)
{
	const char *project = call_string(c, "projectUid");
	const char *made = arena_printf(c->arena, "%" PRId64, made_ms);
	const char *name = c->environment->name;
	const struct text parts[] = {
		text_of(made),
		text_of(c->principal.subject == NULL ? "" : c->principal.subject),
		text_of(name == NULL ? "" : name),
		text_of(c->environment->url),
		text_of(project == NULL ? "" : project),
		text_of(creation->kind->name),
		creation->entity,
	};
	char hex[PLAN_DIGITS + 1];
	struct digest digest;

	digest_of(parts, ARRAY_LEN(parts), &digest);
	for (size_t i = 0; i < PLAN_DIGITS / 2; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest.bytes[i]);
	return arena_printf(c->arena, "%s-%s", made, hex);
}

static bool plan_cluster(struct call *c, struct result *res, struct error *err)
{
	struct creation creation;
	struct answer answer;
	struct text plan;
	struct text part;

	if (!creation_read(c, "cluster", &creation, err))
		return false;
	c->object = arena_printf(c->arena, "%s (only planned)", creation.name);
	if (!creation_check(c, &creation, err) || !creation_plan(c, &creation, &plan, err))
		return false;
	answer_begin(c, &answer);
	answer_put(&answer, "planId", plan_id(c, &creation, clock_calendar_ms()));
	answer_put(&answer, "name", creation.name);
	answer_put(&answer, "cloudType", creation.kind->name);
	answer_put_masked(&answer, "entity", creation.entity);
	if (json_member(plan, "price", &part)) {
		json_key(&answer.w, "price");
		json_put_raw(&answer.w, part);
	}
	creation_put_warnings(&answer.w, &creation);
	if (answer.masked > 0)
		answer_put_count(&answer, "masked", answer.masked);
	return answer_finish(&answer, res, err);
}

/* ---- creating what was planned ---- */

static bool plan_fits(struct call *c, const struct creation *creation, struct error *err)
{
	struct text given = text_of(call_string(c, "planId"));
	int64_t now_ms = clock_calendar_ms();
	int64_t made_ms;

	if (!text_to_int(text_slice(given, 0, text_find(given, '-')), &made_ms) || made_ms < 0)
		return error_set(err, ERROR_INPUT,
				 "planId (in the input) must be one that "
				 "plan_spectrocloud_cluster has answered");
	if (made_ms > now_ms + PLAN_LASTS_MS || now_ms - made_ms > PLAN_LASTS_MS)
		return error_set(err, ERROR_INPUT,
				 "planId (in the input) is of a plan more than an hour old; make "
				 "a new one with plan_spectrocloud_cluster");
	if (!text_is(given, plan_id(c, creation, made_ms)))
		return error_set(err, ERROR_INPUT,
				 "planId (in the input) is of another plan: the cluster, the "
				 "project, the environment or the caller differ, or Palette has "
				 "changed since; make a new one with plan_spectrocloud_cluster");
	return true;
}

/* Of a page at most: warnings are few. */
static struct text created_answer_of(struct call *c, const struct creation *creation,
				     const char *uid)
{
	struct json_writer w;
	struct text out;
	struct buf b;

	buf_init(&b, LARGEST_ANSWER);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "uid", uid);
	json_put_pair(&w, "name", creation->name);
	creation_put_warnings(&w, creation);
	json_object_end(&w);
	out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	return out;
}

/* The plan is the key: whoever calls again with it gets the same cluster. At a shell there is no
 * store to keep that in, and a person. */
static bool create_planned(struct call *c, struct result *res, struct error *err)
{
	const struct creation_manner manner = {
		.key_name = "planId",
		.key = c->services->store == NULL ? NULL : call_string(c, "planId"),
		.approve = plan_fits,
		.answer = created_answer_of,
	};
	struct creation creation;

	return creation_read(c, "cluster", &creation, err) &&
	       creation_make(c, &creation, &manner, res, err);
}

/* ---- rows ---- */

#define ARG_CLUSTER                                                                         \
	ARG_REQUIRED("cluster", PARAM_OBJECT,                                               \
		     "The cluster that is wanted: an object with cloudType, name and what " \
		     "get_spectrocloud_cluster_fields lists for that cloud")

static const struct field field_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "Where it stands: a.b is b in the object a, a[].b is b in each object of a"},
	{.name = "type", .type = FIELD_STRING, .required = true, .help = "What it holds"},
	{.name = "required",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "Whether it must be there, if what it stands in is"},
	{.name = "default", .type = FIELD_STRING, .help = "As JSON: what stands without it"},
	{.name = "choices", .type = FIELD_ARRAY, .help = "It is one of these"},
	{.name = "minimum", .type = FIELD_INT, .help = "Its least"},
	{.name = "maximum", .type = FIELD_INT, .help = "Its most"},
	{.name = "description", .type = FIELD_STRING, .required = true, .help = "What it means"},
	{.name = NULL},
};

static const struct field fields_answer[] = {
	{.name = "cloudType", .type = FIELD_STRING, .required = true, .help = "Kind of cluster"},
	{.name = "summary", .type = FIELD_STRING, .required = true, .help = "What that is"},
	{.name = "fields",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = field_fields,
	 .help = "All fields of the object `cluster`"},
	{.name = NULL},
};

static const struct field plan_warning_fields[] = {
	{.name = "message", .type = FIELD_STRING, .required = true, .help = "What to know"},
	{.name = NULL},
};

#define PLAN_WARNINGS                                                                             \
	{                                                                                         \
		.name = "warnings", .type = FIELD_ARRAY, .fields = plan_warning_fields,           \
		.help = "What was changed in the cluster that was given, or could not be checked" \
	}

static const struct field plan_answer[] = {
	{.name = "planId",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "What create_spectrocloud_cluster wants with the same inputs, within an hour"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "Name of the cluster"},
	{.name = "cloudType", .type = FIELD_STRING, .required = true, .help = "Kind of cluster"},
	{.name = "entity",
	 .type = FIELD_ANY,
	 .required = true,
	 .help = "What Palette would be sent, with all defaults"},
	{.name = "price",
	 .type = FIELD_ANY,
	 .help = "What it would cost an hour, as Palette estimates it; not known for all clouds"},
	PLAN_WARNINGS,
	MASKED,
	{.name = NULL},
};

static const struct field created_answer[] = {
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "UID of the new cluster, which Palette now provisions"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "Its name"},
	PLAN_WARNINGS,
	{.name = NULL},
};

const struct op agent_create_ops[] = {
	{
		.name = "agent.cluster_fields",
		.summary = "Tell an agent what a new cluster needs",
		TOOL(.name = "get_spectrocloud_cluster_fields",
		     .title = "Get the fields of a new SpectroCloud cluster", .toolset = "create",
		     .description = "Lists what can and must be said of a new cluster on one kind "
				    "of cloud: the fields of the object `cluster` that "
				    "plan_spectrocloud_cluster takes. Use it first. UIDs come from "
				    "the tools that list cloud accounts, profiles and cluster "
				    "groups."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS({.name = "cloudType",
				  .in = IN_ARGUMENT,
				  .type = PARAM_CHOICE,
				  .required = true,
				  .choices = entity_kind_choices,
				  .help = "Kind of cluster"}),
		.flags = OP_LOCAL,
		.answer = fields_answer,
		.run = cluster_fields,
	},
	{
		.name = "agent.cluster_plan",
		.summary = "Plan a cluster for an agent, without creating it",
		TOOL(.name = "plan_spectrocloud_cluster", .title = "Plan a SpectroCloud cluster",
		     .toolset = "create",
		     .description =
			     "Checks everything about a new cluster, here and with Palette, and "
			     "answers what would be created and what it would cost. Creates "
			     "nothing. All faults are told at once. Show the plan to the person "
			     "who asked before it is carried out."),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(ARG_CLUSTER, ARG_PROJECT, ARG_INSTANCE),
		.flags = OP_AUDIT,
		.answer = plan_answer,
		.run = plan_cluster,
	},
	{
		.name = "agent.cluster_create",
		.summary = "Create a planned cluster for an agent",
		TOOL(.name = "create_spectrocloud_cluster",
		     .title = "Create a planned SpectroCloud cluster", .toolset = "create",
		     .description =
			     "Creates the cluster that plan_spectrocloud_cluster has planned, "
			     "from the same inputs and its planId. Fails if anything differs. "
			     "The cluster costs money from then on. Calling it again with the "
			     "same planId does not create another one.",
		     .does = TOOL_WRITES | TOOL_SPENDS | TOOL_IDEMPOTENT),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(ARG_CLUSTER,
				 ARG_REQUIRED("planId", PARAM_TEXT,
					      "planId of the answer of plan_spectrocloud_cluster"),
				 ARG_PROJECT, ARG_INSTANCE),
		.flags = OP_AUDIT,
		.answer = created_answer,
		.run = create_planned,
	},
	{.name = NULL},
};
