/* W3C's Trace Context: which headers are good, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "telemetry/trace.h"

#define ID     "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

static void good_parents_are_read(void **state)
{
	static const struct {
		const char *header;
		bool sampled;
	} rows[] = {
		{"00-" ID "-" PARENT "-01", true},
		{"00-" ID "-" PARENT "-00", false},
		{"00-" ID "-" PARENT "-ff", true},
		{"00-" ID "-" PARENT "-fe", false},
		/* Later versions: what is known of them. */
		{"01-" ID "-" PARENT "-01", true},
		{"cc-" ID "-" PARENT "-01-", true},
		{"cc-" ID "-" PARENT "-01-what-the-future-will-be-like", true},
		{"fe-" ID "-" PARENT "-02", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trace t = {.sampled = !rows[i].sampled};

		if (!trace_read_parent(text_of(rows[i].header), &t))
			fail_msg("%s", rows[i].header);
		assert_string_equal(t.id, ID);
		assert_string_equal(t.parent_id, PARENT);
		assert_int_equal(t.sampled, rows[i].sampled);
	}
}

static void other_parents_are_not(void **state)
{
	static const char *const rows[] = {
		"",
		"00",
		"00-" ID "-" PARENT,
		"00-" ID "-" PARENT "-",
		"00-" ID "-" PARENT "-0",
		"00-" ID "-" PARENT "-01-",
		"00-" ID "-" PARENT "-01-more",
		"00-" ID "-" PARENT "-011",
		"cc-" ID "-" PARENT "-01.what",
		"cc-" ID "-" PARENT "-011",
		"ff-" ID "-" PARENT "-01",
		"0-" ID "-" PARENT "-01",
		"000-" ID "-" PARENT "-01",
		"0G-" ID "-" PARENT "-01",
		"00-" ID "-" PARENT "-0x",
		"00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
		"00-" ID "-B7AD6B7169203331-01",
		"00-" ID "-" PARENT "-FF",
		"00-00000000000000000000000000000000-" PARENT "-01",
		"00-" ID "-0000000000000000-01",
		"00-" ID "0-" PARENT "-01",
		"00-" ID "-" PARENT "0-01",
		"00 " ID "-" PARENT "-01",
		"00-" ID "_" PARENT "-01",
		"00-" ID "-" PARENT " 01",
		" 00-" ID "-" PARENT "-01",
		"00-" ID "-" PARENT "-01 ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trace t = {.sampled = true, .id = "untouched"};

		if (trace_read_parent(text_of(rows[i]), &t))
			fail_msg("%s", rows[i]);
		assert_string_equal(t.id, "untouched");
	}
}

/* A header of so many members. */
static struct text members(char *out, size_t size, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, size - len, "%sk%d=v", i == 0 ? "" : ",", i);
	return (struct text){out, len};
}

/* A key or value of so many characters. */
static const char *of_length(size_t len)
{
	static char text[300];

	memset(text, 'a', len);
	text[len] = '\0';
	return text;
}

static void states_are_good_or_not(void **state)
{
	static const char *const good[] = {
		"rojo=00f067aa0ba902b7",
		"rojo=1,congo=t61rcWkgMzE",
		"a=1 , b=2",
		"a=1\t,\tb=2",
		",a=1,,b=2,",
		"fw529a3039@dt=FfAjBw",
		"0tenant@sys=1",
		"a_-*/0=1",
		"a=with spaces inside",
		"a= leading",
		"a=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~",
	};
	static const char *const bad[] = {
		"",       ",",          "a",       "=1",    "a=",    "a=1,a=2", "A=1",   "0a=1",
		"a b=1",  "\xC3\xA9=1", "a=\xC3",  "a=1=2", "@s=1",  "t@=1",    "t@S=1", "t@0s=1",
		"a=\x7F", "a=\t1",      "t@s@u=1", "-a=1",  "a=1,b", "T@s=1",
	};
	char header[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!trace_is_state(text_of(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (trace_is_state(text_of(bad[i])))
			fail_msg("%s", bad[i]);
	assert_true(trace_is_state(members(header, sizeof header, 32)));
	assert_false(trace_is_state(members(header, sizeof header, 33)));
	snprintf(header, sizeof header, "%s=1", of_length(256));
	assert_true(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "%s=1", of_length(257));
	assert_false(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "%s@s=1", of_length(241));
	assert_true(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "%s@s=1", of_length(242));
	assert_false(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "t@%s=1", of_length(14));
	assert_true(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "t@%s=1", of_length(15));
	assert_false(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "a=%s", of_length(256));
	assert_true(trace_is_state(text_of(header)));
	snprintf(header, sizeof header, "a=%s", of_length(257));
	assert_false(trace_is_state(text_of(header)));
}

static void a_request_goes_on_with_its_trace(void **state)
{
	const struct text none = {NULL, 0};
	char parent[TRACE_PARENT_LENGTH + 1];
	char long_state[600];
	struct trace again;
	struct trace t;

	(void)state;
	trace_begin(&t, TEXT("00-" ID "-" PARENT "-01"), TEXT("a=1"), 0);
	assert_string_equal(t.id, ID);
	assert_string_equal(t.parent_id, PARENT);
	assert_true(t.sampled);
	assert_true(text_is(t.state, "a=1"));
	assert_int_equal(strlen(t.span_id), SPAN_ID_DIGITS);
	assert_string_not_equal(t.span_id, PARENT);
	trace_put_parent(&t, t.span_id, parent);
	assert_int_equal(strlen(parent), TRACE_PARENT_LENGTH);
	assert_true(trace_read_parent(text_of(parent), &again));
	assert_string_equal(again.parent_id, t.span_id);
	/* What is not good is not passed on, and says nothing of the rest. */
	trace_begin(&t, TEXT("00-" ID "-" PARENT "-00"), TEXT("A=1"), 1);
	assert_string_equal(t.id, ID);
	assert_false(t.sampled);
	assert_int_equal(t.state.len, 0);
	snprintf(long_state, sizeof long_state, "a=%s,b=%s", of_length(256), of_length(256));
	assert_true(trace_is_state(text_of(long_state)));
	trace_begin(&t, TEXT("00-" ID "-" PARENT "-00"), text_of(long_state), 1);
	assert_int_equal(t.state.len, 0);
	/* Without a good parent there is a new trace, and no state. */
	trace_begin(&t, TEXT("00-" ID), TEXT("a=1"), 1);
	assert_string_not_equal(t.id, ID);
	assert_string_equal(t.parent_id, "");
	assert_int_equal(t.state.len, 0);
	trace_begin(&t, none, none, 1);
	assert_true(t.sampled);
}

static void ids_are_never_the_same(void **state)
{
	enum { IDS = 2000 };
	static struct trace traces[IDS];
	const struct text none = {NULL, 0};

	(void)state;
	for (size_t i = 0; i < IDS; i++) {
		char parent[TRACE_PARENT_LENGTH + 1];
		struct trace read;

		trace_begin(&traces[i], none, none, 0.5);
		trace_put_parent(&traces[i], traces[i].span_id, parent);
		assert_true(trace_read_parent(text_of(parent), &read));
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(traces[i].id, traces[j].id);
			assert_string_not_equal(traces[i].span_id, traces[j].span_id);
		}
	}
}

static void the_ratio_is_kept(void **state)
{
	const struct text none = {NULL, 0};
	const double ratios[] = {0, 0.25, 1};

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(ratios); r++) {
		unsigned sampled = 0;

		for (size_t i = 0; i < 20000; i++) {
			struct trace t;

			trace_begin(&t, none, none, ratios[r]);
			sampled += t.sampled;
		}
		/* Ten standard deviations. */
		assert_in_range(sampled + 700, (unsigned)(20000 * ratios[r]),
				(unsigned)(20000 * ratios[r]) + 1400);
		if (ratios[r] == 0 || ratios[r] == 1)
			assert_int_equal(sampled, (unsigned)(20000 * ratios[r]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_parents_are_read),
		cmocka_unit_test(other_parents_are_not),
		cmocka_unit_test(states_are_good_or_not),
		cmocka_unit_test(a_request_goes_on_with_its_trace),
		cmocka_unit_test(ids_are_never_the_same),
		cmocka_unit_test(the_ratio_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
