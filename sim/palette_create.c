/* Creating clusters: the deed itself, the dry run, the price, the name check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "create.h"
#include "handlers.h"

/* The third segment of the path; the routes see to it that it is a known one. */
static enum cloud cloud_of_path(const struct request *r)
{
	int i = 0;

	while (i < CLOUD_VIRTUAL &&
	       (clouds[i].segment == NULL || strcmp(clouds[i].segment, r->segments[2]) != 0))
		i++;
	return (enum cloud)i;
}

/* ---- create ---- */

static void take_profiles(struct world *w, struct cluster *c, const json_t *spec)
{
	size_t i;
	json_t *entry;

	json_array_foreach(json_object_get(spec, "profiles"), i, entry)
	{
		c->profiles[c->profile_count++] =
			uid_index(w, string_of(entry, "uid"), KIND_PROFILE);
	}
}

static void take_pools(struct cluster *c, const json_t *spec)
{
	const json_t *pools = json_object_get(spec, "machinepoolconfig");
	size_t i;
	json_t *pool;

	c->pools = heap_alloc(json_array_size(pools) * sizeof(*c->pools));
	json_array_foreach(pools, i, pool)
	{
		const json_t *config = json_object_get(pool, "poolConfig");
		struct machine_pool *p = &c->pools[c->pool_count++];

		*p = (struct machine_pool){
			.size = config == NULL
					? 1
					: (int)json_integer_value(json_object_get(config, "size")),
			.control_plane = json_is_true(json_object_get(config, "isControlPlane")),
		};
		snprintf(p->name, sizeof(p->name), "%s",
			 config == NULL ? "worker-pool-1" : string_of(config, "name"));
	}
}

static void take_labels(struct cluster *c, const json_t *metadata)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(metadata, "labels"), key, value)
	{
		if (json_is_string(value))
			json_object_set(c->labels, key, value);
	}
}

static void take_region(struct cluster *c, const json_t *config)
{
	const char *region = string_of(config, "region");

	if (region[0] == '\0')
		region = string_of(config, "location");
	snprintf(c->own_region, sizeof(c->own_region), "%s", region);
	c->region = c->own_region;
}

static void take_place(struct world *w, struct cluster *c, const json_t *spec)
{
	const json_t *host_config =
		json_object_get(json_object_get(spec, "clusterConfig"), "hostClusterConfig");

	if (c->cloud != CLOUD_VIRTUAL) {
		c->account = uid_index(w, string_of(spec, "cloudAccountUid"), KIND_ACCOUNT);
		return;
	}
	c->group = uid_index(w, string_of(json_object_get(host_config, "clusterGroup"), "uid"),
			     KIND_GROUP);
	c->host = c->group >= 0
			  ? w->groups[c->group].hosts[0]
			  : uid_index(w,
				      string_of(json_object_get(host_config, "hostCluster"), "uid"),
				      KIND_CLUSTER);
}

static struct cluster *make_cluster(struct request *r, enum cloud cloud)
{
	struct world *w = r->sim->world;
	const json_t *metadata = json_object_get(r->json, "metadata");
	const json_t *spec = json_object_get(r->json, "spec");
	const json_t *description =
		json_object_get(json_object_get(metadata, "annotations"), "description");
	struct cluster *c = world_add_cluster(w, r->project, string_of(metadata, "name"), cloud);

	c->head.created_ms = c->head.modified_ms = clock_calendar_ms();
	if (json_is_string(description))
		c->description = heap_copy(text_of(json_string_value(description)));
	take_labels(c, metadata);
	take_region(c, json_object_get(spec, "cloudConfig"));
	take_place(w, c, spec);
	take_profiles(w, c, spec);
	take_pools(c, spec);
	cluster_provision(w, c, r->sim->options.provision_ms);
	if (cloud != CLOUD_VIRTUAL)
		world_scope(w, r->project)->host_count++;
	world_touch(w, c);
	return c;
}

/* The first finding as an error; false if there is one. */
static bool refuse_findings(json_t *found, struct reply *a)
{
	const json_t *first = json_array_get(found, 0);
	bool none = first == NULL;

	if (!none)
		reply_error(a, 400, string_of(first, "code"), "%s", string_of(first, "message"));
	json_decref(found);
	return none;
}

void cluster_create(struct request *r, struct reply *a)
{
	enum cloud cloud = cloud_of_path(r);
	const char *name = string_of(json_object_get(r->json, "metadata"), "name");
	char audit[UID_SIZE];
	struct cluster *c;

	if (!create_check_schema(r, cloud, a) || !refuse_findings(create_findings(r, cloud), a))
		return;
	if (world_cluster_named(r->sim->world, r->project, name) != NULL) {
		reply_error(a, 409, "ClusterAlreadyExists", "cluster %s exists already", name);
		return;
	}
	c = make_cluster(r, cloud);
	uid_make(r->sim->world->seed, KIND_AUDIT, c->head.index, audit);
	reply_header(a, "AuditUid", audit);
	reply_json(a, 201, json_pack("{s:s}", "uid", c->head.uid));
}

/* ---- dry run ---- */

/* The result of that name in a list of results, made if it is not there yet. */
static json_t *result_named(json_t *results, const char *name)
{
	size_t i;
	json_t *one;

	json_array_foreach(results, i, one)
	{
		if (strcmp(string_of(one, "name"), name) == 0)
			return one;
	}
	json_array_append_new(results, json_pack("{s:s, s:s, s:[]}", "name", name, "displayName",
						 name, "errors"));
	return json_array_get(results, json_array_size(results) - 1);
}

static void add_finding(json_t *results, const char *name, const json_t *finding)
{
	json_array_append_new(json_object_get(result_named(results, name), "errors"),
			      json_pack("{s:s, s:s}", "code", string_of(finding, "code"), "message",
					string_of(finding, "message")));
}

/* 200 also when there are errors: they are in the two lists. */
void cluster_validate(struct request *r, struct reply *a)
{
	enum cloud cloud = cloud_of_path(r);
	json_t *found, *finding, *pools, *profiles;
	size_t i;

	if (!create_check_schema(r, cloud, a))
		return;
	pools = json_array();
	profiles = json_array();
	found = create_findings(r, cloud);
	json_array_foreach(found, i, finding)
	{
		const char *name = string_of(finding, "name");
		json_t *results;

		if (strcmp(string_of(finding, "about"), "profile") != 0) {
			add_finding(pools, name, finding);
			continue;
		}
		results = json_array();
		add_finding(results, "pack", finding);
		json_array_append_new(profiles, json_pack("{s:s, s:{s:o}}", "uid", name, "packs",
							  "results", results));
	}
	json_decref(found);
	reply_json(a, 200,
		   json_pack("{s:{s:o}, s:o}", "machinePools", "results", pools, "profiles",
			     profiles));
}

/* ---- price ---- */

/* Hours in the period that is asked for; 0: there is no such period. */
static double period_hours(struct request *r)
{
	static const struct {
		const char *name;
		double hours;
	} periods[] = {{"hourly", 1}, {"monthly", 730}, {"yearly", 8760}};
	char *given = request_query(r, "periodType");
	double hours = given == NULL ? 1 : 0;

	for (size_t i = 0; given != NULL && i < ARRAY_LEN(periods); i++) {
		if (strcmp(periods[i].name, given) == 0)
			hours = periods[i].hours;
	}
	free(given);
	return hours;
}

static json_t *pool_rates(const json_t *pools, double hours, double *total)
{
	json_t *list = json_array();
	size_t i;
	json_t *pool;

	json_array_foreach(pools, i, pool)
	{
		const json_t *config = json_object_get(pool, "poolConfig");
		json_int_t size = json_integer_value(json_object_get(config, "size"));
		double rate = hours * (double)size / 8; /* whose sums have few digits */

		*total += rate;
		json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:{s:{s:f, s:s}, s:n, s:f}}", "name",
				  string_of(config, "name"), "nodesCount", size, "rate", "compute",
				  "rate", rate, "type",
				  string_of(json_object_get(pool, "cloudConfig"), "instanceType"),
				  "storage", "total", rate));
	}
	return list;
}

void cluster_rate(struct request *r, struct reply *a)
{
	const json_t *pools = json_object_get(r->json, "machinepoolconfig");
	double hours = period_hours(r);
	double total = 0;
	json_t *rates;

	if (hours == 0) {
		reply_router_error(a, 422, 606,
				   "periodType in query should be one of [hourly monthly yearly]");
		return;
	}
	if (!json_is_object(json_object_get(r->json, "cloudConfig")) || !json_is_array(pools)) {
		reply_router_error(a, 422, 602, "%s in body is required",
				   json_is_array(pools) ? "cloudConfig" : "machinepoolconfig");
		return;
	}
	rates = pool_rates(pools, hours, &total);
	reply_json(a, 200,
		   json_pack("{s:s, s:{s:f, s:f, s:f}, s:o, s:n}", "name", "", "rate", "compute",
			     total, "storage", 0.0, "total", total, "machinePools", rates,
			     "resourceMetadata"));
}

/* ---- name check ---- */

void cluster_name_check(struct request *r, struct reply *a)
{
	char *name = request_query(r, "name");

	if (name == NULL || name[0] == '\0')
		reply_router_error(a, 422, 602, "name in query is required");
	else if (world_cluster_named(r->sim->world, r->project, name) != NULL)
		reply_error(a, 409, "ClusterAlreadyExists", "cluster %s exists already", name);
	else
		reply_blob(a, 204, NULL, NULL);
	free(name);
}
