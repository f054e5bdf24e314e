/* Cluster groups, and private cloud gateways, which Palette calls overlords. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "render.h"

/* ---- groups ---- */

static json_t *profiles_of_group(const struct world *w, render_profile_as *render)
{
	json_t *list = json_array();

	for (int i = 0; i < w->profile_count && json_array_size(list) < 1; i++) {
		if (strcmp(w->families[w->profiles[i].family].type, "add-on") == 0)
			json_array_append_new(list, render(w, i, false));
	}
	return list;
}

static int count_virtual(const struct world *w, const struct group *g)
{
	int n = 0;

	for (int i = 0; i < w->cluster_count; i++)
		n += w->clusters[i]->group == g->head.index && !w->clusters[i]->deleted;
	return n;
}

/* name_key NULL: the uids only. */
static json_t *hosts_of(const struct world *w, const struct group *g, const char *uid_key,
			const char *name_key)
{
	json_t *list = json_array();

	for (int i = 0; i < 2 && g->hosts[i] >= 0; i++) {
		const struct cluster *c = w->clusters[g->hosts[i]];
		json_t *host = json_pack("{s:s}", uid_key, c->head.uid);

		if (name_key != NULL)
			json_object_set_new(host, name_key, json_string(c->head.name));
		json_array_append_new(list, host);
	}
	return list;
}

static json_t *group_summary(const struct world *w, const struct group *g)
{
	json_t *hosts = hosts_of(w, g, "uid", "name");
	json_t *spec = json_pack("{s:o, s:{s:f, s:f}, s:{s:f, s:f}, s:s, s:i, s:o, s:s, s:s, s:i}",
				 "clusterProfileTemplates", profiles_of_group(w, render_template),
				 "cpu", "allocated", 16000.0, "used", 2500.0, "memory", "allocated",
				 65536.0, "used", 1024.5, "endpointType", g->endpoint,
				 "hostClustersCount", (int)json_array_size(hosts), "hostClusters",
				 hosts, "kubernetesDistroType", "k3s", "scope",
				 g->head.project < 0 ? "tenant" : "project", "virtualClustersCount",
				 count_virtual(w, g));

	return json_pack("{s:o, s:o, s:o}", "metadata",
			 render_meta(w, &g->head, NULL, "a cluster group"), "spec", spec,
			 "futureField", render_unknown());
}

void groups_list(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	json_t *list = json_array();

	for (int i = 0; i < w->group_count; i++) {
		if (scope_lists(r, w->groups[i].head.project))
			json_array_append_new(list, group_summary(w, &w->groups[i]));
	}
	reply_json(a, 200, json_pack("{s:o}", "summaries", list));
}

void groups_metadata(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	json_t *list = json_array();

	for (int i = 0; i < w->group_count; i++) {
		const struct object *o = &w->groups[i].head;

		if (scope_lists(r, o->project))
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:s}", "name", o->name, "uid", o->uid,
						"scope", o->project < 0 ? "tenant" : "project"));
	}
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

/* What a virtual cluster may have at most; 0: as much as it likes. */
json_t *render_limits(const struct group *g)
{
	return g->unlimited ? json_pack("{s:i, s:i}", "cpuMilliCore", 0, "overSubscription", 120)
			    : json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "cpu", GROUP_CORES,
					"cpuMilliCore", GROUP_CORES * 1000, "memory",
					GROUP_MEMORY_MIB, "memoryMiB", GROUP_MEMORY_MIB,
					"overSubscription", 120, "storageGiB", GROUP_STORAGE_GIB);
}

static json_t *group_json(const struct world *w, const struct group *g)
{
	json_t *config = json_pack("{s:s, s:o, s:s, s:o, s:s}", "endpointType", g->endpoint,
				   "hostClustersConfig", hosts_of(w, g, "clusterUid", NULL),
				   "kubernetesDistroType", "k3s", "limitConfig", render_limits(g),
				   "values", "# größer\n");

	return json_pack("{s:o, s:{s:o, s:o, s:o, s:s}, s:{s:b}, s:o}", "metadata",
			 render_meta(w, &g->head, NULL, "a cluster group"), "spec",
			 "clusterProfileTemplates", profiles_of_group(w, render_content),
			 "clusterRefs", hosts_of(w, g, "clusterUid", "clusterName"),
			 "clustersConfig", config, "type", "hostCluster", "status", "isActive",
			 !g->gone, "futureField", render_unknown());
}

static const struct group *open_group(struct request *r, struct reply *a)
{
	const struct object *o = scope_open(r, r->params[0], KIND_GROUP, r->route->permission, a);

	return o == NULL ? NULL : &r->sim->world->groups[o->index];
}

void group_read(struct request *r, struct reply *a)
{
	const struct group *g = open_group(r, a);

	if (g != NULL)
		reply_json(a, 200, group_json(r->sim->world, g));
}

static void put_cluster(struct request *r, struct buf *out, const void *item)
{
	struct world *w = r->sim->world;
	const struct cluster *c = item;

	buf_add(out, render_cluster(w, w->clusters[c->head.index], VIEW_SUMMARY));
}

void group_clusters(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	bool hosts = strcmp(r->segments[r->segment_count - 1], "hostClusters") == 0;
	struct list found = {.items = NULL};
	const struct group *g;
	struct page page;

	if (!page_read(r, PAGE_POST, &page, a))
		return;
	g = open_group(r, a);
	if (g == NULL)
		return;
	for (int i = 0; i < w->cluster_count; i++) {
		const struct cluster *c = w->clusters[i];
		bool in = hosts ? i == g->hosts[0] || i == g->hosts[1] : c->group == g->head.index;

		if (in && !c->deleted)
			list_add(&found, c);
	}
	page_reply(r, PAGE_POST, &page, found.items, found.count, put_cluster, a);
	list_free(&found);
}

/* ---- gateways ---- */

static json_t *overlord_json(const struct world *w, const struct overlord *o)
{
	bool running = strcmp(o->state, "Running") == 0;
	json_t *commands = json_pack(
		"[o]",
		json_sprintf("kubectl apply -f https://sim.example/join?token=sim-secret-join-%s",
			     o->head.uid));
	const char *account = o->account < 0 ? "" : w->accounts[o->account].head.uid;
	json_t *spec = json_pack("{s:s, s:s, s:n, s:b, s:b, s:s, s:s}", "cloudAccountUid", account,
				 "ipAddress", o->system ? "" : "10.10.0.5", "ipPools",
				 "isSelfHosted", !o->system, "isSystem", o->system,
				 "spectroClusterUid", "", "tenantUid", w->tenant_uid);

	return json_pack("{s:s, s:o, s:o, s:{s:s, s:b, s:b, s:{s:s, s:s, s:n}, s:o}, s:o}", "kind",
			 o->system ? "System" : "vsphere", "metadata",
			 render_meta(w, &o->head, NULL, NULL), "spec", spec, "status", "state",
			 o->state, "isActive", running, "isReady", running, "health", "state",
			 running ? "Healthy" : "", "agentVersion", "4.4.12", "conditions",
			 "kubectlCommands", commands, "futureField", render_unknown());
}

void overlords_list(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	char *name = request_query(r, "name");
	json_t *list = json_array();

	for (int i = 0; i < w->overlord_count; i++) {
		const struct overlord *o = &w->overlords[i];

		if (r->project == SCOPE_TENANT && !r->credential->admin)
			continue;
		if (name == NULL || strcmp(name, o->head.name) == 0)
			json_array_append_new(list, overlord_json(w, o));
	}
	free(name);
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

/* Gateways are the tenant's, and any scope may use them. */
static const struct overlord *open_overlord(struct request *r, struct reply *a)
{
	const struct object *o =
		scope_open_visible(r, r->params[0], KIND_OVERLORD, r->route->permission, a);

	return o == NULL ? NULL : &r->sim->world->overlords[o->index];
}

void overlord_read(struct request *r, struct reply *a)
{
	const struct overlord *o = open_overlord(r, a);

	if (o != NULL)
		reply_json(a, 200, overlord_json(r->sim->world, o));
}

/* The first few of a pool's free addresses stand for all of them. */
static json_t *free_addresses(const struct world *w, const struct ip_pool *pool)
{
	json_t *list = pool->available < 0 ? json_null() : json_array();
	int count = w->healed && pool->available == 0 ? 1 : pool->available;

	for (int i = 0; i < count; i++)
		json_array_append_new(list, json_sprintf("10.10.1.%d", 50 + i));
	return list;
}

static json_t *pool_json(const struct world *w, const struct overlord *o, int n)
{
	const struct ip_pool *addresses = ip_pool(n);
	char name[40];
	struct object pool = {.index = n, .project = SCOPE_TENANT, .name = name};
	json_t *users = json_array();
	json_t *spec;

	snprintf(name, sizeof(name), "pool %d/größe", n + 1);
	uid_make(w->seed, KIND_POOL, o->head.index * 16 + n, pool.uid);
	pool.created_ms = pool.modified_ms = o->head.created_ms;
	if (addresses->taken && w->cluster_count > 0)
		json_array_append_new(users, json_string(w->clusters[0]->head.uid));
	spec = json_pack("{s:{s:s, s:s, s:s, s:i, s:s, s:{s:[s, s], s:[s]}}, s:s, s:b}", "pool",
			 "start", addresses->start, "end", addresses->end, "subnet",
			 addresses->subnet, "prefix", 24, "gateway", "10.10.1.1", "nameserver",
			 "addresses", "10.10.1.2", "fd00::2", "search", "sim.example",
			 "priavetGatewayUid", o->head.uid, "restrictToSingleCluster",
			 addresses->restricted);
	return json_pack("{s:o, s:o, s:{s:[s], s:o, s:o, s:b}}", "metadata",
			 render_meta(w, &pool, NULL, NULL), "spec", spec, "status", "allottedIps",
			 "10.10.1.10", "associatedClusters", users, "availableIps",
			 free_addresses(w, addresses), "inUse", addresses->taken);
}

void overlord_pools(struct request *r, struct reply *a)
{
	const struct overlord *o = open_overlord(r, a);
	json_t *list;

	if (o == NULL)
		return;
	if (o->pool_count == 0) {
		reply_error(a, 404, "ResourceNotFound", "no IP pools for gateway %s", o->head.uid);
		return;
	}
	list = json_array();
	for (int n = 0; n < o->pool_count; n++)
		json_array_append_new(list, pool_json(r->sim->world, o, n));
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}
