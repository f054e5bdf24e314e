/*
 * One request of the HTTP client at a time, against a server that answers well, badly, slowly, in
 * part, or not at all.
 */
#include "client_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- Good answers ---- */

static void whole_answer(void **state)
{
	struct http_fetch f = get(*state, "/plain");

	f.content_type[0] = 'x'; /* leftovers are not part of the outcome */
	f.retry_after[0] = 'x';
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "hello");
	assert_int_equal(f.status, 200);
	assert_string_equal(f.content_type, "");
	assert_string_equal(f.retry_after, "");
	assert_true(f.took_us > 0);
	http_fetch_fini(&f);
	assert_int_equal(f.answer.len, 0);
}

static void type_and_retry_after(void **state)
{
	struct http_fetch f = get(*state, "/typed");

	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_int_equal(f.status, 503);
	assert_string_equal(f.content_type, "application/json");
	assert_string_equal(f.retry_after, "17");
	expect_body(&f, "{}");
	http_fetch_fini(&f);

	f = get(*state, "/long-values");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_string_equal(f.content_type, "");
	assert_string_equal(f.retry_after, "");
	http_fetch_fini(&f);

	f = get(*state, "/blank-values");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_string_equal(f.content_type, "");
	assert_string_equal(f.retry_after, "");
	http_fetch_fini(&f);
}

/* What the library keeps of an answer must not be there for the next one: the first header of that
 * would be added to it. */
static void a_header_that_continues_nothing(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct http_fetch f = get(*state, "/typed");

		run_expecting(*state, &f, HTTP_FETCH_DONE);
		http_fetch_fini(&f);
		f = get(*state, "/folded");
		http_fetch(((struct world *)*state)->client, &f);
		assert_true(f.end == HTTP_FETCH_DONE || f.end == HTTP_FETCH_BROKEN);
		http_fetch_fini(&f);
	}
}

static void what_is_sent(void **state)
{
	const struct http_header headers[] = {
		{TEXT("ApiKey"), TEXT("secret")},
		{TEXT("X-Empty"), TEXT("")},
		{TEXT("Accept"), TEXT("application/json")},
		{TEXT("Content-Type"), TEXT("application/json")},
	};
	struct http_fetch f = get(*state, "/echo");
	const char *sent;

	f.method = "PATCH";
	f.headers = headers;
	f.header_count = ARRAY_LEN(headers);
	f.body = TEXT("{\"a\":1}");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	sent = f.answer.ptr;
	assert_ptr_equal(strstr(sent, "PATCH /echo HTTP/1.1\r\n"), sent);
	assert_non_null(strstr(sent, "\r\nApiKey: secret\r\n"));
	assert_non_null(strstr(sent, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(sent, "\r\nAccept: application/json\r\n"));
	assert_null(strstr(sent, "*/*"));
	assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
	assert_non_null(strstr(sent, "\r\nUser-Agent: client-test/1\r\n"));
	assert_non_null(strstr(sent, "\r\nAccept-Encoding: gzip\r\n"));
	assert_true(text_ends(buf_text(&f.answer), "\r\n\r\n{\"a\":1}"));
	http_fetch_fini(&f);

	f = get(*state, "/echo"); /* nothing of the request before it is left */
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	sent = f.answer.ptr;
	assert_ptr_equal(strstr(sent, "GET /echo HTTP/1.1\r\n"), sent);
	assert_null(strstr(sent, "ApiKey"));
	assert_null(strstr(sent, "Content-"));
	assert_null(strstr(sent, "Cookie"));
	http_fetch_fini(&f);

	f = get(*state, "/echo");
	f.method = "POST";
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_non_null(strstr(f.answer.ptr, "\r\nContent-Length: 0\r\n"));
	assert_null(strstr(f.answer.ptr, "Content-Type"));
	http_fetch_fini(&f);

	f = get(*state, "/echo");
	f.method = "DELETE";
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_ptr_equal(strstr(f.answer.ptr, "DELETE /echo HTTP/1.1\r\n"), f.answer.ptr);
	assert_null(strstr(f.answer.ptr, "Content-Length"));
	http_fetch_fini(&f);
}

static void large_body_is_sent_without_asking(void **state)
{
	size_t len = 3 * 1024 * 1024;
	char *body = calloc(1, len);
	struct http_fetch f = get(*state, "/size");

	f.method = "POST";
	f.body = (struct text){body, len};
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "3145728");
	http_fetch_fini(&f);
	free(body);
}

static void answers_without_body(void **state)
{
	struct http_fetch f = get(*state, "/head");

	f.method = "HEAD";
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "");
	f = get(*state, "/204");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_int_equal(f.status, 204);
	expect_body(&f, "");
	f = get(*state, "/chunked");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "abcdefg");
	http_fetch_fini(&f);
	assert_int_equal(raw_server_counts(((struct world *)*state)->server).connections, 1);
}

static void redirect_is_not_followed(void **state)
{
	struct world *w = *state;
	struct http_fetch f = get(w, "/redirect");

	run_expecting(w, &f, HTTP_FETCH_DONE);
	assert_int_equal(f.status, 302);
	expect_body(&f, "over");
	http_fetch_fini(&f);
	assert_int_equal(raw_server_counts(w->server).requests, 1);
}

static void connection_is_kept(void **state)
{
	struct world *w = *state;
	struct http_client_stats stats;

	for (int i = 0; i < 20; i++)
		expect_end(w, "/plain", HTTP_FETCH_DONE);
	assert_int_equal(raw_server_counts(w->server).connections, 1);
	assert_int_equal(raw_server_counts(w->server).requests, 20);
	stats = http_client_stats(w->client);
	assert_int_equal(stats.requests, 20);
	assert_int_equal(stats.connections_opened, 1);
	assert_int_equal(stats.in_flight, 0);
}

static void gzip_is_decoded(void **state)
{
	struct http_fetch f = get(*state, "/gzip");

	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "unpacked");
	http_fetch_fini(&f);
}

/* ---- Bad answers ---- */

static void broken_answers(void **state)
{
	static const char *const paths[] = {
		"/bad-chunk",    "/cut-chunk", "/cut-body",       "/bad-length",
		"/reset-body",   "/reset",     "/close",          "/garbage",
		"/interim-only", "/bad-gzip",  "/unknown-coding",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		expect_end(*state, paths[i], HTTP_FETCH_BROKEN);
	expect_end(*state, "/plain", HTTP_FETCH_DONE);
}

static void bytes_behind_an_answer_are_not_the_next_one(void **state)
{
	struct http_fetch f = get(*state, "/excess");

	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "abc");
	http_fetch_fini(&f);
	f = get(*state, "/plain");
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	expect_body(&f, "hello");
	http_fetch_fini(&f);
}

static void too_large_answers(void **state)
{
	static const char *const paths[] = {"/huge",         "/endless",     "/bomb",
					    "/many-headers", "/long-header", "/endless-interim"};
	struct http_fetch f = get(*state, "/full");

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		expect_end(*state, paths[i], HTTP_FETCH_TOO_LARGE);
	run_expecting(*state, &f, HTTP_FETCH_DONE);
	assert_int_equal(f.answer.len, MAX_BYTES);
	http_fetch_fini(&f);
	f = get(*state, "/full");
	f.max_bytes = MAX_BYTES - 1;
	expect_problem(*state, &f, HTTP_FETCH_TOO_LARGE, "the answer is too large");
	f = get(*state, "/plain");
	f.max_bytes = 0;
	expect_problem(*state, &f, HTTP_FETCH_TOO_LARGE, "the answer is too large");
}

static void slow_answers(void **state)
{
	static const char *const paths[] = {"/slow-head", "/drip", "/never"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_fetch f = get(*state, paths[i]);

		/* Long enough to be sent in, also where the machine is busy. */
		f.deadline_ms = clock_now_ms() + 1000;
		expect_problem(*state, &f, HTTP_FETCH_TOO_SLOW, "no whole answer came in time");
		assert_in_range(f.took_us, 250 * 1000, (1000 + SLACK_MS) * 1000);
	}
}

/* ---- No connection ---- */

static void unreachable(void **state)
{
	struct http_fetch f = get(*state, "/plain");
	struct raw_server *gone = raw_server_open(misbehave, NULL);
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/", raw_server_port(gone));
	raw_server_close(gone);
	f.url = url;
	expect_problem(*state, &f, HTTP_FETCH_UNREACHABLE, "nothing answers at its address");

	f = get(*state, "/plain");
	f.url = "http://no-such-host.invalid/";
	expect_problem(*state, &f, HTTP_FETCH_UNREACHABLE, "its name cannot be resolved");
}

static void unsendable_requests(void **state)
{
	static const char *const urls[] = {
		"",
		"plain",
		"ftp://127.0.0.1/",
		"file:///etc/passwd",
		"http://127.0.0.1/a b",
		"http://",
		"http://:80/",
		"http://127.0.0.1/\r\nX: y",
		"http://127.0.0.1/\xc3\xa9",
		"http://127.0.0.1:99999/",
	};
	static const struct http_header bad[] = {
		{TEXT("A"), TEXT("b\r\nC: d")}, {TEXT("A"), TEXT("b\nc")},
		{TEXT("A"), TEXT("b\0c")},      {TEXT("A\r\nB"), TEXT("c")},
		{TEXT("A B"), TEXT("c")},       {TEXT(""), TEXT("c")},
		{TEXT("A:"), TEXT("c")},
	};
	struct world *w = *state;
	struct http_fetch f;

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		f = get(w, "/plain");
		f.url = urls[i];
		expect_problem(w, &f, HTTP_FETCH_UNREACHABLE, "its URL is not valid");
		assert_true(f.unsendable);
	}
	f = get(w, "/plain");
	f.url = "http://user:password@127.0.0.1/";
	expect_problem(w, &f, HTTP_FETCH_UNREACHABLE, "its URL holds a user name");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		f = get(w, "/plain");
		f.headers = &bad[i];
		f.header_count = 1;
		expect_problem(w, &f, HTTP_FETCH_UNREACHABLE,
			       "a header of the request is not valid");
	}
	assert_int_equal(raw_server_counts(w->server).requests, 0);
}

static void no_time_left(void **state)
{
	struct world *w = *state;
	struct http_fetch f = get(w, "/plain");

	f.deadline_ms = clock_now_ms() - 1;
	expect_problem(w, &f, HTTP_FETCH_TOO_SLOW, "no time was left to send it");
	assert_int_equal(raw_server_counts(w->server).connections, 0);
}

/* Takes the place of the C library's: one name hangs for a while. */
static atomic_int names_hanging;
typedef int lookup(const char *name, const char *service, const struct addrinfo *hints,
		   struct addrinfo **found);

/* The C library's names for the parameters are reserved ones. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");

	if (name == NULL || strcmp(name, "hanging.example") != 0)
		return real(name, service, hints, found);
	atomic_fetch_add(&names_hanging, 1);
	clock_sleep_ms(1500);
	atomic_fetch_sub(&names_hanging, 1);
	return EAI_AGAIN;
}

/* A name server that hangs holds up neither who asked, beyond the deadline, nor the others. */
static void hanging_name(void **state)
{
	struct world *w = *state;
	struct http_fetch f = get(w, "/plain");

	f.url = "http://hanging.example/";
	f.deadline_ms = clock_now_ms() + 100;
	expect_problem(w, &f, HTTP_FETCH_TOO_SLOW, "no connection stood in time");
	assert_false(f.unsendable);
	assert_int_equal(f.queued_us, 0);
	assert_in_range(f.took_us, 95 * 1000, (100 + SLACK_MS) * 1000);
	f = get(w, "/plain");
	run_expecting(w, &f, HTTP_FETCH_DONE);
	assert_in_range(f.took_us, 0, SLACK_MS * 1000);
	http_fetch_fini(&f);
	assert_int_equal(atomic_load(&names_hanging), 1);
	while (atomic_load(&names_hanging) > 0) /* the library's thread must be gone at the end */
		clock_sleep_ms(10);
	clock_sleep_ms(50);
}

/* ---- Sent once, sent twice ---- */

static void dead_connection_is_replaced(void **state)
{
	struct world *w = *state;
	struct http_fetch f;

	expect_end(w, "/first-only", HTTP_FETCH_DONE);
	expect_end(w, "/first-only", HTTP_FETCH_DONE);
	assert_int_equal(raw_server_counts(w->server).requests, 3); /* the second one went twice */

	f = get(w, "/first-only");
	f.method = "POST";
	f.body = TEXT("body");
	run_expecting(w, &f, HTTP_FETCH_DONE);
	http_fetch_fini(&f);
	assert_int_equal(raw_server_counts(w->server).requests, 5); /* a POST as well */
}

static void once_is_sent_once(void **state)
{
	static const char *const ends[] = {"/close", "/reset"};
	struct world *w = *state;
	struct http_fetch f;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		unsigned before;

		expect_end(w, "/plain", HTTP_FETCH_DONE); /* leaves a connection to reuse */
		before = raw_server_counts(w->server).requests;
		f = get(w, ends[i]);
		f.method = "POST";
		f.body = TEXT("body");
		f.once = true;
		run_expecting(w, &f, HTTP_FETCH_BROKEN);
		assert_int_equal(raw_server_counts(w->server).requests, before + 1);
	}

	expect_end(w, "/first-only", HTTP_FETCH_DONE);
	f = get(w, "/first-only"); /* the kept connection would fail it; its own does not */
	f.method = "POST";
	f.once = true;
	run_expecting(w, &f, HTTP_FETCH_DONE);
	http_fetch_fini(&f);
}

/* ---- TLS ---- */

struct tls_world {
	struct world plain; /* its client, and the TLS server in place of the plain one */
	struct raw_identity *identity;
	char folder[32];
	char ca_file[64];
};

static void tls_open(struct tls_world *t, const char *names)
{
	memset(t, 0, sizeof *t);
	strcpy(t->folder, "/tmp/client_test.XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->ca_file, sizeof t->ca_file, "%s/ca.pem", t->folder);
	t->identity = raw_identity_new(names, t->ca_file);
	t->plain.server = raw_server_open(misbehave, t->identity);
	t->plain.client = world_client(100, 5000);
}

static void tls_close(struct tls_world *t)
{
	http_client_close(t->plain.client);
	raw_server_close(t->plain.server);
	raw_identity_free(t->identity);
	unlink(t->ca_file);
	rmdir(t->folder);
}

static struct http_fetch get_tls(struct tls_world *t, const struct http_target *target)
{
	struct http_fetch f = get(&t->plain, "/plain");
	char *url = t->plain.urls[(t->plain.url_count - 1) % ARRAY_LEN(t->plain.urls)];

	snprintf(url, sizeof t->plain.urls[0], "https://127.0.0.1:%d/plain",
		 raw_server_port(t->plain.server));
	f.target = target;
	return f;
}

static void tls_trust(void **state)
{
	struct tls_world t;
	struct http_target by_file = {.direct = true, .ca_file = t.ca_file};
	struct http_target any = {.direct = true, .insecure_skip_verify = true};
	struct http_target missing = {.direct = true, .ca_file = "/nonexistent/ca.pem"};
	struct http_fetch f;

	(void)state;
	tls_open(&t, "IP:127.0.0.1");
	f = get_tls(&t, &any);
	run_expecting(&t.plain, &f, HTTP_FETCH_DONE);
	expect_body(&f, "hello");
	http_fetch_fini(&f);
	f = get_tls(&t, &direct); /* must not use the unverified connection */
	expect_problem(&t.plain, &f, HTTP_FETCH_UNREACHABLE, "its TLS certificate is not trusted");
	f = get_tls(&t, &missing);
	expect_problem(&t.plain, &f, HTTP_FETCH_UNREACHABLE, "the CA file cannot be read");
	for (int i = 0; i < 5; i++) {
		f = get_tls(&t, &by_file);
		run_expecting(&t.plain, &f, HTTP_FETCH_DONE);
		expect_body(&f, "hello");
		http_fetch_fini(&f);
	}
	assert_int_equal(raw_server_counts(t.plain.server).requests, 6);
	f = get_tls(&t, &by_file);
	f.method = "POST";
	f.once = true;
	run_expecting(&t.plain, &f, HTTP_FETCH_DONE);
	http_fetch_fini(&f);
	tls_close(&t);
}

static void tls_wrong_name(void **state)
{
	struct tls_world t;
	struct http_target by_file = {.direct = true, .ca_file = t.ca_file};
	struct http_target any = {.direct = true, .insecure_skip_verify = true};
	struct http_fetch f;

	(void)state;
	tls_open(&t, "DNS:other.example");
	f = get_tls(&t, &by_file);
	expect_problem(&t.plain, &f, HTTP_FETCH_UNREACHABLE,
		       "its TLS certificate is for another name");
	assert_int_equal(raw_server_counts(t.plain.server).requests, 0);
	f = get_tls(&t, &any);
	run_expecting(&t.plain, &f, HTTP_FETCH_DONE);
	http_fetch_fini(&f);
	tls_close(&t);
}

/* A plain server is no TLS server; one that says nothing ends with the connect time-out, or with
 * the deadline if that is earlier. */
static void tls_handshake_fails(void **state)
{
	struct world *w = *state;
	struct http_client *client = world_client(10, 300);
	struct http_fetch f = get(w, "/plain");
	char url[64];

	snprintf(url, sizeof url, "https://127.0.0.1:%d/", raw_server_port(w->server));
	f.url = url;
	http_fetch(client, &f);
	assert_int_equal(f.end, HTTP_FETCH_UNREACHABLE);
	assert_string_equal(f.problem, "connecting took too long");
	assert_in_range(f.took_us, 250 * 1000, (300 + SLACK_MS) * 1000);
	f.deadline_ms = clock_now_ms() + 100;
	http_fetch(client, &f);
	assert_int_equal(f.end, HTTP_FETCH_TOO_SLOW);
	assert_string_equal(f.problem, "no connection stood in time");
	http_client_close(client);
}

/* ---- Proxies ---- */

static void proxy_of_the_environment(void **state)
{
	struct world *w = *state;
	struct raw_server *proxy = raw_server_open(misbehave, NULL);
	struct http_target by_environment = {.direct = false};
	struct http_fetch f;
	char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d", raw_server_port(proxy));
	setenv("http_proxy", url, 1);
	setenv("https_proxy", url, 1);

	f = get(w, "/plain");
	f.target = &by_environment;
	run_expecting(w, &f, HTTP_FETCH_DONE);
	expect_body(&f, "proxied");
	http_fetch_fini(&f);

	f = get(w, "/plain");
	run_expecting(w, &f, HTTP_FETCH_DONE);
	expect_body(&f, "hello");
	http_fetch_fini(&f);

	f = get(w, "/plain"); /* a refused tunnel: nothing was sent */
	f.target = &by_environment;
	f.url = "https://somewhere.example/";
	run_expecting(w, &f, HTTP_FETCH_UNREACHABLE);
	assert_int_equal(raw_server_counts(proxy).requests, 2);

	setenv("NO_PROXY", "other.example,127.0.0.1", 1);
	f = get(w, "/plain");
	f.target = &by_environment;
	run_expecting(w, &f, HTTP_FETCH_DONE);
	expect_body(&f, "hello");
	http_fetch_fini(&f);
	assert_int_equal(raw_server_counts(proxy).requests, 2);

	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("NO_PROXY");
	raw_server_close(proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_answer),
		TEST(type_and_retry_after),
		TEST(a_header_that_continues_nothing),
		TEST(what_is_sent),
		TEST(large_body_is_sent_without_asking),
		TEST(answers_without_body),
		TEST(redirect_is_not_followed),
		TEST(connection_is_kept),
		TEST(gzip_is_decoded),
		TEST(broken_answers),
		TEST(bytes_behind_an_answer_are_not_the_next_one),
		TEST(too_large_answers),
		TEST(slow_answers),
		TEST(unreachable),
		TEST(hanging_name),
		TEST(unsendable_requests),
		TEST(no_time_left),
		TEST(dead_connection_is_replaced),
		TEST(once_is_sent_once),
		cmocka_unit_test(tls_trust),
		cmocka_unit_test(tls_wrong_name),
		TEST(tls_handshake_fails),
		TEST(proxy_of_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
