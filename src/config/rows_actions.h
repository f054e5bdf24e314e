/* Rows of the table in table.c: which actions Backstage's callers are offered. The other keys of
 * backend.actions are Backstage's alone. */
/* clang-format off */
	{
		READ_ROW("backend.actions.pluginSources", actions.offered, read_plugin_sources,
			 "list of strings"),
		.narrows = true,
		.wants = "a list of names of plugins",
		.help = "The plugins whose actions Backstage offers to agents and templates. Where "
			"it is set and does not name `spectrocloud`, this service has none for "
			"them.",
	},
	{
		.path = "backend.actions.filter.include",
		.type = SETTING_LIST,
		.into = offsetof(struct config, actions.include),
		.count_into = offsetof(struct config, actions.include_count),
		.narrows = true,
		.list = &action_include_list,
		.help = "The actions that are offered: those that one of these rules fits in all "
			"its parts. Without any rule, all.",
	},
	{
		.path = "backend.actions.filter.exclude",
		.type = SETTING_LIST,
		.into = offsetof(struct config, actions.exclude),
		.count_into = offsetof(struct config, actions.exclude_count),
		.narrows = true,
		.list = &action_exclude_list,
		.help = "Of those, the ones that are not: those that one of these rules fits in all "
			"its parts.",
	},
