/* Requests to an environment that does not answer: what counts as a failure, what is not sent any
 * more, and what becomes of those who ask. */
#include "unit/palette/fixture.h"

#include "palette/circuit.h"

enum { FAILURES = 5, PAUSE_MS = 60, LONG_MS = 3600 * 1000, PATIENT_MS = 30000 };

/* What it answers. */
struct upstream {
	enum http_fetch_end end;
	int status;
	struct http_cancel *cancel; /* set while it is asked */
	unsigned good;              /* so many are answered well before */
};

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	struct upstream *u = context;

	(void)request;
	if (u->cancel != NULL)
		http_cancel_set(u->cancel);
	answer->end = u->end;
	answer->status = u->status;
	if (u->good > 0) {
		u->good--;
		answer->end = HTTP_FETCH_DONE;
		answer->status = 200;
	}
	buf_add_string(answer->body, "{\"items\":[{\"metadata\":{\"uid\":\"u1\"}}]}");
}

static struct fixture *fixture_circuited(struct upstream *u, int64_t pause_ms)
{
	struct fixture *f = fixture_new(answer, u);

	palette_close(f->palette);
	palette_client_free(f->client);
	f->palette = NULL;
	f->config.upstream_circuit_failures = FAILURES;
	f->config.upstream_circuit_pause_ms = (int)pause_ms;
	f->config.upstream_attempts = 1;
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	fixture_open(f, (struct text){NULL, 0}, 60000);
	return f;
}

/* Each asks something else. */
static bool run(struct fixture *f, enum palette_purpose purpose)
{
	static unsigned asked;
	struct palette_request r = {
		.purpose = purpose,
		.expect = PALETTE_OBJECT,
		.form = PALETTE_FORM_LIST,
		.method = purpose == PALETTE_READ ? "GET" : "POST",
		.path = arena_printf(&f->arena, "/v1/x/%u", asked++),
		.name = "c1",
		.what = "Thing t1",
	};
	bool ok = palette_fetch(f->palette, &r, &f->err);

	palette_requests_fini(&r, 1);
	return ok;
}

static const char *phase(const struct fixture *f)
{
	return palette_circuit_state(f->client, 0).phase;
}

static void open_it(struct fixture *f)
{
	for (int i = 0; i < FAILURES; i++)
		assert_false(run(f, PALETTE_READ));
	assert_string_equal(phase(f), "open");
	canned_http_forget(&f->http);
}

static void wait_until_half_open(const struct fixture *f)
{
	int64_t until_ms = clock_now_ms() + PATIENT_MS;

	while (strcmp(phase(f), "open") == 0 && clock_left_ms(until_ms) > 0)
		clock_sleep_ms(2);
	assert_string_equal(phase(f), "half-open");
}

static void what_counts(void **state)
{
	static const struct {
		struct upstream upstream;
		bool opens;
	} rows[] = {
		{{HTTP_FETCH_UNREACHABLE, 0, NULL, 0}, true},
		{{HTTP_FETCH_BROKEN, 0, NULL, 0}, true},
		{{HTTP_FETCH_TOO_SLOW, 0, NULL, 0}, true},
		{{HTTP_FETCH_DONE, 502, NULL, 0}, true},
		{{HTTP_FETCH_DONE, 503, NULL, 0}, true},
		{{HTTP_FETCH_DONE, 504, NULL, 0}, true},
		{{HTTP_FETCH_TOO_LARGE, 0, NULL, 0}, false},
		{{HTTP_FETCH_CANCELLED, 0, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 200, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 302, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 400, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 401, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 404, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 429, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 500, NULL, 0}, false},
		{{HTTP_FETCH_DONE, 501, NULL, 0}, false},
	};
	static const enum palette_purpose purposes[] = {PALETTE_READ, PALETTE_CREATE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(purposes); i++) {
		struct upstream u = rows[i / 2].upstream;
		struct fixture *f = fixture_circuited(&u, LONG_MS);

		for (int n = 0; n < FAILURES + 3; n++)
			(void)!run(f, purposes[i % 2]);
		assert_string_equal(phase(f), rows[i / 2].opens ? "open" : "closed");
		assert_int_equal(f->http.count, rows[i / 2].opens ? FAILURES : FAILURES + 3);
		fixture_free(f);
	}
}

/* Each attempt of a request is one, and what is refused is not tried again. */
static void attempts_are_counted(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_UNREACHABLE};
	struct fixture *f = fixture_circuited(&u, LONG_MS);

	(void)state;
	f->config.upstream_attempts = 4;
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_int_equal(palette_circuit_state(f->client, 0).failures, 4);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM); /* of the one that opened it */
	assert_int_equal(f->http.count, FAILURES);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_int_equal(f->http.count, FAILURES);
	fixture_free(f);
}

/* A wait that the caller has cut short says nothing of Palette. */
static void shorter_waits_do_not_count(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_TOO_SLOW};
	struct fixture *f = fixture_circuited(&u, LONG_MS);
	struct palette_request r = {.purpose = PALETTE_READ,
				    .expect = PALETTE_OBJECT,
				    .form = PALETTE_FORM_LIST,
				    .method = "GET",
				    .path = "/v1/x",
				    .patience_ms = 1000,
				    .what = "Thing t1"};

	(void)state;
	for (int i = 0; i < FAILURES + 3; i++)
		assert_false(palette_fetch(f->palette, &r, &f->err));
	fixture_open(f, (struct text){NULL, 0}, 20000);
	for (int i = 0; i < FAILURES + 3; i++)
		assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_TIMEOUT);
	assert_string_equal(phase(f), "closed");
	assert_int_equal(palette_circuit_state(f->client, 0).failures, 0);
	fixture_free(f);
}

static void while_it_is_open_nothing_is_sent(void **state)
{
	static const enum palette_purpose purposes[] = {PALETTE_READ, PALETTE_LIST, PALETTE_CHECK,
							PALETTE_CREATE, PALETTE_CHANGE};
	struct upstream u = {.end = HTTP_FETCH_BROKEN};
	struct fixture *f = fixture_circuited(&u, LONG_MS);

	(void)state;
	open_it(f);
	f->config.upstream_attempts = 4;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		f->err = (struct error){.kind = ERROR_INTERNAL};
		assert_false(run(f, purposes[i]));
		assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
		assert_in_range(f->err.retry_after_s, LONG_MS / 1000 - 60, LONG_MS / 800 + 1);
		assert_false(f->err.maybe_done);
		assert_int_equal(f->err.upstream_status, 0);
		assert_string_equal(f->err.message,
				    "Thing t1: Palette does not answer in environment prod, so "
				    "nothing is sent there at the moment; try again later");
	}
	assert_int_equal(f->http.count, 0);
	fixture_free(f);
}

static void another_environment_is_not_affected(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_BROKEN};
	struct fixture *f = fixture_circuited(&u, LONG_MS);
	struct palette *first = f->palette;
	struct palette *other;

	(void)state;
	open_it(f);
	u = (struct upstream){.status = 200};
	assert_true(palette_open(f->client, &f->environments[1], (struct text){NULL, 0}, &f->arena,
				 clock_now_ms() + 60000, NULL, &other, &f->err));
	f->palette = other;
	assert_true(run(f, PALETTE_READ));
	f->palette = first;
	assert_false(run(f, PALETTE_READ));
	palette_close(other);
	fixture_free(f);
}

static void it_closes_when_palette_answers(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_BROKEN};
	struct fixture *f = fixture_circuited(&u, PAUSE_MS);

	(void)state;
	open_it(f);
	wait_until_half_open(f);
	assert_false(run(f, PALETTE_CREATE)); /* tries nothing out */
	assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
	assert_false(f->err.maybe_done);
	assert_int_equal(f->http.count, 0);
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_string_equal(phase(f), "open");
	wait_until_half_open(f);
	u = (struct upstream){.end = HTTP_FETCH_DONE, .status = 404};
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_NOT_FOUND);
	assert_string_equal(phase(f), "closed");
	u.status = 200;
	assert_true(run(f, PALETTE_CREATE));
	fixture_free(f);
}

static void a_probe_that_is_called_off_leaves_the_next_one_its_place(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_BROKEN};
	struct fixture *f = fixture_circuited(&u, PAUSE_MS);
	struct http_cancel *cancel = http_cancel_new();

	(void)state;
	open_it(f);
	wait_until_half_open(f);
	f->palette->cancel = cancel;
	u = (struct upstream){.end = HTTP_FETCH_CANCELLED, .cancel = cancel};
	assert_false(run(f, PALETTE_READ));
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_string_equal(phase(f), "half-open");
	f->palette->cancel = NULL;
	u = (struct upstream){.status = 200};
	assert_true(run(f, PALETTE_READ));
	assert_string_equal(phase(f), "closed");
	fixture_free(f);
	http_cancel_free(cancel);
}

/* ---- many at once ---- */

enum { PROJECTS = 40 };

static bool list(struct fixture *f)
{
	static const struct palette_listing listing = {
		.method = "POST", .path = "/v1/things", .items = "items", .what = "Things"};
	const char *projects[PROJECTS];
	struct palette_list list;
	bool ok;

	for (size_t i = 0; i < PROJECTS; i++)
		projects[i] = arena_printf(&f->arena, "p%zu", i);
	palette_list_init(&list, f->palette, "things");
	ok = palette_list_projects(f->palette, &listing, projects, PROJECTS, &list, &f->err);
	palette_list_fini(&list);
	return ok;
}

/* It ends in the error, and not in fewer projects. */
static void a_list_is_not_shortened(void **state)
{
	for (unsigned good = 0; good < PROJECTS; good += 7) {
		struct upstream u = {.end = HTTP_FETCH_UNREACHABLE, .good = good};
		struct fixture *f = fixture_circuited(&u, LONG_MS);

		(void)state;
		f->config.upstream_attempts = 4;
		assert_false(list(f));
		/* Of the last batch that was sent, until it opens. */
		for (int i = 0; i < 2 && f->err.kind == ERROR_UPSTREAM; i++)
			assert_false(list(f));
		assert_int_equal(f->err.kind, ERROR_UNAVAILABLE);
		assert_true(f->err.retry_after_s > 0);
		assert_string_equal(phase(f), "open");
		fixture_free(f);
	}
}

static void lists_at_last(struct fixture *f)
{
	int64_t until_ms = clock_now_ms() + 30000;
	bool listed = false;

	while (!listed && clock_left_ms(until_ms) > 0) {
		canned_http_forget(&f->http);
		listed = list(f);
	}
	assert_true(listed);
}

/* One goes first, and the others when it has come back. */
static void a_list_tries_by_itself(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_UNREACHABLE};
	struct fixture *f = fixture_circuited(&u, PAUSE_MS);

	(void)state;
	open_it(f);
	wait_until_half_open(f);
	canned_http_forget(&f->http);
	assert_false(list(f));
	assert_int_equal(f->http.count, 1);
	wait_until_half_open(f);
	u = (struct upstream){.status = 200};
	lists_at_last(f); /* what has failed as a probe waits a little longer */
	assert_int_equal(f->http.count, PROJECTS);
	assert_string_equal(phase(f), "closed");
	fixture_free(f);
}

/* Who waits for a turn within the rate limits is not let to wait for nothing. */
static void what_is_refused_takes_no_turn(void **state)
{
	struct upstream u = {.end = HTTP_FETCH_BROKEN};
	struct fixture *f = fixture_circuited(&u, LONG_MS);
	int64_t before_ms;

	(void)state;
	palette_close(f->palette);
	palette_client_free(f->client);
	f->palette = NULL;
	f->config.upstream_rate_percent = 100;
	palette_client_new(&f->config, &f->http, f->hosts, &f->client);
	fixture_open(f, (struct text){NULL, 0}, 600000);
	open_it(f);
	before_ms = clock_now_ms();
	for (int i = 0; i < 500; i++) /* at 10 a second, 45 s */
		assert_false(run(f, PALETTE_READ));
	assert_true(clock_now_ms() - before_ms < PATIENT_MS);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_counts),
		cmocka_unit_test(attempts_are_counted),
		cmocka_unit_test(shorter_waits_do_not_count),
		cmocka_unit_test(while_it_is_open_nothing_is_sent),
		cmocka_unit_test(another_environment_is_not_affected),
		cmocka_unit_test(it_closes_when_palette_answers),
		cmocka_unit_test(a_probe_that_is_called_off_leaves_the_next_one_its_place),
		cmocka_unit_test(a_list_is_not_shortened),
		cmocka_unit_test(a_list_tries_by_itself),
		cmocka_unit_test(what_is_refused_takes_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
