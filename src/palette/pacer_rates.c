/* The rates of a pacer: what Palette has published, other ones, and this process's share of them.
 */
#include "palette/pacer_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { FEW = 2 }; /* tokens of a bucket whose past is not known */

#define USUAL(prefix)            \
	{                        \
		(prefix), 10, 50 \
	}
#define GENEROUS(prefix)          \
	{                         \
		(prefix), 50, 250 \
	}

const struct pacer_rate pacer_published[] = {
	USUAL(""), /* not published: as most */
	USUAL("/v1/apiKeys"),
	USUAL("/v1/auth"),
	{"/v1/auth/user/password/reset", 2, 10},
	USUAL("/v1/cloudaccounts"),
	GENEROUS("/v1/cloudconfigs"),
	USUAL("/v1/clustergroups"), /* likewise */
	GENEROUS("/v1/clusterprofiles"),
	USUAL("/v1/dashboard"),
	USUAL("/v1/events"),
	GENEROUS("/v1/events/components"),
	USUAL("/v1/health"),
	USUAL("/v1/notifications"),
	USUAL("/v1/oidc"),
	USUAL("/v1/overlords"),
	USUAL("/v1/packs"),
	USUAL("/v1/permissions"),
	USUAL("/v1/projects"),
	USUAL("/v1/registries"),
	USUAL("/v1/roles"),
	GENEROUS("/v1/spectroclusters"),
	USUAL("/v1/spectroclusters/*/assets"),
	USUAL("/v1/spectroclusters/*/download"),
	USUAL("/v1/teams"),
	USUAL("/v1/tenants"),
	USUAL("/v1/users"),
	USUAL("/v1/workspaces"),
	{NULL, 0, 0},
};

/* ---- rates and shares; what is static is called under the lock ---- */

/* With the rate and the share that it has now. */
static void bound(const struct pacer *pacer, struct bucket *b)
{
	double part = pacer->part * b->share;
	double per_second = b->rate_per_second * part;
	double most = b->rate_at_once * part;

	if (most < 1)
		most = 1; /* a whole request must fit */
	if (per_second == b->per_second && most == b->most)
		return;
	pacer_fill(b); /* until now as it was */
	b->per_second = per_second;
	b->most = most;
	if (b->tokens > most)
		b->tokens = most;
	pacer_tell_all(b);
}

static struct bucket *find(struct pacer *pacer, const char *prefix)
{
	for (size_t i = 0; i < pacer->bucket_count; i++)
		if (strcmp(pacer->buckets[i].prefix, prefix) == 0)
			return &pacer->buckets[i];
	return NULL;
}

/* A new bucket, or one that nobody uses any more; NULL: there is no room. New ones first, so that
 * a rate which comes back finds what it had left. */
static struct bucket *room_for_bucket(struct pacer *pacer)
{
	if (pacer->bucket_count < PACER_MOST_RATES)
		return &pacer->buckets[pacer->bucket_count++];
	for (size_t i = 0; i < pacer->bucket_count; i++)
		if (pacer->buckets[i].retired && pacer->buckets[i].first == NULL)
			return &pacer->buckets[i];
	return NULL;
}

static struct bucket *add_bucket(struct pacer *pacer, const char *prefix)
{
	struct bucket *b = room_for_bucket(pacer);

	if (b == NULL)
		return NULL;
	free(b->prefix);
	*b = (struct bucket){.prefix = heap_copy(text_of(prefix)),
			     .share = pacer->share,
			     .tokens = FEW,
			     .most = FEW,
			     .filled_us = clock_now_us()};
	return b;
}

static void set_rate(struct pacer *pacer, const struct pacer_rate *rate)
{
	struct bucket *b = find(pacer, rate->prefix);

	if (b == NULL)
		b = add_bucket(pacer, rate->prefix);
	if (b == NULL) /* only while many wait for rates that are gone; a shorter prefix counts */
		return;
	b->retired = false;
	b->rate_per_second = rate->per_second;
	b->rate_at_once = rate->at_once;
	bound(pacer, b);
}

static bool is_among(const struct pacer_rate *rates, const char *prefix)
{
	for (; rates->prefix != NULL; rates++)
		if (strcmp(rates->prefix, prefix) == 0)
			return true;
	return false;
}

void pacer_set_rates(struct pacer *pacer, const struct pacer_rate *rates, double part)
{
	assert(part > 0 && part <= 1);
	pthread_mutex_lock(&pacer->lock);
	pacer->part = part;
	for (size_t i = 0; i < pacer->bucket_count; i++)
		pacer->buckets[i].retired = !is_among(rates, pacer->buckets[i].prefix);
	for (const struct pacer_rate *rate = rates; rate->prefix != NULL; rate++)
		set_rate(pacer, rate);
	pthread_mutex_unlock(&pacer->lock);
}

void pacer_fix_share(struct pacer *pacer, double share)
{
	pacer_set_share(pacer, NULL, share);
	pthread_mutex_lock(&pacer->lock);
	pacer->largest_share = share;
	pthread_mutex_unlock(&pacer->lock);
}

void pacer_set_share(struct pacer *pacer, const char *prefix, double share)
{
	assert(share > 0 && share <= 1);
	pthread_mutex_lock(&pacer->lock);
	if (prefix == NULL)
		pacer->share = share;
	for (size_t i = 0; i < pacer->bucket_count; i++) {
		struct bucket *b = &pacer->buckets[i];

		if (prefix != NULL && strcmp(prefix, b->prefix) != 0)
			continue;
		b->share = share;
		bound(pacer, b);
	}
	pthread_mutex_unlock(&pacer->lock);
}

void pacer_begin_low(struct pacer *pacer)
{
	pthread_mutex_lock(&pacer->lock);
	for (size_t i = 0; i < pacer->bucket_count; i++) {
		struct bucket *b = &pacer->buckets[i];

		pacer_fill(b);
		if (b->tokens > FEW)
			b->tokens = FEW;
	}
	pthread_mutex_unlock(&pacer->lock);
}

/* Much is half of what came meanwhile, and never a single request. */
static bool is_busy(const struct bucket *b, double seconds)
{
	return b->waited || b->first != NULL ||
	       (b->used >= 2 && b->used * 2.0 >= b->per_second * seconds);
}

void pacer_take_uses(struct pacer *pacer, struct arena *a, struct pacer_use **uses, size_t *count)
{
	int64_t now_us = clock_now_us();
	double seconds;

	*uses = arena_array(a, struct pacer_use, PACER_MOST_RATES);
	*count = 0;
	pthread_mutex_lock(&pacer->lock);
	seconds = (double)(now_us - pacer->uses_taken_us) / SECOND_US;
	pacer->uses_taken_us = now_us;
	for (size_t i = 0; i < pacer->bucket_count; i++) {
		struct bucket *b = &pacer->buckets[i];

		if (!b->retired)
			(*uses)[(*count)++] =
				(struct pacer_use){.prefix = arena_copy(a, text_of(b->prefix)),
						   .busy = is_busy(b, seconds)};
		b->used = 0;
		b->waited = false;
	}
	pthread_mutex_unlock(&pacer->lock);
}

void pacer_look(struct pacer *pacer, struct arena *a, struct pacer_left **left, size_t *count)
{
	*left = arena_array(a, struct pacer_left, PACER_MOST_RATES);
	*count = 0;
	pthread_mutex_lock(&pacer->lock);
	for (size_t i = 0; i < pacer->bucket_count; i++) {
		struct bucket *b = &pacer->buckets[i];

		if (b->retired || !b->asked)
			continue;
		pacer_fill(b);
		(*left)[(*count)++] =
			(struct pacer_left){.prefix = arena_copy(a, text_of(b->prefix)),
					    .requests = b->tokens,
					    .most = b->most};
	}
	pthread_mutex_unlock(&pacer->lock);
}

/* ---- making one ---- */

struct pacer *pacer_new(const struct pacer_rate *rates, double part)
{
	struct pacer *pacer = heap_alloc(sizeof *pacer);

	*pacer = (struct pacer){.share = 1, .largest_share = 1, .uses_taken_us = clock_now_us()};
	pthread_mutex_init(&pacer->lock, NULL);
	pacer_set_rates(pacer, rates, part);
	for (size_t i = 0; i < pacer->bucket_count; i++)
		pacer->buckets[i].tokens = pacer->buckets[i].most;
	return pacer;
}

void pacer_free(struct pacer *pacer)
{
	if (pacer == NULL)
		return;
	for (size_t i = 0; i < pacer->bucket_count; i++)
		free(pacer->buckets[i].prefix);
	pthread_mutex_destroy(&pacer->lock);
	free(pacer);
}
