/*
 * What clients have us hold: requests' bodies and answers, each up to its part of the bound. Beyond
 * it whoever is slowest goes first (see server.h for the rules).
 *
 * A client that has been cut off is out of the counts at once; the library lets go of its memory
 * when it turns next.
 */
#include <linux/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/front.h"
#include "telemetry/metrics.h"

enum {
	SMALL_ANSWER = 16384, /* bytes; always sent */
	BODIES_PART = 4,      /* this part of the bound is for bodies, the others for answers */
	HASTE_MS = 1000,      /* so long nobody is slow */
	FAST = 1024 * 1024,   /* bytes a second: nobody who is as fast is cut off */
	CUT_OFF_MS = 1000,    /* how long a refused client has to take that */
	SAY_FULL_MS = 10000,  /* not more often than this */
};

static size_t bound_of_bodies(const struct http_server *s)
{
	return s->options.max_buffered_bytes / BODIES_PART;
}

static size_t bound_of_answers(const struct http_server *s)
{
	return s->options.max_buffered_bytes - bound_of_bodies(s);
}

static void say_full(struct http_server *s)
{
	if (!clock_turn(&s->say_full_ms, SAY_FULL_MS))
		return;
	log_warn("http.memory_full", F_INT("bodies", atomic_load(&s->body_bytes)),
		 F_INT("answers", atomic_load(&s->held_bytes)),
		 F_INT("cut_off", s->cut_off_readers));
	s->cut_off_readers = 0;
}

static bool no_room(struct http_server *s, struct error *err)
{
	say_full(s);
	return error_set(err, ERROR_UNAVAILABLE,
			 "Too much is being sent and received at the moment");
}

/* In bytes a second; of who is not slow yet, more than any. */
static uint64_t speed_since(int64_t since_ms, uint64_t bytes)
{
	int64_t past_ms = clock_now_ms() - since_ms;

	return past_ms < HASTE_MS ? UINT64_MAX : bytes * 1000 / (uint64_t)past_ms;
}

/* ---- bodies ---- */

static struct conn *slowest_sender(const struct http_server *s, const struct conn *but)
{
	struct conn *slowest = NULL;
	uint64_t least = FAST;

	for (struct conn *c = s->conns; c != NULL; c = c->next) {
		uint64_t speed;

		if (c == but || c->state != CONN_RECEIVING || c->x == NULL ||
		    c->x->hold.body_bytes == 0)
			continue;
		speed = speed_since(c->first_byte_us / 1000, c->x->body_bytes);
		if (speed >= least)
			continue;
		least = speed;
		slowest = c;
	}
	return slowest;
}

/* The library waits for more of the body, and would wait for long. */
static void refuse_sender(struct conn *c)
{
	struct error err;

	(void)no_room(c->server, &err);
	send_refusal(c->x, &err);
	conn_enter(c, CONN_SENDING, CUT_OFF_MS);
}

static void count_body(struct http_exchange *x, size_t bytes)
{
	atomic_fetch_add(&x->server->body_bytes, bytes - x->hold.body_bytes);
	x->hold.body_bytes = bytes;
}

bool hold_body(struct http_exchange *x, struct error *err)
{
	struct http_server *s = x->server;
	size_t more = x->body.capacity - x->hold.body_bytes;

	while (more > 0 && atomic_load(&s->body_bytes) + more > bound_of_bodies(s)) {
		struct conn *slowest = slowest_sender(s, x->conn);

		if (slowest == NULL)
			return no_room(s, err);
		refuse_sender(slowest);
	}
	count_body(x, x->body.capacity);
	return true;
}

static bool is_within(struct text part, const struct buf *whole)
{
	uintptr_t from = (uintptr_t)part.ptr;
	uintptr_t start = (uintptr_t)whole->ptr;

	return from >= start && from - start < whole->capacity;
}

void hold_drop_body(struct http_exchange *x)
{
	if (x->body.ptr == NULL || is_within(x->response.body, &x->body))
		return;
	x->request.body = TEXT("");
	buf_fini(&x->body);
	count_body(x, 0);
}

/* ---- answers ---- */

/* How much a client has acknowledged of all that was sent to it. */
static uint64_t taken(const struct conn *c)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;

	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return 0; /* a local socket */
	return info.tcpi_bytes_acked;
}

/* For how many bytes there has to be room that nobody else holds. */
static size_t own_bytes(const struct http_exchange *x)
{
	return x->arena.taken + x->response.body_owned.capacity;
}

/* The form that is sent may be made of the shared bytes, and stay with them. */
static size_t shared_bytes(const struct http_response *r)
{
	struct text plain;

	if (r->shared == NULL)
		return 0;
	plain = shared_text(r->shared);
	return plain.len + (r->body.ptr == plain.ptr ? 0 : r->body.len);
}

static struct held *find_held(const struct http_server *s, const struct shared *shared)
{
	struct held *h = shared == NULL ? NULL : s->held;

	while (h != NULL && h->shared != shared)
		h = h->next;
	return h;
}

static struct held *held_new(struct http_server *s, const struct shared *shared, size_t bytes)
{
	struct held *h = heap_alloc(sizeof *h);

	h->shared = shared;
	h->bytes = bytes;
	h->next = s->held;
	h->link = &s->held;
	if (h->next != NULL)
		h->next->link = &h->next;
	s->held = h;
	atomic_fetch_add(&s->held_bytes, bytes);
	return h;
}

static void held_free(struct http_server *s, struct held *h)
{
	*h->link = h->next;
	if (h->next != NULL)
		h->next->link = h->link;
	atomic_fetch_sub(&s->held_bytes, h->bytes);
	free(h);
}

static void enter(struct http_exchange *x, struct held *h)
{
	struct hold *hold = &x->hold;

	h->readers++;
	hold->answer = h;
	hold->answer_bytes = own_bytes(x);
	hold->since_ms = clock_now_ms();
	hold->taken_before = taken(x->conn);
	h->bytes += hold->answer_bytes;
	atomic_fetch_add(&x->server->held_bytes, hold->answer_bytes);
}

static void leave(struct http_exchange *x)
{
	struct held *h = x->hold.answer;

	x->hold.answer = NULL;
	h->bytes -= x->hold.answer_bytes;
	atomic_fetch_sub(&x->server->held_bytes, x->hold.answer_bytes);
	if (--h->readers == 0)
		held_free(x->server, h);
}

static struct held *answer_on(const struct conn *c)
{
	return c->x == NULL ? NULL : c->x->hold.answer;
}

static void measure_readers(struct http_server *s)
{
	for (struct held *h = s->held; h != NULL; h = h->next)
		h->speed = 0;
	for (struct conn *c = s->conns; c != NULL; c = c->next) {
		struct held *h = answer_on(c);
		uint64_t speed;

		if (h == NULL)
			continue;
		speed = speed_since(c->x->hold.since_ms, taken(c) - c->x->hold.taken_before);
		if (speed > h->speed)
			h->speed = speed;
	}
}

/* Of equally slow ones the oldest, which is last in the list. */
static struct held *slowest_answer(struct http_server *s)
{
	struct held *slowest = NULL;
	uint64_t least = FAST - 1;

	measure_readers(s);
	for (struct held *h = s->held; h != NULL; h = h->next) {
		if (h->speed > least)
			continue;
		least = h->speed;
		slowest = h;
	}
	return slowest;
}

static void cut_off_readers(struct http_server *s, const struct held *h)
{
	unsigned left = h->readers;

	for (struct conn *c = s->conns; c != NULL && left > 0; c = c->next) {
		if (answer_on(c) != h)
			continue;
		left--;
		leave(c->x);
		conn_shut(c);
		s->cut_off_readers++;
		metric_count(METRIC_REFUSED, "unread");
	}
	say_full(s);
}

static bool fits(const struct http_server *s, const struct http_exchange *x)
{
	bool is_there = find_held(s, x->response.shared) != NULL;
	size_t more = own_bytes(x) + (is_there ? 0 : shared_bytes(&x->response));

	return s->held == NULL || atomic_load(&s->held_bytes) + more <= bound_of_answers(s);
}

static bool make_room(struct http_server *s, const struct http_exchange *x)
{
	while (!fits(s, x)) {
		struct held *slowest = slowest_answer(s);

		if (slowest == NULL)
			return false;
		cut_off_readers(s, slowest);
	}
	return true;
}

bool hold_answer(struct http_exchange *x, struct error *err)
{
	struct http_server *s = x->server;
	const struct http_response *r = &x->response;
	size_t length = r->body_owned.len > 0 ? r->body_owned.len : r->body.len;
	struct held *h;

	/* What came with the head is bounded by the number of connections. */
	if (own_bytes(x) + shared_bytes(r) <= SMALL_ANSWER + s->options.max_header_bytes)
		return true;
	if (length > SMALL_ANSWER && !make_room(s, x))
		return no_room(s, err);
	h = find_held(s, r->shared);
	enter(x, h != NULL ? h : held_new(s, r->shared, shared_bytes(r)));
	return true;
}

void hold_end(struct http_exchange *x)
{
	count_body(x, 0);
	if (x->hold.answer != NULL)
		leave(x);
}
