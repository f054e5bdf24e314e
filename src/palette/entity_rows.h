/* Inside the entity files: rows that all clouds have, and the rows of each cloud. */
#ifndef PALETTE_ENTITY_ROWS_H
#define PALETTE_ENTITY_ROWS_H

#include "palette/entity.h"
#include "palette/entity_work.h"

enum {
	MOST_NODES = 5000, /* of a cluster, in Kubernetes itself */
	MOST_POOLS = 100,
	MOST_PROFILES = ENTITY_MOST_PROFILES,
	MOST_ITEMS = 200, /* of tags, zones, addresses and such */
	MOST_GIB = 1024 * 1024,
};

/* clang-format off */
#define NO_MORE											\
	{											\
		.name = NULL,									\
	}
/* clang-format on */

extern const struct entity_field entity_taint_fields[];
extern const struct entity_field entity_strategy_fields[];
extern const char *const entity_architectures[];

extern const struct entity_field entity_eks_fields[];
extern const struct entity_field entity_aws_fields[];
extern const struct entity_field entity_aks_fields[];
extern const struct entity_field entity_azure_fields[];
extern const struct entity_field entity_vsphere_fields[];
extern const struct entity_field entity_virtual_fields[];

/* ---- every kind ---- */

/* clang-format off */
#define COMMON_FIELDS										\
	{											\
		.name = "cloudType",								\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.goes = "/spec/cloudType",							\
		.help = "Kind of cluster",							\
	},											\
	{											\
		.name = "name",									\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/metadata/name",							\
		.example = "\"demo\"",								\
		.help = "Name: lower-case letters, digits and '-', at most 63",			\
	},											\
	{											\
		.name = "description",								\
		.type = ENTITY_TEXT,								\
		.may_be_empty = true,								\
		.fallback = "\"\"",								\
		.target = "/metadata/annotations/description",					\
		.example = "\"Cluster of the shop team\"",					\
		.help = "What the cluster is for",						\
	},											\
	{											\
		.name = "tags",									\
		.type = ENTITY_TEXTS,								\
		.may_be_empty = true,								\
		.max = MOST_ITEMS,								\
		.goes = "/metadata/labels",							\
		.example = "[\"dev\",\"owner:bob\"]",						\
		.help = "Tags: \"key\" or \"key:value\"",					\
	},											\
	{											\
		.name = "profileVariables",							\
		.type = ENTITY_SCALARS,								\
		.goes = "/spec/profiles/*/variables",						\
		.help = "Values of variables, for each profile that declares them",		\
	},											\
	{											\
		.name = "clusterVariables",							\
		.type = ENTITY_SCALARS,								\
		.fields = entity_cluster_settings,						\
		.goes = "/spec/profiles/*/variables",						\
		.help = "The same, and winning over profileVariables; also settings of the "	\
			"cluster itself",							\
	}
/* clang-format on */

#define PROFILES_HELP "UIDs of profile versions, the infrastructure profile first"

/* What only clusters on a cloud of their own have. */
/* clang-format off */
#define INFRASTRUCTURE_FIELDS(pool_fields)							\
	{											\
		.name = "cloudAccountUid",							\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/spec/cloudAccountUid",						\
		.example = "\"65f0aa00000000000000ac01\"",					\
		.help = "UID of the cloud account",						\
	},											\
	{											\
		.name = "profileUids",								\
		.type = ENTITY_TEXTS,								\
		.required = true,								\
		.min = 1,									\
		.max = MOST_PROFILES,								\
		.goes = "/spec/profiles/*/uid",							\
		.example = "[\"65f0aa00000000000000f001\"]",					\
		.help = PROFILES_HELP,								\
	},											\
	{											\
		.name = "machinePoolConfig",							\
		.type = ENTITY_POOLS,								\
		.required = true,								\
		.min = 1,									\
		.max = MOST_POOLS,								\
		.fields = (pool_fields),							\
		.goes = "/spec/machinepoolconfig",						\
		.help = "Machine pools",							\
	}
/* clang-format on */

/* ---- machine pools ---- */

/* clang-format off */
#define POOL_FIELDS										\
	{											\
		.name = "name",									\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/poolConfig/name",							\
		.example = "\"workers\"",							\
		.help = "Name, once in a cluster",						\
	},											\
	{											\
		.name = "count",								\
		.type = ENTITY_INT,								\
		.max = MOST_NODES,								\
		.target = "/poolConfig/size",							\
		.example = "3",									\
		.help = "Number of nodes; 1, 3 or 5 in a control-plane pool. Required "		\
			"unless minCount and maxCount are given",				\
	},											\
	{											\
		.name = "minCount",								\
		.type = ENTITY_INT,								\
		.min = 1,									\
		.max = MOST_NODES,								\
		.target = "/poolConfig/minSize",						\
		.help = "Least number of nodes; with maxCount it switches autoscaling on",	\
	},											\
	{											\
		.name = "maxCount",								\
		.type = ENTITY_INT,								\
		.min = 1,									\
		.max = MOST_NODES,								\
		.target = "/poolConfig/maxSize",						\
		.help = "Most nodes; goes together with minCount",				\
	},											\
	{											\
		.name = "labels",								\
		.type = ENTITY_MAP,								\
		.fallback = "{}",								\
		.target = "/poolConfig/additionalLabels",					\
		.example = "{\"role\":\"worker\"}",						\
		.help = "Labels of the nodes",							\
	},											\
	{											\
		.name = "annotations",								\
		.type = ENTITY_MAP,								\
		.target = "/poolConfig/additionalAnnotations",					\
		.help = "Annotations of the nodes",						\
	},											\
	{											\
		.name = "taints",								\
		.type = ENTITY_OBJECTS,								\
		.max = MOST_ITEMS,								\
		.fallback = "[]",								\
		.target = "/poolConfig/taints",							\
		.fields = entity_taint_fields,							\
		.help = "Taints of the nodes",							\
	},											\
	{											\
		.name = "controlPlane",								\
		.type = ENTITY_BOOL,								\
		.fallback = "false",								\
		.target = "/poolConfig/isControlPlane",						\
		.help = "Whether it is the control plane",					\
	},											\
	{											\
		.name = "controlPlaneAsWorker",							\
		.type = ENTITY_BOOL,								\
		.fallback = "false",								\
		.target = "/poolConfig/useControlPlaneAsWorker",				\
		.help = "Whether the control plane takes workloads too",			\
	},											\
	{											\
		.name = "updateStrategy",							\
		.type = ENTITY_OBJECT,								\
		.shorthand = "type",								\
		.fallback = "\"RollingUpdateScaleOut\"",					\
		.fields = entity_strategy_fields,						\
		.help = "How nodes are replaced",						\
	},											\
	{											\
		.name = "nodeRepaveInterval",							\
		.type = ENTITY_INT,								\
		.max = INT32_MAX,								\
		.target = "/poolConfig/nodeRepaveInterval",					\
		.help = "Seconds between the repaves of two nodes; workers only",		\
	},											\
	{											\
		.name = "archType",								\
		.type = ENTITY_CHOICE,								\
		.choices = entity_architectures,						\
		.target = "/poolConfig/machinePoolProperties/archType",				\
		.help = "Processor architecture; Palette's default is amd64",			\
	}

#define INSTANCE_TYPE(given)									\
	{											\
		.name = "instanceType",								\
		.type = ENTITY_TEXT,								\
		.required = true,								\
		.target = "/cloudConfig/instanceType",						\
		.example = (given),								\
		.help = "The cloud's name for a size of machine",				\
	}
/* clang-format on */

#endif
