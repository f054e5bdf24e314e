/* Whether a name of a host, as requests and addresses have it, is this machine's own. */
#ifndef OP_LOOPBACK_H
#define OP_LOOPBACK_H

#include <stdbool.h>

#include "base/text.h"

/* Of "host", "host:port", "[v6]:port"; with the brackets. */
struct text authority_host(struct text authority);
/* "localhost", "127.x.y.z", "[::1]". */
bool host_is_loopback(struct text host);
/* The same, with or without a port, and nothing else behind it. */
bool authority_is_loopback(struct text authority);

#endif
