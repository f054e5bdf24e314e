/* Regular expressions: what is found, what is not, and that the worst of them end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/regex.h"

static enum regex_answer ask(struct text pattern, struct text text)
{
	struct regex_work work = regex_work_begin();

	return regex_search(pattern, text, &work);
}

static const struct {
	const char *pattern;
	const char *text;
	enum regex_answer answer;
} cases[] = {
	{"", "", REGEX_FOUND},
	{"", "anything", REGEX_FOUND},
	{"b", "abc", REGEX_FOUND}, /* begins anywhere */
	{"^b", "abc", REGEX_NOT_FOUND},
	{"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-app", REGEX_FOUND},
	{"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "My-app", REGEX_NOT_FOUND},
	{"^abc$", "abc\n", REGEX_NOT_FOUND}, /* as Go has it */
	{"^abc\\z", "abc\n", REGEX_NOT_FOUND},
	{"(?m)^b$", "a\nb\nc", REGEX_FOUND},
	{"^b$", "a\nb\nc", REGEX_NOT_FOUND},
	{"a.c", "a\nc", REGEX_NOT_FOUND},
	{"(?s)a.c", "a\nc", REGEX_FOUND},
	{"a.c", "a\rc", REGEX_FOUND}, /* only \n is a newline */
	{"^.$", "\xc3\xa9", REGEX_FOUND},
	{"^\\w$", "\xc3\xa9", REGEX_NOT_FOUND}, /* of ASCII */
	{"^\\pL$", "\xc3\xa9", REGEX_FOUND},
	{"(?i)^ABC$", "abc", REGEX_FOUND},
	{"^(?P<name>x)$", "x", REGEX_FOUND},
	{"^[[:alpha:]]+$", "abc", REGEX_FOUND},
	{"^\\x{1F600}$", "\xf0\x9f\x98\x80", REGEX_FOUND},
	{"^x{2,3}$", "xxxx", REGEX_NOT_FOUND},
	{"^a|b$", "xb", REGEX_FOUND},
	/* no patterns */
	{"(", "(", REGEX_UNKNOWN},
	{"[a", "a", REGEX_UNKNOWN},
	{"*", "*", REGEX_UNKNOWN},
	{"\\C", "a", REGEX_UNKNOWN},
	{"(*LIMIT_MATCH=4000000000)a", "a", REGEX_UNKNOWN},
	{"(*UTF)a", "a", REGEX_UNKNOWN},
	{"((((a{1000}){1000}){1000}){1000})", "a", REGEX_UNKNOWN},
};

static void patterns_find_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (ask(text_of(cases[i].pattern), text_of(cases[i].text)) != cases[i].answer)
			fail_msg("%s in \"%s\"", cases[i].pattern, cases[i].text);
}

static void bytes_that_are_no_text_are_unknown(void **state)
{
	(void)state;
	assert_int_equal(ask(TEXT("a"), TEXT("\xff")), REGEX_UNKNOWN);
	assert_int_equal(ask(TEXT("\xff"), TEXT("a")), REGEX_UNKNOWN);
	assert_int_equal(ask(TEXT("^a\\x{0}b$"), TEXT("a\0b")), REGEX_FOUND);
}

static void lengths_are_bounded(void **state)
{
	static char many[REGEX_MAX_TEXT + 1];

	(void)state;
	memset(many, 'a', sizeof many);
	assert_int_equal(ask(TEXT("^a*$"), (struct text){many, REGEX_MAX_TEXT}), REGEX_FOUND);
	assert_int_equal(ask(TEXT("^a*$"), (struct text){many, REGEX_MAX_TEXT + 1}), REGEX_UNKNOWN);
	assert_int_equal(
		ask((struct text){many, REGEX_MAX_PATTERN}, (struct text){many, REGEX_MAX_TEXT}),
		REGEX_FOUND);
	assert_int_equal(ask((struct text){many, REGEX_MAX_PATTERN + 1},
			     (struct text){many, REGEX_MAX_TEXT}),
			 REGEX_UNKNOWN);
}

#define TEN_TIMES(s) s s s s s s s s s s

/* Patterns that need more time than there is, with a text of many a's. */
static const char *const endless[] = {
	"(a+)+$",
	"^(a|a)*$",
	"^(a|aa)+$",
	"(.*a){20}x",
	"^(([a-z])+.)+[A-Z]$",
	"(a*)*b",
	"^(a?){200}a{200}x",
	"(?:a*a*a*a*a*)*b",
	"(x+x+)+y|(a+a+)+y",
	"((a+)+)+[^a]$",
	"(a*?)*?b",
	"^(?:.|\\n)*?b",
	"a*a*a*a*a*a*b",
	/* few steps, each of which takes long */
	"\\p{L}*+\\d",
	"(?>[[:alpha:]]*)\\d",
	TEN_TIMES(TEN_TIMES("(a*)*(a*)*(a*)*(a*)*")),
};

/* Of this thread, so that it does not matter what else the machine does. */
static int64_t worked_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void no_pattern_takes_long(void **state)
{
	static char many[REGEX_MAX_TEXT];

	(void)state;
	memset(many, 'a', sizeof many);
	for (size_t i = 0; i < ARRAY_LEN(endless); i++) {
		for (size_t len = sizeof many; len > 20; len /= 5) {
			struct regex_work work = regex_work_begin();
			struct text text = {many, len};
			int64_t start = worked_ms();
			int64_t took;

			many[len - 1] = '!';
			for (unsigned times = 0; times < 100; times++)
				(void)regex_search(text_of(endless[i]), text, &work);
			many[len - 1] = 'a';
			took = worked_ms() - start;
			if (took > 3000)
				fail_msg("%s with %zu bytes: %d ms", endless[i], len, (int)took);
		}
	}
}

static void work_that_is_used_up_is_not_done(void **state)
{
	struct regex_work work = {.steps = 0};

	(void)state;
	assert_int_equal(regex_search(TEXT("a"), TEXT("a"), &work), REGEX_UNKNOWN);
	work = regex_work_begin();
	assert_int_equal(regex_search(TEXT("a"), TEXT("a"), &work), REGEX_FOUND);
	assert_true(work.steps < regex_work_begin().steps);
	for (int i = 0; i < 100000 && work.steps > 0; i++)
		if (regex_search(TEXT("a"), TEXT("a"), &work) == REGEX_UNKNOWN)
			return;
	fail();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_find_what_they_say),
		cmocka_unit_test(bytes_that_are_no_text_are_unknown),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(no_pattern_takes_long),
		cmocka_unit_test(work_that_is_used_up_is_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
