/* Rows of the table in table.c: what protects Palette and this service from each other. */
/* clang-format off */
	{
		.path = "spectrocloud.upstream.rates",
		.type = SETTING_LIST,
		.into = offsetof(struct config, upstream_rates),
		.count_into = offsetof(struct config, upstream_rate_count),
		.max = CONFIG_MOST_RATES,
		.list = &rate_list,
		.help = "Rate limits of Palette other than the published ones, such as those of a "
			"Palette of one's own: each takes the place of the published one of its "
			"path, or is one more. 32 at most.",
	},
	{
		.path = "spectrocloud.upstream.circuitFailures",
		.type = SETTING_INT,
		.into = offsetof(struct config, upstream_circuit_failures),
		.fallback = "5",
		.min = 0,
		.max = 1000,
		.help = "After so many failures of an environment in a row (no connection, a broken "
			"one, no answer within `timeout`, 502, 503 or 504) nothing is sent there for "
			"a while, and calls are answered with 503 at once. Each attempt counts, also "
			"those that one request makes; those about one object or project alone do "
			"not suffice. With 0 they always are sent.",
	},
	{
		.path = "spectrocloud.upstream.circuitPause",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, upstream_circuit_pause_ms),
		.fallback = "10s",
		.min = 100,
		.max = HOUR,
		.help = "How long nothing is sent then, before one request that only reads tries "
			"whether the environment answers. It doubles with each one that fails, up to "
			"six times (`10s` becomes 640 seconds); up to a quarter of it more is added "
			"at random.",
	},
