/*
 * The HTTP face: mounts, headers, queries, error bodies, and answers as frontends expect them. From
 * the request to Palette's canned answer and back; only the server is left out.
 */
#include "unit/op/services.h"

#include "face/face.h"
#include "unit/face/exchange.h"
#include "json/json.h"

struct scene {
	struct fixture *f;
	struct op_services services;
	struct rest rest;
	struct rest_queues queues;
	struct secure *secure;
	struct http_exchange x;
	struct http_exchange *queued;
	struct http_exchange *following; /* the same, on a thread of its own */
	bool following_full;
	struct http_exchange *aside; /* the same, in the queue of what must not wait for others */
	bool queue_full;
	bool aside_full;
	/* Palette's answer to everything. */
	int status;
	struct text body;
	struct buf openapi;
	struct op_constant openapi_answer;
};

static void answer_scene(void *context, const struct canned_request *request,
			 struct canned_answer *answer)
{
	struct scene *s = context;

	(void)request;
	answer->status = s->status;
	buf_add(answer->body, s->body);
}

static bool take_into_queue(void *context, struct http_exchange *x)
{
	struct scene *s = context;

	if (s->queue_full)
		return false;
	s->queued = x;
	return true;
}

static bool take_aside(void *context, struct http_exchange *x)
{
	struct scene *s = context;

	if (s->aside_full)
		return false;
	s->aside = x;
	return true;
}

static bool take_following(void *context, struct http_exchange *x)
{
	struct scene *s = context;

	if (s->following_full)
		return false;
	s->following = x;
	return true;
}

static struct config_external externals[] = {
	{.type = CONFIG_EXTERNAL_STATIC, .subject = "external:ci"}};
static const char *const trusted[] = {"external:ci"};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->f = fixture_new(answer_scene, s);
	s->f->config.upstream_attempts = 1;
	secret_set(&externals[0].token, TEXT("ci-token-value"));
	s->f->config.external = externals;
	s->f->config.external_count = 1;
	buf_init(&s->openapi, 4 * 1024 * 1024);
	face_openapi(&s->openapi);
	services_open(&s->services, s->f);
	op_constant_make(&s->openapi_answer, buf_text(&s->openapi), false);
	s->services.openapi = &s->openapi_answer;
	s->secure = secure_new(&s->f->config);
	s->rest.services = &s->services;
	s->rest.secure = s->secure;
	s->rest.represent = represent_new(true);
	s->queues.queue = take_into_queue;
	s->queues.queue_aside = take_aside;
	s->queues.queue_following = take_following;
	s->queues.context = s;
	s->rest.queues = &s->queues;
	s->queues.most_unknown = 4;
	s->status = 200;
	s->body = TEXT("{\"metadata\":{\"uid\":\"c1\"}}");
	exchange_init(&s->x, "GET", TEXT("/"));
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	exchange_fini(&s->x);
	op_constant_fini(&s->openapi_answer);
	buf_fini(&s->openapi);
	secret_wipe(&externals[0].token);
	services_close(&s->services);
	secure_free(s->secure);
	represent_free(s->rest.represent);
	fixture_free(s->f);
	free(s);
	return 0;
}

static void begin_bytes(struct scene *s, const char *method, struct text target)
{
	exchange_fini(&s->x);
	exchange_init(&s->x, method, target);
}

static void begin(struct scene *s, const char *method, const char *target)
{
	begin_bytes(s, method, text_of(target));
}

/* The front's part and a worker's. */
static int handle(struct scene *s)
{
	s->queued = NULL;
	rest_handle(&s->rest, &s->x, NULL);
	if (s->queued != NULL) {
		assert_int_equal(s->x.answers, 0);
		rest_work(s->queued);
	}
	assert_int_equal(s->x.answers, 1);
	assert_string_equal(exchange_answered(&s->x, "X-Request-Id"), "req-1");
	assert_string_equal(exchange_answered(&s->x, "X-Content-Type-Options"), "nosniff");
	return s->x.response.status;
}

/* A request of somebody who may. */
static int send_as_ci(struct scene *s, const char *method, const char *target)
{
	begin(s, method, target);
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	return handle(s);
}

static const char *body(const struct scene *s)
{
	return s->x.body.ptr;
}

/* An error body as Backstage has it; checks all that every one has. Its message. */
static const char *error_of(struct scene *s, const char *name, const char *url)
{
	struct arena *a = &s->x.arena;
	const struct text json = buf_text(&s->x.body);
	struct text raw;
	struct text value;
	struct error err;
	int64_t status;

	assert_true(json_check(json, &value, &err));
	assert_string_equal(json_string_at(a, json, "/error/name", ""), name);
	assert_string_equal(json_string_at(a, json, "/request/method", ""), s->x.request.method);
	assert_string_equal(json_string_at(a, json, "/request/url", "?"), url);
	assert_true(json_at(json, "/response/statusCode", &raw));
	assert_true(json_int(raw, &status));
	assert_int_equal(status, s->x.response.status);
	assert_string_equal(exchange_answered(&s->x, "Content-Type"),
			    "application/json; charset=utf-8");
	assert_string_equal(exchange_answered(&s->x, "Cache-Control"), "no-store");
	return json_string_at(a, json, "/error/message", "");
}

/* ---- routes ---- */

static void health_needs_no_credential_and_no_worker(void **state)
{
	struct scene *s = *state;

	begin(s, "GET", "/api/spectrocloud/health");
	assert_int_equal(handle(s), 200);
	assert_null(s->queued);
	assert_string_equal(body(s), "{\"status\":\"ok\"}");
	assert_string_equal(exchange_answered(&s->x, "Content-Type"),
			    "application/json; charset=utf-8");
	begin(s, "HEAD", "/spectrocloud/health/");
	assert_int_equal(handle(s), 200);
}

static void both_mounts_answer_the_same(void **state)
{
	struct scene *s = *state;

	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/clusters/c1"), 200);
	assert_non_null(s->queued);
	assert_string_equal(body(s), "{\"metadata\":{\"uid\":\"c1\"}}");
	assert_int_equal(send_as_ci(s, "GET", "/spectrocloud/clusters/c1"), 200);
	assert_string_equal(body(s), "{\"metadata\":{\"uid\":\"c1\"}}");
}

static void elsewhere_strangers_learn_nothing(void **state)
{
	static const struct {
		const char *target;
		const char *url;
	} rows[] = {
		{"/", "/"},
		{"/api/spectrocloud", ""},
		{"/api/spectrocloud/", "/"},
		{"/api/spectrocloudx/health", "/api/spectrocloudx/health"},
		{"/api/Spectrocloud/health", "/api/Spectrocloud/health"},
		{"/api/spectrocloud/nowhere?a=b", "/nowhere?a=b"},
		{"/api/spectrocloud?a=b", "?a=b"},
		{"/api/catalog/entities", "/api/catalog/entities"},
		{"/api/spectrocloud/../spectrocloud/health", "/../spectrocloud/health"},
		{"//api/spectrocloud/health", "//api/spectrocloud/health"},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin(s, "GET", rows[i].target);
		assert_int_equal(handle(s), 401);
		assert_string_equal(error_of(s, "AuthenticationError", rows[i].url),
				    "Missing credentials");
		assert_non_null(exchange_answered(&s->x, "WWW-Authenticate"));
		assert_int_equal(send_as_ci(s, "GET", rows[i].target), 404);
		assert_string_equal(error_of(s, "NotFoundError", rows[i].url),
				    "There is no such route");
	}
}

static void a_wrong_method_says_which_are_right(void **state)
{
	struct scene *s = *state;

	begin(s, "DELETE", "/api/spectrocloud/clusters");
	assert_int_equal(handle(s), 401);
	assert_null(exchange_answered(&s->x, "Allow"));
	assert_int_equal(send_as_ci(s, "DELETE", "/api/spectrocloud/clusters"), 405);
	assert_string_equal(error_of(s, "MethodNotAllowedError", "/clusters"),
			    "DELETE is not possible here, only GET, HEAD, POST");
	assert_string_equal(exchange_answered(&s->x, "Allow"), "GET, HEAD, POST");
}

/* ---- answers ---- */

static void a_kubeconfig_is_a_download_that_nobody_keeps(void **state)
{
	struct scene *s = *state;

	s->body = TEXT("apiVersion: v1\nkind: Config\n");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/clusters/c-1.x/kubeconfig"), 200);
	assert_string_equal(body(s), "apiVersion: v1\nkind: Config\n");
	assert_string_equal(exchange_answered(&s->x, "Content-Type"), "application/x-yaml");
	assert_string_equal(exchange_answered(&s->x, "Content-Disposition"),
			    "attachment; filename=\"c-1.x-kubeconfig.yaml\"");
	assert_string_equal(exchange_answered(&s->x, "Cache-Control"), "no-store");
	assert_non_null(strstr(s->f->http.requests[0].path, "frp=true"));
	assert_int_equal(
		send_as_ci(s, "GET", "/api/spectrocloud/virtualclusters/c1/kubeconfig?frp=false"),
		200);
	assert_string_equal(exchange_answered(&s->x, "Content-Disposition"),
			    "attachment; filename=\"c1-vcluster-kubeconfig.yaml\"");
	assert_non_null(strstr(s->f->http.requests[1].path, "frp=false"));
}

static void secrets_of_accounts_do_not_leave(void **state)
{
	struct scene *s = *state;

	s->body = TEXT(" {\"metadata\":{\"uid\":\"a1\"},\"spec\":{\"secretKey\":\"s3cr3t\","
		       "\"region\":\"eu\"}} ");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/cloudaccounts/eks/a1"), 200);
	assert_string_equal(s->f->http.requests[0].path, "/v1/cloudaccounts/aws/a1");
	assert_string_equal(body(s),
			    "{\"metadata\":{\"uid\":\"a1\"},\"spec\":{\"region\":\"eu\"}}");
	s->body =
		TEXT("{\"items\":[{\"metadata\":{\"uid\":\"a1\"},\"spec\":{\"password\":\"x\"}}]}");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/cloudaccounts/vsphere"), 200);
	assert_string_equal(body(s),
			    "{\"accounts\":[{\"metadata\":{\"uid\":\"a1\"},\"spec\":{}}]}");
	s->body = TEXT("{\"items\":[{\"status\":{\"kubectlCommands\":[\"join\"],\"x\":1}}]}");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/overlords"), 200);
	assert_string_equal(body(s), "{\"items\":[{\"status\":{\"x\":1}}]}");
}

static void failures_of_palettes_become_errors(void **state)
{
	static const struct {
		int upstream;
		int status;
		const char *name;
	} rows[] = {
		{401, 502, "BadGatewayError"},         {404, 404, "NotFoundError"},
		{429, 503, "ServiceUnavailableError"}, {500, 502, "BadGatewayError"},
		{302, 502, "BadGatewayError"},
	};
	struct scene *s = *state;

	s->body = TEXT("stack trace");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		s->status = rows[i].upstream;
		assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/clusters/c1"),
				 rows[i].status);
		error_of(s, rows[i].name, "/clusters/c1");
		assert_null(strstr(body(s), "stack"));
		assert_int_equal(exchange_answered(&s->x, "Retry-After") != NULL,
				 rows[i].status == 503);
	}
}

static void what_palette_said_joins_the_error(void **state)
{
	struct scene *s = *state;
	struct text value;

	s->status = 404;
	s->body = TEXT("{\"code\":\"ClusterNotFound\",\"message\":\"gone\",\"ref\":\"r1\"}");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/clusters/c1?instance=prod"), 404);
	assert_string_equal(error_of(s, "NotFoundError", "/clusters/c1?instance=prod"),
			    "Cluster c1 not found");
	assert_true(json_at(buf_text(&s->x.body), "/error/palette/code", &value));
	assert_true(json_string_is(value, "ClusterNotFound"));
}

/* A browser would else show its page nothing but that something failed. */
static void a_page_of_an_allowed_origin_may_read_every_answer(void **state)
{
	static const struct error too_large = {.kind = ERROR_TOO_LARGE, .message = "too large"};
	struct scene *s = *state;
	struct config_cors config = {.enabled = true, .methods = "GET", .exposed_headers = ""};
	const struct glob *origin;
	struct cors *cors;

	assert_true(glob_new(&s->f->arena, TEXT("https://a"), 0, &origin, &s->f->err));
	config.origins = &origin;
	config.origin_count = 1;
	config.max_age = "";
	config.preflight_status = 204;
	cors = cors_new(&config);
	s->rest.cors = cors;
	for (int i = 0; i < 5; i++) {
		static const int statuses[] = {204, 401, 413, 503, 401};

		begin(s, i == 0 ? "OPTIONS" : "GET", "/api/spectrocloud/clusters");
		exchange_header(&s->x, "Origin", i == 4 ? "https://b" : "https://a");
		if (i == 3)
			exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
		s->queue_full = i == 3;
		if (i == 2)
			rest_handle(&s->rest, &s->x, &too_large);
		assert_int_equal(i == 2 ? s->x.response.status : handle(s), statuses[i]);
		assert_int_equal(exchange_answered(&s->x, "Access-Control-Allow-Origin") != NULL,
				 i != 4);
		assert_int_equal(exchange_answered(&s->x, "Access-Control-Allow-Methods") != NULL,
				 i == 0);
	}
	assert_int_equal(s->f->http.count, 0);
	cors_free(cors);
}

static void a_gone_session_asks_to_sign_in_again(void **state)
{
	struct scene *s = *state;
	struct text value;

	s->status = 401;
	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, "x-spectrocloud-token", "session-value");
	assert_int_equal(handle(s), 401);
	error_of(s, "AuthenticationError", "/clusters/c1");
	assert_true(json_member(buf_text(&s->x.body), "requiresReAuth", &value));
	assert_int_equal(json_type_of(value), JSON_TYPE_TRUE);
	assert_string_equal(exchange_answered(&s->x, "X-SpectroCloud-ReAuth-Required"), "true");
	assert_string_equal(exchange_answered(&s->x, "Access-Control-Expose-Headers"),
			    "X-SpectroCloud-ReAuth-Required");
	assert_string_equal(s->f->http.requests[0].authorization, "session-value");
	assert_null(strstr(body(s), "session-value"));
}

static void an_email_without_a_session_asks_too(void **state)
{
	struct scene *s = *state;

	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, "X-SpectroCloud-User-Email", "a@example.com");
	assert_int_equal(handle(s), 403);
	s->f->config.trusted_services = (struct config_strings){trusted, 1};
	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, "X-SpectroCloud-User-Email", "a@example.com");
	assert_int_equal(handle(s), 200);
	assert_string_equal(exchange_answered(&s->x, "X-SpectroCloud-ReAuth-Required"), "true");
}

static void the_debug_page_shows_no_token(void **state)
{
	struct scene *s = *state;

	begin(s, "GET", "/api/spectrocloud/auth/debug");
	assert_int_equal(handle(s), 401);
	begin(s, "GET", "/api/spectrocloud/auth/debug");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, "X-SpectroCloud-Token", "  session-value ");
	exchange_header(&s->x, "X-Custom", "custom-value");
	assert_int_equal(handle(s), 200);
	assert_string_equal(
		body(s), "{\"hasOidcToken\":true,\"tokenLength\":13,\"tokenPrefix\":\"redacted\","
			 "\"headers\":[\"authorization\",\"x-spectrocloud-token\",\"x-custom\"]}");
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/auth/debug"), 200);
	assert_string_equal(body(s),
			    "{\"hasOidcToken\":false,\"tokenLength\":0,\"tokenPrefix\":\"none\","
			    "\"headers\":[\"authorization\"]}");
}

/* As long as the setting for headers may be. */
static void the_debug_page_bears_long_names(void **state)
{
	static char name[1024 * 1024];
	struct scene *s = *state;
	struct text value;
	struct error err;

	memset(name, 'X', sizeof name - 1);
	begin(s, "GET", "/api/spectrocloud/auth/debug");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, name, "x");
	assert_int_equal(handle(s), 200);
	assert_true(json_check(buf_text(&s->x.body), &value, &err));
}

/* ---- requests ---- */

static void a_header_that_may_come_once(void **state)
{
	static const char *const names[] = {"Authorization", "X-SpectroCloud-Token",
					    "X-SpectroCloud-User-Email"};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		begin(s, "GET", "/api/spectrocloud/clusters/c1");
		exchange_header(&s->x, names[i], "Bearer ci-token-value");
		exchange_header(&s->x, names[i], "Bearer ci-token-value");
		assert_int_equal(handle(s), 400);
		assert_non_null(
			strstr(error_of(s, "InputError", "/clusters/c1"), "came more than once"));
	}
	assert_int_equal(s->f->http.count, 0);
}

/* Frontends send these headers also when they have nothing to say. */
static void an_empty_header_is_none(void **state)
{
	struct scene *s = *state;

	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	exchange_header(&s->x, "X-SpectroCloud-Token", "");
	exchange_header(&s->x, "X-SpectroCloud-User-Email", "");
	assert_int_equal(handle(s), 200);
	assert_null(s->f->http.requests[0].authorization);
}

static void queries_are_read_as_forms_are(void **state)
{
	static const struct {
		const char *query;
		int status;
		const char *project; /* what Palette is sent */
	} rows[] = {
		{"", 200, NULL},
		{"?", 200, NULL},
		{"?&&&", 200, NULL},
		{"?projectUid", 200, NULL},
		{"?projectUid=", 200, NULL},
		{"?projectUid=p1", 200, "p1"},
		{"?project%55id=p%31", 200, "p1"},
		{"?a=b&projectUid=p1&", 200, "p1"},
		{"?projectuid=p1", 200, NULL},
		{"?x=%zz&projectUid=p1", 200, "p1"},
		{"?%zz=1&projectUid=p1", 200, "p1"},
		{"?=p1", 200, NULL},
		{"?projectUid=p1=", 400, NULL},
		{"?projectUid=p+1", 400, NULL},
		{"?projectUid=%", 400, NULL},
		{"?projectUid=%00", 400, NULL},
		{"?projectUid=%FF", 400, NULL},
		{"?projectUid=..%2Fx", 400, NULL},
		{"?projectUid=p1&projectUid=p1", 400, NULL},
		{"?projectUid[]=p1", 200, NULL},
		{"?projectUid=p1%0d%0aX:y", 400, NULL},
		{"?instance=prod&projectUid=p1", 200, "p1"},
		{"?instance=none", 400, NULL},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char target[200];

		canned_http_forget(&s->f->http);
		snprintf(target, sizeof target, "/api/spectrocloud/clusters/c1%s", rows[i].query);
		if (send_as_ci(s, "GET", target) != rows[i].status)
			fail_msg("%s: %d %s", target, s->x.response.status, body(s));
		if (rows[i].status != 200) {
			error_of(s, "InputError", target + strlen("/api/spectrocloud"));
			assert_int_equal(s->f->http.count, 0);
			continue;
		}
		assert_int_equal(s->f->http.count, 1);
		if (rows[i].project == NULL)
			assert_null(s->f->http.requests[0].project);
		else
			assert_string_equal(s->f->http.requests[0].project, rows[i].project);
	}
}

static void a_query_has_64_parts_at_most(void **state)
{
	struct scene *s = *state;

	for (int parts = 63; parts <= 66; parts++) {
		struct buf target;

		buf_init(&target, 10000);
		buf_add_string(&target, "/api/spectrocloud/clusters/c1?");
		for (int i = 0; i < parts; i++)
			buf_printf(&target, "p%d=x&", i);
		assert_int_equal(send_as_ci(s, "GET", target.ptr), parts <= 64 ? 200 : 400);
		/* The exchange borrows the target: it goes last. */
		begin(s, "GET", "/");
		buf_fini(&target);
	}
}

/* Every byte of a long request line once or twice, whatever it is made of. */
static void long_queries_take_little_time(void **state)
{
	static const char *const patterns[] = {"&",        "=",    "%", "a=&",
					       "%41=%41&", "%zz&", "+", "\xFF&"};
	enum { LONG = 64 * 1024 };
	int64_t started = clock_now_ms();
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct buf target;

		buf_init(&target, LONG + 100);
		buf_add_string(&target, "/api/spectrocloud/clusters/c1?");
		while (target.len < LONG)
			buf_add_string(&target, patterns[i]);
		(void)send_as_ci(s, "GET", target.ptr);
		begin(s, "GET", "/");
		buf_fini(&target);
	}
	assert_true(clock_now_ms() - started < 5000);
}

/* The URL is repeated in the error: its bytes may triple, or grow sixfold, on the way. */
static void error_bodies_bear_every_url(void **state)
{
	static const char bytes[] = {'a', '"', '\\', '\x01', '\xFF', '\x7F'};
	enum { LONG = 200 * 1024 };
	struct scene *s = *state;
	char *target = malloc(LONG);

	assert_non_null(target);
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		struct text value;
		struct error err;

		memset(target, bytes[i], LONG);
		memcpy(target, "/api/spectrocloud/x?", 20);
		begin_bytes(s, "GET", (struct text){target, LONG});
		assert_int_equal(handle(s), 401);
		assert_true(json_check(buf_text(&s->x.body), &value, &err));
		assert_true(text_starts(
			text_of(json_string_at(&s->x.arena, value, "/request/url", "")), "/x?"));
	}
	begin(s, "GET", "/");
	free(target);
}

static void inputs_of_the_body_reach_the_operation(void **state)
{
	struct scene *s = *state;

	s->body = TEXT("{\"items\":[{\"metadata\":{\"uid\":\"1\",\"name\":\"Infra\"}},"
		       "{\"metadata\":{\"uid\":\"2\",\"name\":\"other\"}}]}");
	begin(s, "POST", "/api/spectrocloud/profiles/search");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	s->x.request.body = TEXT("{\"names\":[\"infra\"]}");
	assert_int_equal(handle(s), 200);
	assert_string_equal(body(s),
			    "{\"profiles\":[{\"metadata\":{\"uid\":\"1\",\"name\":\"Infra\"}}]}");
	begin(s, "POST", "/api/spectrocloud/profiles/search");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	s->x.request.body = TEXT("{}");
	assert_int_equal(handle(s), 400);
	assert_string_equal(error_of(s, "InputError", "/profiles/search"),
			    "names (in the body) is required");
	assert_non_null(strstr(body(s), "\"faults\":[{\"field\":\"names\",\"in\":\"body\""));
}

/* ---- when there is too much to do ---- */

/* ---- following ---- */

#define FOLLOW "/api/spectrocloud/clusters/c1/events?follow=true"

static void come_as_ci(struct scene *s, const char *target)
{
	begin(s, "GET", target);
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	s->queued = s->following = NULL;
	rest_handle(&s->rest, &s->x, NULL);
}

static void who_follows_gets_a_thread_once_they_are_let_in(void **state)
{
	struct scene *s = *state;

	come_as_ci(s, FOLLOW);
	assert_non_null(s->following);
	assert_null(s->queued);
	assert_int_equal(s->x.answers, 0);

	begin(s, "GET", FOLLOW);
	s->queued = s->following = NULL;
	rest_handle(&s->rest, &s->x, NULL);
	if (s->queued != NULL)
		rest_work(s->queued);
	assert_null(s->following); /* nobody knows who that is */
	assert_int_equal(s->x.response.status, 401);
}

static void what_does_not_follow_goes_to_the_workers(void **state)
{
	static const char *const others[] = {
		"/api/spectrocloud/clusters/c1/events",
		"/api/spectrocloud/clusters/c1/events?follow=false",
		"/api/spectrocloud/clusters/c1/events?follow=maybe",
		"/api/spectrocloud/clusters/c1/events?Follow=true",
		"/api/spectrocloud/clusters/c1?follow=true",
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		come_as_ci(s, others[i]);
		assert_non_null(s->queued);
		assert_null(s->following);
	}
}

static void more_than_may_follow_are_told_when_to_come_back(void **state)
{
	struct scene *s = *state;

	s->following_full = true;
	come_as_ci(s, FOLLOW);
	assert_int_equal(s->x.answers, 1);
	assert_int_equal(s->x.response.status, 503);
	assert_string_equal(exchange_answered(&s->x, "Retry-After"), "15");
}

static void a_full_queue_answers_at_once(void **state)
{
	struct scene *s = *state;

	s->queue_full = true;
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/clusters/c1"), 503);
	error_of(s, "ServiceUnavailableError", "/clusters/c1");
	assert_string_equal(exchange_answered(&s->x, "Retry-After"), "1");
	/* What the front does by itself goes on. */
	assert_int_equal(send_as_ci(s, "GET", "/api/spectrocloud/openapi.json"), 200);
}

/* Keys: whoever wants them may be whom our workers wait for. */
static void what_goes_aside_waits_for_nobody(void **state)
{
	static const enum op_phase phases[] = {PHASE_STARTING, PHASE_SERVING, PHASE_STOPPING};
	static const char target[] = "/api/spectrocloud/.backstage/auth/v1/jwks.json";
	struct scene *s = *state;
	struct op_life *usual = s->services.life;
	struct op_life *life = op_life_new();

	s->services.life = life;
	s->queue_full = true;
	s->queues.unknown = s->queues.most_unknown;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		if (i > 0)
			op_life_enter(life, phases[i]);
		s->aside = NULL;
		begin(s, "GET", target);
		rest_handle(&s->rest, &s->x, NULL);
		assert_non_null(s->aside);
		assert_int_equal(s->x.answers, 0);
		rest_work(s->aside);
		assert_int_equal(s->x.response.status, 200);
		assert_non_null(strstr(body(s), "\"kid\""));
	}
	assert_int_equal(s->queues.unknown, s->queues.most_unknown);
	s->aside_full = true;
	begin(s, "GET", target);
	assert_int_equal(handle(s), 503);
	s->services.life = usual;
	op_life_free(life);
}

static void work_that_nobody_waits_for_is_not_done(void **state)
{
	struct scene *s = *state;

	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	s->x.gone = true;
	assert_int_equal(handle(s), 503);
	begin(s, "GET", "/api/spectrocloud/clusters/c1");
	exchange_header(&s->x, "Authorization", "Bearer ci-token-value");
	s->f->config.request_timeout_ms = 0;
	assert_int_equal(handle(s), 503);
	assert_int_equal(s->f->http.count, 0);
}

static void what_the_server_refused_is_only_said(void **state)
{
	struct scene *s = *state;
	struct error refused;

	exchange_fini(&s->x);
	exchange_init(&s->x, NULL, (struct text){NULL, 0});
	error_set(&refused, ERROR_TOO_LARGE, "The body is larger than 1 MiB");
	rest_handle(&s->rest, &s->x, &refused);
	assert_int_equal(s->x.answers, 1);
	assert_int_equal(s->x.response.status, 413);
	assert_non_null(strstr(body(s), "\"name\":\"PayloadTooLargeError\""));
	assert_non_null(strstr(body(s), "\"method\":\"\",\"url\":\"\""));
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		SCENE(health_needs_no_credential_and_no_worker),
		SCENE(both_mounts_answer_the_same),
		SCENE(elsewhere_strangers_learn_nothing),
		SCENE(a_wrong_method_says_which_are_right),
		SCENE(a_kubeconfig_is_a_download_that_nobody_keeps),
		SCENE(secrets_of_accounts_do_not_leave),
		SCENE(failures_of_palettes_become_errors),
		SCENE(what_palette_said_joins_the_error),
		SCENE(a_page_of_an_allowed_origin_may_read_every_answer),
		SCENE(a_gone_session_asks_to_sign_in_again),
		SCENE(an_email_without_a_session_asks_too),
		SCENE(the_debug_page_shows_no_token),
		SCENE(the_debug_page_bears_long_names),
		SCENE(a_header_that_may_come_once),
		SCENE(an_empty_header_is_none),
		SCENE(queries_are_read_as_forms_are),
		SCENE(a_query_has_64_parts_at_most),
		SCENE(long_queries_take_little_time),
		SCENE(error_bodies_bear_every_url),
		SCENE(inputs_of_the_body_reach_the_operation),
		SCENE(a_full_queue_answers_at_once),
		SCENE(who_follows_gets_a_thread_once_they_are_let_in),
		SCENE(what_does_not_follow_goes_to_the_workers),
		SCENE(more_than_may_follow_are_told_when_to_come_back),
		SCENE(what_goes_aside_waits_for_nobody),
		SCENE(work_that_nobody_waits_for_is_not_done),
		SCENE(what_the_server_refused_is_only_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
