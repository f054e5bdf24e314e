/* Small documents: what is refused and how that is said, and that trees are written whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static void a_document_is_read_and_written(void **state)
{
	static const char *const documents[] = {
		"{\"b\":1,\"a\":[true,false,null,\"x\\n\xC3\xBC\",{}],\"c\":9223372036854775807}",
		"[]",
		"\"alone\"",
		"7",
		"null",
		"-0.5",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		struct error err;
		struct buf out;
		json_t *tree;

		buf_init(&out, 1000);
		assert_true(json_tree_read(text_of(documents[i]), &tree, &err));
		json_tree_write(tree, &out);
		assert_string_equal(out.ptr, documents[i]);
		json_decref(tree);
		buf_fini(&out);
	}
}

static const struct {
	struct text document;
	const char *message;
} refused[] = {
	{TEXT(""), "wrong at line 1, column 1: expected a value"},
	{{NULL, 0}, "wrong at line 1, column 1: expected a value"},
	{TEXT("{\"a\": 1,\n \"b\" 2}"), "wrong at line 2, column 6: expected ':'"},
	{TEXT("[\"\xC3\xBC\xE2\x82\xAC\" 1]"), "line 1, column 7: expected ',' or ']'"},
	{TEXT("\r\n\n[1]x"), "line 3, column 4: expected the end of the document"},
	{TEXT("{\"a\":1,\n\"a\":2}"), "line 2, column 3: expected each name once in an object"},
	{TEXT("{\"a\":1,\"\\u0061\":2}"), "expected each name once in an object"},
	{TEXT("[1,\n 9223372036854775808]"), "line 2, column 20: expected a number that fits"},
	{TEXT("-9223372036854775809"), "expected a number that fits"},
	{TEXT("1e999"), "expected a number that fits"},
	{TEXT("[\"secret\\u0000\"]"), "expected strings without \\u0000"},
	{TEXT("{\"secret\\u0000\":1}"), "expected strings without \\u0000"},
	{TEXT("[secret]"), "line 1, column 2: expected a value"},
};

static void what_is_refused_says_where_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		json_t *tree = NULL;
		struct error err;

		assert_false(json_tree_read(refused[i].document, &tree, &err));
		assert_null(tree);
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_null(strstr(err.message, "secret"));
		if (strstr(err.message, refused[i].message) == NULL)
			fail_msg("row %zu: %s", i, err.message);
	}
}

static void depth_is_bounded(void **state)
{
	char deep[2 * (JSON_MAX_DEPTH + 1)];
	struct error err;
	json_t *tree;

	(void)state;
	memset(deep, '[', sizeof deep / 2);
	memset(deep + sizeof deep / 2, ']', sizeof deep / 2);
	assert_false(json_tree_read((struct text){deep, sizeof deep}, &tree, &err));
	assert_non_null(strstr(err.message, "128 levels"));
	assert_true(json_tree_read((struct text){deep + 1, sizeof deep - 2}, &tree, &err));
	json_decref(tree);
}

static void a_cut_document_is_refused(void **state)
{
	struct text document = TEXT("{\"a\":[1,2.5e3,\"\\u00fc\",{\"b\":true}],\"c\":null}");

	(void)state;
	for (size_t len = 0; len < document.len; len++) {
		struct error err;
		json_t *tree;

		assert_false(json_tree_read(text_slice(document, 0, len), &tree, &err));
	}
}

static void a_full_buffer_is_remembered(void **state)
{
	struct error err;
	struct buf out;
	json_t *tree;

	(void)state;
	buf_init(&out, 10);
	assert_true(json_tree_read(TEXT("[1,2,3,4,5,6,7]"), &tree, &err));
	json_tree_write(tree, &out);
	assert_false(buf_complete(&out));
	json_decref(tree);
	buf_fini(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_and_written),
		cmocka_unit_test(what_is_refused_says_where_and_why),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_cut_document_is_refused),
		cmocka_unit_test(a_full_buffer_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
