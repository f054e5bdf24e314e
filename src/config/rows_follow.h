/* Rows of the table in table.c: following clusters until they run. */
/* clang-format off */
	{
		.path = "spectrocloud.follow.interval",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, follow.interval_ms),
		.fallback = "5s",
		.min = SECOND,
		.max = MINUTE,
		.help = "How often Palette is asked about a cluster that somebody follows, with two "
			"requests each time. After a while without news, half as often.",
	},
	{
		.path = "spectrocloud.follow.most",
		.type = SETTING_INT,
		.into = offsetof(struct config, follow.most),
		.fallback = "64",
		.min = 1,
		.max = CONFIG_MOST_FOLLOWED,
		.help = "How many clusters can be followed at a time; further requests are answered "
			"with 503. Each takes a thread while it lasts, but none of "
			"`spectrocloud.server.workers`.",
	},
	{
		.path = "spectrocloud.follow.keepAlive",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, follow.keep_alive_ms),
		.fallback = "15s",
		.min = SECOND,
		.max = MINUTE,
		.help = "The longest silence: where there is no news, a comment is sent before it is "
			"over, so that no proxy ends the connection.",
	},
	{
		.path = "spectrocloud.follow.recheck",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, follow.recheck_ms),
		.fallback = "1m",
		.min = SECOND,
		.max = 10 * MINUTE,
		.help = "How often it is asked again whether who follows a cluster still may, and "
			"whether their token is still good.",
	},
	{
		.path = "spectrocloud.follow.patience",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, follow.patience_ms),
		.fallback = "5m",
		.min = SECOND,
		.max = HOUR,
		.help = "After so long without a good answer of Palette, following ends.",
	},
