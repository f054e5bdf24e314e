/* Inside the masking of words: one text that is read from left to right. Private. */
#ifndef PALETTE_MASK_WORDS_H
#define PALETTE_MASK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "palette/mask_inside.h"

struct words_command;

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
	const struct words_command *command; /* of this line, up to line_end */
	bool command_ready;                  /* its second word was there too, or it needs none */
	size_t piped_end; /* up to where it is known whether a password is piped */
	bool piped;
	size_t encoded_end; /* up to where it is known not to be base64 of a secret */
};

static inline bool words_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool words_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || words_is_digit(c);
}

static inline bool words_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline bool words_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool words_is_space(char c)
{
	return words_is_blank(c) || c == '\r' || c == '\n';
}

/* Of what names and most tokens are made. */
static inline bool words_is_name(char c)
{
	return words_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static inline char words_byte(const struct words *w, size_t at)
{
	return at < w->text.len ? w->text.ptr[at] : '\0';
}

static inline bool words_starts(const struct words *w, size_t at, const char *what)
{
	return text_starts(text_slice(w->text, at, w->text.len), what);
}

/* Whether nothing but blanks stands before at on its line. */
static inline bool words_at_start(const struct words *w, size_t at)
{
	while (at > 0 && words_is_blank(w->text.ptr[at - 1]))
		at--;
	return at == 0 || w->text.ptr[at - 1] == '\n';
}

/* The length of NEL or its like at at, which some readers take for blanks or line breaks; 0: it is
 * none. */
static inline size_t words_wide_blank(const struct words *w, size_t at)
{
	if (words_starts(w, at, "\xC2\x85") || words_starts(w, at, "\xC2\xA0"))
		return 2;
	return words_starts(w, at, "\xE2\x80\xA8") || words_starts(w, at, "\xE2\x80\xA9") ? 3 : 0;
}

/* Behind the blanks at at, also the wide ones. */
static inline size_t words_skip(const struct words *w, size_t at)
{
	size_t len;

	do {
		char c = words_byte(w, at);

		len = words_is_blank(c) ? 1 : 0;
		if (c == '\xC2' || c == '\xE2')
			len = words_wide_blank(w, at);
		at += len;
	} while (len > 0);
	return at;
}

/* ---- writing: mask_words.c ---- */

/* Puts the mask for what lies between, if that is a secret; goes on behind it. */
void words_hide(struct words *w, size_t start, size_t end);
/* Where the line of at ends, blanks at its end left out. */
size_t words_stop(struct words *w, size_t at);
/* A quote at this place, also one with backslashes before it; their length. */
size_t words_quote(const struct words *w, size_t at, char *quote);

/* ---- what is a secret wherever it stands: mask_tokens.c ---- */

/* "user:password@" behind "://". */
bool words_user(struct words *w);
/* A token of a known form. */
bool words_token(struct words *w);
/* "Bearer x", "Basic x"; run: the word that ends at end. */
bool words_scheme(struct words *w, struct text run, size_t end);
/* Base64 of a text in which something is masked. */
bool words_encoded(struct words *w);

/* ---- what says that a secret follows, without "=": mask_commands.c ---- */

/* "-u name:password", as curl has it. */
bool words_login(struct words *w, struct text run, size_t end);
/* Options and arguments of known commands. */
bool words_of_command(struct words *w, struct text run, size_t start, size_t end);
/* "requirepass x" on a line of its own, "password x" at the end of one. */
bool words_pair(struct words *w, struct text run, size_t start, size_t end);
/* A line of .pgpass. */
bool words_pgpass(struct words *w);

#endif
