/* Packs as the registries have them: search, and the versions of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers.h"
#include "render.h"

enum { VERSIONS_OF_PACK = 3, NAMED_PACKS = 7, CHARTS = 110, PACKS = NAMED_PACKS + CHARTS };

struct pack_row {
	const char *name;
	const char *display;
	const char *layer;
	const char *type;
	const char *add_on; /* "" for layers below the add-ons */
	const char *cloud;
	const char *versions[VERSIONS_OF_PACK]; /* ends with the newest; NULL: fewer */
};

static const struct pack_row named[NAMED_PACKS] = {
	{"ubuntu-aws", "Ubuntu (AWS)", "os", "spectro", "", "aws", {"20.04", "22.04"}},
	{"kubernetes", "Kubernetes", "k8s", "spectro", "", "aws", {"1.28.9", "1.29.4", "1.30.2"}},
	{"kubernetes-eks", "Kubernetes (EKS)", "k8s", "spectro", "", "eks", {"1.29.0"}},
	{"cni-calico", "Calico", "cni", "spectro", "", "all", {"3.27.2", "3.28.0"}},
	{"csi-aws-ebs", "Amazon EBS CSI", "csi", "spectro", "", "aws", {"1.30.0"}},
	{"nginx", "Nginx", "addon", "helm", "ingress", "all", {"1.9.5", "1.10.1"}},
	{"grüße-addon", "Grüße & \"Quotes\"", "addon", "oci", "monitoring", "all", {"0.1.0-rc.1"}},
};

/* A pack of a registry: a named one, or one of many charts of the second registry. */
struct pack {
	int index;
	struct pack_row row;
	char name[24];
	char display[32];
};

static void make_pack(int index, struct pack *k)
{
	k->index = index;
	if (index < NAMED_PACKS) {
		k->row = named[index];
		return;
	}
	snprintf(k->name, sizeof(k->name), "chart-%03d", index - NAMED_PACKS);
	snprintf(k->display, sizeof(k->display), "Chart %03d", index - NAMED_PACKS);
	k->row = (struct pack_row){k->name,    k->display, "addon",           "helm",
				   "security", "all",      {"1.0.0", "1.1.0"}};
}

static int registry_of(const struct pack *k)
{
	return k->index >= NAMED_PACKS;
}

static int version_count(const struct pack *k)
{
	int n = 0;

	while (n < VERSIONS_OF_PACK && k->row.versions[n] != NULL)
		n++;
	return n;
}

static void pack_uid(const struct world *w, const struct pack *k, int version, char uid[UID_SIZE])
{
	uid_make(w->seed, KIND_PACK, k->index * VERSIONS_OF_PACK + version, uid);
}

bool registry_pack_uid(const struct world *w, const char *name, const char *version,
		       char uid[UID_SIZE])
{
	for (int i = 0; i < NAMED_PACKS; i++) {
		struct pack k;

		make_pack(i, &k);
		for (int v = 0; strcmp(k.row.name, name) == 0 && v < version_count(&k); v++) {
			if (strcmp(k.row.versions[v], version) != 0)
				continue;
			pack_uid(w, &k, v, uid);
			return true;
		}
	}
	return false;
}

/* ---- search ---- */

/* Whether a list of words is empty or has the word. */
static bool allows(const json_t *list, const char *word)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), word) == 0)
			return true;
	}
	return json_array_size(list) == 0;
}

static bool matches(const struct world *w, const struct pack *k, const json_t *filter)
{
	const json_t *clouds_asked = json_object_get(filter, "environment");
	char registry[UID_SIZE];

	uid_make(w->seed, KIND_REGISTRY, registry_of(k), registry);
	return search_string(json_object_get(filter, "name"), k->row.name) &&
	       search_string(json_object_get(filter, "displayName"), k->row.display) &&
	       allows(json_object_get(filter, "layer"), k->row.layer) &&
	       allows(json_object_get(filter, "type"), k->row.type) &&
	       allows(json_object_get(filter, "addOnType"), k->row.add_on) &&
	       allows(json_object_get(filter, "registryUid"), registry) &&
	       (strcmp(k->row.cloud, "all") == 0 || allows(clouds_asked, k->row.cloud));
}

/* The list has no uids of its own: a pack is its name, and its versions have uids. */
static void put_pack(struct request *r, struct buf *out, const void *item)
{
	const struct world *w = r->sim->world;
	const struct pack *k = item;
	int newest = version_count(k) - 1;
	char registry[UID_SIZE];
	char uid[UID_SIZE];
	struct blob *b;

	uid_make(w->seed, KIND_REGISTRY, registry_of(k), registry);
	pack_uid(w, k, newest, uid);
	b = blob_of_json(json_pack(
		"{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:[{s:s, "
		"s:s, s:s, s:s, s:s, s:s}]}, s:o}",
		"apiVersion", "v1", "kind", "pack", "metadata", "name", k->row.name,
		"creationTimestamp", NO_TIME, "spec", "name", k->row.name, "displayName",
		k->row.display, "layer", k->row.layer, "type", k->row.type, "addonType",
		k->row.add_on, "addonSubType", "", "group", "", "cloudTypes", k->row.cloud,
		"registries", "uid", registry, "name",
		registry_of(k) ? "Charts s/w" : "Public Repo", "scope",
		registry_of(k) ? "tenant" : "system", "latestPackUid", uid, "latestVersion",
		k->row.versions[newest], "logoUrl", "https://registry.example/logo.png",
		"futureField", render_unknown()));
	buf_add(out, blob_text(b));
	blob_unref(b);
}

static const char *sort_key(const struct pack *k, const char *field)
{
	if (strcmp(field, "displayName") == 0)
		return k->row.display;
	if (strcmp(field, "layer") == 0)
		return k->row.layer;
	return k->row.name;
}

struct order {
	const char *field;
	bool descending;
};

static int in_order(const void *x, const void *y, void *cls)
{
	const struct pack *a = *(const struct pack *const *)x;
	const struct pack *b = *(const struct pack *const *)y;
	const struct order *order = cls;
	int result = strcmp(sort_key(a, order->field), sort_key(b, order->field));

	if (result == 0)
		result = a->index < b->index ? -1 : 1;
	return order->descending ? -result : result;
}

void packs_search(struct request *r, struct reply *a)
{
	const json_t *filter = json_object_get(r->json, "filter");
	const json_t *sort = json_array_get(json_object_get(r->json, "sort"), 0);
	const char *direction = json_string_value(json_object_get(sort, "order"));
	struct order order = {.field = json_string_value(json_object_get(sort, "field")),
			      .descending = direction != NULL && strcmp(direction, "desc") == 0};
	struct list found = {.items = NULL};
	struct pack packs[PACKS];
	struct page page;

	if (!page_read(r, PAGE_POST, &page, a))
		return;
	for (int i = 0; i < PACKS; i++) {
		make_pack(i, &packs[i]);
		if (matches(r->sim->world, &packs[i], filter))
			list_add(&found, &packs[i]);
	}
	if (order.field != NULL && found.count > 1)
		qsort_r((void *)found.items, found.count, sizeof(*found.items), in_order, &order);
	page_reply(r, PAGE_POST, &page, found.items, found.count, put_pack, a);
	list_free(&found);
}

/* ---- one pack ---- */

static json_t *render_tags(const struct world *w, const struct pack *k)
{
	json_t *list = json_array();

	for (int v = 0; v < version_count(k); v++) {
		char uid[UID_SIZE];

		pack_uid(w, k, v, uid);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:[]}", "packUid", uid,
						"version", k->row.versions[v], "tag",
						k->row.versions[v], "group", "", "parentTags"));
	}
	return list;
}

/* The values of one version, or of all (-1). */
static json_t *render_values(const struct world *w, const struct pack *k, int only)
{
	json_t *list = json_array();

	for (int v = 0; v < version_count(k); v++) {
		char uid[UID_SIZE];

		if (only >= 0 && only != v)
			continue;
		pack_uid(w, k, v, uid);
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:n, s:[{s:s, s:s}], s:{s:s}, s:s, s:n}",
					"packUid", uid, "values",
					json_sprintf("pack:\n  version: %s\n  adminPassword: "
						     "sim-secret-registry-%s\n",
						     k->row.versions[v], k->row.name),
					"schema", "presets", "name", "small", "displayName",
					"Small", "annotations", "source", "spectrocloud", "readme",
					"# A pack\n\nfür Tests", "dependencies"));
	}
	return list;
}

static void reply_pack(struct request *r, const struct pack *k, int version, struct reply *a)
{
	const struct world *w = r->sim->world;
	char registry[UID_SIZE];

	uid_make(w->seed, KIND_REGISTRY, registry_of(k), registry);
	reply_json(a, 200,
		   json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:s, s:o, s:o, s:o}", "name",
			     k->row.name, "displayName", k->row.display, "layer", k->row.layer,
			     "addonType", k->row.add_on, "addonSubType", "", "cloudTypes",
			     k->row.cloud, "logoUrl", "https://registry.example/logo.png",
			     "registryUid", registry, "packValues", render_values(w, k, version),
			     "tags", render_tags(w, k), "futureField", render_unknown()));
}

void pack_read(struct request *r, struct reply *a)
{
	const char *uid = r->params[0];
	int index = uid_index(r->sim->world, uid, KIND_PACK);
	struct pack k;

	if (!uid_is_valid(uid)) {
		reply_error(a, 400, "InvalidUid", "pack uid is not valid");
		return;
	}
	if (index >= 0 && index < PACKS * VERSIONS_OF_PACK) {
		make_pack(index / VERSIONS_OF_PACK, &k);
		if (index % VERSIONS_OF_PACK < version_count(&k)) {
			reply_pack(r, &k, index % VERSIONS_OF_PACK, a);
			return;
		}
	}
	reply_error(a, 404, "ResourceNotFound", "pack %s was not found", uid);
}

void pack_of_registry(struct request *r, struct reply *a)
{
	char registry[UID_SIZE];
	struct pack k;

	for (int i = 0; i < PACKS; i++) {
		make_pack(i, &k);
		uid_make(r->sim->world->seed, KIND_REGISTRY, registry_of(&k), registry);
		if (strcmp(k.row.name, r->params[0]) == 0 && strcmp(registry, r->params[1]) == 0) {
			reply_pack(r, &k, -1, a);
			return;
		}
	}
	reply_error(a, 404, "ResourceNotFound", "pack %.100s was not found", r->params[0]);
}
