/*
 * Who may what where no Backstage is asked: a policy file of one's own, which is read again when it
 * changes. Its lines are those of the community RBAC plugin's `policies-csv-file`:
 *
 *	p, role:default/ops, spectrocloud.cluster.create, create, allow
 *	g, group:default/bots, role:default/ops
 *	g, external:ci, group:default/bots
 *
 * Whoever is a member, directly or through others, has what the rules allow, unless one denies it.
 */
#ifndef BACKSTAGE_POLICY_H
#define BACKSTAGE_POLICY_H

#include <stdbool.h>

#include "backstage/backstage.h"
#include "base/attr.h"
#include "base/error.h"

struct policy;

/*
 * Reads the file.
 *
 * path    borrowed for the call; it may be a symbolic link, and the target may change.
 * policy  out, owned: policy_close().
 *
 * Fails with ERROR_INPUT; the message names the file, the line and what is wrong with it. Blocks
 * for the disk.
 */
MUST_USE bool policy_open(const char *path, struct policy **policy, struct error *err);
/* After every caller has returned. NULL is fine. */
void policy_close(struct policy *policy);

/*
 * Whether the subject has the permission: some rule allows it and none denies it.
 *
 * subject     "user:default/ada", "external:ci", "plugin:catalog": a user, group or role in any
 *             letter case, others as they are. Borrowed; NULL and "" have nothing.
 * permission  one of permission_of(); NULL and others are not allowed.
 * why         out, static, for a sentence: "no rule allows it" or "a rule denies it"; NULL where it
 *             is allowed. May be NULL.
 *
 * Any thread that may wait for the disk: at most once a second one caller sees whether the file has
 * changed, and if so reads it while the others go on with the old policy. Replace the file by
 * renaming a new one: what is written in place may be read when half of it is there. A file that is
 * gone, cannot be read or has a fault leaves the old policy in force, and one log line says why.
 */
bool policy_allows(struct policy *policy, const char *subject, const struct permission *permission,
		   const char **why);

/* The next policy_allows() looks at the file, however short ago the last look was. Any thread. */
void policy_look_soon(struct policy *policy);

#endif
