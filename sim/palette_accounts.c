/*
 * Cloud accounts, with the secrets that Palette's schema has in them: whoever passes them on shows
 * them. Each secret begins with "sim-secret", so that a test can look for it.
 */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "render.h"

static json_t *account_spec(const struct account *a)
{
	const char *uid = a->head.uid;

	switch (a->type) {
	case ACCOUNT_AWS:
		return json_pack("{s:o, s:o, s:o, s:s, s:s, s:[s], s:{s:s, s:o}, s:n}", "accessKey",
				 json_sprintf("sim-secret-access-%s", uid), "secretKey",
				 json_sprintf("sim-secret-key-%s", uid), "secretToken",
				 json_sprintf("sim-secret-token-%s", uid), "credentialType",
				 "secret", "partition", "aws", "policyARNs",
				 "arn:aws:iam::aws:policy/ReadOnly", "sts", "arn",
				 "arn:aws:iam::1:role/x", "externalId",
				 json_sprintf("sim-secret-external-%s", uid), "podIdentity");
	case ACCOUNT_AZURE:
		return json_pack("{s:s, s:s, s:s, s:s, s:o, s:{s:b}, s:{s:o}}", "azureEnvironment",
				 "AzurePublicCloud", "tenantId",
				 "00000000-0000-4000-8000-00000000000a", "tenantName", "größe",
				 "clientId", "00000000-0000-4000-8000-00000000000b", "clientSecret",
				 json_sprintf("sim-secret-client-%s", uid), "settings",
				 "disablePropertiesRequest", 0, "tls", "cert",
				 json_sprintf("sim-secret-cert-%s", uid));
	case ACCOUNT_VSPHERE:
		return json_pack("{s:s, s:s, s:o, s:b}", "vcenterServer", "vcenter.example",
				 "username", "administrator@vsphere.local", "password",
				 json_sprintf("sim-secret-password-%s", uid), "insecure", 1);
	case ACCOUNT_GCP:
		return json_pack("{s:o, s:s}", "jsonCredentials",
				 json_sprintf("{\"private_key\":\"sim-secret-gcp-%s\"}", uid),
				 "jsonCredentialsFileName", "key.json");
	default:
		return json_pack("{s:s, s:o}", "apiEndpoint", "http://maas.example:5240/MAAS",
				 "apiKey", json_sprintf("sim-secret-maas-%s", uid));
	}
}

/* ObjectMeta; of an account on vSphere with the gateway that reaches it. */
static json_t *account_meta(const struct world *w, const struct account *a)
{
	json_t *meta = render_meta(w, &a->head, NULL, NULL);

	if (a->overlord >= 0 && a->names_overlord)
		json_object_set_new(json_object_get(meta, "annotations"), "overlordUid",
				    json_string(w->overlords[a->overlord].head.uid));
	return meta;
}

static json_t *account_json(const struct world *w, const struct account *a)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:{s:s, s:s}, s:o}", "apiVersion",
			 "cluster.spectrocloud.com/v1", "kind", account_kinds[a->type], "metadata",
			 account_meta(w, a), "spec", account_spec(a), "status", "state", a->state,
			 "tokenExpiry", NO_TIME, "futureField", render_unknown());
}

static json_t *account_summary(const struct world *w, const struct account *a)
{
	return json_pack("{s:s, s:o, s:{s:s}, s:{s:s, s:s}}", "kind", account_kinds[a->type],
			 "metadata", account_meta(w, a), "specSummary", "accountId", "123456789012",
			 "status", "state", a->state, "tokenExpiry", NO_TIME);
}

static void put_json(struct buf *out, json_t *json)
{
	struct blob *b = blob_of_json(json);

	buf_add(out, blob_text(b));
	blob_unref(b);
}

static void put_account(struct request *r, struct buf *out, const void *item)
{
	put_json(out, account_json(r->sim->world, item));
}

static void put_summary(struct request *r, struct buf *out, const void *item)
{
	put_json(out, account_summary(r->sim->world, item));
}

/*
 * The query's filters=metadata.name=XANDmetadata.uid=Y. Those two fields are all that is known
 * here; others are refused, so that a test does not take an unfiltered list for a filtered one.
 */
static bool apply_filters(struct request *r, struct list *l, struct reply *a)
{
	static const char *const fields[] = {"metadata.name=", "metadata.uid="};
	char *filters = request_query(r, "filters");
	char *next = filters;
	bool ok = true;

	while (ok && next != NULL && *next != '\0') {
		char *and = strstr(next, "AND");
		bool by_uid = strncmp(next, fields[1], strlen(fields[1])) == 0;
		size_t kept = 0;

		ok = by_uid || strncmp(next, fields[0], strlen(fields[0])) == 0;
		if (and != NULL)
			*and = '\0';
		next += strlen(fields[by_uid]) < strlen(next) ? strlen(fields[by_uid])
							      : strlen(next);
		for (size_t i = 0; i < l->count; i++) {
			const struct account *one = l->items[i];

			if (strcmp(by_uid ? one->head.uid : one->head.name, next) == 0)
				l->items[kept++] = one;
		}
		l->count = kept;
		next = and == NULL ? NULL : and+3;
	}
	free(filters);
	if (!ok)
		reply_error(a, 400, "InvalidFilter", "filters: not a known field");
	return ok;
}

/* Those of one type (or of all) that the request's scope lists. */
static void reply_accounts(struct request *r, int type, page_put *put, struct reply *a)
{
	const struct world *w = r->sim->world;
	struct list found = {.items = NULL};
	struct page page;

	if (!page_read(r, PAGE_GET, &page, a))
		return;
	for (int i = 0; i < w->account_count; i++) {
		const struct account *one = &w->accounts[i];

		if ((type < 0 || (int)one->type == type) && scope_lists(r, one->head.project))
			list_add(&found, one);
	}
	if (apply_filters(r, &found, a))
		page_reply(r, PAGE_GET, &page, found.items, found.count, put, a);
	list_free(&found);
}

/* The third segment of the path; the routes see to it that it is a known one. */
static int type_of_path(const struct request *r)
{
	for (int i = 0; i < ACCOUNT_TYPES; i++) {
		if (strcmp(account_kinds[i], r->segments[2]) == 0)
			return i;
	}
	return -1;
}

void accounts_list(struct request *r, struct reply *a)
{
	reply_accounts(r, type_of_path(r), put_account, a);
}

void accounts_summary(struct request *r, struct reply *a)
{
	reply_accounts(r, -1, put_summary, a);
}

void accounts_metadata(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	char *environment = request_query(r, "environment");
	json_t *list = json_array();

	for (int i = 0; i < w->account_count; i++) {
		const struct account *one = &w->accounts[i];

		if (scope_lists(r, one->head.project) &&
		    (environment == NULL || strcmp(environment, account_kinds[one->type]) == 0))
			json_array_append_new(list, json_pack("{s:s, s:o}", "kind",
							      account_kinds[one->type], "metadata",
							      account_meta(w, one)));
	}
	free(environment);
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

/* The account of the path, which must be of the path's type. */
static const struct account *open_account(struct request *r, struct reply *a)
{
	const struct object *o = scope_open(r, r->params[0], KIND_ACCOUNT, r->route->permission, a);
	const struct account *account;

	if (o == NULL)
		return NULL;
	account = &r->sim->world->accounts[o->index];
	if ((int)account->type == type_of_path(r))
		return account;
	reply_error(a, 404, "ResourceNotFound", "cloud account %s was not found", o->uid);
	return NULL;
}

void account_read(struct request *r, struct reply *a)
{
	const struct account *account = open_account(r, a);

	if (account != NULL)
		reply_json(a, 200, account_json(r->sim->world, account));
}

/* ---- vSphere ---- */

json_t *render_names(const char *const *names)
{
	json_t *list = json_array();

	for (; *names != NULL; names++)
		json_array_append_new(list, json_string(*names));
	return list;
}

/* The account of the path, if its vSphere can be reached at all. */
static const struct account *open_site(struct request *r, struct reply *a)
{
	const struct world *w = r->sim->world;
	const struct account *account = open_account(r, a);
	const struct overlord *o;

	if (account == NULL || account->overlord < 0)
		return account;
	o = &w->overlords[account->overlord];
	if (o->system || strcmp(o->state, "Running") == 0)
		return account;
	reply_error(a, 400, "PrivateGatewayNotRunning", "private gateway %s is not running",
		    o->head.name);
	return NULL;
}

void vsphere_datacenters(struct request *r, struct reply *a)
{
	const struct account *account = open_site(r, a);
	json_t *list;

	if (account == NULL)
		return;
	list = json_array();
	for (const struct site_datacenter *d = site_datacenters(account->site); d->name != NULL;
	     d++) {
		json_t *clusters = json_array();

		for (const struct site_cluster *c = d->clusters; c->name != NULL; c++)
			json_array_append_new(clusters, json_string(c->name));
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "datacenter", d->name,
						      "computeclusters", clusters, "folders",
						      render_names(d->folders)));
	}
	reply_json(a, 200, json_pack("{s:o}", "items", list));
}

static void reply_resources(struct reply *a, int site, const char *datacenter, const char *cluster)
{
	const struct site_datacenter *d;
	const struct site_cluster *c;

	if (datacenter == NULL || datacenter[0] == '\0') {
		reply_router_error(a, 422, 602, "datacenter in query is required");
		return;
	}
	if (cluster == NULL || cluster[0] == '\0') {
		reply_router_error(a, 422, 602, "computecluster in query is required");
		return;
	}
	d = site_datacenter(site, datacenter);
	c = d == NULL ? NULL : site_cluster(d, cluster);
	if (c == NULL)
		reply_error(a, 404, "ResourceNotFound", "no such compute cluster");
	else
		reply_json(a, 200,
			   json_pack("{s:s, s:{s:s, s:o, s:o, s:o}}", "datacenter", datacenter,
				     "computecluster", "name", cluster, "datastores",
				     render_names(c->datastores), "networks",
				     render_names(c->networks), "resourcePools",
				     render_names(c->resource_pools)));
}

void vsphere_resources(struct request *r, struct reply *a)
{
	char *datacenter = request_query(r, "datacenter");
	char *cluster = request_query(r, "computecluster");
	const struct account *account = open_site(r, a);

	if (account != NULL)
		reply_resources(a, account->site, datacenter, cluster);
	free(datacenter);
	free(cluster);
}
