/* Whether a value is what a profile says of its variable, and how to say what it has to be. */
#include <arpa/inet.h>
#include <string.h>

#include "base/visible.h"
#include "crypto/base64.h"
#include "palette/entity_work.h"

enum {
	LONGEST_OF_LIST = 48, /* bytes of one item that is told */
	MOST_OF_LIST = 240,   /* bytes of all of them */
	LONGEST_PATTERN = 160,
};

/* ---- telling ---- */

const char *entity_shown(struct arena *a, struct text text, size_t most)
{
	struct text shown;
	const char *copy;
	struct buf b;

	/* No character gets longer than six times as long. */
	buf_init(&b, 6 * (most + 4));
	visible_add(&b, text_slice(text, 0, most + 4));
	shown = text_slice(buf_text(&b), 0, most);
	while (shown.len > 0 && !text_is_utf8(shown))
		shown.len--;
	copy = b.len > most ? arena_printf(a, "%.*s...", (int)shown.len, shown.ptr)
			    : arena_copy(a, buf_text(&b));
	buf_fini(&b);
	return copy;
}

void entity_list_add(struct entity_list *list, struct text item)
{
	const char *shown;

	if (list->more > 0) {
		list->more++;
		return;
	}
	shown = item.len == 0 ? "\"\"" : entity_shown(list->arena, item, LONGEST_OF_LIST);
	if (list->told_count > 0 && strlen(list->told) + strlen(shown) > MOST_OF_LIST) {
		list->more = 1;
		return;
	}
	list->told = list->told_count == 0 ? shown
					   : arena_printf(list->arena, "%s, %s", list->told, shown);
	list->told_count++;
}

const char *entity_list_end(const struct entity_list *list)
{
	if (list->more == 0)
		return list->told_count == 0 ? "" : list->told;
	return arena_printf(list->arena, "%s and %zu more", list->told, list->more);
}

/* ---- formats ---- */

static bool is_number(struct text t)
{
	struct text value;
	struct error err;

	return json_check(t, &value, &err) && value.len == t.len &&
	       json_type_of(value) == JSON_TYPE_NUMBER;
}

static bool is_boolean(struct text t)
{
	return text_is(t, "true") || text_is(t, "false");
}

static bool is_address(int family, struct text t)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (t.len >= sizeof text)
		return false;
	memcpy(text, t.ptr, t.len);
	text[t.len] = '\0';
	return strlen(text) == t.len && inet_pton(family, text, address) == 1;
}

static bool is_ipv4(struct text t)
{
	return is_address(AF_INET, t);
}

static bool is_ipv6(struct text t)
{
	return is_address(AF_INET6, t);
}

static bool is_digits(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] < '0' || t.ptr[i] > '9')
			return false;
	return t.len > 0 && (t.len == 1 || t.ptr[0] != '0');
}

static bool is_ipv4cidr(struct text t)
{
	size_t slash = text_find(t, '/');
	struct text prefix = text_slice(t, slash == SIZE_MAX ? t.len : slash + 1, SIZE_MAX);
	int64_t bits;

	return is_digits(prefix) && text_to_int(prefix, &bits) && bits <= 32 &&
	       is_ipv4(text_slice(t, 0, slash));
}

/* Letters, digits and "-", in pieces between dots. */
static bool is_version_tail(struct text t)
{
	struct text piece;

	while (text_next(&t, '.', &piece)) {
		if (piece.len == 0)
			return false;
		for (size_t i = 0; i < piece.len; i++) {
			char c = piece.ptr[i];

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			      (c >= 'A' && c <= 'Z') || c == '-'))
				return false;
		}
	}
	return true;
}

/* "1.2.3", "v1.27", "1.0.0-rc.1+build.5". */
static bool is_version(struct text t)
{
	struct text numbers = text_starts(t, "v") ? text_slice(t, 1, SIZE_MAX) : t;
	size_t plus = text_find(numbers, '+');
	size_t minus;
	struct text number;
	size_t count = 0;

	if (plus != SIZE_MAX && !is_version_tail(text_slice(numbers, plus + 1, SIZE_MAX)))
		return false;
	numbers = text_slice(numbers, 0, plus);
	minus = text_find(numbers, '-');
	if (minus != SIZE_MAX && !is_version_tail(text_slice(numbers, minus + 1, SIZE_MAX)))
		return false;
	numbers = text_slice(numbers, 0, minus);
	for (; text_next(&numbers, '.', &number); count++)
		if (!is_digits(number))
			return false;
	return count <= 3;
}

static bool is_base64(struct text t)
{
	struct buf decoded;
	bool ok;

	buf_init(&decoded, t.len);
	ok = base64_decode(t, &decoded);
	buf_fini(&decoded);
	return ok;
}

struct format {
	const char *name;
	bool (*fits)(struct text t); /* NULL: anything does */
	const char *what;
};

static const struct format formats[] = {
	{"string", NULL, "a text"},
	{"number", is_number, "a number such as 3 or 1.5"},
	{"boolean", is_boolean, "true or false"},
	{"ipv4", is_ipv4, "an IPv4 address"},
	{"ipv4cidr", is_ipv4cidr, "an IPv4 network such as 10.0.0.0/16"},
	{"ipv6", is_ipv6, "an IPv6 address"},
	{"version", is_version, "a version such as 1.2.3"},
	{"base64", is_base64, "base64 with its padding"},
};

/* One that is not known counts as the first. */
static const struct format *format_of(struct text declaration)
{
	struct text name;

	if (json_member(declaration, "format", &name))
		for (size_t i = 0; i < ARRAY_LEN(formats); i++)
			if (json_string_is(name, formats[i].name))
				return &formats[i];
	return &formats[0];
}

/* ---- options ---- */

static bool is_scalar(struct text value)
{
	enum json_type type = json_type_of(value);

	return type == JSON_TYPE_STRING || type == JSON_TYPE_NUMBER || type == JSON_TYPE_TRUE ||
	       type == JSON_TYPE_FALSE;
}

/* The options that bind: those of a dropdown, if all of them can be read. */
static bool options_of(struct text declaration, struct text *options)
{
	struct json_walk walk;
	struct text input;
	struct text found;
	struct text option;
	struct text value;
	size_t count = 0;

	if (json_member(declaration, "inputType", &input) &&
	    json_type_of(input) == JSON_TYPE_STRING && !json_string_is(input, "dropdown"))
		return false;
	if (!json_member(declaration, "options", &found))
		return false;
	walk = json_walk_begin(found);
	for (; json_walk_item(&walk, &option); count++)
		if (!json_member(option, "value", &value) || !is_scalar(value))
			return false;
	if (count == 0)
		return false;
	*options = found;
	return true;
}

/* An option as it reads; options that are no strings are taken as they stand. */
static struct text option_text(struct arena *a, struct text option)
{
	struct text value = TEXT("");
	struct text text;

	(void)json_member(option, "value", &value);
	return json_unescape(a, value, &text) ? text : value;
}

static bool is_option(struct arena *a, struct text options, struct text text)
{
	struct json_walk walk = json_walk_begin(options);
	struct text option;

	while (json_walk_item(&walk, &option))
		if (text_equal(option_text(a, option), text))
			return true;
	return false;
}

static const char *list_options(struct arena *a, const struct entity_rule *rule,
				struct text options)
{
	struct entity_list list = {.arena = a};
	struct json_walk walk = json_walk_begin(options);
	struct text option;

	if (rule->is_sensitive)
		return "one of the profile's options";
	while (json_walk_item(&walk, &option))
		entity_list_add(&list, option_text(a, option));
	return arena_printf(a, "one of: %s", entity_list_end(&list));
}

/* ---- regular expressions ---- */

/* False: there is none. */
static bool regex_of(struct arena *a, struct text declaration, struct text *pattern)
{
	struct text raw;

	return json_member(declaration, "regex", &raw) && json_unescape(a, raw, pattern) &&
	       pattern->len > 0;
}

/* ---- the whole ---- */

bool entity_value_fits(struct arena *a, const struct entity_rule *rule, struct text text,
		       struct regex_work *work, const char **expected)
{
	const struct format *format = format_of(rule->declaration);
	struct text options;
	struct text pattern;

	if (options_of(rule->declaration, &options) && !is_option(a, options, text)) {
		*expected = arena_printf(a, "be %s", list_options(a, rule, options));
		return false;
	}
	if (format->fits != NULL && !format->fits(text)) {
		*expected = arena_printf(a, "be %s", format->what);
		return false;
	}
	if (regex_of(a, rule->declaration, &pattern) &&
	    regex_search(pattern, text, work) == REGEX_NOT_FOUND) {
		*expected = arena_printf(a, "match the regular expression %s",
					 entity_shown(a, pattern, LONGEST_PATTERN));
		return false;
	}
	return true;
}

const char *entity_value_expected(struct arena *a, const struct entity_rule *rule)
{
	const struct format *format = format_of(rule->declaration);
	struct text options;
	struct text pattern;

	if (options_of(rule->declaration, &options))
		return list_options(a, rule, options);
	if (format->fits == NULL && regex_of(a, rule->declaration, &pattern))
		return arena_printf(a, "a text that matches the regular expression %s",
				    entity_shown(a, pattern, LONGEST_PATTERN));
	return format->what;
}

bool entity_value_has_default(struct text declaration)
{
	struct json_walk walk;
	struct text options;
	struct text option;
	struct text value;

	if (json_member(declaration, "defaultValue", &value) && is_scalar(value) &&
	    !json_string_is(value, ""))
		return true;
	if (!json_member(declaration, "options", &options))
		return false;
	walk = json_walk_begin(options);
	while (json_walk_item(&walk, &option))
		if (entity_is_true(option, "/default"))
			return true;
	return false;
}
