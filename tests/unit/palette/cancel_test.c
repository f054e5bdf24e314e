/* Calls that were called off: nothing more is sent, no pause is waited for, and the error says so.
 */
#include "unit/palette/fixture.h"

#include <pthread.h>

static const struct palette_listing paged = {
	.method = "GET",
	.path = "/v1/list",
	.paged = true,
	.items = "items",
	.what = "Things",
};

/* What it answers to every request, and which one the caller leaves at. */
struct upstream {
	enum http_fetch_end end;
	int status;
	unsigned leaves_at; /* 1: while the first request is answered; 0: never */
	struct http_cancel *cancel;
	unsigned asked;
};

/* Every page has one item and promises another page. */
static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	struct upstream *u = context;

	(void)request;
	u->asked++;
	if (u->asked == u->leaves_at)
		http_cancel_set(u->cancel);
	answer->end = u->end;
	answer->status = u->status;
	buf_printf(answer->body,
		   "{\"items\":[{\"metadata\":{\"uid\":\"u%u\"}}],\"listmeta\":{\"count\":1000,"
		   "\"continue\":\"t%u\"}}",
		   u->asked, u->asked);
}

static struct fixture *fixture_leaving(struct upstream *u)
{
	struct fixture *f = fixture_new(answer, u);

	u->cancel = http_cancel_new();
	f->palette->cancel = u->cancel;
	return f;
}

static void finish(struct fixture *f, struct upstream *u)
{
	fixture_free(f);
	http_cancel_free(u->cancel);
}

static bool list(struct fixture *f)
{
	struct palette_list list;
	bool ok;

	palette_list_init(&list, f->palette, "things");
	ok = palette_list_scope(f->palette, &paged, NULL, &list, &f->err);
	palette_list_fini(&list);
	return ok;
}

static bool create(struct fixture *f)
{
	struct palette_request r = {
		.purpose = PALETTE_CREATE,
		.expect = PALETTE_OBJECT,
		.form = PALETTE_FORM_LIST, /* as all its answers are */
		.method = "POST",
		.path = "/v1/x",
		.body = TEXT("{}"),
		.what = "Thing t1",
	};
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

static void nothing_is_sent_once_it_is_set(void **state)
{
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_leaving(&u);

	(void)state;
	http_cancel_set(u.cancel);
	assert_false(list(f));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_string_equal(f->err.message, "Things: the caller has called it off");
	assert_int_equal(u.asked, 0);
	/* The next call has a view of its own. */
	fixture_open(f, (struct text){NULL, 0}, 60000);
	assert_true(create(f));
	assert_int_equal(u.asked, 1);
	finish(f, &u);
}

static void no_more_pages_are_asked_for(void **state)
{
	struct upstream u = {.status = 200, .leaves_at = 3};
	struct fixture *f = fixture_leaving(&u);

	(void)state;
	assert_false(list(f));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_int_equal(u.asked, 3);
	finish(f, &u);
}

static void no_more_projects_are_asked_for(void **state)
{
	static const char *const projects[] = {"a", "b", "c", "d", "e", "f", "g", "h",
					       "i", "j", "k", "l", "m", "n", "o", "p"};
	struct upstream u = {.status = 200, .leaves_at = 2};
	struct fixture *f = fixture_leaving(&u);
	struct palette_list list;

	(void)state;
	palette_list_init(&list, f->palette, "things");
	assert_false(palette_list_projects(f->palette, &paged, projects, ARRAY_LEN(projects), &list,
					   &f->err));
	palette_list_fini(&list);
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_int_equal(u.asked, 2);
	finish(f, &u);
}

static void it_is_not_tried_again(void **state)
{
	struct upstream u = {.status = 503, .leaves_at = 1};
	struct fixture *f = fixture_leaving(&u);
	int64_t began_ms = clock_now_ms();

	(void)state;
	f->config.upstream_retry_delay_ms = 15000;
	assert_false(list(f));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_int_equal(u.asked, 1);
	assert_in_range(clock_now_ms() - began_ms, 0, 1000);
	finish(f, &u);
}

static void *set_soon(void *context)
{
	clock_sleep_ms(100);
	http_cancel_set(context);
	return NULL;
}

/* The pauses are long, and the caller leaves in the middle of one. */
static void a_pause_between_attempts_ends(void **state)
{
	struct upstream u = {.status = 503};
	struct fixture *f = fixture_leaving(&u);
	int64_t began_ms = clock_now_ms();
	pthread_t thread;

	(void)state;
	f->config.upstream_retry_delay_ms = 15000;
	f->config.upstream_attempts = 100;
	assert_int_equal(0, pthread_create(&thread, NULL, set_soon, u.cancel));
	assert_false(list(f));
	pthread_join(thread, NULL);
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_in_range(clock_now_ms() - began_ms, 0, 2000);
	finish(f, &u);
}

/* The first attempt was refused by a limit, and the second one was not sent: there is nothing. */
static void a_create_that_was_not_sent_says_nothing_more(void **state)
{
	struct upstream u = {.status = 429, .leaves_at = 1};
	struct fixture *f = fixture_leaving(&u);

	(void)state;
	assert_false(create(f));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_null(strstr(f->err.message, "may have created"));
	assert_int_equal(u.asked, 1);
	finish(f, &u);
}

static void a_create_that_may_have_arrived_says_so(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_CANCELLED, .leaves_at = 1};
	struct fixture *f = fixture_leaving(&u);

	(void)state;
	assert_false(create(f));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_non_null(strstr(f->err.message, "may have created"));
	assert_int_equal(u.asked, 1);
	finish(f, &u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_sent_once_it_is_set),
		cmocka_unit_test(no_more_pages_are_asked_for),
		cmocka_unit_test(no_more_projects_are_asked_for),
		cmocka_unit_test(it_is_not_tried_again),
		cmocka_unit_test(a_pause_between_attempts_ends),
		cmocka_unit_test(a_create_that_was_not_sent_says_nothing_more),
		cmocka_unit_test(a_create_that_may_have_arrived_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
