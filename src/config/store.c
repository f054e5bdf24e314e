/*
 * Where users' Palette sessions are kept: spectrocloud.tokenStore, or else where Backstage keeps
 * what its plugins do. Of backend.database only what is needed for that is read, and the rest of it
 * is as right or wrong as Backstage finds it.
 */
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"

enum {
	KEY_SIZE = 32,
	MOST_KEYS = 16,
};

#define DATABASE "backend.database"
#define PLUGIN   DATABASE ".plugin." CONFIG_PLUGIN_ID
#define STORE    "spectrocloud.tokenStore"

void read_later(struct check *c, const struct setting *row, const struct node *value,
		const char *path, void *into)
{
	(void)c;
	(void)row;
	(void)value;
	(void)path;
	(void)into;
}

static void fault(struct check *c, const struct node *node, const char *path, const char *why)
{
	findings_fault(c->l->found, node->place, path, "%s", why);
}

/* ---- variables that are not set ---- */

static bool is_lost(const struct node *node)
{
	return node != NULL && (node->type == NODE_ABSENT || node->lost);
}

/* Without it, sessions would be kept elsewhere than was meant, or not at all, and nobody told. */
static void fault_if_lost(struct check *c, const struct node *node, const char *path)
{
	if (!is_lost(node))
		return;
	if (node->type == NODE_ABSENT && node->text.len > 0)
		findings_fault(c->l->found, node->place, path, "a variable in it is not set: %s",
			       node->text.ptr);
	else
		fault(c, node, path, "a variable in it is not set");
}

/* ---- keys ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(struct arena *a, struct text digits, struct text *out)
{
	char *bytes = arena_alloc(a, digits.len / 2 + 1);

	for (size_t i = 0; i < digits.len; i++) {
		int digit = hex_digit(digits.ptr[i]);

		if (digit < 0)
			return false;
		bytes[i / 2] = (char)((unsigned)bytes[i / 2] << 4 | (unsigned)digit);
	}
	*out = (struct text){bytes, digits.len / 2};
	return true;
}

/* In the arena, which is wiped at the end. */
static bool read_key(struct arena *a, const struct node *node, struct text *key)
{
	struct text written = text_trim(node->text);

	if (node->type != NODE_STRING)
		return false;
	/* Such digits are base64 as well, of 48 bytes. */
	if (written.len == (size_t)KEY_SIZE * 2 && read_hex(a, written, key))
		return true;
	return value_base64(a, written, key) && key->len == KEY_SIZE;
}

static void add_key(struct check *c, const struct node *node, const char *path)
{
	struct config_store *store = &c->config->store;
	struct text key;

	if (!read_key(c->l->arena, node, &key)) {
		fault(c, node, path,
		      "wanted 32 bytes in base64, or 64 hexadecimal digits; "
		      "`openssl rand -base64 32` makes such a key");
	} else if (store->key_count == MOST_KEYS) {
		fault(c, node, path, "more than 16 keys");
	} else {
		if (store->keys == NULL)
			store->keys = arena_array(c->l->arena, struct secret, MOST_KEYS);
		secret_set(&store->keys[store->key_count++], key);
	}
}

void read_store_keys(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into)
{
	(void)row;
	(void)into;
	if (value->type != NODE_LIST) {
		add_key(c, value, path);
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		add_key(c, value->entries[i].value, arena_printf(c->l->arena, "%s[%zu]", path, i));
}

/* ---- pieces ---- */

static const struct node *at(const struct node *root, const char *path)
{
	const struct node *node = config_node_at(root, text_of(path));

	return node_is_set(node) ? node : NULL;
}

/* The same of what decides where sessions are kept. */
static const struct node *needed_at(struct check *c, const struct node *root, const char *path)
{
	fault_if_lost(c, config_node_at(root, text_of(path)), path);
	return at(root, path);
}

/* The same of a member of a map. */
static const struct node *needed_in(struct check *c, const struct node *map, const char *name,
				    const char *path)
{
	const struct node *node = config_node_get(map, text_of(name));

	fault_if_lost(c, node, arena_printf(c->l->arena, "%s.%s", path, name));
	return node_is_set(node) ? node : NULL;
}

/* The text of a string or number below map; NULL if it is not set, or a fault was told. */
static const char *member(struct check *c, const struct node *map, const char *name,
			  const char *path)
{
	const struct node *node = needed_in(c, map, name, path);

	if (node == NULL)
		return NULL;
	if ((node->type == NODE_STRING || node->type == NODE_NUMBER) && node->text.len > 0 &&
	    check_is_one_line(node->text))
		return arena_copy(c->l->arena, node->text);
	fault(c, node, arena_printf(c->l->arena, "%s.%s", path, name),
	      "wanted a non-empty string, without control characters");
	return NULL;
}

/* A setting of the plugin's own, or the one of all. */
static const struct node *database_setting(struct check *c, const struct node *root,
					   const char *name)
{
	char path[128];
	const struct node *node;

	snprintf(path, sizeof path, PLUGIN ".%s", name);
	node = needed_at(c, root, path);
	if (node != NULL)
		return node;
	snprintf(path, sizeof path, DATABASE ".%s", name);
	return needed_at(c, root, path);
}

static struct place near(const struct node *root)
{
	const struct node *node = at(root, STORE);

	if (node == NULL)
		node = at(root, DATABASE);
	return node == NULL ? root->place : node->place;
}

/* ---- PostgreSQL ---- */

static void read_tls(struct check *c, const struct node *ssl, const char *path)
{
	struct config_postgres *pg = &c->config->store.postgres;
	const struct node *verify = needed_in(c, ssl, "rejectUnauthorized", path);
	const struct node *ca = needed_in(c, ssl, "ca", path);
	bool on = true;

	if (ssl->type != NODE_MAP) {
		if (value_bool(ssl, &on))
			pg->tls = on ? CONFIG_TLS_VERIFIED : CONFIG_TLS_OFF;
		else
			fault(c, ssl, path, "wanted true, false, or a map");
		return;
	}
	if (node_is_set(config_node_get(ssl, TEXT("key"))) ||
	    node_is_set(config_node_get(ssl, TEXT("cert"))))
		fault(c, ssl, path,
		      "certificates of clients are not read here; name their files in "
		      "" STORE ".connection, as sslcert and sslkey");
	if (verify != NULL && !value_bool(verify, &on))
		fault(c, verify, arena_printf(c->l->arena, "%s.rejectUnauthorized", path),
		      "wanted true or false");
	pg->tls = on ? CONFIG_TLS_VERIFIED : CONFIG_TLS_UNVERIFIED;
	if (ca == NULL || !on)
		return;
	if (ca->type == NODE_STRING && accepts_certificates(ca->text))
		pg->ca = arena_copy(c->l->arena, ca->text);
	else
		fault(c, ca, arena_printf(c->l->arena, "%s.ca", path),
		      "wanted at least one PEM certificate");
}

/* Lays what a map says over what is there. */
static void read_connection_map(struct check *c, const struct node *map, const char *path)
{
	struct config_postgres *pg = &c->config->store.postgres;
	const struct node *ssl = needed_in(c, map, "ssl", path);
	const struct node *type = needed_in(c, map, "type", path);
	const struct node *password = needed_in(c, map, "password", path);
	const char *text;

	if (type != NULL && !text_is(type->text, "default"))
		fault(c, type, arena_printf(c->l->arena, "%s.type", path),
		      "not supported; give " STORE ".connection");
	if ((text = member(c, map, "connectionString", path)) != NULL)
		secret_set(&pg->connection, text_of(text));
	if ((text = member(c, map, "host", path)) != NULL)
		pg->host = text;
	if ((text = member(c, map, "port", path)) != NULL)
		pg->port = text;
	if ((text = member(c, map, "user", path)) != NULL)
		pg->user = text;
	if ((text = member(c, map, "database", path)) != NULL)
		pg->database = text;
	if (password != NULL && password->type != NODE_MAP && password->type != NODE_LIST)
		secret_set(&pg->password, password->text);
	if (ssl != NULL)
		read_tls(c, ssl, arena_printf(c->l->arena, "%s.ssl", path));
}

static void read_connection(struct check *c, const struct node *node, const char *path)
{
	if (node == NULL)
		return;
	if (node->type == NODE_MAP)
		read_connection_map(c, node, path);
	else if (node->type == NODE_STRING && node->text.len > 0)
		secret_set(&c->config->store.postgres.connection, node->text);
	else
		fault(c, node, path, "wanted a non-empty string or a map");
}

/* Whether each plugin has a schema, not a database, of its own. */
static bool is_by_schema(struct check *c, const struct node *root)
{
	static const char path[] = DATABASE ".pluginDivisionMode";
	const struct node *mode = needed_at(c, root, path);

	if (mode == NULL || text_is(mode->text, "database"))
		return false;
	if (!text_is(mode->text, "schema"))
		fault(c, mode, path, "wanted one of database, schema");
	return true;
}

static void follow_postgres(struct check *c, const struct node *root)
{
	struct config_postgres *pg = &c->config->store.postgres;
	const struct node *prefix = needed_at(c, root, DATABASE ".prefix");
	const struct node *create = database_setting(c, root, "ensureExists");
	bool by_schema = is_by_schema(c, root);

	/* A client of its own says that it is another server. */
	if (at(root, PLUGIN ".client") == NULL || at(root, PLUGIN ".connection") == NULL)
		read_connection(c, needed_at(c, root, DATABASE ".connection"),
				DATABASE ".connection");
	if (!by_schema) /* no two plugins share a database */
		pg->database = NULL;
	read_connection(c, needed_at(c, root, PLUGIN ".connection"), PLUGIN ".connection");
	if (by_schema)
		pg->schema = CONFIG_PLUGIN_ID;
	else if (pg->database == NULL)
		pg->database = arena_printf(c->l->arena, "%s" CONFIG_PLUGIN_ID,
					    prefix == NULL ? "backstage_plugin_"
							   : arena_copy(c->l->arena, prefix->text));
	pg->create = true;
	if (create != NULL && !value_bool(create, &pg->create))
		fault(c, create, DATABASE ".ensureExists", "wanted true or false");
}

/* ---- SQLite ---- */

/* Backstage gives each plugin a file; where one is named for all, ours lies beside it. */
static const char *file_beside(struct check *c, const char *file)
{
	return arena_printf(c->l->arena, "%s/" CONFIG_PLUGIN_ID ".sqlite",
			    load_directory(c->l->arena, file));
}

static bool looks_like_a_file(const char *path)
{
	static const char *const endings[] = {".sqlite", ".sqlite3", ".db"};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (text_ends(text_of(path), endings[i]))
			return true;
	return false;
}

/* NULL: in memory, or a fault was told. own: said of this plugin alone. */
static const char *sqlite_file(struct check *c, const struct node *node, const char *path, bool own)
{
	const char *file = NULL;
	const char *directory = NULL;

	if (node->type == NODE_MAP) {
		file = member(c, node, "filename", path);
		directory = member(c, node, "directory", path);
	} else if (node->type == NODE_STRING && node->text.len > 0) {
		file = arena_copy(c->l->arena, node->text);
	} else {
		fault(c, node, path, "wanted a non-empty string or a map");
	}
	if (file != NULL && strcmp(file, ":memory:") == 0)
		return NULL;
	if (directory != NULL)
		return arena_printf(c->l->arena, "%s/%s", directory,
				    own && file != NULL ? file : CONFIG_PLUGIN_ID ".sqlite");
	if (file == NULL || own)
		return file;
	return looks_like_a_file(file)
		       ? file_beside(c, file)
		       : arena_printf(c->l->arena, "%s/" CONFIG_PLUGIN_ID ".sqlite", file);
}

static const char *follow_sqlite(struct check *c, const struct node *root)
{
	const struct node *own = needed_at(c, root, PLUGIN ".connection");
	const struct node *shared;

	if (own != NULL)
		return sqlite_file(c, own, PLUGIN ".connection", true);
	shared = needed_at(c, root, DATABASE ".connection");
	return shared == NULL ? NULL : sqlite_file(c, shared, DATABASE ".connection", false);
}

/* ---- which one ---- */

static enum config_store_type type_of_client(struct text client)
{
	if (text_is(client, "better-sqlite3") || text_is(client, "sqlite3"))
		return CONFIG_STORE_SQLITE;
	return text_is(client, "pg") ? CONFIG_STORE_POSTGRESQL : CONFIG_STORE_MEMORY;
}

/* What Backstage documents, and this service does not read: of all plugins, and of this one. */
static void remark_on_unread(struct check *c, const struct node *root)
{
	static const char *const unread[] = {
		DATABASE ".role",
		DATABASE ".knexConfig",
		DATABASE ".ensureSchemaExists",
		PLUGIN ".role",
		PLUGIN ".knexConfig",
		PLUGIN ".ensureSchemaExists",
		PLUGIN ".pluginDivisionMode",
	};

	for (size_t i = 0; i < ARRAY_LEN(unread); i++) {
		const struct node *node = at(root, unread[i]);

		if (node != NULL)
			findings_notice(c->l->found, node->place, unread[i],
					"not read by this service");
	}
}

/* Which client Backstage uses; faults for whole sections that depend on a variable. */
static const struct node *client_of(struct check *c, const struct node *root)
{
	static const char *const sections[] = {"backend", DATABASE, DATABASE ".plugin", PLUGIN};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		needed_at(c, root, sections[i]);
	return database_setting(c, root, "client");
}

/* Where Backstage keeps what it has. */
static void follow_backstage(struct check *c, const struct node *root)
{
	struct config_store *store = &c->config->store;
	const struct node *client = client_of(c, root);

	store->type = CONFIG_STORE_MEMORY;
	if (client == NULL)
		return;
	store->type = type_of_client(client->text);
	if (store->type == CONFIG_STORE_POSTGRESQL)
		follow_postgres(c, root);
	else if (store->type == CONFIG_STORE_SQLITE &&
		 (store->file = follow_sqlite(c, root)) == NULL)
		store->type = CONFIG_STORE_MEMORY;
	else if (store->type == CONFIG_STORE_MEMORY)
		findings_notice(c->l->found, client->place, DATABASE ".client",
				"not supported here: users' Palette sessions are kept in memory, "
				"and no other replica has them");
	if (store->type != CONFIG_STORE_MEMORY)
		remark_on_unread(c, root);
}

/* With a type that is named, what else is needed for it has to be there. */
static void follow_backstage_to(struct check *c, const struct node *root,
				enum config_store_type type, const char *missing)
{
	follow_backstage(c, root);
	if (c->config->store.type != type)
		findings_fault(c->l->found, near(root), missing,
			       "missing, and backend.database does not say it either");
	c->config->store.type = type;
}

/* Whether no variable is missing in what the store's own settings say of where it is. */
static bool is_said_wholly(struct check *c, const struct node *root)
{
	enum config_store_type type = c->config->store.type;
	unsigned before = c->l->found->fault_count;

	needed_at(c, root, "spectrocloud");
	needed_at(c, root, STORE);
	needed_at(c, root, STORE ".type");
	if (type == CONFIG_STORE_AUTO || type == CONFIG_STORE_SQLITE)
		needed_at(c, root, STORE ".path");
	if (type == CONFIG_STORE_AUTO || type == CONFIG_STORE_POSTGRESQL)
		needed_at(c, root, STORE ".connection");
	return c->l->found->fault_count == before;
}

static void find_store(struct check *c, const struct node *root)
{
	struct config_store *store = &c->config->store;
	const struct node *connection = at(root, STORE ".connection");

	if (store->type == CONFIG_STORE_AUTO && store->path != NULL && connection != NULL)
		fault(c, connection, STORE, "both path and connection; say which with type");
	if (store->type == CONFIG_STORE_AUTO && store->path != NULL)
		store->type = CONFIG_STORE_SQLITE;
	else if (store->type == CONFIG_STORE_AUTO && connection != NULL)
		store->type = CONFIG_STORE_POSTGRESQL;

	if (store->type == CONFIG_STORE_AUTO)
		follow_backstage(c, root);
	else if (store->type == CONFIG_STORE_SQLITE && store->path != NULL)
		store->file = store->path;
	else if (store->type == CONFIG_STORE_SQLITE)
		follow_backstage_to(c, root, CONFIG_STORE_SQLITE, STORE ".path");
	else if (store->type == CONFIG_STORE_POSTGRESQL && connection != NULL)
		read_connection(c, connection, STORE ".connection");
	else if (store->type == CONFIG_STORE_POSTGRESQL)
		follow_backstage_to(c, root, CONFIG_STORE_POSTGRESQL, STORE ".connection");
}

void check_store(struct check *c, const struct node *root)
{
	struct config_store *store = &c->config->store;

	if (is_said_wholly(c, root))
		find_store(c, root);
	if (store->type != CONFIG_STORE_MEMORY) {
		needed_at(c, root, STORE ".encryptionKey");
		needed_at(c, root, STORE ".encryptionKeys");
	}
	if (store->file != NULL)
		store->file = load_path(c->l->arena, c->l->directory, store->file);
	if (store->type != CONFIG_STORE_MEMORY && store->key_count == 0 &&
	    c->l->found->fault_count == 0)
		findings_fault(c->l->found, near(root), STORE ".encryptionKey",
			       "missing; users' Palette sessions are kept in %s, and only "
			       "encrypted: `openssl rand -base64 32` makes a key; with " STORE
			       ".type: memory they are not kept",
			       store->type == CONFIG_STORE_SQLITE ? "an SQLite file"
								  : "PostgreSQL");
}
