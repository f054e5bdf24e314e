/* Cluster profiles: search, details, packs, variables. */
#include "op/page.h"
#include "op/rows.h"

static bool profile_search(struct call *c, struct result *res, struct error *err)
{
	struct palette_list list;
	const char *const *names;
	size_t count;

	names = call_strings(c, "names", &count);
	palette_list_init(&list, c->palette, "profiles");
	return answer_list(c, &list,
			   palette_profiles_named(c->palette, call_string(c, "projectUid"), names,
						  count, &list, err),
			   res, err);
}

static bool profile_get(struct call *c, struct result *res, struct error *err)
{
	return result_object_document(c, PALETTE_DOCUMENT_PROFILE, "profileUid", res, err);
}

/* A version of a profile is a profile of its own, with its own UID. */
static bool profile_packs(struct call *c, struct result *res, struct error *err)
{
	const char *version = call_string(c, "versionUid");
	const char *uid = version != NULL ? version : call_string(c, "profileUid");
	struct buf out;

	if (!palette_profile_packs(c->palette, call_string(c, "projectUid"), uid, &out, err))
		return false;
	result_json_owned(res, &out);
	return true;
}

static bool profile_variables(struct call *c, struct result *res, struct error *err)
{
	return result_object(c, palette_profile_variables, "profileUid", res, err);
}

static const struct field profiles_answer[] = {
	{.name = "profiles",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "The profiles with one of the names"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

static const struct field variable_fields[] = {
	{.name = "name", .type = FIELD_STRING, .help = "As written in pack values"},
	{.name = NULL},
};

static const struct field variables_answer[] = {
	{.name = "variables",
	 .type = FIELD_ARRAY,
	 .fields = variable_fields,
	 .help = "The variables the profile declares"},
	{.name = NULL},
};

const struct op profile_ops[] = {
	{
		.name = "profile.search",
		.summary = "Find cluster profiles by their names",
		POST("/profiles/search"),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(BODY_STRINGS("names", "Names to look for; case does not count"),
				 QUERY_PROJECT, QUERY_INSTANCE, QUERY_PAGE),
		.answer = profiles_answer,
		.run = profile_search,
	},
	{
		.name = "profile.get",
		.summary = "Show one cluster profile",
		GET("/profiles/:profileUid"),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(PATH_IDENTIFIER("profileUid", "UID of the profile"), QUERY_PROJECT,
				 QUERY_INSTANCE),
		.answer = palette_object,
		.run = profile_get,
	},
	{
		.name = "profile.packs",
		.summary = "Show a cluster profile with the values and schemas of its packs",
		GET("/profiles/:profileUid/packs"),
		.permission = PERMIT_VIEW_PACK_VALUES,
		.params = PARAMS(PATH_IDENTIFIER("profileUid", "UID of the profile"),
				 QUERY_IDENTIFIER("versionUid", "UID of a version of the profile"),
				 QUERY_PROJECT, QUERY_INSTANCE),
		.flags = OP_AUDIT | OP_SECRET,
		.answer = palette_object,
		.run = profile_packs,
	},
	{
		.name = "profile.variables",
		.summary = "List the variables of a cluster profile",
		GET("/profiles/:profileUid/variables"),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(PATH_IDENTIFIER("profileUid", "UID of the profile"), QUERY_PROJECT,
				 QUERY_INSTANCE),
		.answer = variables_answer,
		.run = profile_variables,
	},
	{.name = NULL},
};
