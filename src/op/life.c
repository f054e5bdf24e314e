/* The phases of the service's life, and who waits for the first to end. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "op/op.h"

enum { LOOK_EVERY_MS = 50 };

struct op_life {
	atomic_int phase;
	pthread_mutex_t lock;
	pthread_cond_t entered;
};

struct op_life *op_life_new(void)
{
	struct op_life *life = heap_alloc(sizeof *life);

	atomic_init(&life->phase, PHASE_STARTING);
	pthread_mutex_init(&life->lock, NULL);
	clock_cond_init(&life->entered);
	return life;
}

void op_life_free(struct op_life *life)
{
	if (life == NULL)
		return;
	pthread_cond_destroy(&life->entered);
	pthread_mutex_destroy(&life->lock);
	free(life);
}

void op_life_mark(struct op_life *life, enum op_phase phase)
{
	int now = atomic_load(&life->phase);

	while ((int)phase > now && !atomic_compare_exchange_weak(&life->phase, &now, (int)phase))
		;
}

void op_life_enter(struct op_life *life, enum op_phase phase)
{
	pthread_mutex_lock(&life->lock);
	op_life_mark(life, phase);
	pthread_cond_broadcast(&life->entered);
	pthread_mutex_unlock(&life->lock);
}

enum op_phase op_life_phase(const struct op_life *life)
{
	return (enum op_phase)atomic_load(&life->phase);
}

enum op_phase op_life_wait_started(struct op_life *life, int64_t until_ms)
{
	pthread_mutex_lock(&life->lock);
	while (op_life_phase(life) == PHASE_STARTING && clock_left_ms(until_ms) > 0) {
		/* A signal handler moves on without waking anybody. */
		int64_t look_ms = clock_now_ms() + LOOK_EVERY_MS;

		if (look_ms > until_ms)
			look_ms = until_ms;
		clock_cond_wait(&life->entered, &life->lock, look_ms);
	}
	pthread_mutex_unlock(&life->lock);
	return op_life_phase(life);
}

bool op_life_admits(enum op_phase phase, struct error *err)
{
	if (phase == PHASE_STARTING)
		return error_set(err, ERROR_UNAVAILABLE, "Service has not started up yet");
	if (phase == PHASE_STOPPING)
		return error_set(err, ERROR_UNAVAILABLE, "Service is shutting down");
	return true;
}
