/*
 * The configuration: Backstage's own files, read as Backstage reads them, and out of them what this
 * service needs. table.c has one row a setting; parsing, checks, defaults, `config show` and the
 * reference page come from the rows.
 *
 * Source of the rules: Backstage's documentation, "Writing Backstage Configuration Files" and
 * "Reading Backstage Configuration".
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/secret.h"
#include "telemetry/trail.h"

/* What Backstage knows this service by. */
#define CONFIG_PLUGIN_ID "spectrocloud"

enum { CONFIG_LONGEST_NAME = 256 }; /* of an environment; characters, as a request may have */
enum { CONFIG_MOST_RATES = 32 };    /* of one list */

/* A rate limit of Palette: of the paths that begin with these segments, "*" being any one. */
struct config_rate {
	const char *path;
	int per_second;
	int at_once; /* after a quiet time */
};

/* One entry of spectrocloud.environments. */
struct config_environment {
	const char *name; /* NULL if it has none */
	const char *url;  /* without trailing '/'; http or https */
	const char *tenant;
	struct secret api_token;
	const char *ca_file; /* NULL: the system's certificates */
	bool insecure_skip_verify;
	struct config_rate *rates; /* of its host */
	size_t rate_count;
};

/* What a restricted external token may do; see accessRestrictions in Backstage's documentation. */
struct config_restriction {
	const char *plugin;
	const char *const *permissions; /* NULL: any */
	size_t permission_count;
	const char *const *actions; /* permissionAttribute.action; NULL: any */
	size_t action_count;
};

/* A list of strings in the configuration. */
struct config_strings {
	const char *const *items;
	size_t count;
};

enum config_external_type { CONFIG_EXTERNAL_STATIC, CONFIG_EXTERNAL_LEGACY, CONFIG_EXTERNAL_JWKS };

/* One entry of backend.auth.externalAccess, or of backend.auth.keys (legacy). */
struct config_external {
	enum config_external_type type;
	struct secret token;              /* static */
	struct secret secret;             /* legacy: decoded, the bytes of the HMAC key */
	const char *subject;              /* static and legacy */
	const char *url;                  /* jwks: where its keys are */
	struct config_strings issuers;    /* jwks: one of them; none: any */
	struct config_strings audiences;  /* jwks: one of them; none: any */
	struct config_strings algorithms; /* jwks: one of them; none: what the key says */
	const char *subject_prefix;       /* jwks; NULL: none */
	const struct config_restriction *restrictions; /* NULL: unrestricted */
	size_t restriction_count;
};

/* One entry of discovery.endpoints. "{{pluginId}}" stands in the URLs as it was written. */
struct config_endpoint {
	const char *internal; /* http, https, http+srv or https+srv; NULL: the fallback */
	const char *external; /* http or https; NULL: the fallback */
	struct config_strings plugins;
};

enum config_key_store { CONFIG_KEYS_DATABASE, CONFIG_KEYS_STATIC };

/* One entry of backend.auth.pluginKeyStore.static.keys. */
struct config_plugin_key {
	const char *key_id;
	const char *algorithm;
	const char *public_key_file;  /* PEM, SPKI */
	const char *private_key_file; /* PEM, PKCS#8; NULL but for the first */
};

/* backend.cors. The strings are values of headers; an empty one says that none is sent. */
struct config_cors {
	bool enabled;    /* there is a backend.cors */
	bool any_origin; /* and it names no origin: pages of all origins may read the answers */
	const struct glob **origins; /* made without case and without "**" */
	size_t origin_count;
	bool null_origin; /* "null" is one of them, as it stands */
	bool credentials;
	const char *methods;
	const char *allowed_headers; /* NULL: those that are asked for */
	const char *exposed_headers;
	const char *max_age;
	bool preflight_continue; /* OPTIONS is not answered before the routes */
	int preflight_status;
};

/* Names and values; both can stand in a header. */
struct config_header {
	const char *name;
	const char *value; /* of a directive of a policy, NULL: it is left out */
};
struct config_headers {
	const struct config_header *items;
	size_t count;
};

/* What a user must show to have the session of the e-mail address that a header names. */
enum config_email_binding {
	CONFIG_BINDING_CATALOG, /* that it is their own, by the catalog */
	CONFIG_BINDING_OFF,     /* nothing */
};

/* Where users' Palette sessions are kept. */
enum config_store_type {
	CONFIG_STORE_AUTO, /* as written; never after config_load() */
	CONFIG_STORE_MEMORY,
	CONFIG_STORE_SQLITE,
	CONFIG_STORE_POSTGRESQL,
};

enum config_tls {
	CONFIG_TLS_UNSAID, /* what the connection string or else the driver says */
	CONFIG_TLS_OFF,
	CONFIG_TLS_UNVERIFIED, /* encrypted, with whomever */
	CONFIG_TLS_VERIFIED,   /* certificate and host's name */
};

/* How to reach PostgreSQL. What is NULL or unset here is as `connection` or the driver has it. */
struct config_postgres {
	struct secret connection; /* a URL or a list of keywords and values, as libpq takes them */
	const char *host;
	const char *port;
	const char *user;
	struct secret password;
	const char *database;
	const char *schema; /* NULL: the default one */
	enum config_tls tls;
	const char *ca; /* PEM; NULL: the system's certificates */
	bool create;    /* makes the database and the schema where they are missing */
};

struct config_store {
	enum config_store_type type;
	const char *path;                /* as written */
	const char *file;                /* SQLite's */
	struct config_postgres postgres; /* with the type POSTGRESQL */
	struct secret *keys; /* of 32 bytes each; with SQLITE and POSTGRESQL at least one */
	size_t key_count;
};

/* What agents are given of kubeconfigs. */
enum config_kubeconfig {
	CONFIG_KUBECONFIG_OIDC, /* those that hold no credential */
	CONFIG_KUBECONFIG_FULL, /* and the others */
	CONFIG_KUBECONFIG_OFF,  /* none */
};

/* Globs of the names of tools. */
struct config_patterns {
	const struct glob **items;
	const char *const *written; /* as they stand in the configuration */
	size_t count;
};

/* spectrocloud.mcp */
struct config_mcp {
	bool enabled;                /* the endpoint over HTTP */
	const char *const *toolsets; /* at least one */
	size_t toolset_count;
	struct config_patterns include; /* count 0: every tool of the toolsets */
	struct config_patterns exclude;
	bool read_only; /* no tool that changes anything */
	enum config_kubeconfig kubeconfig;
	struct config_strings allowed_origins; /* of browsers' pages that may use the endpoint,
						  besides its own; as browsers send them */
};

enum { CONFIG_MOST_FOLLOWED = 1024 };
/* spectrocloud.follow */
struct config_follow {
	int interval_ms;   /* between two looks at Palette */
	int most;          /* clusters that are followed at a time */
	int keep_alive_ms; /* after so long without news a sign of life is sent */
	int recheck_ms;    /* after so long the caller's permission is asked again */
	int patience_ms;   /* so long without a good answer is the end */
};

/* spectrocloud.cache */
struct config_cache {
	int lists_ms;   /* how long lists of Palette's are kept; 0: not */
	int details_ms; /* single objects, likewise */
	int max_bytes;  /* of all that is kept */
};

/* spectrocloud.telemetry, as far as it is about spans */
struct config_tracing {
	const char *endpoint; /* NULL: none are made */
	struct config_headers headers;
	double ratio;
};

/* spectrocloud.audit */
struct config_audit {
	enum trail_to to;
	const char *file;   /* with TRAIL_FILE; an absolute path */
	const char *socket; /* likewise, of the system's log */
	bool required;      /* what is audited is not done if the trail does not take it */
};

/* What a rule of backend.actions.filter says of an attribute. */
enum config_said { CONFIG_UNSAID, CONFIG_SAID_FALSE, CONFIG_SAID_TRUE };

/* One entry of backend.actions.filter.include or exclude: all of it must fit. */
struct config_action_rule {
	const struct glob *id; /* NULL: any */
	enum config_said destructive, idempotent, read_only;
};

/* backend.actions, as far as it is about this plugin */
struct config_actions {
	bool offered;                       /* pluginSources is not set, or names this plugin */
	bool sources_set;                   /* pluginSources is set */
	struct config_action_rule *include; /* none: all */
	size_t include_count;
	struct config_action_rule *exclude;
	size_t exclude_count;
};

/* A file that a load has read, or looked for. */
struct config_file {
	const char *path;
	bool there;      /* it was, and could be read */
	bool empty;      /* but for blanks */
	bool apart;      /* who uses it sees by itself that it changes */
	uint64_t digest; /* of what was in it, to tell one state from another */
};
struct config_files {
	struct config_file *items;
	size_t count;
	struct arena arena; /* of items and paths */
};
/* Of config_options.read. */
void config_files_fini(struct config_files *files);

/* Constant after config_load(); everything in it is released by config_free(). */
struct config {
	/* spectrocloud */
	const char *annotation_prefix;
	bool enable_permissions;
	struct config_environment *environments;
	size_t environment_count;

	/* spectrocloud.server */
	const char *listen;
	int max_body_bytes;
	int max_header_bytes;
	int max_buffered_bytes; /* at least four bodies */
	int max_connections;
	int workers;
	int queue_length;
	int waiting; /* requests that hold no worker */
	int request_timeout_ms;
	int receive_timeout_ms;
	int idle_timeout_ms;
	int drain_timeout_ms;
	bool watch_config;
	bool compression;
	bool confine; /* see app/confine.h */

	/* spectrocloud.upstream */
	int upstream_timeout_ms;
	int upstream_connect_timeout_ms;
	int upstream_connections_per_host;
	int upstream_calls_in_flight; /* of one environment */
	int upstream_parallel;        /* of one request */
	int upstream_max_answer_bytes;
	int upstream_max_pages;
	int upstream_attempts;
	int upstream_retry_delay_ms;
	int upstream_rate_percent; /* of Palette's limits; 0: requests are not paced */
	int upstream_replicas;     /* that share them */
	struct config_rate *upstream_rates;
	size_t upstream_rate_count;
	int upstream_circuit_failures; /* in a row; 0: any number */
	int upstream_circuit_pause_ms;

	/* spectrocloud.auth */
	enum config_email_binding email_binding;
	const char *session_environment; /* as written; see config_session_environment() */
	bool require_user_session;
	struct config_strings service_token_for; /* items NULL: for everything */
	bool use_session_without_header;
	struct config_strings trusted_services;

	struct config_store store; /* spectrocloud.tokenStore, backend.database */
	struct config_mcp mcp;
	struct config_follow follow;
	struct config_cache cache;

	/* spectrocloud.telemetry */
	const char *telemetry_listen; /* NULL: nowhere */
	enum log_level log_level;
	struct log_levels log_levels;
	enum log_format log_format;

	struct config_tracing tracing;
	struct config_audit audit;

	/* spectrocloud.permissions, spectrocloud.backstage, spectrocloud.standalone */
	int permission_cache_ttl_ms;   /* 0: every question is asked */
	int backstage_timeout_ms;      /* of one call to another plugin */
	const char *backstage_ca_file; /* NULL: the system's certificates */
	const char *policy_file;       /* NULL: none */

	/* Backstage's own */
	bool permission_enabled;          /* permission.enabled */
	bool disable_default_auth_policy; /* backend.auth.dangerouslyDisableDefaultAuthPolicy */
	struct config_external *external; /* backend.auth.externalAccess, then backend.auth.keys */
	size_t external_count;
	const char *base_url;              /* backend.baseUrl; NULL: unset */
	const char *app_base_url;          /* app.baseUrl; NULL: unset */
	bool client_documents;             /* auth.clientIdMetadataDocuments.enabled */
	bool client_registration;          /* auth.experimentalDynamicClientRegistration.enabled */
	struct config_endpoint *endpoints; /* discovery.endpoints */
	size_t endpoint_count;
	enum config_key_store plugin_key_store; /* backend.auth.pluginKeyStore.type */
	struct config_plugin_key *plugin_keys;  /* none: keys are made, and replaced every hour */
	size_t plugin_key_count;

	struct config_actions actions;

	/* Backstage's own, of its HTTP server */
	struct config_cors cors;      /* backend.cors */
	struct config_headers csp;    /* backend.csp: changes to the default policy, in order */
	const char *referrer_policy;  /* backend.referrer.policy: a header's value */
	struct config_headers health; /* backend.health.headers */
	int startup_pause_ms;         /* backend.lifecycle.startupRequestPauseTimeout */
	int shutdown_delay_ms;        /* backend.lifecycle.serverShutdownDelay */

	const struct config_file *files; /* that it was read from */
	size_t file_count;
	int64_t read_ms; /* calendar: when their reading began */

	struct arena arena;
	struct config_tree *tree; /* the merged document, for config_show() */
};

struct config_options {
	const char *const
		*files; /* --config, in order; none: app-config.yaml and its kin in directory */
	size_t file_count;
	const char *const *overrides; /* --set PATH=VALUE, stronger than every file and variable */
	size_t override_count;
	const char *directory; /* where the default files are and relative paths start; NULL: "." */
	char *const *environment; /* as environ */
	/* Paths of sections that the caller does not use, ends with NULL; NULL: none. What is wrong
	 * in them is passed over, and what they fill is not to be read. */
	const char *const *unread;
	/* Out, also where the load fails: all faults and notices. Owned: config_findings_fini().
	 * NULL: nobody wants to know. */
	struct config_findings *findings;
	/* Out, also where the load fails: which files were read or looked for. Owned:
	 * config_files_fini(). NULL: nobody wants to know. */
	struct config_files *read;
};

/* A fault or a notice, for programs. */
struct config_finding {
	bool is_fault;
	const char *file; /* or what else it was written in: the name of a variable, "--set" */
	unsigned line;    /* 0: it has none, nor a column */
	unsigned column;
	const char *path; /* of the setting; NULL: it is about none */
	const char *message;
};
struct config_findings {
	struct config_finding *items; /* faults first */
	size_t count;
	struct arena arena;
};
void config_findings_fini(struct config_findings *findings);

/* A remark about the configuration: something unknown or unwise, but no reason to stop. */
struct config_notice {
	const char *where; /* "app-config.yaml:12:5" */
	const char *path;  /* "spectrocloud.server.lisen" */
	const char *message;
};
struct config_notices {
	struct config_notice *items;
	size_t count;
};

/* A line of the log each. */
void config_log_notices(const struct config_notices *notices);

/*
 * Loads, merges, substitutes, fills and checks.
 *
 * config   out, owned: config_free().
 * notices  out, part of config; may be NULL.
 * Fails with ERROR_INPUT. The message starts with file, line and column where there is one, names
 * the path and what was wanted; of several faults it gives the first and how many more there are,
 * and faults, if not NULL, gets a line for each of them, then the notices as lines that begin with
 * "warning: ".
 */
MUST_USE bool config_load(const struct config_options *options, struct config **config,
			  struct config_notices *notices, struct buf *faults, struct error *err);
/* Scheme, host and port of an environment's address, in lower case and without the usual port;
 * environments that have it in common are of one host. Arena. */
const char *config_origin(struct arena *a, const char *url);
/* How many entries of external may be used with this plugin. */
size_t config_usable_external(const struct config *config);
/* Of the traces that begin here, how many are sampled. */
double config_sample_ratio(const struct config *config);
/* The environment that users' sessions are for; NULL where there are no environments. */
const struct config_environment *config_session_environment(const struct config *config);
/* NULL is fine. Wipes secrets. */
void config_free(struct config *config);

/* The merged configuration of the paths this service reads as YAML, defaults included as comments
 * say; secrets as ***; behind each value a comment with where it comes from. */
void config_show(const struct config *config, struct buf *out);

/* The same as a JSON object: "settings", a list of {path, value, default, source}, where source is
 * {file, line, column} or null. */
void config_show_json(const struct config *config, struct buf *out);

/* A JSON Schema (draft-07) of the files, for editors, from the rows. */
void config_schema(struct buf *out);

/* What two configurations differ in, by the paths of settings such as
 * "spectrocloud.environments[0].apiToken"; never with a value. Arena. */
struct config_changes {
	const char **paths;
	size_t count;
	const char **fixed; /* those of them that cannot change while the service runs */
	size_t fixed_count;
};
/* A setting that names a file has changed, too, where the file holds something else. */
void config_compare(struct arena *a, const struct config *before, const struct config *after,
		    struct config_changes *changes);

/* Calls take() with the path of each setting that is one value. */
void config_each_setting(void (*take)(void *context, const char *path), void *context);

/* The reference page docs/configuration.md, from the rows. */
void config_document(struct buf *out);

#endif
