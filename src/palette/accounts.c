/* Cloud accounts, what a vSphere account can see, SSH keys and private cloud gateways. */
#include <string.h>

#include "http/http.h"
#include "palette/fetch.h"

const char *const palette_account_types[] = {
	"aws", "eks", "azure", "aks", "vsphere", "gcp", "maas", "apache-cloudstack", NULL};

/* Managed Kubernetes has no accounts of its own: /v1/cloudaccounts/eks and /aks do not exist. */
const char *palette_account_type(const char *cloud_type)
{
	if (strcmp(cloud_type, "eks") == 0)
		return "aws";
	if (strcmp(cloud_type, "aks") == 0)
		return "azure";
	return cloud_type;
}

bool palette_accounts(struct palette *p, const char *project, const char *cloud_type,
		      struct palette_list *list, struct error *err)
{
	struct palette_listing listing = {
		.method = "GET",
		.path = http_url(p->arena, "/v1/cloudaccounts/%s",
				 palette_account_type(cloud_type)),
		.paged = true,
		.items = "items",
		.what = arena_printf(p->arena, "Cloud accounts of type %s", cloud_type),
	};

	return palette_list_scope(p, &listing, project, list, err);
}

bool palette_account_summaries(struct palette *p, const char *project, struct palette_list *list,
			       struct error *err)
{
	static const struct palette_listing listing = {
		.method = "GET",
		.path = "/v1/cloudaccounts/summary",
		.paged = true,
		.items = "items",
		.what = "Cloud accounts",
	};

	return palette_list_scope(p, &listing, project, list, err);
}

static const char *account_name(const struct palette *p, const char *uid)
{
	return arena_printf(p->arena, "Cloud account %s", uid);
}

struct palette_question palette_account_question(struct palette *p, const char *project,
						 const char *cloud_type, const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.path = http_url(p->arena, "/v1/cloudaccounts/%s/%s",
				 palette_account_type(cloud_type), uid),
		.project = project,
		.what = account_name(p, uid),
	};
}

struct palette_question palette_account_names_question(struct palette *p, const char *project)
{
	(void)p;
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OURS,
		.form = PALETTE_FORM_LIST,
		.path = "/v1/dashboard/cloudaccounts/metadata",
		.project = project,
		.what = "Cloud accounts",
	};
}

struct palette_question palette_datacenters_question(struct palette *p, const char *project,
						     const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.form = PALETTE_FORM_LIST,
		.path = http_url(p->arena, "/v1/cloudaccounts/vsphere/%s/properties/datacenters",
				 uid),
		.project = project,
		.what = account_name(p, uid),
	};
}

struct palette_question palette_resources_question(struct palette *p, const char *project,
						   const char *uid, const char *datacenter,
						   const char *compute_cluster)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.form = PALETTE_FORM_RESOURCES,
		.path = http_url(p->arena,
				 "/v1/cloudaccounts/vsphere/%s/properties/computecluster/resources"
				 "?datacenter=%s&computecluster=%s",
				 uid, datacenter, compute_cluster),
		.project = project,
		.what = account_name(p, uid),
	};
}

struct palette_question palette_overlords_question(struct palette *p, const char *project)
{
	(void)p;
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OURS,
		.form = PALETTE_FORM_LIST,
		.path = "/v1/overlords",
		.project = project,
		.what = "Private cloud gateways",
	};
}

struct palette_question palette_ip_pools_question(struct palette *p, const char *project,
						  const char *uid)
{
	return (struct palette_question){
		.kind = PALETTE_ABOUT_OBJECT,
		.form = PALETTE_FORM_LIST,
		.path = http_url(p->arena, "/v1/overlords/vsphere/%s/pools", uid),
		.project = project,
		.what = arena_printf(p->arena, "Private cloud gateway %s", uid),
	};
}

bool palette_account(struct palette *p, const char *project, const char *cloud_type,
		     const char *uid, struct buf *out, struct error *err)
{
	struct palette_question q = palette_account_question(p, project, cloud_type, uid);

	return palette_answer(p, &q, out, err);
}

bool palette_vsphere_datacenters(struct palette *p, const char *project, const char *uid,
				 struct buf *out, struct error *err)
{
	struct palette_question q = palette_datacenters_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}

bool palette_vsphere_resources(struct palette *p, const char *project, const char *uid,
			       const char *datacenter, const char *compute_cluster, struct buf *out,
			       struct error *err)
{
	struct palette_question q =
		palette_resources_question(p, project, uid, datacenter, compute_cluster);

	return palette_answer(p, &q, out, err);
}

bool palette_ssh_keys(struct palette *p, const char *project, struct buf *out, struct error *err)
{
	return palette_get_ours(p, PALETTE_FORM_LIST, project, "/v1/users/assets/sshkeys",
				"SSH keys", out, err);
}

bool palette_overlords(struct palette *p, const char *project, struct buf *out, struct error *err)
{
	struct palette_question q = palette_overlords_question(p, project);

	return palette_answer(p, &q, out, err);
}

bool palette_ip_pools(struct palette *p, const char *project, const char *uid, struct buf *out,
		      struct error *err)
{
	struct palette_question q = palette_ip_pools_question(p, project, uid);

	return palette_answer(p, &q, out, err);
}
