/* JSON Schemas from rows. Each node has one type and no keyword that a client may not know. */
#include "op/schema.h"

static void put_choices(struct json_writer *w, const char *const *choices)
{
	json_key(w, "enum");
	json_array_begin(w);
	for (; *choices != NULL; choices++)
		json_put_cstr(w, *choices);
	json_array_end(w);
}

static void put_default(struct json_writer *w, const struct param *p)
{
	if (p->fallback == NULL)
		return;
	json_key(w, "default");
	json_put_raw(w, text_of(p->fallback));
}

static void put_strings(struct json_writer *w, const struct param *p)
{
	json_put_pair(w, "type", "array");
	json_key(w, "minItems");
	json_put_int(w, 1);
	json_key(w, "maxItems");
	json_put_int(w, PARAM_MOST_STRINGS);
	json_key(w, "items");
	json_object_begin(w);
	json_put_pair(w, "type", "string");
	if (p->type == PARAM_FIELDS) {
		json_key(w, "enum");
		json_array_begin(w);
		for (const struct field *f = p->fields; f->name != NULL; f++)
			json_put_cstr(w, f->name);
		json_array_end(w);
	} else {
		json_key(w, "minLength");
		json_put_int(w, 1);
	}
	json_object_end(w);
}

static void put_param(struct json_writer *w, const struct param *p)
{
	switch (p->type) {
	case PARAM_IDENTIFIER:
	case PARAM_NAME:
		json_put_pair(w, "type", "string");
		json_put_pair(w, "pattern", "^[A-Za-z0-9._-]{1,128}$");
		break;
	case PARAM_TEXT:
	case PARAM_LINE:
		json_put_pair(w, "type", "string");
		json_key(w, "maxLength");
		json_put_int(w, p->type == PARAM_TEXT ? PARAM_LONGEST_TEXT : PARAM_LONGEST_LINE);
		break;
	case PARAM_CHOICE:
		json_put_pair(w, "type", "string");
		put_choices(w, p->choices);
		break;
	case PARAM_FLAG:
		json_put_pair(w, "type", "boolean");
		break;
	case PARAM_SWITCH:
		json_put_pair(w, "type", "boolean");
		put_default(w, p);
		break;
	case PARAM_COUNT:
		json_put_pair(w, "type", "integer");
		json_key(w, "minimum");
		json_put_int(w, p->min);
		json_key(w, "maximum");
		json_put_int(w, p->max);
		put_default(w, p);
		break;
	case PARAM_NOT_FALSE:
		json_put_pair(w, "type", "boolean");
		json_key(w, "default");
		json_put_bool(w, true);
		break;
	case PARAM_STRINGS:
	case PARAM_FIELDS:
		put_strings(w, p);
		break;
	case PARAM_EMAIL:
		json_put_pair(w, "type", "string");
		json_put_pair(w, "pattern", "^[^\\s@]+.*@.*[^\\s@]$");
		json_key(w, "maxLength");
		json_put_int(w, STORE_LONGEST_EMAIL);
		break;
	case PARAM_KEY:
		json_put_pair(w, "type", "string");
		json_put_pair(w, "pattern", "^[!-~]+$");
		json_key(w, "maxLength");
		json_put_int(w, PARAM_LONGEST_KEY);
		break;
	case PARAM_TOKEN:
		json_put_pair(w, "type", "string");
		json_put_pair(w, "pattern", "^[!-~]+$");
		json_key(w, "maxLength");
		json_put_int(w, SESSION_LONGEST_TOKEN);
		break;
	case PARAM_TIME:
		json_put_pair(w, "type", "integer");
		json_put_pair(w, "description", "Milliseconds since 1970");
		json_key(w, "minimum");
		json_put_int(w, 1);
		break;
	case PARAM_OBJECT:
		json_put_pair(w, "type", "object");
		break;
	}
}

void schema_put_param(struct json_writer *w, const struct param *p)
{
	json_object_begin(w);
	put_param(w, p);
	json_object_end(w);
}

/* ---- answers ---- */

/* What is in the list is not known: any object. */
static bool is_open(const struct field *fields)
{
	return fields->name == NULL;
}

static void put_object(struct json_writer *w, const struct field *fields, bool closed)
{
	if (fields == NULL || is_open(fields))
		json_put_pair(w, "type", "object");
	else
		schema_put_fields(w, fields, closed);
}

static void put_field(struct json_writer *w, const struct field *f, bool closed)
{
	static const char *const names[] = {[FIELD_STRING] = "string",
					    [FIELD_BOOL] = "boolean",
					    [FIELD_INT] = "integer",
					    [FIELD_NUMBER] = "number"};

	json_object_begin(w);
	if (f->type == FIELD_OBJECT) {
		put_object(w, f->fields, closed);
	} else if (f->type == FIELD_ARRAY) {
		json_put_pair(w, "type", "array");
		json_key(w, "items");
		json_object_begin(w);
		if (f->fields != NULL)
			put_object(w, f->fields, closed);
		else
			json_put_pair(w, "type", "string");
		json_object_end(w);
	} else if (f->type != FIELD_ANY) {
		json_put_pair(w, "type", names[f->type]);
	}
	if (f->help != NULL)
		json_put_pair(w, "description", f->help);
	json_object_end(w);
}

/* At most JSON_MAX_DEPTH deep: the rows are not deeper. */
void schema_put_fields(struct json_writer *w, const struct field *fields, bool closed)
{
	json_put_pair(w, "type", "object");
	json_key(w, "properties");
	json_object_begin(w);
	for (const struct field *f = fields; f->name != NULL; f++) {
		json_key(w, f->name);
		put_field(w, f, closed);
	}
	json_object_end(w);
	json_key(w, "required");
	json_array_begin(w);
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->required)
			json_put_cstr(w, f->name);
	json_array_end(w);
	if (closed) {
		json_key(w, "additionalProperties");
		json_put_bool(w, false);
	}
}

/* ---- tools ---- */

static void put_inputs(struct json_writer *w, const struct param *params)
{
	json_key(w, "properties");
	json_object_begin(w);
	for (const struct param *p = params; p != NULL && p->name != NULL; p++) {
		json_key(w, p->name);
		json_object_begin(w);
		put_param(w, p);
		json_put_pair(w, "description", p->help);
		json_object_end(w);
	}
	json_object_end(w);
}

static void put_required(struct json_writer *w, const struct param *params)
{
	bool any = false;

	for (const struct param *p = params; p != NULL && p->name != NULL; p++)
		any = any || p->required;
	if (!any)
		return;
	json_key(w, "required");
	json_array_begin(w);
	for (const struct param *p = params; p->name != NULL; p++)
		if (p->required)
			json_put_cstr(w, p->name);
	json_array_end(w);
}

void schema_put_input(struct json_writer *w, const struct op *op)
{
	json_object_begin(w);
	json_put_pair(w, "type", "object");
	put_inputs(w, op->params);
	put_required(w, op->params);
	json_key(w, "additionalProperties");
	json_put_bool(w, false);
	json_object_end(w);
}

void schema_put_output(struct json_writer *w, const struct op *op)
{
	json_object_begin(w);
	schema_put_fields(w, op->answer, true);
	json_object_end(w);
}
