/* Who the caller is to Palette, and which projects are theirs. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "palette/seen.h"
#include "json/json.h"

static size_t count_members(struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text key;
	struct text value;
	size_t count = 0;

	while (json_walk_member(&walk, &key, &value))
		count++;
	return count;
}

static size_t count_items(struct text array)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	size_t count = 0;

	while (json_walk_item(&walk, &item))
		count++;
	return count;
}

static void read_projects(struct arena *a, struct text user, struct palette_me *me)
{
	struct text permissions;
	struct json_walk walk;
	struct text name;
	struct text key;
	struct text value;
	const char **projects;

	if (!json_at(user, "/status/projectPermissions", &permissions) ||
	    json_type_of(permissions) != JSON_TYPE_OBJECT)
		return;
	projects = arena_array(a, const char *, count_members(permissions));
	walk = json_walk_begin(permissions);
	while (json_walk_member(&walk, &key, &value))
		if (json_unescape(a, key, &name) && name.len > 0)
			projects[me->project_count++] = name.ptr;
	me->projects = projects;
}

static void read_tenant_permissions(struct arena *a, struct text user, struct palette_me *me)
{
	struct text permissions;
	struct json_walk walk;
	struct text name;
	struct text item;
	const char **names;

	if (!json_at(user, "/status/tenantPermissions/tenant", &permissions) ||
	    json_type_of(permissions) != JSON_TYPE_ARRAY)
		return;
	names = arena_array(a, const char *, count_items(permissions));
	walk = json_walk_begin(permissions);
	while (json_walk_item(&walk, &item))
		if (json_unescape(a, item, &name))
			names[me->tenant_permission_count++] = name.ptr;
	me->tenant_permissions = names;
}

bool palette_me(struct palette *p, struct palette_me *me, struct error *err)
{
	struct text document;
	struct buf user;

	if (!palette_get_object(p, NULL, "/v1/users/me", "Your Palette user", &user, err))
		return false;
	document = text_trim(buf_text(&user));
	*me = (struct palette_me){.project_count = 0};
	read_projects(p->arena, document, me);
	read_tenant_permissions(p->arena, document, me);
	buf_fini(&user);
	return true;
}

/* ---- my projects ---- */

/* Writes {"uid","name"} of an item {"metadata":{"uid","name"}} that is one of ours and new. */
static void add_project(struct palette *p, struct palette_list *list,
			const struct palette_seen *mine, struct text item)
{
	struct text uid = text_of(json_string_at(p->arena, item, "/metadata/uid", ""));
	struct json_writer w;

	if (!palette_seen_has(mine, uid) || !palette_seen_add(list->seen, uid))
		return;
	json_writer_init(&w, palette_list_item(list));
	json_object_begin(&w);
	json_key(&w, "uid");
	json_put_text(&w, uid);
	json_key(&w, "name");
	json_put_cstr(&w, json_string_at(p->arena, item, "/metadata/name", ""));
	json_object_end(&w);
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

	if (!palette_get_object(p, NULL, "/v1/dashboard/projects/metadata", "Projects", &answer,
				err))
		return err->upstream_status == 403 || err->upstream_status == 404;
	if (json_member(text_trim(buf_text(&answer)), "items", &items)) {
		walk = json_walk_begin(items);
		while (json_walk_item(&walk, &item))
			add_project(p, list, mine, item);
	}
	buf_fini(&answer);
	return true;
}

/* The rest one by one. */
static bool add_projects_by_uid(struct palette *p, struct palette_list *list,
				const struct palette_seen *mine, const struct palette_me *me,
				struct error *err)
{
	struct palette_request *requests =
		arena_array(p->arena, struct palette_request, me->project_count);
	struct palette_request **pointers =
		arena_array(p->arena, struct palette_request *, me->project_count);
	const char **projects = arena_array(p->arena, const char *, me->project_count);
	bool ok = true;
	size_t count = 0;

	for (size_t i = 0; i < me->project_count; i++) {
		const char *uid = me->projects[i];

		if (palette_seen_has(list->seen, text_of(uid)))
			continue;
		requests[count] = (struct palette_request){
			.purpose = PALETTE_READ,
			.expect = PALETTE_OBJECT,
			.method = "GET",
			.path = http_url(p->arena, "/v1/projects/%s", uid),
			.what = arena_printf(p->arena, "Project %s", uid),
		};
		projects[count] = uid;
		pointers[count] = &requests[count];
		count++;
	}
	palette_fetch_all(p, pointers, count);
	for (size_t i = 0; i < count; i++) {
		if (requests[i].ok) {
			add_project(p, list, mine, text_trim(buf_text(&requests[i].answer)));
		} else if (requests[i].status == 403 || requests[i].status == 404) {
			palette_list_warn(
				p, list, count, projects[i], requests[i].status,
				"Palette does not name this project to you; it is left out");
		} else if (ok) {
			*err = requests[i].error;
			ok = false;
		}
	}
	palette_requests_fini(requests, count);
	return ok;
}

bool palette_my_projects(struct palette *p, struct palette_list *list, struct error *err)
{
	struct palette_seen *mine;
	struct palette_me me;
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
