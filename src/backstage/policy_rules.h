/* A policy as it was read: text to rules, and the answers they give. Private to policy*.c. */
#ifndef BACKSTAGE_POLICY_RULES_H
#define BACKSTAGE_POLICY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "backstage/backstage.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"

enum {
	POLICY_MAX_BYTES = 4 * 1024 * 1024,
	POLICY_MAX_LINES = 100 * 1000,
	POLICY_MAX_FIELD = 512,
};

/* Constant once made; any number of threads may ask it. */
struct policy_rules;

/* What a policy holds, for the log. */
struct policy_summary {
	size_t rules;       /* about permissions of ours */
	size_t memberships; /* lines that begin with g */
	/* Rules about a permission of ours that name an action which is not its own: the RBAC
	 * plugin accepts them, and for it too they never match. */
	size_t idle_rules;
	size_t idle_line; /* the first of them */
	const struct permission *idle_permission;
};

/*
 * name   stands in front of messages: the file. Borrowed for the call.
 * bytes  borrowed for the call, at most POLICY_MAX_BYTES.
 * rules  out, owned: policy_rules_free().
 *
 * Fails with ERROR_INPUT, "policy.csv:12: why".
 */
MUST_USE bool policy_rules_parse(const char *name, struct text bytes, struct policy_rules **rules,
				 struct error *err);
/* NULL is fine. */
void policy_rules_free(struct policy_rules *rules);

const struct policy_summary *policy_rules_summary(const struct policy_rules *rules);

enum policy_verdict { POLICY_SILENT, POLICY_ALLOWED, POLICY_DENIED };

/* What the rules say about a subject, itself and all it is a member of. Denied wins. */
enum policy_verdict policy_rules_ask(const struct policy_rules *rules, struct text subject,
				     const struct permission *permission);

/* ---- one line: policy_csv.c ---- */

enum { POLICY_FIELDS = 5 }; /* as many as the longest line has */

struct policy_fields {
	struct text field[POLICY_FIELDS];
	size_t count; /* of the line; those over POLICY_FIELDS are counted and not kept */
};

/*
 * Cuts a line (without its end) into fields as the RBAC plugin's reader does: commas between them,
 * blanks around them do not count, a field that begins with '"' runs to the next '"' and holds two
 * of them for one. Fields are borrowed from the line, or arena where a quote was doubled.
 * Fails with ERROR_INPUT on a quote that is not closed or stands in the middle of a field.
 */
MUST_USE bool policy_csv_split(struct arena *arena, struct text line, struct policy_fields *fields,
			       struct error *err);

/* Without spaces, tabs and no-break spaces at both ends. */
struct text policy_csv_trim(struct text t);

#endif
