/*
 * A listening socket and its requests, on libmicrohttpd. One thread a connection: a request that is
 * meant to be slow, or to hang for ever, then holds up nobody else.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "sim.h"

enum {
	MAX_BODY = 8 << 20,
	MAX_CONNECTIONS = 4000,
	CONNECTION_MEMORY = 256 << 10,
	THREAD_STACK = 512 << 10,
};

struct peer {
	struct sim *sim;
	peer_run *run;
	struct MHD_Daemon *daemon;
};

/* One request while it is being read. */
struct exchange {
	char *target;
	bool begun;
	struct buf body;
};

bool sim_wait(const struct sim *sim, int fd, int64_t ms)
{
	int64_t deadline = clock_now_ms() + ms;

	for (;;) {
		struct pollfd watched[2] = {
			{.fd = sim->stop_fd, .events = POLLIN},
			{.fd = fd, .events = POLLRDHUP},
		};
		int64_t left = clock_left_ms(deadline);
		int ready = poll(watched, 2, left > 60000 ? 60000 : (int)left);

		if (ready > 0)
			return false;
		if (ready == 0 && clock_left_ms(deadline) == 0)
			return true;
	}
}

/* The raw target is only to be had here; later it has lost its query. */
static void *begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = heap_alloc(sizeof(*x));

	(void)cls;
	(void)connection;
	*x = (struct exchange){.target = heap_copy(text_of(uri))};
	buf_init(&x->body, MAX_BODY);
	return x;
}

static void end(void *cls, struct MHD_Connection *connection, void **con_cls,
		enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *con_cls;

	(void)cls;
	(void)connection;
	(void)why;
	if (x == NULL)
		return;
	free(x->target);
	buf_fini(&x->body);
	free(x);
	*con_cls = NULL;
}

/* Paths are split before they are decoded, so nothing is decoded for us. */
static size_t leave_escapes(void *cls, struct MHD_Connection *connection, char *s)
{
	(void)cls;
	(void)connection;
	return strlen(s);
}

static void unref_body(void *cls)
{
	blob_unref(cls);
}

static struct MHD_Response *make_response(struct reply *a)
{
	struct MHD_Response *response;

	if (a->body == NULL)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		a->body->len, a->body->bytes, unref_body, a->body);
	if (response != NULL)
		a->body = NULL; /* the response has it now */
	return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct reply *a)
{
	const char *type = a->content_type;
	struct MHD_Response *response = make_response(a);
	enum MHD_Result sent;

	if (response == NULL)
		return MHD_NO;
	if (type != NULL)
		MHD_add_response_header(response, "Content-Type", type);
	for (size_t i = 0; i < a->header_count; i++)
		MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
	sent = MHD_queue_response(connection, a->status, response);
	MHD_destroy_response(response);
	return sent;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void read_source(struct MHD_Connection *connection, struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL)
		return;
	if (info->client_addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)info->client_addr)->sin_addr,
			  r->source, sizeof(r->source));
	else if (info->client_addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)info->client_addr)->sin6_addr,
			  r->source, sizeof(r->source));
}

static enum MHD_Result answer(struct peer *p, struct MHD_Connection *connection, const char *method,
			      struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct request r = {
		.sim = p->sim,
		.fd = info != NULL ? info->connect_fd : -1,
		.method = method,
		.target = x->target,
		.body = buf_text(&x->body),
		.body_too_large = !buf_complete(&x->body),
		.api_key = header(connection, "ApiKey"),
		.authorization = header(connection, "Authorization"),
		.cookie_token =
			MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "Authorization"),
		.project_header = header(connection, "ProjectUid"),
		.content_type = header(connection, "Content-Type"),
	};
	struct reply a = {.status = 500};
	enum MHD_Result sent = MHD_NO;

	read_source(connection, &r);
	request_parse_target(&r);
	p->run(&r, &a);
	if (!a.taken)
		sent = send_reply(connection, &a);
	reply_release(&a);
	request_release(&r);
	return sent;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **con_cls)
{
	struct exchange *x = *con_cls;

	(void)url;
	(void)version;
	if (!x->begun) {
		x->begun = true;
		return MHD_YES;
	}
	if (*size > 0) {
		buf_add(&x->body, (struct text){data, *size});
		*size = 0;
		return MHD_YES;
	}
	return answer(cls, connection, method, x);
}

/* Splits HOST:PORT, [HOST]:PORT too. */
static struct addrinfo *resolve(const char *address, char host[100])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	const char *colon = strrchr(address, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - address);

	if (len == 0 || len >= 100)
		return NULL;
	memcpy(host, address, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return NULL;
	return found;
}

static struct MHD_Daemon *listen_on(struct peer *p, const struct addrinfo *where)
{
	unsigned flags =
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;

	if (where->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags, 0, NULL, NULL, handle, p, MHD_OPTION_SOCK_ADDR,
				where->ai_addr, MHD_OPTION_URI_LOG_CALLBACK, begin, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, end, NULL,
				MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_CONNECTION_TIMEOUT, 300u, MHD_OPTION_THREAD_STACK_SIZE,
				(size_t)THREAD_STACK, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
				MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_END);
}

struct peer *peer_open(struct sim *sim, const char *address, peer_run *run, char url[128])
{
	char host[100] = "";
	struct addrinfo *where = resolve(address, host);
	struct peer *p = heap_alloc(sizeof(*p));
	const union MHD_DaemonInfo *info;

	*p = (struct peer){.sim = sim, .run = run};
	if (where != NULL)
		p->daemon = listen_on(p, where);
	if (p->daemon == NULL) {
		fprintf(stderr, "palette-sim: cannot listen on %s\n", address);
		if (where != NULL)
			freeaddrinfo(where);
		free(p);
		return NULL;
	}
	info = MHD_get_daemon_info(p->daemon, MHD_DAEMON_INFO_BIND_PORT);
	snprintf(url, 128, strchr(host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
		 info != NULL ? info->port : 0u);
	freeaddrinfo(where);
	return p;
}

void peer_close(struct peer *p)
{
	if (p == NULL)
		return;
	MHD_stop_daemon(p->daemon);
	free(p);
}
