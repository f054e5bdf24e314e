/* Who the caller is, projects, SSH keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "handlers.h"
#include "render.h"

void health_ping(struct request *r, struct reply *a)
{
	(void)r;
	reply_json(a, 200, json_pack("{s:s}", "msg", "OK"));
}

/* ---- users ---- */

static struct object user_object(const struct world *w, const struct credential *c, char name[64])
{
	struct object o = {.index = c->user, .project = SCOPE_TENANT, .name = name};

	uid_make(w->seed, KIND_USER, c->user, o.uid);
	o.created_ms = o.modified_ms = 1690000000000;
	snprintf(name, 64, "Sim User %d", c->user);
	return o;
}

static json_t *email_of(const struct world *w, const struct credential *c)
{
	return json_sprintf("user%d@%s.example", c->user, w->tenant);
}

static json_t *project_permissions(const struct world *w, const struct credential *c)
{
	json_t *map = json_object();

	for (int i = 0; i < w->project_count; i++) {
		json_t *list = scope_permissions(c, i);

		if (json_array_size(list) > 0)
			json_object_set(map, w->projects[i].head.uid, list);
		json_decref(list);
	}
	return map;
}

static json_t *tenant_permissions(const struct credential *c)
{
	if (!c->admin)
		return json_object();
	return json_pack("{s:o, s:[s]}", "tenant", scope_permissions(c, SCOPE_TENANT), "future",
			 "sim.unknown");
}

void user_me(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const struct credential *c = r->credential;
	char name[64];
	struct object user = user_object(w, c, name);
	json_t *status = json_pack("{s:s, s:b, s:b, s:s, s:o, s:o, s:{s:s, s:s}}", "activationLink",
				   "", "isActive", 1, "isContractAccepted", 1, "loginMode", "dev",
				   "projectPermissions", project_permissions(w, c),
				   "tenantPermissions", tenant_permissions(c), "tenant", "orgName",
				   w->tenant, "tenantUid", w->tenant_uid);

	reply_json(a, 200,
		   json_pack("{s:o, s:{s:o, s:s, s:s, s:n}, s:o, s:o}", "metadata",
			     render_meta(w, &user, NULL, NULL), "spec", "emailId", email_of(w, c),
			     "firstName", "Sim", "lastName", "Müller-日本", "roles", "status",
			     status, "futureField", render_unknown()));
}

void user_info(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	char uid[UID_SIZE];

	uid_make(w->seed, KIND_USER, r->credential->user, uid);
	reply_json(a, 200,
		   json_pack("{s:s, s:s, s:s}", "orgName", w->tenant, "tenantUid", w->tenant_uid,
			     "userUid", uid));
}

/* The user of the path: the caller's own, or any if the caller administers the tenant. */
static const struct credential *path_user(struct request *r, struct reply *a)
{
	const char *uid = r->params[0];
	int index = uid_index(r->sim->world, uid, KIND_USER);
	const struct credential *c = index < 0 ? NULL : scopes_at(r->sim->scopes, index);

	if (!uid_is_valid(uid)) {
		reply_error(a, 400, "InvalidUid", "user uid is not valid");
		return NULL;
	}
	if (c != r->credential && !r->credential->admin) {
		reply_error(a, 403, "OperationForbidden", "operation user.get is not permitted");
		return NULL;
	}
	if (c == NULL)
		reply_error(a, 404, "ResourceNotFound", "user %s was not found", uid);
	return c;
}

static json_t *role(const struct world *w, bool admin)
{
	char uid[UID_SIZE];

	uid_make(w->seed, KIND_ROLE, admin, uid);
	return json_pack("[{s:s, s:s}]", "uid", uid, "name",
			 admin ? "Tenant Admin" : "Project Editor");
}

void user_projects(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const struct credential *c = path_user(r, a);
	json_t *list;

	if (c == NULL)
		return;
	list = json_array();
	for (int i = 0; i < w->project_count; i++) {
		if (scope_may(c, i, "project.get"))
			json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:n}", "uid",
							      w->projects[i].head.uid, "name",
							      w->projects[i].head.name, "roles",
							      role(w, c->admin), "inheritedRoles"));
	}
	reply_json(a, 200, json_pack("{s:o}", "projects", list));
}

void user_roles(struct request *r, struct reply *a)
{
	const struct credential *c = path_user(r, a);

	if (c != NULL)
		reply_json(a, 200,
			   json_pack("{s:o, s:n}", "roles", role(r->sim->world, c->admin),
				     "inheritedRoles"));
}

/* ---- API keys ---- */

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static json_t *api_key(const struct sim *sim, const struct credential *c)
{
	char uid[UID_SIZE];
	int64_t started_ms = clock_calendar_ms() - (clock_now_ms() - sim->started_ms);
	json_t *expiry = c->expires_days == 0
				 ? json_string(NO_TIME)
				 : render_time(started_ms + (int64_t)c->expires_days * DAY_MS);

	uid_make(sim->world->seed, KIND_USER, c->user, uid);
	return json_pack("{s:{s:s}, s:{s:o, s:{s:o, s:s, s:s, s:s}}, s:{s:b}}", "metadata", "name",
			 c->name, "spec", "expiry", expiry, "user", "emailId",
			 email_of(sim->world, c), "firstName", "Sim", "lastName", "User", "uid",
			 uid, "status", "isActive", !c->revoked);
}

/* Of all users; the keys themselves are not in it. */
void api_keys(struct request *r, struct reply *a)
{
	const struct credential *c;
	json_t *list = json_array();

	for (int i = 0; (c = scopes_at(r->sim->scopes, i)) != NULL; i++)
		if (!c->session)
			json_array_append_new(list, api_key(r->sim, c));
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

/* ---- SSH keys ---- */

static json_t *key_json(const struct world *w, const struct object *key)
{
	return json_pack(
		"{s:o, s:{s:o}}", "metadata", render_meta(w, key, NULL, NULL), "spec", "publicKey",
		json_sprintf("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%s sim@example", key->uid));
}

void keys_list(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	json_t *list = json_array();

	for (int i = 0; i < w->key_count; i++)
		json_array_append_new(list, key_json(w, &w->keys[i]));
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

void key_read(struct request *r, struct reply *a)
{
	const struct object *key = scope_open_visible(r, r->params[0], KIND_KEY, "sshKey.get", a);

	if (key != NULL)
		reply_json(a, 200, key_json(r->sim->world, key));
}

/* ---- projects ---- */

static void put_project(struct request *r, struct buf *out, const void *item)
{
	const struct world *w = r->sim->world;
	const struct project *p = item;
	json_t *json = json_pack(
		"{s:o, s:{s:s, s:n, s:[]}, s:{s:{s:i, s:i, s:i, s:i}, s:{s:b, s:n}, "
		"s:{s:f, s:f, s:n}}, s:o}",
		"metadata", render_meta(w, &p->head, NULL, p->description), "specSummary",
		"logoUrl", "", "teams", "users", "status", "clustersHealth", "errored", 0,
		"healthy", p->host_count, "running", p->host_count, "unhealthy", 0, "status",
		"isDisabled", 0, "cleanUpStatus", "usage", "alloyCpuCores", 0.0, "pureCpuCores",
		(double)p->host_count, "clusters", "futureField", render_unknown());
	struct blob *blob = blob_of_json(json);

	buf_add(out, blob_text(blob));
	blob_unref(blob);
}

static int by_name(const void *x, const void *y, void *cls)
{
	const struct project *a = *(const struct project *const *)x;
	const struct project *b = *(const struct project *const *)y;
	int order = strcmp(a->head.name, b->head.name);

	if (order == 0)
		order = a->head.index < b->head.index ? -1 : 1;
	return *(const bool *)cls ? -order : order;
}

void projects_list(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const json_t *filter = json_object_get(json_object_get(r->json, "filter"), "name");
	const json_t *sort = json_array_get(json_object_get(r->json, "sort"), 0);
	const char *field = json_string_value(json_object_get(sort, "field"));
	const char *order = json_string_value(json_object_get(sort, "order"));
	bool descending = order != NULL && strcmp(order, "desc") == 0;
	struct list found = {.items = NULL};
	struct page page;

	if (!page_read(r, PAGE_POST, &page, a))
		return;
	for (int i = 0; r->credential->admin && i < w->project_count; i++) {
		if (search_string(filter, w->projects[i].head.name))
			list_add(&found, &w->projects[i]);
	}
	if (field != NULL && strcmp(field, "name") == 0 && found.count > 1)
		qsort_r((void *)found.items, found.count, sizeof(*found.items), by_name,
			&descending);
	page_reply(r, PAGE_POST, &page, found.items, found.count, put_project, a);
	list_free(&found);
}

void projects_metadata(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	char *name = request_query(r, "name");
	json_t *list = json_array();

	for (int i = 0; r->credential->admin && i < w->project_count; i++) {
		const struct object *o = &w->projects[i].head;

		if (name == NULL || strcmp(name, o->name) == 0)
			json_array_append_new(list, json_pack("{s:{s:s, s:s}}", "metadata", "name",
							      o->name, "uid", o->uid));
	}
	free(name);
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

void project_read(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const struct object *o =
		scope_open_visible(r, r->params[0], KIND_PROJECT, "project.get", a);

	if (o == NULL)
		return;
	reply_json(a, 200,
		   json_pack("{s:o, s:{s:n, s:s, s:n, s:n}, s:{s:b, s:n}, s:o}", "metadata",
			     render_meta(w, o, NULL, w->projects[o->index].description), "spec",
			     "alerts", "logoUrl", "", "teams", "users", "status", "isDisabled", 0,
			     "cleanUpStatus", "futureField", render_unknown()));
}
