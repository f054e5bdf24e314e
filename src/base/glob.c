/* Globs: from a pattern to alternatives of segments, and those over a text. */
#include "base/glob.h"

#include <string.h>

#include "base/glob_parts.h"

enum { MOST_SEGMENTS = GLOB_MAX_TEXT / 2 + 2 }; /* of a text */

struct alternative {
	struct glob_segment *segments;
	size_t count;
};

struct glob {
	bool nothing; /* a comment */
	bool empty;   /* it matches the empty text, and nothing that comes to the same */
	bool negated;
	bool nocase;
	struct alternative *alternatives;
	size_t count;
};

/* ---- making one ---- */

static bool is_usable(struct text pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if (pattern.ptr[i] < ' ' || pattern.ptr[i] > '~')
			return false;
	return true;
}

/* Cuts at slashes, of which several count as one. Returns how many pieces there are. */
static size_t split(struct text t, struct text *pieces, size_t room)
{
	size_t count = 0;
	size_t start = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.ptr[i] != '/')
			continue;
		if (count < room)
			pieces[count] = text_slice(t, start, i - start);
		count++;
		while (i + 1 < t.len && t.ptr[i + 1] == '/')
			i++;
		start = i + 1;
	}
	if (count < room)
		pieces[count] = text_slice(t, start, t.len);
	return count + 1;
}

/* Leaves out what a ".." behind it takes back, and "**" behind "**". */
static size_t simplify(struct text *pieces, size_t count)
{
	static const char *const kept[] = {"", ".", "..", "**"};
	size_t out = 0;

	for (size_t i = 0; i < count; i++) {
		struct text last = out > 0 ? pieces[out - 1] : TEXT("");
		bool keeps = false;

		if (text_is(pieces[i], "**") && text_is(last, "**"))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(kept); k++)
			keeps = keeps || text_is(last, kept[k]);
		if (text_is(pieces[i], "..") && !keeps)
			out--;
		else
			pieces[out++] = pieces[i];
	}
	if (out == 0)
		pieces[out++] = TEXT("");
	return out;
}

static bool make_alternative(struct arena *a, struct text pattern, unsigned flags,
			     size_t *steps_left, struct alternative *out, struct error *err)
{
	size_t room = split(pattern, NULL, 0);
	struct text *pieces = arena_array(a, struct text, room);
	size_t count;

	split(pattern, pieces, room);
	for (size_t i = 0; i < room; i++)
		if ((flags & GLOB_NO_GLOBSTAR) != 0 && text_is(pieces[i], "**"))
			pieces[i] = TEXT("*");
	count = simplify(pieces, room);
	out->segments = arena_array(a, struct glob_segment, count);
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		if (text_is(pieces[i], "**"))
			out->segments[i].kind = GLOB_GLOBSTAR;
		else if (!glob_segment_new(a, pieces[i], (flags & GLOB_NOCASE) != 0, steps_left,
					   &out->segments[i], err))
			return false;
	}
	return true;
}

static bool make_alternatives(struct arena *a, const struct glob_list *list, unsigned flags,
			      struct glob *g, struct error *err)
{
	size_t steps_left = GLOB_MAX_STEPS;

	g->alternatives = arena_array(a, struct alternative, list->count);
	g->count = list->count;
	for (size_t i = 0; i < list->count; i++)
		if (!make_alternative(a, list->items[i], flags, &steps_left, &g->alternatives[i],
				      err))
			return false;
	return true;
}

static bool make(struct arena *a, struct text pattern, unsigned flags, struct glob *g,
		 struct error *err)
{
	struct glob_list list;
	struct arena scratch;
	bool ok;

	arena_init(&scratch);
	ok = glob_expand(&scratch, pattern, &list, err) &&
	     make_alternatives(a, &list, flags, g, err);
	arena_fini(&scratch);
	return ok;
}

bool glob_new(struct arena *a, struct text pattern, unsigned flags, const struct glob **glob,
	      struct error *err)
{
	struct glob *g = arena_new(a, struct glob);

	if (pattern.len > GLOB_MAX_PATTERN)
		return error_set(err, ERROR_INPUT, "it is longer than %d bytes", GLOB_MAX_PATTERN);
	if (!is_usable(pattern))
		return error_set(err, ERROR_INPUT,
				 "it has a character that is not printable ASCII");
	g->nothing = text_starts(pattern, "#");
	g->empty = pattern.len == 0;
	g->nocase = (flags & GLOB_NOCASE) != 0;
	while (text_starts(pattern, "!")) {
		g->negated = !g->negated;
		pattern = text_slice(pattern, 1, pattern.len);
	}
	if (!g->nothing && !make(a, pattern, flags, g, err))
		return false;
	*glob = g;
	return true;
}

/* ---- over a text ---- */

struct subject {
	const struct text *segments;
	size_t count;
	bool nocase;
};

/* Whether the pattern's segments match those of the text from `at` on, one by one. */
static bool match_each(const struct subject *s, size_t at, const struct glob_segment *pattern,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (at + i >= s->count ||
		    !glob_segment_matches(&pattern[i], s->nocase, s->segments[at + i]))
			return false;
	return true;
}

/* Whether "**" stops there. */
static bool is_hidden(struct text segment)
{
	return text_starts(segment, ".");
}

static bool none_hidden(const struct subject *s, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		if (is_hidden(s->segments[i]))
			return false;
	return true;
}

static size_t find_globstar(const struct glob_segment *segments, size_t from, size_t end)
{
	while (from < end && segments[from].kind != GLOB_GLOBSTAR)
		from++;
	return from;
}

/* The sections between the first "**" and the last, each between two of them. */
struct middle {
	const struct glob_segment *segments;
	size_t count;  /* "**" included */
	size_t from;   /* where in the text the first may stand */
	size_t end;    /* where in the text the last must have ended */
	bool has_tail; /* something of the text was matched behind it */
};

/*
 * The last place for a section. It is meant to leave room for the sections behind it, but minimatch
 * counts those at the beginning instead.
 */
static size_t last_place(const struct middle *m, size_t index, size_t sections, size_t length)
{
	size_t needed = length;
	size_t at = 0;

	for (size_t i = 0; i + 1 + index < sections; i++) {
		size_t stop = find_globstar(m->segments, at, m->count);

		needed += stop - at;
		at = stop + 1;
	}
	return needed > m->end ? 0 : m->end - needed + 1; /* one more, so that there may be none */
}

static size_t count_sections(const struct middle *m)
{
	size_t count = 1;

	for (size_t i = 0; i < m->count; i++)
		count += m->segments[i].kind == GLOB_GLOBSTAR;
	return count;
}

/* Places of the text where a section may begin become those where it has ended. */
static void move_section(const struct subject *s, const struct glob_segment *section, size_t length,
			 size_t places, bool *begin)
{
	bool end[MOST_SEGMENTS + 1] = {false};
	bool open = false;

	for (size_t i = 0; i < places; i++) {
		open = open || begin[i];
		if (open && match_each(s, i, section, length))
			end[i + length] = true;
		if (i >= s->count || is_hidden(s->segments[i]))
			open = false;
	}
	memcpy(begin, end, sizeof end);
}

static bool match_middle(const struct subject *s, const struct middle *m)
{
	bool reached[MOST_SEGMENTS + 1] = {false};
	size_t sections = count_sections(m);
	size_t start = 0;

	reached[m->from] = true;
	for (size_t i = 0; i < sections; i++) {
		size_t stop = find_globstar(m->segments, start, m->count);
		size_t length = stop - start;

		move_section(s, m->segments + start, length, last_place(m, i, sections, length),
			     reached);
		start = stop + 1;
	}
	for (size_t i = 0; i <= s->count; i++)
		if (reached[i] && none_hidden(s, i, s->count) && (i < s->count || m->has_tail))
			return true;
	return false;
}

/* What stands behind the last "**": it must be at the end of the text, from which a slash may be
 * missing. *used  how many segments of the text it takes. */
static bool match_tail(const struct subject *s, size_t from, const struct glob_segment *tail,
		       size_t count, size_t *used)
{
	*used = count;
	if (count == 0)
		return true;
	if (count + from > s->count)
		return false;
	if (match_each(s, s->count - count, tail, count))
		return true;
	*used = count + 1;
	return s->segments[s->count - 1].len == 0 && count + 1 + from <= s->count &&
	       match_each(s, s->count - count - 1, tail, count);
}

static bool match_globstars(const struct subject *s, const struct alternative *a, size_t first)
{
	struct middle m = {.from = first};
	size_t last = a->count - 1;
	size_t used;

	while (a->segments[last].kind != GLOB_GLOBSTAR)
		last--;
	if (!match_each(s, 0, a->segments, first) ||
	    !match_tail(s, first, a->segments + last + 1, a->count - last - 1, &used))
		return false;
	m.end = s->count - used;
	m.has_tail = used > 0;
	if (last <= first + 1)
		return none_hidden(s, first, m.end) && (m.has_tail || first < m.end);
	m.segments = a->segments + first + 1;
	m.count = last - first - 1;
	return match_middle(s, &m);
}

static bool match_alternative(const struct subject *s, const struct alternative *a)
{
	size_t first = find_globstar(a->segments, 0, a->count);

	if (first < a->count)
		return match_globstars(s, a, first);
	if (s->count != a->count &&
	    !(s->count == a->count + 1 && s->segments[s->count - 1].len == 0))
		return false;
	return match_each(s, 0, a->segments, a->count);
}

bool glob_matches(const struct glob *glob, struct text text)
{
	struct text segments[MOST_SEGMENTS];
	struct subject s = {.segments = segments, .nocase = glob->nocase};

	if (glob->nothing || text.len > GLOB_MAX_TEXT)
		return false;
	if (glob->empty)
		return text.len == 0;
	s.count = split(text, segments, MOST_SEGMENTS);
	for (size_t i = 0; i < glob->count; i++)
		if (match_alternative(&s, &glob->alternatives[i]))
			return !glob->negated;
	return glob->negated;
}
