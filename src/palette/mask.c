/* Masking: which way a text is read. */
#include "palette/mask.h"

#include <stdlib.h>
#include <string.h>

#include "palette/mask_inside.h"
#include "json/json.h"

static const struct mask_mood at_ease = {.secret = false};

static bool has(struct text text, const char *what)
{
	return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

/* ---- JSON ---- */

/* The checked value that starts at start. */
static void read_json(struct mask_state *s, size_t start)
{
	char c = s->text.ptr[start];
	size_t end = 0;

	if (c == '{' || c == '[')
		end = mask_flow_end(s, start);
	if (end != 0) {
		mask_flow(s, start, end, at_ease);
	} else if (c == '"') {
		end = mask_quoted_end(s, start);
		if (end != 0)
			mask_quoted(s, start, end, at_ease);
	}
}

static size_t mask_checked_json(struct text text, size_t start, unsigned level, struct buf *out)
{
	struct mask_state s;

	mask_state_init(&s, text, level, true);
	read_json(&s, start);
	mask_second_reading(&s, out);
	read_json(&s, start);
	return mask_state_fini(&s);
}

/* Whether it is JSON and more than a word; start: where the value begins. */
static bool is_json(struct text text, size_t *start)
{
	struct text trimmed = text_trim(text);
	struct error ignored;
	struct text value;

	if (!text_starts(trimmed, "{") && !text_starts(trimmed, "[") && !text_starts(trimmed, "\""))
		return false;
	if (!json_check(text, &value, &ignored))
		return false;
	*start = (size_t)(value.ptr - text.ptr);
	return true;
}

/* ---- any text ---- */

/* One line without anything that YAML would take for more than a word. */
static bool is_plain(struct text text)
{
	struct text trimmed = text_trim(text);

	return text_find(text, '\n') == SIZE_MAX && !has(text, ": ") && !has(text, ":\t") &&
	       !text_ends(trimmed, ":") && text_find(text, '#') == SIZE_MAX &&
	       (trimmed.len == 0 || strchr("{[\"'-?&!*|>.%", trimmed.ptr[0]) == NULL);
}

/* By lines; where the parser of YAML finds a secret in the result, nothing of it stays. */
static size_t mask_checked_lines(struct text text, unsigned level, struct buf *out)
{
	struct buf lines;
	size_t count;

	buf_init(&lines, text.len * 8 + 64);
	count = mask_lines(text, level, &lines);
	if (buf_complete(&lines) && mask_is_complete(buf_text(&lines))) {
		buf_add(out, buf_text(&lines));
	} else {
		buf_add(out, TEXT("***"));
		count = count == 0 ? 1 : count;
	}
	buf_fini(&lines);
	return count;
}

static size_t mask_without_pem(struct text text, unsigned level, struct buf *out)
{
	size_t start;

	if (is_plain(text))
		return mask_words(text, out);
	if (is_json(text, &start))
		return mask_checked_json(text, start, level, out);
	return mask_checked_lines(text, level, out);
}

/* Puts what a pass over the whole text makes of it in its place. */
static size_t pass_over(size_t (*pass)(struct text text, struct buf *out), struct buf *text)
{
	struct buf next;
	size_t count;

	buf_init(&next, text->len * 3 + 64);
	count = pass(buf_text(text), &next);
	buf_fini(text);
	*text = next;
	return count;
}

size_t mask_text(struct text text, unsigned level, struct buf *out)
{
	struct buf rest;
	size_t ignored;
	size_t count = 0;

	if (level > MASK_MAX_LEVEL && !mask_stays(text, true)) {
		buf_add(out, TEXT("***"));
		return 1;
	}
	buf_init(&rest, text.len + 64);
	buf_add(&rest, text);
	if (has(text, "-----BEGIN "))
		count += pass_over(mask_pem, &rest);
	if (has(text, "\n") && has(text, "=") && !is_json(text, &ignored))
		count += pass_over(mask_spans, &rest);
	if ((has(text, "</") || has(text, "/>")) && !is_json(text, &ignored))
		count += pass_over(mask_xml, &rest);
	count += mask_without_pem(buf_text(&rest), level, out);
	buf_fini(&rest);
	return count;
}

/* ---- from outside ---- */

typedef size_t once(struct text text, struct buf *out);

/*
 * Masks until nothing is left to mask. A mask that takes the place of something that was no YAML
 * can change how the rest reads; where that does not end, nothing stays.
 */
static size_t settle(once *mask, struct text text, struct text nothing, struct buf *out)
{
	enum { MAX_ROUNDS = 4 };
	struct buf last;
	struct buf next;
	size_t count;
	size_t more;

	buf_init(&last, text.len * 8 + 64);
	count = more = mask(text, &last);
	for (int i = 0; more > 0 && i < MAX_ROUNDS && buf_complete(&last); i++) {
		buf_init(&next, last.len * 8 + 64);
		more = mask(buf_text(&last), &next);
		count += more;
		buf_fini(&last);
		last = next;
	}
	buf_add(out, more == 0 && buf_complete(&last) ? buf_text(&last) : nothing);
	buf_fini(&last);
	return count;
}

static size_t text_once(struct text text, struct buf *out)
{
	return mask_text(text, 0, out);
}

static size_t json_once(struct text value, struct buf *out)
{
	struct error ignored;
	struct text checked;

	if (json_check(value, &checked, &ignored))
		return mask_checked_json(value, (size_t)(checked.ptr - value.ptr), 0, out);
	buf_add(out, TEXT("\"***\""));
	return 1;
}

size_t mask_yaml_text(struct text text, struct buf *out)
{
	return settle(text_once, text, TEXT("***"), out);
}

size_t mask_json(struct text value, struct buf *out)
{
	return settle(json_once, value, TEXT("\"***\""), out);
}

size_t mask_variables(struct text json, struct buf *out)
{
	/* What marks a variable as sensitive counts in every object. */
	return mask_json(json, out);
}
