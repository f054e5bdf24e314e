/* Text: comparing, cutting, numbers, UTF-8, distance; the empty text in both its forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const struct text nothing = {NULL, 0};

static void empty_text_is_empty_whether_null_or_not(void **state)
{
	struct text rest = nothing;
	struct text piece;
	int64_t number;

	(void)state;
	assert_int_equal(text_of(NULL).len, 0);
	assert_true(text_equal(nothing, TEXT("")));
	assert_true(text_is(nothing, ""));
	assert_true(text_equal_nocase(nothing, TEXT("")));
	assert_true(text_starts(TEXT("x"), ""));
	assert_true(text_ends(TEXT("x"), ""));
	assert_int_equal(text_trim(nothing).len, 0);
	assert_int_equal(text_slice(nothing, 0, SIZE_MAX).len, 0);
	assert_int_equal(text_slice(nothing, 7, 7).len, 0);
	assert_int_equal(text_find(nothing, 'x'), SIZE_MAX);
	assert_true(text_is_utf8(nothing));
	assert_false(text_to_int(nothing, &number));
	assert_false(text_next(&rest, ',', &piece));
	assert_int_equal(text_distance(nothing, TEXT("abc")), 3);
}

static void comparing(void **state)
{
	(void)state;
	assert_false(text_equal(TEXT("a"), TEXT("b")));
	assert_false(text_equal(TEXT("a"), TEXT("ab")));
	assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
	assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
	assert_true(text_equal_nocase(TEXT("ProjectUid"), TEXT("PROJECTUID")));
	assert_false(text_equal_nocase(TEXT("[\x5D"), TEXT("{}")));
	/* Bytes outside of ASCII have no case here. */
	assert_false(text_equal_nocase(TEXT("\xC3\x84"), TEXT("\xC3\xA4")));
	assert_true(text_starts(TEXT("abc"), "ab"));
	assert_false(text_starts(TEXT("a"), "ab"));
	assert_true(text_ends(TEXT("abc"), "bc"));
	assert_false(text_ends(TEXT("c"), "bc"));
}

static void cutting(void **state)
{
	(void)state;
	assert_true(text_is(text_trim(TEXT(" \t\r\n a b \n")), "a b"));
	assert_true(text_is(text_trim(TEXT(" \t ")), ""));
	assert_true(text_is(text_slice(TEXT("abcdef"), 2, 3), "cde"));
	assert_true(text_is(text_slice(TEXT("abcdef"), 2, SIZE_MAX), "cdef"));
	assert_true(text_is(text_slice(TEXT("abcdef"), 6, 1), ""));
	assert_true(text_is(text_slice(TEXT("abcdef"), SIZE_MAX, SIZE_MAX), ""));
	assert_int_equal(text_find(TEXT("abca"), 'a'), 0);
	assert_int_equal(text_find(TEXT("abca"), 'c'), 2);
	assert_int_equal(text_find(TEXT("a\0b"), 'b'), 2);
}

static void pieces_between_separators(void **state)
{
	static const struct {
		const char *whole;
		const char *pieces[4];
	} rows[] = {
		{"a,,b", {"a", "", "b"}},
		{"", {""}},
		{",", {"", ""}},
		{"one", {"one"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text rest = text_of(rows[i].whole);
		struct text piece;
		size_t count = 0;

		while (text_next(&rest, ',', &piece)) {
			assert_non_null(rows[i].pieces[count]);
			assert_true(text_is(piece, rows[i].pieces[count]));
			count++;
		}
		assert_null(rows[i].pieces[count]);
		assert_null(rest.ptr);
	}
}

static void whole_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
	} good[] = {
		{"0", 0},
		{"-0", 0},
		{"+7", 7},
		{"007", 7},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
	};
	static const char *const bad[] = {
		"",
		"-",
		"+",
		"--1",
		"1 ",
		" 1",
		"1.0",
		"1e3",
		"0x10",
		"9223372036854775808",
		"-9223372036854775809",
		"18446744073709551616",
		"99999999999999999999999999",
	};
	int64_t number = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(text_to_int(text_of(good[i].text), &number));
		assert_true(number == good[i].number);
	}
	number = 42;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(text_to_int(text_of(bad[i]), &number));
	assert_int_equal(number, 42);
}

static void utf8(void **state)
{
	static const struct text good[] = {
		TEXT("plain"),
		TEXT("a\0b"),
		TEXT("\xC2\x80"),
		TEXT("\xDF\xBF"),
		TEXT("\xE0\xA0\x80"),
		TEXT("\xED\x9F\xBF"),
		TEXT("\xEF\xBF\xBF"),
		TEXT("\xF0\x90\x80\x80"),
		TEXT("\xF4\x8F\xBF\xBF"),
	};
	static const struct text bad[] = {
		TEXT("\x80"),
		TEXT("\xC0\x80"),         /* overlong */
		TEXT("\xC1\xBF"),         /* overlong */
		TEXT("\xE0\x9F\xBF"),     /* overlong */
		TEXT("\xF0\x8F\xBF\xBF"), /* overlong */
		TEXT("\xED\xA0\x80"),     /* a surrogate */
		TEXT("\xF4\x90\x80\x80"), /* above U+10FFFF */
		TEXT("\xF5\x80\x80\x80"),
		TEXT("\xC2"),
		TEXT("\xE2\x82"),
		TEXT("\xF0\x9F\x98"),
		TEXT("\xE2\x82z"),
		TEXT("\xF0\x9F\x98z"),
		TEXT("ok\xFF"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(text_is_utf8(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(text_is_utf8(bad[i]));
}

static void distance(void **state)
{
	char long_word[300];

	(void)state;
	memset(long_word, 'x', sizeof long_word);
	assert_int_equal(text_distance(TEXT("listen"), TEXT("lisen")), 1);
	assert_int_equal(text_distance(TEXT("kitten"), TEXT("sitting")), 3);
	assert_int_equal(text_distance(TEXT("Listen"), TEXT("lISTEN")), 0);
	assert_int_equal(text_distance(TEXT("abc"), TEXT("")), 3);
	assert_int_equal(
		text_distance((struct text){long_word, 300}, (struct text){long_word, 200}), 0);
	assert_int_equal(text_distance((struct text){long_word, 300}, TEXT("")), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_text_is_empty_whether_null_or_not),
		cmocka_unit_test(comparing),
		cmocka_unit_test(cutting),
		cmocka_unit_test(pieces_between_separators),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(utf8),
		cmocka_unit_test(distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
