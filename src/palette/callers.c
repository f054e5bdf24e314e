/* Who wants the same answer. */
#include "palette/callers.h"

#include <stdbool.h>

void callers_init(struct callers *callers)
{
	*callers = (struct callers){.count = 0};
	pthread_mutex_init(&callers->lock, NULL);
}

void callers_fini(struct callers *callers)
{
	pthread_mutex_destroy(&callers->lock);
}

static bool is_there(const struct callers *callers, uint64_t caller)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->numbers[i] == caller)
			return true;
	return false;
}

void callers_add(struct callers *callers, uint64_t caller)
{
	pthread_mutex_lock(&callers->lock);
	if (callers->count < CALLERS_MOST && !is_there(callers, caller)) {
		callers->numbers[callers->count++] = caller;
		if (callers->watch != NULL)
			callers->watch->call(callers->watch->context, caller);
	}
	pthread_mutex_unlock(&callers->lock);
}

void callers_watch(struct callers *callers, struct callers_watch *watch, callers_fn *call,
		   void *context)
{
	*watch = (struct callers_watch){.call = call, .context = context};
	if (callers == NULL)
		return;
	pthread_mutex_lock(&callers->lock);
	callers->watch = watch;
	for (size_t i = 0; i < callers->count; i++)
		call(context, callers->numbers[i]);
	pthread_mutex_unlock(&callers->lock);
}

void callers_unwatch(struct callers *callers)
{
	if (callers == NULL)
		return;
	pthread_mutex_lock(&callers->lock);
	callers->watch = NULL;
	pthread_mutex_unlock(&callers->lock);
}
