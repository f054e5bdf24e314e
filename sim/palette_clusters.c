/* Lists of clusters, and what there is to read of one. */
#include <stdio.h>
#include <string.h>

#include "handlers.h"
#include "render.h"

/* ---- lists ---- */

static struct blob *meta_list(struct world *w, const struct project *only)
{
	int count = only != NULL ? only->cluster_count : w->cluster_count;
	struct buf out;
	struct blob *b;

	buf_init(&out, 1 << 30);
	for (int i = 0; i < count; i++) {
		struct cluster *c = w->clusters[only != NULL ? only->clusters[i] : i];

		if (c->deleted)
			continue;
		buf_add_char(&out, out.len == 0 ? '[' : ',');
		buf_add(&out, render_cluster(w, c, VIEW_META));
	}
	buf_add_string(&out, out.len == 0 ? "null" : "]");
	b = blob_new(buf_text(&out));
	buf_fini(&out);
	return b;
}

/* A bare array. The whole tenant's is kept until a cluster changes. */
void clusters_meta(struct request *r, struct reply *a)
{
	struct world *w = r->sim->world;
	struct blob *b;

	if (r->project != SCOPE_TENANT) {
		b = meta_list(w, &w->projects[r->project]);
	} else if (!r->credential->admin) {
		b = blob_new(TEXT("[]"));
	} else {
		if (w->meta_list == NULL)
			w->meta_list = meta_list(w, NULL);
		b = blob_ref(w->meta_list);
	}
	reply_blob(a, 200, "application/json", b);
}

void clusters_metadata(struct request *r, struct reply *a)
{
	struct world *w = r->sim->world;
	json_t *list = json_array();

	for (int i = 0; i < w->cluster_count; i++) {
		const struct cluster *c = w->clusters[i];
		bool listed = r->project == SCOPE_TENANT ? r->credential->admin
							 : c->head.project == r->project;

		if (listed && !c->deleted)
			json_array_append_new(list,
					      render_meta(w, &c->head, c->labels, c->description));
	}
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

static void put_summary(struct request *r, struct buf *out, const void *item)
{
	struct world *w = r->sim->world;
	const struct cluster *c = item;

	buf_add(out, render_cluster(w, w->clusters[c->head.index], VIEW_SUMMARY));
}

void clusters_search(struct request *r, struct reply *a)
{
	struct list found = {.items = NULL};
	struct page page;

	if (page_read(r, PAGE_POST, &page, a) && search_clusters(r, &found, a))
		page_reply(r, PAGE_POST, &page, found.items, found.count, put_summary, a);
	list_free(&found);
}

void clusters_schema(struct request *r, struct reply *a)
{
	(void)r;
	reply_json(a, 200,
		   json_pack("{s:{s:[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}]}}", "schema",
			     "properties", "name", "environment", "type", "string", "name",
			     "clusterName", "type", "string", "name", "clusterState", "type",
			     "string", "name", "isDeleted", "type", "bool"));
}

/* ---- one cluster ---- */

static struct cluster *open_cluster(struct request *r, const char *uid, struct reply *a)
{
	const struct object *o = scope_open(r, uid, KIND_CLUSTER, r->route->permission, a);

	return o == NULL ? NULL : r->sim->world->clusters[o->index];
}

void cluster_summary(struct request *r, struct reply *a)
{
	struct cluster *c = open_cluster(r, r->params[0], a);

	if (c == NULL)
		return;
	render_cluster(r->sim->world, c, VIEW_DETAIL);
	reply_blob(a, 200, "application/json", blob_ref(c->views[VIEW_DETAIL]));
}

void cluster_read(struct request *r, struct reply *a)
{
	struct cluster *c = open_cluster(r, r->params[0], a);

	if (c != NULL)
		reply_json(a, 200, render_cluster_object(r->sim->world, c));
}

void cluster_status(struct request *r, struct reply *a)
{
	struct cluster *c = open_cluster(r, r->params[0], a);

	if (c != NULL)
		reply_json(a, 200, json_pack("{s:{s:s}}", "status", "state", c->state));
}
