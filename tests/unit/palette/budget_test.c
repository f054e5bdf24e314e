/* How replicas divide a limit: by need, together never more than all of it. */
#include "palette/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"

enum { REPLICAS = 5, RATES = 3 };

static const char *const prefixes[RATES] = {"", "/v1/a", "/v1/b"};

static void uses_of(unsigned busy, struct pacer_use uses[RATES])
{
	for (unsigned i = 0; i < RATES; i++)
		uses[i] = (struct pacer_use){prefixes[i], (busy >> i & 1) != 0};
}

static double share_at(const struct budget_shares *s, const char *prefix)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->rates[i].prefix, prefix) == 0)
			return s->rates[i].share;
	fail_msg("no rate %s", prefix);
	return 0;
}

#define IS(wanted, got) assert_float_equal(got, wanted, 1e-9)

static void busy_ones_are_named(void **state)
{
	struct pacer_use uses[RATES];
	struct arena arena;

	(void)state;
	arena_init(&arena);
	uses_of(0, uses);
	assert_string_equal(budget_busy(&arena, uses, RATES), "");
	uses_of(5, uses);
	assert_string_equal(budget_busy(&arena, uses, RATES), "- /v1/b");
	arena_fini(&arena);
}

static void shares_go_by_need(void **state)
{
	static const char *const others[] = {"", "/v1/a /v1/aa", "- /v1/ab"};
	struct pacer_use uses[RATES];
	struct budget_shares s;

	(void)state;
	budget_shares_init(&s, 0);
	uses_of(2, uses);
	budget_share_out(&s, uses, RATES, NULL, 0, 1);
	IS(1, share_at(&s, "/v1/a")); /* alone */
	IS(1, share_at(&s, "/v1/b"));
	budget_share_out(&s, uses, RATES, others, ARRAY_LEN(others), 2);
	assert_int_equal(s.replicas, 4);
	IS(8.0 / 18, share_at(&s, "/v1/a")); /* two are busy, two are not */
	IS(1.0 / 4, share_at(&s, "/v1/b"));
	IS(1.0 / 11, share_at(&s, ""));
	budget_shares_fini(&s);
}

static void a_share_grows_a_round_later(void **state)
{
	static const char *const quiet[] = {"", ""};
	struct pacer_use uses[RATES];
	struct budget_shares s;

	(void)state;
	budget_shares_init(&s, 0);
	uses_of(0, uses);
	budget_share_out(&s, uses, RATES, quiet, 2, 1);
	IS(1.0 / 3, share_at(&s, "/v1/a"));
	uses_of(2, uses);
	budget_share_out(&s, uses, RATES, quiet, 2, 2);
	IS(1.0 / 3, share_at(&s, "/v1/a"));
	budget_share_out(&s, uses, RATES, quiet, 2, 3);
	IS(8.0 / 10, share_at(&s, "/v1/a"));
	uses_of(0, uses); /* and shrinks at once */
	budget_share_out(&s, uses, RATES, quiet, 2, 4);
	IS(1.0 / 3, share_at(&s, "/v1/a"));
	budget_shares_fini(&s);
}

/* All that see the same rows. */
static void together_they_have_no_more_than_all(void **state)
{
	static const char *const words[] = {"", "-", "/v1/a", "- /v1/a"};
	struct budget_shares shares[REPLICAS];
	unsigned seed = 12345;

	(void)state;
	for (size_t i = 0; i < REPLICAS; i++)
		budget_shares_init(&shares[i], 0);
	for (int round = 0; round < 300; round++) {
		unsigned busy[REPLICAS];
		double sum[RATES] = {0};

		for (size_t i = 0; i < REPLICAS; i++) {
			seed = seed * 1103515245 + 12345;
			busy[i] = seed >> 16 & 3;
		}
		for (size_t i = 0; i < REPLICAS; i++) {
			const char *others[REPLICAS - 1];
			struct pacer_use uses[RATES];
			size_t n = 0;

			for (size_t o = 0; o < REPLICAS; o++)
				if (o != i)
					others[n++] = words[busy[o]];
			uses_of(busy[i], uses);
			budget_share_out(&shares[i], uses, RATES, others, n, round);
			for (size_t r = 0; r < RATES; r++)
				sum[r] += share_at(&shares[i], prefixes[r]);
		}
		for (size_t r = 0; r < RATES; r++)
			assert_true(sum[r] <= 1 + 1e-9);
	}
	for (size_t i = 0; i < REPLICAS; i++)
		budget_shares_fini(&shares[i]);
}

static void silence_keeps_the_shares_for_a_while(void **state)
{
	static const char *const quiet[] = {"", ""};
	struct pacer_use uses[RATES];
	struct budget_shares s;
	double alone = -1;

	(void)state;
	budget_shares_init(&s, 1000);
	assert_false(budget_is_alone(&s, 4, 10999, &alone)); /* nobody was heard yet */
	assert_true(budget_is_alone(&s, 4, 11000, &alone));
	IS(1.0 / 4, alone);
	uses_of(2, uses);
	budget_share_out(&s, uses, RATES, quiet, 2, 20000);
	budget_share_out(&s, uses, RATES, quiet, 2, 21000);
	IS(8.0 / 10, share_at(&s, "/v1/a"));
	assert_false(budget_is_alone(&s, 2, 30999, &alone));
	assert_true(budget_is_alone(&s, 2, 31000, &alone));
	IS(1.0 / 3, alone);
	assert_true(budget_is_alone(&s, 5, 31000, &alone));
	IS(1.0 / 5, alone);
	/* When they are heard again it grows from there. */
	budget_share_out(&s, uses, RATES, quiet, 2, 32000);
	IS(1.0 / 5, share_at(&s, "/v1/a"));
	budget_share_out(&s, uses, RATES, quiet, 2, 33000);
	IS(8.0 / 10, share_at(&s, "/v1/a"));
	budget_shares_fini(&s);
}

static void without_a_store_there_is_none(void **state)
{
	(void)state;
	assert_null(budget_start(NULL));
	budget_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_ones_are_named),
		cmocka_unit_test(shares_go_by_need),
		cmocka_unit_test(a_share_grows_a_round_later),
		cmocka_unit_test(together_they_have_no_more_than_all),
		cmocka_unit_test(silence_keeps_the_shares_for_a_while),
		cmocka_unit_test(without_a_store_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
