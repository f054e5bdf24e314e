/* The truth about the world, for tests to compare with. */
#include <string.h>

#include "parts.h"
#include "render.h"

static void append_string(json_t *list, const char *s)
{
	json_array_append_new(list, json_string(s));
}

static json_t *scope_uid(const struct world *w, int project)
{
	return project < 0 ? json_null() : json_string(world_project_uid(w, project));
}

static const char *scope_name(int project)
{
	static const char *const names[] = {"project", "tenant", "system"};

	return names[project < 0 ? -project : 0];
}

/* The uids of one scope's clusters, of one sort. */
static json_t *clusters_in(const struct world *w, const struct project *p, bool virtual,
			   bool deleted)
{
	json_t *list = json_array();

	for (int i = 0; i < p->cluster_count; i++) {
		const struct cluster *c = w->clusters[p->clusters[i]];

		if ((c->cloud == CLOUD_VIRTUAL) == virtual && c->deleted == deleted)
			append_string(list, c->head.uid);
	}
	return list;
}

static json_t *project_report(const struct world *w, const struct project *p)
{
	return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o}", "uid", p->head.uid, "name",
			 p->head.name, "description", p->description, "clusters",
			 clusters_in(w, p, false, false), "virtualClusters",
			 clusters_in(w, p, true, false), "deletedClusters",
			 clusters_in(w, p, false, true));
}

static json_t *manifests_of(const struct world *w, const struct cluster *c)
{
	json_t *list = json_array();

	for (int slot = 0; slot < c->profile_count; slot++) {
		for (int m = 0; m < MANIFESTS_OF_PROFILE; m++) {
			char uid[UID_SIZE];

			if (!profile_has_manifests(w, c->profiles[slot]))
				continue;
			uid_make(w->seed, KIND_MANIFEST, manifest_index(c, slot, m), uid);
			append_string(list, uid);
		}
	}
	return list;
}

static json_t *pools_report(const struct cluster *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->pool_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:b}", "name",
						      c->pools[i].name, "size", c->pools[i].size,
						      "healthy", c->pools[i].healthy,
						      "controlPlane", c->pools[i].control_plane));
	return list;
}

static json_t *cluster_report(const struct world *w, const struct cluster *c)
{
	json_t *profiles = json_array();
	json_t *report;
	char config[UID_SIZE];

	for (int i = 0; i < c->profile_count; i++)
		append_string(profiles, w->profiles[c->profiles[i]].head.uid);
	uid_make(w->seed, KIND_CONFIG, c->head.index, config);
	report = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:s, s:o}", "uid",
			   c->head.uid, "name", c->head.name, "project",
			   scope_uid(w, c->head.project), "cloudType", clouds[c->cloud].type,
			   "state", c->state, "health", c->health, "hasKubeconfig",
			   c->has_kubeconfig, "deleted", c->deleted, "profileUids", profiles,
			   "manifests", manifests_of(w, c), "configUid", config,
			   "kubernetesVersion", render_kube_version(c));
	json_object_set_new(report, "pools", pools_report(c));
	json_object_set_new(report, "kubeconfig", json_string(kubeconfig_names[c->kubeconfig]));
	json_object_set(report, "labels", c->labels);
	json_object_set_new(report, "accountUid",
			    c->account < 0 ? json_null()
					   : json_string(w->accounts[c->account].head.uid));
	json_object_set_new(report, "hostUid",
			    c->host < 0 ? json_null()
					: json_string(w->clusters[c->host]->head.uid));
	json_object_set_new(report, "groupUid",
			    c->group < 0 ? json_null() : json_string(w->groups[c->group].head.uid));
	return report;
}

static json_t *family_report(const struct world *w, const struct family *f)
{
	json_t *versions = json_array();

	for (int i = f->first; i < f->first + f->count; i++)
		json_array_append_new(versions, json_pack("{s:s, s:s, s:b, s:O}", "uid",
							  w->profiles[i].head.uid, "version",
							  w->profiles[i].version, "published",
							  w->profiles[i].published, "labels",
							  w->profiles[i].labels));
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o}", "name", f->name, "scope",
			 scope_name(f->project), "project", scope_uid(w, f->project), "type",
			 f->type, "cloudType", f->cloud, "uid", family_head(w, f)->head.uid,
			 "versions", versions, "variables", render_variable_list(w, f->first));
}

static json_t *object_report(const struct world *w, const struct object *o)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "uid", o->uid, "name", o->name, "scope",
			 scope_name(o->project), "project", scope_uid(w, o->project));
}

static json_t *overlord_uid(const struct world *w, int overlord)
{
	return overlord < 0 ? json_null() : json_string(w->overlords[overlord].head.uid);
}

/* [{datacenter, folders, clusters: [{name, datastores, networks, resourcePools}]}] */
static json_t *site_report(int site)
{
	json_t *list = json_array();

	for (const struct site_datacenter *d = site_datacenters(site); d->name != NULL; d++) {
		json_t *found = json_array();

		for (const struct site_cluster *c = d->clusters; c->name != NULL; c++)
			json_array_append_new(
				found, json_pack("{s:s, s:o, s:o, s:o}", "name", c->name,
						 "datastores", render_names(c->datastores),
						 "networks", render_names(c->networks),
						 "resourcePools", render_names(c->resource_pools)));
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o}", "datacenter", d->name, "folders",
						render_names(d->folders), "clusters", found));
	}
	return list;
}

static json_t *account_report(const struct world *w, const struct account *a)
{
	json_t *report = object_report(w, &a->head);

	json_object_set_new(report, "type", json_string(account_kinds[a->type]));
	json_object_set_new(report, "state", json_string(a->state));
	if (a->type != ACCOUNT_VSPHERE)
		return report;
	json_object_set_new(report, "overlordUid", overlord_uid(w, a->overlord));
	json_object_set_new(report, "namesOverlord", json_boolean(a->names_overlord));
	json_object_set_new(report, "datacenters", site_report(a->site));
	return report;
}

static json_t *group_report(const struct world *w, const struct group *g)
{
	json_t *report = object_report(w, &g->head);

	json_object_set_new(report, "isActive", json_boolean(!g->gone));
	json_object_set_new(report, "endpointType", json_string(g->endpoint));
	json_object_set_new(report, "limits", render_limits(g));
	return report;
}

static json_t *ip_pool_report(const struct ip_pool *pool, const char *uid)
{
	return json_pack("{s:s, s:o, s:b, s:b}", "uid", uid, "available",
			 pool->available < 0 ? json_null() : json_integer(pool->available),
			 "restricted", pool->restricted, "taken", pool->taken);
}

static json_t *overlord_report(const struct world *w, const struct overlord *o)
{
	json_t *report = object_report(w, &o->head);
	json_t *pools = json_array();
	json_t *addresses = json_array();

	for (int n = 0; n < o->pool_count; n++) {
		char uid[UID_SIZE];

		uid_make(w->seed, KIND_POOL, o->head.index * 16 + n, uid);
		append_string(pools, uid);
		json_array_append_new(addresses, ip_pool_report(ip_pool(n), uid));
	}
	json_object_set_new(report, "pools", pools);
	json_object_set_new(report, "ipPools", addresses);
	json_object_set_new(report, "state", json_string(o->state));
	json_object_set_new(report, "system", json_boolean(o->system));
	json_object_set_new(report, "accountUid",
			    o->account < 0 ? json_null()
					   : json_string(w->accounts[o->account].head.uid));
	return report;
}

/* ---- what fits together ---- */

/* The first published profile of the tenant for that cloud; null if there is none. */
static json_t *profile_for(const struct world *w, const char *type, const char *cloud)
{
	for (int i = 0; i < w->profile_count; i++) {
		const struct profile *p = &w->profiles[i];
		const struct family *f = &w->families[p->family];

		if (p->published && p->head.project == SCOPE_TENANT && strcmp(f->type, type) == 0 &&
		    strcmp(f->cloud, cloud) == 0)
			return json_string(p->head.uid);
	}
	return json_null();
}

static json_t *account_for(const struct world *w, enum account_type type)
{
	for (int i = 0; i < w->account_count; i++) {
		const struct account *a = &w->accounts[i];

		if (a->type == type && a->head.project == SCOPE_TENANT)
			return json_string(a->head.uid);
	}
	return json_null();
}

/* What a cluster of each kind can be made of, in any project: all of it is the tenant's. */
static json_t *creation_report(const struct world *w)
{
	json_t *report = json_object();
	json_t *add_on = profile_for(w, "add-on", "all");

	for (int i = 0; i < CLOUDS; i++) {
		json_t *one;

		if (clouds[i].segment == NULL)
			continue;
		one = json_pack("{s:O}", "addOnUid", add_on);
		if (i == CLOUD_VIRTUAL) {
			json_object_set_new(one, "groupUid",
					    w->group_count > 0 ? json_string(w->groups[0].head.uid)
							       : json_null());
		} else {
			json_object_set_new(one, "accountUid", account_for(w, clouds[i].account));
			json_object_set_new(one, "infraUid",
					    profile_for(w, "infra", clouds[i].type));
		}
		json_object_set_new(report, clouds[i].segment, one);
	}
	json_decref(add_on);
	return report;
}

/* Who may ask, never with what. */
static json_t *credential_report(const struct world *w, const struct credential *c)
{
	json_t *projects = json_array();
	char user[UID_SIZE];

	for (int i = 0; i < w->project_count; i++) {
		if (scope_may(c, i, "project.get"))
			append_string(projects, w->projects[i].head.uid);
	}
	uid_make(w->seed, KIND_USER, c->user, user);
	return json_pack("{s:s, s:b, s:b, s:s, s:o}", "name", c->name, "tenantAdmin", c->admin,
			 "revoked", c->revoked, "userUid", user, "projects", projects);
}

json_t *world_report(struct sim *sim)
{
	struct world *w = sim->world;
	json_t *report =
		json_pack("{s:I, s:{s:s, s:s}, s:s}", "seed", (json_int_t)w->seed, "tenant", "name",
			  w->tenant, "uid", w->tenant_uid, "secretMarker", "sim-secret");
	json_t *list[8];
	static const char *const names[] = {"credentials", "projects",      "clusters",  "profiles",
					    "accounts",    "clusterGroups", "overlords", "sshKeys"};
	const struct credential *c;

	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		list[i] = json_array();
		json_object_set_new(report, names[i], list[i]);
	}
	for (int i = 0; (c = scopes_at(sim->scopes, i)) != NULL; i++)
		json_array_append_new(list[0], credential_report(w, c));
	for (int i = 0; i < w->project_count; i++)
		json_array_append_new(list[1], project_report(w, &w->projects[i]));
	for (int i = 0; i < w->cluster_count; i++)
		json_array_append_new(list[2], cluster_report(w, w->clusters[i]));
	for (int i = 0; i < w->family_count; i++)
		json_array_append_new(list[3], family_report(w, &w->families[i]));
	for (int i = 0; i < w->account_count; i++)
		json_array_append_new(list[4], account_report(w, &w->accounts[i]));
	for (int i = 0; i < w->group_count; i++)
		json_array_append_new(list[5], group_report(w, &w->groups[i]));
	for (int i = 0; i < w->overlord_count; i++)
		json_array_append_new(list[6], overlord_report(w, &w->overlords[i]));
	for (int i = 0; i < w->key_count; i++)
		json_array_append_new(list[7], object_report(w, &w->keys[i]));
	json_object_set_new(report, "creation", creation_report(w));
	json_object_set_new(report, "tenantClusters",
			    clusters_in(w, &w->tenant_clusters, false, false));
	json_object_set_new(report, "tenantVirtualClusters",
			    clusters_in(w, &w->tenant_clusters, true, false));
	return report;
}
