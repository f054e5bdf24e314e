/* What the front understands, what it refuses and how it answers, over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "front.h"
#include "http/guard.h"

#define HOST "Host: a\r\n"
#define END  "Connection: close\r\n\r\n"

static struct front front;

static int start(void **state)
{
	(void)state;
	front_start(&front, front_options(), 5000);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	assert_true(front_stop(&front));
	return 0;
}

/* A whole conversation: the request, how the answer begins, and what its body is or holds. */
struct exchange {
	struct text request;
	const char *status;
	const char *body;
};

static void check(const struct exchange *rows, size_t count)
{
	char answer[WIRE_SIZE];

	for (size_t i = 0; i < count; i++) {
		wire_talk(&front, rows[i].request.ptr, rows[i].request.len, answer);
		if (!text_starts(text_of(answer), rows[i].status) ||
		    strstr(answer, rows[i].body) == NULL)
			fail_msg("row %zu: %s\ngave: %s", i, rows[i].request.ptr, answer);
	}
}

static void good_requests_are_understood(void **state)
{
	static const struct exchange rows[] = {
		{TEXT("GET /e?a=%2F+b&c HTTP/1.1\r\n" HOST END), "HTTP/1.1 200",
		 "\r\n\r\nGET /e|a=%2F+b&c|"},
		{TEXT("GET /%2e%41 HTTP/1.1\r\n" HOST END), "HTTP/1.1 200", "GET /%2e%41||"},
		{TEXT("GET http://a/e?x HTTP/1.1\r\n" HOST END), "HTTP/1.1 200", "GET /e|x|"},
		{TEXT("GET HTTPS://a?x HTTP/1.1\r\n" HOST END), "HTTP/1.1 200", "GET /|x|"},
		{TEXT("GET /e HTTP/1.0\r\n\r\n"), "HTTP/1.1 200", "GET /e||"},
		{TEXT("\r\nGET /e HTTP/1.1\r\n" HOST END), "HTTP/1.1 200", "GET /e||"},
		{TEXT("GET /e HTTP/1.1\r\nHost:a\r\nX: \t v w \t\r\nY:\r\nZ: \r\n" END),
		 "HTTP/1.1 200", "GET /e||"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "abcde"),
		 "HTTP/1.1 200", "POST /e||abcde"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END), "HTTP/1.1 200",
		 "POST /e||"},
		{TEXT("PUT /e HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n" END
		      "5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\nTrailer: 1\r\n\r\n"),
		 "HTTP/1.1 200", "PUT /e||abcdefgh"},
		{TEXT("GET /later?q HTTP/1.1\r\n" HOST END), "HTTP/1.1 200", "GET /later|q|"},
		{TEXT("GET /none HTTP/1.1\r\n" HOST END), "HTTP/1.1 204 No Content", "Date: "},
		{TEXT("GET /same HTTP/1.1\r\n" HOST END), "HTTP/1.1 304 Not Modified", "Date: "},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void bad_requests_are_refused(void **state)
{
	static const struct exchange rows[] = {
		/* the request line */
		{TEXT("BREW /e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405", "no such method"},
		{TEXT("get /e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405", "no such method"},
		{TEXT("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405", "no such method"},
		{TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "no path"},
		{TEXT("GET e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "no path"},
		{TEXT("GET ftp://a/e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "no path"},
		{TEXT("GET /e f HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "blank"},
		{TEXT("GET /e\x01 HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "control"},
		{TEXT("GET  /e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "request line"},
		{TEXT("GET /e\0f HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "request line"},
		{TEXT("GE\0T /e HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "request line"},
		{TEXT("GET /e HTTP/1.2\r\n" HOST "\r\n"), "HTTP/1.1 400", "version"},
		/* headers */
		{TEXT("GET /e HTTP/1.1\r\n\r\n"), "HTTP/1.1 400", "no Host"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST HOST "\r\n"), "HTTP/1.1 400",
		 "more than one Host"},
		{TEXT("GET /e HTTP/1.1\r\nHost: a, b\r\n\r\n"), "HTTP/1.1 400", "malformed Host"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X (Y): 1\r\n\r\n"), "HTTP/1.1 400", "token"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X : 1\r\n\r\n"), "HTTP/1.1 400", "token"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST ": 1\r\n\r\n"), "HTTP/1.1 400", "header"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: 1\r\n 2\r\n\r\n"), "HTTP/1.1 400",
		 "header line"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: 1\r\n\t\r\n\r\n"), "HTTP/1.1 400", "header"},
		{TEXT("GET /e HTTP/1.1\r\n X: 1\r\n" HOST "\r\n"), "HTTP/1.1 400", "header"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), "HTTP/1.1 400", "header line"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n"), "HTTP/1.1 400", "header line"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"), "HTTP/1.1 400", "control"},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), "HTTP/1.1 400", "control"},
		{TEXT("GET /e HTTP/1.1\nHost: a\n\n"), "HTTP/1.1 400", "header line"},
		{TEXT("GET /e HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"), "HTTP/1.1 400", "header line"},
		{TEXT("GET /e HTTP/1.1\r\nHost: a\r\n\n"), "HTTP/1.1 400", "header line"},
		/* the body's length */
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
		 "HTTP/1.1 400", "both"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
		      "Content-Length: 5\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"),
		 "HTTP/1.1 400", "both"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST
		      "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
		 "HTTP/1.1 400", "more than one Content-Length"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
		 "HTTP/1.1 400", "coding"},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		 "HTTP/1.1 400", "more than one Transfer-Encoding"},
		{TEXT("POST /e HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		 "HTTP/1.1 400", "coding"},
		/* answered by the library itself */
		{TEXT("GET /e HTTP/1.1\r\n" HOST "no colon\r\n\r\n"), "HTTP/1.1 400", ""},
		{TEXT("GET /e HTTP/1.1\r\n" HOST "X\0Y: 1\r\n\r\n"), "HTTP/1.1 400", ""},
		{TEXT("GET /e\r\n\r\n"), "HTTP/1.1 400", ""},
		{TEXT("GET /e HTTP/2.0\r\n" HOST "\r\n"), "HTTP/1.1 505", ""},
		{TEXT("POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
		 "HTTP/1.1 400", ""},
		{TEXT("\x16\x03\x01\x02\n\n"), "", ""},
	};
	uint64_t ours = 0;

	(void)state;
	check(rows, ARRAY_LEN(rows));
	/* Those that the library answers count unless the client is gone first. */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ours += rows[i].body[0] != '\0';
	assert_true(http_server_stats(front.server).refused >= ours);
	assert_int_equal(0, http_server_stats(front.server).requests);
}

/* The library would answer these itself, and badly. */
static void bad_lengths_get_one_answer(void **state)
{
	static const struct {
		const char *value;
		const char *status;
	} rows[] = {
		{"+2", "HTTP/1.1 400 Bad Request\r\n"},
		{"-2", "HTTP/1.1 400"},
		{"0x2", "HTTP/1.1 400"},
		{"2, 2", "HTTP/1.1 400"},
		{"2 2", "HTTP/1.1 400"},
		{"2;", "HTTP/1.1 400"},
		{"two", "HTTP/1.1 400"},
		{"", "HTTP/1.1 400"},
		{"18446744073709551615", "HTTP/1.1 413"},
		{"18446744073709551616", "HTTP/1.1 413"},
		{"1180591620717411303424", "HTTP/1.1 413"},
	};
	char answer[WIRE_SIZE];
	char request[256];

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		const char *status = rows[i / 2].status;
		int fd = wire_connect(&front);
		const char *body;

		/* Alone, and as the second request of a connection and in two pieces. */
		if (i % 2 == 1) {
			wire_say(fd, "GET /e HTTP/1.1\r\n" HOST "\r\n");
			wire_answer(fd, false, answer);
		}
		snprintf(request, sizeof request, "POST /x?y HTTP/1.1\r\nContent-Length: %s\r\n",
			 rows[i / 2].value);
		wire_say(fd, request);
		if (i % 2 == 1)
			clock_sleep_ms(20);
		wire_say(fd, HOST "\r\nabGET /smuggled HTTP/1.1\r\n" HOST "\r\n");
		wire_rest(fd, answer);
		close(fd);
		if (!text_starts(text_of(answer), status) || strstr(answer + 1, "HTTP/1.1") != NULL)
			fail_msg("%s gave %s", request, answer);
		assert_non_null(strstr(answer, "Connection: close\r\n"));
		assert_non_null(strstr(answer, "Date: "));
		body = strstr(answer, "\r\n\r\n") + 4;
		snprintf(request, sizeof request, "Content-Length: %zu\r\n", strlen(body));
		assert_non_null(strstr(answer, request));
		assert_non_null(strstr(body, i / 2 < 8 ? "Content-Length is not a number [/x?y]"
						       : "larger than 1000 bytes [/x?y]"));
	}
	EVENTUALLY(http_server_stats(front.server).connections == 0);
	assert_int_equal(2 * ARRAY_LEN(rows), http_server_stats(front.server).refused);
	assert_int_equal(ARRAY_LEN(rows), http_server_stats(front.server).requests);
	assert_int_equal(0, http_server_stats(front.server).in_flight);
}

/* The target is known also of what was refused for something else. */
static void refusals_know_the_target(void **state)
{
	static const struct exchange rows[] = {
		{TEXT("GET /a?b HTTP/1.1\r\n\r\n"), "HTTP/1.1 400", "no Host header [/a?b]"},
		{TEXT("BREW http://h/a?b HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405", "[/a?b]"},
		{TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "no path [*]"},
		{TEXT("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 405", "[a:1]"},
		{TEXT("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "[/]"},
		{TEXT("GET /a b HTTP/1.1\r\n" HOST "\r\n"), "HTTP/1.1 400", "[/]"},
		{TEXT("GET /a HTTP/1.1\r\n" HOST "Content-Length: 2000\r\n\r\n"), "HTTP/1.1 413",
		 "[/a]"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void a_refusal_ends_the_connection(void **state)
{
	static const char two[] = "GET /e HTTP/1.1\r\n\r\nGET /smuggled HTTP/1.1\r\n" HOST END;
	char answer[WIRE_SIZE];

	(void)state;
	wire_talk(&front, two, strlen(two), answer);
	assert_non_null(strstr(answer, "Connection: close"));
	assert_null(strstr(answer, "smuggled"));
}

/* A request with one header of len bytes; free() it. */
static char *with_header(size_t len)
{
	static const char before[] = "GET /e HTTP/1.1\r\n" HOST "Authorization: ";
	static const char behind[] = "\r\n" END;
	char *request = malloc(strlen(before) + len + sizeof behind);

	strcpy(request, before);
	memset(request + strlen(before), 'a', len);
	strcpy(request + strlen(before) + len, behind);
	return request;
}

static void headers_have_a_limit(void **state)
{
	static const struct {
		size_t len;
		const char *status;
	} rows[] = {
		{32 * 1024, "HTTP/1.1 200"},        {FRONT_MAX_HEADER - 100, "HTTP/1.1 200"},
		{FRONT_MAX_HEADER, "HTTP/1.1 413"}, {FRONT_MAX_HEADER + 20 * 1024, "HTTP/1.1 413"},
		{2000 * 1000, "HTTP/1.1 431"},
	};
	char answer[WIRE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *request = with_header(rows[i].len);

		wire_talk(&front, request, strlen(request), answer);
		free(request);
		assert_true(text_starts(text_of(answer), rows[i].status));
	}
}

/* As many headers as there may be, as long as they may be together: there is room for the answer.
 */
static void the_fullest_head_is_served(void **state)
{
	enum { MANY = GUARD_MAX_HEADERS - 2, EACH = (FRONT_MAX_HEADER - 100) / MANY };
	char *request = malloc(FRONT_MAX_HEADER + 1);
	char answer[WIRE_SIZE];
	char *at = request;

	(void)state;
	at += sprintf(at, "GET /wide HTTP/1.1\r\n" HOST);
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, "X-%03d: %0*d\r\n", i, EACH - 9, i);
	at += sprintf(at, END);
	assert_in_range(at - request, FRONT_MAX_HEADER - 200, FRONT_MAX_HEADER);
	wire_talk(&front, request, (size_t)(at - request), answer);
	free(request);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200"));
	assert_non_null(strstr(answer, "\r\nX-20: 000"));
}

static void many_headers_are_refused(void **state)
{
	char request[4096] = "GET /e HTTP/1.1\r\n" HOST;
	char answer[WIRE_SIZE];

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(request, "X: 1\r\n");
	strcat(request, "\r\n");
	wire_talk(&front, request, strlen(request), answer);
	assert_non_null(strstr(answer, "HTTP/1.1 413"));
}

static void body_over_the_limit_is_refused_unread(void **state)
{
	size_t size = 4 * 1000 * 1000;
	char *body = calloc(1, size);
	char answer[WIRE_SIZE];
	int fd;

	(void)state;
	/* The client sends it all before it reads; it must see the answer, not a reset. */
	fd = wire_connect(&front);
	wire_say(fd, "POST /e HTTP/1.1\r\n" HOST "Content-Length: 4000000\r\n\r\n");
	wire_send(fd, body, size);
	wire_rest(fd, answer);
	close(fd);
	free(body);
	assert_non_null(strstr(answer, "HTTP/1.1 413"));

	fd = wire_connect(&front);
	wire_say(fd, "POST /e HTTP/1.1\r\n" HOST
		     "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
	wire_rest(fd, answer);
	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 413"));
}

static void chunked_body_over_the_limit_is_refused(void **state)
{
	static const char head[] = "POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
	char chunk[5 + 500 + 2 + 1];
	char answer[WIRE_SIZE];
	int fd;

	(void)state;
	memset(chunk, 'a', sizeof chunk);
	memcpy(chunk, "1f4\r\n", 5);
	strcpy(chunk + 505, "\r\n");
	fd = wire_connect(&front);
	wire_say(fd, head);
	for (int i = 0; i < 3; i++)
		wire_say(fd, chunk);
	wire_say(fd, "0\r\n\r\n");
	wire_rest(fd, answer);
	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 413"));

	/* Far over it: no answer, but an end. */
	fd = wire_connect(&front);
	wire_say(fd, head);
	for (int i = 0; i < 10; i++)
		wire_say(fd, chunk);
	assert_int_equal(0, wire_rest(fd, answer));
	close(fd);
}

static void body_at_the_limit_is_taken(void **state)
{
	char body[FRONT_MAX_BODY + 1] = {0};
	char answer[WIRE_SIZE];
	int fd = wire_connect(&front);

	(void)state;
	memset(body, 'b', FRONT_MAX_BODY);
	wire_say(fd, "POST /e HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n" END);
	wire_say(fd, body);
	wire_rest(fd, answer);
	close(fd);
	assert_non_null(strstr(answer, body));
}

static void expect_is_met(void **state)
{
	char answer[WIRE_SIZE];
	int fd = wire_connect(&front);

	(void)state;
	wire_say(fd,
		 "POST /e HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	wire_answer(fd, true, answer);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 100 "));
	wire_say(fd, "abcde");
	wire_answer(fd, false, answer);
	close(fd);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "POST /e||abcde"));
}

static void connection_is_kept(void **state)
{
	char answer[WIRE_SIZE];
	int fd = wire_connect(&front);

	(void)state;
	for (int i = 0; i < 50; i++) {
		wire_say(fd, i % 2 == 0 ? "GET /e HTTP/1.1\r\n" HOST "\r\n"
					: "GET /later HTTP/1.1\r\n" HOST "\r\n");
		wire_answer(fd, false, answer);
		assert_non_null(strstr(answer, i % 2 == 0 ? "GET /e||" : "GET /later||"));
	}
	assert_int_equal(1, http_server_stats(front.server).connections);
	assert_int_equal(50, http_server_stats(front.server).requests);
	close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	char requests[4096] = "";
	char answer[WIRE_SIZE];
	char expected[64];
	int fd = wire_connect(&front);

	(void)state;
	for (int i = 0; i < 20; i++)
		snprintf(requests + strlen(requests), sizeof requests - strlen(requests),
			 "POST /%s?n=%d HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab",
			 i % 3 == 0 ? "later" : "e", i);
	wire_say(fd, requests);
	for (int i = 0; i < 20; i++) {
		snprintf(expected, sizeof expected, "|n=%d|ab", i);
		wire_answer(fd, false, answer);
		assert_non_null(strstr(answer, expected));
	}
	close(fd);
}

static void head_gets_the_length_alone(void **state)
{
	char answer[WIRE_SIZE];
	int fd = wire_connect(&front);

	(void)state;
	wire_say(fd, "HEAD /e HTTP/1.1\r\n" HOST "\r\n");
	wire_answer(fd, true, answer);
	assert_non_null(strstr(answer, "Content-Length: 9\r\n")); /* of "HEAD /e||" */
	wire_say(fd, "HEAD /big HTTP/1.1\r\n" HOST "\r\n");
	wire_answer(fd, true, answer);
	assert_non_null(strstr(answer, "Content-Length: 3145728\r\n"));
	wire_say(fd, "GET /none HTTP/1.1\r\n" HOST "\r\nGET /same HTTP/1.1\r\n" HOST
		     "\r\nGET /e HTTP/1.1\r\n" HOST "\r\n");
	wire_answer(fd, true, answer);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 204 "));
	assert_null(strstr(answer, "Content-Length"));
	wire_answer(fd, true, answer);
	assert_true(text_starts(text_of(answer), "HTTP/1.1 304 "));
	assert_non_null(strstr(answer, "Content-Length: 3145728\r\n")); /* as 200 has it */
	wire_answer(fd, false, answer);
	assert_non_null(strstr(answer, "\r\n\r\nGET /e||"));
	close(fd);
}

static void large_answer_arrives_whole(void **state)
{
	char answer[WIRE_SIZE];
	size_t total;
	int fd = wire_connect(&front);

	(void)state;
	wire_say(fd, "GET /big HTTP/1.1\r\n" HOST END);
	total = wire_rest(fd, answer);
	close(fd);
	assert_int_equal(FRONT_BIG, total - (size_t)(strstr(answer, "\r\n\r\n") + 4 - answer));
}

static void a_request_in_pieces_is_understood(void **state)
{
	static const char request[] = "POST /e HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc";
	char answer[WIRE_SIZE];
	int fd = wire_connect(&front);

	(void)state;
	for (size_t i = 0; i < strlen(request); i++) {
		wire_send(fd, request + i, 1);
		usleep(500);
	}
	wire_rest(fd, answer);
	close(fd);
	assert_non_null(strstr(answer, "POST /e||abc"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_requests_are_understood),
		TEST(bad_requests_are_refused),
		TEST(bad_lengths_get_one_answer),
		TEST(refusals_know_the_target),
		TEST(a_refusal_ends_the_connection),
		TEST(headers_have_a_limit),
		TEST(the_fullest_head_is_served),
		TEST(many_headers_are_refused),
		TEST(body_over_the_limit_is_refused_unread),
		TEST(chunked_body_over_the_limit_is_refused),
		TEST(body_at_the_limit_is_taken),
		TEST(expect_is_met),
		TEST(connection_is_kept),
		TEST(pipelined_requests_are_answered_in_order),
		TEST(head_gets_the_length_alone),
		TEST(large_answer_arrives_whole),
		TEST(a_request_in_pieces_is_understood),
	};

	return cmocka_run_group_tests_name("http/server", tests, NULL, NULL);
}
