/*
 * A running server for targets that speak to it over a socket. An input is one connection, whose
 * end is the input's.
 *
 * The client and the server take turns on one thread, which costs a tenth of what two threads do
 * that wake each other, and makes an input run in the same way each time.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/front.h"

enum { SERVER_PATIENCE_MS = 10 * 1000 };

static char server_folder[] = "/tmp/fuzz-http-XXXXXX";
static struct sockaddr_un server_address = {.sun_family = AF_UNIX};
static struct http_server *server;

static void server_stop(void)
{
	http_server_stop(server);
	http_server_run(server, SERVER_PATIENCE_MS);
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
		.max_buffered_bytes = 1 << 20,
		.max_connections = 50,
		.idle_timeout_ms = 1000,
		.receive_timeout_ms = 1000,
		.handle = handle,
		.context = context,
	};
	struct error err;

	if (mkdtemp(server_folder) == NULL)
		abort();
	snprintf(server_address.sun_path, sizeof server_address.sun_path, "%s/s", server_folder);
	snprintf(where, sizeof where, "unix:%s", server_address.sun_path);
	if (!http_server_open(&options, &server, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	atexit(server_stop);
}

/* The client's side of a connection. */
struct visit {
	int fd;
	const char *data; /* what is still to be sent */
	size_t size;
	struct buf *reply; /* NULL: nobody wants to know */
	bool said_all;
	bool ended;
	bool cut_off;
};

/* As much as the server takes now. One that has had enough may close while we are still sending. */
static inline void visit_say(struct visit *v)
{
	ssize_t sent = 1;

	while (v->size > 0 && sent > 0) {
		sent = send(v->fd, v->data, v->size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0) {
			v->data += sent;
			v->size -= (size_t)sent;
		} else if (errno != EAGAIN) {
			v->size = 0;
		}
	}
	if (v->size == 0 && !v->said_all)
		shutdown(v->fd, SHUT_WR);
	v->said_all = v->size == 0;
}

static inline void visit_hear(struct visit *v)
{
	static char piece[16384];
	ssize_t got = 1;

	while (got > 0) {
		got = recv(v->fd, piece, sizeof piece, MSG_DONTWAIT);
		if (got > 0 && v->reply != NULL)
			buf_add(v->reply, (struct text){piece, (size_t)got});
	}
	v->ended = got == 0;
	v->cut_off = got < 0 && errno != EAGAIN;
}

/* What is answered outside of the handler: the target's. */
static void server_answer_later(void);

static inline void server_turn(int64_t until_ms)
{
	if (clock_left_ms(until_ms) == 0)
		abort(); /* it does not end what it should */
	front_turn(server, until_ms);
	server_answer_later();
}

/* One connection. True, with all that came back in reply (which may be NULL), if it has ended in
 * order: who is cut off for what they still send may not see all of the answer. */
static inline bool server_visit(const char *data, size_t size, struct buf *reply)
{
	struct visit v = {.data = data, .size = size, .reply = reply};
	int64_t until_ms = clock_now_ms() + SERVER_PATIENCE_MS;

	v.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (v.fd < 0 ||
	    connect(v.fd, (struct sockaddr *)&server_address, sizeof server_address) != 0)
		abort();
	while (!v.ended && !v.cut_off) {
		visit_say(&v);
		server_turn(until_ms);
		visit_hear(&v);
	}
	close(v.fd);
	while (server->conns != NULL)
		server_turn(until_ms);
	return v.ended;
}

#endif
