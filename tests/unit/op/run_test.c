/*
 * The pipeline: in what order a call is refused, that its place at Palette is given back whatever
 * happens, and what is written down about it.
 */
#include "unit/op/services.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "op/op.h"
#include "json/json.h"

/* The status of every answer of Palette's. */
static void answer_status(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	(void)request;
	answer->status = *(int *)context;
	buf_add_string(answer->body, "{\"metadata\":{\"uid\":\"c1\"},\"n\":12345678901234567890}");
}

static atomic_int runs;

static bool run_fine(struct call *c, struct result *res, struct error *err)
{
	struct buf out;

	atomic_fetch_add(&runs, 1);
	if (!palette_cluster(c->palette, NULL, call_string(c, "uid"), &out, err))
		return false;
	result_json_owned(res, &out);
	return true;
}

/* Fails when its answer is already there. */
static bool run_fail_late(struct call *c, struct result *res, struct error *err)
{
	struct buf out;

	(void)c;
	buf_init(&out, 100);
	buf_add_string(&out, "half an answer");
	result_json_owned(res, &out);
	return error_set(err, ERROR_UPSTREAM, "the other half did not come");
}

static bool run_session_gone(struct call *c, struct result *res, struct error *err)
{
	(void)c;
	(void)res;
	error_set(err, ERROR_UNAUTHENTICATED, "sign in again");
	err->reauthenticate = true;
	return false;
}

#define ROW_PARAMS PARAMS(PATH_IDENTIFIER("uid", "A uid"), QUERY_INSTANCE)
static const struct op fine = {.name = "test.fine",
			       .permission = PERMIT_CREATE_CLUSTER,
			       .params = ROW_PARAMS,
			       .flags = OP_AUDIT,
			       .success_status = 201,
			       .run = run_fine};
static const struct op fails_late = {.name = "test.fails_late",
				     .permission = PERMIT_AUTHENTICATED,
				     .params = ROW_PARAMS,
				     .run = run_fail_late};
static const struct op session_gone = {.name = "test.session_gone",
				       .permission = PERMIT_AUTHENTICATED,
				       .params = ROW_PARAMS,
				       .run = run_session_gone};
static const struct op open_to_all = {
	.name = "test.open", .permission = PERMIT_ANYONE, .params = ROW_PARAMS, .run = run_fine};
static const struct op forgotten = {
	.name = "test.forgotten", .params = ROW_PARAMS, .run = run_fine};

static const char *const read_only[] = {"read"};
static const struct config_restriction only_reads[] = {
	{.plugin = "spectrocloud", .actions = read_only, .action_count = 1}};
static struct config_external externals[] = {
	{.type = CONFIG_EXTERNAL_STATIC, .subject = "external:ci"},
	{.type = CONFIG_EXTERNAL_STATIC,
	 .subject = "external:reader",
	 .restrictions = only_reads,
	 .restriction_count = 1},
};
#define CI     TEXT("Bearer ci-token-value")
#define READER TEXT("Bearer reader-token-value")

struct scene {
	int status;
	struct fixture *f;
	struct op_services services;
};

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->status = 200;
	s->f = fixture_new(answer_status, &s->status);
	secret_set(&externals[0].token, TEXT("ci-token-value"));
	secret_set(&externals[1].token, TEXT("reader-token-value"));
	s->f->config.external = externals;
	s->f->config.external_count = ARRAY_LEN(externals);
	services_open(&s->services, s->f);
	atomic_store(&runs, 0);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	secret_wipe(&externals[0].token);
	secret_wipe(&externals[1].token);
	services_close(&s->services);
	fixture_free(s->f);
	free(s);
	return 0;
}

/* One call from start to end, with an arena of its own. */
struct outcome {
	bool ok;
	bool reauthenticate;
	int status;
	char body[200];
	struct error err;
};

static struct outcome run_with(struct scene *s, const struct op *op, struct text authorization,
			       const char *uid, const char *instance)
{
	const struct call_input inputs[] = {
		{IN_PATH, TEXT("uid"), text_of(uid)},
		{IN_QUERY, TEXT("instance"), text_of(instance)},
	};
	struct result res = {.status = 0};
	struct outcome o = {.ok = false};
	struct arena a;
	struct call c;

	arena_init(&a);
	buf_init(&res.body_owned, 0);
	c = (struct call){.services = &s->services,
			  .arena = &a,
			  .id = "req-1",
			  .started_us = clock_now_us(),
			  .deadline_ms = clock_now_ms() + 10000,
			  .authorization = authorization,
			  .inputs = inputs,
			  .input_count = ARRAY_LEN(inputs)};
	o.ok = op_run(op, &c, &res, &o.err);
	assert_null(c.palette);
	o.reauthenticate = c.reauthenticate;
	o.status = res.status;
	snprintf(o.body, sizeof o.body, "%s", buf_text(&res.body_owned).ptr);
	if (!o.ok)
		assert_null(res.body_owned.ptr);
	result_fini(&res);
	arena_fini(&a);
	return o;
}

static void a_call_goes_all_the_way(void **state)
{
	struct scene *s = *state;
	struct outcome o = run_with(s, &fine, CI, "c1", "");

	assert_true(o.ok);
	assert_int_equal(o.status, 201);
	assert_string_equal(o.body, "{\"metadata\":{\"uid\":\"c1\"},\"n\":12345678901234567890}");
	assert_int_equal(s->f->http.count, 1);
	o = run_with(s, &open_to_all, (struct text){NULL, 0}, "c1", "staging");
	assert_true(o.ok);
	assert_int_equal(o.status, 200);
}

/* Whatever else is wrong, the first refusal is the answer, and nothing goes to Palette. */
static void refusals_come_in_order(void **state)
{
	struct scene *s = *state;
	const struct text nobody = {NULL, 0};
	const struct {
		struct text authorization;
		const char *uid;
		const char *instance;
		enum error_kind kind;
	} rows[] = {
		{nobody, "../x", "nowhere", ERROR_UNAUTHENTICATED},
		{TEXT("Bearer wrong"), "c1", "", ERROR_UNAUTHENTICATED},
		{READER, "../x", "nowhere", ERROR_DENIED},
		{CI, "../x", "nowhere", ERROR_INPUT},
		{CI, "meta", "", ERROR_INPUT},
		{CI, "c1", "nowhere", ERROR_INPUT},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outcome o =
			run_with(s, &fine, rows[i].authorization, rows[i].uid, rows[i].instance);

		assert_false(o.ok);
		assert_int_equal(o.err.kind, rows[i].kind);
	}
	assert_int_equal(run_with(s, &forgotten, CI, "c1", "").err.kind, ERROR_DENIED);
	assert_int_equal(atomic_load(&runs), 0);
	assert_int_equal(s->f->http.count, 0);
}

/* Nobody is asked whether somebody at a shell may: there is nobody. Their input is read as ever. */
static void a_call_at_a_shell_asks_nobody(void **state)
{
	const struct call_input inputs[] = {{IN_PATH, TEXT("uid"), TEXT("c1")}};
	struct scene *s = *state;
	struct op_services services = s->services;
	struct result res = {.status = 0};
	struct error err;
	struct arena a;
	struct call c;

	services.backstage = NULL;
	services.sessions = NULL;
	arena_init(&a);
	buf_init(&res.body_owned, 0);
	c = (struct call){.services = &services,
			  .arena = &a,
			  .deadline_ms = clock_now_ms() + 10000,
			  .inputs = inputs,
			  .input_count = 1,
			  .local = true};
	assert_int_equal(op_admit(&fine, &c, &err), OP_ADMITTED);
	c.admitted = false;
	assert_true(op_run(&fine, &c, &res, &err));
	assert_int_equal(s->f->http.count, 1);
	result_fini(&res);
	c.input_count = 0;
	assert_false(op_run(&fine, &c, &res, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	/* A refusal of Palette's session has no session here that it could drop. */
	c.input_count = 1;
	assert_false(op_run(&session_gone, &c, &res, &err));
	assert_true(c.reauthenticate);
	arena_fini(&a);
}

static void a_failure_of_palettes_is_passed_up(void **state)
{
	struct scene *s = *state;
	struct outcome o;

	s->status = 404;
	o = run_with(s, &fine, CI, "c1", "");
	assert_false(o.ok);
	assert_int_equal(o.err.kind, ERROR_NOT_FOUND);
	assert_int_equal(o.err.upstream_status, 404);
}

static void what_was_answered_before_a_failure_is_released(void **state)
{
	struct outcome o = run_with(*state, &fails_late, CI, "c1", "");

	assert_false(o.ok);
	assert_string_equal(o.body, "");
}

static void a_session_that_is_gone_asks_to_sign_in_again(void **state)
{
	assert_true(run_with(*state, &session_gone, CI, "c1", "").reauthenticate);
	assert_false(run_with(*state, &fails_late, CI, "c1", "").reauthenticate);
}

/* More calls than an environment has places, one after the other. */
static void places_at_palette_are_given_back(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 40; i++) {
		s->status = i % 2 == 0 ? 200 : 500;
		(void)run_with(s, &fine, CI, "c1", "");
		(void)run_with(s, &fails_late, CI, "c1", "");
		(void)run_with(s, &session_gone, CI, "c1", "");
	}
	s->status = 200;
	assert_true(run_with(s, &fine, CI, "c1", "").ok);
}

/* ---- many threads ---- */

static void *run_many(void *argument)
{
	struct scene *s = argument;

	for (int i = 0; i < 100; i++) {
		struct outcome o = run_with(s, &fine, CI, "c1", i % 2 == 0 ? "prod" : "staging");

		assert_true(o.ok);
		o = run_with(s, &fine, READER, "c1", "");
		assert_int_equal(o.err.kind, ERROR_DENIED);
	}
	return NULL;
}

static void calls_of_many_threads_do_not_meet(void **state)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	struct scene *s = *state;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, s), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&runs), THREADS * 100);
	assert_int_equal(s->f->http.count, THREADS * 100);
}

/* ---- what is written down ---- */

static char said[64 * 1024];

/* Runs one call and keeps what it logs. */
static const char *log_of(struct scene *s, const struct op *op, struct text authorization,
			  const char *uid)
{
	char name[] = "/tmp/run-test-XXXXXX";
	int file = mkstemp(name);
	int kept = dup(STDERR_FILENO);
	ssize_t len;

	assert_true(file >= 0);
	unlink(name);
	dup2(file, STDERR_FILENO);
	log_open(LOG_DEBUG, LOG_JSON);
	(void)run_with(s, op, authorization, uid, "");
	log_open(LOG_OFF, LOG_TEXT);
	dup2(kept, STDERR_FILENO);
	close(kept);
	len = pread(file, said, sizeof said - 1, 0);
	close(file);
	assert_true(len >= 0);
	said[len] = '\0';
	return said;
}

static void what_was_done_is_in_the_audit_trail(void **state)
{
	struct scene *s = *state;
	const char *lines = log_of(s, &fine, CI, "c1");

	assert_non_null(strstr(lines, "\"eventId\":\"test-fine\",\"severityLevel\":\"medium\","
				      "\"status\":\"succeeded\""));
	assert_non_null(
		strstr(lines, "\"actor\":{\"actorId\":\"external:ci\",\"kind\":\"service\"}"));
	assert_non_null(strstr(lines,
			       "\"meta\":{\"operation\":\"test.fine\",\"environment\":\"prod\","
			       "\"object\":\"c1\",\"outcome\":\"succeeded\"}"));
	assert_non_null(strstr(lines, "\"event\":\"request\",\"operation\":\"test.fine\","
				      "\"status\":201"));
	s->status = 500;
	lines = log_of(s, &fine, CI, "c1");
	assert_non_null(strstr(lines, "\"object\":\"c1\",\"outcome\":\"failed\""));
	/* A refusal for want of a permission is there too, whatever the row. */
	lines = log_of(s, &forgotten, CI, "c1");
	assert_non_null(strstr(lines, "\"eventId\":\"test-forgotten\",\"severityLevel\":\"medium\","
				      "\"status\":\"failed\""));
	assert_non_null(strstr(lines, "\"outcome\":\"denied\""));
	lines = log_of(s, &fails_late, CI, "c1");
	assert_null(strstr(lines, "\"event\":\"audit\""));
}

static void no_token_is_ever_written_down(void **state)
{
	static const int statuses[] = {200, 401, 403, 404, 429, 500};
	struct scene *s = *state;

	s->f->config.upstream_attempts = 1;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		const char *lines;

		s->status = statuses[i];
		lines = log_of(s, &fine, CI, "c1");
		assert_null(strstr(lines, "ci-token"));
		assert_null(strstr(lines, "api-token"));
		lines = log_of(s, &fine, TEXT("Bearer guessed-token"), "c1");
		assert_null(strstr(lines, "guessed"));
	}
}

/* Who tries something odd, at whatever length, does not get out of the audit trail. */
static void the_audit_trail_bears_odd_input(void **state)
{
	static char uid[40 * 1024];
	struct scene *s = *state;
	const char *lines;

	memset(uid, '\n', sizeof uid - 1);
	lines = log_of(s, &fine, CI, uid);
	assert_non_null(strstr(lines, "\"eventId\":\"test-fine\""));
	assert_non_null(strstr(lines, "\"actorId\":\"external:ci\""));
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		SCENE(a_call_goes_all_the_way),
		SCENE(refusals_come_in_order),
		SCENE(a_call_at_a_shell_asks_nobody),
		SCENE(a_failure_of_palettes_is_passed_up),
		SCENE(what_was_answered_before_a_failure_is_released),
		SCENE(a_session_that_is_gone_asks_to_sign_in_again),
		SCENE(places_at_palette_are_given_back),
		SCENE(calls_of_many_threads_do_not_meet),
		SCENE(what_was_done_is_in_the_audit_trail),
		SCENE(no_token_is_ever_written_down),
		SCENE(the_audit_trail_bears_odd_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
