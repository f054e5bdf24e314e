/* Base64: RFC 4648's examples, what is refused, line breaks, and sizes around the decoder's pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/base64.h"

static void the_standards_examples(void **state)
{
	static const struct {
		const char *encoded;
		const char *decoded;
	} rows[] = {
		{"Zg==", "f"},        {"Zm8=", "fo"},        {"Zm9v", "foo"},
		{"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 100);
		buf_add_string(&out, "> ");
		assert_true(base64_decode(text_of(rows[i].encoded), &out));
		assert_string_equal(out.ptr + 2, rows[i].decoded);
		buf_fini(&out);
	}
}

static void what_is_not_base64_from_end_to_end_is_refused(void **state)
{
	static const struct text bad[] = {
		TEXT(""),
		{NULL, 0},
		TEXT("\n"),
		TEXT("="),
		TEXT("===="),
		TEXT("A==="),
		TEXT("Zg"),
		TEXT("Zg="),
		TEXT("Zg==Zg=="),
		TEXT("Z=g="),
		TEXT("Zm9v "),
		TEXT(" Zm9v"),
		TEXT("Zm9v\tZm9v"),
		TEXT("Zm9-"),
		TEXT("Zm9_"),
		TEXT("Zm9v\0"),
		TEXT("Zm9\0"),
		TEXT("Zm9\x80"),
		TEXT("apiVersion: v1\nkind: Config\n"),
		TEXT("{\"kubeConfig\":1}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf out;

		buf_init(&out, 100);
		buf_add_string(&out, "kept");
		assert_false(base64_decode(bad[i], &out));
		assert_string_equal(out.ptr, "kept");
		buf_fini(&out);
	}
}

static void line_breaks_do_not_count(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(base64_decode(TEXT("Zm9v\r\nYmFy\nZg==\n"), &out));
	assert_string_equal(out.ptr, "foobarf");
	buf_fini(&out);
}

static void what_passes_the_ceiling_is_refused(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 5);
	assert_false(base64_decode(TEXT("Zm9vYmFy"), &out));
	buf_fini(&out);
}

/* letters 'A', which are zero bits, with breaks where a mask has its bits; the decoder is fed piece
 * by piece, and what it keeps between two of them depends on both. */
static void decode_zeros(size_t letters, size_t first_break, size_t breaks)
{
	size_t len = letters + breaks;
	char *encoded = malloc(len);
	struct buf out;

	assert_non_null(encoded);
	memset(encoded, 'A', len);
	for (size_t i = 0; i < breaks; i++)
		encoded[(first_break + i * 37) % len] = '\n';
	/* Two breaks may have fallen together: the letters must stay a multiple of four. */
	letters = 0;
	for (size_t i = 0; i < len; i++)
		letters += encoded[i] == 'A';
	len -= letters % 4;
	letters -= letters % 4;
	buf_init(&out, 100000);
	if (base64_decode((struct text){encoded, len}, &out)) {
		assert_int_equal(out.len, letters / 4 * 3);
		for (size_t i = 0; i < out.len; i++)
			assert_int_equal(out.ptr[i], 0);
	}
	buf_fini(&out);
	free(encoded);
}

static void long_texts_with_breaks_anywhere(void **state)
{
	(void)state;
	for (size_t letters = 8100; letters < 8300; letters += 4)
		for (size_t breaks = 0; breaks < 12; breaks++)
			decode_zeros(letters, 4090 + breaks, breaks);
}

/*
 * The most that one piece of the input can give: 63 letters are kept of the piece before, and three
 * breaks make the end of this one fall on a whole group.
 */
static void a_piece_that_gives_more_than_its_share(void **state)
{
	enum { LETTERS = 4095 + 4093, LEN = 2 * 4096 };
	char *encoded = malloc(LEN);
	struct buf out;

	(void)state;
	assert_non_null(encoded);
	memset(encoded, 'A', LEN);
	encoded[4095] = '\n';
	encoded[4096] = '\n';
	encoded[4097] = '\n';
	encoded[4098] = '\n';
	buf_init(&out, 100000);
	assert_true(base64_decode((struct text){encoded, LEN}, &out));
	assert_int_equal(out.len, LETTERS / 4 * 3);
	buf_fini(&out);
	free(encoded);
}

static void every_byte_comes_back(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char encoded[4 * 4096];
	struct buf out;
	size_t len = 0;

	(void)state;
	/* The bytes 0, 1, 2, ... in groups of three. */
	for (unsigned i = 0; i + 2 < 3 * 4096; i += 3) {
		unsigned group = (i & 0xFF) << 16 | ((i + 1) & 0xFF) << 8 | ((i + 2) & 0xFF);

		for (int shift = 18; shift >= 0; shift -= 6)
			encoded[len++] = alphabet[group >> shift & 63];
	}
	buf_init(&out, 100000);
	assert_true(base64_decode((struct text){encoded, len}, &out));
	assert_int_equal(out.len, 3 * 4096);
	for (size_t i = 0; i < out.len; i++)
		assert_int_equal((unsigned char)out.ptr[i], i & 0xFF);
	buf_fini(&out);
}

static void encoding_is_padded(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff\xfe", "+//+"}};
	struct buf out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&out, 100);
		base64_encode(text_of(rows[i][0]), &out);
		assert_true(text_is(buf_text(&out), rows[i][1]));
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_examples),
		cmocka_unit_test(what_is_not_base64_from_end_to_end_is_refused),
		cmocka_unit_test(line_breaks_do_not_count),
		cmocka_unit_test(what_passes_the_ceiling_is_refused),
		cmocka_unit_test(long_texts_with_breaks_anywhere),
		cmocka_unit_test(a_piece_that_gives_more_than_its_share),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(encoding_is_padded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
