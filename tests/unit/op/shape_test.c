/* Filtered answers: what is taken for a secret, and that all else stays to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "op/shape.h"
#include "json/json.h"

static void names_of_secrets(void **state)
{
	static const char *const secret[] = {
		"password",        "Password",     "vcenterPassword",
		"passwd",          "secretKey",    "secret_key",
		"SECRET-KEY",      "clientSecret", "accessKey",
		"access_key_id",   "token",        "secretToken",
		"jsonCredentials", "privateKey",   "apiKey",
		"api-key",         "key",          "KEY",
		"secretSpec",      "to.ken",       "pass word",
	};
	static const char *const harmless[] = {
		"name",   "uid",         "username",       "keyName", "sshKeyName",
		"region", "tokenExpiry", "credentialType", "keys",    "tenantId",
		"",       "monkey",      "publicKeys",
	};
	static char long_name[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		if (shape_is_public(text_of(secret[i])))
			fail_msg("%s would leave", secret[i]);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (!shape_is_public(text_of(harmless[i])))
			fail_msg("%s would not leave", harmless[i]);
	memset(long_name, 'x', sizeof long_name);
	assert_true(shape_is_public((struct text){long_name, 127}));
	assert_false(shape_is_public((struct text){long_name, 128}));
	assert_false(shape_is_public((struct text){long_name, 200}));
	assert_true(shape_is_public(TEXT("kubectlCommands")));
	assert_false(shape_is_public_gateway(TEXT("kubectlCommands")));
	assert_false(shape_is_public_gateway(TEXT("password")));
	assert_true(shape_is_public_gateway(TEXT("state")));
}

static void assert_filtered(const char *in, const char *expected)
{
	struct text value;
	struct error err;
	struct buf out;

	assert_true(json_check(text_of(in), &value, &err));
	buf_init(&out, 1024 * 1024);
	shape_filter(value, shape_is_public, &out);
	assert_true(buf_complete(&out));
	assert_string_equal(buf_text(&out).ptr, expected);
	buf_fini(&out);
}

static void what_must_not_leave_is_gone_at_any_depth(void **state)
{
	(void)state;
	assert_filtered("{\"a\":1,\"password\":\"x\",\"b\":2}", "{\"a\":1,\"b\":2}");
	assert_filtered("{\"password\":\"x\"}", "{}");
	assert_filtered("{\"password\":{\"a\":[1,{\"b\":2}]},\"c\":3}", "{\"c\":3}");
	assert_filtered("[{\"spec\":{\"list\":[{\"secretKey\":\"x\",\"n\":1},7]}}]",
			"[{\"spec\":{\"list\":[{\"n\":1},7]}}]");
	assert_filtered("{\"password\":1,\"password\":2,\"token\":3}", "{}");
	/* The same name in other letters. */
	assert_filtered("{\"p\\u0061ssword\":\"x\",\"\\u0070\\u0061\\u0073\\u0073wd\":1}", "{}");
	/* A name that cannot be read is not known to be harmless. */
	assert_filtered("{\"a\\u0000b\":1,\"c\":2}", "{\"c\":2}");
	/* Names that are values, and a secret's name in a value. */
	assert_filtered("{\"name\":\"password\",\"x\":[\"token\"]}",
			"{\"name\":\"password\",\"x\":[\"token\"]}");
}

static void the_rest_stays_to_the_byte(void **state)
{
	static const char *const same[] = {
		"{}",
		"[]",
		"null",
		"7",
		"\"x\"",
		"12345678901234567890123",
		"-0.50E+10",
		"{\"\":[]}",
		"{\"a\":1,\"a\":2}",
		"{\"\\u00fC\":\"\\/\\ud83d\\ude00\",\"\xC3\xA4\":\"\xE2\x82\xAC\"}",
		"[[[[[]]],{}],[{\"a\":{}}]]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_filtered(same[i], same[i]);
	/* Space between tokens is no part of a value. */
	assert_filtered(" { \"a\" : [ 1 ,\n 2.50 ] , \"key\" : 3 } ", "{\"a\":[1,2.50]}");
}

static void a_long_list_and_a_deep_one_take_little_time(void **state)
{
	enum { ITEMS = 50000 };
	int64_t started = clock_now_ms();
	struct text value;
	struct error err;
	struct buf in;
	struct buf out;

	(void)state;
	buf_init(&in, 64 * 1024 * 1024);
	buf_init(&out, 64 * 1024 * 1024);
	buf_add_char(&in, '[');
	for (int i = 0; i < ITEMS; i++)
		buf_printf(&in, "%s{\"metadata\":{\"uid\":\"u%d\"},\"spec\":{\"password\":\"x\"}}",
			   i == 0 ? "" : ",", i);
	buf_add_char(&in, ']');
	assert_true(json_check(buf_text(&in), &value, &err));
	shape_filter(value, shape_is_public, &out);
	assert_true(buf_complete(&out));
	assert_null(memmem(out.ptr, out.len, "password", 8));
	assert_int_equal(out.len, in.len - ITEMS * strlen("\"password\":\"x\""));
	buf_fini(&in);
	buf_truncate(&out, 0);
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		buf_add_string(&in, "{\"a\":");
	buf_add_string(&in, "{}");
	for (int i = 0; i < JSON_MAX_DEPTH - 1; i++)
		buf_add_char(&in, '}');
	assert_true(json_check(buf_text(&in), &value, &err));
	shape_filter(value, shape_is_public, &out);
	assert_true(text_equal(buf_text(&in), buf_text(&out)));
	assert_true(clock_now_ms() - started < 10000);
	buf_fini(&in);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_secrets),
		cmocka_unit_test(what_must_not_leave_is_gone_at_any_depth),
		cmocka_unit_test(the_rest_stays_to_the_byte),
		cmocka_unit_test(a_long_list_and_a_deep_one_take_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
