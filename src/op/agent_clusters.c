/* What agents see inside a cluster: kubeconfigs, profiles in use, manifests; and cluster groups. */
#include <string.h>

#include "http/http.h"
#include "op/agent.h"
#include "op/agent_find.h"
#include "op/rows.h"
#include "op/shape.h"
#include "palette/kubeconfig.h"
#include "json/json.h"

/* ---- kubeconfigs ---- */

static bool may_have_kubeconfigs(const struct call *c, struct error *err)
{
	if (c->door == DOOR_SHELL || c->services->config->mcp.kubeconfig != CONFIG_KUBECONFIG_OFF)
		return true;
	return error_set(
		err, ERROR_DENIED,
		"Agents are given no kubeconfigs here: spectrocloud.mcp.kubeconfig is off");
}

/* Where a person gets what an agent does not. */
static const char *way_for_people(const struct call *c, const char *kind, const struct found *found)
{
	const char *project = found->project;
	const char *instance = c->environment->name;

	if (c->local)
		return arena_printf(c->arena,
				    "spectrocloud-backend action run %s --config FILE, with the "
				    "same inputs as --arg NAME=VALUE",
				    c->op->tool->name);
	return arena_printf(c->arena, "GET /api/spectrocloud/%s/%s/kubeconfig%s%s%s%s%s", kind,
			    found->uid, project == NULL && instance == NULL ? "" : "?",
			    project == NULL ? "" : "projectUid=", project == NULL ? "" : project,
			    instance == NULL  ? ""
			    : project == NULL ? "instance="
					      : "&instance=",
			    instance == NULL ? "" : http_url(c->arena, "%s", instance));
}

static bool may_be_shown(struct call *c, const char *kind, const struct found *found,
			 const char *why, struct error *err)
{
	if (why == NULL || c->door == DOOR_SHELL ||
	    c->services->config->mcp.kubeconfig == CONFIG_KUBECONFIG_FULL)
		return true;
	return error_set(err, ERROR_DENIED,
			 "The kubeconfig holds %s, so agents are not given it. A person who may "
			 "download it gets it by: %s",
			 why, way_for_people(c, kind, found));
}

/* entity_ref NULL: the answer has none. name "": not known. */
static void write_kubeconfig(const struct found *found, struct text file, const char *access,
			     struct result *res)
{
	struct json_writer w;
	struct buf out;

	buf_init(&out, file.len * 6 + 4096);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "cluster");
	json_object_begin(&w);
	if (found->name[0] != '\0')
		json_put_pair(&w, "name", found->name);
	json_put_pair(&w, "uid", found->uid);
	if (found->entity_ref != NULL)
		json_put_pair(&w, "entityRef", found->entity_ref);
	json_object_end(&w);
	json_key(&w, "kubeconfig");
	json_put_text(&w, file);
	json_put_pair(&w, "accessType", access);
	json_object_end(&w);
	result_json_owned(res, &out);
}

static bool give_kubeconfig(struct call *c, const char *kind, const struct found *found,
			    struct result *res, struct error *err)
{
	struct kubeconfig_verdict verdict;
	struct buf file;
	bool ok;

	c->object = found->uid;
	c->project = found->project;
	if (!palette_kubeconfig(c->palette, found->project, found->uid, call_bool(c, "frp"), &file,
				err))
		return false;
	(void)kubeconfig_holds_credential(buf_text(&file), &verdict);
	ok = may_be_shown(c, kind, found, verdict.why, err);
	if (ok)
		write_kubeconfig(found, buf_text(&file), verdict.access, res);
	buf_fini(&file);
	return ok;
}

static bool cluster_kubeconfig(struct call *c, struct result *res, struct error *err)
{
	struct found found;

	return may_have_kubeconfigs(c, err) &&
	       find_named(c, CATALOG_CLUSTER, "clusterName", &found, err) &&
	       give_kubeconfig(c, "clusters", &found, res, err);
}

static bool virtual_kubeconfig(struct call *c, struct result *res, struct error *err)
{
	const struct found found = {.uid = call_string(c, "virtualClusterUid"),
				    .name = "",
				    .project = call_string(c, "projectUid"),
				    .entity_ref = NULL};

	return may_have_kubeconfigs(c, err) &&
	       give_kubeconfig(c, "virtualclusters", &found, res, err);
}

/* ---- profiles in use, manifests ---- */

static bool is_metadata(struct text name)
{
	return !text_is(name, "values") && !text_is(name, "schema") && !text_is(name, "presets");
}

static bool cluster_profiles(struct call *c, struct result *res, struct error *err)
{
	struct text profiles = TEXT("[]");
	struct answer answer;
	struct found found;
	struct buf document;
	struct buf slim;

	if (!find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &found, err))
		return false;
	c->object = found.uid;
	c->project = found.project;
	if (!palette_cluster_profiles(c->palette, found.project, found.uid, &document, err))
		return false;
	(void)json_member(buf_text(&document), "profiles", &profiles);
	buf_init(&slim, profiles.len + 1);
	if (!call_bool(c, "includeValues")) {
		shape_filter(profiles, is_metadata, &slim);
		profiles = buf_text(&slim);
	}
	answer_begin(c, &answer);
	answer_put(&answer, "clusterUid", found.uid);
	answer_put_masked(&answer, "profiles", profiles);
	answer_put_count(&answer, "masked", answer.masked);
	buf_fini(&slim);
	buf_fini(&document);
	return answer_finish(&answer, res, err);
}

static bool cluster_manifest(struct call *c, struct result *res, struct error *err)
{
	const char *manifest = call_string(c, "manifestUid");
	struct answer answer;
	struct found found;
	struct buf document;

	if (!find_by_uid_or_name(c, CATALOG_CLUSTER, "clusterUid", "clusterName", &found, err))
		return false;
	c->object = found.uid;
	c->project = found.project;
	if (!palette_manifest(c->palette, found.project, found.uid, manifest, &document, err))
		return false;
	answer_begin(c, &answer);
	answer_put(&answer, "clusterUid", found.uid);
	answer_put(&answer, "manifestUid", manifest);
	answer_put_masked(&answer, "manifest", buf_text(&document));
	answer_put_count(&answer, "masked", answer.masked);
	buf_fini(&document);
	return answer_finish(&answer, res, err);
}

/* ---- cluster groups ---- */

static bool cluster_group(struct call *c, struct result *res, struct error *err)
{
	struct palette_document document;
	struct answer answer;

	if (!call_document(c, PALETTE_DOCUMENT_CLUSTER_GROUP, "clusterGroupUid", &document, err))
		return false;
	answer_begin(c, &answer);
	answer_put_masked(&answer, "clusterGroup", palette_document_text(&document));
	answer_put_count(&answer, "masked", answer.masked);
	palette_document_fini(&document);
	return answer_finish(&answer, res, err);
}

/* ---- answers ---- */

static const struct field whole_object[] = {{.name = NULL}};

static const struct field found_fields[] = {FOUND_FIELDS, {.name = NULL}};

static const struct field virtual_fields[] = {
	{.name = "uid", .type = FIELD_STRING, .required = true, .help = "Its UID in Palette"},
	{.name = "name", .type = FIELD_STRING, .help = "Its name"},
	{.name = NULL},
};

#define KUBECONFIG(which)                                                                          \
	{.name = "cluster",                                                                        \
	 .type = FIELD_OBJECT,                                                                     \
	 .required = true,                                                                         \
	 .fields = (which),                                                                        \
	 .help = "Which cluster it is of"},                                                        \
		{.name = "kubeconfig",                                                             \
		 .type = FIELD_STRING,                                                             \
		 .required = true,                                                                 \
		 .help = "The file, YAML"},                                                        \
	{                                                                                          \
		.name = "accessType", .type = FIELD_STRING, .required = true,                      \
		.help = "How its user logs in: oidc, exec (another command), none, or credential " \
			"where "                                                                   \
			"the file holds one"                                                       \
	}

static const struct field kubeconfig_answer[] = {KUBECONFIG(found_fields), {.name = NULL}};
static const struct field virtual_kubeconfig_answer[] = {KUBECONFIG(virtual_fields),
							 {.name = NULL}};

static const struct field profiles_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "profiles",
	 .type = FIELD_ANY,
	 .help = "The profiles with their packs, as Palette describes them"},
	MASKED,
	{.name = NULL},
};

static const struct field manifest_answer[] = {
	{.name = "clusterUid", .type = FIELD_STRING, .required = true, .help = "The cluster"},
	{.name = "manifestUid", .type = FIELD_STRING, .required = true, .help = "The manifest"},
	{.name = "manifest",
	 .type = FIELD_ANY,
	 .help = "As Palette describes it; its content is "
		 "below spec/published"},
	MASKED,
	{.name = NULL},
};

static const struct field group_answer[] = {
	{.name = "clusterGroup",
	 .type = FIELD_OBJECT,
	 .required = true,
	 .fields = whole_object,
	 .help = "As Palette describes it"},
	MASKED,
	{.name = NULL},
};

/* ---- rows ---- */

#define ARG_FRP \
	ARG_SWITCH("frp", "true", "Reach the cluster through the Spectro proxy where it has one")
const struct op agent_cluster_ops[] = {
	{
		.name = "agent.cluster_kubeconfig",
		.summary = "Give an agent a cluster's kubeconfig, if it holds no credential",
		TOOL(.name = "get_spectrocloud_kubeconfig_for_cluster",
		     .title = "Get the kubeconfig of a SpectroCloud cluster", .toolset = "core",
		     .description =
			     "Gives the client kubeconfig of one SpectroCloud cluster, whose user "
			     "logs in by OIDC or another command. One that holds a key, a token or "
			     "a password is refused, unless the administrators allow it."),
		.permission = PERMIT_DOWNLOAD_KUBECONFIG,
		.params = PARAMS(ARG_REQUIRED("clusterName", PARAM_TEXT,
					      "Name of the cluster: the title of its entity"),
				 ARG_FRP, ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT | OP_SECRET,
		.answer = kubeconfig_answer,
		.run = cluster_kubeconfig,
	},
	{
		.name = "agent.virtual_kubeconfig",
		.summary =
			"Give an agent a virtual cluster's kubeconfig, if it holds no credential",
		TOOL(.name = "get_spectrocloud_kubeconfig_for_virtual_cluster",
		     .title = "Get the kubeconfig of a SpectroCloud virtual cluster",
		     .toolset = "core",
		     .description =
			     "Gives the client kubeconfig of one virtual cluster, by its UID. One "
			     "that holds a key, a token or a password is refused, unless the "
			     "administrators allow it."),
		.permission = PERMIT_DOWNLOAD_KUBECONFIG,
		.params = PARAMS(ARG_REQUIRED("virtualClusterUid", PARAM_IDENTIFIER,
					      "UID of the virtual cluster"),
				 ARG_PROJECT, ARG_FRP, ARG_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.answer = virtual_kubeconfig_answer,
		.run = virtual_kubeconfig,
	},
	{
		.name = "agent.cluster_profiles",
		.summary = "Show an agent the profiles of a cluster, secrets masked",
		TOOL(.name = "get_spectrocloud_cluster_profiles",
		     .title = "Get the profiles of a SpectroCloud cluster", .toolset = "core",
		     .description =
			     "Gives the cluster profiles attached to a cluster with their packs, "
			     "versions and manifests. The packs' values, schemas and presets are "
			     "long and come only with includeValues; secrets in them are masked."),
		.permission = PERMIT_VIEW_PACK_VALUES,
		.params = PARAMS(ARG_CLUSTER_NAME, ARG_CLUSTER_UID,
				 ARG_SWITCH("includeValues", "false",
					    "Also the values, schemas and presets of the packs"),
				 ARG_ENTITY, ARG_NAMED_PROJECT, ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT | OP_SECRET,
		.answer = profiles_answer,
		.run = cluster_profiles,
	},
	{
		.name = "agent.cluster_manifest",
		.summary = "Show an agent a manifest of a pack on a cluster, secrets masked",
		TOOL(.name = "get_spectrocloud_pack_manifest_for_cluster",
		     .title = "Get a pack manifest of a SpectroCloud cluster", .toolset = "core",
		     .description =
			     "Gives the content of one manifest of a pack on a cluster; secrets in "
			     "it are masked. get_spectrocloud_cluster_profiles has the UIDs of "
			     "manifests."),
		.permission = PERMIT_VIEW_PACK_MANIFESTS,
		.params =
			PARAMS(ARG_REQUIRED("manifestUid", PARAM_IDENTIFIER, "UID of the manifest"),
			       ARG_CLUSTER_NAME, ARG_CLUSTER_UID, ARG_ENTITY, ARG_NAMED_PROJECT,
			       ARG_NAMED_INSTANCE),
		.flags = OP_LATE | OP_AUDIT | OP_SECRET,
		.answer = manifest_answer,
		.run = cluster_manifest,
	},
	{
		.name = "agent.cluster_group",
		.summary = "Show an agent one cluster group",
		TOOL(.name = "get_spectrocloud_cluster_group",
		     .title = "Get a SpectroCloud cluster group", .toolset = "core",
		     .description = "Gives one cluster group of SpectroCloud Palette by its UID; "
				    "list_spectrocloud_cluster_groups has the UIDs."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_REQUIRED("clusterGroupUid", PARAM_IDENTIFIER,
					      "UID of the cluster group"),
				 ARG_PROJECT, ARG_INSTANCE),
		.answer = group_answer,
		.run = cluster_group,
	},
	{.name = NULL},
};
