/* Does all that the caller named exist, and does it fit? Palette is asked before anything is sent.
 */
#include "op/create.h"

/* Asks what variables the profiles declare. */
static bool ask_profiles(struct call *c, struct entity_draft *draft, struct entity_faults *faults,
			 struct error *err)
{
	for (size_t i = 0; i < draft->profile_count; i++) {
		const struct entity_profile *profile = &draft->profiles[i];
		struct buf answer;

		if (palette_profile_variables(c->palette, call_string(c, "projectUid"),
					      profile->uid, &answer, err)) {
			entity_declare(draft, i, text_trim(buf_text(&answer)));
			buf_fini(&answer);
		} else if (err->kind == ERROR_NOT_FOUND) {
			entity_fault_at(faults,
					arena_printf(c->arena, "/profileUids/%zu", profile->index),
					"is no profile that Palette knows");
		} else {
			return false;
		}
	}
	return true;
}

bool creation_check(struct call *c, struct creation *creation, struct error *err)
{
	struct entity_faults faults;

	if (!creation->flat)
		return true;
	entity_faults_init(&faults, c->arena, creation->base);
	if (!ask_profiles(c, &creation->draft, &faults, err))
		return false;
	return entity_finish(&creation->draft, &faults, &creation->entity) ||
	       entity_faults_none(&faults, err);
}
