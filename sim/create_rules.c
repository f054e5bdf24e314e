/* What a cluster entity must look like: the schema as a table, and the rules behind it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "create.h"
#include "render.h"

/* ---- the schema ---- */

#define EKS     (1u << CLOUD_EKS)
#define AWS     (1u << CLOUD_AWS)
#define AKS     (1u << CLOUD_AKS)
#define AZURE   (1u << CLOUD_AZURE)
#define VSPHERE (1u << CLOUD_VSPHERE)
#define VIRTUAL (1u << CLOUD_VIRTUAL)
#define PUBLIC  (EKS | AWS | AKS | AZURE)
#define NODES   (PUBLIC | VSPHERE)
#define ALL     (NODES | VIRTUAL)

#define POOL "spec.machinepoolconfig[]."

/* Types as Palette's Swagger document has them; booleans are JSON_TRUE here. */
static const struct member {
	const char *path; /* "[]" is every item; below what is absent nothing is required */
	json_type type;
	unsigned clouds;
	bool optional; /* only its type is checked, if it is there */
} members[] = {
	{"metadata", JSON_OBJECT, ALL},
	{"metadata.name", JSON_STRING, ALL},
	{"spec", JSON_OBJECT, ALL},
	{"spec.cloudType", JSON_STRING, AWS | AKS | AZURE | VIRTUAL},
	{"spec.cloudAccountUid", JSON_STRING, PUBLIC},
	{"spec.cloudConfig", JSON_OBJECT, NODES},
	{"spec.cloudConfig.region", JSON_STRING, EKS | AWS},
	{"spec.cloudConfig.subscriptionId", JSON_STRING, AKS | AZURE},
	{"spec.cloudConfig.location", JSON_STRING, AKS | AZURE},
	{"spec.cloudConfig.sshKey", JSON_STRING, AKS | AZURE},
	{"spec.cloudConfig.placement", JSON_OBJECT, VSPHERE},
	{"spec.clusterConfig", JSON_OBJECT, VIRTUAL},
	{"spec.machinepoolconfig", JSON_ARRAY, ALL},
	{POOL "cloudConfig", JSON_OBJECT, AWS | AKS | AZURE | VSPHERE | VIRTUAL},
	{POOL "cloudConfig.instanceType", JSON_STRING, AWS},
	{POOL "cloudConfig.instanceType", JSON_OBJECT, VSPHERE | VIRTUAL},
	{POOL "cloudConfig.instanceType.numCPUs", JSON_INTEGER, VSPHERE},
	{POOL "cloudConfig.instanceType.memoryMiB", JSON_INTEGER, VSPHERE},
	{POOL "cloudConfig.instanceType.diskGiB", JSON_INTEGER, VSPHERE},
	{POOL "cloudConfig.placements[].network.networkName", JSON_STRING, VSPHERE},
	{POOL "poolConfig", JSON_OBJECT, NODES},
	{POOL "poolConfig.name", JSON_STRING, NODES},
	{POOL "poolConfig.size", JSON_INTEGER, NODES},
	{POOL "poolConfig.labels", JSON_ARRAY, NODES},
	{"spec.profiles[].variables[].name", JSON_STRING, ALL},
	{"spec.profiles[].packValues[].name", JSON_STRING, ALL},
	{"spec.fargateProfiles[].name", JSON_STRING, EKS},

	{"metadata.labels", JSON_OBJECT, ALL, true},
	{"metadata.annotations", JSON_OBJECT, ALL, true},
	{"spec.cloudType", JSON_STRING, EKS | VSPHERE, true},
	{"spec.cloudAccountUid", JSON_STRING, VSPHERE, true},
	{"spec.clusterConfig", JSON_OBJECT, NODES, true},
	{"spec.policies", JSON_OBJECT, ALL, true},
	{"spec.profiles", JSON_ARRAY, ALL, true},
	{"spec.profiles[].uid", JSON_STRING, ALL, true},
	{"spec.profiles[].variables", JSON_ARRAY, ALL, true},
	{"spec.profiles[].variables[].value", JSON_STRING, ALL, true},
	{"spec.profiles[].packValues", JSON_ARRAY, ALL, true},
	{"spec.cloudConfig.vpcId", JSON_STRING, EKS | AWS, true},
	{"spec.cloudConfig.sshKeyName", JSON_STRING, EKS | AWS, true},
	{"spec.cloudConfig.bastionDisabled", JSON_TRUE, EKS, true},
	{"spec.cloudConfig.endpointAccess", JSON_OBJECT, EKS, true},
	{"spec.cloudConfig.endpointAccess.public", JSON_TRUE, EKS, true},
	{"spec.cloudConfig.endpointAccess.private", JSON_TRUE, EKS, true},
	{"spec.cloudConfig.endpointAccess.publicCIDRs", JSON_ARRAY, EKS, true},
	{"spec.cloudConfig.encryptionConfig", JSON_OBJECT, EKS, true},
	{"spec.fargateProfiles", JSON_ARRAY, EKS, true},
	{"spec.cloudConfig.controlPlaneLoadBalancer", JSON_STRING, AWS, true},
	{"spec.cloudConfig.resourceGroup", JSON_STRING, AKS | AZURE, true},
	{"spec.cloudConfig.apiServerAccessProfile", JSON_OBJECT, AKS, true},
	{"spec.cloudConfig.vnetName", JSON_STRING, AKS | AZURE, true},
	{"spec.cloudConfig.controlPlaneSubnet", JSON_OBJECT, AKS | AZURE, true},
	{"spec.cloudConfig.workerSubnet", JSON_OBJECT, AKS | AZURE, true},
	{"spec.cloudConfig.placement.datacenter", JSON_STRING, VSPHERE, true},
	{"spec.cloudConfig.placement.folder", JSON_STRING, VSPHERE, true},
	{"spec.cloudConfig.sshKeys", JSON_ARRAY, VSPHERE, true},
	{"spec.cloudConfig.ntpServers", JSON_ARRAY, VSPHERE, true},
	{"spec.cloudConfig.staticIp", JSON_TRUE, VSPHERE, true},
	{"spec.cloudConfig.controlPlaneEndpoint", JSON_OBJECT, VSPHERE, true},
	{"spec.cloudConfig.controlPlaneEndpoint.type", JSON_STRING, VSPHERE, true},
	{"spec.cloudConfig.controlPlaneEndpoint.host", JSON_STRING, VSPHERE, true},
	{"spec.cloudConfig", JSON_OBJECT, VIRTUAL, true},
	{"spec.cloudConfig.kubernetesVersion", JSON_STRING, VIRTUAL, true},
	{"spec.clusterConfig.hostClusterConfig", JSON_OBJECT, VIRTUAL, true},
	{"spec.clusterConfig.hostClusterConfig.clusterGroup", JSON_OBJECT, VIRTUAL, true},
	{"spec.clusterConfig.hostClusterConfig.clusterGroup.uid", JSON_STRING, VIRTUAL, true},
	{"spec.clusterConfig.hostClusterConfig.clusterEndpoint", JSON_OBJECT, VIRTUAL, true},
	{POOL "cloudConfig", JSON_OBJECT, EKS, true},
	{POOL "cloudConfig.instanceType", JSON_STRING, EKS | AKS | AZURE, true},
	{POOL "cloudConfig.rootDeviceSize", JSON_INTEGER, EKS | AWS, true},
	{POOL "cloudConfig.capacityType", JSON_STRING, EKS | AWS, true},
	{POOL "cloudConfig.amiType", JSON_STRING, EKS, true},
	{POOL "cloudConfig.azs", JSON_ARRAY, PUBLIC, true},
	{POOL "cloudConfig.subnets", JSON_ARRAY, EKS | AWS, true},
	{POOL "cloudConfig.osDisk", JSON_OBJECT, AKS | AZURE, true},
	{POOL "cloudConfig.osDisk.diskSizeGB", JSON_INTEGER, AKS | AZURE, true},
	{POOL "cloudConfig.isSystemNodePool", JSON_TRUE, AKS | AZURE, true},
	{POOL "managedPoolConfig", JSON_OBJECT, AKS | AZURE, true},
	{POOL "managedPoolConfig.isSystemNodePool", JSON_TRUE, AKS | AZURE, true},
	{POOL "cloudConfig.placements", JSON_ARRAY, VSPHERE, true},
	{POOL "cloudConfig.placements[].cluster", JSON_STRING, VSPHERE, true},
	{POOL "cloudConfig.placements[].resourcePool", JSON_STRING, VSPHERE, true},
	{POOL "cloudConfig.placements[].datastore", JSON_STRING, VSPHERE, true},
	{POOL "cloudConfig.placements[].network", JSON_OBJECT, VSPHERE, true},
	{POOL "cloudConfig.placements[].network.staticIp", JSON_TRUE, VSPHERE, true},
	{POOL "cloudConfig.placements[].network.parentPoolUid", JSON_STRING, VSPHERE, true},
	{POOL "cloudConfig.instanceType.minCPU", JSON_INTEGER, VIRTUAL, true},
	{POOL "cloudConfig.instanceType.maxCPU", JSON_INTEGER, VIRTUAL, true},
	{POOL "cloudConfig.instanceType.minMemInMiB", JSON_INTEGER, VIRTUAL, true},
	{POOL "cloudConfig.instanceType.maxMemInMiB", JSON_INTEGER, VIRTUAL, true},
	{POOL "cloudConfig.instanceType.minStorageGiB", JSON_INTEGER, VIRTUAL, true},
	{POOL "cloudConfig.instanceType.maxStorageGiB", JSON_INTEGER, VIRTUAL, true},
	{POOL "poolConfig.isControlPlane", JSON_TRUE, NODES, true},
	{POOL "poolConfig.useControlPlaneAsWorker", JSON_TRUE, NODES, true},
	{POOL "poolConfig.additionalLabels", JSON_OBJECT, NODES, true},
	{POOL "poolConfig.additionalAnnotations", JSON_OBJECT, NODES, true},
	{POOL "poolConfig.taints", JSON_ARRAY, NODES, true},
	{POOL "poolConfig.taints[].key", JSON_STRING, NODES, true},
	{POOL "poolConfig.taints[].value", JSON_STRING, NODES, true},
	{POOL "poolConfig.taints[].effect", JSON_STRING, NODES, true},
	{POOL "poolConfig.minSize", JSON_INTEGER, NODES, true},
	{POOL "poolConfig.maxSize", JSON_INTEGER, NODES, true},
	{POOL "poolConfig.updateStrategy", JSON_OBJECT, NODES, true},
	{POOL "poolConfig.updateStrategy.type", JSON_STRING, NODES, true},
	{POOL "poolConfig.nodeRepaveInterval", JSON_INTEGER, NODES, true},
};

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_TRUE:
		return "boolean";
	default:
		return "integer";
	}
}

static bool has_type(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

/* The value itself, at the end of a path. */
static bool check_value(const json_t *value, const struct member *m, const char *shown,
			struct reply *a)
{
	bool missing = value == NULL || json_is_null(value);
	bool empty = json_is_string(value) && json_string_length(value) == 0;

	if (m->optional ? missing : missing || empty) {
		if (!m->optional)
			reply_router_error(a, 422, 602, "%s in body is required", shown);
		return m->optional;
	}
	if (has_type(value, m->type))
		return true;
	reply_router_error(a, 422, 601, "%s in body must be of type %s", shown, type_name(m->type));
	return false;
}

/* shown grows with the path, with numbers where the path has "[]". */
static bool check_path(const json_t *at, const char *path, const struct member *m,
		       const char *shown, struct reply *a)
{
	size_t len = strcspn(path, ".[");
	bool each = path[len] == '[';
	const char *rest = path + len + (each ? 3 : 1);
	char name[64];
	char here[256];
	const json_t *value;
	size_t i;
	json_t *item;

	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	snprintf(here, sizeof(here), "%s%s%s", shown, shown[0] != '\0' ? "." : "", name);
	value = json_object_get(at, name);
	if (path[len] == '\0')
		return check_value(value, m, here, a);
	if (value == NULL || json_is_null(value))
		return true; /* whether it must be there is said by another row */
	if (!each)
		return check_path(value, rest, m, here, a);
	json_array_foreach(value, i, item)
	{
		char numbered[300];

		snprintf(numbered, sizeof(numbered), "%s.%zu", here, i);
		if (!check_path(item, rest, m, numbered, a))
			return false;
	}
	return true;
}

bool create_check_schema(struct request *r, enum cloud cloud, struct reply *a)
{
	if (r->json == NULL) {
		reply_router_error(a, 422, 602, "body in body is required");
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if ((members[i].clouds & 1u << cloud) != 0 &&
		    !check_path(r->json, members[i].path, &members[i], "", a))
			return false;
	}
	return true;
}

/* ---- the rules behind it ---- */

/* What the checks look at, and what they find. */
struct check {
	struct request *r;
	enum cloud cloud;
	const json_t *spec;
	const json_t *config;
	const json_t *pools;
	json_t *found;
};

static void find(struct check *k, const char *about, const char *name, const char *code,
		 const char *format, ...) PRINTF_LIKE(5, 6);

static void find(struct check *k, const char *about, const char *name, const char *code,
		 const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	json_array_append_new(k->found,
			      json_pack("{s:s, s:s, s:s, s:o}", "about", about, "name", name,
					"code", code, "message", sim_string(message)));
}

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s == NULL ? "" : s;
}

static bool is_dns_label(const char *s)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(s);

	return len > 0 && len <= 63 && strspn(s, inside) == len && s[0] != '-' && s[len - 1] != '-';
}

static void check_identity(struct check *k)
{
	const char *name = string_of(json_object_get(k->r->json, "metadata"), "name");
	const char *type = string_of(k->spec, "cloudType");

	if (!is_dns_label(name))
		find(k, "spec", "metadata.name", "InvalidClusterName",
		     "metadata.name is not a DNS label of at most 63 characters");
	if (type[0] != '\0' && strcmp(type, clouds[k->cloud].type) != 0)
		find(k, "spec", "spec.cloudType", "InvalidCloudType",
		     "spec.cloudType must be %s here", clouds[k->cloud].type);
}

/* Whether what lies in that scope may be used by the cluster that is to be made. */
static bool usable(const struct check *k, const struct object *o)
{
	return o->project < 0 || o->project == k->r->project;
}

static void check_account(struct check *k)
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
}

/* ---- profiles ---- */

static bool declares(const struct world *w, int profile, const char *variable)
{
	const char *name;
	bool needed;

	for (size_t n = 0; profile_variable(w, profile, n, &name, &needed); n++) {
		if (strcmp(name, variable) == 0)
			return true;
	}
	return false;
}

static bool is_given(const json_t *variables, const char *name)
{
	size_t i;
	json_t *one;

	json_array_foreach(variables, i, one)
	{
		if (strcmp(string_of(one, "name"), name) == 0)
			return true;
	}
	return false;
}

static void check_variables(struct check *k, const json_t *entry, int profile)
{
	const struct world *w = k->r->sim->world;
	const char *uid = w->profiles[profile].head.uid;
	const json_t *variables = json_object_get(entry, "variables");
	const char *name;
	bool needed;
	size_t i;
	json_t *one;

	json_array_foreach(variables, i, one)
	{
		if (!declares(w, profile, string_of(one, "name")))
			find(k, "profile", uid, "InvalidProfileVariable",
			     "spec.profiles variable \"%.60s\" is not declared by profile %s",
			     string_of(one, "name"), uid);
		if (!json_is_string(json_object_get(one, "value")))
			find(k, "profile", uid, "InvalidProfileVariable",
			     "spec.profiles variable \"%.60s\" must have a string value",
			     string_of(one, "name"));
	}
	for (size_t n = 0; profile_variable(w, profile, n, &name, &needed); n++) {
		if (needed && !is_given(variables, name))
			find(k, "profile", uid, "ProfileVariableRequired",
			     "spec.profiles variable \"%s\" of profile %s has no value", name, uid);
	}
}

/* Returns whether it brings the infrastructure: an infra profile or a full one. */
static bool check_profile(struct check *k, const json_t *entry)
{
	const char *uid = string_of(entry, "uid");
	struct world *w = k->r->sim->world;
	const struct object *o = world_find(w, uid, KIND_PROFILE);
	const struct family *f;

	if (o == NULL || !usable(k, o)) {
		find(k, "profile", uid, "InvalidClusterProfile",
		     "spec.profiles uid \"%.40s\" is no profile of this scope", uid);
		return false;
	}
	f = &w->families[w->profiles[o->index].family];
	if (!w->profiles[o->index].published)
		find(k, "profile", uid, "InvalidClusterProfile",
		     "spec.profiles uid %s is not published", uid);
	check_variables(k, entry, o->index);
	return strcmp(f->type, "add-on") != 0;
}

static void check_profiles(struct check *k)
{
	const json_t *list = json_object_get(k->spec, "profiles");
	size_t bases = 0;
	size_t i;
	json_t *entry;

	if (json_array_size(list) > MAX_PROFILES_OF_CLUSTER)
		find(k, "spec", "spec.profiles", "InvalidClusterProfile",
		     "spec.profiles has more than %d entries", MAX_PROFILES_OF_CLUSTER);
	json_array_foreach(list, i, entry)
	{
		bool base = check_profile(k, entry);

		bases += base;
		if (base && i > 0)
			find(k, "profile", string_of(entry, "uid"), "InvalidClusterProfile",
			     "spec.profiles: the infrastructure profile must come first");
	}
	if (k->cloud == CLOUD_VIRTUAL && bases > 0)
		find(k, "spec", "spec.profiles", "InvalidClusterProfile",
		     "spec.profiles of a virtual cluster may only be add-ons");
	if (k->cloud != CLOUD_VIRTUAL && bases != 1)
		find(k, "spec", "spec.profiles", "InvalidClusterProfile",
		     "spec.profiles needs exactly one infrastructure or full profile");
}

/* ---- machine pools ---- */

static bool is_control_plane(const json_t *pool)
{
	return json_is_true(json_object_get(json_object_get(pool, "poolConfig"), "isControlPlane"));
}

static void check_pool_size(struct check *k, const json_t *pool, const char *name)
{
	const json_t *config = json_object_get(pool, "poolConfig");
	json_int_t size = json_integer_value(json_object_get(config, "size"));
	bool has_min = json_object_get(config, "minSize") != NULL;
	bool has_max = json_object_get(config, "maxSize") != NULL;

	if (!is_dns_label(name))
		find(k, "pool", name, "InvalidMachinePool",
		     "poolConfig.name %.60s is not a DNS label", name);
	if (size < 0 || size > 1000)
		find(k, "pool", name, "InvalidPoolSize", "poolConfig.size of %.60s is out of range",
		     name);
	if (has_min != has_max)
		find(k, "pool", name, "InvalidPoolSize",
		     "poolConfig.minSize and maxSize of %.60s go together", name);
	if (is_control_plane(pool) && k->cloud != CLOUD_EKS && size != 1 && size != 3 && size != 5)
		find(k, "pool", name, "InvalidPoolSize",
		     "poolConfig.size of control plane %.60s must be 1, 3 or 5", name);
}

static void check_pool_cloud(struct check *k, const json_t *pool, const char *name)
{
	const json_t *config = json_object_get(pool, "cloudConfig");
	json_int_t disk = json_integer_value(json_object_get(config, "rootDeviceSize"));
	bool fits = k->cloud != CLOUD_EKS || is_control_plane(pool) ||
		    (string_of(config, "instanceType")[0] != '\0' && disk >= 1 && disk <= 2000);

	if (!fits)
		find(k, "pool", name, "InvalidMachinePool",
		     "cloudConfig.instanceType and rootDeviceSize (1 to 2000) of %.60s are needed",
		     name);
	if ((k->cloud == CLOUD_AKS || k->cloud == CLOUD_AZURE) &&
	    string_of(config, "instanceType")[0] == '\0')
		find(k, "pool", name, "InvalidMachinePool",
		     "cloudConfig.instanceType of %.60s is needed", name);
	if (k->cloud == CLOUD_AKS &&
	    (strlen(name) > 12 ||
	     strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name)))
		find(k, "pool", name, "InvalidMachinePool",
		     "poolConfig.name %.60s: at most 12 lower-case letters and digits", name);
}

/* vSphere: each pool says where its machines go. */
static void check_placement(struct check *k, const json_t *pool, const char *name)
{
	static const char *const keys[] = {"cluster", "datastore"};
	const json_t *placement = json_array_get(
		json_object_get(json_object_get(pool, "cloudConfig"), "placements"), 0);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (string_of(placement, keys[i])[0] == '\0')
			find(k, "pool", name, "InvalidMachinePool",
			     "cloudConfig.placements.0.%s of %.60s is needed", keys[i], name);
	}
	if (json_object_get(placement, "network") == NULL)
		find(k, "pool", name, "InvalidMachinePool",
		     "cloudConfig.placements.0.network of %.60s is needed", name);
}

static void check_taints(struct check *k, const json_t *pool, const char *name)
{
	const json_t *taints = json_object_get(json_object_get(pool, "poolConfig"), "taints");
	size_t i;
	json_t *taint;

	json_array_foreach(taints, i, taint)
	{
		const char *effect = string_of(taint, "effect");

		if (strcmp(effect, "NoSchedule") != 0 && strcmp(effect, "PreferNoSchedule") != 0 &&
		    strcmp(effect, "NoExecute") != 0)
			find(k, "pool", name, "InvalidMachinePool",
			     "poolConfig.taints.%zu.effect of %.60s is not a known effect", i,
			     name);
	}
}

static void check_pool_names(struct check *k)
{
	size_t i;
	json_t *pool;

	json_array_foreach(k->pools, i, pool)
	{
		const char *name = string_of(json_object_get(pool, "poolConfig"), "name");

		for (size_t n = 0; n < i; n++) {
			const json_t *other =
				json_object_get(json_array_get(k->pools, n), "poolConfig");

			if (strcmp(string_of(other, "name"), name) == 0)
				find(k, "pool", name, "InvalidMachinePool",
				     "poolConfig.name %.60s is there twice", name);
		}
	}
}

static void check_pools(struct check *k)
{
	size_t count = json_array_size(k->pools);
	size_t control_planes = 0;
	size_t system_pools = 0;
	size_t i;
	json_t *pool;

	if (count == 0 || count > MAX_POOLS) {
		find(k, "spec", "spec.machinepoolconfig", "InvalidMachinePool",
		     "spec.machinepoolconfig needs 1 to %d pools", MAX_POOLS);
		return;
	}
	if (k->cloud == CLOUD_VIRTUAL)
		return;
	check_pool_names(k);
	json_array_foreach(k->pools, i, pool)
	{
		const char *name = string_of(json_object_get(pool, "poolConfig"), "name");

		check_pool_size(k, pool, name);
		check_pool_cloud(k, pool, name);
		check_taints(k, pool, name);
		if (k->cloud == CLOUD_VSPHERE)
			check_placement(k, pool, name);
		control_planes += is_control_plane(pool);
		system_pools += json_is_true(json_object_get(
			json_object_get(pool, "managedPoolConfig"), "isSystemNodePool"));
	}
	if (control_planes == 0 && k->cloud != CLOUD_EKS && k->cloud != CLOUD_AKS)
		find(k, "spec", "spec.machinepoolconfig", "InvalidMachinePool",
		     "spec.machinepoolconfig needs a control-plane pool");
	if (control_planes > 0 && k->cloud == CLOUD_AKS)
		find(k, "spec", "spec.machinepoolconfig", "InvalidMachinePool",
		     "spec.machinepoolconfig of aks has no control-plane pool");
	if (system_pools == 0 && k->cloud == CLOUD_AKS)
		find(k, "spec", "spec.machinepoolconfig", "InvalidMachinePool",
		     "spec.machinepoolconfig needs a pool with isSystemNodePool");
}

/* ---- each cloud's own ---- */

static void need_config(struct check *k, const char *key)
{
	if (string_of(k->config, key)[0] == '\0')
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.%s is needed", key);
}

static void check_vsphere(struct check *k)
{
	const json_t *placement = json_object_get(k->config, "placement");
	const json_t *endpoint = json_object_get(k->config, "controlPlaneEndpoint");

	if (string_of(placement, "datacenter")[0] == '\0' ||
	    string_of(placement, "folder")[0] == '\0')
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.placement needs datacenter and folder");
	if (json_array_size(json_object_get(k->config, "sshKeys")) == 0)
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.sshKeys needs at least one key");
	if (string_of(endpoint, "type")[0] == '\0')
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig.controlPlaneEndpoint.type is needed");
}

static void check_virtual(struct check *k)
{
	struct world *w = k->r->sim->world;
	const json_t *host_config =
		json_object_get(json_object_get(k->spec, "clusterConfig"), "hostClusterConfig");
	const char *group = string_of(json_object_get(host_config, "clusterGroup"), "uid");
	const char *host = string_of(json_object_get(host_config, "hostCluster"), "uid");
	const struct object *o = group[0] != '\0' ? world_find(w, group, KIND_GROUP)
						  : world_find(w, host, KIND_CLUSTER);

	if (o == NULL || !usable(k, o))
		find(k, "spec", "spec.clusterConfig", "InvalidClusterGroup",
		     "spec.clusterConfig.hostClusterConfig needs the uid of a cluster group or a "
		     "host cluster of this scope");
}

static void check_cloud(struct check *k)
{
	if (strlen(string_of(k->config, "region")) > 63 ||
	    strlen(string_of(k->config, "location")) > 63)
		find(k, "spec", "spec.cloudConfig", "InvalidCloudConfig",
		     "spec.cloudConfig names a region that no cloud has");
	switch (k->cloud) {
	case CLOUD_AWS:
		need_config(k, "sshKeyName");
		break;
	case CLOUD_AKS:
	case CLOUD_AZURE:
		need_config(k, "resourceGroup");
		break;
	case CLOUD_VSPHERE:
		check_vsphere(k);
		break;
	case CLOUD_VIRTUAL:
		check_virtual(k);
		break;
	default:
		break;
	}
}

json_t *create_findings(struct request *r, enum cloud cloud)
{
	const json_t *spec = json_object_get(r->json, "spec");
	struct check k = {
		.r = r,
		.cloud = cloud,
		.spec = spec,
		.config = json_object_get(spec, "cloudConfig"),
		.pools = json_object_get(spec, "machinepoolconfig"),
		.found = json_array(),
	};

	check_identity(&k);
	check_account(&k);
	check_cloud(&k);
	check_profiles(&k);
	check_pools(&k);
	return k.found;
}
