/* Collects what the status page shows. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "op/status.h"
#include "telemetry/lately.h"

enum {
	LONGEST_HOST = 256,
	LAST_MINUTES = 5, /* what "lately" means */
	FEW = 3,          /* fewer failures than this may be an accident */
};

/* While it is collected. */
struct gathering {
	const struct op_services *services;
	struct arena *a;
	int64_t now_ms; /* of the steady clock */
	struct history_reading hour;
	struct metric_samples *now;
	struct status *s;
};

/* ---- counts ---- */

/* What a metric has of each of the words that its label may be. */
static struct status_counts count_words(struct gathering *g, enum metric metric)
{
	const char *const *words = metric_words(metric);
	struct status_counts counts = {.count = 0};

	while (words[counts.count] != NULL)
		counts.count++;
	counts.items = arena_array(g->a, struct status_count, counts.count);
	for (size_t i = 0; i < counts.count; i++)
		counts.items[i] = (struct status_count){
			.name = words[i],
			.hour = history_hour(&g->hour, metric, words[i], NULL),
			.total = history_total(&g->hour, metric, words[i], NULL)};
	return counts;
}

static void add_count(struct gathering *g, struct status_counts *counts, const char *name,
		      enum metric metric)
{
	struct status_count *items = arena_array(g->a, struct status_count, counts->count + 1);

	memcpy(items, counts->items, counts->count * sizeof items[0]);
	items[counts->count++] =
		(struct status_count){.name = name,
				      .hour = history_hour(&g->hour, metric, NULL, NULL),
				      .total = history_total(&g->hour, metric, NULL, NULL)};
	counts->items = items;
}

static int by_hour(const void *a, const void *b)
{
	const struct status_count *x = a;
	const struct status_count *y = b;

	if (x->hour != y->hour)
		return x->hour < y->hour ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* ---- requests ---- */

/* A status of HTTP, or a word for what was no answer. Whoever calls off, or does not send, has not
 * met a failure; 429 is an answer that says no. */
static bool is_failure(const char *status)
{
	if (status[0] >= '0' && status[0] <= '9')
		return status[0] == '5' || strcmp(status, "429") == 0;
	return strcmp(status, "cancelled") != 0 && strcmp(status, "unsent") != 0 &&
	       strcmp(status, "none") != 0;
}

static void fill_durations(const struct history_reading *r, enum metric metric,
			   struct status_load *load)
{
	uint64_t minutes[HISTORY_MINUTES][HISTORY_BUCKETS];
	uint64_t hour[HISTORY_BUCKETS] = {0};

	history_durations(r, metric, minutes);
	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		load->minutes[m].median_us = history_quantile_us(minutes[m], 50);
		load->minutes[m].p95_us = history_quantile_us(minutes[m], 95);
		for (size_t b = 0; b < HISTORY_BUCKETS; b++)
			hour[b] += minutes[m][b];
	}
	load->median_us = history_quantile_us(hour, 50);
	load->p95_us = history_quantile_us(hour, 95);
}

static void add_series(struct status_load *load, const struct history_series *series, bool failed)
{
	for (size_t m = 0; m < HISTORY_MINUTES; m++) {
		load->minutes[m].requests += series->minutes[m];
		load->minutes[m].failures += failed ? series->minutes[m] : 0;
		load->requests += series->minutes[m];
		load->failures += failed ? series->minutes[m] : 0;
	}
}

static void gather_own_load(struct gathering *g)
{
	for (size_t i = 0; i < g->hour.count; i++)
		if (history_fits(&g->hour.series[i], METRIC_REQUESTS, NULL, NULL))
			add_series(&g->s->load, &g->hour.series[i],
				   g->hour.series[i].names[0][0] == '5');
	fill_durations(&g->hour, METRIC_REQUEST_SECONDS, &g->s->load);
}

static uint64_t sum_of(const struct history_series *series)
{
	uint64_t sum = 0;

	for (size_t m = 0; m < HISTORY_MINUTES; m++)
		sum += series->minutes[m];
	return sum;
}

/* Of a metric that has a name and a status. name: NULL stands for any. */
static void gather_load(struct arena *a, const struct history_reading *r, enum metric metric,
			const char *name, struct status_load *load, struct status_counts *causes)
{
	causes->items = arena_array(a, struct status_count, r->count);
	for (size_t i = 0; i < r->count; i++) {
		const struct history_series *series = &r->series[i];
		bool failed = is_failure(series->names[1]);

		if (!history_fits(series, metric, name, NULL))
			continue;
		add_series(load, series, failed);
		if (failed && sum_of(series) > 0)
			causes->items[causes->count++] = (struct status_count){
				.name = arena_copy(a, text_of(series->names[1])),
				.hour = sum_of(series),
				.total = series->total};
	}
	if (causes->count > 0)
		qsort(causes->items, causes->count, sizeof causes->items[0], by_hour);
}

/* All of it, and it is enough to say so. */
static bool has_failed_lately(const struct status_load *load)
{
	uint64_t requests = 0;
	uint64_t failures = 0;

	for (size_t m = HISTORY_MINUTES - LAST_MINUTES; m < HISTORY_MINUTES; m++) {
		requests += load->minutes[m].requests;
		failures += load->minutes[m].failures;
	}
	return requests >= FEW && failures == requests;
}

/* ---- environments ---- */

static enum status_answering answering_of(const struct status_environment *e)
{
	if (e->silent_since_ms != 0)
		return STATUS_SILENT;
	if (e->failures_in_a_row >= FEW || has_failed_lately(&e->load))
		return STATUS_FAILING;
	if (e->token_refused_ms != 0)
		return STATUS_REFUSES;
	return e->load.requests == 0 ? STATUS_UNASKED : STATUS_ANSWERS;
}

/* From its own history: what others have counted leaves that alone. */
static void gather_hour(struct gathering *g, size_t index, struct status_environment *e)
{
	struct history_reading hour;
	struct arena a;

	arena_init(&a);
	palette_hour(g->services->palette, index, g->now_ms, &a, &hour);
	gather_load(g->a, &hour, METRIC_UPSTREAM, NULL, &e->load, &e->causes);
	fill_durations(&hour, METRIC_UPSTREAM_SECONDS, &e->load);
	e->held_back = history_hour(&hour, METRIC_PACED_REFUSALS, NULL, NULL);
	arena_fini(&a);
}

static void gather_environment(struct gathering *g, size_t index)
{
	const struct palette_client *palette = g->services->palette;
	struct status_environment *e = &g->s->environments[index];
	struct palette_circuit_state circuit = palette_circuit_state(palette, index);

	e->name = palette_environment_label(&g->services->config->environments[index]);
	e->circuit = circuit.phase;
	e->failures_in_a_row = circuit.failures;
	e->silent_since_ms = circuit.opened_ms;
	e->token_refused_ms = palette_token_refused_ms(palette, index);
	gather_hour(g, index, e);
	palette_budget_look(palette, index, g->a, &e->budget, &e->budget_count);
	e->certificate_ends_s = palette_certificate_ends_s(palette, index);
	e->answering = answering_of(e);
}

static void gather_environments(struct gathering *g)
{
	size_t count = g->services->config->environment_count;

	g->s->environment_count = count;
	g->s->environments = arena_array(g->a, struct status_environment, count);
	for (size_t i = 0; i < count; i++)
		gather_environment(g, i);
}

/* ---- Backstage ---- */

static bool knows_plugin(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->plugin_count; i++)
		if (strcmp(s->plugins[i].name, name) == 0)
			return true;
	return false;
}

static void gather_plugin(struct gathering *g, const char *name)
{
	struct status_plugin *p = &g->s->plugins[g->s->plugin_count++];
	struct status_load load = {.requests = 0};

	p->name = name;
	gather_load(g->a, &g->hour, METRIC_BACKSTAGE, name, &load, &p->causes);
	p->requests = load.requests;
	p->failures = load.failures;
	p->failing = has_failed_lately(&load);
}

static void gather_plugins(struct gathering *g)
{
	struct status *s = g->s;

	s->plugins = arena_array(g->a, struct status_plugin, g->hour.count);
	for (size_t i = 0; i < g->hour.count; i++)
		if (history_fits(&g->hour.series[i], METRIC_BACKSTAGE, NULL, NULL) &&
		    !knows_plugin(s, g->hour.series[i].names[0]))
			gather_plugin(g, g->hour.series[i].names[0]);
}

/* ---- the other parts ---- */

static void gather_kept(struct gathering *g)
{
	struct palette_cache_statistics kept;

	g->s->cache = count_words(g, METRIC_CACHE);
	palette_client_cache_statistics(g->services->palette, &kept);
	g->s->cache_bytes = (double)kept.bytes;
	g->s->cache_entries = (double)kept.entries;
}

static void gather_sessions(struct gathering *g)
{
	g->s->sessions = count_words(g, METRIC_SESSIONS);
	add_count(g, &g->s->sessions, "dropped", METRIC_SESSIONS_EXPIRED);
	add_count(g, &g->s->sessions, "reauthentications", METRIC_REAUTHENTICATIONS);
	g->s->store_failures = history_hour(&g->hour, METRIC_STORE_FAILURES, NULL, NULL);
}

static int by_permission(const void *a, const void *b)
{
	return strcmp(((const struct status_decisions *)a)->permission,
		      ((const struct status_decisions *)b)->permission);
}

static struct status_decisions *decisions_of(struct status *s, const char *permission)
{
	for (size_t i = 0; i < s->decision_count; i++)
		if (strcmp(s->decisions[i].permission, permission) == 0)
			return &s->decisions[i];
	s->decisions[s->decision_count].permission = permission;
	return &s->decisions[s->decision_count++];
}

static void gather_decisions(struct gathering *g)
{
	struct status *s = g->s;

	s->decisions = arena_array(g->a, struct status_decisions, g->hour.count);
	for (size_t i = 0; i < g->hour.count; i++) {
		const struct history_series *series = &g->hour.series[i];
		struct status_decisions *d;

		if (!history_fits(series, METRIC_DECISIONS, NULL, NULL))
			continue;
		d = decisions_of(s, series->names[0]);
		d->allowed += strcmp(series->names[1], "allow") == 0 ? sum_of(series) : 0;
		d->denied += strcmp(series->names[1], "deny") == 0 ? sum_of(series) : 0;
		d->unclear += strcmp(series->names[1], "unclear") == 0 ? sum_of(series) : 0;
	}
	if (s->decision_count > 0)
		qsort(s->decisions, s->decision_count, sizeof s->decisions[0], by_permission);
}

static void gather_creations(struct gathering *g)
{
	struct status *s = g->s;
	struct lately *items;
	size_t count;

	for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++)
		s->creation_count++;
	s->creations = arena_array(g->a, struct status_creations, s->creation_count);
	lately_look(LATELY_CREATION, g->a, &items, &count);
	for (size_t k = 0; k < s->creation_count; k++) {
		struct status_creations *c = &s->creations[k];

		c->cloud = entity_kinds[k].name;
		c->succeeded = history_hour(&g->hour, METRIC_CREATIONS, c->cloud, "succeeded");
		c->failed = history_hour(&g->hour, METRIC_CREATIONS, c->cloud, "failed");
		c->unknown = history_hour(&g->hour, METRIC_CREATIONS, c->cloud, "unknown");
		c->replayed = history_hour(&g->hour, METRIC_CREATIONS, c->cloud, "replayed");
		for (size_t i = 0; i < count; i++) {
			if (strcmp(items[i].name, c->cloud) != 0)
				continue;
			c->running = items[i].running;
			c->outcome = items[i].outcome;
			c->ended_ms = items[i].ended_ms;
		}
	}
}

static double seen(const struct gathering *g, enum metric metric, const char *label)
{
	return metric_seen(g->now, metric, METRIC_LABELS(label), 0);
}

static void gather_work(struct gathering *g)
{
	const char *const *names = metric_words(METRIC_WORKERS);
	struct status *s = g->s;

	for (size_t i = 0; i < STATUS_POOLS && names[i] != NULL; i++, s->pool_count++)
		s->pools[i] = (struct status_pool){
			.name = names[i],
			.queued = metric_seen(g->now, METRIC_QUEUE, METRIC_LABELS(names[i]), -1),
			.most = seen(g, METRIC_WORKERS, names[i]),
			.busy = seen(g, METRIC_WORKERS_BUSY, names[i]),
			.waiting = seen(g, METRIC_WORKERS_WAITING, names[i])};
	s->connections = seen(g, METRIC_CONNECTIONS, NULL);
	s->followers = seen(g, METRIC_FOLLOWERS, NULL);
	s->memory_bytes = seen(g, METRIC_PROCESS_RESIDENT, NULL);
	s->open_files = seen(g, METRIC_PROCESS_FILES, NULL);
	s->most_files = seen(g, METRIC_PROCESS_MOST_FILES, NULL);
}

static void gather_reload(struct gathering *g)
{
	struct lately *items;
	size_t count;

	g->s->configuration_read_ms = g->services->config->read_ms;
	lately_look(LATELY_RELOAD, g->a, &items, &count);
	if (count == 0 || items[0].outcome == NULL)
		return;
	g->s->reload = items[0].outcome;
	g->s->reload_ms = items[0].ended_ms;
	g->s->reload_place = items[0].place;
}

static const char *why_not_ready(struct gathering *g)
{
	struct error err;

	if (g->s->phase == PHASE_STARTING)
		return "It has not started yet";
	if (g->s->phase != PHASE_SERVING)
		return "It is shutting down";
	if (backstage_ready(g->services->backstage, &err))
		return NULL;
	return arena_copy(g->a, text_of(err.message));
}

static void gather_process(struct gathering *g)
{
	char host[LONGEST_HOST] = "";
	struct status *s = g->s;
	double began_s;

	s->now_ms = clock_calendar_ms();
	s->version = PROJECT_VERSION;
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	s->replica = arena_copy(g->a, text_of(host));
	s->listen = g->services->config->listen;
	began_s = metric_seen(g->now, METRIC_PROCESS_START, METRIC_LABELS(), 0);
	if (began_s > 0 && (int64_t)began_s < s->now_ms / 1000)
		s->uptime_s = s->now_ms / 1000 - (int64_t)began_s;
	s->minutes = g->hour.minutes;
	s->phase = op_life_phase(g->services->life);
	s->not_ready = why_not_ready(g);
}

void status_gather(const struct op_services *services, struct arena *a, struct status *out)
{
	struct gathering g = {.services = services, .a = a, .now_ms = clock_now_ms(), .s = out};

	*out = (struct status){.level = STATUS_GOOD};
	history_read(services->history, g.now_ms, a, &g.hour);
	g.now = metric_look();
	gather_process(&g);
	gather_environments(&g);
	gather_plugins(&g);
	gather_own_load(&g);
	out->refused = count_words(&g, METRIC_REFUSED);
	gather_kept(&g);
	gather_sessions(&g);
	gather_decisions(&g);
	gather_creations(&g);
	gather_work(&g);
	gather_reload(&g);
	metric_look_end(g.now);
}
