/* What agents list and search: clusters, projects, groups, profiles, accounts. */
#include "op/agent.h"
#include "op/rows.h"

#define UID(what)                                                                          \
	{                                                                                  \
		.name = "uid", .type = FIELD_STRING, .required = true,                     \
		FROM("/metadata/uid", "/uid"), .help = "Palette's identifier of the " what \
	}
#define NAME                                                                   \
	{                                                                      \
		.name = "name", .type = FIELD_STRING, .required = true,        \
		FROM("/metadata/name", "/name"), .help = "Its name in Palette" \
	}
#define STATE                                                                     \
	{                                                                         \
		.name = "state", .type = FIELD_STRING, FROM("/status/state"),     \
		.help = "Such as Running, Provisioning, Pending, Deleting, Error" \
	}
#define PROJECT                                                                                \
	{                                                                                      \
		.name = "projectUid", .type = FIELD_STRING,                                    \
		FROM("/metadata/annotations/projectUid", "/specSummary/projectMeta/uid"),      \
		.help = "UID of its project; left out or empty where it belongs to the tenant" \
	}

static const struct page_filter by_name_only[] = {
	{.param = "nameContains", .field = "name", .contains = true},
	{.param = NULL},
};

static const struct page_filter by_name_and_state[] = {
	{.param = "nameContains", .field = "name", .contains = true},
	{.param = "state", .field = "state"},
	{.param = NULL},
};

static const struct page_filter by_all[] = {
	{.param = "nameContains", .field = "name", .contains = true},
	{.param = "state", .field = "state"},
	{.param = "cloudType", .field = "cloudType"},
	{.param = NULL},
};

/* ---- clusters ---- */

static const struct field cluster_item[] = {
	UID("cluster"),
	NAME,
	STATE,
	{.name = "cloudType",
	 .type = FIELD_STRING,
	 FROM("/spec/cloudType", "/spec/cloudConfig/cloudType"),
	 .help = "Such as eks, aws, aks, azure, vsphere, nested"},
	PROJECT,
	{.name = "tags", .type = FIELD_ARRAY, FROM("/spec/tags"), .help = "Its tags"},
	{.name = NULL},
};

static const struct field clusters_answer[] = {
	{.name = "clusters",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = cluster_item,
	 .help = "By name"},
	PAGE_FIELDS("clusters"),
	{.name = NULL},
};

static bool list_clusters(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {.key = "clusters", .item = cluster_item, .filters = by_all};
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_CLUSTERS,
					      .project = call_string(c, "projectUid")};

	return answer_page_document(c, &page, &wanted, res, err);
}

static const struct field virtual_item[] = {
	UID("virtual cluster"), NAME, STATE, PROJECT, {.name = NULL},
};

static const struct field virtual_answer[] = {
	{.name = "virtualClusters",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = virtual_item,
	 .help = "By name"},
	PAGE_FIELDS("virtual clusters"),
	{.name = NULL},
};

static bool list_virtual_clusters(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {
		.key = "virtualClusters", .item = virtual_item, .filters = by_name_and_state};
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_VIRTUAL_CLUSTERS,
					      .project = call_string(c, "projectUid")};

	return answer_page_document(c, &page, &wanted, res, err);
}

/* ---- projects and groups ---- */

static const struct field project_item[] = {
	UID("project"),
	NAME,
	{.name = NULL},
};

static const struct field projects_answer[] = {
	{.name = "projects",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = project_item,
	 .help = "By name"},
	PAGE_FIELDS("projects"),
	{.name = NULL},
};

static bool list_projects(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {.key = "projects", .item = project_item, .filters = by_name_only};
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_PROJECTS};

	return answer_page_document(c, &page, &wanted, res, err);
}

/* Groups are answered as Palette has them: this is only for their order and choice. */
static const struct field group_item[] = {
	UID("cluster group"),
	NAME,
	{.name = NULL},
};

static const struct field whole_object[] = {{.name = NULL}};

static const struct field groups_answer[] = {
	{.name = "clusterGroups",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = whole_object,
	 .help = "By name, as Palette describes them"},
	PAGE_FIELDS("cluster groups"),
	{.name = NULL},
};

static bool list_groups(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {.key = "clusterGroups",
				  .document_key = "items",
				  .item = group_item,
				  .items = PAGE_OF_MASKED,
				  .filters = by_name_only};
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_CLUSTER_GROUPS,
					      .project = call_string(c, "projectUid")};

	return answer_page_document(c, &page, &wanted, res, err);
}

/* ---- profiles ---- */

static const struct field profile_item[] = {
	UID("profile"),
	NAME,
	{.name = "cloudType",
	 .type = FIELD_STRING,
	 FROM("/specSummary/published/cloudType", "/specSummary/draft/cloudType",
	      "/spec/published/cloudType", "/spec/cloudType"),
	 .help = "The cloud it is for, or all"},
	{.name = "type",
	 .type = FIELD_STRING,
	 FROM("/specSummary/published/type", "/specSummary/draft/type", "/spec/published/type",
	      "/spec/type"),
	 .help = "infra, cluster, add-on or system"},
	{.name = "version",
	 .type = FIELD_STRING,
	 FROM("/specSummary/version", "/spec/version"),
	 .help = "Its version"},
	PROJECT,
	{.name = NULL},
};

static const struct field profiles_answer[] = {
	{.name = "profiles",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = profile_item,
	 .help = "By name"},
	PAGE_FIELDS("profiles"),
	{.name = NULL},
};

/* What was looked for, so that a cursor is for that alone. */
static struct text join(struct call *c, const char *const *names, size_t count)
{
	struct text all;
	struct buf joined;

	buf_init(&joined, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_add_string(&joined, names[i]);
		buf_add_char(&joined, '\0');
	}
	all = arena_copy_text(c->arena, buf_text(&joined));
	buf_fini(&joined);
	return all;
}

static bool search_profiles(struct call *c, struct result *res, struct error *err)
{
	struct page page = {.key = "profiles", .item = profile_item};
	struct palette_list list;
	const char *const *names;
	size_t count;

	names = call_strings(c, "names", &count);
	page.basis = join(c, names, count);
	palette_list_init(&list, c->palette, page.key);
	return answer_page(c, &page, &list,
			   palette_profiles_named(c->palette, call_string(c, "projectUid"), names,
						  count, &list, err),
			   res, err);
}

static const struct page_filter of_project[] = {
	{.param = "nameContains", .field = "name", .contains = true},
	{.param = NULL},
};

static bool list_profiles(struct call *c, struct result *res, struct error *err)
{
	const struct palette_wanted wanted = {.kind = PALETTE_DOCUMENT_PROFILES,
					      .project = call_string(c, "projectUid"),
					      .cloud_type = call_string(c, "cloudType"),
					      .profile_type = call_string(c, "profileType")};
	const char *cloud = wanted.cloud_type;
	const char *type = wanted.profile_type;
	const struct page page = {
		.key = "profiles",
		.item = profile_item,
		.filters = of_project,
		.basis = text_of(arena_printf(c->arena, "%s/%s", cloud == NULL ? "" : cloud,
					      type == NULL ? "" : type)),
	};

	return answer_page_document(c, &page, &wanted, res, err);
}

/* ---- cloud accounts ---- */

static const struct field account_item[] = {
	UID("cloud account"),
	NAME,
	{.name = NULL},
};

static const struct field accounts_answer[] = {
	{.name = "accounts",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .fields = account_item,
	 .help = "By name, without their credentials"},
	PAGE_FIELDS("accounts"),
	{.name = NULL},
};

static bool list_accounts(struct call *c, struct result *res, struct error *err)
{
	const struct page page = {.key = "accounts",
				  .item = account_item,
				  .filters = by_name_only,
				  .basis = text_of(call_string(c, "cloudType"))};
	struct palette_list list;

	palette_list_init(&list, c->palette, page.key);
	return answer_page(c, &page, &list,
			   palette_accounts(c->palette, call_string(c, "projectUid"),
					    call_string(c, "cloudType"), &list, err),
			   res, err);
}

/* ---- rows ---- */

#define ARG_STATE \
	ARG("state", PARAM_TEXT, "Only those in this state, such as Running; case does not count")

const struct op agent_list_ops[] = {
	{
		.name = "agent.list_clusters",
		.summary = "List clusters for an agent, in pages",
		TOOL(.name = "list_spectrocloud_clusters", .title = "List SpectroCloud clusters",
		     .toolset = "core",
		     .description =
			     "Lists the Kubernetes clusters managed by SpectroCloud Palette that "
			     "the caller can see, of all projects or of one, with their state. "
			     "Filter rather than read page after page; total says how many there "
			     "are. For health use get_spectrocloud_health_for_cluster."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_INSTANCE,
				 ARG("projectUid", PARAM_IDENTIFIER,
				     "Only clusters of this Palette project"),
				 ARG_NAME_CONTAINS, ARG_STATE,
				 ARG("cloudType", PARAM_TEXT,
				     "Only clusters on this cloud, such as eks or vsphere"),
				 ARG_FIELDS("fields", cluster_item,
					    "What to answer of each besides uid and name; without "
					    "it everything"),
				 ARG_LIMIT, ARG_CURSOR),
		.answer = clusters_answer,
		.run = list_clusters,
	},
	{
		.name = "agent.list_virtual_clusters",
		.summary = "List virtual clusters for an agent, in pages",
		TOOL(.name = "list_spectrocloud_virtual_clusters",
		     .title = "List SpectroCloud virtual clusters", .toolset = "core",
		     .description =
			     "Lists the virtual clusters (nested in a host cluster) of "
			     "SpectroCloud Palette that the caller can see, with their state."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_INSTANCE,
				 ARG("projectUid", PARAM_IDENTIFIER,
				     "Only virtual clusters of this Palette project"),
				 ARG_NAME_CONTAINS, ARG_STATE,
				 ARG_FIELDS("fields", virtual_item,
					    "What to answer of each besides uid and name; without "
					    "it everything"),
				 ARG_LIMIT, ARG_CURSOR),
		.answer = virtual_answer,
		.run = list_virtual_clusters,
	},
	{
		.name = "agent.list_projects",
		.summary = "List projects for an agent, in pages",
		TOOL(.name = "list_spectrocloud_projects", .title = "List SpectroCloud projects",
		     .toolset = "core",
		     .description = "Lists the projects of the SpectroCloud Palette tenant. Other "
				    "tools take their UID as projectUid."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params = PARAMS(ARG_INSTANCE, ARG_NAME_CONTAINS, ARG_LIMIT, ARG_CURSOR),
		.answer = projects_answer,
		.run = list_projects,
	},
	{
		.name = "agent.list_cluster_groups",
		.summary = "List cluster groups for an agent, in pages",
		TOOL(.name = "list_spectrocloud_cluster_groups",
		     .title = "List SpectroCloud cluster groups", .toolset = "core",
		     .description =
			     "Lists the cluster groups of SpectroCloud Palette, which host virtual "
			     "clusters, of the tenant or of one project."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params =
			PARAMS(ARG_INSTANCE, ARG_PROJECT, ARG_NAME_CONTAINS, ARG_LIMIT, ARG_CURSOR),
		.answer = groups_answer,
		.run = list_groups,
	},
	{
		.name = "agent.search_profiles",
		.summary = "Find cluster profiles by their names for an agent",
		TOOL(.name = "search_spectrocloud_profiles_by_names",
		     .title = "Find SpectroCloud cluster profiles by name", .toolset = "core",
		     .description =
			     "Finds the cluster profiles of SpectroCloud Palette that have one of "
			     "the names, whatever their case, and gives their UIDs."),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(ARG_REQUIRED("names", PARAM_STRINGS,
					      "Whole names of profiles; case does not count"),
				 ARG_PROJECT, ARG_INSTANCE, ARG_LIMIT, ARG_CURSOR),
		.answer = profiles_answer,
		.run = search_profiles,
	},
	{
		.name = "agent.list_profiles",
		.summary = "List the cluster profiles of a project for an agent, in pages",
		TOOL(.name = "list_spectrocloud_profiles_for_project",
		     .title = "List SpectroCloud cluster profiles of a project", .toolset = "core",
		     .description =
			     "Lists the cluster profiles that clusters of one SpectroCloud Palette "
			     "project can use. Without profileType only the types infra and "
			     "cluster are listed; add-on has to be asked for."),
		.permission = PERMIT_VIEW_PROFILE,
		.params = PARAMS(
			ARG_REQUIRED("projectUid", PARAM_IDENTIFIER, "UID of the Palette project"),
			ARG("cloudType", PARAM_NAME, "Only profiles for this cloud, such as aws"),
			ARG("profileType", PARAM_NAME,
			    "Only this type: infra, cluster, add-on or system"),
			ARG_INSTANCE, ARG_NAME_CONTAINS, ARG_LIMIT, ARG_CURSOR),
		.answer = profiles_answer,
		.run = list_profiles,
	},
	{
		.name = "agent.list_cloud_accounts",
		.summary = "List the cloud accounts of one cloud for an agent, in pages",
		TOOL(.name = "list_spectrocloud_cloud_accounts",
		     .title = "List SpectroCloud cloud accounts", .toolset = "core",
		     .description = "Lists the accounts that SpectroCloud Palette has for one "
				    "cloud, without their credentials."),
		.permission = PERMIT_VIEW_CLUSTER,
		.params =
			PARAMS({.name = "cloudType",
				.in = IN_ARGUMENT,
				.type = PARAM_CHOICE,
				.required = true,
				.choices = palette_account_types,
				.help = "The cloud; eks and aks have the accounts of aws and "
					"azure"},
			       ARG_PROJECT, ARG_INSTANCE, ARG_NAME_CONTAINS, ARG_LIMIT, ARG_CURSOR),
		.answer = accounts_answer,
		.run = list_accounts,
	},
	{.name = NULL},
};
