/*
 * Policies at random, against an evaluator that follows the lines as slowly and plainly as can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backstage/policy_rules.h"
#include "base/buf.h"

enum { SUBJECTS = 8, MOST_LINES = 24 };

static const char *const subjects[SUBJECTS] = {
	"user:default/ada", "group:default/a", "group:default/b", "role:default/x",
	"role:default/y",   "external:ci",     "plugin:catalog",  "tests",
};

/* One line; subjects and permissions as numbers. */
struct line {
	bool is_rule;
	bool deny;
	unsigned first;  /* subject or member */
	unsigned second; /* permission or group */
};

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 16;
}

static void plain_reach(const struct line *lines, size_t count, unsigned from, bool *reached)
{
	if (reached[from])
		return;
	reached[from] = true;
	for (size_t i = 0; i < count; i++)
		if (!lines[i].is_rule && lines[i].first == from)
			plain_reach(lines, count, lines[i].second, reached);
}

static enum policy_verdict plain_verdict(const struct line *lines, size_t count, unsigned subject,
					 unsigned permit)
{
	enum policy_verdict v = POLICY_SILENT;
	bool reached[SUBJECTS] = {false};

	plain_reach(lines, count, subject, reached);
	for (size_t i = 0; i < count; i++) {
		if (!lines[i].is_rule || !reached[lines[i].first] || lines[i].second != permit)
			continue;
		if (lines[i].deny)
			return POLICY_DENIED;
		v = POLICY_ALLOWED;
	}
	return v;
}

static unsigned first_permit(void)
{
	unsigned permit = 0;

	while (permission_of((enum permit)permit) == NULL)
		permit++;
	return permit;
}

static size_t make_lines(uint64_t *seed, struct line *lines, struct buf *text)
{
	size_t count = next_random(seed) % MOST_LINES;
	unsigned first = first_permit();

	for (size_t i = 0; i < count; i++) {
		struct line *l = &lines[i];

		l->is_rule = next_random(seed) % 3 == 0;
		l->deny = next_random(seed) % 4 == 0;
		l->first = (unsigned)(next_random(seed) % SUBJECTS);
		l->second = (unsigned)(next_random(seed) % SUBJECTS);
		if (l->is_rule) {
			const struct permission *p;

			l->second = first + (unsigned)(next_random(seed) % 3);
			p = permission_of((enum permit)l->second);
			buf_printf(text, "p, %s, %s, %s, %s\n", subjects[l->first], p->name,
				   p->action, l->deny ? "deny" : "allow");
		} else {
			buf_printf(text, "g, %s, %s\n", subjects[l->first], subjects[l->second]);
		}
	}
	return count;
}

static void random_policies_answer_as_the_plain_evaluator(void **state)
{
	uint64_t seed = 0x5eed5eed5eed5eed;
	unsigned seen[3] = {0};

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct line lines[MOST_LINES];
		struct policy_rules *rules = NULL;
		struct error err;
		struct buf text;
		size_t count;

		buf_init(&text, 64 * 1024);
		buf_add_string(&text, "# a random one\n");
		count = make_lines(&seed, lines, &text);
		if (!policy_rules_parse("policy.csv", buf_text(&text), &rules, &err))
			fail_msg("%s", err.message);
		for (unsigned s = 0; s < SUBJECTS; s++) {
			for (unsigned p = first_permit(); p < PERMITS; p++) {
				enum policy_verdict wanted = plain_verdict(lines, count, s, p);

				if (policy_rules_ask(rules, text_of(subjects[s]),
						     permission_of((enum permit)p)) != wanted)
					fail_msg("%s of %u in\n%s", subjects[s], p, text.ptr);
				seen[wanted]++;
			}
		}
		policy_rules_free(rules);
		buf_fini(&text);
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_true(seen[i] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_policies_answer_as_the_plain_evaluator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
