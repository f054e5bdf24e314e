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
	const struct http_server_options *o = &x->server->options;

	if (o->ended != NULL)
		o->ended(o->context, x);
	hold_end(x);
	if (x->stream != NULL)
		stream_free_pieces(x->stream);
	buf_fini(&x->body);
	buf_fini(&x->response.body_owned);
	shared_unref(x->response.shared);
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

bool exchange_answer_instead(struct http_exchange *x, const struct error *why)
{
	struct http_server *s = x->server;

	if (s->options.answer_instead == NULL)
		return false;
	buf_fini(&x->response.body_owned);
	shared_unref(x->response.shared);
	x->response = (struct http_response){.status = 0};
	x->refused = true;
	atomic_fetch_add(&s->refused, 1);
	atomic_fetch_add(&s->in_flight, 1);
	in_handler = x;
	s->options.answer_instead(s->options.context, x, why);
	assert(in_handler == NULL); /* answered on the spot */
	return true;
}

struct http_exchange *exchange_take_ready(struct http_server *s)
{
	struct http_exchange *first;

	pthread_mutex_lock(&s->lock);
	first = s->ready;
	s->ready = NULL;
	s->ready_end = &s->ready;
	pthread_mutex_unlock(&s->lock);
	return first;
}

void exchange_put_ready(struct http_exchange *x)
{
	struct http_server *s = x->server;
	bool first = s->ready == NULL;

	x->next = NULL;
	*s->ready_end = x;
	s->ready_end = &x->next;
	/* Within the lock, so that the server is still there. */
	if (first)
		front_wake(s);
}

/* Under the lock. */
static void set_gone(struct http_exchange *x)
{
	atomic_store(&x->gone, true);
	if (x->on_gone != NULL)
		http_cancel_set(x->on_gone);
}

/* From its connection. Under the lock. */
static void detach(struct http_exchange *x)
{
	atomic_fetch_add(&x->server->references, 1);
	set_gone(x);
	x->cut = true;
}

bool exchange_cut_off(struct http_exchange *x)
{
	struct http_server *s = x->server;
	struct conn *c = x->conn;
	bool cut;

	pthread_mutex_lock(&s->lock);
	cut = !x->answered;
	if (cut) {
		detach(x);
		c->x = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	return cut;
}

void exchange_leave(struct http_exchange *x)
{
	struct http_server *s = x->server;
	bool goes_on;

	pthread_mutex_lock(&s->lock);
	goes_on = x->stream != NULL && !x->stream->ended;
	if (goes_on)
		detach(x);
	pthread_mutex_unlock(&s->lock);
	if (!goes_on)
		exchange_free(x);
}

void exchange_hang_up(struct http_exchange *x)
{
	struct http_server *s = x->server;

	pthread_mutex_lock(&s->lock);
	set_gone(x);
	if (x->stream != NULL)
		stream_wake(x);
	pthread_mutex_unlock(&s->lock);
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

void http_exchange_on_gone(struct http_exchange *x, struct http_cancel *cancel)
{
	struct http_server *s = x->server;

	pthread_mutex_lock(&s->lock);
	x->on_gone = cancel;
	if (cancel != NULL && atomic_load(&x->gone))
		http_cancel_set(cancel);
	pthread_mutex_unlock(&s->lock);
}

/* The answer, or the head of a stream, into the queue; not if this thread is in its handler, which
 * then returns with it. False if there is no connection any more. */
static bool publish(struct http_exchange *x, struct stream *stream)
{
	struct http_server *s = x->server;
	bool here = in_handler == x;
	bool cut;

	pthread_mutex_lock(&s->lock);
	cut = x->cut;
	x->stream = stream;
	x->answered = !cut;
	if (stream == NULL)
		x->on_gone = NULL;
	if (here)
		x->step = STEP_ANSWERED;
	else if (!cut)
		exchange_put_ready(x);
	pthread_mutex_unlock(&s->lock);
	if (here)
		in_handler = NULL;
	return !cut;
}

void http_exchange_answer(struct http_exchange *x, const struct http_response *response)
{
	struct http_server *s = x->server;

	assert(response->status >= 200 && response->status <= 599);
	x->response = *response;
	atomic_fetch_sub(&s->in_flight, 1);
	if (publish(x, NULL))
		return;
	exchange_free(x);
	front_release(s);
}

void http_exchange_stream(struct http_exchange *x, const struct http_response *head)
{
	struct stream *stream = arena_new(&x->arena, struct stream);

	assert(head->status >= 200 && head->status <= 599 && head->status != 204 &&
	       head->status != 304);
	assert(!x->refused && head->body.len == 0 && head->body_owned.len == 0);
	x->response = *head;
	/* From here on the arena is not the loop's: it finds the strings as it needs them. */
	for (size_t i = 0; i < head->header_count; i++) {
		struct http_header *h = &x->response.headers[i];

		h->name = arena_copy_text(&x->arena, h->name);
		h->value = arena_copy_text(&x->arena, h->value);
	}
	stream->end = &stream->first;
	(void)publish(x, stream); /* cut off: then each piece is told */
}
