/*
 * What this service owes Backstage and asks of it: who a caller is, what they may do, and our own
 * keys and tokens as the plugin `spectrocloud`.
 *
 * Source: Backstage's documentation, "Backend System, Core Services": auth, httpAuth, permissions,
 * discovery; "Service to Service Auth", external callers and their access restrictions; and the
 * tokens as @backstage/backend-defaults 0.18 makes and takes them.
 */
#ifndef BACKSTAGE_BACKSTAGE_H
#define BACKSTAGE_BACKSTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "http/client.h"

/* Our plugin's id in Backstage. */
#define BACKSTAGE_PLUGIN_ID CONFIG_PLUGIN_ID

struct backstage;
struct store;

/*
 * Reads our keys or makes one, and the policy file if there is one. Blocks for at most two seconds.
 * config, http  borrowed for its life.
 * store         borrowed for its life: shares the public halves of our keys with other replicas and
 *               with those that start after us. NULL, for tests: the keys of this process alone.
 * b             out, owned: backstage_close().
 */
MUST_USE bool backstage_open(const struct config *config, struct http_client *http,
			     struct store *store, struct backstage **b, struct error *err);
/*
 * The same with the keys of `before`, unless they are written in the configuration: what was signed
 * with them stays good, and they go on being published. The store is then that of `before`, which
 * may be closed first.
 * before  NULL: there is none.
 */
MUST_USE bool backstage_open_after(struct backstage *before, const struct config *config,
				   struct http_client *http, struct store *store,
				   struct backstage **b, struct error *err);
/* After every caller has returned. NULL is fine. */
void backstage_close(struct backstage *b);

/* Whether the files that the configuration names for it (keys, the policy) are good, as
 * backstage_open() wants them. Opens no store. */
MUST_USE bool backstage_check(const struct config *config, struct error *err);

/* How the functions below may spend a call's time and memory. */
struct backstage_call {
	struct arena *arena;
	int64_t deadline_ms; /* of clock_now_ms() */
	bool may_wait;       /* false: answers at once or says that it cannot */
	/* Once set, questions that are asked for this call end at once, with ERROR_CANCELLED where
	 * the answer was needed; NULL: none. Waiting for another call's question goes on. */
	struct http_cancel *cancel;
};

/* ---- callers: caller.c ---- */

enum principal_kind {
	PRINCIPAL_NONE, /* only where Backstage's default auth policy is switched off */
	PRINCIPAL_SERVICE,
	PRINCIPAL_USER,
};

struct principal {
	enum principal_kind kind;
	const char
		*subject;  /* "user:default/ada", "plugin:catalog", "external:ci"; NULL for none */
	const char *actor; /* of a user for whom a plugin acts: "plugin:catalog"; else NULL */
	const struct config_external *external;       /* the entry that let a service in, or NULL */
	const struct config_restriction *restriction; /* for this plugin; NULL: unrestricted */
	/* Of a user: what goes into the claim obo of our own tokens, good until expires_s. Empty
	 * where the user's token cannot be delegated. A credential: never log it. */
	struct text on_behalf;
	int64_t expires_s; /* of the caller's token, since 1970; 0: it does not end */
};

enum identity {
	IDENTITY_KNOWN,
	IDENTITY_REFUSED,
	IDENTITY_UNDECIDED, /* it takes a signature or a fetch of keys, and the call may not wait */
};

/*
 * Who sent a request.
 *
 * authorization  the header's value; its ptr is NULL if the request had none.
 * principal      out, arena; also set where a known token is refused, for the audit trail.
 *
 * Refuses with ERROR_UNAUTHENTICATED (no token, or one that is not good) or ERROR_DENIED (one that
 * is restricted to other plugins); with ERROR_UNAVAILABLE where so many wait for keys that another
 * must not. A token that was verified is remembered for a while.
 */
MUST_USE enum identity backstage_identify(struct backstage *b, const struct backstage_call *call,
					  struct text authorization, struct principal *principal,
					  struct error *err);

/* ---- permissions: permission.c ---- */

/* What an operation asks of its caller. Zero lets nobody in. */
enum permit {
	PERMIT_NOBODY,
	PERMIT_ANYONE,        /* no credential needed */
	PERMIT_AUTHENTICATED, /* any valid credential */
	PERMIT_SESSIONS,      /* Backstage's plugin auth, and services that are trusted */
	PERMIT_OPERATORS,     /* services; of those with access restrictions, whoever's name
			       * PERMISSION_OPERATORS. Users never, nor who is not known */
	PERMIT_VIEW_CLUSTER,
	PERMIT_DOWNLOAD_KUBECONFIG,
	PERMIT_VIEW_PACK_VALUES,
	PERMIT_VIEW_PACK_MANIFESTS,
	PERMIT_CREATE_CLUSTER,
	PERMIT_VIEW_PROFILE,
	PERMIT_VIEW_PROFILE_CLUSTERS,
	PERMITS
};

/* A basic permission of Backstage's permission framework. All strings are static. */
struct permission {
	const char *name;   /* "spectrocloud.cluster.view-info" */
	const char *action; /* attributes.action: "read" or "create" */
	const char *summary;
};

/* How access restrictions call PERMIT_OPERATORS, which is no permission of the framework's. */
#define PERMISSION_OPERATORS "spectrocloud.metrics.view"

/* NULL for those that name no permission: nobody, anyone, authenticated, sessions, operators. */
const struct permission *permission_of(enum permit permit);

/*
 * Whether the caller may. Services are decided here, by the restrictions of their token; users by
 * Backstage's permission backend, which is asked on their own behalf, or, without one, by the
 * policy file. Decisions are kept for a short while, and a question that is being asked is not
 * asked again.
 *
 * Whoever is not clearly allowed is refused with ERROR_DENIED, also where the answer does not come
 * or is no clear yes; ERROR_UNAVAILABLE where so many wait for answers that another must not.
 */
MUST_USE bool backstage_authorize(struct backstage *b, const struct backstage_call *call,
				  const struct principal *principal, enum permit permit,
				  struct error *err);

/* Whether it is a service of spectrocloud.auth.trustedServices: it may speak for users. */
bool backstage_is_trusted(const struct backstage *b, const struct principal *principal);
/* Whether it may do what PERMIT_SESSIONS says. */
bool backstage_keeps_sessions(const struct backstage *b, const struct principal *principal);

/* Whether people who have no Palette session of their own may use the environment's apiToken for
 * what asks this permission; spectrocloud.auth.requireUserSession and serviceTokenFor. */
bool permit_uses_service_token(const struct config *config, enum permit permit);

/* Whether backstage_authorize() has its answer in memory, so that it does not wait. */
bool backstage_decides_at_once(const struct backstage *b, const struct principal *principal,
			       enum permit permit);

/*
 * Whether permissions of users can be decided, as far as is known from the last question or look.
 * Fails with ERROR_UNAVAILABLE, saying what is wrong. Does not wait.
 */
MUST_USE bool backstage_ready(struct backstage *b, struct error *err);

/*
 * Keeps that knowledge fresh: looks whether the permission backend answers, if nobody has asked it
 * for a while or it failed. Makes our next key in time and shares it. To be called about once a
 * second, from one thread at a time. Blocks for at most three seconds.
 */
void backstage_look_around(struct backstage *b);

/* Fetches what the first requests would have to wait for: the keys of Backstage's users. Blocks for
 * at most the time-out of a call, or most_ms, and then for at most two seconds, for the permission
 * backend. What it cannot get it logs; the requests will try again. */
void backstage_warm_up(struct backstage *b, int most_ms);

/* ---- people: catalog.c ---- */

/*
 * The e-mail address of a user, spec.profile.email of their entity in the catalog, which is asked
 * on their own behalf. The answer is kept for a minute.
 *
 * email  out, arena; NULL where the user has no entity that they may see, or none is in it.
 * Fails with ERROR_UNAVAILABLE where the catalog gives no usable answer, or as
 * backstage_plugin_token() does.
 */
MUST_USE bool backstage_user_email(struct backstage *b, const struct backstage_call *call,
				   const struct principal *principal, const char **email,
				   struct error *err);

/* ---- Palette's objects in the catalog: entities.c, entities_read.c, entities_choose.c ---- */

enum catalog_type {
	CATALOG_CLUSTER,
	CATALOG_VIRTUAL_CLUSTER,
	CATALOG_CLUSTER_GROUP,
	CATALOG_PROFILE,
	CATALOG_TYPES
};

/* How messages call it: "cluster profile". Static. */
const char *catalog_type_name(enum catalog_type type);
/* Which annotation has the uid in Palette, without the prefix: "cluster-id". Static. */
const char *catalog_uid_annotation(enum catalog_type type);

/*
 * What the catalog's ingestor wrote about one object of Palette's, as the caller may see it. All is
 * in the arena. Of annotations that are not there, are no text or are empty: NULL.
 */
struct catalog_entity {
	const char *ref; /* "resource:default/prod-web", lower case; NULL: there is no entity */
	const char *title;
	const char *uid;      /* in Palette. NULL where the ingestor wrote none: of no use then */
	const char *project;  /* its UID; NULL: tenant scope */
	const char *instance; /* the environment's name; NULL: the one that has none */
	const char *project_name;
	const char *scope;
	const char *cloud_type;
	const char *state;              /* of clusters */
	const char *kubernetes_version; /* "N/A" where Palette says none */
	const char *profile_type;       /* of profiles, as all below */
	const char *profile_status;     /* "published" or "draft" */
	const char *version;
	const char *latest_version;
	/* JSON arrays, checked; empty where there is none: */
	struct text versions;     /* of a profile: [{"uid","version"}] */
	struct text profile_refs; /* what a cluster uses: [{"name","uid"}], uids of versions */
};

/*
 * The entities of that type whose title is this one. Titles are not unique. One that is written
 * exactly so wins over those whose letters' case differs, which are found otherwise.
 *
 * found, count  out, arena. None: there is none that the caller may see.
 * Fails with ERROR_UNAVAILABLE where the catalog gives no usable answer, with ERROR_UPSTREAM where
 * more than 1,000 are found or 10,000 were to be read, or as backstage_plugin_token() does. Blocks
 * for one request a page.
 */
MUST_USE bool backstage_entities(struct backstage *b, const struct backstage_call *call,
				 const struct principal *principal, enum catalog_type type,
				 const char *title, const struct catalog_entity **found,
				 size_t *count, struct error *err);

/* All entities of that type. As backstage_profile_users(). */
MUST_USE bool backstage_all_entities(struct backstage *b, const struct backstage_call *call,
				     const struct principal *principal, enum catalog_type type,
				     const struct catalog_entity **found, size_t *count,
				     struct error *err);

/* All entities of that type which say what profiles they use. As backstage_entities(); of more than
 * 10,000 none. */
MUST_USE bool backstage_profile_users(struct backstage *b, const struct backstage_call *call,
				      const struct principal *principal, enum catalog_type type,
				      const struct catalog_entity **found, size_t *count,
				      struct error *err);

/*
 * The entity of that reference: "resource:default/x", also "default/x" or "x".
 * found  out; its ref is NULL where there is none of that type that the caller may see.
 * Fails as backstage_entities(), and with ERROR_INPUT for what is no reference.
 */
MUST_USE bool backstage_entity(struct backstage *b, const struct backstage_call *call,
			       const struct principal *principal, enum catalog_type type,
			       const char *ref, struct catalog_entity *found, struct error *err);

/* The UIDs of a profile: its own and those of all its versions. Arena. */
struct catalog_uids {
	const char **items;
	size_t count;
};
struct catalog_uids catalog_profile_uids(struct arena *a, const struct catalog_entity *profile);
/* Whether one of them is among the profile_refs. */
bool catalog_uses(const struct catalog_entity *user, const struct catalog_uids *profile);

/* What the caller says of the entity that they mean; of what they do not say, NULL or "". */
struct catalog_wanted {
	enum catalog_type type;
	const char *title;
	const char *entity_ref;
	const char *project;
	const char *instance;
};

/*
 * The one that is wanted.
 * chosen  out, borrowed from found.
 * Fails with ERROR_NOT_FOUND where none fits, with ERROR_INPUT where several do or entity_ref is no
 * reference. The message names the candidates that fit in it, and says how many more there are;
 * the details name all: {"candidates":["resource:default/x"]}.
 */
MUST_USE bool catalog_choose(struct arena *a, const struct catalog_entity *found, size_t count,
			     const struct catalog_wanted *wanted,
			     const struct catalog_entity **chosen, struct error *err);

/* ---- our own keys and tokens: own_keys.c, plugin_token.c ---- */

/*
 * Our public keys, {"keys":[...]}, and those of all replicas that had shared theirs when this was
 * called; arena. Waits for the store, about two seconds at most; while that fails, and where the
 * call may not wait, the others' are those that were known last. Any thread.
 */
struct text backstage_jwks(struct backstage *b, const struct backstage_call *call);

/*
 * A token with which this plugin calls another one for the caller. token: out, arena; empty where
 * Backstage's default auth policy is off and there is no caller. A credential: never log it.
 *
 * Fails with ERROR_DENIED where the caller's restrictions do not reach that plugin, and with
 * ERROR_UNAUTHENTICATED where there is nobody to act for or their token cannot be delegated.
 */
MUST_USE bool backstage_plugin_token(struct backstage *b, struct arena *a,
				     const struct principal *principal, const char *plugin,
				     struct text *token, struct error *err);

/* ---- discovery: discovery.c ---- */

/*
 * Where another plugin is, such as "http://localhost:7007/api/catalog".
 * plugin  letters, digits, '-' and '_'.
 * url     out, arena.
 * Fails with ERROR_UNAVAILABLE where the configuration does not say. Waits for DNS where the
 * address is a service name.
 */
MUST_USE bool backstage_url(struct backstage *b, const struct backstage_call *call,
			    const char *plugin, const char **url, struct error *err);
/* The same as a browser sees it; false where the configuration does not say. */
MUST_USE bool backstage_external_url(const struct config *config, struct arena *a,
				     const char *plugin, const char **url);

/* ---- for who looks for a fault: plugin_fetch.c ---- */

/* From now on requests to other plugins carry this token in the place of one of ours. A credential;
 * borrowed for the life of b. Before the first request. */
void backstage_use_token(struct backstage *b, struct text token);
/* How other plugins are reached; lives as long as b. */
const struct http_target *backstage_target(const struct backstage *b);

struct backstage_question {
	const char *plugin;
	const char *path; /* below its address, percent-encoded */
	struct text body; /* JSON, sent with POST; empty: GET */
};
/*
 * Asks another plugin and hands over whatever comes.
 * principal  NULL: without a token.
 * fetch      out, owned in any case: http_fetch_fini().
 * False where nothing could be sent: its address is not known, or as backstage_plugin_token()
 * fails.
 */
MUST_USE bool backstage_look(struct backstage *b, const struct backstage_call *call,
			     const struct principal *principal,
			     const struct backstage_question *question, struct http_fetch *fetch,
			     struct error *err);

/* ---- figures ---- */

struct backstage_stats {
	uint64_t tokens_verified; /* by their signature */
	uint64_t tokens_recalled; /* known from before */
	uint64_t tokens_refused;
	uint64_t key_fetches;
	uint64_t key_fetches_failed;
	uint64_t questions_asked; /* of the permission backend */
	uint64_t questions_recalled;
	uint64_t questions_failed; /* no answer, or no clear one */
	uint64_t allowed;          /* decisions about users */
	uint64_t denied;
};
/* Since the start. Any thread. */
struct backstage_stats backstage_stats(const struct backstage *b);

#endif
