/* Every setting this service reads. Parsing, checks, defaults, `config show` and the reference page
 * follow from the rows. */
#include "config/table.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "config/value.h"

#define KIB    1024
#define MIB    (1024 * KIB)
#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* ---- further checks of strings ---- */

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_visible(t.ptr[i]))
			return false;
	return t.len > 0;
}

static bool is_external_token(struct text t)
{
	return t.len >= 8 && is_token(t);
}

static bool is_dns_name(struct text t)
{
	struct text label;

	if (t.len > 253)
		return false;
	while (text_next(&t, '.', &label)) {
		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		    label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++) {
			char c = label.ptr[i];

			if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			    !(c >= '0' && c <= '9') && c != '-')
				return false;
		}
	}
	return true;
}

static bool is_port(struct text t)
{
	int64_t port;

	return t.len > 0 && t.ptr[0] >= '0' && t.ptr[0] <= '9' && t.len <= 5 &&
	       text_to_int(t, &port) && port <= 65535;
}

static bool is_pem(struct text content)
{
	struct text line;

	while (text_next(&content, '\n', &line))
		if (text_starts(line, "-----BEGIN CERTIFICATE-----"))
			return true;
	return false;
}

/* Port 0 lets the system choose one. */
static bool is_listen_address(struct text t)
{
	size_t colon = SIZE_MAX;
	struct text host;

	if (text_starts(t, "unix:"))
		return t.len > strlen("unix:") && t.len - strlen("unix:") < 108;
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] == ':')
			colon = i;
	if (colon == SIZE_MAX || !is_port(text_slice(t, colon + 1, t.len)))
		return false;
	host = text_slice(t, 0, colon);
	if (text_starts(host, "[") && text_ends(host, "]"))
		return host.len > 2;
	return is_token(host) && text_find(host, ':') == SIZE_MAX;
}

/* ---- rows ---- */

static const struct setting_choice log_levels[] = {
	{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN},
	{"error", LOG_ERROR}, {NULL, 0},
};

static const struct setting_choice log_formats[] = {
	{"text", LOG_TEXT},
	{"json", LOG_JSON},
	{NULL, 0},
};

static const struct setting_list environment_list = {
	.rows = environment_settings,
	.element_size = sizeof(struct config_environment),
	.count_into = offsetof(struct config, environment_count),
};

/* Rows of one section stand together: `config show` and the reference page print them in order. */
const struct setting settings[] = {
	{
		.path = "spectrocloud.annotationPrefix",
		.type = SETTING_STRING,
		.into = offsetof(struct config, annotation_prefix),
		.fallback = "terasky.backstage.io",
		.accepts = is_dns_name,
		.wants = "a DNS name such as terasky.backstage.io",
		.help = "What the annotations of catalog entities start with.",
	},
	{
		.path = "spectrocloud.enablePermissions",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, enable_permissions),
		.fallback = "false",
		.help = "With `permission.enabled`: callers who are not signed in are refused what "
			"needs a permission. Access restrictions of callers hold in any case; "
			"Backstage's permission backend is not asked.",
	},
	{
		.path = "spectrocloud.environments",
		.type = SETTING_LIST,
		.into = offsetof(struct config, environments),
		.list = &environment_list,
		.help = "The Palette tenants to connect to. The first is the one meant when a call "
			"names none.",
	},
	{.path = "spectrocloud.enabled"},
	{.path = "spectrocloud.catalogProvider"},
	{.path = "spectrocloud.clusterProvider"},
	{.path = "spectrocloud.defaultOwner"},
	{.path = "spectrocloud.ingestor"},

	{
		.path = "spectrocloud.server.listen",
		.type = SETTING_STRING,
		.into = offsetof(struct config, listen),
		.fallback = "127.0.0.1:7727",
		.accepts = is_listen_address,
		.wants = "HOST:PORT, [IPV6]:PORT or unix:PATH",
		.help = "Where the service listens. Backstage's own `backend.listen` is not used.",
	},
	{
		.path = "spectrocloud.server.maxBodyBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, max_body_bytes),
		.fallback = "1MiB",
		.min = KIB,
		.max = 64 * MIB,
		.help = "Largest request body; a larger one is answered with 413.",
	},
	{
		.path = "spectrocloud.server.maxHeaderBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, max_header_bytes),
		.fallback = "64KiB",
		.min = 8 * KIB,
		.max = MIB,
		.help = "Largest request line and headers together. Backstage's tokens can take "
			"32 KiB.",
	},
	{
		.path = "spectrocloud.server.maxConnections",
		.type = SETTING_INT,
		.into = offsetof(struct config, max_connections),
		.fallback = "1024",
		.min = 1,
		.max = 65536,
		.help = "Most client connections at a time.",
	},
	{
		.path = "spectrocloud.server.workers",
		.type = SETTING_INT,
		.into = offsetof(struct config, workers),
		.fallback = "16",
		.min = 1,
		.max = 1024,
		.help = "Threads that answer requests; each waits for Palette while it serves one.",
	},
	{
		.path = "spectrocloud.server.queueLength",
		.type = SETTING_INT,
		.into = offsetof(struct config, queue_length),
		.fallback = "256",
		.min = 1,
		.max = 65536,
		.help = "Requests that may wait for a worker; further ones are answered with 503.",
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
		.help = "Longest time a client may take to send its request.",
	},
	{
		.path = "spectrocloud.server.idleTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, idle_timeout_ms),
		.fallback = "75s",
		.min = 100,
		.max = HOUR,
		.help = "How long a connection may stay open without a request.",
	},
	{
		.path = "spectrocloud.server.drainTimeout",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, drain_timeout_ms),
		.fallback = "30s",
		.min = 0,
		.max = HOUR,
		.help = "How long a stop waits for the requests under way.",
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
		.path = "spectrocloud.auth.trustedServices",
		.type = SETTING_STRINGS,
		.into = offsetof(struct config, trusted_services),
		.help = "Subjects of services that may name a user by e-mail.",
	},
	{.path = "spectrocloud.auth.requireUserSession", .type = SETTING_UNSUPPORTED},
	{.path = "spectrocloud.auth.serviceTokenFor", .type = SETTING_UNSUPPORTED},

	{
		.path = "spectrocloud.telemetry.logLevel",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, log_level),
		.fallback = "info",
		.choices = log_levels,
		.variable = "LOG_LEVEL",
		.help = "The least important lines that are logged.",
	},
	{
		.path = "spectrocloud.telemetry.logFormat",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, log_format),
		.fallback = "text",
		.choices = log_formats,
		.help = "How a line of the log is written.",
	},

	{
		.path = "permission.enabled",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, permission_enabled),
		.fallback = "false",
		.help = "Whether Backstage's permission framework is on; see "
			"`spectrocloud.enablePermissions`.",
	},

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
	{.path = NULL},
};

const struct setting environment_settings[] = {
	{
		.path = "name",
		.type = SETTING_STRING,
		.into = offsetof(struct config_environment, name),
		.help = "What calls name it by. Without one it is reached only as the first "
			"environment, by calls that name none.",
	},
	{
		.path = "url",
		.type = SETTING_URL,
		.into = offsetof(struct config_environment, url),
		.required = true,
		.help = "Palette's address, such as `https://api.spectrocloud.com`.",
	},
	{
		.path = "tenant",
		.type = SETTING_STRING,
		.into = offsetof(struct config_environment, tenant),
		.required = true,
		.help = "The tenant's name in Palette.",
	},
	{
		.path = "apiToken",
		.type = SETTING_SECRET,
		.into = offsetof(struct config_environment, api_token),
		.required = true,
		.accepts = is_token,
		.wants = "a token without white space",
		.help = "The API key used when the caller has no Palette session.",
	},
	{
		.path = "caFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config_environment, ca_file),
		.accepts = is_pem,
		.wants = "a file with at least one PEM certificate",
		.help = "Certificates (PEM) to trust instead of the system's.",
	},
	{
		.path = "insecureSkipVerify",
		.type = SETTING_BOOL,
		.into = offsetof(struct config_environment, insecure_skip_verify),
		.fallback = "false",
		.help = "Accepts any certificate. For trials only.",
	},
	{.path = "catalogProvider"},
	{.path = "clusterProvider"},
	{.path = NULL},
};

/* Of an entry of type static; the type itself and the restrictions are read by external.c. */
const struct setting external_settings[] = {
	{
		.path = "options.token",
		.type = SETTING_SECRET,
		.into = offsetof(struct config_external, token),
		.required = true,
		.accepts = is_external_token,
		.wants = "a string of at least 8 characters without white space",
		.help = "What the caller sends as its bearer token.",
	},
	{
		.path = "options.subject",
		.type = SETTING_STRING,
		.into = offsetof(struct config_external, subject),
		.required = true,
		.accepts = is_token,
		.wants = "a name without white space",
		.help = "Who the caller is then taken for.",
	},
	{.path = NULL},
};

/* ---- what a row says ---- */

const char *setting_choice_name(const struct setting *row, int value)
{
	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		if (c->value == value)
			return c->name;
	return "?";
}

static const char *list_choices(struct arena *a, const struct setting *row)
{
	const char *list = "";

	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		list = arena_printf(a, "%s%s%s", list, c == row->choices ? "" : ", ", c->name);
	return arena_printf(a, "one of %s", list);
}

const char *setting_wants(struct arena *a, const struct setting *row)
{
	switch (row->type) {
	case SETTING_BOOL:
		return "true or false";
	case SETTING_INT:
		return arena_printf(a, "a whole number from %" PRId64 " to %" PRId64, row->min,
				    row->max);
	case SETTING_SIZE_BYTES:
		return arena_printf(a, "a size from %s to %s such as %s",
				    value_print_size(a, row->min), value_print_size(a, row->max),
				    row->fallback);
	case SETTING_DURATION_MS:
		return arena_printf(a, "a duration with its unit, from %s to %s, such as %s",
				    value_print_duration(a, row->min),
				    value_print_duration(a, row->max), row->fallback);
	case SETTING_ENUM:
		return list_choices(a, row);
	case SETTING_STRINGS:
		return "a list of non-empty strings";
	case SETTING_URL:
		return "an http or https URL";
	case SETTING_FILE:
		return "the name of a readable file";
	case SETTING_LIST:
	case SETTING_EXTERNAL:
		return "a list of maps";
	default:
		return row->wants != NULL ? row->wants : "a non-empty string";
	}
}
