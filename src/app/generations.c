/* Which generation is in force, and who holds those that were. */
#include "app/generation.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct generations {
	pthread_mutex_t lock; /* guards all below, and the last part of each generation */
	generation_ended_fn *ended;
	void *context;
	struct generation *current;
	struct generation *replaced; /* held or not, until somebody takes them out to close them */
	bool leaving;
};

struct generations *generations_new(struct generation *first)
{
	struct generations *all = heap_alloc(sizeof *all);

	*all = (struct generations){.current = first};
	pthread_mutex_init(&all->lock, NULL);
	first->all = all;
	return all;
}

void generations_on_end(struct generations *all, generation_ended_fn *ended, void *context)
{
	pthread_mutex_lock(&all->lock);
	all->ended = ended;
	all->context = context;
	pthread_mutex_unlock(&all->lock);
}

struct generation *generations_take(struct generations *all)
{
	struct generation *g;

	pthread_mutex_lock(&all->lock);
	g = all->current;
	g->holders++;
	pthread_mutex_unlock(&all->lock);
	return g;
}

void generation_hold(struct generation *g)
{
	pthread_mutex_lock(&g->all->lock);
	g->holders++;
	pthread_mutex_unlock(&g->all->lock);
}

void generation_drop(struct generation *g)
{
	struct generations *all = g->all;

	pthread_mutex_lock(&all->lock);
	/* Told within the lock: who is told may go as soon as it has said that it will. */
	if (--g->holders == 0 && g != all->current && all->ended != NULL)
		all->ended(all->context);
	pthread_mutex_unlock(&all->lock);
}

bool generations_replace(struct generations *all, struct generation *next)
{
	struct generation *old;

	pthread_mutex_lock(&all->lock);
	if (all->leaving) {
		pthread_mutex_unlock(&all->lock);
		return false;
	}
	old = all->current;
	next->all = all;
	all->current = next;
	old->next = all->replaced;
	all->replaced = old;
	/* Within the lock, as it may be closed as soon as nobody holds it. */
	followers_renew(old->followers);
	pthread_mutex_unlock(&all->lock);
	return true;
}

struct generation *generations_take_ended(struct generations *all)
{
	struct generation **link = &all->replaced;
	struct generation *found;

	pthread_mutex_lock(&all->lock);
	while (*link != NULL && (*link)->holders > 0)
		link = &(*link)->next;
	found = *link;
	if (found != NULL)
		*link = found->next;
	pthread_mutex_unlock(&all->lock);
	return found;
}

size_t generations_waiting(struct generations *all)
{
	size_t count = 0;

	pthread_mutex_lock(&all->lock);
	for (const struct generation *g = all->replaced; g != NULL; g = g->next)
		count += g->holders > 0;
	pthread_mutex_unlock(&all->lock);
	return count;
}

void generations_leave(struct generations *all)
{
	pthread_mutex_lock(&all->lock);
	all->leaving = true;
	followers_close(all->current->followers);
	for (struct generation *g = all->replaced; g != NULL; g = g->next)
		followers_close(g->followers);
	pthread_mutex_unlock(&all->lock);
}

void generations_close(struct generations *all)
{
	struct generation *next;

	if (all == NULL)
		return;
	for (struct generation *g = all->replaced; g != NULL; g = next) {
		next = g->next;
		generation_close(g);
	}
	generation_close(all->current);
	pthread_mutex_destroy(&all->lock);
	free(all);
}
