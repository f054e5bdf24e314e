/* Requests within Palette's rate limits: what is sent when, and what becomes of the rest. */
#include "unit/palette/fixture.h"

enum { AT_ONCE = 50, COUNT = 80 };

/* What it answers. */
struct upstream {
	int status;
	const char *retry_after;
};

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	const struct upstream *u = context;

	(void)request;
	answer->status = u->status;
	answer->retry_after = u->retry_after;
	buf_add_string(answer->body, "{\"spec\":1}");
}

/* With the limits as they are published, from now on. */
static struct fixture *fixture_paced(struct upstream *u, unsigned percent)
{
	struct fixture *f = fixture_new(answer, u);

	palette_close(f->palette);
	f->palette = NULL;
	palette_client_free(f->client);
	f->config.upstream_rate_percent = (int)percent;
	f->config.upstream_replicas = 1;
	f->config.upstream_attempts = 1;
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	fixture_open(f, (struct text){NULL, 0}, 60000);
	return f;
}

static struct palette_request request_of(enum palette_purpose purpose, const char *path)
{
	return (struct palette_request){
		.purpose = purpose,
		.expect = PALETTE_OBJECT,
		.method = purpose == PALETTE_READ ? "GET" : "POST",
		.path = path,
		.what = "Thing t1",
	};
}

static bool run(struct fixture *f, enum palette_purpose purpose, const char *path)
{
	struct palette_request r = request_of(purpose, path);
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

static void use_up(struct fixture *f, const char *path)
{
	for (int i = 0; i < AT_ONCE; i++)
		assert_true(run(f, PALETTE_READ, path));
}

static void many_are_sent_as_far_as_they_may_be(void **state)
{
	static struct palette_request requests[COUNT];
	struct palette_request *pointers[COUNT];
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_paced(&u, 100);
	int64_t before = clock_now_ms();

	(void)state;
	/* A third of them has a limit of its own, in between, and need not wait. */
	for (int i = 0; i < COUNT; i++) {
		requests[i] = request_of(PALETTE_READ, i % 3 == 0 ? "/v1/cloudconfigs/a"
								  : "/v1/dashboard/b?limit=50");
		pointers[i] = &requests[i];
	}
	palette_fetch_all(f->palette, pointers, COUNT);
	for (int i = 0; i < COUNT; i++)
		assert_true(requests[i].ok);
	palette_requests_fini(requests, COUNT);
	assert_int_equal(f->http.count, COUNT);
	/* 53 of the others: 50 at once, then ten a second. */
	assert_true(clock_now_ms() - before >= 299);
	assert_true(f->http.requests[AT_ONCE + 26].at_ms - before < 250);
	assert_true(f->http.requests[COUNT - 1].at_ms - before >= 299);
	fixture_free(f);
}

static void without_pacing_all_go_at_once(void **state)
{
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_paced(&u, 0);
	int64_t before = clock_now_ms();

	(void)state;
	for (int i = 0; i < 3; i++)
		use_up(f, "/v1/dashboard/a");
	assert_true(clock_now_ms() - before < 5000);
	fixture_free(f);
}

static void what_was_not_sent_was_certainly_not_done(void **state)
{
	static const enum palette_purpose purposes[] = {PALETTE_CREATE, PALETTE_CHANGE,
							PALETTE_READ};
	struct upstream u = {.status = 200};
	struct fixture *f = fixture_paced(&u, 100);
	struct http_cancel *cancel = http_cancel_new();

	(void)state;
	use_up(f, "/v1/dashboard/a");
	u = (struct upstream){.status = 429, .retry_after = "30"};
	assert_false(run(f, PALETTE_READ, "/v1/users/me"));
	fixture_open(f, (struct text){NULL, 0}, 5000);
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		assert_false(run(f, purposes[i], "/v1/users/b"));
		assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
		assert_in_range(f->err.retry_after_s, 28, 31);
		assert_false(f->err.maybe_done);
		assert_int_equal(f->err.upstream_status, 0);
		assert_non_null(strstr(f->err.message, "Thing t1: Palette's rate limit"));
	}
	http_cancel_set(cancel);
	f->palette->cancel = cancel;
	assert_false(run(f, PALETTE_CREATE, "/v1/dashboard/a"));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_false(f->err.maybe_done);
	assert_int_equal(f->http.count, AT_ONCE + 1);
	fixture_free(f);
	http_cancel_free(cancel);
}

static void a_429_holds_up_the_next_request_for_a_second(void **state)
{
	struct upstream u = {.status = 429};
	struct fixture *f = fixture_paced(&u, 100);

	(void)state;
	assert_false(run(f, PALETTE_READ, "/v1/dashboard/a"));
	u.status = 200;
	assert_true(run(f, PALETTE_READ, "/v1/users/me")); /* another limit */
	assert_true(run(f, PALETTE_READ, "/v1/dashboard/b"));
	assert_true(f->http.requests[1].at_ms - f->http.requests[0].at_ms < 900);
	assert_true(f->http.requests[2].at_ms - f->http.requests[0].at_ms >= 999);
	fixture_free(f);
}

static void environments_of_one_host_share_its_budget(void **state)
{
	static const struct {
		const char *first;
		const char *second;
		bool shared;
	} cases[] = {
		{"https://palette.test", "https://palette.test", true},
		{"https://palette.test", "HTTPS://Palette.test:443/other", true},
		{"http://palette.test:80/a", "http://palette.test", true},
		{"https://palette.test", "http://palette.test", false},
		{"https://palette.test", "https://palette.test:444", false},
		{"https://palette.test:443", "https://palette.test:4433", false},
		{"https://palette.test", "https://palette.tests", false},
		{"https://[::1]:8443", "https://[::1]:8443/", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct upstream u = {.status = 200};
		struct fixture *f = fixture_paced(&u, 0);
		struct palette *other;

		palette_close(f->palette);
		palette_client_free(f->client);
		f->palette = NULL;
		f->config.upstream_rate_percent = 100;
		f->environments[0].url = cases[i].first;
		f->environments[1].url = cases[i].second;
		palette_client_new(&f->config, &f->http, f->hosts, &f->client);
		fixture_open(f, (struct text){NULL, 0}, 60000);
		assert_true(palette_open(f->client, &f->environments[1], (struct text){NULL, 0},
					 &f->arena, clock_now_ms() + 1000, NULL, &other, &f->err));
		assert_int_equal(palette_pacer(f->palette) == palette_pacer(other),
				 cases[i].shared);
		palette_close(other);
		fixture_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_sent_as_far_as_they_may_be),
		cmocka_unit_test(without_pacing_all_go_at_once),
		cmocka_unit_test(what_was_not_sent_was_certainly_not_done),
		cmocka_unit_test(a_429_holds_up_the_next_request_for_a_second),
		cmocka_unit_test(environments_of_one_host_share_its_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
