/* Whether a name of a host, as requests and addresses have it, is this machine's own. */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <stdbool.h>

#include "base/text.h"

/* Of "host", "host:port", "[v6]:port"; with the brackets. */
struct text authority_host(struct text authority);
/* "localhost", "127.x.y.z", "[::1]". */
bool host_is_loopback(struct text host);
/* The same, with or without a port, and nothing else behind it. */
bool authority_is_loopback(struct text authority);

/* Of a URL with a host. */
bool url_is_loopback(const char *url);

/* Whether we listen for this machine alone. listen: "host:port", "[v6]:port", ":port", "port" or
 * "unix:path". */
bool listens_on_loopback(const char *listen);

/*
 * Whether it is a name that a stranger cannot have pointed at this machine (DNS rebinding), with or
 * without a port: an address, a name of one label, one under "localhost", the name of this machine.
 */
bool authority_cannot_be_rebound(struct text authority);

#endif
