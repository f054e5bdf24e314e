/* The control port: what a test tells the simulator, and what it asks of it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "parts.h"

static bool read_body(struct request *r, struct reply *a)
{
	json_error_t where;

	r->json = json_loadb(r->body.ptr, r->body.len, 0, &where);
	if (json_is_object(r->json) || json_is_array(r->json))
		return true;
	reply_json(a, 400, json_pack("{s:s}", "error", "the body is not JSON"));
	return false;
}

static void done(struct reply *a)
{
	reply_blob(a, 204, NULL, NULL);
}

static void faults_get(struct request *r, struct reply *a)
{
	reply_json(a, 200, faults_report(r->sim->faults));
}

/* One rule, or an array of rules. */
static void faults_post(struct request *r, struct reply *a)
{
	char message[160] = "";
	bool ok = true;
	size_t i;
	json_t *rule;

	if (!read_body(r, a))
		return;
	if (json_is_object(r->json))
		ok = faults_add(r->sim->faults, r->json, message, sizeof(message));
	json_array_foreach(r->json, i, rule)
	{
		ok = ok && faults_add(r->sim->faults, rule, message, sizeof(message));
	}
	if (ok)
		done(a);
	else
		reply_json(a, 400, json_pack("{s:s}", "error", message));
}

static void faults_delete(struct request *r, struct reply *a)
{
	char *credential = request_query(r, "credential");

	faults_clear(r->sim->faults, credential);
	free(credential);
	done(a);
}

static void requests_get(struct request *r, struct reply *a)
{
	char *since = request_query(r, "since");
	int64_t n = 0;

	if (since != NULL && !text_to_int(text_of(since), &n))
		n = 0;
	free(since);
	reply_json(a, 200, record_requests(r->sim->record, n < 0 ? 0 : (uint64_t)n));
}

static void requests_delete(struct request *r, struct reply *a)
{
	record_clear(r->sim->record);
	done(a);
}

static void stats_get(struct request *r, struct reply *a)
{
	reply_json(a, 200, record_stats(r->sim->record));
}

static void world_get(struct request *r, struct reply *a)
{
	world_lock(r->sim->world);
	world_tick(r->sim->world);
	reply_json(a, 200, world_report(r->sim));
	world_unlock(r->sim->world);
}

static struct cluster *named_cluster(struct request *r, struct reply *a)
{
	const char *uid;
	struct object *o;

	if (!read_body(r, a))
		return NULL;
	uid = json_string_value(json_object_get(r->json, "uid"));
	o = uid == NULL ? NULL : world_find(r->sim->world, uid, KIND_CLUSTER);
	if (o == NULL) {
		reply_json(a, 404, json_pack("{s:s}", "error", "no such cluster"));
		return NULL;
	}
	return r->sim->world->clusters[o->index];
}

static void delete_cluster(struct request *r, struct reply *a)
{
	struct cluster *c;

	world_lock(r->sim->world);
	c = named_cluster(r, a);
	if (c != NULL) {
		world_delete_cluster(r->sim->world, c);
		done(a);
	}
	world_unlock(r->sim->world);
}

/* One of the words that Palette has, static; NULL if it is none. */
static const char *known_word(const json_t *given, const char *const *words)
{
	for (; json_is_string(given) && *words != NULL; words++) {
		if (strcmp(json_string_value(given), *words) == 0)
			return *words;
	}
	return NULL;
}

static void set_cluster(struct request *r, struct reply *a)
{
	static const char *const states[] = {"Unknown", "Pending",  "Provisioning", "Importing",
					     "Running", "Deleting", "Deleted",      "Error",
					     "Pausing", "Paused",   "Resuming",     NULL};
	static const char *const healths[] = {"", "Healthy", "UnHealthy", "Unhealthy", NULL};
	const char *state, *health;
	const char *kind;
	const json_t *kubeconfig;
	struct cluster *c;

	world_lock(r->sim->world);
	c = named_cluster(r, a);
	if (c != NULL) {
		state = known_word(json_object_get(r->json, "state"), states);
		health = known_word(json_object_get(r->json, "health"), healths);
		kubeconfig = json_object_get(r->json, "hasKubeconfig");
		c->state = state != NULL ? state : c->state;
		c->health = health != NULL ? health : c->health;
		if (json_is_boolean(kubeconfig))
			c->has_kubeconfig = json_is_true(kubeconfig);
		kind = json_string_value(json_object_get(r->json, "kubeconfig"));
		for (int i = 0; kind != NULL && i < KUBECONFIGS; i++)
			c->kubeconfig = strcmp(kind, kubeconfig_names[i]) == 0 ? (enum kubeconfig)i
									       : c->kubeconfig;
		world_touch(r->sim->world, c);
		done(a);
	}
	world_unlock(r->sim->world);
}

static const char *word_or(struct request *r, const char *key, const char *otherwise)
{
	const char *given = json_string_value(json_object_get(r->json, key));

	return given == NULL ? otherwise : world_word(r->sim->world, given);
}

static void fail_cluster(struct request *r, struct reply *a)
{
	struct cluster *c;

	world_lock(r->sim->world);
	world_tick(r->sim->world);
	c = named_cluster(r, a);
	if (c != NULL) {
		cluster_fail(r->sim->world, c, word_or(r, "reason", "QuotaExceeded"),
			     word_or(r, "message", "vCPU limit of region reached"));
		done(a);
	}
	world_unlock(r->sim->world);
}

/* "count" events of one moment: now, or "at", in milliseconds since 1970. */
static void add_events(struct request *r, struct reply *a)
{
	const json_t *at, *count;
	struct happening what;
	struct cluster *c;

	world_lock(r->sim->world);
	c = named_cluster(r, a);
	if (c != NULL) {
		at = json_object_get(r->json, "at");
		count = json_object_get(r->json, "count");
		what = (struct happening){
			.at_ms = json_is_integer(at) ? json_integer_value(at) : clock_calendar_ms(),
			.severity = word_or(r, "severity", "Normal"),
			.reason = word_or(r, "reason", "Reconciled"),
			.component = "cluster-agent",
		};
		for (json_int_t i = json_is_integer(count) ? json_integer_value(count) : 1; i > 0;
		     i--)
			cluster_happens(r->sim->world, c, &what, word_or(r, "message", "told"));
		done(a);
	}
	world_unlock(r->sim->world);
}

static void heal(struct request *r, struct reply *a)
{
	world_lock(r->sim->world);
	world_heal(r->sim->world);
	world_unlock(r->sim->world);
	done(a);
}

static void revoke(struct request *r, struct reply *a)
{
	const char *name;
	bool found;

	if (!read_body(r, a))
		return;
	name = json_string_value(json_object_get(r->json, "credential"));
	world_lock(r->sim->world);
	found = name != NULL && scopes_revoke(r->sim->scopes, name,
					      !json_is_false(json_object_get(r->json, "revoked")));
	world_unlock(r->sim->world);
	if (found)
		done(a);
	else
		reply_json(a, 404, json_pack("{s:s}", "error", "no such credential"));
}

static void rates_post(struct request *r, struct reply *a)
{
	const char *mode;

	if (!read_body(r, a))
		return;
	mode = json_string_value(json_object_get(r->json, "mode"));
	rates_set(r->sim->rates, mode != NULL && strcmp(mode, "published") == 0);
	done(a);
}

static const struct route control_routes[] = {
	{"GET", "/faults", ROUTE_OPEN, NULL, faults_get},
	{"POST", "/faults", ROUTE_OPEN, NULL, faults_post},
	{"DELETE", "/faults", ROUTE_OPEN, NULL, faults_delete},
	{"GET", "/requests", ROUTE_OPEN, NULL, requests_get},
	{"DELETE", "/requests", ROUTE_OPEN, NULL, requests_delete},
	{"GET", "/stats", ROUTE_OPEN, NULL, stats_get},
	{"GET", "/world", ROUTE_OPEN, NULL, world_get},
	{"POST", "/world/delete-cluster", ROUTE_OPEN, NULL, delete_cluster},
	{"POST", "/world/set-cluster", ROUTE_OPEN, NULL, set_cluster},
	{"POST", "/world/fail-cluster", ROUTE_OPEN, NULL, fail_cluster},
	{"POST", "/world/add-events", ROUTE_OPEN, NULL, add_events},
	{"POST", "/world/heal", ROUTE_OPEN, NULL, heal},
	{"POST", "/world/revoke", ROUTE_OPEN, NULL, revoke},
	{"POST", "/rates", ROUTE_OPEN, NULL, rates_post},
	{NULL},
};

void control_run(struct request *r, struct reply *a)
{
	char allowed[64];

	r->route = route_find(r, control_routes, allowed, sizeof(allowed));
	if (r->route != NULL)
		r->route->run(r, a);
	else
		reply_json(a, 404, json_pack("{s:s}", "error", "no such control route"));
}
