/* Sessions in memory. */
#include "unit/store/store_suite.h"

#include "store/inside.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TESTS,
		store_test(it_says_what_it_is),
		store_test(it_needs_no_key),
		cmocka_unit_test(when_full_the_first_to_end_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
