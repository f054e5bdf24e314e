/* A cluster's cloud configuration: its machine pools by name, and the machines in them. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "handlers.h"
#include "render.h"

/* ---- which one ---- */

/* Virtual clusters are of type `nested` and stand under `virtual`. */
static const char *segment_of(enum cloud cloud)
{
	return cloud == CLOUD_VIRTUAL ? "virtual" : clouds[cloud].type;
}

/* A configuration lies in its cluster's scope, and is found under its own cloud only. */
static struct cluster *open_config(struct request *r, struct reply *a)
{
	struct world *w = r->sim->world;
	const char *uid = r->params[0];
	const struct object *o;
	struct cluster *c;
	int index;

	if (!uid_is_valid(uid)) {
		reply_error(a, 400, "InvalidUid", "uid is not valid");
		return NULL;
	}
	index = uid_index(w, uid, KIND_CONFIG);
	if (index < 0 || index >= w->cluster_count ||
	    strcmp(segment_of(w->clusters[index]->cloud), r->segments[2]) != 0) {
		reply_error(a, 404, "ResourceNotFound", "cloud config %s was not found", uid);
		return NULL;
	}
	c = w->clusters[index];
	o = scope_open(r, c->head.uid, KIND_CLUSTER, r->route->permission, a);
	return o == NULL ? NULL : c;
}

static const struct machine_pool *open_pool(struct request *r, const struct cluster *c,
					    struct reply *a)
{
	for (int i = 0; i < c->pool_count; i++) {
		if (strcmp(c->pools[i].name, r->params[1]) == 0)
			return &c->pools[i];
	}
	reply_error(a, 404, "MachinePoolNotFound", "machine pool %.100s was not found",
		    r->params[1]);
	return NULL;
}

/* ---- the configuration ---- */

static bool is_azure(const struct cluster *c)
{
	return c->cloud == CLOUD_AKS || c->cloud == CLOUD_AZURE;
}

static json_t *instance_type(const struct cluster *c)
{
	switch (c->cloud) {
	case CLOUD_VSPHERE:
		return json_pack("{s:i, s:i, s:i}", "numCPUs", 4, "memoryMiB", 8192, "diskGiB", 60);
	case CLOUD_VIRTUAL:
		return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "minCPU", 4, "maxCPU", 4,
				 "minMemInMiB", 8192, "maxMemInMiB", 8192, "minStorageGiB", 20,
				 "maxStorageGiB", 20);
	default:
		return json_string(is_azure(c) ? "Standard_D4s_v5" : "t3.xlarge");
	}
}

static json_t *pool_configs(const struct cluster *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->pool_count; i++) {
		const struct machine_pool *p = &c->pools[i];

		json_array_append_new(
			list, json_pack("{s:s, s:i, s:i, s:i, s:b, s:b, s:[s], s:{s:s}, s:n, s:o}",
					"name", p->name, "size", p->size, "minSize", p->size,
					"maxSize", p->size, "isControlPlane", p->control_plane,
					"useControlPlaneAsWorker", 0, "labels",
					p->control_plane ? "control-plane" : "worker",
					"additionalLabels", "role", p->control_plane ? "cp" : "w",
					"taints", "instanceType", instance_type(c)));
	}
	return list;
}

static json_t *placement(const struct cluster *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:b}}", "datacenter", c->region, "cluster",
			 "cluster 1", "datastore", "store/1", "folder", "spc-folder", "network",
			 "networkName", "VM Network", "staticIp", 0);
}

static json_t *cluster_config(const struct cluster *c)
{
	switch (c->cloud) {
	case CLOUD_EKS:
	case CLOUD_AWS:
		return json_pack("{s:s, s:s, s:s}", "region", c->region, "sshKeyName", "ops",
				 "vpcId", "vpc-0a");
	case CLOUD_AKS:
	case CLOUD_AZURE:
		return json_pack("{s:s, s:s, s:s, s:s}", "subscriptionId", "sim-subscription",
				 "location", c->region, "sshKey", "ssh-ed25519 AAAA ops",
				 "resourceGroup", "group");
	case CLOUD_VSPHERE:
		return json_pack("{s:o, s:[s], s:b}", "placement", placement(c), "sshKeys",
				 "ssh-ed25519 AAAA ops", "staticIp", 0);
	case CLOUD_VIRTUAL:
		return json_pack("{s:s, s:n}", "kubernetesVersion", "1.28.9", "helmRelease");
	default:
		return json_pack("{s:s}", "region", c->region);
	}
}

void cloud_config(struct request *r, struct reply *a)
{
	struct world *w = r->sim->world;
	const struct cluster *c = open_config(r, a);
	char name[80];
	struct object o;
	json_t *spec, *config;

	if (c == NULL)
		return;
	o = c->head;
	snprintf(name, sizeof(name), "%s-config", c->head.uid);
	o.name = name;
	snprintf(o.uid, sizeof(o.uid), "%s", r->params[0]);
	spec = json_pack("{s:o, s:o}", "clusterConfig", cluster_config(c), "machinePoolConfig",
			 pool_configs(c));
	if (c->cloud == CLOUD_VIRTUAL)
		json_object_set_new(spec, "hostClusterUid",
				    json_string(c->host < 0 ? "" : w->clusters[c->host]->head.uid));
	else if (c->account >= 0)
		json_object_set_new(spec, "cloudAccountRef",
				    render_reference("cloudAccount",
						     w->accounts[c->account].head.name,
						     w->accounts[c->account].head.uid));
	config = json_pack("{s:s, s:s, s:o, s:o, s:o}", "apiVersion", "cluster.spectrocloud.com/v1",
			   "kind", segment_of(c->cloud), "metadata", render_meta(w, &o, NULL, NULL),
			   "spec", spec, "futureField", render_unknown());
	if (c->cloud != CLOUD_EKS) /* which alone has none */
		json_object_set_new(config, "status", json_pack("{s:n}", "conditions"));
	reply_json(a, 200, config);
}

/* ---- machines ---- */

enum { MACHINES_OF_CLUSTER = 512 }; /* their numbers; a larger pool's run into the next one's */

struct machine {
	const struct cluster *of;
	const struct machine_pool *pool;
	int n;
	char uid[UID_SIZE];
};

void machine_uid(const struct world *w, const struct cluster *c, int pool, int n,
		 char uid[UID_SIZE])
{
	int before = 0;

	for (int i = 0; i < pool; i++)
		before += c->pools[i].size;
	uid_make(w->seed, KIND_MACHINE, c->head.index * MACHINES_OF_CLUSTER + before + n, uid);
}

void machine_name(const struct cluster *c, int pool, int n, char *name, size_t size)
{
	snprintf(name, size, "%s-%s-%d", c->head.uid, c->pools[pool].name, n);
}

static void make_machine(const struct world *w, const struct cluster *c,
			 const struct machine_pool *p, int n, struct machine *m)
{
	*m = (struct machine){.of = c, .pool = p, .n = n};
	machine_uid(w, c, (int)(p - c->pools), n, m->uid);
}

static bool is_up(const struct machine *m)
{
	return m->n < m->pool->healthy;
}

static const char *machine_state(const struct machine *m)
{
	const char *state = m->of->state;

	if (is_up(m) || m->of->health[0] != '\0')
		return strcmp(state, "Deleting") == 0 ? "Deleting" : "Running";
	if (strcmp(state, "Error") == 0)
		return m->n == 0 ? "Failed" : "Provisioned";
	return strcmp(state, "Pending") == 0 ? "Pending" : "Provisioning";
}

static json_t *machine_condition(const char *type, bool set, const char *reason,
				 const char *message)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "type", type, "status", set ? "True" : "False",
			 "reason", reason, "message", message);
}

/* A node's conditions are well when Ready is True and the pressures are False. */
static json_t *machine_health(const struct machine *m)
{
	bool up = is_up(m);
	json_t *conditions;

	if (m->of->health[0] == '\0')
		return json_pack("{s:s, s:s, s:n}", "state", "", "lastHeartBeatTimestamp", NO_TIME,
				 "conditions");
	conditions = json_array();
	json_array_append_new(
		conditions, machine_condition("Ready", up, up ? "KubeletReady" : "KubeletNotReady",
					      up ? "kubelet is posting ready status"
						 : "kubelet stopped posting: löst nicht aus"));
	json_array_append_new(
		conditions,
		machine_condition("DiskPressure", !up,
				  up ? "KubeletHasNoDiskPressure" : "KubeletHasDiskPressure", ""));
	return json_pack("{s:s, s:o, s:o}", "state", up ? "Healthy" : "UnHealthy",
			 "lastHeartBeatTimestamp", render_time(m->of->head.modified_ms),
			 "conditions", conditions);
}

static json_t *machine_status(const struct machine *m)
{
	bool repaved = m->n == 3;

	return json_pack(
		"{s:b, s:s, s:o, s:[{s:s, s:o}, {s:s, s:o}], s:{s:s, s:s, s:s}, s:o}", "ready",
		is_up(m), "instanceState", machine_state(m), "instanceStateLastUpdate",
		render_time(m->of->head.modified_ms), "addresses", "type", "InternalIP", "address",
		json_sprintf("10.%d.%d.%d", m->of->head.index % 256, m->n / 250, m->n % 250 + 1),
		"type", "Hostname", "address", json_sprintf("%s-%d", m->pool->name, m->n),
		"maintenanceStatus", "action", repaved ? "cordon" : "", "state",
		repaved ? "Complete" : "", "message", repaved ? "repaved" : "", "health",
		machine_health(m));
}

static json_t *machine_spec(const struct machine *m)
{
	const struct cluster *c = m->of;

	switch (c->cloud) {
	case CLOUD_EKS:
	case CLOUD_AWS:
		return json_pack("{s:o, s:s, s:s, s:s}", "instanceType", instance_type(c), "vpcId",
				 "vpc-0a", "ami", "ami-0123", "az", c->region);
	case CLOUD_AKS:
	case CLOUD_AZURE:
		return json_pack("{s:o, s:s, s:{s:i, s:s}}", "instanceType", instance_type(c),
				 "location", c->region, "osDisk", "diskSizeGB", 60, "osType",
				 "Linux");
	case CLOUD_VSPHERE:
		return json_pack("{s:s, s:[{s:s, s:i}], s:o, s:o}", "vcenterServer", "vc.example",
				 "nics", "networkName", "VM Network", "index", 0, "placement",
				 placement(c), "instanceType", instance_type(c));
	case CLOUD_VIRTUAL:
		return json_pack("{s:o}", "hostname", json_sprintf("virtual-%d", m->n));
	default:
		return json_object();
	}
}

static json_t *render_machine(const struct world *w, const struct machine *m)
{
	char name[100];
	struct object o = m->of->head;
	json_t *machine;

	machine_name(m->of, (int)(m->pool - m->of->pools), m->n, name, sizeof(name));
	o.name = name;
	o.index = m->n;
	snprintf(o.uid, sizeof(o.uid), "%s", m->uid);
	machine = json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", "Machine", "metadata",
			    render_meta(w, &o, NULL, NULL), "spec", machine_spec(m), "status",
			    machine_status(m), "futureField", render_unknown());
	if (m->of->cloud != CLOUD_VIRTUAL)
		json_object_set_new(machine, "apiVersion",
				    json_string("infra.spectrocloud.com/v1"));
	return machine;
}

static void put_machine(struct request *r, struct buf *out, const void *item)
{
	struct blob *b = blob_of_json(render_machine(r->sim->world, item));

	buf_add(out, blob_text(b));
	blob_unref(b);
}

/* How many there are: a cluster that is gone has none. */
static int machine_count(const struct cluster *c, const struct machine_pool *p)
{
	return c->deleted || p->size < 0 ? 0 : p->size;
}

void machines_list(struct request *r, struct reply *a)
{
	const struct cluster *c;
	const struct machine_pool *p;
	struct list found = {.items = NULL};
	struct machine *machines;
	struct page page;
	int count;

	if (!page_read(r, PAGE_GET, &page, a))
		return;
	c = open_config(r, a);
	p = c == NULL ? NULL : open_pool(r, c, a);
	if (p == NULL)
		return;
	count = machine_count(c, p);
	machines = heap_alloc(((size_t)count + 1) * sizeof(*machines));
	for (int i = 0; i < count; i++) {
		make_machine(r->sim->world, c, p, i, &machines[i]);
		list_add(&found, &machines[i]);
	}
	page_reply(r, PAGE_GET, &page, found.items, found.count, put_machine, a);
	list_free(&found);
	free(machines);
}

void machine_read(struct request *r, struct reply *a)
{
	const struct cluster *c = open_config(r, a);
	const struct machine_pool *p = c == NULL ? NULL : open_pool(r, c, a);
	struct machine m;

	if (p == NULL)
		return;
	for (int i = 0; i < machine_count(c, p); i++) {
		make_machine(r->sim->world, c, p, i, &m);
		if (strcmp(m.uid, r->params[2]) != 0)
			continue;
		reply_json(a, 200, render_machine(r->sim->world, &m));
		return;
	}
	reply_error(a, 404, "ResourceNotFound", "machine %.60s was not found", r->params[2]);
}
