/* Cross-origin requests: what Backstage answers, and where we are stricter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "face/cors.h"

#define EXPOSED                                                                                   \
	"Access-Control-Expose-Headers: X-SpectroCloud-ReAuth-Required,X-Request-Id,Retry-After," \
	"Idempotency-Replayed,ETag\n"

enum { MOST_HEADERS = 8 };

struct scene {
	struct arena arena;
	struct config_cors config;
	struct cors *cors;
	struct http_header headers[MOST_HEADERS];
	struct http_request request;
	struct buf printed;
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	arena_init(&s->arena);
	buf_init(&s->printed, 64 * 1024);
	s->config = (struct config_cors){
		.enabled = true,
		.origins = arena_array(&s->arena, const struct glob *, 8),
		.methods = "GET,HEAD,PUT,PATCH,POST,DELETE",
		.exposed_headers = "",
		.max_age = "",
		.preflight_status = 204,
	};
	s->request = (struct http_request){.headers = s->headers, .arena = &s->arena};
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	cors_free(s->cors);
	buf_fini(&s->printed);
	arena_fini(&s->arena);
	free(s);
	return 0;
}

static void allow(struct scene *s, const char *pattern)
{
	struct error err;

	assert_true(glob_new(&s->arena, text_of(pattern), GLOB_NOCASE | GLOB_NO_GLOBSTAR,
			     &s->config.origins[s->config.origin_count++], &err));
}

/* The next request is of that method, and has no headers yet. */
static void request(struct scene *s, const char *method)
{
	s->request.method = method;
	s->request.header_count = 0;
}

static void header(struct scene *s, const char *name, const char *value)
{
	assert_true(s->request.header_count < MOST_HEADERS);
	s->headers[s->request.header_count++] = (struct http_header){text_of(name), text_of(value)};
}

/* What is added to the answer, a line a header. */
static const char *answer(struct scene *s)
{
	struct http_response r = {.status = 200};
	bool added;

	cors_free(s->cors);
	s->cors = cors_new(&s->config);
	buf_truncate(&s->printed, 0);
	buf_add_string(&s->printed, "");
	added = cors_headers(s->cors, &s->request, &r);
	assert_int_equal(added, r.header_count > 0);
	for (size_t i = 0; i < r.header_count; i++)
		buf_printf(&s->printed, "%.*s: %.*s\n", (int)r.headers[i].name.len,
			   r.headers[i].name.ptr, (int)r.headers[i].value.len,
			   r.headers[i].value.ptr);
	return s->printed.len == 0 ? "" : s->printed.ptr;
}

static int preflight(const struct scene *s)
{
	return cors_preflight(s->cors, &s->request);
}

static void without_a_setting_nothing_is_added(void **state)
{
	struct scene *s = *state;

	s->config.enabled = false;
	allow(s, "https://a.example");
	assert_null(cors_new(&s->config));
	request(s, "OPTIONS");
	header(s, "Origin", "https://a.example");
	assert_string_equal(answer(s), "");
	assert_int_equal(preflight(s), 0);
	cors_free(NULL);
}

static void a_matching_origin(void **state)
{
	struct scene *s = *state;

	allow(s, "https://*.example");
	allow(s, "http://localhost:3000");
	request(s, "GET");
	header(s, "Origin", "https://A.example");
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: https://A.example\n"
				       "Vary: Origin\n" EXPOSED);
	assert_int_equal(preflight(s), 0);
	s->config.credentials = true;
	request(s, "GET");
	header(s, "origin", "http://localhost:3000");
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: http://localhost:3000\n"
				       "Vary: Origin\n"
				       "Access-Control-Allow-Credentials: true\n" EXPOSED);
}

static void any_other_origin(void **state)
{
	static const char *const others[] = {
		"https://example",        "https://a.example.evil", "http://a.example",
		"https://a.example:8443", "https://evil?.example",  "null",
	};
	struct scene *s = *state;

	allow(s, "https://a.example");
	allow(s, "https://??.example");
	allow(s, "*");
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		request(s, i % 2 == 0 ? "GET" : "OPTIONS");
		header(s, "Origin", others[i]);
		assert_string_equal(answer(s), "");
		assert_int_equal(preflight(s), 0);
	}
	request(s, "OPTIONS");
	assert_string_equal(answer(s), "");
	assert_int_equal(preflight(s), 0);
}

static void null_is_an_origin_only_where_it_says_so(void **state)
{
	struct scene *s = *state;

	allow(s, "*");
	allow(s, "!https://x");
	request(s, "GET");
	header(s, "Origin", "null");
	assert_string_equal(answer(s), "");
	s->config.null_origin = true;
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: null\nVary: Origin\n" EXPOSED);
}

/* A proxy or another server may have understood it differently. */
static void what_is_no_origin_is_nobodys(void **state)
{
	static const char *const values[] = {
		"",
		" ",
		"https://a.example, https://a.example",
		"https://a.example https://b",
		"https://a.example\t",
		"https://\xc3\xa9.example",
	};
	struct scene *s = *state;
	char *longest;

	allow(s, "!x");
	for (size_t any = 0; any < 2; any++) {
		s->config.any_origin = any == 1;
		for (size_t i = 0; i < ARRAY_LEN(values); i++) {
			request(s, "GET");
			header(s, "Origin", values[i]);
			assert_string_equal(answer(s), "");
		}
		request(s, "OPTIONS");
		header(s, "Origin", "https://a.example");
		header(s, "X", "y");
		header(s, "ORIGIN", "https://a.example");
		assert_string_equal(answer(s), "");
		assert_int_equal(preflight(s), 0);
	}
	longest = arena_printf(&s->arena, "https://%0504d", 1);
	request(s, "GET");
	header(s, "Origin", longest);
	assert_string_not_equal(answer(s), "");
	request(s, "GET");
	header(s, "Origin", arena_printf(&s->arena, "%s0", longest));
	assert_string_equal(answer(s), "");
}

static void no_origin_configured_is_everybody(void **state)
{
	struct scene *s = *state;

	s->config.any_origin = true;
	request(s, "GET");
	header(s, "Origin", "https://a.example");
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: *\n" EXPOSED);
	request(s, "GET");
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: *\n" EXPOSED);
	request(s, "OPTIONS");
	assert_string_equal(
		answer(s),
		"Access-Control-Allow-Origin: *\n"
		"Vary: Access-Control-Request-Headers\n"
		"Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n" EXPOSED);
	assert_int_equal(preflight(s), 204);
}

static void preflights(void **state)
{
	struct scene *s = *state;

	allow(s, "https://a.example");
	request(s, "OPTIONS");
	header(s, "Origin", "https://a.example");
	assert_string_equal(
		answer(s),
		"Access-Control-Allow-Origin: https://a.example\n"
		"Vary: Origin, Access-Control-Request-Headers\n"
		"Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n" EXPOSED);
	header(s, "Access-Control-Request-Method", "PUT");
	header(s, "Access-Control-Request-Headers", "authorization,x-spectrocloud-token, x_y");
	s->config.credentials = true;
	s->config.max_age = "600";
	assert_string_equal(
		answer(s), "Access-Control-Allow-Origin: https://a.example\n"
			   "Vary: Origin, Access-Control-Request-Headers\n"
			   "Access-Control-Allow-Credentials: true\n"
			   "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n"
			   "Access-Control-Allow-Headers: authorization,x-spectrocloud-token, x_y\n"
			   "Access-Control-Max-Age: 600\n" EXPOSED);
	assert_int_equal(preflight(s), 204);
}

static void preflights_as_configured(void **state)
{
	struct scene *s = *state;

	allow(s, "https://a.example");
	s->config.methods = "GET,POST";
	s->config.allowed_headers = "x-1,x-2";
	s->config.exposed_headers = "x-3, retry-after";
	s->config.max_age = "0";
	s->config.preflight_status = 200;
	request(s, "OPTIONS");
	header(s, "Origin", "https://a.example");
	header(s, "Access-Control-Request-Headers", "authorization");
	assert_string_equal(answer(s), "Access-Control-Allow-Origin: https://a.example\n"
				       "Vary: Origin\n"
				       "Access-Control-Allow-Methods: GET,POST\n"
				       "Access-Control-Allow-Headers: x-1,x-2,Idempotency-Key\n"
				       "Access-Control-Max-Age: 0\n"
				       "Access-Control-Expose-Headers: x-3, "
				       "retry-after,X-SpectroCloud-ReAuth-Required,X-Request-Id,"
				       "Idempotency-Replayed,ETag\n");
	assert_int_equal(preflight(s), 200);
	s->config.methods = "";
	s->config.allowed_headers = "";
	s->config.preflight_continue = true;
	assert_null(strstr(answer(s), "Access-Control-Allow-Methods"));
	assert_null(strstr(answer(s), "Access-Control-Allow-Headers"));
	assert_int_equal(preflight(s), 0);
}

static void only_what_can_be_names_of_headers_is_repeated(void **state)
{
	static const char *const values[] = {"a:b", "a\tb",        "a;b",  "a\"b",
					     "<a>", "caf\xc3\xa9", "a\rb", "a/b"};
	struct scene *s = *state;
	char *longest = arena_printf(&s->arena, "%02048d", 1);

	allow(s, "https://a.example");
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		request(s, "OPTIONS");
		header(s, "Origin", "https://a.example");
		header(s, "Access-Control-Request-Headers", values[i]);
		assert_string_equal(answer(s), "");
		assert_int_equal(preflight(s), 0);
	}
	request(s, "OPTIONS");
	header(s, "Origin", "https://a.example");
	header(s, "Access-Control-Request-Headers", "a");
	header(s, "Access-Control-Request-Headers", "b");
	assert_string_equal(answer(s), "");
	request(s, "OPTIONS");
	header(s, "Origin", "https://a.example");
	header(s, "Access-Control-Request-Headers", longest);
	assert_non_null(strstr(answer(s), longest));
	s->headers[1].value = text_of(arena_printf(&s->arena, "%s0", longest));
	assert_string_equal(answer(s), "");
	/* Elsewhere it means nothing. */
	s->request.method = "GET";
	assert_non_null(strstr(answer(s), "Access-Control-Allow-Origin"));
}

/* As of a request that was refused at the door. */
static void a_request_may_lack_everything(void **state)
{
	struct scene *s = *state;

	allow(s, "https://a.example");
	request(s, NULL);
	assert_string_equal(answer(s), "");
	request(s, "");
	header(s, "Origin", NULL);
	assert_string_equal(answer(s), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_setting_nothing_is_added),
		TEST(a_matching_origin),
		TEST(any_other_origin),
		TEST(null_is_an_origin_only_where_it_says_so),
		TEST(what_is_no_origin_is_nobodys),
		TEST(no_origin_configured_is_everybody),
		TEST(preflights),
		TEST(preflights_as_configured),
		TEST(only_what_can_be_names_of_headers_is_repeated),
		TEST(a_request_may_lack_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
