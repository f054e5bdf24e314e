/* The user and group that the process goes on as, when it was started as root. */
#ifndef APP_IDENTITY_H
#define APP_IDENTITY_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/error.h"

struct identity {
	char name[64]; /* of the user, as the system has it */
	char home[512];
	uid_t uid;
	gid_t gid;
};

/*
 * Looks up "NAME" or "NAME:GROUP", by name or number; without a group it is the user's own.
 * identity  out.
 * Fails with ERROR_INPUT: there is no such user or group, or the user is root, who gives nothing
 * up.
 */
MUST_USE bool identity_find(const char *wanted, struct identity *identity, struct error *err);

/*
 * Becomes that user, for good: their groups, no capabilities, no way to more rights by executing a
 * file, and HOME is theirs. That it cannot be undone is tried. Before any thread is started.
 * Nothing to do for who is that user and group already.
 * Fails with ERROR_INPUT if the process is somebody else's than root's, with ERROR_INTERNAL if the
 * system refuses; the process must not go on then.
 */
MUST_USE bool identity_become(const struct identity *identity, struct error *err);

#endif
