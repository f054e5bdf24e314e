/*
 * The request log. An entry is made when a request arrives and gets its status when the answer is
 * ready, so a request that hangs can be seen hanging. The oldest entries make room for new ones.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parts.h"

enum { MAX_LOGGED_BODY = 64 << 10, MAX_LOGGED_BYTES = 256 << 20, MAX_STRAYS = 1000 };

struct entry {
	uint64_t n;
	char *method;
	char *target;
	char *project; /* NULL: no header */
	char *body;
	size_t body_len;
	char credential[24];
	unsigned status; /* 0: not answered yet */
	unsigned concurrent;
	int64_t at_ms;
};

struct tally {
	const struct route *route;
	uint64_t count;
	uint64_t by_class[6]; /* status / 100 */
};

struct stray {
	uint64_t n;
	char *method;
	char *target;
};

struct record {
	pthread_mutex_t lock;
	struct entry *ring;
	size_t limit;
	size_t first; /* where the oldest stands */
	size_t count;
	size_t bytes;
	uint64_t next;
	uint64_t dropped;
	unsigned in_flight;
	unsigned most_in_flight;
	struct tally tallies[MAX_ROUTES + 1]; /* the first row: no route */
	size_t tally_count;
	struct stray strays[MAX_STRAYS];
	size_t stray_count;
	uint64_t strays_dropped;
};

struct record *record_new(int limit)
{
	struct record *c = heap_alloc(sizeof(*c));

	memset(c, 0, sizeof(*c));
	pthread_mutex_init(&c->lock, NULL);
	c->limit = (size_t)limit;
	c->ring = heap_alloc(c->limit * sizeof(*c->ring));
	c->next = 1;
	c->tally_count = 1;
	return c;
}

static void drop_oldest(struct record *c)
{
	struct entry *e = &c->ring[c->first];

	c->bytes -= e->body_len;
	free(e->method);
	free(e->target);
	free(e->project);
	free(e->body);
	c->first = (c->first + 1) % c->limit;
	c->count--;
}

static void clear(struct record *c)
{
	while (c->count > 0)
		drop_oldest(c);
	for (size_t i = 0; i < c->stray_count; i++) {
		free(c->strays[i].method);
		free(c->strays[i].target);
	}
	c->stray_count = 0;
	c->strays_dropped = 0;
	c->dropped = 0;
	memset(c->tallies, 0, sizeof(c->tallies));
	c->tally_count = 1;
	c->most_in_flight = c->in_flight;
}

void record_clear(struct record *c)
{
	pthread_mutex_lock(&c->lock);
	clear(c);
	pthread_mutex_unlock(&c->lock);
}

void record_free(struct record *c)
{
	if (c == NULL)
		return;
	clear(c);
	pthread_mutex_destroy(&c->lock);
	free(c->ring);
	free(c);
}

void record_begin(struct record *c, struct request *r, int64_t at_ms)
{
	size_t body_len = r->body.len > MAX_LOGGED_BODY ? MAX_LOGGED_BODY : r->body.len;
	struct entry e = {
		.method = heap_copy(text_of(r->method)),
		.target = heap_copy(text_of(r->target)),
		.project = r->project_header ? heap_copy(text_of(r->project_header)) : NULL,
		.body = heap_copy(text_slice(r->body, 0, body_len)),
		.body_len = body_len,
		.at_ms = at_ms,
	};

	strncpy(e.credential, scope_credential_name(r), sizeof(e.credential) - 1);
	pthread_mutex_lock(&c->lock);
	while (c->count > 0 && (c->count == c->limit || c->bytes > MAX_LOGGED_BYTES)) {
		drop_oldest(c);
		c->dropped++;
	}
	e.n = r->n = c->next++;
	e.concurrent = ++c->in_flight;
	if (c->in_flight > c->most_in_flight)
		c->most_in_flight = c->in_flight;
	c->bytes += body_len;
	c->ring[(c->first + c->count++) % c->limit] = e;
	pthread_mutex_unlock(&c->lock);
}

static struct tally *tally_of(struct record *c, const struct route *route)
{
	for (size_t i = 0; i < c->tally_count; i++) {
		if (c->tallies[i].route == route)
			return &c->tallies[i];
	}
	c->tallies[c->tally_count].route = route;
	return &c->tallies[c->tally_count++];
}

void record_end(struct record *c, const struct request *r, unsigned status)
{
	struct tally *t;

	pthread_mutex_lock(&c->lock);
	c->in_flight--;
	t = tally_of(c, r->route);
	t->count++;
	t->by_class[status / 100 < 6 ? status / 100 : 0]++;
	if (c->count > 0 && r->n >= c->ring[c->first].n)
		c->ring[(c->first + (size_t)(r->n - c->ring[c->first].n)) % c->limit].status =
			status;
	pthread_mutex_unlock(&c->lock);
}

void record_stray(struct record *c, const struct request *r)
{
	pthread_mutex_lock(&c->lock);
	if (c->stray_count < MAX_STRAYS)
		c->strays[c->stray_count++] =
			(struct stray){.n = r->n,
				       .method = heap_copy(text_of(r->method)),
				       .target = heap_copy(text_of(r->target))};
	else
		c->strays_dropped++;
	pthread_mutex_unlock(&c->lock);
}

/* Text for JSON: bytes that are no UTF-8 are told in hexadecimal. */
static json_t *safe_text(const char *bytes, size_t len)
{
	struct buf hex;
	json_t *text = json_stringn(bytes, len);

	if (text != NULL)
		return text;
	buf_init(&hex, 2 * len + 8);
	buf_add_string(&hex, "hex:");
	for (size_t i = 0; i < len; i++)
		buf_printf(&hex, "%02x", (unsigned char)bytes[i]);
	text = json_string(hex.ptr);
	buf_fini(&hex);
	return text;
}

static json_t *entry_json(const struct entry *e)
{
	json_t *project = e->project ? safe_text(e->project, strlen(e->project)) : json_null();

	return json_pack(
		"{s:I, s:s, s:o, s:o, s:o, s:s, s:o, s:i, s:I, s:i}", "n", (json_int_t)e->n,
		"method", e->method, "target", safe_text(e->target, strlen(e->target)), "path",
		safe_text(e->target, strcspn(e->target, "?")), "project", project, "credential",
		e->credential, "body", safe_text(e->body, e->body_len), "status", (int)e->status,
		"at_ms", (json_int_t)e->at_ms, "concurrent", (int)e->concurrent);
}

json_t *record_requests(struct record *c, uint64_t since)
{
	json_t *list = json_array();

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->count; i++) {
		const struct entry *e = &c->ring[(c->first + i) % c->limit];

		if (e->n > since)
			json_array_append_new(list, entry_json(e));
	}
	pthread_mutex_unlock(&c->lock);
	return list;
}

static json_t *tallies_json(const struct record *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->tally_count; i++) {
		const struct tally *t = &c->tallies[i];
		const uint64_t *by = t->by_class;

		if (t->count == 0)
			continue;
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I, s:I, s:I}}",
						"method", t->route ? t->route->method : "",
						"pattern", t->route ? t->route->pattern : "",
						"count", (json_int_t)t->count, "statuses", "2xx",
						(json_int_t)by[2], "3xx", (json_int_t)by[3], "4xx",
						(json_int_t)by[4], "5xx", (json_int_t)by[5], "none",
						(json_int_t)by[0] + (json_int_t)by[1]));
	}
	return list;
}

json_t *record_stats(struct record *c)
{
	json_t *strays = json_array();
	json_t *stats;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->stray_count; i++)
		json_array_append_new(
			strays,
			json_pack("{s:I, s:s, s:o}", "n", (json_int_t)c->strays[i].n, "method",
				  c->strays[i].method, "target",
				  safe_text(c->strays[i].target, strlen(c->strays[i].target))));
	stats = json_pack("{s:I, s:I, s:i, s:i, s:o, s:o, s:I}", "logged", (json_int_t)c->count,
			  "dropped", (json_int_t)c->dropped, "inFlight", (int)c->in_flight,
			  "maxConcurrent", (int)c->most_in_flight, "endpoints", tallies_json(c),
			  "strays", strays, "straysDropped", (json_int_t)c->strays_dropped);
	pthread_mutex_unlock(&c->lock);
	return stats;
}
