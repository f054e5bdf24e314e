/* The flat bodies of cluster creation as JSON schemas, from the rows of the entities. */
#include <string.h>

#include "face/schema.h"
#include "palette/entity.h"

static void put_number(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_put_int(w, value);
}

static void put_members(struct json_writer *w, const struct entity_field *fields,
			const char *cloud_type);

static void put_list_bounds(struct json_writer *w, const struct entity_field *f)
{
	json_put_pair(w, "type", "array");
	put_number(w, "minItems", f->min);
	if (f->max > 0)
		put_number(w, "maxItems", f->max);
}

static void put_object(struct json_writer *w, const struct entity_field *f)
{
	json_object_begin(w);
	put_members(w, f->fields, NULL);
	json_object_end(w);
}

static void put_choices(struct json_writer *w, const char *const *choices)
{
	json_key(w, "enum");
	json_array_begin(w);
	for (; *choices != NULL; choices++)
		json_put_cstr(w, *choices);
	json_array_end(w);
}

/* What a field may hold; the braces are the caller's. */
static void put_type(struct json_writer *w, const struct entity_field *f)
{
	switch (f->type) {
	case ENTITY_TEXT:
		json_put_pair(w, "type", "string");
		if (!f->may_be_empty && !f->empty_is_absent)
			put_number(w, "minLength", 1);
		break;
	case ENTITY_BOOL:
		json_put_pair(w, "type", "boolean");
		break;
	case ENTITY_INT:
		json_put_pair(w, "type", "integer");
		put_number(w, "minimum", f->min);
		put_number(w, "maximum", f->max);
		break;
	case ENTITY_CHOICE:
		json_put_pair(w, "type", "string");
		put_choices(w, f->choices);
		break;
	case ENTITY_TEXTS:
		put_list_bounds(w, f);
		json_key(w, "items");
		json_put_raw(w, TEXT("{\"type\":\"string\"}"));
		break;
	case ENTITY_MAP:
		json_put_pair(w, "type", "object");
		json_key(w, "additionalProperties");
		json_put_raw(w, TEXT("{\"type\":\"string\"}"));
		break;
	case ENTITY_SCALARS:
		json_put_pair(w, "type", "object");
		json_key(w, "additionalProperties");
		json_put_raw(w, TEXT("{\"type\":[\"string\",\"number\",\"boolean\"]}"));
		break;
	case ENTITY_OBJECT:
		put_members(w, f->fields, NULL);
		break;
	case ENTITY_OBJECTS:
	case ENTITY_POOLS:
		put_list_bounds(w, f);
		json_key(w, "items");
		put_object(w, f);
		break;
	}
}

static void put_field(struct json_writer *w, const struct entity_field *f)
{
	json_object_begin(w);
	if (f->shorthand != NULL) {
		json_key(w, "anyOf");
		json_array_begin(w);
		json_put_raw(w, TEXT("{\"type\":\"string\"}"));
		put_object(w, f);
		json_array_end(w);
	} else {
		put_type(w, f);
	}
	if (f->fallback != NULL) {
		json_key(w, "default");
		json_put_raw(w, text_of(f->fallback));
	}
	if (f->help != NULL)
		json_put_pair(w, "description", f->help);
	json_object_end(w);
}

/* The member that tells the kinds apart is written once, as a constant. */
static bool is_constant(const struct entity_field *f, const char *cloud_type)
{
	return cloud_type != NULL && strcmp(f->name, "cloudType") == 0;
}

static void put_members(struct json_writer *w, const struct entity_field *fields,
			const char *cloud_type)
{
	json_put_pair(w, "type", "object");
	json_key(w, "properties");
	json_object_begin(w);
	if (cloud_type != NULL) {
		json_key(w, "cloudType");
		json_object_begin(w);
		json_put_pair(w, "const", cloud_type);
		json_object_end(w);
	}
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		if (is_constant(f, cloud_type))
			continue;
		json_key(w, f->name);
		put_field(w, f);
	}
	json_object_end(w);
	json_key(w, "required");
	json_array_begin(w);
	if (cloud_type != NULL)
		json_put_cstr(w, "cloudType");
	for (const struct entity_field *f = fields; f->name != NULL; f++)
		if (f->required && !is_constant(f, cloud_type))
			json_put_cstr(w, f->name);
	json_array_end(w);
	json_key(w, "additionalProperties");
	json_put_bool(w, false);
}

void schema_put_entity_kinds(struct json_writer *w, const struct entity_kind *kinds)
{
	json_key(w, "anyOf");
	json_array_begin(w);
	for (const struct entity_kind *kind = kinds; kind->name != NULL; kind++) {
		json_object_begin(w);
		json_put_pair(w, "title", kind->summary);
		put_members(w, kind->fields, kind->name);
		json_object_end(w);
	}
	json_put_raw(w, TEXT("{\"title\":\"Palette's own entity\",\"type\":\"object\","
			     "\"required\":[\"metadata\",\"spec\"]}"));
	json_array_end(w);
}
