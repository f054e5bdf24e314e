/* Cluster groups, the hosts of virtual clusters. */
#include "op/page.h"
#include "op/rows.h"

static bool cluster_group_list(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_CLUSTER_GROUPS,
					      .project = call_string(c, "projectUid")};

	return answer_list_document(c, &wanted, res, err);
}

static bool cluster_group_get(struct call *c, struct result *res, struct error *err)
{
	return result_object_document(c, PALETTE_DOCUMENT_CLUSTER_GROUP, "clusterGroupUid", res,
				      err);
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
