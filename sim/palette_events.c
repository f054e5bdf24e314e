/* What has happened to a cluster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "render.h"

enum { EVENTS_OF_CLUSTER = 120, EVENT_MS = 60000 };

/* What an event needs to be written: its number and its cluster. */
struct event {
	int n;
	const struct cluster *of;
};

struct event_text {
	const char *severity;
	const char *reason;
	const char *message;
	const char *component;
};

static const struct event_text *text_of_event(const struct event *e)
{
	static const struct event_text usual[] = {
		{"Normal", "Reconciled", "reconciled", "cluster-agent"},
		{"Normal", "PackDeployed", "pack nginx 1.9.5 is ready", "palette-controller"},
		{"Normal", "Reconciled", "reconciled", "cluster-agent"},
		{"Normal", "NodeAdded", "node worker-1 has joined", "capi-controller"},
		{"Normal", "Reconciled", "reconciled", "cluster-agent"},
		{"Warning", "FailedScheduling", "pool ist voll", "cluster-agent"},
		{"Warning", "BackOff", "back-off pulling image \"registry.example/app:1\"\nagain",
		 "kubelet"},
	};
	static const struct event_text trouble[] = {
		{"Warning", "NodeNotReady", "node worker-1 is not ready", "node-controller"},
		{"Error", "ProvisioningFailed", "vCPU limit of region reached — \"0/8\"",
		 "capi-controller"},
	};
	bool well = strcmp(e->of->health, "Healthy") == 0;

	if (!well && e->n % 5 == 4)
		return &trouble[strcmp(e->of->state, "Error") == 0];
	return &usual[e->n % (int)ARRAY_LEN(usual)];
}

static void put_event(struct request *r, struct buf *out, const void *item)
{
	const struct event *e = item;
	const struct event_text *t = text_of_event(e);
	struct world *w = r->sim->world;
	char name[40];
	struct object o = {.index = e->n, .project = e->of->head.project, .name = name};
	struct blob *b;

	snprintf(name, sizeof(name), "event-%d", e->n);
	uid_make(w->seed, KIND_EVENT, e->of->head.index * EVENTS_OF_CLUSTER + e->n, o.uid);
	o.created_ms = o.modified_ms = e->of->head.created_ms + (int64_t)e->n * EVENT_MS;
	b = blob_of_json(
		json_pack("{s:o, s:o, s:n, s:s, s:s, s:s, s:{s:s, s:s}}", "metadata",
			  render_meta(w, &o, NULL, NULL), "involvedObject",
			  render_reference("spectrocluster", e->of->head.name, e->of->head.uid),
			  "relatedObject", "message", t->message, "reason", t->reason, "severity",
			  t->severity, "source", "component", t->component, "host", ""));
	buf_add(out, blob_text(b));
	blob_unref(b);
}

/* Without an order they come as they happened. False: refused. */
static bool read_order(struct request *r, bool *newest_first, struct reply *a)
{
	static const char *const fields[] = {"metadata.creationTimestamp",
					     "metadata.lastModifiedTimestamp"};
	char *given = request_query(r, "orderBy");
	bool known = given == NULL;

	*newest_first = false;
	for (size_t i = 0; given != NULL && i < ARRAY_LEN(fields); i++) {
		size_t len = strlen(fields[i]);

		if (strncmp(given, fields[i], len) != 0)
			continue;
		known = strcmp(given + len, "=1") == 0 || strcmp(given + len, "=-1") == 0;
		*newest_first = known && given[len + 1] == '-';
	}
	if (!known)
		reply_error(a, 400, "InvalidOrderBy", "orderBy %.100s is not supported", given);
	free(given);
	return known;
}

void cluster_events(struct request *r, struct reply *a)
{
	struct event events[EVENTS_OF_CLUSTER];
	const void *items[EVENTS_OF_CLUSTER];
	const struct object *o;
	struct page page;
	bool newest_first;

	if (strcmp(r->params[0], "spectrocluster") != 0) {
		reply_error(a, 400, "InvalidObjectKind", "no events of such an object");
		return;
	}
	if (!page_read(r, PAGE_GET, &page, a) || !read_order(r, &newest_first, a))
		return;
	o = scope_open(r, r->params[1], KIND_CLUSTER, r->route->permission, a);
	if (o == NULL)
		return;
	for (int i = 0; i < EVENTS_OF_CLUSTER; i++) {
		events[i] = (struct event){.n = newest_first ? EVENTS_OF_CLUSTER - 1 - i : i,
					   .of = r->sim->world->clusters[o->index]};
		items[i] = &events[i];
	}
	page_reply(r, PAGE_GET, &page, items, EVENTS_OF_CLUSTER, put_event, a);
}
