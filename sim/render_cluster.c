/* Clusters: as the three dashboard forms, and as the full object. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "render.h"

static bool is_running(const struct cluster *c)
{
	return strcmp(c->state, "Running") == 0 || strcmp(c->state, "Paused") == 0;
}

static bool is_unhealthy(const struct cluster *c)
{
	return strcasecmp(c->health, "unhealthy") == 0;
}

static json_t *location(const struct cluster *c)
{
	return json_pack("{s:[f, f], s:s, s:s, s:s, s:s}", "coordinates", 8.0, 47.5, "countryCode",
			 "CH", "countryName", "Schweiz/Suisse", "regionCode", c->region,
			 "regionName", c->region);
}

static const char *account_uid(const struct world *w, const struct cluster *c)
{
	return c->account < 0 ? "" : w->accounts[c->account].head.uid;
}

static const char *account_name(const struct world *w, const struct cluster *c)
{
	return c->account < 0 ? "" : w->accounts[c->account].head.name;
}

static json_t *meta_of(const struct world *w, const struct cluster *c)
{
	json_t *meta = render_meta(w, &c->head, c->labels, c->description);
	json_t *annotations = json_object_get(meta, "annotations");

	if (c->cloud == CLOUD_VSPHERE && w->overlord_count > 1)
		json_object_set_new(annotations, "overlordUid",
				    json_string(w->overlords[1].head.uid));
	if (c->head.index % 5 == 0)
		json_object_set_new(annotations, "spectroComponentsUpgradeForbidden",
				    json_string("true"));
	return meta;
}

static json_t *tags(const struct cluster *c)
{
	json_t *list = json_array();
	const char *key;
	json_t *value;

	json_object_foreach(c->labels, key, value)
	{
		if (strcmp(json_string_value(value), "spectro__tag") == 0)
			json_array_append_new(list, json_string(key));
		else
			json_array_append_new(list,
					      json_sprintf("%s:%s", key, json_string_value(value)));
	}
	return list;
}

static json_t *render_meta_item(const struct world *w, const struct cluster *c)
{
	return json_pack("{s:o, s:{s:[s], s:s, s:s, s:s, s:s, s:o, s:o}, s:{s:s}}", "metadata",
			 meta_of(w, c), "spec", "archType", c->head.index % 4 ? "amd64" : "arm64",
			 "cloudAccountUid", account_uid(w, c), "cloudRegion", c->region,
			 "cloudType", clouds[c->cloud].type, "clusterType", "PureManage",
			 "location", location(c), "tags", tags(c), "status", "state", c->state);
}

static json_t *pools(const struct cluster *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->pool_count; i++) {
		const struct machine_pool *p = &c->pools[i];

		json_array_append_new(
			list, json_pack("{s:s, s:i, s:i, s:b, s:[s], s:i, s:n}", "cloudType",
					clouds[c->cloud].type, "size", p->size, "healthy",
					p->healthy, "isControlPlane", p->control_plane, "labels",
					p->control_plane ? "control-plane" : "worker",
					"maintenanceMode", 0, "infraProfileTemplate"));
	}
	return list;
}

static json_t *cloud_config(const struct world *w, const struct cluster *c)
{
	char uid[UID_SIZE];

	uid_make(w->seed, KIND_CONFIG, c->head.index, uid);
	return json_pack("{s:s, s:s, s:o, s:n}", "cloudType", clouds[c->cloud].type, "uid", uid,
			 "machinePools", pools(c), "hybridMachinePools");
}

static json_t *templates(const struct world *w, const struct cluster *c, render_profile_as *render,
			 bool packs)
{
	json_t *list = json_array();

	for (int i = 0; i < c->profile_count; i++)
		json_array_append_new(list, render(w, c->profiles[i], packs));
	return list;
}

static json_t *first_template(const struct world *w, const struct cluster *c)
{
	return c->profile_count > 0 ? render_template(w, c->profiles[0], false) : json_null();
}

static json_t *group_reference(const struct world *w, const struct cluster *c)
{
	if (c->group < 0)
		return json_null();
	return render_reference("ClusterGroup", w->groups[c->group].head.name,
				w->groups[c->group].head.uid);
}

static json_t *host_reference(const struct world *w, const struct cluster *c)
{
	if (c->host < 0)
		return json_null();
	return render_reference("SpectroCluster", w->clusters[c->host]->head.name,
				w->clusters[c->host]->head.uid);
}

/* NULL for a state that is no part of pausing and resuming. */
static const char *lifecycle(const struct cluster *c)
{
	static const char *const words[] = {"Pausing", "Paused", "Resuming", "Running", "Error"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(c->state, words[i]) == 0)
			return words[i];
	}
	return NULL;
}

/* Also of hosts: what runs in them. */
static json_t *virtual_of(const struct world *w, const struct cluster *c)
{
	if (c->cloud != CLOUD_VIRTUAL)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:{s:s*, s:s}, s:n, s:n}", "state", c->state,
			 "clusterGroup", group_reference(w, c), "hostCluster", host_reference(w, c),
			 "lifecycleStatus", "status", lifecycle(c), "msg", "", "virtualClusters",
			 "appDeployments");
}

/* The last machine of the last pool: it is the one that is down. */
static json_t *sick_machine(const struct world *w, const struct cluster *c)
{
	char uid[UID_SIZE] = "";
	char name[100] = "";

	if (c->pool_count > 0) {
		int pool = c->pool_count - 1;

		machine_uid(w, c, pool, c->pools[pool].size - 1, uid);
		machine_name(c, pool, c->pools[pool].size - 1, name, sizeof(name));
	}
	return render_reference("machine", name, uid);
}

static json_t *health(const struct world *w, const struct cluster *c)
{
	json_t *conditions = json_null();

	if (is_unhealthy(c))
		conditions =
			json_pack("[{s:s, s:s, s:o}]", "type", "NodeNotReady", "message",
				  "node 1 löst nicht aus", "relatedObject", sick_machine(w, c));
	return json_pack("{s:s, s:s, s:o, s:o}", "state", c->health, "agentVersion",
			 c->health[0] != '\0' ? "4.4.12" : "", "lastHeartBeatTimestamp",
			 c->health[0] != '\0' ? render_time(c->head.modified_ms)
					      : json_string(NO_TIME),
			 "conditions", conditions);
}

static json_t *one_metric(const struct cluster *c, const char *unit, double total)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:s, s:o}", "limit", total, "request", total / 2,
			 "total", total, "usage", 1.0, "unit", unit, "lastUpdatedTime",
			 render_time(c->head.modified_ms));
}

static json_t *metrics(const struct cluster *c)
{
	return json_pack("{s:o, s:o}", "cpu", one_metric(c, "MilliCore", 4000.0), "memory",
			 one_metric(c, "KiB", 8388608.0));
}

static json_t *cost(void)
{
	return json_pack("{s:{s:f, s:f, s:f}, s:f}", "cloud", "compute", 0.25, "storage", 0.125,
			 "total", 0.375, "total", 0.375);
}

static json_t *project_meta(const struct world *w, const struct cluster *c)
{
	if (c->head.project < 0)
		return json_null();
	return json_pack("{s:s, s:s}", "name", w->projects[c->head.project].head.name, "uid",
			 w->projects[c->head.project].head.uid);
}

static json_t *render_summary(const struct world *w, const struct cluster *c)
{
	json_t *spec = json_pack(
		"{s:[s], s:{s:s, s:s}, s:o, s:{s:{s:o}, s:s}, s:o, s:o, s:o}", "archTypes",
		c->head.index % 4 ? "amd64" : "arm64", "cloudAccountMeta", "name",
		account_name(w, c), "uid", account_uid(w, c), "cloudConfig", cloud_config(w, c),
		"clusterConfig", "hostClusterConfig", "clusterGroup", group_reference(w, c),
		"timezone", "Europe/Zurich", "clusterProfileTemplate", first_template(w, c),
		"clusterProfileTemplates", templates(w, c, render_template, false), "projectMeta",
		project_meta(w, c));
	json_t *status = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:b}, s:{s:s}, s:n}",
				   "state", c->state, "health", health(w, c), "metrics", metrics(c),
				   "virtual", virtual_of(w, c), "location", location(c), "cost",
				   cost(), "hourlyRate", cost(), "notifications", "isAvailable",
				   c->head.index % 2, "fips", "mode", "none", "clusterImport");

	return json_pack("{s:o, s:o, s:o, s:o}", "metadata", meta_of(w, c), "specSummary", spec,
			 "status", status, "futureField", render_unknown());
}

static json_t *condition(const char *type, bool ok, const char *reason, const char *message)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "status",
			 ok ? "True" : "False", "reason", reason, "message", message,
			 "lastProbeTime", NO_TIME, "lastTransitionTime",
			 "2024-02-29T23:59:59.999Z");
}

static json_t *own_conditions(const struct cluster *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->own_condition_count; i++) {
		const struct own_condition *o = &c->own_conditions[i];
		json_t *one = condition(o->type, o->done, o->reason,
					o->message == NULL ? "" : o->message);

		json_object_set_new(one, "lastTransitionTime", render_time(o->changed_ms));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *conditions(const struct cluster *c)
{
	json_t *list = c->created ? own_conditions(c) : json_array();
	bool done = is_running(c);
	bool failed = strcmp(c->state, "Error") == 0;

	if (c->created)
		return list;
	json_array_append_new(list, condition("ImageResolutionDone", true, "", ""));
	json_array_append_new(
		list, condition("CloudInfrastructureReady", !failed, failed ? "QuotaExceeded" : "",
				failed ? "vCPU limit of region reached — \"0/8\"" : ""));
	json_array_append_new(list, condition("BootstrappingDone", done, "", ""));
	json_array_append_new(list, condition("KubeConfigReady", c->has_kubeconfig, "", ""));
	json_array_append_new(list, condition("WorkerNodeAdditionDone", done && !is_unhealthy(c),
					      is_unhealthy(c) ? "ConnectivityIssue" : "", ""));
	return list;
}

/* A pack's manifests, which have no kind here. */
static json_t *manifest_states(const json_t *pack)
{
	json_t *manifests = json_object_get(pack, "manifests");
	size_t i;
	json_t *one;

	json_array_foreach(manifests, i, one)
	{
		json_object_del(one, "kind");
	}
	return manifests;
}

static json_t *pack_states(const struct world *w, const struct cluster *c)
{
	json_t *list = json_array();

	for (int slot = 0; slot < c->profile_count; slot++) {
		json_t *packs = render_packs(w, c->profiles[slot], c, slot);
		size_t i;
		json_t *pack;

		json_array_foreach(packs, i, pack)
		{
			bool broken = c->head.index % 12 == 6 && i == 1;
			bool ok = is_running(c) && !(is_unhealthy(c) && i == 0) && !broken;
			json_t *state = condition(ok ? "Ready" : "Error", ok, "",
						  ok ? "" : "image pull failed");

			json_array_append_new(
				list,
				json_pack("{s:O, s:O, s:O, s:s, s:s, s:s, s:o, s:O, s:n}", "name",
					  json_object_get(pack, "name"), "type",
					  json_object_get(pack, "type"), "version",
					  json_object_get(pack, "version"), "profileUid",
					  w->profiles[c->profiles[slot]].head.uid, "startTime",
					  NO_TIME, "endTime", NO_TIME, "condition", state,
					  "manifests", manifest_states(pack), "services"));
		}
		json_decref(packs);
	}
	return list;
}

json_t *render_kube_version(const struct cluster *c)
{
	static const char *const versions[] = {"1.29.4", "1.28.9+k3s1", "1.27.11"};

	return json_string(is_running(c) ? versions[c->head.index % 3] : "");
}

static json_t *api_endpoints(const struct cluster *c)
{
	if (!c->has_kubeconfig)
		return json_null();
	return json_pack("[{s:o, s:i}]", "host", json_sprintf("%s.k8s.example", c->head.uid),
			 "port", 6443);
}

/* What a running cluster could be brought to. */
static json_t *upgrades(const struct cluster *c)
{
	if (!is_running(c) || c->head.index % 4 != 1)
		return json_null();
	return json_pack("[{s:[s, s], s:o}, {s:[s], s:s}]", "reason",
			 "Kubernetes 1.30.2 is available", "cni-calico 3.28.0 is available",
			 "timestamp", render_time(c->head.modified_ms), "reason",
			 "Palette agent 4.4.14 is available", "timestamp", NO_TIME);
}

static json_t *render_detail(const struct world *w, const struct cluster *c)
{
	json_t *spec =
		json_pack("{s:[s], s:o, s:{s:s, s:s}, s:o, s:o}", "archTypes",
			  c->head.index % 4 ? "amd64" : "arm64", "cloudConfig", cloud_config(w, c),
			  "cloudaccount", "name", account_name(w, c), "uid", account_uid(w, c),
			  "clusterProfileTemplate", first_template(w, c), "clusterProfileTemplates",
			  templates(w, c, render_template, true));
	json_t *status = json_pack(
		"{s:s, s:o, s:o, s:o, s:{s:o, s:b, s:b, s:b}, s:o, s:o, s:n, s:n, s:o, s:o, s:o, "
		"s:o, s:o, s:{s:b, s:b}, s:{s:s}, s:n, s:s}",
		"state", c->state, "conditions", conditions(c), "health", health(w, c), "packs",
		pack_states(w, c), "kubeMeta", "kubernetesVersion", render_kube_version(c),
		"hasKubeConfig", c->has_kubeconfig, "hasKubeConfigClient", c->has_kubeconfig,
		"hasManifest", 1, "metrics", metrics(c), "apiEndpoints", api_endpoints(c),
		"addOnServices", "services", "virtual", virtual_of(w, c), "upgrades", upgrades(c),
		"location", location(c), "cost", cost(), "hourlyRate", cost(), "notifications",
		"isAvailable", 0, "isTemplateVariableResolutionPending", 0, "fips", "mode", "none",
		"workspaces", "abortTimestamp", NO_TIME);

	return json_pack("{s:o, s:o, s:o, s:o}", "metadata", meta_of(w, c), "spec", spec, "status",
			 status, "futureField", render_unknown());
}

struct text render_cluster(struct world *w, struct cluster *c, enum view view)
{
	if (c->views[view] == NULL)
		c->views[view] = blob_of_json(view == VIEW_META      ? render_meta_item(w, c)
					      : view == VIEW_SUMMARY ? render_summary(w, c)
								     : render_detail(w, c));
	return blob_text(c->views[view]);
}

json_t *render_cluster_object(struct world *w, const struct cluster *c)
{
	char config[UID_SIZE];
	json_t *spec, *status;

	uid_make(w->seed, KIND_CONFIG, c->head.index, config);
	spec = json_pack("{s:s, s:o, s:{s:s}, s:o, s:n, s:s}", "cloudType", clouds[c->cloud].type,
			 "cloudConfigRef", render_reference("cloudConfig", "", config),
			 "clusterConfig", "timezone", "Europe/Zurich", "clusterProfileTemplates",
			 templates(w, c, render_content, true), "clusterTemplate", "clusterType",
			 "PureManage");
	status = json_pack("{s:s, s:o, s:o, s:o, s:{s:s}, s:o, s:n, s:o, s:{s:s}}", "state",
			   c->state, "conditions", conditions(c), "packs", pack_states(w, c),
			   "apiEndpoints", api_endpoints(c), "repave", "state", "Pending",
			   "virtual", virtual_of(w, c), "services", "upgrades", upgrades(c), "fips",
			   "mode", "none");
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "apiVersion",
			 "cluster.spectrocloud.com/v1", "kind", "SpectroCluster", "metadata",
			 meta_of(w, c), "spec", spec, "status", status, "futureField",
			 render_unknown());
}
