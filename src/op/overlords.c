/* Private cloud gateways, which Palette's API calls overlords. */
#include "op/rows.h"
#include "op/shape.h"

static bool overlord_list(struct call *c, struct result *res, struct error *err)
{
	struct buf document;
	struct buf out;

	if (!palette_overlords(c->palette, call_string(c, "projectUid"), &document, err))
		return false;
	buf_init(&out, document.max_bytes);
	shape_filter(text_trim(buf_text(&document)), shape_is_public_gateway, &out);
	buf_fini(&document);
	result_json_owned(res, &out);
	return true;
}

static bool overlord_pools(struct call *c, struct result *res, struct error *err)
{
	return result_object(c, palette_ip_pools, "overlordUid", res, err);
}

static const struct field overlords_answer[] = {
	{.name = "items",
	 .type = FIELD_ARRAY,
	 .fields = palette_object,
	 .help = "The gateways, without what joins one to the tenant"},
	{.name = NULL},
};

static const struct field pools_answer[] = {
	{.name = "items", .type = FIELD_ARRAY, .fields = palette_object, .help = "The IP pools"},
	{.name = NULL},
};

const struct op overlord_ops[] = {
	{
		.name = "overlord.list",
		.summary = "List the private cloud gateways",
		GET("/overlords"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_PROJECT, QUERY_INSTANCE),
		.answer = overlords_answer,
		.run = overlord_list,
	},
	{
		.name = "overlord.vsphere_pools",
		.summary = "List the IP pools of a private cloud gateway",
		GET("/overlords/vsphere/:overlordUid/pools"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(PATH_IDENTIFIER("overlordUid", "UID of the gateway"),
				 QUERY_PROJECT, QUERY_INSTANCE),
		.answer = pools_answer,
		.run = overlord_pools,
	},
	{.name = NULL},
};
