/*
 * Lists: every page, every project, each item once and to the byte; and what is an error rather
 * than a shorter list.
 */
#include "unit/palette/fixture.h"

#include "json/json.h"

/* What Palette answers, by path and project. The last row has no path. */
struct row {
	const char *path;
	const char *project; /* NULL: the tenant's scope */
	int status;
	const char *body;
};

/* What is not in the rows is 500, which nobody takes for a part that may be missing. */
static void answer_rows(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	answer->status = 500;
	for (const struct row *row = context; row->path != NULL; row++) {
		if (strcmp(row->path, request->path) != 0 ||
		    (row->project == NULL) != (request->project == NULL) ||
		    (row->project != NULL && strcmp(row->project, request->project) != 0))
			continue;
		answer->status = row->status;
		buf_add_string(answer->body, row->body);
		return;
	}
}

static struct fixture *fixture_with(const struct row *rows)
{
	struct fixture *f = fixture_new(answer_rows, (void *)(uintptr_t)rows);

	f->config.upstream_attempts = 1;
	return f;
}

static const struct palette_listing paged = {
	.method = "GET",
	.path = "/v1/list",
	.paged = true,
	.items = "items",
	.what = "Things",
};
#define FIRST "/v1/list?limit=50"

/* The list's answer, or NULL after a failure. It lives as long as the fixture. */
static const char *finish(struct fixture *f, struct palette_list *list, bool ok)
{
	buf_fini(&f->out);
	if (ok)
		ok = palette_list_finish(list, &f->out, &f->err);
	palette_list_fini(list);
	return ok ? f->out.ptr : NULL;
}

static const char *list_scope(struct fixture *f, const struct palette_listing *listing,
			      const char *project)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return finish(f, &list, palette_list_scope(f->palette, listing, project, &list, &f->err));
}

static const char *list_projects(struct fixture *f, const char *const *projects, size_t count)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return finish(f, &list,
		      palette_list_projects(f->palette, &paged, projects, count, &list, &f->err));
}

static const char *list_everywhere(struct fixture *f)
{
	static const char *const permissions[] = {"thing.list", "thing.get", NULL};
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	return finish(f, &list,
		      palette_list_everywhere(f->palette, &paged, permissions, &list, &f->err));
}

/* ---- pages ---- */

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

static size_t count_things(const char *answer)
{
	struct json_walk walk;
	struct text items;
	struct text item;
	size_t count = 0;

	assert_true(json_member(text_of(answer), "things", &items));
	walk = json_walk_begin(items);
	while (json_walk_item(&walk, &item))
		count++;
	return count;
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

#define ITEM(uid) "{\"metadata\":{\"uid\":\"" uid "\"}}"

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
		{"{\"items\":[" ITEM("a") "],\"listmeta\":{\"continue\":7}}",
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

/* ---- the first answer becomes the list ---- */

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

/* ---- many projects ---- */

static const char *const abc[] = {"pa", "pb", "pc"};

static void each_item_once_over_pages_and_projects(void **state)
{
	static const struct row rows[] = {
		{FIRST, "pa", 200,
		 "{\"items\":[" ITEM("1") "," ITEM("1") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{FIRST "&continue=t", "pa", 200, "{\"items\":[" ITEM("1") "," ITEM("2") "]}"},
		{FIRST, "pb", 200, "{\"items\":[" ITEM("\\u0032") "," ITEM("3") "]}"},
		{FIRST, "pc", 200, "{\"items\":null}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_projects(f, abc, 3);

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 3);
	assert_int_equal(f->http.count, 4);
	/* Page after page, the projects side by side, as many as the setting says. */
	assert_int_equal(f->http.batches, 2);
	assert_int_equal(f->http.parallel, 4);
	fixture_free(f);
}

static void forbidden_projects_become_warnings(void **state)
{
	static const struct row rows[] = {
		{FIRST, "pa", 403, "{\"message\":\"stack trace\"}"},
		{FIRST, "pb", 200, "{\"items\":[" ITEM("1") "]}"},
		{FIRST, "pc", 404, ""},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);

	(void)state;
	assert_string_equal(list_projects(f, abc, 3),
			    "{\"things\":[" ITEM("1") "],\"warnings\":["
						      "{\"projectUid\":\"pa\",\"status\":403,"
						      "\"message\":\"Palette does not let you see "
						      "this project; it is left out\"},"
						      "{\"projectUid\":\"pc\",\"status\":404,"
						      "\"message\":\"Palette does not find this "
						      "project; it is left out\"}]}");
	fixture_free(f);
}

static void a_project_that_is_forbidden_later_is_a_warning_too(void **state)
{
	static const struct row rows[] = {
		{FIRST, "pa", 200, "{\"items\":[" ITEM("1") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{FIRST "&continue=t", "pa", 403, ""},
		{FIRST, "pb", 200, "{\"items\":null}"},
		{FIRST, "pc", 200, "{\"items\":null}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_projects(f, abc, 3);

	(void)state;
	assert_non_null(answer);
	assert_non_null(strstr(answer, "\"projectUid\":\"pa\",\"status\":403"));
	fixture_free(f);
}

static void any_other_failure_of_a_part_fails_the_whole(void **state)
{
	static const int statuses[] = {301, 400, 401, 409, 422, 429, 500, 502};
	struct row rows[] = {
		{FIRST, "pa", 200, "{\"items\":[" ITEM("1") "]}"},
		{FIRST, "pb", 0, ""},
		{FIRST, "pc", 200, "{\"items\":[" ITEM("2") "]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		rows[1].status = statuses[i];
		assert_null(list_projects(f, abc, 3));
		assert_int_equal(f->err.upstream_status, statuses[i]);
	}
	/* So does one that answers something else than a list, wherever it stands. */
	rows[1] = (struct row){FIRST, "pb", 200, "{\"items\":7}"};
	assert_null(list_projects(f, abc, 3));
	rows[1] = (struct row){FIRST, "pb", 200, "{"};
	assert_null(list_projects(f, abc, 3));
	fixture_free(f);
}

static void a_project_that_was_asked_for_by_name_is_no_warning(void **state)
{
	struct row rows[] = {{FIRST, "pa", 403, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	fixture_open(f, TEXT("tok"), 60000);
	assert_null(list_scope(f, &paged, "pa"));
	assert_int_equal(f->err.kind, ERROR_DENIED);
	rows[0].status = 404;
	assert_null(list_scope(f, &paged, "pa"));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	fixture_free(f);
}

static void no_projects_give_an_empty_list(void **state)
{
	static const struct row rows[] = {{.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	assert_string_equal(list_projects(f, NULL, 0), "{\"things\":[]}");
	assert_int_equal(f->http.count, 0);
	fixture_free(f);
}

/* ---- all that the caller can see ---- */

#define ME(tenant)                                                                           \
	"{\"metadata\":{\"uid\":\"me\"},\"status\":{\"projectPermissions\":{\"pa\":[\"x\"]," \
	"\"pb\":[],\"pc\":[\"y\"]},\"tenantPermissions\":{\"tenant\":[" tenant "]}}}"
#define OWNED(uid, project) \
	"{\"metadata\":{\"uid\":\"" uid "\",\"annotations\":{\"projectUid\":\"" project "\"}}}"

static void without_a_tenant_permission_each_project_is_asked(void **state)
{
	static const struct row rows[] = {
		{"/v1/users/me", NULL, 200, ME("\"other.list\"")},
		{FIRST, "pa", 200, "{\"items\":[" ITEM("1") "]}"},
		{FIRST, "pb", 200, "{\"items\":[" ITEM("2") "]}"},
		{FIRST, "pc", 200, "{\"items\":[" ITEM("3") "]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_everywhere(f);

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 3);
	assert_int_equal(f->http.count, 4);
	fixture_free(f);
}

static void what_the_tenants_list_covers_is_not_asked_again(void **state)
{
	static const struct row rows[] = {
		{"/v1/users/me", NULL, 200, ME("\"x\",\"thing.get\"")},
		{FIRST, NULL, 200,
		 "{\"items\":[" ITEM("0") "," OWNED("1", "pa") "," OWNED("3", "pc") "]}"},
		{FIRST, "pb", 200, "{\"items\":[" ITEM("2") "," ITEM("1") "]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_everywhere(f);

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 4);
	assert_int_equal(f->http.count, 3);
	assert_int_equal(canned_http_count(&f->http, "GET", FIRST, "pb"), 1);
	fixture_free(f);
}

static void a_refused_tenants_list_says_nothing_about_the_projects(void **state)
{
	static const struct row rows[] = {
		{"/v1/users/me", NULL, 200, ME("\"thing.list\"")},
		{FIRST, NULL, 200,
		 "{\"items\":[" OWNED("1", "pa") "],\"listmeta\":{\"continue\":\"t\"}}"},
		{FIRST "&continue=t", NULL, 403, ""},
		{FIRST, "pa", 200, "{\"items\":[" ITEM("1") "]}"},
		{FIRST, "pb", 200, "{\"items\":[]}"},
		{FIRST, "pc", 403, ""},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_everywhere(f);

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 1);
	assert_int_equal(canned_http_count(&f->http, NULL, FIRST, "pa"), 1);
	assert_non_null(strstr(answer, "\"projectUid\":\"pc\""));
	fixture_free(f);
}

static void another_failure_of_the_tenants_list_fails_the_whole(void **state)
{
	static const int statuses[] = {401, 404, 429, 500};
	struct row rows[] = {
		{"/v1/users/me", NULL, 200, ME("\"thing.list\"")},
		{FIRST, NULL, 0, ""},
		{FIRST, "pa", 200, "{\"items\":null}"},
		{FIRST, "pb", 200, "{\"items\":null}"},
		{FIRST, "pc", 200, "{\"items\":null}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		rows[1].status = statuses[i];
		assert_null(list_everywhere(f));
		assert_int_equal(f->err.upstream_status, statuses[i]);
	}
	fixture_free(f);
}

static void a_caller_whose_rights_are_not_known_gets_an_error(void **state)
{
	struct row rows[] = {{"/v1/users/me", NULL, 500, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	assert_null(list_everywhere(f));
	rows[0] = (struct row){"/v1/users/me", NULL, 200, "[]"};
	assert_null(list_everywhere(f));
	fixture_free(f);
}

/* An empty list would say that there is nothing; nobody said so. */
static void permissions_that_cannot_be_read_are_an_error(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"status\":null}",
		"{\"status\":{\"projectPermissions\":[]}}",
		"{\"status\":{\"tenantPermissions\":{\"tenant\":\"cluster.list\"}}}",
	};
	struct row rows[] = {{"/v1/users/me", NULL, 200, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		rows[0].body = bodies[i];
		assert_null(list_everywhere(f));
		assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	}
	fixture_free(f);
}

static void odd_permissions_are_read_as_far_as_they_go(void **state)
{
	static const char *const bodies[] = {
		"{\"status\":{}}",
		"{\"status\":{\"projectPermissions\":null,\"tenantPermissions\":null}}",
		"{\"status\":{\"tenantPermissions\":{\"tenant\":null}}}",
		("{\"status\":{\"projectPermissions\":{\"\":[],\"a\\u0000b\":[]},"
		 "\"tenantPermissions\":{\"tenant\":[7,null,{}]}}}"),
	};
	struct row rows[] = {{"/v1/users/me", NULL, 200, ""}, {.path = NULL}};
	struct fixture *f = fixture_with(rows);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		rows[0].body = bodies[i];
		assert_string_equal(list_everywhere(f), "{\"things\":[]}");
	}
	fixture_free(f);
}

/* 500 projects, of which every other one is forbidden. */
static void answer_many_projects(void *context, const struct canned_request *request,
				 struct canned_answer *answer)
{
	(void)context;
	answer->status = 200;
	if (strcmp(request->path, "/v1/users/me") == 0) {
		buf_add_string(answer->body, "{\"status\":{\"projectPermissions\":{");
		for (int i = 0; i < 500; i++)
			buf_printf(answer->body, "%s\"p%d\":[]", i == 0 ? "" : ",", i);
		buf_add_string(answer->body, "}}}");
	} else if (atoi(request->project + 1) % 2 == 1) {
		answer->status = 403;
	} else {
		buf_printf(answer->body, "{\"items\":[{\"metadata\":{\"uid\":\"of-%s\"}}]}",
			   request->project);
	}
}

static void many_projects_many_warnings(void **state)
{
	struct fixture *f = fixture_new(answer_many_projects, NULL);
	const char *answer = list_everywhere(f);
	struct text warnings;
	struct text item;
	struct json_walk walk;
	size_t count = 0;

	(void)state;
	assert_non_null(answer);
	assert_int_equal(count_things(answer), 250);
	assert_true(json_member(text_of(answer), "warnings", &warnings));
	walk = json_walk_begin(warnings);
	while (json_walk_item(&walk, &item))
		count++;
	assert_int_equal(count, 250);
	fixture_free(f);
}

/* ---- my projects ---- */

static const char *list_mine(struct fixture *f)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "projects");
	return finish(f, &list, palette_my_projects(f->palette, &list, &f->err));
}

#define NAMED(uid, name) "{\"metadata\":{\"uid\":\"" uid "\",\"name\":\"" name "\"}}"

static void my_projects_are_named_by_list_or_one_by_one(void **state)
{
	struct row rows[] = {
		{"/v1/users/me", NULL, 200, ME("")},
		{"/v1/dashboard/projects/metadata", NULL, 200,
		 "{\"items\":[" NAMED("other", "Other") "," NAMED("pa", "A \\\"1\\\"") "]}"},
		{"/v1/projects/pb", NULL, 200, NAMED("pb", "B")},
		{"/v1/projects/pc", NULL, 404, ""},
		{.path = NULL},
	};
	struct fixture *f = fixture_with(rows);
	const char *answer = list_mine(f);

	(void)state;
	assert_non_null(answer);
	assert_non_null(strstr(answer, "{\"projects\":[{\"uid\":\"pa\",\"name\":\"A \\\"1\\\"\"},"
				       "{\"uid\":\"pb\",\"name\":\"B\"}],\"warnings\":[{"
				       "\"projectUid\":\"pc\",\"status\":404,"));
	rows[1].status = 403;
	rows[2].status = 500;
	assert_null(list_mine(f));
	rows[1].status = 500;
	assert_null(list_mine(f));
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
		cmocka_unit_test(in_place_to_the_byte),
		cmocka_unit_test(the_answer_is_not_in_memory_twice),
		cmocka_unit_test(a_list_over_the_limit_is_an_error),
		cmocka_unit_test(what_is_not_wanted_still_counts_for_paging),
		cmocka_unit_test(each_item_once_over_pages_and_projects),
		cmocka_unit_test(forbidden_projects_become_warnings),
		cmocka_unit_test(a_project_that_is_forbidden_later_is_a_warning_too),
		cmocka_unit_test(any_other_failure_of_a_part_fails_the_whole),
		cmocka_unit_test(a_project_that_was_asked_for_by_name_is_no_warning),
		cmocka_unit_test(no_projects_give_an_empty_list),
		cmocka_unit_test(without_a_tenant_permission_each_project_is_asked),
		cmocka_unit_test(what_the_tenants_list_covers_is_not_asked_again),
		cmocka_unit_test(a_refused_tenants_list_says_nothing_about_the_projects),
		cmocka_unit_test(another_failure_of_the_tenants_list_fails_the_whole),
		cmocka_unit_test(a_caller_whose_rights_are_not_known_gets_an_error),
		cmocka_unit_test(permissions_that_cannot_be_read_are_an_error),
		cmocka_unit_test(odd_permissions_are_read_as_far_as_they_go),
		cmocka_unit_test(many_projects_many_warnings),
		cmocka_unit_test(my_projects_are_named_by_list_or_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
