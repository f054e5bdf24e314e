/* Clusters: lists, details, kubeconfig, profiles in use, manifests. */
#include "op/page.h"
#include "op/rows.h"

static bool cluster_list(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_CLUSTERS,
					      .project = call_string(c, "projectUid")};

	return answer_list_document(c, &wanted, res, err);
}

static bool cluster_get(struct call *c, struct result *res, struct error *err)
{
	return result_object_document(c, PALETTE_DOCUMENT_CLUSTER, "clusterUid", res, err);
}

bool answer_kubeconfig(struct call *c, const char *suffix, struct result *res, struct error *err)
{
	const char *cluster = call_string(c, "clusterUid");
	struct buf yaml;

	if (!palette_kubeconfig(c->palette, call_string(c, "projectUid"), cluster,
				call_bool(c, "frp"), &yaml, err))
		return false;
	result_file(res, "application/x-yaml", arena_printf(c->arena, "%s%s", cluster, suffix),
		    &yaml);
	return true;
}

static bool cluster_kubeconfig(struct call *c, struct result *res, struct error *err)
{
	return answer_kubeconfig(c, "-kubeconfig.yaml", res, err);
}

static bool cluster_profiles(struct call *c, struct result *res, struct error *err)
{
	return result_object(c, palette_cluster_profiles, "clusterUid", res, err);
}

static bool cluster_manifest(struct call *c, struct result *res, struct error *err)
{
	struct buf out;

	if (!palette_manifest(c->palette, call_string(c, "projectUid"),
			      call_string(c, "clusterUid"), call_string(c, "manifestUid"), &out,
			      err))
		return false;
	result_json_owned(res, &out);
	return true;
}

static const struct field clusters_answer[] = {
	{.name = "clusters",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "Each cluster once, as Palette describes it in lists"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

static const struct field profiles_answer[] = {
	{.name = "profiles",
	 .type = FIELD_ARRAY,
	 .fields = palette_object,
	 .help = "The profiles with their packs, values, schemas and presets"},
	{.name = NULL},
};

const struct op cluster_ops[] = {
	{
		.name = "cluster.list",
		.summary = "List all clusters the caller can see, or those of one project",
		GET("/clusters"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_PROJECT, QUERY_INSTANCE, QUERY_PAGE),
		.flags = OP_LIST,
		.answer = clusters_answer,
		.run = cluster_list,
	},
	{
		.name = "cluster.get",
		.summary = "Show one cluster with its health and conditions",
		GET("/clusters/:clusterUid"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the cluster"), QUERY_PROJECT,
				 QUERY_INSTANCE),
		.answer = palette_object,
		.run = cluster_get,
	},
	{
		.name = "cluster.kubeconfig",
		.summary = "Download a client kubeconfig of a cluster",
		GET("/clusters/:clusterUid/kubeconfig"),
		.permission = PERMIT_DOWNLOAD_KUBECONFIG,
		.params =
			PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the cluster"),
			       QUERY_NOT_FALSE("frp", "Reach the cluster through the Spectro proxy "
						      "where it has one"),
			       QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.content_type = "application/x-yaml",
		.run = cluster_kubeconfig,
	},
	{
		.name = "cluster.profiles",
		.summary = "Show the profiles of a cluster with the values of their packs",
		GET("/clusters/:clusterUid/profiles"),
		.permission = PERMIT_VIEW_PACK_VALUES,
		.params = PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the cluster"), QUERY_PROJECT,
				 QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.answer = profiles_answer,
		.run = cluster_profiles,
	},
	{
		.name = "cluster.manifest",
		.summary = "Show one manifest of a pack on a cluster",
		GET("/clusters/:clusterUid/pack/manifests/:manifestUid"),
		.permission = PERMIT_VIEW_PACK_MANIFESTS,
		.params = PARAMS(PATH_IDENTIFIER("clusterUid", "UID of the cluster"),
				 PATH_IDENTIFIER("manifestUid", "UID of the manifest"),
				 QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.answer = palette_object,
		.run = cluster_manifest,
	},
	{.name = NULL},
};
