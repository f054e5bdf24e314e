/* What agents see of the machines that a cluster is made of. */
#include <string.h>

#include "op/agent.h"
#include "op/agent_machines.h"
#include "op/rows.h"
#include "palette/mask.h"

static const struct field condition_fields[] = {
	{.name = "type",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/type"),
	 .help = "Such as Ready, DiskPressure"},
	{.name = "status",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/status"),
	 .help = "True, False or Unknown; Ready should be True, pressures False"},
	{.name = "reason", .type = FIELD_STRING, FROM("/reason"), .help = "A word for it"},
	{.name = "message", .type = FIELD_STRING, FROM("/message"), .help = "What it says"},
	{.name = NULL},
};

static const struct field address_fields[] = {
	{.name = "type",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/type"),
	 .help = "Such as InternalIP, Hostname"},
	{.name = "address",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/address"),
	 .help = "The address"},
	{.name = NULL},
};

static const struct field maintenance_fields[] = {
	{.name = "action", .type = FIELD_STRING, FROM("/action"), .help = "Such as cordon"},
	{.name = "state", .type = FIELD_STRING, FROM("/state"), .help = "Such as Complete"},
	{.name = "message", .type = FIELD_STRING, FROM("/message"), .help = "What it says"},
	{.name = NULL},
};

/* Each is {"pool":name,"machine":as Palette has it}. */
static const struct field node_item[] = {
	{.name = "uid",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/machine/metadata/uid"),
	 .help = "Palette's identifier of the machine"},
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/machine/metadata/name"),
	 .help = "Its name in Palette"},
	{.name = "pool",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/pool"),
	 .help = "Name of its machine pool"},
	{.name = "state",
	 .type = FIELD_STRING,
	 FROM("/machine/status/instanceState"),
	 .help = "Such as Provisioning, Running, Deleting, Failed"},
	{.name = "ready",
	 .type = FIELD_BOOL,
	 FROM("/machine/status/ready"),
	 .help = "Whether it is ready"},
	{.name = "health",
	 .type = FIELD_STRING,
	 FROM("/machine/status/health/state"),
	 .help = "Healthy or UnHealthy; empty before it reports"},
	{.name = "lastHeartbeat",
	 .type = FIELD_STRING,
	 FROM("/machine/status/health/lastHeartBeatTimestamp"),
	 .help = "When it last reported; the year 1: never"},
	{.name = "conditions",
	 .type = FIELD_ARRAY,
	 .fields = condition_fields,
	 FROM("/machine/status/health/conditions"),
	 .help = "What the node says of itself"},
	{.name = "addresses",
	 .type = FIELD_ARRAY,
	 .fields = address_fields,
	 FROM("/machine/status/addresses"),
	 .help = "Where it is"},
	{.name = "maintenance",
	 .type = FIELD_OBJECT,
	 .fields = maintenance_fields,
	 FROM("/machine/status/maintenanceStatus"),
	 .help = "What maintenance is done to it"},
	{.name = NULL},
};

static const struct field nodes_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "nodes",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = node_item,
	 .help = "By name, secrets in their messages masked"},
	PAGE_FIELDS("machines"),
	{.name = NULL},
};

static const struct page_filter by_state[] = {
	{.param = "state", .field = "state"},
	{.param = "health", .field = "health"},
	{.param = NULL},
};

/* The machines so far. */
struct nodes {
	struct json_writer w;
	struct buf document; /* {"nodes":[...]} */
	size_t count;
};

static bool add_nodes(struct call *c, const struct machinery *m, const char *pool,
		      struct nodes *nodes, struct error *err)
{
	struct json_walk walk;
	struct text machine;
	struct buf document;
	size_t count;

	if (!machinery_machines(c, m, pool, &document, &count, err))
		return false;
	walk = machinery_walk(&document);
	while (json_walk_item(&walk, &machine)) {
		json_object_begin(&nodes->w);
		json_put_pair(&nodes->w, "pool", pool);
		json_key(&nodes->w, "machine");
		json_put_raw(&nodes->w, machine);
		json_object_end(&nodes->w);
	}
	nodes->count += count;
	buf_fini(&document);
	return true;
}

/* Of all pools, or of the one that is asked for; which others there are is worth knowing. */
static bool add_all(struct call *c, const struct machinery *m, struct nodes *nodes,
		    struct error *err)
{
	const char *wanted = call_string(c, "poolName");
	struct json_walk walk = machinery_pools(m);
	const char *names = "";
	bool any = false;
	struct text pool;
	const char *name;

	while (machinery_next_pool(c, &walk, &pool, &name)) {
		names = arena_printf(c->arena, "%s%s%.60s", names, names[0] == '\0' ? "" : ", ",
				     name);
		if (wanted != NULL && strcmp(name, wanted) != 0)
			continue;
		any = true;
		if (!add_nodes(c, m, name, nodes, err))
			return false;
	}
	if (wanted == NULL || any)
		return true;
	return error_set(err, ERROR_NOT_FOUND,
			 "The cluster has no machine pool \"%.60s\"; it has: %.600s", wanted,
			 names[0] == '\0' ? "none" : names);
}

static bool is_whole(const struct buf *all, struct error *err)
{
	return buf_complete(all) ||
	       error_set(
		       err, ERROR_UPSTREAM,
		       "The cluster's machines are more than spectrocloud.upstream.maxAnswerBytes "
		       "allows for: give poolName");
}

static bool answer_nodes(struct call *c, const struct machinery *m, const struct nodes *nodes,
			 struct result *res, struct error *err)
{
	const char *pool = call_string(c, "poolName");
	const struct page page = {
		.key = "nodes",
		.item = node_item,
		.filters = by_state,
		.head_key = "clusterUid",
		.head = text_of(arena_printf(c->arena, "\"%s\"", m->cluster.uid)),
		.basis = text_of(
			arena_printf(c->arena, "%s/%s", m->cluster.uid, pool == NULL ? "" : pool)),
	};
	struct buf masked;
	bool ok;

	buf_init(&masked, (size_t)c->services->config->upstream_max_answer_bytes * 8);
	(void)mask_json(buf_text(&nodes->document), &masked);
	ok = is_whole(&masked, err) &&
	     answer_page_of(c, &page, buf_text(&masked), nodes->count, res, err);
	buf_fini(&masked);
	return ok;
}

static bool find_nodes(struct call *c, const struct machinery *m, struct result *res,
		       struct error *err)
{
	struct nodes nodes = {.count = 0};
	bool ok;

	buf_init(&nodes.document, (size_t)c->services->config->upstream_max_answer_bytes * 4);
	json_writer_init(&nodes.w, &nodes.document);
	json_object_begin(&nodes.w);
	json_key(&nodes.w, "nodes");
	json_array_begin(&nodes.w);
	ok = add_all(c, m, &nodes, err);
	if (ok) {
		json_array_end(&nodes.w);
		json_object_end(&nodes.w);
		ok = is_whole(&nodes.document, err) && answer_nodes(c, m, &nodes, res, err);
	}
	buf_fini(&nodes.document);
	return ok;
}

static bool cluster_nodes(struct call *c, struct result *res, struct error *err)
{
	struct machinery m;
	bool ok;

	if (!machinery_open(c, &m, err))
		return false;
	ok = find_nodes(c, &m, res, err);
	buf_fini(&m.config);
	return ok;
}

const struct op agent_node_ops[] = {
	{
		.name = "agent.cluster_nodes",
		.summary = "Show an agent the machines of a cluster, in pages",
		TOOL(.name = "list_spectrocloud_cluster_nodes",
		     .title = "List nodes of a SpectroCloud cluster", .toolset = "operations",
		     .description =
			     "Lists the machines of one SpectroCloud cluster, of all its pools or "
			     "of one, with their state, their health and what the node says of "
			     "itself. With health UnHealthy it finds those in trouble."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID,
				 ARG("poolName", PARAM_TEXT, "Only machines of this pool"),
				 ARG("state", PARAM_TEXT,
				     "Only those in this state, such as Failed; case does not "
				     "count"),
				 ARG("health", PARAM_TEXT,
				     "Only those with this health, Healthy or UnHealthy; case does "
				     "not count"),
				 ARG_FIELDS("fields", node_item,
					    "What to answer of each besides uid, name and pool; "
					    "without it everything"),
				 ARG_LIMIT, ARG_CURSOR, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = nodes_answer,
		.run = cluster_nodes,
	},
	{.name = NULL},
};
