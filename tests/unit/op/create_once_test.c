/*
 * Creates with an Idempotency-Key, against a Palette of the test's and a store in memory: what is
 * answered again, what is refused, and that Palette is asked once.
 */
#include "unit/op/creating.h"
#include "unit/op/services.h"

#include "op/rows.h"
#include "json/json.h"

#define NESTED(n)                                                    \
	"{\"metadata\":{\"name\":\"" n                               \
	"\"},\"spec\":{\"cloudType\":\"nested\",\"clusterConfig\":{" \
	"\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":\"g1\"}}}}}"
#define BODY NESTED("v1")

struct scene {
	struct fixture *f;
	struct op_services services;
	enum http_fetch_end end; /* of the create */
	int status;
	const char *answer;
	/* Whom it asks for the same while the first create is under way; NULL: nobody. */
	void (*meanwhile)(struct scene *s);
};

/* One request, as far as it matters here. */
struct asked {
	const char *key; /* NULL: none */
	const char *body;
	const char *subject;
	const char *actor;
	const char *email;
	const char *project;
	size_t environment;
	size_t row;
	const char *dry_run;
};

static const struct asked usual = {.key = "k1", .body = BODY, .subject = "user:default/ada"};

struct answered {
	bool ok;
	int status;
	const char *body; /* arena */
	bool replayed;
	const char *outcome; /* for the audit trail */
	const char *object;
	struct error err;
};

static void answer_palette(void *context, const struct canned_request *request,
			   struct canned_answer *answer)
{
	static const struct creating_row none[] = {{.path = NULL}};
	struct scene *s = context;

	if (strcmp(request->method, "GET") == 0) {
		creating_answer(none, request, answer);
		return;
	}
	if (strstr(request->path, "/validate") != NULL) {
		answer->status = 200;
		buf_add_string(answer->body, "{}");
		return;
	}
	answer->end = s->end;
	answer->status = s->status;
	buf_add_string(answer->body, s->answer);
}

static int scene_begin(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->end = HTTP_FETCH_DONE;
	s->status = 201;
	s->answer = "{\"uid\":\"c1\"}";
	s->f = fixture_new(answer_palette, s);
	services_open(&s->services, s->f);
	*state = s;
	return 0;
}

static int scene_end(void **state)
{
	struct scene *s = *state;

	services_close(&s->services);
	fixture_free(s->f);
	free(s);
	return 0;
}

static size_t add_input(struct call_input *inputs, size_t count, const char *name,
			const char *value)
{
	if (value == NULL)
		return count;
	inputs[count] = (struct call_input){IN_QUERY, text_of(name), text_of(value)};
	return count + 1;
}

static struct answered ask(struct scene *s, const struct asked *asked)
{
	const struct op *op = &cluster_create_ops[asked->row];
	const struct http_header header = {TEXT("Idempotency-Key"), text_of(asked->key)};
	struct result res = {.status = op->success_status};
	struct answered a = {.err = {.message = ""}};
	struct call_input inputs[2];
	struct call c = {
		.services = &s->services,
		.arena = &s->f->arena,
		.op = op,
		.inputs = inputs,
		.headers = &header,
		.header_count = asked->key == NULL ? 0 : 1,
		.body = text_of(arena_copy(&s->f->arena, text_of(asked->body))),
		.deadline_ms = clock_now_ms() + 10000,
		.principal = {.subject = asked->subject, .actor = asked->actor},
		.environment = &s->f->environments[asked->environment],
		.palette = s->f->palette,
	};

	if (asked->email != NULL)
		c.user_email = text_of(asked->email);
	c.input_count = add_input(inputs, c.input_count, "projectUid", asked->project);
	c.input_count = add_input(inputs, c.input_count, "dryRun", asked->dry_run);
	a.ok = call_read_params(&c, op, &a.err) && op->run(&c, &res, &a.err);
	a.status = a.ok ? res.status : error_face(a.err.kind)->http_status;
	a.body = a.ok ? arena_copy(&s->f->arena, res.body) : NULL;
	a.replayed = res.replayed || a.err.replayed;
	a.outcome = c.outcome;
	a.object = c.object;
	return a;
}

static size_t creates(const struct scene *s)
{
	return canned_http_count(&s->f->http, "POST", "/v1/spectroclusters/virtual", NULL);
}

static void the_first_answer_comes_again(void **state)
{
	struct scene *s = *state;
	struct answered first = ask(s, &usual);
	struct answered again;

	assert_true(first.ok);
	assert_int_equal(first.status, 201);
	assert_false(first.replayed);
	assert_null(first.outcome);
	s->answer = "{\"uid\":\"c2\"}";
	for (int i = 0; i < 3; i++) {
		again = ask(s, &usual);
		assert_true(again.ok);
		assert_int_equal(again.status, 201);
		assert_string_equal(again.body, first.body);
		assert_true(again.replayed);
		assert_string_equal(again.outcome, "replayed");
		assert_string_equal(again.object, "c1");
	}
	assert_int_equal(creates(s), 1);
}

static void without_a_key_it_is_created_again(void **state)
{
	struct scene *s = *state;
	struct asked asked = usual;

	asked.key = NULL;
	assert_true(ask(s, &asked).ok);
	assert_true(ask(s, &asked).ok);
	assert_int_equal(creates(s), 2);
}

/* Each of these is somebody else, or something else, and has a key of the same name. */
static void keys_have_a_scope(void **state)
{
	struct scene *s = *state;
	struct asked others[7];

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		others[i] = usual;
	others[0].key = "k2";
	others[1].subject = "user:default/bob";
	others[2].actor = "plugin:scaffolder";
	others[3].email = "ada@b.test";
	others[4].project = "p1";
	others[5].environment = 1;
	others[6].row = 1;
	others[6].body = "{\"clusterConfig\":" BODY "}";
	assert_true(ask(s, &usual).ok);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct answered a = ask(s, &others[i]);

		assert_true(a.ok);
		assert_false(a.replayed);
		assert_int_equal(creates(s), i + 2);
		assert_true(ask(s, &others[i]).replayed);
	}
	assert_int_equal(creates(s), ARRAY_LEN(others) + 1);
}

static void another_body_is_refused(void **state)
{
	static const char *const bodies[] = {NESTED("v2"), " " BODY, BODY " "};
	struct scene *s = *state;

	assert_true(ask(s, &usual).ok);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct asked asked = usual;
		struct answered a;

		asked.body = bodies[i];
		a = ask(s, &asked);
		assert_int_equal(a.status, 422);
		assert_false(a.replayed);
		assert_non_null(strstr(a.err.message, "another body"));
	}
	assert_int_equal(creates(s), 1);
}

/* What Palette answers a create, and whether that is answered again. */
static const struct {
	enum http_fetch_end end;
	int status;
	int answered;
	bool kept;
} failures[] = {
	{HTTP_FETCH_DONE, 400, 400, true},       {HTTP_FETCH_DONE, 409, 409, true},
	{HTTP_FETCH_DONE, 422, 422, true},       {HTTP_FETCH_DONE, 404, 404, false},
	{HTTP_FETCH_DONE, 401, 502, false},      {HTTP_FETCH_DONE, 429, 503, false},
	{HTTP_FETCH_UNREACHABLE, 0, 502, false},
};

static void refusals_are_kept_and_misfortunes_are_not(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		struct asked asked = usual;
		struct answered first;
		struct answered again;

		asked.key = arena_printf(&s->f->arena, "k%zu", i);
		s->end = failures[i].end;
		s->status = failures[i].status;
		s->answer = "{\"code\":\"Taken\",\"message\":\"name is taken\"}";
		first = ask(s, &asked);
		assert_int_equal(first.status, failures[i].answered);
		assert_string_equal(json_string_at(&s->f->arena, first.err.details, "/outcome", ""),
				    "not created");
		s->end = HTTP_FETCH_DONE;
		s->status = 201;
		s->answer = "{\"uid\":\"c1\"}";
		canned_http_forget(&s->f->http);
		again = ask(s, &asked);
		assert_int_equal(creates(s), failures[i].kept ? 0 : 1);
		assert_int_equal(again.replayed, failures[i].kept);
		assert_int_equal(again.status, failures[i].kept ? first.status : 201);
		if (!failures[i].kept)
			continue;
		assert_string_equal(again.err.message, first.err.message);
		assert_true(text_equal(again.err.details, first.err.details));
	}
}

/* Nobody knows whether there is a cluster: the same key never makes a second one. */
static void what_is_not_known_stays_so(void **state)
{
	static const enum http_fetch_end ends[] = {HTTP_FETCH_BROKEN, HTTP_FETCH_TOO_SLOW,
						   HTTP_FETCH_TOO_LARGE};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct asked asked = usual;
		struct answered a;

		asked.key = arena_printf(&s->f->arena, "k%zu", i);
		s->end = ends[i];
		a = ask(s, &asked);
		assert_true(a.err.maybe_done);
		s->end = HTTP_FETCH_DONE;
		canned_http_forget(&s->f->http);
		a = ask(s, &asked);
		assert_int_equal(a.status, 409);
		assert_non_null(strstr(a.err.message, "look for one named v1"));
		assert_string_equal(json_string_at(&s->f->arena, a.err.details, "/outcome", ""),
				    "unknown");
		assert_string_equal(json_string_at(&s->f->arena, a.err.details, "/clusterName", ""),
				    "v1");
		assert_int_equal(a.err.retry_after_s, 0);
		asked.body = NESTED("v2");
		assert_int_equal(ask(s, &asked).status, 422);
		assert_int_equal(creates(s), 0);
	}
}

static void a_dry_run_takes_no_key(void **state)
{
	struct scene *s = *state;
	struct asked asked = usual;

	asked.dry_run = "true";
	assert_int_equal(ask(s, &asked).status, 200);
	assert_int_equal(ask(s, &usual).status, 201);
	assert_int_equal(ask(s, &asked).status, 200);
	asked.body = NESTED("v2");
	assert_int_equal(ask(s, &asked).status, 200);
	assert_int_equal(creates(s), 1);
}

/* A body that is refused leaves the key as it is. */
static void faults_use_no_key(void **state)
{
	struct scene *s = *state;
	struct asked asked = usual;

	asked.body = "{}";
	assert_int_equal(ask(s, &asked).status, 400);
	assert_int_equal(ask(s, &usual).status, 201);
	assert_int_equal(creates(s), 1);
}

static void without_a_store_there_are_no_keys(void **state)
{
	struct scene *s = *state;
	struct asked asked = usual;

	s->services.store = NULL;
	assert_int_equal(ask(s, &asked).status, 400);
	asked.key = NULL;
	assert_int_equal(ask(s, &asked).status, 201);
}

/* ---- while the first is being worked on ---- */

static void ask_meanwhile(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	struct scene *s = context;

	if (s->meanwhile != NULL && strcmp(request->method, "POST") == 0)
		s->meanwhile(s);
	answer_palette(context, request, answer);
}

static void want_running(struct scene *s)
{
	struct answered a = ask(s, &usual);

	assert_int_equal(a.status, 409);
	assert_true(a.err.retry_after_s > 0);
	assert_non_null(strstr(a.err.message, "still being worked on"));
}

static void who_comes_meanwhile_is_told_to_wait(void **state)
{
	struct scene *s = *state;
	struct answered a;

	s->f->http.answer = ask_meanwhile;
	s->meanwhile = want_running;
	a = ask(s, &usual);
	assert_int_equal(a.status, 201);
	s->meanwhile = NULL;
	a = ask(s, &usual);
	assert_true(a.replayed);
	assert_int_equal(creates(s), 1);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
	static const struct CMUnitTest tests[] = {
		SCENE(the_first_answer_comes_again),
		SCENE(without_a_key_it_is_created_again),
		SCENE(keys_have_a_scope),
		SCENE(another_body_is_refused),
		SCENE(refusals_are_kept_and_misfortunes_are_not),
		SCENE(what_is_not_known_stays_so),
		SCENE(a_dry_run_takes_no_key),
		SCENE(faults_use_no_key),
		SCENE(without_a_store_there_are_no_keys),
		SCENE(who_comes_meanwhile_is_told_to_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
