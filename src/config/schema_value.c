/* What the JSON Schema says of one value: types, units as patterns, choices, bounds. */
#include "config/schema_value.h"

#include <stdio.h>
#include <string.h>

/* ---- pieces ---- */

/* Each fits what the functions of value.c take; a variable or a file may stand for any value. */
static const char definitions[] =
	"{\"computed\":{\"title\":\"a variable or a "
	"file\",\"anyOf\":[{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{[^}]*\\\\}\"},"
	"{\"type\":\"object\",\"properties\":{\"$env\":{\"type\":\"string\",\"description\":"
	"\"The value of this environment variable.\"},\"$file\":{\"type\":\"string\","
	"\"description\":\"What this file holds, without white space at its end.\"},\"$include\":"
	"{\"type\":\"string\",\"description\":\"The value in another file, PATH#a.b.\"}},"
	"\"additionalProperties\":false,\"minProperties\":1,\"maxProperties\":1}]},"
	"\"boolean\":{\"title\":\"true or "
	"false\",\"anyOf\":[{\"type\":\"boolean\"},{\"enum\":[0,1]},{\"type\":\"string\","
	"\"pattern\":\"^\\\\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy]([Ee][Ss])?|[Nn][Oo]?|"
	"[Oo][Nn]|[Oo][Ff][Ff]|[01])\\\\s*$\"}]},"
	"\"number\":{\"title\":\"a "
	"number\",\"type\":\"string\",\"pattern\":\"^\\\\s*[-+]?[0-9][0-9a-fA-FxXoO.eE+-]*\\\\s*"
	"$\"},"
	"\"size\":{\"title\":\"a size with its unit, such as "
	"64KiB\",\"type\":\"string\",\"pattern\":"
	"\"^\\\\s*([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)\\\\s*([kKmMgG][iI]?)?[bB]\\\\s*$\"},"
	"\"duration\":{\"title\":\"a duration with its unit, such as "
	"30s\",\"anyOf\":[{\"type\":\"string\",\"pattern\":"
	"\"^\\\\s*([0-9]+\\\\.?[0-9]*|\\\\.[0-9]+)\\\\s*([mM][sS]([eE][cC][sS]?)?|"
	"[mM][iI][lL][lL][iI][sS][eE][cC][oO][nN][dD][sS]?|[sS]([eE][cC]([sS]|[oO][nN][dD][sS]?)?)?"
	"|"
	"[mM]([iI][nN]([sS]|[uU][tT][eE][sS]?)?)?|[hH]([rR][sS]?|[oO][uU][rR][sS]?)?|"
	"[dD]([aA][yY][sS]?)?|[wW]([eE][eE][kK][sS]?)?)\\\\s*$\"},"
	"{\"type\":\"string\",\"pattern\":\"^\\\\s*P[0-9.YMWDTHSymwdths]+\\\\s*$\"},"
	"{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,"
	"\"patternProperties\":{\"^(years|months|weeks|days|hours|minutes|seconds|milliseconds)$\":"
	"{\"type\":[\"number\",\"string\",\"null\"]}}}]},"
	"\"string\":{\"title\":\"a "
	"string\",\"type\":\"string\",\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f]+$\"}}";

void schema_put_definitions(struct json_writer *w)
{
	json_put_raw(w, text_of(definitions));
}

static void put_reference(struct json_writer *w, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "#/definitions/%s", name);
	json_object_begin(w);
	json_put_pair(w, "$ref", path);
	json_object_end(w);
}

static void put_type(struct json_writer *w, const char *type)
{
	json_object_begin(w);
	json_put_pair(w, "type", type);
	json_object_end(w);
}

static void put_pattern(struct json_writer *w, const char *pattern)
{
	json_object_begin(w);
	json_put_pair(w, "type", "string");
	json_put_pair(w, "pattern", pattern);
	json_object_end(w);
}

static void put_bound(struct json_writer *w, const char *name, int64_t bound)
{
	json_key(w, name);
	json_put_int(w, bound);
}

/* A whole number within the row's bounds. */
static void put_whole(struct json_writer *w, const struct setting *row)
{
	json_object_begin(w);
	json_put_pair(w, "type", "integer");
	put_bound(w, "minimum", row->min);
	put_bound(w, "maximum", row->max);
	json_object_end(w);
}

static void put_fraction(struct json_writer *w)
{
	json_object_begin(w);
	json_put_pair(w, "type", "number");
	put_bound(w, "minimum", 0);
	put_bound(w, "maximum", 1);
	json_object_end(w);
}

static void put_choices(struct json_writer *w, const struct setting *row)
{
	json_object_begin(w);
	json_key(w, "enum");
	json_array_begin(w);
	for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
		json_put_cstr(w, c->name);
	json_array_end(w);
	json_object_end(w);
}

/* ---- strings ---- */

static void put_string(struct json_writer *w, const struct setting *row)
{
	const char *pattern = row->accepts == NULL ? NULL : accepts_pattern(row->accepts);

	if (row->choices != NULL)
		put_choices(w, row);
	else if (pattern != NULL)
		put_pattern(w, pattern);
	else
		put_reference(w, "string");
}

static void put_url(struct json_writer *w, const struct setting *row)
{
	bool query = (row->url & URL_QUERY) != 0;

	if ((row->url & URL_PLUGIN_ID) != 0) /* braces, with blanks in them */
		put_pattern(w,
			    (row->url & URL_SRV) != 0
				    ? "^[Hh][Tt][Tt][Pp][Ss]?(\\+[Ss][Rr][Vv])?://[^/?#@]+[^?#]*$"
				    : "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+[^?#]*$");
	else
		put_pattern(w, query ? "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#@]+[^\\s#]*$"
				     : "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#@]+[^\\s?#]*$");
}

/* A list whose elements fit what put() writes, or are computed. */
static void put_list_of(struct json_writer *w, const struct setting *row,
			void (*put)(struct json_writer *w, const struct setting *row))
{
	json_object_begin(w);
	json_put_pair(w, "type", "array");
	if (row->min > 0)
		put_bound(w, "minItems", row->min);
	json_key(w, "items");
	json_object_begin(w);
	json_key(w, "anyOf");
	json_array_begin(w);
	put(w, row);
	put_reference(w, "computed");
	json_array_end(w);
	json_object_end(w);
	json_object_end(w);
}

static void put_any_string(struct json_writer *w, const struct setting *row)
{
	(void)row;
	put_pattern(w, "^[\\s\\S]+$");
}

static void put_plain_string(struct json_writer *w, const struct setting *row)
{
	(void)row;
	put_reference(w, "string");
}

/* Words, which spaces and commas separate. */
static void put_words(struct json_writer *w, const struct setting *row)
{
	struct buf pattern;

	if (row->choices == NULL) {
		put_pattern(w, "[^ ,\\t\\r\\n]");
		return;
	}
	buf_init(&pattern, 4096);
	buf_add_string(&pattern, "^[ ,\\t\\r\\n]*(");
	for (int i = 0; i < 2; i++) {
		for (const struct setting_choice *c = row->choices; c->name != NULL; c++)
			buf_printf(&pattern, "%s%s", c == row->choices ? "" : "|", c->name);
		buf_add_string(&pattern, i == 0 ? ")([ ,\\t\\r\\n]+(" : "))*[ ,\\t\\r\\n]*$");
	}
	put_pattern(w, pattern.ptr);
	buf_fini(&pattern);
}

/* ---- rows that are read in their own way, by what their kind says in words ---- */

static void put_kind(struct json_writer *w, const struct setting *row, struct text kind)
{
	if (text_is(kind, "boolean"))
		put_reference(w, "boolean");
	else if (text_is(kind, "map"))
		put_type(w, "object");
	else if (text_is(kind, "list of strings") || text_is(kind, "list of secrets"))
		put_list_of(w, row, put_any_string);
	else if (text_is(kind, "number"))
		put_whole(w, row);
	else if (text_is(kind, "fraction"))
		put_fraction(w);
	else
		put_any_string(w, row);
	if (text_is(kind, "number") || text_is(kind, "fraction"))
		put_reference(w, "number");
}

/* "secret, or list of secrets" */
static void put_kinds(struct json_writer *w, struct arena *a, const struct setting *row)
{
	const char *kind = row->kind;
	const char * or ;

	while ((or = strstr(kind, "or ")) != NULL && or > kind && or [-1] == ' ') {
		struct text first = {kind, (size_t)(or -1 - kind)};

		if (text_ends(first, ","))
			first.len--;
		put_kind(w, row, text_of(arena_copy(a, first)));
		kind = or +strlen("or ");
	}
	put_kind(w, row, text_of(kind));
}

void schema_put_alternatives(struct json_writer *w, struct arena *a, const struct setting *row)
{
	switch (row->type) {
	case SETTING_BASE64:
		put_pattern(w, "^[A-Za-z0-9+/_-]{2,}={0,2}$");
		break;
	case SETTING_BOOL:
		put_reference(w, "boolean");
		break;
	case SETTING_INT:
		put_whole(w, row);
		put_reference(w, "number");
		break;
	case SETTING_SIZE_BYTES:
		put_whole(w, row);
		put_reference(w, "number");
		put_reference(w, "size");
		break;
	case SETTING_DURATION_MS:
		put_reference(w, "duration");
		break;
	case SETTING_STRINGS:
		put_list_of(w, row, put_plain_string);
		break;
	case SETTING_WORDS:
		if (row->choices != NULL)
			put_choices(w, row);
		put_words(w, row);
		put_list_of(w, row, put_words);
		break;
	case SETTING_URL:
		put_url(w, row);
		break;
	case SETTING_READ:
		put_kinds(w, a, row);
		break;
	default:
		put_string(w, row);
		break;
	}
}

void schema_put_default(struct json_writer *w, const struct setting *row)
{
	bool plain = row->type == SETTING_BOOL || row->type == SETTING_INT ||
		     (row->type == SETTING_READ &&
		      (strcmp(row->kind, "boolean") == 0 || strcmp(row->kind, "number") == 0 ||
		       strcmp(row->kind, "fraction") == 0));

	if (row->fallback == NULL)
		return;
	json_key(w, "default");
	if (plain) /* as it is written in YAML, it stands in JSON */
		json_put_raw(w, text_of(row->fallback));
	else
		json_put_cstr(w, row->fallback);
}
