/*
 * An HTTP client for tests: it opens no socket, asks a function of the test's for every answer, and
 * remembers what was asked. Linked in place of http/client.c; see tests/meson.build.
 */
#ifndef UNIT_PALETTE_CANNED_HTTP_H
#define UNIT_PALETTE_CANNED_HTTP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/client.h"

/* One request as it would have gone out. Strings last until canned_http_forget() or
 * canned_http_fini(); of a header that was not sent NULL. */
struct canned_request {
	const char *method;
	const char *host; /* "http://palette.test" */
	const char *path; /* with its query */
	const char *project;
	const char *api_key;
	const char *authorization;
	const char *accept;
	const char *content_type;
	size_t header_count;
	struct text body;
	bool once;
	size_t max_bytes;
	int64_t deadline_ms;
	int64_t at_ms;
};

/* What comes back. Zeroes and no bytes in body: DONE with status 0, so set one of the two. */
struct canned_answer {
	enum http_fetch_end end;
	int status;
	const char *retry_after; /* NULL: none */
	struct buf *body;        /* as large as the request allows; over it: TOO_LARGE */
};

typedef void canned_fn(void *context, const struct canned_request *request,
		       struct canned_answer *answer);

struct http_client {
	canned_fn *answer;
	void *context;
	pthread_mutex_t lock; /* guards all below, and is held while answer runs */
	struct arena arena;
	struct canned_request *requests; /* in the order they came */
	size_t count;
	size_t capacity;
	size_t batches;    /* calls of http_fetch_all() */
	unsigned parallel; /* the largest that was asked for */
};

void canned_http_init(struct http_client *client, canned_fn *answer, void *context);
void canned_http_fini(struct http_client *client);
/* Forgets the requests so far. Not while one is under way. */
void canned_http_forget(struct http_client *client);
/* How many requests had this method, path (with query) and project; NULL counts any. */
size_t canned_http_count(const struct http_client *client, const char *method, const char *path,
			 const char *project);

#endif
