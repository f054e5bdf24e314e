/* Every setting this service reads. Parsing, checks, defaults, `config show` and the reference page
 * follow from the rows. */
#include "config/table.h"

#include <limits.h>
#include <stddef.h>

#include "config/check.h"

#define KIB    1024
#define MIB    (1024 * KIB)
#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static const struct setting_choice log_formats[] = {
	{"text", LOG_TEXT},
	{"json", LOG_JSON},
	{NULL, 0},
};

static const struct setting_choice audit_places[] = {
	{"stderr", TRAIL_STDERR},
	{"file", TRAIL_FILE},
	{"syslog", TRAIL_SYSLOG},
	{NULL, 0},
};

static const struct setting_choice key_stores[] = {
	{"database", CONFIG_KEYS_DATABASE},
	{"static", CONFIG_KEYS_STATIC},
	{NULL, 0},
};

static const struct setting_choice store_types[] = {
	{"auto", CONFIG_STORE_AUTO},
	{"memory", CONFIG_STORE_MEMORY},
	{"sqlite", CONFIG_STORE_SQLITE},
	{"postgresql", CONFIG_STORE_POSTGRESQL},
	{NULL, 0},
};

/* Which tools are in them, the tools say. */
static const struct setting_choice toolsets[] = {
	{"core", 0}, {"operations", 0}, {"packs", 0}, {"tags", 0}, {"create", 0}, {NULL, 0},
};

static const struct setting_choice kubeconfigs[] = {
	{"oidc", CONFIG_KUBECONFIG_OIDC},
	{"full", CONFIG_KUBECONFIG_FULL},
	{"off", CONFIG_KUBECONFIG_OFF},
	{NULL, 0},
};

static const struct setting_choice email_bindings[] = {
	{"catalog", CONFIG_BINDING_CATALOG},
	{"off", CONFIG_BINDING_OFF},
	{NULL, 0},
};

static bool has_static_keys(const struct config *config)
{
	return config->plugin_key_store == CONFIG_KEYS_STATIC;
}

static bool audits_to_file(const struct config *config)
{
	return config->audit.to == TRAIL_FILE;
}

/* The head of a row that is read in its own way. */
#define READ_ROW(where, field, reader, what)                                           \
	.path = (where), .type = SETTING_READ, .into = offsetof(struct config, field), \
	.read = (reader), .kind = (what)
#define STRINGS_KIND "string or list of strings"

/* Rows of one section stand together: `config show` and the reference page print them in order. */
const struct setting settings[] = {
	{
		.path = "spectrocloud.annotationPrefix",
		.type = SETTING_STRING,
		.into = offsetof(struct config, annotation_prefix),
		.fallback = "terasky.backstage.io",
		.accepts = accepts_dns_name,
		.wants = "a DNS name such as terasky.backstage.io",
		.help = "What the annotations of catalog entities start with.",
	},
	{
		.path = "spectrocloud.enablePermissions",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, enable_permissions),
		.fallback = "false",
		.help = "Whether permissions are asked for. With `permission.enabled`, a user's "
			"own "
			"credential is put to Backstage's permission backend; without it, "
			"Backstage allows users everything. What a service may do is decided here, "
			"by its access restrictions, which hold in any case.",
	},
	{
		.path = "spectrocloud.environments",
		.type = SETTING_LIST,
		.into = offsetof(struct config, environments),
		.count_into = offsetof(struct config, environment_count),
		.list = &environment_list,
		.help = "The Palette tenants to connect to. The first is the one meant when a call "
			"names none.",
	},
	{.path = "spectrocloud.enabled"},
	{.path = "spectrocloud.catalogProvider"},
	{.path = "spectrocloud.clusterProvider"},
	{.path = "spectrocloud.defaultOwner"},
	{.path = "spectrocloud.ingestor"},
	{.path = "spectrocloud.sessionBridge"},

	{
		.path = "spectrocloud.server.listen",
		.type = SETTING_STRING,
		.into = offsetof(struct config, listen),
		.fallback = "127.0.0.1:7727",
		.accepts = accepts_listen_address,
		.wants = "HOST:PORT, [IPV6]:PORT or unix:PATH",
		.fixed = true,
		.help = "Where the service listens. Backstage's own `backend.listen` is not used. "
			"A "
			"socket that systemd hands over (`LISTEN_FDS`) is taken instead.",
	},
	{
		.path = "spectrocloud.server.maxBodyBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, max_body_bytes),
		.fallback = "1MiB",
		.min = KIB,
		.max = 64 * MIB,
		.fixed = true,
		.help = "Largest request body; a larger one is answered with 413.",
	},
	{
		.path = "spectrocloud.server.maxHeaderBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, max_header_bytes),
		.fallback = "48KiB",
		.min = 8 * KIB,
		.max = MIB,
		.fixed = true,
		.help = "Largest request line and headers together. Backstage's tokens can take "
			"32 KiB.",
	},
	{
		.path = "spectrocloud.server.maxBufferedBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, max_buffered_bytes),
		.fallback = "256MiB",
		.min = 4 * MIB,
		.max = 2047 * MIB,
		.fixed = true,
		.help = "Most memory for request bodies that come and answers that go, of all "
			"clients together: a quarter is for bodies, so that it has to be at least "
			"four times `spectrocloud.server.maxBodyBytes`. Where more is wanted, who "
			"sends or reads slowest is cut off; without one, the answer is 503.",
	},
	{
		.path = "spectrocloud.server.maxConnections",
		.type = SETTING_INT,
		.into = offsetof(struct config, max_connections),
		.fallback = "1024",
		.min = 1,
		.max = 65536,
		.fixed = true,
		.help = "Most client connections at a time.",
	},
	{
		.path = "spectrocloud.server.workers",
		.type = SETTING_INT,
		.into = offsetof(struct config, workers),
		.fallback = "16",
		.min = 1,
		.max = 1024,
		.fixed = true,
		.help = "Requests that are worked on at a time; each has a thread, which waits "
			"for Palette while it serves one.",
	},
	{
		.path = "spectrocloud.server.queueLength",
		.type = SETTING_INT,
		.into = offsetof(struct config, queue_length),
		.fallback = "256",
		.min = 1,
		.max = 65536,
		.fixed = true,
		.help = "Requests that may wait for a worker; further ones are answered with 503.",
	},
	{
		.path = "spectrocloud.server.waiting",
		.type = SETTING_INT,
		.into = offsetof(struct config, waiting),
		.fallback = "512",
		.min = 0,
		.max = 4096,
		.fixed = true,
		.help = "How many requests may wait without holding up others: for Palette's rate "
			"limits, for a place among the calls at work, before a further attempt, "
			"for "
			"an answer that somebody else has asked for already, or for more than half "
			"a "
			"second for Palette's. Each has a thread "
			"while it waits, besides `spectrocloud.server.workers`. Where all of these "
			"are taken, who waits holds a worker, and others stay in the queue; with 0 "
			"that is always so.",
	},
	{
		.path = "spectrocloud.server.requestTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, request_timeout_ms),
		.fallback = "60s",
		.min = 100,
		.max = HOUR,
		.help = "Longest time from a whole request to its answer.",
	},
	{
		.path = "spectrocloud.server.receiveTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, receive_timeout_ms),
		.fallback = "20s",
		.min = 100,
		.max = HOUR,
		.fixed = true,
		.help = "Longest time a client may take to send its request.",
	},
	{
		.path = "spectrocloud.server.idleTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, idle_timeout_ms),
		.fallback = "75s",
		.min = 100,
		.max = HOUR,
		.fixed = true,
		.help = "How long a connection may stay open without a request.",
	},
	{
		.path = "spectrocloud.server.drainTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, drain_timeout_ms),
		.fallback = "30s",
		.min = 0,
		.max = HOUR,
		.fixed = true,
		.help = "How long a stop waits for the requests under way.",
	},
	{
		.path = "spectrocloud.server.watchConfig",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, watch_config),
		.fallback = "true",
		.help = "Whether the configuration is read again when one of its files changes. "
			"SIGHUP has it read in any case.",
	},
	{
		.path = "spectrocloud.server.compression",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, compression),
		.fallback = "true",
		.help = "Whether answers from 1 KiB on are compressed with gzip for clients that "
			"take it. Answers that hold secrets never are.",
	},
	{
		.path = "spectrocloud.server.confine",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, confine),
		.fallback = "true",
		.fixed = true,
		.help = "Whether `serve` and `mcp` give up, by means of the kernel (seccomp and "
			"Landlock), what they never need: starting programs, writing files but "
			"where sessions are kept, and many system calls. The log says what is in "
			"force; where the kernel has neither, they go on without, with a warning.",
	},

	{
		.path = "spectrocloud.upstream.timeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, upstream_timeout_ms),
		.fallback = "30s",
		.min = 100,
		.max = HOUR,
		.help = "Longest wait for one answer of Palette.",
	},
	{
		.path = "spectrocloud.upstream.connectTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, upstream_connect_timeout_ms),
		.fallback = "5s",
		.min = 10,
		.max = 10 * MINUTE,
		.help = "Longest wait for a connection to Palette.",
	},
	{
		.path = "spectrocloud.upstream.connectionsPerHost",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_connections_per_host),
		.fallback = "16",
		.min = 1,
		.max = 1024,
		.help = "Most connections to one Palette at a time.",
	},
	{
		.path = "spectrocloud.upstream.callsInFlight",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_calls_in_flight),
		.fallback = "64",
		.min = 1,
		.max = 65536,
		.help = "Most calls under way to one environment; beyond, requests are answered "
			"with "
			"503.",
	},
	{
		.path = "spectrocloud.upstream.parallel",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_parallel),
		.fallback = "8",
		.min = 1,
		.max = 1024,
		.help = "Most calls that one request makes at a time.",
	},
	{
		.path = "spectrocloud.upstream.maxAnswerBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, upstream_max_answer_bytes),
		.fallback = "64MiB",
		.min = KIB,
		.max = 1024 * MIB,
		.help = "Largest answer of Palette that is read; a larger one is an error.",
	},
	{
		.path = "spectrocloud.upstream.maxPages",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_max_pages),
		.fallback = "2000",
		.min = 1,
		.max = 1000000,
		.help = "Most pages read of one list; a longer list is an error.",
	},
	{
		.path = "spectrocloud.upstream.attempts",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_attempts),
		.fallback = "4",
		.min = 1,
		.max = 20,
		.help = "How often a call that may be repeated is tried in all.",
	},
	{
		.path = "spectrocloud.upstream.retryDelay",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, upstream_retry_delay_ms),
		.fallback = "500ms",
		.min = 1,
		.max = MINUTE,
		.help = "Pause before the second attempt; it grows with each further one.",
	},
	{
		.path = "spectrocloud.upstream.ratePercent",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_rate_percent),
		.fallback = "80",
		.min = 0,
		.max = 100,
		.help = "How much this service uses of Palette's published rate limits. Palette "
			"counts all requests from one address together. What is over it waits, and "
			"callers take turns. With 0 nothing waits.",
	},
	{
		.path = "spectrocloud.upstream.replicas",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_replicas),
		.fallback = "1",
		.min = 1,
		.max = 1000,
		.help = "How many replicas of this service share the rate limits; each uses its "
			"part. With sessions in PostgreSQL they count each other, and whoever is "
			"busy uses more; where the database has not answered for ten seconds, each "
			"uses an equal part, of as many as were seen last or of this number, "
			"whichever is more.",
	},
#include "config/rows_upstream.h"

	{
		.path = "spectrocloud.auth.trustedServices",
		.type = SETTING_STRINGS,
		.into = offsetof(struct config, trusted_services),
		.help = "Subjects of services, such as `plugin:scaffolder` or that of an external "
			"token, that may name a user by e-mail, and keep and delete sessions.",
	},
	{
		.path = "spectrocloud.auth.emailBinding",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, email_binding),
		.fallback = "catalog",
		.choices = email_bindings,
		.help = "With `catalog`, a user has the session of the e-mail address that their "
			"own entity has in the catalog, and of no other. With `off`, of any that "
			"the request names: every user can act as every other.",
	},
	{
		.path = "spectrocloud.auth.sessionEnvironment",
		.type = SETTING_STRING,
		.into = offsetof(struct config, session_environment),
		.help = "The environment that users sign in to, by its name; their sessions are "
			"sent to no other. Without it, the first.",
	},
	{
		.path = "spectrocloud.auth.requireUserSession",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, require_user_session),
		.fallback = "false",
		.narrows = true,
		.help = "Whether people are refused (401) who have no Palette session, instead of "
			"acting with the rights of the environment's `apiToken`.",
	},
	{
		.path = "spectrocloud.auth.serviceTokenFor",
		.type = SETTING_STRINGS,
		.into = offsetof(struct config, service_token_for),
		.narrows = true,
		.help = "The permissions, by their names or the ends of them such as `view-info`, "
			"for which people without a Palette session act with the environment's "
			"`apiToken`; for others they are refused (401). Without it, for all; with "
			"an empty list, for none.",
	},
	{
		.path = "spectrocloud.auth.useSessionWithoutHeader",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, use_session_without_header),
		.fallback = "false",
		.help = "Whether a user's requests without `X-SpectroCloud-User-Email` use the "
			"session of their own e-mail address too, as if they had sent it. What "
			"agents "
			"ask for a user does so in any case.",
	},

#include "config/rows_cache.h"
#include "config/rows_follow.h"
#include "config/rows_mcp.h"
#include "config/rows_token_store.h"

#include "config/rows_audit.h"
#include "config/rows_telemetry.h"

	{
		.path = "spectrocloud.permissions.cacheTtl",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, permission_cache_ttl_ms),
		.fallback = "5s",
		.min = 0,
		.max = 5 * MINUTE,
		.help = "How long an answer of Backstage's permission backend is kept. With `0s`, "
			"every call asks.",
	},

	{
		.path = "spectrocloud.backstage.timeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, backstage_timeout_ms),
		.fallback = "5s",
		.min = 100,
		.max = MINUTE,
		.help = "Longest wait for one answer of another plugin of Backstage; the start "
			"waits as "
			"long for the keys of users.",
	},
	{
		.path = "spectrocloud.backstage.caFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config, backstage_ca_file),
		.accepts = accepts_certificates,
		.wants = CERTIFICATES_WANTED,
		.help = "Certificates (PEM) to trust instead of the system's, for calls to "
			"Backstage's plugins.",
	},

	{
		.path = "spectrocloud.standalone.policyFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config, policy_file),
		.apart = true,
		.help = "A file of rules that says who may do what, for a service without "
			"Backstage's permission backend. Not in force where that backend decides: "
			"with both `permission.enabled` and `spectrocloud.enablePermissions`.",
	},

	{
		.path = "permission.enabled",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, permission_enabled),
		.fallback = "false",
		.help = "Whether Backstage's permission framework is on. Without it Backstage "
			"allows users everything; with it and `spectrocloud.enablePermissions`, "
			"its permission backend decides what they may do.",
	},

	{
		.path = "discovery.endpoints",
		.type = SETTING_LIST,
		.into = offsetof(struct config, endpoints),
		.count_into = offsetof(struct config, endpoint_count),
		.list = &endpoint_list,
		.help = "Where plugins of Backstage are, if not below `backend.baseUrl`. What is "
			"said of a plugin by its name beats what is said of `*`, and a later entry "
			"beats an earlier one.",
	},

	{
		.path = "app.baseUrl",
		.type = SETTING_URL,
		.into = offsetof(struct config, app_base_url),
		.help = "Where people open Backstage. Its pages may use the MCP endpoint.",
	},
	{
		.path = "auth.clientIdMetadataDocuments.enabled",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, client_documents),
		.fallback = "false",
		.help = "Whether Backstage signs MCP clients in that describe themselves at a URL. "
			"Then this service tells clients of its MCP endpoint to sign in there.",
	},
	{
		.path = "auth.experimentalDynamicClientRegistration.enabled",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, client_registration),
		.fallback = "false",
		.help = "The same for MCP clients that register themselves.",
	},

	{
		.path = "backend.baseUrl",
		.type = SETTING_URL,
		.into = offsetof(struct config, base_url),
		.help = "Where Backstage's backend is. Its plugins are looked for below `/api/` "
			"there: `auth` has the keys of users' tokens, each plugin those of its "
			"own, and `permission` decides.",
	},

#include "config/rows_actions.h"
#include "config/rows_database.h"

	{
		.path = "backend.auth.dangerouslyDisableDefaultAuthPolicy",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, disable_default_auth_policy),
		.fallback = "false",
		.help = "Lets everybody in without a credential, as in Backstage.",
	},
	{
		.path = "backend.auth.externalAccess",
		.type = SETTING_EXTERNAL,
		.into = offsetof(struct config, external),
		.help = "Callers outside Backstage and how they prove who they are.",
	},
	{
		.path = "backend.auth.keys",
		.type = SETTING_OLD_KEYS,
		.into = offsetof(struct config, external),
		.deprecated = "write each as an entry of backend.auth.externalAccess, "
			      "{type: legacy, options: {secret: ..., subject: ...}}",
		.help = "Deprecated: the same as entries of type `legacy` at the end of "
			"`externalAccess`, with the subject `" CONFIG_OLD_KEY_SUBJECT "`.",
	},
	{
		.path = "backend.auth.pluginKeyStore.type",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, plugin_key_store),
		.fallback = "database",
		.choices = key_stores,
		.fixed = true,
		.help = "Where the keys come from that sign this service's own tokens. With "
			"`database` they are made here, replaced every hour and kept in memory.",
	},
	{
		.path = "backend.auth.pluginKeyStore.static.keys",
		.type = SETTING_LIST,
		.into = offsetof(struct config, plugin_keys),
		.count_into = offsetof(struct config, plugin_key_count),
		.needed = has_static_keys,
		.min = 1,
		.list = &plugin_key_list,
		.help = "Needed with the type `static`, otherwise not read. The first key signs; "
			"all are published.",
	},

	{
		READ_ROW("backend.cors.origin", cors, read_cors_origins, STRINGS_KIND),
		.wants = "globs such as https://*.example.com",
		.help = "The origins whose pages may read the answers, without case. Globs are "
			"minimatch's: `*` also takes dots. `null` is one only if it stands there "
			"as such. With a `backend.cors` and no origin in it, all may.",
	},
	{
		READ_ROW("backend.cors.methods", cors.methods, read_cors_names, STRINGS_KIND),
		.fallback = "GET,HEAD,PUT,PATCH,POST,DELETE",
		.wants = "names of methods",
		.help = "What those pages may send.",
	},
	{
		READ_ROW("backend.cors.allowedHeaders", cors.allowed_headers, read_cors_names,
			 STRINGS_KIND),
		.wants = "names of headers",
		.help = "The headers they may set; without it, whatever they ask for.",
	},
	{
		READ_ROW("backend.cors.exposedHeaders", cors.exposed_headers, read_cors_names,
			 STRINGS_KIND),
		.wants = "names of headers",
		.help = "The headers of answers they may read, besides those that this service "
			"itself sets.",
	},
	{
		READ_ROW("backend.cors.credentials", cors.credentials, read_cors_switch, "boolean"),
		.fallback = "false",
		.help = "Whether they may send cookies.",
	},
	{
		READ_ROW("backend.cors.maxAge", cors.max_age, read_cors_max_age, "number"),
		.min = -1,
		.max = INT_MAX,
		.wants = "a whole number of seconds, at least -1",
		.help = "How long a browser may keep the answer to a preflight.",
	},
	{
		READ_ROW("backend.cors.preflightContinue", cors.preflight_continue,
			 read_cors_switch, "boolean"),
		.fallback = "false",
		.help = "Hands OPTIONS requests on to the routes, which have none for them.",
	},
	{
		READ_ROW("backend.cors.optionsSuccessStatus", cors.preflight_status,
			 read_cors_status, "number"),
		.fallback = "204",
		.min = 200,
		.max = 299,
		.wants = "a whole number from 200 to 299",
		.help = "The status of the answer to a preflight.",
	},

	{
		READ_ROW("backend.csp", csp, read_csp, "map"),
		.wants = "directives, each a list of strings or false",
		.help = "Changes to the Content-Security-Policy that answers carry, which is "
			"Backstage's: `false` leaves a directive out.",
	},

	{
		READ_ROW("backend.referrer.policy", referrer_policy, read_referrer_policy,
			 STRINGS_KIND),
		.fallback = "no-referrer",
		.wants = "policies of Referrer-Policy, each once",
		.help = "The Referrer-Policy that answers carry.",
	},

	{
		READ_ROW("backend.health.headers", health, read_health_headers, "map"),
		.wants = "names and values of at most 16 headers",
		.help = "Further headers of `/.backstage/health/v1/readiness` and `liveness`.",
	},

	{
		.path = "backend.lifecycle.startupRequestPauseTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, startup_pause_ms),
		.fallback = "5s",
		.min = 0,
		.max = HOUR,
		.help = "How long requests wait for the start to end; then they are answered "
			"with 503.",
	},
	{
		.path = "backend.lifecycle.serverShutdownDelay",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, shutdown_delay_ms),
		.fallback = "0s",
		.min = 0,
		.max = HOUR,
		.help = "How long requests are still accepted after a stop was asked for, while "
			"readiness says 503 already.",
	},
	{.path = NULL},
};
