/* The settings of what stands in lists: a table for each kind of element. */
#include <stddef.h>

#include "config/check.h"
#include "config/table.h"

/* ---- spectrocloud.upstream.rates ---- */

static const struct setting rate_settings[] = {
	{
		.path = "path",
		.type = SETTING_STRING,
		.into = offsetof(struct config_rate, path),
		.required = true,
		.unique = true,
		.accepts = accepts_api_path,
		.wants = "a path that begins with /v1/ and does not end with /; * only as a whole "
			 "segment",
		.help = "The requests that it counts: those whose paths begin with these segments; "
			"`*` is any one. The longest that fits counts.",
	},
	{
		.path = "perSecond",
		.type = SETTING_INT,
		.into = offsetof(struct config_rate, per_second),
		.required = true,
		.min = 1,
		.max = 10000,
		.help = "Requests a second that Palette allows.",
	},
	{
		.path = "atOnce",
		.type = SETTING_INT,
		.into = offsetof(struct config_rate, at_once),
		.required = true,
		.min = 1,
		.max = 10000,
		.help = "Requests that it allows at once after a quiet time; five times "
			"`perSecond` "
			"in what is published.",
	},
	{.path = NULL},
};

const struct setting_list rate_list = {
	.rows = rate_settings,
	.element_size = sizeof(struct config_rate),
	.strict = true,
};

/* ---- spectrocloud.environments ---- */

const struct setting environment_settings[] = {
	{
		.path = "name",
		.type = SETTING_STRING,
		.into = offsetof(struct config_environment, name),
		.unique = true,
		.accepts = accepts_name,
		.wants = NAME_WANTED,
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
		.accepts = accepts_token,
		.wants = "a token without white space",
		.help = "The API key used when the caller has no Palette session.",
	},
	{
		.path = "caFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config_environment, ca_file),
		.accepts = accepts_certificates,
		.wants = CERTIFICATES_WANTED,
		.help = "Certificates (PEM) to trust instead of the system's.",
	},
	{
		.path = "insecureSkipVerify",
		.type = SETTING_BOOL,
		.into = offsetof(struct config_environment, insecure_skip_verify),
		.fallback = "false",
		.help = "Accepts any certificate. For trials only.",
	},
	{
		.path = "rates",
		.type = SETTING_LIST,
		.into = offsetof(struct config_environment, rates),
		.count_into = offsetof(struct config_environment, rate_count),
		.max = CONFIG_MOST_RATES,
		.list = &rate_list,
		.help = "Rate limits of this environment's host, which beat those of "
			"`spectrocloud.upstream.rates`. Where several environments are of one "
			"host, those of the first that has any hold for all of them.",
	},
	{.path = "catalogProvider"},
	{.path = "clusterProvider"},
	{.path = NULL},
};

const struct setting_list environment_list = {
	.rows = environment_settings,
	.element_size = sizeof(struct config_environment),
};

/* ---- accessRestrictions ---- */

static const struct setting_choice actions[] = {
	{"create", 0}, {"read", 0}, {"update", 0}, {"delete", 0}, {NULL, 0},
};

static const struct setting restriction_settings[] = {
	{
		.path = "plugin",
		.type = SETTING_STRING,
		.into = offsetof(struct config_restriction, plugin),
		.required = true,
		.unique = true,
		.wants = "the name of a plugin",
		.help = "A plugin the caller may use.",
	},
	{
		.path = "permission",
		.type = SETTING_WORDS,
		.into = offsetof(struct config_restriction, permissions),
		.count_into = offsetof(struct config_restriction, permission_count),
		.narrows = true,
		.wants = "names of permissions",
		.help = "The permissions the caller has there.",
	},
	{
		.path = "permissionAttribute.action",
		.type = SETTING_WORDS,
		.into = offsetof(struct config_restriction, actions),
		.count_into = offsetof(struct config_restriction, action_count),
		.narrows = true,
		.choices = actions,
		.help = "The actions the caller may take there.",
	},
	{.path = NULL},
};

static const struct setting_list restriction_list = {
	.rows = restriction_settings,
	.element_size = sizeof(struct config_restriction),
	.strict = true,
};

#define RESTRICTIONS_ROW                                                                          \
	{                                                                                         \
		.path = "accessRestrictions", .type = SETTING_LIST,                               \
		.into = offsetof(struct config_external, restrictions),                           \
		.count_into = offsetof(struct config_external, restriction_count),                \
		.narrows = true, .list = &restriction_list,                                       \
		.help = "The plugins the caller may use, and what it may do there. Without any, " \
			"it may do everything.",                                                  \
	}

/* ---- backend.auth.externalAccess ---- */

static const struct setting_choice external_types[] = {
	{"static", CONFIG_EXTERNAL_STATIC},
	{"legacy", CONFIG_EXTERNAL_LEGACY},
	{"jwks", CONFIG_EXTERNAL_JWKS},
	{NULL, 0},
};

/* Those with a public key: with any other, whoever can read the published keys could sign. */
static const struct setting_choice algorithms[] = {
	{"RS256", 0}, {"RS384", 0}, {"RS512", 0}, {"PS256", 0}, {"PS384", 0},
	{"PS512", 0}, {"ES256", 0}, {"ES384", 0}, {"ES512", 0}, {NULL, 0},
};

const struct setting external_settings[] = {
	{
		.path = "type",
		.type = SETTING_ENUM,
		.into = offsetof(struct config_external, type),
		.required = true,
		.choices = external_types,
		.help = "How the caller proves who it is: by a token that stands here, by a token "
			"signed with a secret that stands here, or by a token of an issuer who "
			"publishes its keys.",
	},
	{.path = "options"},
	RESTRICTIONS_ROW,
	{.path = NULL},
};

#define SUBJECT_ROW                                                                  \
	{                                                                            \
		.path = "options.subject", .type = SETTING_STRING,                   \
		.into = offsetof(struct config_external, subject), .required = true, \
		.accepts = accepts_token, .wants = "a name without white space",     \
		.help = "Who the caller is then taken for.",                         \
	}

static const struct setting static_settings[] = {
	{
		.path = "options.token",
		.type = SETTING_SECRET,
		.into = offsetof(struct config_external, token),
		.required = true,
		.unique = true,
		.accepts = accepts_long_token,
		.wants = "a string of at least 8 characters without white space",
		.help = "What the caller sends as its bearer token.",
	},
	SUBJECT_ROW,
	{.path = NULL},
};

#define SECRET_ROW(where)                                                                \
	{                                                                                \
		.path = (where), .type = SETTING_BASE64,                                 \
		.into = offsetof(struct config_external, secret), .required = true,      \
		.wants = "base64 of at least one byte",                                  \
		.help = "The secret that signs the caller's tokens (HS256), as base64.", \
	}

static const struct setting legacy_settings[] = {
	SECRET_ROW("options.secret"),
	SUBJECT_ROW,
	{.path = NULL},
};

const struct setting old_key_settings[] = {
	SECRET_ROW("secret"),
	RESTRICTIONS_ROW,
	{.path = NULL},
};

static const struct setting jwks_settings[] = {
	{
		.path = "options.url",
		.type = SETTING_URL,
		.into = offsetof(struct config_external, url),
		.required = true,
		.url = URL_QUERY,
		.help = "Where the issuer publishes its keys.",
	},
	{
		.path = "options.issuer",
		.type = SETTING_WORDS,
		.into = offsetof(struct config_external, issuers.items),
		.count_into = offsetof(struct config_external, issuers.count),
		.narrows = true,
		.wants = "names of issuers",
		.help = "The `iss` of the tokens: one of these.",
	},
	{
		.path = "options.audience",
		.type = SETTING_WORDS,
		.into = offsetof(struct config_external, audiences.items),
		.count_into = offsetof(struct config_external, audiences.count),
		.narrows = true,
		.wants = "names of audiences",
		.help = "The `aud` of the tokens: one of these.",
	},
	{
		.path = "options.algorithm",
		.type = SETTING_WORDS,
		.into = offsetof(struct config_external, algorithms.items),
		.count_into = offsetof(struct config_external, algorithms.count),
		.narrows = true,
		.choices = algorithms,
		.help = "How the tokens may be signed.",
	},
	{
		.path = "options.subjectPrefix",
		.type = SETTING_STRING,
		.into = offsetof(struct config_external, subject_prefix),
		.accepts = accepts_token,
		.wants = "a name without white space",
		.help = "Stands before the token's `sub` in the name of the caller, "
			"`external:PREFIX:SUB`; without it, `external:SUB`.",
	},
	{.path = NULL},
};

const struct setting *const external_options[] = {
	[CONFIG_EXTERNAL_STATIC] = static_settings,
	[CONFIG_EXTERNAL_LEGACY] = legacy_settings,
	[CONFIG_EXTERNAL_JWKS] = jwks_settings,
};

/* ---- discovery.endpoints ---- */

const struct setting target_settings[] = {
	{
		.path = "internal",
		.type = SETTING_URL,
		.into = offsetof(struct config_endpoint, internal),
		.url = URL_PLUGIN_ID | URL_SRV,
		.help = "Where this service and other plugins reach it.",
	},
	{
		.path = "external",
		.type = SETTING_URL,
		.into = offsetof(struct config_endpoint, external),
		.url = URL_PLUGIN_ID,
		.help = "Where browsers reach it.",
	},
	{.path = NULL},
};

static const struct setting endpoint_settings[] = {
	{
		.path = "target",
		.type = SETTING_TARGET,
		.required = true,
		.wants = "a URL, or a map with internal, external or both",
		.help = "The address of the plugins, for all or apart for `internal` calls and "
			"`external` ones, those of browsers. `{{pluginId}}` stands for the "
			"plugin's name. `internal` may be `http+srv` or `https+srv`, for a host "
			"whose SRV records name host and port.",
	},
	{
		.path = "plugins",
		.type = SETTING_STRINGS,
		.into = offsetof(struct config_endpoint, plugins),
		.required = true,
		.min = 1,
		.help = "The plugins it is the address of; `*` for all others.",
	},
	{.path = NULL},
};

const struct setting_list endpoint_list = {
	.rows = endpoint_settings,
	.element_size = sizeof(struct config_endpoint),
};

/* ---- backend.auth.pluginKeyStore.static.keys ---- */

static const struct setting plugin_key_settings[] = {
	{
		.path = "keyId",
		.type = SETTING_STRING,
		.into = offsetof(struct config_plugin_key, key_id),
		.required = true,
		.unique = true,
		.help = "The key's name, as tokens give it.",
	},
	{
		.path = "algorithm",
		.type = SETTING_STRING,
		.into = offsetof(struct config_plugin_key, algorithm),
		.fallback = "ES256",
		.choices = algorithms,
		.help = "How it signs.",
	},
	{
		.path = "publicKeyFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config_plugin_key, public_key_file),
		.required = true,
		.accepts = accepts_public_key,
		.wants = "a PEM file with -----BEGIN PUBLIC KEY-----",
		.help = "The public half.",
	},
	{
		.path = "privateKeyFile",
		.type = SETTING_FILE,
		.into = offsetof(struct config_plugin_key, private_key_file),
		.accepts = accepts_private_key,
		.wants = "a PEM file with -----BEGIN PRIVATE KEY-----",
		.help = "The private half, which the first key needs.",
	},
	{.path = NULL},
};

const struct setting_list plugin_key_list = {
	.rows = plugin_key_settings,
	.element_size = sizeof(struct config_plugin_key),
};

/* ---- backend.actions.filter ---- */

#define SAID_ROW(where, field, narrow, what)                                                    \
	{                                                                                       \
		.path = (where), .type = SETTING_READ,                                          \
		.into = offsetof(struct config_action_rule, field), .narrows = (narrow),        \
		.read = read_said, .kind = "boolean", .wants = "true or false", .help = (what), \
	}

/* In a rule that lets in, a part that is lost lets in more; agents.c sees to the others. */
#define RULE_ROWS(narrow)                                                                      \
	{                                                                                      \
		.path = "id",                                                                  \
		.type = SETTING_READ,                                                          \
		.into = offsetof(struct config_action_rule, id),                               \
		.narrows = (narrow),                                                           \
		.read = read_action_id,                                                        \
		.kind = "string",                                                              \
		.wants = "a glob such as spectrocloud:list_*",                                 \
		.help = "The actions whose ids it matches; without it, those with any id.",    \
	},                                                                                     \
		SAID_ROW("attributes.destructive", destructive, narrow,                        \
			 "Those that can destroy something, or those that cannot."),           \
		SAID_ROW("attributes.idempotent", idempotent, narrow,                          \
			 "Those that may be repeated without further effect, or the others."), \
		SAID_ROW("attributes.readOnly", read_only, narrow,                             \
			 "Those that change nothing, or those that do."),                      \
	{                                                                                      \
		.path = NULL                                                                   \
	}

static const struct setting include_settings[] = {RULE_ROWS(true)};
static const struct setting exclude_settings[] = {RULE_ROWS(false)};

const struct setting_list action_include_list = {
	.rows = include_settings,
	.element_size = sizeof(struct config_action_rule),
	.strict = true,
};

const struct setting_list action_exclude_list = {
	.rows = exclude_settings,
	.element_size = sizeof(struct config_action_rule),
	.strict = true,
};
