/*
 * Masking inside any text: what looks like a secret wherever it stands. Reads from left to right;
 * whatever is looked at ahead is either passed by at once or remembered, so the time is linear.
 */
#include <stdint.h>
#include <string.h>

#include "palette/mask_words.h"

#define MASK TEXT("***")

/* ---- writing ---- */

/* Puts the mask for what lies between, if that is a secret; goes on behind it. */
void words_hide(struct words *w, size_t start, size_t end)
{
	w->at = end;
	if (mask_stays(text_slice(w->text, start, end - start), false))
		return;
	buf_add(w->out, text_slice(w->text, w->from, start - w->from));
	buf_add(w->out, MASK);
	w->from = end;
	w->count++;
}

/* Where the line of at ends, blanks at its end left out. */
size_t words_stop(struct words *w, size_t at)
{
	if (at >= w->line_end) {
		size_t len = text_find(text_slice(w->text, at, w->text.len), '\n');

		w->line_end = len == SIZE_MAX ? w->text.len : at + len;
		w->line_stop = w->line_end;
		while (w->line_stop > at && words_is_space(w->text.ptr[w->line_stop - 1]))
			w->line_stop--;
	}
	return w->line_stop > at ? w->line_stop : at;
}

/* ---- "password=x" and its like ---- */

/* A quote at this place, also one with backslashes before it; their length. */
size_t words_quote(const struct words *w, size_t at, char *quote)
{
	size_t end = at;

	while (words_byte(w, end) == '\\' && end - at < 8)
		end++;
	if (!words_one_of(words_byte(w, end), "\"'`"))
		return 0;
	*quote = w->text.ptr[end];
	return end + 1 - at;
}

/* What stands in quotes from start on: to the same quote, or else to the end of the line. */
static void hide_quoted(struct words *w, size_t start, size_t marks, char quote)
{
	size_t stop = words_stop(w, start);
	size_t end = start;

	while (end < stop) {
		/* As many backslashes as before the first quote belong to it. */
		if (w->text.ptr[end] == quote)
			break;
		if (w->text.ptr[end] == '\\' && marks == 1)
			end++;
		end++;
	}
	if (end > stop)
		end = stop;
	if (marks > 1)
		while (end > start && w->text.ptr[end - 1] == '\\')
			end--;
	words_hide(w, start, end);
}

/* What stands without quotes from start on. all: to the end of the line, else of the word. */
static void hide_bare(struct words *w, size_t start, bool all)
{
	size_t stop = words_stop(w, start);
	size_t end = mask_template_end(w->text, start, stop);

	if (end > start && mask_stays(text_slice(w->text, start, end - start), false) &&
	    (end == stop || words_is_space(w->text.ptr[end]) ||
	     words_one_of(w->text.ptr[end], "\"'`,;"))) {
		w->at = end;
		return;
	}
	while (end < stop && (all || !words_is_space(w->text.ptr[end])))
		end++;
	while (!all && end > start && words_one_of(w->text.ptr[end - 1], "\"'`,;)]}\\"))
		end--;
	words_hide(w, start, end);
}

/* Behind a name that says that a secret follows: whether one does. */
static bool take_assigned(struct words *w, size_t start, size_t end)
{
	bool is_flag = w->text.ptr[start] == '-';
	char quote = '\0';
	size_t at = end;
	size_t value;
	size_t marks;

	if (start > 0 && w->text.ptr[start - 1] == '<' && words_byte(w, end) == '>') {
		value = end + 1;
		for (at = value; at < w->text.len && !words_one_of(w->text.ptr[at], "<\n"); at++)
			continue;
		words_hide(w, value, at);
		return true;
	}
	at += words_quote(w, at, &quote);
	if (words_byte(w, at) == ']')
		at++;
	at = words_skip(w, at);
	value = at;
	if (words_one_of(words_byte(w, at), "=:")) {
		while (words_one_of(words_byte(w, value), "=:>"))
			value++;
		at = value;
	} else if (at == end || words_byte(w, at) == '-' ||
		   (!is_flag && words_byte(w, at) != '\'')) {
		return false; /* what is left is "--password x", and SQL's PASSWORD 'x' */
	}
	value = words_skip(w, value);
	marks = words_quote(w, value, &quote);
	if (marks > 0)
		hide_quoted(w, value + marks, marks, quote);
	else
		hide_bare(w, value, !is_flag && (value > at || words_at_start(w, start)));
	if (w->at < value)
		w->at = value;
	return true;
}

/* Whether something follows the name between that may be its value; most words end here. */
static bool may_assign(const struct words *w, size_t start, size_t end)
{
	size_t at = words_skip(w, end);

	return words_one_of(words_byte(w, at), at > end ? "=:'" : "=:\"'`\\]>") ||
	       (at > end && w->text.ptr[start] == '-');
}

/* Whether the value of that name is a secret where it stands. */
static bool is_secret_here(const struct words *w, struct text run, size_t start, size_t end)
{
	bool equals = words_byte(w, words_skip(w, end)) == '=';
	bool is_flag = run.ptr[0] == '-' && run.len > 2;

	switch (mask_name_of(run)) {
	case MASK_NAME_SECRET:
		return true;
	case MASK_NAME_SHALLOW:
		return equals || text_equal_nocase(run, TEXT("Set-Cookie")) ||
		       text_equal_nocase(run, TEXT("Cookie"));
	case MASK_NAME_KEY:
		return is_flag || (equals && words_at_start(w, start));
	default:
		return false;
	}
}

/* A word of name bytes, from w->at on. */
static void take_name(struct words *w)
{
	size_t start = w->at;
	size_t end = start;
	struct text run;

	while (end < w->text.len && words_is_name(w->text.ptr[end])) {
		/* Tokens begin where a part of the name does. */
		if (end == start || !words_is_alnum(w->text.ptr[end - 1])) {
			w->at = end;
			if (words_token(w))
				return;
		}
		end++;
	}
	w->at = end;
	run = text_slice(w->text, start, end - start);
	if (words_scheme(w, run, end) || words_login(w, run, end) ||
	    words_of_command(w, run, start, end))
		return;
	if (may_assign(w, start, end) && is_secret_here(w, run, start, end) &&
	    take_assigned(w, start, end))
		return;
	words_pair(w, run, start, end);
}

static void begin_word(struct words *w)
{
	size_t end = w->at;

	w->last_at = SIZE_MAX;
	while (end < w->text.len && !words_is_space(w->text.ptr[end]) &&
	       !words_one_of(w->text.ptr[end], "\"'<>`")) {
		if (w->text.ptr[end] == '@')
			w->last_at = end;
		end++;
	}
	w->word_end = end == w->at ? end + 1 : end;
}

size_t mask_words(struct text text, struct buf *out)
{
	struct words w = {.text = text, .out = out, .last_at = SIZE_MAX};

	while (w.at < text.len) {
		char c = text.ptr[w.at];

		if (w.at >= w.word_end)
			begin_word(&w);
		if (c == '\n')
			w.command = NULL;
		if ((w.at == 0 || text.ptr[w.at - 1] == '\n') && words_pgpass(&w))
			continue;
		if (w.at >= w.encoded_end && words_encoded(&w))
			continue;
		if (c == ':' && words_user(&w))
			continue;
		if ((c == '$' || c == '{') && words_token(&w))
			continue;
		if (words_is_name(c))
			take_name(&w);
		else
			w.at++;
	}
	buf_add(out, text_slice(text, w.from, text.len - w.from));
	return w.count;
}
