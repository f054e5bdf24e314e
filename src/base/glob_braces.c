/* Braces: one pattern becomes several, as bash has it and minimatch does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob_parts.h"

enum {
	MOST_CALLS = 1024, /* bounds the work for nested braces */
	MOST_DEPTH = 16,
	MOST_DIGITS = 9,
};

/* Escaped characters stand as these while braces are looked for; a pattern holds no controls. */
static const char escapable[] = "\\{},.";
enum { FIRST_STAND_IN = 1, CLOSING = 3 };

struct expansion {
	struct arena *arena;
	struct error *err;
	bool failed;
	unsigned calls;
	unsigned depth;
};

static void fail(struct expansion *e, const char *why)
{
	if (!e->failed)
		error_set(e->err, ERROR_INPUT, "%s", why);
	e->failed = true;
}

/* ---- lists ---- */

static struct glob_list list_new(struct expansion *e)
{
	return (struct glob_list){arena_array(e->arena, struct text, GLOB_MAX_ALTERNATIVES), 0};
}

static void add(struct expansion *e, struct glob_list *list, struct text item)
{
	if (list->count == GLOB_MAX_ALTERNATIVES) {
		fail(e, "its braces stand for more than 256 patterns");
		return;
	}
	list->items[list->count++] = item;
}

static struct text join(struct expansion *e, struct text a, struct text b, struct text c)
{
	char *ptr = arena_alloc(e->arena, a.len + b.len + c.len + 1);
	struct text pieces[] = {a, b, c};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		if (pieces[i].len > 0)
			memcpy(ptr + len, pieces[i].ptr, pieces[i].len);
		len += pieces[i].len;
	}
	if (len > 2 * GLOB_MAX_PATTERN)
		fail(e, "its braces stand for patterns that are too long");
	return (struct text){ptr, len};
}

static struct text in_braces(struct expansion *e, struct text t)
{
	return join(e, TEXT("{"), t, TEXT("}"));
}

/* Every beginning with `middle` and every ending behind it. */
static struct glob_list combine(struct expansion *e, const struct glob_list *beginnings,
				struct text middle, const struct glob_list *endings,
				bool drop_empty)
{
	struct glob_list out = list_new(e);

	for (size_t i = 0; i < beginnings->count; i++)
		for (size_t j = 0; j < endings->count && !e->failed; j++) {
			struct text t = join(e, beginnings->items[i], middle, endings->items[j]);

			if (t.len > 0 || !drop_empty)
				add(e, &out, t);
		}
	return out;
}

static struct glob_list append(struct expansion *e, const struct glob_list *beginnings,
			       struct text t, bool drop_empty)
{
	struct text nothing = TEXT("");

	return combine(e, beginnings, t, &(struct glob_list){&nothing, 1}, drop_empty);
}

/* ---- finding ---- */

/* The first '{' that has its '}'. */
static bool find_pair(struct text t, size_t *open, size_t *close)
{
	for (size_t i = 0; i < t.len; i++) {
		size_t depth = 0;

		if (t.ptr[i] != '{')
			continue;
		for (size_t j = i; j < t.len; j++) {
			depth += t.ptr[j] == '{';
			depth -= t.ptr[j] == '}';
			if (depth > 0)
				continue;
			*open = i;
			*close = j;
			return true;
		}
	}
	return false;
}

/* What keeps "{a},b}" alive: a comma, not followed by another, with a '}' somewhere behind. */
static bool comma_set_follows(struct text t)
{
	bool close = false;

	for (size_t i = t.len; i-- > 0;) {
		close = close || t.ptr[i] == '}';
		if (close && t.ptr[i] == ',' && t.ptr[i + 1] != ',')
			return true;
	}
	return false;
}

/* Splits at the commas that are in no pair of braces. */
static struct glob_list split(struct expansion *e, struct text body)
{
	struct glob_list out = list_new(e);
	struct text rest = body;
	size_t start = 0;
	size_t at = 0;

	for (;;) {
		size_t open = rest.len;
		size_t close = rest.len;

		(void)find_pair(rest, &open, &close);
		for (size_t i = at; i < at + open; i++) {
			if (body.ptr[i] != ',')
				continue;
			add(e, &out, text_slice(body, start, i - start));
			start = i + 1;
		}
		if (close == rest.len)
			break;
		at += close + 1;
		rest = text_slice(rest, close + 1, rest.len);
	}
	add(e, &out, text_slice(body, start, body.len));
	return out;
}

/* ---- sequences ---- */

struct sequence {
	struct text ends[3]; /* first, last, step as written */
	size_t count;
	bool letters;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number(struct text t)
{
	size_t sign = text_starts(t, "-");

	for (size_t i = sign; i < t.len; i++)
		if (!is_digit(t.ptr[i]))
			return false;
	return t.len > sign;
}

static bool is_letter(struct text t)
{
	char c = t.len == 1 ? t.ptr[0] : '\0';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t find_dots(struct text t)
{
	size_t at = 0;

	while (at < t.len && !text_starts(text_slice(t, at, t.len), ".."))
		at++;
	return at;
}

/* "1..5", "a..e..2" */
static bool read_sequence(struct text body, struct sequence *out)
{
	bool more = true;

	*out = (struct sequence){.count = 0};
	while (more) {
		size_t end = find_dots(body);

		if (out->count == ARRAY_LEN(out->ends))
			return false;
		out->ends[out->count++] = text_slice(body, 0, end);
		more = end < body.len;
		body = text_slice(body, end + 2, body.len);
	}
	if (out->count < 2 || (out->count == 3 && !is_number(out->ends[2])))
		return false;
	out->letters = is_letter(out->ends[0]) && is_letter(out->ends[1]);
	return out->letters || (is_number(out->ends[0]) && is_number(out->ends[1]));
}

static int64_t value_of(struct expansion *e, struct text t)
{
	int64_t value = 0;

	if (is_letter(t))
		return t.ptr[0];
	if (t.len > MOST_DIGITS + (size_t)text_starts(t, "-") || !text_to_int(t, &value))
		fail(e, "a number in its braces is too large");
	return value;
}

static bool is_padded(struct text t)
{
	size_t sign = text_starts(t, "-");

	return t.len > sign + 1 && t.ptr[sign] == '0';
}

static struct text print_value(struct expansion *e, const struct sequence *s, int64_t value)
{
	size_t width = s->ends[0].len > s->ends[1].len ? s->ends[0].len : s->ends[1].len;
	bool pad = false;

	if (s->letters) {
		char c = (char)value;

		return c == '\\' ? TEXT("") : arena_copy_text(e->arena, (struct text){&c, 1});
	}
	for (size_t i = 0; i < s->count; i++)
		pad = pad || is_padded(s->ends[i]);
	return text_of(arena_printf(e->arena, "%0*" PRId64, pad ? (int)width : 0, value));
}

static struct glob_list count_up(struct expansion *e, const struct sequence *s)
{
	struct glob_list out = list_new(e);
	int64_t first = value_of(e, s->ends[0]);
	int64_t last = value_of(e, s->ends[1]);
	int64_t step = s->count == 3 ? llabs(value_of(e, s->ends[2])) : 1;
	int64_t sign = last < first ? -1 : 1;

	if (step == 0)
		step = 1;
	for (int64_t v = first; sign * v <= sign * last && !e->failed; v += sign * step)
		add(e, &out, print_value(e, s, v));
	return out;
}

/* ---- the whole ---- */

static struct glob_list expand(struct expansion *e, struct text t, bool top);

/* What a pair's body stands for, where it has commas. */
static struct glob_list expand_choices(struct expansion *e, struct text body)
{
	struct glob_list choices = split(e, body);
	struct glob_list out = list_new(e);

	/* "{{a,b}}" is "{a}" and "{b}"; "{${a,b}}" stays as it is */
	if (choices.count == 1) {
		choices = expand(e, choices.items[0], false);
		for (size_t i = 0; i < choices.count; i++)
			choices.items[i] = in_braces(e, choices.items[i]);
		if (choices.count == 1)
			return choices;
	}
	for (size_t i = 0; i < choices.count; i++) {
		struct glob_list each = expand(e, choices.items[i], false);

		for (size_t j = 0; j < each.count; j++)
			add(e, &out, each.items[j]);
	}
	return out;
}

/* Takes pair after pair from the left; what comes of them so far is in `out`. */
static struct glob_list expand_pairs(struct expansion *e, struct text t, bool top)
{
	struct glob_list out = list_new(e);
	bool drop_empty = false;
	bool first = true;

	add(e, &out, TEXT(""));
	while (!e->failed) {
		struct glob_list values;
		struct sequence sequence;
		struct text before;
		struct text behind;
		struct text body;
		size_t open;
		size_t close;

		if (!find_pair(t, &open, &close))
			return append(e, &out, t, drop_empty);
		before = text_slice(t, 0, open);
		body = text_slice(t, open + 1, close - open - 1);
		behind = text_slice(t, close + 1, t.len);
		if (text_ends(before, "$")) {
			/* "${a,b}" stays as it is */
			values = (struct glob_list){&body, 1};
			body = in_braces(e, body);
		} else if (read_sequence(body, &sequence)) {
			values = count_up(e, &sequence);
		} else if (text_find(body, ',') != SIZE_MAX) {
			drop_empty = drop_empty || (first && top);
			values = expand_choices(e, body);
		} else if (comma_set_follows(behind)) {
			/* "{a},b}": this '}' does not close */
			char *changed = arena_copy(e->arena, t);

			changed[close] = CLOSING;
			t.ptr = changed;
			top = true;
			continue;
		} else {
			return append(e, &out, t, drop_empty);
		}
		first = false;
		out = combine(e, &out, before, &values, drop_empty && behind.len == 0);
		if (behind.len == 0)
			break;
		t = behind;
	}
	return out;
}

static struct glob_list expand(struct expansion *e, struct text t, bool top)
{
	struct glob_list out = {NULL, 0};

	if (++e->calls > MOST_CALLS || e->depth == MOST_DEPTH)
		fail(e, "its braces are nested too much");
	if (e->failed)
		return out;
	e->depth++;
	out = expand_pairs(e, t, top);
	e->depth--;
	return out;
}

/* "\\", "\{", "\}", "\," and "\." become stand-ins. */
static struct text hide_escaped(struct arena *a, struct text pattern)
{
	char *out = arena_alloc(a, pattern.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < pattern.len; i++) {
		const char *found = i + 1 < pattern.len && pattern.ptr[i] == '\\'
					    ? strchr(escapable, pattern.ptr[i + 1])
					    : NULL;

		out[len++] = found == NULL ? pattern.ptr[i]
					   : (char)(FIRST_STAND_IN + (found - escapable));
		i += found != NULL;
	}
	/* As in bash, "{}" at the very beginning means itself. */
	if (len >= 2 && out[0] == '{' && out[1] == '}') {
		out[0] = FIRST_STAND_IN + 1;
		out[1] = CLOSING;
	}
	return (struct text){out, len};
}

/* They come back without their '\', so that an escaped backslash escapes what is behind it. */
static struct text show_escaped(struct arena *a, struct text t)
{
	char *out = arena_copy(a, t);

	for (size_t i = 0; i < t.len; i++)
		if (out[i] >= FIRST_STAND_IN && (size_t)out[i] < sizeof escapable)
			out[i] = escapable[out[i] - FIRST_STAND_IN];
	return (struct text){out, t.len};
}

bool glob_expand(struct arena *a, struct text pattern, struct glob_list *out, struct error *err)
{
	struct expansion e = {.arena = a, .err = err};
	struct glob_list list;
	size_t open = text_find(pattern, '{');

	if (open == SIZE_MAX ||
	    text_find(text_slice(pattern, open, pattern.len), '}') == SIZE_MAX) {
		out->items = arena_new(a, struct text);
		out->items[0] = pattern;
		out->count = 1;
		return true;
	}
	list = expand(&e, hide_escaped(a, pattern), true);
	if (e.failed)
		return false;
	for (size_t i = 0; i < list.count; i++)
		list.items[i] = show_escaped(a, list.items[i]);
	*out = list;
	return true;
}
