/* From Palette's objects to what a row's fields say. Palette's answers are not trusted to have the
 * types that its description promises. */
#include "op/render.h"

#include <string.h>

static bool fits(enum field_type type, struct text value)
{
	enum json_type is = json_type_of(value);
	int64_t number;

	switch (type) {
	case FIELD_STRING:
		return is == JSON_TYPE_STRING || is == JSON_TYPE_NUMBER;
	case FIELD_BOOL:
		return is == JSON_TYPE_TRUE || is == JSON_TYPE_FALSE;
	case FIELD_INT:
		return json_int(value, &number);
	case FIELD_NUMBER:
		return is == JSON_TYPE_NUMBER;
	case FIELD_OBJECT:
		return is == JSON_TYPE_OBJECT;
	case FIELD_ARRAY:
		return is == JSON_TYPE_ARRAY;
	default:
		return is != JSON_TYPE_NONE && is != JSON_TYPE_NULL;
	}
}

static bool find(const struct field *field, struct text object, struct text *value)
{
	for (const char *const *from = field->from; *from != NULL; from++)
		if (json_at(object, *from, value) && fits(field->type, *value))
			return true;
	return false;
}

static bool is_chosen(const struct field *field, const char *const *chosen, size_t count)
{
	if (field->required || chosen == NULL)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strcmp(chosen[i], field->name) == 0)
			return true;
	return false;
}

static void put_object(struct json_writer *w, const struct field *field, struct text value)
{
	if (field->fields == NULL || field->fields->name == NULL) {
		json_put_raw(w, value);
		return;
	}
	json_object_begin(w);
	render_fields(w, field->fields, value, NULL, 0);
	json_object_end(w);
}

static void put_array(struct json_writer *w, const struct field *field, struct text value)
{
	enum json_type wanted = field->fields != NULL ? JSON_TYPE_OBJECT : JSON_TYPE_STRING;
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	json_array_begin(w);
	while (json_walk_item(&walk, &item)) {
		if (json_type_of(item) != wanted)
			continue;
		if (field->fields != NULL)
			put_object(w, field, item);
		else
			json_put_raw(w, text_trim(item));
	}
	json_array_end(w);
}

static void put_value(struct json_writer *w, const struct field *field, struct text value)
{
	if (field->type == FIELD_OBJECT)
		put_object(w, field, text_trim(value));
	else if (field->type == FIELD_ARRAY)
		put_array(w, field, value);
	else if (field->type == FIELD_STRING && json_type_of(value) == JSON_TYPE_NUMBER)
		json_put_text(w, text_trim(value));
	else
		json_put_raw(w, text_trim(value));
}

static void put_nothing(struct json_writer *w, const struct field *field)
{
	switch (field->type) {
	case FIELD_STRING:
		json_put_cstr(w, "");
		break;
	case FIELD_BOOL:
		json_put_bool(w, false);
		break;
	case FIELD_INT:
	case FIELD_NUMBER:
		json_put_int(w, 0);
		break;
	case FIELD_ARRAY:
		put_array(w, field, TEXT("[]"));
		break;
	case FIELD_OBJECT:
		put_object(w, field, TEXT("{}"));
		break;
	default:
		json_put_null(w);
	}
}

void render_fields(struct json_writer *w, const struct field *fields, struct text object,
		   const char *const *chosen, size_t chosen_count)
{
	struct text value;

	for (const struct field *f = fields; f->name != NULL; f++) {
		bool found;

		if (f->from == NULL || !is_chosen(f, chosen, chosen_count))
			continue;
		found = find(f, object, &value);
		if (!found && !f->required)
			continue;
		json_key(w, f->name);
		if (found)
			put_value(w, f, value);
		else
			put_nothing(w, f);
	}
}

struct text render_string(struct arena *a, const struct field *field, struct text object)
{
	struct text text = TEXT("");
	struct text value;

	if (!find(field, object, &value))
		return text;
	if (json_type_of(value) == JSON_TYPE_NUMBER)
		return text_trim(value);
	(void)json_unescape(a, value, &text);
	return text;
}
