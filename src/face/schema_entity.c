/* The flat bodies of cluster creation as JSON schemas, from the rows of the entities. */
#include <ctype.h>
#include <string.h>

#include "face/schema.h"
#include "palette/entity.h"

#define SCHEMAS "#/components/schemas/"

static const char kind_field[] = "cloudType"; /* where a flat body says it, and a spec */

static void put_number(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_put_int(w, value);
}

static void put_ref(struct json_writer *w, const char *schema)
{
	struct buf ref;

	buf_init(&ref, 128);
	buf_printf(&ref, SCHEMAS "%s", schema);
	json_object_begin(w);
	json_put_pair(w, "$ref", ref.ptr);
	json_object_end(w);
	buf_fini(&ref);
}

/* ---- what a field may hold; the braces are the caller's ---- */

static void put_members(struct json_writer *w, const struct entity_field *fields,
			const struct entity_kind *kind);
static void put_properties(struct json_writer *w, const struct entity_field *fields,
			   const struct entity_kind *kind);

static void put_text(struct json_writer *w, const struct entity_field *f)
{
	json_put_pair(w, "type", "string");
	if (!f->may_be_empty && !f->empty_is_absent)
		put_number(w, "minLength", 1);
}

static void put_choices(struct json_writer *w, const char *const *choices)
{
	json_put_pair(w, "type", "string");
	json_key(w, "enum");
	json_array_begin(w);
	for (; *choices != NULL; choices++)
		json_put_cstr(w, *choices);
	json_array_end(w);
}

/* An array up to its "items". */
static void begin_list(struct json_writer *w, const struct entity_field *f)
{
	json_put_pair(w, "type", "array");
	put_number(w, "minItems", f->min);
	put_number(w, "maxItems", f->max);
	json_key(w, "items");
	json_object_begin(w);
}

/* An object of names that are the caller's, up to what they may hold. */
static void begin_map(struct json_writer *w, const struct entity_field *f)
{
	json_put_pair(w, "type", "object");
	put_number(w, "maxProperties", ENTITY_MOST_MEMBERS);
	json_key(w, "propertyNames");
	json_put_raw(w, TEXT("{\"minLength\":1}"));
	if (f->fields != NULL)
		put_properties(w, f->fields, NULL);
	json_key(w, "additionalProperties");
}

static void put_type(struct json_writer *w, const struct entity_field *f)
{
	switch (f->type) {
	case ENTITY_TEXT:
		put_text(w, f);
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
		put_choices(w, f->choices);
		break;
	case ENTITY_TEXTS:
		begin_list(w, f);
		put_text(w, f);
		json_object_end(w);
		break;
	case ENTITY_MAP:
		begin_map(w, f);
		json_put_raw(w, TEXT("{\"type\":\"string\"}"));
		break;
	case ENTITY_SCALARS:
		begin_map(w, f);
		json_put_raw(w, TEXT("{\"type\":[\"string\",\"number\",\"boolean\"]}"));
		break;
	case ENTITY_OBJECT:
		put_members(w, f->fields, NULL);
		break;
	case ENTITY_OBJECTS:
	case ENTITY_POOLS:
		begin_list(w, f);
		put_members(w, f->fields, NULL);
		json_object_end(w);
		break;
	}
}

/* ---- fields ---- */

static const struct entity_field *field_named(const struct entity_field *fields, const char *name)
{
	while (fields->name != NULL && strcmp(fields->name, name) != 0)
		fields++;
	return fields;
}

/* A plain string, or the object that it stands for. */
static void put_shorthand(struct json_writer *w, const struct entity_field *f)
{
	json_key(w, "oneOf");
	json_array_begin(w);
	json_object_begin(w);
	put_type(w, field_named(f->fields, f->shorthand));
	json_object_end(w);
	json_object_begin(w);
	put_members(w, f->fields, NULL);
	json_object_end(w);
	json_array_end(w);
}

static void put_field(struct json_writer *w, const struct entity_field *f)
{
	json_object_begin(w);
	if (f->shorthand != NULL)
		put_shorthand(w, f);
	else
		put_type(w, f);
	if (f->fallback != NULL) {
		json_key(w, "default");
		json_put_raw(w, text_of(f->fallback));
	}
	json_put_pair(w, "description", f->help);
	if (f->example != NULL) {
		json_key(w, "examples");
		json_array_begin(w);
		json_put_raw(w, text_of(f->example));
		json_array_end(w);
	}
	json_object_end(w);
}

/* The field that tells the kinds apart holds one value in each. */
static void put_kind_field(struct json_writer *w, const struct entity_field *f,
			   const struct entity_kind *kind)
{
	json_object_begin(w);
	json_put_pair(w, "const", kind->name);
	json_put_pair(w, "description", f->help);
	json_object_end(w);
}

static bool tells_kind(const struct entity_field *f)
{
	return strcmp(f->name, kind_field) == 0;
}

/* kind: of a whole body; NULL: of an object in it. */
static void put_properties(struct json_writer *w, const struct entity_field *fields,
			   const struct entity_kind *kind)
{
	json_key(w, "properties");
	json_object_begin(w);
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		json_key(w, f->name);
		if (kind != NULL && tells_kind(f))
			put_kind_field(w, f, kind);
		else
			put_field(w, f);
	}
	json_object_end(w);
}

static void put_members(struct json_writer *w, const struct entity_field *fields,
			const struct entity_kind *kind)
{
	json_put_pair(w, "type", "object");
	put_properties(w, fields, kind);
	json_key(w, "required");
	json_array_begin(w);
	for (const struct entity_field *f = fields; f->name != NULL; f++)
		if (f->required)
			json_put_cstr(w, f->name);
	json_array_end(w);
	json_key(w, "additionalProperties");
	json_put_bool(w, false);
}

/* ---- whole bodies ---- */

/* "FlatEks" */
static void name_of_kind(struct buf *out, const struct entity_kind *kind)
{
	buf_add_string(out, "Flat");
	buf_add_char(out, (char)toupper((unsigned char)kind->name[0]));
	buf_add_string(out, kind->name + 1);
}

static void put_kind(struct json_writer *w, const struct entity_kind *kind)
{
	struct buf name;

	buf_init(&name, 64);
	name_of_kind(&name, kind);
	json_key(w, name.ptr);
	buf_fini(&name);
	json_object_begin(w);
	json_put_pair(w, "title", kind->summary);
	put_members(w, kind->fields, kind);
	json_object_end(w);
}

static void put_flat(struct json_writer *w, const struct entity_kind *kinds)
{
	struct buf name;

	json_key(w, "FlatCluster");
	json_object_begin(w);
	json_put_pair(w, "title", "A cluster described by flat fields");
	json_key(w, "oneOf");
	json_array_begin(w);
	buf_init(&name, 64);
	for (const struct entity_kind *kind = kinds; kind->name != NULL; kind++) {
		buf_truncate(&name, 0);
		name_of_kind(&name, kind);
		put_ref(w, name.ptr);
	}
	json_array_end(w);
	json_key(w, "discriminator");
	json_object_begin(w);
	json_put_pair(w, "propertyName", kind_field);
	json_key(w, "mapping");
	json_object_begin(w);
	for (const struct entity_kind *kind = kinds; kind->name != NULL; kind++) {
		buf_truncate(&name, 0);
		buf_add_string(&name, SCHEMAS);
		name_of_kind(&name, kind);
		json_put_pair(w, kind->name, name.ptr);
	}
	buf_fini(&name);
	json_object_end(w);
	json_object_end(w);
	json_object_end(w);
}

static void put_string(struct json_writer *w, const char *name, const char *help)
{
	json_key(w, "properties");
	json_object_begin(w);
	json_key(w, name);
	json_object_begin(w);
	json_put_pair(w, "type", "string");
	put_number(w, "minLength", 1);
	json_put_pair(w, "description", help);
	json_object_end(w);
	json_object_end(w);
	json_key(w, "required");
	json_array_begin(w);
	json_put_cstr(w, name);
	json_array_end(w);
}

/* Only what is looked at; the rest is Palette's to say. */
static void put_palette(struct json_writer *w)
{
	json_key(w, "PaletteCluster");
	json_object_begin(w);
	json_put_pair(w, "title", "Palette's own entity");
	json_put_pair(w, "description",
		      "It reaches Palette as it is, but for the repairs that the answer's warnings "
		      "name");
	json_put_pair(w, "type", "object");
	json_key(w, "properties");
	json_object_begin(w);
	json_key(w, "metadata");
	json_object_begin(w);
	json_put_pair(w, "type", "object");
	put_string(w, "name", "Name of the cluster");
	json_object_end(w);
	json_key(w, "spec");
	json_object_begin(w);
	json_put_pair(w, "type", "object");
	put_string(w, kind_field, "Kind of cluster, in any case");
	json_object_end(w);
	json_object_end(w);
	json_key(w, "required");
	json_put_raw(w, TEXT("[\"metadata\",\"spec\"]"));
	json_object_end(w);
}

void schema_put_entity_body(struct json_writer *w)
{
	json_key(w, "oneOf");
	json_array_begin(w);
	put_ref(w, "FlatCluster");
	put_ref(w, "PaletteCluster");
	json_array_end(w);
}

/* ---- examples ---- */

static bool has_example(const struct entity_field *f)
{
	if (f->example != NULL || tells_kind(f))
		return true;
	for (const struct entity_field *part = f->fields; part != NULL && part->name != NULL;
	     part++)
		if (has_example(part))
			return true;
	return false;
}

/* The members that have an example, in the braces of an object. */
static void put_example(struct json_writer *w, const struct entity_field *fields,
			const struct entity_kind *kind)
{
	json_object_begin(w);
	for (const struct entity_field *f = fields; f->name != NULL; f++) {
		bool is_array = f->type == ENTITY_OBJECTS || f->type == ENTITY_POOLS;

		if (!has_example(f))
			continue;
		json_key(w, f->name);
		if (tells_kind(f)) {
			json_put_cstr(w, kind->name);
		} else if (f->example != NULL) {
			json_put_raw(w, text_of(f->example));
		} else {
			if (is_array)
				json_array_begin(w);
			put_example(w, f->fields, kind);
			if (is_array)
				json_array_end(w);
		}
	}
	json_object_end(w);
}

void schema_put_entity_examples(struct json_writer *w, const struct entity_kind *kinds)
{
	json_key(w, "examples");
	json_object_begin(w);
	for (const struct entity_kind *kind = kinds; kind->name != NULL; kind++) {
		json_key(w, kind->name);
		json_object_begin(w);
		json_put_pair(w, "summary", kind->summary);
		json_key(w, "value");
		put_example(w, kind->fields, kind);
		json_object_end(w);
	}
	json_object_end(w);
}

/* ---- all ---- */

void schema_put_entity_schemas(struct json_writer *w, const struct entity_kind *kinds)
{
	put_flat(w, kinds);
	for (const struct entity_kind *kind = kinds; kind->name != NULL; kind++)
		put_kind(w, kind);
	put_palette(w);
}
