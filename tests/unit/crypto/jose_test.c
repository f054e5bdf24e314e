/* Keys and signed tokens: the examples of the RFCs, what must not verify, and key sets of all
 * sorts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/base64.h"
#include "crypto/jose.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* RFC 7515, appendices A.2 and A.3: an RS256 and an ES256 signature, and the public keys. */
static const char payload[] =
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
	"cnVlfQ";
static const char rs256_signature[] =
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2"
	"Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjt"
	"QBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6"
	"IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char rs256_keys[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"n\":"
	"\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1P"
	"t0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
	"ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5I"
	"hlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\","
	"\"e\":\"AQAB\"}]}";
static const char es256_signature[] =
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char es256_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
				 "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static struct jose_set *set_of(const char *json)
{
	struct jose_set *set;
	struct error err;

	assert_true(jose_set_read(text_of(json), &set, &err));
	return set;
}

static enum jose_verdict verdict(const char *compact, const char *keys)
{
	struct jose_set *set = set_of(keys);
	struct jose_token token;
	struct error err = {.message = ""};
	enum jose_verdict got;

	if (!jose_token_read(&arena, text_of(compact), &token, &err))
		fail_msg("%s", err.message);
	got = jose_verify_with_set(&token, set);
	jose_set_free(set);
	return got;
}

static const char *compact(const char *header, const char *signature)
{
	struct buf out;
	const char *made;

	buf_init(&out, 4096);
	base64url_encode(text_of(header), &out);
	made = arena_printf(&arena, "%s.%s.%s", out.ptr, payload, signature);
	buf_fini(&out);
	return made;
}

static void the_examples_of_the_rfc(void **state)
{
	(void)state;
	assert_int_equal(verdict(compact("{\"alg\":\"RS256\"}", rs256_signature), rs256_keys),
			 JOSE_GOOD);
	assert_int_equal(verdict(compact("{\"alg\":\"ES256\"}", es256_signature), es256_keys),
			 JOSE_GOOD);
}

/* Whatever the header says: the key decides. */
static void other_algorithms_than_the_keys(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\"}",    "{\"alg\":\"NONE\"}",  "{\"alg\":\"HS256\"}",
		"{\"alg\":\"HS384\"}",   "{\"alg\":\"ES384\"}", "{\"alg\":\"EdDSA\"}",
		"{\"alg\":\"\"}",        "{\"alg\":null}",      "{}",
		"{\"alg\":[\"ES256\"]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		assert_int_equal(verdict(compact(headers[i], es256_signature), es256_keys),
				 JOSE_REFUSED);
		assert_int_equal(verdict(compact(headers[i], rs256_signature), rs256_keys),
				 JOSE_REFUSED);
	}
	assert_int_equal(verdict(compact("{\"alg\":\"RS256\"}", rs256_signature), es256_keys),
			 JOSE_REFUSED);
	assert_int_equal(verdict(compact("{\"alg\":\"PS256\"}", rs256_signature), rs256_keys),
			 JOSE_REFUSED);
	assert_int_equal(
		verdict(compact("{\"alg\":\"ES256\",\"x\":1}", es256_signature), es256_keys),
		JOSE_REFUSED);
}

static void signatures_of_another_length(void **state)
{
	const char *header = "{\"alg\":\"ES256\"}";

	(void)state;
	assert_int_equal(verdict(compact(header, ""), es256_keys), JOSE_REFUSED);
	assert_int_equal(verdict(compact(header, "AAAA"), es256_keys), JOSE_REFUSED);
	assert_int_equal(verdict(compact(header, rs256_signature), es256_keys), JOSE_REFUSED);
	assert_int_equal(verdict(compact(header, arena_printf(&arena, "%sAAAA", es256_signature)),
				 es256_keys),
			 JOSE_REFUSED);
	/* A zero signature, and one of r and s as DER. */
	assert_int_equal(
		verdict(compact(header,
				"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				"AAAAAAAAAAAAAAAAAAAAAAAAAA"),
			es256_keys),
		JOSE_REFUSED);
}

static void what_is_no_token(void **state)
{
	static const char *const tokens[] = {
		"",
		".",
		"..",
		"...",
		"e30",
		"e30.e30",
		"e30.e30.e30.e30",
		"e30.e30.e30.",
		".e30.",
		"e30..",
		"e30=.e30.",
		"e31.e30.",    /* a letter with bits that stand for nothing */
		"e30.W10.",    /* the payload is a list */
		"e30.IngiCg.", /* a string */
		"bnVsbA.e30.", /* null */
		"e30.e30.A",   /* one letter is no byte */
		"e30.e30.AB",  /* not canonical */
		"e 30.e30.",
		"e30.e30.\n",
		"e3+.e30.",
		"eyJhIjoxLCJhIjoyfQ.e30.",                       /* {"a":1,"a":2} */
		"e30.eyJhIjoxLCJcdTAwNjEiOjJ9.",                 /* the same, once escaped */
		"eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiZXhwIl19.e30.", /* crit */
		"eyJhbGciOiJFUzI1NiIsImNyaXQiOltdfQ.e30.",       /* crit: [] */
	};
	struct jose_token token = {.algorithm = "untouched"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		if (jose_token_read(&arena, text_of(tokens[i]), &token, &err))
			fail_msg("took '%s'", tokens[i]);
		assert_int_equal(err.kind, ERROR_UNAUTHENTICATED);
		assert_string_equal(token.algorithm, "untouched");
	}
	assert_true(jose_token_read(&arena, TEXT("e30.e30."), &token, &err));
}

static void claims_of_all_types(void **state)
{
	struct jose_key *key;
	struct jose_token token;
	struct error err;
	struct buf out;
	int64_t at;

	(void)state;
	assert_true(jose_key_generate(&key, &err));
	buf_init(&out, 4096);
	assert_true(jose_sign(key, "JWT",
			      TEXT("{\"sub\":\"a\\u0062\",\"n\":7,\"f\":7.5,\"s\":\"7\",\"z\":null,"
				   "\"aud\":[\"x\",\"y\",3],\"nul\":\"a\\u0000b\"}"),
			      &out, &err));
	assert_true(jose_token_read(&arena, buf_text(&out), &token, &err));
	assert_string_equal(token.type, "JWT");
	assert_string_equal(token.id, jose_key_id(key));
	assert_string_equal(jose_claim_string(&arena, &token, "sub"), "ab");
	assert_null(jose_claim_string(&arena, &token, "n"));
	assert_null(jose_claim_string(&arena, &token, "nul"));
	assert_null(jose_claim_string(&arena, &token, "none"));
	assert_true(jose_claim_time(&token, "n", &at));
	assert_int_equal(at, 7);
	assert_false(jose_claim_time(&token, "f", &at));
	assert_false(jose_claim_time(&token, "s", &at));
	assert_false(jose_claim_time(&token, "z", &at));
	assert_true(jose_claim_is_there(&token, "z"));
	assert_true(jose_claim_has(&token, "aud", "y"));
	assert_false(jose_claim_has(&token, "aud", "3"));
	assert_true(jose_claim_has(&token, "sub", "ab"));
	assert_false(jose_claim_has(&token, "n", "7"));
	jose_key_free(key);
	buf_fini(&out);
}

/* ---- sets ---- */

static void keys_that_cannot_verify_are_left_out(void **state)
{
	static const char *const keys[] = {
		"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"alg\":\"HS256\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
		"7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
		"{\"kty\":\"EC\"}",
		"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", /* far too short */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"sign\"],"
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"HS256\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"{}",
		"7",
		"null",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct jose_set *set = set_of(arena_printf(&arena, "{\"keys\":[%s]}", keys[i]));

		if (jose_set_size(set) != 0)
			fail_msg("took %s", keys[i]);
		jose_set_free(set);
	}
}

static void sets_are_bounded(void **state)
{
	struct jose_key *key;
	struct jose_set *set;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(jose_key_generate(&key, &err));
	buf_init(&out, 1024 * 1024);
	buf_add_string(&out, "{\"keys\":[");
	for (int i = 0; i < JOSE_MAX_KEYS + 10; i++) {
		buf_add_string(&out, i == 0 ? "" : ",");
		jose_key_put_public(key, &out);
	}
	buf_add_string(&out, "]}");
	set = set_of(out.ptr);
	assert_int_equal(jose_set_size(set), JOSE_MAX_KEYS);
	jose_set_free(set);
	buf_fini(&out);
	jose_key_free(key);
}

static const char *sign_with(const struct jose_key *key)
{
	struct error err;
	struct buf out;
	const char *token;

	buf_init(&out, 4096);
	assert_true(jose_sign(key, "x", TEXT("{\"sub\":\"x\"}"), &out, &err));
	token = arena_copy(&arena, buf_text(&out));
	buf_fini(&out);
	return token;
}

static const char *keys_json(struct jose_key *const *keys, size_t count)
{
	const char *json;
	struct buf out;

	buf_init(&out, 65536);
	buf_add_string(&out, "{\"keys\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_string(&out, i == 0 ? "" : ",");
		jose_key_put_public(keys[i], &out);
	}
	buf_add_string(&out, "]}");
	json = arena_copy(&arena, buf_text(&out));
	buf_fini(&out);
	return json;
}

static void which_key_of_a_set(void **state)
{
	struct jose_key *keys[2];
	struct jose_key *twice[2];
	struct error err;

	(void)state;
	assert_true(jose_key_generate(&keys[0], &err));
	assert_true(jose_key_generate(&keys[1], &err));
	twice[0] = twice[1] = keys[0];
	assert_int_equal(verdict(sign_with(keys[0]), keys_json(keys, 2)), JOSE_GOOD);
	assert_int_equal(verdict(sign_with(keys[1]), keys_json(keys, 2)), JOSE_GOOD);
	assert_int_equal(verdict(sign_with(keys[1]), keys_json(keys, 1)), JOSE_NO_KEY);
	assert_int_equal(verdict(sign_with(keys[1]), "{\"keys\":[]}"), JOSE_NO_KEY);
	/* The same id twice: which one is meant cannot be said. */
	assert_int_equal(verdict(sign_with(keys[0]), keys_json(twice, 2)), JOSE_REFUSED);
	/* Without an id only where one key fits. */
	assert_int_equal(
		verdict(compact("{\"alg\":\"ES256\"}", es256_signature), keys_json(keys, 2)),
		JOSE_REFUSED);
	jose_key_free(keys[0]);
	jose_key_free(keys[1]);
}

static void an_hmac_key_publishes_nothing(void **state)
{
	struct jose_key *key;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(jose_key_from_secret(TEXT("a secret"), &key, &err));
	buf_init(&out, 4096);
	jose_key_put_public(key, &out);
	assert_int_equal(out.len, 0);
	jose_key_free(key);
	jose_key_free(NULL);
	jose_set_free(NULL);
}

static void base64url_has_one_form(void **state)
{
	static const char *const bad[] = {"A", "AB", "AAB", "AA==", "A+A", "A/A", "AA A", "AAA\n"};
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(base64url_decode(text_of(bad[i]), &out));
	assert_true(base64url_decode(TEXT(""), &out));
	assert_int_equal(out.len, 0);
	for (int n = 0; n < 70; n++) {
		char bytes[70];
		struct buf encoded;

		for (int i = 0; i < n; i++)
			bytes[i] = (char)(i * 37 + n);
		buf_init(&encoded, 1000);
		base64url_encode((struct text){bytes, (size_t)n}, &encoded);
		buf_truncate(&out, 0);
		assert_true(base64url_decode(buf_text(&encoded), &out));
		assert_int_equal(out.len, n);
		assert_memory_equal(n == 0 ? "" : out.ptr, bytes, (size_t)n);
		buf_fini(&encoded);
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfc),
		cmocka_unit_test(other_algorithms_than_the_keys),
		cmocka_unit_test(signatures_of_another_length),
		cmocka_unit_test(what_is_no_token),
		cmocka_unit_test(claims_of_all_types),
		cmocka_unit_test(keys_that_cannot_verify_are_left_out),
		cmocka_unit_test(sets_are_bounded),
		cmocka_unit_test(which_key_of_a_set),
		cmocka_unit_test(an_hmac_key_publishes_nothing),
		cmocka_unit_test(base64url_has_one_form),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
