/* What can be downloaded of a cluster: kubeconfigs, its profiles, manifests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "render.h"

static struct cluster *open_cluster(struct request *r, struct reply *a)
{
	const struct object *o = scope_open(r, r->params[0], KIND_CLUSTER, r->route->permission, a);

	return o == NULL ? NULL : r->sim->world->clusters[o->index];
}

/* ---- kubeconfig ---- */

/* A certificate, nobody's, as a cluster's own authority has it. */
static const char authority[] =
	"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJiVENDQVJTZ0F3SUJBZ0lCQVRBS0JnZ3Fo"
	"a2pPUFFRREFqQVZNUk13RVFZRFZRUUREQXByZFdKbGNtNWwKZEdWek1DQVhEVEkyTVRFeU56QXlN"
	"VEV3T1ZvWUR6SXhNall4TVRBek1ESXhNVEE1V2pBVk1STXdFUVlEVlFRRApEQXByZFdKbGNtNWxk"
	"R1Z6TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFSXJvZW5hV1ByM000CmZ1US9G"
	"MVd2RXdXaU9WbmROMHlxY2VuZ3l1RE5wNFVQL0E4Sm5YU0F1TXhSZTZYd3NoWkZmS2Rmamt6Z2p6"
	"RHUKNGd4MjMxaVliNk5UTUZFd0hRWURWUjBPQkJZRUZPMWFNczZ5dW9IeG42Rm5QUXBid2xJbW9y"
	"UllNQjhHQTFVZApJd1FZTUJhQUZPMWFNczZ5dW9IeG42Rm5QUXBid2xJbW9yUllNQThHQTFVZEV3"
	"RUIvd1FGTUFNQkFmOHdDZ1lJCktvWkl6ajBFQXdJRFJ3QXdSQUlnYTB1WExSUGZrMDR0Ym9vUUJ3"
	"dDNiVnovbnUxenZ3UllWY1VIUUFxSHJVSUMKSUh6YzRHbFl2WVpTbTFibWJjZWpjem9xUGs3cWpr"
	"ZkorQThteWcrcVlKRTAKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";

/* What a cluster's kubeconfig says of its user. The key's base64 begins as that of "sim-secret-"
 * does, "c2ltLXNlY3JldC". */
static void put_user(struct buf *out, const struct cluster *c, const char *user)
{
	switch (c->kubeconfig) {
	case KUBECONFIG_EXEC:
		buf_printf(out,
			   "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n"
			   "      command: kubectl\n      args:\n      - oidc-login\n"
			   "      - get-token\n      - --oidc-issuer-url=https://sso.example/%s\n"
			   "      - --oidc-client-id=kubernetes\n",
			   c->head.uid);
		break;
	case KUBECONFIG_CERTIFICATE:
		buf_add_string(out, "    client-certificate-data: c2ltLWNlcnRpZmljYXRl\n"
				    "    client-key-data: c2ltLXNlY3JldC1rZXk=\n");
		break;
	default:
		buf_printf(out, "    token: sim-secret-kubeconfig-%s-%s\n", user, c->head.uid);
	}
}

static void put_kubeconfig(struct buf *out, const struct cluster *c, const char *user, bool frp)
{
	buf_printf(out,
		   "apiVersion: v1\nkind: Config\ncurrent-context: %s-%s\nclusters:\n"
		   "- name: %s\n  cluster:\n    certificate-authority-data: %s\n"
		   "    server: https://%s.%s.example:6443\n",
		   user, c->head.name, c->head.name, authority, c->head.uid, frp ? "proxy" : "k8s");
	buf_printf(out,
		   "contexts:\n- name: %s-%s\n  context:\n    cluster: %s\n    user: %s\n"
		   "users:\n- name: %s\n  user:\n",
		   user, c->head.name, c->head.name, user, user);
	put_user(out, c, user);
}

static struct blob *base64(struct text in)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct blob *b = blob_new((struct text){in.ptr, in.len});
	struct buf out;

	buf_init(&out, 2 * in.len + 8);
	for (size_t i = 0; i < in.len; i += 3) {
		unsigned bits = (unsigned)(unsigned char)b->bytes[i] << 16;

		if (i + 1 < in.len)
			bits |= (unsigned)(unsigned char)b->bytes[i + 1] << 8;
		if (i + 2 < in.len)
			bits |= (unsigned char)b->bytes[i + 2];
		buf_add_char(&out, digits[bits >> 18]);
		buf_add_char(&out, digits[bits >> 12 & 63]);
		buf_add_char(&out, i + 1 < in.len ? digits[bits >> 6 & 63] : '=');
		buf_add_char(&out, i + 2 < in.len ? digits[bits & 63] : '=');
	}
	blob_unref(b);
	b = blob_new(buf_text(&out));
	buf_fini(&out);
	return b;
}

/* Every sixth cluster's comes as base64, as some of Palette's do. */
static void reply_kubeconfig(struct reply *a, const struct cluster *c, const char *user, bool frp)
{
	char disposition[120];
	struct buf yaml;

	if (!c->has_kubeconfig) {
		reply_error(a, 404, "ResourceNotFound", "kubeconfig of cluster %s is not available",
			    c->head.uid);
		return;
	}
	buf_init(&yaml, 8192);
	put_kubeconfig(&yaml, c, user, frp);
	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.%s.kubeconfig\"",
		 user, c->head.uid);
	reply_header(a, "Content-Disposition", disposition);
	reply_blob(a, 200, "application/octet-stream",
		   c->head.index % 6 == 4 ? base64(buf_text(&yaml)) : blob_new(buf_text(&yaml)));
	buf_fini(&yaml);
}

void cluster_kubeconfig(struct request *r, struct reply *a)
{
	bool frp = true;
	struct cluster *c;

	if (!query_bool(r, "frp", &frp, a))
		return;
	c = open_cluster(r, a);
	if (c != NULL)
		reply_kubeconfig(a, c, "client", frp);
}

void cluster_kubeconfig_client(struct request *r, struct reply *a)
{
	struct cluster *c = open_cluster(r, a);

	if (c != NULL)
		reply_kubeconfig(a, c, "oidc", true);
}

void cluster_admin_kubeconfig(struct request *r, struct reply *a)
{
	struct cluster *c = open_cluster(r, a);

	if (c != NULL)
		reply_kubeconfig(a, c, "ADMIN", false);
}

/* ---- profiles in use ---- */

/* "schema,presets": anything else is refused. */
static bool check_pack_meta(struct request *r, struct reply *a)
{
	char *given = request_query(r, "includePackMeta");
	struct text rest = text_of(given);
	struct text word;
	bool ok = true;

	while (rest.len > 0 && text_next(&rest, ',', &word))
		ok = ok && (text_is(word, "schema") || text_is(word, "presets"));
	free(given);
	if (!ok)
		reply_router_error(a, 422, 606,
				   "includePackMeta in query should be one of [schema presets]");
	return ok;
}

static json_t *pack_entities(const struct world *w, const struct cluster *c, int slot)
{
	json_t *packs = render_packs(w, c->profiles[slot], c, slot);
	json_t *list = json_array();
	size_t i;
	json_t *pack;

	json_array_foreach(packs, i, pack)
	{
		json_array_append_new(
			list, json_pack("{s:{s:O, s:O, s:s, s:n}, s:O, s:{}}", "metadata", "name",
					json_object_get(pack, "name"), "uid",
					json_object_get(pack, "packUid"), "creationTimestamp",
					NO_TIME, "labels", "spec", pack, "status"));
		json_object_del(pack, "packUid");
	}
	json_decref(packs);
	return list;
}

void cluster_profiles(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	json_t *list;
	struct cluster *c;

	if (!check_pack_meta(r, a))
		return;
	c = open_cluster(r, a);
	if (c == NULL)
		return;
	list = json_array();
	for (int slot = 0; slot < c->profile_count; slot++) {
		const struct profile *p = &w->profiles[c->profiles[slot]];
		const struct family *f = &w->families[p->family];

		json_array_append_new(
			list,
			json_pack("{s:o, s:{s:s, s:s, s:i, s:o, s:o}}", "metadata",
				  render_meta(w, &p->head, NULL, NULL), "spec", "cloudType",
				  f->cloud, "type", f->type, "version", render_version_number(p),
				  "relatedObject",
				  render_reference("spectrocluster", c->head.name, c->head.uid),
				  "packs", pack_entities(w, c, slot)));
	}
	reply_json(a, 200, json_pack("{s:o}", "profiles", list));
}

void cluster_manifest(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const char *uid = r->params[1];
	struct cluster *c = open_cluster(r, a);
	char name[40];
	struct object o = {.name = name};
	int slot, m;
	bool resolve = false;

	if (c == NULL || !query_bool(r, "resolveManifestValues", &resolve, a))
		return;
	if (!uid_is_valid(uid)) {
		reply_error(a, 400, "InvalidUid", "manifest uid is not valid");
		return;
	}
	if (!manifest_find(w, c, uid, &slot, &m)) {
		reply_error(a, 404, "ResourceNotFound", "manifest %s was not found", uid);
		return;
	}
	snprintf(name, sizeof(name), "manifest-%d", m + 1);
	snprintf(o.uid, sizeof(o.uid), "%s", uid);
	o.project = c->head.project;
	o.created_ms = o.modified_ms = c->head.created_ms;
	reply_json(a, 200,
		   json_pack("{s:o, s:{s:{s:o, s:s}}}", "metadata", render_meta(w, &o, NULL, NULL),
			     "spec", "published", "content",
			     json_sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "
					  "\"%s-%s\"\ndata:\n  grüße: |\n    \"quoted\" \\ 太郎\n"
					  "  password: sim-secret-manifest-%s\n---\n{}\n",
					  c->head.name, name, uid),
			     "digest", "sha256:0000"));
}
