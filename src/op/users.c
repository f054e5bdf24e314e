/* The caller in Palette: their projects and SSH keys. */
#include "op/page.h"
#include "op/rows.h"

static bool user_projects(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_MY_PROJECTS};

	return answer_list_document(c, &wanted, res, err);
}

static bool user_ssh_keys(struct call *c, struct result *res, struct error *err)
{
	struct buf out;

	if (!palette_ssh_keys(c->palette, call_string(c, "projectUid"), &out, err))
		return false;
	result_json_owned(res, &out);
	return true;
}

static const struct field project_name[] = {
	{.name = "uid", .type = FIELD_STRING, .required = true, .help = "The project's UID"},
	{.name = "name", .type = FIELD_STRING, .required = true, .help = "Its name"},
	{.name = NULL},
};

static const struct field projects_answer[] = {
	{.name = "projects",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = project_name,
	 .help = "The projects in which the caller has any permission"},
	QUERY_PAGE_FIELDS,
	{.name = NULL},
};

static const struct field keys_answer[] = {
	{.name = "items",
	 .type = FIELD_ARRAY,
	 .fields = palette_object,
	 .help = "The public keys kept in Palette"},
	{.name = NULL},
};

const struct op user_ops[] = {
	{
		.name = "user.projects",
		.summary = "List the caller's own Palette projects",
		GET("/users/me/projects"),
		.permission = PERMIT_AUTHENTICATED,
		.params = PARAMS(QUERY_INSTANCE, QUERY_PAGE),
		.flags = OP_LIST,
		.answer = projects_answer,
		.run = user_projects,
	},
	{
		.name = "user.ssh_keys",
		.summary = "List the SSH keys kept in Palette",
		GET("/users/sshkeys"),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(QUERY_PROJECT, QUERY_INSTANCE),
		.answer = keys_answer,
		.run = user_ssh_keys,
	},
	{.name = NULL},
};
