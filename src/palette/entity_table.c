/*
 * The kinds of clusters, and the rows of the flat body that they share. Sources: Palette's
 * published API, its Terraform provider's defaults.
 */
#include "palette/entity_rows.h"
#include "palette/entity_work.h"

static const char *const taint_effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};
static const char *const strategies[] = {"RollingUpdateScaleOut", "RollingUpdateScaleIn",
					 "OverrideScaling", NULL};
const char *const entity_architectures[] = {"amd64", "arm64", NULL};

/* ---- settings of the cluster ---- */

const struct entity_field entity_cluster_settings[] = {
	{
		.name = "timezone",
		.type = ENTITY_TEXT,
		.target = "/spec/clusterConfig/timezone",
		.help = "Time zone of the cluster's schedules",
	},
	{
		.name = "clusterMetaAttribute",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.target = "/spec/clusterConfig/clusterMetaAttribute",
		.help = "Text that Palette keeps with the cluster",
	},
	{
		.name = "updateWorkerPoolsInParallel",
		.type = ENTITY_BOOL,
		.target = "/spec/clusterConfig/updateWorkerPoolsInParallel",
		.help = "Update all worker pools at the same time",
	},
	{
		.name = "controlPlaneHealthCheckTimeout",
		.type = ENTITY_TEXT,
		.target = "/spec/clusterConfig/controlPlaneHealthCheckTimeout",
		.help = "How long an unhealthy control-plane node may take, such as \"10m\"",
	},
	NO_MORE,
};

/* ---- machine pools ---- */

const struct entity_field entity_taint_fields[] = {
	{
		.name = "key",
		.type = ENTITY_TEXT,
		.required = true,
		.target = "/key",
		.help = "Key",
	},
	{
		.name = "value",
		.type = ENTITY_TEXT,
		.may_be_empty = true,
		.target = "/value",
		.help = "Value",
	},
	{
		.name = "effect",
		.type = ENTITY_CHOICE,
		.required = true,
		.choices = taint_effects,
		.target = "/effect",
		.help = "What happens to pods that do not tolerate it",
	},
	NO_MORE,
};

const struct entity_field entity_strategy_fields[] = {
	{
		.name = "type",
		.type = ENTITY_CHOICE,
		.required = true,
		.choices = strategies,
		.target = "/poolConfig/updateStrategy/type",
		.help = "How nodes are replaced; OverrideScaling needs both amounts",
	},
	{
		.name = "maxSurge",
		.type = ENTITY_TEXT,
		.target = "/poolConfig/updateStrategy/maxSurge",
		.help = "Nodes added at a time: \"1\" or \"20%\"",
	},
	{
		.name = "maxUnavailable",
		.type = ENTITY_TEXT,
		.target = "/poolConfig/updateStrategy/maxUnavailable",
		.help = "Nodes missing at a time: \"0\" or \"20%\"",
	},
	NO_MORE,
};

/* ---- kinds ---- */

/* clang-format off */
#define ALWAYS(cloud_type)									\
	{"/spec/cloudType", cloud_type},							\
	{"/spec/profiles", "[]"},								\
	{ "/spec/clusterConfig", "{}" }
/* clang-format on */

static const struct entity_constant eks_constants[] = {
	ALWAYS("\"eks\""),
	{"/spec/policies", "{}"},
	{"/spec/cloudConfig/bastionDisabled", "true"},
	{NULL, NULL},
};
static const struct entity_constant aws_constants[] = {
	ALWAYS("\"aws\""),
	{"/spec/policies", "{}"},
	{NULL, NULL},
};
static const struct entity_constant aks_constants[] = {
	ALWAYS("\"aks\""),
	{"/spec/policies", "{}"},
	{NULL, NULL},
};
static const struct entity_constant azure_constants[] = {
	ALWAYS("\"azure\""),
	{"/spec/policies", "{}"},
	{NULL, NULL},
};
static const struct entity_constant vsphere_constants[] = {
	ALWAYS("\"vsphere\""),
	{"/spec/policies", "{}"},
	{NULL, NULL},
};
static const struct entity_constant virtual_constants[] = {
	ALWAYS("\"nested\""),
	{NULL, NULL},
};

static const struct entity_constant azure_pool_constants[] = {
	{"/cloudConfig/isSystemNodePool", "false"},
	{"/managedPoolConfig/isSystemNodePool", "false"},
	{NULL, NULL},
};

const char *const entity_kind_choices[] = {"eks",     "aws",     "aks", "azure",
					   "vsphere", "virtual", NULL};

const char *entity_type_name(enum entity_type type)
{
	static const char *const names[] = {
		[ENTITY_TEXT] = "string",
		[ENTITY_BOOL] = "boolean",
		[ENTITY_INT] = "whole number",
		[ENTITY_CHOICE] = "string",
		[ENTITY_TEXTS] = "array of strings",
		[ENTITY_MAP] = "object of strings",
		[ENTITY_SCALARS] = "object of strings, numbers and booleans",
		[ENTITY_OBJECT] = "object",
		[ENTITY_OBJECTS] = "array of objects",
		[ENTITY_POOLS] = "array of objects",
	};

	return names[type];
}

const struct entity_kind entity_kinds[] = {
	{
		.name = "eks",
		.cloud_type = "eks",
		.summary = "Amazon EKS",
		.managed = "Amazon runs the control plane of eks",
		.added_pool = "cp-pool",
		.takes_interface_pools = true,
		.fields = entity_eks_fields,
		.constants = eks_constants,
		.hooks = &entity_eks_hooks,
	},
	{
		.name = "aws",
		.cloud_type = "aws",
		.summary = "Palette eXtended Kubernetes on AWS EC2",
		.needs_control_plane = true,
		.added_pool = "control-plane-pool",
		.takes_interface_pools = true,
		.fields = entity_aws_fields,
		.constants = aws_constants,
		.hooks = &entity_aws_hooks,
	},
	{
		.name = "aks",
		.cloud_type = "aks",
		.summary = "Azure AKS",
		.managed = "Azure runs the control plane of aks",
		.takes_interface_pools = true,
		.fields = entity_aks_fields,
		.constants = aks_constants,
		.hooks = &entity_aks_hooks,
	},
	{
		.name = "azure",
		.cloud_type = "azure",
		.summary = "Palette eXtended Kubernetes on Azure virtual machines",
		.needs_control_plane = true,
		.added_pool = "control-plane-pool",
		.takes_interface_pools = true,
		.fields = entity_azure_fields,
		.constants = azure_constants,
		.pool_constants = azure_pool_constants,
		.hooks = &entity_azure_hooks,
	},
	{
		.name = "vsphere",
		.cloud_type = "vsphere",
		.summary = "VMware vSphere through a private cloud gateway",
		.needs_control_plane = true,
		.added_pool = "control-plane-pool",
		.fields = entity_vsphere_fields,
		.constants = vsphere_constants,
		.hooks = &entity_vsphere_hooks,
	},
	{
		.name = "virtual",
		.cloud_type = "nested",
		.summary = "A virtual cluster in a cluster group",
		.fields = entity_virtual_fields,
		.constants = virtual_constants,
		.hooks = &entity_virtual_hooks,
	},
	{.name = NULL},
};
