/* Clusters on vSphere: the rows, and what no row can say. */
#include <string.h>

#include "palette/entity_rows.h"
#include "palette/entity_work.h"

static const char *const control_plane_endpoints[] = {"VIP", "DDNS", "External", NULL};

/* ---- rows ---- */

static const struct entity_field machine_fields[] = {
	{
		.name = "numCPUs",
		.type = ENTITY_INT,
		.required = true,
		.min = 1,
		.max = 1024,
		.target = "/cloudConfig/instanceType/numCPUs",
		.help = "Processors",
	},
	{
		.name = "memoryMiB",
		.type = ENTITY_INT,
		.required = true,
		.min = 1,
		.max = (int64_t)MOST_GIB * 1024,
		.target = "/cloudConfig/instanceType/memoryMiB",
		.help = "Memory",
	},
	{
		.name = "diskGiB",
		.type = ENTITY_INT,
		.required = true,
		.min = 1,
		.max = MOST_GIB,
		.target = "/cloudConfig/instanceType/diskGiB",
		.help = "Disk",
	},
	NO_MORE,
};

static const struct entity_field placement_fields[] = {
	{
		.name = "computeCluster",
		.type = ENTITY_TEXT,
		.goes = "/cloudConfig/placements/0/cluster",
		.help = "Compute cluster",
	},
	{
		.name = "resourcePool",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.goes = "/cloudConfig/placements/0/resourcePool",
		.help = "Resource pool",
	},
	{
		.name = "datastore",
		.type = ENTITY_TEXT,
		.goes = "/cloudConfig/placements/0/datastore",
		.help = "Datastore",
	},
	{
		.name = "network",
		.type = ENTITY_TEXT,
		.goes = "/cloudConfig/placements/0/network/networkName",
		.help = "Network",
	},
	{
		.name = "ipPoolUid",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.goes = "/cloudConfig/placements/0/network/parentPoolUid",
		.help = "UID of the IP pool; empty: addresses by DHCP",
	},
	NO_MORE,
};

static const struct entity_field vsphere_pool_fields[] = {
	POOL_FIELDS,
	{
		.name = "instanceType",
		.type = ENTITY_OBJECT,
		.fallback = "{\"numCPUs\":4,\"memoryMiB\":8192,\"diskGiB\":60}",
		.fields = machine_fields,
		.help = "Size of the machines",
	},
	{
		.name = "placement",
		.type = ENTITY_OBJECT,
		.fields = placement_fields,
		.help = "Where this pool's machines are, if not where vsphere says",
	},
	NO_MORE,
};

/* Of every pool that does not say better. */
#define PLACEMENT "/spec/machinepoolconfig/*/cloudConfig/placements/0"
#define ENDPOINT  "/spec/cloudConfig/controlPlaneEndpoint"

static const struct entity_field control_plane_endpoint_fields[] = {
	{
		.name = "type",
		.type = ENTITY_CHOICE,
		.required = true,
		.choices = control_plane_endpoints,
		.target = ENDPOINT "/type",
		.example = "\"VIP\"",
		.help = "VIP needs host, DDNS needs ddnsSearchDomain",
	},
	{
		.name = "host",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = ENDPOINT "/host",
		.example = "\"10.0.0.100\"",
		.help = "A free IP address, or the name of the external endpoint",
	},
	{
		.name = "ddnsSearchDomain",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = ENDPOINT "/ddnsSearchDomain",
		.help = "Search domain",
	},
	NO_MORE,
};

static const struct entity_field vsphere_cloud_fields[] = {
	{
		.name = "computeCluster",
		.type = ENTITY_TEXT,
		.required = true,
		.goes = PLACEMENT "/cluster",
		.example = "\"cluster-1\"",
		.help = "Compute cluster of the machines",
	},
	{
		.name = "imageTemplateFolder",
		.type = ENTITY_TEXT,
		.fallback = "\"spectro-templates\"",
		.target = "/spec/cloudConfig/placement/imageTemplateFolder",
		.help = "Folder of the machine images",
	},
	{
		.name = "sshKeys",
		.type = ENTITY_TEXTS,
		.required = true,
		.min = 1,
		.max = MOST_ITEMS,
		.target = "/spec/cloudConfig/sshKeys",
		.example = "[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample demo@example.com\"]",
		.help = "Texts of public SSH keys",
	},
	{
		.name = "controlPlaneEndpoint",
		.type = ENTITY_OBJECT,
		.required = true,
		.fields = control_plane_endpoint_fields,
		.help = "Where the Kubernetes API is reached",
	},
	{
		.name = "ntpServers",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.fallback = "[]",
		.target = "/spec/cloudConfig/ntpServers",
		.help = "Time servers",
	},
	NO_MORE,
};

static const struct entity_field vsphere_site_fields[] = {
	{
		.name = "datacenter",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/spec/cloudConfig/placement/datacenter",
		.example = "\"dc1\"",
		.help = "Datacenter",
	},
	{
		.name = "folder",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/spec/cloudConfig/placement/folder",
		.example = "\"folder1\"",
		.help = "Folder of the machines",
	},
	{
		.name = "resourcePool",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.goes = PLACEMENT "/resourcePool",
		.example = "\"pool1\"",
		.help = "Resource pool; empty: the root pool",
	},
	{
		.name = "datastore",
		.type = ENTITY_TEXT,
		.required = true,
		.goes = PLACEMENT "/datastore",
		.example = "\"ds1\"",
		.help = "Datastore",
	},
	{
		.name = "network",
		.type = ENTITY_TEXT,
		.required = true,
		.goes = PLACEMENT "/network/networkName",
		.example = "\"network1\"",
		.help = "Network",
	},
	{
		.name = "ipPoolUid",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.goes = PLACEMENT "/network/parentPoolUid",
		.help = "UID of the IP pool; without it addresses come by DHCP",
	},
	NO_MORE,
};

const struct entity_field entity_vsphere_fields[] = {
	COMMON_FIELDS,
	INFRASTRUCTURE_FIELDS(vsphere_pool_fields),
	{
		.name = "vsphere",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = vsphere_site_fields,
		.help = "Where the machines are",
	},
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = vsphere_cloud_fields,
		.help = "What else vSphere needs to know",
	},
	NO_MORE,
};

/* ---- what no row can say ---- */

const struct entity_placement_part entity_placement_parts[ENTITY_THINGS] = {
	[ENTITY_COMPUTE_CLUSTER] = {"/placement/computeCluster", "/cloudConfig/computeCluster",
				    "/cluster", NULL},
	[ENTITY_RESOURCE_POOL] = {"/placement/resourcePool", "/vsphere/resourcePool",
				  "/resourcePool", "\"\""},
	[ENTITY_DATASTORE] = {"/placement/datastore", "/vsphere/datastore", "/datastore", NULL},
	[ENTITY_NETWORK] = {"/placement/network", "/vsphere/network", "/network/networkName", NULL},
	[ENTITY_IP_POOL] = {"/placement/ipPoolUid", "/vsphere/ipPoolUid", "/network/parentPoolUid",
			    NULL},
};

static bool string_at(struct text source, const char *pointer, struct text *raw)
{
	struct text value;

	if (!json_at(source, pointer, &value) || json_type_of(value) != JSON_TYPE_STRING)
		return false;
	*raw = value;
	return true;
}

/* False: addresses by DHCP. */
static bool ip_pool_of(const struct entity_work *work, const struct entity_pool *pool,
		       struct text *raw)
{
	const struct entity_placement_part *part = &entity_placement_parts[ENTITY_IP_POOL];
	struct text uid;

	if (!string_at(pool->source, part->own, &uid) && !string_at(work->body, part->common, &uid))
		return false;
	if (json_string_is(uid, ""))
		return false;
	*raw = uid;
	return true;
}

static void vsphere_pool(struct entity_work *work, struct entity_pool *pool)
{
	struct entity_node *place = node_at(work->arena, pool->node, "/cloudConfig/placements/0");
	struct text value;
	bool is_static;

	for (size_t i = 0; i < ENTITY_IP_POOL; i++) {
		const struct entity_placement_part *part = &entity_placement_parts[i];

		if (string_at(pool->source, part->own, &value) ||
		    string_at(work->body, part->common, &value))
			node_set(work->arena, place, part->target, value);
		else if (part->otherwise != NULL)
			node_set_json(work->arena, place, part->target, part->otherwise);
	}
	is_static = ip_pool_of(work, pool, &value);
	node_set_json(work->arena, place, "/network/staticIp", is_static ? "true" : "false");
	if (is_static)
		node_set(work->arena, place, entity_placement_parts[ENTITY_IP_POOL].target, value);
}

/* The cluster's own word on addresses: whether any of its pools has fixed ones. */
static void vsphere_pools(struct entity_work *work, struct entity_pool *pools, size_t count,
			  const struct entity_place *place)
{
	bool is_static = false;
	struct text uid;

	(void)place;
	for (size_t i = 0; i < count; i++)
		is_static = is_static || ip_pool_of(work, &pools[i], &uid);
	node_set_json(work->arena, work->root, "/spec/cloudConfig/staticIp",
		      is_static ? "true" : "false");
}

static void vsphere_body(struct entity_work *work)
{
	static const struct {
		const char *type;
		const char *pointer;
		const char *problem;
	} needs[] = {
		{"VIP", "/cloudConfig/controlPlaneEndpoint/host", "is required with type VIP"},
		{"DDNS", "/cloudConfig/controlPlaneEndpoint/ddnsSearchDomain",
		 "is required with type DDNS"},
	};
	const char *type =
		entity_string_of(work, work->body, "/cloudConfig/controlPlaneEndpoint/type");

	for (size_t i = 0; type != NULL && i < ARRAY_LEN(needs); i++)
		if (strcmp(type, needs[i].type) == 0 &&
		    entity_is_absent(work->body, needs[i].pointer))
			entity_fault_at(work->faults, needs[i].pointer, "%s", needs[i].problem);
}

static const char *const vsphere_placement[] = {"/cloudConfig/instanceType",
						"/cloudConfig/placements", NULL};

const struct entity_hooks entity_vsphere_hooks = {
	.pool = vsphere_pool,
	.pools = vsphere_pools,
	.body = vsphere_body,
	.placement = vsphere_placement,
};
