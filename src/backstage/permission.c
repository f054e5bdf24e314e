/* The permissions of this plugin, and whether a caller has them. */
#include "backstage/backstage.h"

#include <string.h>

static const struct permission permissions[PERMITS] = {
	[PERMIT_VIEW_CLUSTER] = {"spectrocloud.cluster.view-info", "read",
				 "See clusters, projects, cloud accounts and gateways"},
	[PERMIT_DOWNLOAD_KUBECONFIG] = {"spectrocloud.cluster.download-kubeconfig", "read",
					"Download kubeconfig files of clusters"},
	[PERMIT_VIEW_PACK_VALUES] = {"spectrocloud.cluster.view-pack-values", "read",
				     "See the values and schemas of packs"},
	[PERMIT_VIEW_PACK_MANIFESTS] = {"spectrocloud.cluster.view-pack-manifests", "read",
					"See the manifests of packs"},
	[PERMIT_CREATE_CLUSTER] = {"spectrocloud.cluster.create", "create", "Create clusters"},
	[PERMIT_VIEW_PROFILE] = {"spectrocloud.profile.view-info", "read",
				 "See and search cluster profiles"},
	[PERMIT_VIEW_PROFILE_CLUSTERS] = {"spectrocloud.profile.view-clusters", "read",
					  "See which clusters use a profile"},
};

const struct permission *permission_of(enum permit permit)
{
	if ((unsigned)permit >= PERMITS || permissions[permit].name == NULL)
		return NULL;
	return &permissions[permit];
}

static bool is_listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* A part of the restriction that is not there restricts nothing; one that is must name us. */
static bool restriction_allows(const struct config_restriction *r, const struct permission *p)
{
	if (r->permissions != NULL && !is_listed(r->permissions, r->permission_count, p->name))
		return false;
	return r->actions == NULL || is_listed(r->actions, r->action_count, p->action);
}

bool backstage_authorize(const struct config *config, const struct principal *principal,
			 enum permit permit, struct error *err)
{
	const struct permission *permission = permission_of(permit);

	if (permit == PERMIT_ANYONE)
		return true;
	if (permit == PERMIT_AUTHENTICATED)
		return true; /* backstage_identify() let them in */
	if (permission == NULL)
		return error_set(err, ERROR_DENIED, "Nobody may do this");
	if (principal->kind == PRINCIPAL_SERVICE) {
		if (principal->restriction == NULL ||
		    restriction_allows(principal->restriction, permission))
			return true;
		return error_set(err, ERROR_DENIED,
				 "The access restrictions of %s do not include the permission %s",
				 principal->subject, permission->name);
	}
	/* Nobody is signed in. Where permissions are in force there is no one to ask about. */
	if (config->enable_permissions && config->permission_enabled)
		return error_set(err, ERROR_DENIED,
				 "The permission %s needs a caller who is signed in",
				 permission->name);
	return true;
}
