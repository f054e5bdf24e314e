/*
 * Bytes as what a server sends, to our real HTTP client over a loopback connection: every request
 * ends, in time, as an answer that is whole and no larger than it may be, or for a reason.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
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

enum {
	MOST_BYTES = 4096,
	/* Closed connections keep their ports for a minute: another address has others. */
	PER_ADDRESS = 5000,
	ADDRESSES = 200,
};

static struct http_client *client;
static int listener = -1;
static char url[64];

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void listen_at(unsigned number)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t length = sizeof at;

	if (listener >= 0)
		close(listener);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (number << 8));
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, 16) == 0 &&
		     getsockname(listener, (struct sockaddr *)&at, &length) == 0,
	     "it listens");
	snprintf(url, sizeof url, "http://%s:%d/x", inet_ntoa(at.sin_addr), ntohs(at.sin_port));
}

/* Takes one connection, waits for the request's end, sends the bytes. */
static void *serve(void *context)
{
	const struct text *bytes = context;
	char request[4096];
	size_t got = 0;
	ssize_t n = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	while (fd >= 0 && n > 0 && got < sizeof request &&
	       memmem(request, got, "\r\n\r\n", 4) == NULL) {
		n = recv(fd, request + got, sizeof request - got, 0);
		got += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0 && bytes->len > 0)
		n = send(fd, bytes->ptr, bytes->len, MSG_NOSIGNAL);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* One thread for the life of the process, which is handed the bytes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct text waiting;
static bool has_work;

static void *serve_all(void *unused)
{
	struct text bytes;

	(void)unused;
	for (;;) {
		pthread_mutex_lock(&lock);
		while (!has_work)
			pthread_cond_wait(&changed, &lock);
		bytes = waiting;
		pthread_mutex_unlock(&lock);
		serve(&bytes);
		pthread_mutex_lock(&lock);
		has_work = false;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void hand_over(struct text bytes)
{
	pthread_mutex_lock(&lock);
	waiting = bytes;
	has_work = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_for_server(void)
{
	pthread_mutex_lock(&lock);
	while (has_work)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void start(void)
{
	const struct http_client_options options = {
		.max_connections_per_host = 1, .connect_timeout_ms = 5000, .user_agent = "fuzz"};
	struct error err = {.message = ""};
	pthread_t thread;

	log_open(LOG_OFF, LOG_TEXT);
	must(http_client_open(&options, &client, &err), err.message);
	must(pthread_create(&thread, NULL, serve_all, NULL) == 0, "there is a thread");
	pthread_detach(thread);
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
	static unsigned count;
	struct http_fetch fetch = {
		.method = "GET",
		.target = &target,
		.max_bytes = MOST_BYTES,
		.once = true,
	};

	if (client == NULL)
		start();
	if (count % PER_ADDRESS == 0)
		listen_at(count / PER_ADDRESS % ADDRESSES);
	count++;
	fetch.url = url;
	fetch.deadline_ms = clock_now_ms() + 5000;
	hand_over((struct text){(const char *)data, size});
	http_fetch(client, &fetch);
	check(&fetch);
	http_fetch_fini(&fetch);
	wait_for_server();
	return 0;
}
