/* Documents that mean the same are written the same, and others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static const struct {
	const char *json;
	const char *sorted;
} cases[] = {
	{"{}", "{}"},
	{" [ ] ", "[]"},
	{"{ \"b\" : 1 , \"a\" : [ 2 , 1 ] }", "{\"a\":[2,1],\"b\":1}"},
	{"{\"b\":{\"d\":null,\"c\":true},\"a\":false}",
	 "{\"a\":false,\"b\":{\"c\":true,\"d\":null}}"},
	{"{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}"},
	{"[\"\\u0061\\/\",\"a/\"]", "[\"a/\",\"a/\"]"},
	{"[1.0,1,1e2,12345678901234567890123]", "[1.0,1,1e2,12345678901234567890123]"},
	{"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
	{"\"a\\u0000b\"", "\"a\\u0000b\""},
	{" 7 ", "7"},
};

static void the_same_is_written_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena;
		struct buf b;

		arena_init(&arena);
		buf_init(&b, 1024);
		json_put_sorted(&b, &arena, text_of(cases[i].json));
		if (!text_is(buf_text(&b), cases[i].sorted))
			fail_msg("%s: wanted %s, got %s", cases[i].json, cases[i].sorted, b.ptr);
		buf_fini(&b);
		arena_fini(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_written_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
