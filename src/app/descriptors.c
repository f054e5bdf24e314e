/* How many files and sockets the process may have open, and who gets them. */
#include "app/descriptors.h"

#include <stdint.h>
#include <sys/resource.h>

#include "app/monitor.h"
#include "base/log.h"

enum {
	/* the log, event loops, name lookups, certificates, who watches, and such */
	OTHERS = 128,
	CLIENTS_PART = 4, /* where the limit is so low that nothing fits, clients get a fourth */
};

/* The limit after it was raised; 0 if it is not known. */
static uint64_t raise_limit(void)
{
	struct rlimit limit;
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
	return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

unsigned descriptors_for_clients(const struct config *config)
{
	uint64_t clients = (uint64_t)config->max_connections;
	/* Backstage counts as one more. */
	uint64_t monitor = config->telemetry_listen == NULL ? 0 : MONITOR_MOST_CONNECTIONS;
	uint64_t others =
		OTHERS + monitor +
		(uint64_t)config->upstream_connections_per_host * (config->environment_count + 1);
	uint64_t limit = raise_limit();
	uint64_t fewest = limit / CLIENTS_PART;
	uint64_t room = limit > others + fewest ? limit - others : fewest;

	if (limit == 0 || clients <= room)
		return (unsigned)clients;
	room = room > 0 ? room : 1;
	log_warn("connections.lowered", F_STR("limit", "RLIMIT_NOFILE"), F_INT("value", limit),
		 F_INT("wanted", clients + others), F_INT("from", clients), F_INT("to", room));
	return (unsigned)room;
}
