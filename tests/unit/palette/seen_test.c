/* The set of uids: each is new once, whatever its bytes, also when there are many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "palette/seen.h"

static void a_key_is_new_once(void **state)
{
	struct palette_seen *seen = palette_seen_new();
	char key[] = "6f1a";

	(void)state;
	assert_false(palette_seen_has(seen, text_of(key)));
	assert_true(palette_seen_add(seen, text_of(key)));
	assert_false(palette_seen_add(seen, text_of(key)));
	assert_true(palette_seen_has(seen, text_of(key)));
	/* It was copied. */
	key[0] = 'x';
	assert_false(palette_seen_has(seen, text_of(key)));
	assert_true(palette_seen_has(seen, TEXT("6f1a")));
	palette_seen_free(seen);
	palette_seen_free(NULL);
}

static void keys_that_begin_alike_differ(void **state)
{
	static const struct text keys[] = {
		TEXT("a"),  TEXT("aa"),   TEXT("aaa"), TEXT("A"),
		TEXT("\0"), TEXT("\0\0"), TEXT("a\0"), TEXT("a\0b"),
	};
	struct palette_seen *seen = palette_seen_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_true(palette_seen_add(seen, keys[i]));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_false(palette_seen_add(seen, keys[i]));
	palette_seen_free(seen);
}

/* No item has an empty uid, so an empty key is never there and never new. */
static void the_empty_key_is_no_key(void **state)
{
	struct palette_seen *seen = palette_seen_new();

	(void)state;
	assert_false(palette_seen_add(seen, TEXT("")));
	assert_false(palette_seen_add(seen, (struct text){NULL, 0}));
	assert_false(palette_seen_has(seen, TEXT("")));
	palette_seen_free(seen);
}

static struct text numbered(char *out, size_t size, int i)
{
	snprintf(out, size, "65f0aa%018d", i);
	return text_of(out);
}

static void many_keys_stay_apart_and_cheap(void **state)
{
	enum { KEYS = 200000 };
	struct palette_seen *seen = palette_seen_new();
	int64_t started = clock_now_ms();
	char key[64];

	(void)state;
	for (int i = 0; i < KEYS; i++)
		assert_true(palette_seen_add(seen, numbered(key, sizeof key, i)));
	for (int i = 0; i < KEYS; i++)
		assert_false(palette_seen_add(seen, numbered(key, sizeof key, i)));
	for (int i = KEYS; i < 2 * KEYS; i++)
		assert_false(palette_seen_has(seen, numbered(key, sizeof key, i)));
	/* A tenth of a second in a plain build; comparing each with each would take minutes. */
	assert_true(clock_now_ms() - started < 20000);
	palette_seen_free(seen);
}

static void long_keys_are_kept_whole(void **state)
{
	static char key[100000];
	struct palette_seen *seen = palette_seen_new();

	(void)state;
	memset(key, 'k', sizeof key);
	for (size_t len = 1; len < sizeof key; len = len * 3 + 1)
		assert_true(palette_seen_add(seen, (struct text){key, len}));
	for (size_t len = 1; len < sizeof key; len = len * 3 + 1)
		assert_true(palette_seen_has(seen, (struct text){key, len}));
	palette_seen_free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_new_once),
		cmocka_unit_test(keys_that_begin_alike_differ),
		cmocka_unit_test(the_empty_key_is_no_key),
		cmocka_unit_test(many_keys_stay_apart_and_cheap),
		cmocka_unit_test(long_keys_are_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
