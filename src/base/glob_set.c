/* Sets: "[a-z]", "[!a]", "[[:alpha:]]". */
#include <string.h>

#include "base/glob_parts.h"

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(unsigned char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(unsigned char c)
{
	return is_upper(c) || is_lower(c);
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(unsigned char c)
{
	return is_alpha(c) || is_digit(c);
}

static bool is_word(unsigned char c)
{
	return is_alnum(c) || c == '_';
}

static bool is_xdigit(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_ascii(unsigned char c)
{
	return c < 0x80;
}

static bool is_cntrl(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What Unicode counts as punctuation; the rest of C's are its symbols. */
static bool is_punct(unsigned char c)
{
	return c != '\0' && strchr("!\"#%&'()*,-./:;?@[\\]_{}", c) != NULL;
}

static bool is_invisible(unsigned char c)
{
	return is_cntrl(c) || c == ' ';
}

/* The classes; of an outside one the characters are those for which holds() is false. */
static const struct class
{
	const char *name;
	bool (*holds)(unsigned char c);
	bool outside;
} classes[] = {
	{"[:alnum:]", is_alnum, false},    {"[:alpha:]", is_alpha, false},
	{"[:ascii:]", is_ascii, false},    {"[:blank:]", is_blank, false},
	{"[:cntrl:]", is_cntrl, false},    {"[:digit:]", is_digit, false},
	{"[:graph:]", is_invisible, true}, {"[:lower:]", is_lower, false},
	{"[:print:]", is_cntrl, false}, /* so it is in minimatch */
	{"[:punct:]", is_punct, false},    {"[:space:]", is_space, false},
	{"[:upper:]", is_upper, false},    {"[:word:]", is_word, false},
	{"[:xdigit:]", is_xdigit, false},
};

/* ---- bits ---- */

static void put(uint8_t *bits, unsigned char c)
{
	bits[c / 8] = (uint8_t)(bits[c / 8] | 1U << c % 8);
}

/* A set that holds a letter holds it in both cases. */
static void fold(uint8_t *bits)
{
	for (unsigned i = 0; i < 26; i++) {
		unsigned char lower = (unsigned char)('a' + i);
		unsigned char upper = (unsigned char)('A' + i);

		if (!glob_set_has(bits, lower) && !glob_set_has(bits, upper))
			continue;
		put(bits, lower);
		put(bits, upper);
	}
}

static void invert(uint8_t *bits)
{
	for (size_t i = 0; i < 32; i++)
		bits[i] = (uint8_t)~bits[i];
}

/* ---- reading ---- */

struct reading {
	uint8_t inside[32];  /* what stands there */
	uint8_t outside[32]; /* what the outside classes are the opposite of */
	unsigned pieces;     /* that went inside */
	bool single;         /* the last of them is one character */
	bool any_outside;
	unsigned char first;
};

static void put_range(struct reading *r, unsigned char from, unsigned char to)
{
	if (r->pieces++ == 0)
		r->first = from;
	r->single = from == to;
	for (unsigned c = from; c <= to; c++)
		put(r->inside, (unsigned char)c);
}

static const struct class *find_class(struct text t)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (text_starts(t, classes[i].name))
			return &classes[i];
	return NULL;
}

static void put_class(struct reading *r, const struct class *class)
{
	for (unsigned c = 0; c < 256; c++)
		if (class->holds((unsigned char)c))
			put(class->outside ? r->outside : r->inside, (unsigned char)c);
	if (class->outside) {
		r->any_outside = true;
		return;
	}
	r->pieces++;
	r->single = false;
}

/* The sets themselves, once all is read. */
static void conclude(const struct reading *r, bool negated, bool nocase, struct glob_set *out)
{
	uint8_t inside[32];
	uint8_t outside[32];

	memcpy(inside, r->inside, sizeof inside);
	memcpy(outside, r->outside, sizeof outside);
	if (nocase) {
		fold(inside);
		fold(outside);
	}
	invert(negated ? inside : outside);
	out->alternation = r->pieces > 0 && r->any_outside;
	for (size_t i = 0; i < sizeof out->bits; i++)
		out->bits[i] = (uint8_t)((r->pieces > 0 ? inside[i] : 0) |
					 (r->any_outside ? outside[i] : 0));
}

static bool finish(const struct reading *r, size_t length, bool negated, bool nocase,
		   struct glob_set *out)
{
	out->length = length;
	if (r->pieces == 0 && !r->any_outside) {
		out->never = true;
		return true;
	}
	if (r->pieces == 1 && r->single && !r->any_outside && !negated) {
		out->is_char = true;
		out->ch = r->first;
		return true;
	}
	conclude(r, negated, nocase, out);
	return negated || r->pieces == 0 || r->first != '^';
}

bool glob_set_read(struct text t, bool nocase, struct glob_set *out)
{
	struct reading r = {.pieces = 0};
	bool negated = t.len > 1 && (t.ptr[1] == '!' || t.ptr[1] == '^');
	size_t begin = negated ? 2 : 1;
	bool escaped = false;
	bool in_range = false;
	unsigned char from = 0;

	*out = (struct glob_set){.length = 0};
	for (size_t i = begin; i < t.len; i++) {
		const struct class *class;
		char c = t.ptr[i];

		if (c == ']' && i > begin && !escaped)
			return finish(&r, i + 1, negated, nocase, out);
		if (c == '\\' && !escaped) {
			escaped = true;
			continue;
		}
		class = c == '[' && !escaped ? find_class(text_slice(t, i, t.len)) : NULL;
		if (class != NULL && in_range) {
			*out = (struct glob_set){.length = t.len, .never = true};
			return true;
		}
		if (class != NULL) {
			put_class(&r, class);
			i += strlen(class->name) - 1;
			continue;
		}
		escaped = false;
		if (in_range) {
			/* One that runs backwards says nothing. */
			if ((unsigned char)c >= from)
				put_range(&r, from, (unsigned char)c);
			in_range = false;
			continue;
		}
		if (text_starts(text_slice(t, i + 1, t.len), "-]")) {
			put_range(&r, (unsigned char)c, (unsigned char)c);
			put_range(&r, '-', '-');
			i++;
			continue;
		}
		if (text_starts(text_slice(t, i + 1, t.len), "-")) {
			from = (unsigned char)c;
			in_range = true;
			i++;
			continue;
		}
		put_range(&r, (unsigned char)c, (unsigned char)c);
	}
	return true; /* not closed */
}
