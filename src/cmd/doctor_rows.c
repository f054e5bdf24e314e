/* The checks: one row each. --only, --list, the page and the tests go by these rows. */
#include "cmd/doctor.h"

enum {
	AT_ONCE_MS = 5 * 1000,   /* what only looks at the configuration */
	QUESTION_MS = 15 * 1000, /* one question and its answer */
	LIST_MS = 40 * 1000,     /* many of them */
};

const struct doctor_check doctor_checks[] = {
	{
		.name = "configuration",
		.title = "The configuration is good",
		.asks = "Reads the files and looks into those that they name: keys, rules, "
			"certificates",
		.symptom = "The service does not start, or a setting has no effect",
		.group = DOCTOR_CONFIGURATION,
		.patience_ms = AT_ONCE_MS,
		.run = doctor_check_configuration,
	},
	{
		.name = "permission-settings",
		.title = "Somebody decides who may what",
		.asks = "Compares permission.enabled, spectrocloud.enablePermissions and the "
			"policy "
			"file",
		.symptom = "Users may do what the policy denies",
		.group = DOCTOR_CONFIGURATION,
		.patience_ms = AT_ONCE_MS,
		.run = doctor_check_permission_settings,
	},
	{
		.name = "cors",
		.title = "The portal's pages may read the answers",
		.asks = "Compares app.baseUrl, backend.cors and where browsers find this service",
		.symptom = "The portal shows a network error, and the browser's console a blocked "
			   "cross-origin request",
		.group = DOCTOR_CONFIGURATION,
		.patience_ms = AT_ONCE_MS,
		.run = doctor_check_cors,
	},
	{
		.name = "palette-name",
		.title = "Palette's host name has an address",
		.asks = "Looks the host of the environment's url up",
		.symptom = "Every answer is 502 or 503, with \"its name cannot be resolved\"",
		.group = DOCTOR_PALETTE,
		.patience_ms = QUESTION_MS,
		.run = doctor_check_name,
	},
	{
		.name = "palette-connect",
		.title = "Palette takes connections",
		.asks = "Connects to each address, or to the proxy that the variables of the "
			"environment name",
		.symptom = "Every answer is 502 or 503, with \"nothing answers at its address\" or "
			   "\"connecting took too long\"",
		.group = DOCTOR_PALETTE,
		.after = "palette-name",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_connect,
	},
	{
		.name = "palette-tls",
		.title = "Palette's certificate is good",
		.asks = "A TLS handshake: who signed the certificate, for which names, until when",
		.symptom = "Every answer is 502 or 503, with \"its TLS certificate is not "
			   "trusted\" or "
			   "\"is for another name\"",
		.group = DOCTOR_PALETTE,
		.after = "palette-connect",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_tls,
	},
	{
		.name = "palette-http",
		.title = "Palette's API answers",
		.asks = "GET /v1/health/ping, without a credential",
		.symptom = "Every answer is 502, with \"Palette answered with broken JSON\"",
		.group = DOCTOR_PALETTE,
		.after = "palette-tls",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_http,
	},
	{
		.name = "palette-clock",
		.title = "Palette's clock and this machine's agree",
		.asks = "Compares the header Date of that answer with the time here",
		.symptom = "Sessions end too early, or are refused as soon as they begin",
		.group = DOCTOR_PALETTE,
		.after = "palette-http",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_clock,
	},
	{
		.name = "palette-token",
		.title = "Palette takes the apiToken",
		.asks = "GET /v1/users/me: whose it is, and whether that user is active",
		.symptom = "Every answer is 502, with \"Palette refused the apiToken\"",
		.group = DOCTOR_PALETTE,
		.after = "palette-http",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_token,
	},
	{
		.name = "palette-tenant",
		.title = "The apiToken is of the tenant that is configured",
		.asks = "Compares the tenant of GET /v1/users/me with the environment's tenant",
		.symptom = "Other clusters are shown than expected",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_tenant,
	},
	{
		.name = "palette-token-end",
		.title = "The apiToken does not end soon",
		.asks = "GET /v1/apiKeys: when the keys of that user end",
		.symptom = "All worked until a certain day",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_token_end,
	},
	{
		.name = "palette-rights",
		.title = "The apiToken may what this service does, and not more",
		.asks = "Reads the permissions of GET /v1/users/me",
		.symptom = "Lists are empty, or creating a cluster is refused with 403",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_rights,
	},
	{
		.name = "palette-rate",
		.title = "Palette's rate limits leave room",
		.asks = "One question to the part of the API that is limited most; and how the "
			"configuration paces requests",
		.symptom = "Answers are slow, or 503 with Retry-After",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_rate,
	},
	{
		.name = "cloud-accounts",
		.title = "Cloud accounts are valid",
		.asks = "GET /v1/cloudaccounts/summary: the state of each",
		.symptom = "Creating a cluster fails with a fault of the cloud account",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = LIST_MS,
		.run = doctor_check_accounts,
	},
	{
		.name = "profiles",
		.title = "Cluster profiles are published",
		.asks = "POST /v1/dashboard/clusterprofiles: which are published, which are drafts",
		.symptom = "There is nothing to choose where a cluster is created",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = LIST_MS,
		.run = doctor_check_profiles,
	},
	{
		.name = "gateways",
		.title = "Private cloud gateways run",
		.asks = "GET /v1/overlords: state and health of each",
		.symptom = "Clusters on vSphere stay in provisioning, and datacenters cannot be "
			   "listed",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = LIST_MS,
		.run = doctor_check_gateways,
	},
	{
		.name = "ip-pools",
		.title = "IP pools of the gateways have free addresses",
		.asks = "GET /v1/overlords/vsphere/UID/pools of each gateway that runs",
		.symptom = "Clusters on vSphere with static addresses stay in provisioning",
		.group = DOCTOR_PALETTE,
		.after = "palette-token",
		.patience_ms = LIST_MS,
		.run = doctor_check_ip_pools,
	},
	{
		.name = "backstage-address",
		.title = "Backstage can be reached",
		.asks = "GET /.backstage/health/v1/readiness at backend.baseUrl, or where "
			"discovery.endpoints has its plugin auth",
		.symptom = "Every user's request is refused with 401",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE,
		.patience_ms = QUESTION_MS,
		.run = doctor_check_backstage,
	},
	{
		.name = "backstage-keys",
		.title = "Backstage publishes the keys of its users' tokens",
		.asks = "GET .well-known/jwks.json of the plugin auth",
		.symptom = "Every user's request is refused with 401",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE,
		.after = "backstage-address",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_keys,
	},
	{
		.name = "backstage-catalog",
		.title = "Backstage's catalog answers",
		.asks = "GET entities/by-query of the plugin catalog, for one entity",
		.symptom = "Agents find no cluster by its name, and nobody can use their Palette "
			   "session",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE,
		.after = "backstage-address",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_catalog,
	},
	{
		.name = "backstage-permission",
		.title = "Backstage's permission backend answers",
		.asks = "POST authorize of the plugin permission, with no question in it",
		.symptom = "Every user's request is refused with 403 or 503",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE,
		.after = "backstage-address",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_permission,
	},
	{
		.name = "backstage-caller",
		.title = "Backstage takes this service's token",
		.asks = "The same question to the catalog, with a token",
		.symptom =
			"Users are refused although the policy lets them, and Backstage's log has "
			"\"Failed plugin token verification\"",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "backstage-catalog",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_caller,
	},
	{
		.name = "rbac-permissions",
		.title = "The RBAC plugin knows this service's permissions",
		.asks = "GET plugins/policies of the plugin permission, where the RBAC plugin has "
			"it",
		.symptom = "The permissions of this service cannot be chosen in RBAC's pages",
		.group = DOCTOR_BACKSTAGE,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "backstage-caller",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_rbac,
	},
	{
		.name = "service-route",
		.title = "Backstage's callers find this service",
		.asks = "GET health and openapi.json where discovery.endpoints has `spectrocloud`",
		.symptom =
			"The portal says 404 or cannot reach the plugin; another version answers "
			"than was installed",
		.group = DOCTOR_SERVICE,
		.patience_ms = QUESTION_MS,
		.run = doctor_check_route,
	},
	{
		.name = "external-access",
		.title = "Callers from outside Backstage are let in",
		.asks = "Uses each static token of backend.auth.externalAccess there, and fetches "
			"the "
			"keys of each issuer",
		.symptom = "A script is refused with 401 or 403",
		.group = DOCTOR_SERVICE,
		.after = "service-route",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_external,
	},
	{
		.name = "actions",
		.title = "Actions are offered to Backstage",
		.asks = "GET .backstage/actions/v1/actions there, and compares backend.actions and "
			"spectrocloud.mcp",
		.symptom = "Agents at Backstage's MCP server do not see the tools",
		.group = DOCTOR_SERVICE,
		.after = "service-route",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_actions,
	},
	{
		.name = "catalog-entities",
		.title = "Palette's objects are in the catalog",
		.asks = "Counts the entities that the ingestor writes",
		.symptom = "Agents find no cluster by its name",
		.group = DOCTOR_CATALOG,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "backstage-caller",
		.patience_ms = LIST_MS,
		.run = doctor_check_entities,
	},
	{
		.name = "catalog-instances",
		.title = "Entities name environments that there are",
		.asks = "Compares the annotation `instance` with spectrocloud.environments",
		.symptom = "One cluster's page, or an agent's call about it, says that the "
			   "environment is not configured",
		.group = DOCTOR_CATALOG,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "catalog-entities",
		.patience_ms = LIST_MS,
		.run = doctor_check_instances,
	},
	{
		.name = "catalog-annotations",
		.title = "Entities have the annotations that are read",
		.asks = "Looks for the annotation with Palette's uid below "
			"spectrocloud.annotationPrefix",
		.symptom = "An agent's call about a cluster says that its entity \"has no usable "
			   "annotation\"",
		.group = DOCTOR_CATALOG,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "catalog-entities",
		.patience_ms = LIST_MS,
		.run = doctor_check_annotations,
	},
	{
		.name = "catalog-titles",
		.title = "Agents can tell entities apart",
		.asks = "Looks for entities of one type, project and environment with the same "
			"title",
		.symptom = "An agent is told that several entities fit",
		.group = DOCTOR_CATALOG,
		.needs = DOCTOR_NEEDS_BACKSTAGE | DOCTOR_NEEDS_CALLER,
		.after = "catalog-entities",
		.patience_ms = LIST_MS,
		.run = doctor_check_titles,
	},
	{
		.name = "session-store",
		.title = "The store of sessions can be read",
		.asks = "Opens the file or database of spectrocloud.tokenStore to read, and some "
			"of "
			"what is in it with the key",
		.symptom = "Users have to sign in again and again, or the service does not start",
		.group = DOCTOR_SESSIONS,
		.patience_ms = QUESTION_MS,
		.run = doctor_check_store,
	},
	{
		.name = "sessions",
		.title = "Users' Palette sessions are kept",
		.asks = "Counts those that are live, and those that have ended",
		.symptom =
			"Users act with the apiToken's rights, or are told to sign in to Palette",
		.group = DOCTOR_SESSIONS,
		.after = "session-store",
		.patience_ms = QUESTION_MS,
		.run = doctor_check_sessions,
	},
	{.name = NULL},
};

const struct doctor_check *doctor_find_check(struct text name)
{
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++)
		if (text_is(name, c->name))
			return c;
	return NULL;
}

static const char *const group_titles[DOCTOR_GROUPS] = {
	[DOCTOR_CONFIGURATION] = "Configuration",
	[DOCTOR_PALETTE] = "Palette",
	[DOCTOR_BACKSTAGE] = "Backstage",
	[DOCTOR_SERVICE] = "This service",
	[DOCTOR_CATALOG] = "Catalog",
	[DOCTOR_SESSIONS] = "Sessions",
};

const char *doctor_group_title(enum doctor_group group)
{
	return group_titles[group];
}

static const char *const status_names[DOCTOR_STATUSES] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_SKIPPED] = "skipped",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAULT] = "fault",
};

const char *doctor_status_name(enum doctor_status status)
{
	return status_names[status];
}
