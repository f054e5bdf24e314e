/* Inside op/: names that Palette knows, to compare with what a body says and to tell a person. */
#ifndef OP_CREATE_NAMES_H
#define OP_CREATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct names {
	const char **items; /* arena */
	size_t count;
	size_t room;
	bool cut; /* there are more than are kept, so that what is not among them may be there */
};

/* name: arena. Some thousands are kept. */
void names_add(struct arena *a, struct names *names, const char *name);
/* The strings of a JSON array; of other values nothing. */
void names_read(struct arena *a, struct text array, struct names *names);
bool names_have(const struct names *names, const char *name);
/* Whether it is certain that there is no such name. */
bool names_lack(const struct names *names, const char *name);
/*
 * What to put behind "is no datacenter of this account": "; there are: dc1, dc2 and 7 more", with
 * the most similar one named where it is likely to be meant, or "; there are none". Arena.
 */
const char *names_tell(struct arena *a, const struct names *names, const char *wanted);

/* A name from outside for a sentence: whatever is hidden made visible, and cut where it is long.
 * Arena. */
const char *name_shown(struct arena *a, const char *name);

#endif
