/* Cluster groups, the hosts of virtual clusters. */
#include "op/page.h"
#include "op/rows.h"

static bool cluster_group_list(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;

	palette_list_init(&list, c->palette, "items");
	return answer_list(
		c, &list,
		palette_cluster_groups(c->palette, call_string(c, "projectUid"), &list, err), res,
		err);
}

static bool cluster_group_get(struct call *c, struct result *res, struct error *err)
{
	return result_object(c, palette_cluster_group, "clusterGroupUid", res, err);
}

static const struct field groups_answer[] = {
	{.name = "items",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "The cluster groups"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

const struct op cluster_group_ops[] = {
	{
		.name = "cluster_group.list",
		.summary = "List cluster groups",
		GET("/clustergroups"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_PROJECT, QUERY_INSTANCE, QUERY_PAGE),
		.answer = groups_answer,
		.run = cluster_group_list,
	},
	{
		.name = "cluster_group.get",
		.summary = "Show one cluster group with its limits",
		GET("/clustergroups/:clusterGroupUid"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(PATH_IDENTIFIER("clusterGroupUid", "UID of the cluster group"),
				 QUERY_PROJECT, QUERY_INSTANCE),
		.answer = palette_object,
		.run = cluster_group_get,
	},
	{.name = NULL},
};
