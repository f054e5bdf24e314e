/* The thread that looks after the process while the front serves. */
#include "app/keeper.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/notify.h"
#include "base/arena.h"
#include "base/clock.h"
#include "telemetry/history.h"

enum {
	LOOK_EVERY_MS = 1000,
	END_WITHIN_MS = 500,
	STACK_BYTES = 512 * 1024,
	GIVE_BACK_EVERY_MS = 15 * 1000,
};

struct keeper {
	struct keeper_options options;
	atomic_int shutdown_delay_ms;
	pthread_t thread;
	sem_t wake; /* the one thing of these that a signal handler may touch */
	atomic_bool leaving;
	atomic_bool closing;
	atomic_llong leave_ms; /* when keeper_leave() was called */
	atomic_bool ended;
};

/* At most so long; less if keeper_leave() or keeper_close() comes. */
static void doze(struct keeper *k, int64_t ms)
{
	int64_t until_ms = clock_now_ms() + ms;
	struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

	while (sem_clockwait(&k->wake, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
		;
}

static bool is_over(struct keeper *k)
{
	return atomic_load(&k->leaving) || atomic_load(&k->closing);
}

static void lead_out(struct keeper *k)
{
	int64_t until_ms = atomic_load(&k->leave_ms) + atomic_load(&k->shutdown_delay_ms);

	/* The post that told us may still be there, and end the first of these. */
	while (!atomic_load(&k->closing) && clock_left_ms(until_ms) > 0)
		doze(k, clock_left_ms(until_ms));
	op_life_enter(k->options.life, PHASE_STOPPING);
	generations_leave(k->options.generations);
	http_server_stop(k->options.server);
}

/* Of the service manager's watchdog. */
struct alive {
	int64_t every_ms; /* 0: nobody waits for it */
	int64_t next_ms;
};

static void say_alive(struct alive *alive)
{
	if (alive->every_ms == 0 || clock_left_ms(alive->next_ms) > 0)
		return;
	notify_alive();
	alive->next_ms = clock_now_ms() + alive->every_ms;
}

/*
 * Memory that is free, but lies between what is not. Each of the C library's arenas would otherwise
 * come to hold as much as was ever in use at once there, and threads come and go between them.
 */
static void give_back(int64_t *next_ms)
{
	if (clock_left_ms(*next_ms) > 0)
		return;
	malloc_trim(0);
	*next_ms = clock_now_ms() + GIVE_BACK_EVERY_MS;
}

/* Not longer than the watchdog waits. */
static int64_t next_look_ms(const struct alive *alive)
{
	int64_t left_ms = clock_left_ms(alive->next_ms);

	return alive->every_ms != 0 && left_ms < LOOK_EVERY_MS ? left_ms : LOOK_EVERY_MS;
}

/* With the configuration that is in force. */
static void look_around(struct keeper *k)
{
	struct generation *g = generations_take(k->options.generations);

	if (!is_over(k))
		backstage_look_around(g->backstage);
	if (!is_over(k))
		sessions_look_around(g->sessions);
	mcp_host_look_around(g->mcp);
	generation_drop(g);
}

static void prepare(struct keeper *k)
{
	struct generation *g = generations_take(k->options.generations);

	backstage_warm_up(g->backstage, g->config->backstage_timeout_ms);
	generation_drop(g);
}

static void *keep(void *argument)
{
	struct keeper *k = argument;
	struct alive alive = {.every_ms = notify_alive_every_ms()};
	int64_t give_back_ms = 0;

	prepare(k);
	op_life_enter(k->options.life, PHASE_SERVING);
	if (!is_over(k))
		notify_ready();
	while (!is_over(k)) {
		say_alive(&alive);
		history_tick(k->options.history, clock_now_ms());
		doze(k, next_look_ms(&alive));
		look_around(k);
		give_back(&give_back_ms);
	}
	notify_stopping();
	lead_out(k);
	atomic_store(&k->ended, true);
	return NULL;
}

bool keeper_open(const struct keeper_options *options, struct keeper **keeper, struct error *err)
{
	struct keeper *k = heap_alloc(sizeof *k);
	pthread_attr_t attributes;
	int problem;

	k->options = *options;
	atomic_init(&k->shutdown_delay_ms, options->shutdown_delay_ms);
	sem_init(&k->wake, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	problem = pthread_create(&k->thread, &attributes, keep, k);
	pthread_attr_destroy(&attributes);
	if (problem != 0) {
		sem_destroy(&k->wake);
		free(k);
		return error_set(err, ERROR_INTERNAL, "could not start a thread: %s",
				 strerror(problem));
	}
	*keeper = k;
	return true;
}

void keeper_set_shutdown_delay(struct keeper *k, int ms)
{
	atomic_store(&k->shutdown_delay_ms, ms);
}

void keeper_leave(struct keeper *k)
{
	long long never = 0;
	int saved = errno;

	atomic_compare_exchange_strong(&k->leave_ms, &never, clock_now_ms());
	/* Without a delay it must not wait for what the thread may be looking at. */
	if (atomic_load(&k->shutdown_delay_ms) == 0) {
		op_life_mark(k->options.life, PHASE_STOPPING);
		http_server_stop(k->options.server);
	} else {
		op_life_mark(k->options.life, PHASE_LEAVING);
	}
	atomic_store(&k->leaving, true);
	sem_post(&k->wake);
	errno = saved;
}

bool keeper_ends(struct keeper *k)
{
	int64_t until_ms = clock_now_ms() + END_WITHIN_MS;

	atomic_store(&k->closing, true);
	sem_post(&k->wake);
	while (!atomic_load(&k->ended) && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(1);
	return atomic_load(&k->ended);
}

void keeper_close(struct keeper *k)
{
	if (k == NULL)
		return;
	atomic_store(&k->closing, true);
	sem_post(&k->wake);
	pthread_join(k->thread, NULL);
	sem_destroy(&k->wake);
	free(k);
}
