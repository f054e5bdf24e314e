/* Whose e-mail address it is: as the catalog says, and as nobody else does. */
#include "unit/backstage/host.h"

static bool ask(struct host *h, const struct principal *principal, const char **email,
		struct error *err)
{
	const struct backstage_call call = host_call(h);

	return backstage_user_email(h->b, &call, principal, email, err);
}

static void the_catalogs_word_holds_for_a_minute(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const char *email = NULL;
	struct error err;

	h->entity_status = 200;
	h->entity = "{\"kind\":\"User\",\"spec\":{\"profile\":{\"email\":\"Ada@Example.com\"}}}";
	for (int i = 0; i < 3; i++) {
		assert_true(ask(h, &ada, &email, &err));
		assert_string_equal(email, "Ada@Example.com");
	}
	assert_int_equal(h->http.count, 1);
	assert_string_equal(h->http.requests[0].path,
			    "/api/catalog/entities/by-name/user/default/ada");
	assert_memory_equal(h->http.requests[0].authorization, "Bearer ", 7);
}

/* One that does not answer is waited for by one caller a second. */
static void a_silent_catalog_is_not_waited_for(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	const struct principal bob = host_principal(h, "user:default/bob");
	const char *email = NULL;
	struct error err;

	h->entity_status = 0;
	for (int i = 0; i < 10; i++) {
		assert_false(ask(h, i % 2 == 0 ? &ada : &bob, &email, &err));
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	}
	assert_int_equal(h->http.count, 1);
	clock_sleep_ms(1050);
	h->entity_status = 200;
	h->entity = "{\"spec\":{\"profile\":{\"email\":\"ada@example.com\"}}}";
	assert_true(ask(h, &ada, &email, &err));
	assert_true(ask(h, &bob, &email, &err));
	assert_int_equal(h->http.count, 3);
}

/* That a caller has left says nothing about the catalog. */
static void a_caller_who_leaves_does_not_silence_it(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	struct backstage_call call = host_call(h);
	const char *email = NULL;
	struct error err;

	call.cancel = http_cancel_new();
	http_cancel_set(call.cancel);
	h->entity_status = 200;
	h->entity = "{\"spec\":{\"profile\":{\"email\":\"ada@example.com\"}}}";
	assert_false(backstage_user_email(h->b, &call, &ada, &email, &err));
	assert_int_equal(err.kind, ERROR_CANCELLED);
	assert_int_equal(h->http.count, 0);
	assert_true(ask(h, &ada, &email, &err));
	assert_string_equal(email, "ada@example.com");
	http_cancel_free(call.cancel);
}

static void nobody_without_an_address(void **state)
{
	static const char *const entities[] = {
		"{}",
		"{\"spec\":{}}",
		"{\"spec\":{\"profile\":{}}}",
		"{\"spec\":{\"profile\":{\"email\":null}}}",
		"{\"spec\":{\"profile\":{\"email\":\"\"}}}",
		"{\"spec\":{\"profile\":{\"email\":[\"a@b\"]}}}",
	};
	struct host *h = *state;
	const char *email = "untouched";
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		const struct principal someone =
			host_principal(h, arena_printf(&h->arena, "user:default/u%zu", i));

		h->entity_status = 200;
		h->entity = entities[i];
		for (int again = 0; again < 2; again++) {
			email = "untouched";
			assert_true(ask(h, &someone, &email, &err));
			assert_null(email);
		}
		assert_int_equal(h->http.count, i + 1);
	}
	h->entity_status = 404;
	assert_true(ask(h,
			&(struct principal){.kind = PRINCIPAL_USER,
					    .subject = "user:default/gone",
					    .on_behalf = TEXT("x.y.z"),
					    .expires_s = now_s() + 60},
			&email, &err));
	assert_null(email);
}

/* A name that is no reference has no entity, and never gets into a path as it is. */
static void odd_names(void **state)
{
	static const char *const names[] = {"ada",          "user:ada",      "user:/ada",
					    ":default/ada", "user:default/", ""};
	struct host *h = *state;
	const char *email;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct principal someone = host_principal(h, names[i]);

		assert_true(ask(h, &someone, &email, &err));
		assert_null(email);
	}
	assert_int_equal(h->http.count, 0);
	const struct principal odd = host_principal(h, "user:default/../../x?y#z");

	assert_true(ask(h, &odd, &email, &err));
	assert_string_equal(h->http.requests[0].path,
			    "/api/catalog/entities/by-name/user/default/..%2F..%2Fx%3Fy%23z");
}

static void what_is_no_answer(void **state)
{
	struct host *h = *state;
	const struct principal ada = host_principal(h, "user:default/ada");
	static const struct {
		int status;
		const char *entity;
	} cases[] = {{0, ""}, {500, "{}"}, {200, "[]"}, {200, "<html>"}, {302, ""}, {401, "{}"}};
	const char *email = "untouched";
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		h->entity_status = cases[i].status;
		h->entity = cases[i].entity;
		assert_false(ask(h, &ada, &email, &err));
		assert_int_equal(err.kind, ERROR_UNAVAILABLE);
		assert_string_equal(email, "untouched");
	}
	h->config.base_url = NULL;
	assert_false(ask(h, &ada, &email, &err));
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_catalogs_word_holds_for_a_minute, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_silent_catalog_is_not_waited_for, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(a_caller_who_leaves_does_not_silence_it, host_begin,
						host_end),
		cmocka_unit_test_setup_teardown(nobody_without_an_address, host_begin, host_end),
		cmocka_unit_test_setup_teardown(odd_names, host_begin, host_end),
		cmocka_unit_test_setup_teardown(what_is_no_answer, host_begin, host_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
