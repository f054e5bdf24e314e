/*
 * Palette: which routes it has, and the one way every request takes. The order is that of a router
 * generated from Palette's Swagger document: the path first, then the credential, then the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "handlers.h"

#define CLUSTER_CREATE(cloud, permission)                                                 \
	{"POST", "/v1/spectroclusters/" cloud, ROUTE_LIST, permission, cluster_create},   \
	{                                                                                 \
		"POST", "/v1/spectroclusters/" cloud "/validate", ROUTE_LIST, permission, \
			cluster_validate                                                  \
	}
#define CLUSTER_RATE(cloud)                                                              \
	{                                                                                \
		"POST", "/v1/spectroclusters/" cloud "/rate", ROUTE_LIST, "cluster.get", \
			cluster_rate                                                     \
	}
#define ACCOUNTS(type)                                                                       \
	{"GET", "/v1/cloudaccounts/" type, ROUTE_LIST, "cloudaccount.list", accounts_list},  \
	{                                                                                    \
		"GET", "/v1/cloudaccounts/" type "/{uid}", ROUTE_OBJECT, "cloudaccount.get", \
			account_read                                                         \
	}

#define CLOUD_CONFIG(cloud)                                                                       \
	{"GET", "/v1/cloudconfigs/" cloud "/{uid}", ROUTE_OBJECT, "cluster.get", cloud_config},   \
		{"GET", "/v1/cloudconfigs/" cloud "/{uid}/machinePools/{name}/machines",          \
		 ROUTE_OBJECT, "cluster.get", machines_list},                                     \
	{                                                                                         \
		"GET", "/v1/cloudconfigs/" cloud "/{uid}/machinePools/{name}/machines/{machine}", \
			ROUTE_OBJECT, "cluster.get", machine_read                                 \
	}

const struct route palette_routes[] = {
	{"GET", "/v1/health/ping", ROUTE_OPEN, NULL, health_ping},
	{"GET", "/v1/health/ready", ROUTE_OPEN, NULL, health_ping},

	{"GET", "/v1/users/me", ROUTE_SELF, NULL, user_me},
	{"GET", "/v1/users/info", ROUTE_SELF, NULL, user_info},
	{"GET", "/v1/users/{uid}/projects", ROUTE_SELF, NULL, user_projects},
	{"GET", "/v1/users/{uid}/roles", ROUTE_SELF, NULL, user_roles},
	{"GET", "/v1/users/assets/sshkeys", ROUTE_SELF, NULL, keys_list},
	{"GET", "/v1/users/assets/sshkeys/{uid}", ROUTE_SELF, NULL, key_read},

	{"GET", "/v1/apiKeys", ROUTE_TENANT, "apiKey.list", api_keys},
	{"POST", "/v1/dashboard/projects", ROUTE_TENANT, "project.list", projects_list},
	{"GET", "/v1/dashboard/projects/metadata", ROUTE_TENANT, "project.list", projects_metadata},
	{"GET", "/v1/projects/{uid}", ROUTE_SELF, "project.get", project_read},

	{"GET", "/v1/dashboard/spectroclusters/meta", ROUTE_LIST, "cluster.list", clusters_meta},
	{"GET", "/v1/dashboard/spectroclusters/metadata", ROUTE_LIST, "cluster.list",
	 clusters_metadata},
	{"POST", "/v1/dashboard/spectroclusters/search", ROUTE_LIST, "cluster.list",
	 clusters_search},
	{"GET", "/v1/dashboard/spectroclusters/search/schema", ROUTE_LIST, "cluster.list",
	 clusters_schema},
	{"GET", "/v1/dashboard/spectroclusters/{uid}", ROUTE_OBJECT, "cluster.get",
	 cluster_summary},
	{"GET", "/v1/dashboard/spectroclusters/{uid}/overview", ROUTE_OBJECT, "cluster.get",
	 cluster_summary},
	{"GET", "/v1/spectroclusters/{uid}", ROUTE_OBJECT, "cluster.get", cluster_read},
	{"GET", "/v1/spectroclusters/{uid}/status", ROUTE_OBJECT, "cluster.get", cluster_status},
	{"GET", "/v1/events/components/{kind}/{uid}", ROUTE_OBJECT, "cluster.get", cluster_events},

	{"GET", "/v1/spectroclusters/{uid}/assets/kubeconfig", ROUTE_OBJECT, "cluster.get",
	 cluster_kubeconfig},
	{"GET", "/v1/spectroclusters/{uid}/assets/kubeconfigclient", ROUTE_OBJECT, "cluster.get",
	 cluster_kubeconfig_client},
	{"GET", "/v1/spectroclusters/{uid}/assets/adminKubeconfig", ROUTE_OBJECT, "cluster.delete",
	 cluster_admin_kubeconfig, .stray = true},
	{"GET", "/v1/spectroclusters/{uid}/assets/adminTokenKubeconfig", ROUTE_OBJECT,
	 "cluster.delete", cluster_admin_kubeconfig, .stray = true},
	{"GET", "/v1/spectroclusters/{uid}/profiles", ROUTE_OBJECT, "cluster.get",
	 cluster_profiles},
	{"GET", "/v1/spectroclusters/{uid}/pack/manifests/{manifestUid}", ROUTE_OBJECT,
	 "cluster.get", cluster_manifest},

	{"GET", "/v1/spectroclusters/{uid}/variables", ROUTE_OBJECT, "cluster.get",
	 cluster_variables},
	{"PATCH", "/v1/spectroclusters/{uid}/metadata", ROUTE_OBJECT, "cluster.update",
	 cluster_set_metadata},
	{"PATCH", "/v1/clusterprofiles/{uid}/metadata", ROUTE_OBJECT, "clusterProfile.update",
	 profile_set_metadata},

	CLOUD_CONFIG("eks"),
	CLOUD_CONFIG("aws"),
	CLOUD_CONFIG("aks"),
	CLOUD_CONFIG("azure"),
	CLOUD_CONFIG("vsphere"),
	CLOUD_CONFIG("gcp"),
	CLOUD_CONFIG("maas"),
	CLOUD_CONFIG("edge-native"),
	CLOUD_CONFIG("virtual"),

	{"POST", "/v1/packs/search", ROUTE_LIST, "packRegistry.list", packs_search},
	{"GET", "/v1/packs/{uid}", ROUTE_LIST, "packRegistry.get", pack_read},
	{"GET", "/v1/packs/{name}/registries/{registry}", ROUTE_LIST, "packRegistry.get",
	 pack_of_registry},

	CLUSTER_CREATE("eks", "cluster.create"),
	CLUSTER_CREATE("aws", "cluster.create"),
	CLUSTER_CREATE("aks", "cluster.create"),
	CLUSTER_CREATE("azure", "cluster.create"),
	CLUSTER_CREATE("vsphere", "cluster.create"),
	CLUSTER_CREATE("virtual", "virtualCluster.create"),
	CLUSTER_RATE("eks"),
	CLUSTER_RATE("aws"),
	CLUSTER_RATE("aks"),
	CLUSTER_RATE("azure"),
	CLUSTER_RATE("vsphere"),
	{"GET", "/v1/spectroclusters/validate/name", ROUTE_LIST, "cluster.create",
	 cluster_name_check},

	{"GET", "/v1/clustergroups/hostCluster", ROUTE_LIST, "clusterGroup.list", groups_list},
	{"GET", "/v1/clustergroups/hostCluster/metadata", ROUTE_LIST, "clusterGroup.list",
	 groups_metadata},
	{"GET", "/v1/clustergroups/{uid}", ROUTE_OBJECT, "clusterGroup.get", group_read},
	{"POST", "/v1/dashboard/clustergroups/{uid}/virtualClusters", ROUTE_OBJECT,
	 "clusterGroup.get", group_clusters},
	{"POST", "/v1/dashboard/clustergroups/{uid}/hostClusters", ROUTE_OBJECT, "clusterGroup.get",
	 group_clusters},

	{"POST", "/v1/dashboard/clusterprofiles", ROUTE_LIST, "clusterProfile.list", profiles_list},
	{"GET", "/v1/dashboard/clusterprofiles/metadata", ROUTE_LIST, "clusterProfile.list",
	 profiles_metadata},
	{"GET", "/v1/dashboard/clusterprofiles/{uid}", ROUTE_OBJECT, "clusterProfile.get",
	 profile_summary},
	{"GET", "/v1/clusterprofiles/{uid}", ROUTE_OBJECT, "clusterProfile.get", profile_read},
	{"GET", "/v1/clusterprofiles/{uid}/packs", ROUTE_OBJECT, "clusterProfile.get",
	 profile_packs},
	{"GET", "/v1/clusterprofiles/{uid}/variables", ROUTE_OBJECT, "clusterProfile.get",
	 profile_variables},

	ACCOUNTS("aws"),
	ACCOUNTS("azure"),
	ACCOUNTS("vsphere"),
	ACCOUNTS("gcp"),
	ACCOUNTS("maas"),
	{"GET", "/v1/cloudaccounts/summary", ROUTE_LIST, "cloudaccount.list", accounts_summary},
	{"GET", "/v1/dashboard/cloudaccounts/metadata", ROUTE_LIST, "cloudaccount.list",
	 accounts_metadata},
	{"GET", "/v1/cloudaccounts/vsphere/{uid}/properties/datacenters", ROUTE_OBJECT,
	 "cloudaccount.get", vsphere_datacenters},
	{"GET", "/v1/cloudaccounts/vsphere/{uid}/properties/computecluster/resources", ROUTE_OBJECT,
	 "cloudaccount.get", vsphere_resources},

	{"GET", "/v1/overlords", ROUTE_LIST, "privateGateway.list", overlords_list},
	{"GET", "/v1/overlords/{uid}", ROUTE_LIST, "privateGateway.get", overlord_read},
	{"GET", "/v1/overlords/vsphere/{uid}/pools", ROUTE_LIST, "privateGateway.get",
	 overlord_pools},
	{NULL},
};

bool query_bool(struct request *r, const char *name, bool *value, struct reply *a)
{
	char *given = request_query(r, name);
	bool is_true = given == NULL ? *value : strcmp(given, "true") == 0;
	bool ok = given == NULL || is_true || strcmp(given, "false") == 0;

	if (ok)
		*value = is_true;
	else
		reply_router_error(a, 422, 601, "%s in query must be of type bool: \"%.40s\"", name,
				   given);
	free(given);
	return ok;
}

static bool find_route(struct request *r, struct reply *a)
{
	char allowed[64];

	r->route = route_find(r, palette_routes, allowed, sizeof(allowed));
	if (r->route != NULL)
		return true;
	if (allowed[0] != '\0') {
		reply_header(a, "Allow", allowed);
		reply_router_error(a, 405, 405, "method %s is not allowed, but [%s] are", r->method,
				   allowed);
	} else if (r->malformed_path) {
		reply_router_error(a, 400, 400, "the request path is malformed");
	} else {
		reply_router_error(a, 404, 404, "path %.300s was not found", r->path);
	}
	return false;
}

/* A body, if there is one, must be JSON and say so. */
static bool read_body(struct request *r, struct reply *a)
{
	json_error_t where;

	if (r->body_too_large) {
		reply_router_error(a, 413, 413, "request body is too large");
		return false;
	}
	if (r->body.len == 0 || strcmp(r->method, "GET") == 0)
		return true;
	if (r->content_type == NULL || strncasecmp(r->content_type, "application/json", 16) != 0) {
		reply_router_error(a, 415, 415,
				   "unsupported media type, only [application/json] are allowed");
		return false;
	}
	r->json = json_loadb(r->body.ptr, r->body.len, 0, &where);
	if (json_is_object(r->json))
		return true;
	reply_router_error(a, 400, 400, "parsing body body from \"\" failed: %s",
			   r->json == NULL ? where.text : "not an object");
	return false;
}

/* Whether the caller may use the route in the scope it asks for. */
static bool permit(struct request *r, struct reply *a)
{
	const struct route *route = r->route;
	/* A user without tenant permissions may be answered with lists that hold nothing. */
	bool may_see_nothing = r->sim->options.empty_denied && !r->credential->admin;

	if (route->scope == ROUTE_SELF)
		return true;
	if (route->scope == ROUTE_TENANT)
		return may_see_nothing || scope_demand(r, SCOPE_TENANT, route->permission, a);
	if (!scope_enter(r, a))
		return false;
	if (route->scope == ROUTE_OBJECT)
		return true;
	if (r->project == SCOPE_TENANT && may_see_nothing &&
	    strstr(route->permission, ".list") != NULL)
		return true;
	return scope_demand(r, r->project, route->permission, a);
}

/* With the world's lock held. */
static void answer(struct request *r, struct reply *a)
{
	if (r->route->scope != ROUTE_OPEN && (!scope_identify(r, a) || !permit(r, a)))
		return;
	if (read_body(r, a))
		r->route->run(r, a);
}

static void serve(struct request *r, struct reply *a)
{
	struct sim *sim = r->sim;

	if (!rates_take(sim->rates, r->source, r->path)) {
		reply_blob(a, 429, "text/plain", blob_new(TEXT("Too many requests\n")));
		return;
	}
	if (!find_route(r, a))
		return;
	world_lock(sim->world);
	world_tick(sim->world);
	answer(r, a);
	world_unlock(sim->world);
}

void palette_run(struct request *r, struct reply *a)
{
	struct sim *sim = r->sim;
	char allowed[64];
	struct fault *fault;

	record_begin(sim->record, r, clock_now_ms() - sim->started_ms);
	r->route = route_find(r, palette_routes, allowed, sizeof(allowed));
	if ((r->route == NULL && allowed[0] == '\0') || (r->route != NULL && r->route->stray))
		record_stray(sim->record, r);
	if (sim->options.latency_ms > 0)
		sim_wait(sim, r->fd, sim->options.latency_ms);
	a->status = 0;
	fault = faults_take(sim->faults, r);
	if (fault == NULL || !fault_before(fault, r, a))
		serve(r, a);
	if (fault != NULL)
		fault_after(fault, r, a);
	fault_free(fault);
	record_end(sim->record, r, a->status);
}
