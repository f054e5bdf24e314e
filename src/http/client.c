/*
 * The curl thread. Callers put batches of requests into an inbox and sleep; one thread takes them
 * out, drives all transfers over one wire and wakes each caller when its batch has ended.
 *
 * A batch has as many lanes as it may have requests in flight; a lane runs one request after
 * another. A request first queues for its host, because the host's connections are limited, in the
 * order of arrival. The queue is ours rather than curl's: when a connection becomes free, curl 7.88
 * tries only the oldest of all waiting transfers, whatever its host, so that one slow host would
 * keep the requests to the others waiting. It also lets a deadline end what was never started.
 */
#include "http/client.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/cancel.h"
#include "http/transfer.h"

enum { IDLE_WAIT_MS = 60 * 1000 }; /* a new request ends the wait; it only has to be finite */

/* One of the places of a batch where a request runs. */
struct lane {
	struct batch *batch;
	struct host *host;
	struct lane *next;  /* in its host's queue, or of those on their way */
	struct lane **link; /* what points here, of those on their way */
	struct http_cancel_watch watch;
	struct transfer transfer;
};

/* What one caller waits for. It lives on the caller's stack. */
struct batch {
	struct batch *next; /* in the inbox */
	int64_t asked_us;
	struct http_fetch *const *fetches;
	size_t count;

	/* the thread's */
	struct lane *lanes;
	size_t lane_count;
	size_t busy_lanes;
	size_t next_fetch;

	pthread_mutex_t lock;
	pthread_cond_t ended_cond;
	bool ended; /* under lock */
};

/* A scheme, host and port that some request waits for or talks to. */
struct host {
	struct host *next;
	char *origin; /* owned */
	unsigned in_flight;
	struct lane *under_way;    /* so many */
	struct lane *first, *last; /* waiting */
};

struct http_client {
	unsigned max_connections_per_host;
	struct wire *wire;
	pthread_t thread;

	pthread_mutex_t lock;
	struct batch *inbox_first, *inbox_last; /* under lock */
	bool stop;                              /* under lock */

	/* the thread's */
	struct host *hosts;
	int64_t next_expiry_ms; /* no waiting request's deadline is earlier */

	atomic_bool called_off; /* some request, since the thread last looked */
	atomic_uint_fast64_t requests;
	atomic_uint in_flight;
};

/* ---- Hosts: who waits for a connection ---- */

static struct text origin_of(const char *url)
{
	size_t scheme = strcspn(url, "/") + strlen("//"); /* transfer_prepare() saw http[s]:// */

	return (struct text){url, scheme + strcspn(url + scheme, "/?#")};
}

static struct host *host_of(struct http_client *c, const char *url)
{
	struct text origin = origin_of(url);
	struct host *host;

	for (host = c->hosts; host != NULL; host = host->next)
		if (text_equal_nocase(text_of(host->origin), origin))
			return host;
	host = heap_alloc(sizeof *host);
	host->next = c->hosts;
	host->origin = heap_copy(origin);
	c->hosts = host;
	return host;
}

static void host_queue(struct http_client *c, struct host *host, struct lane *lane)
{
	int64_t deadline_ms = lane->transfer.fetch->deadline_ms;

	lane->host = host;
	lane->next = NULL;
	if (host->first == NULL)
		host->first = lane;
	else
		host->last->next = lane;
	host->last = lane;
	if (c->next_expiry_ms > deadline_ms)
		c->next_expiry_ms = deadline_ms;
}

/* Starts what the host has room for. */
static void host_start_waiting(struct http_client *c, struct host *host)
{
	while (host->first != NULL && host->in_flight < c->max_connections_per_host) {
		struct lane *lane = host->first;

		host->first = lane->next;
		host->in_flight++;
		lane->next = host->under_way;
		lane->link = &host->under_way;
		if (lane->next != NULL)
			lane->next->link = &lane->next;
		host->under_way = lane;
		atomic_fetch_add(&c->in_flight, 1);
		transfer_start(c->wire, &lane->transfer);
	}
}

/* One that was on its way is not any more. */
static void host_release(struct http_client *c, struct lane *lane)
{
	*lane->link = lane->next;
	if (lane->next != NULL)
		lane->next->link = lane->link;
	lane->host->in_flight--;
	atomic_fetch_sub(&c->in_flight, 1);
}

static bool is_called_off(const struct lane *lane)
{
	return http_cancelled(lane->transfer.fetch->cancel);
}

/* Takes those of the host's queue whose deadline has passed, or that were called off, and puts them
 * in front of *expired; the others queue again, which counts their deadlines. */
static void host_expire(struct http_client *c, struct host *host, struct lane **expired)
{
	struct lane *lane = host->first;

	host->first = NULL;
	while (lane != NULL) {
		struct lane *next = lane->next;

		if (is_called_off(lane) || clock_left_ms(lane->transfer.fetch->deadline_ms) == 0) {
			lane->next = *expired;
			*expired = lane;
		} else {
			host_queue(c, host, lane);
		}
		lane = next;
	}
}

/* Stops those that are on their way and were called off, and puts them in front of *stopped. */
static void host_stop_called_off(struct http_client *c, struct host *host, struct lane **stopped)
{
	struct lane *next;

	for (struct lane *lane = host->under_way; lane != NULL; lane = next) {
		next = lane->next;
		if (!is_called_off(lane))
			continue;
		host_release(c, lane);
		transfer_abort(c->wire, &lane->transfer);
		lane->next = *stopped;
		*stopped = lane;
	}
}

/* ---- Batches and their lanes ---- */

/* The last touch: the caller's stack, and the batch with it, may be gone when this returns. */
static void batch_end(struct batch *b)
{
	pthread_mutex_lock(&b->lock);
	b->ended = true;
	pthread_cond_signal(&b->ended_cond);
	pthread_mutex_unlock(&b->lock);
}

/* On the thread of whoever calls a request off. */
static void on_called_off(void *context)
{
	struct http_client *c = context;

	if (!atomic_exchange(&c->called_off, true))
		wire_wake(c->wire);
}

/* Whether the lane's request is to be sent; if not, it has ended. */
static bool lane_begin(struct http_client *c, struct lane *lane)
{
	if (!transfer_prepare(&lane->transfer))
		return false;
	if (http_cancel_watch(lane->transfer.fetch->cancel, &lane->watch, on_called_off, c))
		return true;
	transfer_call_off(&lane->transfer);
	return false;
}

/* The lane takes its batch's next request; the last lane to find none left ends the batch. */
static void lane_advance(struct http_client *c, struct lane *lane)
{
	struct batch *b = lane->batch;

	http_cancel_unwatch(&lane->watch);
	while (b->next_fetch < b->count) {
		struct http_fetch *f = b->fetches[b->next_fetch++];

		atomic_fetch_add(&c->requests, 1);
		lane->transfer =
			(struct transfer){.fetch = f, .asked_us = b->asked_us, .owner = lane};
		if (lane_begin(c, lane)) {
			host_queue(c, host_of(c, f->url), lane);
			return;
		}
	}
	if (--b->busy_lanes == 0)
		batch_end(b);
}

static void batch_begin(struct http_client *c, struct batch *b)
{
	struct lane *lanes = b->lanes; /* the last lane may end the batch: do not look at it then */
	size_t count = b->lane_count;

	b->busy_lanes = count;
	for (size_t i = 0; i < count; i++) {
		lanes[i].batch = b;
		lane_advance(c, &lanes[i]);
	}
}

/* ---- The thread ---- */

/* Takes over what callers have asked for. False if the client is to stop. */
static bool read_inbox(struct http_client *c)
{
	struct batch *b;
	bool stop;

	pthread_mutex_lock(&c->lock);
	b = c->inbox_first;
	c->inbox_first = NULL;
	stop = c->stop;
	pthread_mutex_unlock(&c->lock);

	while (b != NULL) {
		struct batch *next = b->next;

		batch_begin(c, b);
		b = next;
	}
	return !stop;
}

/* Ends what is on its way and was called off; so that the queues are looked through as well. */
static void stop_called_off(struct http_client *c)
{
	struct lane *stopped = NULL;

	if (!atomic_exchange(&c->called_off, false))
		return;
	c->next_expiry_ms = 0;
	for (struct host *host = c->hosts; host != NULL; host = host->next)
		host_stop_called_off(c, host, &stopped);
	while (stopped != NULL) {
		struct lane *lane = stopped;

		stopped = lane->next;
		lane_advance(c, lane);
	}
}

/* Ends what has waited until its deadline, or was called off. */
static void expire_waiting(struct http_client *c)
{
	struct lane *expired = NULL;

	if (clock_left_ms(c->next_expiry_ms) > 0)
		return;
	c->next_expiry_ms = INT64_MAX;
	for (struct host *host = c->hosts; host != NULL; host = host->next)
		host_expire(c, host, &expired);
	while (expired != NULL) {
		struct lane *lane = expired;

		expired = lane->next;
		if (is_called_off(lane))
			transfer_call_off(&lane->transfer);
		else
			transfer_end(&lane->transfer, HTTP_FETCH_TOO_SLOW,
				     "no connection became free in time");
		lane_advance(c, lane);
	}
}

/* Starts what there is room for, and forgets hosts that nobody needs. */
static void start_waiting(struct http_client *c)
{
	struct host **link = &c->hosts;

	while (*link != NULL) {
		struct host *host = *link;

		host_start_waiting(c, host);
		if (host->in_flight > 0) {
			link = &host->next;
			continue;
		}
		*link = host->next; /* nothing on its way: so nothing waits either */
		free(host->origin);
		free(host);
	}
}

/* Moves the lanes on whose requests have ended. True if there were any. */
static bool collect(struct http_client *c)
{
	struct transfer *t;
	bool any = false;

	while ((t = wire_ended(c->wire)) != NULL) {
		struct lane *lane = t->owner;

		host_release(c, lane);
		lane_advance(c, lane);
		any = true;
	}
	return any;
}

static int wait_ms(const struct http_client *c)
{
	int64_t left = clock_left_ms(c->next_expiry_ms);

	return left < IDLE_WAIT_MS ? (int)left : IDLE_WAIT_MS;
}

static void *run(void *context)
{
	struct http_client *c = context;

	while (read_inbox(c)) {
		do {
			stop_called_off(c);
			expire_waiting(c);
			start_waiting(c);
			wire_work(c->wire);
		} while (collect(c));
		wire_wait(c->wire, wait_ms(c));
	}
	return NULL;
}

/* The thread takes no signals: they are for others, and SIGPIPE of a connection is for nobody. */
static int start_thread(struct http_client *c)
{
	sigset_t all, before;
	int failure;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure == 0)
		pthread_setname_np(c->thread, "http-client");
	return failure;
}

bool http_client_open(const struct http_client_options *options, struct http_client **client,
		      struct error *err)
{
	struct http_client *c;
	struct wire *wire;
	int failure;

	assert(options->max_connections_per_host > 0);
	if (!wire_open(options, &wire, err))
		return error_in(err, "HTTP client");
	c = heap_alloc(sizeof *c);
	c->max_connections_per_host = options->max_connections_per_host;
	c->wire = wire;
	c->next_expiry_ms = INT64_MAX;
	atomic_init(&c->called_off, false);
	pthread_mutex_init(&c->lock, NULL);
	failure = start_thread(c);
	if (failure != 0) {
		pthread_mutex_destroy(&c->lock);
		wire_close(wire);
		free(c);
		return error_set(err, ERROR_INTERNAL, "HTTP client: no thread: %s",
				 strerror(failure));
	}
	*client = c;
	return true;
}

void http_client_close(struct http_client *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_mutex_unlock(&c->lock);
	wire_wake(c->wire);
	pthread_join(c->thread, NULL);
	assert(c->hosts == NULL && c->inbox_first == NULL);
	wire_close(c->wire);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* ---- What callers call ---- */

static void submit(struct http_client *c, struct batch *b)
{
	bool first;

	pthread_mutex_lock(&c->lock);
	first = c->inbox_first == NULL;
	if (first)
		c->inbox_first = b;
	else
		c->inbox_last->next = b;
	c->inbox_last = b;
	pthread_mutex_unlock(&c->lock);
	if (first) /* else whoever came first wakes it */
		wire_wake(c->wire);
}

/* Hands the batch to the thread and sleeps until it has ended. */
/* False: it has not ended in that time. */
static bool batch_wait(struct batch *b, int64_t until_ms)
{
	bool ended;

	pthread_mutex_lock(&b->lock);
	while (!b->ended && clock_left_ms(until_ms) > 0)
		clock_cond_wait(&b->ended_cond, &b->lock, until_ms);
	ended = b->ended;
	pthread_mutex_unlock(&b->lock);
	return ended;
}

/* It ends by the deadlines of its requests. */
static void batch_wait_for_end(struct batch *b)
{
	pthread_mutex_lock(&b->lock);
	while (!b->ended)
		pthread_cond_wait(&b->ended_cond, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static void batch_run(struct http_client *c, struct batch *b, const struct http_patience *patience)
{
	b->asked_us = clock_now_us();
	pthread_mutex_init(&b->lock, NULL);
	clock_cond_init(&b->ended_cond);
	submit(c, b);
	if (patience == NULL) {
		batch_wait_for_end(b);
	} else if (!batch_wait(b, clock_now_ms() + patience->ms)) {
		patience->begin();
		batch_wait_for_end(b);
		patience->end();
	}
	pthread_cond_destroy(&b->ended_cond);
	pthread_mutex_destroy(&b->lock);
}

void http_fetch(struct http_client *client, struct http_fetch *fetch)
{
	struct lane lane = {.next = NULL};
	struct batch batch = {.fetches = &fetch, .count = 1, .lanes = &lane, .lane_count = 1};

	batch_run(client, &batch, NULL);
}

void http_fetch_all(struct http_client *client, struct http_fetch *const *fetches, size_t count,
		    unsigned parallel, const struct http_patience *patience)
{
	struct batch batch = {.fetches = fetches, .count = count};

	assert(parallel > 0);
	if (count == 0)
		return;
	batch.lane_count = parallel < count ? parallel : count;
	batch.lanes = heap_alloc(batch.lane_count * sizeof(struct lane));
	batch_run(client, &batch, patience);
	free(batch.lanes);
}

void http_fetch_fini(struct http_fetch *fetch)
{
	buf_fini(&fetch->answer);
}

struct http_client_stats http_client_stats(const struct http_client *client)
{
	return (struct http_client_stats){
		.requests = atomic_load(&client->requests),
		.connections_opened = wire_connections_opened(client->wire),
		.in_flight = atomic_load(&client->in_flight),
	};
}
