/*
 * Requests, several behind each other, through everything but the sockets: the guard, the face, the
 * pipeline, the operations, and down to what would go to Palette and Backstage, who answer as they
 * should. Each gets one answer that is well-formed; errors have their form, and no secret of the
 * configuration is in any.
 *
 * The input is cut into heads and bodies here, as leniently as the HTTP library does it. Where the
 * credential is {free}, {ours} or {user}, a good one of that caller stands in its place.
 */
#include "fuzz/head.h"
#include "fuzz/service.h"
#include "unit/face/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_REQUESTS = 4, LONGEST_HEAD = 16 * 1024 };

static struct service service;
static struct http_exchange *queued;
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

/* ---- from a head to an exchange ---- */

static struct text credential(struct text value)
{
	static const char *const words[] = {"Bearer {free}", "Bearer {ours}", "Bearer {user}"};
	static const char *const meant[] = {"Bearer " SERVICE_MARK "-caller-free",
					    "Bearer " SERVICE_MARK "-caller-ours"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (text_is(value, words[i]))
			return text_of(i < ARRAY_LEN(meant) ? meant[i] : user_token);
	return value;
}

static void keep_headers(struct http_exchange *x, struct head *head)
{
	for (size_t i = 0; i < head->guard.header_count; i++) {
		struct http_header *h = &head->headers[i];

		h->name = arena_copy_text(&x->arena, h->name);
		h->value = arena_copy_text(&x->arena, credential(h->value));
	}
	x->request.headers = head->headers;
	x->request.header_count = head->guard.header_count;
}

/* The body, and what is behind it; the coding "chunked" is the library's matter. */
static void keep_body(struct http_exchange *x, struct text *rest)
{
	const struct http_header *h =
		http_header_find(x->request.headers, x->request.header_count, "Content-Length");
	int64_t length = 0;

	if (h != NULL && !text_to_int(h->value, &length))
		length = 0;
	if (http_header_find(x->request.headers, x->request.header_count, "Transfer-Encoding") !=
	    NULL)
		length = (int64_t)rest->len;
	x->request.body = arena_copy_text(&x->arena, text_slice(*rest, 0, (size_t)length));
	*rest = text_slice(*rest, x->request.body.len, SIZE_MAX);
}

/* ---- what comes back ---- */

static void check_headers(const struct http_response *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		struct text name = r->headers[i].name;
		struct text value = r->headers[i].value;

		must(name.len > 0 && strspn(name.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
						      "stuvwxyz0123456789-") == name.len,
		     "a header's name is one");
		for (size_t j = 0; j < value.len; j++)
			must((unsigned char)value.ptr[j] >= 0x20 && value.ptr[j] != 0x7F,
			     "a header is one line");
		must(!service_holds_secret(value), "no secret is in a header");
	}
}

static bool is_json(struct http_exchange *x)
{
	const char *type = exchange_answered(x, "Content-Type");

	return type != NULL && strncmp(type, "application/json", strlen("application/json")) == 0;
}

static void check_answer(struct http_exchange *x)
{
	struct text body = buf_text(&x->body);
	struct error ignored;
	struct text value;
	int status = x->response.status;

	must(x->answers == 1, "there is one answer");
	check_headers(&x->response);
	if (status == 204 || status == 304)
		must(body.len == 0, "it has no body");
	if (exchange_answered(x, "Content-Encoding") != NULL)
		return;
	must(!service_holds_secret(body), "no secret is in it");
	if (status >= 400)
		service_check_error_body(&x->arena, status, body);
	else if (body.len > 0 && is_json(x))
		must(json_check(body, &value, &ignored), "it is JSON");
}

static bool take_into_queue(void *context, struct http_exchange *x)
{
	(void)context;
	queued = x;
	return true;
}

static bool take_nobody(void *context, struct http_exchange *x)
{
	(void)context;
	(void)x;
	return false;
}

static void handle(struct http_exchange *x, const struct error *refused)
{
	queued = NULL;
	rest_handle(&service.rest, x, refused);
	if (queued != NULL)
		rest_work(queued);
	check_answer(x);
}

/* False: the connection is closed behind the answer. */
static bool run(struct head *head, struct text *rest)
{
	const struct guard_limits limits = {LONGEST_HEAD, (size_t)service.config->max_body_bytes};
	struct guard_target target = guard_any_target(head->guard.target);
	struct http_exchange x;
	struct error err;
	bool good;

	exchange_init(&x, "", TEXT("/"));
	good = guard_head(&head->guard, &limits, &err) &&
	       guard_split_target(&x.arena, head->guard.target, &target, &err);
	x.request.method = good ? head->guard.method : "";
	x.request.target = target.target;
	x.request.path = arena_copy_text(&x.arena, target.path);
	x.request.query = target.query;
	x.request.body = TEXT("");
	if (good)
		keep_headers(&x, head);
	if (good)
		keep_body(&x, rest);
	handle(&x, good ? NULL : &err);
	exchange_fini(&x);
	return good;
}

static void start(void)
{
	service_open(&service, answer, NULL);
	user_token = service_user_token(&service);
	service.queues.queue = take_into_queue;
	service.queues.queue_aside = take_into_queue;
	service.queues.queue_following = take_nobody;
	/* Now, so that no input pays for it. */
	backstage_warm_up(service.services.backstage, 5000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	static struct head head;

	if (service.config == NULL)
		start();
	if (service_holds_secret(rest))
		return 0;
	for (int i = 0; i < MOST_REQUESTS && rest.len > 0; i++) {
		struct arena a = {0};
		char *bytes = arena_copy(&a, rest);
		bool goes_on = head_read(&a, bytes, rest.len, &head);

		rest = goes_on ? arena_copy_text(&a, head.rest) : TEXT("");
		goes_on = goes_on && run(&head, &rest);
		rest = goes_on ? text_slice((struct text){(const char *)data, size},
					    size - rest.len, SIZE_MAX)
			       : TEXT("");
		arena_fini(&a);
	}
	service_forget(&service);
	return 0;
}
