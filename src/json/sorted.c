/* A document in a form that is the same for all of the same meaning: no white space, members by
 * their names. */
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

struct member {
	struct text name;
	struct text value;
};

/* Names that are the same keep their order. */
static int compare_members(const void *left, const void *right)
{
	const struct member *a = left;
	const struct member *b = right;
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = memcmp(a->name.ptr, b->name.ptr, len);

	if (order == 0)
		order = (a->name.len > b->name.len) - (a->name.len < b->name.len);
	return order != 0 ? order : (a->value.ptr > b->value.ptr) - (a->value.ptr < b->value.ptr);
}

/* As it reads; one with a NUL as it stands. */
static void put_string(struct buf *out, struct arena *a, struct text raw)
{
	struct text text;

	if (json_unescape(a, raw, &text))
		json_put_string(out, text);
	else
		buf_add(out, text_trim(raw));
}

static void put_object(struct buf *out, struct arena *a, struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	size_t room = json_count_members(object);
	struct member *members = arena_array(a, struct member, room);
	struct text value;
	struct text key;
	size_t count = 0;

	while (count < room && json_walk_member(&walk, &key, &value)) {
		struct text name = key;

		(void)json_unescape(a, key, &name);
		members[count++] = (struct member){name, value};
	}
	qsort(members, count, sizeof members[0], compare_members);
	buf_add_char(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_put_string(out, members[i].name);
		buf_add_char(out, ':');
		json_put_sorted(out, a, members[i].value);
	}
	buf_add_char(out, '}');
}

/* As deep as JSON_MAX_DEPTH. */
// NOLINTNEXTLINE(misc-no-recursion)
void json_put_sorted(struct buf *out, struct arena *a, struct text value)
{
	struct json_walk walk = json_walk_begin(value);
	const char *before = "";
	struct text item;

	switch (json_type_of(value)) {
	case JSON_TYPE_OBJECT:
		put_object(out, a, value);
		return;
	case JSON_TYPE_ARRAY:
		buf_add_char(out, '[');
		for (; json_walk_item(&walk, &item); before = ",") {
			buf_add_string(out, before);
			json_put_sorted(out, a, item);
		}
		buf_add_char(out, ']');
		return;
	case JSON_TYPE_STRING:
		put_string(out, a, value);
		return;
	default:
		buf_add(out, text_trim(value));
	}
}
