/* Where the server listens: reading the address, binding it, taking it down again. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"

struct listener {
	int fd;     /* non-blocking; -1 once closed */
	int port;   /* 0 for a local socket */
	char *path; /* of a local socket, else NULL */
	dev_t device;
	ino_t inode; /* of path as we made it: only that is removed */
};

/*
 * Binds and listens at address (see struct http_server_options).
 * listener  out, owned: listener_close().
 * Fails with ERROR_INTERNAL: which address, and why.
 */
MUST_USE bool listener_open(struct listener *listener, const char *address, struct error *err);

/* One that there is before the server; see http/server.h. */
struct http_listener {
	struct listener listener;
	char *address;
};
/* What one had, which is empty then. */
void listener_take(struct listener *listener, struct http_listener *from);

/* The port that a socket is bound to; 0 for a local one. */
int listener_port(int fd);

/* No more connections: closes the socket and removes its path, if it is still ours. Twice is fine.
 */
void listener_close(struct listener *listener);

#endif
