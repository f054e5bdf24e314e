/* The first answer of a list becomes the list, in its own buffer. */
#include "unit/palette/lists.h"

/* Items of many forms: escapes, spaces, numbers that nobody should touch, one that is there twice,
 * and one that is not wanted. */
#define ODD_ITEMS                                                                                \
	" [ {\"metadata\":{\"uid\":\"a\"} , \"n\": 1.50e+00 } ,\n"                               \
	"\t{\"x\":\"],\\\"\\u00e9\",\"metadata\":{\"uid\":\"b\"}},"                              \
	"{\"metadata\":{\"uid\":\"a\"},\"again\":true},{\"metadata\":{\"uid\":\"unwanted\"}}   " \
	", {\"metadata\":{\"uid\":\"c\"},\"big\":123456789012345678901234567890} ] "
#define ODD_WANTED                                                \
	"{\"metadata\":{\"uid\":\"a\"} , \"n\": 1.50e+00 },"      \
	"{\"x\":\"],\\\"\\u00e9\",\"metadata\":{\"uid\":\"b\"}}," \
	"{\"metadata\":{\"uid\":\"c\"},\"big\":123456789012345678901234567890}"

static bool is_wanted(const void *context, struct text item)
{
	struct text uid;

	(void)context;
	return !json_at(item, "/metadata/uid", &uid) || !json_string_is(uid, "unwanted");
}

/* Whatever stands around the array, and however long the head is. */
static void in_place_to_the_byte(void **state)
{
	static const char *const answers[] = {
		"{\"items\":" ODD_ITEMS "}",
		"{\"listmeta\":{\"continue\":\"\"},\"items\":" ODD_ITEMS "}",
		"{\"items\":" ODD_ITEMS ",\"listmeta\":{\"count\":4,\"continue\":\"\"}}",
		ODD_ITEMS,
	};
	static const char *const keys[] = {"x", "items", "virtualClusters",
					   "aKeyThatIsLongerThanTheHeadOfAnyAnswerOfPalette"};
	struct palette_listing listing = paged;

	(void)state;
	listing.keep = is_wanted;
	for (size_t i = 0; i < ARRAY_LEN(answers) * ARRAY_LEN(keys); i++) {
		const struct row rows[] = {
			{FIRST, NULL, 200, answers[i / ARRAY_LEN(keys)]},
			{FIRST, "p", 200, "{\"items\":[{\"metadata\":{\"uid\":\"d\"}}]}"},
			{NULL},
		};
		const char *key = keys[i % ARRAY_LEN(keys)];
		struct fixture *f = fixture_with(rows);
		struct palette_list list;
		bool ok;

		palette_list_init(&list, f->palette, key);
		ok = palette_list_scope(f->palette, &listing, NULL, &list, &f->err) &&
		     palette_list_scope(f->palette, &listing, "p", &list, &f->err);
		assert_string_equal(finish(f, &list, ok),
				    arena_printf(&f->arena,
						 "{\"%s\":[" ODD_WANTED
						 ",{\"metadata\":{\"uid\":\"d\"}}]}",
						 key));
		fixture_free(f);
	}
}

static void answer_large(void *context, const struct canned_request *request,
			 struct canned_answer *answer)
{
	size_t *size = context;

	(void)request;
	answer->status = 200;
	buf_add_string(answer->body, "{\"items\":[");
	for (int i = 0; i < 20000; i++)
		buf_printf(answer->body, "%s{\"metadata\":{\"uid\":\"u%d\"},\"some\":\"%0100d\"}",
			   i == 0 ? "" : ",", i, i);
	buf_add_string(answer->body, "]}");
	*size = answer->body->capacity;
}

/* The list has the answer's memory, and none beside. */
static void the_answer_is_not_in_memory_twice(void **state)
{
	size_t size = 0;
	struct fixture *f = fixture_new(answer_large, &size);
	struct palette_list list;

	(void)state;
	palette_list_init(&list, f->palette, "virtualClusters");
	assert_true(palette_list_scope(f->palette, &paged, NULL, &list, &f->err));
	assert_int_equal(list.count, 20000);
	assert_true(list.json.len > 2000000);
	assert_int_equal(list.json.capacity, size);
	assert_non_null(finish(f, &list, true));
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_place_to_the_byte),
		cmocka_unit_test(the_answer_is_not_in_memory_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
