/* What lives as long as the process, and the order in which it starts and stops. */
#include "app/app.h"

#include <malloc.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/descriptors.h"
#include "app/keeper.h"
#include "app/workers.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "face/face.h"
#include "http/client.h"
#include "http/server.h"
#include "op/follow.h"
#include "op/mcp_host.h"
#include "op/op.h"
#include "palette/palette.h"
#include "store/store.h"

enum {
	LONGEST_OPENAPI = 4 * 1024 * 1024,
	LARGE_PIECE = 256 * 1024,
	/* One may wait while the other answers those who need not. */
	THREADS_ASIDE = 2,
	QUEUE_ASIDE = 256,
	THREADS_REFRESHING = 4,
};

struct app {
	const struct config *config;
	struct http_client *http;
	struct store *store;
	struct palette_hosts *hosts;
	struct palette_client *palette;
	struct sessions *sessions;
	struct toolbox *toolbox;
	struct mcp_host *mcp;
	struct backstage *backstage;
	struct op_life *life;
	struct buf openapi;
	struct op_constant openapi_answer;
	struct represent *represent;
	struct op_services services;
	struct cors *cors;
	struct secure *secure;
	struct rest rest;
	struct workers *workers;
	struct workers *aside;      /* see OP_ASIDE */
	struct workers *following;  /* see OP_FOLLOWS */
	struct workers *refreshing; /* what is kept of Palette's answers */
	struct followers *followers;
	struct http_server *server;
	struct keeper *keeper;
};

static bool queue_exchange(void *context, struct http_exchange *x)
{
	struct app *app = context;

	return workers_submit(app->workers, x);
}

static bool queue_aside(void *context, struct http_exchange *x)
{
	struct app *app = context;

	return workers_submit(app->aside, x);
}

static bool queue_following(void *context, struct http_exchange *x)
{
	struct app *app = context;

	return workers_submit(app->following, x);
}

static bool start_refresh(void *context, void *item)
{
	struct app *app = context;

	return workers_submit(app->refreshing, item);
}

static void work_on_exchange(void *context, void *item)
{
	struct app *app = context;

	rest_work(&app->rest, item);
}

static bool open_client(struct app *app, struct error *err)
{
	const struct http_client_options options = {
		.max_connections_per_host = (unsigned)app->config->upstream_connections_per_host,
		.connect_timeout_ms = app->config->upstream_connect_timeout_ms,
		.user_agent = "spectrocloud-backend/" PROJECT_VERSION,
	};

	return op_check_table(err) && http_client_open(&options, &app->http, err);
}

static bool open_parts(struct app *app, struct http_listener *listener, struct error *err)
{
	const struct config *c = app->config;
	const struct http_server_options server = {
		.listen = c->listen,
		.listener = listener,
		.max_body_bytes = (size_t)c->max_body_bytes,
		.max_header_bytes = (size_t)c->max_header_bytes,
		.max_connections = descriptors_for_clients(c),
		.idle_timeout_ms = c->idle_timeout_ms,
		.receive_timeout_ms = c->receive_timeout_ms,
		.handle = rest_handle,
		.context = &app->rest,
	};

	if (!open_client(app, err) || !store_open(c, &app->store, err) ||
	    !backstage_open(c, app->http, app->store, &app->backstage, err))
		return false;
	app->sessions = sessions_new(c, app->store);
	app->life = op_life_new();
	app->hosts = palette_hosts_new(app->store);
	palette_client_new(c, app->http, app->hosts, &app->palette);
	palette_client_on_wait(app->palette, workers_begin_wait, workers_end_wait);
	app->refreshing = workers_start_on_demand(THREADS_REFRESHING, palette_refresh, NULL);
	palette_client_refresh_by(app->palette, start_refresh, app);
	face_openapi(&app->openapi);
	op_constant_make(&app->openapi_answer, buf_text(&app->openapi), c->compression);
	app->toolbox = toolbox_new(c);
	app->mcp = mcp_host_new(app->toolbox);
	app->followers = followers_new();
	app->services = (struct op_services){.config = c,
					     .followers = app->followers,
					     .backstage = app->backstage,
					     .life = app->life,
					     .palette = app->palette,
					     .sessions = app->sessions,
					     .store = app->store,
					     .toolbox = app->toolbox,
					     .mcp = app->mcp,
					     .openapi = &app->openapi_answer};
	app->cors = cors_new(&c->cors);
	app->secure = secure_new(c);
	app->rest.services = &app->services;
	app->rest.cors = app->cors;
	app->rest.secure = app->secure;
	app->represent = represent_new(c->compression);
	app->rest.represent = app->represent;
	app->rest.queue = queue_exchange;
	app->rest.queue_aside = queue_aside;
	app->following = workers_start_on_demand((unsigned)c->follow.most, work_on_exchange, app);
	app->rest.queue_following = queue_following;
	app->rest.queue_context = app;
	app->rest.most_unknown = (unsigned)(c->queue_length + 1) / 2;
	return workers_start((unsigned)c->workers, (unsigned)c->waiting, (size_t)c->queue_length,
			     work_on_exchange, app, &app->workers, err) &&
	       workers_start(THREADS_ASIDE, 0, QUEUE_ASIDE, work_on_exchange, app, &app->aside,
			     err) &&
	       http_server_open(&server, &app->server, err);
}

static bool start_keeper(struct app *app, struct error *err)
{
	const struct keeper_options options = {
		.backstage = app->backstage,
		.sessions = app->sessions,
		.mcp = app->mcp,
		.followers = app->followers,
		.life = app->life,
		.server = app->server,
		.shutdown_delay_ms = app->config->shutdown_delay_ms,
	};

	return keeper_open(&options, &app->keeper, err);
}

/*
 * Pieces from this size on go back to the system when they are freed. glibc raises the threshold
 * by itself, up to 32 MiB, and then each worker's arena would keep the largest list it has made.
 */
static void return_large_pieces(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
}

bool app_open(const struct config *config, struct http_listener *listener, struct app **app,
	      struct error *err)
{
	struct app *a = heap_alloc(sizeof *a);

	return_large_pieces();
	a->config = config;
	buf_init(&a->openapi, LONGEST_OPENAPI);
	if (!open_parts(a, listener, err) || !start_keeper(a, err)) {
		app_close(a);
		return false;
	}
	*app = a;
	return true;
}

bool app_open_alone(const struct config *config, struct app **app, struct error *err)
{
	struct app *a = heap_alloc(sizeof *a);

	a->config = config;
	buf_init(&a->openapi, 0);
	if (!open_client(a, err)) {
		app_close(a);
		return false;
	}
	a->life = op_life_new();
	op_life_enter(a->life, PHASE_SERVING);
	a->hosts = palette_hosts_new(NULL);
	palette_client_new(config, a->http, a->hosts, &a->palette);
	a->toolbox = toolbox_new(config);
	a->mcp = mcp_host_new(a->toolbox);
	a->services = (struct op_services){.config = config,
					   .life = a->life,
					   .palette = a->palette,
					   .toolbox = a->toolbox,
					   .mcp = a->mcp};
	*app = a;
	return true;
}

/* The system's name of the user, or else its number. */
static const char *local_subject(struct arena *a)
{
	char room[4096];
	struct passwd *found = NULL;
	struct passwd entry;

	if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) != 0 || found == NULL)
		return arena_printf(a, "local:%u", (unsigned)getuid());
	return arena_printf(a, "local:%s", entry.pw_name);
}

void app_local_call(const struct app *app, struct arena *arena, struct call *call)
{
	const char *token = getenv("SPECTROCLOUD_TOKEN");

	*call = (struct call){
		.services = &app->services,
		.arena = arena,
		.started_us = clock_now_us(),
		.deadline_ms = clock_now_ms() + app->config->request_timeout_ms,
		.local = true,
		.principal = {.kind = PRINCIPAL_SERVICE, .subject = local_subject(arena)},
	};
	/* A variable that is empty is how shells say that there is none. */
	if (token != NULL && *token != '\0')
		call->palette_token = text_of(token);
}

const struct op_services *app_services(const struct app *app)
{
	return &app->services;
}

int app_port(const struct app *app)
{
	return http_server_port(app->server);
}

bool app_run(struct app *app)
{
	bool drained = http_server_run(app->server, app->config->drain_timeout_ms);

	return keeper_ends(app->keeper) && drained;
}

void app_stop(struct app *app)
{
	keeper_leave(app->keeper);
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
	keeper_close(app->keeper);
	workers_stop(app->workers);
	workers_stop(app->aside);
	workers_stop(app->following);
	palette_client_call_off(app->palette);
	workers_stop(app->refreshing);
	http_server_close(app->server);
	palette_client_free(app->palette);
	palette_hosts_free(app->hosts);
	mcp_host_free(app->mcp);
	followers_free(app->followers);
	toolbox_free(app->toolbox);
	sessions_free(app->sessions);
	backstage_close(app->backstage);
	store_close(app->store);
	op_life_free(app->life);
	http_client_close(app->http);
	secure_free(app->secure);
	cors_free(app->cors);
	represent_free(app->represent);
	op_constant_fini(&app->openapi_answer);
	buf_fini(&app->openapi);
	free(app);
}
