/* Checks of Backstage: that it is there, its keys, its catalog and permission backend, and whether
 * it knows us. */
#include <string.h>

#include "cmd/doctor.h"
#include "http/probe.h"
#include "json/json.h"

enum { OWN_PERMISSIONS = PERMITS };

/* ---- is it there ---- */

/* What says where it is, for advice. */
static const char *address_setting(const struct doctor_task *t)
{
	return t->doctor->config->base_url != NULL ? "backend.baseUrl" : "discovery.endpoints";
}

/* Where Backstage itself answers, without a path. */
static bool find_root(struct doctor_task *t, const char **root)
{
	const struct backstage_call call = doctor_call(t);
	const char *url = t->doctor->config->base_url;
	struct http_place place;
	struct error err;
	const char *path;

	if ((url == NULL && !backstage_url(t->doctor->backstage, &call, "auth", &url, &err)) ||
	    !http_place_of(&t->arena, url, &place, &err)) {
		doctor_fault(t, "the configuration does not say where Backstage is");
		doctor_answer(t, "%s", err.message);
		doctor_advice(t,
			      "set backend.baseUrl, or discovery.endpoints for the plugins auth, "
			      "catalog and permission");
		return false;
	}
	path = strchr(strstr(url, "://") + 3, '/');
	*root = path == NULL || t->doctor->config->base_url != NULL
			? url
			: arena_printf(&t->arena, "%.*s", (int)(path - url), url);
	return true;
}

static const char *advice_on_end(enum http_probe_end end)
{
	switch (end) {
	case HTTP_PROBE_NO_NAME:
		return "look for a misspelling, and whether this machine's name server knows the "
		       "name";
	case HTTP_PROBE_NO_CONNECTION:
	case HTTP_PROBE_TOO_SLOW:
		return "start Backstage, put the address right, or open the firewall between";
	case HTTP_PROBE_NOT_TRUSTED:
	case HTTP_PROBE_NO_CA_FILE:
		return "set spectrocloud.backstage.caFile to a file with the certificate of its "
		       "issuer";
	case HTTP_PROBE_WRONG_NAME:
		return "use a name that the certificate is for";
	default:
		return "look whether it is http where https is written, or the other way round";
	}
}

void doctor_check_backstage(struct doctor_task *t)
{
	struct http_probe probe = {.target = backstage_target(t->doctor->backstage),
				   .deadline_ms = t->deadline_ms};
	const char *root;

	if (!find_root(t, &root))
		return;
	probe.url = arena_printf(&t->arena, "%s/.backstage/health/v1/readiness", root);
	doctor_tried(t, "GET %s", probe.url);
	http_probe(&t->arena, &probe);
	if (probe.end != HTTP_PROBE_DONE) {
		doctor_fault(t, "Backstage cannot be reached");
		doctor_answer(t, "%s", probe.problem);
		doctor_advice(t, "%s (%s)", advice_on_end(probe.end), address_setting(t));
	} else if (probe.status >= 500) {
		doctor_warn(t, "Backstage is there, and not ready");
		doctor_answer(t, "%d", probe.status);
		doctor_advice(t, "wait until it has started; else look into its log");
	} else {
		doctor_ok(t, "Backstage answers at %s", root);
	}
}

/* ---- its plugins ---- */

/* Asks a plugin. False: nothing could be sent, which has been said. fetch: owned in any case. */
static bool ask(struct doctor_task *t, const struct principal *who,
		const struct backstage_question *question, struct http_fetch *fetch)
{
	const struct backstage_call call = doctor_call(t);
	const char *url;
	struct error err;

	*fetch = (struct http_fetch){.end = HTTP_FETCH_UNREACHABLE};
	if (backstage_url(t->doctor->backstage, &call, question->plugin, &url, &err)) {
		doctor_tried(t, "%s %s%s", question->body.len > 0 ? "POST" : "GET", url,
			     question->path);
		if (backstage_look(t->doctor->backstage, &call, who, question, fetch, &err)) {
			doctor_answer(t, "%s", doctor_words_of(t, fetch));
			return true;
		}
	}
	doctor_fault(t, "the plugin %s cannot be asked", question->plugin);
	doctor_answer(t, "%s", err.message);
	doctor_advice(t, "set discovery.endpoints for it, or backend.baseUrl");
	return false;
}

static bool has_status(const struct http_fetch *fetch, int status)
{
	return fetch->end == HTTP_FETCH_DONE && fetch->status == status;
}

/* An error of Backstage's, whatever it refuses. */
static bool is_backstage(struct doctor_task *t, const struct http_fetch *fetch)
{
	struct text body;
	struct error unused;

	return fetch->end == HTTP_FETCH_DONE &&
	       json_check(buf_text(&fetch->answer), &body, &unused) &&
	       json_string_at(&t->arena, body, "/error/name", NULL) != NULL;
}

static size_t count_keys(const struct http_fetch *fetch)
{
	struct text body;
	struct text keys;
	struct error unused;

	return json_check(buf_text(&fetch->answer), &body, &unused) &&
			       json_member(body, "keys", &keys)
		       ? json_count_items(keys)
		       : 0;
}

void doctor_check_keys(struct doctor_task *t)
{
	const struct backstage_question question = {.plugin = "auth",
						    .path = "/.well-known/jwks.json"};
	struct http_fetch fetch;

	if (!ask(t, NULL, &question, &fetch)) {
		http_fetch_fini(&fetch);
		return;
	}
	if (has_status(&fetch, 200) && count_keys(&fetch) > 0) {
		size_t count = count_keys(&fetch);

		doctor_ok(t, "the plugin auth has %zu key%s", count, count == 1 ? "" : "s");
	} else if (has_status(&fetch, 200)) {
		doctor_fault(t, "there is no key in its answer");
		doctor_answer(t, "200, and no list `keys` with anything in it");
		doctor_advice(t, "let somebody sign in to Backstage, which makes one; if that does "
				 "not help, what answers there is not its plugin auth");
	} else {
		doctor_fault(t, "the keys cannot be had");
		doctor_advice(
			t,
			"look whether Backstage has the plugin auth, and whether %s leads to it "
			"and not to a page",
			address_setting(t));
	}
	http_fetch_fini(&fetch);
}

#define ONE_ENTITY "/entities/by-query?limit=1&fields=kind"

void doctor_check_catalog(struct doctor_task *t)
{
	const struct backstage_question question = {.plugin = "catalog", .path = ONE_ENTITY};
	struct http_fetch fetch;

	if (ask(t, NULL, &question, &fetch)) {
		/* Without a token it says that it wants one, which is an answer. */
		if (has_status(&fetch, 200) ||
		    (is_backstage(t, &fetch) && (fetch.status == 401 || fetch.status == 403))) {
			doctor_ok(t, "the catalog answers");
		} else {
			doctor_fault(t, "the catalog does not answer as it should");
			doctor_advice(t,
				      "look whether Backstage has the plugin catalog, and into its "
				      "log");
		}
	}
	http_fetch_fini(&fetch);
}

void doctor_check_permission(struct doctor_task *t)
{
	const struct backstage_question question = {
		.plugin = "permission", .path = "/authorize", .body = TEXT("{\"items\":[]}")};
	struct http_fetch fetch;

	if (!t->doctor->config->permission_enabled || !t->doctor->config->enable_permissions) {
		doctor_skip(t, "it is not asked; see the check permission-settings");
		return;
	}
	if (ask(t, NULL, &question, &fetch)) {
		if (has_status(&fetch, 200) ||
		    (is_backstage(t, &fetch) && (fetch.status == 401 || fetch.status == 403))) {
			doctor_ok(t, "the permission backend answers");
		} else if (has_status(&fetch, 404)) {
			doctor_fault(t, "there is no permission backend");
			doctor_advice(
				t, "add @backstage/plugin-permission-backend and a policy to "
				   "Backstage, or leave permission.enabled out: without it every "
				   "user is refused");
		} else {
			doctor_fault(t, "the permission backend does not answer as it should");
			doctor_advice(t,
				      "until it does every user is refused: look into Backstage's "
				      "log, and at what discovery.endpoints says of permission");
		}
	}
	http_fetch_fini(&fetch);
}

/* ---- does it know us ---- */

static void advise_on_caller(struct doctor_task *t)
{
	if (t->doctor->given_token.ptr != NULL)
		doctor_advice(t,
			      "give SPECTROCLOUD_DOCTOR_TOKEN a token that Backstage takes: one of "
			      "backend.auth.externalAccess that is not restricted to other "
			      "plugins, or a user's");
	else
		doctor_advice(t, "Backstage fetches our public keys where discovery.endpoints has "
				 "`spectrocloud`: this service has to run there, with the same "
				 "backend.auth.pluginKeyStore; see the check service-route");
}

void doctor_check_caller(struct doctor_task *t)
{
	const struct backstage_question question = {.plugin = "catalog", .path = ONE_ENTITY};
	struct http_fetch fetch;

	if (ask(t, &t->doctor->caller, &question, &fetch)) {
		if (has_status(&fetch, 200)) {
			doctor_ok(t, "Backstage knows %s", t->doctor->caller_name);
		} else if (fetch.end != HTTP_FETCH_DONE || fetch.status >= 500) {
			doctor_fault(t, "Backstage does not say whether it takes the token");
			doctor_advice(t, "look into Backstage's log: its catalog answers without a "
					 "token, and not with this one");
		} else {
			doctor_fault(t, "Backstage does not take the token");
			advise_on_caller(t);
		}
	}
	http_fetch_fini(&fetch);
}

/* ---- RBAC ---- */

/* The entry of this plugin: {"pluginId","policies":[{"name" or "permission"}]}. */
static bool find_plugin(struct text answer, struct text *policies)
{
	struct json_walk walk = json_walk_begin(answer);
	struct text item;
	struct text id;

	while (json_walk_item(&walk, &item))
		if (json_member(item, "pluginId", &id) && json_string_is(id, CONFIG_PLUGIN_ID) &&
		    json_member(item, "policies", policies))
			return true;
	return false;
}

static bool is_listed(struct text policies, const char *name)
{
	struct json_walk walk = json_walk_begin(policies);
	struct text item;
	struct text value;

	while (json_walk_item(&walk, &item))
		if ((json_member(item, "name", &value) && json_string_is(value, name)) ||
		    (json_member(item, "permission", &value) && json_string_is(value, name)))
			return true;
	return false;
}

static void judge_policies(struct doctor_task *t, struct text answer)
{
	struct doctor_names missing = {.count = 0};
	struct text policies;

	if (!find_plugin(answer, &policies)) {
		doctor_warn(t, "RBAC does not know this service");
		doctor_answer(t, "200, and no entry of spectrocloud");
		doctor_advice(t, "add spectrocloud to permission.rbac.pluginsWithPermission of "
				 "Backstage");
		return;
	}
	for (int i = 0; i < OWN_PERMISSIONS; i++) {
		const struct permission *p = permission_of((enum permit)i);

		if (p != NULL && !is_listed(policies, p->name))
			doctor_name(t, &missing, "%s", p->name);
	}
	if (missing.count == 0) {
		doctor_ok(t, "RBAC knows all permissions of this service");
		return;
	}
	doctor_warn(t, "RBAC lacks %zu permission%s of this service", missing.count,
		    missing.count == 1 ? "" : "s");
	doctor_answer(t, "%s", doctor_names_text(t, &missing));
	doctor_advice(t,
		      "look whether another plugin answers in this service's place: see the check "
		      "service-route");
}

void doctor_check_rbac(struct doctor_task *t)
{
	const struct backstage_question question = {.plugin = "permission",
						    .path = "/plugins/policies"};
	struct http_fetch fetch;
	struct text answer;
	struct error unused;

	if (!ask(t, &t->doctor->caller, &question, &fetch)) {
		http_fetch_fini(&fetch);
		return;
	}
	if (has_status(&fetch, 404)) {
		doctor_skip(t, "this Backstage has no RBAC plugin");
	} else if (has_status(&fetch, 401) || has_status(&fetch, 403)) {
		doctor_skip(t, "RBAC tells its policies only to who has policy.entity.read");
	} else if (has_status(&fetch, 200) &&
		   json_check(buf_text(&fetch.answer), &answer, &unused) &&
		   json_type_of(answer) == JSON_TYPE_ARRAY) {
		judge_policies(t, answer);
	} else {
		doctor_fault(t, "RBAC does not answer as it should");
		doctor_advice(t, "look into Backstage's log");
	}
	http_fetch_fini(&fetch);
}
