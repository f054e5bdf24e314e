/*
 * Exchanges: one request and its answer, and the way of an answer from any thread to the loop.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/front.h"
#include "http/guard.h"

/* The exchange whose handler this thread is in: an answer to it need not go through the queue. */
static _Thread_local struct http_exchange *in_handler;

void front_wake(struct http_server *s)
{
	uint64_t one = 1;
	ssize_t written = write(s->wake, &one, sizeof one);

	(void)written; /* it fails only if the loop is to wake anyway */
}

void front_release(struct http_server *s)
{
	if (atomic_fetch_sub(&s->references, 1) > 1)
		return;
	pthread_mutex_destroy(&s->lock);
	if (s->wake >= 0)
		close(s->wake);
	free(s);
}

struct http_exchange *exchange_new(struct conn *c, const char *target)
{
	struct http_server *s = c->server;
	struct http_exchange *x = heap_alloc(sizeof *x);
	struct guard_target shown;

	x->server = s;
	x->conn = c;
	arena_init(&x->arena);
	buf_init(&x->body, s->options.max_body_bytes);
	atomic_init(&x->gone, c->hung_up);
	snprintf(x->id, sizeof x->id, "%08x-%llx", s->id_prefix, (unsigned long long)++s->id_count);
	x->raw_target = arena_copy_text(&x->arena, text_of(target));
	shown = guard_any_target(x->raw_target);
	x->request = (struct http_request){
		.method = "",
		.target = shown.target,
		.path = shown.path,
		.id = x->id,
		.peer = arena_copy(&x->arena, text_of(c->peer)),
		.received_us = c->first_byte_us,
		.arena = &x->arena,
	};
	return x;
}

void exchange_free(struct http_exchange *x)
{
	buf_fini(&x->body);
	buf_fini(&x->response.body_owned);
	arena_fini(&x->arena);
	free(x);
}

bool exchange_handle(struct http_exchange *x, const struct error *refused)
{
	struct http_server *s = x->server;

	x->step = STEP_HANDLER;
	x->refused = refused != NULL;
	atomic_fetch_add(refused == NULL ? &s->requests : &s->refused, 1);
	atomic_fetch_add(&s->in_flight, 1);
	in_handler = x;
	s->options.handle(s->options.context, x, refused);
	if (in_handler == NULL)
		return true;
	/* Another thread may have answered by now: from here on x is not ours. */
	in_handler = NULL;
	return false;
}

struct http_exchange *exchange_take_answered(struct http_server *s)
{
	struct http_exchange *first;

	pthread_mutex_lock(&s->lock);
	first = s->answered;
	s->answered = NULL;
	s->answered_end = &s->answered;
	pthread_mutex_unlock(&s->lock);
	return first;
}

bool exchange_cut_off(struct http_exchange *x)
{
	struct http_server *s = x->server;
	struct conn *c = x->conn;
	bool cut;

	pthread_mutex_lock(&s->lock);
	cut = !x->answered;
	if (cut) {
		atomic_fetch_add(&s->references, 1);
		atomic_store(&x->gone, true);
		x->cut = true;
		c->x = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return cut;
}

const struct http_request *http_exchange_request(const struct http_exchange *x)
{
	return &x->request;
}

void http_exchange_set_data(struct http_exchange *x, void *data)
{
	x->data = data;
}

void *http_exchange_data(const struct http_exchange *x)
{
	return x->data;
}

bool http_exchange_gone(const struct http_exchange *x)
{
	return atomic_load(&x->gone);
}

/* Into the queue. False if there is no connection any more. */
static bool publish(struct http_server *s, struct http_exchange *x)
{
	bool cut;

	pthread_mutex_lock(&s->lock);
	cut = x->cut;
	if (!cut) {
		bool first = s->answered == NULL;

		x->answered = true;
		*s->answered_end = x;
		s->answered_end = &x->next;
		/* Within the lock, so that the server is still there. */
		if (first)
			front_wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	return !cut;
}

void http_exchange_answer(struct http_exchange *x, const struct http_response *response)
{
	struct http_server *s = x->server;

	assert(response->status >= 200 && response->status <= 599);
	x->response = *response;
	atomic_fetch_sub(&s->in_flight, 1);
	if (in_handler == x) {
		in_handler = NULL;
		x->step = STEP_ANSWERED;
		return;
	}
	if (publish(s, x))
		return;
	exchange_free(x);
	front_release(s);
}
