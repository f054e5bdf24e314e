/*
 * No name twice in an object. Readers differ in which of the two counts, so that a body with both
 * could be checked as one cluster and created as another.
 */
#include <stdlib.h>
#include <string.h>

#include "palette/entity_work.h"

static int compare_names(const void *left, const void *right)
{
	const struct text *a = left;
	const struct text *b = right;
	int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Names as they read, so that "a" and its escape are one name. */
static void check_object(struct entity_faults *faults, struct text object,
			 const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(object);
	size_t room = json_count_members(object);
	struct text *names = arena_array(faults->arena, struct text, room);
	size_t count = 0;
	struct text key;
	struct text value;

	while (count < room && json_walk_member(&walk, &key, &value)) {
		if (json_unescape(faults->arena, key, &names[count]))
			count++;
		else
			entity_fault(faults, place, "has a field whose name holds \\u0000");
	}
	if (count < 2)
		return;
	qsort(names, count, sizeof names[0], compare_names);
	for (size_t i = 1; i < count; i++) {
		struct entity_place twice = PLACE_MEMBER(place, names[i]);
		bool is_known = i > 1 && text_equal(names[i - 1], names[i - 2]);

		if (text_equal(names[i], names[i - 1]) && !is_known)
			entity_fault(faults, &twice, "is given more than once");
	}
}

/* As deep as JSON_MAX_DEPTH. */
static void check_value(struct entity_faults *faults, struct text value,
			const struct entity_place *place)
{
	struct json_walk walk = json_walk_begin(value);
	struct entity_place below;
	struct text name;
	struct text part;
	struct text key;

	if (walk.of == JSON_TYPE_OBJECT)
		check_object(faults, value, place);
	while (json_walk_member(&walk, &key, &part)) {
		if (json_type_of(part) != JSON_TYPE_OBJECT && json_type_of(part) != JSON_TYPE_ARRAY)
			continue;
		if (!json_unescape(faults->arena, key, &name))
			continue;
		below = PLACE_MEMBER(place, name);
		check_value(faults, part, &below);
	}
	for (size_t i = 0; json_walk_item(&walk, &part); i++) {
		below = PLACE_ITEM(place, i);
		check_value(faults, part, &below);
	}
}

void entity_check_keys(struct entity_faults *faults, struct text document)
{
	check_value(faults, text_trim(document), NULL);
}
