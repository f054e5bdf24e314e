/*
 * Creating clusters: the caller's body is read and checked in full, becomes Palette's entity, and
 * is sent once; a dry run stops before that and shows the entity. op/create.h has the steps.
 */
#include "op/create.h"
#include "op/rows.h"
#include "json/json.h"

enum { LARGEST_ANSWER = 32 * 1024 };

#define KEY "Idempotency-Key"

/* ---- answers ---- */

static const struct field remark_fields[] = {
	{.name = "message", .type = FIELD_STRING, .required = true, .help = "What it is about"},
	{.name = NULL},
};

#define REMARKS(h)                                                                            \
	{                                                                                     \
		.name = "warnings", .type = FIELD_ARRAY, .fields = remark_fields, .help = (h) \
	}

static const struct field created_answer_fields[] = {
	{
		.name = "uid",
		.type = FIELD_STRING,
		.required = true,
		.help = "UID of the new cluster",
	},
	REMARKS("What was changed in the caller's entity before it was sent, and what else they "
		"should know"),
	{.name = NULL},
};

static const struct field pool_price_fields[] = {
	{.name = "name", .type = FIELD_STRING, .help = "Of the pool"},
	{.name = "nodesCount", .type = FIELD_INT, .help = "How many nodes it has"},
	{.name = "rate",
	 .type = FIELD_ANY,
	 .help = "Palette's object: compute, storage and the total of the pool"},
	{.name = NULL},
};

static const struct field price_fields[] = {
	{.name = "periodType",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "For how long that is: hourly"},
	{.name = "compute", .type = FIELD_NUMBER, .help = "For the machines"},
	{.name = "storage", .type = FIELD_NUMBER, .help = "For their disks"},
	{.name = "total", .type = FIELD_NUMBER, .required = true, .help = "Both"},
	{.name = "machinePools",
	 .type = FIELD_ARRAY,
	 .fields = pool_price_fields,
	 .help = "The same of each pool"},
	{.name = NULL},
};

static const struct field plan_fields[] = {
	{
		.name = "kind",
		.type = FIELD_STRING,
		.required = true,
		.help = "Which of Palette's kinds of cluster it would be: the last part of the URL "
			"it is sent to",
	},
	{
		.name = "entity",
		.type = FIELD_OBJECT,
		.required = true,
		.help = "What Palette would be sent",
	},
	{
		.name = "price",
		.type = FIELD_OBJECT,
		.fields = price_fields,
		.help = "What Palette expects it to cost, in Palette's currency and with its "
			"numbers; not for virtual clusters, and where Palette says none a warning "
			"takes its place",
	},
	REMARKS("What was changed in the caller's entity, and what could not be said"),
	{.name = NULL},
};

static const struct op_also dry_run_answer = {
	.status = 200,
	.when = "With dryRun",
	.answer = plan_fields,
};

/* ---- the work ---- */

/* {"uid":...}, and what was changed in the caller's entity. */
static struct text created_answer(struct call *c, const struct creation *creation, const char *uid,
				  bool with_warnings)
{
	struct text out = {NULL, 0};
	struct json_writer w;
	struct buf b;

	buf_init(&b, LARGEST_ANSWER);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_put_pair(&w, "uid", uid);
	if (with_warnings)
		creation_put_warnings(&w, creation);
	json_object_end(&w);
	if (buf_complete(&b))
		out = arena_copy_text(c->arena, buf_text(&b));
	buf_fini(&b);
	/* The uid counts more than warnings beyond any measure. */
	return out.ptr == NULL && with_warnings ? created_answer(c, creation, uid, false) : out;
}

static bool show(struct call *c, struct creation *creation, struct result *res, struct error *err)
{
	struct text plan;

	c->object_name = arena_printf(c->arena, "%s (only tried)", creation->name);
	if (!creation_check(c, creation, err) || !creation_plan(c, creation, &plan, err))
		return false;
	res->status = dry_run_answer.status;
	result_json(res, plan);
	return true;
}

static struct text answer_with(struct call *c, const struct creation *creation, const char *uid)
{
	return created_answer(c, creation, uid, true);
}

static bool create(struct call *c, struct creation *creation, struct result *res, struct error *err)
{
	const struct creation_manner manner = {
		.key_name = KEY, .key = call_string(c, KEY), .answer = answer_with};

	return creation_make(c, creation, &manner, res, err);
}

static bool check_and_create(struct call *c, struct creation *creation, struct result *res,
			     struct error *err)
{
	return call_bool(c, "dryRun") ? show(c, creation, res, err) : create(c, creation, res, err);
}

static bool cluster_create(struct call *c, struct result *res, struct error *err)
{
	struct creation creation;

	return creation_read(c, "body", &creation, err) && check_and_create(c, &creation, res, err);
}

static bool virtual_cluster_create(struct call *c, struct result *res, struct error *err)
{
	struct creation creation;

	return creation_read_virtual(c, "clusterConfig", &creation, err) &&
	       check_and_create(c, &creation, res, err);
}

/* ---- rows ---- */

#define QUERY_DRY_RUN                                                                            \
	{                                                                                        \
		.name = "dryRun", .in = IN_QUERY, .type = PARAM_FLAG,                            \
		.help = "Check it, also with Palette, create nothing, and answer 200 with what " \
			"would be sent and what it would cost"                                   \
	}

#define HEADER_ONCE                                                                               \
	HEADER_KEY(KEY, "Makes it safe to send the same create again: for 24 hours the same key " \
			"with the same body gets the first answer again, with the header "        \
			"Idempotency-Replayed, and nothing is created twice. With another body: " \
			"422; while the first is being worked on, or where its outcome is not "   \
			"known: 409. A dry run takes no key into account")

const struct op cluster_create_ops[] = {
	{
		.name = "cluster.create",
		.summary = "Create a cluster from a flat description or from Palette's own entity",
		POST("/clusters"),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(WHOLE_BODY("body", entity_kinds,
					    "With cloudType at the top: a flat description. "
					    "With spec: Palette's own entity"),
				 QUERY_DRY_RUN, QUERY_PROJECT, QUERY_INSTANCE, HEADER_ONCE),
		.flags = OP_AUDIT | OP_STRICT,
		.success_status = 201,
		.answer = created_answer_fields,
		.also = &dry_run_answer,
		.run = cluster_create,
	},
	{
		.name = "virtual_cluster.create",
		.summary = "Create a virtual cluster from Palette's own entity",
		POST("/virtualclusters"),
		.permission = PERMIT_CREATE_CLUSTER,
		.params = PARAMS(
			BODY_OBJECT("clusterConfig", "Palette's entity of a virtual cluster"),
			QUERY_DRY_RUN, QUERY_PROJECT, QUERY_INSTANCE, HEADER_ONCE),
		.flags = OP_AUDIT | OP_STRICT,
		.success_status = 201,
		.answer = created_answer_fields,
		.also = &dry_run_answer,
		.run = virtual_cluster_create,
	},
	{.name = NULL},
};
