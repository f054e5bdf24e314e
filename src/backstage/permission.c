/* The permissions of this plugin, and whether a caller has them. */
#include <string.h>

#include "backstage/inside.h"
#include "backstage/policy.h"
#include "telemetry/metrics.h"

static const struct permission permissions[PERMITS] = {
	[PERMIT_VIEW_CLUSTER] = {"spectrocloud.cluster.view-info", "read",
				 "See clusters, projects, cloud accounts and gateways"},
	[PERMIT_DOWNLOAD_KUBECONFIG] = {"spectrocloud.cluster.download-kubeconfig", "read",
					"Download kubeconfig files of clusters"},
	[PERMIT_VIEW_PACK_VALUES] = {"spectrocloud.cluster.view-pack-values", "read",
				     "See the values and schemas of packs"},
	[PERMIT_VIEW_PACK_MANIFESTS] = {"spectrocloud.cluster.view-pack-manifests", "read",
					"See the manifests of packs"},
	[PERMIT_CREATE_CLUSTER] = {"spectrocloud.cluster.create", "create", "Create clusters"},
	[PERMIT_VIEW_PROFILE] = {"spectrocloud.profile.view-info", "read",
				 "See and search cluster profiles"},
	[PERMIT_VIEW_PROFILE_CLUSTERS] = {"spectrocloud.profile.view-clusters", "read",
					  "See which clusters use a profile"},
};

const struct permission *permission_of(enum permit permit)
{
	if ((unsigned)permit >= PERMITS || permissions[permit].name == NULL)
		return NULL;
	return &permissions[permit];
}

static bool is_listed(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* A part of the restriction that is not there restricts nothing; one that is must name us. */
static bool restriction_allows(const struct config_restriction *r, const struct permission *p)
{
	if (r->permissions != NULL && !is_listed(r->permissions, r->permission_count, p->name))
		return false;
	return r->actions == NULL || is_listed(r->actions, r->action_count, p->action);
}

/* ---- what the environment's own token may be used for ---- */

/* By its name, or what that ends with behind a dot: "view-info" is that of clusters and profiles.
 */
static bool is_called(const struct permission *p, const char *name)
{
	size_t len = strlen(p->name);
	size_t end = strlen(name);

	return strcmp(p->name, name) == 0 ||
	       (end > 0 && end < len && p->name[len - end - 1] == '.' &&
		strcmp(p->name + len - end, name) == 0);
}

bool permit_uses_service_token(const struct config *config, enum permit permit)
{
	const struct config_strings *names = &config->service_token_for;
	const struct permission *p = permission_of(permit);

	if (config->require_user_session)
		return false;
	if (names->items == NULL)
		return true;
	for (size_t i = 0; p != NULL && i < names->count; i++)
		if (is_called(p, names->items[i]))
			return true;
	return false;
}

bool permissions_check(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->service_token_for.count; i++) {
		const char *name = config->service_token_for.items[i];
		bool known = false;

		for (int p = 0; p < PERMITS; p++)
			known = known || (permission_of((enum permit)p) != NULL &&
					  is_called(&permissions[p], name));
		if (!known)
			return error_set(err, ERROR_INPUT,
					 "spectrocloud.auth.serviceTokenFor[%zu]: there is no "
					 "permission of this name, or whose name ends so",
					 i);
	}
	return true;
}

/* ---- decisions ---- */

/* Whether a policy is in force for callers whom no access restrictions describe. */
static bool asks_permission_backend(const struct backstage *b)
{
	return b->config->enable_permissions && b->config->permission_enabled;
}

static bool has_policy(const struct backstage *b)
{
	return b->policy != NULL && !asks_permission_backend(b);
}

/* The policy file, for whoever calls, where nobody else decides. */
static bool permit_by_policy(struct backstage *b, const struct principal *principal,
			     const struct permission *permission, struct error *err)
{
	const char *why;

	if (policy_allows(b->policy, principal->subject, permission, &why)) {
		atomic_fetch_add(&b->counts.allowed, 1);
		return true;
	}
	atomic_fetch_add(&b->counts.denied, 1);
	return error_set(
		err, ERROR_DENIED, "The permission %s is denied to %s: %s", permission->name,
		principal->subject == NULL ? "callers who are not signed in" : principal->subject,
		why);
}

static bool permit_service(const struct principal *principal, const struct permission *permission,
			   struct error *err)
{
	if (principal->restriction == NULL ||
	    restriction_allows(principal->restriction, permission))
		return true;
	return error_set(err, ERROR_DENIED,
			 "The access restrictions of %s do not include the permission %s",
			 principal->subject, permission->name);
}

static bool permit_user(struct backstage *b, const struct backstage_call *call,
			const struct principal *principal, const struct permission *permission,
			struct error *err)
{
	bool allowed;

	if (!asks_permission_backend(b))
		return true;
	allowed = decisions_ask(b->decisions, call, principal, permission, err);
	atomic_fetch_add(allowed ? &b->counts.allowed : &b->counts.denied, 1);
	return allowed;
}

static bool permit_basic(struct backstage *b, const struct backstage_call *call,
			 const struct principal *principal, const struct permission *permission,
			 struct error *err)
{
	bool service = principal->kind == PRINCIPAL_SERVICE;

	if (service && !permit_service(principal, permission, err))
		return false;
	if (has_policy(b))
		return permit_by_policy(b, principal, permission, err);
	return service || permit_user(b, call, principal, permission, err);
}

bool backstage_is_trusted(const struct backstage *b, const struct principal *principal)
{
	const struct config_strings *trusted = &b->config->trusted_services;

	return principal->kind == PRINCIPAL_SERVICE &&
	       is_listed(trusted->items, trusted->count, principal->subject);
}

/* To some permissions or actions: sessions are none of these. */
static bool is_restricted(const struct principal *principal)
{
	const struct config_restriction *r = principal->restriction;

	return r != NULL && (r->permissions != NULL || r->actions != NULL);
}

bool backstage_keeps_sessions(const struct backstage *b, const struct principal *principal)
{
	return (backstage_is_trusted(b, principal) && !is_restricted(principal)) ||
	       (principal->kind == PRINCIPAL_SERVICE && principal->external == NULL &&
		strcmp(principal->subject, "plugin:auth") == 0);
}

static bool permit_keeper(const struct backstage *b, const struct principal *principal,
			  struct error *err)
{
	return backstage_keeps_sessions(b, principal) ||
	       error_set(err, ERROR_DENIED,
			 "This is for Backstage's plugin auth, and for services named in "
			 "spectrocloud.auth.trustedServices");
}

/* No permission of Backstage's: people never have it. In access restrictions it has a name, so that
 * a token may be good for nothing else. */
static bool permit_operator(const struct principal *principal, struct error *err)
{
	static const struct permission permission = {PERMISSION_OPERATORS, "read", NULL};

	if (principal->kind != PRINCIPAL_SERVICE)
		return error_set(err, ERROR_DENIED, "This is for services, such as Prometheus");
	return permit_service(principal, &permission, err);
}

bool backstage_decides_at_once(const struct backstage *b, const struct principal *principal,
			       enum permit permit)
{
	return permission_of(permit) == NULL ||
	       (principal->kind == PRINCIPAL_SERVICE && !has_policy(b));
}

static bool decide(struct backstage *b, const struct backstage_call *call,
		   const struct principal *principal, enum permit permit, struct error *err)
{
	const struct permission *permission = permission_of(permit);

	if (permit == PERMIT_SESSIONS)
		return permit_keeper(b, principal, err);
	if (permit == PERMIT_OPERATORS)
		return permit_operator(principal, err);
	if (permission == NULL)
		return error_set(err, ERROR_DENIED, "Nobody may do this");
	return permit_basic(b, call, principal, permission, err);
}

static const char *label_of(enum permit permit)
{
	const struct permission *permission = permission_of(permit);

	if (permit == PERMIT_SESSIONS)
		return "sessions";
	if (permit == PERMIT_OPERATORS)
		return PERMISSION_OPERATORS;
	return permission != NULL ? permission->name : "none";
}

void permissions_begin_counting(void)
{
	static const char *const results[] = {"allow", "deny", "unclear"};

	for (int p = PERMIT_SESSIONS; p < PERMITS; p++)
		for (size_t i = 0; i < ARRAY_LEN(results); i++)
			metric_add(METRIC_DECISIONS, 0,
				   METRIC_LABELS(label_of((enum permit)p), results[i]));
}

static void count_decision(enum permit permit, bool allowed, const struct error *err)
{
	const char *result = "allow";

	if (!allowed)
		result = err->kind == ERROR_DENIED && !err->unclear ? "deny" : "unclear";
	metric_count(METRIC_DECISIONS, label_of(permit), result);
}

bool backstage_authorize(struct backstage *b, const struct backstage_call *call,
			 const struct principal *principal, enum permit permit, struct error *err)
{
	bool allowed;

	if (permit == PERMIT_ANYONE || permit == PERMIT_AUTHENTICATED)
		return true; /* backstage_identify() let the latter in */
	allowed = decide(b, call, principal, permit, err);
	count_decision(permit, allowed, err);
	return allowed;
}

bool backstage_ready(struct backstage *b, struct error *err)
{
	return !asks_permission_backend(b) || decisions_ready(b->decisions, err);
}

/* A look is signed: the key should be known by then. */
void permissions_look(struct backstage *b)
{
	if (asks_permission_backend(b))
		decisions_look(b->decisions);
}

void backstage_look_around(struct backstage *b)
{
	own_keys_tend(b->own_keys, now_s());
	permissions_look(b);
}
