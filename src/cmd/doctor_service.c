/* Checks of this service as Backstage's callers find it: where it is, who is let in, which actions
 * it offers. */
#include <string.h>

#include "base/clock.h"
#include "cmd/doctor.h"
#include "http/probe.h"
#include "op/op.h"
#include "json/json.h"

enum { LARGEST_ANSWER = 8 * 1024 * 1024 };

/* ---- where ---- */

/* Whether an entry of discovery.endpoints names this plugin, or `*`. */
static bool is_routed(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->endpoint_count; i++)
		for (size_t p = 0; p < c->endpoints[i].plugins.count; p++)
			if (c->endpoints[i].internal != NULL &&
			    strcmp(c->endpoints[i].plugins.items[p], name) == 0)
				return true;
	return false;
}

/* Where callers look for it; without a Backstage, where the configuration has it listen. */
static bool find_service(struct doctor_task *t, const char **url)
{
	const struct config *c = t->doctor->config;
	const struct backstage_call call = doctor_call(t);
	struct error err;

	if (t->doctor->backstage == NULL) {
		doctor_skip(t, "the configuration has a fault; see the check configuration");
		return false;
	}
	if (!is_routed(c, CONFIG_PLUGIN_ID) && !is_routed(c, "*") && c->base_url == NULL) {
		if (strncmp(c->listen, "unix:", 5) == 0) {
			doctor_skip(t, "it listens on a local socket, and nothing says what is in "
				       "front of it");
			return false;
		}
		*url = arena_printf(&t->arena, "http://%s%s/api/" CONFIG_PLUGIN_ID,
				    c->listen[0] == ':' ? "127.0.0.1" : "", c->listen);
		return true;
	}
	if (backstage_url(t->doctor->backstage, &call, CONFIG_PLUGIN_ID, url, &err))
		return true;
	doctor_fault(t, "where it is cannot be found out");
	doctor_answer(t, "%s", err.message);
	doctor_advice(t, "put discovery.endpoints right");
	return false;
}

/* ---- asking it ---- */

/* GET below it, with that token; ptr NULL: without one. fetch: owned in any case. */
static void get(struct doctor_task *t, const char *url, struct text token, struct http_fetch *fetch)
{
	struct http_header *headers = arena_array(&t->arena, struct http_header, 2);
	int64_t latest_ms = clock_now_ms() + t->doctor->config->backstage_timeout_ms;

	headers[0] = (struct http_header){TEXT("Accept"), TEXT("application/json")};
	headers[1] =
		(struct http_header){TEXT("Authorization"),
				     text_of(arena_printf(&t->arena, "Bearer %.*s", (int)token.len,
							  token.ptr == NULL ? "" : token.ptr))};
	*fetch = (struct http_fetch){
		.method = "GET",
		.url = url,
		.target = backstage_target(t->doctor->backstage),
		.headers = headers,
		.header_count = token.ptr == NULL ? 1 : 2,
		.deadline_ms = latest_ms < t->deadline_ms ? latest_ms : t->deadline_ms,
		.max_bytes = LARGEST_ANSWER,
	};
	http_fetch(t->doctor->http, fetch);
	doctor_tried(t, "GET %s", url);
	doctor_answer(t, "%s", doctor_words_of(t, fetch));
}

static bool has_status(const struct http_fetch *fetch, int status)
{
	return fetch->end == HTTP_FETCH_DONE && fetch->status == status;
}

static bool is_ours(const struct config_external *e)
{
	if (e->restriction_count == 0)
		return true;
	for (size_t i = 0; i < e->restriction_count; i++)
		if (strcmp(e->restrictions[i].plugin, CONFIG_PLUGIN_ID) == 0)
			return true;
	return false;
}

/* What the service lets in: the token that was given, one that is configured for it, or one that
 * its own keys sign. ptr NULL: there is none. */
static struct text own_token(struct doctor_task *t)
{
	const struct doctor *d = t->doctor;
	struct text token = {NULL, 0};
	struct error unused;

	if (d->given_token.ptr != NULL)
		return d->given_token;
	for (size_t i = 0; i < d->config->external_count; i++) {
		const struct config_external *e = &d->config->external[i];

		if (e->type == CONFIG_EXTERNAL_STATIC && is_ours(e))
			return (struct text){e->token.ptr, e->token.len};
	}
	if (d->config->plugin_key_count > 0 &&
	    !backstage_plugin_token(d->backstage, &t->arena, &d->caller, CONFIG_PLUGIN_ID, &token,
				    &unused))
		token.ptr = NULL;
	return token;
}

/* ---- the route ---- */

static void advise_on_route(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;

	if (is_routed(c, CONFIG_PLUGIN_ID))
		doctor_advice(t,
			      "start this service where discovery.endpoints has `spectrocloud`, or "
			      "put the target right");
	else if (is_routed(c, "*") || c->base_url != NULL)
		doctor_advice(t,
			      "add discovery.endpoints: [{ target: "
			      "'http://HOST:7727/api/{{pluginId}}', plugins: [spectrocloud] }] to "
			      "the configuration of Backstage, and to this one, if it is not the "
			      "same: without it, callers look for this service in Backstage "
			      "itself");
	else
		doctor_advice(t, "start it (systemctl start spectrocloud-backend, where the "
				 "package is installed; else spectrocloud-backend serve); if it "
				 "ends at once, its log says why");
}

/* {"status":"ok"} is also what the plugin for Node.js says, so that is not all. */
static bool is_healthy(const struct http_probe *p)
{
	struct text body;
	struct text status;
	struct error unused;

	return p->end == HTTP_PROBE_DONE && p->status == 200 &&
	       json_check(p->body, &body, &unused) && json_member(body, "status", &status) &&
	       json_string_is(status, "ok");
}

/* Only this service says who wants to know, where a credential is missing. */
static bool is_this_service(const struct http_probe *p)
{
	return p->status == 401 &&
	       strstr(p->authenticate, "realm=\"" CONFIG_PLUGIN_ID "\"") != NULL;
}

static void judge_version(struct doctor_task *t, const char *url, const struct http_fetch *fetch)
{
	struct text body;
	struct error unused;
	const char *version = NULL;

	if (has_status(fetch, 200) && json_check(buf_text(&fetch->answer), &body, &unused))
		version = json_string_at(&t->arena, body, "/info/version", NULL);
	if (version == NULL) {
		doctor_ok(t, "this service answers at %s; which version, it says to known callers",
			  url);
	} else if (strcmp(version, PROJECT_VERSION) == 0) {
		doctor_ok(t, "version %s answers at %s", version, url);
	} else {
		doctor_warn(t, "version %s answers at %s, and this is %s", version, url,
			    PROJECT_VERSION);
		doctor_answer(t, "info.version is %s", version);
		doctor_advice(t, "restart the service after an upgrade");
	}
}

static void probe_at(struct doctor_task *t, const char *url, struct http_probe *p)
{
	*p = (struct http_probe){.url = url,
				 .target = backstage_target(t->doctor->backstage),
				 .deadline_ms = t->deadline_ms};
	doctor_tried(t, "GET %s", url);
	http_probe(&t->arena, p);
	if (p->end == HTTP_PROBE_DONE)
		doctor_answer(t, "%d", p->status);
	else
		doctor_answer(t, "%s", p->problem);
}

void doctor_check_route(struct doctor_task *t)
{
	struct http_fetch fetch;
	struct http_probe p;
	struct text token;
	const char *url;

	if (!find_service(t, &url))
		return;
	probe_at(t, arena_printf(&t->arena, "%s/health", url), &p);
	if (!is_healthy(&p)) {
		doctor_fault(t, "this service does not answer there");
		advise_on_route(t);
		return;
	}
	probe_at(t, arena_printf(&t->arena, "%s/openapi.json", url), &p);
	if (p.end != HTTP_PROBE_DONE || p.status >= 500) {
		doctor_warn(t, "it answers, and is not ready");
		doctor_advice(t, "wait until it has started; else look into its log");
		return;
	}
	if (!is_this_service(&p) && p.status != 200) {
		doctor_fault(t, "another plugin answers in this service's place");
		doctor_advice(t, "take the Node.js plugin out of Backstage's backend, and let "
				 "discovery.endpoints lead here");
		return;
	}
	token = own_token(t);
	if (token.ptr == NULL) {
		doctor_ok(t, "this service answers at %s", url);
		return;
	}
	get(t, p.url, token, &fetch);
	judge_version(t, url, &fetch);
	http_fetch_fini(&fetch);
}

/* ---- callers from outside ---- */

struct callers {
	size_t tried;
	struct doctor_names bad;
};

/* openapi.json is for every known caller, whatever they are permitted. */
static void try_token(struct doctor_task *t, const char *url, const struct config_external *e,
		      struct callers *callers)
{
	struct http_fetch fetch;

	get(t, arena_printf(&t->arena, "%s/openapi.json", url),
	    (struct text){e->token.ptr, e->token.len}, &fetch);
	callers->tried++;
	if (!has_status(&fetch, 200))
		doctor_name(t, &callers->bad, "the token of %s: %s", e->subject,
			    doctor_words_of(t, &fetch));
	http_fetch_fini(&fetch);
}

static void try_issuer(struct doctor_task *t, const struct config_external *e,
		       struct callers *callers)
{
	const struct text none = {NULL, 0};
	struct http_fetch fetch;
	struct text body;
	struct text keys;
	struct error unused;

	get(t, e->url, none, &fetch);
	callers->tried++;
	if (!has_status(&fetch, 200))
		doctor_name(t, &callers->bad, "the keys at %s: %s", e->url,
			    doctor_words_of(t, &fetch));
	else if (!json_check(buf_text(&fetch.answer), &body, &unused) ||
		 !json_member(body, "keys", &keys) || json_count_items(keys) == 0)
		doctor_name(t, &callers->bad, "the keys at %s: there is none", e->url);
	http_fetch_fini(&fetch);
}

void doctor_check_external(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;
	struct callers callers = {.tried = 0};
	const char *url;

	if (config_usable_external(c) == 0) {
		doctor_skip(t, "backend.auth.externalAccess has no entry for this plugin");
		return;
	}
	if (!find_service(t, &url))
		return;
	for (size_t i = 0; i < c->external_count; i++) {
		const struct config_external *e = &c->external[i];

		if (e->type == CONFIG_EXTERNAL_STATIC && is_ours(e))
			try_token(t, url, e, &callers);
		else if (e->type == CONFIG_EXTERNAL_JWKS && is_ours(e))
			try_issuer(t, e, &callers);
	}
	if (callers.bad.count == 0) {
		doctor_ok(t, "%zu of %zu entries for this plugin were tried, and are good",
			  callers.tried, config_usable_external(c));
		return;
	}
	doctor_fault(t, "%zu of %zu entries %s of no use", callers.bad.count, callers.tried,
		     callers.bad.count == 1 ? "is" : "are");
	doctor_tried(t, "each static token with GET %s/openapi.json, and the keys of each issuer",
		     url);
	doctor_answer(t, "%s", doctor_names_text(t, &callers.bad));
	doctor_advice(t, "look whether the service runs with this configuration: its log says "
			 "config.refused where it did not take a change; and at the address of the "
			 "keys");
}

/* ---- actions ---- */

static size_t count_offered(const struct config *c)
{
	struct toolbox *box = toolbox_new(c);
	size_t count = 0;

	for (const struct op *const *op = toolbox_offered(box, DOOR_BACKSTAGE); *op != NULL; op++)
		count++;
	toolbox_free(box);
	return count;
}

/* What the configuration says of them. True: there are some, and it is worth asking. */
static bool actions_are_configured(struct doctor_task *t, size_t offered)
{
	const struct config *c = t->doctor->config;

	doctor_tried(t, "reading backend.actions and spectrocloud.mcp");
	if (!c->actions.offered) {
		doctor_fault(t, "Backstage does not ask this plugin for actions");
		doctor_answer(t, "backend.actions.pluginSources does not name spectrocloud");
		doctor_advice(t, "add it, in the configuration of both");
		return false;
	}
	if (offered == 0) {
		doctor_fault(t, "no action is offered");
		doctor_answer(t, "spectrocloud.mcp or backend.actions.filter leaves none");
		doctor_advice(t, "`action list` shows which settings offer which tool");
		return false;
	}
	return true;
}

static bool names_backstage(const struct config *c)
{
	return c->base_url != NULL || c->endpoint_count > 0;
}

static void judge_list(struct doctor_task *t, size_t offered, const struct http_fetch *fetch)
{
	struct text body;
	struct text list;
	struct error unused;
	size_t count;

	if (!has_status(fetch, 200) || !json_check(buf_text(&fetch->answer), &body, &unused) ||
	    !json_member(body, "actions", &list)) {
		doctor_fault(t, "the list of actions cannot be had");
		doctor_advice(t, "Backstage gets none then, and says so in its log only: see the "
				 "checks service-route and external-access");
		return;
	}
	count = json_count_items(list);
	if (count != offered) {
		doctor_warn(t, "the service offers %zu actions, and this configuration %zu", count,
			    offered);
		doctor_answer(t, "200, with %zu actions", count);
		doctor_advice(t, "the service runs with another configuration: reload it, and look "
				 "into its log for config.refused");
	} else if (names_backstage(t->doctor->config) && !t->doctor->config->actions.sources_set) {
		doctor_warn(t, "Backstage asks no plugin for actions");
		doctor_answer(t, "%zu are offered, and backend.actions.pluginSources is not set",
			      count);
		doctor_advice(t,
			      "set backend.actions.pluginSources: [spectrocloud] for Backstage's "
			      "MCP server; agents may also come to /api/spectrocloud/mcp");
	} else {
		doctor_ok(t, "%zu actions are offered", count);
	}
}

void doctor_check_actions(struct doctor_task *t)
{
	const size_t offered = count_offered(t->doctor->config);
	struct http_fetch fetch;
	struct text token;
	const char *url;

	if (!actions_are_configured(t, offered) || !find_service(t, &url))
		return;
	token = own_token(t);
	if (token.ptr == NULL) {
		doctor_skip(t,
			    "%zu by the configuration; the service lists them to known callers: "
			    "set SPECTROCLOUD_DOCTOR_TOKEN",
			    offered);
		return;
	}
	get(t, arena_printf(&t->arena, "%s/.backstage/actions/v1/actions", url), token, &fetch);
	judge_list(t, offered, &fetch);
	http_fetch_fini(&fetch);
}
