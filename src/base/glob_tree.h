/* A segment of a glob as a tree of groups; for base/glob_tree.c and base/glob_program.c alone. */
#ifndef BASE_GLOB_TREE_H
#define BASE_GLOB_TREE_H

#include "base/glob_parts.h"

/* A sequence of parts: the segment, or one choice of a group. */
struct glob_sequence {
	struct glob_part *parts;
	struct glob_part **end;
	struct glob_group *group; /* whose choice it is; NULL: the segment */
	struct glob_sequence *next;
	bool inner; /* a choice that does not count as standing where its group stands */
};

struct glob_part {
	struct text text;         /* if it is no group */
	struct glob_group *group; /* NULL: it is text */
	struct glob_part *next;
};

/* "@(a|b)" */
struct glob_group {
	char type;  /* one of "?*+@!" */
	bool empty; /* "!()", which is anything but nothing */
	struct glob_sequence *choices;
	const struct glob_sequence *in;
	struct glob_part *part; /* it, among those of `in` */
};

/* Where the tree is made, and why that failed. */
struct glob_parse {
	struct arena *arena;
	struct text pattern; /* without '/' */
	struct error *err;
	bool failed;
};

/* Records the first failure; false. */
bool glob_fail(struct glob_parse *p, const char *why);
/* The tree of p->pattern, in p->arena; of use only if p has not failed. */
struct glob_sequence *glob_parse(struct glob_parse *p);
/* The same with less nesting, as minimatch changes it before it looks at it. */
void glob_flatten(struct glob_parse *p, struct glob_sequence *root);

#endif
