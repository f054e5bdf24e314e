/* Accept, Accept-Encoding, If-None-Match and Cache-Control. */
#include "http/fields.h"

#include <string.h>

/* ---- Accept-Encoding ---- */

/* Weights in thousandths. */
enum { NOT_NAMED = -1, MOST_WANTED = 1000 };

struct wishes {
	int gzip;
	int identity;
	int others; /* "*" */
};

static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		char c = t.ptr[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return t.len > 0;
}

/* "q=0.5": 0 to 1 with at most three decimals. */
static bool read_weight(struct text t, int *weight)
{
	int unit = 100;

	if (t.len < 3 || t.len > 7 || (t.ptr[0] != 'q' && t.ptr[0] != 'Q') || t.ptr[1] != '=' ||
	    (t.ptr[2] != '0' && t.ptr[2] != '1') || (t.len > 3 && t.ptr[3] != '.'))
		return false;
	*weight = (t.ptr[2] - '0') * MOST_WANTED;
	for (size_t i = 4; i < t.len; i++, unit /= 10) {
		if (t.ptr[i] < '0' || t.ptr[i] > '9')
			return false;
		*weight += (t.ptr[i] - '0') * unit;
	}
	return *weight <= MOST_WANTED;
}

static void wish(int *weight, int said)
{
	if (*weight == NOT_NAMED || said < *weight)
		*weight = said;
}

/* One element of the list: a coding, and perhaps its weight. */
static bool read_coding(struct text element, struct wishes *wishes)
{
	size_t mark = text_find(element, ';');
	struct text name = text_trim(text_slice(element, 0, mark));
	int weight = MOST_WANTED;

	if (!is_token(name))
		return false;
	if (mark != SIZE_MAX &&
	    !read_weight(text_trim(text_slice(element, mark + 1, SIZE_MAX)), &weight))
		return false;
	/* Section 8.4.1.3: x-gzip is the same. */
	if (text_equal_nocase(name, TEXT("gzip")) || text_equal_nocase(name, TEXT("x-gzip")))
		wish(&wishes->gzip, weight);
	else if (text_equal_nocase(name, TEXT("identity")))
		wish(&wishes->identity, weight);
	else if (text_is(name, "*"))
		wish(&wishes->others, weight);
	return true;
}

static bool read_codings(struct text list, struct wishes *wishes)
{
	struct text element;

	while (text_next(&list, ',', &element)) {
		element = text_trim(element);
		if (element.len > 0 && !read_coding(element, wishes))
			return false;
	}
	return true;
}

enum http_coding http_accepted_coding(const struct http_header *headers, size_t count)
{
	struct wishes w = {NOT_NAMED, NOT_NAMED, NOT_NAMED};

	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(headers[i].name, TEXT("Accept-Encoding")) &&
		    !read_codings(headers[i].value, &w))
			return HTTP_PLAIN;
	if (w.gzip == NOT_NAMED)
		w.gzip = w.others;
	if (w.identity == NOT_NAMED)
		w.identity = w.others;
	if (w.gzip <= 0 || w.gzip < w.identity)
		return HTTP_PLAIN;
	return w.identity == 0 ? HTTP_ONLY_GZIP : HTTP_GZIP;
}

/* ---- Accept ---- */

/* One element: a media type, parameters, and perhaps a weight among them. Quotes are not looked
 * for: no parameter of ours has them, and what they hide is taken for an element that is odd. 0: it
 * is another type. */
static int weight_of(struct text element, const char *type)
{
	int weight = MOST_WANTED;
	struct text part;

	if (!text_next(&element, ';', &part) || !text_equal_nocase(text_trim(part), text_of(type)))
		return 0;
	while (element.ptr != NULL && text_next(&element, ';', &part)) {
		part = text_trim(part);
		if (part.len >= 2 && (part.ptr[0] == 'q' || part.ptr[0] == 'Q') &&
		    part.ptr[1] == '=' && !read_weight(part, &weight))
			return 0;
	}
	return weight;
}

int http_wants(const struct http_header *headers, size_t count, const char *type)
{
	int most = 0;

	for (size_t i = 0; i < count; i++) {
		struct text list = headers[i].value;
		struct text element;

		if (!text_equal_nocase(headers[i].name, TEXT("Accept")))
			continue;
		while (list.ptr != NULL && text_next(&list, ',', &element)) {
			int weight = weight_of(element, type);

			most = weight > most ? weight : most;
		}
	}
	return most;
}

bool http_accepts(const struct http_header *headers, size_t count, const char *type)
{
	return http_wants(headers, count, type) > 0;
}

/* ---- If-None-Match ---- */

static struct text skip(struct text t, const char *chars)
{
	size_t i = 0;

	while (i < t.len && t.ptr[i] != '\0' && strchr(chars, t.ptr[i]) != NULL)
		i++;
	return text_slice(t, i, SIZE_MAX);
}

/* Visible ASCII but for the quote, and bytes above ASCII. */
static bool is_tag_char(char c)
{
	return c == '!' || (c >= '#' && c <= '~') || (unsigned char)c >= 0x80;
}

/* Takes an entity tag from the front of *rest, which goes behind it; without its "W/". */
static bool take_tag(struct text *rest, struct text *tag)
{
	struct text t = text_slice(*rest, text_starts(*rest, "W/") ? 2 : 0, SIZE_MAX);
	size_t len = 1;

	if (t.len == 0 || t.ptr[0] != '"')
		return false;
	while (len < t.len && is_tag_char(t.ptr[len]))
		len++;
	if (len == t.len || t.ptr[len] != '"')
		return false;
	*tag = text_slice(t, 0, len + 1);
	*rest = text_slice(t, len + 1, SIZE_MAX);
	return true;
}

/* A list of entity tags, which may hold commas. False if it is none. */
static bool read_tags(struct text list, struct text wanted, bool *found)
{
	struct text rest = skip(list, " \t,");
	struct text tag;

	while (rest.len > 0) {
		if (!take_tag(&rest, &tag))
			return false;
		*found = *found || text_equal(tag, wanted);
		rest = skip(rest, " \t");
		if (rest.len > 0 && rest.ptr[0] != ',')
			return false;
		rest = skip(rest, " \t,");
	}
	return true;
}

bool http_has_already(const struct http_header *headers, size_t count, struct text tag)
{
	bool found = false;
	size_t lines = 0;
	size_t stars = 0;

	for (size_t i = 0; i < count; i++) {
		if (!text_equal_nocase(headers[i].name, TEXT("If-None-Match")))
			continue;
		lines++;
		if (text_is(text_trim(headers[i].value), "*"))
			stars++;
		else if (!read_tags(headers[i].value, tag, &found))
			return false;
	}
	if (stars > 0)
		return stars == 1 && lines == 1;
	return found;
}

/* ---- Cache-Control ---- */

/* One directive, with an argument that may stand in quotes. */
static bool says_anew(struct text directive)
{
	static const char *const words[] = {"no-cache", "no-store", NULL};
	size_t equals = text_find(directive, '=');
	struct text name = text_trim(text_slice(directive, 0, equals));
	struct text value;
	int64_t seconds;

	for (const char *const *word = words; *word != NULL; word++)
		if (text_equal_nocase(name, text_of(*word)))
			return true;
	if (equals == SIZE_MAX || !text_equal_nocase(name, TEXT("max-age")))
		return false;
	value = text_trim(text_slice(directive, equals + 1, SIZE_MAX));
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		value = text_slice(value, 1, value.len - 2);
	return text_to_int(value, &seconds) && seconds == 0;
}

/* *there: the header came. */
static bool header_says_anew(const struct http_header *headers, size_t count, const char *name,
			     bool *there)
{
	bool anew = false;

	*there = false;
	for (size_t i = 0; i < count; i++) {
		struct text rest = headers[i].value;
		struct text directive;

		if (!text_equal_nocase(headers[i].name, text_of(name)))
			continue;
		*there = true;
		while (rest.ptr != NULL && text_next(&rest, ',', &directive))
			anew = anew || says_anew(directive);
	}
	return anew;
}

bool http_wants_anew(const struct http_header *headers, size_t count)
{
	bool there;
	bool anew = header_says_anew(headers, count, "Cache-Control", &there);

	return there ? anew : header_says_anew(headers, count, "Pragma", &there);
}
