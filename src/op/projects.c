/* Projects, and the cluster profiles in them. */
#include "op/page.h"
#include "op/rows.h"

static bool project_list(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_PROJECTS};

	return answer_list_document(c, &wanted, res, err);
}

static bool project_profiles(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_PROFILES,
					      .project = call_string(c, "projectUid"),
					      .cloud_type = call_string(c, "cloudType"),
					      .profile_type = call_string(c, "profileType")};

	return answer_list_document(c, &wanted, res, err);
}

static const struct field projects_answer[] = {
	{.name = "projects",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "The projects of the tenant"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

static const struct field profiles_answer[] = {
	{.name = "profiles",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = palette_object,
	 .help = "The profiles that clusters of the project can use"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

const struct op project_ops[] = {
	{
		.name = "project.list",
		.summary = "List the tenant's projects",
		GET("/projects"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_INSTANCE, QUERY_PAGE),
		.answer = projects_answer,
		.run = project_list,
	},
	{
		.name = "project.profiles",
		.summary = "List the cluster profiles of a project",
		GET("/projects/:projectUid/profiles"),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(
			PATH_IDENTIFIER("projectUid", "UID of the project"),
			QUERY_NAME("cloudType", "Only profiles for this cloud, such as aws"),
			QUERY_NAME("profileType", "Only this type: infra, cluster, add-on or "
						  "system; infra and cluster without it"),
			QUERY_INSTANCE, QUERY_PAGE),
		.answer = profiles_answer,
		.run = project_profiles,
	},
	{.name = NULL},
};
