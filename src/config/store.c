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

/* The text of a string or number below map; NULL if it is not set, or a fault was told. */
static const char *member(struct check *c, const struct node *map, const char *name,
			  const char *path)
{
	const struct node *node = config_node_get(map, text_of(name));

	if (!node_is_set(node))
		return NULL;
	if ((node->type == NODE_STRING || node->type == NODE_NUMBER) && node->text.len > 0 &&
	    check_is_one_line(node->text))
		return arena_copy(c->l->arena, node->text);
	fault(c, node, arena_printf(c->l->arena, "%s.%s", path, name),
	      "wanted a non-empty string, without control characters");
	return NULL;
}

/* A setting of the plugin's own, or the one of all. */
static const struct node *database_setting(const struct node *root, const char *name)
{
	char path[128];
	const struct node *node;

	snprintf(path, sizeof path, PLUGIN ".%s", name);
	node = at(root, path);
	if (node != NULL)
		return node;
	snprintf(path, sizeof path, DATABASE ".%s", name);
	return at(root, path);
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
	const struct node *verify = config_node_get(ssl, TEXT("rejectUnauthorized"));
	const struct node *ca = config_node_get(ssl, TEXT("ca"));
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
	if (node_is_set(verify) && !value_bool(verify, &on))
		fault(c, verify, arena_printf(c->l->arena, "%s.rejectUnauthorized", path),
		      "wanted true or false");
	pg->tls = on ? CONFIG_TLS_VERIFIED : CONFIG_TLS_UNVERIFIED;
	if (!node_is_set(ca) || !on)
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
	const struct node *ssl = config_node_get(map, TEXT("ssl"));
	const struct node *type = config_node_get(map, TEXT("type"));
	const struct node *password = config_node_get(map, TEXT("password"));
	const char *text;

	if (node_is_set(type) && !text_is(type->text, "default"))
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
	if (node_is_set(password) && password->type != NODE_MAP && password->type != NODE_LIST)
		secret_set(&pg->password, password->text);
	if (node_is_set(ssl))
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
	const struct node *mode = at(root, path);

	if (mode == NULL || text_is(mode->text, "database"))
		return false;
	if (!text_is(mode->text, "schema"))
		fault(c, mode, path, "wanted one of database, schema");
	return true;
}

static void follow_postgres(struct check *c, const struct node *root)
{
	struct config_postgres *pg = &c->config->store.postgres;
	const struct node *prefix = at(root, DATABASE ".prefix");
	const struct node *create = database_setting(root, "ensureExists");
	bool by_schema = is_by_schema(c, root);

	/* A client of its own says that it is another server. */
	if (at(root, PLUGIN ".client") == NULL || at(root, PLUGIN ".connection") == NULL)
		read_connection(c, at(root, DATABASE ".connection"), DATABASE ".connection");
	if (!by_schema) /* no two plugins share a database */
		pg->database = NULL;
	read_connection(c, at(root, PLUGIN ".connection"), PLUGIN ".connection");
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
	const struct node *own = at(root, PLUGIN ".connection");
	const struct node *shared = at(root, DATABASE ".connection");

	if (own != NULL)
		return sqlite_file(c, own, PLUGIN ".connection", true);
	return shared == NULL ? NULL : sqlite_file(c, shared, DATABASE ".connection", false);
}

/* ---- which one ---- */

static enum config_store_type type_of_client(struct text client)
{
	if (text_is(client, "better-sqlite3") || text_is(client, "sqlite3"))
		return CONFIG_STORE_SQLITE;
	return text_is(client, "pg") ? CONFIG_STORE_POSTGRESQL : CONFIG_STORE_MEMORY;
}

/* Where Backstage keeps what it has. */
static void follow_backstage(struct check *c, const struct node *root)
{
	struct config_store *store = &c->config->store;
	const struct node *client = database_setting(root, "client");

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

	find_store(c, root);
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
