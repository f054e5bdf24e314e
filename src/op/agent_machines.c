/* What a cluster's machines are and where Palette keeps them; and what agents see of its pools. */
#include "op/agent_machines.h"

#include "op/agent.h"
#include "op/render.h"
#include "op/rows.h"

bool machinery_open(struct call *c, struct machinery *m, struct error *err)
{
	struct palette_document cluster;
	struct text text;

	if (!find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &m->cluster,
				 err) ||
	    !found_document(c, PALETTE_DOCUMENT_CLUSTER, &m->cluster, &cluster, err))
		return false;
	text = palette_document_text(&cluster);
	m->cloud_type = json_string_at(c->arena, text, "/spec/cloudConfig/cloudType", "");
	m->uid = json_string_at(c->arena, text, "/spec/cloudConfig/uid", "");
	palette_document_fini(&cluster);
	return palette_cloud_config(c->palette, m->cluster.project, m->cloud_type, m->uid,
				    &m->config, err);
}

struct json_walk machinery_pools(const struct machinery *m)
{
	struct text pools = TEXT("[]");

	(void)json_at(buf_text(&m->config), "/spec/machinePoolConfig", &pools);
	return json_walk_begin(json_type_of(pools) == JSON_TYPE_ARRAY ? pools : TEXT("[]"));
}

bool machinery_next_pool(struct call *c, struct json_walk *walk, struct text *pool,
			 const char **name)
{
	while (json_walk_item(walk, pool)) {
		*name = json_string_at(c->arena, *pool, "/name", "");
		if ((*name)[0] != '\0')
			return true;
	}
	return false;
}

bool machinery_machines(struct call *c, const struct machinery *m, const char *pool,
			struct buf *document, size_t *count, struct error *err)
{
	struct palette_list list;
	bool ok;

	palette_list_init(&list, c->palette, "machines");
	ok = palette_machines(c->palette, m->cluster.project, m->cloud_type, m->uid, pool, 0, &list,
			      err);
	*count = list.count;
	ok = ok && palette_list_finish(&list, document, err);
	palette_list_fini(&list);
	return ok;
}

struct json_walk machinery_walk(const struct buf *document)
{
	struct text machines = TEXT("[]");

	(void)json_member(buf_text(document), "machines", &machines);
	return json_walk_begin(machines);
}

/* ---- pools ---- */

static const struct field pool_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/name"),
	 .help = "The pool's name"},
	{.name = "size",
	 .type = FIELD_INT,
	 FROM("/size"),
	 .help = "How many machines it should have"},
	{.name = "minSize", .type = FIELD_INT, FROM("/minSize"), .help = "The autoscaler's least"},
	{.name = "maxSize", .type = FIELD_INT, FROM("/maxSize"), .help = "The autoscaler's most"},
	{.name = "isControlPlane",
	 .type = FIELD_BOOL,
	 .required = true,
	 FROM("/isControlPlane"),
	 .help = "Its machines run the control plane"},
	{.name = "useControlPlaneAsWorker",
	 .type = FIELD_BOOL,
	 FROM("/useControlPlaneAsWorker"),
	 .help = "They run workloads too"},
	{.name = "roles",
	 .type = FIELD_ARRAY,
	 FROM("/labels"),
	 .help = "Such as control-plane or worker"},
	{.name = "machines", .type = FIELD_INT, .help = "How many machines there are"},
	{.name = "ready", .type = FIELD_INT, .help = "How many of them are ready"},
	{.name = "healthy",
	 .type = FIELD_INT,
	 .help = "How many of them report that they are healthy"},
	{.name = NULL},
};

static const struct field pools_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "cloudType", .type = FIELD_STRING, .required = true, .help = "Such as eks"},
	{.name = "machinePools",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = pool_fields,
	 .help = "In Palette's order; without machines, ready and healthy where Palette does not "
		 "find a pool's machines"},
	MASKED,
	{.name = NULL},
};

static bool is_ready(struct text machine)
{
	struct text ready;
	bool yes;

	return json_at(machine, "/status/ready", &ready) && json_bool(ready, &yes) && yes;
}

static bool is_healthy(struct call *c, struct text machine)
{
	return text_equal_nocase(
		text_of(json_string_at(c->arena, machine, "/status/health/state", "")),
		TEXT("healthy"));
}

static void put_count(struct json_writer *w, const char *key, size_t count)
{
	json_key(w, key);
	json_put_int(w, (int64_t)count);
}

/* A pool that is only configured so far has no machines to count. */
static bool put_counts(struct call *c, struct json_writer *w, const struct machinery *m,
		       const char *pool, struct error *err)
{
	struct error why = {.kind = ERROR_NOT_FOUND};
	struct json_walk walk;
	struct text machine;
	struct buf document;
	size_t healthy = 0;
	size_t ready = 0;
	size_t count;

	if (!machinery_machines(c, m, pool, &document, &count, &why)) {
		if (why.kind != ERROR_NOT_FOUND)
			*err = why;
		return why.kind == ERROR_NOT_FOUND;
	}
	walk = machinery_walk(&document);
	while (json_walk_item(&walk, &machine)) {
		ready += is_ready(machine);
		healthy += is_healthy(c, machine);
	}
	buf_fini(&document);
	put_count(w, "machines", count);
	put_count(w, "ready", ready);
	put_count(w, "healthy", healthy);
	return true;
}

static bool put_pools(struct call *c, struct json_writer *w, const struct machinery *m,
		      struct error *err)
{
	struct json_walk walk = machinery_pools(m);
	struct text pool;
	const char *name;

	json_array_begin(w);
	while (machinery_next_pool(c, &walk, &pool, &name)) {
		json_object_begin(w);
		render_fields(w, pool_fields, pool, NULL, 0);
		if (!put_counts(c, w, m, name, err))
			return false;
		json_object_end(w);
	}
	json_array_end(w);
	return true;
}

static bool answer_pools(struct call *c, const struct machinery *m, struct result *res,
			 struct error *err)
{
	struct answer answer;
	struct json_writer w;
	struct buf pools;
	bool ok;

	answer_begin(c, &answer);
	buf_init(&pools, answer.max_bytes);
	json_writer_init(&w, &pools);
	ok = put_pools(c, &w, m, err);
	if (ok) {
		answer_put(&answer, "clusterUid", m->cluster.uid);
		answer_put(&answer, "cloudType", m->cloud_type);
		answer_put_masked(&answer, "machinePools", buf_text(&pools));
		answer_put_count(&answer, "masked", answer.masked);
		answer.too_large = answer.too_large || !buf_complete(&pools);
		ok = answer_finish(&answer, res, err);
	} else {
		answer_drop(&answer);
	}
	buf_fini(&pools);
	return ok;
}

static bool machine_pools(struct call *c, struct result *res, struct error *err)
{
	struct machinery m;
	bool ok;

	if (!machinery_open(c, &m, err))
		return false;
	ok = answer_pools(c, &m, res, err);
	buf_fini(&m.config);
	return ok;
}

/* ---- rows ---- */

const struct op agent_machine_ops[] = {
	{
		.name = "agent.machine_pools",
		.summary = "Show an agent the machine pools of a cluster",
		TOOL(.name = "list_spectrocloud_cluster_machine_pools",
		     .title = "List machine pools of a SpectroCloud cluster",
		     .toolset = "operations",
		     .description =
			     "Lists the machine pools of one SpectroCloud cluster: their names, "
			     "sizes and roles, and how many of their machines are ready and "
			     "healthy. list_spectrocloud_cluster_nodes has the machines."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID, ARG_ENTITY, ARG_NAMED_PROJECT,
				 ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = pools_answer,
		.run = machine_pools,
	},
	{.name = NULL},
};
