/* What rows cannot say: faults between settings, and remarks on what is in force. */
#include "config/check.h"

#include <string.h>

/* Whether a URL is read by anybody on the way. */
static bool is_in_clear(struct check *c, const char *url, unsigned may)
{
	bool loopback;

	return url != NULL && text_equal_nocase(text_slice(text_of(url), 0, 5), TEXT("http:")) &&
	       check_url(c->l->arena, text_of(url), may, &loopback) == NULL && !loopback;
}

/* The innermost part of a path that was written. */
struct place check_place_near(const struct node *root, const char *path)
{
	struct text rest = text_of(path);
	const struct node *node = root;
	struct place place = root->place;
	struct text key;

	while (node_is_set(node) && text_next(&rest, '.', &key)) {
		place = node->place;
		node = config_node_get(node, key);
	}
	return node_is_set(node) ? node->place : place;
}

/* ---- environments ---- */

static void remark_on_name(struct check *c, const struct node *list, size_t index)
{
	const struct node *map = list->entries[index].value;
	const char *path = arena_printf(c->l->arena, "spectrocloud.environments[%zu].name", index);

	if (list->count > 1 && map->type == NODE_MAP &&
	    !node_is_set(config_node_get(map, TEXT("name"))))
		findings_notice(c->l->found, map->place, path,
				index > 0 ? "no name: no call can reach this environment"
					  : "no name: only calls that name no environment "
					    "reach this one");
}

static void remark_on_transport(struct check *c, const struct node *map, size_t index)
{
	const struct config_environment *env = &c->config->environments[index];
	const struct node *url = config_node_get(map, TEXT("url"));
	const struct node *skip = config_node_get(map, TEXT("insecureSkipVerify"));
	const char *path = arena_printf(c->l->arena, "spectrocloud.environments[%zu]", index);

	if (is_in_clear(c, env->url, 0))
		findings_notice(c->l->found, url->place, arena_printf(c->l->arena, "%s.url", path),
				"http, not https: the token travels in clear");
	if (env->insecure_skip_verify)
		findings_notice(
			c->l->found, skip->place,
			arena_printf(c->l->arena, "%s.insecureSkipVerify", path),
			"certificates are not verified: anybody on the way can read the token");
}

static bool are_same_rates(const struct config_environment *a, const struct config_environment *b)
{
	bool same = a->rate_count == b->rate_count;

	for (size_t i = 0; same && i < a->rate_count; i++)
		same = a->rates[i].path != NULL && b->rates[i].path != NULL &&
		       strcmp(a->rates[i].path, b->rates[i].path) == 0 &&
		       a->rates[i].per_second == b->rates[i].per_second &&
		       a->rates[i].at_once == b->rates[i].at_once;
	return same;
}

/* Palette counts by host, so the rates of one environment hold for all of its host. */
static void remark_on_rates(struct check *c, const struct node *map, size_t index)
{
	const struct config_environment *all = c->config->environments;
	const struct node *rates = config_node_get(map, TEXT("rates"));
	const char *origin;

	if (all[index].rate_count == 0 || all[index].url == NULL)
		return;
	origin = config_origin(c->l->arena, all[index].url);
	for (size_t i = 0; i < index; i++) {
		if (all[i].rate_count == 0 || all[i].url == NULL ||
		    strcmp(config_origin(c->l->arena, all[i].url), origin) != 0)
			continue;
		if (!are_same_rates(&all[i], &all[index]))
			findings_notice(
				c->l->found, rates->place,
				arena_printf(c->l->arena, "spectrocloud.environments[%zu].rates",
					     index),
				"not in force: spectrocloud.environments[%zu] is of the same "
				"host, and its rates hold for both",
				i);
		return;
	}
}

static void remark_on_environments(struct check *c, const struct node *root)
{
	static const char path[] = "spectrocloud.environments";
	const struct node *list = config_node_at(root, text_of(path));

	if (!node_is_set(list) || (list->type == NODE_LIST && list->count == 0))
		findings_notice(c->l->found, check_place_near(root, path), path,
				"no environments: every call to Palette will be answered with 500");
	for (size_t i = 0; i < c->config->environment_count; i++) {
		remark_on_name(c, list, i);
		remark_on_transport(c, list->entries[i].value, i);
		remark_on_rates(c, list->entries[i].value, i);
	}
}

/* ---- backend.auth.pluginKeyStore ---- */

static void check_plugin_keys(struct check *c, const struct node *root)
{
	static const char path[] = "backend.auth.pluginKeyStore.static.keys";
	const struct node *list = config_node_at(root, text_of(path));
	struct config_plugin_key *keys = c->config->plugin_keys;

	if (node_is_set(list) && c->config->plugin_key_store != CONFIG_KEYS_STATIC &&
	    c->l->found->fault_count == 0)
		findings_notice(c->l->found, list->place, path,
				"not read, as backend.auth.pluginKeyStore.type is not static");
	if (keys == NULL)
		return;
	if (list->entries[0].value->type == NODE_MAP &&
	    !node_is_set(config_node_get(list->entries[0].value, TEXT("privateKeyFile"))))
		findings_fault(c->l->found, list->entries[0].value->place,
			       arena_printf(c->l->arena, "%s[0].privateKeyFile", path),
			       "missing; the first key signs, and needs it");
	/* The others only verify what they signed before. */
	for (size_t i = 1; i < c->config->plugin_key_count; i++)
		keys[i].private_key_file = NULL;
}

/* ---- who can call ---- */

static bool is_for_us(const struct config_external *entry)
{
	for (size_t i = 0; i < entry->restriction_count; i++)
		if (strcmp(entry->restrictions[i].plugin, CONFIG_PLUGIN_ID) == 0)
			return true;
	return entry->restriction_count == 0;
}

size_t config_usable_external(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->external_count; i++)
		if (is_for_us(&config->external[i]))
			count++;
	return count;
}

static bool is_listed(const struct config_strings *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

/* Whether it is known where a plugin of Backstage answers calls of other plugins. */
static bool is_found(const struct config *config, const char *plugin)
{
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct config_endpoint *endpoint = &config->endpoints[i];

		if (endpoint->internal != NULL &&
		    (is_listed(&endpoint->plugins, plugin) || is_listed(&endpoint->plugins, "*")))
			return true;
	}
	return config->base_url != NULL;
}

#define NOT_FOUND "neither backend.baseUrl nor discovery.endpoints says where its plugin "

/* A service that stands alone has no use for Backstage's tokens; these settings have. */
static const char *what_wants_users(const struct config *config)
{
	if (config->permission_enabled)
		return "permission.enabled";
	return config->endpoint_count > 0 ? "discovery.endpoints" : NULL;
}

static void remark_on_callers(struct check *c, const struct node *root)
{
	static const char external[] = "backend.auth.externalAccess";
	static const char policy[] = "backend.auth.dangerouslyDisableDefaultAuthPolicy";
	const char *wants_users = what_wants_users(c->config);
	bool can_verify = is_found(c->config, "auth");

	if (c->config->disable_default_auth_policy)
		findings_notice(c->l->found, check_place_near(root, policy), policy,
				"everybody is let in without a credential");
	else if (!can_verify && config_usable_external(c->config) == 0)
		findings_notice(c->l->found, check_place_near(root, external), external,
				"nobody can call: no entry is for this plugin, and Backstage's "
				"tokens cannot be verified: " NOT_FOUND "'auth' is");
	else if (!can_verify && wants_users != NULL)
		findings_notice(c->l->found, check_place_near(root, wants_users), wants_users,
				"Backstage's tokens cannot be verified: " NOT_FOUND "'auth' is");
}

static void remark_on_keys_of_issuers(struct check *c, const struct node *root)
{
	static const char path[] = "backend.auth.externalAccess";
	const struct node *list = config_node_at(root, text_of(path));

	for (size_t i = 0; i < c->config->external_count; i++) {
		const char *url = c->config->external[i].url;

		if (!is_in_clear(c, url, URL_QUERY))
			continue;
		findings_notice(c->l->found,
				check_place_near(list->entries[i].value, "options.url"),
				arena_printf(c->l->arena, "%s[%zu].options.url", path, i),
				"http, not https: anybody on the way can replace the keys");
	}
}

/* ---- who decides ---- */

static void remark_on_permissions(struct check *c, const struct node *root)
{
	static const char ours[] = "spectrocloud.enablePermissions";
	static const char theirs[] = "permission.enabled";
	static const char file[] = "spectrocloud.standalone.policyFile";
	const struct config *config = c->config;

	if (config->permission_enabled && is_found(config, "auth") &&
	    !is_found(config, "permission"))
		findings_notice(c->l->found, check_place_near(root, theirs), theirs,
				"users are refused what needs a permission: " NOT_FOUND
				"'permission' is");
	if (config->enable_permissions && !config->permission_enabled &&
	    config->policy_file == NULL)
		findings_notice(c->l->found, check_place_near(root, ours), ours,
				"nobody is asked: permission.enabled is not true, so everybody "
				"with a valid credential is allowed, services within their access "
				"restrictions");
	if (config->permission_enabled && config->enable_permissions && config->policy_file != NULL)
		findings_notice(c->l->found, check_place_near(root, file), file,
				"not in force: with permission.enabled and "
				"spectrocloud.enablePermissions, Backstage's permission backend "
				"decides");
}

/* ---- whose Palette session ---- */

const struct config_environment *config_session_environment(const struct config *config)
{
	for (size_t i = 0; config->session_environment != NULL && i < config->environment_count;
	     i++) {
		const struct config_environment *e = &config->environments[i];

		if (e->name != NULL && strcmp(e->name, config->session_environment) == 0)
			return e;
	}
	return config->environment_count > 0 && config->session_environment == NULL
		       ? &config->environments[0]
		       : NULL;
}

static void check_session_environment(struct check *c, const struct node *root)
{
	static const char path[] = "spectrocloud.auth.sessionEnvironment";

	if (c->config->session_environment != NULL && config_session_environment(c->config) == NULL)
		findings_fault(c->l->found, check_place_near(root, path), path,
			       "no environment of spectrocloud.environments has this name");
}

static void remark_on_sessions(struct check *c, const struct node *root)
{
	static const char binding[] = "spectrocloud.auth.emailBinding";
	static const char limit[] = "spectrocloud.auth.serviceTokenFor";
	const struct config *config = c->config;

	if (config->email_binding == CONFIG_BINDING_OFF)
		findings_notice(c->l->found, check_place_near(root, binding), binding,
				"off: every user who names another's e-mail address acts with that "
				"person's Palette session");
	else if (is_found(config, "auth") && !is_found(config, "catalog"))
		findings_notice(c->l->found, check_place_near(root, binding), binding,
				"no user can use their session: " NOT_FOUND "'catalog' is");
	if (config->require_user_session && config->service_token_for.count > 0)
		findings_notice(c->l->found, check_place_near(root, limit), limit,
				"not in force: with spectrocloud.auth.requireUserSession, people "
				"never act with an apiToken");
}

/* ---- what is held for clients ---- */

static void check_buffers(struct check *c, const struct node *root)
{
	static const char path[] = "spectrocloud.server.maxBufferedBytes";
	enum { BODIES_PART = 4 }; /* http/server.h */

	/* Zero, where the value is at fault itself. */
	if (c->config->max_buffered_bytes > 0 &&
	    c->config->max_buffered_bytes / BODIES_PART < c->config->max_body_bytes)
		findings_fault(c->l->found, check_place_near(root, path), path,
			       "less than four times spectrocloud.server.maxBodyBytes: a quarter "
			       "of it is for bodies");
}

void check_remarks(struct check *c, const struct node *root)
{
	remark_on_environments(c, root);
	check_plugin_keys(c, root);
	check_session_environment(c, root);
	check_buffers(c, root);
	remark_on_keys_of_issuers(c, root);
	/* A fault may be all that makes these true. */
	if (c->l->found->fault_count > 0)
		return;
	remark_on_callers(c, root);
	remark_on_permissions(c, root);
	remark_on_sessions(c, root);
}
