/*
 * Masking inside any text: what looks like a secret wherever it stands. Reads from left to right;
 * whatever is looked at ahead is either passed by at once or remembered, so the time is linear.
 */
#include <stdint.h>
#include <string.h>

#include "crypto/base64.h"
#include "palette/mask_inside.h"

#define MASK TEXT("***")

struct words {
	struct text text;
	size_t at;
	size_t from; /* up to where it is written */
	size_t word_end;
	size_t last_at; /* the last @ of this word; SIZE_MAX: none */
	size_t line_end;
	size_t line_stop; /* the same without blanks */
	struct buf *out;
	size_t count;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_one_of(c, " \t\r\n");
}

/* Of what names and most tokens are made. */
static bool is_name_byte(char c)
{
	return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static char byte_at(const struct words *w, size_t at)
{
	return at < w->text.len ? w->text.ptr[at] : '\0';
}

static bool starts_at(const struct words *w, size_t at, const char *what)
{
	return text_starts(text_slice(w->text, at, w->text.len), what);
}

/* ---- what may stay ---- */

/* "{{ .spectro.var.name }}", also through filters that keep what it says: a name, not a value. */
static bool is_reference(struct text t)
{
	static const char *const roots[] = {".spectro.", ".Values.", ".Release.", "$.Values."};
	static const char *const filters[] = {"b64enc", "b64dec", "quote",
					      "squote", "trim",   "toString"};
	struct text part;
	bool known = false;

	if (t.len < 4 || t.len > 512 || !text_starts(t, "{{") || !text_ends(t, "}}"))
		return false;
	t = text_slice(t, 2, t.len - 4);
	if (text_starts(t, "-"))
		t = text_slice(t, 1, t.len);
	if (text_ends(t, "-"))
		t.len--;
	if (!text_next(&t, '|', &part))
		return false;
	part = text_trim(part);
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		known = known || text_starts(part, roots[i]);
	for (size_t i = 0; known && i < part.len; i++)
		known = is_name_byte(part.ptr[i]) || (i == 0 && part.ptr[i] == '$');
	while (known && text_next(&t, '|', &part)) {
		known = false;
		for (size_t i = 0; i < ARRAY_LEN(filters); i++)
			known = known || text_is(text_trim(part), filters[i]);
	}
	return known;
}

static bool is_nothing(struct text t)
{
	return t.len == 0 || text_is(t, "***") || text_is(t, "~") ||
	       text_equal_nocase(t, TEXT("null"));
}

/* "/etc/kubernetes/pki/ca.key". What mixes letters of both sorts with digits in one part may as
 * well be a secret that happens to begin with a slash. */
static bool is_path(struct text t)
{
	bool upper = false;
	bool lower = false;
	bool digit = false;

	if (t.len < 2 || t.len > 256 ||
	    !(text_starts(t, "/") || text_starts(t, "./") || text_starts(t, "~/")))
		return false;
	for (size_t i = text_starts(t, "~") ? 1 : 0; i < t.len; i++) {
		char c = t.ptr[i];

		if (!is_name_byte(c) && c != '/')
			return false;
		if (c == '/')
			upper = lower = digit = false;
		upper = upper || (c >= 'A' && c <= 'Z');
		lower = lower || (c >= 'a' && c <= 'z');
		digit = digit || is_digit(c);
		if (upper && lower && digit)
			return false;
	}
	return true;
}

/* What "license" says when it is not the key to buy one. */
static bool is_known_license(struct text t)
{
	static const char *const list[] = {"MIT",     "ISC",          "Apache-2.0",
					   "MPL-2.0", "BSD-2-Clause", "BSD-3-Clause",
					   "GPL-2.0", "GPL-3.0",      "AGPL-3.0"};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (text_is(t, list[i]))
			return true;
	return false;
}

bool mask_stays(struct text scalar, bool strict)
{
	struct text t = text_trim(scalar);

	return is_nothing(t) || is_reference(t) ||
	       (!strict &&
		(text_equal_nocase(t, TEXT("true")) || text_equal_nocase(t, TEXT("false")) ||
		 is_path(t) || is_known_license(t)));
}

/* ---- writing ---- */

/* Puts the mask for what lies between, if that is a secret; goes on behind it. */
static void hide(struct words *w, size_t start, size_t end)
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
static size_t line_stop(struct words *w, size_t at)
{
	if (at >= w->line_end) {
		size_t len = text_find(text_slice(w->text, at, w->text.len), '\n');

		w->line_end = len == SIZE_MAX ? w->text.len : at + len;
		w->line_stop = w->line_end;
		while (w->line_stop > at && is_space(w->text.ptr[w->line_stop - 1]))
			w->line_stop--;
	}
	return w->line_stop > at ? w->line_stop : at;
}

/* ---- URLs ---- */

/* "user:password@" behind "://". */
static bool take_user(struct words *w)
{
	size_t start = w->at + 3;
	size_t end = start;
	size_t at = SIZE_MAX;
	size_t colon = SIZE_MAX;

	if (!starts_at(w, w->at, "://"))
		return false;
	for (; end < w->word_end && !is_one_of(w->text.ptr[end], "/?#\\"); end++) {
		if (w->text.ptr[end] == '@')
			at = end;
		if (w->text.ptr[end] == ':' && colon == SIZE_MAX)
			colon = end;
	}
	/* A password with a slash in it. */
	if (at == SIZE_MAX && colon != SIZE_MAX && w->last_at != SIZE_MAX && w->last_at > colon)
		at = w->last_at;
	if (at == SIZE_MAX) {
		w->at = start;
		return true;
	}
	if (colon != SIZE_MAX && colon < at)
		hide(w, colon + 1, at);
	else if (!text_is(text_slice(w->text, start, at - start), "git"))
		hide(w, start, at);
	w->at = at;
	return true;
}

/* ---- tokens of known forms ---- */

static const struct {
	const char *prefix;
	size_t min; /* with the prefix */
} forms[] = {
	{"eyJ", 12},      {"AKIA", 20},     {"ASIA", 20},
	{"ghp_", 20},     {"gho_", 20},     {"ghu_", 20},
	{"ghs_", 20},     {"ghr_", 20},     {"github_pat_", 22},
	{"glpat-", 16},   {"xoxb-", 14},    {"xoxp-", 14},
	{"xoxa-", 14},    {"xoxs-", 14},    {"AIza", 30},
	{"hvs.", 16},     {"npm_", 20},     {"dop_v1_", 20},
	{"sk_live_", 16}, {"rk_live_", 16}, {"LS0tLS1CRUdJTi", 20},
	{"$2a$", 20},     {"$2b$", 20},     {"$2y$", 20},
	{"$apr1$", 14},   {"$1$", 14},      {"$5$", 14},
	{"$6$", 14},      {"$argon2", 20},  {"{SHA}", 12},
	{"{SSHA}", 14},
};

/* Base64 of PEM: certificates may stay, if there is nothing else. */
static bool is_public_pem(struct text encoded)
{
	static const char private_key[] = "PRIVATE KEY";
	struct buf pem;
	bool ok;

	buf_init(&pem, encoded.len + 4);
	ok = base64_decode(encoded, &pem) &&
	     memmem(pem.ptr, pem.len, private_key, sizeof private_key - 1) == NULL;
	buf_fini(&pem);
	return ok;
}

static bool take_token(struct words *w)
{
	size_t end = w->at;
	size_t i;

	for (i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].prefix[0] == w->text.ptr[w->at] &&
		    starts_at(w, w->at, forms[i].prefix))
			break;
	if (i == ARRAY_LEN(forms))
		return false;
	end += strlen(forms[i].prefix);
	while (end < w->text.len &&
	       (is_name_byte(w->text.ptr[end]) || is_one_of(w->text.ptr[end], "+/=$,")))
		end++;
	if (end - w->at < forms[i].min)
		return false;
	if (text_starts(text_of(forms[i].prefix), "LS0t") &&
	    is_public_pem(text_slice(w->text, w->at, end - w->at)))
		w->at = end;
	else
		hide(w, w->at, end);
	return true;
}

/* ---- "Bearer x", "Basic x" ---- */

static bool is_basic(struct text token)
{
	struct buf plain;
	bool ok;

	buf_init(&plain, token.len + 4);
	ok = token.len >= 8 && base64_decode(token, &plain) &&
	     text_find(buf_text(&plain), ':') != SIZE_MAX;
	buf_fini(&plain);
	return ok || (token.len >= 8 && text_ends(token, "="));
}

/* run: the word that ends at end. */
static bool take_scheme(struct words *w, struct text run, size_t end)
{
	bool bearer = text_equal_nocase(run, TEXT("bearer"));
	size_t start = end;
	size_t stop;

	if (!bearer && !text_equal_nocase(run, TEXT("basic")))
		return false;
	while (start < w->text.len && is_blank(w->text.ptr[start]))
		start++;
	stop = start;
	while (stop < w->text.len &&
	       (is_alnum(w->text.ptr[stop]) || is_one_of(w->text.ptr[stop], "-._~+/=$!%&*:@^|")))
		stop++;
	if (start == end || stop == start)
		return false;
	w->at = end;
	if (bearer || is_basic(text_slice(w->text, start, stop - start)))
		hide(w, start, stop);
	return true;
}

/* "-u name:password", as curl has it. */
static bool take_login(struct words *w, struct text run, size_t end)
{
	size_t start = end;
	size_t colon = SIZE_MAX;

	if (!text_is(run, "-u") && !text_is(run, "--user"))
		return false;
	while (is_blank(byte_at(w, start)) || byte_at(w, start) == '=')
		start++;
	if (is_one_of(byte_at(w, start), "\"'"))
		start++;
	for (end = start; end < w->text.len && !is_space(w->text.ptr[end]) &&
			  !is_one_of(w->text.ptr[end], "\"'");
	     end++)
		if (w->text.ptr[end] == ':' && colon == SIZE_MAX)
			colon = end;
	if (colon == SIZE_MAX)
		return false;
	hide(w, colon + 1, end);
	return true;
}

/* ---- "password=x" and its like ---- */

/* A quote at this place, also one with backslashes before it; their length. */
static size_t quote_at(const struct words *w, size_t at, char *quote)
{
	size_t end = at;

	while (byte_at(w, end) == '\\' && end - at < 8)
		end++;
	if (!is_one_of(byte_at(w, end), "\"'`"))
		return 0;
	*quote = w->text.ptr[end];
	return end + 1 - at;
}

/* What stands in quotes from start on: to the same quote, or else to the end of the line. */
static void hide_quoted(struct words *w, size_t start, size_t marks, char quote)
{
	size_t stop = line_stop(w, start);
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
	hide(w, start, end);
}

/* What stands without quotes from start on. all: to the end of the line, else of the word. */
static void hide_bare(struct words *w, size_t start, bool all)
{
	size_t stop = line_stop(w, start);
	size_t end = mask_template_end(w->text, start, stop);

	if (end > start && mask_stays(text_slice(w->text, start, end - start), false) &&
	    (end == stop || is_space(w->text.ptr[end]) || is_one_of(w->text.ptr[end], "\"'`,;"))) {
		w->at = end;
		return;
	}
	while (end < stop && (all || !is_space(w->text.ptr[end])))
		end++;
	while (!all && end > start && is_one_of(w->text.ptr[end - 1], "\"'`,;)]}\\"))
		end--;
	hide(w, start, end);
}

/* Behind a name that says that a secret follows: whether one does. */
static bool take_assigned(struct words *w, size_t start, size_t end)
{
	bool is_flag = text_starts(text_slice(w->text, start, end - start), "--");
	char quote = '\0';
	size_t at = end;
	size_t value;
	size_t marks;

	if (start > 0 && w->text.ptr[start - 1] == '<' && byte_at(w, end) == '>') {
		value = end + 1;
		for (at = value; at < w->text.len && !is_one_of(w->text.ptr[at], "<\n"); at++)
			continue;
		hide(w, value, at);
		return true;
	}
	at += quote_at(w, at, &quote);
	if (byte_at(w, at) == ']')
		at++;
	while (is_blank(byte_at(w, at)))
		at++;
	value = at;
	if (is_one_of(byte_at(w, at), "=:")) {
		while (is_one_of(byte_at(w, value), "=:>"))
			value++;
		at = value;
	} else if (at == end || byte_at(w, at) == '-' || (!is_flag && byte_at(w, at) != '\'')) {
		return false; /* what is left is "--password x", and SQL's PASSWORD 'x' */
	}
	while (is_blank(byte_at(w, value)))
		value++;
	marks = quote_at(w, value, &quote);
	if (marks > 0)
		hide_quoted(w, value + marks, marks, quote);
	else
		hide_bare(w, value, value > at && !is_flag);
	if (w->at < value)
		w->at = value;
	return true;
}

/* Whether something follows the name between that may be its value; most words end here. */
static bool may_assign(const struct words *w, size_t start, size_t end)
{
	size_t at = end;

	while (is_blank(byte_at(w, at)))
		at++;
	return is_one_of(byte_at(w, at), at > end ? "=:'" : "=:\"'`\\]>") ||
	       (at > end && starts_at(w, start, "--"));
}

/* A word of name bytes, from w->at on. */
static void take_name(struct words *w)
{
	size_t start = w->at;
	size_t end = start;
	struct text run;

	while (end < w->text.len && is_name_byte(w->text.ptr[end])) {
		/* Tokens begin where a part of the name does. */
		if (end == start || !is_alnum(w->text.ptr[end - 1])) {
			w->at = end;
			if (take_token(w))
				return;
		}
		end++;
	}
	w->at = end;
	run = text_slice(w->text, start, end - start);
	if (take_scheme(w, run, end) || take_login(w, run, end))
		return;
	if (may_assign(w, start, end) && mask_name_of(run) == MASK_NAME_SECRET)
		take_assigned(w, start, end);
}

static void begin_word(struct words *w)
{
	size_t end = w->at;

	w->last_at = SIZE_MAX;
	while (end < w->text.len && !is_space(w->text.ptr[end]) &&
	       !is_one_of(w->text.ptr[end], "\"'<>`")) {
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
		if (c == ':' && take_user(&w))
			continue;
		if ((c == '$' || c == '{') && take_token(&w))
			continue;
		if (is_name_byte(c))
			take_name(&w);
		else
			w.at++;
	}
	buf_add(out, text_slice(text, w.from, text.len - w.from));
	return w.count;
}
