/* Cloud accounts, and what a vSphere account can see. Their secrets never leave. */
#include "op/page.h"
#include "op/rows.h"
#include "op/shape.h"

/* Takes the secrets out of *document. */
static void make_public(struct buf *document)
{
	struct buf out;

	buf_init(&out, document->max_bytes);
	buf_reserve(&out, document->len);
	shape_filter(text_trim(buf_text(document)), shape_is_public, &out);
	buf_fini(document);
	*document = out;
}

static bool cloud_account_list(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;
	struct buf document;
	size_t count;
	bool ok;

	palette_list_init(&list, c->palette, "accounts");
	ok = palette_accounts(c->palette, call_string(c, "projectUid"), call_string(c, "cloudType"),
			      &list, err) &&
	     palette_list_finish(&list, &document, err);
	count = list.count;
	palette_list_fini(&list);
	if (!ok)
		return false;
	make_public(&document);
	return answer_list_of(c, &document, count, res, err);
}

static bool cloud_account_get(struct call *c, struct result *res, struct error *err)
{
	struct buf document;

	if (!palette_account(c->palette, call_string(c, "projectUid"), call_string(c, "cloudType"),
			     call_string(c, "accountUid"), &document, err))
		return false;
	make_public(&document);
	result_json_owned(res, &document);
	return true;
}

static bool vsphere_metadata(struct call *c, struct result *res, struct error *err)
{
	return result_object(c, palette_vsphere_datacenters, "accountUid", res, err);
}

static bool vsphere_resources(struct call *c, struct result *res, struct error *err)
{
	struct buf out;

	if (!palette_vsphere_resources(c->palette, call_string(c, "projectUid"),
				       call_string(c, "accountUid"), call_string(c, "datacenter"),
				       call_string(c, "computecluster"), &out, err))
		return false;
	result_json_owned(res, &out);
	return true;
}

static const struct field accounts_answer[] = {
	{.name = "accounts",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "The accounts, without their secrets"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

static const struct field datacenter_fields[] = {
	{.name = "datacenter", .type = FIELD_STRING, .help = "Name of the datacenter"},
	{.name = NULL},
};

static const struct field datacenters_answer[] = {
	{.name = "items",
	 .type = FIELD_ARRAY,
	 .fields = datacenter_fields,
	 .help = "Datacenters with their compute clusters and folders"},
	{.name = NULL},
};

static const struct field resources_answer[] = {
	{.name = "computecluster",
	 .type = FIELD_OBJECT,
	 .help = "Datastores, networks and resource pools"},
	{.name = NULL},
};

#define ACCOUNT_UID PATH_IDENTIFIER("accountUid", "UID of the cloud account")
#define CLOUD_TYPE                                      \
	PATH_CHOICE("cloudType", palette_account_types, \
		    "Cloud of the account; eks and aks have those of aws and azure")

const struct op cloud_account_ops[] = {
	{
		.name = "cloud_account.list",
		.summary = "List the cloud accounts of one cloud",
		GET("/cloudaccounts/:cloudType"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(CLOUD_TYPE, QUERY_PROJECT, QUERY_INSTANCE, QUERY_PAGE),
		.answer = accounts_answer,
		.run = cloud_account_list,
	},
	{
		.name = "cloud_account.get",
		.summary = "Show one cloud account without its secrets",
		GET("/cloudaccounts/:cloudType/:accountUid"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(CLOUD_TYPE, ACCOUNT_UID, QUERY_PROJECT, QUERY_INSTANCE),
		.answer = palette_object,
		.run = cloud_account_get,
	},
	{
		.name = "cloud_account.vsphere_metadata",
		.summary =
			"List the datacenters, compute clusters and folders of a vSphere account",
		GET("/cloudaccounts/vsphere/:accountUid/metadata"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ACCOUNT_UID, QUERY_PROJECT, QUERY_INSTANCE),
		.answer = datacenters_answer,
		.run = vsphere_metadata,
	},
	{
		.name = "cloud_account.vsphere_resources",
		.summary = "List the datastores, networks and resource pools of a compute cluster",
		GET("/cloudaccounts/vsphere/:accountUid/computecluster/resources"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(
			ACCOUNT_UID, QUERY_TEXT_REQUIRED("datacenter", "Name of the datacenter"),
			QUERY_TEXT_REQUIRED("computecluster", "Name of the compute cluster"),
			QUERY_PROJECT, QUERY_INSTANCE),
		.answer = resources_answer,
		.run = vsphere_resources,
	},
	{.name = NULL},
};
