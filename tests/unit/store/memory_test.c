/* Sessions in memory. */
#include "unit/store/store_suite.h"

#include "store/inside.h"
#include "store/memory_once.h"

static void world_config(struct world *w)
{
	w->config.store.type = CONFIG_STORE_MEMORY;
}

static void world_end(struct world *w)
{
	(void)w;
}

static void it_says_what_it_is(void **state)
{
	struct world *w = *state;

	assert_string_equal(store_kind(w->store), "memory");
	assert_false(store_tells_of_others(w->store));
	store_close(NULL);
}

static void it_needs_no_key(void **state)
{
	struct world *w = *state;

	w->config.store.key_count = 0;
	reopen(w);
	put(w, "a@x", "prod", "t", in_ms(MINUTE_MS));
	assert_string_equal(get(w, "a@x", "prod"), "t");
}

static void raw_put(void *memory, struct text email, int64_t expires_ms)
{
	const struct store_row row = {.email = email,
				      .environment = TEXT("prod"),
				      .sealed = TEXT("sealed"),
				      .expires_ms = expires_ms};
	struct error err;

	assert_true(store_kind_memory.put(memory, &row, "", soon(), &err));
}

/* Whatever the order in which they come. */
static void when_full_the_first_to_end_goes(void **state)
{
	enum { MOST = 100, ALL = 1000 };
	void *memory = memory_open(MOST);
	struct error err;
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		unsigned rank = i * 617 % ALL; /* each number once */
		char email[16];

		snprintf(email, sizeof email, "%u@x", rank);
		raw_put(memory, text_of(email), 1000000 + rank);
	}
	assert_true(store_kind_memory.count(memory, 0, soon(), &n, &err));
	assert_int_equal(n, MOST);
	assert_true(store_kind_memory.purge(memory, 1000000 + ALL - 1 - 10, soon(), &n, &err));
	assert_true(n >= 80); /* of the last hundred, those that a later one did not push out */
	assert_true(store_kind_memory.count(memory, 0, soon(), &n, &err));
	assert_int_equal(n, 10);
	store_kind_memory.close(memory);
}

static bool put_deed(struct memory_once *m, unsigned number, struct text sealed, int64_t expires_ms,
		     int64_t now_ms)
{
	const struct text part = {(const char *)&number, sizeof number};
	struct digest id;
	struct once_row row = {.mark = TEXT("0123456789abcdef"),
			       .stage = STORE_BEGUN,
			       .sealed = sealed,
			       .expires_ms = expires_ms};
	struct error err = {.kind = ERROR_UNAVAILABLE};
	bool ok;

	digest_of(&part, 1, &id);
	row.id = (struct text){(const char *)id.bytes, DIGEST_SIZE};
	ok = memory_once_put(m, &row, now_ms, &err);
	assert_int_equal(err.kind, ERROR_UNAVAILABLE);
	return ok;
}

/* None that lives is forgotten for one that comes. */
static void when_full_no_deed_begins(void **state)
{
	struct memory_once *m = memory_once_new(100, 1000);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_true(put_deed(m, i, TEXT("12345"), 1000 + i, 0));
	assert_false(put_deed(m, 100, TEXT("12345"), 5000, 999));
	assert_true(put_deed(m, 50, TEXT("12345"), 5000, 999)); /* it is there already */
	assert_true(put_deed(m, 100, TEXT("12345"), 5000, 1000));
	assert_false(put_deed(m, 101, TEXT("12345"), 5000, 1000));
	memory_once_purge(m, 1098);
	assert_true(put_deed(m, 102, (struct text){"x", 1}, 5000, 1098));
	memory_once_free(m);
	m = memory_once_new(100, 10);
	assert_true(put_deed(m, 1, TEXT("123456"), 1000, 0));
	assert_false(put_deed(m, 2, TEXT("12345"), 1000, 0));
	assert_true(put_deed(m, 3, TEXT("1234"), 1000, 0));
	assert_true(put_deed(m, 2, TEXT("12345"), 2000, 1000));
	memory_once_free(m);
}

static void a_look_from_outside_sees_nothing(void **state)
{
	struct world *w = *state;
	struct store_survey found;
	struct error err;

	assert_true(store_survey(&w->config, soon(), &found, &err));
	assert_true(found.out_of_reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TESTS,
		store_test(it_says_what_it_is),
		store_test(it_needs_no_key),
		store_test(a_look_from_outside_sees_nothing),
		cmocka_unit_test(when_full_the_first_to_end_goes),
		cmocka_unit_test(when_full_no_deed_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
