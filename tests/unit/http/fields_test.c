/* Accept-Encoding and If-None-Match, as clients write them and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/fields.h"

enum { MOST_LINES = 3 };

/* The lines of one header, among others; the first NULL ends them. */
static size_t put(struct http_header *headers, const char *name, const char *const *lines)
{
	size_t count = 0;

	headers[count++] = (struct http_header){TEXT("Accept"), TEXT("gzip, \"tag\"")};
	for (size_t i = 0; i < MOST_LINES && lines[i] != NULL; i++)
		headers[count++] = (struct http_header){text_of(name), text_of(lines[i])};
	headers[count++] = (struct http_header){TEXT("TE"), TEXT("*")};
	return count;
}

static void codings_are_chosen(void **state)
{
	static const struct {
		const char *lines[MOST_LINES];
		enum http_coding coding;
	} rows[] = {
		{{NULL}, HTTP_PLAIN},
		{{""}, HTTP_PLAIN},
		{{","}, HTTP_PLAIN},
		{{"gzip"}, HTTP_GZIP},
		{{"GZip"}, HTTP_GZIP},
		{{"x-gzip"}, HTTP_GZIP},
		{{"gzip, deflate, br, zstd"}, HTTP_GZIP},
		{{"br,gzip"}, HTTP_GZIP},
		{{",, gzip ,"}, HTTP_GZIP},
		{{"deflate, br"}, HTTP_PLAIN},
		{{"gzipped"}, HTTP_PLAIN},
		{{"identity"}, HTTP_PLAIN},
		{{"*"}, HTTP_GZIP},
		{{"*;q=0"}, HTTP_PLAIN},
		{{"*;q=0.001"}, HTTP_GZIP},
		/* weights */
		{{"gzip;q=0"}, HTTP_PLAIN},
		{{"gzip;q=0.000"}, HTTP_PLAIN},
		{{"gzip;q=0."}, HTTP_PLAIN},
		{{"gzip;q=0.001"}, HTTP_GZIP},
		{{"gzip;q=1"}, HTTP_GZIP},
		{{"gzip;q=1."}, HTTP_GZIP},
		{{"gzip;q=1.000"}, HTTP_GZIP},
		{{"gzip;Q=0.5"}, HTTP_GZIP},
		{{"gzip \t;\t q=0.5"}, HTTP_GZIP},
		{{"gzip;q=0, *"}, HTTP_PLAIN},
		{{"*, gzip;q=0"}, HTTP_PLAIN},
		{{"gzip;q=0.5, identity"}, HTTP_PLAIN},
		{{"gzip;q=0.5, identity;q=0.4"}, HTTP_GZIP},
		{{"identity;q=0.5, *;q=0.6"}, HTTP_GZIP},
		{{"gzip;q=0.1, *;q=0.5"}, HTTP_PLAIN},
		{{"gzip, identity"}, HTTP_GZIP},
		{{"gzip, gzip;q=0"}, HTTP_PLAIN},
		/* without a plain form */
		{{"gzip, identity;q=0"}, HTTP_ONLY_GZIP},
		{{"gzip;q=0.5, *;q=0"}, HTTP_ONLY_GZIP},
		{{"*, identity;q=0"}, HTTP_ONLY_GZIP},
		{{"identity;q=0"}, HTTP_PLAIN},
		{{"identity;q=0, gzip;q=0"}, HTTP_PLAIN},
		{{"br, identity;q=0"}, HTTP_PLAIN},
		/* in several lines */
		{{"br", "gzip"}, HTTP_GZIP},
		{{"gzip", "identity;q=0"}, HTTP_ONLY_GZIP},
		{{"gzip", "identity;q="}, HTTP_PLAIN},
		/* no such list */
		{{"gzip;q=2"}, HTTP_PLAIN},
		{{"gzip;q=1.001"}, HTTP_PLAIN},
		{{"gzip;q=0.5555"}, HTTP_PLAIN},
		{{"gzip;q=.5"}, HTTP_PLAIN},
		{{"gzip;q=-1"}, HTTP_PLAIN},
		{{"gzip;q=0,5"}, HTTP_PLAIN},
		{{"gzip;q=1;q=1"}, HTTP_PLAIN},
		{{"gzip;q"}, HTTP_PLAIN},
		{{"gzip;"}, HTTP_PLAIN},
		{{"gzip; q = 1"}, HTTP_PLAIN},
		{{"gzip;level=1"}, HTTP_PLAIN},
		{{"gzip deflate"}, HTTP_PLAIN},
		{{"\"gzip\""}, HTTP_PLAIN},
		{{"gzip, \xC3\xA9"}, HTTP_PLAIN},
		{{";q=1, gzip"}, HTTP_PLAIN},
		{{"gzip/1"}, HTTP_PLAIN},
	};
	struct http_header headers[MOST_LINES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = put(headers, "accept-encoding", rows[i].lines);

		if (http_accepted_coding(headers, count) != rows[i].coding)
			fail_msg("%zu: %s", i, rows[i].lines[0]);
	}
}

static void tags_are_compared(void **state)
{
	static const struct {
		const char *lines[MOST_LINES];
		bool same; /* as "abc" */
	} rows[] = {
		{{NULL}, false},
		{{""}, false},
		{{"\"abc\""}, true},
		{{"W/\"abc\""}, true},
		{{"*"}, true},
		{{" * "}, true},
		{{"\"abc\"   "}, true},
		{{"\"x\", \"abc\""}, true},
		{{"\"x\",W/\"abc\",\"y\""}, true},
		{{",, \"x\" ,\t, \"abc\" ,"}, true},
		{{"\"a,b\", \"abc\""}, true},
		{{"\"\", \"abc\""}, true},
		{{"\"\xC3\xA9\", \"abc\""}, true},
		{{"\"back\\slash\", \"abc\""}, true},
		{{"\"x\"", "\"abc\""}, true},
		/* others */
		{{"\"ABC\""}, false},
		{{"\"abc-gzip\""}, false},
		{{"\"ab\""}, false},
		{{"\"abcd\""}, false},
		{{"\"x,\\\"abc\""}, false},
		/* no list of tags: nothing of it counts */
		{{"abc"}, false},
		{{"\"abc"}, false},
		{{"abc\""}, false},
		{{"'abc'"}, false},
		{{"w/\"abc\""}, false},
		{{"W\"abc\""}, false},
		{{"W/ \"abc\""}, false},
		{{"W/"}, false},
		{{"W/abc"}, false},
		{{"\""}, false},
		{{"\"abc\" \"x\""}, false},
		{{"\"abc\"\"x\""}, false},
		{{"\"abc\", x"}, false},
		{{"\"abc\"; x"}, false},
		{{"\"a b\", \"abc\""}, false},
		{{"\"a\tb\", \"abc\""}, false},
		{{"\"abc\", \"x"}, false},
		{{"*, \"abc\""}, false},
		{{"\"abc\", *"}, false},
		{{"**"}, false},
		{{"\"*\""}, false},
		{{"*", "\"abc\""}, false},
		{{"\"abc\"", "*"}, false},
		{{"*", "*"}, false},
		{{"\"abc\"", "x"}, false},
	};
	struct http_header headers[MOST_LINES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = put(headers, "if-none-match", rows[i].lines);

		if (http_has_already(headers, count, TEXT("\"abc\"")) != rows[i].same)
			fail_msg("%zu: %s", i, rows[i].lines[0]);
	}
}

static void kept_answers_are_declined(void **state)
{
	static const struct {
		const char *lines[MOST_LINES]; /* of Cache-Control */
		const char *pragma;
		bool anew;
	} rows[] = {
		{{NULL}, NULL, false},
		{{"no-cache"}, NULL, true},
		{{"NO-CACHE"}, NULL, true},
		{{"no-store"}, NULL, true},
		{{"max-age=0"}, NULL, true},
		{{"max-age = 0"}, NULL, true},
		{{"Max-Age=\"0\""}, NULL, true},
		{{"max-age=00"}, NULL, true},
		{{"private, , no-cache"}, NULL, true},
		{{"private", "no-cache"}, NULL, true},
		{{"no-cache=\"x\""}, NULL, true},
		{{NULL}, "no-cache", true},
		{{NULL}, "x, no-cache", true},
		/* others */
		{{""}, NULL, false},
		{{"max-age=1"}, NULL, false},
		{{"max-age=0x"}, NULL, false},
		{{"max-age=-0x"}, NULL, false},
		{{"max-age"}, NULL, false},
		{{"max-age="}, NULL, false},
		{{"max-stale=0"}, NULL, false},
		{{"no-cached"}, NULL, false},
		{{"only-if-cached"}, NULL, false},
		{{NULL}, "other", false},
		/* Pragma only counts alone. */
		{{"max-age=5"}, "no-cache", false},
		{{""}, "no-cache", false},
	};
	struct http_header headers[MOST_LINES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = 0;

		if (rows[i].lines[0] != NULL)
			count = put(headers, "cache-control", rows[i].lines);
		if (rows[i].pragma != NULL)
			headers[count++] =
				(struct http_header){TEXT("Pragma"), text_of(rows[i].pragma)};
		if (http_wants_anew(headers, count) != rows[i].anew)
			fail_msg("%zu: %s", i, rows[i].lines[0]);
	}
}

static void types_are_looked_for(void **state)
{
	static const struct {
		const char *lines[MOST_LINES];
		bool accepts;
	} rows[] = {
		{{NULL}, false},
		{{""}, false},
		{{"a/b"}, true},
		{{"A/B"}, true},
		{{"x/y, a/b"}, true},
		{{"x/y", "a/b"}, true},
		{{" a/b ; version=1.0.0 ; q=0.5 , x/y"}, true},
		{{"a/b;version=1.0.0;q=0"}, false},
		{{"a/b;q=0.000"}, false},
		{{"a/b;q=0.001"}, true},
		{{"a/b;q=0, a/b;version=2"}, true},
		{{"a/b;q=7"}, false},
		{{"a/b;q="}, false},
		{{"*/*"}, false},
		{{"a/*"}, false},
		{{"a/bc"}, false},
		{{"xa/b"}, false},
		{{";a/b"}, false},
	};
	struct http_header headers[MOST_LINES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = put(headers, "accept", rows[i].lines);

		if (http_accepts(headers, count, "a/b") != rows[i].accepts)
			fail_msg("%zu: %s", i, rows[i].lines[0]);
	}
}

static void types_are_weighed(void **state)
{
	static const struct {
		const char *lines[MOST_LINES];
		int wanted;
	} rows[] = {
		{{NULL}, 0},      {{"x/y"}, 0},
		{{"a/b"}, 1000},  {{"a/b;q=0.25, x/y"}, 250},
		{{"a/b;q=0"}, 0}, {{"a/b;v=1;q=0.1", "a/b;v=2;q=0.7,a/b;v=3;q=0.3"}, 700},
		{{"a/b;q=2"}, 0}, {{"a/b;q=0.1234"}, 0},
	};
	struct http_header headers[MOST_LINES + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = put(headers, "Accept", rows[i].lines);

		assert_int_equal(http_wants(headers, count, "a/b"), rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codings_are_chosen),   cmocka_unit_test(types_are_weighed),
		cmocka_unit_test(tags_are_compared),    cmocka_unit_test(kept_answers_are_declined),
		cmocka_unit_test(types_are_looked_for),
	};

	return cmocka_run_group_tests_name("http/fields", tests, NULL, NULL);
}
