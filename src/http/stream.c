/*
 * Streams: answers that come in pieces. Whoever makes them appends, the loop takes; while there is
 * nothing to take the connection is suspended, and the next piece, the end or the client's leaving
 * puts the exchange into the queue of those that are to go on.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/front.h"

/* A client that reads more slowly than pieces are made is told of no more than this, and one. */
enum { MOST_WAITING = 1024 * 1024 };

static struct piece *piece_new(struct text bytes)
{
	struct piece *p = heap_alloc(sizeof *p);

	buf_init(&p->bytes, bytes.len);
	buf_reserve(&p->bytes, bytes.len);
	buf_add(&p->bytes, bytes);
	return p;
}

static void piece_free(struct piece *p)
{
	buf_fini(&p->bytes);
	free(p);
}

void stream_free_pieces(struct stream *stream)
{
	struct piece *next;

	for (struct piece *p = stream->first; p != NULL; p = next) {
		next = p->next;
		piece_free(p);
	}
	stream->first = NULL;
	stream->end = &stream->first;
}

/* ---- The loop's side ---- */

/* Takes up to max of the first piece, and the piece itself if that is all of it. */
static size_t take_from_first(struct stream *stream, char *out, size_t max)
{
	struct piece *p = stream->first;
	size_t count = p->bytes.len - stream->first_sent;

	if (count > max)
		count = max;
	memcpy(out, p->bytes.ptr + stream->first_sent, count);
	stream->first_sent += count;
	stream->waiting -= count;
	if (stream->first_sent < p->bytes.len)
		return count;
	stream->first = p->next;
	if (stream->first == NULL)
		stream->end = &stream->first;
	stream->first_sent = 0;
	piece_free(p);
	return count;
}

/* Pieces that are there are sent, whatever became of those behind them. */
static enum stream_state state_after_pieces(const struct http_exchange *x)
{
	const struct stream *stream = x->stream;

	if (stream->broken || (!stream->ended && atomic_load(&x->gone)))
		return STREAM_BROKEN;
	return stream->ended ? STREAM_ENDED : STREAM_QUIET;
}

enum stream_state stream_take(struct http_exchange *x, char *out, size_t max, size_t *count)
{
	struct http_server *s = x->server;
	struct stream *stream = x->stream;
	enum stream_state state = STREAM_BYTES;
	size_t taken = 0;

	pthread_mutex_lock(&s->lock);
	while (stream->first != NULL && taken < max)
		taken += take_from_first(stream, out + taken, max - taken);
	if (taken == 0)
		state = state_after_pieces(x);
	stream->quiet = state == STREAM_QUIET;
	pthread_mutex_unlock(&s->lock);
	*count = taken;
	return state;
}

void stream_wake(struct http_exchange *x)
{
	if (!x->stream->quiet)
		return;
	x->stream->quiet = false;
	exchange_put_ready(x);
}

/* ---- The side of whoever makes the pieces ---- */

/* Under the lock. */
static void append(struct http_exchange *x, struct piece *p)
{
	struct stream *stream = x->stream;

	stream->waiting += p->bytes.len;
	*stream->end = p;
	stream->end = &p->next;
	stream_wake(x);
}

static bool may_send(struct http_exchange *x)
{
	struct http_server *s = x->server;
	bool gone;
	bool full;

	pthread_mutex_lock(&s->lock);
	gone = atomic_load(&x->gone);
	full = x->stream->waiting > MOST_WAITING;
	x->stream->broken = x->stream->broken || gone;
	pthread_mutex_unlock(&s->lock);
	return !gone && !full;
}

bool http_stream_send(struct http_exchange *x, struct text piece)
{
	struct http_server *s = x->server;
	struct piece *p;

	if (!may_send(x))
		return false;
	if (piece.len == 0)
		return true;
	p = piece_new(piece);
	pthread_mutex_lock(&s->lock);
	append(x, p);
	pthread_mutex_unlock(&s->lock);
	return true;
}

void http_stream_end_with(struct http_exchange *x, struct buf *last)
{
	struct http_server *s = x->server;
	struct piece *p = NULL;
	bool cut;

	assert(buf_complete(last));
	if (last->len > 0) {
		p = heap_alloc(sizeof *p);
		p->bytes = *last;
	} else {
		buf_fini(last);
	}
	buf_init(last, 0);
	atomic_fetch_sub(&s->in_flight, 1);
	pthread_mutex_lock(&s->lock);
	cut = x->cut;
	x->on_gone = NULL;
	x->stream->ended = true;
	if (p != NULL)
		append(x, p);
	stream_wake(x);
	pthread_mutex_unlock(&s->lock);
	if (!cut)
		return;
	exchange_free(x);
	front_release(s);
}

void http_stream_end(struct http_exchange *x)
{
	struct buf nothing;

	buf_init(&nothing, 0);
	http_stream_end_with(x, &nothing);
}
