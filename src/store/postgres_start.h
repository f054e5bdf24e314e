/* What has to be there before sessions can be kept in PostgreSQL. */
#ifndef STORE_POSTGRES_START_H
#define STORE_POSTGRES_START_H

#include "store/pg.h"

/*
 * Connects; makes the database and the schema where they are missing and that is wanted; brings the
 * tables up to date, one replica at a time. pg: out, owned. Blocks for seconds.
 */
MUST_USE bool postgres_start(const struct config_postgres *config, const struct pg_target *target,
			     struct pg **pg, struct error *err);

#endif
