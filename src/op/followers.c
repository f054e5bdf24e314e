/* Who follows at the moment, so that all of them can be ended when the service stops. */
#include <pthread.h>
#include <stdlib.h>

#include "op/follow.h"

struct followers {
	pthread_mutex_t lock; /* guards all below, and the links of the places */
	struct followers_place *first;
	bool closing;
	bool renewing;
};

struct followers *followers_new(void)
{
	struct followers *followers = heap_alloc(sizeof *followers);

	followers->first = NULL;
	followers->closing = false;
	followers->renewing = false;
	pthread_mutex_init(&followers->lock, NULL);
	return followers;
}

void followers_free(struct followers *followers)
{
	if (followers == NULL)
		return;
	pthread_mutex_destroy(&followers->lock);
	free(followers);
}

void followers_close(struct followers *followers)
{
	pthread_mutex_lock(&followers->lock);
	followers->closing = true;
	for (struct followers_place *p = followers->first; p != NULL; p = p->next)
		http_cancel_set(p->cancel);
	pthread_mutex_unlock(&followers->lock);
}

void followers_renew(struct followers *followers)
{
	pthread_mutex_lock(&followers->lock);
	followers->renewing = true;
	for (struct followers_place *p = followers->first; p != NULL; p = p->next)
		if (p->begun)
			http_cancel_set(p->cancel);
	pthread_mutex_unlock(&followers->lock);
}

bool followers_are_closing(struct followers *followers)
{
	bool closing;

	if (followers == NULL)
		return false;
	pthread_mutex_lock(&followers->lock);
	closing = followers->closing || followers->renewing;
	pthread_mutex_unlock(&followers->lock);
	return closing;
}

void followers_enter(struct followers *followers, struct followers_place *place,
		     struct http_cancel *cancel)
{
	if (followers == NULL || cancel == NULL)
		return;
	pthread_mutex_lock(&followers->lock);
	place->cancel = cancel;
	place->next = followers->first;
	place->link = &followers->first;
	if (place->next != NULL)
		place->next->link = &place->next;
	followers->first = place;
	if (followers->closing)
		http_cancel_set(cancel);
	pthread_mutex_unlock(&followers->lock);
}

void followers_begun(struct followers *followers, struct followers_place *place)
{
	if (followers == NULL || place->link == NULL)
		return;
	pthread_mutex_lock(&followers->lock);
	place->begun = true;
	if (followers->renewing)
		http_cancel_set(place->cancel);
	pthread_mutex_unlock(&followers->lock);
}

void followers_leave(struct followers *followers, struct followers_place *place)
{
	if (followers == NULL)
		return;
	pthread_mutex_lock(&followers->lock);
	if (place->link != NULL) {
		*place->link = place->next;
		if (place->next != NULL)
			place->next->link = place->link;
		place->link = NULL;
	}
	pthread_mutex_unlock(&followers->lock);
}
