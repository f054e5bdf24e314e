/* Virtual clusters: the rows, and what no row can say. */
#include <string.h>

#include "palette/entity_rows.h"
#include "palette/entity_work.h"

static const char *const virtual_endpoints[] = {"LoadBalancer", "Ingress", NULL};
static const char *const traffic_policies[] = {"Cluster", "Local", NULL};

/* ---- rows ---- */

#define HOST        "/spec/clusterConfig/hostClusterConfig"
#define VIRTUAL_END HOST "/clusterEndpoint/config"
#define SIZE        "/spec/machinepoolconfig/0/cloudConfig/instanceType"

static const struct entity_field ingress_fields[] = {
	{
		.name = "host",
		.type = ENTITY_TEXT,
		.target = VIRTUAL_END "/ingressConfig/host",
		.help = "Host name",
	},
	{
		.name = "port",
		.type = ENTITY_INT,
		.min = 1,
		.max = 65535,
		.target = VIRTUAL_END "/ingressConfig/port",
		.help = "Port",
	},
	NO_MORE,
};

static const struct entity_field load_balancer_fields[] = {
	{
		.name = "externalIPs",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = VIRTUAL_END "/loadBalancerConfig/externalIPs",
		.help = "Addresses",
	},
	{
		.name = "externalTrafficPolicy",
		.type = ENTITY_CHOICE,
		.choices = traffic_policies,
		.target = VIRTUAL_END "/loadBalancerConfig/externalTrafficPolicy",
		.help = "Which nodes take the traffic",
	},
	{
		.name = "loadBalancerSourceRanges",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = VIRTUAL_END "/loadBalancerConfig/loadBalancerSourceRanges",
		.help = "Networks that may reach it",
	},
	NO_MORE,
};

static const struct entity_field chart_fields[] = {
	{
		.name = "name",
		.type = ENTITY_TEXT,
		.target = "/spec/cloudConfig/helmRelease/chart/name",
		.help = "Name",
	},
	{
		.name = "repo",
		.type = ENTITY_TEXT,
		.target = "/spec/cloudConfig/helmRelease/chart/repo",
		.help = "Repository",
	},
	{
		.name = "version",
		.type = ENTITY_TEXT,
		.target = "/spec/cloudConfig/helmRelease/chart/version",
		.help = "Version",
	},
	NO_MORE,
};

static const struct entity_field helm_fields[] = {
	{
		.name = "chart",
		.type = ENTITY_OBJECT,
		.fields = chart_fields,
		.help = "The chart of the virtual cluster",
	},
	{
		.name = "values",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.target = "/spec/cloudConfig/helmRelease/values",
		.help = "Its values, as YAML text",
	},
	NO_MORE,
};

static const struct entity_field virtual_cloud_fields[] = {
	{
		.name = "helmRelease",
		.type = ENTITY_OBJECT,
		.fields = helm_fields,
		.help = "Another chart than Palette's own",
	},
	NO_MORE,
};

const struct entity_field entity_virtual_fields[] = {
	COMMON_FIELDS,
	{
		.name = "profileUids",
		.type = ENTITY_TEXTS,
		.max = MOST_PROFILES,
		.fallback = "[]",
		.goes = "/spec/profiles/*/uid",
		.help = "UIDs of add-on profile versions",
	},
	{
		.name = "clusterGroupUid",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = HOST "/clusterGroup/uid",
		.implies = {HOST "/clusterGroup/kind", "\"ClusterGroup\""},
		.example = "\"65f0aa00000000000000c601\"",
		.help = "UID of the cluster group to run in; this or hostClusterUid is required",
	},
	{
		.name = "clusterGroupName",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = HOST "/clusterGroup/name",
		.help = "Its name",
	},
	{
		.name = "hostClusterUid",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = HOST "/hostCluster/uid",
		.help = "UID of the cluster to run in, instead of a group",
	},
	{
		.name = "endpointType",
		.type = ENTITY_CHOICE,
		.choices = virtual_endpoints,
		.target = HOST "/clusterEndpoint/type",
		.example = "\"LoadBalancer\"",
		.help = "How the Kubernetes API is reached; without it as the group says",
	},
	{
		.name = "ingress",
		.type = ENTITY_OBJECT,
		.fields = ingress_fields,
		.help = "More about endpointType Ingress",
	},
	{
		.name = "loadBalancer",
		.type = ENTITY_OBJECT,
		.fields = load_balancer_fields,
		.help = "More about endpointType LoadBalancer",
	},
	{
		.name = "cpuCores",
		.type = ENTITY_INT,
		.min = 4,
		.max = 10000,
		.fallback = "4",
		.target = SIZE "/minCPU",
		.also = SIZE "/maxCPU",
		.example = "4",
		.help = "Processor cores",
	},
	{
		.name = "memoryGiB",
		.type = ENTITY_INT,
		.min = 4,
		.max = MOST_GIB,
		.times = 1024,
		.fallback = "8",
		.target = SIZE "/minMemInMiB",
		.also = SIZE "/maxMemInMiB",
		.example = "8",
		.help = "Memory",
	},
	{
		.name = "storageGiB",
		.type = ENTITY_INT,
		.min = 2,
		.max = MOST_GIB,
		.fallback = "20",
		.target = SIZE "/minStorageGiB",
		.also = SIZE "/maxStorageGiB",
		.example = "20",
		.help = "Storage",
	},
	{
		.name = "kubernetesVersion",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.fallback = "\"\"",
		.target = "/spec/cloudConfig/kubernetesVersion",
		.help = "Version of Kubernetes; empty: the group's default",
	},
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fields = virtual_cloud_fields,
		.help = "What else a virtual cluster can be told",
	},
	NO_MORE,
};

/* ---- what no row can say ---- */

static void check_endpoint(struct entity_work *work, const char *field, const char *wanted)
{
	const struct entity_node *type = node_find(work->root, HOST "/clusterEndpoint/type");
	bool is_wanted = type != NULL && json_string_is(type->raw, wanted);

	if (type == NULL && entity_has(work->body, "endpointType"))
		return; /* a fault already */
	if (entity_has(work->body, field) && !is_wanted)
		entity_fault_at(work->faults, arena_printf(work->arena, "/%s", field),
				"goes only with endpointType %s", wanted);
}

static void virtual_body(struct entity_work *work)
{
	bool no_group = entity_is_absent(work->body, "/clusterGroupUid");
	bool no_host = entity_is_absent(work->body, "/hostClusterUid");

	if (no_group && no_host)
		entity_fault_at(work->faults, "/clusterGroupUid",
				"is required, or hostClusterUid instead");
	else if (!no_group && !no_host)
		entity_fault_at(work->faults, "/hostClusterUid",
				"cannot go together with clusterGroupUid");
	else if (no_group && !entity_is_absent(work->body, "/clusterGroupName"))
		entity_fault_at(work->faults, "/clusterGroupName", "needs clusterGroupUid");
	check_endpoint(work, "ingress", "Ingress");
	check_endpoint(work, "loadBalancer", "LoadBalancer");
}

void entity_default_endpoint(struct entity_draft *draft, const char *type)
{
	for (const char *const *known = virtual_endpoints; *known != NULL; known++)
		if (strcmp(*known, type) == 0 &&
		    node_find(draft->root, HOST "/clusterEndpoint/type") == NULL)
			node_set_json(draft->arena, draft->root, HOST "/clusterEndpoint/type",
				      arena_printf(draft->arena, "\"%s\"", *known));
}

const struct entity_hooks entity_virtual_hooks = {
	.body = virtual_body,
};
