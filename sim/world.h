/*
 * The generated tenant: projects, clusters, profiles, accounts and the rest, made from a seed. Two
 * worlds of one seed and one set of sizes are equal to the last byte.
 *
 * A uid tells its kind and number (see uid_make), so that looking one up takes no table. One lock
 * guards all of it: world_lock() before anything is read, for the time of one handler.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim.h"

enum { UID_SIZE = 25 };
/* In place of a project's number. */
enum { SCOPE_TENANT = -1, SCOPE_SYSTEM = -2 };

enum kind {
	KIND_TENANT = 1,
	KIND_PROJECT,
	KIND_CLUSTER,
	KIND_PROFILE, /* one version of a profile */
	KIND_ACCOUNT,
	KIND_GROUP,
	KIND_OVERLORD,
	KIND_POOL, /* of IP addresses */
	KIND_KEY,
	KIND_MANIFEST,
	KIND_CONFIG,
	KIND_USER,
	KIND_PACK,
	KIND_REGISTRY,
	KIND_ROLE,
	KIND_EVENT,
	KIND_AUDIT,
	KIND_MACHINE,
};

/* What every object has; the first member of each. */
struct object {
	char uid[UID_SIZE];
	int index;   /* among its kind */
	int project; /* or SCOPE_TENANT, SCOPE_SYSTEM */
	char *name;
	int64_t created_ms;
	int64_t modified_ms;
};

enum account_type {
	ACCOUNT_AWS,
	ACCOUNT_AZURE,
	ACCOUNT_VSPHERE,
	ACCOUNT_GCP,
	ACCOUNT_MAAS,
	ACCOUNT_TYPES,
	ACCOUNT_NONE = -1
};

enum cloud {
	CLOUD_EKS,
	CLOUD_AWS,
	CLOUD_AKS,
	CLOUD_AZURE,
	CLOUD_VSPHERE,
	CLOUD_GCP,
	CLOUD_MAAS,
	CLOUD_EDGE,
	CLOUD_VIRTUAL,
	CLOUDS
};

struct cloud_facts {
	const char *type;    /* in bodies: "nested" for virtual clusters */
	const char *segment; /* in paths; NULL: none can be created here */
	enum account_type account;
	const char *regions[2];
};
extern const struct cloud_facts clouds[CLOUDS];
extern const char *const account_kinds[ACCOUNT_TYPES];

struct project {
	struct object head;
	const char *description; /* static; NULL: the annotation is absent */
	int *clusters;           /* hosts and virtual ones, also deleted */
	int cluster_count;
	int cluster_room;
	int host_count; /* that are not deleted */
};

struct profile {
	struct object head;
	int family;
	const char *version;
	bool published;
	json_t *labels;
	char *description; /* NULL: none */
};

/* The versions of one profile name stand side by side in world.profiles. */
struct family {
	char *name;
	int project;
	const char *type; /* "cluster", "infra", "add-on" */
	const char *cloud;
	bool many_variables; /* one of every sort, some of which need a value */
	int first;
	int count;
};

struct account {
	struct object head;
	enum account_type type;
	const char *state;
	int overlord;        /* that reaches a vSphere account; -1: none */
	bool names_overlord; /* in its annotations; else the gateway names the account */
	int site;            /* what vSphere has there: see sites.c */
};

struct group {
	struct object head;
	const char *endpoint;
	int hosts[2]; /* clusters; -1: none */
	bool gone;
	bool unlimited;
};

struct overlord {
	struct object head;
	bool system;
	const char *state;
	int account; /* the one it names; -1: none */
	int pool_count;
};

/* What a gateway's IP pool says of its addresses. */
struct ip_pool {
	const char *start; /* "": it has a subnet instead */
	const char *end;
	const char *subnet;
	int available; /* addresses that are free; -1: it does not say */
	bool restricted;
	bool taken; /* a cluster uses it */
};

struct machine_pool {
	char name[64];
	int size;
	int healthy;
	bool control_plane;
};

/* How a cluster's kubeconfig lets its holder in. */
enum kubeconfig {
	KUBECONFIG_EXEC, /* a program asks the identity provider: nothing in it is secret */
	KUBECONFIG_TOKEN,
	KUBECONFIG_CERTIFICATE,
	KUBECONFIGS
};
extern const char *const kubeconfig_names[KUBECONFIGS];

enum view { VIEW_META, VIEW_SUMMARY, VIEW_DETAIL, VIEWS };
enum { MAX_PROFILES_OF_CLUSTER = 8, MAX_POOLS = 64, MANIFESTS_OF_PROFILE = 2 };

/* What a component of Palette's has told of a cluster. */
struct happening {
	int number; /* of all there are */
	int64_t at_ms;
	const char *severity; /* kept by the world, as reason and component */
	const char *reason;
	const char *component;
	char *message;
};

/* A condition of a cluster that was created here. */
struct own_condition {
	const char *type; /* static */
	bool done;
	int64_t changed_ms;
	const char *reason; /* kept by the world */
	char *message;      /* NULL: none */
};

enum { MAX_CONDITIONS = 8 };

struct cluster {
	struct object head;
	enum cloud cloud;
	const char *region; /* static or the cluster's own_region */
	char own_region[64];
	const char *state;  /* static */
	const char *health; /* static; "" before the agent reports */
	bool has_kubeconfig;
	enum kubeconfig kubeconfig;
	bool deleted;
	int account; /* -1: none */
	int host;    /* of a virtual cluster; else -1 */
	int group;   /* of a virtual cluster; else -1 */
	int profiles[MAX_PROFILES_OF_CLUSTER];
	int profile_count;
	struct machine_pool *pools;
	int pool_count;
	json_t *labels;
	char *description;     /* NULL: none */
	bool created;          /* by a request: it has its own conditions and events */
	int64_t running_at_ms; /* steady clock; 0: nothing is pending */
	int provision_ms;
	int step; /* of its way to Running */
	struct own_condition own_conditions[MAX_CONDITIONS];
	int own_condition_count;
	struct happening *happenings; /* of others: what came after their usual events */
	int happening_count;
	int happening_room;
	struct blob *views[VIEWS]; /* kept until it changes */
};

struct kept_word {
	char *text;
	struct kept_word *next;
};

struct world {
	uint64_t seed;
	char *tenant;
	char tenant_uid[UID_SIZE];
	struct project *projects;
	int project_count;
	struct cluster **clusters;
	int cluster_count;
	int cluster_room;
	struct project tenant_clusters; /* the same list for those of the tenant itself */
	struct profile *profiles;
	int profile_count;
	struct family *families;
	int family_count;
	struct account *accounts;
	int account_count;
	struct group *groups;
	int group_count;
	struct overlord *overlords;
	int overlord_count;
	bool healed; /* no IP pool is used up */
	struct object *keys;
	int key_count;
	struct kept_word *words;
	int happening_count;
	int pending;            /* clusters that wait to become Running */
	struct blob *meta_list; /* of the whole tenant; NULL after a change */
};

/* What a vSphere account sees: names, each list up to NULL. */
struct site_cluster {
	const char *name; /* NULL ends a list */
	const char *datastores[3];
	const char *networks[3];
	const char *resource_pools[3];
};
struct site_datacenter {
	const char *name; /* NULL ends a list */
	const char *folders[4];
	struct site_cluster clusters[3];
};
/* Datacenters of a site, up to one without a name. */
const struct site_datacenter *site_datacenters(int site);
const struct site_datacenter *site_datacenter(int site, const char *name);
const struct site_cluster *site_cluster(const struct site_datacenter *d, const char *name);
bool site_has(const char *const *names, const char *name);

/* The n-th pool of any gateway. */
const struct ip_pool *ip_pool(int n);

struct world *world_new(const struct options *options);
/* Adds what creating clusters can go right and wrong with: world_choices.c. */
void world_add_choices(struct world *w);
/* uid, number, scope and times of an object. */
void object_begin(const struct world *w, struct object *o, enum kind kind, int index, int project);
void world_free(struct world *w);
void world_lock(struct world *w);
void world_unlock(struct world *w);
/* Lets time pass: clusters go on on their way to Running. With the lock held. */
void world_tick(struct world *w);

void uid_make(uint64_t seed, enum kind kind, int index, char out[UID_SIZE]);
/* 24 lower-case hex digits. */
bool uid_is_valid(const char *uid);
/* The number of an object of that kind, if uid is one of this world's; else -1. Whether the number
 * is in use is the caller's question. */
int uid_index(const struct world *w, const char *uid, enum kind kind);
/* The same, for what lies in the world's arrays; NULL if there is none. */
struct object *world_find(struct world *w, const char *uid, enum kind kind);
const char *world_project_uid(const struct world *w, int project); /* NULL for the tenant's */

/* Even spread of bits for one object; for choices that shall look random. */
uint64_t world_dice(const struct world *w, enum kind kind, int index);

/* A blank cluster, numbered and listed in its scope. name is copied. */
struct cluster *world_add_cluster(struct world *w, int project, const char *name, enum cloud cloud);
/* After any change to a cluster. */
void world_touch(struct world *w, struct cluster *c);
void world_delete_cluster(struct world *w, struct cluster *c);
/* Gateways run, accounts are in order, and pools have free addresses. */
void world_heal(struct world *w);
/* The cluster of that name in a scope that is not deleted; NULL if free. */
struct cluster *world_cluster_named(struct world *w, int project, const char *name);
/* Clusters of a scope: a project's, or the tenant's own. */
struct project *world_scope(struct world *w, int project);

/* ---- progress.c ---- */

/* A cluster that was just made, with its time of creation, begins its way to Running. */
void cluster_provision(struct world *w, struct cluster *c, int provision_ms);
/* Takes the steps whose time has come. Only while it is pending. */
void cluster_progress(struct world *w, struct cluster *c);
/* It comes to a stand there, in state Error; reason is kept by the world. */
void cluster_fail(struct world *w, struct cluster *c, const char *reason, const char *message);
/* Adds an event; what has no number and no message. */
void cluster_happens(struct world *w, struct cluster *c, const struct happening *what,
		     const char *message);
void cluster_free_happenings(struct cluster *c);
/* The same word, kept by the world. */
const char *world_word(struct world *w, const char *given);
void world_free_words(struct world *w);

/* The number of the m-th manifest of the profile in a slot of a cluster. */
int manifest_index(const struct cluster *c, int slot, int m);
/* The cluster's manifest of that uid: its slot and number; false if there is none. */
bool manifest_find(const struct world *w, const struct cluster *c, const char *uid, int *slot,
		   int *m);
bool profile_has_manifests(const struct world *w, int profile);

/* Everything that tests compare with: world_report.c. */
json_t *world_report(struct sim *sim);

#endif
