/* What calls of Palette share: how an environment is reached, how often its host may be asked, and
 * its share of the workers. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/cancel.h"
#include "http/client.h"
#include "palette/fetch.h"
#include "palette/hosts.h"

/* How often one who waits for a place looks whether there is one. */
enum { LOOK_EVERY_MS = 20 };

struct share {
	struct http_target target;
	struct pacer *pacer; /* of its host: environments may have one together. NULL: none */
	struct circuit *circuit;
	unsigned calls;   /* at work now */
	unsigned waiters; /* of those that wait for a place, the ones that have it */
};

struct palette_client {
	const struct config *config;
	struct http_client *http;
	pthread_mutex_t lock; /* guards calls */
	unsigned most_calls;  /* at work at once, of one environment */
	unsigned most_waiters;
	struct share shares[];
};

/* Proxies of the process's environment are not for services on this machine. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = {"localhost", "127.", "[::1]"};
	const char *host = strstr(url, "://");

	if (host == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (strncasecmp(host + 3, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

/* With several environments, one that hangs leaves a quarter of the workers to the others. */
static unsigned share_of_workers(const struct config *config)
{
	unsigned workers = (unsigned)config->workers;
	unsigned limit = (unsigned)config->upstream_calls_in_flight;
	unsigned share = config->environment_count > 1 ? workers - (workers + 3) / 4 : workers;

	if (share == 0)
		share = 1;
	return share < limit ? share : limit;
}

void palette_client_new(const struct config *config, struct http_client *http,
			struct palette_hosts *hosts, struct palette_client **client)
{
	size_t count = config->environment_count;
	struct palette_client *c = heap_alloc(sizeof *c + count * sizeof c->shares[0]);

	c->config = config;
	c->http = http;
	c->most_calls = share_of_workers(config);
	c->most_waiters = ((unsigned)config->upstream_connections_per_host + 1) / 2;
	pthread_mutex_init(&c->lock, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct config_environment *e = &config->environments[i];

		c->shares[i].target =
			(struct http_target){.ca_file = e->ca_file,
					     .insecure_skip_verify = e->insecure_skip_verify,
					     .direct = is_loopback(e->url)};
		c->shares[i].pacer = palette_hosts_pacer(hosts, config, i);
		c->shares[i].circuit = palette_hosts_circuit(hosts, config, i);
	}
	*client = c;
}

void palette_client_free(struct palette_client *client)
{
	if (client == NULL)
		return;
	pthread_mutex_destroy(&client->lock);
	free(client);
}

static bool take_place(struct palette_client *client, unsigned *count, unsigned most)
{
	bool taken;

	pthread_mutex_lock(&client->lock);
	taken = *count < most;
	if (taken)
		(*count)++;
	pthread_mutex_unlock(&client->lock);
	return taken;
}

static void give_place_back(struct palette_client *client, unsigned *count)
{
	pthread_mutex_lock(&client->lock);
	(*count)--;
	pthread_mutex_unlock(&client->lock);
}

static bool refuse_busy(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
		  "Palette is slow at the moment and too many requests wait for it");
	err->retry_after_s = 2;
	return false;
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

bool palette_open(struct palette_client *client, const struct config_environment *environment,
		  struct text session, struct arena *arena, int64_t deadline_ms,
		  struct palette **palette, struct error *err)
{
	size_t index = (size_t)(environment - client->config->environments);

	if (!take_place(client, &client->shares[index].calls, client->most_calls))
		return refuse_busy(err);
	*palette = view_of(client, index, session, arena, deadline_ms);
	return true;
}

bool palette_open_waiting(struct palette_client *client,
			  const struct config_environment *environment, struct text session,
			  struct arena *arena, int64_t deadline_ms, struct http_cancel *cancel,
			  struct palette **palette, struct error *err)
{
	size_t index = (size_t)(environment - client->config->environments);

	while (!take_place(client, &client->shares[index].waiters, client->most_waiters)) {
		if (http_cancel_wait_ms(cancel, LOOK_EVERY_MS))
			return error_set(err, ERROR_CANCELLED, "The caller has called it off");
		if (clock_left_ms(deadline_ms) == 0)
			return refuse_busy(err);
	}
	*palette = view_of(client, index, session, arena, deadline_ms);
	(*palette)->waited = true;
	return true;
}

void palette_close(struct palette *p)
{
	struct share *share;

	if (p == NULL)
		return;
	share = &p->client->shares[p->environment_index];
	give_place_back(p->client, p->waited ? &share->waiters : &share->calls);
}

void palette_set_cancel(struct palette *p, struct http_cancel *cancel)
{
	p->cancel = cancel;
}

void palette_set_caller(struct palette *p, struct text caller)
{
	uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */

	for (size_t i = 0; i < caller.len; i++)
		hash = (hash ^ (unsigned char)caller.ptr[i]) * 0x100000001b3U;
	p->caller = hash;
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

struct circuit *palette_circuit(const struct palette *p)
{
	return p->client->shares[p->environment_index].circuit;
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
