/* From the caller's body to a creation: all that can be said without asking Palette. */
#include <string.h>

#include "op/create.h"

struct text creation_request(const struct call *c)
{
	return c->op->tool == NULL ? c->body : c->arguments;
}

/* No name twice, in the whole of the request. */
static bool check_keys(struct call *c, struct error *err)
{
	struct entity_faults faults;

	entity_faults_init(&faults, c->arena, "");
	entity_check_keys(&faults, creation_request(c));
	return entity_faults_none(&faults, err);
}

static void check_identifier(const struct entity_claim *claim, struct entity_faults *faults)
{
	const char *problem =
		claim->value == NULL ? NULL : param_identifier_problem(text_of(claim->value));

	if (problem != NULL)
		entity_fault_at(faults, claim->pointer, "%s", problem);
}

/* What the body says exists. Those that become parts of Palette's URLs have to be fit for it. */
static void find_claims(struct call *c, enum entity_form form, struct creation *creation,
			struct entity_faults *faults)
{
	struct entity_claims *claims = &creation->claims;

	entity_find_claims(c->arena, creation->kind, form, creation->body, faults, claims);
	check_identifier(&claims->account, faults);
	check_identifier(&claims->group, faults);
	check_identifier(&claims->host, faults);
	for (size_t i = 0; i < claims->profile_count; i++)
		check_identifier(&claims->profiles[i], faults);
	creation->name = claims->name.value == NULL ? "" : claims->name.value;
}

static bool read_flat(struct call *c, struct creation *creation, struct error *err)
{
	struct entity_faults faults;

	creation->flat = true;
	entity_faults_init(&faults, c->arena, creation->base);
	entity_draft(c->arena, creation->kind, creation->body, &faults, &creation->draft);
	find_claims(c, ENTITY_FLAT, creation, &faults);
	return entity_faults_none(&faults, err);
}

static bool read_palette(struct call *c, bool with_group, struct creation *creation,
			 struct error *err)
{
	struct entity_repairs repairs;
	struct entity_faults faults;

	entity_faults_init(&faults, c->arena, creation->base);
	if (entity_repair(c->arena, creation->kind, creation->body, with_group, &faults, &repairs,
			  &creation->entity)) {
		for (size_t i = 0; i < repairs.count; i++)
			creation_warn(c, creation, repairs.messages[i]);
		find_claims(c, ENTITY_PALETTE, creation, &faults);
	}
	return entity_faults_none(&faults, err);
}

/* "" for the whole of the body, else "/<name>". */
static const char *base_of(const struct call *c, const char *name)
{
	const struct param *p = c->op->params;

	while (strcmp(p->name, name) != 0)
		p++;
	return p->in == IN_WHOLE_BODY ? "" : arena_printf(c->arena, "/%s", name);
}

static void begin(const struct call *c, const char *param, struct creation *creation)
{
	*creation = (struct creation){.base = base_of(c, param), .body = call_json(c, param)};
}

bool creation_read(struct call *c, const char *param, struct creation *creation, struct error *err)
{
	enum entity_form form;

	begin(c, param, creation);
	if (!check_keys(c, err) ||
	    !entity_form(c->arena, creation->body, creation->base, &form, &creation->kind, err))
		return false;
	return form == ENTITY_FLAT ? read_flat(c, creation, err)
				   : read_palette(c, false, creation, err);
}

bool creation_read_virtual(struct call *c, const char *param, struct creation *creation,
			   struct error *err)
{
	begin(c, param, creation);
	creation->kind = entity_kind_named(TEXT("virtual"));
	return check_keys(c, err) && read_palette(c, true, creation, err);
}

void creation_warn(struct call *c, struct creation *creation, const char *message)
{
	struct creation_warnings *w = &creation->warnings;

	if (w->count == w->room) {
		const char **more = arena_array(c->arena, const char *, 2 * w->room + 8);

		for (size_t i = 0; i < w->count; i++)
			more[i] = w->messages[i];
		w->messages = more;
		w->room = 2 * w->room + 8;
	}
	w->messages[w->count++] = message;
}
