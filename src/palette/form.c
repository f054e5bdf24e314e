/*
 * Whether an answer is what its endpoint documents. Palette, or a proxy before it, may say with
 * status 200 what is no success: its error body, or an empty object. Taken for a list, that would
 * be one without items.
 */
#include "palette/fetch.h"

#include "json/json.h"

enum { MOST_MEMBERS = 3 };

/* Members of the documented answer: it has at least one of them. */
static const struct form {
	const char *members[MOST_MEMBERS + 1];
	bool may_be_empty; /* all are lists that Palette leaves out where they have no items */
} forms[] = {
	[PALETTE_FORM_OBJECT] = {.members = {"metadata", "spec", "status"}},
	[PALETTE_FORM_LIST] = {.members = {"items", "summaries", "listmeta"}},
	[PALETTE_FORM_PROFILES] = {.members = {"profiles"}},
	[PALETTE_FORM_VARIABLES] = {.members = {"variables"}, .may_be_empty = true},
	[PALETTE_FORM_RESOURCES] = {.members = {"computecluster", "datacenter"}},
	[PALETTE_FORM_PACK] = {.members = {"name", "packValues", "tags"}},
	[PALETTE_FORM_UID] = {.members = {"uid"}},
	[PALETTE_FORM_FINDINGS] = {.members = {"machinePools", "profiles"}, .may_be_empty = true},
	[PALETTE_FORM_PRICE] = {.members = {"rate", "machinePools", "name"}},
};

static bool is_empty(struct text object)
{
	return text_trim(text_slice(object, 1, object.len - 2)).len == 0;
}

bool palette_has_form(enum palette_form which, struct text object)
{
	const struct form *form = &forms[which];
	struct text ignored;

	for (const char *const *name = form->members; *name != NULL; name++)
		if (json_member(object, *name, &ignored))
			return true;
	return form->may_be_empty && is_empty(object);
}

bool palette_is_error(struct text value)
{
	struct text code, message;

	if (json_type_of(value) != JSON_TYPE_OBJECT || !json_member(value, "code", &code) ||
	    !json_member(value, "message", &message))
		return false;
	return (json_type_of(code) == JSON_TYPE_STRING || json_type_of(code) == JSON_TYPE_NUMBER) &&
	       json_type_of(message) == JSON_TYPE_STRING;
}
