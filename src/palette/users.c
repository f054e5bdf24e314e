/* Who the caller is to Palette, and which projects are theirs. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "palette/seen.h"
#include "json/json.h"

/* The value at pointer, which may be absent or null, else has to be of that type. */
static bool optional_at(struct text user, const char *pointer, enum json_type type, bool *there,
			struct text *value)
{
	enum json_type found =
		json_at(user, pointer, value) ? json_type_of(*value) : JSON_TYPE_NULL;

	*there = found == type;
	return found == type || found == JSON_TYPE_NULL;
}

static bool read_projects(struct arena *a, struct text user, struct palette_me *me)
{
	struct text permissions;
	struct json_walk walk;
	struct text name;
	struct text key;
	struct text value;
	const char **projects;
	bool there;

	if (!optional_at(user, "/status/projectPermissions", JSON_TYPE_OBJECT, &there,
			 &permissions))
		return false;
	if (!there)
		return true;
	projects = arena_array(a, const char *, json_count_members(permissions));
	walk = json_walk_begin(permissions);
	while (json_walk_member(&walk, &key, &value))
		if (json_unescape(a, key, &name) && name.len > 0)
			projects[me->project_count++] = name.ptr;
	me->projects = projects;
	return true;
}

static bool read_tenant_permissions(struct arena *a, struct text user, struct palette_me *me)
{
	struct text permissions;
	struct json_walk walk;
	struct text name;
	struct text item;
	const char **names;
	bool there;

	if (!optional_at(user, "/status/tenantPermissions/tenant", JSON_TYPE_ARRAY, &there,
			 &permissions))
		return false;
	if (!there)
		return true;
	names = arena_array(a, const char *, json_count_items(permissions));
	walk = json_walk_begin(permissions);
	while (json_walk_item(&walk, &item))
		if (json_unescape(a, item, &name))
			names[me->tenant_permission_count++] = name.ptr;
	me->tenant_permissions = names;
	return true;
}

/* A user without rights has a status that says so; without a status nobody knows. */
static bool read_me(struct arena *a, struct text user, struct palette_me *me)
{
	struct text status;

	return json_at(user, "/status", &status) && json_type_of(status) == JSON_TYPE_OBJECT &&
	       read_projects(a, user, me) && read_tenant_permissions(a, user, me);
}

bool palette_me(struct palette *p, struct palette_me *me, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_ME};
	struct palette_me found = {.project_count = 0};
	struct palette_document user;
	bool ok;

	if (!palette_document(p, &wanted, &user, err))
		return false;
	ok = read_me(p->arena, text_trim(palette_document_text(&user)), &found);
	palette_document_fini(&user);
	if (!ok)
		return error_set(err, ERROR_UPSTREAM,
				 "Looking up your user at Palette: Palette does not say which "
				 "projects it has");
	*me = found;
	return true;
}

bool palette_api_keys(struct palette *p, struct buf *out, struct error *err)
{
	return palette_get_ours(p, PALETTE_FORM_LIST, NULL, "/v1/apiKeys", "API keys", out, err);
}

/* ---- my projects ---- */

/* Writes {"uid","name"} of an item {"metadata":{"uid","name"}}; false unless it is ours and new. */
static bool add_project(struct palette *p, struct palette_list *list,
			const struct palette_seen *mine, struct text item)
{
	struct text uid = text_of(json_string_at(p->arena, item, "/metadata/uid", ""));
	struct json_writer w;

	if (!palette_seen_has(mine, uid) || !palette_seen_add(list->seen, uid))
		return false;
	json_writer_init(&w, palette_list_item(list));
	json_object_begin(&w);
	json_key(&w, "uid");
	json_put_text(&w, uid);
	json_key(&w, "name");
	json_put_cstr(&w, json_string_at(p->arena, item, "/metadata/name", ""));
	json_object_end(&w);
	return true;
}

/* One call names them all, where the caller may make it; its refusal is not the caller's problem.
 */
static bool add_projects_by_list(struct palette *p, struct palette_list *list,
				 const struct palette_seen *mine, struct error *err)
{
	struct text item;
	struct text items;
	struct json_walk walk;
	struct buf answer;

	if (!palette_get_ours(p, PALETTE_FORM_LIST, NULL, "/v1/dashboard/projects/metadata",
			      "Projects", &answer, err))
		return err->upstream_status == 403 || err->upstream_status == 404;
	if (json_member(text_trim(buf_text(&answer)), "items", &items)) {
		walk = json_walk_begin(items);
		while (json_walk_item(&walk, &item))
			(void)add_project(p, list, mine, item); /* others' are not asked for */
	}
	buf_fini(&answer);
	return true;
}

/* What came of one project that was asked for by its uid. */
static bool take_project(struct palette *p, struct palette_list *list,
			 const struct palette_seen *mine, const char *uid,
			 const struct palette_request *r, struct error *err)
{
	if (r->ok && !add_project(p, list, mine, text_trim(buf_text(&r->answer))))
		return error_set(err, ERROR_UPSTREAM, "%s: Palette answered with something else",
				 r->what);
	if (r->ok)
		return true;
	if (r->status != 403 && r->status != 404) {
		*err = r->error;
		return false;
	}
	palette_list_warn(p, list, uid, r->status,
			  "Palette does not name this project to you; it is left out");
	return true;
}

/* As many as are held in memory at a time. */
static bool add_projects_of_batch(struct palette *p, struct palette_list *list,
				  const struct palette_seen *mine, const char *const *uids,
				  size_t count, struct error *err)
{
	struct palette_request *requests = arena_array(p->arena, struct palette_request, count);
	struct palette_request **pointers = arena_array(p->arena, struct palette_request *, count);
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		requests[i] = (struct palette_request){
			.purpose = PALETTE_READ,
			.expect = PALETTE_OBJECT,
			.method = "GET",
			.path = http_url(p->arena, "/v1/projects/%s", uids[i]),
			.what = arena_printf(p->arena, "Project %s", uids[i]),
		};
		pointers[i] = &requests[i];
	}
	palette_fetch_all(p, pointers, count);
	for (size_t i = 0; ok && i < count; i++)
		ok = take_project(p, list, mine, uids[i], &requests[i], err);
	palette_requests_fini(requests, count);
	return ok;
}

/* The rest one by one. */
static bool add_projects_by_uid(struct palette *p, struct palette_list *list,
				const struct palette_seen *mine, const struct palette_me *me,
				struct error *err)
{
	const char **uids = arena_array(p->arena, const char *, me->project_count);
	size_t batch = palette_batch(p);
	bool ok = true;
	size_t count = 0;

	for (size_t i = 0; i < me->project_count; i++)
		if (!palette_seen_has(list->seen, text_of(me->projects[i])))
			uids[count++] = me->projects[i];
	if (!palette_could_ask(p, "/v1/projects/uid", count, "Projects", err))
		return false;
	for (size_t at = 0; ok && at < count; at += batch)
		ok = add_projects_of_batch(p, list, mine, uids + at,
					   count - at < batch ? count - at : batch, err);
	if (!ok)
		palette_put_off(p, "/v1/projects/uid", count, err);
	return ok;
}

bool palette_my_projects(struct palette *p, struct palette_list *list, struct error *err)
{
	struct palette_seen *mine;
	struct palette_me me = {0};
	bool ok;

	if (!palette_me(p, &me, err))
		return false;
	mine = palette_seen_new();
	for (size_t i = 0; i < me.project_count; i++)
		palette_seen_add(mine, text_of(me.projects[i]));
	ok = me.project_count == 0 || (add_projects_by_list(p, list, mine, err) &&
				       add_projects_by_uid(p, list, mine, &me, err));
	palette_seen_free(mine);
	return ok;
}
