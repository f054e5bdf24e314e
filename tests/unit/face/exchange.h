/*
 * For tests of the HTTP face: exchanges without a server. They define the functions of
 * http/server.h that a handler calls, so the linker leaves http/exchange.c in the archive.
 */
#ifndef UNIT_FACE_EXCHANGE_H
#define UNIT_FACE_EXCHANGE_H

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "http/server.h"

enum { MOST_TEST_HEADERS = 32 };

struct http_exchange {
	struct http_request request;
	struct http_header headers[MOST_TEST_HEADERS];
	struct arena arena;
	void *data;
	bool gone;
	unsigned answers; /* more or less than one is a defect */
	struct http_response response;
	struct buf body; /* the response's, wherever it came from */
};

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
	return x->gone;
}

void http_exchange_answer(struct http_exchange *x, const struct http_response *response)
{
	struct buf *owned = &x->response.body_owned;

	x->answers++;
	assert(response->status >= 200 && response->status <= 599);
	assert(buf_complete(&response->body_owned)); /* half an answer must not leave */
	x->response = *response;
	buf_add(&x->body, owned->len > 0 ? buf_text(owned) : response->body);
	buf_fini(owned);
	shared_unref(x->response.shared);
	x->response.shared = NULL;
}

/* A stream becomes the body piece by piece. */
void http_exchange_stream(struct http_exchange *x, const struct http_response *head)
{
	x->response = *head;
}

bool http_stream_send(struct http_exchange *x, struct text piece)
{
	if (!x->gone)
		buf_add(&x->body, piece);
	return !x->gone;
}

void http_stream_end_with(struct http_exchange *x, struct buf *last)
{
	x->answers++;
	buf_add(&x->body, buf_text(last));
	buf_fini(last);
}

void http_exchange_on_gone(struct http_exchange *x, struct http_cancel *cancel)
{
	if (x->gone && cancel != NULL)
		http_cancel_set(cancel);
}

/* A request as the server would hand it over; target and body are borrowed. */
static inline void exchange_init(struct http_exchange *x, const char *method, struct text target)
{
	size_t mark = text_find(target, '?');

	*x = (struct http_exchange){.data = NULL};
	arena_init(&x->arena);
	buf_init(&x->body, 64 * 1024 * 1024);
	buf_add(&x->body, TEXT(""));
	x->request = (struct http_request){
		.method = method,
		.target = target,
		.path = text_slice(target, 0, mark),
		.query = mark == SIZE_MAX ? TEXT("") : text_slice(target, mark + 1, SIZE_MAX),
		.headers = x->headers,
		.peer = "unix",
		.id = "req-1",
		.received_us = clock_now_us(),
		.arena = &x->arena,
	};
}

static inline void exchange_header(struct http_exchange *x, const char *name, const char *value)
{
	assert(x->request.header_count < MOST_TEST_HEADERS);
	x->headers[x->request.header_count++] = (struct http_header){text_of(name), text_of(value)};
}

/* The answer's header, or NULL. */
static inline const char *exchange_answered(struct http_exchange *x, const char *name)
{
	const struct http_header *h =
		http_header_find(x->response.headers, x->response.header_count, name);

	return h == NULL ? NULL : arena_copy(&x->arena, h->value);
}

static inline void exchange_fini(struct http_exchange *x)
{
	buf_fini(&x->body);
	arena_fini(&x->arena);
}

#endif
