/*
 * Masking: XML. An element with the name of a secret, also with attributes, a namespace or CDATA;
 * a value beside a name that says so, in elements or attributes.
 */
#include <string.h>

#include "palette/mask_inside.h"

/* A longer tag is none. */
enum { MAX_TAG = 2048 };

struct xml {
	struct text text;
	struct buf *out;
	size_t from; /* up to where it is written */
	size_t count;
	size_t at;
	bool named;    /* the name before says that the value is a secret */
	bool no_cdata; /* no more ends of CDATA: not looked for again */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == ':';
}

static struct text between(const struct xml *x, size_t start, size_t end)
{
	return text_slice(x->text, start, end > start ? end - start : 0);
}

static void hide(struct xml *x, size_t start, size_t end)
{
	if (start < x->from || mask_stays(between(x, start, end), false))
		return;
	buf_add(x->out, between(x, x->from, start));
	buf_add(x->out, TEXT("***"));
	x->from = end;
	x->count++;
}

static bool is_secret(struct text name)
{
	enum mask_name is = mask_name_of(name);

	return is == MASK_NAME_SECRET || is == MASK_NAME_SHALLOW;
}

static bool is_one(struct text name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(name, text_of(list[i])))
			return true;
	return false;
}

static bool names(struct text name)
{
	static const char *const list[] = {"name", "key", "param-name", "id"};

	return is_one(name, list, ARRAY_LEN(list));
}

static bool holds(struct text name)
{
	static const char *const list[] = {"value", "param-value", "string"};

	return is_one(name, list, ARRAY_LEN(list));
}

/* The name that starts at at, without its namespace; at moves behind it. */
static struct text take_name(const struct xml *x, size_t *at)
{
	size_t start = *at;

	while (*at < x->text.len && is_name_byte(x->text.ptr[*at])) {
		if (x->text.ptr[*at] == ':')
			start = *at + 1;
		(*at)++;
	}
	return between(x, start, *at);
}

/* name="value" at *at: false if none is there. */
static bool take_attribute(const struct xml *x, size_t *at, size_t end, struct text *name,
			   struct text *value)
{
	size_t start;
	char quote;

	while (*at < end && is_space(x->text.ptr[*at]))
		(*at)++;
	*name = take_name(x, at);
	while (*at < end && (is_space(x->text.ptr[*at]) || x->text.ptr[*at] == '='))
		(*at)++;
	if (name->len == 0 || *at >= end)
		return false;
	quote = x->text.ptr[*at];
	if (quote != '"' && quote != '\'')
		return false;
	start = ++*at;
	while (*at < end && x->text.ptr[*at] != quote)
		(*at)++;
	*value = between(x, start, *at);
	(*at)++;
	return *at <= end;
}

/* The attributes between: whether they name a secret; one that holds its value is hidden. */
static bool take_attributes(struct xml *x, size_t at, size_t end)
{
	struct text held = {NULL, 0};
	bool named = false;
	struct text value;
	struct text name;

	while (take_attribute(x, &at, end, &name, &value)) {
		named = named || (names(name) && is_secret(value));
		if (holds(name))
			held = value;
	}
	if (named && held.ptr != NULL)
		hide(x, (size_t)(held.ptr - x->text.ptr),
		     (size_t)(held.ptr - x->text.ptr) + held.len);
	return named;
}

/* What an element contains from at on; false if it is more than text. */
static bool find_content(struct xml *x, size_t at, size_t *start, size_t *end)
{
	static const char cdata[] = "<![CDATA[";
	struct text rest = text_slice(x->text, at, x->text.len);
	const char *close;

	while (rest.len > 0 && is_space(rest.ptr[0]))
		rest = text_slice(rest, 1, rest.len);
	if (text_starts(rest, cdata) && !x->no_cdata) {
		rest = text_slice(rest, sizeof cdata - 1, rest.len);
		close = rest.len == 0 ? NULL : memmem(rest.ptr, rest.len, "]]>", 3);
		x->no_cdata = close == NULL;
		if (close == NULL)
			return false;
	} else {
		close = rest.len == 0 ? NULL : memchr(rest.ptr, '<', rest.len);
		if (close == NULL ||
		    !text_starts(text_slice(rest, (size_t)(close - rest.ptr), rest.len), "</"))
			return false;
	}
	*start = (size_t)(rest.ptr - x->text.ptr);
	*end = (size_t)(close - x->text.ptr);
	while (*end > *start && is_space(x->text.ptr[*end - 1]))
		(*end)--;
	return *end > *start;
}

static void take_element(struct xml *x)
{
	size_t at = x->at + 1;
	struct text name = take_name(x, &at);
	struct text tag = text_slice(x->text, at, MAX_TAG);
	size_t close = text_find(tag, '>');
	bool named;
	size_t start;
	size_t end;

	x->at = at;
	if (name.len == 0 || close == SIZE_MAX)
		return;
	named = take_attributes(x, at, at + close);
	x->at = at + close + 1;
	if (close > 0 && tag.ptr[close - 1] == '/')
		return;
	if (!find_content(x, x->at, &start, &end))
		return;
	if (names(name))
		x->named = is_secret(between(x, start, end));
	else if (named || is_secret(name) || (x->named && holds(name)))
		hide(x, start, end);
	x->at = end;
}

/* Behind a value, or what holds both, the name counts no more. */
static void take_closing(struct xml *x)
{
	size_t at = x->at + 2;
	struct text name = take_name(x, &at);

	if (!names(name))
		x->named = false;
	x->at = at;
}

size_t mask_xml(struct text text, struct buf *out)
{
	struct xml x = {.text = text, .out = out};

	while (x.at < text.len) {
		struct text rest = text_slice(text, x.at, text.len);
		size_t next = text_find(rest, '<');

		if (next == SIZE_MAX)
			break;
		x.at += next;
		if (x.at + 1 < text.len && text.ptr[x.at + 1] == '/')
			take_closing(&x);
		else
			take_element(&x);
	}
	buf_add(out, text_slice(text, x.from, text.len));
	return x.count;
}
