/* What lives as long as the process, and the order in which it starts and stops. */
#include "app/app.h"

#include <malloc.h>
#include <stdlib.h>

#include "app/descriptors.h"
#include "app/workers.h"
#include "base/arena.h"
#include "base/log.h"
#include "face/face.h"
#include "http/client.h"
#include "http/server.h"
#include "op/op.h"
#include "palette/palette.h"

enum { LONGEST_OPENAPI = 4 * 1024 * 1024, LARGE_PIECE = 256 * 1024 };

struct app {
	const struct config *config;
	struct http_client *http;
	struct palette_client *palette;
	struct buf openapi;
	struct op_services services;
	struct rest rest;
	struct workers *workers;
	struct http_server *server;
};

static bool queue_exchange(void *context, struct http_exchange *x)
{
	struct app *app = context;

	return workers_submit(app->workers, x);
}

static void work_on_exchange(void *context, void *item)
{
	(void)context;
	rest_work(item);
}

static bool open_parts(struct app *app, struct error *err)
{
	const struct config *c = app->config;
	const struct http_client_options client = {
		.max_connections_per_host = (unsigned)c->upstream_connections_per_host,
		.connect_timeout_ms = c->upstream_connect_timeout_ms,
		.user_agent = "spectrocloud-backend/" PROJECT_VERSION,
	};
	const struct http_server_options server = {
		.listen = c->listen,
		.max_body_bytes = (size_t)c->max_body_bytes,
		.max_header_bytes = (size_t)c->max_header_bytes,
		.max_connections = descriptors_for_clients(c),
		.idle_timeout_ms = c->idle_timeout_ms,
		.receive_timeout_ms = c->receive_timeout_ms,
		.handle = rest_handle,
		.context = &app->rest,
	};

	if (!op_check_table(err) || !http_client_open(&client, &app->http, err))
		return false;
	palette_client_new(c, app->http, &app->palette);
	face_openapi(&app->openapi);
	app->services = (struct op_services){
		.config = c, .palette = app->palette, .openapi = buf_text(&app->openapi)};
	app->rest = (struct rest){
		.services = &app->services, .queue = queue_exchange, .queue_context = app};
	return workers_start((unsigned)c->workers, (size_t)c->queue_length, work_on_exchange, app,
			     &app->workers, err) &&
	       http_server_open(&server, &app->server, err);
}

/*
 * Pieces from this size on go back to the system when they are freed. glibc raises the threshold
 * by itself, up to 32 MiB, and then each worker's arena would keep the largest list it has made.
 */
static void return_large_pieces(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
}

bool app_open(const struct config *config, struct app **app, struct error *err)
{
	struct app *a = heap_alloc(sizeof *a);

	return_large_pieces();
	a->config = config;
	buf_init(&a->openapi, LONGEST_OPENAPI);
	if (!open_parts(a, err)) {
		app_close(a);
		return false;
	}
	*app = a;
	return true;
}

int app_port(const struct app *app)
{
	return http_server_port(app->server);
}

bool app_run(struct app *app)
{
	return http_server_run(app->server, app->config->drain_timeout_ms);
}

void app_stop(struct app *app)
{
	http_server_stop(app->server);
}

void app_cut_off(struct app *app)
{
	http_server_cut_off(app->server);
}

/* No work comes any more once app_run() has returned. The workers first: what they still have they
 * answer while there is a server. */
void app_close(struct app *app)
{
	if (app == NULL)
		return;
	workers_stop(app->workers);
	http_server_close(app->server);
	palette_client_free(app->palette);
	http_client_close(app->http);
	buf_fini(&app->openapi);
	free(app);
}
