/*
 * Policy files: whatever they are, they are refused with a message that names the file, or they
 * answer, and what is added at their end does what it says.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/policy_rules.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static const char stranger[] = "external:stranger";

/* Verdicts about all permissions. */
struct verdicts {
	enum policy_verdict of[PERMITS];
};

static struct verdicts ask_all(const struct policy_rules *rules, struct text subject)
{
	struct verdicts v;

	for (int i = 0; i < PERMITS; i++)
		v.of[i] = policy_rules_ask(rules, subject, permission_of((enum permit)i));
	return v;
}

/* A field that means the subject, whatever is in it. */
static void add_quoted(struct buf *out, struct text subject)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < subject.len; i++) {
		if (subject.ptr[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, subject.ptr[i]);
	}
	buf_add_char(out, '"');
}

static struct policy_rules *parse_more(struct text text, const struct buf *line)
{
	struct policy_rules *rules = NULL;
	struct error err;
	struct buf more;

	buf_init(&more, 2 * (size_t)POLICY_MAX_BYTES);
	buf_add(&more, text);
	buf_add_char(&more, '\n');
	buf_add(&more, buf_text(line));
	if (!policy_rules_parse("f", buf_text(&more), &rules, &err)) {
		fprintf(stderr, "%s\n", err.message);
		must(false, "a good line behind good lines is read");
	}
	buf_fini(&more);
	return rules;
}

static void deny_everything_wins(struct text text, struct text subject)
{
	struct policy_rules *rules;
	struct verdicts v;
	struct buf lines;

	buf_init(&lines, (size_t)1024 * 1024);
	for (int i = 0; i < PERMITS; i++) {
		const struct permission *p = permission_of((enum permit)i);

		if (p == NULL)
			continue;
		buf_add_string(&lines, "p,");
		add_quoted(&lines, subject);
		buf_printf(&lines, ",%s,%s,deny\n", p->name, p->action);
	}
	rules = parse_more(text, &lines);
	v = ask_all(rules, subject);
	for (int i = 0; i < PERMITS; i++)
		must(v.of[i] == (permission_of((enum permit)i) == NULL ? POLICY_SILENT
								       : POLICY_DENIED),
		     "deny wins");
	policy_rules_free(rules);
	buf_fini(&lines);
}

static void a_member_has_the_same(struct text text, struct text subject, struct verdicts wanted)
{
	struct policy_rules *rules;
	struct verdicts v;
	struct buf line;

	buf_init(&line, (size_t)1024 * 1024);
	buf_printf(&line, "g,%s,", stranger);
	add_quoted(&line, subject);
	rules = parse_more(text, &line);
	v = ask_all(rules, text_of(stranger));
	must(memcmp(&v, &wanted, sizeof v) == 0, "a member has what the group has");
	v = ask_all(rules, subject);
	must(memcmp(&v, &wanted, sizeof v) == 0, "and changes nothing for the group");
	policy_rules_free(rules);
	buf_fini(&line);
}

/* The subject of the last line that has one; its ptr is NULL if none does. */
static struct text some_subject(struct arena *a, struct text text)
{
	struct text subject = {NULL, 0};
	struct policy_fields fields;
	struct error err;
	struct text line;

	if (text_starts(text, "\xEF\xBB\xBF"))
		text = text_slice(text, 3, text.len);
	while (text_next(&text, '\n', &line))
		if (!text_starts(policy_csv_trim(line), "#") &&
		    policy_csv_split(a, line, &fields, &err) && fields.count >= 3)
			subject = fields.field[1];
	return subject;
}

static void check_good(const struct policy_rules *rules, struct text text)
{
	struct arena a = {0};
	struct text subject = some_subject(&a, text);

	if (memmem(text.ptr, text.len, "stranger", strlen("stranger")) == NULL) {
		struct verdicts v = ask_all(rules, text_of(stranger));

		for (int i = 0; i < PERMITS; i++)
			must(v.of[i] == POLICY_SILENT, "a stranger has nothing");
		if (subject.ptr != NULL)
			a_member_has_the_same(text, subject, ask_all(rules, subject));
	}
	if (subject.ptr != NULL)
		deny_everything_wins(text, subject);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	struct policy_rules *rules = NULL;
	struct error err;

	if (!policy_rules_parse("f", text, &rules, &err)) {
		must(rules == NULL, "a failure leaves its output alone");
		must(err.kind == ERROR_INPUT, "it is the input's fault");
		must(strncmp(err.message, "f:", 2) == 0, "the message begins with the file");
		return 0;
	}
	check_good(rules, text);
	policy_rules_free(rules);
	return 0;
}
