/* Hears what other replicas changed: LISTEN, on a connection and in a thread of its own. */
#ifndef STORE_POSTGRES_LISTEN_H
#define STORE_POSTGRES_LISTEN_H

#include "store/pg.h"
#include "store/store.h"

/* Where replicas tell each other, with the digest of an address. */
#define CHANNEL "spectrocloud_sessions"

struct pg_listener;

/*
 * Takes pg over. Tries first whether what is sent there also arrives: some databases and poolers
 * take LISTEN and deliver nothing. NULL, with pg closed, if it does not.
 */
struct pg_listener *pg_listener_open(const struct pg_target *target, struct pg *pg,
				     struct store *store);
/* False while the connection is lost. Any thread. */
bool pg_listener_hears(const struct pg_listener *listener);
void pg_listener_close(struct pg_listener *listener);

#endif
