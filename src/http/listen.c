/* Where the server listens: TCP addresses and local sockets. */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "http/server.h"

enum {
	BACKLOG = 1024,
	LOCAL_MODE = 0660,
	HOST_SIZE = 256,
};

static bool fail(struct error *err, const char *address, const char *why)
{
	return error_set(err, ERROR_INTERNAL, "listen on %s: %s", address, why);
}

/* host is empty for all addresses. */
static bool split_address(const char *address, char host[HOST_SIZE], int *port, struct error *err)
{
	const char *colon = strrchr(address, ':');
	struct text name = {address, colon == NULL ? 0 : (size_t)(colon - address)};
	struct text digits = text_of(colon == NULL ? address : colon + 1);
	int64_t number;

	if (digits.len == 0 || digits.ptr[0] < '0' || digits.ptr[0] > '9' ||
	    !text_to_int(digits, &number) || number > 65535)
		return fail(err, address, "the port must be a number from 0 to 65535");
	if (name.len > 1 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
		name = text_slice(name, 1, name.len - 2);
	else if (text_find(name, ':') != SIZE_MAX)
		return fail(err, address, "an IPv6 address needs brackets, as in [::1]:8080");
	if (name.len >= HOST_SIZE)
		return fail(err, address, "the host name is too long");
	memcpy(host, name.ptr, name.len);
	host[name.len] = '\0';
	*port = (int)number;
	return true;
}

/* A listening socket, or -1 and errno. */
static int bind_address(const struct addrinfo *info)
{
	int on = 1;
	int off = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (info->ai_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
	    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int bind_first(const struct addrinfo *list, int family)
{
	int fd = -1;

	for (; list != NULL && fd < 0; list = list->ai_next)
		if (family == AF_UNSPEC || list->ai_family == family)
			fd = bind_address(list);
	return fd;
}

int listener_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {.v6 = {0}};
	socklen_t size = sizeof address;

	if (getsockname(fd, &address.any, &size) != 0 || address.any.sa_family == AF_UNIX)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
						       : address.v4.sin_port);
}

static bool open_tcp(struct listener *listener, const char *address, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	char host[HOST_SIZE] = "";
	char service[16];
	int status;
	int port = 0;
	int fd;

	if (!split_address(address, host, &port, err))
		return false;
	snprintf(service, sizeof service, "%d", port);
	status = getaddrinfo(host[0] == '\0' ? NULL : host, service, &hints, &found);
	if (status != 0)
		return fail(err, address, gai_strerror(status));
	/* For all addresses one IPv6 socket takes IPv4 as well, where the machine has IPv6. */
	fd = host[0] == '\0' ? bind_first(found, AF_INET6) : -1;
	if (fd < 0)
		fd = bind_first(found, AF_UNSPEC);
	status = errno;
	freeaddrinfo(found);
	if (fd < 0)
		return fail(err, address, strerror(status));
	*listener = (struct listener){.fd = fd, .port = listener_port(fd)};
	return true;
}

/* Removes a socket that nobody listens on any more; anything else in the way is an error. */
static bool make_way(const struct sockaddr_un *local, const char *address, struct error *err)
{
	struct stat info;
	int status;
	int fd;

	if (lstat(local->sun_path, &info) != 0)
		return errno == ENOENT || fail(err, address, strerror(errno));
	if (!S_ISSOCK(info.st_mode))
		return fail(err, address, "something other than a socket is there");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(err, address, strerror(errno));
	status = connect(fd, (const struct sockaddr *)local, sizeof *local) == 0 ? 0 : errno;
	close(fd);
	if (status == 0 || status == EAGAIN)
		return fail(err, address, "a server listens there already");
	if (status != ECONNREFUSED)
		return fail(err, address, strerror(status));
	return unlink(local->sun_path) == 0 || fail(err, address, strerror(errno));
}

/* Binds, listens and records what was made; the mode is never wider than LOCAL_MODE. */
static bool bind_local(struct listener *listener, const struct sockaddr_un *local)
{
	struct stat info;

	if (fchmod(listener->fd, LOCAL_MODE) != 0 ||
	    bind(listener->fd, (const struct sockaddr *)local, sizeof *local) != 0)
		return false;
	if (chmod(local->sun_path, LOCAL_MODE) != 0 || stat(local->sun_path, &info) != 0 ||
	    listen(listener->fd, BACKLOG) != 0) {
		int saved = errno;

		unlink(local->sun_path);
		errno = saved;
		return false;
	}
	listener->device = info.st_dev;
	listener->inode = info.st_ino;
	return true;
}

static bool open_local(struct listener *listener, const char *address, const char *path,
		       struct error *err)
{
	struct listener made = {.fd = -1};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof local.sun_path)
		return error_set(err, ERROR_INTERNAL,
				 "listen on %s: the path must have 1 to %zu bytes", address,
				 sizeof local.sun_path - 1);
	memcpy(local.sun_path, path, len);
	if (!make_way(&local, address, err))
		return false;
	made.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made.fd < 0)
		return fail(err, address, strerror(errno));
	if (!bind_local(&made, &local)) {
		fail(err, address, strerror(errno));
		close(made.fd);
		return false;
	}
	made.path = heap_copy(text_of(path));
	*listener = made;
	return true;
}

bool listener_open(struct listener *listener, const char *address, struct error *err)
{
	static const char local[] = "unix:";

	if (text_starts(text_of(address), local))
		return open_local(listener, address, address + strlen(local), err);
	return open_tcp(listener, address, err);
}

/* ---- before there is a server ---- */

bool http_listener_open(const char *address, struct http_listener **listener, struct error *err)
{
	struct http_listener *l = heap_alloc(sizeof *l);

	if (!listener_open(&l->listener, address, err)) {
		free(l);
		return false;
	}
	l->address = heap_copy(text_of(address));
	*listener = l;
	return true;
}

const char *http_listener_address(const struct http_listener *listener)
{
	return listener->address;
}

/* The folder may be somebody's who puts a link in the place of the socket. */
bool http_listener_give(const struct http_listener *listener, uid_t user, gid_t group,
			struct error *err)
{
	const char *path = listener->listener.path;

	return path == NULL || lchown(path, user, group) == 0 ||
	       fail(err, listener->address, strerror(errno));
}

void http_listener_close(struct http_listener *listener)
{
	if (listener == NULL)
		return;
	listener_close(&listener->listener);
	free(listener->address);
	free(listener);
}

void listener_take(struct listener *listener, struct http_listener *from)
{
	*listener = from->listener;
	from->listener = (struct listener){.fd = -1};
}

/* ---- the end ---- */

void listener_close(struct listener *listener)
{
	struct stat info;

	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	if (listener->path != NULL && lstat(listener->path, &info) == 0 &&
	    info.st_dev == listener->device && info.st_ino == listener->inode)
		unlink(listener->path);
	free(listener->path);
	listener->path = NULL;
}
