/*
 * What Palette may say of the variables of two profiles, a line each, and then a body with values
 * for them: what comes out is an entity of strings, or faults that keep to themselves what is
 * sensitive.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "palette/entity.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The variables of an entity have names and values that are strings. */
static void check_entity(struct text entity)
{
	struct json_walk profiles;
	struct json_walk walk;
	struct text profile;
	struct text list;
	struct text item;
	struct text value;
	struct error err;
	bool ok = json_check(entity, &value, &err) && json_at(value, "/spec/profiles", &list);

	assert(ok);
	(void)ok;
	profiles = json_walk_begin(list);
	while (json_walk_item(&profiles, &profile)) {
		ok = json_member(profile, "variables", &list);
		assert(ok);
		walk = json_walk_begin(list);
		while (json_walk_item(&walk, &item)) {
			ok = json_member(item, "name", &value) &&
			     json_type_of(value) == JSON_TYPE_STRING &&
			     json_member(item, "value", &value) &&
			     json_type_of(value) == JSON_TYPE_STRING;
			assert(ok);
		}
	}
}

static bool is_sensitive(const struct entity_draft *draft, const char *pointer)
{
	for (size_t i = 0; i < draft->variable_count; i++)
		if (strcmp(draft->variables[i].pointer, pointer) == 0)
			return draft->variables[i].is_sensitive;
	return false;
}

static void check_faults(const struct entity_draft *draft, const struct entity_faults *faults)
{
	struct error err;
	struct text value;
	bool none = entity_faults_none(faults, &err);

	assert(!none && err.message[0] != '\0');
	none = json_check(err.details, &value, &err);
	assert(none);
	(void)none;
	for (size_t i = 0; i < faults->count; i++) {
		const struct entity_fault *fault = &faults->items[i];

		assert(text_is_utf8(text_of(fault->message)));
		assert(strlen(fault->message) < 1024);
		/* A pointer that had to be cut may be that of another. */
		assert(text_ends(text_of(fault->pointer), "...") ||
		       !is_sensitive(draft, fault->pointer) ||
		       strstr(fault->message, "; found \"") == NULL);
	}
}

static void run(struct arena *a, const struct text answers[2], struct text body)
{
	const struct entity_kind *kind;
	struct entity_faults faults;
	struct entity_draft draft;
	enum entity_form form;
	struct text entity;
	struct error err;

	entity_faults_init(&faults, a, "");
	entity_check_keys(&faults, body);
	if (faults.count > 0 || !entity_form(a, body, "", &form, &kind, &err) ||
	    form != ENTITY_FLAT)
		return;
	entity_draft(a, kind, body, &faults, &draft);
	if (faults.count > 0)
		return;
	for (size_t i = 0; i < draft.profile_count && i < 2; i++)
		entity_declare(&draft, i, answers[i]);
	if (entity_finish(&draft, &faults, &entity))
		check_entity(entity);
	else
		check_faults(&draft, &faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size};
	struct text answers[2];
	struct arena arena;
	struct error err;
	struct text line;
	struct text body;
	bool ok = true;

	for (size_t i = 0; i < 2; i++)
		ok = ok && text_next(&rest, '\n', &line) && json_check(line, &answers[i], &err);
	if (!ok || rest.ptr == NULL || !json_check(rest, &body, &err) ||
	    json_type_of(body) != JSON_TYPE_OBJECT)
		return 0;
	arena_init(&arena);
	run(&arena, answers, body);
	arena_fini(&arena);
	return 0;
}
