/* Rows of the table in table.c: which answers of Palette are kept, and how long. */
/* clang-format off */
	{
		.path = "spectrocloud.cache.ttl.lists",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, cache.lists_ms),
		.fallback = "30s",
		.min = 0,
		.max = HOUR,
		.help = "How long a list of Palette's (clusters, virtual clusters, projects, their "
			"profiles, cluster groups) is kept for those who ask with the same "
			"credential. Then it is asked again in the background, and answered as it "
			"was meanwhile, at most as long again. With `0s` nothing is kept; equal "
			"questions at the same time are asked once all the same.",
	},
	{
		.path = "spectrocloud.cache.ttl.details",
		.type = SETTING_DURATION_MS,
		.into = offsetof(struct config, cache.details_ms),
		.fallback = "10s",
		.min = 0,
		.max = HOUR,
		.help = "The same of a single cluster, virtual cluster, profile or cluster group, "
			"and of which projects are the caller's. What holds secrets is never kept.",
	},
	{
		.path = "spectrocloud.cache.maxBytes",
		.type = SETTING_SIZE_BYTES,
		.into = offsetof(struct config, cache.max_bytes),
		.fallback = "64MiB",
		.min = 0,
		.max = 1024 * MIB,
		.help = "How much memory all that is kept may take, compressed forms included; "
			"what was not used for longest goes first.",
	},
