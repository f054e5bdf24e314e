/*
 * Slices: finding values in a document without parsing it into anything.
 *
 * The document was checked before, so skipping a value only looks for the end of strings and counts
 * brackets. On bytes that were not checked that finds nonsense, but it stays inside them and every
 * step takes at least one byte, so every loop ends.
 */
#include "json/json.h"

#include <string.h>

#include "json/scan.h"

/* A member's name to look for: as it is, or as a segment of a pointer, with ~0 for ~ and ~1 for /.
 */
struct name {
	struct text text;
	bool is_segment;
};

/* ---- skipping ---- */

static struct text between(const char *from, const char *to)
{
	return (struct text){from, (size_t)(to - from)};
}

/* From the opening quote to behind the closing one; NULL if it is not closed. */
static const char *skip_string(const char *p, const char *end)
{
	p = scan_to_quote(p + 1, end);
	while (p < end && *p == '\\') {
		if (end - p < 2)
			return NULL;
		p = scan_to_quote(p + 2, end);
	}
	return p == end ? NULL : p + 1;
}

/*
 * From the opening bracket to behind the one that closes it; NULL if it is not closed. Brackets and
 * braces differ in one bit, and in a checked document nobody needs to look at it.
 */
static const char *skip_nested(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		char c = *p;

		if (c == '"') {
			p = skip_string(p, end);
			if (p == NULL)
				return NULL;
			continue;
		}
		p++;
		depth += (c | 0x20) == '{';
		if ((c | 0x20) == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

static bool is_scalar_byte(char c)
{
	return scan_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
	       c == 'E';
}

/* Behind the value that starts at p; NULL if none does. */
static const char *skip_value(const char *p, const char *end)
{
	const char *start = p;

	if (p == end)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_nested(p, end);
	while (p < end && is_scalar_byte(*p))
		p++;
	return p == start ? NULL : p;
}

/* The value that is next in rest; rest moves to the next member or item. */
static bool take_value(struct text *rest, struct text *value)
{
	const char *end = rest->ptr + rest->len;
	const char *start = scan_blank(rest->ptr, end);
	const char *behind = skip_value(start, end);
	const char *next;

	if (behind == NULL)
		return false;
	next = scan_blank(behind, end);
	if (next < end && *next == ',')
		next++;
	*value = between(start, behind);
	*rest = between(next, end);
	return true;
}

/* The name that is next in rest; rest moves behind its colon. */
static bool take_name(struct text *rest, struct text *name)
{
	const char *end = rest->ptr + rest->len;
	const char *start = scan_blank(rest->ptr, end);
	const char *behind;
	const char *colon;

	if (start == end || *start != '"')
		return false;
	behind = skip_string(start, end);
	if (behind == NULL)
		return false;
	colon = scan_blank(behind, end);
	if (colon == end || *colon != ':')
		return false;
	*name = between(start, behind);
	*rest = between(colon + 1, end);
	return true;
}

/* ---- strings ---- */

static bool is_quoted(struct text value)
{
	return value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
}

/* The next byte that name reads as. False at its end. */
static bool name_next(struct name *name, char *c)
{
	size_t step = 1;

	if (name->text.len == 0)
		return false;
	*c = name->text.ptr[0];
	if (name->is_segment && *c == '~' && name->text.len > 1) {
		*c = name->text.ptr[1] == '0' ? '~' : '/';
		step = 2;
	}
	name->text = text_slice(name->text, step, SIZE_MAX);
	return true;
}

static size_t encode_utf8(uint32_t rune, char out[4])
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xC0 | (rune >> 6));
		out[1] = (char)(0x80 | (rune & 0x3F));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xE0 | (rune >> 12));
		out[1] = (char)(0x80 | ((rune >> 6) & 0x3F));
		out[2] = (char)(0x80 | (rune & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (rune >> 18));
	out[1] = (char)(0x80 | ((rune >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((rune >> 6) & 0x3F));
	out[3] = (char)(0x80 | (rune & 0x3F));
	return 4;
}

/*
 * One byte or one escape of what stands between the quotes, as the bytes it reads as; NULL where
 * neither may stand.
 */
static const char *read_unit(const char *p, const char *end, char out[4], size_t *len)
{
	uint32_t rune;

	if (*p == '"')
		return NULL;
	if (*p != '\\') {
		out[0] = *p;
		*len = 1;
		return p + 1;
	}
	p = scan_escape(p, end, &rune);
	if (p != NULL)
		*len = encode_utf8(rune, out);
	return p;
}

/* Whether the bytes between the quotes read as name, unit for unit. */
static bool inside_reads_as(struct text inside, struct name name)
{
	const char *p = inside.ptr;
	const char *end = p + inside.len;
	char unit[4];
	size_t len;
	char c;

	while (p < end) {
		p = read_unit(p, end, unit, &len);
		if (p == NULL)
			return false;
		for (size_t i = 0; i < len; i++)
			if (!name_next(&name, &c) || c != unit[i])
				return false;
	}
	return name.text.len == 0;
}

/* Whether a string slice reads as name. */
static bool reads_as(struct text string, struct name name)
{
	struct text inside = {string.ptr + 1, string.len - 2};
	const char *end = inside.ptr + inside.len;

	/* Nearly all names are written plainly. */
	if (!name.is_segment && scan_to_quote(inside.ptr, end) == end)
		return text_equal(inside, name.text);
	return inside_reads_as(inside, name);
}

bool json_unescape(struct arena *a, struct text value, struct text *out)
{
	struct text raw = text_trim(value);
	const char *p;
	const char *end;
	char *to;
	char *start;
	size_t len;

	if (!is_quoted(raw))
		return false;
	p = raw.ptr + 1;
	end = raw.ptr + raw.len - 1;
	/* No escape is shorter than what it stands for. */
	start = to = arena_alloc(a, raw.len);
	while (p < end) {
		const char *plain = scan_plain(p, end);

		memcpy(to, p, (size_t)(plain - p));
		to += plain - p;
		p = plain;
		if (p == end)
			break;
		p = read_unit(p, end, to, &len);
		if (p == NULL || *to == '\0')
			return false;
		to += len;
	}
	*to = '\0';
	*out = between(start, to);
	return true;
}

bool json_string_is(struct text value, const char *s)
{
	struct text raw = text_trim(value);

	return is_quoted(raw) && reads_as(raw, (struct name){.text = text_of(s)});
}

/* ---- scalars ---- */

enum json_type json_type_of(struct text value)
{
	struct text raw = text_trim(value);

	if (raw.len == 0)
		return JSON_TYPE_NONE;
	switch (raw.ptr[0]) {
	case '{':
		return JSON_TYPE_OBJECT;
	case '[':
		return JSON_TYPE_ARRAY;
	case '"':
		return JSON_TYPE_STRING;
	case 't':
		return text_is(raw, "true") ? JSON_TYPE_TRUE : JSON_TYPE_NONE;
	case 'f':
		return text_is(raw, "false") ? JSON_TYPE_FALSE : JSON_TYPE_NONE;
	case 'n':
		return text_is(raw, "null") ? JSON_TYPE_NULL : JSON_TYPE_NONE;
	default:
		return raw.ptr[0] == '-' || scan_is_digit(raw.ptr[0]) ? JSON_TYPE_NUMBER
								      : JSON_TYPE_NONE;
	}
}

bool json_int(struct text value, int64_t *out)
{
	return json_type_of(value) == JSON_TYPE_NUMBER && text_to_int(text_trim(value), out);
}

bool json_bool(struct text value, bool *out)
{
	enum json_type type = json_type_of(value);

	if (type != JSON_TYPE_TRUE && type != JSON_TYPE_FALSE)
		return false;
	*out = type == JSON_TYPE_TRUE;
	return true;
}

/* ---- walking and finding ---- */

struct json_walk json_walk_begin(struct text array_or_object)
{
	struct text raw = text_trim(array_or_object);
	enum json_type type = json_type_of(raw);

	if (type != JSON_TYPE_OBJECT && type != JSON_TYPE_ARRAY)
		return (struct json_walk){.rest = TEXT(""), .of = JSON_TYPE_NONE};
	return (struct json_walk){.rest = text_slice(raw, 1, SIZE_MAX), .of = type};
}

bool json_walk_item(struct json_walk *walk, struct text *item)
{
	return walk->of == JSON_TYPE_ARRAY && take_value(&walk->rest, item);
}

bool json_walk_member(struct json_walk *walk, struct text *key, struct text *value)
{
	struct text rest = walk->rest;
	struct text name;

	if (walk->of != JSON_TYPE_OBJECT || !take_name(&rest, &name) || !take_value(&rest, value))
		return false;
	*key = name;
	walk->rest = rest;
	return true;
}

/*
 * Seeking: a place in a document is the text from where a value starts to the end of the document,
 * so that going deeper does not look for the end of what is entered.
 */

/* To the value of the first member that reads as name. */
static bool seek_member(struct text object, struct name name, struct text *place)
{
	struct json_walk walk = json_walk_begin(object);
	struct text key;
	struct text value;

	if (walk.of != JSON_TYPE_OBJECT)
		return false;
	while (take_name(&walk.rest, &key)) {
		if (reads_as(key, name)) {
			*place = walk.rest;
			return true;
		}
		if (!take_value(&walk.rest, &value))
			return false;
	}
	return false;
}

/* To the item whose number is segment: decimal, without leading zeros. */
static bool seek_item(struct text array, struct text segment, struct text *place)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	int64_t index;

	if (segment.len == 0 || !scan_is_digit(segment.ptr[0]) ||
	    (segment.ptr[0] == '0' && segment.len > 1) || !text_to_int(segment, &index))
		return false;
	for (; index > 0; index--)
		if (!json_walk_item(&walk, &item))
			return false;
	*place = walk.rest;
	return true;
}

/* Every ~ is followed by 0 or 1. */
static bool is_segment(struct text segment)
{
	for (size_t i = 0; i < segment.len; i++)
		if (segment.ptr[i] == '~' && (i + 1 == segment.len || (segment.ptr[i + 1] != '0' &&
								       segment.ptr[i + 1] != '1')))
			return false;
	return true;
}

static bool seek_segment(struct text here, struct text segment, struct text *place)
{
	bool has_escapes = text_find(segment, '~') != SIZE_MAX;

	if (json_type_of(here) == JSON_TYPE_ARRAY)
		return seek_item(here, segment, place);
	return is_segment(segment) &&
	       seek_member(here, (struct name){.text = segment, .is_segment = has_escapes}, place);
}

bool json_member(struct text object, const char *name, struct text *value)
{
	struct text place;

	return seek_member(object, (struct name){.text = text_of(name)}, &place) &&
	       take_value(&place, value);
}

size_t json_count_members(struct text object)
{
	struct json_walk walk = json_walk_begin(object);
	struct text value;
	struct text key;
	size_t count = 0;

	while (json_walk_member(&walk, &key, &value))
		count++;
	return count;
}

size_t json_count_items(struct text array)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	size_t count = 0;

	while (json_walk_item(&walk, &item))
		count++;
	return count;
}

bool json_at(struct text document, const char *pointer, struct text *value)
{
	struct text here = document;
	struct text path = text_of(pointer);
	struct text segment;

	if (path.len > 0) {
		if (path.ptr[0] != '/')
			return false;
		path = text_slice(path, 1, SIZE_MAX);
		while (text_next(&path, '/', &segment))
			if (!seek_segment(here, segment, &here))
				return false;
	}
	return take_value(&here, value);
}

const char *json_string_at(struct arena *a, struct text document, const char *pointer,
			   const char *fallback)
{
	struct text value;
	struct text string;

	if (!json_at(document, pointer, &value) || !json_unescape(a, value, &string))
		return fallback;
	return string.ptr;
}
