/* Packs of the registries: what is looked for, and one pack. */
#include "unit/palette/canned_rows.h"

#define PACK(name, uid) \
	"{\"spec\":{\"name\":\"" name "\",\"registries\":[{\"latestPackUid\":\"" uid "\"}]}}"

static const char *search(struct fixture *f, const struct palette_pack_filter *filter, size_t most,
			  bool *more)
{
	struct palette_list list;
	bool ok;

	palette_list_init(&list, f->palette, "things");
	ok = palette_pack_search(f->palette, "p1", filter, most, &list, &f->err);
	*more = list.more;
	return canned_finish(f, &list, ok);
}

static void a_search_says_what_it_wants(void **state)
{
	static const struct {
		struct palette_pack_filter filter;
		const char *body;
	} rows[] = {
		{{.name = NULL},
		 "{\"filter\":{},\"sort\":[{\"field\":\"layer\",\"order\":\"asc\"}]}"},
		{{.display_name = "Cal\"ico", .layer = "cni"},
		 "{\"filter\":{\"displayName\":{\"contains\":\"Cal\\\"ico\",\"ignoreCase\":true},"
		 "\"layer\":[\"cni\"]},\"sort\":[{\"field\":\"layer\",\"order\":\"asc\"}]}"},
		{{.name = "n", .type = "helm", .cloud_type = "eks", .registry = "r1"},
		 "{\"filter\":{\"name\":{\"contains\":\"n\",\"ignoreCase\":true},"
		 "\"type\":[\"helm\"],\"environment\":[\"eks\"],\"registryUid\":[\"r1\"]},"
		 "\"sort\":[{\"field\":\"layer\",\"order\":\"asc\"}]}"},
	};
	struct canned_row answers[] = {
		{"POST", "/v1/packs/search?limit=50", 200,
		 "{\"items\":[" PACK("a", "u1") "," PACK("a", "u2") "," PACK("a", "u1") "]}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, answers);
	bool more;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		canned_http_forget(&f->http);
		assert_string_equal(search(f, &rows[i].filter, 0, &more),
				    "{\"things\":[" PACK("a", "u1") "," PACK("a", "u2") "]}");
		assert_false(more);
		assert_int_equal(f->http.count, 1);
		assert_string_equal(f->http.requests[0].project, "p1");
		assert_int_equal(f->http.requests[0].body.len, strlen(rows[i].body));
		assert_true(text_is(f->http.requests[0].body, rows[i].body));
	}
	fixture_free(f);
}

static void a_search_ends_where_it_is_told_to(void **state)
{
	static const struct palette_pack_filter any = {.name = NULL};
	struct canned_row answers[] = {
		{"POST", "/v1/packs/search?limit=2", 200,
		 "{\"items\":[" PACK("a", "u1") "," PACK(
			 "b", "u2") "],"
				    "\"listmeta\":{\"count\":9,\"continue\":\"t\"}}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, answers);
	bool more;

	(void)state;
	assert_string_equal(search(f, &any, 2, &more),
			    "{\"things\":[" PACK("a", "u1") "," PACK("b", "u2") "]}");
	assert_true(more);
	assert_int_equal(f->http.count, 1);
	fixture_free(f);
}

static void a_search_of_any_length_is_bounded(void **state)
{
	enum { LONG = 70000 };
	struct canned_row answers[] = {{.path = NULL}};
	struct fixture *f = fixture_new(answer_canned_rows, answers);
	struct palette_pack_filter filter = {.name = NULL};
	char *name = malloc(LONG + 1);
	bool more;

	(void)state;
	assert_non_null(name);
	memset(name, 'x', LONG);
	name[LONG] = '\0';
	filter.name = name;
	assert_null(search(f, &filter, 0, &more));
	assert_int_equal(f->err.kind, ERROR_INPUT);
	assert_int_equal(f->http.count, 0);
	free(name);
	fixture_free(f);
}

static void one_pack_and_its_versions(void **state)
{
	struct canned_row rows[] = {
		{"GET", "/v1/packs/u1", 200, "{\"name\":\"a\"}"},
		{"GET", "/v1/packs/a%2Fb/registries/r1", 200, "{\"name\":\"a/b\"}"},
		{"GET", "/v1/packs/u2", 404, "{}"},
		{.path = NULL},
	};
	struct fixture *f = fixture_new(answer_canned_rows, rows);

	(void)state;
	assert_true(palette_pack(f->palette, NULL, "u1", &f->out, &f->err));
	assert_string_equal(f->out.ptr, "{\"name\":\"a\"}");
	buf_fini(&f->out);
	assert_true(palette_pack_versions(f->palette, NULL, "a/b", "r1", &f->out, &f->err));
	assert_string_equal(f->out.ptr, "{\"name\":\"a/b\"}");
	assert_false(palette_pack(f->palette, NULL, "u2", &f->out, &f->err));
	assert_string_equal(f->err.message, "Pack u2 not found");
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_search_says_what_it_wants),
		cmocka_unit_test(a_search_ends_where_it_is_told_to),
		cmocka_unit_test(a_search_of_any_length_is_bounded),
		cmocka_unit_test(one_pack_and_its_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
