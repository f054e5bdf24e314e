/* Cluster profiles and projects of Palette. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

static const char *profile_name(const struct palette *p, const char *uid)
{
	return arena_printf(p->arena, "Profile %s", uid);
}

struct palette_question palette_profile_question(struct palette *p, const char *project,
						 const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.path = http_url(p->arena, "/v1/clusterprofiles/%s", uid),
		.project = project,
		.what = profile_name(p, uid),
	};
}

struct palette_question palette_profile_variables_question(struct palette *p, const char *project,
							   const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.form = PALETTE_FORM_VARIABLES,
		.path = http_url(p->arena, "/v1/clusterprofiles/%s/variables", uid),
		.project = project,
		.what = profile_name(p, uid),
	};
}

bool palette_profile(struct palette *p, const char *project, const char *uid, struct buf *out,
		     struct error *err)
{
	struct palette_question q = palette_profile_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}

bool palette_profile_packs(struct palette *p, const char *project, const char *uid, struct buf *out,
			   struct error *err)
{
	const char *path =
		http_url(p->arena, "/v1/clusterprofiles/%s?includePackMeta=schema,presets", uid);

	return palette_get_object(p, PALETTE_FORM_OBJECT, project, path, profile_name(p, uid), out,
				  err);
}

bool palette_profile_variables(struct palette *p, const char *project, const char *uid,
			       struct buf *out, struct error *err)
{
	struct palette_question q = palette_profile_variables_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}

/* ---- lists ---- */

/* The body of POST /v1/dashboard/clusterprofiles; the text lives in the arena. */
static struct text profile_filter(struct arena *a, const char *cloud_type, const char *profile_type)
{
	struct json_writer w;
	struct text body;
	struct buf b;

	buf_init(&b, 8192);
	json_writer_init(&w, &b);
	json_object_begin(&w);
	json_key(&w, "filter");
	json_object_begin(&w);
	json_key(&w, "resourceType");
	json_put_cstr(&w, "spectrocluster");
	json_key(&w, "profileType");
	json_array_begin(&w);
	json_put_cstr(&w, profile_type == NULL ? "infra" : profile_type);
	if (profile_type == NULL)
		json_put_cstr(&w, "cluster");
	json_array_end(&w);
	if (cloud_type != NULL) {
		json_key(&w, "environment");
		json_array_begin(&w);
		json_put_cstr(&w, cloud_type);
		json_array_end(&w);
	}
	json_object_end(&w);
	json_key(&w, "sort");
	json_put_raw(&w, TEXT("[{\"field\":\"lastModifiedTimestamp\",\"order\":\"desc\"}]"));
	json_object_end(&w);
	body = arena_copy_text(a, buf_text(&b));
	buf_fini(&b);
	return body;
}

bool palette_project_profiles(struct palette *p, const char *project, const char *cloud_type,
			      const char *profile_type, struct palette_list *list,
			      struct error *err)
{
	struct palette_listing listing = {
		.method = "POST",
		.path = "/v1/dashboard/clusterprofiles",
		.body = profile_filter(p->arena, cloud_type, profile_type),
		.paged = true,
		.items = "items",
		.what = arena_printf(p->arena, "Profiles of project %s", project),
	};

	return palette_list_scope(p, &listing, project, list, err);
}

struct wanted_names {
	struct arena *arena;
	const char *const *names;
	size_t count;
};

static bool has_wanted_name(const void *context, struct text item)
{
	const struct wanted_names *wanted = context;
	const char *name = json_string_at(wanted->arena, item, "/metadata/name", NULL);

	for (size_t i = 0; name != NULL && i < wanted->count; i++)
		if (strcasecmp(name, wanted->names[i]) == 0)
			return true;
	return false;
}

bool palette_profiles_named(struct palette *p, const char *project, const char *const *names,
			    size_t count, struct palette_list *list, struct error *err)
{
	struct wanted_names wanted = {.arena = p->arena, .names = names, .count = count};
	struct palette_listing listing = {
		.method = "POST",
		.path = "/v1/dashboard/clusterprofiles",
		.body = TEXT("{\"filter\":{}}"),
		.paged = true,
		.items = "items",
		.keep = has_wanted_name,
		.context = &wanted,
		.what = "Profiles",
	};

	return palette_list_scope(p, &listing, project, list, err);
}

bool palette_projects(struct palette *p, struct palette_list *list, struct error *err)
{
	static const struct palette_listing listing = {
		.method = "POST",
		.path = "/v1/dashboard/projects",
		.body = TEXT("{\"filter\":{}}"),
		.paged = true,
		.items = "items",
		.what = "Projects",
	};

	return palette_list_scope(p, &listing, NULL, list, err);
}
