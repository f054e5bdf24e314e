/* The parts that many of Palette's objects have in common. */
#include "render.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

json_t *render_time(int64_t calendar_ms)
{
	char text[CLOCK_ISO_SIZE];

	clock_format_iso(calendar_ms, text);
	return json_string(text);
}

static json_t *annotations(const struct world *w, const struct object *o, const char *description)
{
	static const char *const scopes[] = {"project", "tenant", "system"};
	json_t *a = json_object();
	char owner[UID_SIZE];

	uid_make(w->seed, KIND_USER, 0, owner);
	json_object_set_new(a, "scope", json_string(scopes[o->project < 0 ? -o->project : 0]));
	if (o->project >= 0)
		json_object_set_new(a, "projectUid", json_string(world_project_uid(w, o->project)));
	json_object_set_new(a, "tenantUid", json_string(w->tenant_uid));
	json_object_set_new(a, "ownerUid", json_string(owner));
	if (description != NULL)
		json_object_set_new(a, "description", json_string(description));
	return a;
}

json_t *render_meta(const struct world *w, const struct object *o, const json_t *labels,
		    const char *description)
{
	/* Empty labels are told in all the ways that Palette has: absent, null, empty. */
	json_t *shown = json_object_size(labels) > 0 ? json_deep_copy(labels)
			: o->index % 2 == 0          ? json_null()
						     : json_object();
	json_t *meta = json_pack("{s:o, s:o, s:s, s:o, s:o, s:s, s:s}", "annotations",
				 annotations(w, o, description), "creationTimestamp",
				 render_time(o->created_ms), "deletionTimestamp", NO_TIME, "labels",
				 shown, "lastModifiedTimestamp", render_time(o->modified_ms),
				 "name", o->name, "uid", o->uid);

	if (o->index % 3 == 2 && json_object_size(labels) == 0)
		json_object_del(meta, "labels");
	return meta;
}

json_t *render_unknown(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:[n, b, {}, []]}", "big",
			 "@raw(18446744073709551617)", "precise", "@raw(0.1000000000000000055511)",
			 "exponent", "@raw(1E+2)", "minus", "@raw(-0)", "whole", 1.0, "mixed", 1);
}

json_t *render_reference(const char *kind, const char *name, const char *uid)
{
	return json_pack("{s:s, s:s, s:s}", "kind", kind, "name", name, "uid", uid);
}
