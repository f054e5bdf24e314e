/*
 * Whether JSON fits a row's fields as their closed schema says: what is required is there, each
 * once, with its type, and nothing else. A third way beside the renderer and the schema's writer,
 * for tests of both.
 */
#ifndef UNIT_OP_FITS_H
#define UNIT_OP_FITS_H

#include <string.h>

#include "op/op.h"
#include "json/json.h"

static inline bool fits_fields(struct arena *a, const struct field *fields, struct text object);

static inline bool fits_object(struct arena *a, const struct field *fields, struct text value)
{
	if (json_type_of(value) != JSON_TYPE_OBJECT)
		return false;
	return fields == NULL || fields->name == NULL || fits_fields(a, fields, value);
}

static inline bool fits_array(struct arena *a, const struct field *fields, struct text value)
{
	struct json_walk walk = json_walk_begin(value);
	struct text item;

	if (json_type_of(value) != JSON_TYPE_ARRAY)
		return false;
	while (json_walk_item(&walk, &item))
		if (fields != NULL ? !fits_object(a, fields, item)
				   : json_type_of(item) != JSON_TYPE_STRING)
			return false;
	return true;
}

static inline bool fits_type(struct arena *a, const struct field *field, struct text value)
{
	int64_t number;
	bool boolean;

	switch (field->type) {
	case FIELD_STRING:
		return json_type_of(value) == JSON_TYPE_STRING;
	case FIELD_BOOL:
		return json_bool(value, &boolean);
	case FIELD_INT:
		return json_int(value, &number);
	case FIELD_NUMBER:
		return json_type_of(value) == JSON_TYPE_NUMBER;
	case FIELD_OBJECT:
		return fits_object(a, field->fields, value);
	case FIELD_ARRAY:
		return fits_array(a, field->fields, value);
	default:
		return json_type_of(value) != JSON_TYPE_NONE;
	}
}

static inline size_t fits_count(struct text object, const char *name)
{
	struct json_walk walk = json_walk_begin(object);
	struct text value;
	struct text key;
	size_t count = 0;

	while (json_walk_member(&walk, &key, &value))
		count += json_string_is(key, name);
	return count;
}

/* What has no place in Palette's object is written by somebody else. */
static inline bool fits_fields(struct arena *a, const struct field *fields, struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text value;
	struct text key;
	size_t known = 0;
	size_t all = 0;

	if (json_type_of(object) != JSON_TYPE_OBJECT)
		return false;
	for (const struct field *f = fields; f->name != NULL; f++) {
		size_t count = fits_count(object, f->name);

		if (count > 1 || (count == 0 && f->required && f->from != NULL))
			return false;
		if (count == 1 &&
		    (!json_member(object, f->name, &value) || !fits_type(a, f, value)))
			return false;
		known += count;
	}
	while (json_walk_member(&walk, &key, &value))
		all++;
	return all == known;
}

#endif
