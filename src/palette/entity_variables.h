/*
 * Inside the files of variables: declarations, and what stands while they and the values are put
 * together.
 */
#ifndef PALETTE_ENTITY_VARIABLES_H
#define PALETTE_ENTITY_VARIABLES_H

#include "palette/entity_work.h"

/* A variable of a profile, as Palette tells it. */
struct entity_declaration {
	struct text name;
	struct text raw; /* the object */
	const struct entity_profile *profile;
	bool is_required;
	bool is_sensitive;  /* also if it is another declaration of this name that says so */
	bool needs_value;   /* it is required and has no default */
	bool is_repeated;   /* the profile has declared the name before; then this is passed over */
	bool is_first;      /* of its name in all profiles */
	bool is_first_need; /* of those of its name that need a value, and nobody gave one */
	size_t needing_more;              /* then: how many more of them there are */
	struct entity_variable *variable; /* what the caller gave; NULL: nothing */
	struct entity_declaration *next_use;
};

/* Values and declarations on their way to each other. */
struct entity_matching {
	struct entity_draft *draft;
	struct entity_faults *faults;
	struct entity_variable **variables; /* by name */
	struct entity_declaration **declarations;
	size_t declaration_count;
	struct regex_work regex_work;
	size_t comparisons;
	const char *names; /* what the profiles declare, once it was asked for */
};

/* ---- entity_variable_faults.c ---- */

/* Each value that the caller gave, against the declarations of its name. */
void entity_check_variables(struct entity_matching *f);
/* A declaration that has to have a value, and nobody gave one. */
void entity_check_need(struct entity_matching *f, const struct entity_declaration *d);

#endif
