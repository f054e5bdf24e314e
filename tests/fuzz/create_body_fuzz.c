/* Any bytes as the body of a cluster creation: what comes out, if anything, is JSON again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "palette/entity.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The profiles declare whatever the body's own variables are called, and a little more. */
static void declare_all(struct entity_draft *draft)
{
	static const struct text declared = TEXT(
		"{\"variables\":[{\"name\":\"k8s_replicas\"},{\"name\":\"x\"},{\"name\":5},7]}");

	for (size_t i = 0; i < draft->profile_count; i++)
		entity_declare(draft, i, declared);
}

static bool make_flat(struct arena *a, const struct entity_kind *kind, struct text body,
		      struct entity_faults *faults, struct text *entity)
{
	struct entity_draft draft;

	entity_draft(a, kind, body, faults, &draft);
	if (faults->count > 0)
		return false;
	declare_all(&draft);
	return entity_finish(&draft, faults, entity);
}

static void check(struct text entity)
{
	struct error err;
	struct text value;
	bool ok = json_check(entity, &value, &err);

	assert(ok && json_type_of(value) == JSON_TYPE_OBJECT);
	(void)ok;
}

static void check_faults(const struct entity_faults *faults)
{
	struct error err;
	struct text value;
	bool none = entity_faults_none(faults, &err);

	assert(!none && err.message[0] != '\0');
	none = json_check(err.details, &value, &err);
	assert(none);
	(void)none;
}

static void run(struct arena *a, struct text body)
{
	const struct entity_kind *kind;
	struct entity_repairs repairs;
	struct entity_faults faults;
	enum entity_form form;
	struct text entity;
	struct error err;

	entity_faults_init(&faults, a, "");
	entity_check_keys(&faults, body);
	if (faults.count > 0) {
		check_faults(&faults);
		return;
	}
	if (!entity_form(a, body, "", &form, &kind, &err))
		return;
	if (form == ENTITY_FLAT ? make_flat(a, kind, body, &faults, &entity)
				: entity_repair(a, kind, body, false, &faults, &repairs, &entity))
		check(entity);
	else
		check_faults(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct error err;
	struct text body;

	arena_init(&arena);
	if (json_check((struct text){(const char *)data, size}, &body, &err) &&
	    json_type_of(body) == JSON_TYPE_OBJECT)
		run(&arena, body);
	arena_fini(&arena);
	return 0;
}
