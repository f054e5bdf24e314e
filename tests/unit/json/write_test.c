/* The writer: strings, commas, nesting, ceilings, and that what it writes is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static const struct {
	struct text given;
	const char *written;
} strings[] = {
	{TEXT(""), "\"\""},
	{{NULL, 0}, "\"\""},
	{TEXT("plain text of more than eight bytes"), "\"plain text of more than eight bytes\""},
	{TEXT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
	{TEXT("\n\r\t\b\f"), "\"\\n\\r\\t\\u0008\\u000c\""},
	{TEXT("\0\x1F\x7F"), "\"\\u0000\\u001f\x7F\""},
	{TEXT("k\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"),
	 "\"k\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\""},
	{TEXT("\xFF"), "\"\xEF\xBF\xBD\""},
	{TEXT("a\xC3"), "\"a\xEF\xBF\xBD\""},
	{TEXT("\xE2\x82z"), "\"\xEF\xBF\xBD\xEF\xBF\xBDz\""},
	{TEXT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
	{TEXT("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

static void strings_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		struct text value;
		struct error err;
		struct buf out;

		buf_init(&out, 1000);
		json_put_string(&out, strings[i].given);
		assert_string_equal(out.ptr, strings[i].written);
		assert_true(json_check(buf_text(&out), &value, &err));
		buf_fini(&out);
	}
}

static void what_was_written_reads_as_what_was_given(void **state)
{
	char all[0x80];
	struct text back;
	struct arena a;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof all - 1; i++)
		all[i] = (char)(i + 1);
	all[sizeof all - 1] = '\0';
	arena_init(&a);
	buf_init(&out, 1000);
	json_put_string(&out, text_of(all));
	assert_true(json_unescape(&a, buf_text(&out), &back));
	assert_string_equal(back.ptr, all);
	assert_true(json_string_is(buf_text(&out), all));
	buf_fini(&out);
	arena_fini(&a);
}

static void a_document_gets_its_commas(void **state)
{
	struct json_writer w;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "a");
	json_put_int(&w, INT64_MIN);
	json_key(&w, "b\"");
	json_array_begin(&w);
	json_put_bool(&w, true);
	json_put_bool(&w, false);
	json_put_null(&w);
	json_put_cstr(&w, NULL);
	json_put_cstr(&w, "x");
	json_put_text(&w, TEXT("y\n"));
	json_object_begin(&w);
	json_object_end(&w);
	json_array_begin(&w);
	json_array_end(&w);
	json_put_raw(&w, TEXT("[1.50]"));
	json_array_end(&w);
	json_key(&w, "c");
	json_object_begin(&w);
	json_key(&w, "d");
	json_put_raw(&w, TEXT("12345678901234567890"));
	json_object_end(&w);
	json_key(&w, "e");
	json_put_int(&w, 0);
	json_object_end(&w);
	assert_string_equal(out.ptr,
			    "{\"a\":-9223372036854775808,\"b\\\"\":[true,false,null,null,\"x\","
			    "\"y\\n\",{},[],[1.50]],\"c\":{\"d\":12345678901234567890},\"e\":0}");
	buf_fini(&out);
}

static void a_scalar_is_a_document(void **state)
{
	struct json_writer w;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	json_writer_init(&w, &out);
	json_put_cstr(&w, "alone");
	assert_string_equal(out.ptr, "\"alone\"");
	buf_fini(&out);
}

static void the_deepest_document_is_written(void **state)
{
	struct json_writer w;
	struct text value;
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	json_writer_init(&w, &out);
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		json_array_begin(&w);
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		json_array_end(&w);
	assert_int_equal(out.len, 2 * JSON_MAX_DEPTH);
	assert_true(json_check(buf_text(&out), &value, &err));
	buf_fini(&out);
}

static void a_full_buffer_is_remembered(void **state)
{
	struct json_writer w;
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	json_writer_init(&w, &out);
	json_array_begin(&w);
	json_put_cstr(&w, "longer than the buffer");
	json_put_int(&w, 1);
	json_array_end(&w);
	assert_false(buf_complete(&out));
	buf_fini(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(what_was_written_reads_as_what_was_given),
		cmocka_unit_test(a_document_gets_its_commas),
		cmocka_unit_test(a_scalar_is_a_document),
		cmocka_unit_test(the_deepest_document_is_written),
		cmocka_unit_test(a_full_buffer_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
