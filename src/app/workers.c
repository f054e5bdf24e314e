/*
 * Threads that take work from a bounded queue: a ring behind one mutex. Those that are started on
 * demand have it, too, but nothing goes into it that no thread is free for.
 *
 * At work are the threads that neither wait for work nor say that they wait for somebody; no work
 * is taken while more than the usual number are. There are more threads than that only while some
 * wait. Above the usual number, as many end as were not needed in the last ten seconds; each of
 * them has work now and then, so that it would not end by itself.
 */
#include "app/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"

enum { STACK_BYTES = 512 * 1024, IDLE_MS = 10000 };

struct worker {
	struct workers *all;
	pthread_t thread;
	enum { WORKER_NONE, WORKER_RUNS, WORKER_ENDED } state; /* ENDED: it has to be joined */
};

struct workers {
	work_fn *work;
	void *context;
	bool on_demand;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled;
	void **ring;
	size_t length;
	size_t first;
	size_t count;
	size_t idle;        /* threads that wait for work */
	size_t waiting;     /* threads between workers_begin_wait() and workers_end_wait() */
	size_t running;     /* threads that there are */
	size_t fewest_idle; /* since counted_ms of clock_now_ms() */
	int64_t counted_ms;
	size_t surplus; /* threads that are to end instead of waiting */
	bool stopping;
	size_t usual; /* at work at a time; as many threads stay when they have nothing to do */
	unsigned most;
	struct worker threads[];
};

/* The one that this thread is; NULL: none. */
static _Thread_local struct worker *own;

/* Under the lock: how many are at work. */
static size_t at_work(const struct workers *w)
{
	return w->running - w->idle - w->waiting;
}

/* Under the lock: those that were idle for all of the time that was counted are too many. */
static void find_surplus(struct workers *w, int64_t now_ms)
{
	size_t spare = w->running - w->usual;

	if (now_ms - w->counted_ms < IDLE_MS)
		return;
	w->surplus = w->fewest_idle < spare ? w->fewest_idle : spare;
	w->fewest_idle = w->idle;
	w->counted_ms = now_ms;
}

/* Under the lock. False: the thread is not needed. */
static bool wait_for_work(struct workers *w)
{
	int64_t now_ms = clock_now_ms();
	bool in_time = true;

	if (w->running > w->usual) {
		find_surplus(w, now_ms);
		if (w->surplus > 0) {
			w->surplus--;
			return false;
		}
	}
	w->idle++;
	if (w->running > w->usual)
		in_time = clock_cond_wait(&w->filled, &w->lock, now_ms + IDLE_MS);
	else
		pthread_cond_wait(&w->filled, &w->lock);
	w->idle--;
	if (w->idle < w->fewest_idle)
		w->fewest_idle = w->idle;
	return in_time || w->running <= w->usual;
}

/* Under the lock, by one of the threads, which counts as at work. */
static bool may_take(const struct workers *w)
{
	return w->count > 0 && (w->on_demand || w->stopping || at_work(w) <= w->usual);
}

/* False: the thread is to end, and says so. */
static bool take(struct worker *me, void **item)
{
	struct workers *w = me->all;
	bool waits = true;
	bool taken;

	pthread_mutex_lock(&w->lock);
	while (!may_take(w) && !w->stopping && waits)
		waits = wait_for_work(w);
	taken = may_take(w);
	if (taken) {
		*item = w->ring[w->first];
		w->first = (w->first + 1) % w->length;
		w->count--;
	} else {
		me->state = WORKER_ENDED;
		w->running--;
	}
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void *work_until_stopped(void *argument)
{
	struct worker *me = argument;
	void *item;

	own = me;
	while (take(me, &item))
		me->all->work(me->all->context, item);
	return NULL;
}

/* ---- threads ---- */

/* Under the lock. Returns what pthread_create() does. */
static int start_thread(struct worker *worker)
{
	pthread_attr_t attributes;
	int problem;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	problem = pthread_create(&worker->thread, &attributes, work_until_stopped, worker);
	pthread_attr_destroy(&attributes);
	if (problem == 0) {
		worker->state = WORKER_RUNS;
		worker->all->running++;
	}
	return problem;
}

/* Under the lock: one that has ended has left it for good. */
static void join_ended(struct worker *worker)
{
	if (worker->state != WORKER_ENDED)
		return;
	pthread_join(worker->thread, NULL);
	worker->state = WORKER_NONE;
}

/* Under the lock. False: there are as many as there may be. */
static bool start_another(struct workers *w)
{
	struct worker *found = NULL;

	for (unsigned i = 0; i < w->most; i++) {
		join_ended(&w->threads[i]);
		if (w->threads[i].state == WORKER_NONE)
			found = &w->threads[i];
	}
	return found != NULL && start_thread(found) == 0;
}

/* Under the lock: whether somebody will take what is queued, now that less may be at work than
 * there was. That no thread can be started is no harm: those that there are do the work, later. */
static void call_somebody(struct workers *w)
{
	if (w->count == 0)
		return;
	if (w->idle < w->count && at_work(w) < w->usual && !w->stopping)
		(void)start_another(w);
	pthread_cond_signal(&w->filled);
}

/* ---- work ---- */

/* Under the lock. */
static bool has_room(struct workers *w)
{
	if (w->stopping || w->count == w->length)
		return false;
	return !w->on_demand || w->idle > w->count || start_another(w);
}

bool workers_submit(struct workers *workers, void *item)
{
	bool room;

	pthread_mutex_lock(&workers->lock);
	room = has_room(workers);
	if (room) {
		workers->ring[(workers->first + workers->count) % workers->length] = item;
		workers->count++;
		call_somebody(workers);
	}
	pthread_mutex_unlock(&workers->lock);
	return room;
}

void workers_begin_wait(void)
{
	if (own == NULL)
		return;
	pthread_mutex_lock(&own->all->lock);
	own->all->waiting++;
	call_somebody(own->all);
	pthread_mutex_unlock(&own->all->lock);
}

void workers_end_wait(void)
{
	if (own == NULL)
		return;
	pthread_mutex_lock(&own->all->lock);
	own->all->waiting--;
	pthread_mutex_unlock(&own->all->lock);
}

struct workers_state workers_state(struct workers *workers)
{
	struct workers_state state;

	pthread_mutex_lock(&workers->lock);
	state = (struct workers_state){
		.queued = workers->count,
		.usual = workers->on_demand ? workers->most : workers->usual,
		.busy = at_work(workers),
		.waiting = workers->waiting,
	};
	pthread_mutex_unlock(&workers->lock);
	return state;
}

unsigned workers_count(struct workers *workers)
{
	size_t count;

	pthread_mutex_lock(&workers->lock);
	count = workers->running;
	pthread_mutex_unlock(&workers->lock);
	return (unsigned)count;
}

/* ---- start and stop ---- */

static struct workers *workers_new(unsigned most, size_t queue_length, work_fn *work, void *context)
{
	struct workers *w = heap_alloc(sizeof *w + most * sizeof w->threads[0]);

	w->work = work;
	w->context = context;
	w->most = most;
	w->length = queue_length;
	w->ring = heap_alloc(queue_length * sizeof w->ring[0]);
	pthread_mutex_init(&w->lock, NULL);
	clock_cond_init(&w->filled);
	for (unsigned i = 0; i < most; i++)
		w->threads[i].all = w;
	return w;
}

bool workers_start(unsigned threads, unsigned spare, size_t queue_length, work_fn *work,
		   void *context, struct workers **workers, struct error *err)
{
	struct workers *w = workers_new(threads + spare, queue_length, work, context);
	int problem = 0;

	w->usual = threads;
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; problem == 0 && i < threads; i++)
		problem = start_thread(&w->threads[i]);
	pthread_mutex_unlock(&w->lock);
	if (problem != 0) {
		workers_stop(w);
		return error_set(err, ERROR_INTERNAL, "could not start a worker thread: %s",
				 strerror(problem));
	}
	*workers = w;
	return true;
}

struct workers *workers_start_on_demand(unsigned most, work_fn *work, void *context)
{
	struct workers *w = workers_new(most, most, work, context);

	w->on_demand = true;
	return w;
}

/* Once nobody starts or joins one any more. */
static void join(struct workers *w, struct worker *worker)
{
	bool exists;

	pthread_mutex_lock(&w->lock);
	exists = worker->state != WORKER_NONE;
	pthread_mutex_unlock(&w->lock);
	if (exists)
		pthread_join(worker->thread, NULL);
}

void workers_stop(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->filled);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->most; i++)
		join(workers, &workers->threads[i]);
	pthread_cond_destroy(&workers->filled);
	pthread_mutex_destroy(&workers->lock);
	free(workers->ring);
	free(workers);
}
