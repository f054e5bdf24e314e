/* Rows of the table in table.c: a listener for metrics, the log, and traces. */
/* clang-format off */
	{
		.path = "spectrocloud.telemetry.listen",
		.type = SETTING_STRING,
		.into = offsetof(struct config, telemetry_listen),
		.accepts = accepts_listen_address,
		.wants = "HOST:PORT, [IPV6]:PORT or unix:PATH",
		.fixed = true,
		.help = "A further address, where `/metrics` needs no credential; see "
			"[metrics.md](metrics.md). Whoever reaches it may read them: let it be one "
			"that only your monitoring reaches. There is also `/status`, for who is on "
			"this machine; see [operations.md](operations.md). Without it there is none.",
	},
	{
		.path = "spectrocloud.telemetry.logLevel",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, log_level),
		.fallback = "info",
		.choices = log_level_choices,
		.variable = "LOG_LEVEL",
		.help = "The least important lines that are logged.",
	},
	{
		READ_ROW("spectrocloud.telemetry.logLevels", log_levels, read_log_levels, "map"),
		.wants = "modules, each with debug, info, warn or error",
		.help = "Levels of their own for modules, such as `{ palette: debug, request: warn }`. "
			"[generated/log.md](generated/log.md) lists the modules.",
	},
	{
		.path = "spectrocloud.telemetry.logFormat",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, log_format),
		.fallback = "text",
		.choices = log_formats,
		.help = "How a line of the log is written.",
	},
	{
		.path = "spectrocloud.telemetry.otlpEndpoint",
		.type = SETTING_URL,
		.into = offsetof(struct config, tracing.endpoint),
		.fixed = true,
		.help = "Where spans are sent, by OTLP over HTTP with JSON, such as "
			"`http://otel-collector:4318`; `/v1/traces` is added. Without it none are "
			"made. [observability.md](observability.md#traces) says what is in them.",
	},
	{
		READ_ROW("spectrocloud.telemetry.otlpHeaders", tracing.headers, read_health_headers,
			 "map"),
		.wants = "names and values of at most 16 headers",
		.secret = true,
		.fixed = true,
		.help = "Headers that are sent along, such as an API key.",
	},
	{
		READ_ROW("spectrocloud.telemetry.sampleRatio", tracing.ratio, read_ratio, "fraction"),
		.fallback = "1",
		.wants = "a number from 0 to 1",
		.help = "Of the traces that begin here, the part that is sampled. Where a caller says "
			"whether its trace is, that holds.",
	},
