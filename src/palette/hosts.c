/* The pacers, circuits and tallies there are. They are made when they are first asked for, and
 * stay: a configuration that goes and comes back finds them as it left them. */
#include "palette/hosts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

struct host {
	char *origin; /* owned */
	struct pacer *pacer;
	struct host *next;
};

struct environment {
	char *origin; /* owned, as the next */
	char *name;   /* "": it has none */
	struct circuit *circuit;
	struct tally *tally;
	atomic_uint_fast64_t version;
	atomic_int_fast64_t certificate_ends_s;
	atomic_int_fast64_t token_refused_ms;
	struct environment *next;
};

struct palette_hosts {
	pthread_mutex_t lock; /* guards the lists; what is in them lives as long as they */
	struct host *hosts;
	struct environment *environments;
	struct budget *budget; /* NULL: the replicas do not know each other */
};

struct palette_hosts *palette_hosts_new(struct store *store)
{
	struct palette_hosts *h = heap_alloc(sizeof *h);

	*h = (struct palette_hosts){.budget = budget_start(store)};
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

void palette_hosts_free(struct palette_hosts *hosts)
{
	if (hosts == NULL)
		return;
	budget_stop(hosts->budget);
	for (struct host *h = hosts->hosts, *next; h != NULL; h = next) {
		next = h->next;
		pacer_free(h->pacer);
		free(h->origin);
		free(h);
	}
	for (struct environment *e = hosts->environments, *next; e != NULL; e = next) {
		next = e->next;
		circuit_free(e->circuit);
		tally_free(e->tally);
		free(e->origin);
		free(e->name);
		free(e);
	}
	pthread_mutex_destroy(&hosts->lock);
	free(hosts);
}

/* ---- rates ---- */

struct rates {
	struct pacer_rate rows[PACER_MOST_RATES + 1];
	size_t count;
};

/* In the place of the one with that prefix, or as one more. */
static void put_rate(struct rates *r, struct pacer_rate rate)
{
	size_t i = 0;

	while (i < r->count && strcmp(r->rows[i].prefix, rate.prefix) != 0)
		i++;
	if (i == PACER_MOST_RATES) /* the published ones and two full lists are fewer */
		return;
	r->rows[i] = rate;
	if (i == r->count)
		r->count++;
}

static void put_rates(struct rates *r, const struct config_rate *rates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_rate(r, (struct pacer_rate){rates[i].path, (unsigned)rates[i].per_second,
						(unsigned)rates[i].at_once});
}

/* The first environment of that host that has rates of its own. */
static const struct config_environment *with_rates(struct arena *a, const struct config *config,
						   const char *origin)
{
	for (size_t i = 0; i < config->environment_count; i++) {
		const struct config_environment *e = &config->environments[i];

		if (e->rate_count > 0 && strcmp(config_origin(a, e->url), origin) == 0)
			return e;
	}
	return NULL;
}

static struct rates *rates_of(struct arena *a, const struct config *config, const char *origin)
{
	const struct config_environment *own = with_rates(a, config, origin);
	struct rates *r = arena_new(a, struct rates);

	for (const struct pacer_rate *rate = pacer_published; rate->prefix != NULL; rate++)
		put_rate(r, *rate);
	put_rates(r, config->upstream_rates, config->upstream_rate_count);
	if (own != NULL)
		put_rates(r, own->rates, own->rate_count);
	return r;
}

/* ---- finding and making; under the lock ---- */

static struct host *find_host(struct palette_hosts *hosts, const char *origin)
{
	struct host *h = hosts->hosts;

	while (h != NULL && strcmp(h->origin, origin) != 0)
		h = h->next;
	return h;
}

static struct host *add_host(struct palette_hosts *hosts, const char *origin,
			     const struct pacer_rate *rates, double part, unsigned replicas)
{
	struct host *h = heap_alloc(sizeof *h);

	*h = (struct host){.origin = heap_copy(text_of(origin)),
			   .pacer = pacer_new(rates, part),
			   .next = hosts->hosts};
	if (hosts->budget != NULL)
		budget_add(hosts->budget, h->origin, h->pacer, replicas);
	hosts->hosts = h;
	return h;
}

static struct pacer *pacer_for(struct palette_hosts *hosts, const char *origin,
			       const struct pacer_rate *rates, double part, unsigned replicas)
{
	struct host *h = find_host(hosts, origin);

	if (h == NULL)
		h = add_host(hosts, origin, rates, part, replicas);
	else
		pacer_set_rates(h->pacer, rates, part);
	if (hosts->budget != NULL)
		budget_set_replicas(hosts->budget, replicas);
	else
		pacer_fix_share(h->pacer, 1.0 / replicas);
	return h->pacer;
}

struct pacer *palette_hosts_pacer(struct palette_hosts *hosts, const struct config *config,
				  size_t environment)
{
	struct pacer *pacer;
	const char *origin;
	struct arena a;

	if (config->upstream_rate_percent == 0)
		return NULL;
	arena_init(&a);
	origin = config_origin(&a, config->environments[environment].url);
	pthread_mutex_lock(&hosts->lock);
	pacer = pacer_for(hosts, origin, rates_of(&a, config, origin)->rows,
			  config->upstream_rate_percent / 100.0,
			  (unsigned)config->upstream_replicas);
	pthread_mutex_unlock(&hosts->lock);
	arena_fini(&a);
	return pacer;
}

static struct environment *environment_for(struct palette_hosts *hosts, const char *origin,
					   const char *name)
{
	struct environment *e = hosts->environments;

	while (e != NULL && (strcmp(e->origin, origin) != 0 || strcmp(e->name, name) != 0))
		e = e->next;
	if (e != NULL)
		return e;
	e = heap_alloc(sizeof *e);
	*e = (struct environment){.origin = heap_copy(text_of(origin)),
				  .name = heap_copy(text_of(name)),
				  .circuit = circuit_new(name),
				  .tally = tally_new(),
				  .next = hosts->environments};
	hosts->environments = e;
	return e;
}

static struct environment *environment_of(struct palette_hosts *hosts, const struct config *config,
					  size_t environment)
{
	const struct config_environment *e = &config->environments[environment];
	struct environment *found;
	struct arena a;

	arena_init(&a);
	pthread_mutex_lock(&hosts->lock);
	found = environment_for(hosts, config_origin(&a, e->url), e->name == NULL ? "" : e->name);
	pthread_mutex_unlock(&hosts->lock);
	arena_fini(&a);
	return found;
}

struct tally *palette_hosts_tally(struct palette_hosts *hosts, const struct config *config,
				  size_t environment)
{
	return environment_of(hosts, config, environment)->tally;
}

atomic_uint_fast64_t *palette_hosts_version(struct palette_hosts *hosts,
					    const struct config *config, size_t environment)
{
	return &environment_of(hosts, config, environment)->version;
}

atomic_int_fast64_t *palette_hosts_certificate(struct palette_hosts *hosts,
					       const struct config *config, size_t environment)
{
	return &environment_of(hosts, config, environment)->certificate_ends_s;
}

atomic_int_fast64_t *palette_hosts_token_refused(struct palette_hosts *hosts,
						 const struct config *config, size_t environment)
{
	return &environment_of(hosts, config, environment)->token_refused_ms;
}

struct circuit *palette_hosts_circuit(struct palette_hosts *hosts, const struct config *config,
				      size_t environment)
{
	struct circuit *circuit = environment_of(hosts, config, environment)->circuit;

	circuit_set(circuit, (unsigned)config->upstream_circuit_failures,
		    config->upstream_circuit_pause_ms);
	return circuit;
}
