/* Putting URLs together and taking them apart; finding headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/http.h"

static void values_cannot_leave_their_place(void **state)
{
	static const struct {
		const char *value;
		const char *url;
	} rows[] = {
		{"abc-XYZ_0.9~", "/v1/abc-XYZ_0.9~/x"},
		{"", "/v1//x"},
		{NULL, "/v1//x"},
		{"a/b", "/v1/a%2Fb/x"},
		{".", "/v1/%2E/x"},
		{"..", "/v1/%2E%2E/x"},
		{"...", "/v1/.../x"},
		{"..a", "/v1/..a/x"},
		{"a?b#c&d=e+f", "/v1/a%3Fb%23c%26d%3De%2Bf/x"},
		{"%2e", "/v1/%252e/x"},
		{" \r\n\t", "/v1/%20%0D%0A%09/x"},
		{"\xC3\xA9\xFF", "/v1/%C3%A9%FF/x"},
		{"%s%d", "/v1/%25s%25d/x"},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(rows[i].url, http_url(&a, "/v1/%s/x", rows[i].value));
	assert_string_equal("/a?x=1%202&y=-7&z=%2F",
			    http_url(&a, "/a?x=%s&y=%d&z=%%2F", "1 2", -7));
	assert_string_equal("", http_url(&a, "%s", ""));
	arena_fini(&a);
}

static void decoding(void **state)
{
	static const struct {
		struct text raw;
		bool form;
		const char *out; /* NULL: refused */
	} rows[] = {
		{TEXT(""), false, ""},
		{TEXT("abc"), false, "abc"},
		{TEXT("a%2Fb%2f"), false, "a/b/"},
		{TEXT("a+b"), false, "a+b"},
		{TEXT("a+b%2B"), true, "a b+"},
		{TEXT("%C3%A9"), false, "\xC3\xA9"},
		{TEXT("\xC3%A9"), false, "\xC3\xA9"},
		{TEXT("%2525"), false, "%25"},
		{TEXT("%"), false, NULL},
		{TEXT("%4"), false, NULL},
		{TEXT("a%4"), false, NULL},
		{TEXT("%4G"), false, NULL},
		{TEXT("%G4"), false, NULL},
		{TEXT("%+4"), false, NULL},
		{TEXT("%%41"), false, NULL},
		{TEXT("%00"), false, NULL},
		{TEXT("a\0b"), false, NULL},
		{TEXT("%FF"), false, NULL},
		{TEXT("%C0%AF"), false, NULL},
		{TEXT("%ED%A0%80"), false, NULL},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text out = TEXT("untouched");
		bool ok = http_url_decode(&a, rows[i].raw, rows[i].form, &out);

		assert_int_equal(rows[i].out != NULL, ok);
		assert_string_equal(ok ? rows[i].out : "untouched", out.ptr);
		assert_int_equal(strlen(out.ptr), out.len);
	}
	arena_fini(&a);
}

static void what_was_encoded_decodes(void **state)
{
	char value[128];
	struct text out;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < 127; i++)
		value[i] = (char)(i + 1);
	value[127] = '\0';
	assert_true(http_url_decode(&a, text_of(http_url(&a, "%s", value)), true, &out));
	assert_string_equal(value, out.ptr);
	arena_fini(&a);
}

static void headers_are_found_by_name(void **state)
{
	static const struct http_header headers[] = {
		{TEXT("Accept"), TEXT("1")},
		{TEXT("X-Token"), TEXT("2")},
		{TEXT("x-token"), TEXT("3")},
	};

	(void)state;
	assert_ptr_equal(&headers[1], http_header_find(headers, 3, "X-TOKEN"));
	assert_ptr_equal(&headers[0], http_header_find(headers, 3, "accept"));
	assert_null(http_header_find(headers, 3, "X-Toke"));
	assert_null(http_header_find(headers, 1, "X-Token"));
	assert_null(http_header_find(NULL, 0, "X-Token"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_cannot_leave_their_place),
		cmocka_unit_test(decoding),
		cmocka_unit_test(what_was_encoded_decodes),
		cmocka_unit_test(headers_are_found_by_name),
	};

	return cmocka_run_group_tests_name("http/url", tests, NULL, NULL);
}
