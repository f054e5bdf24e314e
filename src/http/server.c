/*
 * The front: libmicrohttpd, driven by an epoll loop of ours.
 *
 * Ours are the listening socket, the deadlines and the hand-off; the library parses and sends. Each
 * connection's descriptor is watched twice: by the library, and by our loop, which wants to know
 * when a request's first byte comes and when a client hangs up while the library does not look.
 *
 * An exchange begins with the request line and ends when its answer is sent. Only the loop's thread
 * touches connections; other threads meet it at the queue of exchanges that have something to send.
 * While the handler has an exchange its connection is suspended; answering puts the exchange into
 * the queue, the loop resumes the connection, the library calls on_request() again, which then
 * sends. A stream's connection is suspended and resumed in the same way between its pieces.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/front.h"
#include "http/guard.h"
#include "telemetry/metrics.h"

enum {
	EVENTS_PER_TURN = 128,
	ACCEPTS_PER_TURN = 64,
	ACCEPT_PAUSE_MS = 100, /* when the process has no descriptors left */
	SAY_PAUSED_MS = 10000, /* not more often than this */
	SWALLOWED_BODIES = 2,  /* an endless body is read up to so many times the limit */
	/* Of a connection's memory, which the library wipes after each request and keeps: what is
	 * not the request's head, but its list of headers (9 KiB) and the answer's head. */
	LIBRARY_MARGIN = 32768,
	CUT_OFF_TURNS = 100,
};

/* Gives the exchange to the handler, whole or refused. */
static enum MHD_Result hand_over(struct http_exchange *x, const struct error *refused)
{
	struct MHD_Connection *mhd = x->conn->mhd;

	conn_enter(x->conn, CONN_HANDLING, FOREVER);
	if (exchange_handle(x, refused))
		return send_answer(x) ? MHD_YES : MHD_NO;
	/* An answer that is in the queue already is looked at after this. */
	MHD_suspend_connection(mhd);
	return MHD_YES;
}

struct header_list {
	struct http_header *headers;
	size_t count;
	size_t room;
};

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
				  size_t name_len, const char *value, size_t value_len)
{
	struct header_list *list = context;

	(void)kind;
	if (list->count == list->room)
		return MHD_NO;
	list->headers[list->count++] =
		(struct http_header){{name, name_len}, text_trim((struct text){value, value_len})};
	return MHD_YES;
}

/* The headers, still in the library's memory. */
static struct header_list list_headers(struct http_exchange *x)
{
	int count = MHD_get_connection_values_n(x->conn->mhd, MHD_HEADER_KIND, NULL, NULL);
	struct header_list list = {.room = count > 0 ? (size_t)count : 0};

	list.headers = arena_array(&x->arena, struct http_header, list.room);
	MHD_get_connection_values_n(x->conn->mhd, MHD_HEADER_KIND, add_header, &list);
	return list;
}

/* An exchange that is cut off outlives the connection, so it keeps nothing of the library's. */
static void keep_head(struct http_exchange *x, const char *method, struct header_list list,
		      const struct guard_target *target)
{
	for (size_t i = 0; i < list.count; i++) {
		list.headers[i].name = arena_copy_text(&x->arena, list.headers[i].name);
		list.headers[i].value = arena_copy_text(&x->arena, list.headers[i].value);
	}
	x->request.method = arena_copy(&x->arena, text_of(method));
	x->request.headers = list.headers;
	x->request.header_count = list.count;
	x->request.target = target->target;
	x->request.path = target->path;
	x->request.query = target->query;
	x->request.body = TEXT("");
}

static enum MHD_Result take_head(struct http_exchange *x, const char *method, const char *version)
{
	const struct http_server_options *o = &x->server->options;
	struct header_list list = list_headers(x);
	struct guard_limits limits = {o->max_header_bytes, o->max_body_bytes};
	struct guard_target target = guard_any_target(x->raw_target);
	struct guard_head head = {
		.method = method,
		.version = version,
		.target = x->raw_target,
		.size = MHD_get_connection_info(x->conn->mhd,
						MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
				->header_size,
		.headers = list.headers,
		.header_count = list.count,
	};
	struct error split_err;
	struct error err;
	bool split = guard_split_target(&x->arena, x->raw_target, &target, &split_err);
	bool ok = guard_head(&head, &limits, &err);

	if (ok && !split) {
		err = split_err;
		ok = false;
	}

	keep_head(x, method, list, &target);
	x->unchunked = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	x->step = STEP_BODY;
	return ok ? MHD_YES : hand_over(x, &err);
}

/*
 * A body of announced length was checked by its head. One in chunks shows its size as it comes, and
 * the library takes no answer before its end: so the rest is dropped, within reason. For want of
 * room it may be refused in its midst, and x is gone.
 */
static bool take_body(struct http_exchange *x, const char *bytes, size_t count)
{
	struct error err;

	x->body_bytes += count;
	buf_add(&x->body, (struct text){bytes, count});
	if (!hold_body(x, &err)) {
		send_refusal(x, &err);
		return false;
	}
	return x->body_bytes / SWALLOWED_BODIES <= x->server->options.max_body_bytes;
}

static enum MHD_Result end_body(struct http_exchange *x)
{
	struct error err;

	if (buf_complete(&x->body)) {
		x->request.body = buf_text(&x->body);
		return hand_over(x, NULL);
	}
	hold_drop_body(x);
	error_set(&err, ERROR_TOO_LARGE, "the request body is larger than %zu bytes",
		  x->server->options.max_body_bytes);
	return hand_over(x, &err);
}

/* What the library calls */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void *on_request_line(void *context, const char *target, struct MHD_Connection *mhd)
{
	struct conn *c = conn_of(mhd);

	(void)context;
	if (c->state == CONN_IDLE) /* its bytes came with those of the request before */
		conn_first_byte(c);
	c->x = exchange_new(c, target);
	return NULL;
}

/* A head with a Content-Length that cannot be right, on its way through the library; that takes
 * spaces behind the number for a part of it. */
static bool has_bad_length(const struct conn *c, struct error *err)
{
	const char *value;

	if (c->x == NULL || c->x->step != STEP_HEAD)
		return false;
	value = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Content-Length");
	return value != NULL &&
	       !guard_length(text_of(value), c->server->options.max_body_bytes, err);
}

/*
 * The library says why it refuses a request right before it does so. A Content-Length that it
 * cannot read it answers with two heads in a row, so we are quicker. It does not say which
 * connection it means; whichever shows such a length is to be refused anyway.
 */
static void on_library_log(void *context, const char *format, va_list arguments)
{
	struct http_server *s = context;
	struct error err;

	(void)arguments;
	if (strstr(format, "Content-Length") == NULL)
		return;
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (has_bad_length(c, &err))
			send_refusal(c->x, &err);
}

/* Called with the head, with each piece of the body, at its end, and when resumed. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request_context)
{
	struct http_exchange *x = conn_of(mhd)->x;
	size_t count = *upload_size;

	(void)context;
	(void)url;
	(void)request_context;
	if (x == NULL)
		return MHD_NO;
	if (x->step == STEP_ANSWERED)
		return send_answer(x) ? MHD_YES : MHD_NO;
	if (x->step == STEP_HEAD)
		return take_head(x, method, version);
	if (count == 0)
		return end_body(x);
	*upload_size = 0;
	return take_body(x, upload, count) ? MHD_YES : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
			 enum MHD_RequestTerminationCode code)
{
	struct conn *c = conn_of(mhd);
	struct http_exchange *x = c->x;

	(void)context;
	(void)request_context;
	(void)code;
	if (x == NULL)
		return;
	c->x = NULL;
	/* If it never came to the handler the connection stays "receiving": the library has
	 * refused the request itself, or the client went away. */
	if (x->step == STEP_ANSWERED) {
		c->served = true;
		conn_enter(c, CONN_IDLE, c->server->options.idle_timeout_ms);
	}
	if (c->server->draining)
		conn_shut(c);
	exchange_leave(x);
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = context;
	struct conn *c = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		conn_on_closed(c);
		return;
	}
	c = s->accepting;
	s->accepting = NULL;
	*socket_context = c;
	c->mhd = mhd;
	if (!front_watch(s, c->fd, EPOLLIN | EPOLLRDHUP | EPOLLET, c))
		conn_shut(c); /* without it there is no deadline to count on */
}

/* Targets stay as they were sent. */
static size_t leave_escaped(void *context, struct MHD_Connection *mhd, char *s)
{
	(void)context;
	(void)mhd;
	return strlen(s);
}

/* The loop */

static void add_connection(struct http_server *s, int fd, const struct sockaddr_storage *address,
			   socklen_t size)
{
	struct conn *c;

	if (atomic_load(&s->connections) >= s->options.max_connections) {
		atomic_fetch_add(&s->refused, 1);
		metric_count(METRIC_REFUSED, "connections");
		close(fd);
		return;
	}
	c = conn_new(s, fd, address);
	s->accepting = c;
	/* It closes the descriptor when it fails; on_connection() says whether it took c. */
	if (MHD_add_connection(s->mhd, fd, (const struct sockaddr *)address, size) != MHD_YES &&
	    s->accepting != NULL)
		conn_free(c);
	s->accepting = NULL;
}

static void pause_accepting(struct http_server *s)
{
	front_unwatch(s, s->listener.fd);
	s->accept_again_ms = clock_now_ms() + ACCEPT_PAUSE_MS;
	if (clock_left_ms(s->say_paused_ms) > 0)
		return;
	s->say_paused_ms = clock_now_ms() + SAY_PAUSED_MS;
	log_warn("http.accept_paused", F_INT("connections", atomic_load(&s->connections)));
}

static void accept_connections(struct http_server *s)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address = {0};
		socklen_t size = sizeof address;
		int fd = accept4(s->listener.fd, (struct sockaddr *)&address, &size,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			add_connection(s, fd, &address, size);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accepting(s);
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void clear_wake(struct http_server *s)
{
	uint64_t times;
	ssize_t got = read(s->wake, &times, sizeof times);

	(void)got; /* nothing to read is fine, too */
}

static void resume_ready(struct http_server *s)
{
	struct http_exchange *x = exchange_take_ready(s);

	while (x != NULL) {
		struct http_exchange *next = x->next;

		x->step = STEP_ANSWERED;
		MHD_resume_connection(x->conn->mhd);
		x = next;
	}
}

static int wait_ms(const struct http_server *s, int64_t until_ms)
{
	MHD_UNSIGNED_LONG_LONG library_ms;
	int64_t left;

	if (s->sweep_ms < until_ms)
		until_ms = s->sweep_ms;
	if (s->accept_again_ms != 0 && s->accept_again_ms < until_ms)
		until_ms = s->accept_again_ms;
	left = until_ms == INT64_MAX ? INT64_MAX : clock_left_ms(until_ms);
	if (MHD_get_timeout(s->mhd, &library_ms) == MHD_YES && (int64_t)library_ms < left)
		left = (int64_t)library_ms;
	if (left == INT64_MAX)
		return -1;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

void front_turn(struct http_server *s, int64_t until_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count = epoll_wait(s->epoll, events, EVENTS_PER_TURN, wait_ms(s, until_ms));

	for (int i = 0; i < count; i++) {
		void *what = events[i].data.ptr;

		if (what == s->mhd)
			continue; /* MHD_run() below */
		if (what == &s->listener)
			accept_connections(s);
		else if (what == &s->wake)
			clear_wake(s);
		else
			conn_on_event(what, events[i].events);
	}
	resume_ready(s);
	MHD_run(s->mhd);
	conn_sweep(s);
	if (s->accept_again_ms != 0 && clock_left_ms(s->accept_again_ms) == 0 &&
	    front_watch(s, s->listener.fd, EPOLLIN, &s->listener))
		s->accept_again_ms = 0;
}

/* Requests that have begun and whose answer is not yet sent: what a drain waits for. */
static unsigned count_requests(const struct http_server *s)
{
	unsigned count = 0;

	for (const struct conn *c = s->conns; c != NULL; c = c->next)
		count += c->state == CONN_RECEIVING || c->state == CONN_HANDLING ||
			 c->state == CONN_SENDING || c->state == CONN_STREAMING;
	return count;
}

static void begin_drain(struct http_server *s)
{
	if (!s->options.quiet)
		log_info("stopping", F_INT("requests", count_requests(s)));
	s->draining = true;
	if (s->accept_again_ms == 0)
		front_unwatch(s, s->listener.fd);
	s->accept_again_ms = 0;
	listener_close(&s->listener);
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->state == CONN_IDLE)
			conn_shut(c);
}

/* The drain took too long, or somebody cannot wait: ends every connection, whatever it is doing. */
static void cut_off_all(struct http_server *s)
{
	struct conn *next;

	for (struct conn *c = s->conns; c != NULL; c = next) {
		next = c->next;
		if (c->state == CONN_LINGERING) {
			conn_stop_lingering(c);
			continue;
		}
		s->cut_off = s->cut_off || c->state != CONN_IDLE;
		if (c->state == CONN_HANDLING && exchange_cut_off(c->x))
			MHD_resume_connection(c->mhd);
		if (c->state == CONN_STREAMING && c->x != NULL)
			exchange_hang_up(c->x);
		conn_shut(c);
	}
	for (int i = 0; i < CUT_OFF_TURNS && s->conns != NULL; i++)
		front_turn(s, clock_now_ms() + 1);
}

bool http_server_run(struct http_server *s, int drain_timeout_ms)
{
	int64_t until_ms;

	while (!atomic_load(&s->stopping))
		front_turn(s, INT64_MAX);
	until_ms = clock_now_ms() + drain_timeout_ms;
	begin_drain(s);
	while (s->conns != NULL && clock_left_ms(until_ms) > 0 && !atomic_load(&s->cutting))
		front_turn(s, until_ms);
	cut_off_all(s);
	return !s->cut_off;
}

void http_server_stop(struct http_server *s)
{
	int saved = errno; /* a signal handler must not change it */

	atomic_store(&s->stopping, true);
	front_wake(s);
	errno = saved;
}

void http_server_cut_off(struct http_server *s)
{
	atomic_store(&s->cutting, true);
	http_server_stop(s);
}

/* Opening and closing */

static bool start_library(struct http_server *s, struct error *err)
{
	const struct http_server_options *o = &s->options;
	/* Its time-out is one of inactivity, in seconds. Ours come first but for a client that
	 * stops reading in the middle of an answer. */
	int quiet_ms = o->idle_timeout_ms > o->receive_timeout_ms ? o->idle_timeout_ms
								  : o->receive_timeout_ms;
	const union MHD_DaemonInfo *info;

	s->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		o->max_header_bytes + LIBRARY_MARGIN, MHD_OPTION_CONNECTION_LIMIT,
		o->max_connections + EVENTS_PER_TURN, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)quiet_ms / 1000 + 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
	if (s->mhd == NULL)
		return error_set(err, ERROR_INTERNAL, "could not start the HTTP library");
	info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!front_watch(s, info->epoll_fd, EPOLLIN, s->mhd))
		return error_set(err, ERROR_INTERNAL, "epoll: %s", strerror(errno));
	return true;
}

static bool start_loop(struct http_server *s, struct error *err)
{
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->epoll < 0 || s->wake < 0 || !front_watch(s, s->wake, EPOLLIN, &s->wake) ||
	    !front_watch(s, s->listener.fd, EPOLLIN, &s->listener) ||
	    getrandom(&s->id_prefix, sizeof s->id_prefix, 0) != sizeof s->id_prefix)
		return error_set(err, ERROR_INTERNAL, "event loop: %s", strerror(errno));
	return true;
}

static bool begin_listening(struct http_server *s, const struct http_server_options *options,
			    struct error *err)
{
	if (options->listener == NULL)
		return listener_open(&s->listener, options->listen, err);
	listener_take(&s->listener, options->listener);
	return true;
}

bool http_server_open(const struct http_server_options *options, struct http_server **server,
		      struct error *err)
{
	struct http_server *s = heap_alloc(sizeof *s);

	assert(options->max_buffered_bytes > 0);
	s->options = *options;
	s->options.listen = NULL;
	s->options.listener = NULL;
	s->epoll = -1;
	s->wake = -1;
	s->listener.fd = -1;
	s->sweep_ms = INT64_MAX;
	s->ready_end = &s->ready;
	atomic_init(&s->references, 1);
	pthread_mutex_init(&s->lock, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!begin_listening(s, options, err) || !start_loop(s, err) || !start_library(s, err)) {
		http_server_close(s);
		return false;
	}
	*server = s;
	return true;
}

void http_server_close(struct http_server *s)
{
	if (s == NULL)
		return;
	if (s->mhd != NULL)
		MHD_stop_daemon(s->mhd);
	listener_close(&s->listener);
	if (s->epoll >= 0)
		close(s->epoll);
	front_release(s);
}

int http_server_port(const struct http_server *s)
{
	return s->listener.port;
}

struct http_server_stats http_server_stats(const struct http_server *s)
{
	return (struct http_server_stats){
		.connections = atomic_load(&s->connections),
		.in_flight = atomic_load(&s->in_flight),
		.requests = atomic_load(&s->requests),
		.refused = atomic_load(&s->refused),
		.body_bytes = atomic_load(&s->body_bytes),
		.answer_bytes = atomic_load(&s->held_bytes),
	};
}
