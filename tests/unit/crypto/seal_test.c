/* Sealing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/seal.h"

#define ONE   "0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcdeg"

static struct seal_keys *keys_of(const char *first, const char *second)
{
	struct secret keys[2] = {{NULL, 0}, {NULL, 0}};
	struct seal_keys *made;

	secret_set(&keys[0], text_of(first));
	if (second != NULL)
		secret_set(&keys[1], text_of(second));
	made = seal_keys_new(keys, second == NULL ? 1 : 2);
	secret_wipe(&keys[0]);
	secret_wipe(&keys[1]);
	return made;
}

/* What it opens to is left in out. */
static bool opens(const struct seal_keys *keys, const char *associated, struct text sealed,
		  struct buf *out)
{
	buf_truncate(out, 0);
	return seal_open(keys, text_of(associated), sealed, out);
}

struct world {
	struct seal_keys *keys;
	struct buf sealed;
	struct buf plain;
};

static int set_up(void **state)
{
	static struct world w;

	w.keys = keys_of(ONE, NULL);
	buf_init(&w.sealed, 4096);
	buf_init(&w.plain, 4096);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	seal_keys_free(w->keys);
	buf_fini(&w->sealed);
	buf_fini(&w->plain);
	return 0;
}

static void what_was_sealed_opens(void **state)
{
	static const char *const all[] = {"", "x", "a token of some length, more than a block"};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		buf_truncate(&w->sealed, 0);
		seal(w->keys, TEXT("who"), text_of(all[i]), &w->sealed);
		assert_int_equal(w->sealed.len, strlen(all[i]) + SEAL_OVERHEAD);
		assert_true(opens(w->keys, "who", buf_text(&w->sealed), &w->plain));
		assert_true(text_is(buf_text(&w->plain), all[i]));
	}
	assert_null(memmem(w->sealed.ptr, w->sealed.len, "token", 5));
}

static void each_sealing_differs(void **state)
{
	struct world *w = *state;

	seal(w->keys, TEXT(""), TEXT("same"), &w->sealed);
	seal(w->keys, TEXT(""), TEXT("same"), &w->sealed);
	assert_memory_equal(w->sealed.ptr, w->sealed.ptr + w->sealed.len / 2, 5);
	assert_memory_not_equal(w->sealed.ptr + 5, w->sealed.ptr + w->sealed.len / 2 + 5, 12);
}

static void any_changed_bit_is_noticed(void **state)
{
	struct world *w = *state;

	seal(w->keys, TEXT("who"), TEXT("token"), &w->sealed);
	for (size_t i = 0; i < w->sealed.len * 8; i++) {
		w->sealed.ptr[i / 8] = (char)(w->sealed.ptr[i / 8] ^ (1 << (i % 8)));
		assert_false(opens(w->keys, "who", buf_text(&w->sealed), &w->plain));
		assert_int_equal(w->plain.len, 0);
		w->sealed.ptr[i / 8] = (char)(w->sealed.ptr[i / 8] ^ (1 << (i % 8)));
	}
	assert_true(opens(w->keys, "who", buf_text(&w->sealed), &w->plain));
}

static void a_part_of_it_opens_nothing(void **state)
{
	struct world *w = *state;
	struct text sealed;

	seal(w->keys, TEXT("who"), TEXT("token"), &w->sealed);
	sealed = buf_text(&w->sealed);
	for (size_t len = 0; len < sealed.len; len++)
		assert_false(opens(w->keys, "who", text_slice(sealed, 0, len), &w->plain));
	buf_add_char(&w->sealed, '\0');
	assert_false(opens(w->keys, "who", buf_text(&w->sealed), &w->plain));
}

static void it_belongs_to_its_associated_text(void **state)
{
	struct world *w = *state;

	seal(w->keys, TEXT("who"), TEXT("token"), &w->sealed);
	assert_false(opens(w->keys, "", buf_text(&w->sealed), &w->plain));
	assert_false(opens(w->keys, "whom", buf_text(&w->sealed), &w->plain));
}

static void keys_take_turns(void **state)
{
	struct world *w = *state;
	struct seal_keys *both = keys_of(OTHER, ONE);
	struct seal_keys *next = keys_of(OTHER, NULL);

	seal(w->keys, TEXT(""), TEXT("old"), &w->sealed);
	assert_true(opens(both, "", buf_text(&w->sealed), &w->plain));
	assert_false(opens(next, "", buf_text(&w->sealed), &w->plain));
	buf_truncate(&w->sealed, 0);
	seal(both, TEXT(""), TEXT("new"), &w->sealed);
	assert_true(opens(next, "", buf_text(&w->sealed), &w->plain));
	assert_false(opens(w->keys, "", buf_text(&w->sealed), &w->plain));
	seal_keys_free(both);
	seal_keys_free(next);
}

static void a_random_key_is_nobody_elses(void **state)
{
	struct world *w = *state;
	struct seal_keys *one = seal_keys_random();
	struct seal_keys *other = seal_keys_random();

	seal(one, TEXT(""), TEXT("mine"), &w->sealed);
	assert_true(opens(one, "", buf_text(&w->sealed), &w->plain));
	assert_false(opens(other, "", buf_text(&w->sealed), &w->plain));
	seal_keys_free(one);
	seal_keys_free(other);
	seal_keys_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_sealed_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_sealing_differs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_changed_bit_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_part_of_it_opens_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_belongs_to_its_associated_text, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(keys_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_random_key_is_nobody_elses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
