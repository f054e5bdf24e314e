/* Cluster profiles. Every version is an object of its own, with its own uid. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers.h"
#include "render.h"

/* Whether a list of words is empty or has the word. */
static bool allows(const json_t *list, const char *word)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && strcasecmp(json_string_value(one), word) == 0)
			return true;
	}
	return json_array_size(list) == 0;
}

static bool matches(const struct family *f, const json_t *filter)
{
	static const char *const scopes[] = {"project", "tenant", "system"};
	const char *scope = json_string_value(json_object_get(filter, "scope"));

	return search_string(json_object_get(filter, "profileName"), f->name) &&
	       allows(json_object_get(filter, "profileType"), f->type) &&
	       allows(json_object_get(filter, "environment"), f->cloud) &&
	       (scope == NULL || strcmp(scope, scopes[f->project < 0 ? -f->project : 0]) == 0);
}

/* The filter's words must be ones that Palette has. */
static bool check_filter(const json_t *filter, struct reply *a)
{
	static const char *const types[] = {"cluster", "infra", "add-on", "system"};
	const json_t *list = json_object_get(filter, "profileType");
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		size_t k = 0;

		while (k < ARRAY_LEN(types) &&
		       (!json_is_string(one) || strcmp(json_string_value(one), types[k]) != 0))
			k++;
		if (k < ARRAY_LEN(types))
			continue;
		reply_router_error(a, 422, 606,
				   "filter.profileType.%zu in body should be one of [cluster infra "
				   "add-on system]",
				   i);
		return false;
	}
	return true;
}

static void put_family(struct request *r, struct buf *out, const void *item)
{
	struct blob *b = blob_of_json(render_family(r->sim->world, item));

	buf_add(out, blob_text(b));
	blob_unref(b);
}

static int by_name(const void *x, const void *y, void *cls)
{
	const struct family *a = *(const struct family *const *)x;
	const struct family *b = *(const struct family *const *)y;
	int order = strcmp(a->name, b->name);

	if (order == 0)
		order = a->first < b->first ? -1 : 1;
	return *(const bool *)cls ? -order : order;
}

void profiles_list(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const json_t *filter = json_object_get(r->json, "filter");
	const json_t *sort = json_array_get(json_object_get(r->json, "sort"), 0);
	const char *field = json_string_value(json_object_get(sort, "field"));
	const char *order = json_string_value(json_object_get(sort, "order"));
	bool descending = order != NULL && strcmp(order, "desc") == 0;
	struct list found = {.items = NULL};
	struct page page;

	if (!page_read(r, PAGE_POST, &page, a) || !check_filter(filter, a))
		return;
	for (int i = 0; i < w->family_count; i++) {
		if (scope_lists(r, w->families[i].project) && matches(&w->families[i], filter))
			list_add(&found, &w->families[i]);
	}
	if (field != NULL && strcmp(field, "profileName") == 0 && found.count > 1)
		qsort_r((void *)found.items, found.count, sizeof(*found.items), by_name,
			&descending);
	page_reply(r, PAGE_POST, &page, found.items, found.count, put_family, a);
	list_free(&found);
}

void profiles_metadata(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	json_t *list = json_array();

	for (int i = 0; i < w->profile_count; i++) {
		const struct profile *p = &w->profiles[i];

		if (scope_lists(r, p->head.project))
			json_array_append_new(
				list,
				json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "metadata", "name",
					  p->head.name, "uid", p->head.uid, "spec", "cloudType",
					  w->families[p->family].cloud, "version", p->version));
	}
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

/* A profile of any scope that the caller may see. */
static const struct profile *open_profile(struct request *r, struct reply *a)
{
	const struct object *o =
		scope_open_visible(r, r->params[0], KIND_PROFILE, r->route->permission, a);

	return o == NULL ? NULL : &r->sim->world->profiles[o->index];
}

void profile_summary(struct request *r, struct reply *a)
{
	const struct profile *p = open_profile(r, a);

	if (p != NULL)
		reply_json(a, 200,
			   render_family(r->sim->world, &r->sim->world->families[p->family]));
}

void profile_read(struct request *r, struct reply *a)
{
	const struct profile *p = open_profile(r, a);

	if (p != NULL)
		reply_json(a, 200, render_profile(r->sim->world, p));
}

void profile_packs(struct request *r, struct reply *a)
{
	const struct profile *p = open_profile(r, a);
	json_t *packs, *list, *pack;
	size_t i;

	if (p == NULL)
		return;
	packs = render_packs(r->sim->world, p->head.index, NULL, 0);
	list = json_array();
	json_array_foreach(packs, i, pack)
	{
		json_array_append_new(list,
				      json_pack("{s:{s:O, s:O}, s:O}", "metadata", "name",
						json_object_get(pack, "name"), "uid",
						json_object_get(pack, "packUid"), "spec", pack));
	}
	json_decref(packs);
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

void profile_variables(struct request *r, struct reply *a)
{
	const struct profile *p = open_profile(r, a);

	if (p != NULL)
		reply_json(a, 200, render_variables(r->sim->world, p->head.index));
}
