/* Errors: what is set, what is put in front, and what each face is told about a kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void setting_forgets_what_was_there(void **state)
{
	struct error err;

	(void)state;
	memset(&err, 0x5A, sizeof err);
	assert_false(error_set(&err, ERROR_INPUT, "%s must be %d", "x", 7));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_string_equal(err.message, "x must be 7");
	assert_int_equal(err.upstream_status, 0);
	assert_int_equal(err.retry_after_s, 0);
	assert_false(err.reauthenticate);
	assert_null(err.allow);
	assert_int_equal(err.details.len, 0);
}

static void where_goes_in_front_and_the_rest_stays(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ERROR_UPSTREAM, "no answer");
	err.upstream_status = 504;
	err.details = TEXT("{}");
	assert_false(error_in(&err, "Cluster %s", "c1"));
	assert_string_equal(err.message, "Cluster c1: no answer");
	assert_int_equal(err.kind, ERROR_UPSTREAM);
	assert_int_equal(err.upstream_status, 504);
	assert_int_equal(err.details.len, 2);
	error_in(&err, "list");
	assert_string_equal(err.message, "list: Cluster c1: no answer");
}

static void what_does_not_fit_shows_that_it_was_cut(void **state)
{
	char word[3000];
	struct error err;
	size_t size = sizeof err.message;

	(void)state;
	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	error_set(&err, ERROR_INTERNAL, "%s", word);
	assert_int_equal(strlen(err.message), size - 1);
	assert_string_equal(err.message + size - 5, "w...");
	error_set(&err, ERROR_INTERNAL, "%.*s", (int)size - 1, word);
	assert_string_equal(err.message + size - 5, "wwww");
	error_in(&err, "x");
	assert_int_equal(strlen(err.message), size - 1);
	assert_string_equal(err.message + size - 5, "w...");
	error_in(&err, "%s", word);
	assert_string_equal(err.message + size - 5, "w...");
}

static void every_kind_has_its_faces(void **state)
{
	static const int statuses[ERROR_KINDS] = {
		[ERROR_INTERNAL] = 500,  [ERROR_INPUT] = 400,       [ERROR_UNAUTHENTICATED] = 401,
		[ERROR_DENIED] = 403,    [ERROR_NOT_FOUND] = 404,   [ERROR_METHOD] = 405,
		[ERROR_CONFLICT] = 409,  [ERROR_TOO_LARGE] = 413,   [ERROR_UNPROCESSABLE] = 422,
		[ERROR_UPSTREAM] = 502,  [ERROR_UNAVAILABLE] = 503, [ERROR_TIMEOUT] = 504,
		[ERROR_CANCELLED] = 503,
	};

	(void)state;
	for (int kind = 0; kind < ERROR_KINDS; kind++) {
		const struct error_face *face = error_face((enum error_kind)kind);

		assert_int_equal(face->http_status, statuses[kind]);
		assert_true(strlen(face->name) > strlen("Error"));
		assert_string_equal(face->name + strlen(face->name) - 5, "Error");
		assert_true(face->json_rpc_code < -31999);
		assert_true(face->exit_status != 0);
	}
	assert_int_equal(error_face((enum error_kind)ERROR_KINDS)->http_status, 500);
	assert_int_equal(error_face((enum error_kind) - 1)->http_status, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_forgets_what_was_there),
		cmocka_unit_test(where_goes_in_front_and_the_rest_stays),
		cmocka_unit_test(what_does_not_fit_shows_that_it_was_cut),
		cmocka_unit_test(every_kind_has_its_faces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
