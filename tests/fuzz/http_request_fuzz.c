/*
 * Any bytes, sent to a running server: it must not crash, and must end every connection once the
 * client has said all it has to say.
 */
#include <string.h>

#include "fuzz/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a request that got through the door must be like, whatever was sent. */
static void check(const struct http_request *r)
{
	struct text out;

	if (r->path.len == 0 || r->path.ptr[0] != '/' || strlen(r->method) < 3 || r->id[0] == '\0')
		abort();
	if (memchr(r->target.ptr, '\0', r->target.len) != NULL || r->body.ptr[r->body.len] != '\0')
		abort();
	for (size_t i = 0; i < r->header_count; i++)
		if (strlen(r->headers[i].name.ptr) != r->headers[i].name.len ||
		    strlen(r->headers[i].value.ptr) != r->headers[i].value.len ||
		    strpbrk(r->headers[i].value.ptr, "\r\n") != NULL)
			abort();
	if (http_url_decode(r->arena, r->path, false, &out) && out.len > r->path.len)
		abort();
}

enum { MOST_LATER = 8 };

static struct http_exchange *later[MOST_LATER];
static size_t later_count;

static void server_answer_later(void)
{
	struct http_response response = {.status = 200, .body = TEXT("later")};

	while (later_count > 0)
		http_exchange_answer(later[--later_count], &response);
}

static void handle(void *context, struct http_exchange *x, const struct error *refused)
{
	const struct http_request *r = http_exchange_request(x);
	struct http_response response = {.status = 200, .body = r->target};

	(void)context;
	if (refused != NULL) {
		response.status = error_face(refused->kind)->http_status;
		response.body = TEXT("refused");
	} else {
		check(r);
		if (text_is(r->path, "/later") && later_count < MOST_LATER) {
			later[later_count++] = x;
			return;
		}
	}
	http_exchange_answer(x, &response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (server == NULL)
		server_start(handle, NULL);
	(void)server_visit((const char *)data, size, NULL);
	return 0;
}
