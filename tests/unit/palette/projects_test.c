/* Lists over many projects, over all that the caller can see, and of the caller's projects. */
#include "unit/palette/lists.h"

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
