/* Which version is newer, and where nobody can say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op/version.h"

#define NOBODY 9

static const struct {
	const char *a;
	const char *b;
	int order;
} rows[] = {
	{"1.0.0", "1.0.0", 0},
	{"1.0.0", "1.0", 0},
	{"v1.2", "1.2.0", 0},
	{"1.10.0", "1.9.9", 1},
	{"1.2.3", "1.2.3.1", -1},
	{"2", "10", -1},
	{"1.0.0", "1.0.0-rc.1", 1},
	{"1.0.0-rc.2", "1.0.0-rc.10", -1},
	{"1.0.0-alpha", "1.0.0-alpha.1", -1},
	{"1.0.0-1", "1.0.0-alpha", -1},
	{"1.0.0-beta", "1.0.0-alpha", 1},
	{"1.0.0-a-b", "1.0.0-a-c", -1},
	{"1.0.0+one", "1.0.0+two", 0},
	{"1.28.9+k3s1", "1.28.10", -1},
	{" 1.0.0 ", "1.0.0", 0},
	{"", "1.0.0", NOBODY},
	{"latest", "1.0.0", NOBODY},
	{"1..0", "1.0.0", NOBODY},
	{"1.0.", "1.0.0", NOBODY},
	{"1.x", "1.0.0", NOBODY},
	{"-1", "1", NOBODY},
	{"vv1", "1", NOBODY},
	{"+", "1", NOBODY},
	{"1.2.3.4.5.6.7.8.9", "1", NOBODY},
	{"1234567890123456", "1", NOBODY},
	{"123456789012345", "1", 1},
};

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void versions_are_ordered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text a = text_of(rows[i].a);
		struct text b = text_of(rows[i].b);
		int there = 77;
		int back = 77;
		bool known = version_compare(a, b, &there);

		if (known != (rows[i].order != NOBODY) || version_compare(b, a, &back) != known)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
		if (!known) {
			assert_int_equal(there, 77);
			assert_int_equal(back, 77);
		} else if (sign(there) != rows[i].order || sign(back) != -rows[i].order) {
			fail_msg("%s and %s: %d", rows[i].a, rows[i].b, there);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_ordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
