/* Checks of what is written down. */
#include <string.h>

#include "base/glob.h"
#include "cmd/doctor.h"
#include "http/probe.h"
#include "store/store.h"

/* ---- configuration ---- */

static const char *files_of(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;
	struct doctor_names names = {.count = 0};

	for (size_t i = 0; i < c->file_count; i++)
		if (c->files[i].there)
			doctor_name(t, &names, "%s", c->files[i].path);
	return doctor_names_text(t, &names);
}

void doctor_check_configuration(struct doctor_task *t)
{
	const struct doctor *d = t->doctor;
	const struct config_notices *notices = d->notices;
	struct doctor_names names = {.separator = "; "};
	struct error err = d->backstage_fault;

	doctor_tried(t, "reading %s", files_of(t));
	if (d->backstage == NULL || !store_check(d->config, &err)) {
		doctor_fault(t, "the service would not start");
		doctor_answer(t, "%s", err.message);
		doctor_advice(t, "put that right; `config check` says more");
		return;
	}
	if (notices->count == 0) {
		doctor_ok(t, "%zu environment%s, %zu external caller%s",
			  d->config->environment_count,
			  d->config->environment_count == 1 ? "" : "s",
			  config_usable_external(d->config),
			  config_usable_external(d->config) == 1 ? "" : "s");
		return;
	}
	for (size_t i = 0; i < notices->count; i++)
		doctor_name(t, &names, "%s: %s: %s", notices->items[i].where,
			    notices->items[i].path, notices->items[i].message);
	doctor_warn(t, "no fault, and %zu remark%s", notices->count,
		    notices->count == 1 ? "" : "s");
	doctor_answer(t, "%s", doctor_names_text(t, &names));
	doctor_advice(t, "look whether that is what you want; `config check` lists all");
}

/* ---- who decides ---- */

void doctor_check_permission_settings(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;

	doctor_tried(t, "permission.enabled is %s, spectrocloud.enablePermissions is %s",
		     c->permission_enabled ? "true" : "not true",
		     c->enable_permissions ? "true" : "not true");
	if (c->permission_enabled && c->enable_permissions) {
		doctor_ok(t, "Backstage's permission policy decides");
		return;
	}
	if (c->policy_file != NULL) {
		doctor_ok(t, "the policy file %s decides", c->policy_file);
		return;
	}
	if (!c->permission_enabled && !c->enable_permissions) {
		doctor_ok(t, "no permissions are asked for, as both settings say");
		return;
	}
	doctor_warn(t, "nobody decides: every known user may do everything");
	doctor_answer(t, "the policy is not asked, as that takes both");
	doctor_advice(t, "set %s: true as well, or leave both out if that is meant",
		      c->permission_enabled ? "spectrocloud.enablePermissions"
					    : "permission.enabled");
}

/* ---- pages of the portal ---- */

/* "https://host:port" of a URL, as browsers send it. */
static const char *origin_of(struct arena *a, const char *url)
{
	struct http_place place;
	struct error unused;
	bool usual;

	if (!http_place_of(a, url, &place, &unused))
		return NULL;
	usual = strcmp(place.port, place.tls ? "443" : "80") == 0;
	return arena_printf(a, "%s://%s%s%s%s%s", place.tls ? "https" : "http",
			    strchr(place.host, ':') != NULL ? "[" : "", place.host,
			    strchr(place.host, ':') != NULL ? "]" : "", usual ? "" : ":",
			    usual ? "" : place.port);
}

static bool is_allowed(const struct config_cors *cors, const char *origin)
{
	if (!cors->enabled)
		return false;
	for (size_t i = 0; i < cors->origin_count; i++)
		if (glob_matches(cors->origins[i], text_of(origin)))
			return true;
	return cors->any_origin;
}

static bool is_among(const char *list, const char *wanted)
{
	struct text rest = text_of(list);
	struct text name;

	while (text_next(&rest, ',', &name))
		if (text_equal_nocase(text_trim(name), text_of(wanted)))
			return true;
	return false;
}

/* Of the headers that the portal's pages send, the first that may not be; NULL: all may. */
static const char *forbidden_header(const struct config_cors *cors)
{
	static const char *const sent[] = {"Authorization", "X-SpectroCloud-Token",
					   "X-SpectroCloud-User-Email"};

	for (size_t i = 0; cors->allowed_headers != NULL && i < ARRAY_LEN(sent); i++)
		if (!is_among(cors->allowed_headers, sent[i]))
			return sent[i];
	return NULL;
}

void doctor_check_cors(struct doctor_task *t)
{
	const struct config *c = t->doctor->config;
	const char *url;
	const char *page;
	const char *here;

	if (c->app_base_url == NULL ||
	    !backstage_external_url(c, &t->arena, CONFIG_PLUGIN_ID, &url)) {
		doctor_skip(t, "app.baseUrl and backend.baseUrl are not set: no page is known");
		return;
	}
	page = origin_of(&t->arena, c->app_base_url);
	here = origin_of(&t->arena, url);
	if (page == NULL || here == NULL) {
		doctor_skip(t, "app.baseUrl is no http or https URL");
		return;
	}
	doctor_tried(t, "a page of %s that asks %s", page, url);
	if (text_equal_nocase(text_of(page), text_of(here))) {
		doctor_ok(t, "pages of %s ask at their own address", page);
	} else if (!is_allowed(&c->cors, page)) {
		doctor_fault(t, "browsers keep the answers from the portal's pages");
		doctor_answer(t,
			      c->cors.enabled ? "backend.cors.origin does not allow %s"
					      : "there is no backend.cors, which would allow %s",
			      page);
		doctor_advice(t,
			      "set backend.cors: { origin: %s, credentials: true }, or give "
			      "discovery.endpoints an external target at the portal's own address",
			      page);
	} else if (forbidden_header(&c->cors) != NULL) {
		doctor_fault(t, "browsers do not send what the portal's pages have to");
		doctor_answer(t, "backend.cors.allowedHeaders does not have %s",
			      forbidden_header(&c->cors));
		doctor_advice(t, "add it, or leave backend.cors.allowedHeaders out");
	} else {
		doctor_ok(t, "pages of %s may ask %s", page, here);
	}
}
