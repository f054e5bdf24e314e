/* Rules about where a new cluster goes: its account, its vSphere, its group. */
#include <string.h>

#include "create.h"
#include "render.h"

bool usable(const struct check *k, const struct object *o)
{
	return o->project < 0 || o->project == k->r->project;
}

void check_account(struct check *k)
{
	const char *uid = string_of(k->spec, "cloudAccountUid");
	struct world *w = k->r->sim->world;
	const struct object *o = world_find(w, uid, KIND_ACCOUNT);

	if (k->cloud == CLOUD_VIRTUAL) {
		if (uid[0] != '\0')
			find(k, "spec", "spec.cloudAccountUid", "InvalidCloudAccount",
			     "spec.cloudAccountUid is no property of a virtual cluster");
		return;
	}
	if (o == NULL || !usable(k, o) || w->accounts[o->index].type != clouds[k->cloud].account)
		find(k, "spec", "spec.cloudAccountUid", "InvalidCloudAccount",
		     "spec.cloudAccountUid names no %s account of this scope",
		     clouds[k->cloud].type);
	else if (strcmp(w->accounts[o->index].state, "Running") != 0)
		find(k, "spec", "spec.cloudAccountUid", "InvalidCloudAccount",
		     "spec.cloudAccountUid names an account in state %s",
		     w->accounts[o->index].state);
}

/* ---- vSphere ---- */

/* NULL: the account is a fault already. */
static const struct account *site_of(const struct check *k)
{
	struct world *w = k->r->sim->world;
	const struct object *o = world_find(w, string_of(k->spec, "cloudAccountUid"), KIND_ACCOUNT);

	if (o == NULL || w->accounts[o->index].type != ACCOUNT_VSPHERE)
		return NULL;
	return &w->accounts[o->index];
}

static bool runs(const struct overlord *o)
{
	return o->system || strcmp(o->state, "Running") == 0;
}

/* The pool of that uid among the gateway's; NULL if it is none of them. */
static const struct ip_pool *find_pool(const struct world *w, const struct overlord *o,
				       const char *uid)
{
	int index = uid_index(w, uid, KIND_POOL);

	if (index < 0 || index / 16 != o->head.index || index % 16 >= o->pool_count)
		return NULL;
	return ip_pool(index % 16);
}

static void check_addresses(struct check *k, const struct account *account, const json_t *network,
			    const char *name)
{
	const char *uid = string_of(network, "parentPoolUid");
	const struct world *w = k->r->sim->world;
	const struct ip_pool *pool;

	if (uid[0] == '\0' || account->overlord < 0)
		return;
	pool = find_pool(w, &w->overlords[account->overlord], uid);
	if (pool == NULL)
		find(k, "pool", name, "InvalidIpPool",
		     "network.parentPoolUid of %.60s is no pool of the private gateway", name);
	else if (pool->available == 0)
		find(k, "pool", name, "InvalidIpPool",
		     "network.parentPoolUid of %.60s has no free address", name);
	else if (pool->restricted && pool->taken)
		find(k, "pool", name, "InvalidIpPool",
		     "network.parentPoolUid of %.60s is kept for another cluster", name);
}

static void check_site(struct check *k, const json_t *placement, const char *name)
{
	const struct account *account = site_of(k);
	const json_t *network = json_object_get(placement, "network");
	const struct site_datacenter *d;
	const struct site_cluster *c;

	if (account == NULL)
		return;
	check_addresses(k, account, network, name);
	d = site_datacenter(account->site,
			    string_of(json_object_get(k->config, "placement"), "datacenter"));
	if (d == NULL)
		return; /* said once, of the whole cluster */
	c = site_cluster(d, string_of(placement, "cluster"));
	if (c == NULL) {
		find(k, "pool", name, "InvalidPlacement",
		     "placements.0.cluster of %.60s is not in datacenter %s", name, d->name);
		return;
	}
	if (!site_has(c->datastores, string_of(placement, "datastore")))
		find(k, "pool", name, "InvalidPlacement",
		     "placements.0.datastore of %.60s is not in cluster %s", name, c->name);
	if (!site_has(c->networks, string_of(network, "networkName")))
		find(k, "pool", name, "InvalidPlacement",
		     "placements.0.network of %.60s is not in cluster %s", name, c->name);
	if (!site_has(c->resource_pools, string_of(placement, "resourcePool")))
		find(k, "pool", name, "InvalidPlacement",
		     "placements.0.resourcePool of %.60s is not in cluster %s", name, c->name);
}

void check_placement(struct check *k, const json_t *pool, const char *name)
{
	static const char *const keys[] = {"cluster", "datastore"};
	const json_t *placement = json_array_get(
		json_object_get(json_object_get(pool, "cloudConfig"), "placements"), 0);
	bool complete = json_object_get(placement, "network") != NULL;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (string_of(placement, keys[i])[0] != '\0')
			continue;
		complete = false;
		find(k, "pool", name, "InvalidMachinePool",
		     "cloudConfig.placements.0.%s of %.60s is needed", keys[i], name);
	}
	if (json_object_get(placement, "network") == NULL)
		find(k, "pool", name, "InvalidMachinePool",
		     "cloudConfig.placements.0.network of %.60s is needed", name);
	if (complete)
		check_site(k, placement, name);
}

static void check_datacenter(struct check *k, const json_t *placement)
{
	const struct account *account = site_of(k);
	const struct site_datacenter *d;

	if (account == NULL)
		return;
	if (account->overlord >= 0 && !runs(&k->r->sim->world->overlords[account->overlord]))
		find(k, "spec", "spec.cloudAccountUid", "PrivateGatewayNotRunning",
		     "the private gateway of spec.cloudAccountUid is not running");
	d = site_datacenter(account->site, string_of(placement, "datacenter"));
	if (d == NULL)
		find(k, "spec", "spec.cloudConfig", "InvalidPlacement",
		     "spec.cloudConfig.placement.datacenter is no datacenter of the account");
	else if (!site_has(d->folders, string_of(placement, "folder")))
		find(k, "spec", "spec.cloudConfig", "InvalidPlacement",
		     "spec.cloudConfig.placement.folder is no folder of datacenter %s", d->name);
}

void check_vsphere(struct check *k)
{
	const json_t *placement = json_object_get(k->config, "placement");
	const json_t *endpoint = json_object_get(k->config, "controlPlaneEndpoint");

	if (string_of(placement, "datacenter")[0] == '\0' ||
	    string_of(placement, "folder")[0] == '\0')
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.placement needs datacenter and folder");
	else
		check_datacenter(k, placement);
	if (json_array_size(json_object_get(k->config, "sshKeys")) == 0)
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.sshKeys needs at least one key");
	if (string_of(endpoint, "type")[0] == '\0')
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.controlPlaneEndpoint.type is needed");
}

/* ---- virtual clusters ---- */

static void check_limit(struct check *k, const char *key, json_int_t most)
{
	const json_t *size = json_object_get(
		json_object_get(json_array_get(k->pools, 0), "cloudConfig"), "instanceType");
	json_int_t value = json_integer_value(json_object_get(size, key));

	if (value > most)
		find(k, "pool", "", "QuotaExceeded",
		     "cloudConfig.instanceType.%s is %lld, but the cluster group allows %lld", key,
		     (long long)value, (long long)most);
}

static void check_group(struct check *k, const struct group *g)
{
	if (g->gone)
		find(k, "spec", "spec.clusterConfig", "InvalidClusterGroup",
		     "spec.clusterConfig.hostClusterConfig names a cluster group that is gone");
	if (g->unlimited)
		return;
	check_limit(k, "maxCPU", GROUP_CORES);
	check_limit(k, "maxMemInMiB", GROUP_MEMORY_MIB);
	check_limit(k, "maxStorageGiB", GROUP_STORAGE_GIB);
}

void check_virtual(struct check *k)
{
	struct world *w = k->r->sim->world;
	const json_t *host_config =
		json_object_get(json_object_get(k->spec, "clusterConfig"), "hostClusterConfig");
	const char *group = string_of(json_object_get(host_config, "clusterGroup"), "uid");
	const char *host = string_of(json_object_get(host_config, "hostCluster"), "uid");
	bool by_group = group[0] != '\0';
	const struct object *o =
		by_group ? world_find(w, group, KIND_GROUP) : world_find(w, host, KIND_CLUSTER);

	if (o == NULL || !usable(k, o))
		find(k, "spec", "spec.clusterConfig", "InvalidClusterGroup",
		     "spec.clusterConfig.hostClusterConfig needs the uid of a cluster group or a "
		     "host cluster of this scope");
	else if (by_group)
		check_group(k, &w->groups[o->index]);
	else if (w->clusters[o->index]->deleted || w->clusters[o->index]->cloud == CLOUD_VIRTUAL)
		find(k, "spec", "spec.clusterConfig", "InvalidHostCluster",
		     "spec.clusterConfig.hostClusterConfig names no cluster that can be a host");
}
