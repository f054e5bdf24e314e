/*
 * Whether bytes are one JSON value. One pass, no recursion, no memory beyond one byte a level.
 *
 * The walk has two halves that take turns: descend() goes from where a value is due down to the
 * first one that is complete, ascend() from behind a complete value up to where the next is due.
 */
#include "json/check.h"

#include <stdint.h>

#include "json/json.h"
#include "json/scan.h"

struct checker {
	const char *end;
	const char *fault;
	const char *expected;
	unsigned depth;
	char closers[JSON_MAX_DEPTH]; /* the bracket that ends each open object or array */
};

static const char *fail(struct checker *c, const char *at, const char *expected)
{
	c->fault = at;
	c->expected = expected;
	return NULL;
}

/* Four hexadecimal digits; -1 if they are not there. */
static int32_t read_hex4(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (scan_is_digit(c))
			value = value * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* From the backslash of \u on. */
static const char *scan_unicode_escape(const char *p, const char *end, uint32_t *rune)
{
	int32_t first = read_hex4(p + 2, end);
	int32_t second;

	if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF))
		return NULL;
	if (first < 0xD800 || first > 0xDFFF) {
		*rune = (uint32_t)first;
		return p + 6;
	}
	if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return NULL;
	second = read_hex4(p + 8, end);
	if (second < 0xDC00 || second > 0xDFFF)
		return NULL;
	*rune = 0x10000 + (uint32_t)(first - 0xD800) * 0x400 + (uint32_t)(second - 0xDC00);
	return p + 12;
}

const char *scan_escape(const char *p, const char *end, uint32_t *rune)
{
	if (end - p < 2)
		return NULL;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
		*rune = (uint32_t)p[1];
		return p + 2;
	case 'b':
		*rune = '\b';
		return p + 2;
	case 'f':
		*rune = '\f';
		return p + 2;
	case 'n':
		*rune = '\n';
		return p + 2;
	case 'r':
		*rune = '\r';
		return p + 2;
	case 't':
		*rune = '\t';
		return p + 2;
	case 'u':
		return scan_unicode_escape(p, end, rune);
	default:
		return NULL;
	}
}

/* What stands where the plain bytes of a string stop, and is not its closing quote. */
static const char *check_special(struct checker *c, const char *p)
{
	const char *expected = "well-formed UTF-8";
	const char *next;
	uint32_t rune;

	if (*p == '\\') {
		next = scan_escape(p, c->end, &rune);
		expected = "an escape that JSON knows, with surrogates in pairs";
	} else {
		next = scan_utf8(p, c->end);
		if ((unsigned char)*p < ' ')
			expected = "an escape such as \\n (strings hold no control characters)";
	}
	return next == NULL ? fail(c, p, expected) : next;
}

/* From the opening quote on. */
static const char *check_string(struct checker *c, const char *p)
{
	p++;
	for (;;) {
		p = scan_plain(p, c->end);
		if (p == c->end)
			return fail(c, p, "the closing quote of a string");
		if (*p == '"')
			return p + 1;
		p = check_special(c, p);
		if (p == NULL)
			return NULL;
	}
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && scan_is_digit(*p))
		p++;
	return p;
}

/* At least one digit. */
static const char *check_digits(struct checker *c, const char *p)
{
	const char *next = skip_digits(p, c->end);

	return next == p ? fail(c, p, "a digit") : next;
}

static const char *check_number(struct checker *c, const char *p)
{
	if (*p == '-')
		p++;
	if (p < c->end && *p == '0')
		p++; /* nothing may follow a leading zero; what does fails as trailing text */
	else
		p = check_digits(c, p);
	if (p != NULL && p < c->end && *p == '.')
		p = check_digits(c, p + 1);
	if (p == NULL || p == c->end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	if (p < c->end && (*p == '+' || *p == '-'))
		p++;
	return check_digits(c, p);
}

static const char *check_word(struct checker *c, const char *p, struct text word)
{
	if ((size_t)(c->end - p) < word.len || memcmp(p, word.ptr, word.len) != 0)
		return fail(c, p, "a value");
	return p + word.len;
}

/* A name and its colon, up to where its value is due. */
static const char *check_name(struct checker *c, const char *p)
{
	if (p == c->end || *p != '"')
		return fail(c, p, "a name in quotes");
	p = check_string(c, p);
	if (p == NULL)
		return NULL;
	p = scan_blank(p, c->end);
	if (p == c->end || *p != ':')
		return fail(c, p, "':'");
	return scan_blank(p + 1, c->end);
}

/* From the opening bracket to the next byte that is not blank; there is one. */
static const char *open_level(struct checker *c, const char *p, char closer)
{
	_Static_assert(JSON_MAX_DEPTH == 128, "the message below names the limit");

	if (c->depth == JSON_MAX_DEPTH)
		return fail(c, p, "no more than 128 levels of nesting");
	c->closers[c->depth] = closer;
	c->depth++;
	p = scan_blank(p + 1, c->end);
	if (p == c->end)
		return fail(c, p, closer == '}' ? "a name in quotes or '}'" : "a value or ']'");
	return p;
}

/*
 * Down to the first value that is complete, and behind it. Of an empty object or array the closing
 * bracket is left to ascend().
 */
static const char *descend(struct checker *c, const char *p)
{
	while (p != NULL && p < c->end) {
		switch (*p) {
		case '{':
			p = open_level(c, p, '}');
			if (p == NULL || *p == '}')
				return p;
			p = check_name(c, p);
			break;
		case '[':
			p = open_level(c, p, ']');
			if (p == NULL || *p == ']')
				return p;
			break;
		case '"':
			return check_string(c, p);
		case 't':
			return check_word(c, p, TEXT("true"));
		case 'f':
			return check_word(c, p, TEXT("false"));
		case 'n':
			return check_word(c, p, TEXT("null"));
		default:
			if (*p != '-' && !scan_is_digit(*p))
				return fail(c, p, "a value");
			return check_number(c, p);
		}
	}
	return p == NULL ? NULL : fail(c, p, "a value");
}

/* Closes what ends here, then goes to where the next value is due, or behind the outermost. */
static const char *ascend(struct checker *c, const char *p)
{
	while (c->depth > 0) {
		char closer = c->closers[c->depth - 1];

		p = scan_blank(p, c->end);
		if (p < c->end && *p == ',') {
			p = scan_blank(p + 1, c->end);
			return closer == '}' ? check_name(c, p) : p;
		}
		if (p == c->end || *p != closer)
			return fail(c, p, closer == '}' ? "',' or '}'" : "',' or ']'");
		c->depth--;
		p++;
	}
	return p;
}

/* Behind the value, or NULL. */
static const char *check_value(struct checker *c, const char *p)
{
	do {
		p = descend(c, p);
		if (p != NULL)
			p = ascend(c, p);
	} while (p != NULL && c->depth > 0);
	return p;
}

bool json_check_fault(struct text document, struct text *value, struct json_fault *fault)
{
	/* An empty text may have no address to count from. */
	const char *start = document.len == 0 ? "" : document.ptr;
	struct checker c = {.end = start + document.len};
	const char *first = scan_blank(start, c.end);
	const char *behind = check_value(&c, first);

	if (behind != NULL && scan_blank(behind, c.end) != c.end)
		fail(&c, scan_blank(behind, c.end), "the end of the document");
	if (c.fault != NULL) {
		*fault = (struct json_fault){(size_t)(c.fault - start), c.expected};
		return false;
	}
	*value = (struct text){first, (size_t)(behind - first)};
	return true;
}

bool json_check(struct text document, struct text *value, struct error *err)
{
	struct json_fault fault;

	if (!json_check_fault(document, value, &fault))
		return error_set(err, ERROR_INPUT, "wrong at byte %zu: expected %s", fault.offset,
				 fault.expected);
	return true;
}
