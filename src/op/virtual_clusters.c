/* Virtual clusters: lists, details, kubeconfig. */
#include "op/page.h"
#include "op/rows.h"

static bool virtual_cluster_list(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_VIRTUAL_CLUSTERS,
					      .project = call_string(c, "projectUid")};

	return answer_list_document(c, &wanted, res, err);
}

static bool virtual_cluster_get(struct call *c, struct result *res, struct error *err)
{
	return result_object_document(c, PALETTE_DOCUMENT_VIRTUAL_CLUSTER, "clusterUid", res, err);
}

static bool virtual_cluster_kubeconfig(struct call *c, struct result *res, struct error *err)
{
	return answer_kubeconfig(c, "-vcluster-kubeconfig.yaml", res, err);
}

static const struct field virtual_clusters_answer[] = {
	{.name = "virtualClusters",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "Each virtual cluster once, as Palette's search describes it"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

const struct op virtual_cluster_ops[] = {
	{
		.name = "virtual_cluster.list",
		.summary = "List all virtual clusters the caller can see, or those of one project",
		GET("/virtualclusters"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_PROJECT, QUERY_INSTANCE, QUERY_PAGE),
		.flags = OP_LIST,
		.answer = virtual_clusters_answer,
		.run = virtual_cluster_list,
	},
	{
		.name = "virtual_cluster.get",
		.summary = "Show one virtual cluster with its health and conditions",
		GET("/virtualclusters/:clusterUid"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the virtual cluster"),
				 QUERY_PROJECT, QUERY_INSTANCE),
		.answer = palette_object,
		.run = virtual_cluster_get,
	},
	{
		.name = "virtual_cluster.kubeconfig",
		.summary = "Download a client kubeconfig of a virtual cluster",
		GET("/virtualclusters/:clusterUid/kubeconfig"),
		.permission = PERMIT_DOWNLOAD_KUBECONFIG,
		.params =
			PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the virtual cluster"),
			       QUERY_NOT_FALSE("frp", "Reach the cluster through the Spectro proxy "
						      "where it has one"),
			       QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.content_type = "application/x-yaml",
		.run = virtual_cluster_kubeconfig,
	},
	{.name = NULL},
};
