/*
 * Any bytes, sent to a running server with the whole service behind it, and Palette and Backstage
 * who answer as they should: what comes back is answers of HTTP, whole and one behind the other,
 * errors have their form, and no secret of the configuration is in it. The slow sister of
 * request_fuzz.c, whose credentials are the same: "Authorization: Bearer {free}" and so on.
 */
#include "fuzz/server.h"
#include "fuzz/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;
static char *user_token;

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	(void)context;
	service_check_request(request);
	if (strcmp(request->host, "http://backstage.test") == 0)
		service_answer_backstage(&service, request, answer);
	else
		service_answer_palette(request, answer);
}

/* ---- what is sent ---- */

static struct text token_of(struct text word)
{
	if (text_is(word, "free"))
		return TEXT(SERVICE_MARK "-caller-free");
	if (text_is(word, "ours"))
		return TEXT(SERVICE_MARK "-caller-ours");
	return text_of(user_token);
}

/* The bytes with good credentials where they are asked for. */
static void fill_in(struct text bytes, struct buf *out)
{
	static const char mark[] = "\nAuthorization: Bearer {";
	const char *at;

	while ((at = memmem(bytes.ptr, bytes.len, mark, strlen(mark))) != NULL) {
		size_t before = (size_t)(at - bytes.ptr) + strlen(mark) - 1;
		struct text word = text_slice(bytes, before + 1, 4);

		buf_add(out, text_slice(bytes, 0, before));
		buf_add(out, token_of(word));
		bytes = text_slice(bytes, before + 6, SIZE_MAX);
	}
	buf_add(out, bytes);
}

/* ---- what comes back ---- */

struct reply {
	struct text rest;
	int status;
	bool ours; /* by us, not by the HTTP library itself */
	bool json;
	bool compressed;
	bool chunked;
	int64_t length; /* -1: it does not say */
};

static struct text take_line(struct text *rest)
{
	const char *end = memmem(rest->ptr, rest->len, "\r\n", 2);
	struct text line;

	must(end != NULL, "a line ends");
	line = text_slice(*rest, 0, (size_t)(end - rest->ptr));
	*rest = text_slice(*rest, line.len + 2, SIZE_MAX);
	return line;
}

static void read_head(struct reply *r)
{
	struct text line = take_line(&r->rest);
	int64_t status = 0;

	must(text_starts(line, "HTTP/1.1 ") || text_starts(line, "HTTP/1.0 "), "a status line");
	must(text_to_int(text_slice(line, 9, 3), &status), "with a status");
	r->status = (int)status;
	r->length = -1;
	while ((line = take_line(&r->rest)).len > 0) {
		size_t colon = text_find(line, ':');
		struct text name = text_slice(line, 0, colon);
		struct text value = text_trim(text_slice(line, colon + 1, SIZE_MAX));

		must(colon != SIZE_MAX && text_find(name, ' ') == SIZE_MAX, "a header is one");
		if (text_equal_nocase(name, TEXT("Content-Length")))
			must(r->length < 0 && text_to_int(value, &r->length), "one length");
		r->ours = r->ours || text_equal_nocase(name, TEXT("X-Request-Id"));
		r->chunked = r->chunked || text_equal_nocase(name, TEXT("Transfer-Encoding"));
		r->compressed = r->compressed || text_equal_nocase(name, TEXT("Content-Encoding"));
		r->json = r->json || text_starts(value, "application/json");
	}
}

static void skip_chunks(struct reply *r)
{
	for (;;) {
		struct text line = take_line(&r->rest);
		size_t size = strtoul(line.ptr, NULL, 16);

		must(line.len > 0 && r->rest.len >= size + 2, "a chunk is whole");
		r->rest = text_slice(r->rest, size, SIZE_MAX);
		must(take_line(&r->rest).len == 0, "and ends");
		if (size == 0)
			return;
	}
}

static bool has_body(const struct reply *r, bool asked_with_head)
{
	return r->status >= 200 && r->status != 204 && r->status != 304 && !asked_with_head;
}

static void check_body(struct reply *r, struct text body)
{
	struct arena a = {0};
	struct error ignored;
	struct text value;

	if (r->ours && r->json && !r->compressed && r->status >= 400)
		service_check_error_body(&a, r->status, body);
	else if (r->ours && r->json && !r->compressed && body.len > 0)
		must(json_check(body, &value, &ignored), "it is JSON");
	arena_fini(&a);
}

/* Behind the last of it; 0: there is none. */
static size_t behind_last(struct text t, const char *what)
{
	size_t behind = 0;
	const char *at;

	while ((at = memmem(t.ptr + behind, t.len - behind, what, strlen(what))) != NULL)
		behind = (size_t)(at - t.ptr) + strlen(what);
	return behind;
}

/* A body that ends in the middle of a head makes a request line of a header: then the caller's own
 * token is a method or a target, which an error repeats. */
static bool is_repeated(struct text reply, size_t at)
{
	struct text before = text_slice(reply, 0, at);

	return behind_last(before, "\"request\":{\"method\":") >
	       behind_last(before, "\"response\":");
}

static void check_secrets(struct text reply)
{
	size_t from = 0;
	const char *at;

	while ((at = memmem(reply.ptr + from, reply.len - from, SERVICE_MARK,
			    strlen(SERVICE_MARK))) != NULL) {
		from = (size_t)(at - reply.ptr);
		must(is_repeated(reply, from), "no secret comes back");
		from += strlen(SERVICE_MARK);
	}
}

/* Whoever asks with HEAD makes it hard to say where an answer ends; then only secrets count. */
static void check_reply(struct text reply, bool heads)
{
	struct reply r = {.rest = reply};

	check_secrets(reply);
	while (r.rest.len > 0 && !heads) {
		struct text rest;

		r = (struct reply){.rest = r.rest};
		read_head(&r);
		rest = r.rest;
		if (!has_body(&r, heads))
			continue;
		if (r.chunked) {
			skip_chunks(&r);
		} else if (r.length >= 0) {
			must((size_t)r.length <= rest.len, "a body is whole");
			check_body(&r, text_slice(rest, 0, (size_t)r.length));
			r.rest = text_slice(rest, (size_t)r.length, SIZE_MAX);
		} else {
			r.rest = TEXT("");
		}
	}
}

/* ---- the service ---- */

static bool work_at_once(void *context, struct http_exchange *x)
{
	(void)context;
	rest_work(x);
	return true;
}

static bool take_nobody(void *context, struct http_exchange *x)
{
	(void)context;
	(void)x;
	return false;
}

static void server_answer_later(void)
{
}

static void start(void)
{
	service_open(&service, answer, NULL);
	user_token = service_user_token(&service);
	service.queues.queue = work_at_once;
	service.queues.queue_aside = work_at_once;
	service.queues.queue_following = take_nobody;
	backstage_warm_up(service.services.backstage, 5000);
	server_start(rest_handle, &service.rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = {(const char *)data, size};
	struct buf bytes;
	struct buf reply;

	if (service.config == NULL)
		start();
	if (service_holds_secret(input))
		return 0;
	buf_init(&bytes, size * 64 + 64);
	buf_init(&reply, SIZE_MAX / 2);
	buf_add(&reply, TEXT(""));
	fill_in(input, &bytes);
	if (server_visit(bytes.ptr, bytes.len, &reply))
		check_reply(buf_text(&reply), memmem(data, size, "HEAD", 4) != NULL);
	buf_fini(&bytes);
	buf_fini(&reply);
	service_forget(&service);
	return 0;
}
