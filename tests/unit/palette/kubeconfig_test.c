/* Kubeconfigs: files and base64 of files pass, anything else is an error and never a download. */
#include "unit/palette/fixture.h"

static const char yaml[] = "apiVersion: v1\nkind: Config\nclusters: []\n";
static const char encoded[] = "YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCmNsdXN0ZXJzOiBbXQo=";

/* The context is the body to answer with. */
static void answer_body(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	(void)request;
	answer->status = 200;
	buf_add(answer->body, *(const struct text *)context);
}

static bool ask(struct fixture *f, bool frp)
{
	buf_fini(&f->out);
	return palette_kubeconfig(f->palette, "p1", "c1", frp, &f->out, &f->err);
}

static void a_file_passes_as_it_is(void **state)
{
	struct text body = text_of(yaml);
	struct fixture *f = fixture_new(answer_body, &body);

	(void)state;
	assert_true(ask(f, true));
	assert_string_equal(f->out.ptr, yaml);
	assert_true(ask(f, false));
	assert_int_equal(f->http.count, 2);
	assert_string_equal(f->http.requests[0].path,
			    "/v1/spectroclusters/c1/assets/kubeconfig?frp=true");
	assert_string_equal(f->http.requests[1].path,
			    "/v1/spectroclusters/c1/assets/kubeconfig?frp=false");
	assert_string_equal(f->http.requests[0].project, "p1");
	assert_non_null(strstr(f->http.requests[0].accept, "octet-stream"));
	fixture_free(f);
}

static void base64_of_a_file_is_decoded(void **state)
{
	static const char *const forms[] = {
		encoded,
		"YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmln\nCmNsdXN0ZXJzOiBbXQo=\n",
		"  YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmln\r\nCmNsdXN0ZXJzOiBbXQo=\r\n",
	};
	struct text body;
	struct fixture *f = fixture_new(answer_body, &body);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		body = text_of(forms[i]);
		assert_true(ask(f, true));
		assert_string_equal(f->out.ptr, yaml);
	}
	fixture_free(f);
}

static void anything_else_is_no_kubeconfig(void **state)
{
	static const struct text bodies[] = {
		TEXT(""),
		TEXT("\n"),
		TEXT("<html>Please sign in</html>"),
		TEXT("AAAA"),
		TEXT("c3RhY2sgdHJhY2U="), /* "stack trace" */
		TEXT("apiVersion: \xFF\xFE"),
		TEXT("{\"error\":\"stack trace\"}"),
	};
	struct text body;
	struct fixture *f = fixture_new(answer_body, &body);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		body = bodies[i];
		assert_false(ask(f, true));
		assert_int_equal(f->err.kind, ERROR_UPSTREAM);
		assert_null(strstr(f->err.message, "stack"));
		assert_null(strstr(f->err.message, "html"));
		assert_null(f->out.ptr);
	}
	fixture_free(f);
}

static void uids_cannot_leave_their_segment(void **state)
{
	struct text body = text_of(yaml);
	struct fixture *f = fixture_new(answer_body, &body);

	(void)state;
	assert_true(palette_kubeconfig(f->palette, NULL, "../x?y#z/%2e", true, &f->out, &f->err));
	assert_string_equal(
		f->http.requests[0].path,
		"/v1/spectroclusters/..%2Fx%3Fy%23z%2F%252e/assets/kubeconfig?frp=true");
	assert_null(f->http.requests[0].project);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_passes_as_it_is),
		cmocka_unit_test(base64_of_a_file_is_decoded),
		cmocka_unit_test(anything_else_is_no_kubeconfig),
		cmocka_unit_test(uids_cannot_leave_their_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
