/* Masking: templates and quoted scalars. */
#include <stdint.h>
#include <string.h>

#include "palette/mask_inside.h"

/* A longer template is read as text. */
enum { MAX_TEMPLATE = 256 };

/* ---- templates ---- */

size_t mask_template_end(struct text text, size_t start, size_t end)
{
	struct text t = text_slice(text, start, end > start ? end - start : 0);
	size_t at = 2;

	if (t.len < 2 || t.ptr[0] != '{' || t.ptr[1] != '{')
		return start;
	t = text_slice(t, 0, MAX_TEMPLATE);
	while (at + 1 < t.len) {
		size_t next = text_find(text_slice(t, at, t.len), '}');

		if (next == SIZE_MAX)
			break;
		at += next + 1;
		if (at < t.len && t.ptr[at] == '}')
			return start + at + 1;
	}
	return start;
}

/* ---- quoted scalars ---- */

size_t mask_quoted_end(struct mask_state *s, size_t start)
{
	char quote = s->text.ptr[start];
	size_t *given_up = quote == '"' ? &s->no_double_quote : &s->no_single_quote;
	size_t at = start + 1;

	if (start >= *given_up)
		return 0;
	while (at < s->text.len) {
		if (s->text.ptr[at] == quote) {
			if (quote == '"' || (at + 1 == s->text.len || s->text.ptr[at + 1] != '\''))
				return at + 1;
			at++;
		} else if (s->text.ptr[at] == '\\' && quote == '"') {
			at++;
		}
		at++;
	}
	*given_up = start;
	return 0;
}

static void put_rune(struct buf *out, uint32_t rune)
{
	if (rune < 0x80) {
		buf_add_char(out, (char)rune);
	} else if (rune < 0x800) {
		buf_add_char(out, (char)(0xC0 | rune >> 6));
		buf_add_char(out, (char)(0x80 | (rune & 0x3F)));
	} else if (rune < 0x10000) {
		buf_add_char(out, (char)(0xE0 | rune >> 12));
		buf_add_char(out, (char)(0x80 | (rune >> 6 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (rune & 0x3F)));
	} else {
		buf_add_char(out, (char)(0xF0 | rune >> 18));
		buf_add_char(out, (char)(0x80 | (rune >> 12 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (rune >> 6 & 0x3F)));
		buf_add_char(out, (char)(0x80 | (rune & 0x3F)));
	}
}

/* So many hexadecimal digits at at. */
static bool read_hex(struct text t, size_t at, size_t digits, uint32_t *rune)
{
	*rune = 0;
	if (at > t.len || digits > t.len - at)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		char c = t.ptr[i];

		if (c >= '0' && c <= '9')
			*rune = *rune << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*rune = *rune << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* The escape whose letter is at *at; *at moves behind it. */
static bool unescape(struct text t, size_t *at, struct buf *out)
{
	static const char letters[] = "0abtnvfre \"/\\N_\n";
	static const char stand_for[] = "\0\a\b\t\n\v\f\r\x1b \"/\\\n \n";
	char c = t.ptr[(*at)++];
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	const char *letter;
	uint32_t rune;
	uint32_t low;

	if (digits == 0) {
		letter = c == '\0' ? NULL : strchr(letters, c);
		if (letter == NULL || c == '0')
			return false;
		buf_add_char(out, stand_for[letter - letters]);
		return true;
	}
	if (!read_hex(t, *at, digits, &rune))
		return false;
	*at += digits;
	if (rune >= 0xD800 && rune < 0xDC00) {
		if (!text_starts(text_slice(t, *at, 2), "\\u") || !read_hex(t, *at + 2, 4, &low) ||
		    low < 0xDC00 || low > 0xDFFF)
			return false;
		*at += 6;
		rune = 0x10000 + ((rune - 0xD800) << 10) + (low - 0xDC00);
	}
	if (rune == 0 || rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
		return false;
	put_rune(out, rune);
	return true;
}

bool mask_unquote(struct text quoted, struct buf *out)
{
	char quote = quoted.ptr[0];
	struct text t = text_slice(quoted, 1, quoted.len - 2);
	size_t at = 0;

	while (at < t.len) {
		char c = t.ptr[at++];

		if (c == '\\' && quote == '"') {
			if (at == t.len || !unescape(t, &at, out))
				return false;
			continue;
		}
		if (c == '\0')
			return false;
		if (c == '\'' && quote == '\'')
			at++; /* the second of two */
		buf_add_char(out, c);
	}
	return true;
}

/* ---- a quoted scalar as a value ---- */

/* JSON's form, which is YAML's too; bytes that are no text are in neither. */
static void put_quoted(struct buf *out, struct text t)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < t.len; i++) {
		char c = t.ptr[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_add(out, TEXT("\\n"));
		else if (c == '\t')
			buf_add(out, TEXT("\\t"));
		else if ((unsigned char)c < ' ' || c == 0x7F)
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
		else
			buf_add_char(out, c);
	}
	buf_add_char(out, '"');
}

/* Masks inside the scalar; as a key only word by word. */
static void mask_inside(struct mask_state *s, size_t start, size_t end, struct text plain,
			bool is_key)
{
	struct buf result;
	size_t count;

	buf_init(&result, plain.len * 8 + 64);
	count = is_key ? mask_words(plain, &result) : mask_text(plain, s->level + 1, &result);
	if (count > 0 && buf_complete(&result)) {
		mask_keep(s, start);
		put_quoted(s->out, buf_text(&result));
		s->from = end;
		s->count += count;
	} else if (count > 0) {
		mask_hide(s, start, end);
	} else {
		mask_keep(s, end);
	}
	buf_fini(&result);
}

static void take(struct mask_state *s, size_t start, size_t end, struct mask_mood mood, bool is_key)
{
	struct text raw = text_slice(s->text, start, end - start);
	struct buf plain;
	bool known;

	if (s->out == NULL)
		return;
	buf_init(&plain, raw.len * 2 + 16);
	known = mask_unquote(raw, &plain);
	if (known && !mood.secret)
		mask_inside(s, start, end, buf_text(&plain), is_key);
	else if (known && mask_stays(buf_text(&plain), mood.strict))
		mask_keep(s, end);
	else
		mask_hide(s, start, end);
	buf_fini(&plain);
}

void mask_quoted(struct mask_state *s, size_t start, size_t end, struct mask_mood mood)
{
	take(s, start, end, mood, false);
}

void mask_quoted_key(struct mask_state *s, size_t start, size_t end)
{
	take(s, start, end, (struct mask_mood){.secret = false}, true);
}
