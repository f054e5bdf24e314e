/* The world of tests with a PostgreSQL server of their own: a database for each. */
#ifndef UNIT_STORE_POSTGRES_WORLD_H
#define UNIT_STORE_POSTGRES_WORLD_H

#include "unit/store/store_suite.h"

#include "unit/store/postgres_server.h"

/* Ends all connections to the database but the one that asks. */
#define CUT                                                                    \
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> " \
	"pg_backend_pid() AND datname = current_database()"

static char database[32];

/* A database that is not there yet, for each test. */
static void world_config(struct world *w)
{
	static unsigned tests;
	struct config_postgres *pg = &w->config.store.postgres;

	snprintf(database, sizeof database, "Test-%u", ++tests);
	w->config.store.type = CONFIG_STORE_POSTGRESQL;
	pg->host = server_folder();
	pg->port = server_port();
	pg->user = SERVER_USER;
	pg->database = database;
	pg->create = true;
}

static void world_end(struct world *w)
{
	secret_wipe(&w->config.store.postgres.connection);
	secret_wipe(&w->config.store.postgres.password);
}

static inline void sql(const char *statement)
{
	if (!server_sql(database, statement, NULL, 0))
		fail_msg("%s", statement);
}

/* Wants just this output of an SQL statement. */
static inline void answers(const char *statement, const char *wanted)
{
	char out[256];

	if (!server_sql(database, statement, out, sizeof out))
		fail_msg("%s", statement);
	assert_string_equal(out, wanted);
}

#endif
