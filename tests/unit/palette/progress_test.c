/* Lists of many pages and projects tell how far they are. */
#include "unit/palette/fixture.h"

enum { PROJECTS = 20, PAGES = 3 };

static const struct palette_listing paged = {
	.method = "GET",
	.path = "/v1/list",
	.paged = true,
	.items = "items",
	.what = "Things",
};

/* What was told, "done/total" each. */
struct told {
	struct buf steps;
	const char *message;
};

static void note(void *context, int64_t done, int64_t total, const char *message)
{
	struct told *told = context;

	buf_printf(&told->steps, "%d/%d ", (int)done, (int)total);
	told->message = message;
}

/* A tenant's list of three pages; of each project one item. */
static void answer_list(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	const char *token = strstr(request->path, "continue=");
	int page = token == NULL ? 0 : atoi(token + strlen("continue="));

	(void)context;
	answer->status = 200;
	if (request->project != NULL)
		buf_printf(answer->body, "{\"items\":[{\"metadata\":{\"uid\":\"of-%s\"}}]}",
			   request->project);
	else
		buf_printf(answer->body,
			   "{\"items\":[{\"metadata\":{\"uid\":\"u%d\"}}],\"listmeta\":{"
			   "\"continue\":\"%.*d\"}}",
			   page, page + 1 < PAGES ? 1 : 0, page + 1 < PAGES ? page + 1 : 0);
}

static struct fixture *begin(struct told *told)
{
	struct fixture *f = fixture_new(answer_list, NULL);

	buf_init(&told->steps, 4096);
	palette_set_progress(f->palette, note, told);
	return f;
}

static void end(struct fixture *f, struct told *told)
{
	buf_fini(&told->steps);
	fixture_free(f);
}

static void list_tenant(struct fixture *f)
{
	struct palette_list list;

	palette_list_init(&list, f->palette, "things");
	assert_true(palette_list_scope(f->palette, &paged, NULL, &list, &f->err));
	assert_int_equal(list.count, PAGES);
	palette_list_fini(&list);
}

static void list_projects(struct fixture *f)
{
	const char *projects[PROJECTS];
	struct palette_list list;

	for (int i = 0; i < PROJECTS; i++)
		projects[i] = arena_printf(&f->arena, "p%d", i);
	palette_list_init(&list, f->palette, "things");
	assert_true(palette_list_projects(f->palette, &paged, projects, PROJECTS, &list, &f->err));
	assert_int_equal(list.count, PROJECTS);
	palette_list_fini(&list);
}

static void pages_are_counted(void **state)
{
	struct told told;
	struct fixture *f = begin(&told);

	(void)state;
	list_tenant(f);
	assert_string_equal(told.steps.ptr, "1/0 2/0 ");
	assert_string_equal(told.message, "Things: reading pages");
	end(f, &told);
}

/* Eight at a time: twice what is asked side by side. */
static void projects_are_counted(void **state)
{
	struct told told;
	struct fixture *f = begin(&told);

	(void)state;
	list_projects(f);
	assert_string_equal(told.steps.ptr, "0/20 8/20 16/20 20/20 ");
	assert_string_equal(told.message, "Things: asking projects");
	end(f, &told);
}

static void one_count_goes_on_for_all_lists_of_a_call(void **state)
{
	struct told told;
	struct fixture *f = begin(&told);

	(void)state;
	list_tenant(f);
	list_projects(f);
	assert_string_equal(told.steps.ptr, "1/0 2/0 2/22 10/22 18/22 22/22 ");
	palette_set_progress(f->palette, NULL, NULL);
	list_projects(f);
	assert_string_equal(told.steps.ptr, "1/0 2/0 2/22 10/22 18/22 22/22 ");
	end(f, &told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_counted),
		cmocka_unit_test(projects_are_counted),
		cmocka_unit_test(one_count_goes_on_for_all_lists_of_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
