/* The socket that a service manager has opened: systemd's protocol for handing it over. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/listen.h"
#include "http/server.h"

enum { FIRST_FD = 3 };

static const char what[] = "the socket of the service manager";

/* 0 where there is no such variable. */
static bool read_number(const char *name, int64_t *number, struct error *err)
{
	const char *value = getenv(name);

	*number = 0;
	return value == NULL || (text_to_int(text_of(value), number) && *number >= 0) ||
	       error_set(err, ERROR_INPUT, "the variable %s of the service manager is no number",
			 name);
}

/* How many descriptors there are for this process, from FIRST_FD on. Those of a process that
 * started this one, and did not take its own, are not meant. */
static bool count_given(int64_t *count, struct error *err)
{
	int64_t given;
	int64_t pid;
	bool ok = read_number("LISTEN_PID", &pid, err) && read_number("LISTEN_FDS", &given, err);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (ok)
		*count = pid == getpid() ? given : 0;
	return ok;
}

static bool is_true(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

static char *local_address(const struct sockaddr_un *local, socklen_t size)
{
	size_t most = size > offsetof(struct sockaddr_un, sun_path)
			      ? size - offsetof(struct sockaddr_un, sun_path)
			      : 0;
	char text[sizeof local->sun_path + 8];

	if (most == 0 || local->sun_path[0] == '\0')
		return NULL; /* no path: no name at all, or an abstract one */
	snprintf(text, sizeof text, "unix:%.*s", (int)most, local->sun_path);
	return heap_copy(text_of(text));
}

/* As it would be configured; NULL if it cannot be. */
static char *address_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_storage room;
	} address = {.room = {0}};
	socklen_t size = sizeof address;
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];
	char text[NI_MAXHOST + NI_MAXSERV + 8];

	if (getsockname(fd, &address.any, &size) != 0)
		return NULL;
	if (address.any.sa_family == AF_UNIX)
		return local_address(&address.local, size);
	if ((address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6) ||
	    getnameinfo(&address.any, size, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return NULL;
	snprintf(text, sizeof text, address.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		 port);
	return heap_copy(text_of(text));
}

static bool make_ours(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool http_listener_inherit(struct http_listener **listener, struct error *err)
{
	int64_t count;
	char *address;

	if (!count_given(&count, err))
		return false;
	if (count > 1)
		return error_set(
			err, ERROR_INPUT,
			"the service manager has opened %lld sockets; this service takes one",
			(long long)count);
	if (count == 0) {
		*listener = NULL;
		return true;
	}
	if (!is_true(FIRST_FD, SO_ACCEPTCONN, 1) || !is_true(FIRST_FD, SO_TYPE, SOCK_STREAM))
		return error_set(err, ERROR_INPUT, "%s is not one that accepts connections", what);
	address = address_of(FIRST_FD);
	if (address == NULL)
		return error_set(err, ERROR_INPUT,
				 "%s has neither an IP address nor a path where it listens", what);
	if (!make_ours(FIRST_FD)) {
		free(address);
		return error_set(err, ERROR_INTERNAL, "%s: %s", what, strerror(errno));
	}
	*listener = heap_alloc(sizeof **listener);
	**listener = (struct http_listener){
		.listener = {.fd = FIRST_FD, .port = listener_port(FIRST_FD)},
		.address = address,
	};
	return true;
}
