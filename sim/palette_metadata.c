/* What can be changed of a cluster or a profile: its labels and its description. And the values of
 * a cluster's variables. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "handlers.h"
#include "render.h"

/* A map of strings, or nothing. False: refused, with 422. */
static bool check_map(const json_t *metadata, const char *name, struct reply *a)
{
	const json_t *map = json_object_get(metadata, name);
	const char *key;
	json_t *value;

	if (map != NULL && !json_is_null(map) && !json_is_object(map)) {
		reply_router_error(a, 422, 601, "metadata.%s in body must be of type object", name);
		return false;
	}
	json_object_foreach((json_t *)map, key, value)
	{
		if (json_is_string(value))
			continue;
		reply_router_error(a, 422, 601, "metadata.%s.%.60s in body must be of type string",
				   name, key);
		return false;
	}
	return true;
}

/* What there is to know of an entity before anything is changed. */
static bool check_metadata(struct request *r, const struct object *o, struct reply *a)
{
	const json_t *metadata = json_object_get(r->json, "metadata");
	const json_t *name = json_object_get(metadata, "name");

	if (!json_is_object(metadata)) {
		reply_router_error(a, 422, 602, "metadata in body is required");
		return false;
	}
	if (name != NULL && !json_is_string(name)) {
		reply_router_error(a, 422, 601, "metadata.name in body must be of type string");
		return false;
	}
	if (!check_map(metadata, "labels", a) || !check_map(metadata, "annotations", a))
		return false;
	if (name != NULL && strcmp(json_string_value(name), o->name) != 0) {
		reply_error(a, 400, "InvalidName", "the name cannot be changed");
		return false;
	}
	return true;
}

/* All that the body names takes the place of what was there, and what it leaves out is gone. */
static void take_metadata(struct request *r, json_t *labels, char **description, struct object *o)
{
	const json_t *metadata = json_object_get(r->json, "metadata");
	const json_t *given = json_object_get(metadata, "labels");
	const json_t *text =
		json_object_get(json_object_get(metadata, "annotations"), "description");

	json_object_clear(labels);
	if (json_is_object(given))
		json_object_update(labels, (json_t *)given);
	free(*description);
	*description = json_is_string(text) ? heap_copy(text_of(json_string_value(text))) : NULL;
	o->modified_ms = clock_calendar_ms();
}

void cluster_set_metadata(struct request *r, struct reply *a)
{
	struct object *o = scope_open(r, r->params[0], KIND_CLUSTER, r->route->permission, a);
	struct cluster *c = o == NULL ? NULL : r->sim->world->clusters[o->index];

	if (c == NULL || !check_metadata(r, o, a))
		return;
	if (c->deleted) {
		reply_error(a, 404, "ResourceNotFound", "cluster %s was deleted", o->uid);
		return;
	}
	take_metadata(r, c->labels, &c->description, o);
	world_touch(r->sim->world, c);
	reply_blob(a, 204, NULL, NULL);
}

/* A profile is seen from everywhere, but changed from where it lies. */
void profile_set_metadata(struct request *r, struct reply *a)
{
	struct object *o = scope_open(r, r->params[0], KIND_PROFILE, r->route->permission, a);
	struct profile *p = o == NULL ? NULL : &r->sim->world->profiles[o->index];
	const char *version;

	if (p == NULL || !check_metadata(r, o, a))
		return;
	version = json_string_value(json_object_get(json_object_get(r->json, "spec"), "version"));
	if (version != NULL && strcmp(version, p->version) != 0) {
		reply_error(a, 400, "InvalidVersion", "the version cannot be changed");
		return;
	}
	take_metadata(r, p->labels, &p->description, o);
	reply_blob(a, 204, NULL, NULL);
}

/* A bare array. */
void cluster_variables(struct request *r, struct reply *a)
{
	struct world *w = r->sim->world;
	struct object *o = scope_open(r, r->params[0], KIND_CLUSTER, r->route->permission, a);
	const struct cluster *c = o == NULL ? NULL : w->clusters[o->index];
	json_t *list;

	if (c == NULL)
		return;
	list = json_array();
	for (int i = 0; i < c->profile_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:o}", "profileUid",
						w->profiles[c->profiles[i]].head.uid, "variables",
						render_cluster_variables(c, w, c->profiles[i])));
	reply_json(a, 200, list);
}
