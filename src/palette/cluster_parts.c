/* What belongs to one cluster: its events, its machines, its variables. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"
#include "json/json.h"

/* ---- events ---- */

/* Of those that somebody does not know yet there are few, most of the time. */
enum { NEW_EVENTS = 20 };

bool palette_cluster_events(struct palette *p, const char *project, const char *uid, size_t most,
			    struct palette_list *list, struct error *err)
{
	return palette_cluster_events_until(p, project, uid, NULL, NULL, most, list, err);
}

bool palette_cluster_events_until(struct palette *p, const char *project, const char *uid,
				  palette_enough_fn *enough, void *context, size_t most,
				  struct palette_list *list, struct error *err)
{
	struct palette_listing listing = {
		.method = "GET",
		.path = http_url(p->arena,
				 "/v1/events/components/spectrocluster/%s"
				 "?orderBy=metadata.creationTimestamp=-1",
				 uid),
		.paged = true,
		.items = "items",
		.page = enough == NULL ? 0 : NEW_EVENTS,
		.most = most,
		.enough = enough,
		.enough_context = context,
		.of_object = true,
		.what = arena_printf(p->arena, "Events of cluster %s", uid),
	};

	return palette_list_scope(p, &listing, project, list, err);
}

/* ---- machines ---- */

/* Palette's own word for the clouds in paths: virtual clusters are of type `nested` there. */
static const char *path_of_cloud(const char *cloud_type)
{
	return strcmp(cloud_type, "nested") == 0 ? "virtual" : cloud_type;
}

/* A cluster that Palette has just begun with may have no cloud config yet, and what stands in an
 * answer of Palette's is not to make a path of another form. */
static bool check_names(const char *cloud_type, const char *uid, const char *pool,
			struct error *err)
{
	if (cloud_type[0] != '\0' && uid[0] != '\0' && pool[0] != '\0')
		return true;
	return error_set(err, ERROR_NOT_FOUND, "The cluster has no %s yet",
			 cloud_type[0] == '\0' || uid[0] == '\0' ? "cloud configuration"
								 : "machine pool of that name");
}

bool palette_cloud_config(struct palette *p, const char *project, const char *cloud_type,
			  const char *uid, struct buf *out, struct error *err)
{
	if (!check_names(cloud_type, uid, "-", err))
		return false;
	return palette_get_object(
		p, PALETTE_FORM_OBJECT, project,
		http_url(p->arena, "/v1/cloudconfigs/%s/%s", path_of_cloud(cloud_type), uid),
		arena_printf(p->arena, "Cloud config %s", uid), out, err);
}

bool palette_machines(struct palette *p, const char *project, const char *cloud_type,
		      const char *uid, const char *pool, size_t most, struct palette_list *list,
		      struct error *err)
{
	struct palette_listing listing = {
		.method = "GET",
		.path = http_url(p->arena, "/v1/cloudconfigs/%s/%s/machinePools/%s/machines",
				 path_of_cloud(cloud_type), uid, pool),
		.paged = true,
		.items = "items",
		.most = most,
		.of_object = true,
		.what = arena_printf(p->arena, "Machines of pool %s", pool),
	};

	return check_names(cloud_type, uid, pool, err) &&
	       palette_list_scope(p, &listing, project, list, err);
}

/* ---- variables ---- */

bool palette_cluster_variables(struct palette *p, const char *project, const char *uid,
			       struct buf *out, struct error *err)
{
	struct palette_request r = {
		.purpose = PALETTE_READ,
		.expect = PALETTE_ARRAY,
		.method = "GET",
		.path = http_url(p->arena, "/v1/spectroclusters/%s/variables", uid),
		.project = project,
		.what = arena_printf(p->arena, "Variables of cluster %s", uid),
	};

	if (!palette_fetch(p, &r, err))
		return false;
	if (json_type_of(text_trim(buf_text(&r.answer))) == JSON_TYPE_NULL) {
		buf_truncate(&r.answer, 0);
		buf_add_string(&r.answer, "[]");
	}
	*out = r.answer;
	return true;
}
