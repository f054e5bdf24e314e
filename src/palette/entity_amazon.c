/* Clusters on AWS, by Amazon EKS or on machines: the rows, and what no row can say. */
#include <string.h>

#include "palette/entity_rows.h"
#include "palette/entity_work.h"

static const char *const capacity_types[] = {"on-demand", "spot", "host-resource-group", NULL};
static const char *const endpoint_accesses[] = {"public", "private", "private_and_public", NULL};
static const char *const load_balancers[] = {"", "Internet-facing", "internal", NULL};

/* ---- rows ---- */

/* clang-format off */
#define AMAZON_POOL_FIELDS(default_disk)							\
	{											\
		.name = "diskSizeGb",								\
		.type = ENTITY_INT,								\
		.min = 1,									\
		.max = 2000,									\
		.fallback = (default_disk),							\
		.target = "/cloudConfig/rootDeviceSize",					\
		.help = "Size of the root disk",						\
	},											\
	{											\
		.name = "azs",									\
		.type = ENTITY_TEXTS,								\
		.max = MOST_ITEMS,								\
		.target = "/cloudConfig/azs",							\
		.example = "[\"us-east-1a\"]",							\
		.help = "Availability zones",							\
	},											\
	{											\
		.name = "subnets",								\
		.type = ENTITY_MAP,								\
		.goes = "/cloudConfig/subnets",							\
		.help = "Subnet of each availability zone, instead of azs",			\
	},											\
	{											\
		.name = "capacityType",								\
		.type = ENTITY_CHOICE,								\
		.choices = capacity_types,							\
		.fallback = "\"on-demand\"",							\
		.target = "/cloudConfig/capacityType",						\
		.help = "How the machines are paid for",					\
	},											\
	{											\
		.name = "maxPrice",								\
		.type = ENTITY_TEXT,								\
		.target = "/cloudConfig/spotMarketOptions/maxPrice",				\
		.help = "Highest price an hour, with capacityType spot",			\
	}
/* clang-format on */

static const struct entity_field eks_pool_fields[] = {
	POOL_FIELDS,
	INSTANCE_TYPE("\"t3.large\""),
	AMAZON_POOL_FIELDS("60"),
	{
		.name = "amiType",
		.type = ENTITY_TEXT,
		.fallback = "\"AL2023_x86_64_STANDARD\"",
		.target = "/cloudConfig/amiType",
		.help = "Amazon's name for the kind of machine image",
	},
	NO_MORE,
};

static const struct entity_field selector_fields[] = {
	{
		.name = "namespace",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/namespace",
		.help = "Namespace of the pods",
	},
	{
		.name = "labels",
		.type = ENTITY_MAP,
		.target = "/labels",
		.help = "Labels of the pods",
	},
	NO_MORE,
};

static const struct entity_field fargate_fields[] = {
	{
		.name = "name",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/name",
		.help = "Name",
	},
	{
		.name = "subnetIds",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = "/subnetIds",
		.help = "Subnets",
	},
	{
		.name = "selectors",
		.type = ENTITY_OBJECTS,
		.max = MOST_ITEMS,
		.target = "/selectors",
		.fields = selector_fields,
		.help = "Which pods run there",
	},
	{
		.name = "additionalTags",
		.type = ENTITY_MAP,
		.target = "/additionalTags",
		.help = "Tags in AWS",
	},
	NO_MORE,
};

/* clang-format off */
#define REGION											\
	{											\
		.name = "region",								\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudConfig/region",						\
		.example = "\"us-east-1\"",							\
		.help = "Region, such as us-east-1",						\
	}
#define VPC											\
	{											\
		.name = "vpcId",								\
		.type = ENTITY_TEXT,								\
		.empty_is_absent = true,							\
		.target = "/spec/cloudConfig/vpcId",						\
		.help = "An existing VPC; without it Palette creates one",			\
	}
/* clang-format on */

static const struct entity_field eks_cloud_fields[] = {
	REGION,
	VPC,
	{
		.name = "endpointAccess",
		.type = ENTITY_CHOICE,
		.choices = endpoint_accesses,
		.fallback = "\"public\"",
		.goes = "/spec/cloudConfig/endpointAccess",
		.help = "From where the Kubernetes API can be reached",
	},
	{
		.name = "publicAccessCidrs",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = "/spec/cloudConfig/endpointAccess/publicCIDRs",
		.help = "Networks that may reach the public endpoint",
	},
	{
		.name = "privateAccessCidrs",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.target = "/spec/cloudConfig/endpointAccess/privateCIDRs",
		.help = "Networks that may reach the private endpoint",
	},
	{
		.name = "azSubnets",
		.type = ENTITY_MAP,
		.goes = "/spec/machinepoolconfig/0/cloudConfig/subnets",
		.help = "Subnet of each availability zone, for the control plane",
	},
	{
		.name = "sshKeyName",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = "/spec/cloudConfig/sshKeyName",
		.help = "Name of an EC2 key pair",
	},
	{
		.name = "encryptionKeyArn",
		.type = ENTITY_TEXT,
		.empty_is_absent = true,
		.target = "/spec/cloudConfig/encryptionConfig/provider",
		.implies = {"/spec/cloudConfig/encryptionConfig/isEnabled", "true"},
		.help = "KMS key that encrypts the cluster's secrets",
	},
	{
		.name = "fargateProfiles",
		.type = ENTITY_OBJECTS,
		.max = MOST_ITEMS,
		.target = "/spec/fargateProfiles",
		.fields = fargate_fields,
		.help = "Fargate profiles",
	},
	NO_MORE,
};

const struct entity_field entity_eks_fields[] = {
	COMMON_FIELDS,
	INFRASTRUCTURE_FIELDS(eks_pool_fields),
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = eks_cloud_fields,
		.help = "What Amazon EKS needs to know",
	},
	NO_MORE,
};

static const struct entity_field aws_pool_fields[] = {
	POOL_FIELDS,
	INSTANCE_TYPE("\"t3.large\""),
	AMAZON_POOL_FIELDS("65"),
	{
		.name = "securityGroups",
		.type = ENTITY_TEXTS,
		.max = MOST_ITEMS,
		.item_key = "id",
		.target = "/cloudConfig/additionalSecurityGroups",
		.help = "Ids of further security groups",
	},
	NO_MORE,
};

static const struct entity_field aws_cloud_fields[] = {
	REGION,
	{
		.name = "sshKeyName",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/spec/cloudConfig/sshKeyName",
		.example = "\"default\"",
		.help = "Name of an EC2 key pair",
	},
	VPC,
	{
		.name = "controlPlaneLoadBalancer",
		.type = ENTITY_CHOICE,
		.choices = load_balancers,
		.target = "/spec/cloudConfig/controlPlaneLoadBalancer",
		.help = "From where the control plane can be reached",
	},
	NO_MORE,
};

const struct entity_field entity_aws_fields[] = {
	COMMON_FIELDS,
	INFRASTRUCTURE_FIELDS(aws_pool_fields),
	{
		.name = "cloudConfig",
		.type = ENTITY_OBJECT,
		.fallback = "{}",
		.fields = aws_cloud_fields,
		.help = "What AWS needs to know",
	},
	NO_MORE,
};

/* ---- what no row can say ---- */

/* Spot machines need a price; "0.0" lets Palette take the market's. */
static void check_price(struct entity_work *work, struct entity_pool *pool)
{
	const struct entity_node *type = node_find(pool->node, "/cloudConfig/capacityType");
	bool is_spot = type != NULL && json_string_is(type->raw, "spot");
	struct text price;

	if (type == NULL)
		return; /* a fault already */
	if (!is_spot && entity_text_at(pool->source, "/maxPrice", &price))
		entity_pool_fault(work, pool, "maxPrice", "goes only with capacityType spot");
	if (is_spot && !entity_has(pool->source, "maxPrice"))
		node_set_json(work->arena, pool->node, "/cloudConfig/spotMarketOptions/maxPrice",
			      "\"0.0\"");
}

static void amazon_pool(struct entity_work *work, struct entity_pool *pool)
{
	struct text subnets;

	check_price(work, pool);
	if (!json_member(pool->source, "subnets", &subnets) ||
	    json_type_of(subnets) != JSON_TYPE_OBJECT)
		return;
	if (entity_has(pool->source, "azs"))
		entity_pool_fault(work, pool, "subnets",
				  "cannot go together with azs: it names the zones");
	else
		entity_put_subnets(work, pool->node, subnets);
}

static void aws_pool(struct entity_work *work, struct entity_pool *pool)
{
	struct text cloud = TEXT("{}");

	amazon_pool(work, pool);
	(void)json_member(work->body, "cloudConfig", &cloud);
	if (json_type_of(cloud) == JSON_TYPE_OBJECT && entity_is_absent(cloud, "/vpcId") &&
	    entity_has(pool->source, "subnets"))
		entity_pool_fault(work, pool, "subnets",
				  "needs cloudConfig.vpcId; without it give azs");
}

/* Where the control plane's network interfaces are: a pool of no machines says it. */
static void add_subnets_pool(struct entity_work *work, struct text subnets)
{
	static const struct entity_constant constants[] = {
		{"/cloudConfig/capacityType", "\"spot\""},
		{"/cloudConfig/spotMarketOptions/maxPrice", "\"0.0\""},
		{"/poolConfig/name", "\"cp-pool\""},
		{"/poolConfig/size", "0"},
		{"/poolConfig/isControlPlane", "true"},
		{"/poolConfig/useControlPlaneAsWorker", "false"},
		{"/poolConfig/labels", "[\"control-plane\"]"},
		{"/poolConfig/additionalLabels", "{}"},
		{"/poolConfig/taints", "[]"},
		{"/poolConfig/updateStrategy/type", "\"RollingUpdateScaleOut\""},
		{NULL, NULL},
	};
	struct entity_node *array = node_at(work->arena, work->root, "/spec/machinepoolconfig");
	struct entity_node *pool = node_object(work->arena);

	node_set_all(work->arena, pool, constants);
	entity_put_subnets(work, pool, subnets);
	node_make_array(array);
	node_append(array, pool);
}

/* Runs before the caller's pools are put into the array, so that the added one is the first. */
static void eks_pools(struct entity_work *work, struct entity_pool *pools, size_t count,
		      const struct entity_place *place)
{
	struct text subnets;

	(void)place;
	if (!json_at(work->body, "/cloudConfig/azSubnets", &subnets) ||
	    json_type_of(subnets) != JSON_TYPE_OBJECT)
		return;
	for (size_t i = 0; i < count; i++) {
		const char *name = entity_string_of(work, pools[i].source, "/name");

		if (name != NULL && strcmp(name, work->kind->added_pool) == 0)
			entity_pool_fault(work, &pools[i], "name",
					  "is the name of the pool that is added for azSubnets");
	}
	add_subnets_pool(work, subnets);
}

static void eks_body(struct entity_work *work)
{
	const char *access = entity_string_of(work, work->body, "/cloudConfig/endpointAccess");
	bool is_private = access != NULL && strcmp(access, "private") == 0;
	bool is_public = access == NULL || !is_private;

	if (access != NULL && strcmp(access, "private_and_public") == 0)
		is_private = true;
	node_set_json(work->arena, work->root, "/spec/cloudConfig/endpointAccess/public",
		      is_public ? "true" : "false");
	node_set_json(work->arena, work->root, "/spec/cloudConfig/endpointAccess/private",
		      is_private ? "true" : "false");
}

static const char *const amazon_placement[] = {"/cloudConfig/instanceType", "/cloudConfig/azs",
					       "/cloudConfig/subnets", NULL};

const struct entity_hooks entity_eks_hooks = {
	.pool = amazon_pool,
	.pools = eks_pools,
	.body = eks_body,
};

const struct entity_hooks entity_aws_hooks = {
	.pool = aws_pool,
	.placement = amazon_placement,
};
