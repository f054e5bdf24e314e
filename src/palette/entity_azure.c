/* Clusters on Azure, by AKS or on machines: the rows, and what no row can say. */
#include <string.h>

#include "palette/entity_rows.h"
#include "palette/entity_work.h"

static const char *const os_types[] = {"Linux", "Windows", NULL};

/* ---- rows ---- */

/* clang-format off */
#define AZURE_POOL_FIELDS									\
	{											\
		.name = "diskSizeGb",								\
		.type = ENTITY_INT,								\
		.min = 1,									\
		.max = 32767,									\
		.fallback = "60",								\
		.target = "/cloudConfig/osDisk/diskSizeGB",					\
		.help = "Size of the OS disk",							\
	},											\
	{											\
		.name = "storageAccountType",							\
		.type = ENTITY_TEXT,								\
		.fallback = "\"Standard_LRS\"",							\
		.target = "/cloudConfig/osDisk/managedDisk/storageAccountType",			\
		.help = "Azure's name for the kind of disk",					\
	},											\
	{											\
		.name = "osType",								\
		.type = ENTITY_CHOICE,								\
		.choices = os_types,								\
		.fallback = "\"Linux\"",							\
		.target = "/cloudConfig/osDisk/osType",						\
		.also = "/managedPoolConfig/osType",						\
		.help = "Operating system",							\
	}
/* clang-format on */

static const struct entity_field aks_pool_fields[] = {
	POOL_FIELDS,
	INSTANCE_TYPE("\"Standard_D2s_v3\""),
	AZURE_POOL_FIELDS,
	{
		.name = "isSystemNodePool",
		.type = ENTITY_BOOL,
		.target = "/cloudConfig/isSystemNodePool",
		.also = "/managedPoolConfig/isSystemNodePool",
		.help = "Whether it runs the cluster's own pods; the first pool, if none says so",
	},
	NO_MORE,
};

static const struct entity_field azure_pool_fields[] = {
	POOL_FIELDS,
	INSTANCE_TYPE("\"Standard_D2s_v3\""),
	AZURE_POOL_FIELDS,
	{
		.name = "azs",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = "/cloudConfig/azs",
		.example = "[\"1\"]",
		.help = "Availability zones, such as \"1\"",
	},
	NO_MORE,
};

/* A subnet of the control plane or of the workers. */
/* clang-format off */
#define SUBNET_FIELDS(at)									\
	{											\
		.name = "name",									\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/" at "/name",					\
		.help = "Name",									\
	},											\
	{											\
		.name = "cidrBlock",								\
		.type = ENTITY_TEXT,								\
		.target = "/spec/cloudConfig/" at "/cidrBlock",					\
		.help = "Addresses",								\
	},											\
	{											\
		.name = "securityGroupName",							\
		.type = ENTITY_TEXT,								\
		.target = "/spec/cloudConfig/" at "/securityGroupName",				\
		.help = "Network security group",						\
	}
/* clang-format on */

static const struct entity_field control_plane_subnet_fields[] = {
	SUBNET_FIELDS("controlPlaneSubnet"),
	NO_MORE,
};

static const struct entity_field worker_subnet_fields[] = {
	SUBNET_FIELDS("workerSubnet"),
	NO_MORE,
};

/* clang-format off */
#define AZURE_CLOUD_FIELDS									\
	{											\
		.name = "subscriptionId",							\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/subscriptionId",					\
		.example = "\"00000000-0000-4000-8000-000000000001\"",				\
		.help = "Azure subscription",							\
	},											\
	{											\
		.name = "location",								\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/location",						\
		.example = "\"eastus\"",							\
		.help = "Azure region, such as eastus",						\
	},											\
	{											\
		.name = "resourceGroup",							\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/resourceGroup",					\
		.example = "\"demo-rg\"",							\
		.help = "Resource group",							\
	},											\
	{											\
		.name = "sshKey",								\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/sshKey",						\
		.example = "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample demo@example.com\"",	\
		.help = "Text of the public SSH key",						\
	},											\
	{											\
		.name = "vnetName",								\
		.type = ENTITY_TEXT,								\
		.empty_is_absent = true,							\
		.target = "/spec/cloudConfig/vnetName",						\
		.help = "An existing virtual network; without it Palette creates one",		\
	},											\
	{											\
		.name = "vnetResourceGroup",							\
		.type = ENTITY_TEXT,								\
		.empty_is_absent = true,							\
		.target = "/spec/cloudConfig/vnetResourceGroup",				\
		.help = "Resource group of that network",					\
	},											\
	{											\
		.name = "vnetCidrBlock",							\
		.type = ENTITY_TEXT,								\
		.empty_is_absent = true,							\
		.target = "/spec/cloudConfig/vnetCidrBlock",					\
		.help = "Addresses of that network",						\
	},											\
	{											\
		.name = "controlPlaneSubnet",							\
		.type = ENTITY_OBJECT,								\
		.fields = control_plane_subnet_fields,						\
		.help = "Subnet of the control plane",						\
	},											\
	{											\
		.name = "workerSubnet",								\
		.type = ENTITY_OBJECT,								\
		.fields = worker_subnet_fields,							\
		.help = "Subnet of the workers",						\
	}
/* clang-format on */

static const struct entity_field aks_cloud_fields[] = {
	AZURE_CLOUD_FIELDS,
	{
		.name = "privateCluster",
		.type = ENTITY_BOOL,
		.fallback = "false",
		.target = "/spec/cloudConfig/apiServerAccessProfile/enablePrivateCluster",
		.help = "Whether the Kubernetes API is reached from inside only",
	},
	NO_MORE,
};

const struct entity_field entity_aks_fields[] = {
	COMMON_FIELDS,
	INFRASTRUCTURE_FIELDS(aks_pool_fields),
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = aks_cloud_fields,
		.help = "What Azure AKS needs to know",
	},
	NO_MORE,
};

#define API_SERVER "/spec/cloudConfig/infraLBConfig/apiServerLB"

static const struct entity_field private_api_fields[] = {
	{
		.name = "resourceGroup",
		.type = ENTITY_TEXT,
		.required = true,
		.target = API_SERVER "/privateDNSZoneResourceGroup",
		.implies = {API_SERVER "/type", "\"Internal\""},
		.help = "Resource group of the private DNS zone",
	},
	{
		.name = "privateDnsZone",
		.type = ENTITY_TEXT,
		.required = true,
		.target = API_SERVER "/privateDNSName",
		.implies = {API_SERVER "/ipAllocationMethod", "\"Dynamic\""},
		.help = "Private DNS zone",
	},
	{
		.name = "staticIp",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = API_SERVER "/apiServerLBStaticIP",
		.implies = {API_SERVER "/ipAllocationMethod", "\"Static\""},
		.help = "A fixed address; without it Azure chooses one",
	},
	NO_MORE,
};

static const struct entity_field azure_cloud_fields[] = {
	AZURE_CLOUD_FIELDS,
	{
		.name = "storageAccountName",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = "/spec/cloudConfig/storageAccountName",
		.help = "Storage account for machine images",
	},
	{
		.name = "containerName",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = "/spec/cloudConfig/containerName",
		.help = "Container of that storage account",
	},
	{
		.name = "privateApiServer",
		.type = ENTITY_OBJECT,
		.fields = private_api_fields,
		.help = "Keeps the Kubernetes API inside the network",
	},
	NO_MORE,
};

const struct entity_field entity_azure_fields[] = {
	COMMON_FIELDS,
	INFRASTRUCTURE_FIELDS(azure_pool_fields),
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = azure_cloud_fields,
		.help = "What Azure needs to know",
	},
	NO_MORE,
};

/* ---- what no row can say ---- */

static bool is_windows(const struct entity_work *work, const struct entity_pool *pool)
{
	const char *os = entity_string_of(work, pool->source, "/osType");

	return os != NULL && strcmp(os, "Windows") == 0;
}

enum { LONGEST_AKS_POOL_NAME = 12 };

static void aks_pool(struct entity_work *work, struct entity_pool *pool)
{
	const char *name = entity_string_of(work, pool->source, "/name");
	size_t len;

	if (name == NULL || *name == '\0')
		return;
	len = strlen(name);
	if (len > LONGEST_AKS_POOL_NAME ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != len)
		entity_pool_fault(
			work, pool, "name",
			"must be 1 to 12 lower-case letters and digits, as Azure wants it");
}

static void mark_system(struct entity_work *work, const struct entity_pool *pool, bool is_system)
{
	const char *json = is_system ? "true" : "false";

	node_set_json(work->arena, pool->node, "/cloudConfig/isSystemNodePool", json);
	node_set_json(work->arena, pool->node, "/managedPoolConfig/isSystemNodePool", json);
}

/* At least one pool runs the cluster's own pods: the first one that does not refuse, if need be. */
static void aks_pools(struct entity_work *work, struct entity_pool *pools, size_t count,
		      const struct entity_place *place)
{
	bool found = false;
	struct text mark;

	for (size_t i = 0; i < count; i++) /* what is no boolean is a fault already */
		found = found || (json_member(pools[i].source, "isSystemNodePool", &mark) &&
				  json_type_of(mark) != JSON_TYPE_FALSE);
	for (size_t i = 0; i < count; i++) {
		bool is_system = entity_is_true(pools[i].source, "/isSystemNodePool");

		if (!entity_has(pools[i].source, "isSystemNodePool")) {
			is_system = !found;
			found = true;
			mark_system(work, &pools[i], is_system);
		}
		if (is_system && is_windows(work, &pools[i]))
			entity_pool_fault(work, &pools[i], "osType",
					  "must be Linux: this is the system node pool");
	}
	if (!found && count > 0)
		entity_fault(work->faults, place,
			     "must have a pool whose isSystemNodePool is not false");
}

static void azure_pool(struct entity_work *work, struct entity_pool *pool)
{
	if (pool->is_control_plane && is_windows(work, pool))
		entity_pool_fault(work, pool, "osType", "must be Linux in a control-plane pool");
}

/* An existing network is named as a whole or not at all. */
static void azure_body(struct entity_work *work)
{
	static const char *const parts[] = {"vnetName", "vnetResourceGroup", "vnetCidrBlock",
					    "controlPlaneSubnet", "workerSubnet"};
	bool has[ARRAY_LEN(parts)];
	struct text cloud;
	struct text value;
	size_t given = 0;

	if (!json_member(work->body, "cloudConfig", &cloud))
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		has[i] = json_member(cloud, parts[i], &value) && !json_string_is(value, "");
		given += has[i] ? 1 : 0;
	}
	for (size_t i = 0; given > 0 && i < ARRAY_LEN(parts); i++)
		if (!has[i])
			entity_fault_at(work->faults,
					arena_printf(work->arena, "/cloudConfig/%s", parts[i]),
					"is required: an existing network needs vnetName, "
					"vnetResourceGroup, vnetCidrBlock, controlPlaneSubnet and "
					"workerSubnet together");
}

static const char *const azure_placement[] = {"/cloudConfig/instanceType", "/cloudConfig/azs",
					      NULL};

const struct entity_hooks entity_aks_hooks = {
	.pool = aks_pool,
	.pools = aks_pools,
};

const struct entity_hooks entity_azure_hooks = {
	.pool = azure_pool,
	.body = azure_body,
	.placement = azure_placement,
};
