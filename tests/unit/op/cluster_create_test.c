/*
 * The two creating operations against a Palette of the test's: what is asked, sent and answered,
 * and that nothing is sent for a body that is refused.
 */
#include "unit/op/creating.h"
#include "unit/palette/fixture.h"

#include "op/rows.h"
#include "json/json.h"

#define FLAT_VIRTUAL "{\"cloudType\":\"virtual\",\"name\":\"v1\",\"clusterGroupUid\":\"g1\""
#define NESTED                                                                                  \
	"{\"metadata\":{\"name\":\"v1\"},\"spec\":{\"cloudType\":\"nested\",\"clusterConfig\":" \
	"{\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":\"g1\"}}},\"n\":9007199254740993}}"

/* Palette's own entity of a cloud that has prices, with a number that is easily damaged. */
#define CLOUD_CONFIG "{ \"region\":\"r\",\"n\":1e-3 }"
#define POOLS                                                                                     \
	"[{\"cloudConfig\":{\"rootDeviceSize\":9007199254740993},\"poolConfig\":{\"name\":\"w\"," \
	"\"size\":3,\"labels\":[\"worker\"]}}]"
#define EKS                                                                                    \
	"{\"metadata\":{\"name\":\"e1\"},\"spec\":{\"cloudType\":\"eks\",\"cloudAccountUid\":" \
	"\"a1\",\"cloudConfig\":" CLOUD_CONFIG ",\"machinepoolconfig\":" POOLS                 \
	",\"profiles\":[{\"uid\":\"base-eks\"}]}}"
#define RATE                                                                                       \
	"{\"name\":\"\",\"rate\":{\"compute\":0.30,\"storage\":1e-2,\"total\":0.310},"             \
	"\"machinePools\":[{\"name\":\"w\",\"nodesCount\":3,\"rate\":null}],\"resourceMetadata\":" \
	"{\"much\":1}}"

/* Palette's answers by what is asked for. */
struct script {
	int create_status;
	const char *create;
	int validate_status;
	const char *validate;
	int variables_status;
	int rate_status;
	const char *rate;
	enum http_fetch_end rate_end;
	enum http_fetch_end create_end;
	struct http_cancel *cancel; /* set when the create comes */
};

static struct script script;

static void answer_script(void *context, const struct canned_request *request,
			  struct canned_answer *answer)
{
	static const struct creating_row none[] = {{.path = NULL}};

	(void)context;
	if (strstr(request->path, "/variables") != NULL) {
		answer->status = script.variables_status;
		buf_add_string(answer->body, "{\"variables\":[{\"name\":\"size\"}]}");
	} else if (strcmp(request->method, "GET") == 0) {
		creating_answer(none, request, answer);
	} else if (strstr(request->path, "/rate?") != NULL) {
		answer->end = script.rate_end;
		answer->status = script.rate_status;
		buf_add_string(answer->body, script.rate);
	} else if (strstr(request->path, "/validate") != NULL) {
		answer->status = script.validate_status;
		buf_add_string(answer->body, script.validate);
	} else {
		if (script.cancel != NULL)
			http_cancel_set(script.cancel);
		answer->end = script.create_end;
		answer->status = script.create_status;
		buf_add_string(answer->body, script.create);
	}
}

/* ---- a call ---- */

struct run {
	struct call call;
	struct call_input inputs[2];
	struct result result;
	bool ok;
};

static struct fixture *f;

static int set_up(void **state)
{
	(void)state;
	script = (struct script){
		.create_status = 201,
		.create = "{\"uid\":\"c1\",\"more\":1}",
		.validate_status = 200,
		.validate = "{\"machinePools\":{\"results\":null},\"profiles\":[]}",
		.variables_status = 200,
		.rate_status = 200,
		.rate = RATE,
		.rate_end = HTTP_FETCH_DONE,
		.create_end = HTTP_FETCH_DONE,
	};
	f = fixture_new(answer_script, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

/* What the pipeline does between the caller and Palette, without asking who it is. */
static struct run go(size_t row, const char *body, const char *dry_run)
{
	const struct op *op = &cluster_create_ops[row];
	struct run r = {.ok = false};

	r.inputs[0] = (struct call_input){IN_QUERY, TEXT("projectUid"), TEXT("p1")};
	r.inputs[1] = (struct call_input){IN_QUERY, TEXT("dryRun"), text_of(dry_run)};
	r.call = (struct call){
		.arena = &f->arena,
		.op = op,
		.inputs = r.inputs,
		.input_count = dry_run == NULL ? 1 : 2,
		.body = text_of(arena_copy(&f->arena, text_of(body))),
		.palette = f->palette,
	};
	r.result.status = op->success_status;
	r.ok = call_read_params(&r.call, op, &f->err) && op->run(&r.call, &r.result, &f->err);
	return r;
}

static void assert_answer(const struct run *r, int status, const char *body)
{
	if (!r->ok)
		fail_msg("%s", f->err.message);
	assert_int_equal(r->result.status, status);
	assert_string_equal(r->result.body.ptr, body);
}

static size_t posts(void)
{
	return canned_http_count(&f->http, "POST", NULL, NULL);
}

/* What was asked besides to look whether all is there comes last. */
static const struct canned_request *only_request(void)
{
	assert_int_equal(posts(), 1);
	return &f->http.requests[f->http.count - 1];
}

/* ---- creating ---- */

static void an_entity_is_sent_as_it_is(void **state)
{
	struct run r = go(0, " " NESTED " ", NULL);
	const struct canned_request *sent;

	(void)state;
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
	sent = only_request();
	assert_string_equal(sent->method, "POST");
	assert_string_equal(sent->path, "/v1/spectroclusters/virtual");
	assert_string_equal(sent->project, "p1");
	assert_true(sent->once);
	assert_true(text_is(sent->body, NESTED));
}

static void a_flat_body_is_translated(void **state)
{
	struct run r = go(0, FLAT_VIRTUAL "}", NULL);
	struct text value;

	(void)state;
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
	assert_true(json_at(only_request()->body, "/spec/cloudType", &value));
	assert_true(json_string_is(value, "nested"));
}

static void repairs_are_told(void **state)
{
	struct run r = go(1,
			  "{\"clusterConfig\":{\"metadata\":{\"name\":\"v\"},\"spec\":{"
			  "\"clusterConfig\":{\"hostClusterConfig\":{\"clusterGroup\":{\"uid\":"
			  "\"g\"}}}}}}",
			  NULL);

	(void)state;
	assert_answer(&r, 201,
		      "{\"uid\":\"c1\",\"warnings\":[{\"message\":\"spec.cloudType was written as "
		      "Palette writes it\"}]}");
}

static void variables_are_asked_of_each_profile(void **state)
{
	struct run r = go(0,
			  FLAT_VIRTUAL ",\"profileUids\":[\"f1\",\"f2\"],"
				       "\"profileVariables\":{\"size\":2}}",
			  NULL);
	struct text value;

	(void)state;
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
	assert_int_equal(
		canned_http_count(&f->http, "GET", "/v1/clusterprofiles/f1/variables", "p1"), 1);
	assert_int_equal(
		canned_http_count(&f->http, "GET", "/v1/clusterprofiles/f2/variables", "p1"), 1);
	assert_int_equal(f->http.count, 8); /* the name, the group twice, two of each profile */
	assert_true(json_at(only_request()->body, "/spec/profiles/1/variables", &value));
	assert_true(text_is(value, "[{\"name\":\"size\",\"value\":\"2\"}]"));
}

static void profiles_are_asked_without_variables_too(void **state)
{
	struct run r =
		go(0, FLAT_VIRTUAL ",\"profileUids\":[\"f1\"],\"clusterVariables\":{}}", NULL);

	(void)state;
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
	assert_int_equal(f->http.count, 6);
}

/* ---- dry runs ---- */

static void a_dry_run_shows_the_entity(void **state)
{
	struct run r = go(0, NESTED, "true");

	(void)state;
	assert_answer(&r, 200, "{\"kind\":\"virtual\",\"entity\":" NESTED "}");
	assert_string_equal(only_request()->path, "/v1/spectroclusters/virtual/validate");
	assert_false(only_request()->once);
}

static void a_dry_run_tells_the_price(void **state)
{
	struct run r = go(0, EKS, "true");
	const struct canned_request *rate;

	(void)state;
	assert_answer(&r, 200,
		      "{\"kind\":\"eks\",\"entity\":" EKS
		      ",\"price\":{\"periodType\":\"hourly\",\"compute\":0.30,\"storage\":1e-2,"
		      "\"total\":0.310,\"machinePools\":[{\"name\":\"w\",\"nodesCount\":3,"
		      "\"rate\":null}]}}");
	assert_int_equal(posts(), 2);
	assert_int_equal(f->http.batches, 2); /* what is there; what Palette says to it */
	rate = &f->http.requests[f->http.count - 1];
	assert_string_equal(rate->path, "/v1/spectroclusters/eks/rate?periodType=hourly");
	assert_string_equal(rate->project, "p1");
	assert_true(text_is(rate->body,
			    "{\"cloudConfig\":" CLOUD_CONFIG ",\"machinepoolconfig\":" POOLS "}"));
	assert_true(rate->deadline_ms < rate[-1].deadline_ms);
}

/* What Palette says instead of a price, and a part of the warning. */
static const struct {
	enum http_fetch_end end;
	int status;
	const char *rate;
	const char *warning;
} priceless[] = {
	{HTTP_FETCH_DONE, 400, "{\"code\":\"X\",\"message\":\"no such type\"}", "no such type"},
	{HTTP_FETCH_DONE, 404, "", "The price of the eks cluster: "},
	{HTTP_FETCH_DONE, 500, "", "Palette failed with status 500"},
	{HTTP_FETCH_DONE, 503, "<html>", "Palette failed with status 503"},
	{HTTP_FETCH_DONE, 429, "", "rate limit"},
	{HTTP_FETCH_DONE, 200, "<html>", "broken JSON"},
	{HTTP_FETCH_DONE, 200, "[]", "another form"},
	{HTTP_FETCH_DONE, 200, "{}", "another form"},
	{HTTP_FETCH_DONE, 200, "{\"code\":7,\"message\":\"m\"}", "under a status of success"},
	{HTTP_FETCH_DONE, 200, "{\"rate\":{\"total\":\"1\"}}", "has no total"},
	{HTTP_FETCH_TOO_SLOW, 0, "", "took too long"},
	{HTTP_FETCH_BROKEN, 0, "", "the connection broke"},
};

static void no_price_is_a_warning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(priceless); i++) {
		struct text part;
		struct run r;

		script.rate_end = priceless[i].end;
		script.rate_status = priceless[i].status;
		script.rate = priceless[i].rate;
		r = go(0, EKS, "true");
		assert_true(r.ok);
		assert_int_equal(r.result.status, 200);
		assert_false(json_member(r.result.body, "price", &part));
		assert_non_null(
			strstr(json_string_at(&f->arena, r.result.body, "/warnings/0/message", ""),
			       priceless[i].warning));
		assert_false(json_at(r.result.body, "/warnings/1", &part));
	}
}

/* One that would leave no room for the entity. */
static void a_price_without_end_is_a_warning(void **state)
{
	enum { MANY = 100 * 1000 };
	struct text part;
	struct run r;
	struct buf b;

	(void)state;
	buf_init(&b, 16 * MANY);
	buf_add_string(&b, "{\"rate\":{\"total\":1},\"machinePools\":[0");
	for (size_t i = 0; i < MANY; i++)
		buf_add_string(&b, ",{}");
	buf_add_string(&b, "]}");
	script.rate = b.ptr;
	r = go(0, EKS, "true");
	buf_fini(&b);
	assert_true(r.ok);
	assert_false(json_member(r.result.body, "price", &part));
	assert_non_null(strstr(json_string_at(&f->arena, r.result.body, "/warnings/0/message", ""),
			       "too large"));
}

static void findings_count_more_than_a_price(void **state)
{
	struct run r;

	(void)state;
	script.validate = "{\"machinePools\":{\"results\":[{\"name\":\"w\",\"errors\":[{"
			  "\"message\":\"too small\"}]}]}}";
	script.rate_status = 500;
	r = go(0, EKS, "true");
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_UNPROCESSABLE);
}

static void no_dry_run_creates(void **state)
{
	struct run r = go(0, NESTED, "false");

	(void)state;
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
}

static void findings_fail_a_dry_run(void **state)
{
	struct text list;
	struct run r;

	(void)state;
	script.validate =
		"{\"machinePools\":{\"results\":[{\"name\":\"w\",\"errors\":[{\"code\":\"C1\","
		"\"message\":\"too small\"}]},{\"name\":\"ok\",\"errors\":null}]},\"profiles\":[{"
		"\"uid\":\"f1\",\"packs\":{\"results\":[{\"name\":\"n\",\"displayName\":\"CNI\","
		"\"errors\":[{\"message\":\"no values\"}]}]}}]}";
	r = go(0, NESTED, "true");
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_UNPROCESSABLE);
	assert_string_equal(
		f->err.message,
		"Palette would not create this cluster (2 findings): machine pool w: too "
		"small; pack CNI of profile f1: no values");
	assert_true(json_member(f->err.details, "findings", &list));
	assert_true(text_is(list,
			    "[{\"pool\":\"w\",\"code\":\"C1\",\"message\":\"too small\"},"
			    "{\"profile\":\"f1\",\"pack\":\"CNI\",\"message\":\"no values\"}]"));
}

/* ---- failures ---- */

static const struct {
	size_t row;
	const char *body;
	const char *message; /* a part of it */
	const char *pointer;
} refused[] = {
	{0, "", "cloudType is required", "/cloudType"},
	{0, "{\"cloudType\":\"virtual\"}", "name is required", "/name"},
	{0, FLAT_VIRTUAL ",\"profileUids\":[\"a/../b\"]}", "identifier", "/profileUids/0"},
	{0, FLAT_VIRTUAL ",\"profileUids\":[\"a\",\"variables\"]}", "identifier", "/profileUids/1"},
	{0, FLAT_VIRTUAL ",\"name\":\"v2\"}", "name is given more than once", "/name"},
	{0, "{\"spec\":{\"cloudType\":\"nested\"}}", "metadata.name", "/metadata/name"},
	{1, "{\"clusterConfig\":{}}", "clusterGroup.uid is required",
	 "/clusterConfig/metadata/name"},
	{1, "{\"clusterConfig\":{\"a\":{\"b\":1,\"b\":2}}}", "more than once",
	 "/clusterConfig/a/b"},
};

static void refused_bodies_reach_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct run r = go(refused[i].row, refused[i].body, NULL);

		assert_false(r.ok);
		assert_int_equal(f->err.kind, ERROR_INPUT);
		assert_non_null(strstr(f->err.message, refused[i].message));
		assert_string_equal(
			json_string_at(&f->arena, f->err.details, "/faults/0/pointer", ""),
			refused[i].pointer);
		assert_int_equal(f->http.count, 0);
	}
}

static void an_unknown_profile_is_the_bodys_fault(void **state)
{
	struct run r;

	(void)state;
	script.variables_status = 404;
	r = go(0, FLAT_VIRTUAL ",\"profileUids\":[\"f1\"],\"profileVariables\":{\"size\":2}}",
	       NULL);
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_INPUT);
	assert_string_equal(json_string_at(&f->arena, f->err.details, "/faults/0/pointer", ""),
			    "/profileUids/0");
	script.variables_status = 500;
	r = go(0, FLAT_VIRTUAL ",\"profileUids\":[\"f1\"],\"profileVariables\":{\"size\":2}}",
	       NULL);
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
}

static void palettes_refusal_is_passed_on(void **state)
{
	static const struct {
		int status;
		enum error_kind kind;
	} cases[] = {{400, ERROR_INPUT}, {409, ERROR_CONFLICT}, {422, ERROR_UNPROCESSABLE}};

	(void)state;
	script.create = script.validate =
		"{\"code\":\"Taken\",\"message\":\"name is taken\",\"ref\":\"r1\"}";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t dry = 0; dry < 2; dry++) {
			struct run r;

			script.create_status = script.validate_status = cases[i].status;
			r = go(0, NESTED, dry == 1 ? "true" : NULL);
			assert_false(r.ok);
			assert_int_equal(f->err.kind, cases[i].kind);
			assert_non_null(strstr(f->err.message, "name is taken"));
			assert_string_equal(
				json_string_at(&f->arena, f->err.details, "/palette/code", ""),
				"Taken");
		}
	}
}

/* What Palette does with a create, and what is known of it then. */
static const struct {
	enum http_fetch_end end;
	int status;
	enum error_kind kind;
	bool maybe_done;
} broken[] = {
	{HTTP_FETCH_DONE, 500, ERROR_UPSTREAM, true},
	{HTTP_FETCH_DONE, 502, ERROR_UPSTREAM, true},
	{HTTP_FETCH_DONE, 302, ERROR_UPSTREAM, true},
	{HTTP_FETCH_BROKEN, 0, ERROR_UPSTREAM, true},
	{HTTP_FETCH_TOO_SLOW, 0, ERROR_TIMEOUT, true},
	{HTTP_FETCH_TOO_LARGE, 0, ERROR_UPSTREAM, true},
	{HTTP_FETCH_UNREACHABLE, 0, ERROR_UPSTREAM, false},
	{HTTP_FETCH_DONE, 429, ERROR_UNAVAILABLE, false},
	{HTTP_FETCH_DONE, 400, ERROR_INPUT, false},
	{HTTP_FETCH_DONE, 404, ERROR_NOT_FOUND, false},
	{HTTP_FETCH_DONE, 409, ERROR_CONFLICT, false},
	{HTTP_FETCH_DONE, 422, ERROR_UNPROCESSABLE, false},
};

static void the_outcome_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		bool way = broken[i].kind == ERROR_UPSTREAM || broken[i].kind == ERROR_UNAVAILABLE;
		const char *name;
		struct run r;

		script.create_end = broken[i].end;
		script.create_status = broken[i].status;
		script.create = "{\"code\":\"C\",\"message\":\"m\"}";
		canned_http_forget(&f->http);
		r = go(0, NESTED, NULL);
		assert_false(r.ok);
		assert_int_equal(f->err.kind, broken[i].kind);
		assert_int_equal(f->err.maybe_done, broken[i].maybe_done);
		assert_string_equal(json_string_at(&f->arena, f->err.details, "/outcome", ""),
				    broken[i].maybe_done ? "unknown" : "not created");
		name = json_string_at(&f->arena, f->err.details, "/clusterName", "");
		assert_string_equal(name, "v1");
		assert_int_equal(strstr(f->err.message, "look for one named v1") != NULL,
				 broken[i].maybe_done);
		assert_int_equal(strstr(f->err.message, ". Nothing was created") != NULL,
				 way && !broken[i].maybe_done);
		if (broken[i].maybe_done)
			assert_int_equal(posts(), 1);
	}
}

/* Called off before it was sent: it is not. After that it is carried through. */
static void calling_off_comes_before_sending(void **state)
{
	struct http_cancel *cancel = http_cancel_new();
	struct run r;

	(void)state;
	f->palette->cancel = cancel;
	script.cancel = cancel;
	r = go(0, NESTED, NULL);
	assert_answer(&r, 201, "{\"uid\":\"c1\"}");
	canned_http_forget(&f->http);
	r = go(0, NESTED, NULL);
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_CANCELLED);
	assert_false(f->err.maybe_done);
	assert_int_equal(f->http.count, 0);
	http_cancel_free(cancel);
}

static void creating_is_tried_once(void **state)
{
	struct run r;

	(void)state;
	script.create_status = 503;
	r = go(0, NESTED, NULL);
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_int_equal(posts(), 1);
}

static void an_answer_without_a_uid_is_an_error(void **state)
{
	struct run r;

	(void)state;
	script.create = "{\"uid\":null}";
	r = go(0, NESTED, NULL);
	assert_false(r.ok);
	assert_int_equal(f->err.kind, ERROR_UPSTREAM);
	assert_non_null(strstr(f->err.message, "look for one named v1 before"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(an_entity_is_sent_as_it_is),
		TEST(a_flat_body_is_translated),
		TEST(repairs_are_told),
		TEST(variables_are_asked_of_each_profile),
		TEST(profiles_are_asked_without_variables_too),
		TEST(a_dry_run_shows_the_entity),
		TEST(a_dry_run_tells_the_price),
		TEST(no_price_is_a_warning),
		TEST(a_price_without_end_is_a_warning),
		TEST(findings_count_more_than_a_price),
		TEST(no_dry_run_creates),
		TEST(findings_fail_a_dry_run),
		TEST(refused_bodies_reach_nobody),
		TEST(an_unknown_profile_is_the_bodys_fault),
		TEST(palettes_refusal_is_passed_on),
		TEST(the_outcome_is_said),
		TEST(calling_off_comes_before_sending),
		TEST(creating_is_tried_once),
		TEST(an_answer_without_a_uid_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
