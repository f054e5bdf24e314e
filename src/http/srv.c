/* Services by name: what DNS said within the last second, and a target out of that. */
#include "http/srv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/srv_dns.h"

enum {
	FRESH_MS = 1000, /* as long as Backstage keeps them, whatever their own time to live */
	MOST_NAMES = 64,
};

/* An answer; name is "" where there is none. */
struct kept {
	char name[SRV_MAX_NAME + 1];
	int64_t fresh_until_ms; /* of clock_now_ms() */
	struct srv_records records;
};

struct srv_resolver {
	bool has_servers; /* else the system's */
	struct srv_servers servers;
	uint32_t (*random)(void *context, uint32_t below);
	void *random_context;

	pthread_mutex_t lock; /* of what is below; never held while DNS is asked */
	struct kept kept[MOST_NAMES];
};

static uint32_t system_random(void *context, uint32_t below)
{
	uint64_t n = 0;

	(void)context;
	/* At most 256 bytes always come whole. If there are none at all, any choice will do. */
	if (getrandom(&n, sizeof n, 0) != (ssize_t)sizeof n)
		n = (uint64_t)clock_now_us();
	return (uint32_t)(n % below);
}

bool srv_open(const struct srv_options *options, struct srv_resolver **resolver, struct error *err)
{
	static const struct srv_options defaults = {0};
	struct srv_servers servers = {.count = 1};
	struct srv_resolver *r;

	if (options == NULL)
		options = &defaults;
	if (options->server != NULL &&
	    !srv_server_of(options->server, options->port, &servers.list[0]))
		return error_set(err, ERROR_INPUT, "'%s' port %u is no address of a DNS server",
				 options->server, options->port);
	r = heap_alloc(sizeof *r);
	r->has_servers = options->server != NULL;
	r->servers = servers;
	r->random = options->random == NULL ? system_random : options->random;
	r->random_context = options->random_context;
	pthread_mutex_init(&r->lock, NULL);
	*resolver = r;
	return true;
}

void srv_close(struct srv_resolver *resolver)
{
	if (resolver == NULL)
		return;
	for (size_t i = 0; i < MOST_NAMES; i++)
		srv_records_free(&resolver->kept[i].records);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver);
}

/* ---- names ---- */

static bool is_label(struct text label)
{
	if (label.len == 0 || label.len > 63)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* The name in lower case and without a '.' at its end; false if it is none. */
static bool read_name(const char *given, char name[SRV_MAX_NAME + 1])
{
	struct text rest = text_of(given);
	struct text label;

	if (text_ends(rest, "."))
		rest.len--;
	if (rest.len > SRV_MAX_NAME)
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.ptr[i];

		name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	name[rest.len] = '\0';
	rest = text_of(name);
	while (text_next(&rest, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

/* ---- answers that are kept; under the lock ---- */

static const struct srv_records *find_fresh(const struct srv_resolver *r, const char *name)
{
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < MOST_NAMES; i++)
		if (now < r->kept[i].fresh_until_ms && strcmp(r->kept[i].name, name) == 0)
			return &r->kept[i].records;
	return NULL;
}

/* Where an answer for the name goes: in its own place, or that of the oldest. */
static struct kept *place_for(struct srv_resolver *r, const char *name)
{
	struct kept *oldest = &r->kept[0];

	for (size_t i = 0; i < MOST_NAMES; i++) {
		if (strcmp(r->kept[i].name, name) == 0)
			return &r->kept[i];
		if (r->kept[i].fresh_until_ms < oldest->fresh_until_ms)
			oldest = &r->kept[i];
	}
	return oldest;
}

/* Takes the records over. */
static void keep(struct srv_resolver *r, const char *name, struct srv_records records)
{
	struct kept *place = place_for(r, name);

	srv_records_free(&place->records);
	memcpy(place->name, name, strlen(name) + 1);
	place->fresh_until_ms = clock_now_ms() + FRESH_MS;
	place->records = records;
}

static bool choose_fresh(struct srv_resolver *r, const char *name, struct srv_target *out)
{
	const struct srv_records *records;

	pthread_mutex_lock(&r->lock);
	records = find_fresh(r, name);
	if (records != NULL)
		*out = srv_pick(records, r->random, r->random_context)->target;
	pthread_mutex_unlock(&r->lock);
	return records != NULL;
}

bool srv_choose(struct srv_resolver *resolver, const char *name, int timeout_ms,
		struct srv_target *out, struct error *err)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	struct srv_records records;
	char key[SRV_MAX_NAME + 1];

	if (!read_name(name, key))
		return error_set(err, ERROR_INPUT, "'%.80s' is no DNS name",
				 name == NULL ? "" : name);
	if (choose_fresh(resolver, key, out))
		return true;
	if (!srv_ask(resolver->has_servers ? &resolver->servers : NULL, key, deadline_ms, &records,
		     err))
		return false;
	*out = srv_pick(&records, resolver->random, resolver->random_context)->target;
	pthread_mutex_lock(&resolver->lock);
	keep(resolver, key, records);
	pthread_mutex_unlock(&resolver->lock);
	return true;
}
