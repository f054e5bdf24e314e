/* What the guard lets through, given heads cut up the way the library does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/guard.h"

static const struct guard_limits limits = {.max_header_bytes = 4096, .max_body_bytes = 1000};

/* A head in memory of exactly its size, so that a read behind it is found. */
struct parsed {
	char *bytes;
	struct http_header headers[GUARD_MAX_HEADERS + 1];
	struct guard_head head;
};

static char *end_at(char *from, const char *stops)
{
	char *at = from + strcspn(from, stops);

	*at = '\0';
	return at;
}

/* Cuts a well-formed head the way the library does: in place, blanks before a value skipped. */
static void parse(struct parsed *p, const char *text)
{
	size_t size = strlen(text);
	char *copy = malloc(size + 1);
	char *at = copy;

	memset(p, 0, sizeof *p);
	memcpy(copy, text, size + 1);
	p->bytes = copy;
	p->head.method = at;
	at = end_at(at, " ") + 1;
	p->head.target.ptr = at;
	at = end_at(at, " ") + 1;
	p->head.target.len = (size_t)(at - 1 - p->head.target.ptr);
	p->head.version = at;
	at = end_at(at, "\r") + 2;
	while (*at != '\r') {
		struct http_header *h = &p->headers[p->head.header_count++];
		char *value = end_at(at, ":") + 1;

		value += strspn(value, " \t");
		h->name = text_of(at);
		at = end_at(value, "\r") + 2;
		h->value = text_trim(text_of(value));
	}
	p->head.headers = p->headers;
	p->head.size = size;
}

static bool passes(const char *text, struct error *err)
{
	struct parsed p;
	bool ok;

	parse(&p, text);
	ok = guard_head(&p.head, &limits, err);
	free(p.bytes);
	return ok;
}

static void heads(void **state)
{
	static const struct {
		const char *head;
		int kind; /* -1: passes */
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", -1},
		{"GET / HTTP/1.0\r\n\r\n", -1},
		{"PATCH /a?b HTTP/1.1\r\nhost:a\r\nX:  1 \t\r\nY:\r\n\r\n", -1},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", -1},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n", -1},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", ERROR_TOO_LARGE},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
		 ERROR_TOO_LARGE},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
		 ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n",
		 ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
		 ERROR_INPUT},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n", ERROR_INPUT},
		{"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\nHost: a\r\nX\x80: 1\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: \x7F\r\n\r\n", ERROR_INPUT},
		{"GET / HTTP/1.3\r\nHost: a\r\n\r\n", ERROR_INPUT},
		{"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_METHOD},
		{"Get / HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_METHOD},
		{"GET, / HTTP/1.1\r\nHost: a\r\n\r\n", ERROR_METHOD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {.message = ""};
		bool ok = passes(rows[i].head, &err);

		if (ok != (rows[i].kind < 0) || (!ok && (int)err.kind != rows[i].kind))
			fail_msg("%s: %d %s", rows[i].head, ok, err.message);
	}
}

static void an_unknown_method_is_told_the_known(void **state)
{
	struct error err;

	(void)state;
	assert_false(passes("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", &err));
	assert_non_null(strstr(err.allow, "PATCH"));
}

/* Each byte between two pieces counts: moving, adding or dropping one is noticed. */
static void gaps_are_noticed(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";
	struct error err;
	struct parsed p;

	(void)state;
	parse(&p, text);
	assert_true(guard_head(&p.head, &limits, &err));
	p.head.size--; /* a line end of one byte at the end */
	assert_false(guard_head(&p.head, &limits, &err));
	p.head.size++;
	p.headers[0].value.len = 0; /* hidden behind a NUL */
	assert_false(guard_head(&p.head, &limits, &err));
	p.headers[0].value.len = 1;
	p.headers[1].name = TEXT("X"); /* copied elsewhere, as folded lines are */
	assert_false(guard_head(&p.head, &limits, &err));
	p.head.header_count--; /* a line left out */
	assert_false(guard_head(&p.head, &limits, &err));
	p.head.target.len++;
	assert_false(guard_head(&p.head, &limits, &err));
	free(p.bytes);
}

static void heads_have_limits(void **state)
{
	char text[8192] = "GET / HTTP/1.1\r\nHost: a\r\n";
	struct error err;

	(void)state;
	for (int i = 0; i < GUARD_MAX_HEADERS; i++)
		strcat(text, "X: 1\r\n");
	strcat(text, "\r\n");
	assert_false(passes(text, &err));
	assert_int_equal(ERROR_TOO_LARGE, err.kind);

	strcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(text + strlen(text), 'x', 4096);
	strcpy(text + 4096, "\r\n\r\n");
	assert_false(passes(text, &err));
	assert_int_equal(ERROR_TOO_LARGE, err.kind);
}

static void targets(void **state)
{
	static const struct {
		struct text raw;
		const char *path; /* NULL: refused */
		const char *query;
	} rows[] = {
		{TEXT("/"), "/", ""},
		{TEXT("/a/b?c=d?e"), "/a/b", "c=d?e"},
		{TEXT("/?"), "/", ""},
		{TEXT("//a"), "//a", ""},
		{TEXT("http://host:1/a?b"), "/a", "b"},
		{TEXT("HTTPS://host"), "/", ""},
		{TEXT("http://host?b"), "/", "b"},
		{TEXT("http://"), "/", ""},
		{TEXT(""), NULL, NULL},
		{TEXT("*"), NULL, NULL},
		{TEXT("a"), NULL, NULL},
		{TEXT("?a"), NULL, NULL},
		{TEXT("ftp://host/a"), NULL, NULL},
		{TEXT("host:443"), NULL, NULL},
		{TEXT("/a b"), NULL, NULL},
		{TEXT("/a\tb"), NULL, NULL},
		{TEXT("/a\0b"), NULL, NULL},
		{TEXT("/\x7F"), NULL, NULL},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct guard_target out;
		struct error err;
		bool ok = guard_split_target(&a, rows[i].raw, &out, &err);

		assert_int_equal(rows[i].path != NULL, ok);
		if (!ok) {
			assert_int_equal(ERROR_INPUT, err.kind);
			continue;
		}
		assert_true(text_is(out.path, rows[i].path));
		assert_true(text_is(out.query, rows[i].query));
		assert_ptr_equal(out.target.ptr, out.path.ptr);
	}
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
		cmocka_unit_test(an_unknown_method_is_told_the_known),
		cmocka_unit_test(gaps_are_noticed),
		cmocka_unit_test(heads_have_limits),
		cmocka_unit_test(targets),
	};

	return cmocka_run_group_tests_name("http/guard", tests, NULL, NULL);
}
