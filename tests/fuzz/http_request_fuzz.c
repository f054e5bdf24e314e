/*
 * Any bytes, sent to a running server: it must not crash, and must end every connection once the
 * client has said all it has to say. The server runs on a thread for the life of the process.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/server.h"

enum { PATIENCE_MS = 10 * 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/fuzz-http-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct http_server *server;
static pthread_t loop;

/* What a request that got through the door must be like, whatever was sent. */
static void check(const struct http_request *r)
{
	struct text out;

	if (r->path.len == 0 || r->path.ptr[0] != '/' || strlen(r->method) < 3 || r->id[0] == '\0')
		abort();
	if (memchr(r->target.ptr, '\0', r->target.len) != NULL || r->body.ptr[r->body.len] != '\0')
		abort();
	for (size_t i = 0; i < r->header_count; i++)
		if (strlen(r->headers[i].name.ptr) != r->headers[i].name.len ||
		    strlen(r->headers[i].value.ptr) != r->headers[i].value.len ||
		    strpbrk(r->headers[i].value.ptr, "\r\n") != NULL)
			abort();
	if (http_url_decode(r->arena, r->path, false, &out) && out.len > r->path.len)
		abort();
}

static void *answer_elsewhere(void *context)
{
	struct http_response response = {.status = 200, .body = TEXT("later")};

	http_exchange_answer(context, &response);
	return NULL;
}

static void handle(void *context, struct http_exchange *x, const struct error *refused)
{
	const struct http_request *r = http_exchange_request(x);
	struct http_response response = {.status = 200, .body = r->target};
	pthread_t thread;

	(void)context;
	if (refused != NULL) {
		response.status = error_face(refused->kind)->http_status;
		response.body = TEXT("refused");
	} else {
		check(r);
		if (text_is(r->path, "/later") &&
		    pthread_create(&thread, NULL, answer_elsewhere, x) == 0) {
			pthread_detach(thread);
			return;
		}
	}
	http_exchange_answer(x, &response);
}

static void *run(void *context)
{
	(void)context;
	http_server_run(server, PATIENCE_MS);
	return NULL;
}

static void stop(void)
{
	http_server_stop(server);
	pthread_join(loop, NULL);
	http_server_close(server);
	rmdir(folder);
}

static void start(void)
{
	char where[sizeof address.sun_path + 8];
	struct http_server_options options = {
		.listen = where,
		.max_body_bytes = 2000,
		.max_header_bytes = 8000,
		.max_connections = 50,
		.idle_timeout_ms = 30, /* so many inputs are no whole request */
		.receive_timeout_ms = 30,
		.handle = handle,
	};
	struct error err;

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
	snprintf(where, sizeof where, "unix:%s", address.sun_path);
	if (!http_server_open(&options, &server, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	if (pthread_create(&loop, NULL, run, NULL) != 0)
		abort();
	atexit(stop);
}

/* A server that has had enough may close while we are still sending. */
static void say(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		data += sent;
		size -= (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
}

static void wait_for_end(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char scrap[16384];
	ssize_t got = 1;

	while (got > 0) {
		int ready = poll(&readable, 1, PATIENCE_MS);

		if (ready < 0 && errno == EINTR) /* the fuzzer's own alarm */
			continue;
		if (ready != 1)
			abort();
		got = recv(fd, scrap, sizeof scrap, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd;

	if (server == NULL)
		start();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		say(fd, data, size);
		wait_for_end(fd);
	}
	close(fd);
	return 0;
}
