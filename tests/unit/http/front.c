/* A server on a thread of this process, and raw bytes to talk to it. */
#include "front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { PATIENCE_S = 10 };

static void answer(struct http_exchange *x, int status, struct text body)
{
	struct http_response response = {.status = status, .body = body};

	http_response_header(&response, "Content-Type", "text/plain");
	http_exchange_answer(x, &response);
}

static void answer_echo(struct http_exchange *x)
{
	const struct http_request *r = http_exchange_request(x);

	answer(x, 200,
	       text_of(arena_printf(r->arena, "%s %.*s|%.*s|%.*s", r->method, (int)r->path.len,
				    r->path.ptr, (int)r->query.len, r->query.ptr, (int)r->body.len,
				    r->body.ptr)));
}

static void answer_large(struct http_exchange *x, size_t size)
{
	struct http_response response = {.status = 200};
	char piece[65536];

	memset(piece, 'x', sizeof piece);
	buf_init(&response.body_owned, size);
	buf_reserve(&response.body_owned, size);
	while (response.body_owned.len < size)
		buf_add(&response.body_owned, (struct text){piece, sizeof piece});
	http_exchange_answer(x, &response);
}

/* One body for all. */
static void answer_shared(struct front *f, struct http_exchange *x)
{
	struct http_response response = {.status = 200};
	struct buf bytes;

	if (f->shared == NULL) {
		buf_init(&bytes, FRONT_SIZED);
		buf_reserve(&bytes, FRONT_SIZED);
		while (bytes.len < FRONT_SIZED)
			buf_add(&bytes, TEXT("0123456789abcdef"));
		f->shared = shared_new(&bytes);
	}
	response.shared = shared_ref(f->shared);
	response.body = shared_text(f->shared);
	http_exchange_answer(x, &response);
}

static void answer_unchanged(struct http_exchange *x)
{
	const struct http_response response = {.status = 304, .unsent = FRONT_BIG};

	http_exchange_answer(x, &response);
}

/* With 16 KiB of headers, which are more than any answer of ours has. */
static void answer_with_headers(struct http_exchange *x)
{
	enum { HEADERS = 32, EACH = 512 };
	struct http_response response = {.status = 200, .body = TEXT("wide")};
	struct arena *a = http_exchange_request(x)->arena;

	for (int i = 0; i < HEADERS; i++)
		http_response_header(&response, arena_printf(a, "X-%d", i),
				     arena_printf(a, "%0*d", EACH, i));
	http_exchange_answer(x, &response);
}

static void put(struct front *f, struct front_queue *queue, struct http_exchange *x)
{
	pthread_mutex_lock(&f->lock);
	assert_true(queue->count < FRONT_PARKED);
	queue->items[queue->count++] = x;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void answer_error(struct http_exchange *x, const struct error *err)
{
	const struct http_request *r = http_exchange_request(x);

	answer(x, error_face(err->kind)->http_status,
	       text_of(arena_printf(r->arena, "%s [%.*s]", err->message, (int)r->target.len,
				    r->target.ptr)));
}

static void answer_instead(void *context, struct http_exchange *x, const struct error *why)
{
	(void)context;
	answer_error(x, why);
}

static void handle(void *context, struct http_exchange *x, const struct error *refused)
{
	const struct http_request *r = http_exchange_request(x);
	struct front *f = context;

	atomic_fetch_add(&f->handled, 1);
	http_exchange_set_data(x, f);
	if (refused != NULL)
		answer_error(x, refused);
	else if (text_is(r->path, "/park"))
		put(f, &f->parked, x);
	else if (text_is(r->path, "/later"))
		put(f, &f->later, x);
	else if (text_is(r->path, "/none"))
		answer(x, 204, TEXT(""));
	else if (text_is(r->path, "/same"))
		answer_unchanged(x);
	else if (text_is(r->path, "/big"))
		answer_large(x, FRONT_BIG);
	else if (text_is(r->path, "/huge"))
		answer_large(x, FRONT_HUGE);
	else if (text_is(r->path, "/sized"))
		answer_large(x, FRONT_SIZED);
	else if (text_is(r->path, "/shared"))
		answer_shared(f, x);
	else if (text_is(r->path, "/wide"))
		answer_with_headers(x);
	else
		answer_echo(x);
}

static void count_ended(void *context, struct http_exchange *x)
{
	struct front *f = context;

	if (http_exchange_data(x) != NULL)
		atomic_fetch_add(&f->ended, 1);
}

static void *run_loop(void *context)
{
	struct front *f = context;

	f->drained = http_server_run(f->server, f->drain_ms);
	return NULL;
}

static void *run_worker(void *context)
{
	struct front *f = context;

	pthread_mutex_lock(&f->lock);
	while (!f->closing) {
		while (f->later.count > 0) {
			struct http_exchange *x = f->later.items[--f->later.count];

			pthread_mutex_unlock(&f->lock);
			answer_echo(x);
			pthread_mutex_lock(&f->lock);
		}
		if (!f->closing)
			pthread_cond_wait(&f->changed, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

struct http_server_options front_options(void)
{
	return (struct http_server_options){
		.listen = "127.0.0.1:0",
		.max_body_bytes = FRONT_MAX_BODY,
		.max_header_bytes = FRONT_MAX_HEADER,
		.max_buffered_bytes = FRONT_MAX_BUFFERED,
		.max_connections = 600,
		.idle_timeout_ms = 8000,
		.receive_timeout_ms = 8000,
		.handle = handle,
		.answer_instead = answer_instead,
		.ended = count_ended,
	};
}

void front_start(struct front *f, struct http_server_options options, int drain_ms)
{
	struct error err;

	*f = (struct front){.drain_ms = drain_ms};
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	options.context = f;
	if (!http_server_open(&options, &f->server, &err))
		fail_msg("%s", err.message);
	assert_int_equal(0, pthread_create(&f->loop, NULL, run_loop, f));
	assert_int_equal(0, pthread_create(&f->worker, NULL, run_worker, f));
}

bool front_drain(struct front *f)
{
	http_server_stop(f->server);
	pthread_join(f->loop, NULL);
	pthread_mutex_lock(&f->lock);
	f->closing = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->worker, NULL);
	return f->drained;
}

bool front_stop(struct front *f)
{
	if (!f->closing)
		front_drain(f);
	http_server_close(f->server);
	/* What was cut off is over when it is answered. */
	if (f->drained)
		assert_int_equal(atomic_load(&f->handled), atomic_load(&f->ended));
	shared_unref(f->shared);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	return f->drained;
}

void front_wait_parked(struct front *f, unsigned count)
{
	struct timespec until;
	int status = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&f->lock);
	while (f->parked.count < count && status == 0)
		status = pthread_cond_timedwait(&f->changed, &f->lock, &until);
	pthread_mutex_unlock(&f->lock);
	assert_int_equal(0, status);
}

void front_answer_parked(struct front *f)
{
	struct front_queue taken;

	pthread_mutex_lock(&f->lock);
	taken = f->parked;
	f->parked.count = 0;
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 0; i < taken.count; i++)
		answer_echo(taken.items[i]);
}

int wire_connect(const struct front *f)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	address.sin_port = htons((uint16_t)http_server_port(f->server));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

void wire_send(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		assert_true(sent > 0);
		bytes += sent;
		len -= (size_t)sent;
	}
}

void wire_say(int fd, const char *text)
{
	wire_send(fd, text, strlen(text));
}

static void read_exactly(int fd, char *out, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, out, len, 0);

		assert_true(got > 0);
		out += got;
		len -= (size_t)got;
	}
}

void wire_answer(int fd, bool head_only, char out[WIRE_SIZE])
{
	const char *length;
	size_t body = 0;
	size_t len = 0;

	out[0] = '\0';
	while (strstr(out, "\r\n\r\n") == NULL) {
		assert_true(len + 1 < WIRE_SIZE);
		read_exactly(fd, out + len, 1);
		out[++len] = '\0';
	}
	length = strstr(out, "Content-Length: ");
	if (length != NULL && !head_only)
		body = (size_t)strtoul(length + strlen("Content-Length: "), NULL, 10);
	assert_true(len + body < WIRE_SIZE);
	read_exactly(fd, out + len, body);
	out[len + body] = '\0';
}

size_t wire_rest(int fd, char out[WIRE_SIZE])
{
	char chunk[65536];
	size_t total = 0;
	size_t kept = 0;
	ssize_t got;

	while ((got = recv(fd, chunk, sizeof chunk, 0)) > 0) {
		size_t keep =
			(size_t)got < WIRE_SIZE - 1 - kept ? (size_t)got : WIRE_SIZE - 1 - kept;

		memcpy(out + kept, chunk, keep);
		kept += keep;
		total += (size_t)got;
	}
	out[kept] = '\0';
	assert_int_equal(0, got); /* neither a reset nor our patience's end */
	return total;
}

void wire_talk(const struct front *f, const char *bytes, size_t len, char out[WIRE_SIZE])
{
	int fd = wire_connect(f);

	wire_send(fd, bytes, len);
	wire_rest(fd, out);
	close(fd);
}
