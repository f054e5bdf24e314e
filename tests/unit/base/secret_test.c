/* Secrets: set, replaced, compared, wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"

static void an_unset_secret_equals_nothing(void **state)
{
	struct secret s = {NULL, 0};

	(void)state;
	assert_false(secret_is_set(&s));
	assert_false(secret_equal(&s, TEXT("")));
	assert_false(secret_equal(&s, TEXT("x")));
	assert_false(secret_equal(&s, (struct text){NULL, 0}));
	secret_wipe(&s);
	assert_false(secret_is_set(&s));
}

static void only_the_same_bytes_are_equal(void **state)
{
	static const struct text others[] = {
		TEXT(""),        TEXT("t"),        TEXT("token-"),    TEXT("token-12"),
		TEXT("token-2"), TEXT("Token-1"),  TEXT("token-1\0"), TEXT("token-1\0\0"),
		{NULL, 0},       TEXT(" token-1"),
	};
	struct secret s = {NULL, 0};

	(void)state;
	secret_set(&s, TEXT("token-1"));
	assert_true(secret_is_set(&s));
	assert_true(secret_equal(&s, TEXT("token-1")));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(secret_equal(&s, others[i]));
	secret_wipe(&s);
	assert_false(secret_equal(&s, TEXT("token-1")));
}

static void setting_again_replaces(void **state)
{
	struct secret s = {NULL, 0};

	(void)state;
	secret_set(&s, TEXT("first"));
	secret_set(&s, TEXT("second\0with nul"));
	assert_int_equal(s.len, 15);
	assert_int_equal(s.ptr[15], '\0');
	assert_false(secret_equal(&s, TEXT("first")));
	assert_false(secret_equal(&s, TEXT("second")));
	/* Out of itself, as when a part of it is cut off. */
	secret_set(&s, (struct text){s.ptr, 6});
	assert_true(secret_equal(&s, TEXT("second")));
	secret_wipe(&s);
	secret_wipe(&s);
	assert_null(s.ptr);
	assert_int_equal(s.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unset_secret_equals_nothing),
		cmocka_unit_test(only_the_same_bytes_are_equal),
		cmocka_unit_test(setting_again_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
