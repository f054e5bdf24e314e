/*
 * Bytes as what a server sends, to our real HTTP client: every request ends, in time, as an answer
 * that is whole and no larger than it may be, or for a reason.
 *
 * The connection is a pair of sockets in which the answer waits already: that takes no
 * port and no thread for a server.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 4096 };

static struct http_client *client;
static struct text sent;
static int server = -1;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void hang_up(void)
{
	if (server >= 0)
		close(server);
	server = -1;
}

/* Takes the place of the C library's: the socket becomes one that is connected to us. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): those are reserved names */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	int pair[2];

	(void)address;
	(void)length;
	hang_up();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0 &&
		     dup3(pair[0], fd, O_CLOEXEC) == fd && close(pair[0]) == 0,
	     "there is a connection");
	server = pair[1];
	must(sent.len == 0 || send(server, sent.ptr, sent.len, 0) == (ssize_t)sent.len,
	     "all of it fits");
	shutdown(server, SHUT_WR);
	return 0;
}

static void start(void)
{
	const struct http_client_options options = {
		.max_connections_per_host = 1, .connect_timeout_ms = 5000, .user_agent = "fuzz"};
	struct error err = {.message = ""};

	log_open(LOG_OFF, LOG_TEXT);
	must(http_client_open(&options, &client, &err), err.message);
}

static void check(const struct http_fetch *fetch)
{
	if (fetch->end != HTTP_FETCH_DONE) {
		must(fetch->problem != NULL && fetch->status == 0, "a failure has a reason");
		return;
	}
	must(fetch->status >= 200 && fetch->status <= 999, "an answer has a status");
	must(fetch->answer.len <= MOST_BYTES && buf_complete(&fetch->answer),
	     "it is no larger than it may be");
	must(strpbrk(fetch->retry_after, "\r\n") == NULL &&
		     strpbrk(fetch->content_type, "\r\n") == NULL,
	     "a header is one line");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_target target = {.direct = true};
	struct http_fetch fetch = {
		.method = "GET",
		.url = "http://127.0.0.1:9/x",
		.target = &target,
		.max_bytes = MOST_BYTES,
		.once = true,
	};

	if (client == NULL)
		start();
	fetch.deadline_ms = clock_now_ms() + 5000;
	sent = (struct text){(const char *)data, size};
	http_fetch(client, &fetch);
	check(&fetch);
	http_fetch_fini(&fetch);
	hang_up();
	return 0;
}
