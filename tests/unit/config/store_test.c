/* spectrocloud.tokenStore and backend.database. */
#include "unit/config/fixture.h"

#define KEY    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define STORED "spectrocloud: {tokenStore: {encryptionKey: '" KEY "'}}\n"
#define SQLITE(connection) \
	STORED "backend: {database: {client: better-sqlite3, connection: " connection "}}"
#define PG(rest) STORED "backend: {database: {client: pg, " rest "}}"

static const struct config_store *store_of(struct fixture *f, const char *yaml)
{
	fixture_loads(f, yaml);
	return &f->config->store;
}

static const struct config_postgres *postgres_of(struct fixture *f, const char *yaml)
{
	const struct config_store *store = store_of(f, yaml);

	assert_int_equal(store->type, CONFIG_STORE_POSTGRESQL);
	return &store->postgres;
}

static void is_file(struct fixture *f, const char *yaml, const char *file)
{
	const struct config_store *store = store_of(f, yaml);

	assert_int_equal(store->type, CONFIG_STORE_SQLITE);
	if (file[0] != '/') {
		assert_memory_equal(store->file, f->directory, strlen(f->directory));
		assert_string_equal(store->file + strlen(f->directory) + 1, file);
	} else {
		assert_string_equal(store->file, file);
	}
}

static bool secret_is(const struct secret *secret, const char *what)
{
	return secret_equal(secret, text_of(what));
}

static void nothing_configured_is_memory(void **state)
{
	static const char *const all[] = {
		"backend: {}",
		"spectrocloud: {tokenStore: {type: memory}}",
		"{spectrocloud: {tokenStore: {type: memory}}, backend: {database: {client: pg}}}",
		"backend: {database: {client: better-sqlite3, connection: ':memory:'}}",
		"backend: {database: {client: better-sqlite3, connection: {filename: ':memory:'}}}",
		"backend: {database: {client: sqlite3}}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(store_of(f, all[i])->type, CONFIG_STORE_MEMORY);
}

static void another_database_is_remarked_upon(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_of(f, "backend: {database: {client: mysql2}}")->type,
			 CONFIG_STORE_MEMORY);
	assert_true(fixture_noticed(f, "backend.database.client",
				    "not supported here: users' Palette sessions are kept in "
				    "memory, and no other replica has them"));
}

static void files_of_sqlite(void **state)
{
	struct fixture *f = *state;

	is_file(f, SQLITE("{directory: db}"), "db/spectrocloud.sqlite");
	is_file(f, SQLITE("db"), "db/spectrocloud.sqlite");
	is_file(f, SQLITE("/var/x/all.sqlite"), "/var/x/spectrocloud.sqlite");
	is_file(f,
		STORED "backend: {database: {client: pg, connection: {host: h}, plugin: "
		       "{spectrocloud: {client: better-sqlite3, connection: own.db}}}}",
		"own.db");
	is_file(f,
		"spectrocloud: {tokenStore: {path: here.sqlite, encryptionKey: '" KEY "'}}\n"
		"backend: {database: {client: pg, connection: {host: h}}}",
		"here.sqlite");
	is_file(f,
		"spectrocloud: {tokenStore: {type: sqlite, encryptionKey: '" KEY "'}}\n"
		"backend: {database: {client: sqlite3, connection: {directory: /d}}}",
		"/d/spectrocloud.sqlite");
}

static void postgres_as_backstage_has_it(void **state)
{
	struct fixture *f = *state;
	const struct config_postgres *pg =
		postgres_of(f, PG("connection: {host: h, port: 5433, user: u, password: p w}"));

	assert_string_equal(pg->host, "h");
	assert_string_equal(pg->port, "5433");
	assert_string_equal(pg->user, "u");
	assert_true(secret_is(&pg->password, "p w"));
	assert_string_equal(pg->database, "backstage_plugin_spectrocloud");
	assert_null(pg->schema);
	assert_int_equal(pg->tls, CONFIG_TLS_UNSAID);
	assert_true(pg->create);
	pg = postgres_of(f, PG("prefix: x_, ensureExists: false, "
			       "connection: {host: h, database: other}"));
	assert_string_equal(pg->database, "x_spectrocloud");
	assert_false(pg->create);
	pg = postgres_of(f, PG("connection: 'postgresql://u:p@h/other'"));
	assert_true(secret_is(&pg->connection, "postgresql://u:p@h/other"));
	assert_string_equal(pg->database, "backstage_plugin_spectrocloud");
}

static void postgres_by_schema(void **state)
{
	struct fixture *f = *state;
	const struct config_postgres *pg = postgres_of(
		f, PG("pluginDivisionMode: schema, connection: {host: h, database: all}"));

	assert_string_equal(pg->database, "all");
	assert_string_equal(pg->schema, "spectrocloud");
	pg = postgres_of(f, PG("pluginDivisionMode: schema, connection: 'host=h dbname=all'"));
	assert_null(pg->database);
	fixture_fails(f, PG("pluginDivisionMode: both, connection: {host: h}"),
		      "app-config.yaml:2:54: backend.database.pluginDivisionMode: wanted one of "
		      "database, schema");
}

static void postgres_of_this_plugin(void **state)
{
	struct fixture *f = *state;
	const struct config_postgres *pg =
		postgres_of(f, PG("connection: {host: h, user: u}, plugin: {spectrocloud: "
				  "{connection: {user: own, database: mine}}}"));

	assert_string_equal(pg->host, "h");
	assert_string_equal(pg->user, "own");
	assert_string_equal(pg->database, "mine");
	pg = postgres_of(f, PG("connection: {host: h, user: u}, plugin: {spectrocloud: "
			       "{client: pg, connection: {host: own}}}"));
	assert_string_equal(pg->host, "own");
	assert_null(pg->user);
}

static void postgres_and_tls(void **state)
{
	static const char ca[] = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
	struct fixture *f = *state;
	const struct config_postgres *pg;

	assert_int_equal(postgres_of(f, PG("connection: {host: h, ssl: true}"))->tls,
			 CONFIG_TLS_VERIFIED);
	assert_int_equal(postgres_of(f, PG("connection: {host: h, ssl: false}"))->tls,
			 CONFIG_TLS_OFF);
	assert_int_equal(
		postgres_of(f, PG("connection: {host: h, ssl: {rejectUnauthorized: false}}"))->tls,
		CONFIG_TLS_UNVERIFIED);
	fixture_write(f, "ca.pem", ca);
	pg = postgres_of(f, PG("connection: {host: h, ssl: {ca: {$file: ca.pem}}}"));
	assert_int_equal(pg->tls, CONFIG_TLS_VERIFIED);
	assert_memory_equal(pg->ca, ca, strlen(ca) - 1);
	fixture_fails(f, PG("connection: {host: h, ssl: {ca: x}}"),
		      "app-config.yaml:2:66: backend.database.connection.ssl.ca: wanted at least "
		      "one PEM certificate");
	fixture_fails(f, PG("connection: {host: h, ssl: maybe}"),
		      "app-config.yaml:2:61: backend.database.connection.ssl: wanted true, false, "
		      "or a map");
}

static void a_connection_of_ones_own(void **state)
{
	struct fixture *f = *state;
	const struct config_postgres *pg = postgres_of(
		f, "spectrocloud: {tokenStore: {connection: 'postgresql://u:p@h/d', "
		   "encryptionKey: '" KEY "'}}\n"
		   "backend: {database: {client: better-sqlite3, connection: ':memory:'}}");

	assert_true(secret_is(&pg->connection, "postgresql://u:p@h/d"));
	assert_null(pg->database);
	assert_false(pg->create);
	fixture_fails(
		f, "spectrocloud: {tokenStore: {connection: c, path: p, encryptionKey: '" KEY "'}}",
		"app-config.yaml:1:41: spectrocloud.tokenStore: both path and connection; "
		"say which with type");
}

static void what_a_type_needs(void **state)
{
	struct fixture *f = *state;

	fixture_fails(f, "spectrocloud: {tokenStore: {type: sqlite, encryptionKey: '" KEY "'}}",
		      "app-config.yaml:1:28: spectrocloud.tokenStore.path: missing, and "
		      "backend.database does not say it either");
	fixture_fails(f, "spectrocloud: {tokenStore: {type: postgresql, encryptionKey: '" KEY "'}}",
		      "app-config.yaml:1:28: spectrocloud.tokenStore.connection: missing, and "
		      "backend.database does not say it either");
}

static void without_a_key_nothing_is_kept(void **state)
{
	struct fixture *f = *state;

	fixture_fails(f, "backend: {database: {client: pg, connection: {host: h}}}",
		      "app-config.yaml:1:21: spectrocloud.tokenStore.encryptionKey: missing; "
		      "users' Palette sessions are kept in PostgreSQL, and only encrypted: "
		      "`openssl rand -base64 32` makes a key; with spectrocloud.tokenStore.type: "
		      "memory they are not kept");
	fixture_fails(f, "spectrocloud: {tokenStore: {path: p}}",
		      "app-config.yaml:1:28: spectrocloud.tokenStore.encryptionKey: missing; "
		      "users' Palette sessions are kept in an SQLite file, and only encrypted: "
		      "`openssl rand -base64 32` makes a key; with spectrocloud.tokenStore.type: "
		      "memory they are not kept");
}

static void keys(void **state)
{
	static const char hex[] =
		"3031323334353637383961626364656630313233343536373839616263646566";
	static const char plain[] = "0123456789abcdef0123456789abcdef";
	struct fixture *f = *state;
	char yaml[512];
	const struct config_store *store;

	snprintf(yaml, sizeof yaml,
		 "spectrocloud: {tokenStore: {encryptionKey: ['%s', '%s'], encryptionKeys: "
		 "[{$file: key}]}}",
		 hex, KEY);
	fixture_write(f, "key", KEY "\n");
	store = store_of(f, yaml);
	assert_int_equal(store->key_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(secret_is(&store->keys[i], plain));
}

static void wrong_keys_are_not_repeated(void **state)
{
#define WRONG                                                                                     \
	": wanted 32 bytes in base64, or 64 hexadecimal digits; `openssl rand -base64 32` makes " \
	"such a key"
	struct fixture *f = *state;

	fixture_fails(f, "spectrocloud: {tokenStore: {encryptionKey: secret}}",
		      "app-config.yaml:1:44: spectrocloud.tokenStore.encryptionKey" WRONG);
	fixture_fails(f, "spectrocloud: {tokenStore: {encryptionKeys: ['" KEY "', 12]}}",
		      "app-config.yaml:1:94: spectrocloud.tokenStore.encryptionKeys[1]" WRONG);
}

/* The service would keep sessions elsewhere, or not at all, and say nothing. */
static void variables_that_are_not_set(void **state)
{
#define LOST              ": a variable in it is not set"
#define TOKEN_STORE(what) "spectrocloud: {tokenStore: {" what "}}"
#define WITH_KEY(what)    TOKEN_STORE("encryptionKey: '" KEY "', " what)
#define OWN               "spectrocloud.tokenStore."
#define DB                "backend.database."
	static const char *const all[][2] = {
		{WITH_KEY("connection: '${NO_SUCH}'"), OWN "connection" LOST ": NO_SUCH"},
		{WITH_KEY("connection: 'postgresql://u:${NO_SUCH}@h'"),
		 OWN "connection" LOST ": NO_SUCH"},
		{WITH_KEY("type: postgresql, connection: '${NO_SUCH}'"),
		 OWN "connection" LOST ": NO_SUCH"},
		{WITH_KEY("connection: {host: '${NO_SUCH}'}"),
		 OWN "connection.host" LOST ": NO_SUCH"},
		{WITH_KEY("path: {$env: NO_SUCH}"), OWN "path" LOST ": NO_SUCH"},
		{WITH_KEY("type: sqlite, path: '${NO_SUCH}'"), OWN "path" LOST ": NO_SUCH"},
		{WITH_KEY("type: '${NO_SUCH}'"), OWN "type" LOST ": NO_SUCH"},
		{"spectrocloud: {tokenStore: '${NO_SUCH}'}",
		 "spectrocloud.tokenStore" LOST ": NO_SUCH"},
		{TOKEN_STORE("path: p, encryptionKey: '${NO_SUCH}'"),
		 OWN "encryptionKey" LOST ": NO_SUCH"},
		{TOKEN_STORE("path: p, encryptionKey: ['" KEY "', '${OLD}']"),
		 OWN "encryptionKey" LOST},
		{WITH_KEY("path: p, encryptionKeys: ['${OLD}']"), OWN "encryptionKeys" LOST},
		{STORED "backend: {database: '${NO_SUCH}'}", "backend.database" LOST ": NO_SUCH"},
		{STORED "backend: {database: {client: '${NO_SUCH}'}}",
		 DB "client" LOST ": NO_SUCH"},
		{PG("connection: '${NO_SUCH}'"), DB "connection" LOST ": NO_SUCH"},
		{PG("connection: {host: h, password: '${NO_SUCH}'}"),
		 DB "connection.password" LOST ": NO_SUCH"},
		{PG("connection: {host: h, ssl: {ca: '${NO_SUCH}'}}"),
		 DB "connection.ssl.ca" LOST ": NO_SUCH"},
		{PG("connection: {host: h}, prefix: '${NO_SUCH}'"), DB "prefix" LOST ": NO_SUCH"},
		{PG("connection: {host: h}, pluginDivisionMode: '${NO_SUCH}'"),
		 DB "pluginDivisionMode" LOST ": NO_SUCH"},
		{PG("connection: {host: h}, plugin: {spectrocloud: {connection: '${NO_SUCH}'}}"),
		 DB "plugin.spectrocloud.connection" LOST ": NO_SUCH"},
		{SQLITE("'${NO_SUCH}'"), DB "connection" LOST ": NO_SUCH"},
		{SQLITE("{directory: '${NO_SUCH}'}"), DB "connection.directory" LOST ": NO_SUCH"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		fixture_write(f, "app-config.yaml", all[i][0]);
		if (fixture_load(f) || strstr(f->faults.ptr, all[i][1]) == NULL)
			fail_msg("%s: %s", all[i][0], f->faults.ptr);
	}
}

static void variables_that_decide_nothing(void **state)
{
	static const char *const all[] = {
		"spectrocloud: {tokenStore: {type: memory, connection: '${NO_SUCH}', "
		"encryptionKey: "
		"'${NO_SUCH}'}}\nbackend: {database: {client: pg, connection: '${NO_SUCH}'}}",
		WITH_KEY("type: sqlite, path: p, connection: '${NO_SUCH}'"),
		WITH_KEY("path: p") "\nbackend: {database: '${NO_SUCH}'}",
		WITH_KEY("path: '${NO_SUCH:-p}'"),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		fixture_loads(f, all[i]);
}

static void what_backstage_has_and_is_not_read(void **state)
{
	static const char *const all[] = {
		DB "role",
		DB "knexConfig",
		DB "ensureSchemaExists",
		DB "plugin.spectrocloud.role",
		DB "plugin.spectrocloud.knexConfig",
		DB "plugin.spectrocloud.ensureSchemaExists",
		DB "plugin.spectrocloud.pluginDivisionMode",
	};
	static const char unread[] =
		"role: r, knexConfig: {pool: {max: 1}}, ensureSchemaExists: true, plugin: "
		"{spectrocloud: "
		"{role: r, knexConfig: {}, ensureSchemaExists: false, pluginDivisionMode: schema}}";
	struct fixture *f = *state;
	char yaml[640];

	snprintf(yaml, sizeof yaml, STORED "backend: {database: {client: pg, connection: h=1, %s}}",
		 unread);
	store_of(f, yaml);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_true(fixture_noticed(f, all[i], "not read by this service"));
	snprintf(yaml, sizeof yaml,
		 "{spectrocloud: {tokenStore: {type: memory}}, backend: {database: {client: pg, "
		 "connection: h=1, %s}}}",
		 unread);
	store_of(f, yaml);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_false(fixture_noticed(f, all[i], "not read by this service"));
}

static void secrets_are_masked(void **state)
{
	struct fixture *f = *state;
	struct buf out;

	fixture_loads(f, "spectrocloud: {tokenStore: {connection: 'postgresql://u:hush@h/d', "
			 "encryptionKey: '" KEY "', encryptionKeys: ['" KEY "']}}\n"
			 "backend: {database: {client: pg, connection: {password: hush}, "
			 "plugin: {spectrocloud: {connection: {password: hush}}}}}");
	buf_init(&out, 64 * 1024);
	config_show(f->config, &out);
	assert_null(strstr(out.ptr, "hush"));
	assert_null(strstr(out.ptr, KEY));
	assert_non_null(strstr(out.ptr, "    connection: \"***\" # "));
	assert_non_null(strstr(out.ptr, "    client: pg # "));
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nothing_configured_is_memory),
		fixture_test(another_database_is_remarked_upon),
		fixture_test(files_of_sqlite),
		fixture_test(postgres_as_backstage_has_it),
		fixture_test(postgres_by_schema),
		fixture_test(postgres_of_this_plugin),
		fixture_test(postgres_and_tls),
		fixture_test(a_connection_of_ones_own),
		fixture_test(what_a_type_needs),
		fixture_test(without_a_key_nothing_is_kept),
		fixture_test(keys),
		fixture_test(wrong_keys_are_not_repeated),
		fixture_test(variables_that_are_not_set),
		fixture_test(variables_that_decide_nothing),
		fixture_test(what_backstage_has_and_is_not_read),
		fixture_test(secrets_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
