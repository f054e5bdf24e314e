/* JSON for people, byte by byte: numbers and the order of members stay as they are. */
#include "cmd/pretty.h"

#include "base/visible.h"

struct printer {
	struct buf *out;
	bool indented;
	size_t depth;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void begin_line(const struct printer *p)
{
	if (!p->indented)
		return;
	buf_add_char(p->out, '\n');
	for (size_t i = 0; i < p->depth; i++)
		buf_add_string(p->out, "  ");
}

/* With its quotes; json begins with it. */
static struct text string_at(struct text json)
{
	size_t end = 1;

	while (end < json.len && json.ptr[end] != '"')
		end += json.ptr[end] == '\\' ? 2 : 1;
	return text_slice(json, 0, end + 1);
}

static bool closes_at_once(struct text json, size_t at)
{
	while (at < json.len && is_space(json.ptr[at]))
		at++;
	return at < json.len && (json.ptr[at] == '}' || json.ptr[at] == ']');
}

static void add_mark(struct printer *p, struct text json, size_t at, bool *empty)
{
	char c = json.ptr[at];

	if (c == '}' || c == ']') {
		p->depth -= p->depth > 0;
		if (!*empty)
			begin_line(p);
	}
	*empty = false;
	buf_add_char(p->out, c);
	if (c == '{' || c == '[') {
		p->depth++;
		*empty = closes_at_once(json, at + 1);
		if (!*empty)
			begin_line(p);
	} else if (c == ',') {
		begin_line(p);
	} else if (c == ':' && p->indented) {
		buf_add_char(p->out, ' ');
	}
}

static void print(struct printer *p, struct text json)
{
	bool empty = false; /* what was opened last */
	size_t at = 0;

	while (at < json.len) {
		if (json.ptr[at] == '"') {
			struct text string = string_at(text_slice(json, at, json.len));

			visible_add_json(p->out, string);
			at += string.len;
			continue;
		}
		if (!is_space(json.ptr[at]))
			add_mark(p, json, at, &empty);
		at++;
	}
}

void pretty_add_json(struct buf *out, struct text json)
{
	struct printer p = {.out = out, .indented = true};

	print(&p, json);
}

void pretty_add_json_line(struct buf *out, struct text json)
{
	struct printer p = {.out = out};

	print(&p, json);
}
