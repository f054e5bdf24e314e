/*
 * Credentials, and what they open: the ProjectUid header names a scope, the user's permissions
 * there decide, and an object is only found from within its own scope.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parts.h"

enum { MAX_CREDENTIALS = 64, USUAL_DAYS = 365 };

struct scopes {
	struct credential all[MAX_CREDENTIALS];
	size_t count;
};

/* What a member of a project may do in it. */
static const char *const member_permissions[] = {
	"cluster.create",        "cluster.get",        "cluster.list",        "cluster.update",
	"virtualCluster.create", "virtualCluster.get", "virtualCluster.list", "clusterProfile.get",
	"clusterProfile.list",   "cloudaccount.get",   "cloudaccount.list",   "clusterGroup.get",
	"clusterGroup.list",     "privateGateway.get", "privateGateway.list", "project.get",
	"clusterProfile.update", "packRegistry.get",   "packRegistry.list",
};

/* What only an administrator may do besides. */
static const char *const admin_permissions[] = {
	"cluster.delete", "cluster.adminKubeconfig",
	"project.create", "project.list",
	"project.update", "user.get",
	"user.list",      "apiKey.list",
};

struct scopes *scopes_new(void)
{
	struct scopes *s = heap_alloc(sizeof(*s));

	*s = (struct scopes){.count = 0};
	return s;
}

void scopes_free(struct scopes *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->all[i].value);
		free(s->all[i].projects);
		free(s->all[i].projects_text);
		free(s->all[i].denied);
	}
	free(s);
}

int scopes_count(const struct scopes *s, bool session)
{
	int n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->all[i].session == session;
	return n;
}

const struct credential *scopes_at(const struct scopes *s, int i)
{
	return i < (int)s->count ? &s->all[i] : NULL;
}

bool scopes_revoke(struct scopes *s, const char *name, bool revoked)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->all[i].name, name) == 0) {
			s->all[i].revoked = revoked;
			return true;
		}
	}
	return false;
}

bool scopes_add(struct scopes *s, bool session, const char *spec)
{
	struct text rest = text_of(spec);
	struct credential c = {.session = session,
			       .admin = true,
			       .user = (int)s->count,
			       .expires_days = USUAL_DAYS};
	struct text part;
	int64_t days;

	if (s->count == MAX_CREDENTIALS || !text_next(&rest, ':', &part) || part.len == 0) {
		fprintf(stderr, "palette-sim: too many credentials, or an empty one\n");
		return false;
	}
	c.value = heap_copy(part);
	while (text_next(&rest, ':', &part)) {
		if (text_starts(part, "projects=")) {
			free(c.projects_text);
			c.projects_text = heap_copy(text_slice(part, 9, part.len));
			c.admin = false;
		} else if (text_starts(part, "deny=")) {
			free(c.denied);
			c.denied = heap_alloc(part.len + 8);
			snprintf(c.denied, part.len + 8, ",%.*s,", (int)part.len - 5, part.ptr + 5);
		} else if (text_starts(part, "expires=") &&
			   text_to_int(text_slice(part, 8, part.len), &days) && days >= 0 &&
			   days < 100000) {
			c.expires_days = (int)days;
		} else {
			fprintf(stderr, "palette-sim: after a credential: :projects=, :deny= or "
					":expires=\n");
			free(c.value);
			free(c.projects_text);
			free(c.denied);
			return false;
		}
	}
	snprintf(c.name, sizeof(c.name), "%s:%d", session ? "session" : "key",
		 scopes_count(s, session));
	s->all[s->count++] = c;
	return true;
}

/* A uid, or the number of a project, counted from 1. */
static int find_project(const struct world *w, struct text given)
{
	char name[UID_SIZE];
	int64_t number;
	int index;

	if (text_to_int(given, &number))
		index = number >= 1 && number <= w->project_count ? (int)number - 1 : -1;
	else if (given.len != UID_SIZE - 1)
		index = -1;
	else {
		memcpy(name, given.ptr, given.len);
		name[given.len] = '\0';
		index = uid_index(w, name, KIND_PROJECT);
	}
	return index < w->project_count ? index : -1;
}

bool scopes_resolve(struct scopes *s, const struct world *w)
{
	for (size_t i = 0; i < s->count; i++) {
		struct credential *c = &s->all[i];
		struct text rest = text_of(c->projects_text);
		struct text given;

		while (rest.len > 0 && text_next(&rest, ',', &given)) {
			int index = find_project(w, given);

			if (index < 0) {
				fprintf(stderr, "palette-sim: %s: no project %.*s\n", c->name,
					(int)given.len, given.ptr);
				return false;
			}
			c->projects = heap_resize(c->projects, ((size_t)c->project_count + 1) *
								       sizeof(*c->projects));
			c->projects[c->project_count++] = index;
		}
	}
	return true;
}

/* ---- who ---- */

static const struct credential *find_value(const struct scopes *s, bool session, const char *value)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct credential *c = &s->all[i];

		if (c->session == session && strcmp(c->value, value) == 0)
			return c;
	}
	return NULL;
}

static const struct credential *find_sender(const struct request *r)
{
	if (r->api_key != NULL)
		return find_value(r->sim->scopes, false, r->api_key);
	if (r->authorization != NULL)
		return find_value(r->sim->scopes, true, r->authorization);
	if (r->cookie_token != NULL)
		return find_value(r->sim->scopes, true, r->cookie_token);
	return NULL;
}

const char *scope_credential_name(const struct request *r)
{
	const struct credential *c = find_sender(r);

	if (c != NULL)
		return c->name;
	return r->api_key != NULL || r->authorization != NULL || r->cookie_token != NULL ? "unknown"
											 : "none";
}

bool scope_identify(struct request *r, struct reply *a)
{
	if (r->api_key != NULL && r->authorization != NULL) {
		reply_error(a, 400, "InvalidCredentials",
			    "send either ApiKey or Authorization, not both");
		return false;
	}
	r->credential = find_sender(r);
	if (r->credential != NULL && !r->credential->revoked)
		return true;
	reply_error(a, 401, "UnAuthorizedAccess",
		    scope_credential_name(r)[0] == 'n' ? "no credential was sent"
						       : "the credential is not valid");
	return false;
}

/* ---- what ---- */

static bool is_denied(const struct credential *c, const char *permission)
{
	char needle[80];

	snprintf(needle, sizeof(needle), ",%s,", permission);
	return c->denied != NULL && strstr(c->denied, needle) != NULL;
}

static bool listed(const char *const *list, size_t count, const char *permission)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i], permission) == 0)
			return true;
	}
	return false;
}

static bool is_member(const struct credential *c, int project)
{
	for (int i = 0; i < c->project_count; i++) {
		if (c->projects[i] == project)
			return true;
	}
	return c->admin;
}

bool scope_may(const struct credential *c, int project, const char *permission)
{
	if (is_denied(c, permission) || !is_member(c, project))
		return false;
	return c->admin || listed(member_permissions, ARRAY_LEN(member_permissions), permission);
}

json_t *scope_permissions(const struct credential *c, int project)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(member_permissions); i++) {
		if (scope_may(c, project, member_permissions[i]))
			json_array_append_new(list, json_string(member_permissions[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(admin_permissions); i++) {
		if (scope_may(c, project, admin_permissions[i]))
			json_array_append_new(list, json_string(admin_permissions[i]));
	}
	return list;
}

static void forbid(struct reply *a, const char *permission)
{
	reply_error(a, 403, "OperationForbidden", "operation %s is not permitted", permission);
}

bool scope_demand(struct request *r, int project, const char *permission, struct reply *a)
{
	if (scope_may(r->credential, project, permission))
		return true;
	forbid(a, permission);
	return false;
}

bool scope_enter(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	int index;

	r->project = SCOPE_TENANT;
	if (r->project_header == NULL)
		return true;
	if (!uid_is_valid(r->project_header)) {
		reply_error(a, 400, "InvalidProjectUid", "ProjectUid header is not a uid");
		return false;
	}
	index = uid_index(w, r->project_header, KIND_PROJECT);
	if (index < 0 || index >= w->project_count || !is_member(r->credential, index)) {
		forbid(a, "project.get");
		return false;
	}
	r->project = index;
	return true;
}

/* The object itself, wherever it lies. */
static struct object *find_object(struct request *r, const char *uid, enum kind kind,
				  struct reply *a)
{
	struct object *o;

	if (!uid_is_valid(uid)) {
		reply_error(a, 400, "InvalidUid", "uid is not valid");
		return NULL;
	}
	o = world_find(r->sim->world, uid, kind);
	if (o == NULL)
		reply_error(a, 404, "ResourceNotFound", "resource with uid %s was not found", uid);
	return o;
}

struct object *scope_open(struct request *r, const char *uid, enum kind kind,
			  const char *permission, struct reply *a)
{
	struct object *o = find_object(r, uid, kind, a);

	if (o == NULL)
		return NULL;
	if (o->project != r->project || !scope_may(r->credential, o->project, permission)) {
		forbid(a, permission);
		return NULL;
	}
	return o;
}

struct object *scope_open_visible(struct request *r, const char *uid, enum kind kind,
				  const char *permission, struct reply *a)
{
	struct object *o = find_object(r, uid, kind, a);

	if (o == NULL)
		return NULL;
	if (o->project < 0 ? is_denied(r->credential, permission)
			   : !scope_may(r->credential, o->project, permission)) {
		forbid(a, permission);
		return NULL;
	}
	return o;
}

bool scope_lists(const struct request *r, int project)
{
	if (r->project == SCOPE_TENANT)
		return r->credential->admin;
	return project == r->project || (project < 0 && r->sim->options.inherit);
}
