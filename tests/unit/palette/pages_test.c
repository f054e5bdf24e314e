/*
 * Lists of one scope: every page, each item once and to the byte; and what is an error rather than
 * a shorter list.
 */
#include "unit/palette/lists.h"

/* Palette with `total` items of some `per_page`; the token of a page is "t+/=" and its start. */
struct book {
	int total;
	int per_page;
	bool says_count;
};

static void answer_book(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	const struct book *book = context;
	const char *token = strstr(request->path, "continue=t%2B%2F%3D");
	int first = token == NULL ? 0 : atoi(token + strlen("continue=t%2B%2F%3D"));

	answer->status = 200;
	buf_add_string(answer->body, "{\"items\":[");
	for (int i = first; i < book->total && i < first + book->per_page; i++)
		buf_printf(answer->body, "%s{\"metadata\":{\"uid\":\"u%d\"}}",
			   i == first ? "" : ",", i);
	buf_add_string(answer->body, "],\"listmeta\":{");
	if (book->says_count)
		buf_printf(answer->body, "\"count\":%d,", book->total);
	if (first + book->per_page < book->total)
		buf_printf(answer->body, "\"continue\":\"t+/=%d\"}}", first + book->per_page);
	else
		buf_add_string(answer->body, "\"continue\":\"\"}}");
}

static void all_pages_are_read(void **state)
{
	struct book book = {.total = 117, .per_page = 50, .says_count = true};
	struct fixture *f = fixture_new(answer_book, &book);
	const char *answer = list_scope(f, &paged, "p1");

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 117);
	assert_int_equal(f->http.count, 3);
	assert_string_equal(f->http.requests[0].path, "/v1/list?limit=50");
	assert_string_equal(f->http.requests[1].path, "/v1/list?limit=50&continue=t%2B%2F%3D50");
	assert_string_equal(f->http.requests[2].path, "/v1/list?limit=50&continue=t%2B%2F%3D100");
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(f->http.requests[i].project, "p1");
		assert_null(f->http.requests[i].content_type);
	}
	book.says_count = false;
	assert_int_equal(count_things(list_scope(f, &paged, "p1")), 117);
	fixture_free(f);
}

static void on_post_too_the_token_is_in_the_query(void **state)
{
	struct book book = {.total = 117, .per_page = 50, .says_count = true};
	struct fixture *f = fixture_new(answer_book, &book);
	struct palette_listing listing = paged;

	(void)state;
	listing.method = "POST";
	listing.path = "/v1/search?x=1";
	listing.body = TEXT("{\"filter\":{}}");
	assert_int_equal(count_things(list_scope(f, &listing, NULL)), 117);
	assert_int_equal(f->http.count, 3);
	assert_string_equal(f->http.requests[2].path,
			    "/v1/search?x=1&limit=50&continue=t%2B%2F%3D100");
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(f->http.requests[i].method, "POST");
		assert_true(text_is(f->http.requests[i].body, "{\"filter\":{}}"));
		assert_string_equal(f->http.requests[i].content_type, "application/json");
		assert_false(f->http.requests[i].once);
		assert_null(f->http.requests[i].project);
	}
	fixture_free(f);
}

static void a_list_of_50000_takes_linear_time(void **state)
{
	struct book book = {.total = 50000, .per_page = 50, .says_count = true};
	struct fixture *f = fixture_new(answer_book, &book);
	int64_t started = clock_now_ms();

	(void)state;
	assert_int_equal(count_things(list_scope(f, &paged, NULL)), 50000);
	assert_int_equal(f->http.count, 1000);
	/* One answer with all of them. */
	book.per_page = 50000;
	assert_int_equal(count_things(list_scope(f, &paged, NULL)), 50000);
	assert_true(clock_now_ms() - started < 20000);
	fixture_free(f);
}

static void too_many_pages_are_an_error(void **state)
{
	struct book book = {.total = 150, .per_page = 50, .says_count = true};
	struct fixture *f = fixture_new(answer_book, &book);

	(void)state;
	f->config.upstream_max_pages = 3;
	assert_non_null(list_scope(f, &paged, NULL));
	f->config.upstream_max_pages = 2;
	assert_null(list_scope(f, &paged, NULL));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_non_null(strstr(f->err.message, "spectrocloud.upstream.maxPages (2)"));
	fixture_free(f);
}

/* Palette is asked for as many as are wanted, and for no page behind them. */
static void so_many_and_no_more(void **state)
{
	static const struct {
		size_t most;
		int total;
		int per_page;
		const char *first;
		size_t pages;
		size_t count;
		bool more;
	} rows[] = {
		{3, 10, 3, "/v1/list?limit=3", 1, 3, true},
		{10, 10, 10, "/v1/list?limit=10", 1, 10, false},
		{11, 10, 11, "/v1/list?limit=11", 1, 10, false},
		{60, 130, 50, FIRST, 2, 60, true},
		{100, 130, 50, FIRST, 2, 100, true},
		{100, 100, 50, FIRST, 2, 100, false},
		{200, 130, 50, FIRST, 3, 130, false},
		{0, 130, 50, FIRST, 3, 130, false},
		{2, 5, 4, "/v1/list?limit=2", 1, 2, true}, /* who sends more than was asked for */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct book book = {rows[i].total, rows[i].per_page, i % 2 == 0};
		struct fixture *f = fixture_new(answer_book, &book);
		struct palette_listing listing = paged;
		struct palette_list list;

		listing.most = rows[i].most;
		palette_list_init(&list, f->palette, "things");
		assert_true(palette_list_scope(f->palette, &listing, NULL, &list, &f->err));
		assert_int_equal(f->http.count, rows[i].pages);
		assert_string_equal(f->http.requests[0].path, rows[i].first);
		assert_int_equal(list.count, rows[i].count);
		assert_int_equal(list.more, rows[i].more);
		assert_int_equal(list.total, book.says_count ? rows[i].total : -1);
		palette_list_fini(&list);
		fixture_free(f);
	}
}

static void an_item_may_say_elsewhere_who_it_is(void **state)
{
	static const char *const identity[] = {"/metadata/uid", "/spec/0/id", NULL};
	struct row rows[] = {
		{FIRST, NULL, 200,
		 "{\"items\":[{\"spec\":[{\"id\":\"a\"}]},{\"metadata\":{\"uid\":\"b\"}},"
		 "{\"metadata\":{\"uid\":\"\"},\"spec\":[{\"id\":\"a\"}]}]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	struct palette_listing listing = paged;

	(void)state;
	listing.identity = identity;
	assert_string_equal(list_scope(f, &listing, NULL),
			    "{\"things\":[{\"spec\":[{\"id\":\"a\"}]},"
			    "{\"metadata\":{\"uid\":\"b\"}}]}");
	rows[0].body = "{\"items\":[{\"spec\":[]}]}";
	assert_null(list_scope(f, &listing, NULL));
	assert_string_equal(f->err.message,
			    "Things: Palette listed an item that does not say what it is");
	fixture_free(f);
}

/* An identifier of the caller's in the path: a refusal of it is theirs. */
static void a_list_of_an_object_that_is_not_there(void **state)
{
	struct row rows[] = {
		{FIRST, "p1", 400, "{\"code\":\"InvalidUid\"}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	struct palette_listing listing = paged;

	(void)state;
	assert_null(list_scope(f, &listing, "p1"));
	assert_string_equal(f->err.message, "Things: project p1 not found");
	listing.of_object = true;
	assert_null(list_scope(f, &listing, "p1"));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_string_equal(f->err.message, "Things not found");
	fixture_free(f);
}

static void pages_that_do_not_end_are_errors(void **state)
{
	static const struct row same_token[] = {
		{FIRST, NULL, 200, "{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{FIRST "&continue=t", NULL, 200,
		 "{\"items\":[" ITEM("b") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{.path = NULL},
	};
	static const struct row circle[] = {
		{FIRST, NULL, 200, "{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{FIRST "&continue=t", NULL, 200,
		 "{\"items\":[" ITEM("b") "],\"listmeta\":{\"continue\":\"s\"}}"},
		{FIRST "&continue=s", NULL, 200,
		 "{\"items\":[" ITEM("c") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{.path = NULL},
	};
	static const struct row empty_page[] = {
		{FIRST, NULL, 200,
		 "{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":\"t\",\"count\":3}}"},
		{FIRST "&continue=t", NULL, 200,
		 "{\"items\":[],\"listmeta\":{\"continue\":\"s\",\"count\":3}}"},
		{.path = NULL},
	};
	/* The first page again and again: what comes twice does not count towards the total. */
	static const struct row first_page[] = {
		{FIRST, NULL, 200,
		 "{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":\"t\",\"count\":2}}"},
		{FIRST "&continue=t", NULL, 200,
		 "{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":\"t\",\"count\":2}}"},
		{.path = NULL},
	};
	static const struct {
		const struct row *rows;
		const char *message;
	} cases[] = {
		{first_page, "Things: Palette's pages repeat themselves after 1 items"},
		{same_token, "Things: Palette's pages repeat themselves after 2 items"},
		{circle, "Things: Palette's pages repeat themselves after 3 items"},
		{empty_page, "Things: Palette promised 3 items and stopped after 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = fixture_with(cases[i].rows);

		assert_null(list_scope(f, &paged, NULL));
		assert_int_equal(f->err.kind, ERROR_UPSTREAM);
		assert_string_equal(f->err.message, cases[i].message);
		fixture_free(f);
	}
}

static void when_the_count_is_reached_the_list_ends(void **state)
{
	static const struct row rows[] = {
		{FIRST, NULL, 200,
		 "{\"items\":[" ITEM("a") "," ITEM(
			 "b") "],"
			      "\"listmeta\":{\"continue\":\"t\",\"count\":2}}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);

	(void)state;
	assert_string_equal(list_scope(f, &paged, NULL),
			    "{\"things\":[" ITEM("a") "," ITEM("b") "]}");
	fixture_free(f);
}

static void answers_of_every_form(void **state)
{
	static const struct {
		const char *body;
		const char *answer; /* NULL: an error */
	} cases[] = {
		{"{\"items\":[]}", "{\"things\":[]}"},
		{"{\"items\":null,\"listmeta\":{}}", "{\"things\":[]}"},
		{"{\"listmeta\":{}}", "{\"things\":[]}"},
		{"{}", NULL},
		{"{\"code\":\"Busy\",\"message\":\"m\",\"ref\":\"r\"}", NULL},
		{"{\"code\":503,\"message\":\"m\",\"items\":[]}", NULL},
		{"[]", "{\"things\":[]}"},
		{" [ " ITEM("a") " ]\n", "{\"things\":[" ITEM("a") "]}"},
		{"{\"listmeta\":{\"continue\":\"\"},\"items\":[" ITEM("a") "]}",
		 "{\"things\":[" ITEM("a") "]}"},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":null}", "{\"things\":[" ITEM("a") "]}"},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":null}}",
		 "{\"things\":[" ITEM("a") "]}"},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":7}}", NULL},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":{}}}", NULL},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":[]}", NULL},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":\"t\"}", NULL},
		/* Fewer than it counts, and no more pages. */
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"count\":3}}",
		 "{\"things\":[" ITEM(
			 "a") "],\"warnings\":[{\"projectUid\":\"\",\"status\":200,"
			      "\"message\":\"Things: Palette counts 3 and gave 1\"}]}"},
		{"{\"listmeta\":{\"count\":2}}",
		 "{\"things\":[],\"warnings\":[{\"projectUid\":\"\",\"status\":200,"
		 "\"message\":\"Things: Palette counts 2 and gave 0\"}]}"},
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"count\":1}}",
		 "{\"things\":[" ITEM("a") "]}"},
		/* A token, but no items and no count: there is nothing more. */
		{"{\"items\":[],\"listmeta\":{\"continue\":\"t\"}}", "{\"things\":[]}"},
		{"{\"items\":{}}", NULL},
		{"{\"items\":\"a\"}", NULL},
		{"{\"items\":7}", NULL},
		{"{\"items\":[{}]}", NULL},
		{"{\"items\":[7]}", NULL},
		{"{\"items\":[{\"metadata\":{\"uid\":\"\"}}]}", NULL},
		{"{\"items\":[{\"metadata\":{\"uid\":null}}]}", NULL},
		{"{\"items\":[{\"metadata\":{\"uid\":7}}]}", NULL},
		{"{\"items\":[" ITEM("a") ",{\"metadata\":{}}]}", NULL},
		{"{\"items\":[" ITEM("a") "]", NULL},
		{"\"items\"", NULL},
		{"null", NULL},
		{"", NULL},
		{"<html>", NULL},
	};
	struct row rows[] = {{FIRST, NULL, 200, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *answer;

		rows[0].body = cases[i].body;
		answer = list_scope(f, &paged, NULL);
		if (cases[i].answer != NULL) {
			assert_non_null(answer);
			assert_string_equal(answer, cases[i].answer);
			continue;
		}
		assert_null(answer);
		assert_int_equal(f->err.kind, ERROR_UPSTREAM);
		assert_int_equal(strncmp(f->err.message, "Things: ", 8), 0);
	}
	fixture_free(f);
}

static void items_under_either_name(void **state)
{
	static const struct {
		const char *body;
		const char *answer;
	} cases[] = {
		{"{\"summaries\":[" ITEM("a") "]}", "{\"things\":[" ITEM("a") "]}"},
		{"{\"items\":[" ITEM("a") "]}", "{\"things\":[" ITEM("a") "]}"},
		{"{\"summaries\":null,\"items\":[" ITEM("a") "]}", "{\"things\":[" ITEM("a") "]}"},
		{"{\"summaries\":[" ITEM("a") "],\"items\":null}", "{\"things\":[" ITEM("a") "]}"},
		{"{\"summaries\":null,\"items\":null}", "{\"things\":[]}"},
	};
	struct palette_listing listing = {.method = "GET",
					  .path = "/v1/groups",
					  .items = "summaries",
					  .items_too = "items",
					  .what = "Groups"};
	struct row rows[] = {{"/v1/groups", NULL, 200, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rows[0].body = cases[i].body;
		assert_string_equal(list_scope(f, &listing, NULL), cases[i].answer);
	}
	/* Where the API says that the answer is the list, an object is something else. */
	listing.items = NULL;
	assert_null(list_scope(f, &listing, NULL));
	rows[0].body = "[" ITEM("a") "]";
	assert_string_equal(list_scope(f, &listing, NULL), "{\"things\":[" ITEM("a") "]}");
	fixture_free(f);
}

static void items_pass_to_the_byte(void **state)
{
#define ODD                                                                                  \
	"{ \"metadata\" :\t{\"uid\":\"a\",\"z\":12345678901234567890123,\"a\":1.50e+3 ,\r\n" \
	"\"dup\":1,\"dup\":2,\"u\":\"\\u00fC\\/\",\"n\":-0.0}, \"\":[ ] }"
	static const struct row rows[] = {
		{FIRST, NULL, 200, "{\"items\" : [ " ODD " ,\n" ITEM("b") "]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);

	(void)state;
	assert_string_equal(list_scope(f, &paged, NULL), "{\"things\":[" ODD "," ITEM("b") "]}");
	fixture_free(f);
}

static void a_list_over_the_limit_is_an_error(void **state)
{
	struct book book = {.total = 500, .per_page = 20, .says_count = true};
	struct fixture *f = fixture_new(answer_book, &book);

	(void)state;
	f->config.upstream_max_answer_bytes = 1024; /* a page fits, all of them do not */
	assert_null(list_scope(f, &paged, NULL));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_non_null(strstr(f->err.message, "maxAnswerBytes"));
	book.per_page = 50;
	assert_null(list_scope(f, &paged, NULL));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	fixture_free(f);
}

static bool keep_all_but_b(const void *context, struct text item)
{
	struct text uid;

	(void)context;
	return !json_at(item, "/metadata/uid", &uid) || !json_string_is(uid, "b");
}

static void what_is_not_wanted_still_counts_for_paging(void **state)
{
	static const struct row rows[] = {
		{FIRST, NULL, 200,
		 "{\"items\":[" ITEM("b") "],\"listmeta\":{\"continue\":\"t\",\"count\":2}}"},
		{FIRST "&continue=t", NULL, 200,
		 "{\"items\":[" ITEM("c") "],\"listmeta\":{\"continue\":\"s\",\"count\":2}}"},
		{.path = NULL},
	};
	struct palette_listing listing = paged;
	struct fixture *f = fixture_with(rows);

	(void)state;
	listing.keep = keep_all_but_b;
	assert_string_equal(list_scope(f, &listing, NULL), "{\"things\":[" ITEM("c") "]}");
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pages_are_read),
		cmocka_unit_test(on_post_too_the_token_is_in_the_query),
		cmocka_unit_test(a_list_of_50000_takes_linear_time),
		cmocka_unit_test(too_many_pages_are_an_error),
		cmocka_unit_test(so_many_and_no_more),
		cmocka_unit_test(an_item_may_say_elsewhere_who_it_is),
		cmocka_unit_test(a_list_of_an_object_that_is_not_there),
		cmocka_unit_test(pages_that_do_not_end_are_errors),
		cmocka_unit_test(when_the_count_is_reached_the_list_ends),
		cmocka_unit_test(answers_of_every_form),
		cmocka_unit_test(items_under_either_name),
		cmocka_unit_test(items_pass_to_the_byte),
		cmocka_unit_test(a_list_over_the_limit_is_an_error),
		cmocka_unit_test(what_is_not_wanted_still_counts_for_paging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
