/* Policy files: every form of a line, what is refused and how it is said, and who may what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backstage/policy_rules.h"
#include "base/buf.h"
#include "base/clock.h"

static struct policy_rules *parse(const char *text)
{
	struct policy_rules *rules = NULL;
	struct error err;

	if (!policy_rules_parse("policy.csv", text_of(text), &rules, &err))
		fail_msg("%s", err.message);
	return rules;
}

static enum policy_verdict ask(const struct policy_rules *rules, const char *subject,
			       enum permit permit)
{
	return policy_rules_ask(rules, text_of(subject), permission_of(permit));
}

/* What the one text says about subject creating clusters. */
static enum policy_verdict verdict(const char *text, const char *subject)
{
	struct policy_rules *rules = parse(text);
	enum policy_verdict v = ask(rules, subject, PERMIT_CREATE_CLUSTER);

	policy_rules_free(rules);
	return v;
}

#define CREATE(effect) ", spectrocloud.cluster.create, create, " effect "\n"

static void the_documented_example(void **state)
{
	struct policy_rules *rules =
		parse("# Platform team\n"
		      "p, role:default/platform, spectrocloud.cluster.view-info, read, allow\n"
		      "p, role:default/platform, spectrocloud.cluster.create, create, allow\n"
		      "\n"
		      "# Developers\n"
		      "p, role:default/developers, spectrocloud.cluster.view-info, read, allow\n"
		      "p, role:default/developers, catalog-entity, read, allow\n"
		      "g, group:default/engineers, role:default/platform\n"
		      "g, group:default/all, role:default/developers\n"
		      "g, user:default/ada, group:default/engineers\n");

	(void)state;
	assert_int_equal(ask(rules, "user:default/ada", PERMIT_CREATE_CLUSTER), POLICY_ALLOWED);
	assert_int_equal(ask(rules, "group:default/all", PERMIT_VIEW_CLUSTER), POLICY_ALLOWED);
	assert_int_equal(ask(rules, "group:default/all", PERMIT_CREATE_CLUSTER), POLICY_SILENT);
	assert_int_equal(ask(rules, "user:default/ada", PERMIT_VIEW_PROFILE), POLICY_SILENT);
	assert_int_equal(ask(rules, "user:default/bob", PERMIT_VIEW_CLUSTER), POLICY_SILENT);
	assert_int_equal(policy_rules_summary(rules)->rules, 3);
	assert_int_equal(policy_rules_summary(rules)->memberships, 3);
	policy_rules_free(rules);
}

static void forms_of_a_line(void **state)
{
	static const char *const allowed[] = {
		"p, tests" CREATE("allow"),
		"p,tests,spectrocloud.cluster.create,create,allow",
		"  p ,\ttests ,  spectrocloud.cluster.create\t, create , allow \t\r\n",
		"\xEF\xBB\xBFp, tests" CREATE("allow"),
		"\xEF\xBB\xBF# a comment\n  # another, \"odd\n\n \t\r\np, tests" CREATE("allow"),
		"\"p\", \"tests\" ,\"spectrocloud.cluster.create\",\"create\" , \"allow\"",
		"p,\xC2\xA0tests\xC2\xA0, spectrocloud.cluster.create,\xC2\xA0"
		"create, allow",
		"p, tests" CREATE("allow") "p, tests" CREATE("allow"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		assert_int_equal(verdict(allowed[i], "tests"), POLICY_ALLOWED);
	assert_int_equal(verdict("", "tests"), POLICY_SILENT);
	assert_int_equal(verdict("\xEF\xBB\xBF", "tests"), POLICY_SILENT);
	assert_int_equal(verdict("# nothing", "tests"), POLICY_SILENT);
}

static void quoted_subjects(void **state)
{
	static const struct {
		const char *line;
		const char *subject;
	} rows[] = {
		{"p, \"a, b\"" CREATE("allow"), "a, b"},
		{"p, \"say \"\"hi\"\"\"" CREATE("allow"), "say \"hi\""},
		{"p, \"\"\"\"" CREATE("allow"), "\""},
		{"p, \" a \"" CREATE("allow"), " a "},
		{"p, it's" CREATE("allow"), "it's"},
		{"p, a\\b" CREATE("allow"), "a\\b"},
		{"p, two words" CREATE("allow"), "two words"},
		{"p, #a" CREATE("allow"), "#a"},
		{"p, J\xC3\xB6rg" CREATE("allow"), "J\xC3\xB6rg"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(verdict(rows[i].line, rows[i].subject), POLICY_ALLOWED);
}

static void mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{"# one\n\nx, a, b\n", "policy.csv:3: a line begins with p or g, or with # for a "
				       "comment"},
		{"P, a" CREATE("allow"), "policy.csv:1: a line begins with p or g, or with # for "
					 "a comment"},
		{"p2, a" CREATE("allow"), "policy.csv:1: a line begins with p or g, or with # for "
					  "a comment"},
		{"a-secret-token-of-mine", "policy.csv:1: a line begins with p or g, or with # for "
					   "a comment"},
		{", g, a", "policy.csv:1: a line begins with p or g, or with # for a comment"},
		{"p", "policy.csv:1: wrong number of fields: 1, where 'p, role, permission, "
		      "action, effect' has 5"},
		{"p, a, b, read", "policy.csv:1: wrong number of fields: 4, where 'p, role, "
				  "permission, action, effect' has 5"},
		{"p, a, b, read, allow, ", "policy.csv:1: wrong number of fields: 6, where 'p, "
					   "role, permission, action, effect' has 5"},
		{"g, a", "policy.csv:1: wrong number of fields: 2, where 'g, member, role' has 3"},
		{"g, a, b, c, d, e, f, g, h",
		 "policy.csv:1: wrong number of fields: 9, where 'g, member, role' has 3"},
		{"g, a, b # c, d",
		 "policy.csv:1: wrong number of fields: 4, where 'g, member, role' has 3"},
		{"\n\n\ng, , b", "policy.csv:4: field 2 is empty"},
		{"g, a, \"\"", "policy.csv:1: field 3 is empty"},
		{"p, a, , read, allow", "policy.csv:1: field 3 is empty"},
		{"p, a, b, , allow", "policy.csv:1: field 4 is empty"},
		{"g, a,", "policy.csv:1: field 3 is empty"},
		{"p, a, b, read, Allow",
		 "policy.csv:1: the effect 'Allow' is neither allow nor deny"},
		{"p, a, b, read, allow # why",
		 "policy.csv:1: the effect 'allow # why' is neither allow nor deny"},
		{"p, a, b, write, allow", "policy.csv:1: the action 'write' is none of create, "
					  "read, update, delete, use"},
		{"p, a, b, READ, allow", "policy.csv:1: the action 'READ' is none of create, read, "
					 "update, delete, use"},
		{"p, a, spectrocloud.cluster.veiw-info, read, allow",
		 "policy.csv:1: there is no permission 'spectrocloud.cluster.veiw-info'; did you "
		 "mean 'spectrocloud.cluster.view-info'?"},
		{"p, a, spectrocloud.cluster.Create, create, deny",
		 "policy.csv:1: there is no permission 'spectrocloud.cluster.Create'; did you mean "
		 "'spectrocloud.cluster.create'?"},
		{"p, a, spectro-cloud.cluster.create, create, deny",
		 "policy.csv:1: there is no permission 'spectro-cloud.cluster.create'; did you "
		 "mean 'spectrocloud.cluster.create'?"},
		{"p, a, spectrocloud.cluster.view-info, update, deny",
		 "policy.csv:1: this rule denies nothing: the action of "
		 "spectrocloud.cluster.view-info is read"},
		{"p, a, spectrocloud.nothing.of-that-kind, read, allow",
		 "policy.csv:1: there is no permission 'spectrocloud.nothing.of-that-kind'"},
		{"g, a, \"b", "policy.csv:1: a quote that is not closed on this line"},
		{"g, \"a\nb\", c", "policy.csv:1: a quote that is not closed on this line"},
		{"g, \"a\"b, c", "policy.csv:1: text between a closing quote and the comma"},
		{"g, \"a\" \"b\", c", "policy.csv:1: text between a closing quote and the comma"},
		{"g, a\"b, c", "policy.csv:1: a quote in the middle of a field; quote the whole "
			       "field and write two quotes for one"},
		{"g, a\rb, c", "policy.csv:1: field 2 holds a control character"},
		{"g, a, b\x0B", "policy.csv:1: field 3 holds a control character"},
		{"g, \xFF, b", "policy.csv:1: not UTF-8 text"},
		{"\xFF\xFEp\0", "policy.csv:1: not UTF-8 text"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_rules *rules = NULL;
		struct error err;

		if (policy_rules_parse("policy.csv", text_of(rows[i].text), &rules, &err))
			fail_msg("accepted: %s", rows[i].text);
		assert_null(rules);
		assert_int_equal(err.kind, ERROR_INPUT);
		assert_string_equal(err.message, rows[i].message);
	}
}

static void a_nul_is_a_control_character(void **state)
{
	struct policy_rules *rules = NULL;
	struct error err;

	(void)state;
	assert_false(policy_rules_parse("f", TEXT("g, a\0b, c"), &rules, &err));
	assert_string_equal(err.message, "f:1: field 2 holds a control character");
}

static void groups_nest_and_circles_are_harmless(void **state)
{
	static const char text[] =
		"g, external:ci, group:default/bots\n"
		"g, group:default/bots, role:default/ops\n"
		"g, role:default/ops, group:default/bots\n"
		"g, a, a\n"
		"p, role:default/ops" CREATE(
			"allow") "g, 1, 2\ng, 2, 3\ng, 3, 1\ng, 3, external:ci\n";

	(void)state;
	assert_int_equal(verdict(text, "external:ci"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "group:default/bots"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "role:default/ops"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "1"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "2"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "3"), POLICY_ALLOWED);
	assert_int_equal(verdict(text, "a"), POLICY_SILENT);
}

static void deny_wins(void **state)
{
	(void)state;
	assert_int_equal(verdict("p, a" CREATE("allow") "p, a" CREATE("deny"), "a"), POLICY_DENIED);
	assert_int_equal(verdict("p, a" CREATE("deny") "p, a" CREATE("allow"), "a"), POLICY_DENIED);
	assert_int_equal(verdict("p, r" CREATE("deny") "g, a, r\np, a" CREATE("allow"), "a"),
			 POLICY_DENIED);
	/* what a member is denied says nothing about the group */
	assert_int_equal(verdict("p, r" CREATE("allow") "g, a, r\np, a" CREATE("deny"), "r"),
			 POLICY_ALLOWED);
	/* nor about the other members */
	assert_int_equal(
		verdict("p, r" CREATE("allow") "g, a, r\ng, b, r\np, a" CREATE("deny"), "b"),
		POLICY_ALLOWED);
}

static void entities_are_compared_without_case(void **state)
{
	static const struct {
		const char *member;
		const char *subject;
		bool same;
	} rows[] = {
		{"user:default/ada", "user:default/ada", true},
		{"User:Default/Ada", "user:default/ada", true},
		{"user:default/ada", "USER:DEFAULT/ADA", true},
		{"group:default/X", "group:default/x", true},
		{"user:ada", "user:default/Ada", true},
		{"user:default/ada", "user:ada", true},
		{"user:other/ada", "user:ada", false},
		{"user:default/ada", "user:other/ada", false},
		{"user:default/ada", "group:default/ada", false},
		{"external:ci", "external:CI", false},
		{"external:a/B", "external:a/b", false},
		{"plugin:catalog", "plugin:catalog", true},
		{"plugin:catalog", "plugin:Catalog", false},
		{"tests", "tests", true},
		{"tests", "Tests", false},
		{"tests", "test", false},
		{"users", "USERS", false},
		{"user", "user:", false},
		{"user:", "USER:", true}, /* no entity; nobody has it */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200];

		snprintf(text, sizeof text, "p, role:default/R%sg, %s, role:default/r\n",
			 CREATE("allow"), rows[i].member);
		assert_int_equal(verdict(text, rows[i].subject) == POLICY_ALLOWED, rows[i].same);
	}
}

/* The RBAC plugin compares the action with the permission's own, and asks for `use` where that has
 * none; ours all have one. */
static void another_action_never_matches(void **state)
{
	struct policy_rules *rules = parse("p, a, spectrocloud.cluster.view-info, read, allow\n"
					   "p, a, spectrocloud.cluster.create, use, allow\n"
					   "p, a, spectrocloud.cluster.create, read, allow\n"
					   "p, a, spectrocloud.cluster.view-info, update, allow\n"
					   "p, a, kubernetes.proxy, use, allow\n");
	const struct policy_summary *s = policy_rules_summary(rules);

	(void)state;
	assert_int_equal(ask(rules, "a", PERMIT_CREATE_CLUSTER), POLICY_SILENT);
	assert_int_equal(ask(rules, "a", PERMIT_VIEW_CLUSTER), POLICY_ALLOWED);
	assert_int_equal(s->rules, 4);
	assert_int_equal(s->idle_rules, 3);
	assert_int_equal(s->idle_line, 2);
	assert_string_equal(s->idle_permission->name, "spectrocloud.cluster.create");
	policy_rules_free(rules);
}

static void odd_questions_have_an_answer(void **state)
{
	struct policy_rules *rules = parse("p, a" CREATE("allow"));
	struct permission foreign = *permission_of(PERMIT_CREATE_CLUSTER);
	struct buf huge;

	(void)state;
	buf_init(&huge, 1024 * 1024);
	for (int i = 0; i < 100000; i++)
		buf_add_string(&huge, "user:A");
	assert_int_equal(policy_rules_ask(rules, buf_text(&huge), &foreign), POLICY_SILENT);
	assert_int_equal(policy_rules_ask(rules, TEXT("a"), &foreign), POLICY_SILENT);
	assert_int_equal(policy_rules_ask(rules, TEXT("a"), NULL), POLICY_SILENT);
	assert_int_equal(ask(rules, "", PERMIT_CREATE_CLUSTER), POLICY_SILENT);
	assert_int_equal(ask(rules, NULL, PERMIT_CREATE_CLUSTER), POLICY_SILENT);
	assert_int_equal(ask(rules, "a", PERMIT_NOBODY), POLICY_SILENT);
	assert_int_equal(ask(rules, "a", PERMIT_AUTHENTICATED), POLICY_SILENT);
	buf_fini(&huge);
	policy_rules_free(rules);
	policy_rules_free(NULL);
}

static bool parses(const struct buf *text, struct error *err)
{
	struct policy_rules *rules = NULL;
	bool ok = policy_rules_parse("f", buf_text(text), &rules, err);

	policy_rules_free(rules);
	return ok;
}

static void bounds(void **state)
{
	struct error err;
	struct buf text;

	(void)state;
	buf_init(&text, 8 * 1024 * 1024);
	buf_add_string(&text, "g, user:");
	for (int i = 0; i < POLICY_MAX_FIELD - 5; i++)
		buf_add_char(&text, 'x');
	buf_add_string(&text, ", b");
	assert_true(parses(&text, &err));
	buf_truncate(&text, 0);
	for (int i = 0; i < POLICY_MAX_FIELD + 1; i++)
		buf_add_string(&text, i == 0 ? "g, x" : "x");
	buf_add_string(&text, ", b");
	assert_false(parses(&text, &err));
	assert_string_equal(err.message, "f:1: field 2 has 513 bytes; at most 512 are read");

	buf_truncate(&text, 0);
	for (int i = 0; i < POLICY_MAX_LINES; i++)
		buf_add_char(&text, '\n');
	assert_true(parses(&text, &err));
	buf_add_char(&text, '#');
	assert_false(parses(&text, &err));
	assert_string_equal(err.message, "f: 100001 lines; at most 100000 are read");

	buf_truncate(&text, 0);
	buf_add_char(&text, '#');
	while (text.len < POLICY_MAX_BYTES)
		buf_add_char(&text, 'x');
	assert_true(parses(&text, &err));
	buf_add_char(&text, 'x');
	assert_false(parses(&text, &err));
	assert_string_equal(err.message, "f: larger than 4 MiB");
	buf_fini(&text);
}

/* As deep and as wide as a file may be; the time is for a machine that is busy with sanitizers. */
static void the_largest_policies_are_read_in_time(void **state)
{
	struct policy_rules *rules = NULL;
	int64_t start = clock_now_ms();
	struct error err;
	struct buf text;

	(void)state;
	buf_init(&text, POLICY_MAX_BYTES);
	for (int i = 0; i < POLICY_MAX_LINES - 1; i++)
		buf_printf(&text, "g, group:n%d, group:n%d\n", i, i + 1);
	buf_printf(&text, "p, group:n%d" CREATE("allow"), POLICY_MAX_LINES - 1);
	assert_true(buf_complete(&text));
	assert_true(policy_rules_parse("f", buf_text(&text), &rules, &err));
	assert_int_equal(ask(rules, "group:default/N0", PERMIT_CREATE_CLUSTER), POLICY_ALLOWED);
	assert_int_equal(ask(rules, "group:default/n0", PERMIT_VIEW_CLUSTER), POLICY_SILENT);
	policy_rules_free(rules);
	assert_true(clock_now_ms() - start < 10000);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_example),
		cmocka_unit_test(forms_of_a_line),
		cmocka_unit_test(quoted_subjects),
		cmocka_unit_test(mistakes_are_named_with_their_line),
		cmocka_unit_test(a_nul_is_a_control_character),
		cmocka_unit_test(groups_nest_and_circles_are_harmless),
		cmocka_unit_test(deny_wins),
		cmocka_unit_test(entities_are_compared_without_case),
		cmocka_unit_test(another_action_never_matches),
		cmocka_unit_test(odd_questions_have_an_answer),
		cmocka_unit_test(bounds),
		cmocka_unit_test(the_largest_policies_are_read_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
