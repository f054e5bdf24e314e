/* Reads a flat body by its rows: checks each value and puts it where the row says. */
#include <inttypes.h>
#include <string.h>

#include "palette/entity_work.h"

enum { LONGEST_NUMBER = 64 };

/* ---- readers ---- */

bool entity_has(struct text source, const char *name)
{
	struct text value;

	return json_member(source, name, &value);
}

bool entity_text_at(struct text source, const char *pointer, struct text *raw)
{
	struct text value;

	if (!json_at(source, pointer, &value) || json_type_of(value) != JSON_TYPE_STRING ||
	    json_string_is(value, ""))
		return false;
	*raw = value;
	return true;
}

const char *entity_string_of(const struct entity_work *work, struct text source,
			     const char *pointer)
{
	return json_string_at(work->arena, source, pointer, NULL);
}

bool entity_is_absent(struct text source, const char *pointer)
{
	struct text value;

	return !json_at(source, pointer, &value) || json_string_is(value, "");
}

bool entity_is_true(struct text source, const char *pointer)
{
	struct text value;

	return json_at(source, pointer, &value) && json_type_of(value) == JSON_TYPE_TRUE;
}

const struct entity_field *entity_field_named(const struct entity_field *fields, struct text name)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++)
		if (text_is(name, f->name))
			return f;
	return NULL;
}

/* ---- placing ---- */

static void place_raw(struct entity_work *work, const struct entity_field *f, struct text raw,
		      struct entity_node *node)
{
	if (f->target != NULL)
		node_set(work->arena, node, f->target, raw);
	if (f->also != NULL)
		node_set(work->arena, node, f->also, raw);
	if (f->implies.pointer != NULL)
		node_set_json(work->arena, node, f->implies.pointer, f->implies.json);
}

/* ---- single values ---- */

/* A string that is not empty, unless the row allows it, and without NUL. */
static bool check_text(struct entity_work *work, const struct entity_field *f, struct text value,
		       const struct entity_place *place)
{
	struct text text;

	if (json_type_of(value) != JSON_TYPE_STRING)
		entity_fault(work->faults, place, "must be a string");
	else if (!json_unescape(work->arena, value, &text))
		entity_fault(work->faults, place, "must not hold \\u0000");
	else if (text.len == 0 && !f->may_be_empty)
		entity_fault(work->faults, place, "must not be empty");
	else
		return true;
	return false;
}

static void read_text(struct entity_work *work, const struct entity_field *f, struct text value,
		      const struct entity_place *place, struct entity_node *node)
{
	if (check_text(work, f, value, place))
		place_raw(work, f, value, node);
}

static void read_bool(struct entity_work *work, const struct entity_field *f, struct text value,
		      const struct entity_place *place, struct entity_node *node)
{
	bool ignored;

	if (json_bool(value, &ignored))
		place_raw(work, f, value, node);
	else
		entity_fault(work->faults, place, "must be true or false");
}

static void read_int(struct entity_work *work, const struct entity_field *f, struct text value,
		     const struct entity_place *place, struct entity_node *node)
{
	int64_t times = f->times == 0 ? 1 : f->times;
	int64_t number;

	if (!json_int(value, &number) || number < f->min || number > f->max) {
		entity_fault(work->faults, place,
			     "must be a whole number from %" PRId64 " to %" PRId64, f->min, f->max);
		return;
	}
	place_raw(work, f, text_of(arena_printf(work->arena, "%" PRId64, number * times)), node);
}

/* "a, b, c" */
static const char *list_choices(struct arena *a, const char *const *choices)
{
	const char *list = "";

	for (const char *const *c = choices; *c != NULL; c++)
		list = arena_printf(a, "%s%s%s", list, c == choices ? "" : ", ",
				    **c == '\0' ? "\"\"" : *c);
	return list;
}

static void read_choice(struct entity_work *work, const struct entity_field *f, struct text value,
			const struct entity_place *place, struct entity_node *node)
{
	for (const char *const *c = f->choices; *c != NULL; c++) {
		if (json_string_is(value, *c)) {
			place_raw(work, f, value, node);
			return;
		}
	}
	entity_fault(work->faults, place, "must be one of: %s",
		     list_choices(work->arena, f->choices));
}

/* ---- arrays ---- */

bool entity_is_array_of(struct entity_work *work, const struct entity_field *f, struct text value,
			const struct entity_place *place, size_t *count)
{
	const char *of = f->type == ENTITY_TEXTS ? "strings" : "objects";
	struct json_walk walk = json_walk_begin(value);
	int64_t items = 0;
	struct text item;

	while (json_walk_item(&walk, &item))
		items++;
	if (json_type_of(value) != JSON_TYPE_ARRAY)
		entity_fault(work->faults, place, "must be an array of %s", of);
	else if (items < f->min)
		entity_fault(work->faults, place, "must not be an empty array");
	else if (items > f->max)
		entity_fault(work->faults, place, "must not have more than %" PRId64 " items",
			     f->max);
	else {
		*count = (size_t)items;
		return true;
	}
	return false;
}

/* ["a"] as [{"key":"a"}]. */
static void place_wrapped(struct entity_work *work, const struct entity_field *f, struct text value,
			  struct entity_node *node)
{
	struct entity_node *array = node_at(work->arena, node, f->target);
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	node_make_array(array);
	while (json_walk_item(&walk, &item)) {
		struct entity_node *object = node_object(work->arena);

		node_set_member(work->arena, object, f->item_key, item);
		node_append(array, object);
	}
}

static void read_texts(struct entity_work *work, const struct entity_field *f, struct text value,
		       const struct entity_place *place, struct entity_node *node)
{
	struct json_walk walk = json_walk_begin(value);
	bool ok = true;
	size_t count;
	struct text item;

	if (!entity_is_array_of(work, f, value, place, &count))
		return;
	for (size_t i = 0; i < count && json_walk_item(&walk, &item); i++) {
		struct entity_place at = PLACE_ITEM(place, i);

		if (!check_text(work, f, item, &at))
			ok = false;
	}
	if (ok && f->item_key != NULL)
		place_wrapped(work, f, value, node);
	else if (ok)
		place_raw(work, f, value, node);
}

static void read_objects(struct entity_work *work, const struct entity_field *f, struct text value,
			 const struct entity_place *place, struct entity_node *node)
{
	struct json_walk walk = json_walk_begin(value);
	struct entity_node *array;
	struct text item;
	size_t count;

	if (!entity_is_array_of(work, f, value, place, &count))
		return;
	array = node_at(work->arena, node, f->target);
	node_make_array(array);
	for (size_t i = 0; i < count && json_walk_item(&walk, &item); i++) {
		struct entity_place at = PLACE_ITEM(place, i);
		struct entity_node *object = node_object(work->arena);

		if (json_type_of(item) != JSON_TYPE_OBJECT) {
			entity_fault(work->faults, &at, "must be an object");
			continue;
		}
		entity_read_fields(work, f->fields, item, &at, object);
		node_append(array, object);
	}
}

/* ---- objects ---- */

static bool check_map_value(struct entity_work *work, const struct entity_field *f,
			    struct text value, const struct entity_place *place)
{
	static const struct entity_field any_text = {.may_be_empty = true};
	enum json_type type = json_type_of(value);

	if (f->type == ENTITY_MAP || type == JSON_TYPE_STRING)
		return check_text(work, &any_text, value, place);
	if (type == JSON_TYPE_TRUE || type == JSON_TYPE_FALSE)
		return true;
	if (type == JSON_TYPE_NUMBER && value.len <= LONGEST_NUMBER)
		return true;
	entity_fault(work->faults, place, "must be a string, a number or a boolean");
	return false;
}

/* Of ENTITY_MAP and ENTITY_SCALARS. */
static bool check_map(struct entity_work *work, const struct entity_field *f, struct text value,
		      const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(value);
	bool ok = true;
	size_t count = 0;
	struct text part;
	struct text name;
	struct text key;

	if (walk.of != JSON_TYPE_OBJECT) {
		entity_fault(work->faults, place, "must be an object of names and values");
		return false;
	}
	for (; json_walk_member(&walk, &key, &part); count++) {
		struct entity_place at = PLACE_MEMBER(place, TEXT(""));

		if (!json_unescape(work->arena, key, &name) || name.len == 0) {
			entity_fault(work->faults, place, "must not hold an empty name");
			ok = false;
			continue;
		}
		at.name = name;
		if (f->fields != NULL && entity_field_named(f->fields, name) != NULL)
			continue; /* checked by its own row */
		if (!check_map_value(work, f, part, &at))
			ok = false;
	}
	if (count > ENTITY_MOST_MEMBERS) {
		entity_fault(work->faults, place, "must not have more than %d members",
			     (int)ENTITY_MOST_MEMBERS);
		ok = false;
	}
	return ok;
}

static void read_map(struct entity_work *work, const struct entity_field *f, struct text value,
		     const struct entity_place *place, struct entity_node *node)
{
	if (check_map(work, f, value, place))
		place_raw(work, f, value, node);
}

static void read_object(struct entity_work *work, const struct entity_field *f, struct text value,
			const struct entity_place *place, struct entity_node *node)
{
	const struct entity_field *stands_for;

	if (json_type_of(value) == JSON_TYPE_OBJECT) {
		entity_read_fields(work, f->fields, value, place, node);
		return;
	}
	stands_for =
		f->shorthand == NULL ? NULL : entity_field_named(f->fields, text_of(f->shorthand));
	if (stands_for != NULL && json_type_of(value) == JSON_TYPE_STRING)
		entity_read_value(work, stands_for, value, place, node);
	else
		entity_fault(work->faults, place, "must be an object");
}

/* ---- rows ---- */

void entity_read_value(struct entity_work *work, const struct entity_field *f, struct text value,
		       const struct entity_place *place, struct entity_node *node)
{
	switch (f->type) {
	case ENTITY_TEXT:
		read_text(work, f, value, place, node);
		break;
	case ENTITY_BOOL:
		read_bool(work, f, value, place, node);
		break;
	case ENTITY_INT:
		read_int(work, f, value, place, node);
		break;
	case ENTITY_CHOICE:
		read_choice(work, f, value, place, node);
		break;
	case ENTITY_TEXTS:
		read_texts(work, f, value, place, node);
		break;
	case ENTITY_MAP:
	case ENTITY_SCALARS:
		read_map(work, f, value, place, node);
		break;
	case ENTITY_OBJECT:
		read_object(work, f, value, place, node);
		break;
	case ENTITY_OBJECTS:
		read_objects(work, f, value, place, node);
		break;
	case ENTITY_POOLS:
		entity_read_pools(work, f, value, place);
		break;
	}
}

static void read_field(struct entity_work *work, const struct entity_field *f, struct text source,
		       const struct entity_place *place, struct entity_node *node)
{
	struct entity_place at = PLACE_MEMBER(place, text_of(f->name));
	struct text value;
	bool given = json_member(source, f->name, &value);

	if (given && f->empty_is_absent && json_string_is(value, ""))
		given = false;
	if (given)
		entity_read_value(work, f, value, &at, node);
	else if (f->required)
		entity_fault(work->faults, &at, "is required");
	else if (f->fallback != NULL)
		entity_read_value(work, f, text_of(f->fallback), &at, node);
}

/* The row whose name is nearest, if it is near enough to be what was meant. */
static const char *nearest_name(const struct entity_field *fields, struct text name)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		unsigned distance = text_distance(name, text_of(f->name));

		if (distance < least && distance < strlen(f->name)) {
			least = distance;
			nearest = f->name;
		}
	}
	return nearest;
}

static void name_unknown(struct entity_work *work, const struct entity_field *fields,
			 struct text source, const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(source);
	struct text value;
	struct text name;
	struct text key;

	while (json_walk_member(&walk, &key, &value)) {
		struct entity_place at = PLACE_MEMBER(place, TEXT(""));
		const char *nearest;

		if (!json_unescape(work->arena, key, &name)) {
			entity_fault(work->faults, place, "has a field whose name holds \\u0000");
			continue;
		}
		if (entity_field_named(fields, name) != NULL)
			continue;
		at.name = name;
		nearest = entity_faults_full(work->faults) ? NULL : nearest_name(fields, name);
		if (nearest != NULL)
			entity_fault(work->faults, &at, "is an unknown field; did you mean %s?",
				     nearest);
		else
			entity_fault(work->faults, &at, "is an unknown field");
	}
}

void entity_read_fields(struct entity_work *work, const struct entity_field *fields,
			struct text source, const struct entity_place *place,
			struct entity_node *node)
{
	for (const struct entity_field *f = fields; f->name != NULL; f++)
		read_field(work, f, source, place, node);
	name_unknown(work, fields, source, place);
}
