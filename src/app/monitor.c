/*
 * A server of a few pages, which are made on its own thread: none of them waits for anything.
 */
#include "app/monitor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app/generation.h"
#include "base/arena.h"
#include "base/loopback.h"
#include "http/server.h"
#include "op/metrics.h"
#include "op/status.h"

enum {
	LONGEST_BODY = 1, /* nobody has anything to send */
	LONGEST_HEAD = 16 * 1024,
	MOST_BUFFERED = 64 * 1024 * 1024, /* pages that wait for who reads them */
	IDLE_MS = 20 * 1000,              /* there are few places */
	RECEIVE_MS = 5 * 1000,
	END_WITHIN_MS = 1000,
	STACK_BYTES = 512 * 1024,
};

struct monitor {
	struct generations *generations;
	bool on_loopback;
	struct http_server *server;
	pthread_t thread;
};

/* ---- the pages ---- */

static bool write_metrics(const struct monitor *m, const struct http_request *request,
			  struct http_response *r)
{
	enum metrics_format format = metrics_format_for(request->headers, request->header_count);

	(void)m;
	buf_init(&r->body_owned, METRICS_LONGEST);
	metrics_write(format, &r->body_owned);
	http_response_header(r, "Content-Type", metrics_content_type(format));
	return buf_complete(&r->body_owned);
}

static bool write_status(const struct monitor *m, const struct http_request *request,
			 struct http_response *r)
{
	struct generation *g = generations_take(m->generations);
	struct status_answer answer = {.content_type = NULL};
	struct error err;
	bool ok = status_answer(&g->services, request->arena, request->headers,
				request->header_count, &answer, &err);

	generation_drop(g);
	if (!ok)
		return false;
	r->body_owned = answer.body;
	http_response_header(r, "Content-Type", answer.content_type);
	http_response_header(r, "Content-Security-Policy", status_policy());
	http_response_header(r, "X-Frame-Options", "DENY");
	http_response_header(r, "Referrer-Policy", "no-referrer");
	return true;
}

/* ---- who may see them ---- */

/* Says what is wrong, or NULL. */
static const char *refusal_of_status(const struct monitor *m, const struct http_request *request)
{
	(void)m;
	if (status_is_local(request->peer, request->headers, request->header_count))
		return NULL;
	return "This is for who is on this machine, under one of its own names such as localhost, "
	       "and not through a proxy.\n";
}

/* A browser on this machine may have been led here. Elsewhere than on a loopback address strangers
 * need no browser of ours, and what names we go by there is not known. */
static const char *refusal_of_metrics(const struct monitor *m, const struct http_request *request)
{
	const struct http_header *host =
		http_header_find(request->headers, request->header_count, "Host");

	if (!m->on_loopback || host == NULL || authority_cannot_be_rebound(host->value))
		return NULL;
	return "The header Host has to be an address, a name without dots or the name of this "
	       "machine, such as localhost, because this listens on a loopback address.\n";
}

/* One page each: it fills body_owned and says of what type it is; false: it is too long. */
static const struct page {
	const char *path;
	bool (*write)(const struct monitor *m, const struct http_request *request,
		      struct http_response *r);
	const char *(*refusal)(const struct monitor *m, const struct http_request *request);
} pages[] = {
	{"/metrics", write_metrics, refusal_of_metrics},
	{"/status", write_status, refusal_of_status},
};

/* ---- answering ---- */

static const struct page *find_page(struct text path)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (text_is(path, pages[i].path))
			return &pages[i];
	return NULL;
}

static void say(struct http_response *r, int status, struct text line)
{
	r->status = status;
	r->body = line;
	http_response_header(r, "Content-Type", "text/plain; charset=utf-8");
}

static void write_page(const struct monitor *m, const struct page *page,
		       const struct http_request *request, struct http_response *r)
{
	if (page->write(m, request, r))
		return;
	buf_fini(&r->body_owned);
	*r = (struct http_response){.status = 500};
	say(r, 500, TEXT("It is too long.\n"));
}

/* An http_handler. */
static void handle(void *context, struct http_exchange *x, const struct error *refused)
{
	const struct http_request *request = http_exchange_request(x);
	const struct page *page = find_page(request->path);
	const char *why = page == NULL ? NULL : page->refusal(context, request);
	struct http_response r = {.status = 200};

	if (refused != NULL) {
		say(&r, error_face(refused->kind)->http_status, TEXT("Not understood.\n"));
	} else if (page == NULL) {
		say(&r, 404, TEXT("There is no such page.\n"));
	} else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
		say(&r, 405, TEXT("Only GET and HEAD are possible here.\n"));
		http_response_header(&r, "Allow", "GET, HEAD");
	} else if (why != NULL) {
		say(&r, 403, text_of(why));
	} else {
		write_page(context, page, request, &r);
	}
	http_response_header(&r, "Cache-Control", "no-store");
	http_response_header(&r, "X-Content-Type-Options", "nosniff");
	http_exchange_answer(x, &r);
}

/* ---- the thread ---- */

static void *serve(void *argument)
{
	struct monitor *m = argument;
	bool all_ended = http_server_run(m->server, END_WITHIN_MS);

	(void)all_ended; /* who is cut off asks again, elsewhere */
	return NULL;
}

static bool start(struct monitor *m, struct error *err)
{
	pthread_attr_t attributes;
	int problem;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	problem = pthread_create(&m->thread, &attributes, serve, m);
	pthread_attr_destroy(&attributes);
	return problem == 0 ||
	       error_set(err, ERROR_INTERNAL, "could not start a thread: %s", strerror(problem));
}

bool monitor_open(const struct config *config, struct http_listener *listener,
		  struct generations *generations, struct monitor **monitor, struct error *err)
{
	struct monitor *m = heap_alloc(sizeof *m);
	const struct http_server_options options = {
		.listen = config->telemetry_listen,
		.listener = listener,
		.max_body_bytes = LONGEST_BODY,
		.max_header_bytes = LONGEST_HEAD,
		.max_buffered_bytes = MOST_BUFFERED,
		.max_connections = MONITOR_MOST_CONNECTIONS,
		.idle_timeout_ms = IDLE_MS,
		.receive_timeout_ms = RECEIVE_MS,
		.quiet = true,
		.handle = handle,
		.context = m,
	};

	*m = (struct monitor){.generations = generations,
			      .on_loopback = listens_on_loopback(config->telemetry_listen)};
	if (!http_server_open(&options, &m->server, err)) {
		free(m);
		return false;
	}
	if (!start(m, err)) {
		http_server_close(m->server);
		free(m);
		return false;
	}
	*monitor = m;
	return true;
}

int monitor_port(const struct monitor *monitor)
{
	return monitor == NULL ? 0 : http_server_port(monitor->server);
}

void monitor_close(struct monitor *monitor)
{
	if (monitor == NULL)
		return;
	http_server_stop(monitor->server);
	pthread_join(monitor->thread, NULL);
	http_server_close(monitor->server);
	free(monitor);
}
