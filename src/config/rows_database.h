/* Rows of the table in table.c: Backstage's database, which check_store() reads where sessions are
 * kept there. */
/* clang-format off */
	{
		READ_ROW("backend.database.client", store, read_later, "string"),
		.fixed = true,
		.help = "With `better-sqlite3`, sessions are kept in a file beside Backstage's, "
			"or in memory where Backstage does so; with `pg`, in PostgreSQL.",
	},
	{
		READ_ROW("backend.database.connection", store, read_later, "string or map"),
		.secret = true,
		.wants = "`:memory:`, a folder or `directory` for SQLite; for PostgreSQL a URL, or "
			 "`host`, `port`, `user`, `password`, `database`, `ssl`",
		.fixed = true,
		.help = "How to reach it.",
	},
	{
		READ_ROW("backend.database.prefix", store, read_later, "string"),
		.fallback = "backstage_plugin_",
		.fixed = true,
		.help = "What the names of plugins' databases begin with.",
	},
	{
		READ_ROW("backend.database.pluginDivisionMode", store, read_later, "string"),
		.fallback = "database",
		.wants = "database or schema",
		.fixed = true,
		.help = "Whether each plugin has a database or a schema of its own.",
	},
	{
		READ_ROW("backend.database.ensureExists", store, read_later, "boolean"),
		.fallback = "true",
		.fixed = true,
		.help = "Whether the database, or schema, is made where it is missing.",
	},
	{
		READ_ROW("backend.database.plugin.spectrocloud.client", store, read_later, "string"),
		.fixed = true,
		.help = "As above, for this service alone.",
	},
	{
		READ_ROW("backend.database.plugin.spectrocloud.connection", store, read_later,
			 "string or map"),
		.secret = true,
		.fixed = true,
		.help = "As above, for this service alone; a map is laid over the one above.",
	},
	{
		READ_ROW("backend.database.plugin.spectrocloud.ensureExists", store, read_later,
			 "boolean"),
		.fixed = true,
		.help = "As above, for this service alone.",
	},
