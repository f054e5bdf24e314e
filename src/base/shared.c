/* Bytes that several hold: a count of holders, and what is made of the bytes on demand. */
#include "base/shared.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct shared {
	atomic_uint holders;
	struct buf plain;
	pthread_mutex_t making; /* held while the form or the mark is made: others wait for that */
	struct buf form;
	bool has_form;
	bool has_mark;
	unsigned char mark[SHARED_MARK_SIZE];
	size_t most_form_bytes;
	atomic_size_t form_bytes; /* that it may have or, once it is there, has; SIZE_MAX: any */
};

/* Large buffers have room for half as much again, which nothing will come into. */
static void give_room_back(struct buf *b)
{
	if (b->ptr == NULL || b->capacity <= b->len + 1)
		return;
	b->ptr = heap_resize(b->ptr, b->len + 1);
	b->capacity = b->len + 1;
}

struct shared *shared_new(struct buf *bytes)
{
	struct shared *s = heap_alloc(sizeof *s);

	assert(buf_complete(bytes));
	atomic_init(&s->holders, 1);
	s->most_form_bytes = SIZE_MAX;
	atomic_init(&s->form_bytes, SIZE_MAX);
	s->plain = *bytes;
	buf_init(bytes, 0);
	buf_init(&s->form, 0);
	give_room_back(&s->plain);
	pthread_mutex_init(&s->making, NULL);
	return s;
}

struct shared *shared_ref(struct shared *s)
{
	atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
	return s;
}

void shared_unref(struct shared *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) > 1)
		return;
	buf_fini(&s->plain);
	buf_fini(&s->form);
	pthread_mutex_destroy(&s->making);
	free(s);
}

struct text shared_text(const struct shared *s)
{
	return buf_text(&s->plain);
}

bool shared_is_single(const struct shared *s)
{
	return atomic_load_explicit(&s->holders, memory_order_acquire) == 1;
}

void shared_limit_form(struct shared *s, size_t most_bytes)
{
	s->most_form_bytes = most_bytes;
	atomic_store(&s->form_bytes, most_bytes);
}

size_t shared_most_bytes(const struct shared *s)
{
	size_t bytes = sizeof *s + s->plain.capacity;
	size_t form = atomic_load(&s->form_bytes);

	return form > SIZE_MAX - bytes ? SIZE_MAX : bytes + form;
}

/* Being made. */
static void make_form(struct shared *s, shared_form_fn *make, struct buf *own)
{
	make(shared_text(s), own);
	give_room_back(own);
	if (own->capacity > s->most_form_bytes)
		return;
	s->form = *own;
	s->has_form = true;
	atomic_store(&s->form_bytes, s->form.capacity);
	buf_init(own, 0);
}

struct text shared_form(struct shared *s, shared_form_fn *make, struct buf *own)
{
	struct text form;

	buf_init(own, 0);
	pthread_mutex_lock(&s->making);
	if (!s->has_form)
		make_form(s, make, own);
	form = s->has_form ? buf_text(&s->form) : buf_text(own);
	pthread_mutex_unlock(&s->making);
	return form;
}

void shared_mark(struct shared *s, shared_mark_fn *make, unsigned char out[SHARED_MARK_SIZE])
{
	pthread_mutex_lock(&s->making);
	if (!s->has_mark)
		make(shared_text(s), s->mark);
	s->has_mark = true;
	memcpy(out, s->mark, SHARED_MARK_SIZE);
	pthread_mutex_unlock(&s->making);
}
