/*
 * Masking: YAML, line by line. Nothing is refused: what is no YAML is a list of lines, and
 * templates may stand anywhere. Where a line could be read in two ways, the one that masks more is
 * taken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "palette/mask_inside.h"

/* A collection that is open, by the column of its keys or dashes. */
struct frame {
	ptrdiff_t column;
	bool is_list;
	bool announced; /* the item before was "--password" */
	size_t map;
	struct mask_mood mood;  /* of the collection */
	struct mask_mood child; /* of the value being read */
};

struct lines {
	struct mask_state s;
	size_t at;  /* where the line starts */
	size_t end; /* where it ends, before the line break */
	struct frame frames[MASK_MAX_DEPTH];
	unsigned depth;
	bool lost;     /* too deep to be followed: everything is a secret */
	bool dropping; /* lines that go on with a value that is masked already */
	bool has_key;  /* of the value being read: */
	struct text key;
	size_t map;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static char byte_at(const struct lines *l, size_t at)
{
	return at < l->s.text.len ? l->s.text.ptr[at] : '\0';
}

static size_t skip_blanks(const struct lines *l, size_t at, size_t end)
{
	while (at < end && is_blank(l->s.text.ptr[at]))
		at++;
	return at;
}

static size_t trim_end(const struct lines *l, size_t start, size_t end)
{
	while (end > start && is_blank(l->s.text.ptr[end - 1]))
		end--;
	return end;
}

/* Where the line of at ends, before its line break. */
static size_t line_end(const struct lines *l, size_t at)
{
	size_t len = text_find(text_slice(l->s.text, at, l->s.text.len), '\n');

	return len == SIZE_MAX ? l->s.text.len : at + len;
}

static void go_on_behind(struct lines *l, size_t end)
{
	l->at = end < l->s.text.len ? end + 1 : end;
}

static bool is_break(const struct lines *l, size_t at)
{
	return at >= l->end || is_blank(l->s.text.ptr[at]);
}

static struct text slice(const struct lines *l, size_t start, size_t end)
{
	return text_slice(l->s.text, start, end - start);
}

/* ---- where a line belongs ---- */

static struct frame *top_frame(struct lines *l)
{
	return l->depth == 0 ? NULL : &l->frames[l->depth - 1];
}

static struct mask_mood inherited(struct lines *l)
{
	if (l->lost)
		return (struct mask_mood){.secret = true, .strict = true};
	return l->depth == 0 ? (struct mask_mood){.secret = false} : top_frame(l)->child;
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
		f->child.secret = true;
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

/* ---- text in text ---- */

/* The longest start that all lines between have in common, of these characters. */
static struct text common_start(const struct lines *l, size_t start, size_t end, const char *of)
{
	struct text common = {NULL, 0};

	for (size_t at = start; at < end;) {
		size_t stop = line_end(l, at);
		size_t len = 0;

		if (stop > end)
			stop = end;
		while (at + len < stop && is_one_of(l->s.text.ptr[at + len], of) &&
		       (common.ptr == NULL ||
			(len < common.len && common.ptr[len] == l->s.text.ptr[at + len])))
			len++;
		/* A line of nothing else says nothing about the others. */
		if (at + len < stop && l->s.text.ptr[at + len] != '\r')
			common = slice(l, at, at + len);
		at = stop + 1;
	}
	return common;
}

static void put_lines(struct buf *out, struct text start, struct text lines)
{
	struct text bare = start;
	struct text line;
	bool first = true;

	while (bare.len > 0 && is_blank(bare.ptr[bare.len - 1]))
		bare.len--;
	while (text_next(&lines, '\n', &line)) {
		if (!first)
			buf_add_char(out, '\n');
		first = false;
		buf_add(out, line.len == 0 ? bare : start);
		buf_add(out, line);
	}
}

/* Whole lines that are a text of their own, each behind the same start. */
static void take_nested(struct lines *l, size_t start, size_t end, const char *of)
{
	struct text common = common_start(l, start, end, of);
	struct buf inside;
	struct buf result;
	size_t count;

	if (l->s.out == NULL)
		return;
	buf_init(&inside, end - start);
	buf_init(&result, (end - start) * 8 + 64);
	for (size_t at = start; at < end;) {
		size_t stop = line_end(l, at);
		size_t skip = at;

		if (stop > end)
			stop = end;
		while (skip < stop && skip - at < common.len && is_one_of(byte_at(l, skip), of))
			skip++;
		buf_add(&inside, slice(l, skip, stop));
		if (stop < end)
			buf_add_char(&inside, '\n');
		at = stop + 1;
	}
	count = mask_text(buf_text(&inside), l->s.level + 1, &result);
	if (count > 0) {
		mask_keep(&l->s, start);
		put_lines(l->s.out, common,
			  buf_complete(&result) ? buf_text(&result) : TEXT("***"));
		l->s.from = end;
		l->s.count += count;
	}
	buf_fini(&inside);
	buf_fini(&result);
}

/* Comments in one column, one after the other: a text that is switched off. */
static void take_comments(struct lines *l, size_t hash)
{
	size_t column = hash - l->at;
	size_t end = l->end;

	while (end < l->s.text.len) {
		size_t start = end + 1;
		size_t stop = line_end(l, start);
		size_t next = skip_blanks(l, start, stop);

		if (next == stop || next - start != column || l->s.text.ptr[next] != '#')
			break;
		end = stop;
	}
	take_nested(l, l->at, end, " \t#");
	go_on_behind(l, end);
}

/* ---- block scalars ---- */

static bool is_block_header(const struct lines *l, size_t at)
{
	if (!is_one_of(byte_at(l, at), "|>"))
		return false;
	for (at++; at < l->end && is_one_of(l->s.text.ptr[at], "0123456789+-"); at++)
		continue;
	at = skip_blanks(l, at, l->end);
	return at >= l->end || l->s.text.ptr[at] == '#';
}

static bool is_marker(const struct lines *l, size_t at)
{
	struct text rest = text_slice(l->s.text, at, 4);

	return (text_starts(rest, "---") || text_starts(rest, "...")) &&
	       (rest.len == 3 || is_blank(rest.ptr[3]) || rest.ptr[3] == '\n');
}

/* Behind the last line of the block scalar that belongs to a parent in that column; the end of its
 * header if it has none. */
static size_t block_end(const struct lines *l, ptrdiff_t parent)
{
	size_t end = l->end;

	for (size_t at = l->end + 1; at < l->s.text.len;) {
		size_t stop = line_end(l, at);
		size_t first = skip_blanks(l, at, stop);

		if (first < stop) {
			if ((ptrdiff_t)(first - at) <= parent || (first == at && is_marker(l, at)))
				break;
			end = trim_end(l, first, stop);
			if (stop < l->s.text.len && end < stop && l->s.text.ptr[stop - 1] == '\r')
				end = stop - 1;
		}
		at = stop + 1;
	}
	return end;
}

static void take_block(struct lines *l, size_t header, struct mask_mood mood, ptrdiff_t parent)
{
	size_t end = block_end(l, parent);

	if (end > l->end && mood.secret) {
		if (!mask_stays(slice(l, l->end, end), mood.strict))
			mask_hide(&l->s, header, end);
	} else if (end > l->end) {
		mask_keep_words(&l->s, header, l->end);
		take_nested(l, l->end + 1, end, " \t");
	} else {
		mask_keep_words(&l->s, header, l->end);
	}
	go_on_behind(l, line_end(l, end));
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
		if (l->s.text.ptr[at] == '#' && at > l->at && is_blank(l->s.text.ptr[at - 1]))
			return at;
	return l->end;
}

/* Whether nothing but a comment follows on the line that ends at end. */
static bool is_last(const struct lines *l, size_t at, size_t end)
{
	size_t next = skip_blanks(l, at, end);

	return next >= end || (l->s.text.ptr[next] == '#' && next > at);
}

/* A scalar without quotes, or what cannot be read: to end, which lies behind this line where a
 * quote or bracket does. */
static void take_plain(struct lines *l, size_t start, size_t end, struct mask_mood mood)
{
	size_t comment = comment_start(l, start);
	struct text value = slice(l, start, trim_end(l, start, comment));

	note(l, value);
	if (!mood.secret) {
		mask_keep_words(&l->s, start, l->end);
		go_on_behind(l, l->end);
	} else if (end == l->end && mask_stays(value, mood.strict)) {
		mask_keep_words(&l->s, comment, l->end);
		go_on_behind(l, end);
	} else {
		mask_hide(&l->s, start, trim_end(l, start, end));
		l->dropping = true;
		go_on_behind(l, end);
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
	stop = line_end(l, end);
	if (!is_last(l, end, stop)) {
		take_plain(l, start, stop, mood);
		return;
	}
	note(l, slice(l, start + 1, end - 1));
	mask_quoted(&l->s, start, end, mood);
	mask_keep_words(&l->s, end, stop);
	go_on_behind(l, stop);
}

static void take_flow(struct lines *l, size_t start, struct mask_mood mood)
{
	size_t end = mask_flow_end(&l->s, start);
	size_t stop;
	size_t next;

	if (end == 0) {
		take_plain(l, start, l->end, mood);
		return;
	}
	stop = line_end(l, end);
	next = skip_blanks(l, end, stop);
	if (is_last(l, end, stop)) {
		mask_flow(&l->s, start, end, mood);
		mask_keep_words(&l->s, end, stop);
		go_on_behind(l, stop);
		return;
	}
	if (byte_at(l, next) == ':') {
		/* A collection as a key: nobody knows what it says of its value. */
		mask_flow(&l->s, start, end, mood);
		set_child(l, (struct mask_mood){.secret = true});
		next = skip_blanks(l, next + 1, stop);
		if (next < stop)
			mask_hide(&l->s, next, trim_end(l, next, stop));
		go_on_behind(l, stop);
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

	while (!is_break(l, end))
		end++;
	if (!is_last(l, end, l->end) || end - start < 2) {
		take_plain(l, start, l->end, mood);
		return;
	}
	l->s.alias_in_secret = l->s.alias_in_secret || mood.secret;
	if (mood.secret)
		mask_hide(&l->s, start, end);
	mask_keep_words(&l->s, end, l->end);
	go_on_behind(l, l->end);
}

/* Behind anchors and tags before a value or key. */
static size_t skip_properties(const struct lines *l, size_t at, bool *anchored)
{
	while (at < l->end && is_one_of(l->s.text.ptr[at], "&!")) {
		*anchored = *anchored || l->s.text.ptr[at] == '&';
		while (!is_break(l, at))
			at++;
		at = skip_blanks(l, at, l->end);
	}
	return at;
}

/* The value that starts at at, or below; parent is the column of its key or dash. */
static void take_value(struct lines *l, size_t at, struct mask_mood mood, ptrdiff_t parent)
{
	bool anchored = false;
	char c;

	at = skip_properties(l, skip_blanks(l, at, l->end), &anchored);
	if (anchored && l->s.alias_in_secret)
		mood.secret = true;
	set_child(l, mood);
	l->dropping = false;
	c = at < l->end ? l->s.text.ptr[at] : '#';
	if (c == '#') {
		mask_keep_words(&l->s, at < l->end ? at : l->end, l->end);
		go_on_behind(l, l->end);
	} else if (is_block_header(l, at)) {
		take_block(l, at, mood, parent);
	} else if (c == '"' || c == '\'') {
		take_quoted(l, at, mood);
	} else if ((c == '[' || c == '{') && mask_template_end(l->s.text, at, l->end) == at) {
		take_flow(l, at, mood);
	} else if (c == '*') {
		take_alias(l, at, mood);
	} else {
		take_plain(l, at, l->end, mood);
	}
}

/* ---- keys ---- */

/* Behind the colon that ends the quoted key at start; 0 if there is none. */
static size_t quoted_key(const struct lines *l, size_t start, size_t *key_end)
{
	char quote = l->s.text.ptr[start];
	size_t at = start + 1;

	while (at < l->end && l->s.text.ptr[at] != quote)
		at += l->s.text.ptr[at] == '\\' && quote == '"' ? 2 : 1;
	if (at >= l->end)
		return 0;
	*key_end = at + 1;
	at = skip_blanks(l, at + 1, l->end);
	return byte_at(l, at) == ':' && at < l->end ? at + 1 : 0;
}

/* The same of a key without quotes. */
static size_t bare_key(const struct lines *l, size_t start, size_t *key_end)
{
	bool templates = true;

	if (is_one_of(l->s.text.ptr[start], "[]},#|>@`%*") ||
	    (l->s.text.ptr[start] == '{' && byte_at(l, start + 1) != '{'))
		return 0;
	for (size_t at = start; at < l->end;) {
		size_t behind = templates ? mask_template_end(l->s.text, at, l->end) : at;

		if (behind > at) {
			at = behind;
			continue;
		}
		if (l->s.text.ptr[at] == '#' && at > start && is_blank(l->s.text.ptr[at - 1]))
			return 0;
		if (l->s.text.ptr[at] == ':' && at > start && is_break(l, at + 1)) {
			*key_end = at;
			return at + 1;
		}
		at++;
	}
	return 0;
}

static size_t find_key(const struct lines *l, size_t start, size_t *key_end)
{
	if (start >= l->end)
		return 0;
	return is_one_of(l->s.text.ptr[start], "\"'") ? quoted_key(l, start, key_end)
						      : bare_key(l, start, key_end);
}

/* The name that a key reads as; one with escapes may read as anything. */
static struct text name_of_key(const struct lines *l, size_t start, size_t end)
{
	struct text key = text_trim(slice(l, start, end));

	if (key.len >= 2 && is_one_of(key.ptr[0], "\"'")) {
		key = text_slice(key, 1, key.len - 2);
		if (text_find(key, '\\') != SIZE_MAX)
			return TEXT("secret");
	}
	return key;
}

static void take_member(struct lines *l, size_t start, size_t key, size_t key_end, size_t behind,
			bool anchored)
{
	ptrdiff_t column = (ptrdiff_t)(start - l->at);
	struct frame *f = begin_member(l, column);
	struct mask_mood mood;

	l->has_key = true;
	l->key = name_of_key(l, key, key_end);
	l->map = f->map;
	mood = mask_mood_of(&l->s, f->map, l->key, f->mood);
	if (l->lost || (anchored && l->s.alias_in_secret))
		mood.secret = true;
	mask_keep_words(&l->s, key, key_end);
	take_value(l, behind, mood, column);
}

/* "? key", its value stands below behind ": ". */
static void take_question(struct lines *l, size_t start)
{
	ptrdiff_t column = (ptrdiff_t)(start - l->at);
	size_t key = skip_blanks(l, start + 1, l->end);
	size_t end = trim_end(l, key, l->end);
	struct frame *f = begin_member(l, column);
	struct mask_mood mood = {.secret = true};

	if (key < end && !is_one_of(l->s.text.ptr[key], "|>[{&*!?-#"))
		mood = mask_mood_of(&l->s, f->map, name_of_key(l, key, end), f->mood);
	l->dropping = false;
	set_child(l, mood);
	mask_keep_words(&l->s, key, l->end);
	go_on_behind(l, l->end);
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
		go_on_behind(l, l->end);
		l->s.from = l->at;
		return;
	}
	l->has_key = false;
	take_value(l, at, mood, l->depth == 0 ? -1 : top_frame(l)->column);
	set_child(l, mood);
}

static void take_node(struct lines *l, size_t at)
{
	bool dashed = false;
	bool anchored = false;
	size_t key_end = 0;
	size_t behind;
	size_t key;

	while (at < l->end && l->s.text.ptr[at] == '-' && is_break(l, at + 1)) {
		begin_item(l, (ptrdiff_t)(at - l->at));
		at = skip_blanks(l, at + 1, l->end);
		dashed = true;
		l->dropping = false;
	}
	if (at < l->end && l->s.text.ptr[at] == '?' && is_break(l, at + 1)) {
		take_question(l, at);
		return;
	}
	if (at < l->end && l->s.text.ptr[at] == ':' && is_break(l, at + 1)) {
		take_answer(l, at);
		return;
	}
	key = skip_properties(l, at, &anchored);
	behind = find_key(l, key, &key_end);
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
	size_t end = trim_end(l, at, l->end);
	struct mask_mood mood = {.secret = l->lost};
	struct text template = slice(l, at, end);

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
	go_on_behind(l, l->end);
	return true;
}

static void take_marker(struct lines *l)
{
	size_t at = skip_blanks(l, l->at + 3, l->end);

	l->depth = 0;
	l->lost = false;
	l->dropping = false;
	l->has_key = false;
	take_value(l, at, inherited(l), -1);
}

static void take_line(struct lines *l)
{
	size_t at;

	l->end = line_end(l, l->at);
	at = skip_blanks(l, l->at, l->end);
	if (at == l->end)
		go_on_behind(l, l->end);
	else if (at == l->at && is_marker(l, at))
		take_marker(l);
	else if (l->s.text.ptr[at] == '#')
		take_comments(l, at);
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
