/* Requests: credential and scope, deadlines, which failures are tried again and how often. */
#include "unit/palette/fixture.h"

/* Answers one after the other; the last one from then on. */
struct step {
	enum http_fetch_end end;
	int status;
	const char *retry_after;
	const char *body;
};
struct script {
	const struct step *steps;
	size_t count;
	size_t at;
};

static void answer_script(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	struct script *script = context;
	const struct step *step = &script->steps[script->at];

	(void)request;
	if (script->at + 1 < script->count)
		script->at++;
	answer->end = step->end;
	answer->status = step->status;
	answer->retry_after = step->retry_after;
	buf_add_string(answer->body, step->body == NULL ? "{\"spec\":1}" : step->body);
}

#define SCRIPT(steps)                        \
	{                                    \
		(steps), ARRAY_LEN(steps), 0 \
	}

static struct palette_request request_of(enum palette_purpose purpose)
{
	return (struct palette_request){
		.purpose = purpose,
		.expect = PALETTE_OBJECT,
		.method = purpose == PALETTE_READ ? "GET" : "POST",
		.path = "/v1/x?y=z",
		.body = purpose == PALETTE_READ ? TEXT("") : TEXT("{\"b\":2}"),
		.what = "Thing t1",
	};
}

static bool run(struct fixture *f, enum palette_purpose purpose)
{
	struct palette_request r = request_of(purpose);
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

/* ---- what goes out ---- */

static const struct step fine[] = {{HTTP_FETCH_DONE, 200, NULL, NULL}};

static void an_api_key_goes_alone(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);
	const struct canned_request *sent;

	(void)state;
	assert_true(run(f, PALETTE_READ));
	sent = &f->http.requests[0];
	assert_string_equal(sent->method, "GET");
	assert_string_equal(sent->host, "http://palette.test");
	assert_string_equal(sent->path, "/v1/x?y=z");
	assert_string_equal(sent->api_key, "prod-api-token");
	assert_null(sent->authorization);
	assert_null(sent->project);
	assert_null(sent->content_type);
	assert_string_equal(sent->accept, "application/json");
	assert_int_equal(sent->header_count, 2);
	assert_false(sent->once);
	assert_int_equal(sent->max_bytes, f->config.upstream_max_answer_bytes);
	fixture_free(f);
}

static void a_session_goes_alone_and_raw(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	fixture_open(f, TEXT("session-token"), 60000);
	assert_true(run(f, PALETTE_LIST));
	assert_string_equal(f->http.requests[0].authorization, "session-token");
	assert_null(f->http.requests[0].api_key);
	fixture_free(f);
}

static void the_scope_and_the_body_have_their_headers(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);
	struct palette_request r = request_of(PALETTE_CREATE);

	(void)state;
	r.project = "p1";
	assert_true(palette_fetch(f->palette, &r, &f->err));
	assert_string_equal(r.answer.ptr, "{\"spec\":1}");
	palette_requests_fini(&r, 1);
	assert_string_equal(f->http.requests[0].project, "p1");
	assert_string_equal(f->http.requests[0].content_type, "application/json");
	assert_true(text_is(f->http.requests[0].body, "{\"b\":2}"));
	assert_true(f->http.requests[0].once);
	assert_int_equal(f->http.requests[0].header_count, 4);
	fixture_free(f);
}

static void what_changes_something_is_not_begun_too_late(void **state)
{
	static const enum palette_purpose purposes[] = {PALETTE_CREATE, PALETTE_CHANGE};
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	f->config.upstream_timeout_ms = 10000;
	f->config.request_timeout_ms = 20000;
	fixture_open(f, (struct text){NULL, 0}, 900);
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		assert_false(run(f, purposes[i]));
		assert_int_equal(f->err.kind, ERROR_TIMEOUT);
		assert_false(f->err.maybe_done);
	}
	assert_int_equal(f->http.count, 0);
	assert_true(run(f, PALETTE_READ));
	/* A short time for all of it is no reason to do nothing. */
	f->config.request_timeout_ms = 1000;
	assert_true(run(f, PALETTE_CREATE));
	fixture_free(f);
}

static void the_deadline_is_the_nearer_of_two(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);
	int64_t now = clock_now_ms();

	(void)state;
	fixture_open(f, (struct text){NULL, 0}, 2000);
	assert_true(run(f, PALETTE_READ));
	assert_true(f->http.requests[0].deadline_ms <= clock_now_ms() + 2000);
	f->config.upstream_timeout_ms = 100;
	assert_true(run(f, PALETTE_READ));
	assert_true(f->http.requests[1].deadline_ms <= clock_now_ms() + 100);
	assert_true(f->http.requests[1].deadline_ms >= now + 100);
	fixture_free(f);
}

static void another_environment_is_another_host_and_token(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	palette_close(f->palette);
	f->palette = NULL;
	assert_true(palette_open(f->client, &f->environments[1], (struct text){NULL, 0}, &f->arena,
				 clock_now_ms() + 1000, NULL, &f->palette, &f->err));
	assert_true(run(f, PALETTE_READ));
	assert_string_equal(f->http.requests[0].host, "https://staging.test");
	assert_string_equal(f->http.requests[0].api_key, "staging-api-token");
	fixture_free(f);
}

/* ---- what is tried again ---- */

static void what_passes_is_tried_again(void **state)
{
	static const struct step first[] = {
		{HTTP_FETCH_DONE, 429, NULL, NULL}, {HTTP_FETCH_DONE, 502, NULL, NULL},
		{HTTP_FETCH_DONE, 503, NULL, NULL}, {HTTP_FETCH_DONE, 504, NULL, NULL},
		{HTTP_FETCH_BROKEN, 0, NULL, NULL}, {HTTP_FETCH_UNREACHABLE, 0, NULL, NULL},
		{HTTP_FETCH_DONE, 429, "0", NULL},  {HTTP_FETCH_DONE, 503, "soon", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		const struct step steps[] = {first[i], fine[0]};
		struct script script = SCRIPT(steps);
		struct fixture *f = fixture_new(answer_script, &script);

		assert_true(run(f, PALETTE_READ));
		assert_int_equal(f->http.count, 2);
		script.at = 0;
		assert_true(run(f, PALETTE_LIST));
		assert_int_equal(f->http.count, 4);
		fixture_free(f);
	}
}

static void what_stays_is_asked_once(void **state)
{
	static const struct step steps[] = {
		{HTTP_FETCH_DONE, 500, NULL, NULL},       {HTTP_FETCH_DONE, 400, NULL, NULL},
		{HTTP_FETCH_DONE, 401, NULL, NULL},       {HTTP_FETCH_DONE, 403, "1", NULL},
		{HTTP_FETCH_DONE, 404, NULL, NULL},       {HTTP_FETCH_DONE, 302, NULL, NULL},
		{HTTP_FETCH_TOO_SLOW, 0, NULL, NULL},     {HTTP_FETCH_TOO_LARGE, 0, NULL, NULL},
		{HTTP_FETCH_DONE, 200, NULL, "nonsense"}, {HTTP_FETCH_DONE, 200, NULL, "[]"},
		{HTTP_FETCH_DONE, 204, NULL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct script script = {&steps[i], 1, 0};
		struct fixture *f = fixture_new(answer_script, &script);

		assert_false(run(f, PALETTE_READ));
		assert_false(run(f, PALETTE_LIST));
		assert_int_equal(f->http.count, 2);
		fixture_free(f);
	}
}

static void attempts_are_bounded(void **state)
{
	static const struct step steps[] = {
		{HTTP_FETCH_DONE, 503, NULL, NULL},
		{HTTP_FETCH_DONE, 429, NULL, NULL},
		{HTTP_FETCH_BROKEN, 0, NULL, NULL},
		{HTTP_FETCH_UNREACHABLE, 0, NULL, NULL},
	};
	static const enum error_kind kinds[] = {ERROR_UPSTREAM, ERROR_UNAVAILABLE, ERROR_UPSTREAM,
						ERROR_UPSTREAM};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct script script = {&steps[i], 1, 0};
		struct fixture *f = fixture_new(answer_script, &script);

		assert_false(run(f, PALETTE_READ));
		assert_int_equal(f->err.kind, kinds[i]);
		assert_int_equal(f->http.count, 4);
		canned_http_forget(&f->http);
		f->config.upstream_attempts = 1;
		assert_false(run(f, PALETTE_READ));
		assert_int_equal(f->http.count, 1);
		fixture_free(f);
	}
}

/* A create goes out again only where it cannot have been taken. */
static void a_create_is_never_sent_twice(void **state)
{
	static const struct {
		struct step step;
		size_t sent;
	} rows[] = {
		{{HTTP_FETCH_BROKEN, 0, NULL, NULL}, 1},
		{{HTTP_FETCH_TOO_SLOW, 0, NULL, NULL}, 1},
		{{HTTP_FETCH_TOO_LARGE, 0, NULL, NULL}, 1},
		{{HTTP_FETCH_DONE, 500, NULL, NULL}, 1},
		{{HTTP_FETCH_DONE, 502, NULL, NULL}, 1},
		{{HTTP_FETCH_DONE, 503, "1", NULL}, 1},
		{{HTTP_FETCH_DONE, 504, NULL, NULL}, 1},
		{{HTTP_FETCH_DONE, 201, NULL, "nonsense"}, 1},
		{{HTTP_FETCH_DONE, 409, NULL, NULL}, 1},
		{{HTTP_FETCH_DONE, 429, NULL, NULL}, 4},
		{{HTTP_FETCH_UNREACHABLE, 0, NULL, NULL}, 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct script script = {&rows[i].step, 1, 0};
		struct fixture *f = fixture_new(answer_script, &script);

		assert_false(run(f, i % 2 == 0 ? PALETTE_CREATE : PALETTE_CHANGE));
		canned_http_forget(&f->http);
		assert_false(run(f, i % 2 == 0 ? PALETTE_CHANGE : PALETTE_CREATE));
		assert_int_equal(f->http.count, rows[i].sent);
		for (size_t s = 0; s < f->http.count; s++)
			assert_true(f->http.requests[s].once);
		fixture_free(f);
	}
}

/* Whoever sent a create has to know when it may have been taken all the same. */
static void a_create_without_an_answer_says_so(void **state)
{
	static const struct step steps[] = {
		{HTTP_FETCH_BROKEN, 0, NULL, NULL},    {HTTP_FETCH_TOO_SLOW, 0, NULL, NULL},
		{HTTP_FETCH_TOO_LARGE, 0, NULL, NULL}, {HTTP_FETCH_DONE, 500, NULL, NULL},
		{HTTP_FETCH_DONE, 504, NULL, NULL},    {HTTP_FETCH_UNREACHABLE, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct script script = {&steps[i], 1, 0};
		struct fixture *f = fixture_new(answer_script, &script);
		bool unreachable = steps[i].end == HTTP_FETCH_UNREACHABLE;

		assert_false(run(f, PALETTE_CREATE));
		assert_int_equal(strstr(f->err.message, "may have created") == NULL, unreachable);
		assert_false(run(f, PALETTE_CHANGE));
		assert_int_equal(strstr(f->err.message, "may have made the change") == NULL,
				 unreachable);
		assert_false(run(f, PALETTE_READ));
		assert_null(strstr(f->err.message, "may have"));
		fixture_free(f);
	}
}

static void too_slow_is_a_timeout(void **state)
{
	static const struct step steps[] = {{HTTP_FETCH_TOO_SLOW, 0, NULL, NULL}};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_TIMEOUT);
	assert_int_equal(f->err.upstream_status, 0);
	assert_string_equal(f->err.message, "Thing t1: calling Palette failed: the answer "
					    "took too long");
	/* With no time left nothing goes out. */
	canned_http_forget(&f->http);
	fixture_open(f, (struct text){NULL, 0}, -1);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_TIMEOUT);
	assert_int_equal(f->http.count, 0);
	fixture_free(f);
}

/* ---- Retry-After ---- */

/* Anywhere below the ceiling, so that many who failed together do not come again together. */
static void pauses_are_drawn_anew(void **state)
{
	enum { TIMES = 12, CEILING_MS = 64 };
	static const struct step steps[] = {{HTTP_FETCH_DONE, 503, NULL, NULL}};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);
	int64_t first = -1;
	bool differ = false;

	(void)state;
	f->config.upstream_retry_delay_ms = CEILING_MS;
	f->config.upstream_attempts = 2;
	for (int i = 0; i < TIMES; i++) {
		int64_t pause;

		canned_http_forget(&f->http);
		assert_false(run(f, PALETTE_READ));
		pause = f->http.requests[1].at_ms - f->http.requests[0].at_ms;
		first = first < 0 ? pause : first;
		differ = differ || pause - first > 3 || first - pause > 3;
	}
	assert_true(differ);
	fixture_free(f);
}

static void retry_after_is_obeyed(void **state)
{
	static const struct step steps[] = {
		{HTTP_FETCH_DONE, 429, "1", NULL},
		{HTTP_FETCH_DONE, 200, NULL, NULL},
	};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	assert_true(run(f, PALETTE_READ));
	assert_int_equal(f->http.count, 2);
	assert_true(f->http.requests[1].at_ms - f->http.requests[0].at_ms >= 1000);
	fixture_free(f);
}

static void retry_after_beyond_the_deadline_ends_at_once(void **state)
{
	static const struct step steps[] = {{HTTP_FETCH_DONE, 429, "30", NULL}};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);
	int64_t started = clock_now_ms();

	(void)state;
	fixture_open(f, (struct text){NULL, 0}, 20000);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(f->err.retry_after_s, 30);
	assert_int_equal(f->http.count, 1);
	assert_true(clock_now_ms() - started < 5000);
	fixture_free(f);
}

static void retry_after_may_be_a_date(void **state)
{
	static const struct {
		const char *header;
		int least;
		int most;
	} cases[] = {
		{"Fri, 31 Dec 2100 23:59:59 GMT", 3600, 3600}, /* an hour is the most we say */
		{"Thu, 01 Jan 1970 00:00:00 GMT", 5, 5},
		{"tomorrow", 5, 5},
		{"-3", 5, 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct step steps[] = {{HTTP_FETCH_DONE, 429, cases[i].header, NULL}};
		struct script script = SCRIPT(steps);
		struct fixture *f = fixture_new(answer_script, &script);

		f->config.upstream_attempts = 1;
		assert_false(run(f, PALETTE_READ));
		assert_in_range(f->err.retry_after_s, cases[i].least, cases[i].most);
		fixture_free(f);
	}
}

/* Not sooner than asked, even if our own pause on top would not fit any more. */
static void retry_after_is_never_cut_short(void **state)
{
	static const struct step steps[] = {{HTTP_FETCH_DONE, 429, "1", NULL}};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	f->config.upstream_retry_delay_ms = 60000;
	fixture_open(f, (struct text){NULL, 0}, 1100);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	for (size_t i = 1; i < f->http.count; i++)
		assert_true(f->http.requests[i].at_ms - f->http.requests[i - 1].at_ms >= 1000);
	fixture_free(f);
}

static void a_pause_that_would_use_up_the_time_is_not_made(void **state)
{
	static const struct step steps[] = {{HTTP_FETCH_DONE, 503, NULL, NULL}};
	struct script script = SCRIPT(steps);
	struct fixture *f = fixture_new(answer_script, &script);
	int64_t started = clock_now_ms();

	(void)state;
	f->config.upstream_retry_delay_ms = 60000;
	f->config.upstream_attempts = 20;
	fixture_open(f, (struct text){NULL, 0}, 300);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	/* Nor does the rest of the attempts go out in one burst. */
	assert_true(f->http.count <= 3);
	assert_true(clock_now_ms() - started < 5000);
	fixture_free(f);
}

/* ---- answers ---- */

static void answers_have_the_form_that_was_asked_for(void **state)
{
	static const struct {
		const char *body;
		bool fits[PALETTE_NOTHING + 1];
	} rows[] = {
		{"{\"metadata\":{}}",
		 {[PALETTE_OBJECT] = true,
		  [PALETTE_OBJECT_OR_ARRAY] = true,
		  [PALETTE_NOTHING] = true}},
		{" {\"spec\":[1]}\n",
		 {[PALETTE_OBJECT] = true,
		  [PALETTE_OBJECT_OR_ARRAY] = true,
		  [PALETTE_NOTHING] = true}},
		{"{}", {[PALETTE_NOTHING] = true}},
		{"{\"code\":\"Busy\",\"message\":\"m\",\"ref\":\"r\"}", {false}},
		{"{\"message\":\"m\",\"metadata\":{},\"code\":503}", {false}},
		{"{\"message\":\"m\"}", {[PALETTE_NOTHING] = true}},
		{"{\"code\":null,\"message\":\"m\"}", {[PALETTE_NOTHING] = true}},
		{"[]",
		 {[PALETTE_ARRAY] = true,
		  [PALETTE_OBJECT_OR_ARRAY] = true,
		  [PALETTE_NOTHING] = true}},
		{"null", {[PALETTE_ARRAY] = true, [PALETTE_NOTHING] = true}},
		{"\"x\"", {[PALETTE_NOTHING] = true}},
		{"7", {[PALETTE_NOTHING] = true}},
		{"{\"spec\":1}{}", {[PALETTE_NOTHING] = true}},
		{"{\"spec\":}", {[PALETTE_NOTHING] = true}},
		{"", {[PALETTE_NOTHING] = true}},
		{"\xEF\xBB\xBF{\"spec\":1}", {[PALETTE_NOTHING] = true}},
	};
	struct step step = {HTTP_FETCH_DONE, 200, NULL, NULL};
	struct script script = {&step, 1, 0};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (int expect = PALETTE_OBJECT; expect <= PALETTE_NOTHING; expect++) {
			struct palette_request r = request_of(PALETTE_READ);
			bool ok;

			step.body = rows[i].body;
			r.expect = (enum palette_expect)expect;
			ok = palette_fetch(f->palette, &r, &f->err);
			palette_requests_fini(&r, 1);
			assert_int_equal(ok, rows[i].fits[expect] || expect == PALETTE_BYTES);
			if (!ok)
				assert_int_equal(f->err.kind, ERROR_UPSTREAM);
		}
	}
	fixture_free(f);
}

/* What each endpoint documents, and what could be taken for it. */
static void answers_have_what_their_endpoint_documents(void **state)
{
	static const struct {
		enum palette_form form;
		const char *fits;
		bool empty; /* whether {} does */
	} rows[] = {
		{PALETTE_FORM_OBJECT, "{\"status\":null}", false},
		{PALETTE_FORM_LIST, "{\"items\":null}", false},
		{PALETTE_FORM_LIST, "{\"summaries\":[]}", false},
		{PALETTE_FORM_LIST, "{\"listmeta\":{}}", false},
		{PALETTE_FORM_PROFILES, "{\"profiles\":null}", false},
		{PALETTE_FORM_VARIABLES, "{\"variables\":[]}", true},
		{PALETTE_FORM_RESOURCES, "{\"datacenter\":\"d\"}", false},
		{PALETTE_FORM_PACK, "{\"tags\":[]}", false},
		{PALETTE_FORM_UID, "{\"uid\":\"u\"}", false},
		{PALETTE_FORM_FINDINGS, "{\"profiles\":null}", true},
		{PALETTE_FORM_PRICE, "{\"rate\":{}}", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(palette_has_form(rows[i].form, text_of(rows[i].fits)));
		assert_int_equal(palette_has_form(rows[i].form, TEXT("{ }")), rows[i].empty);
		assert_false(palette_has_form(rows[i].form, TEXT("{\"other\":{\"items\":[]}}")));
	}
}

static void an_answer_over_the_limit_is_an_error(void **state)
{
	struct step step = {HTTP_FETCH_DONE, 200, NULL, "{\"spec\":\"12345\"}"};
	struct script script = {&step, 1, 0};
	struct fixture *f = fixture_new(answer_script, &script);

	(void)state;
	f->config.upstream_max_answer_bytes = 16;
	assert_true(run(f, PALETTE_READ));
	f->config.upstream_max_answer_bytes = 15;
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	fixture_free(f);
}

/* ---- many at once ---- */

/* The request's path says what becomes of it: "/ok", "/busy" first and then well, "/bad". */
static void answer_by_path(void *context, const struct canned_request *request,
			   struct canned_answer *answer)
{
	struct http_client *http = context;
	bool again = canned_http_count(http, NULL, request->path, NULL) > 1;

	answer->status = strncmp(request->path, "/bad", 4) == 0              ? 500
			 : strncmp(request->path, "/busy", 5) == 0 && !again ? 429
									     : 200;
	buf_printf(answer->body, "{\"spec\":\"%s\"}", request->path);
}

static void each_of_many_has_its_own_outcome(void **state)
{
	enum { COUNT = 300 };
	static struct palette_request requests[COUNT];
	struct palette_request *pointers[COUNT];
	struct fixture *f = fixture_new(answer_by_path, NULL);

	(void)state;
	f->http.context = &f->http;
	for (int i = 0; i < COUNT; i++) {
		static const char *const kinds[] = {"/ok", "/busy", "/bad"};

		requests[i] = request_of(PALETTE_READ);
		requests[i].path = arena_printf(&f->arena, "%s%d", kinds[i % 3], i);
		pointers[i] = &requests[i];
	}
	palette_fetch_all(f->palette, pointers, COUNT);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(requests[i].ok, i % 3 != 2);
		assert_int_equal(requests[i].status, i % 3 == 2 ? 500 : 200);
		if (requests[i].ok) /* the answer is its own, not a neighbour's */
			assert_string_equal(
				requests[i].answer.ptr,
				arena_printf(&f->arena, "{\"spec\":\"%s\"}", requests[i].path));
	}
	assert_int_equal(f->http.count, COUNT + COUNT / 3);
	palette_requests_fini(requests, COUNT);
	palette_fetch_all(f->palette, pointers, 0);
	fixture_free(f);
}

/* ---- an environment's share of the workers ---- */

static void a_slow_environment_does_not_take_every_worker(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);
	struct palette *views[16] = {NULL};
	size_t open = 1; /* the fixture's own */

	(void)state;
	while (open < 16 &&
	       palette_open(f->client, &f->environments[0], (struct text){NULL, 0}, &f->arena,
			    clock_now_ms() + 1000, NULL, &views[open], &f->err))
		open++;
	assert_int_equal(open, 12);
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_true(f->err.retry_after_s > 0);
	/* The other environment still has room, and a place given back can be taken. */
	assert_true(palette_open(f->client, &f->environments[1], (struct text){NULL, 0}, &f->arena,
				 clock_now_ms() + 1000, NULL, &views[0], &f->err));
	palette_close(views[1]);
	assert_true(palette_open(f->client, &f->environments[0], (struct text){NULL, 0}, &f->arena,
				 clock_now_ms() + 1000, NULL, &views[1], &f->err));
	for (size_t i = 0; i < open; i++)
		palette_close(views[i]);
	palette_close(NULL);
	fixture_free(f);
}

static void what_holds_no_worker_has_places_of_its_own_and_waits(void **state)
{
	struct script script = SCRIPT(fine);
	struct fixture *f = fixture_new(answer_script, &script);
	const struct text none = {NULL, 0};
	struct http_cancel *cancel = http_cancel_new();
	struct palette *views[3] = {NULL};
	int64_t before = clock_now_ms();

	(void)state;
	/* Half of the connections, of which there are four. */
	for (size_t i = 0; i < 2; i++)
		assert_true(palette_open_aside(f->client, &f->environments[0], none, &f->arena,
					       before + 1000, NULL, &views[i], &f->err));
	assert_false(palette_open_aside(f->client, &f->environments[0], none, &f->arena,
					before + 100, cancel, &views[2], &f->err));
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_true(clock_now_ms() - before >= 100);
	http_cancel_set(cancel);
	assert_false(palette_open_aside(f->client, &f->environments[0], none, &f->arena,
					clock_now_ms() + 60000, cancel, &views[2], &f->err));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_null(views[2]);
	/* Requests are not concerned, nor is the other environment. */
	fixture_open(f, none, 1000);
	assert_true(palette_open_aside(f->client, &f->environments[1], none, &f->arena,
				       before + 1000, NULL, &views[2], &f->err));
	palette_close(views[0]);
	assert_true(palette_open_aside(f->client, &f->environments[0], none, &f->arena,
				       clock_now_ms() + 1000, NULL, &views[0], &f->err));
	for (size_t i = 0; i < 3; i++)
		palette_close(views[i]);
	http_cancel_free(cancel);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_api_key_goes_alone),
		cmocka_unit_test(a_session_goes_alone_and_raw),
		cmocka_unit_test(the_scope_and_the_body_have_their_headers),
		cmocka_unit_test(what_changes_something_is_not_begun_too_late),
		cmocka_unit_test(the_deadline_is_the_nearer_of_two),
		cmocka_unit_test(another_environment_is_another_host_and_token),
		cmocka_unit_test(what_passes_is_tried_again),
		cmocka_unit_test(what_stays_is_asked_once),
		cmocka_unit_test(attempts_are_bounded),
		cmocka_unit_test(a_create_is_never_sent_twice),
		cmocka_unit_test(a_create_without_an_answer_says_so),
		cmocka_unit_test(too_slow_is_a_timeout),
		cmocka_unit_test(pauses_are_drawn_anew),
		cmocka_unit_test(retry_after_is_obeyed),
		cmocka_unit_test(retry_after_beyond_the_deadline_ends_at_once),
		cmocka_unit_test(retry_after_may_be_a_date),
		cmocka_unit_test(retry_after_is_never_cut_short),
		cmocka_unit_test(a_pause_that_would_use_up_the_time_is_not_made),
		cmocka_unit_test(answers_have_the_form_that_was_asked_for),
		cmocka_unit_test(answers_have_what_their_endpoint_documents),
		cmocka_unit_test(an_answer_over_the_limit_is_an_error),
		cmocka_unit_test(each_of_many_has_its_own_outcome),
		cmocka_unit_test(a_slow_environment_does_not_take_every_worker),
		cmocka_unit_test(what_holds_no_worker_has_places_of_its_own_and_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
