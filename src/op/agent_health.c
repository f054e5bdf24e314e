/*
 * A cluster's health out of Palette's summary of it: its conditions, what its agent reports, its
 * packs and machine pools, each as a condition of its own.
 */
#include "op/agent_health.h"

#include <string.h>

#include "op/agent.h"
#include "op/agent_find.h"
#include "op/render.h"
#include "op/rows.h"

static const struct field condition_fields[] = {
	{.name = "type",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "What it is about; Health/..., Pack/... and MachinePool/... are reported by the "
		 "cluster's agent, its packs and its machine pools"},
	{.name = "status",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "True: well; False: not done yet, or a problem; Unknown"},
	{.name = "message", .type = FIELD_STRING, .help = "What Palette says of it"},
	{.name = NULL},
};

const struct field health_fields[] = {
	{.name = "overallStatus",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "The cluster's state; UnHealthy where it is running and reports that it is not "
		 "healthy"},
	{.name = "conditions",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = condition_fields,
	 .help = "Empty where Palette has none"},
	{.name = NULL},
};

static void put_condition(struct json_writer *w, const char *type, const char *status,
			  const char *message)
{
	json_object_begin(w);
	json_put_pair(w, "type", type);
	json_put_pair(w, "status", status[0] != '\0' ? status : "Unknown");
	if (message != NULL && message[0] != '\0') {
		json_put_pair(w, "message", message);
	}
	json_object_end(w);
}

static const char *at(struct arena *a, struct text object, const char *pointer)
{
	return json_string_at(a, object, pointer, "");
}

/* What it says, or else the word for it. */
static const char *message_of(struct arena *a, struct text condition)
{
	const char *message = at(a, condition, "/message");

	return message[0] != '\0' ? message : at(a, condition, "/reason");
}

static struct json_walk walk_at(struct text object, const char *pointer)
{
	struct text array = TEXT("[]");

	(void)json_at(object, pointer, &array);
	return json_walk_begin(json_type_of(array) == JSON_TYPE_ARRAY ? array : TEXT("[]"));
}

static void put_own(struct json_writer *w, struct arena *a, struct text cluster)
{
	struct json_walk walk = walk_at(cluster, "/status/conditions");
	struct text condition;

	while (json_walk_item(&walk, &condition))
		if (json_type_of(condition) == JSON_TYPE_OBJECT)
			put_condition(w, at(a, condition, "/type"), at(a, condition, "/status"),
				      message_of(a, condition));
}

/* ---- what the agent in the cluster reports ---- */

/* Palette has written it both ways. */
static bool is_word(const char *word, const char *lower)
{
	return text_equal_nocase(text_of(word), text_of(lower));
}

static const char *health_status(const char *state)
{
	if (is_word(state, "healthy"))
		return "True";
	return is_word(state, "unhealthy") ? "False" : "Unknown";
}

static const char *with_object(struct arena *a, struct text condition)
{
	const char *message = message_of(a, condition);
	const char *kind = at(a, condition, "/relatedObject/kind");
	const char *name = at(a, condition, "/relatedObject/name");

	if (name[0] == '\0')
		return message;
	return arena_printf(a, "%s%s(%s%s%s)", message, message[0] == '\0' ? "" : " ", kind,
			    kind[0] == '\0' ? "" : "/", name);
}

static void put_reported(struct json_writer *w, struct arena *a, struct text cluster)
{
	const char *state = at(a, cluster, "/status/health/state");
	const char *beat = at(a, cluster, "/status/health/lastHeartBeatTimestamp");
	struct json_walk walk = walk_at(cluster, "/status/health/conditions");
	struct text condition;

	while (json_walk_item(&walk, &condition))
		if (json_type_of(condition) == JSON_TYPE_OBJECT)
			put_condition(w, arena_printf(a, "Health/%s", at(a, condition, "/type")),
				      is_word(state, "unhealthy") ? "False" : "Unknown",
				      with_object(a, condition));
	put_condition(w, "Health", health_status(state),
		      arena_printf(a, "%s%s%s", state[0] == '\0' ? "Not reported yet" : state,
				   beat[0] == '\0' ? "" : ", last heartbeat ", beat));
}

/* ---- packs and pools ---- */

/* Those that are well say nothing. */
static void put_packs(struct json_writer *w, struct arena *a, struct text cluster)
{
	struct json_walk walk = walk_at(cluster, "/status/packs");
	struct text pack;

	while (json_walk_item(&walk, &pack)) {
		const char *status = at(a, pack, "/condition/status");
		struct text condition;

		if (!json_at(pack, "/condition", &condition) ||
		    json_type_of(condition) != JSON_TYPE_OBJECT ||
		    (is_word(at(a, condition, "/type"), "ready") && is_word(status, "true")))
			continue;
		/* A condition Error that is True says that the pack is not well. */
		if (is_word(at(a, condition, "/type"), "error"))
			status = is_word(status, "true") ? "False" : "True";
		put_condition(w, arena_printf(a, "Pack/%s", at(a, pack, "/name")), status,
			      message_of(a, condition));
	}
}

static void put_pools(struct json_writer *w, struct arena *a, struct text cluster)
{
	struct json_walk walk = walk_at(cluster, "/spec/cloudConfig/machinePools");
	struct text pool;

	for (size_t i = 0; json_walk_item(&walk, &pool); i++) {
		struct text healthy = TEXT("");
		struct text size = TEXT("");
		int64_t good;
		int64_t all;

		if (!json_at(pool, "/healthy", &healthy) || !json_at(pool, "/size", &size) ||
		    !json_int(healthy, &good) || !json_int(size, &all))
			continue;
		put_condition(w, arena_printf(a, "MachinePool/%zu", i),
			      good >= all ? "True" : "False",
			      arena_printf(a, "%lld of %lld machines are healthy", (long long)good,
					   (long long)all));
	}
}

void health_put(struct json_writer *w, struct arena *a, struct text cluster)
{
	const char *state = at(a, cluster, "/status/state");
	const char *health = at(a, cluster, "/status/health/state");
	bool ill = is_word(state, "running") && is_word(health, "unhealthy");

	json_object_begin(w);
	json_put_pair(w, "overallStatus", ill ? "UnHealthy" : state);
	json_key(w, "conditions");
	json_array_begin(w);
	put_own(w, a, cluster);
	put_reported(w, a, cluster);
	put_packs(w, a, cluster);
	put_pools(w, a, cluster);
	json_array_end(w);
	json_object_end(w);
}

/* ---- the tools ---- */

static const struct field cluster_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/metadata/name"),
	 .help = "Its name in Palette"},
	{.name = "uid", .type = FIELD_STRING, .required = true, .help = "Its UID in Palette"},
	{.name = "state",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/status/state"),
	 .help = "Such as Running, Provisioning, Error"},
	{.name = "entityRef",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "Its entity in the catalog; empty where no catalog was asked"},
	{.name = "cloudType",
	 .type = FIELD_STRING,
	 FROM("/spec/cloudConfig/cloudType"),
	 .help = "Such as eks or vsphere"},
	{.name = "kubernetesVersion",
	 .type = FIELD_STRING,
	 FROM("/status/kubeMeta/kubernetesVersion"),
	 .help = "Of its control plane"},
	{.name = NULL},
};

static const struct field health_answer[] = {
	{.name = "cluster",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = cluster_fields,
	 .help = "Which cluster it is"},
	{.name = "health",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = health_fields,
	 .help = "How it is"},
	{.name = NULL},
};

static const struct field virtual_fields[] = {
	{.name = "name",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/metadata/name"),
	 .help = "Its name in Palette"},
	{.name = "uid", .type = FIELD_STRING, .required = true, .help = "Its UID in Palette"},
	{.name = "state",
	 .type = FIELD_STRING,
	 .required = true,
	 FROM("/status/state"),
	 .help = "Such as Running, Paused, Error"},
	{.name = "lifecycle",
	 .type = FIELD_STRING,
	 FROM("/status/virtual/lifecycleStatus/status"),
	 .help = "Such as Running, Pausing, Paused"},
	{.name = "hostCluster",
	 .type = FIELD_STRING,
	 FROM("/status/virtual/hostCluster/name"),
	 .help = "Name of the cluster that it runs in"},
	{.name = "clusterGroup",
	 .type = FIELD_STRING,
	 FROM("/status/virtual/clusterGroup/name"),
	 .help = "Name of the group that it is of"},
	{.name = "kubernetesVersion",
	 .type = FIELD_STRING,
	 FROM("/status/kubeMeta/kubernetesVersion"),
	 .help = "Of its control plane"},
	{.name = NULL},
};

static const struct field virtual_answer[] = {
	{.name = "cluster",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = virtual_fields,
	 .help = "The virtual cluster"},
	{.name = "health", .type = FIELD_OBJECT, .fields = health_fields, .help = "How it is"},
	{.name = NULL},
};

/* {"cluster":{...},"health":{...}}; entity_ref NULL: the fields have none. */
static void answer_health(struct call *c, const struct field *fields, const char *uid,
			  const char *entity_ref, struct text cluster, struct result *res)
{
	struct json_writer w;
	struct buf out;

	buf_init(&out, (size_t)c->services->config->upstream_max_answer_bytes * 2);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "cluster");
	json_object_begin(&w);
	json_put_pair(&w, "uid", uid);
	if (entity_ref != NULL) {
		json_put_pair(&w, "entityRef", entity_ref);
	}
	render_fields(&w, fields, cluster, NULL, 0);
	json_object_end(&w);
	json_key(&w, "health");
	health_put(&w, c->arena, cluster);
	json_object_end(&w);
	result_json_owned(res, &out);
}

static bool cluster_health(struct call *c, struct result *res, struct error *err)
{
	struct found found;
	struct palette_document cluster;

	if (!find_named(c, CATALOG_CLUSTER, "clusterName", &found, err) ||
	    !found_document(c, PALETTE_DOCUMENT_CLUSTER, &found, &cluster, err))
		return false;
	answer_health(c, cluster_fields, found.uid, found.entity_ref,
		      palette_document_text(&cluster), res);
	palette_document_fini(&cluster);
	return true;
}

static bool virtual_details(struct call *c, struct result *res, struct error *err)
{
	const char *uid = call_string(c, "virtualClusterUid");
	struct palette_document cluster;

	if (!call_document(c, PALETTE_DOCUMENT_VIRTUAL_CLUSTER, "virtualClusterUid", &cluster, err))
		return false;
	answer_health(c, virtual_fields, uid, NULL, palette_document_text(&cluster), res);
	palette_document_fini(&cluster);
	return true;
}

const struct op agent_health_ops[] = {
	{
		.name = "agent.cluster_health",
		.summary = "Tell an agent how a cluster is",
		TOOL(.name = "get_spectrocloud_health_for_cluster",
		     .title = "Get the health of a SpectroCloud cluster", .toolset = "core",
		     .description =
			     "Gives the live state of one SpectroCloud cluster with its "
			     "conditions, its health as its agent reports it, packs that are not "
			     "ready and its machine pools. clusterName is the cluster's name as "
			     "the catalog shows it (the entity's title)."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_REQUIRED("clusterName", PARAM_TEXT,
					      "Name of the cluster: the title of its entity"),
				 ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE,
		.answer = health_answer,
		.run = cluster_health,
	},
	{
		.name = "agent.virtual_cluster",
		.summary = "Tell an agent how a virtual cluster is",
		TOOL(.name = "get_spectrocloud_virtual_cluster_details",
		     .title = "Get details of a SpectroCloud virtual cluster", .toolset = "core",
		     .description =
			     "Gives the live state and health of one virtual cluster, by its "
			     "UID; list_spectrocloud_virtual_clusters has the UIDs."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_REQUIRED("virtualClusterUid", PARAM_IDENTIFIER,
					      "UID of the virtual cluster"),
				 ARG_PROJECT, ARG_INSTANCE),
		.answer = virtual_answer,
		.run = virtual_details,
	},
	{.name = NULL},
};
