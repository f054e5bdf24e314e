/* Globs: the same answers as minimatch, what is refused, and work that stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"

struct glob_case {
	unsigned flags;
	const char *const *texts;
	const char *pattern;
	const char *answers; /* for each text '+' or '-' */
};

#include "unit/base/glob_cases.h"

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

static const struct glob *glob_of(struct text pattern, unsigned flags)
{
	const struct glob *glob = NULL;
	struct error err;

	if (!glob_new(&arena, pattern, flags, &glob, &err))
		fail_msg("'%.*s' is refused: %s", (int)pattern.len, pattern.ptr, err.message);
	return glob;
}

static bool matches(const char *pattern, struct text text)
{
	return glob_matches(glob_of(text_of(pattern), 0), text);
}

static bool is_refused(struct text pattern)
{
	const struct glob *glob = (const struct glob *)"untouched";
	struct error err = {.kind = ERROR_INTERNAL};

	if (glob_new(&arena, pattern, 0, &glob, &err))
		return false;
	assert_ptr_equal(glob, "untouched");
	assert_int_equal(err.kind, ERROR_INPUT);
	return true;
}

static struct text repeat(const char *piece, size_t times)
{
	size_t len = strlen(piece);
	char *out = arena_alloc(&arena, len * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(out + i * len, piece, len);
	return (struct text){out, len * times};
}

static void answers_are_those_of_minimatch(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct glob *glob = glob_of(text_of(cases[i].pattern), cases[i].flags);

		for (size_t k = 0; cases[i].texts[k] != NULL; k++) {
			bool expected = cases[i].answers[k] == '+';

			if (glob_matches(glob, text_of(cases[i].texts[k])) == expected)
				continue;
			print_error("'%s' and '%s'\n", cases[i].pattern, cases[i].texts[k]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void a_pattern_that_would_not_mean_what_it_says_is_refused(void **state)
{
	static const char *const patterns[] = {
		"x!(a|@(b))", "x!(@(b))", "x!(a|)",  "x!(|)",  "x!(!(a))",
		"a\\|b",      "[\\^a]",   "[\\^-z]", "@(@())", "@(a|@(b|@(c|@(d))))",
		"@(!(*a))?(",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (!is_refused(text_of(patterns[i])))
			fail_msg("'%s' is not refused", patterns[i]);
	assert_true(is_refused(TEXT("caf\xc3\xa9")));
	assert_true(is_refused(TEXT("a\nb")));
	assert_true(is_refused(TEXT("a\tb")));
	assert_true(is_refused(TEXT("a\0b")));
	assert_true(is_refused(TEXT("\x01")));
}

static void patterns_are_bounded(void **state)
{
	(void)state;
	assert_false(is_refused(repeat("a", GLOB_MAX_PATTERN)));
	assert_true(is_refused(repeat("a", GLOB_MAX_PATTERN + 1)));
	assert_false(is_refused(TEXT("{1..256}")));
	assert_true(is_refused(TEXT("{1..257}")));
	assert_false(is_refused(TEXT("{1..16}{1..16}")));
	assert_true(is_refused(TEXT("{1..16}{1..17}")));
	assert_true(is_refused(TEXT("{1..9999999999}")));
	assert_true(is_refused(TEXT("{1..2..99999999999999999999}")));
	assert_true(is_refused(repeat("{a,b}", 9)));
	assert_true(is_refused(text_of(arena_printf(&arena, "%.*s%.*s", 500, repeat("{a,", 200).ptr,
						    300, repeat("}", 300).ptr))));
	/* Each negation holds all that is behind it, twice: more than fits. */
	assert_false(is_refused(repeat("x!(a)", 4)));
	assert_true(is_refused(repeat("x!(a)", 100)));
	assert_true(is_refused(
		text_of(arena_printf(&arena, "{1..256}%.*s", 500, repeat("?*", 250).ptr))));
}

static void texts_are_bounded(void **state)
{
	(void)state;
	assert_true(matches("*", repeat("a", GLOB_MAX_TEXT)));
	assert_false(matches("*", repeat("a", GLOB_MAX_TEXT + 1)));
	/* Not even by what matches everything else. */
	assert_false(matches("!b", repeat("a", GLOB_MAX_TEXT + 1)));
	assert_true(matches("**", repeat("a/", GLOB_MAX_TEXT / 2)));
	assert_true(matches("**/a/**/a/**", repeat("a/", GLOB_MAX_TEXT / 2)));
	assert_false(matches("**/b/**", repeat("/", GLOB_MAX_TEXT)));
}

static void bytes_are_characters(void **state)
{
	(void)state;
	assert_true(matches("a??b", TEXT("a\xc3\xa9"
					 "b")));
	assert_true(matches("a?b", TEXT("a\0b")));
	assert_false(matches("[[:alpha:]]", TEXT("\xe9")));
	assert_true(matches("[!a]", TEXT("\xe9")));
	assert_false(matches("ab", TEXT("a\0b")));
}

/* Each takes an expression that goes back and tries again longer than anybody would wait. */
static void no_text_is_slow(void **state)
{
	struct text many = repeat("a", GLOB_MAX_TEXT - 1);

	(void)state;
	assert_false(matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", many));
	assert_false(matches("+(+(+(a|aa)|aaa)|a*a)b", many));
	assert_false(matches("*(*(a)|*(aa)|*(aaa))b", many));
	assert_false(matches("x!(*a*a*a*a*a*b)c", many));
	assert_false(matches("a!(*(*a*a*a)!(*a*a*b)d)c", many));
	assert_false(matches("**/*a*/**/*a*/**/*a*/**/*a*/**/*a*/**/b",
			     repeat("a/", GLOB_MAX_TEXT / 2 - 1)));
}

static void a_glob_does_not_need_its_pattern_any_more(void **state)
{
	char pattern[] = "a{b,c}*[de]/@(f)g";
	const struct glob *glob = glob_of(text_of(pattern), 0);

	(void)state;
	memset(pattern, 'x', sizeof pattern - 1);
	assert_true(glob_matches(glob, TEXT("ac123d/fg")));
	assert_false(glob_matches(glob, TEXT("ac123d/xg")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_are_those_of_minimatch, begin, end),
		cmocka_unit_test_setup_teardown(
			a_pattern_that_would_not_mean_what_it_says_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(patterns_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(texts_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(bytes_are_characters, begin, end),
		cmocka_unit_test_setup_teardown(no_text_is_slow, begin, end),
		cmocka_unit_test_setup_teardown(a_glob_does_not_need_its_pattern_any_more, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
