/* Rows of the table in table.c: where users' Palette sessions are kept. */
/* clang-format off */
	{
		.path = "spectrocloud.tokenStore.type",
		.type = SETTING_ENUM,
		.into = offsetof(struct config, store.type),
		.fallback = "auto",
		.choices = store_types,
		.fixed = true,
		.help = "Where users' Palette sessions are kept. `auto` takes what else stands "
			"here, or else follows `backend.database`; without either they are kept in "
			"memory, and are lost with a restart.",
	},
	{
		.path = "spectrocloud.tokenStore.path",
		.type = SETTING_STRING,
		.into = offsetof(struct config, store.path),
		.fixed = true,
		.help = "The SQLite file. Relative paths start where the service does.",
	},
	{
		READ_ROW("spectrocloud.tokenStore.connection", store, read_later, "secret"),
		.secret = true,
		.wants = "a PostgreSQL URL, or keywords and values as libpq takes them",
		.fixed = true,
		.help = "A PostgreSQL database, with its user and password, that this service may "
			"make its tables in. In a URL, user and password are percent-encoded.",
	},
	{
		READ_ROW("spectrocloud.tokenStore.encryptionKey", store, read_store_keys,
			 "secret, or list of secrets"),
		.secret = true,
		.wants = "32 bytes in base64, or 64 hexadecimal digits",
		.fixed = true,
		.help = "What sessions in a file or a database are encrypted with; needed for "
			"those. `openssl rand -base64 32` makes one. The first of a list encrypts, "
			"all decrypt.",
	},
	{
		READ_ROW("spectrocloud.tokenStore.encryptionKeys", store, read_store_keys,
			 "secret, or list of secrets"),
		.secret = true,
		.wants = "32 bytes in base64, or 64 hexadecimal digits, each",
		.fixed = true,
		.help = "Further keys, behind those of `encryptionKey`.",
	},
