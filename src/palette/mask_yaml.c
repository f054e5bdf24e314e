/*
 * Masking: YAML, line by line. Nothing is refused: what is no YAML is a list of lines, and
 * templates may stand anywhere. Where a line could be read in two ways, the one that masks more is
 * taken.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "palette/mask_lines.h"

/* ---- where a line belongs ---- */

static struct frame *top_frame(struct lines *l)
{
	return l->depth == 0 ? NULL : &l->frames[l->depth - 1];
}

static struct mask_mood inherited(struct lines *l)
{
	if (l->lost)
		return (struct mask_mood){.secret = true, .strict = true};
	if (l->depth == 0)
		return (struct mask_mood){.secret = false};
	return top_frame(l)->child;
}

static struct frame *push(struct lines *l, ptrdiff_t column, bool is_list)
{
	struct mask_mood mood = inherited(l);

	if (l->depth == MASK_MAX_DEPTH) {
		l->lost = true;
		mood = inherited(l);
		l->depth--;
	}
	l->frames[l->depth] = (struct frame){
		.column = column,
		.is_list = is_list,
		.map = is_list ? 0 : mask_new_map(&l->s),
		.mood = mood,
		.child = mood,
	};
	return &l->frames[l->depth++];
}

/* The list whose dashes stand in that column; it may hang on a key of the same column. */
static void begin_item(struct lines *l, ptrdiff_t column)
{
	struct frame *f;

	while (l->depth > 0 && top_frame(l)->column > column)
		l->depth--;
	f = top_frame(l);
	if (f == NULL || f->column < column || !f->is_list)
		f = push(l, column, true);
	f->child = f->mood;
	if (f->announced || l->lost)
		mask_mood_set(&f->child);
	f->announced = false;
}

/* The map whose keys stand in that column. */
static struct frame *begin_member(struct lines *l, ptrdiff_t column)
{
	struct frame *f;

	while (l->depth > 0 && (top_frame(l)->column > column ||
				(top_frame(l)->column == column && top_frame(l)->is_list)))
		l->depth--;
	f = top_frame(l);
	return f == NULL || f->column < column ? push(l, column, false) : f;
}

static void set_child(struct lines *l, struct mask_mood mood)
{
	if (l->depth > 0)
		top_frame(l)->child = mood;
}

/* ---- scalars ---- */

static void note(struct lines *l, struct text value)
{
	struct frame *f = top_frame(l);

	if (l->has_key)
		mask_note_member(&l->s, l->map, l->key, value);
	else if (f != NULL && f->is_list)
		f->announced = mask_item_announces(value);
}

/* Where a comment begins behind at on this line, or where the line ends. */
static size_t comment_start(const struct lines *l, size_t at)
{
	for (; at < l->end; at++)
		if (l->s.text.ptr[at] == '#' && at > l->at && lines_blank(l->s.text.ptr[at - 1]))
			return at;
	return l->end;
}

/* Whether nothing but a comment follows on the line that ends at end. */
static bool is_last(const struct lines *l, size_t at, size_t end)
{
	size_t next = lines_skip(l, at, end);

	return next >= end || (l->s.text.ptr[next] == '#' && next > at);
}

/* A scalar without quotes, or what cannot be read: to end, which lies behind this line where a
 * quote or bracket does. */
static void take_plain(struct lines *l, size_t start, size_t end, struct mask_mood mood)
{
	size_t comment = comment_start(l, start);
	struct text value = lines_slice(l, start, lines_trim(l, start, comment));

	note(l, value);
	if (!mood.secret) {
		mask_keep_words(&l->s, start, l->end);
		lines_go_on(l, l->end);
	} else if (end == l->end && mask_stays(value, mood.strict)) {
		mask_keep_words(&l->s, comment, l->end);
		lines_go_on(l, end);
	} else {
		mask_hide(&l->s, start, lines_trim(l, start, end));
		l->dropping = true;
		lines_go_on(l, end);
	}
}

static void take_quoted(struct lines *l, size_t start, struct mask_mood mood)
{
	size_t end = mask_quoted_end(&l->s, start);
	size_t stop;

	if (end == 0) {
		take_plain(l, start, l->end, mood);
		return;
	}
	stop = lines_end(l, end);
	if (!is_last(l, end, stop)) {
		take_plain(l, start, stop, mood);
		return;
	}
	note(l, lines_slice(l, start + 1, end - 1));
	mask_quoted(&l->s, start, end, mood);
	mask_keep_words(&l->s, end, stop);
	lines_go_on(l, stop);
}

static void take_value(struct lines *l, size_t at, struct mask_mood mood, ptrdiff_t parent);

static void take_flow(struct lines *l, size_t start, struct mask_mood mood, ptrdiff_t parent)
{
	size_t end = mask_flow_end(&l->s, start);
	size_t stop;
	size_t next;

	if (end == 0) {
		take_plain(l, start, l->end, mood);
		return;
	}
	stop = lines_end(l, end);
	next = lines_skip(l, end, stop);
	if (is_last(l, end, stop)) {
		mask_flow(&l->s, start, end, mood);
		mask_keep_words(&l->s, end, stop);
		lines_go_on(l, stop);
		return;
	}
	if (lines_byte(l, next) == ':' && stop == l->end) {
		/* A collection as a key: nobody knows what it says of its value. */
		mask_flow(&l->s, start, end, mood);
		l->has_key = false;
		take_value(l, next + 1, (struct mask_mood){.secret = true}, parent);
		return;
	}
	/* Reading over several lines was in vain, and would be from the next of them on again. */
	if (stop != l->end)
		l->s.no_flow = true;
	take_plain(l, start, stop, mood);
}

static void take_alias(struct lines *l, size_t start, struct mask_mood mood)
{
	size_t end = start;

	while (!lines_break(l, end))
		end++;
	if (!is_last(l, end, l->end) || end - start < 2) {
		take_plain(l, start, l->end, mood);
		return;
	}
	l->s.alias_in_secret = l->s.alias_in_secret || mood.secret;
	if (mood.secret)
		mask_hide(&l->s, start, end);
	/* It may be the stars of another format. */
	mask_keep_words(&l->s, mood.secret ? end : start, l->end);
	lines_go_on(l, l->end);
}

/* The value that starts at at, or below; parent is the column of its key or dash. */
static void take_value(struct lines *l, size_t at, struct mask_mood mood, ptrdiff_t parent)
{
	bool anchored = false;
	char c;

	at = lines_properties(l, lines_skip(l, at, l->end), &anchored);
	if (anchored && l->s.alias_in_secret)
		mask_mood_set(&mood);
	set_child(l, mood);
	l->dropping = false;
	c = at < l->end ? l->s.text.ptr[at] : '#';
	if (c == '#') {
		mask_keep_words(&l->s, at < l->end ? at : l->end, l->end);
		lines_go_on(l, l->end);
	} else if (lines_is_block(l, at)) {
		lines_block(l, at, mood, parent);
	} else if (c == '"' || c == '\'') {
		take_quoted(l, at, mood);
	} else if ((c == '[' || c == '{') && mask_template_end(l->s.text, at, l->end) == at) {
		take_flow(l, at, mood, parent);
	} else if (c == '*') {
		take_alias(l, at, mood);
	} else {
		take_plain(l, at, l->end, mood);
	}
}

static void take_member(struct lines *l, size_t start, size_t key, size_t key_end, size_t behind,
			bool anchored)
{
	ptrdiff_t column = (ptrdiff_t)(start - l->at);
	struct frame *f = begin_member(l, column);
	struct mask_mood mood;

	l->has_key = true;
	l->key = lines_key_name(l, key, key_end);
	l->map = f->map;
	mood = mask_mood_of(&l->s, f->map, l->key, f->mood);
	if (l->lost || (anchored && l->s.alias_in_secret))
		mask_mood_set(&mood);
	mask_keep_words(&l->s, key, key_end);
	take_value(l, behind, mood, column);
}

/* "? key", its value stands below behind ": ". */
static void take_question(struct lines *l, size_t start)
{
	ptrdiff_t column = (ptrdiff_t)(start - l->at);
	size_t key = lines_skip(l, start + 1, l->end);
	size_t end = lines_trim(l, key, l->end);
	struct frame *f = begin_member(l, column);
	struct mask_mood mood = {.secret = true};

	if (key < end && !lines_one_of(l->s.text.ptr[key], "|>[{&*!?-#"))
		mood = mask_mood_of(&l->s, f->map, lines_key_name(l, key, end), f->mood);
	l->dropping = false;
	set_child(l, mood);
	mask_keep_words(&l->s, key, l->end);
	lines_go_on(l, l->end);
}

static void take_answer(struct lines *l, size_t start)
{
	ptrdiff_t column = (ptrdiff_t)(start - l->at);
	struct frame *f = begin_member(l, column);
	struct mask_mood mood = f->child;

	l->has_key = false;
	take_value(l, start + 1, mood, column);
}

/* ---- lines ---- */

/* Neither key nor dash: a value below its key, or the next line of one. */
static void take_rest(struct lines *l, size_t at)
{
	ptrdiff_t column = (ptrdiff_t)(at - l->at);
	struct mask_mood mood;

	while (l->depth > 0 && top_frame(l)->column >= column)
		l->depth--;
	mood = inherited(l);
	if (l->dropping && mood.secret) {
		mask_keep(&l->s, l->at);
		lines_go_on(l, l->end);
		l->s.from = l->at;
		return;
	}
	l->has_key = false;
	take_value(l, at, mood, l->depth == 0 ? -1 : top_frame(l)->column);
}

static void take_node(struct lines *l, size_t at)
{
	bool dashed = false;
	bool anchored = false;
	size_t key_end = 0;
	size_t behind;
	size_t key;

	while (at < l->end && l->s.text.ptr[at] == '-' && lines_break(l, at + 1)) {
		begin_item(l, (ptrdiff_t)(at - l->at));
		at = lines_skip(l, at + 1, l->end);
		dashed = true;
		l->dropping = false;
	}
	if (at < l->end && l->s.text.ptr[at] == '?' && lines_break(l, at + 1)) {
		take_question(l, at);
		return;
	}
	if (at < l->end && l->s.text.ptr[at] == ':' && lines_break(l, at + 1)) {
		take_answer(l, at);
		return;
	}
	key = lines_properties(l, at, &anchored);
	behind = lines_key(l, key, &key_end);
	if (behind != 0) {
		take_member(l, at, key, key_end, behind, anchored);
	} else if (dashed) {
		l->has_key = false;
		take_value(l, at, inherited(l), top_frame(l)->column);
	} else {
		take_rest(l, at);
	}
}

/* A line that is one template: it belongs to no column. */
static bool take_template(struct lines *l, size_t at)
{
	size_t end = lines_trim(l, at, l->end);
	struct mask_mood mood = {.secret = l->lost};
	struct text template = lines_slice(l, at, end);

	if (mask_template_end(l->s.text, at, end) != end || at == end)
		return false;
	for (unsigned i = 0; i < l->depth && l->frames[i].column < (ptrdiff_t)(at - l->at); i++)
		mood = l->frames[i].child;
	if (mood.secret &&
	    (text_find(template, '"') != SIZE_MAX || text_find(template, '`') != SIZE_MAX ||
	     text_find(template, '\'') != SIZE_MAX))
		mask_hide(&l->s, at, end);
	else
		mask_keep_words(&l->s, at, end);
	lines_go_on(l, l->end);
	return true;
}

static void take_marker(struct lines *l)
{
	size_t at = lines_skip(l, l->at + 3, l->end);

	l->depth = 0;
	l->lost = false;
	l->dropping = false;
	l->has_key = false;
	take_value(l, at, inherited(l), -1);
}

static void take_line(struct lines *l)
{
	size_t at;

	l->end = lines_end(l, l->at);
	at = lines_skip(l, l->at, l->end);
	if (at == l->end)
		lines_go_on(l, l->end);
	else if (at == l->at && lines_is_marker(l, at))
		take_marker(l);
	else if (l->s.text.ptr[at] == '#')
		lines_comments(l, at);
	else if (!take_template(l, at))
		take_node(l, at);
}

static void read_through(struct lines *l)
{
	l->at = 0;
	l->depth = 0;
	l->lost = l->dropping = l->has_key = false;
	while (l->at < l->s.text.len)
		take_line(l);
}

size_t mask_lines(struct text text, unsigned level, struct buf *out)
{
	struct lines *l = heap_alloc(sizeof *l);
	size_t count;

	mask_state_init(&l->s, text, level, false);
	read_through(l);
	mask_second_reading(&l->s, out);
	read_through(l);
	count = mask_state_fini(&l->s);
	free(l);
	return count;
}
