/*
 * Palette's REST API, one function a call: identifiers are encoded, answers are whole, bounded and
 * of the type asked for, and every failure is one kind of error. Source: Spectro Cloud's published
 * API (Swagger), the documentation's pages on the API and its limits, and the behaviour of the
 * official SDK.
 *
 * A struct palette belongs to one call and is used by one thread at a time; the client below is
 * shared.
 */
#ifndef PALETTE_PALETTE_H
#define PALETTE_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/shared.h"
#include "base/text.h"
#include "config/config.h"

/* ---- what outlives a configuration: hosts.c ---- */

struct palette_hosts;
struct store;

/*
 * How much of each host's rate limits is left, and which environments answer; of all clients that
 * are made with it. Owned: palette_hosts_free(), after those.
 * store  where replicas can meet they share the limits; borrowed for its life. NULL: each has the
 *        part that the configuration gives it.
 */
struct palette_hosts *palette_hosts_new(struct store *store);
/* NULL is fine. */
void palette_hosts_free(struct palette_hosts *hosts);

struct http_target;
/* How an environment is reached: target, out, borrows from it. */
void palette_reach(const struct config_environment *environment, struct http_target *target);

/* ---- the shared part: client.c ---- */

struct palette_client;
struct http_client;
struct http_cancel;

/*
 * client  out, owned: palette_client_free(). config, http and hosts are borrowed for its life. What
 *         hosts knows stays as it is; the rates and limits of this config hold from now on.
 */
void palette_client_new(const struct config *config, struct http_client *http,
			struct palette_hosts *hosts, struct palette_client **client);
/* Waits for refreshes; see below. NULL is fine. */
void palette_client_free(struct palette_client *client);
/* From now on begin and end are called around the waits in which a call does nothing for long, and
 * others may use its thread's place: for a turn within Palette's rate limits, for a place, and for
 * answers that are slow. Before the first call. */
void palette_client_on_wait(struct palette_client *client, void (*begin)(void), void (*end)(void));

/*
 * What is kept of Palette's answers is asked again in the background, once its time is over and
 * somebody wants it. start has another thread call palette_refresh(item), soon and once; it must
 * not block, and says whether that will be. Before the client is used; without it nothing is
 * answered that is past its time.
 */
typedef bool palette_start_fn(void *context, void *item);
void palette_client_refresh_by(struct palette_client *client, palette_start_fn *start,
			       void *context);
void palette_refresh(void *context, void *item); /* context is not used */

/* Of the answers that are kept, and the questions that are asked once for several; since the start
 * but for the last two. */
struct palette_cache_statistics {
	uint64_t hits;      /* answered with what was kept */
	uint64_t stale;     /* likewise, past its time */
	uint64_t misses;    /* asked */
	uint64_t coalesced; /* waited for somebody else's answer */
	uint64_t dropped;   /* before their time: something was changed, or Palette refused */
	uint64_t evicted;   /* for want of room */
	size_t entries;
	size_t bytes;
};
/* Any thread. */
void palette_client_cache_statistics(struct palette_client *client,
				     struct palette_cache_statistics *out);

/* Whether an environment is asked at the moment. */
struct palette_circuit_state {
	const char *phase; /* "closed", "open", "half-open"; static */
	unsigned failures; /* in a row */
	int64_t opened_ms; /* calendar; 0: it is closed */
};
/* environment: its index. Any thread. */
struct palette_circuit_state palette_circuit_state(const struct palette_client *client,
						   size_t environment);

/* What Palette's rate limit has left of a part of its API at the moment. */
struct palette_budget {
	const char *path; /* arena */
	double left;
	double most;
};
/* Of those parts that were asked; none where requests are not paced. *budget: out, arena. Any
 * thread. */
void palette_budget_look(const struct palette_client *client, size_t environment, struct arena *a,
			 struct palette_budget **budget, size_t *count);
struct history_reading;
/* What was asked of the environment in the last hour, each attempt, with its durations and what was
 * held back, whatever series of metrics there are: see tally_read(). environment: its index. Any
 * thread. */
void palette_hour(const struct palette_client *client, size_t environment, int64_t now_ms,
		  struct arena *a, struct history_reading *out);
/* When the certificate ends that the environment showed last, in seconds since 1970; 0: none was
 * seen. Any thread. */
int64_t palette_certificate_ends_s(const struct palette_client *client, size_t environment);
/* Since when the environment refuses the apiToken, in milliseconds since 1970; 0: it does not, as
 * far as is known. Any thread. */
int64_t palette_token_refused_ms(const struct palette_client *client, size_t environment);
/* How figures call an environment: by its name. */
const char *palette_environment_label(const struct config_environment *environment);

struct metric_samples;
/* A metric_sampler_fn of what the client has at the moment: what is kept, and of each environment
 * the circuit, the budget and the certificate. client: a struct palette_client. */
void palette_client_sample(void *client, struct metric_samples *samples);

/* ---- one call's view: client.c ---- */

struct palette;

enum palette_credential {
	PALETTE_API_KEY, /* the environment's apiToken, sent as `ApiKey` */
	PALETTE_SESSION, /* a user's session token, sent raw as `Authorization` */
};

/*
 * Takes one of the environment's places for calls at work, of which there are so many that a slow
 * Palette does not hold all threads: as many as its share of spectrocloud.server.workers. Where all
 * are taken it waits for one, as no more may than its share of spectrocloud.server.waiting.
 *
 * session  the user's token; its ptr NULL: the environment's own apiToken is used.
 * cancel   once it is set, what this view asks ends with ERROR_CANCELLED, at once: requests under
 *          way, and the pauses between attempts. Nothing more is sent then. Borrowed until
 *          palette_close(); NULL: none.
 * palette  out, owned: palette_close(). Everything borrowed must outlive it.
 *
 * Fails with ERROR_UNAVAILABLE when too many wait already, or until the deadline, and with
 * ERROR_CANCELLED.
 */
MUST_USE bool palette_open(struct palette_client *client,
			   const struct config_environment *environment, struct text session,
			   struct arena *arena, int64_t deadline_ms, struct http_cancel *cancel,
			   struct palette **palette, struct error *err);
/* The same for what holds no worker, such as following: it has places of its own, a few, so that
 * many of them leave room for requests. */
MUST_USE bool palette_open_aside(struct palette_client *client,
				 const struct config_environment *environment, struct text session,
				 struct arena *arena, int64_t deadline_ms,
				 struct http_cancel *cancel, struct palette **palette,
				 struct error *err);
/* NULL is fine. */
void palette_close(struct palette *p);

/* For whom this view asks, such as "user:default/ada". Where Palette's rate limits make requests
 * wait, callers take turns; those who are not named are one. */
void palette_set_caller(struct palette *p, struct text caller);

/* From now on this view takes no answer that was kept, nor one that was asked for before: what it
 * wants is asked anew. */
void palette_set_anew(struct palette *p, bool anew);

/*
 * From now on lists of many pages or projects tell how far they are: progress is called between
 * the requests, on the thread that asks.
 * done   grows by one with every page or project that is there.
 * total  as far as it is known by now; 0: not known.
 */
typedef void palette_progress_fn(void *context, int64_t done, int64_t total, const char *message);
/* progress  NULL: nobody is told. context: borrowed until palette_close(). */
void palette_set_progress(struct palette *p, palette_progress_fn *progress, void *context);

/* What an answer is made of, by its endpoint's documentation: it has one of these members. */
enum palette_form {
	PALETTE_FORM_OBJECT,    /* "metadata", "spec", "status" */
	PALETTE_FORM_LIST,      /* "items", of cluster groups "summaries", or "listmeta" */
	PALETTE_FORM_PROFILES,  /* "profiles" */
	PALETTE_FORM_VARIABLES, /* "variables"; empty where there are none */
	PALETTE_FORM_RESOURCES, /* "computecluster", "datacenter" */
	PALETTE_FORM_PACK,      /* "name", "packValues", "tags" */
	PALETTE_FORM_UID,       /* "uid" */
	PALETTE_FORM_FINDINGS,  /* "machinePools", "profiles"; may be empty */
	PALETTE_FORM_PRICE,     /* "rate", "machinePools", "name" */
};

/* ---- how a call fails ----
 *
 * All functions below fail alike: ERROR_NOT_FOUND, ERROR_DENIED (a user's own token),
 * ERROR_UNAUTHENTICATED with err->reauthenticate (a user's token that Palette no longer takes),
 * ERROR_UPSTREAM, ERROR_UNAVAILABLE (429 to the last attempt, no turn in time, or an environment
 * that has not answered for a while), ERROR_TIMEOUT, ERROR_CANCELLED; creates also ERROR_INPUT,
 * ERROR_CONFLICT and ERROR_UNPROCESSABLE with Palette's code, message and details, and so do
 * changes.
 *
 * project: a project's UID for the `ProjectUid` header; NULL for the tenant's scope.
 * Answers that are one object come as `out`: owned, buf_fini(); checked JSON, untouched bytes.
 */

/* ---- objects: clusters.c, profiles.c, accounts.c ---- */

/* GET /v1/dashboard/spectroclusters/{uid}: the summary with health and conditions. */
MUST_USE bool palette_cluster(struct palette *p, const char *project, const char *uid,
			      struct buf *out, struct error *err);

/* GET /v1/spectroclusters/{uid}: state and conditions, without health; from a part of the API that
 * may be asked more often. */
MUST_USE bool palette_cluster_object(struct palette *p, const char *project, const char *uid,
				     struct buf *out, struct error *err);

/*
 * GET /v1/spectroclusters/{uid}/assets/kubeconfig: the client kubeconfig, never the admin one.
 * out holds YAML with credentials: never log it.
 */
MUST_USE bool palette_kubeconfig(struct palette *p, const char *project, const char *uid, bool frp,
				 struct buf *out, struct error *err);

/* GET /v1/spectroclusters/{uid}/profiles with schemas and presets of the packs. */
MUST_USE bool palette_cluster_profiles(struct palette *p, const char *project, const char *uid,
				       struct buf *out, struct error *err);

/* GET /v1/spectroclusters/{uid}/pack/manifests/{manifestUid} */
MUST_USE bool palette_manifest(struct palette *p, const char *project, const char *uid,
			       const char *manifest, struct buf *out, struct error *err);

/* GET /v1/clustergroups/{uid} */
MUST_USE bool palette_cluster_group(struct palette *p, const char *project, const char *uid,
				    struct buf *out, struct error *err);

/* GET /v1/clusterprofiles/{uid}; a version of a profile is a profile of its own. */
MUST_USE bool palette_profile(struct palette *p, const char *project, const char *uid,
			      struct buf *out, struct error *err);
/* The same with schemas and presets of its packs. */
MUST_USE bool palette_profile_packs(struct palette *p, const char *project, const char *uid,
				    struct buf *out, struct error *err);
/* GET /v1/clusterprofiles/{uid}/variables */
MUST_USE bool palette_profile_variables(struct palette *p, const char *project, const char *uid,
					struct buf *out, struct error *err);

/* cloud_type: one of palette_account_types. eks and aks have the accounts of aws and azure. */
MUST_USE bool palette_account(struct palette *p, const char *project, const char *cloud_type,
			      const char *uid, struct buf *out, struct error *err);
/* GET /v1/cloudaccounts/vsphere/{uid}/properties/datacenters */
MUST_USE bool palette_vsphere_datacenters(struct palette *p, const char *project, const char *uid,
					  struct buf *out, struct error *err);
/* GET /v1/cloudaccounts/vsphere/{uid}/properties/computecluster/resources */
MUST_USE bool palette_vsphere_resources(struct palette *p, const char *project, const char *uid,
					const char *datacenter, const char *compute_cluster,
					struct buf *out, struct error *err);
/* GET /v1/users/assets/sshkeys */
MUST_USE bool palette_ssh_keys(struct palette *p, const char *project, struct buf *out,
			       struct error *err);
/* GET /v1/overlords: the private cloud gateways. */
MUST_USE bool palette_overlords(struct palette *p, const char *project, struct buf *out,
				struct error *err);
/* GET /v1/overlords/vsphere/{uid}/pools */
MUST_USE bool palette_ip_pools(struct palette *p, const char *project, const char *uid,
			       struct buf *out, struct error *err);

/* The type of the accounts that clusters of a cloud type have: "aws" for eks. Static, or
 * cloud_type itself. */
const char *palette_account_type(const char *cloud_type);
/* The cloud types whose accounts can be listed; ends with NULL. */
extern const char *const palette_account_types[];

/* ---- lists: pages.c and the resource's file ---- */

/* A project that Palette forbids to this caller, and what it said. */
struct palette_warning {
	const char *project; /* arena; "" for what belongs to the tenant itself */
	int status;
	const char *message; /* arena */
};

/*
 * A list on its way to become the answer {"<key>":[items]}: raw items, each once by /metadata/uid.
 */
struct palette_list {
	struct buf json; /* the answer so far: its head and the items, commas between */
	size_t items_at; /* where the '[' stands */
	size_t adopted; /* of json, so many bytes are in use while it holds an answer behind what is
			 * written of it; 0: it does not */
	size_t count;
	bool more;     /* of a list of at most so many: there is more */
	int64_t total; /* how many there are in all, of one scope's pages; -1: Palette did not say
			*/
	struct palette_warning *warnings; /* arena */
	size_t warning_count;
	size_t warning_room;
	struct palette_seen *seen; /* the uids so far */
};

/* key is static. p bounds how large it may become. */
void palette_list_init(struct palette_list *list, const struct palette *p, const char *key);
/* Forgets the items and warnings. */
void palette_list_reset(struct palette_list *list);
/* Closes the answer and moves it into *out (owned); with "warnings" where something was left out.
 * Fails with ERROR_UPSTREAM if it became too large. */
MUST_USE bool palette_list_finish(struct palette_list *list, struct buf *out, struct error *err);
/* Gives everything back. */
void palette_list_fini(struct palette_list *list);

/* One of several projects that are asked may be forbidden: it is left out and named in warnings.
 * With a project given, only that one is asked, and its refusal is the answer. */

/* GET /v1/dashboard/spectroclusters/meta over all the caller can see, or of one project. */
MUST_USE bool palette_clusters(struct palette *p, const char *project, struct palette_list *list,
			       struct error *err);
/* POST /v1/dashboard/spectroclusters/search for the cloud type `nested`, likewise. */
MUST_USE bool palette_virtual_clusters(struct palette *p, const char *project,
				       struct palette_list *list, struct error *err);
/* GET /v1/clustergroups/hostCluster */
MUST_USE bool palette_cluster_groups(struct palette *p, const char *project,
				     struct palette_list *list, struct error *err);
/* POST /v1/dashboard/projects */
MUST_USE bool palette_projects(struct palette *p, struct palette_list *list, struct error *err);
/* POST /v1/dashboard/clusterprofiles; cloud_type and profile_type may be NULL: any cloud, and the
 * types infra and cluster. */
MUST_USE bool palette_project_profiles(struct palette *p, const char *project,
				       const char *cloud_type, const char *profile_type,
				       struct palette_list *list, struct error *err);
/* The profiles whose name is one of names, whatever its case. */
MUST_USE bool palette_profiles_named(struct palette *p, const char *project,
				     const char *const *names, size_t count,
				     struct palette_list *list, struct error *err);
/* GET /v1/cloudaccounts/{type} */
MUST_USE bool palette_accounts(struct palette *p, const char *project, const char *cloud_type,
			       struct palette_list *list, struct error *err);

/* GET /v1/cloudaccounts/summary: accounts of all types with their state, without secrets. */
MUST_USE bool palette_account_summaries(struct palette *p, const char *project,
					struct palette_list *list, struct error *err);

/* ---- documents: what several may share: documents.c ----
 *
 * Which of Palette's answers may be kept, and shared by all who ask with the same credential, is
 * said here, one by one; nothing else is. None of them holds secrets.
 */
enum palette_document_kind {
	/* Lists, as {"<key>":[items]} with `warnings` where something was left out. */
	PALETTE_DOCUMENT_CLUSTERS,         /* "clusters"; project */
	PALETTE_DOCUMENT_VIRTUAL_CLUSTERS, /* "virtualClusters"; project */
	PALETTE_DOCUMENT_PROJECTS,         /* "projects" */
	PALETTE_DOCUMENT_MY_PROJECTS,      /* "projects" */
	PALETTE_DOCUMENT_PROFILES,         /* "profiles"; project, cloud_type, profile_type */
	PALETTE_DOCUMENT_CLUSTER_GROUPS,   /* "items"; project */
	/* Objects, as Palette has them. */
	PALETTE_DOCUMENT_CLUSTER,         /* project, uid */
	PALETTE_DOCUMENT_VIRTUAL_CLUSTER, /* likewise; ERROR_NOT_FOUND where its cloud type is not
					   * `nested` */
	PALETTE_DOCUMENT_PROFILE,         /* likewise */
	PALETTE_DOCUMENT_CLUSTER_GROUP,   /* likewise */
	PALETTE_DOCUMENT_ME,              /* who the caller is */
	PALETTE_DOCUMENTS
};

/* What is wanted. Strings may be NULL, which is something else than "". */
struct palette_wanted {
	enum palette_document_kind kind;
	const char *project;
	const char *uid;
	const char *cloud_type;
	const char *profile_type;
};

struct palette_document {
	struct shared *shared; /* owned: palette_document_fini() */
	size_t count;          /* of a list: its items */
	int age_s;             /* since it came from Palette; -1: it came now */
};

/* Fails as the function does that fills such a list or gets such an object. Blocks no longer than
 * the view's deadline, also where somebody else is asking. */
MUST_USE bool palette_document(struct palette *p, const struct palette_wanted *wanted,
			       struct palette_document *document, struct error *err);
/* Also of zeroes. */
void palette_document_fini(struct palette_document *document);
struct text palette_document_text(const struct palette_document *document);

/* ---- one cluster's lists: cluster_parts.c ----
 *
 * Their items are kept in Palette's order.
 */

/*
 * GET /v1/events/components/spectrocluster/{uid}, the newest first.
 *
 * most  so many of them; 0: all. list->more says whether there are older ones.
 */
MUST_USE bool palette_cluster_events(struct palette *p, const char *project, const char *uid,
				     size_t most, struct palette_list *list, struct error *err);

/* Whether no more is wanted from that item on. */
typedef bool palette_enough_fn(void *context, struct text item);
/* The same, but no further than until enough says so; it is asked of each item once. list->more
 * says only whether `most` was too few. */
MUST_USE bool palette_cluster_events_until(struct palette *p, const char *project, const char *uid,
					   palette_enough_fn *enough, void *context, size_t most,
					   struct palette_list *list, struct error *err);

/*
 * GET /v1/cloudconfigs/{cloud}/{uid}: the machine pools, which have names only here.
 *
 * cloud_type, uid  as a cluster's summary has them: /spec/cloudConfig/cloudType and .../uid.
 */
MUST_USE bool palette_cloud_config(struct palette *p, const char *project, const char *cloud_type,
				   const char *uid, struct buf *out, struct error *err);
/*
 * GET .../machinePools/{pool}/machines: all machines of one pool, with their health.
 *
 * pool  its name: /spec/machinePoolConfig/.../name of the cloud config.
 * most  so many of them; 0: all.
 */
MUST_USE bool palette_machines(struct palette *p, const char *project, const char *cloud_type,
			       const char *uid, const char *pool, size_t most,
			       struct palette_list *list, struct error *err);

/*
 * GET /v1/spectroclusters/{uid}/variables: [{"profileUid","variables":[{"name","value",...}]}].
 * out holds secrets where `isSensitive` is true: never log it.
 */
MUST_USE bool palette_cluster_variables(struct palette *p, const char *project, const char *uid,
					struct buf *out, struct error *err);

/* ---- packs of the registries: packs.c ---- */

/* What to look for; NULL: anything. Words as Palette has them. */
struct palette_pack_filter {
	const char *display_name; /* a part of it, whatever its case */
	const char *name;         /* a part of it, likewise */
	const char *layer;        /* "kernel", "os", "k8s", "cni", "csi", "addon" */
	const char *type;         /* "spectro", "helm", "manifest", "oci" */
	const char *cloud_type;
	const char *registry; /* a uid */
};
/*
 * POST /v1/packs/search, by layer. An item has {"spec":{"name","registries":[{"uid",
 * "latestPackUid","latestVersion"}]}} and no uid of its own.
 *
 * most  so many of them; 0: all.
 */
MUST_USE bool palette_pack_search(struct palette *p, const char *project,
				  const struct palette_pack_filter *filter, size_t most,
				  struct palette_list *list, struct error *err);
/* GET /v1/packs/{uid}: one version of a pack, and which other versions there are. out holds the
 * pack's values as the registry has them. */
MUST_USE bool palette_pack(struct palette *p, const char *project, const char *uid, struct buf *out,
			   struct error *err);
/* GET /v1/packs/{name}/registries/{uid}: all its versions. */
MUST_USE bool palette_pack_versions(struct palette *p, const char *project, const char *name,
				    const char *registry, struct buf *out, struct error *err);

/* ---- tags: tags.c ---- */

/* A label of a cluster or a profile, as Palette's interface shows it. */
struct palette_tag {
	const char *key;   /* arena */
	const char *value; /* arena; "": the tag is its key alone */
};
struct palette_tags {
	const struct palette_tag *tags; /* arena */
	size_t count;
};

/* Tags as text: "key" or "key:value", where the first colon counts. */
struct palette_tag_change {
	const char *const *add; /* takes the place of a tag with the same key */
	size_t add_count;
	const char *const *remove; /* "key": whatever its value; not being there is fine */
	size_t remove_count;
	bool only_try; /* nothing is sent: only what the tags would be */
};

/* GET /v1/spectroclusters/{uid} */
MUST_USE bool palette_cluster_tags(struct palette *p, const char *project, const char *uid,
				   struct palette_tags *tags, struct error *err);
/* GET /v1/clusterprofiles/{uid} */
MUST_USE bool palette_profile_tags(struct palette *p, const char *project, const char *uid,
				   struct palette_tags *tags, struct error *err);

/*
 * Reads, and PATCHes .../metadata if the change makes a difference. All else that Palette has there
 * (name, annotations, other labels) goes back as it was read; what somebody else changes between
 * the two is lost, for Palette knows no conditions.
 *
 * The change is sent once: tried again only where Palette has refused it (429) or no connection
 * came about.
 *
 * after  out: the tags as they are to be then.
 *
 * Fails as all do; with ERROR_INPUT also where a tag has no key.
 */
MUST_USE bool palette_set_cluster_tags(struct palette *p, const char *project, const char *uid,
				       const struct palette_tag_change *change,
				       struct palette_tags *before, struct palette_tags *after,
				       struct error *err);
/* The same of a profile. uid is that of one version; Palette changes it in its own scope only. */
MUST_USE bool palette_set_profile_tags(struct palette *p, const char *project, const char *uid,
				       const struct palette_tag_change *change,
				       struct palette_tags *before, struct palette_tags *after,
				       struct error *err);

/* ---- the caller: users.c ---- */

struct palette_me {
	const char *const *projects; /* uids with any permission; arena */
	size_t project_count;
	const char *const *tenant_permissions; /* such as "cluster.list"; arena */
	size_t tenant_permission_count;
};
/* GET /v1/users/me */
MUST_USE bool palette_me(struct palette *p, struct palette_me *me, struct error *err);
/* The caller's projects as {"uid","name"}. */
MUST_USE bool palette_my_projects(struct palette *p, struct palette_list *list, struct error *err);

/* GET /v1/apiKeys: {"items":[{"metadata","spec":{"expiry","user":{"uid"}},"status":{"isActive"}}]}.
 * Which of them the caller uses Palette does not say. */
MUST_USE bool palette_api_keys(struct palette *p, struct buf *out, struct error *err);

/* ---- many questions at once: questions.c, and the file of what is asked about ---- */

enum palette_question_kind {
	PALETTE_ABOUT_OBJECT, /* of the caller's: a refusal is about the uid */
	PALETTE_ABOUT_OURS,   /* no uid of the caller's is in it */
	PALETTE_ABOUT_VALUE,  /* whether Palette takes a value: there is no answer but yes */
};

/* answer: a checked JSON object, gone when this returns; of PALETTE_ABOUT_VALUE empty. */
typedef void palette_answer_fn(void *context, struct text answer);

/* One question; made by the functions below. */
struct palette_question {
	enum palette_question_kind kind;
	const char *path;        /* arena or static; encoded */
	const char *project;     /* NULL: the tenant's scope */
	const char *what;        /* for errors; arena or static */
	enum palette_form form;  /* of its answer */
	palette_answer_fn *take; /* set by who asks; NULL: nobody looks at the answer */
	void *context;

	/* out */
	bool ok;
	int status;         /* Palette's last; 0: it did not answer */
	struct error error; /* where it is not ok */
};

/* Asks them all, many at a time, and hands over the answers in the order of the questions. Each has
 * its own outcome. */
void palette_ask(struct palette *p, struct palette_question *const *questions, size_t count);

/* GET /v1/cloudaccounts/{type}/{uid}, as palette_account() */
struct palette_question palette_account_question(struct palette *p, const char *project,
						 const char *cloud_type, const char *uid);
/* GET /v1/dashboard/cloudaccounts/metadata: accounts of all types, without secrets. */
struct palette_question palette_account_names_question(struct palette *p, const char *project);
struct palette_question palette_datacenters_question(struct palette *p, const char *project,
						     const char *uid);
struct palette_question palette_resources_question(struct palette *p, const char *project,
						   const char *uid, const char *datacenter,
						   const char *compute_cluster);
struct palette_question palette_overlords_question(struct palette *p, const char *project);
struct palette_question palette_ip_pools_question(struct palette *p, const char *project,
						  const char *uid);
struct palette_question palette_profile_question(struct palette *p, const char *project,
						 const char *uid);
struct palette_question palette_profile_variables_question(struct palette *p, const char *project,
							   const char *uid);
struct palette_question palette_cluster_question(struct palette *p, const char *project,
						 const char *uid);
struct palette_question palette_cluster_group_question(struct palette *p, const char *project,
						       const char *uid);
/* GET /v1/clustergroups/hostCluster/metadata: {"items":[{"name","uid","scope"}]} */
struct palette_question palette_cluster_group_names_question(struct palette *p,
							     const char *project);
/* GET /v1/spectroclusters/validate/name: is the name free in that scope? */
struct palette_question palette_cluster_name_question(struct palette *p, const char *project,
						      const char *name);

/* ---- creating: create.c ---- */

/*
 * POST /v1/spectroclusters/{kind}. Sent once: tried again only where Palette has refused it (429)
 * or no connection came about. Once it is on its way it is carried through, whoever calls it off.
 *
 * kind    "eks", "aws", "aks", "azure", "vsphere" or "virtual".
 * name    the cluster's, which an error that leaves the outcome open names.
 * entity  Palette's entity of that kind, sent as it is.
 * out     owned: {"uid":...}.
 *
 * Fails as all do; err->maybe_done tells whether there may be a cluster all the same.
 */
MUST_USE bool palette_create_cluster(struct palette *p, const char *project, const char *kind,
				     const char *name, struct text entity, struct buf *out,
				     struct error *err);

/* What a cluster would cost. */
struct palette_price {
	/* arena: {"periodType":"hourly","compute","storage","total","machinePools"}, the numbers
	 * and the list of pools as Palette wrote them, in its currency; ptr NULL: it gave none. */
	struct text json;
	const char *missing; /* arena: why it gave none; NULL: this kind has no price */
};

/*
 * POST /v1/spectroclusters/{kind}/validate and, but for virtual clusters, .../rate. Palette answers
 * 200 also when it finds faults; that is ERROR_UNPROCESSABLE here, with its findings as details.
 * That it gives no price, or none within seconds, is no failure.
 */
MUST_USE bool palette_try_cluster(struct palette *p, const char *project, const char *kind,
				  struct text entity, struct palette_price *price,
				  struct error *err);

/*
 * Whether a word is part of Palette's own paths, such as "meta" in
 * /v1/dashboard/spectroclusters/meta, so that it must not be taken for a uid. Case does not count.
 */
bool palette_is_reserved(struct text word);

#endif
