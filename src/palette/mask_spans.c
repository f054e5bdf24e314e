/*
 * Masking: what other formats than YAML spread over lines. Sections of INI and TOML that are named
 * after secrets, strings and lists of TOML and HCL, heredocs, variables of Terraform.
 */
#include <string.h>

#include "palette/mask_inside.h"

/* A value over more lines is read line by line. */
enum { MAX_LINES = 64 };

struct spans {
	struct text text;
	struct buf *out;
	size_t from; /* up to where it is written */
	size_t count;
	size_t at;     /* the line */
	size_t first;  /* its first byte that is no blank */
	size_t stop;   /* its end, before the line break */
	bool secret;   /* in a section that is named after secrets */
	size_t column; /* of the name of that section */
	bool variable; /* in a variable of Terraform with such a name */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t line_end(const struct spans *s, size_t at)
{
	size_t len = text_find(text_slice(s->text, at, s->text.len), '\n');

	return len == SIZE_MAX ? s->text.len : at + len;
}

static size_t skip(const struct spans *s, size_t at, size_t end)
{
	while (at < end && is_blank(s->text.ptr[at]))
		at++;
	return at;
}

static struct text between(const struct spans *s, size_t start, size_t end)
{
	return text_slice(s->text, start, end > start ? end - start : 0);
}

static void hide(struct spans *s, size_t start, size_t end)
{
	if (mask_stays(between(s, start, end), false))
		return;
	buf_add(s->out, between(s, s->from, start));
	buf_add(s->out, TEXT("***"));
	s->from = end;
	s->count++;
}

/* ---- sections ---- */

static bool is_secret_section(struct text name)
{
	static const char *const list[] = {"secret", "secrets", "credential", "credentials",
					   "token",  "tokens",  "password",   "passwords"};
	struct text last = name;
	struct text part;

	while (text_next(&name, '.', &part))
		last = part;
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (text_equal_nocase(last, text_of(list[i])))
			return true;
	return false;
}

/* "[secrets]", "[[app.tokens]]". */
static bool take_section(struct spans *s, struct text line)
{
	if (line.len < 3 || line.ptr[0] != '[' || line.ptr[line.len - 1] != ']' ||
	    text_find(line, ',') != SIZE_MAX)
		return false;
	while (line.len > 2 && line.ptr[0] == '[' && line.ptr[line.len - 1] == ']')
		line = text_slice(line, 1, line.len - 2);
	s->secret = is_secret_section(line);
	s->column = s->first - s->at;
	return true;
}

/* ---- values ---- */

/* Where this comes next, in lines that are no less indented; SIZE_MAX: nowhere near. */
static size_t find_near(const struct spans *s, size_t from, const char *what)
{
	size_t column = s->first - s->at;
	size_t end = line_end(s, from);

	for (int i = 0; i < MAX_LINES; i++) {
		struct text line = between(s, from, end);
		const char *found =
			line.len == 0 ? NULL : memmem(line.ptr, line.len, what, strlen(what));

		if (found != NULL)
			return (size_t)(found - s->text.ptr);
		if (end >= s->text.len)
			break;
		from = end + 1;
		end = line_end(s, from);
		if (skip(s, from, end) < end && skip(s, from, end) - from < column)
			break;
	}
	return SIZE_MAX;
}

/* What stands behind an opening at start up to that closing, if it is on another line or long. */
static bool take_quoted(struct spans *s, size_t start, const char *closing)
{
	size_t close = find_near(s, start, closing);

	if (close == SIZE_MAX)
		return false;
	hide(s, start, close);
	s->stop = line_end(s, close);
	return true;
}

/* "<<EOT", "<<-EOT": the lines up to one that is only that word. */
static bool take_heredoc(struct spans *s, size_t start)
{
	struct text word = text_trim(between(s, start + 2, s->stop));
	size_t from = s->stop + 1;
	size_t at = from;

	if (text_starts(word, "-") || text_starts(word, "~"))
		word = text_slice(word, 1, word.len);
	if (word.len == 0 || from >= s->text.len)
		return false;
	for (int i = 0; i < MAX_LINES && at < s->text.len; i++) {
		size_t end = line_end(s, at);

		if (text_equal(text_trim(between(s, at, end)), word)) {
			if (at > from)
				hide(s, skip(s, from, at), at - 1);
			s->stop = end;
			return true;
		}
		at = end + 1;
	}
	return false;
}

/* A value of one line, with or without quotes. */
static void take_line(struct spans *s, size_t start)
{
	size_t end = s->stop;
	char c = s->text.ptr[start];

	while (end > start && is_blank(s->text.ptr[end - 1]))
		end--;
	if (end - start >= 2 && (c == '"' || c == '\'') && s->text.ptr[end - 1] == c) {
		start++;
		end--;
	}
	hide(s, start, end);
}

/* The value that starts at start. alone: nothing else finds it if it has only one line. */
static void take_value(struct spans *s, size_t start, bool alone)
{
	struct text value = between(s, start, s->stop);

	if (text_starts(value, "\"\"\"") && take_quoted(s, start + 3, "\"\"\""))
		return;
	if (text_starts(value, "'''") && take_quoted(s, start + 3, "'''"))
		return;
	if (text_starts(value, "<<") && take_heredoc(s, start))
		return;
	if (text_starts(value, "[") && text_find(value, ']') == SIZE_MAX &&
	    take_quoted(s, start, "]"))
		return;
	if (text_starts(value, "\"") &&
	    text_find(text_slice(value, 1, value.len), '"') == SIZE_MAX &&
	    take_quoted(s, start + 1, "\""))
		return;
	if (alone)
		take_line(s, start);
}

static struct text without_quotes(struct text name)
{
	if (name.len >= 2 && (name.ptr[0] == '"' || name.ptr[0] == '\''))
		return text_slice(name, 1, name.len - 2);
	return name;
}

static void take_assignment(struct spans *s)
{
	size_t equals = text_find(between(s, s->first, s->stop), '=');
	enum mask_name is;
	struct text name;
	size_t start;
	bool alone;

	if (equals == SIZE_MAX)
		return;
	name = without_quotes(text_trim(between(s, s->first, s->first + equals)));
	start = skip(s, s->first + equals + 1, s->stop);
	if (name.len == 0 || start >= s->stop || text_find(name, ' ') != SIZE_MAX)
		return;
	is = mask_name_of(name);
	alone = (s->secret && is != MASK_NAME_HARMLESS &&
		 !mask_name_belongs(name, MASK_GROUP_OBJECTS)) ||
		(s->variable && mask_name_holds(name));
	if (alone || is == MASK_NAME_SECRET || is == MASK_NAME_SHALLOW || is == MASK_NAME_KEY)
		take_value(s, start, alone);
}

/* 'variable "password" {', and where it ends. */
static bool take_variable(struct spans *s, struct text line)
{
	static const char start[] = "variable \"";
	struct text rest;
	size_t len;

	if (text_is(line, "}"))
		s->variable = false;
	if (!text_starts(line, start))
		return false;
	rest = text_slice(line, sizeof start - 1, line.len);
	len = text_find(rest, '"');
	s->variable = len != SIZE_MAX && mask_name_of(text_slice(rest, 0, len)) == MASK_NAME_SECRET;
	return true;
}

size_t mask_spans(struct text text, struct buf *out)
{
	struct spans s = {.text = text, .out = out};

	while (s.at < text.len) {
		struct text line;

		s.stop = line_end(&s, s.at);
		s.first = skip(&s, s.at, s.stop);
		line = text_trim(between(&s, s.first, s.stop));
		if (line.len > 0 && s.first - s.at < s.column)
			s.secret = false;
		if (!take_section(&s, line) && !take_variable(&s, line))
			take_assignment(&s);
		s.at = s.stop + 1;
	}
	buf_add(out, text_slice(text, s.from, text.len));
	return s.count;
}
