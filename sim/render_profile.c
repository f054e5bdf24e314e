/* Cluster profiles: their versions, packs and variables. */
#include <stdio.h>
#include <string.h>

#include "render.h"

/* ---- packs ---- */

struct pack {
	const char *name;
	const char *layer;
	const char *type;
	const char *tag;
};

static const struct pack infra_packs[] = {
	{"ubuntu-aws", "os", "spectro", "22.04"},
	{"kubernetes", "k8s", "spectro", "1.29.4"},
	{"cni-calico", "cni", "spectro", "3.27.2"},
	{"csi-aws-ebs", "csi", "spectro", "1.30.0"},
};
static const struct pack add_on_packs[] = {
	{"nginx", "addon", "helm", "1.9.5"},
	{"extra-manifests", "addon", "manifest", ""},
};

static bool is_type(const struct world *w, int profile, const char *type)
{
	return strcmp(w->families[w->profiles[profile].family].type, type) == 0;
}

static json_t *manifest_references(const struct world *w, int profile, const struct cluster *of,
				   int slot)
{
	json_t *list = json_array();

	for (int m = 0; m < MANIFESTS_OF_PROFILE; m++) {
		char uid[UID_SIZE];
		char name[40];
		/* The profile's own manifests are numbered below those of any cluster. */
		int index = of != NULL ? manifest_index(of, slot, m)
				       : 0x800000 + profile * MANIFESTS_OF_PROFILE + m;

		uid_make(w->seed, KIND_MANIFEST, index, uid);
		snprintf(name, sizeof(name), "manifest-%d", m + 1);
		json_array_append_new(list, render_reference("Manifest", name, uid));
	}
	return list;
}

static json_t *render_pack(const struct world *w, int profile, const struct pack *k, int nth,
			   const struct cluster *of, int slot)
{
	char uid[UID_SIZE];
	char registry[UID_SIZE];
	char values[240];
	bool manifests = strcmp(k->type, "manifest") == 0;
	bool helm = strcmp(k->type, "helm") == 0;

	/* One that is in no registry is the profile's own. */
	if (!registry_pack_uid(w, k->name, k->tag, uid))
		uid_make(w->seed, KIND_PACK, 0x800000 + profile * 8 + nth, uid);
	uid_make(w->seed, KIND_REGISTRY, 0, registry);
	snprintf(values, sizeof(values),
		 "# %s\npack:\n  namespace: \"%s\"\n  replicas: {{.spectro.var.k8s_replicas}}\n"
		 "%s%s%s",
		 k->name, k->layer, helm ? "  adminPassword: sim-secret-pack-" : "",
		 helm ? k->name : "", helm ? "\n" : "");
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:o}", "name", k->name,
			 "layer", k->layer, "tag", k->tag, "version", k->tag, "type", k->type,
			 "packUid", uid, "registryUid", registry, "values", values, "schema",
			 "presets", "manifests",
			 manifests ? manifest_references(w, profile, of, slot) : json_null());
}

json_t *render_packs(const struct world *w, int profile, const struct cluster *of, int slot)
{
	json_t *list = json_array();
	int nth = 0;

	for (size_t i = 0; !is_type(w, profile, "add-on") && i < ARRAY_LEN(infra_packs); i++)
		json_array_append_new(list,
				      render_pack(w, profile, &infra_packs[i], nth++, of, slot));
	for (size_t i = 0; !is_type(w, profile, "infra") && i < ARRAY_LEN(add_on_packs); i++)
		json_array_append_new(list,
				      render_pack(w, profile, &add_on_packs[i], nth++, of, slot));
	return list;
}

/* ---- versions ---- */

int render_version_number(const struct profile *p)
{
	return p->version[0] == '2' ? 200 : p->version[2] == '1' ? 110 : 100;
}

static json_t *reference_to(const struct world *w, int profile, bool packs)
{
	const struct profile *p = &w->profiles[profile];
	const struct family *f = &w->families[p->family];
	json_t *t =
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "uid", p->head.uid, "name", f->name, "type",
			  f->type, "cloudType", f->cloud, "version", render_version_number(p));

	if (packs)
		json_object_set_new(t, "packs", render_packs(w, profile, NULL, 0));
	return t;
}

json_t *render_template(const struct world *w, int profile, bool packs)
{
	static const char *const scopes[] = {"project", "tenant", "system"};
	int project = w->families[w->profiles[profile].family].project;
	json_t *t = reference_to(w, profile, packs);

	json_object_set_new(t, "scope", json_string(scopes[project < 0 ? -project : 0]));
	return t;
}

json_t *render_content(const struct world *w, int profile, bool packs)
{
	json_t *t = reference_to(w, profile, packs);

	json_object_set_new(t, "profileVersion", json_string(w->profiles[profile].version));
	return t;
}

static json_t *versions(const struct world *w, const struct family *f)
{
	json_t *list = json_array();

	for (int i = f->first; i < f->first + f->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "uid", w->profiles[i].head.uid,
						      "version", w->profiles[i].version));
	return list;
}

const struct profile *family_head(const struct world *w, const struct family *f)
{
	const struct profile *head = &w->profiles[f->first];

	for (int i = f->first; i < f->first + f->count; i++) {
		if (w->profiles[i].published)
			head = &w->profiles[i];
	}
	return head;
}

static json_t *in_use(const struct world *w, int first, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < w->cluster_count && json_array_size(list) < 5; i++) {
		const struct cluster *c = w->clusters[i];

		for (int k = 0; k < c->profile_count; k++) {
			if (c->profiles[k] >= first && c->profiles[k] < first + count &&
			    !c->deleted)
				json_array_append_new(list,
						      json_pack("{s:s, s:s}", "name", c->head.name,
								"uid", c->head.uid));
		}
	}
	return list;
}

static json_t *pack_summaries(const struct world *w, int profile)
{
	json_t *packs = render_packs(w, profile, NULL, 0);
	size_t i;
	json_t *pack;

	json_array_foreach(packs, i, pack)
	{
		json_object_del(pack, "registryUid");
		json_object_del(pack, "values");
		json_object_del(pack, "schema");
		json_object_del(pack, "presets");
		json_object_del(pack, "manifests");
		json_object_set_new(pack, "displayName", json_copy(json_object_get(pack, "name")));
	}
	return packs;
}

json_t *render_family(const struct world *w, const struct family *f)
{
	const struct profile *p = family_head(w, f);
	json_t *content = json_pack("{s:s, s:s, s:o}", "cloudType", f->cloud, "type", f->type,
				    "packs", pack_summaries(w, p->head.index));
	json_t *summary = json_pack("{s:o, s:s, s:o, s:o}", p->published ? "published" : "draft",
				    content, "version", p->version, "versions", versions(w, f),
				    p->published ? "draft" : "published", json_null());

	return json_pack("{s:o, s:o, s:{s:b, s:o, s:n, s:{s:f, s:f, s:f}, s:{s:s}}, s:o}",
			 "metadata", render_meta(w, &p->head, p->labels, p->description),
			 "specSummary", summary, "status", "isPublished", p->published,
			 "inUseClusters", in_use(w, f->first, f->count), "inUseClusterTemplates",
			 "pack", "deleted", 0.0, "deprecated", 1.0, "disabled", 0.0, "fips", "mode",
			 "none", "futureField", render_unknown());
}

json_t *render_profile(const struct world *w, const struct profile *p)
{
	const struct family *f = &w->families[p->family];
	json_t *content = render_content(w, p->head.index, true);
	json_t *spec = json_pack("{s:o, s:s, s:o}", p->published ? "published" : "draft", content,
				 "version", p->version, "versions", versions(w, f));

	return json_pack("{s:s, s:s, s:o, s:o, s:{s:b, s:o, s:b}, s:o}", "apiVersion",
			 "cluster.spectrocloud.com/v1", "kind", "ClusterProfile", "metadata",
			 render_meta(w, &p->head, p->labels, p->description), "spec", spec,
			 "status", "isPublished", p->published, "inUseClusters",
			 in_use(w, p->head.index, 1), "hasUserMacros", 0, "futureField",
			 render_unknown());
}
