/* Looking things up in the world, and changing it. */
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

const struct cloud_facts clouds[CLOUDS] = {
	[CLOUD_EKS] = {"eks", "eks", ACCOUNT_AWS, {"us-east-1", "eu-central-1"}},
	[CLOUD_AWS] = {"aws", "aws", ACCOUNT_AWS, {"us-west-2", "ap-south-1"}},
	[CLOUD_AKS] = {"aks", "aks", ACCOUNT_AZURE, {"eastus", "westeurope"}},
	[CLOUD_AZURE] = {"azure", "azure", ACCOUNT_AZURE, {"eastus2", "northeurope"}},
	[CLOUD_VSPHERE] = {"vsphere", "vsphere", ACCOUNT_VSPHERE, {"dc1", "dc zwei/Süd"}},
	[CLOUD_GCP] = {"gcp", NULL, ACCOUNT_GCP, {"us-central1", "europe-west3"}},
	[CLOUD_MAAS] = {"maas", NULL, ACCOUNT_MAAS, {"default", "lab"}},
	[CLOUD_EDGE] = {"edge-native", NULL, ACCOUNT_NONE, {"", ""}},
	[CLOUD_VIRTUAL] = {"nested", "virtual", ACCOUNT_NONE, {"", ""}},
};

const char *const account_kinds[ACCOUNT_TYPES] = {"aws", "azure", "vsphere", "gcp", "maas"};

const char *const kubeconfig_names[KUBECONFIGS] = {"exec", "token", "certificate"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void world_lock(struct world *w)
{
	(void)w;
	pthread_mutex_lock(&lock);
}

void world_unlock(struct world *w)
{
	(void)w;
	pthread_mutex_unlock(&lock);
}

/* SplitMix64's finisher: every bit of the input stirs every bit of the output. */
static uint64_t stir(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t dice(uint64_t seed, enum kind kind, int index)
{
	return stir(stir(seed ^ (uint64_t)kind << 56) + (uint64_t)index);
}

uint64_t world_dice(const struct world *w, enum kind kind, int index)
{
	return dice(w->seed, kind, index);
}

/* Four digits of the seed, two of the kind, six of the number, twelve that cannot be guessed. */
void uid_make(uint64_t seed, enum kind kind, int index, char out[UID_SIZE])
{
	snprintf(out, UID_SIZE, "%04x%02x%06x%012llx", (unsigned)(seed & 0xffff), (unsigned)kind,
		 (unsigned)index & 0xffffff,
		 (unsigned long long)(dice(~seed, kind, index) & 0xffffffffffff));
}

bool uid_is_valid(const char *uid)
{
	return strspn(uid, "0123456789abcdef") == UID_SIZE - 1 && uid[UID_SIZE - 1] == '\0';
}

int uid_index(const struct world *w, const char *uid, enum kind kind)
{
	char digits[7];
	char again[UID_SIZE];
	int index;

	if (!uid_is_valid(uid))
		return -1;
	memcpy(digits, uid + 6, 6);
	digits[6] = '\0';
	index = (int)strtol(digits, NULL, 16);
	uid_make(w->seed, kind, index, again);
	return strcmp(again, uid) == 0 ? index : -1;
}

struct object *world_find(struct world *w, const char *uid, enum kind kind)
{
	int i = uid_index(w, uid, kind);

	if (i < 0)
		return NULL;
	switch (kind) {
	case KIND_PROJECT:
		return i < w->project_count ? &w->projects[i].head : NULL;
	case KIND_CLUSTER:
		return i < w->cluster_count ? &w->clusters[i]->head : NULL;
	case KIND_PROFILE:
		return i < w->profile_count ? &w->profiles[i].head : NULL;
	case KIND_ACCOUNT:
		return i < w->account_count ? &w->accounts[i].head : NULL;
	case KIND_GROUP:
		return i < w->group_count ? &w->groups[i].head : NULL;
	case KIND_OVERLORD:
		return i < w->overlord_count ? &w->overlords[i].head : NULL;
	case KIND_KEY:
		return i < w->key_count ? &w->keys[i] : NULL;
	default:
		return NULL;
	}
}

const char *world_project_uid(const struct world *w, int project)
{
	return project < 0 ? NULL : w->projects[project].head.uid;
}

struct project *world_scope(struct world *w, int project)
{
	return project < 0 ? &w->tenant_clusters : &w->projects[project];
}

struct cluster *world_add_cluster(struct world *w, int project, const char *name, enum cloud cloud)
{
	struct project *scope = world_scope(w, project);
	struct cluster *c = heap_alloc(sizeof(*c));

	*c = (struct cluster){.head = {.index = w->cluster_count,
				       .project = project,
				       .name = heap_copy(text_of(name))},
			      .cloud = cloud,
			      .region = clouds[cloud].regions[0],
			      .state = "Pending",
			      .health = "",
			      .kubeconfig = (enum kubeconfig)(w->cluster_count % KUBECONFIGS),
			      .account = -1,
			      .host = -1,
			      .group = -1,
			      .labels = json_object()};
	uid_make(w->seed, KIND_CLUSTER, c->head.index, c->head.uid);
	if (w->cluster_count == w->cluster_room) {
		w->cluster_room = w->cluster_room == 0 ? 64 : 2 * w->cluster_room;
		w->clusters =
			heap_resize(w->clusters, (size_t)w->cluster_room * sizeof(*w->clusters));
	}
	w->clusters[w->cluster_count++] = c;
	if (scope->cluster_count == scope->cluster_room) {
		scope->cluster_room = scope->cluster_room == 0 ? 8 : 2 * scope->cluster_room;
		scope->clusters = heap_resize(scope->clusters, (size_t)scope->cluster_room *
								       sizeof(*scope->clusters));
	}
	scope->clusters[scope->cluster_count++] = c->head.index;
	world_touch(w, c);
	return c;
}

void world_touch(struct world *w, struct cluster *c)
{
	for (size_t i = 0; i < VIEWS; i++) {
		blob_unref(c->views[i]);
		c->views[i] = NULL;
	}
	blob_unref(w->meta_list);
	w->meta_list = NULL;
}

void world_delete_cluster(struct world *w, struct cluster *c)
{
	if (c->running_at_ms != 0)
		w->pending--;
	c->running_at_ms = 0;
	c->deleted = true;
	c->state = "Deleted";
	c->health = "";
	c->has_kubeconfig = false;
	world_touch(w, c);
}

void world_tick(struct world *w)
{
	for (int i = w->cluster_count - 1; w->pending > 0 && i >= 0; i--) {
		if (w->clusters[i]->running_at_ms != 0)
			cluster_progress(w, w->clusters[i]);
	}
}

struct cluster *world_cluster_named(struct world *w, int project, const char *name)
{
	const struct project *scope = world_scope(w, project);

	for (int i = 0; i < scope->cluster_count; i++) {
		struct cluster *c = w->clusters[scope->clusters[i]];

		if (!c->deleted && strcmp(c->head.name, name) == 0)
			return c;
	}
	return NULL;
}

bool profile_has_manifests(const struct world *w, int profile)
{
	return strcmp(w->families[w->profiles[profile].family].type, "infra") != 0;
}

int manifest_index(const struct cluster *c, int slot, int m)
{
	return (c->head.index * MAX_PROFILES_OF_CLUSTER + slot) * MANIFESTS_OF_PROFILE + m;
}

bool manifest_find(const struct world *w, const struct cluster *c, const char *uid, int *slot,
		   int *m)
{
	int index = uid_index(w, uid, KIND_MANIFEST);
	int at = index / MANIFESTS_OF_PROFILE % MAX_PROFILES_OF_CLUSTER;

	if (index < 0 || index / MANIFESTS_OF_PROFILE / MAX_PROFILES_OF_CLUSTER != c->head.index ||
	    at >= c->profile_count || !profile_has_manifests(w, c->profiles[at]))
		return false;
	*slot = at;
	*m = index % MANIFESTS_OF_PROFILE;
	return true;
}

static void free_cluster(struct world *w, struct cluster *c)
{
	world_touch(w, c);
	cluster_free_happenings(c);
	free(c->head.name);
	free(c->description);
	free(c->pools);
	json_decref(c->labels);
	free(c);
}

void world_free(struct world *w)
{
	if (w == NULL)
		return;
	for (int i = 0; i < w->cluster_count; i++)
		free_cluster(w, w->clusters[i]);
	for (int i = 0; i < w->project_count; i++) {
		free(w->projects[i].head.name);
		free(w->projects[i].clusters);
	}
	for (int i = 0; i < w->family_count; i++)
		free(w->families[i].name);
	for (int i = 0; i < w->profile_count; i++) {
		json_decref(w->profiles[i].labels);
		free(w->profiles[i].description);
	}
	for (int i = 0; i < w->account_count; i++)
		free(w->accounts[i].head.name);
	for (int i = 0; i < w->group_count; i++)
		free(w->groups[i].head.name);
	for (int i = 0; i < w->overlord_count; i++)
		free(w->overlords[i].head.name);
	for (int i = 0; i < w->key_count; i++)
		free(w->keys[i].name);
	world_free_words(w);
	free(w->clusters);
	free(w->tenant_clusters.clusters);
	free(w->projects);
	free(w->families);
	free(w->profiles);
	free(w->accounts);
	free(w->groups);
	free(w->overlords);
	free(w->keys);
	free(w->tenant);
	free(w);
}

void world_heal(struct world *w)
{
	w->healed = true;
	for (int i = 0; i < w->overlord_count; i++)
		if (!w->overlords[i].system)
			w->overlords[i].state = "Running";
	for (int i = 0; i < w->account_count; i++)
		w->accounts[i].state = "Running";
}
