/* Rows of the table in table.c: what agents are offered through this service's own endpoint. */
/* clang-format off */
	{
		.path = "spectrocloud.mcp.enabled",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, mcp.enabled),
		.fallback = "true",
		.narrows = true,
		.help = "Whether agents can connect over HTTP, at `/api/spectrocloud/mcp`. The "
			"command `mcp`, over standard input and output, works in any case.",
	},
	{
		.path = "spectrocloud.mcp.toolsets",
		.type = SETTING_WORDS,
		.into = offsetof(struct config, mcp.toolsets),
		.count_into = offsetof(struct config, mcp.toolset_count),
		.fallback = "core",
		.narrows = true,
		.choices = toolsets,
		.help = "The groups of tools that agents are offered. `core` has the actions that "
			"Backstage lists too; `operations` events, nodes, machine pools and "
			"upgrades of clusters; `packs` the search for packs and their details; "
			"`tags` those of clusters and profiles, also to change them; `create` what a "
			"new cluster needs, a plan of it, and its creation.",
	},
	{
		READ_ROW("spectrocloud.mcp.include", mcp.include, read_tool_patterns, STRINGS_KIND),
		.narrows = true,
		.min = 1,
		.wants = "globs such as list_spectrocloud_*",
		.help = "Of the tools in `toolsets`, those whose names one of these matches; "
			"without it, all. Globs are minimatch's, each a string of its own.",
	},
	{
		READ_ROW("spectrocloud.mcp.exclude", mcp.exclude, read_tool_patterns, STRINGS_KIND),
		.narrows = true,
		.wants = "globs such as get_spectrocloud_kubeconfig_*",
		.help = "The tools that are not offered, whatever else stands here; neither by our own MCP "
			"endpoint nor to Backstage.",
	},
	{
		.path = "spectrocloud.mcp.readOnly",
		.type = SETTING_BOOL,
		.into = offsetof(struct config, mcp.read_only),
		.fallback = "false",
		.narrows = true,
		.help = "Leaves out every tool that can change something.",
	},
	{
		.path = "spectrocloud.mcp.kubeconfig",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, mcp.kubeconfig),
		.fallback = "oidc",
		.narrows = true,
		.choices = kubeconfigs,
		.help = "Which kubeconfigs agents are given: with `oidc` those that hold no "
			"credential, as each user signs in with their own; with `full` also those "
			"with a key, a token or a password, which then are in the hands of the "
			"agent and of whoever keeps what it read; with `off` none.",
	},
	{
		READ_ROW("spectrocloud.mcp.allowedOrigins", mcp.allowed_origins, read_web_origins,
			 STRINGS_KIND),
		.wants = "origins such as https://app.example.com",
		.help = "The origins whose pages may use the endpoint from a browser, besides its "
			"own: scheme, host and perhaps a port, no globs. Requests without an "
			"`Origin`, those of programs, are not concerned.",
	},
