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
#include "palette/kept.h"
#include "palette/pacer.h"

/* How often one who waits for a place looks whether there is one. */
enum { LOOK_EVERY_MS = 20 };

struct share {
	struct http_target target;
	struct pacer *pacer; /* of its host: environments may have one together. NULL: none */
	unsigned calls;      /* at work now */
	unsigned waiters;    /* of those that wait for a place, the ones that have it */
};

struct palette_client {
	const struct config *config;
	struct http_client *http;
	pthread_mutex_t lock; /* guards calls */
	unsigned most_calls;  /* at work at once, of one environment */
	unsigned most_waiters;
	struct kept *kept;
	palette_start_fn *start; /* of a refresh; NULL: there are none */
	void *start_context;
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

/* Scheme, host and port. */
static struct text origin_of(const char *url)
{
	struct text origin = text_of(url);
	size_t scheme = (size_t)(strstr(url, "://") - url) + 3;
	bool tls = text_equal_nocase(text_slice(origin, 0, scheme), TEXT("https://"));
	const char *port = tls ? ":443" : ":80";

	origin.len = scheme + strcspn(url + scheme, "/");
	if (text_ends(origin, port))
		origin.len -= strlen(port);
	return origin;
}

/* The limits are those of a host. */
static struct pacer *pacer_for(const struct palette_client *c, size_t index)
{
	const struct config *config = c->config;
	struct text origin;

	if (config->upstream_rate_percent == 0)
		return NULL;
	origin = origin_of(config->environments[index].url);
	for (size_t i = 0; i < index; i++)
		if (text_equal_nocase(origin, origin_of(config->environments[i].url)))
			return c->shares[i].pacer;
	return pacer_new(pacer_published,
			 config->upstream_rate_percent / 100.0 / config->upstream_replicas);
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
			struct palette_client **client)
{
	size_t count = config->environment_count;
	struct palette_client *c = heap_alloc(sizeof *c + count * sizeof c->shares[0]);

	c->config = config;
	c->http = http;
	c->most_calls = share_of_workers(config);
	c->most_waiters = ((unsigned)config->upstream_connections_per_host + 1) / 2;
	c->kept = kept_new((size_t)config->cache.max_bytes);
	pthread_mutex_init(&c->lock, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct config_environment *e = &config->environments[i];

		c->shares[i].target =
			(struct http_target){.ca_file = e->ca_file,
					     .insecure_skip_verify = e->insecure_skip_verify,
					     .direct = is_loopback(e->url)};
		c->shares[i].pacer = pacer_for(c, i);
	}
	*client = c;
}

static bool is_first_with_pacer(const struct palette_client *c, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (c->shares[i].pacer == c->shares[index].pacer)
			return false;
	return true;
}

void palette_client_free(struct palette_client *client)
{
	if (client == NULL)
		return;
	kept_free(client->kept);
	for (size_t i = 0; i < client->config->environment_count; i++)
		if (is_first_with_pacer(client, i))
			pacer_free(client->shares[i].pacer);
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

/* ---- what is kept ---- */

void palette_client_refresh_by(struct palette_client *client, palette_start_fn *start,
			       void *context)
{
	client->start = start;
	client->start_context = context;
}

void palette_client_call_off(struct palette_client *client)
{
	if (client != NULL)
		kept_call_off(client->kept);
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
