/* Text from outside, for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/visible.h"
#include "json/json.h"

static void assert_shows(struct text t, const char *wanted)
{
	struct buf out;

	buf_init(&out, 1024);
	visible_add(&out, t);
	assert_true(buf_complete(&out));
	assert_string_equal(out.len == 0 ? "" : out.ptr, wanted);
	buf_fini(&out);
}

static void plain_text_stays(void **state)
{
	(void)state;
	assert_shows(TEXT(""), "");
	assert_shows(TEXT("ada.lovelace+x@b.test"), "ada.lovelace+x@b.test");
	assert_shows(TEXT("caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"),
		     "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80");
}

static void what_disturbs_a_terminal_is_escaped(void **state)
{
	static const char turning[] = {'a', '\xe2', '\x80', '\xae', 'm', 'o', 'c'};

	(void)state;
	assert_shows((struct text){turning, sizeof turning}, "a\\u202emoc");
	assert_shows(TEXT("\x1b[2J\a\r\n\t\0\x7f"),
		     "\\u001b[2J\\u0007\\u000d\\u000a\\u0009\\u0000\\u007f");
	assert_shows(TEXT("\xc2\x9b"
			  "31m\xc2\x80"),
		     "\\u009b31m\\u0080");
	assert_shows(TEXT("\xe2\x80\x8fmoc.a@b\xef\xbb\xbf"), "\\u200fmoc.a@b\\ufeff");
	assert_shows(TEXT("\xf3\xa0\x81\x81"), "\\udb40\\udc41"); /* U+E0041 */
	assert_shows(TEXT("\\u001b"), "\\\\u001b");
}

static void what_is_no_utf8_is_told_apart(void **state)
{
	(void)state;
	assert_shows(TEXT("a\x9b\xff\xc2"), "a\\x9b\\xff\\xc2");
	assert_shows(TEXT("\xc0\x9b\xed\xa0\x80\xf0\x9f\x98z"),
		     "\\xc0\\x9b\\xed\\xa0\\x80\\xf0\\x9f\\x98z");
}

static bool is_harmless(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < t.len && (unsigned char)t.ptr[i + 1] < 0xa0)
			return false;
	}
	return text_is_utf8(t);
}

static void no_bytes_get_through(void **state)
{
	unsigned char bytes[24];
	struct buf out;

	(void)state;
	srandom(1);
	buf_init(&out, 1024);
	for (int i = 0; i < 100000; i++) {
		size_t len = (size_t)random() % sizeof bytes;

		for (size_t at = 0; at < len; at++)
			bytes[at] = (unsigned char)(random() % 3 == 0 ? 0x80 + random() % 0x20
								      : random());
		buf_truncate(&out, 0);
		visible_add(&out, (struct text){(const char *)bytes, len});
		assert_true(buf_complete(&out));
		assert_true(is_harmless(buf_text(&out)));
		assert_true(visible_columns(buf_text(&out)) <= out.len);
	}
	buf_fini(&out);
}

/* Each character there is: JSON that went through means what it meant before. */
static void json_stays_the_same_value(void **state)
{
	struct arena arena;
	struct buf before;
	struct buf after;

	(void)state;
	buf_init(&before, 64);
	buf_init(&after, 64);
	for (uint32_t code = 1; code < 0x110000; code++) {
		char bytes[4];
		struct text read = {NULL, 0};
		struct text t = {bytes, 0};

		if (code < 0x80)
			bytes[t.len++] = (char)code;
		else if (code < 0x800)
			bytes[t.len++] = (char)(0xc0 | code >> 6);
		else if (code < 0x10000)
			bytes[t.len++] = (char)(0xe0 | code >> 12);
		else
			bytes[t.len++] = (char)(0xf0 | code >> 18);
		if (code >= 0x10000)
			bytes[t.len++] = (char)(0x80 | (code >> 12 & 0x3f));
		if (code >= 0x800)
			bytes[t.len++] = (char)(0x80 | (code >> 6 & 0x3f));
		if (code >= 0x80)
			bytes[t.len++] = (char)(0x80 | (code & 0x3f));
		if (!text_is_utf8(t))
			continue;
		buf_truncate(&before, 0);
		buf_truncate(&after, 0);
		json_put_string(&before, t);
		visible_add_json(&after, buf_text(&before));
		arena_init(&arena);
		assert_true(is_harmless(buf_text(&after)));
		assert_true(json_unescape(&arena, buf_text(&after), &read));
		assert_true(text_equal(read, t));
		arena_fini(&arena);
	}
	buf_fini(&before);
	buf_fini(&after);
}

static void columns_are_of_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(visible_columns(TEXT("")), 0);
	assert_int_equal(visible_columns(TEXT("a@b")), 3);
	assert_int_equal(visible_columns(TEXT("caf\xc3\xa9")), 4);
	assert_int_equal(visible_columns(TEXT("cafe\xcc\x81")), 4);             /* combining */
	assert_int_equal(visible_columns(TEXT("\xe4\xb8\xad\xe6\x96\x87")), 4); /* wide */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(what_disturbs_a_terminal_is_escaped),
		cmocka_unit_test(what_is_no_utf8_is_told_apart),
		cmocka_unit_test(no_bytes_get_through),
		cmocka_unit_test(json_stays_the_same_value),
		cmocka_unit_test(columns_are_of_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
