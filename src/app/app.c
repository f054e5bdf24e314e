/* What lives as long as the process, and the order in which it starts and stops. */
#include "app/app.h"

#include <malloc.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/descriptors.h"
#include "app/exporter.h"
#include "app/generation.h"
#include "app/keeper.h"
#include "app/monitor.h"
#include "app/reload.h"
#include "app/workers.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"
#include "op/op.h"
#include "store/store.h"
#include "telemetry/history.h"
#include "telemetry/metrics.h"
#include "telemetry/spans.h"
#include "telemetry/trail.h"

enum {
	LARGE_PIECE = 256 * 1024,
	/* One may wait while the other answers those who need not. */
	THREADS_ASIDE = 2,
	QUEUE_ASIDE = 256,
	THREADS_REFRESHING = 4,
	LAST_SPANS_MS = 5000,
};

struct app {
	struct trail *trail;
	struct exporter *exporter; /* of spans; NULL: there is nowhere to send them */
	atomic_llong stop_ms;      /* when app_stop() was called; 0: it was not */
	atomic_bool hurried;       /* app_cut_off() was called */
	int shutdown_delay_ms;
	struct palette_hosts *hosts; /* what outlives their generations */
	struct op_life *life;
	struct history *history; /* of the figures, for the status page */
	struct store *store;
	struct workers *workers;
	struct workers *aside;      /* see OP_ASIDE */
	struct workers *following;  /* see OP_FOLLOWS */
	struct workers *refreshing; /* what is kept of Palette's answers */
	struct rest_queues queues;
	struct generation_base base;
	struct generation *alone; /* of app_open_alone(); the rest is then not there */
	struct generations *generations;
	struct http_server *server;
	int drain_timeout_ms;
	struct keeper *keeper;
	struct reloader *reloader;
	struct monitor *monitor; /* NULL: there is none */
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

/* How many there may be is a matter of each configuration: who is told to come again because there
 * is a new one must not find the place taken that is about to be free. */
static bool queue_following(void *context, struct http_exchange *x)
{
	struct generation *g = generation_of(rest_of(x));
	struct app *app = context;

	if (atomic_fetch_add(&g->followed, 1) < (unsigned)g->config->follow.most &&
	    workers_submit(app->following, x))
		return true;
	atomic_fetch_sub(&g->followed, 1);
	return false;
}

static void work_on_exchange(void *context, void *item)
{
	(void)context;
	rest_work(item);
}

static void work_on_following(void *context, void *item)
{
	struct generation *g = generation_of(rest_of(item));

	(void)context;
	generation_hold(g);
	rest_work(item);
	atomic_fetch_sub(&g->followed, 1);
	generation_drop(g);
}

/* An http_handler: a request belongs to the generation that is in force when it comes. */
static void handle_exchange(void *context, struct http_exchange *x, const struct error *refused)
{
	struct app *app = context;

	rest_handle(&generations_take(app->generations)->rest, x, refused);
}

static void end_exchange(void *context, struct http_exchange *x)
{
	const struct rest *rest = rest_of(x);

	(void)context;
	if (rest != NULL) {
		rest_ended(x);
		generation_drop(generation_of(rest));
	}
}

/* ---- figures ---- */

static void sample_workers(const struct workers_state *state, const char *pool,
			   struct metric_samples *samples)
{
	metric_sample(samples, METRIC_WORKERS, state->usual, pool);
	metric_sample(samples, METRIC_WORKERS_BUSY, state->busy, pool);
	metric_sample(samples, METRIC_WORKERS_WAITING, state->waiting, pool);
}

static void sample_pools(const struct app *app, const struct config *config,
			 struct metric_samples *samples)
{
	struct workers_state requests = workers_state(app->workers);
	struct workers_state aside = workers_state(app->aside);
	struct workers_state following = workers_state(app->following);
	struct workers_state refreshing = workers_state(app->refreshing);

	following.usual = (size_t)config->follow.most;
	sample_workers(&requests, "requests", samples);
	sample_workers(&aside, "aside", samples);
	sample_workers(&following, "following", samples);
	sample_workers(&refreshing, "refreshing", samples);
	metric_sample(samples, METRIC_QUEUE, requests.queued, "requests");
	metric_sample(samples, METRIC_QUEUE, aside.queued, "aside");
	metric_sample(samples, METRIC_FOLLOWERS, following.busy);
}

static void sample_records(const struct app *app, struct metric_samples *samples)
{
	const struct trail_counts lines = trail_counts(app->trail);

	metric_sample(samples, METRIC_AUDIT_LINES, lines.written, "written");
	metric_sample(samples, METRIC_AUDIT_LINES, lines.failed, "missing");
	metric_sample(samples, METRIC_AUDIT_LINES, lines.suppressed, "suppressed");
	metric_sample(samples, METRIC_SPANS_DROPPED, spans_dropped());
}

/* A metric_sampler_fn. */
static void sample(void *context, struct metric_samples *samples)
{
	const struct app *app = context;
	struct generation *g = generations_take(app->generations);
	struct http_server_stats clients = http_server_stats(app->server);

	sample_pools(app, g->config, samples);
	sample_records(app, samples);
	metric_sample(samples, METRIC_CONNECTIONS, clients.connections);
	metric_sample(samples, METRIC_BUFFERED, (double)clients.body_bytes, "bodies");
	metric_sample(samples, METRIC_BUFFERED, (double)clients.answer_bytes, "answers");
	palette_client_sample(g->palette, samples);
	generation_drop(g);
}

/* ---- start ---- */

static bool open_server(struct app *app, const struct config *c, struct http_listener *listener,
			struct error *err)
{
	const struct http_server_options options = {
		.listen = c->listen,
		.listener = listener,
		.max_body_bytes = (size_t)c->max_body_bytes,
		.max_header_bytes = (size_t)c->max_header_bytes,
		.max_buffered_bytes = (size_t)c->max_buffered_bytes,
		.max_connections = descriptors_for_clients(c),
		.idle_timeout_ms = c->idle_timeout_ms,
		.receive_timeout_ms = c->receive_timeout_ms,
		.handle = handle_exchange,
		.answer_instead = rest_answer_instead,
		.ended = end_exchange,
		.context = app,
	};

	app->drain_timeout_ms = c->drain_timeout_ms;
	app->shutdown_delay_ms = c->shutdown_delay_ms;
	return http_server_open(&options, &app->server, err);
}

static bool start_workers(struct app *app, const struct config *c, struct error *err)
{
	app->following = workers_start_on_demand(CONFIG_MOST_FOLLOWED, work_on_following, app);
	return workers_start((unsigned)c->workers, (unsigned)c->waiting, (size_t)c->queue_length,
			     work_on_exchange, app, &app->workers, err) &&
	       workers_start(THREADS_ASIDE, 0, QUEUE_ASIDE, work_on_exchange, app, &app->aside,
			     err);
}

static bool open_first_generation(struct app *app, const struct config *c, struct error *err)
{
	struct generation *first;

	app->life = op_life_new();
	app->history = history_new(clock_now_ms());
	app->queues = (struct rest_queues){
		.queue = queue_exchange,
		.queue_aside = queue_aside,
		.queue_following = queue_following,
		.context = app,
		.most_unknown = (unsigned)(c->queue_length + 1) / 2,
	};
	app->hosts = palette_hosts_new(app->store);
	app->refreshing = workers_start_on_demand(THREADS_REFRESHING, palette_refresh, NULL);
	app->base = (struct generation_base){.store = app->store,
					     .hosts = app->hosts,
					     .refreshing = app->refreshing,
					     .trail = app->trail,
					     .life = app->life,
					     .history = app->history,
					     .queues = &app->queues};
	if (!generation_open(&app->base, c, NULL, &first, err))
		return false;
	app->generations = generations_new(first);
	return true;
}

/* All that is looked at is there by now. */
static bool start_monitor(struct app *app, const struct config *c, struct http_listener *listener,
			  struct error *err)
{
	op_begin_counting();
	metric_sample_by(sample, app);
	return c->telemetry_listen == NULL ||
	       monitor_open(c, listener, app->generations, &app->monitor, err);
}

static bool start_keeper(struct app *app, const struct config *c, struct error *err)
{
	const struct keeper_options options = {
		.generations = app->generations,
		.life = app->life,
		.trail = app->trail,
		.history = app->history,
		.server = app->server,
		.shutdown_delay_ms = c->shutdown_delay_ms,
	};

	return keeper_open(&options, &app->keeper, err);
}

/* What of a new configuration is for those that live as long as the process. */
static void adopt(void *context, const struct config *c)
{
	struct app *app = context;

	log_open(c->log_level, c->log_format);
	log_set_levels(&c->log_levels);
	keeper_set_shutdown_delay(app->keeper, c->shutdown_delay_ms);
}

static bool start_reloader(struct app *app, const struct config_options *source, struct error *err)
{
	const struct reloader_options options = {
		.generations = app->generations,
		.base = &app->base,
		.source = source,
		.adopt = adopt,
		.context = app,
	};

	return source == NULL || reloader_open(&options, &app->reloader, err);
}

/*
 * Pieces from this size on go back to the system when they are freed. glibc raises the threshold
 * by itself, up to 32 MiB, and then each worker's arena would keep the largest list it has made.
 */
static void return_large_pieces(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
}

static bool start_exporter(struct app *app, const struct config *c, struct error *err)
{
	return c->tracing.endpoint == NULL || exporter_open(c, &app->exporter, err);
}

static bool open_all(struct app *app, const struct config *config,
		     const struct config_options *source, const struct app_listeners *listeners,
		     struct error *err)
{
	return op_check_table(err) && app_open_trail(config, &app->trail, err) &&
	       start_exporter(app, config, err) && store_open(config, &app->store, err) &&
	       open_first_generation(app, config, err) && start_workers(app, config, err) &&
	       open_server(app, config, listeners->main, err) &&
	       start_monitor(app, config, listeners->monitor, err) &&
	       start_keeper(app, config, err) && start_reloader(app, source, err);
}

bool app_open(const struct config *config, const struct config_options *source,
	      const struct app_listeners *listeners, struct app **app, struct error *err)
{
	struct app *a = heap_alloc(sizeof *a);

	return_large_pieces();
	*a = (struct app){.server = NULL};
	if (!open_all(a, config, source, listeners, err)) {
		app_close(a);
		return false;
	}
	*app = a;
	return true;
}

static bool open_alone(struct app *a, const struct config *config, struct error *err)
{
	a->base = (struct generation_base){.hosts = a->hosts, .trail = a->trail, .life = a->life};
	return generation_open_alone(&a->base, config, &a->alone, err);
}

bool app_open_alone(const struct config *config, struct app **app, struct error *err)
{
	struct app *a = heap_alloc(sizeof *a);

	*a = (struct app){.life = op_life_new(), .hosts = palette_hosts_new(NULL)};
	op_life_enter(a->life, PHASE_SERVING);
	if (!op_check_table(err) || !app_open_trail_alone(config, &a->trail, err) ||
	    !open_alone(a, config, err)) {
		app_close(a);
		return false;
	}
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
		.services = &app->alone->services,
		.arena = arena,
		.started_us = clock_now_us(),
		.deadline_ms = clock_now_ms() + app->alone->config->request_timeout_ms,
		.local = true,
		.principal = {.kind = PRINCIPAL_SERVICE, .subject = local_subject(arena)},
	};
	/* A variable that is empty is how shells say that there is none. */
	if (token != NULL && *token != '\0')
		call->palette_token = text_of(token);
}

const struct op_services *app_services(const struct app *app)
{
	return &app->alone->services;
}

int app_port(const struct app *app)
{
	return http_server_port(app->server);
}

int app_monitor_port(const struct app *app)
{
	return monitor_port(app->monitor);
}

/* Until when spans may be sent: as long as a drain may take, but not for long. */
static int64_t last_moment(struct app *app)
{
	int64_t until_ms =
		atomic_load(&app->stop_ms) + app->shutdown_delay_ms + app->drain_timeout_ms;
	int64_t latest_ms = clock_now_ms() + LAST_SPANS_MS;

	return until_ms < latest_ms ? until_ms : latest_ms;
}

bool app_run(struct app *app)
{
	bool drained = http_server_run(app->server, app->drain_timeout_ms);
	bool kept = keeper_ends(app->keeper);
	bool ended = reloader_ends(app->reloader) && kept && drained;

	if (ended) /* the monitor is there until that is over, and so are the signals */
		exporter_finish(app->exporter, last_moment(app), &app->hurried);
	return ended;
}

void app_stop(struct app *app)
{
	long long never = 0;

	atomic_compare_exchange_strong(&app->stop_ms, &never, clock_now_ms());
	keeper_leave(app->keeper);
}

void app_reload(struct app *app)
{
	trail_reopen(app->trail);
	if (app->reloader != NULL)
		reloader_ask(app->reloader);
}

void app_cut_off(struct app *app)
{
	atomic_store(&app->hurried, true);
	http_server_cut_off(app->server);
}

void app_leave(struct app *app)
{
	exporter_close(app->exporter);
	trail_say_rest(app->trail);
}

/* No work comes any more once app_run() has returned. The workers first: what they still have they
 * answer while there is a server. */
void app_close(struct app *app)
{
	if (app == NULL)
		return;
	reloader_close(app->reloader);
	keeper_close(app->keeper);
	monitor_close(app->monitor);
	metric_sample_no_more(sample, app);
	workers_stop(app->workers);
	workers_stop(app->aside);
	workers_stop(app->following);
	http_server_close(app->server);
	generations_close(app->generations); /* waits for its refreshes */
	generation_close(app->alone);
	workers_stop(app->refreshing);
	exporter_close(app->exporter);
	palette_hosts_free(app->hosts);
	store_close(app->store);
	op_life_free(app->life);
	history_free(app->history);
	trail_close(app->trail);
	free(app);
}
