/* An HTTP client for tests, with answers from a function of theirs. */
#include "unit/palette/canned_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void canned_http_init(struct http_client *client, canned_fn *answer, void *context)
{
	*client = (struct http_client){.answer = answer, .context = context};
	pthread_mutex_init(&client->lock, NULL);
	arena_init(&client->arena);
}

void canned_http_fini(struct http_client *client)
{
	pthread_mutex_destroy(&client->lock);
	arena_fini(&client->arena);
	free(client->requests);
}

void canned_http_forget(struct http_client *client)
{
	arena_fini(&client->arena);
	client->count = 0;
	client->batches = 0;
	client->parallel = 0;
}

static bool is_or_any(const char *wanted, const char *given)
{
	return wanted == NULL || (given != NULL && strcmp(wanted, given) == 0);
}

size_t canned_http_count(const struct http_client *client, const char *method, const char *path,
			 const char *project)
{
	size_t count = 0;

	for (size_t i = 0; i < client->count; i++)
		count += is_or_any(method, client->requests[i].method) &&
			 is_or_any(path, client->requests[i].path) &&
			 is_or_any(project, client->requests[i].project);
	return count;
}

static const char *header_of(struct http_client *client, const struct http_fetch *fetch,
			     const char *name)
{
	const struct http_header *h = http_header_find(fetch->headers, fetch->header_count, name);

	return h == NULL ? NULL : arena_copy(&client->arena, h->value);
}

static struct canned_request *remember(struct http_client *client, const struct http_fetch *fetch)
{
	const char *host_end = strchr(strstr(fetch->url, "://") + 3, '/');
	struct arena *a = &client->arena;
	struct canned_request *r;

	if (client->count == client->capacity) {
		client->capacity = client->capacity * 2 + 16;
		client->requests =
			heap_resize(client->requests, client->capacity * sizeof *client->requests);
	}
	r = &client->requests[client->count++];
	*r = (struct canned_request){
		.method = arena_copy(a, text_of(fetch->method)),
		.host = arena_copy(a, (struct text){fetch->url, (size_t)(host_end - fetch->url)}),
		.path = arena_copy(a, text_of(host_end)),
		.project = header_of(client, fetch, "ProjectUid"),
		.api_key = header_of(client, fetch, "ApiKey"),
		.authorization = header_of(client, fetch, "Authorization"),
		.accept = header_of(client, fetch, "Accept"),
		.content_type = header_of(client, fetch, "Content-Type"),
		.header_count = fetch->header_count,
		.body = arena_copy_text(a, fetch->body),
		.once = fetch->once,
		.max_bytes = fetch->max_bytes,
		.deadline_ms = fetch->deadline_ms,
		.at_ms = clock_now_ms(),
	};
	return r;
}

static const char *problem_of(enum http_fetch_end end)
{
	static const char *const problems[] = {
		[HTTP_FETCH_DONE] = NULL,
		[HTTP_FETCH_UNREACHABLE] = "could not connect",
		[HTTP_FETCH_BROKEN] = "the connection broke",
		[HTTP_FETCH_TOO_SLOW] = "the answer took too long",
		[HTTP_FETCH_TOO_LARGE] = "the answer is too large",
		[HTTP_FETCH_CANCELLED] = "nobody waits for it",
	};

	return problems[end];
}

void http_fetch(struct http_client *client, struct http_fetch *fetch)
{
	struct canned_answer answer = {.end = HTTP_FETCH_DONE, .body = &fetch->answer};
	bool sent = false;

	buf_init(&fetch->answer, fetch->max_bytes);
	pthread_mutex_lock(&client->lock);
	if (clock_left_ms(fetch->deadline_ms) == 0)
		answer.end = HTTP_FETCH_TOO_SLOW; /* what has no time left is not sent */
	else if (http_cancelled(fetch->cancel))
		answer.end = HTTP_FETCH_CANCELLED; /* nor is what was called off */
	else
		sent = true;
	if (sent)
		client->answer(client->context, remember(client, fetch), &answer);
	pthread_mutex_unlock(&client->lock);
	if (answer.end == HTTP_FETCH_DONE && !buf_complete(&fetch->answer))
		answer.end = HTTP_FETCH_TOO_LARGE;
	if (answer.end != HTTP_FETCH_DONE)
		buf_fini(&fetch->answer);
	fetch->end = answer.end;
	fetch->status = answer.end == HTTP_FETCH_DONE ? answer.status : 0;
	fetch->content_type[0] = '\0';
	snprintf(fetch->retry_after, sizeof fetch->retry_after, "%s",
		 answer.retry_after == NULL ? "" : answer.retry_after);
	fetch->problem = problem_of(answer.end);
	fetch->may_have_arrived = sent && answer.end != HTTP_FETCH_UNREACHABLE;
	fetch->took_us = 0;
}

void http_fetch_all(struct http_client *client, struct http_fetch *const *fetches, size_t count,
		    unsigned parallel, const struct http_patience *patience)
{
	(void)patience;
	pthread_mutex_lock(&client->lock);
	client->batches++;
	if (parallel > client->parallel)
		client->parallel = parallel;
	pthread_mutex_unlock(&client->lock);
	for (size_t i = 0; i < count; i++)
		http_fetch(client, fetches[i]);
}

void http_fetch_fini(struct http_fetch *fetch)
{
	buf_fini(&fetch->answer);
}
