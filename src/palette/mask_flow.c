/* Masking: collections in brackets. JSON is one of these, so documents in JSON are read here too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "palette/mask_inside.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char byte_at(const struct mask_state *s, size_t at)
{
	return at < s->text.len ? s->text.ptr[at] : '\0';
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* ---- tokens of a flow collection ---- */

/* Behind the comment at at, which stands at the end of its line. */
static size_t comment_end(const struct mask_state *s, size_t at)
{
	size_t len = text_find(text_slice(s->text, at, s->text.len), '\n');

	return len == SIZE_MAX ? s->text.len : at + len;
}

static bool starts_comment(const struct mask_state *s, size_t at)
{
	return !s->json && s->text.ptr[at] == '#' && at > 0 &&
	       (is_space(s->text.ptr[at - 1]) || is_one_of(s->text.ptr[at - 1], ",[]{}\"'"));
}

/* Whether the colon at at ends a key, whose scalar was quoted or not. */
static bool is_colon(const struct mask_state *s, size_t at, bool was_quoted)
{
	char next = byte_at(s, at + 1);

	return byte_at(s, at) == ':' &&
	       (was_quoted || at + 1 >= s->text.len || is_space(next) || is_one_of(next, ",[]{}"));
}

/* Behind the scalar without quotes at start. */
static size_t bare_end(const struct mask_state *s, size_t start)
{
	size_t at = start;

	while (at < s->text.len) {
		char c = s->text.ptr[at];
		size_t behind = mask_template_end(s->text, at, s->text.len);

		if (behind > at) {
			at = behind;
			continue;
		}
		if (is_one_of(c, ",[]{}") || is_colon(s, at, false) || starts_comment(s, at))
			break;
		at++;
	}
	while (at > start && is_space(s->text.ptr[at - 1]))
		at--;
	return at > start ? at : start + 1;
}

/* Behind the scalar at start, of either sort. */
static size_t scalar_end(struct mask_state *s, size_t start, bool *was_quoted)
{
	size_t end;

	*was_quoted = is_one_of(s->text.ptr[start], "\"'");
	if (!*was_quoted)
		return bare_end(s, start);
	end = mask_quoted_end(s, start);
	if (end == 0)
		*was_quoted = false;
	return end == 0 ? bare_end(s, start) : end;
}

/* Behind "&name", "*name", "!tag" at at; at if none starts there. */
static size_t property_end(const struct mask_state *s, size_t at)
{
	size_t end = at;

	if (s->json || !is_one_of(byte_at(s, at), "&*!"))
		return at;
	while (end < s->text.len && !is_space(s->text.ptr[end]) &&
	       !is_one_of(s->text.ptr[end], ",[]{}"))
		end++;
	return end;
}

size_t mask_flow_end(struct mask_state *s, size_t start)
{
	size_t depth = 0;
	bool was_quoted;

	s->flow_depth = 0;
	if (s->no_flow)
		return 0;
	for (size_t at = start; at < s->text.len;) {
		char c = s->text.ptr[at];
		bool template =
			!s->json && at > start && mask_template_end(s->text, at, s->text.len) > at;

		if (!template && is_one_of(c, "{[") && ++depth > s->flow_depth)
			s->flow_depth = depth;
		if (is_one_of(c, "}]") && --depth == 0)
			return at + 1;
		if (starts_comment(s, at))
			at = comment_end(s, at);
		else if (!template && (is_space(c) || is_one_of(c, "{}[],:")))
			at++;
		else if (property_end(s, at) > at)
			at = property_end(s, at);
		else
			at = scalar_end(s, at, &was_quoted);
	}
	s->no_flow = true;
	return 0;
}

/* ---- a flow collection as a value ---- */

struct level {
	bool is_map;
	bool in_value;  /* behind a colon */
	bool announced; /* the item before was "--password" */
	size_t map;
	struct mask_mood mood;  /* of the collection */
	struct mask_mood value; /* of the value of key */
	struct text key;        /* ptr NULL: there is none, and then perhaps no map */
};

struct flow {
	struct mask_state *s;
	size_t at;
	size_t end;
	unsigned depth;
	bool anchored; /* the next value has an anchor */
	struct level levels[MASK_MAX_DEPTH];
};

static struct mask_mood next_mood(const struct flow *f, struct mask_mood outer)
{
	const struct level *top = f->depth == 0 ? NULL : &f->levels[f->depth - 1];
	struct mask_mood mood = top == NULL ? outer : top->in_value ? top->value : top->mood;

	if ((top != NULL && top->announced) || (f->anchored && f->s->alias_in_secret))
		mask_mood_set(&mood);
	return mood;
}

static void push(struct flow *f, struct mask_mood mood)
{
	bool is_map = f->s->text.ptr[f->at] == '{';

	f->levels[f->depth++] = (struct level){
		.is_map = is_map,
		.map = is_map ? mask_new_map(f->s) : 0,
		.mood = mood,
	};
	f->anchored = false;
	f->at++;
}

static struct text without_quotes(struct text t, bool was_quoted)
{
	return was_quoted ? text_slice(t, 1, t.len - 2) : t;
}

/* The text of a key. One with escapes in it is read first; arena. */
static struct text key_text(struct arena *a, struct text raw, bool was_quoted)
{
	struct text key = without_quotes(raw, was_quoted);
	struct buf plain;

	if (!was_quoted || text_find(key, '\\') == SIZE_MAX)
		return key;
	buf_init(&plain, raw.len * 2 + 16);
	/* What cannot be read may say anything. */
	key = mask_unquote(raw, &plain) ? arena_copy_text(a, buf_text(&plain)) : TEXT("secret");
	buf_fini(&plain);
	return key;
}

static void take_key(struct flow *f, struct arena *a, size_t end, bool was_quoted)
{
	struct level *top = &f->levels[f->depth - 1];
	struct text raw = text_slice(f->s->text, f->at, end - f->at);

	if (!top->is_map) {
		/* [key: value] is a map in a list. */
		top->map = mask_new_map(f->s);
	}
	top->key = key_text(a, raw, was_quoted);
	top->value = mask_mood_of(f->s, top->map, top->key, top->mood);
	top->announced = false;
	if (was_quoted)
		mask_quoted_key(f->s, f->at, end);
	else
		mask_keep_words(f->s, f->at, end);
	f->anchored = false;
}

static void take_value(struct flow *f, struct arena *a, size_t end, bool was_quoted,
		       struct mask_mood mood)
{
	struct level *top = &f->levels[f->depth - 1];
	struct text raw = text_slice(f->s->text, f->at, end - f->at);

	if (top->in_value && top->key.ptr != NULL)
		mask_note_member(f->s, top->map, top->key, key_text(a, raw, was_quoted));
	top->announced = !top->in_value && mask_item_announces(without_quotes(raw, was_quoted));
	f->anchored = false;
	if (was_quoted)
		mask_quoted(f->s, f->at, end, mood);
	else if (!mood.secret)
		mask_keep_words(f->s, f->at, end);
	else if (!mask_stays(raw, mood.strict))
		mask_hide(f->s, f->at, end);
}

/* "&name", "*name", "!tag": false if none starts here. */
static bool take_property(struct flow *f, struct mask_mood mood)
{
	char c = f->s->text.ptr[f->at];
	size_t end = property_end(f->s, f->at);

	if (end == f->at)
		return false;
	if (c == '*') {
		f->s->alias_in_secret = f->s->alias_in_secret || mood.secret;
		if (mood.secret)
			mask_hide(f->s, f->at, end);
	} else if (c == '&') {
		f->anchored = true;
	}
	f->at = end;
	return true;
}

static void take_scalar(struct flow *f, struct arena *a, struct mask_mood mood)
{
	bool was_quoted;
	size_t end = scalar_end(f->s, f->at, &was_quoted);
	size_t next;

	if (end > f->end)
		end = f->end;
	next = end;
	while (next < f->end && is_space(f->s->text.ptr[next]))
		next++;
	if (next < f->end && is_colon(f->s, next, was_quoted) && !f->levels[f->depth - 1].in_value)
		take_key(f, a, end, was_quoted);
	else
		take_value(f, a, end, was_quoted, mood);
	f->at = end;
}

static void take_mark(struct flow *f)
{
	struct level *top = &f->levels[f->depth - 1];
	char c = f->s->text.ptr[f->at++];

	if (c == ',') {
		top->in_value = false;
		f->anchored = false;
	} else if (c == ':') {
		/* Behind a collection as a key: nobody knows what it says. */
		if (top->key.ptr == NULL)
			top->value = (struct mask_mood){.secret = true};
		top->in_value = true;
	} else {
		f->depth--;
		if (f->depth > 0) {
			top = &f->levels[f->depth - 1];
			if (!top->in_value)
				top->key = (struct text){NULL, 0};
		}
	}
	if (c == ',')
		top->key = (struct text){NULL, 0};
}

static void step(struct flow *f, struct arena *a, struct mask_mood outer)
{
	struct mask_state *s = f->s;
	struct mask_mood mood = next_mood(f, outer);
	char c = s->text.ptr[f->at];
	bool template =
		!s->json && f->depth > 0 && mask_template_end(s->text, f->at, f->end) > f->at;

	if (starts_comment(s, f->at)) {
		size_t end = comment_end(s, f->at);

		if (end > f->end)
			end = f->end;
		mask_keep_words(s, f->at, end);
		f->at = end;
	} else if (is_space(c)) {
		f->at++;
	} else if (!template && is_one_of(c, "{[")) {
		push(f, mood);
	} else if (!template && is_one_of(c, "}],:")) {
		take_mark(f);
	} else if (!take_property(f, mood)) {
		take_scalar(f, a, mood);
	}
}

void mask_flow(struct mask_state *s, size_t start, size_t end, struct mask_mood mood)
{
	struct arena keys;
	struct flow *f;

	if (s->flow_depth >= MASK_MAX_DEPTH) {
		mask_hide(s, start, end);
		return;
	}
	f = heap_alloc(sizeof *f);
	f->s = s;
	f->at = start;
	f->end = end;
	f->depth = 0;
	f->anchored = false;
	arena_init(&keys);
	do {
		if (f->depth == MASK_MAX_DEPTH) {
			/* Templates were read otherwise when the depth was counted. */
			mask_hide(s, f->at, end);
			break;
		}
		step(f, &keys, mood);
	} while (f->at < end && f->depth > 0);
	mask_keep(s, end);
	arena_fini(&keys);
	free(f);
}
