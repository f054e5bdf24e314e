/* Clusters, virtual clusters and cluster groups of Palette. */
#include <string.h>

#include "crypto/base64.h"
#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

/* ---- one cluster ---- */

static const char *cluster_name(const struct palette *p, const char *uid)
{
	return arena_printf(p->arena, "Cluster %s", uid);
}

struct palette_question palette_cluster_question(struct palette *p, const char *project,
						 const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.path = http_url(p->arena, "/v1/dashboard/spectroclusters/%s", uid),
		.project = project,
		.what = cluster_name(p, uid),
	};
}

bool palette_cluster(struct palette *p, const char *project, const char *uid, struct buf *out,
		     struct error *err)
{
	struct palette_question q = palette_cluster_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}

bool palette_cluster_object(struct palette *p, const char *project, const char *uid,
			    struct buf *out, struct error *err)
{
	const char *path = http_url(p->arena, "/v1/spectroclusters/%s", uid);

	return palette_get_object(p, PALETTE_FORM_OBJECT, project, path, cluster_name(p, uid), out,
				  err);
}

bool palette_cluster_profiles(struct palette *p, const char *project, const char *uid,
			      struct buf *out, struct error *err)
{
	const char *path = http_url(
		p->arena, "/v1/spectroclusters/%s/profiles?includePackMeta=schema,presets", uid);

	return palette_get_object(p, PALETTE_FORM_PROFILES, project, path, cluster_name(p, uid),
				  out, err);
}

bool palette_manifest(struct palette *p, const char *project, const char *uid, const char *manifest,
		      struct buf *out, struct error *err)
{
	const char *path =
		http_url(p->arena, "/v1/spectroclusters/%s/pack/manifests/%s", uid, manifest);
	const char *what = arena_printf(p->arena, "Manifest %s of cluster %s", manifest, uid);

	return palette_get_object(p, PALETTE_FORM_OBJECT, project, path, what, out, err);
}

/* ---- kubeconfig ---- */

/* The official SDK takes a body that is base64 from end to end for the encoded file. */
static void decode_kubeconfig(struct buf *file)
{
	struct buf decoded;

	buf_init(&decoded, file->max_bytes);
	if (base64_decode(text_trim(buf_text(file)), &decoded)) {
		buf_fini(file);
		*file = decoded;
		return;
	}
	buf_fini(&decoded);
}

static bool is_plain_text(struct text file)
{
	for (size_t i = 0; i < file.len; i++) {
		unsigned char c = (unsigned char)file.ptr[i];

		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F)
			return false;
	}
	return text_is_utf8(file);
}

/* JSON is YAML too. */
static bool is_json_kubeconfig(struct text file)
{
	struct error ignored;
	struct text document;
	struct text kind;

	return json_check(file, &document, &ignored) && json_member(document, "kind", &kind) &&
	       json_string_is(kind, "Config");
}

/* A proxy's error page must not be saved as somebody's kubeconfig: it has apiVersion at the top. */
static bool is_kubeconfig(struct text file)
{
	struct text rest = file;
	struct text line;

	if (!is_plain_text(file))
		return false;
	if (text_starts(text_trim(file), "{"))
		return is_json_kubeconfig(file);
	while (text_next(&rest, '\n', &line))
		if (text_starts(line, "apiVersion:"))
			return true;
	return false;
}

bool palette_kubeconfig(struct palette *p, const char *project, const char *uid, bool frp,
			struct buf *out, struct error *err)
{
	struct palette_request r = {
		.purpose = PALETTE_READ,
		.expect = PALETTE_BYTES,
		.method = "GET",
		.path = http_url(p->arena, "/v1/spectroclusters/%s/assets/kubeconfig?frp=%s", uid,
				 frp ? "true" : "false"),
		.project = project,
		.what = arena_printf(p->arena, "Kubeconfig of cluster %s", uid),
	};

	if (!palette_fetch(p, &r, err))
		return false;
	decode_kubeconfig(&r.answer);
	if (!is_kubeconfig(buf_text(&r.answer))) {
		buf_fini(&r.answer);
		return error_set(err, ERROR_UPSTREAM,
				 "%s: Palette answered with something that is no kubeconfig",
				 r.what);
	}
	*out = r.answer;
	return true;
}

/* ---- lists ---- */

bool palette_clusters(struct palette *p, const char *project, struct palette_list *list,
		      struct error *err)
{
	static const char *const tenant_permissions[] = {"cluster.list", "cluster.get", NULL};
	static const struct palette_listing listing = {
		.method = "GET",
		.path = "/v1/dashboard/spectroclusters/meta",
		.what = "Clusters",
	};

	if (project != NULL)
		return palette_list_scope(p, &listing, project, list, err);
	return palette_list_everywhere(p, &listing, tenant_permissions, list, err);
}

bool palette_virtual_clusters(struct palette *p, const char *project, struct palette_list *list,
			      struct error *err)
{
	static const char *const tenant_permissions[] = {
		"cluster.list", "cluster.get", "virtualCluster.list", "virtualCluster.get", NULL};
	static const struct palette_listing listing = {
		.method = "POST",
		.path = "/v1/dashboard/spectroclusters/search",
		.body = TEXT(
			"{\"filter\":{\"conjunction\":\"and\",\"filterGroups\":[{"
			"\"conjunction\":\"and\",\"filters\":[{\"property\":\"environment\","
			"\"type\":\"string\",\"condition\":{\"string\":{\"operator\":\"eq\","
			"\"negation\":false,\"ignoreCase\":false,\"match\":{\"conjunction\":"
			"\"or\",\"values\":[\"nested\"]}}}},{\"property\":\"isDeleted\","
			"\"type\":\"bool\",\"condition\":{\"bool\":{\"value\":false}}}]}]},"
			"\"sort\":[{\"field\":\"lastModifiedTimestamp\",\"order\":\"desc\"}]}"),
		.paged = true,
		.items = "items",
		.what = "Virtual clusters",
	};

	if (project != NULL)
		return palette_list_scope(p, &listing, project, list, err);
	return palette_list_everywhere(p, &listing, tenant_permissions, list, err);
}

/* ---- cluster groups ---- */

struct palette_question palette_cluster_group_question(struct palette *p, const char *project,
						       const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.path = http_url(p->arena, "/v1/clustergroups/%s", uid),
		.project = project,
		.what = arena_printf(p->arena, "Cluster group %s", uid),
	};
}

struct palette_question palette_cluster_group_names_question(struct palette *p, const char *project)
{
	(void)p;
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OURS,
		.form = PALETTE_FORM_LIST,
		.path = "/v1/clustergroups/hostCluster/metadata",
		.project = project,
		.what = "Cluster groups",
	};
}

bool palette_cluster_group(struct palette *p, const char *project, const char *uid, struct buf *out,
			   struct error *err)
{
	struct palette_question q = palette_cluster_group_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}

bool palette_cluster_groups(struct palette *p, const char *project, struct palette_list *list,
			    struct error *err)
{
	/* The published API says `summaries`; `items` and a bare array have been seen. */
	static const struct palette_listing listing = {
		.method = "GET",
		.path = "/v1/clustergroups/hostCluster",
		.items = "summaries",
		.items_too = "items",
		.what = "Cluster groups",
	};

	return palette_list_scope(p, &listing, project, list, err);
}
