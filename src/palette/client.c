/* What calls of Palette share: how an environment is reached, how often its host may be asked, and
 * its share of the workers. */
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/loopback.h"
#include "http/client.h"
#include "palette/fetch.h"
#include "palette/hosts.h"
#include "palette/kept.h"
#include "palette/places.h"
#include "telemetry/metrics.h"

enum { SLOW_MS = 500 }; /* an answer that takes longer keeps nobody else's request waiting */

struct share {
	struct http_target target;
	struct pacer *pacer; /* of its host: environments may have one together. NULL: none */
	struct circuit *circuit;
	struct tally *tally;
	atomic_uint_fast64_t *version;
	atomic_int_fast64_t *certificate_ends_s;
	atomic_int_fast64_t *token_refused_ms;
	struct places *calls;     /* of requests */
	struct places *followers; /* of what holds no worker */
};

struct palette_client {
	const struct config *config;
	struct http_client *http;
	struct palette_wait_hooks hooks;
	struct http_patience patience; /* the same hooks */
	struct kept *kept;
	palette_start_fn *start; /* of a refresh; NULL: there are none */
	void *start_context;
	size_t share_count; /* the environments of config */
	struct share shares[];
};

/* Proxies of the process's environment are not for services on this machine. */
void palette_reach(const struct config_environment *e, struct http_target *target)
{
	*target = (struct http_target){.ca_file = e->ca_file,
				       .insecure_skip_verify = e->insecure_skip_verify,
				       .direct = url_is_loopback(e->url)};
}

/* With several environments, one that hangs leaves a quarter of the threads to the others. */
static unsigned share_of(const struct config *config, int threads)
{
	unsigned all = (unsigned)threads;

	return config->environment_count > 1 ? all - (all + 3) / 4 : all;
}

static unsigned most_calls(const struct config *config)
{
	unsigned limit = (unsigned)config->upstream_calls_in_flight;
	unsigned share = share_of(config, config->workers);

	if (share == 0)
		share = 1;
	return share < limit ? share : limit;
}

/* What may never happen is counted from the start, so that the first time is seen to be one. */
static void begin_counting(const char *environment)
{
	metric_add(METRIC_RETRIES, 0, METRIC_LABELS(environment));
	metric_add(METRIC_PACED_REFUSALS, 0, METRIC_LABELS(environment));
	metric_add(METRIC_CIRCUIT_OPENINGS, 0, METRIC_LABELS(environment));
}

void palette_client_new(const struct config *config, struct http_client *http,
			struct palette_hosts *hosts, struct palette_client **client)
{
	unsigned followers = ((unsigned)config->upstream_connections_per_host + 1) / 2;
	size_t count = config->environment_count;
	struct palette_client *c = heap_alloc(sizeof *c + count * sizeof c->shares[0]);

	c->config = config;
	c->http = http;
	c->share_count = count;
	c->kept = kept_new((size_t)config->cache.max_bytes);
	for (size_t i = 0; i < count; i++) {
		const struct config_environment *e = &config->environments[i];

		palette_reach(e, &c->shares[i].target);
		c->shares[i].pacer = palette_hosts_pacer(hosts, config, i);
		c->shares[i].circuit = palette_hosts_circuit(hosts, config, i);
		c->shares[i].tally = palette_hosts_tally(hosts, config, i);
		c->shares[i].version = palette_hosts_version(hosts, config, i);
		c->shares[i].certificate_ends_s = palette_hosts_certificate(hosts, config, i);
		c->shares[i].token_refused_ms = palette_hosts_token_refused(hosts, config, i);
		begin_counting(palette_label(e->name));
		c->shares[i].calls = places_new(most_calls(config),
						share_of(config, config->waiting), &c->hooks);
		c->shares[i].followers = places_new(followers, UINT_MAX, NULL);
	}
	*client = c;
}

void palette_client_free(struct palette_client *client)
{
	if (client == NULL)
		return;
	kept_free(client->kept);
	for (size_t i = 0; i < client->share_count; i++) {
		places_free(client->shares[i].calls);
		places_free(client->shares[i].followers);
	}
	free(client);
}

void palette_client_on_wait(struct palette_client *client, void (*begin)(void), void (*end)(void))
{
	client->hooks = (struct palette_wait_hooks){.begin = begin, .end = end};
	client->patience = (struct http_patience){.ms = SLOW_MS, .begin = begin, .end = end};
}

static struct palette *view_of(struct palette_client *client, size_t index, struct text session,
			       struct arena *arena, int64_t deadline_ms)
{
	struct palette *p = arena_new(arena, struct palette);

	p->client = client;
	p->config = client->config;
	p->environment = &client->config->environments[index];
	p->environment_index = index;
	p->credential = session.ptr == NULL ? PALETTE_API_KEY : PALETTE_SESSION;
	p->session = session;
	p->arena = arena;
	p->deadline_ms = deadline_ms;
	return p;
}

/* One of its places is taken. */
static struct palette *with_place(struct palette *p, struct places *places,
				  struct http_cancel *cancel)
{
	p->cancel = cancel;
	p->places = places;
	p->has_place = true;
	return p;
}

bool palette_open(struct palette_client *client, const struct config_environment *environment,
		  struct text session, struct arena *arena, int64_t deadline_ms,
		  struct http_cancel *cancel, struct palette **palette, struct error *err)
{
	size_t index = (size_t)(environment - client->config->environments);
	struct places *places = client->shares[index].calls;

	if (!places_take(places, deadline_ms, cancel, err))
		return false;
	*palette = with_place(view_of(client, index, session, arena, deadline_ms), places, cancel);
	return true;
}

bool palette_open_aside(struct palette_client *client, const struct config_environment *environment,
			struct text session, struct arena *arena, int64_t deadline_ms,
			struct http_cancel *cancel, struct palette **palette, struct error *err)
{
	size_t index = (size_t)(environment - client->config->environments);
	struct places *places = client->shares[index].followers;

	if (!places_take(places, deadline_ms, cancel, err))
		return false;
	*palette = with_place(view_of(client, index, session, arena, deadline_ms), places, cancel);
	return true;
}

static void give_place_back(struct palette *p)
{
	if (p->has_place)
		places_give(p->places);
	p->has_place = false;
}

void palette_close(struct palette *p)
{
	if (p != NULL)
		give_place_back(p);
}

/* Where too many wait already it keeps its place and its thread, so that those who come later are
 * refused before they take anything from other environments. */
void palette_begin_wait(struct palette *p)
{
	p->stepped_out = p->has_place && places_leave(p->places);
	if (!p->stepped_out)
		return;
	p->has_place = false;
	if (p->client->hooks.begin != NULL)
		p->client->hooks.begin();
}

/* Its turn has come: it does not wait once more, for a place. */
void palette_end_wait(struct palette *p)
{
	if (!p->stepped_out)
		return;
	if (p->client->hooks.end != NULL)
		p->client->hooks.end();
	p->stepped_out = false;
	p->has_place = places_return(p->places);
}

const struct http_patience *palette_patience(const struct palette_client *client)
{
	return client->patience.begin == NULL ? NULL : &client->patience;
}

void palette_set_caller(struct palette *p, struct text caller)
{
	p->caller = hash_text(HASH_START, caller);
}

void palette_set_anew(struct palette *p, bool anew)
{
	p->anew = anew;
}

void palette_set_progress(struct palette *p, palette_progress_fn *progress, void *context)
{
	p->progress = progress;
	p->progress_context = context;
}

struct http_client *palette_http(const struct palette *p)
{
	return p->client->http;
}

const struct http_target *palette_target(const struct palette *p)
{
	return &p->client->shares[p->environment_index].target;
}

struct pacer *palette_pacer(const struct palette *p)
{
	return p->client->shares[p->environment_index].pacer;
}

uint64_t palette_version(const struct palette *p)
{
	return atomic_load(p->client->shares[p->environment_index].version);
}

void palette_has_changed(const struct palette *p)
{
	atomic_fetch_add(p->client->shares[p->environment_index].version, 1);
}

struct circuit *palette_circuit(const struct palette *p)
{
	return p->client->shares[p->environment_index].circuit;
}

struct tally *palette_tally(const struct palette *p)
{
	return p->client->shares[p->environment_index].tally;
}

atomic_int_fast64_t *palette_certificate(const struct palette *p)
{
	return p->client->shares[p->environment_index].certificate_ends_s;
}

atomic_int_fast64_t *palette_token_refused(const struct palette *p)
{
	return p->client->shares[p->environment_index].token_refused_ms;
}

struct palette_circuit_state palette_circuit_state(const struct palette_client *client,
						   size_t environment)
{
	static const char *const phases[] = {
		[CIRCUIT_CLOSED] = "closed",
		[CIRCUIT_OPEN] = "open",
		[CIRCUIT_HALF_OPEN] = "half-open",
	};
	struct circuit_state state = circuit_state(client->shares[environment].circuit);

	return (struct palette_circuit_state){.phase = phases[state.phase],
					      .failures = state.failures,
					      .opened_ms = state.opened_ms};
}

/* ---- what is kept ---- */

void palette_client_refresh_by(struct palette_client *client, palette_start_fn *start,
			       void *context)
{
	client->start = start;
	client->start_context = context;
}

void palette_client_cache_statistics(struct palette_client *client,
				     struct palette_cache_statistics *out)
{
	kept_statistics(client->kept, out);
}

struct kept *palette_kept(const struct palette_client *client)
{
	return client->kept;
}

bool palette_refreshes(const struct palette_client *client)
{
	return client->start != NULL;
}

bool palette_start(const struct palette_client *client, void *item)
{
	return client->start(client->start_context, item);
}

int64_t palette_request_timeout(const struct palette_client *client)
{
	return client->config->request_timeout_ms;
}

/* ---- figures ---- */

void palette_budget_look(const struct palette_client *client, size_t environment, struct arena *a,
			 struct palette_budget **budget, size_t *count)
{
	struct pacer *pacer = client->shares[environment].pacer;
	struct pacer_left *left = NULL;

	*count = 0;
	if (pacer != NULL)
		pacer_look(pacer, a, &left, count);
	*budget = arena_array(a, struct palette_budget, *count);
	for (size_t i = 0; i < *count; i++)
		(*budget)[i] = (struct palette_budget){
			.path = left[i].prefix[0] == '\0' ? "/" : left[i].prefix,
			.left = left[i].requests,
			.most = left[i].most,
		};
}

void palette_hour(const struct palette_client *client, size_t environment, int64_t now_ms,
		  struct arena *a, struct history_reading *out)
{
	tally_read(client->shares[environment].tally, now_ms, a, out);
}

int64_t palette_certificate_ends_s(const struct palette_client *client, size_t environment)
{
	return atomic_load(client->shares[environment].certificate_ends_s);
}

int64_t palette_token_refused_ms(const struct palette_client *client, size_t environment)
{
	return atomic_load(client->shares[environment].token_refused_ms);
}

const char *palette_environment_label(const struct config_environment *environment)
{
	return palette_label(environment->name);
}

static void sample_budget(const struct palette_client *client, size_t index,
			  const char *environment, struct metric_samples *samples)
{
	struct palette_budget *budget;
	struct arena a;
	size_t count;

	arena_init(&a);
	palette_budget_look(client, index, &a, &budget, &count);
	for (size_t i = 0; i < count; i++)
		metric_sample(samples, METRIC_BUDGET, budget[i].left, environment, budget[i].path);
	arena_fini(&a);
}

static void sample_environment(const struct palette_client *client, size_t index,
			       struct metric_samples *samples)
{
	static const int states[] = {
		[CIRCUIT_CLOSED] = 0,
		[CIRCUIT_HALF_OPEN] = 1,
		[CIRCUIT_OPEN] = 2,
	};
	const char *environment = palette_environment_label(&client->config->environments[index]);
	int64_t certificate_ends_s = palette_certificate_ends_s(client, index);

	metric_sample(samples, METRIC_CIRCUIT,
		      states[circuit_state(client->shares[index].circuit).phase], environment);
	if (certificate_ends_s != 0)
		metric_sample(samples, METRIC_CERTIFICATE, certificate_ends_s, environment);
	metric_sample(samples, METRIC_TOKEN_REFUSED, palette_token_refused_ms(client, index) != 0,
		      environment);
	sample_budget(client, index, environment, samples);
}

void palette_client_sample(void *client, struct metric_samples *samples)
{
	const struct palette_client *c = client;
	struct palette_cache_statistics kept;

	kept_statistics(c->kept, &kept);
	metric_sample(samples, METRIC_CACHE_BYTES, kept.bytes);
	metric_sample(samples, METRIC_CACHE_ENTRIES, kept.entries);
	for (size_t i = 0; i < c->share_count; i++)
		sample_environment(c, i, samples);
}
