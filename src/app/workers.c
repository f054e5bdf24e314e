/* Threads that take work from a bounded queue: a ring behind one mutex. */
#include "app/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { STACK_BYTES = 512 * 1024 };

struct workers {
	work_fn *work;
	void *context;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled;
	void **ring;
	size_t length;
	size_t first;
	size_t count;
	bool stopping;
	unsigned started; /* only the thread that starts and stops uses it */
	pthread_t threads[];
};

static bool take(struct workers *w, void **item)
{
	bool taken;

	pthread_mutex_lock(&w->lock);
	while (w->count == 0 && !w->stopping)
		pthread_cond_wait(&w->filled, &w->lock);
	taken = w->count > 0;
	if (taken) {
		*item = w->ring[w->first];
		w->first = (w->first + 1) % w->length;
		w->count--;
	}
	pthread_mutex_unlock(&w->lock);
	return taken;
}

static void *work_until_stopped(void *argument)
{
	struct workers *w = argument;
	void *item;

	while (take(w, &item))
		w->work(w->context, item);
	return NULL;
}

bool workers_submit(struct workers *workers, void *item)
{
	bool room;

	pthread_mutex_lock(&workers->lock);
	room = workers->count < workers->length && !workers->stopping;
	if (room) {
		workers->ring[(workers->first + workers->count) % workers->length] = item;
		workers->count++;
		pthread_cond_signal(&workers->filled);
	}
	pthread_mutex_unlock(&workers->lock);
	return room;
}

bool workers_start(unsigned threads, size_t queue_length, work_fn *work, void *context,
		   struct workers **workers, struct error *err)
{
	struct workers *w = heap_alloc(sizeof *w + threads * sizeof w->threads[0]);
	pthread_attr_t attributes;
	int problem = 0;

	w->work = work;
	w->context = context;
	w->length = queue_length;
	w->ring = heap_alloc(queue_length * sizeof w->ring[0]);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->filled, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (problem == 0 && w->started < threads) {
		problem =
			pthread_create(&w->threads[w->started], &attributes, work_until_stopped, w);
		w->started += problem == 0;
	}
	pthread_attr_destroy(&attributes);
	if (problem != 0) {
		workers_stop(w);
		return error_set(err, ERROR_INTERNAL, "could not start a worker thread: %s",
				 strerror(problem));
	}
	*workers = w;
	return true;
}

void workers_stop(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->filled);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->started; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->filled);
	pthread_mutex_destroy(&workers->lock);
	free(workers->ring);
	free(workers);
}
