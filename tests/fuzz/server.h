/*
 * A running server for targets that speak to it over a socket: it runs on a thread for the life of
 * the process. An input is one connection, whose end is the input's.
 *
 * Most connections end at once. The others, in which something is missing, end when the server has
 * had enough; that takes so long that they are left to it for a while, and must have ended by the
 * time that as many have come behind them.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/server.h"

enum {
	SERVER_PATIENCE_MS = 10 * 1000,
	SERVER_SOON_MS = 3,
	SERVER_LATE_ONES = 24,
};

static char server_folder[] = "/tmp/fuzz-http-XXXXXX";
static struct sockaddr_un server_address = {.sun_family = AF_UNIX};
static struct http_server *server;
static pthread_t server_loop;
static int server_late[SERVER_LATE_ONES];
static size_t server_late_at;

static void *server_run(void *context)
{
	(void)context;
	http_server_run(server, SERVER_PATIENCE_MS);
	return NULL;
}

static void server_stop(void)
{
	http_server_stop(server);
	pthread_join(server_loop, NULL);
	http_server_close(server);
	rmdir(server_folder);
}

static inline void server_start(http_handler *handle, void *context)
{
	char where[sizeof server_address.sun_path + 8];
	struct http_server_options options = {
		.listen = where,
		.max_body_bytes = 2000,
		.max_header_bytes = 8000,
		.max_connections = 50,
		.idle_timeout_ms = 30, /* so many inputs are no whole request */
		.receive_timeout_ms = 30,
		.handle = handle,
		.context = context,
	};
	struct error err;

	for (size_t i = 0; i < SERVER_LATE_ONES; i++)
		server_late[i] = -1;
	if (mkdtemp(server_folder) == NULL)
		abort();
	snprintf(server_address.sun_path, sizeof server_address.sun_path, "%s/s", server_folder);
	snprintf(where, sizeof where, "unix:%s", server_address.sun_path);
	if (!http_server_open(&options, &server, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	if (pthread_create(&server_loop, NULL, server_run, NULL) != 0)
		abort();
	atexit(server_stop);
}

/* A server that has had enough may close while we are still sending. */
static inline void server_say(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		data += sent;
		size -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
}

enum server_end { SERVER_ENDED, SERVER_CUT_OFF, SERVER_GOES_ON };

/* Reads up to the end, if it comes within that time; reply may be NULL. */
static inline enum server_end server_ends(int fd, int within_ms, struct buf *reply)
{
	int64_t until_ms = clock_now_ms() + within_ms;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char piece[16384];
	ssize_t got = 1;

	while (got > 0) {
		int ready = poll(&readable, 1, (int)clock_left_ms(until_ms));

		if (ready < 0 && errno == EINTR) /* the fuzzer's own alarm */
			continue;
		if (ready != 1)
			return SERVER_GOES_ON;
		got = recv(fd, piece, sizeof piece, 0);
		if (got > 0 && reply != NULL)
			buf_add(reply, (struct text){piece, (size_t)got});
	}
	return got == 0 ? SERVER_ENDED : SERVER_CUT_OFF;
}

static inline void server_leave_for_later(int fd)
{
	int *place = &server_late[server_late_at++ % SERVER_LATE_ONES];

	if (*place >= 0) {
		if (server_ends(*place, SERVER_PATIENCE_MS, NULL) == SERVER_GOES_ON)
			abort();
		close(*place);
	}
	*place = fd;
}

/* One connection. True, with all that came back in reply (which may be NULL), if it has ended in
 * order: who is cut off for what they still send may not see all of the answer. */
static inline bool server_visit(const char *data, size_t size, struct buf *reply)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum server_end end;

	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&server_address, sizeof server_address) != 0) {
		close(fd);
		return false;
	}
	server_say(fd, data, size);
	end = server_ends(fd, SERVER_SOON_MS, reply);
	if (end == SERVER_GOES_ON)
		server_leave_for_later(fd);
	else
		close(fd);
	return end == SERVER_ENDED;
}

#endif
