/*
 * Which host and port serve a name, as DNS says in its SRV records (RFC 2782). For URLs such as
 * http+srv://catalog.example/api/catalog, whose host is no host but the name of a service.
 */
#ifndef HTTP_SRV_H
#define HTTP_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

struct srv_resolver;

struct srv_options {
	/* An address as text, "127.0.0.1" or "::1", and its port; for tests. NULL: the servers of
	 * /etc/resolv.conf, which is read again for each question. */
	const char *server;
	unsigned port; /* of that server; 0: 53 */

	/* A random number below `below`, which is at least 1. NULL: the system's. Threads that
	 * choose at the same time call it at the same time. */
	uint32_t (*random)(void *context, uint32_t below);
	void *random_context; /* borrowed until srv_close() */
};

/*
 * options   borrowed for the call; NULL: all defaults.
 * resolver  out, owned: srv_close().
 * Fails with ERROR_INPUT if options->server is no address. Asks nothing yet.
 */
MUST_USE bool srv_open(const struct srv_options *options, struct srv_resolver **resolver,
		       struct error *err);
/* After every caller has returned. NULL is fine. */
void srv_close(struct srv_resolver *resolver);

struct srv_target {
	char host[256]; /* letters, digits, '-', '_' and '.'; no '.' at its end */
	unsigned port;  /* 1 to 65535 */
};

/*
 * One target of a service: of those with the lowest priority number, one at random by their
 * weights. DNS is asked at most once a second for a name (by one caller; several at once may each
 * ask), over UDP, and over TCP where an answer is too long for that.
 *
 * name  "_http._tcp.catalog.example" or any other name, used as it is: no search domains.
 * out   untouched on failure.
 *
 * Blocks until there is an answer, at most timeout_ms (and a little). Fails with ERROR_INPUT (no
 * name), ERROR_TIMEOUT (no answer in time), or ERROR_UPSTREAM (no such service, one that says it is
 * not available, or servers that cannot tell). Failures are not kept. Any thread.
 */
MUST_USE bool srv_choose(struct srv_resolver *resolver, const char *name, int timeout_ms,
			 struct srv_target *out, struct error *err);

#endif
