/* What has happened to a cluster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "handlers.h"
#include "render.h"

enum { EVENTS_OF_CLUSTER = 120, EVENT_MS = 60000, FIRST_HAPPENING = 0x20000000 };

struct event_text {
	const char *severity;
	const char *reason;
	const char *message;
	const char *component;
};

/* What an event needs to be written. */
struct event {
	int n;      /* among its cluster's */
	int number; /* among all */
	const struct cluster *of;
	int64_t at_ms;
	struct event_text text;
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
	const struct event_text *t = &e->text;
	struct world *w = r->sim->world;
	char name[40];
	struct object o = {.index = e->n, .project = e->of->head.project, .name = name};
	struct blob *b;

	snprintf(name, sizeof(name), "event-%d", e->n);
	uid_make(w->seed, KIND_EVENT, e->number, o.uid);
	o.created_ms = o.modified_ms = e->at_ms;
	b = blob_of_json(
		json_pack("{s:o, s:o, s:n, s:s, s:s, s:s, s:{s:s, s:s}}", "metadata",
			  render_meta(w, &o, NULL, NULL), "involvedObject",
			  render_reference("spectrocluster", e->of->head.name, e->of->head.uid),
			  "relatedObject", "message", t->message, "reason", t->reason, "severity",
			  t->severity, "source", "component", t->component, "host", ""));
	buf_add(out, blob_text(b));
	blob_unref(b);
}

/* ---- all of a cluster ---- */

static struct event usual_event(const struct cluster *c, int n)
{
	struct event e = {.n = n,
			  .number = c->head.index * EVENTS_OF_CLUSTER + n,
			  .of = c,
			  .at_ms = c->head.created_ms + (int64_t)n * EVENT_MS};

	e.text = *text_of_event(&e);
	return e;
}

static struct event happened_event(const struct cluster *c, int n, const struct happening *h)
{
	return (struct event){.n = n,
			      .number = FIRST_HAPPENING + h->number,
			      .of = c,
			      .at_ms = h->at_ms,
			      .text = {h->severity, h->reason, h->message, h->component}};
}

/* As they happened; those of one moment as they came to be. */
static void sort_by_time(struct event *events, int count)
{
	for (int i = 1; i < count; i++) {
		struct event e = events[i];
		int at = i;

		for (; at > 0 && events[at - 1].at_ms > e.at_ms; at--)
			events[at] = events[at - 1];
		events[at] = e;
	}
}

static int collect_events(const struct cluster *c, struct event **events)
{
	int usual = c->created ? 0 : EVENTS_OF_CLUSTER;
	int count = usual + c->happening_count;
	struct event *all = heap_alloc(((size_t)count + 1) * sizeof(*all));

	for (int i = 0; i < usual; i++)
		all[i] = usual_event(c, i);
	for (int i = 0; i < c->happening_count; i++)
		all[usual + i] = happened_event(c, usual + i, &c->happenings[i]);
	sort_by_time(all, count);
	*events = all;
	return count;
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

static void reply_events(struct request *r, const struct cluster *c, const struct page *page,
			 bool newest_first, struct reply *a)
{
	struct event *events;
	int count = collect_events(c, &events);
	const void **items = heap_alloc(((size_t)count + 1) * sizeof(*items));

	for (int i = 0; i < count; i++)
		items[i] = &events[newest_first ? count - 1 - i : i];
	page_reply(r, PAGE_GET, page, items, (size_t)count, put_event, a);
	free(items);
	free(events);
}

void cluster_events(struct request *r, struct reply *a)
{
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
	if (o != NULL)
		reply_events(r, r->sim->world->clusters[o->index], &page, newest_first, a);
}
