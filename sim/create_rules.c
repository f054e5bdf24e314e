/* The rules behind the schema: what Palette wants of a cluster entity besides. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "create.h"
#include "render.h"

void find(struct check *k, const char *about, const char *name, const char *code,
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

const char *string_of(const json_t *object, const char *key)
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
		else if (!profile_takes(w, profile, string_of(one, "name"),
					string_of(one, "value")))
			find(k, "profile", uid, "InvalidProfileVariable",
			     "spec.profiles variable \"%.60s\" does not take this value",
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
	if (strcmp(f->cloud, clouds[k->cloud].type) != 0 && strcmp(f->cloud, "all") != 0)
		find(k, "profile", uid, "InvalidClusterProfile",
		     "spec.profiles uid %s is a profile for %s", uid, f->cloud);
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
