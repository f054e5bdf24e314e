/*
 * The endpoints of Palette's API that are asked, for figures: their paths without the identifiers.
 * A path belongs to the first row that fits it, segment by segment; "{...}" is any one segment.
 */
#include <string.h>

#include "palette/fetch.h"

static const struct endpoint {
	const char *template;
	const char *method; /* NULL: any */
} endpoints[] = {
	{"/v1/cloudaccounts/vsphere/{uid}/properties/computecluster/resources", NULL},
	{"/v1/cloudaccounts/vsphere/{uid}/properties/datacenters", NULL},
	{"/v1/cloudaccounts/{cloud}/{uid}", NULL},
	{"/v1/cloudaccounts/{cloud}", NULL},
	{"/v1/cloudconfigs/{cloud}/{uid}/machinePools/{name}/machines", NULL},
	{"/v1/cloudconfigs/{cloud}/{uid}", NULL},
	{"/v1/clustergroups/hostCluster/metadata", NULL},
	{"/v1/clustergroups/hostCluster", NULL},
	{"/v1/clustergroups/{uid}", NULL},
	{"/v1/clusterprofiles/{uid}/metadata", NULL},
	{"/v1/clusterprofiles/{uid}/variables", NULL},
	{"/v1/clusterprofiles/{uid}", NULL},
	{"/v1/dashboard/cloudaccounts/metadata", NULL},
	{"/v1/dashboard/clusterprofiles", NULL},
	{"/v1/dashboard/projects/metadata", NULL},
	{"/v1/dashboard/projects", NULL},
	{"/v1/dashboard/spectroclusters/meta", NULL},
	{"/v1/dashboard/spectroclusters/search", NULL},
	{"/v1/dashboard/spectroclusters/{uid}", NULL},
	{"/v1/events/components/spectrocluster/{uid}", NULL},
	{"/v1/overlords/vsphere/{uid}/pools", NULL},
	{"/v1/overlords", NULL},
	{"/v1/packs/search", NULL},
	{"/v1/packs/{name}/registries/{uid}", NULL},
	{"/v1/packs/{uid}", NULL},
	{"/v1/projects/{uid}", NULL},
	{"/v1/spectroclusters/validate/name", NULL},
	{"/v1/spectroclusters/{cloud}/rate", NULL},
	{"/v1/spectroclusters/{cloud}/validate", NULL},
	{"/v1/spectroclusters/{uid}/assets/kubeconfig", NULL},
	{"/v1/spectroclusters/{uid}/metadata", NULL},
	{"/v1/spectroclusters/{uid}/pack/manifests/{uid}", NULL},
	{"/v1/spectroclusters/{uid}/profiles", NULL},
	{"/v1/spectroclusters/{uid}/variables", NULL},
	{"/v1/spectroclusters/{cloud}", "POST"},
	{"/v1/spectroclusters/{uid}", NULL},
	{"/v1/users/assets/sshkeys", NULL},
	{"/v1/users/me", NULL},
};

/* path: up to its query. */
static bool fits(const char *template, const char *path)
{
	while (*template == '/' && *path == '/') {
		size_t wanted = strcspn(++template, "/");
		size_t len = strcspn(++path, "/?");

		if (len == 0 ||
		    (*template != '{' && (wanted != len || memcmp(template, path, len) != 0)))
			return false;
		template += wanted;
		path += len;
	}
	return *template == '\0' && (*path == '\0' || *path == '?');
}

const char *palette_endpoint(const char *method, const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
		if ((endpoints[i].method == NULL || strcmp(endpoints[i].method, method) == 0) &&
		    fits(endpoints[i].template, path))
			return endpoints[i].template;
	return "other";
}
