/* Entities of Palette's objects, as the catalog answers with them and its ingestor wrote them. */
#include <ctype.h>
#include <string.h>

#include "backstage/inside.h"
#include "json/json.h"

enum { LONGEST_CURSOR = 8 * 1024 };

static const char kind_of_all[] = "Resource";

static const struct {
	const char *name;
	const char *spec_type;
	const char *uid; /* the annotation that holds it */
} types[CATALOG_TYPES] = {
	[CATALOG_CLUSTER] = {"cluster", "spectrocloud-cluster", "cluster-id"},
	[CATALOG_VIRTUAL_CLUSTER] = {"virtual cluster", "spectrocloud-virtual-cluster",
				     "cluster-id"},
	[CATALOG_CLUSTER_GROUP] = {"cluster group", "spectrocloud-cluster-group",
				   "cluster-group-id"},
	[CATALOG_PROFILE] = {"cluster profile", "spectrocloud-cluster-profile", "profile-id"},
};

/* Annotations that are taken as they are. */
static const struct {
	const char *name;
	size_t into;
} annotations[] = {
	{"project-id", offsetof(struct catalog_entity, project)},
	{"instance", offsetof(struct catalog_entity, instance)},
	{"project-name", offsetof(struct catalog_entity, project_name)},
	{"scope", offsetof(struct catalog_entity, scope)},
	{"cloud-type", offsetof(struct catalog_entity, cloud_type)},
	{"state", offsetof(struct catalog_entity, state)},
	{"kubernetes-version", offsetof(struct catalog_entity, kubernetes_version)},
	{"profile-type", offsetof(struct catalog_entity, profile_type)},
	{"profile-status", offsetof(struct catalog_entity, profile_status)},
	{"version", offsetof(struct catalog_entity, version)},
	{"latest-version", offsetof(struct catalog_entity, latest_version)},
};

const char *catalog_type_name(enum catalog_type type)
{
	return types[type].name;
}

const char *catalog_uid_annotation(enum catalog_type type)
{
	return types[type].uid;
}

const char *catalog_spec_type(enum catalog_type type)
{
	return types[type].spec_type;
}

/* ---- one entity ---- */

/* What a document is read with. */
struct reading {
	struct arena *arena;
	const struct catalog_filter *filter;
	struct text metadata;
	struct text annotations;
};

/* NULL for what is no text, and for the empty one. */
static const char *string_in(struct arena *a, struct text object, const char *name)
{
	struct text value;
	struct text s;

	if (!json_member(object, name, &value) || !json_unescape(a, value, &s) || s.len == 0)
		return NULL;
	return s.ptr;
}

static const char *annotation(const struct reading *r, const char *name)
{
	return string_in(r->arena, r->annotations,
			 arena_printf(r->arena, "%s/%s", r->filter->prefix, name));
}

/* An annotation that is JSON itself. */
static struct text annotation_array(const struct reading *r, const char *name)
{
	const char *s = annotation(r, name);
	struct text value;
	struct error unused;

	if (s == NULL || !json_check(text_of(s), &value, &unused) ||
	    json_type_of(value) != JSON_TYPE_ARRAY)
		return TEXT("");
	return value;
}

static bool reads_as(struct arena *a, struct text object, const char *name, const char *wanted)
{
	const char *s = string_in(a, object, name);

	return s != NULL && text_equal_nocase(text_of(s), text_of(wanted));
}

static bool is_of_type(struct arena *a, struct text item, enum catalog_type type)
{
	struct text spec;

	return reads_as(a, item, "kind", kind_of_all) && json_member(item, "spec", &spec) &&
	       reads_as(a, spec, "type", types[type].spec_type);
}

static bool is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isascii((unsigned char)*s))
			return false;
	return true;
}

/* Letters other than A-Z are folded by the catalog, or not at all. */
static bool fits_title(const struct catalog_filter *filter, const char *title)
{
	if (filter->title == NULL)
		return true;
	if (title == NULL)
		return false;
	if (text_equal_nocase(text_of(title), text_of(filter->title)))
		return true;
	return filter->selected && !(is_ascii(title) && is_ascii(filter->title));
}

static const char *ref_of(const struct reading *r)
{
	const char *space = string_in(r->arena, r->metadata, "namespace");
	const char *name = string_in(r->arena, r->metadata, "name");
	char *ref;

	if (name == NULL)
		return NULL;
	ref = arena_printf(r->arena, "%s:%s/%s", kind_of_all, space == NULL ? "default" : space,
			   name);
	for (char *at = ref; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return ref;
}

static void read_annotations(const struct reading *r, struct catalog_entity *e)
{
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++)
		*(const char **)((char *)e + annotations[i].into) =
			annotation(r, annotations[i].name);
	e->uid = annotation(r, types[r->filter->type].uid);
	e->versions = annotation_array(r, "profile-versions");
	e->profile_refs = annotation_array(r, "cluster-profile-refs");
}

/* False where the item is another one, or none at all. An entity without a name, which no catalog
 * has, is told from these by a ref that is NULL. */
static bool read_item(struct arena *a, const struct catalog_filter *filter, struct text item,
		      struct catalog_entity *found)
{
	struct reading r = {.arena = a, .filter = filter, .metadata = TEXT("{}")};
	struct catalog_entity e = {.ref = NULL};

	if (!is_of_type(a, item, filter->type))
		return false;
	(void)json_member(item, "metadata", &r.metadata);
	r.annotations = TEXT("{}");
	(void)json_member(r.metadata, "annotations", &r.annotations);
	e.title = string_in(a, r.metadata, "title");
	if (!fits_title(filter, e.title))
		return false;
	e.ref = ref_of(&r);
	read_annotations(&r, &e);
	*found = e;
	return true;
}

/* ---- answers ---- */

static void add(struct arena *a, struct catalog_list *list, const struct catalog_entity *e)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		struct catalog_entity *items = arena_array(a, struct catalog_entity, capacity);

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *e;
}

static bool read_items(struct text body, struct text *answer, struct text *items,
		       const char **problem)
{
	struct error unused;

	if (!json_check(body, answer, &unused) || json_type_of(*answer) != JSON_TYPE_OBJECT ||
	    !json_member(*answer, "items", items) || json_type_of(*items) != JSON_TYPE_ARRAY) {
		*problem = "its answer is no list of entities";
		return false;
	}
	return true;
}

static bool read_cursor(struct arena *a, struct text answer, const char **cursor,
			const char **problem)
{
	struct text value;
	struct text s;

	*cursor = NULL;
	if (!json_at(answer, "/pageInfo/nextCursor", &value) ||
	    json_type_of(value) == JSON_TYPE_NULL)
		return true;
	if (!json_unescape(a, value, &s) || s.len == 0 || s.len > LONGEST_CURSOR) {
		*problem = "the address of its next page is not usable";
		return false;
	}
	*cursor = s.ptr;
	return true;
}

bool catalog_read_page(struct arena *a, struct text body, const struct catalog_filter *filter,
		       struct catalog_list *list, struct catalog_page *page, const char **problem)
{
	struct catalog_page read = {.total = -1};
	struct json_walk walk;
	struct text answer;
	struct text items;
	struct text value;
	struct catalog_entity e;

	if (!read_items(body, &answer, &items, problem) ||
	    !read_cursor(a, answer, &read.cursor, problem))
		return false;
	if (json_member(answer, "totalItems", &value))
		(void)json_int(value, &read.total);
	walk = json_walk_begin(items);
	for (; json_walk_item(&walk, &value); read.items++) {
		if (!read_item(a, filter, value, &e))
			continue;
		if (e.ref == NULL) {
			*problem = "an entity in its answer has no name";
			return false;
		}
		add(a, list, &e);
	}
	*page = read;
	return true;
}

bool catalog_read_one(struct arena *a, struct text body, const struct catalog_filter *filter,
		      struct catalog_entity *found, const char **problem)
{
	struct catalog_list list = {.count = 0};
	struct catalog_page page;

	if (!catalog_read_page(a, body, filter, &list, &page, problem))
		return false;
	if (page.items != 1) {
		*problem = "its answer is not about one entity";
		return false;
	}
	*found = list.count == 1 ? list.items[0] : (struct catalog_entity){.ref = NULL};
	return true;
}

void catalog_prefer_exact(struct catalog_list *list, const char *title)
{
	size_t exact = 0;

	for (size_t i = 0; i < list->count; i++)
		exact += strcmp(list->items[i].title, title) == 0;
	if (exact == 0)
		return;
	exact = 0;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].title, title) == 0)
			list->items[exact++] = list->items[i];
	list->count = exact;
}

/* ---- who uses what ---- */

struct catalog_uids catalog_profile_uids(struct arena *a, const struct catalog_entity *profile)
{
	struct catalog_uids uids = {NULL, 0};
	struct json_walk walk = json_walk_begin(profile->versions);
	size_t most = 1;
	struct text item;
	const char *uid;

	while (json_walk_item(&walk, &item))
		most++;
	uids.items = arena_array(a, const char *, most);
	if (profile->uid != NULL)
		uids.items[uids.count++] = profile->uid;
	walk = json_walk_begin(profile->versions);
	while (json_walk_item(&walk, &item)) {
		uid = string_in(a, item, "uid");
		if (uid != NULL && (profile->uid == NULL || strcmp(uid, profile->uid) != 0))
			uids.items[uids.count++] = uid;
	}
	return uids;
}

bool catalog_uses(const struct catalog_entity *user, const struct catalog_uids *profile)
{
	struct json_walk walk = json_walk_begin(user->profile_refs);
	struct text item;
	struct text uid;

	while (json_walk_item(&walk, &item)) {
		if (!json_member(item, "uid", &uid))
			continue;
		for (size_t i = 0; i < profile->count; i++)
			if (json_string_is(uid, profile->items[i]))
				return true;
	}
	return false;
}
