/* What a cluster entity must look like: the schema, a row a member. */
#include <stdio.h>
#include <string.h>

#include "create.h"

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
