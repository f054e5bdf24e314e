/*
 * Making a world from a seed. It is odd on purpose: names that repeat across projects, names that
 * need escaping, states of every kind, clusters that belong to no project.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "world.h"

/* 2023-11-14; the n-th object is an hour younger than the one before. */
enum { HOUR_MS = 3600000, VERSIONS_AT_MOST = 3 };
static const int64_t first_day_ms = 1700000000000;

static void *zeroed(int count, size_t size)
{
	void *p = heap_alloc((size_t)count * size + 1);

	memset(p, 0, (size_t)count * size + 1);
	return p;
}

void object_begin(const struct world *w, struct object *o, enum kind kind, int index, int project)
{
	uid_make(w->seed, kind, index, o->uid);
	o->index = index;
	o->project = project;
	o->created_ms = first_day_ms + (int64_t)index * HOUR_MS + (int64_t)kind * 60000;
	o->modified_ms = o->created_ms + (int64_t)(world_dice(w, kind, index) % HOUR_MS);
}

static char *print_name(const char *format, ...) PRINTF_LIKE(1, 2);

static char *print_name(const char *format, ...)
{
	char name[160];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	return heap_copy(text_of(name));
}

static unsigned long long seed_of(const struct world *w)
{
	return (unsigned long long)w->seed;
}

/* ---- projects, keys, gateways ---- */

static void make_projects(struct world *w, int count)
{
	static const char *const words[] = {"Apollo",        "Zürich Lab", "payments", "データ基盤",
					    "edge / stores", "R&D 100%",   "αβγ",      "Default"};
	static const char *const descriptions[] = {"The first team's clusters", NULL, "",
						   "Größere Tests — \"quoted\" \\ and\nmore"};

	w->projects = zeroed(count, sizeof(*w->projects));
	w->project_count = count;
	for (int i = 0; i < count; i++) {
		struct project *p = &w->projects[i];

		object_begin(w, &p->head, KIND_PROJECT, i, i);
		p->head.name = print_name("%s %03d s%llu", words[i % (int)ARRAY_LEN(words)], i + 1,
					  seed_of(w));
		p->description = descriptions[i % (int)ARRAY_LEN(descriptions)];
	}
}

static void make_keys(struct world *w)
{
	static const char *const names[] = {"ops", "schlüssel von Jürgen", "ops"};

	w->key_count = (int)ARRAY_LEN(names);
	w->keys = zeroed(w->key_count, sizeof(*w->keys));
	for (int i = 0; i < w->key_count; i++) {
		object_begin(w, &w->keys[i], KIND_KEY, i, SCOPE_TENANT);
		w->keys[i].name = print_name("%s", names[i]);
	}
}

static void make_overlords(struct world *w)
{
	static const struct {
		const char *name;
		bool system;
		const char *state;
		int pools;
	} rows[] = {{"System Private Gateway", true, "", 0},
		    {"vsphere-gateway", false, "Running", 4},
		    {"gateway ohne Pools", false, "Provisioning", 0}};

	w->overlord_count = (int)ARRAY_LEN(rows);
	w->overlords = zeroed(w->overlord_count, sizeof(*w->overlords));
	for (int i = 0; i < w->overlord_count; i++) {
		struct overlord *o = &w->overlords[i];

		object_begin(w, &o->head, KIND_OVERLORD, i, SCOPE_TENANT);
		o->head.name = rows[i].system ? print_name("%s", rows[i].name)
					      : print_name("%s s%llu", rows[i].name, seed_of(w));
		o->system = rows[i].system;
		o->state = rows[i].state;
		o->account = -1;
		o->pool_count = rows[i].pools;
	}
}

/* Every third account is the tenant's; the others go round the projects. */
static void make_accounts(struct world *w, int of_each)
{
	w->account_count = of_each * ACCOUNT_TYPES;
	w->accounts = zeroed(w->account_count, sizeof(*w->accounts));
	for (int i = 0; i < w->account_count; i++) {
		struct account *a = &w->accounts[i];
		int nth = i % of_each;
		int project = nth % 3 == 0 || w->project_count == 0
				      ? SCOPE_TENANT
				      : (nth - nth / 3 - 1) % w->project_count;

		a->type = (enum account_type)(i / of_each);
		a->state = "Running";
		a->overlord = a->type == ACCOUNT_VSPHERE ? 1 : -1; /* the one that runs */
		a->names_overlord = true;
		object_begin(w, &a->head, KIND_ACCOUNT, i, project);
		a->head.name = print_name("%s-account-%d-s%llu", account_kinds[a->type], nth + 1,
					  seed_of(w));
	}
}

/* ---- profiles ---- */

static int family_project(const struct world *w, int i)
{
	if (i % 7 == 1)
		return SCOPE_SYSTEM;
	if (i % 7 == 0 || i % 7 == 2 || w->project_count == 0)
		return SCOPE_TENANT;
	/* Two families a project, so that each has a chance of both types. */
	return (i / 7 * 4 + i % 7 - 3) / 2 % w->project_count;
}

static void make_profiles(struct world *w, int count)
{
	static const char *const versions[VERSIONS_AT_MOST] = {"1.0.0", "1.1.0", "2.0.0-rc.1"};
	static const char *const types[] = {"infra", "add-on", "cluster", "add-on"};

	w->families = zeroed(count, sizeof(*w->families));
	w->profiles = zeroed(count * VERSIONS_AT_MOST, sizeof(*w->profiles));
	w->family_count = count;
	for (int i = 0; i < count; i++) {
		struct family *f = &w->families[i];
		const char *cloud = clouds[i / 2 % CLOUD_GCP].type;

		f->type = types[i % (int)ARRAY_LEN(types)];
		f->cloud = strcmp(f->type, "add-on") == 0 ? "all" : cloud;
		f->project = family_project(w, i);
		/* Some names stand in several scopes. */
		f->name = i % 6 == 5 ? print_name("shared-profile-s%llu", seed_of(w))
				     : print_name("%s-%s-%d-s%llu", f->type, f->cloud, i + 1,
						  seed_of(w));
		f->first = w->profile_count;
		f->count = 1 + i % VERSIONS_AT_MOST;
		for (int k = 0; k < f->count && k < VERSIONS_AT_MOST; k++) {
			struct profile *p = &w->profiles[w->profile_count];

			object_begin(w, &p->head, KIND_PROFILE, w->profile_count, f->project);
			p->head.name = f->name;
			p->family = i;
			p->version = versions[k];
			p->description = heap_copy(TEXT("a profile"));
			p->labels = w->profile_count % 3 == 0
					    ? json_pack("{s:s, s:s}", "golden", "spectro__tag",
							"team", "platform")
					    : json_object();
			/* A third version is a draft still, and so is every ninth profile. */
			p->published = k < 2 && i % 9 != 8;
			w->profile_count++;
		}
	}
}

/* A profile of that type that a scope can see and that has been published; -1 if there is none. */
static int choose_profile(const struct world *w, int project, bool add_on, uint64_t roll)
{
	int found = -1;

	for (int k = 0; k < w->profile_count; k++) {
		int i = (int)((roll + (uint64_t)k) % (uint64_t)w->profile_count);
		const struct profile *p = &w->profiles[i];
		bool is_add_on = strcmp(w->families[p->family].type, "add-on") == 0;

		if (is_add_on != add_on || !p->published)
			continue;
		if (p->head.project == project)
			return i;
		if (p->head.project < 0 && found < 0)
			found = i;
	}
	return found;
}

/* ---- clusters ---- */

static void give_pools(struct cluster *c, int workers)
{
	c->pool_count = c->cloud == CLOUD_VIRTUAL ? 1 : 2;
	c->pools = zeroed(c->pool_count, sizeof(*c->pools));
	for (int i = 0; i < c->pool_count; i++) {
		struct machine_pool *p = &c->pools[i];

		p->control_plane = i == 0 && c->pool_count > 1;
		snprintf(p->name, sizeof(p->name), "%s",
			 p->control_plane ? "control-plane-pool" : "worker-pool-1");
		p->size = p->control_plane ? 1 : workers;
		p->healthy = strcasecmp(c->health, "unhealthy") == 0 ? p->size - 1
			     : c->health[0] == '\0'                  ? 0
								     : p->size;
	}
}

static void give_state(struct cluster *c, int turn)
{
	static const struct {
		const char *state;
		const char *health;
		bool kubeconfig;
	} turns[12] = {
		[3] = {"Provisioning", "", false},
		[5] = {"Running", "UnHealthy", true},
		[7] = {"Error", "", false},
		[8] = {"Pending", "", false},
		[9] = {"Deleting", "Healthy", true},
		[10] = {"Importing", "", false},
		[11] = {"Running", "Unhealthy", true},
	};
	bool odd = turns[turn % 12].state != NULL;

	c->state = odd ? turns[turn % 12].state : "Running";
	c->health = odd ? turns[turn % 12].health : "Healthy";
	c->has_kubeconfig = odd ? turns[turn % 12].kubeconfig : true;
}

static void give_profiles(const struct world *w, struct cluster *c, uint64_t roll)
{
	int base = c->cloud == CLOUD_VIRTUAL ? -1 : choose_profile(w, c->head.project, false, roll);
	int add_on = choose_profile(w, c->head.project, true, roll >> 16);

	if (base >= 0)
		c->profiles[c->profile_count++] = base;
	if (add_on >= 0)
		c->profiles[c->profile_count++] = add_on;
}

static void give_labels(struct cluster *c, uint64_t roll)
{
	if (roll % 4 == 0)
		return;
	json_object_set_new(c->labels, "dev", json_string("spectro__tag"));
	json_object_set_new(c->labels, "owner", json_string("Jürgen & 太郎"));
	if (roll % 4 == 1)
		json_object_set_new(c->labels, "url", json_string("https://a.example/?x=1:2"));
}

static int choose_account(const struct world *w, const struct cluster *c, uint64_t roll)
{
	enum account_type type = clouds[c->cloud].account;

	for (int k = 0; type != ACCOUNT_NONE && k < w->account_count; k++) {
		int i = (int)((roll + (uint64_t)k) % (uint64_t)w->account_count);
		const struct account *a = &w->accounts[i];

		if (a->type == type && (a->head.project < 0 || a->head.project == c->head.project))
			return i;
	}
	return -1;
}

static struct cluster *make_cluster(struct world *w, int project, enum cloud cloud,
				    const char *name)
{
	struct cluster *c = world_add_cluster(w, project, name, cloud);
	uint64_t roll = world_dice(w, KIND_CLUSTER, c->head.index);

	object_begin(w, &c->head, KIND_CLUSTER, c->head.index, project);
	c->region = clouds[cloud].regions[roll >> 8 & 1];
	c->account = choose_account(w, c, roll >> 20);
	if (roll % 3 != 0)
		c->description = heap_copy(text_of(roll % 3 == 1 ? "demo cluster" : ""));
	give_state(c, c->head.index);
	give_profiles(w, c, roll);
	give_labels(c, roll >> 4);
	/* Some have more machines than a page. */
	give_pools(c, c->head.index % 16 == 4 ? 107 : 1 + (int)(roll >> 12 & 7));
	return c;
}

/* Hosts go round the projects and the tenant; the first of each scope has the same name. */
static void make_hosts(struct world *w, int count)
{
	int scopes = w->project_count + 1;

	for (int i = 0; i < count; i++) {
		int project = i % scopes == w->project_count ? SCOPE_TENANT : i % scopes;
		enum cloud cloud = (enum cloud)((i + i / CLOUD_VIRTUAL) % CLOUD_VIRTUAL);
		char name[80];

		if (i < scopes)
			snprintf(name, sizeof(name), "shared-demo-s%llu", seed_of(w));
		else
			snprintf(name, sizeof(name), "%s-%05d-s%llu", clouds[cloud].type, i,
				 seed_of(w));
		make_cluster(w, project, cloud, name);
	}
}

static void make_tombstones(struct world *w, int hosts)
{
	int count = hosts == 0 ? 0 : 1 + hosts / 50;

	for (int i = 0; i < count; i++) {
		char name[80];
		int project = w->project_count == 0 ? SCOPE_TENANT : i % w->project_count;

		snprintf(name, sizeof(name), "gone-%03d-s%llu", i, seed_of(w));
		world_delete_cluster(w, make_cluster(w, project, CLOUD_AWS, name));
	}
}

static void make_groups(struct world *w, int count, int hosts)
{
	w->groups = zeroed(count, sizeof(*w->groups));
	w->group_count = count;
	for (int i = 0; i < count; i++) {
		struct group *g = &w->groups[i];
		int project = i % 2 == 0 || w->project_count == 0 ? SCOPE_TENANT
								  : i / 2 % w->project_count;

		object_begin(w, &g->head, KIND_GROUP, i, project);
		g->head.name = i == 0 ? print_name("beehive")
				      : print_name("group-%d-s%llu", i, seed_of(w));
		g->endpoint = i % 3 == 1 ? "Ingress" : "LoadBalancer";
		g->hosts[0] = hosts > 0 ? 2 * i % hosts : -1;
		g->hosts[1] = hosts > 1 ? (2 * i + 1) % hosts : -1;
	}
}

static void make_virtual(struct world *w, int count, int hosts)
{
	for (int i = 0; i < count; i++) {
		int project =
			w->project_count == 0 || i % 5 == 4 ? SCOPE_TENANT : i % w->project_count;
		struct cluster *c;
		char name[80];

		snprintf(name, sizeof(name), "virtual-%04d-s%llu", i, seed_of(w));
		c = make_cluster(w, project, CLOUD_VIRTUAL, name);
		c->state = i % 4 == 2 ? "Paused" : "Running";
		c->health = "Healthy";
		c->has_kubeconfig = true;
		c->pools[0].healthy = c->pools[0].size;
		c->host = hosts > 0 ? i % hosts : -1;
		c->group = w->group_count > 0 ? i % w->group_count : -1;
	}
}

static void count_hosts(struct world *w)
{
	for (int i = 0; i < w->cluster_count; i++) {
		const struct cluster *c = w->clusters[i];

		if (c->cloud != CLOUD_VIRTUAL && !c->deleted)
			world_scope(w, c->head.project)->host_count++;
	}
}

struct world *world_new(const struct options *o)
{
	struct world *w = zeroed(1, sizeof(*w));

	w->seed = o->seed;
	w->tenant = o->tenant != NULL ? heap_copy(text_of(o->tenant))
				      : print_name("sim-tenant-s%llu", (unsigned long long)o->seed);
	uid_make(w->seed, KIND_TENANT, 0, w->tenant_uid);
	make_projects(w, o->projects);
	make_keys(w);
	make_overlords(w);
	make_accounts(w, o->accounts);
	make_profiles(w, o->profiles);
	make_hosts(w, o->clusters);
	make_groups(w, o->cluster_groups, o->clusters);
	make_virtual(w, o->virtual_clusters, o->clusters);
	make_tombstones(w, o->clusters);
	count_hosts(w);
	world_add_choices(w);
	return w;
}
