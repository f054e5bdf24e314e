/* Inside op/: where Palette keeps a cluster's machine pools, and the machines in them. */
#ifndef OP_AGENT_MACHINES_H
#define OP_AGENT_MACHINES_H

#include "op/agent_find.h"
#include "json/json.h"

/* The cluster that was found, and its cloud configuration. */
struct machinery {
	struct found cluster;
	const char *cloud_type; /* arena */
	const char *uid;        /* arena */
	struct buf config;      /* owned: buf_fini() */
};

/* Of the parameters clusterName and clusterUid, as find_by_uid_or_name() finds it. */
MUST_USE bool machinery_open(struct call *c, struct machinery *m, struct error *err);

struct json_walk machinery_pools(const struct machinery *m);
/* The next pool that has a name. pool: as Palette has it; name: arena. */
bool machinery_next_pool(struct call *c, struct json_walk *walk, struct text *pool,
			 const char **name);

/* All machines of one pool, to be walked. document: out, owned. */
MUST_USE bool machinery_machines(struct call *c, const struct machinery *m, const char *pool,
				 struct buf *document, size_t *count, struct error *err);
struct json_walk machinery_walk(const struct buf *document);

#endif
