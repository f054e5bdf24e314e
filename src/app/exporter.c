/* The thread that sends spans to a collector. */
#include "app/exporter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/otlp.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loopback.h"
#include "http/client.h"

enum {
	QUEUE = 4096,
	BATCH = 512,
	LOOK_EVERY_MS = 250,
	HURRY_WITHIN_MS = 50, /* after who waits for the end was told to */
	SEND_EVERY_MS = 2000,
	PATIENCE_MS = 5000, /* with the collector */
	ATTEMPTS = 4,       /* of a batch that it may take later */
	LONGEST_PAUSE_MS = 30000,
	SAY_DROPPED_EVERY_MS = 60000,
	LARGEST_BODY = 4 * 1024 * 1024,
	LARGEST_ANSWER = 64 * 1024,
	STACK_BYTES = 512 * 1024,
};

struct exporter {
	const struct config *config;
	struct http_client *http;
	char *url;
	char instance[33];
	pthread_t thread;
	struct http_cancel *cancel; /* set when there is no more time */
	pthread_mutex_t lock;       /* guards the rest of this part */
	pthread_cond_t changed;
	bool closing;
	bool ended;
	int64_t until_ms; /* once it is closing */

	/* The thread's: */
	struct span *batch;
	size_t count;      /* of the batch, which is to be sent */
	unsigned attempts; /* that it has had */
	int64_t next_ms;   /* when to send */
	bool failing;      /* the log has said so */
	uint64_t said;     /* of what was dropped and lost, what the log has said */
	int64_t say_ms;    /* when it may say more */
};

/* ---- what the log says ---- */

static void say_failing(struct exporter *e, const char *problem)
{
	if (!e->failing)
		log_warn("telemetry.spans_failed", F_STR("url", e->url), F_STR("problem", problem),
			 F_STR("effect", "spans are kept for a while, then dropped"));
	e->failing = true;
}

static void say_working(struct exporter *e)
{
	if (e->failing)
		log_info("telemetry.spans_work", F_STR("url", e->url));
	e->failing = false;
}

static void say_dropped(struct exporter *e, bool now)
{
	uint64_t all = spans_dropped();

	if (all == e->said || (!now && clock_left_ms(e->say_ms) > 0))
		return;
	log_warn("telemetry.spans_dropped", F_INT("count", all - e->said), F_INT("in_all", all));
	e->said = all;
	e->say_ms = clock_now_ms() + SAY_DROPPED_EVERY_MS;
}

/* ---- sending ---- */

/* What the collector asks for, or twice as long each time. */
static int64_t pause_after(const struct exporter *e, const struct http_fetch *fetch)
{
	int64_t ms = (int64_t)SEND_EVERY_MS << (e->attempts < 5 ? e->attempts : 5);
	int64_t asked_s = 0;

	if (fetch->end == HTTP_FETCH_DONE &&
	    text_to_int(text_trim(text_of(fetch->retry_after)), &asked_s) && asked_s > 0 &&
	    asked_s < LONGEST_PAUSE_MS / 1000)
		ms = asked_s * 1000;
	return ms < LONGEST_PAUSE_MS ? ms : LONGEST_PAUSE_MS;
}

/* As the specification of OTLP has it: these are for later, everything else is for good. */
static bool may_try_again(const struct http_fetch *fetch)
{
	return fetch->end != HTTP_FETCH_DONE || fetch->status == 429 || fetch->status == 502 ||
	       fetch->status == 503 || fetch->status == 504;
}

static bool is_taken(const struct http_fetch *fetch)
{
	return fetch->end == HTTP_FETCH_DONE && fetch->status >= 200 && fetch->status <= 299;
}

static void take_answer(struct exporter *e, const struct http_fetch *fetch)
{
	char status[32];
	unsigned long long rejected;

	if (is_taken(fetch)) {
		rejected = otlp_rejected(buf_text(&fetch->answer));
		spans_lose(rejected < e->count ? rejected : e->count);
		e->count = 0;
		say_working(e);
		return;
	}
	snprintf(status, sizeof status, "status %d", fetch->status);
	say_failing(e, fetch->end == HTTP_FETCH_DONE ? status : fetch->problem);
	e->next_ms = clock_now_ms() + pause_after(e, fetch);
	if (may_try_again(fetch) && ++e->attempts < ATTEMPTS)
		return;
	spans_lose(e->count);
	e->count = 0;
}

static void post(struct exporter *e, struct text body, int64_t until_ms)
{
	const struct config_headers *own = &e->config->tracing.headers;
	const struct http_target target = {.direct = url_is_loopback(e->url)};
	struct http_header headers[24] = {
		{TEXT("Content-Type"), TEXT("application/json")},
		{TEXT("Accept"), TEXT("application/json")},
	};
	struct http_fetch fetch = {.method = "POST",
				   .url = e->url,
				   .target = &target,
				   .headers = headers,
				   .header_count = 2,
				   .body = body,
				   .deadline_ms = until_ms,
				   .max_bytes = LARGEST_ANSWER,
				   .cancel = e->cancel};

	for (size_t i = 0; i < own->count && fetch.header_count < ARRAY_LEN(headers); i++)
		headers[fetch.header_count++] = (struct http_header){text_of(own->items[i].name),
								     text_of(own->items[i].value)};
	http_fetch(e->http, &fetch);
	take_answer(e, &fetch);
	http_fetch_fini(&fetch);
}

/* The batch that waits, or the next one. False: there is none, or it has to wait. */
static bool send_batch(struct exporter *e, int64_t until_ms)
{
	const struct otlp_resource resource = {.instance = e->instance};
	int64_t latest_ms = clock_now_ms() + PATIENCE_MS;
	struct buf body;

	if (e->count == 0) {
		e->count = spans_take(e->batch, BATCH);
		e->attempts = 0;
	}
	if (e->count == 0)
		return false;
	buf_init(&body, LARGEST_BODY);
	otlp_put_spans(&body, &resource, e->batch, e->count);
	post(e, buf_text(&body), until_ms < latest_ms ? until_ms : latest_ms);
	buf_fini(&body);
	return e->count == 0 && !e->failing;
}

/* ---- the thread ---- */

/* Waits for a while; whether it is the end, and until when that is. */
static bool is_closing(struct exporter *e, int64_t *until_ms)
{
	int64_t wake_ms = clock_now_ms() + LOOK_EVERY_MS;
	bool closing;

	pthread_mutex_lock(&e->lock);
	while (!e->closing && clock_cond_wait(&e->changed, &e->lock, wake_ms))
		;
	closing = e->closing;
	*until_ms = e->until_ms;
	pthread_mutex_unlock(&e->lock);
	return closing;
}

static bool is_due(const struct exporter *e)
{
	return clock_left_ms(e->next_ms) == 0 || (!e->failing && spans_waiting() >= BATCH);
}

static void *run(void *argument)
{
	struct exporter *e = argument;
	int64_t until_ms;

	while (!is_closing(e, &until_ms)) {
		if (is_due(e)) {
			e->next_ms = clock_now_ms() + SEND_EVERY_MS;
			while (send_batch(e, INT64_MAX))
				;
		}
		say_dropped(e, false);
	}
	while (clock_left_ms(until_ms) > 0 && send_batch(e, until_ms))
		;
	spans_lose(e->count + spans_waiting());
	say_dropped(e, true);
	pthread_mutex_lock(&e->lock);
	e->ended = true;
	pthread_cond_signal(&e->changed);
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

static void make_instance(char instance[33])
{
	unsigned char bytes[16] = {0};

	if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t)sizeof bytes)
		snprintf((char *)bytes, sizeof bytes, "%" PRIx64, (uint64_t)clock_now_us());
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(instance + 2 * i, 3, "%02x", bytes[i]);
}

static bool start(struct exporter *e, struct error *err)
{
	const struct http_client_options options = {
		.max_connections_per_host = 1,
		.connect_timeout_ms = PATIENCE_MS,
		.user_agent = "spectrocloud-backend/" PROJECT_VERSION,
	};
	pthread_attr_t attributes;
	int problem;

	if (!http_client_open(&options, &e->http, err))
		return false;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	problem = pthread_create(&e->thread, &attributes, run, e);
	pthread_attr_destroy(&attributes);
	return problem == 0 ||
	       error_set(err, ERROR_INTERNAL, "could not start a thread: %s", strerror(problem));
}

static void release(struct exporter *e)
{
	http_client_close(e->http);
	http_cancel_free(e->cancel);
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->lock);
	free(e->batch);
	free(e->url);
	free(e);
}

bool exporter_open(const struct config *config, struct exporter **exporter, struct error *err)
{
	struct exporter *e = heap_alloc(sizeof *e);
	struct arena a;

	*e = (struct exporter){.config = config, .batch = heap_alloc(BATCH * sizeof(struct span))};
	arena_init(&a);
	e->url = heap_copy(text_of(arena_printf(&a, "%s/v1/traces", config->tracing.endpoint)));
	arena_fini(&a);
	e->cancel = http_cancel_new();
	make_instance(e->instance);
	pthread_mutex_init(&e->lock, NULL);
	clock_cond_init(&e->changed);
	spans_collect(QUEUE);
	if (!start(e, err)) {
		spans_stop();
		release(e);
		return false;
	}
	*exporter = e;
	return true;
}

void exporter_finish(struct exporter *e, int64_t until_ms, const atomic_bool *enough)
{
	if (e == NULL)
		return;
	pthread_mutex_lock(&e->lock);
	e->closing = true;
	e->until_ms = until_ms;
	pthread_cond_signal(&e->changed);
	while (!e->ended && clock_left_ms(until_ms) > 0 && !atomic_load(enough))
		(void)clock_cond_wait(&e->changed, &e->lock, clock_now_ms() + HURRY_WITHIN_MS);
	pthread_mutex_unlock(&e->lock);
	http_cancel_set(e->cancel);
}

void exporter_close(struct exporter *e)
{
	static const atomic_bool enough = true;

	if (e == NULL)
		return;
	exporter_finish(e, 0, &enough);
	pthread_join(e->thread, NULL);
	spans_stop();
	release(e);
}
