/* One value of a parameter, from what was sent: text, or JSON. */
#include <inttypes.h>
#include <string.h>

#include "op/param_value.h"
#include "json/json.h"

enum { LONGEST_IDENTIFIER = 128 };

static const char *name_problem(struct text value)
{
	static const char form[] =
		"must be an identifier: 1 to 128 letters, digits, '-', '_' or '.'";

	if (value.len == 0 || value.len > LONGEST_IDENTIFIER || text_is(value, ".") ||
	    text_is(value, ".."))
		return form;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.'))
			return form;
	}
	return NULL;
}

const char *param_identifier_problem(struct text value)
{
	const char *problem = name_problem(value);

	if (problem == NULL && palette_is_reserved(value))
		problem = "must be an identifier, not a word of Palette's own paths";
	return problem;
}

static const char *text_problem(struct text value, size_t longest)
{
	if (!text_is_utf8(value) || text_characters(value) > longest)
		return longest == PARAM_LONGEST_TEXT ? "must be 1 to 256 characters of text"
						     : "must be 1 to 1024 characters of text";
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7F)
			return "must not hold control characters";
	return NULL;
}

/* One '@' at least, with something on both sides (RFC 5321 4.1.2): what the catalog has decides
 * whose it is. */
static const char *email_problem(struct text value)
{
	static const char form[] = "must be an e-mail address of at most 320 bytes";
	size_t at = text_find(value, '@');

	if (value.len > STORE_LONGEST_EMAIL || at == SIZE_MAX || at == 0 ||
	    value.ptr[value.len - 1] == '@' || !text_is_utf8(value))
		return form;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] <= ' ' || value.ptr[i] == 0x7F)
			return form;
	return NULL;
}

static const char *choice_problem(struct arena *a, const struct param *param, struct text value)
{
	const char *list = "";

	for (const char *const *c = param->choices; *c != NULL; c++) {
		if (text_is(value, *c))
			return NULL;
		list = arena_printf(a, "%s%s%s", list, c == param->choices ? "" : ", ", *c);
	}
	return arena_printf(a, "must be one of: %s", list);
}

static const char *count_problem(struct arena *a, const struct param *param, int64_t number)
{
	if (number >= param->min && number <= param->max)
		return NULL;
	return arena_printf(a, "must be a whole number from %" PRId64 " to %" PRId64, param->min,
			    param->max);
}

const char *param_read_text(struct arena *a, const struct param *param, struct text raw,
			    struct value *value)
{
	const char *problem = NULL;

	if (raw.ptr == NULL)
		return "is not valid percent-encoded UTF-8";
	if (param->type == PARAM_IDENTIFIER)
		problem = param_identifier_problem(raw);
	else if (param->type == PARAM_NAME)
		problem = name_problem(raw);
	else if (param->type == PARAM_TEXT)
		problem = text_problem(raw, PARAM_LONGEST_TEXT);
	else if (param->type == PARAM_LINE)
		problem = text_problem(raw, PARAM_LONGEST_LINE);
	else if (param->type == PARAM_EMAIL)
		problem = email_problem(raw);
	else if (param->type == PARAM_CHOICE)
		problem = choice_problem(a, param, raw);
	else if (param->type == PARAM_COUNT)
		problem = text_to_int(raw, &value->number)
				  ? count_problem(a, param, value->number)
				  : count_problem(a, param, param->max + 1);
	if (problem != NULL)
		return problem;
	value->given = true;
	value->string = arena_copy(a, raw);
	value->boolean = !text_is(raw, "false");
	return NULL;
}

/* "", "true" or "false": what is meant to be only tried must not be done because of a spelling. */
const char *param_read_flag(struct text raw, struct value *value)
{
	value->given = true;
	value->boolean = raw.ptr != NULL && !text_is(raw, "false");
	if (raw.ptr == NULL || (raw.len > 0 && !text_is(raw, "true") && !text_is(raw, "false")))
		return "must be true or false";
	return NULL;
}

static const char *field_problem(struct arena *a, const struct param *param, struct text name)
{
	const char *list = "";

	for (const struct field *f = param->fields; f->name != NULL; f++) {
		if (text_is(name, f->name))
			return NULL;
		list = arena_printf(a, "%s%s%s", list, f == param->fields ? "" : ", ", f->name);
	}
	return arena_printf(a, "must be an array of names out of: %s", list);
}

static const char *read_strings(struct arena *a, const struct param *param, struct text json,
				struct value *value)
{
	static const char form[] = "must be an array of 1 to 1000 non-empty strings";
	struct json_walk walk = json_walk_begin(json);
	const char **strings;
	struct text item;
	struct text string;

	if (json_type_of(json) != JSON_TYPE_ARRAY)
		return form;
	strings = arena_array(a, const char *, PARAM_MOST_STRINGS);
	while (json_walk_item(&walk, &item)) {
		if (value->count == PARAM_MOST_STRINGS || !json_unescape(a, item, &string) ||
		    string.len == 0)
			return form;
		if (param->type == PARAM_FIELDS && field_problem(a, param, string) != NULL)
			return field_problem(a, param, string);
		strings[value->count++] = string.ptr;
	}
	value->strings = strings;
	value->given = value->count > 0;
	return value->given ? NULL : form;
}

static const char *read_token(struct arena *a, struct text json, struct value *value)
{
	const char *problem;
	struct text token;

	if (!json_unescape(a, json, &token))
		return "must be a string";
	problem = session_token_problem(token);
	value->given = problem == NULL;
	value->string = problem == NULL ? token.ptr : NULL;
	return problem;
}

static const char *read_time(struct text json, struct value *value)
{
	value->given = json_int(json, &value->number) && value->number > 0;
	return value->given ? NULL : "must be a whole number: milliseconds since 1970";
}

static const char *read_switch(struct text json, struct value *value)
{
	value->given = json_bool(json, &value->boolean);
	return value->given ? NULL : "must be true or false";
}

static const char *read_count(struct arena *a, const struct param *param, struct text json,
			      struct value *value)
{
	const char *problem = json_int(json, &value->number)
				      ? count_problem(a, param, value->number)
				      : count_problem(a, param, param->max + 1);

	value->given = problem == NULL;
	return problem;
}

bool param_is_textual(const struct param *param)
{
	return param->type == PARAM_IDENTIFIER || param->type == PARAM_NAME ||
	       param->type == PARAM_TEXT || param->type == PARAM_LINE ||
	       param->type == PARAM_CHOICE;
}

/* A string; an empty one is how models say that there is none. */
static const char *read_string(struct arena *a, const struct param *param, struct text json,
			       struct value *value)
{
	struct text string;

	if (!json_unescape(a, json, &string))
		return "must be a string";
	if (string.len == 0)
		return param->required ? "must not be empty" : NULL;
	return param_read_text(a, param, string, value);
}

const char *param_read_json(struct arena *a, const struct param *param, struct text json,
			    struct value *value)
{
	if (param_is_textual(param))
		return read_string(a, param, json, value);
	if (param->type == PARAM_SWITCH)
		return read_switch(json, value);
	if (param->type == PARAM_COUNT)
		return read_count(a, param, json, value);
	if (param->type == PARAM_STRINGS || param->type == PARAM_FIELDS)
		return read_strings(a, param, json, value);
	if (param->type == PARAM_TOKEN)
		return read_token(a, json, value);
	if (param->type == PARAM_TIME)
		return read_time(json, value);
	if (json_type_of(json) != JSON_TYPE_OBJECT)
		return "must be a JSON object";
	value->json = json;
	value->given = true;
	return NULL;
}

/* The draft for Idempotency-Key wants a string of RFC 8941, 3.3.3, in quotes; most clients send the
 * bare value. Both mean the same. */
const char *param_read_key(struct arena *a, struct text raw, struct value *value)
{
	static const char form[] = "must be 1 to 255 visible ASCII characters, with or without "
				   "quotes around them";
	bool is_quoted = raw.len > 0 && raw.ptr[0] == '"';
	char *key = arena_alloc(a, raw.len + 1);
	size_t len = 0;

	if (is_quoted && (raw.len < 2 || raw.ptr[raw.len - 1] != '"'))
		return form;
	if (is_quoted)
		raw = text_slice(raw, 1, raw.len - 2);
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];

		if (is_quoted && c == '"')
			return form;
		if (is_quoted && c == '\\' &&
		    (++i == raw.len || strchr("\"\\", raw.ptr[i]) == NULL))
			return form;
		key[len++] = raw.ptr[i];
		if (raw.ptr[i] <= ' ' || raw.ptr[i] > '~')
			return form;
	}
	if (len == 0 || len > PARAM_LONGEST_KEY)
		return form;
	key[len] = '\0';
	value->given = true;
	value->string = key;
	return NULL;
}
