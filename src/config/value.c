/* What a scalar stands for. */
#include "config/value.h"

#include <inttypes.h>
#include <string.h>

/* Doubles hold every whole number up to here. */
#define LARGEST_WHOLE 9007199254740992.0

struct unit {
	const char *name;
	double factor;
};

static bool is_word_of(struct text t, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_equal_nocase(t, text_of(*words)))
			return true;
	return false;
}

bool value_bool(const struct node *node, bool *out)
{
	static const char *const yes[] = {"true", "yes", "y", "on", "1", NULL};
	static const char *const no[] = {"false", "no", "n", "off", "0", NULL};
	struct text t = text_trim(node->text);

	if (node->type != NODE_BOOL && node->type != NODE_STRING && node->type != NODE_NUMBER)
		return false;
	if (!is_word_of(t, yes) && !is_word_of(t, no))
		return false;
	*out = is_word_of(t, yes);
	return true;
}

static bool to_whole(double number, int64_t *out)
{
	if (!(number >= -LARGEST_WHOLE && number <= LARGEST_WHOLE) ||
	    number != (double)(int64_t)number)
		return false;
	*out = (int64_t)number;
	return true;
}

static bool to_nearest(double number, int64_t *out)
{
	if (!(number >= 0 && number <= LARGEST_WHOLE))
		return false;
	*out = (int64_t)(number + 0.5);
	return true;
}

/* A number, or a string that holds one, also with white space around it. */
static bool read_double(const struct node *node, double *out)
{
	char copy[64];
	struct text t;

	if (node->type == NODE_NUMBER) {
		*out = node->number;
		return true;
	}
	t = text_trim(node->text);
	if (node->type != NODE_STRING || t.len == 0 || t.len >= sizeof copy)
		return false;
	memcpy(copy, t.ptr, t.len);
	copy[t.len] = '\0';
	return number_read((struct text){copy, t.len}, out);
}

bool value_int(const struct node *node, int64_t *out)
{
	double number;

	return read_double(node, &number) && to_whole(number, out);
}

/* The decimal number that t starts with; what follows it is left in t. */
static bool take_number(struct text *t, double *out)
{
	double value = 0;
	double place = 0;
	size_t digits = 0;
	size_t i = 0;

	for (; i < t->len; i++) {
		char c = t->ptr[i];

		if (c == '.' && place == 0) {
			place = 1;
		} else if (c >= '0' && c <= '9') {
			digits++;
			place *= 10;
			value = value * 10 + (c - '0');
		} else {
			break;
		}
	}
	if (digits == 0 || digits > 15)
		return false;
	*t = text_slice(*t, i, t->len);
	*out = place == 0 ? value : value / place;
	return true;
}

static const struct unit *find_unit(const struct unit *units, struct text name)
{
	for (; units->name != NULL; units++)
		if (text_equal_nocase(name, text_of(units->name)))
			return units;
	return NULL;
}

/* "1.5 h": a number, at most white space, a unit. */
static bool read_with_unit(struct text t, const struct unit *units, double *out)
{
	const struct unit *unit;
	double number;

	t = text_trim(t);
	if (!take_number(&t, &number))
		return false;
	unit = find_unit(units, text_trim(t));
	if (unit == NULL)
		return false;
	*out = number * unit->factor;
	return true;
}

bool value_size(const struct node *node, int64_t *out)
{
	static const struct unit units[] = {
		{"B", 1},         {"kB", 1e3},      {"MB", 1e6},      {"GB", 1e9},
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
	};
	double bytes;

	if (value_int(node, out))
		return true;
	return node->type == NODE_STRING && read_with_unit(node->text, units, &bytes) &&
	       to_whole(bytes, out);
}

/* ---- durations ---- */

#define SECOND 1e3
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* The words Backstage's configuration takes after a number. */
static const struct unit words[] = {
	{"ms", 1},           {"msec", 1},         {"msecs", 1},        {"millisecond", 1},
	{"milliseconds", 1}, {"s", SECOND},       {"sec", SECOND},     {"secs", SECOND},
	{"second", SECOND},  {"seconds", SECOND}, {"m", MINUTE},       {"min", MINUTE},
	{"mins", MINUTE},    {"minute", MINUTE},  {"minutes", MINUTE}, {"h", HOUR},
	{"hr", HOUR},        {"hrs", HOUR},       {"hour", HOUR},      {"hours", HOUR},
	{"d", DAY},          {"day", DAY},        {"days", DAY},       {"w", 7 * DAY},
	{"week", 7 * DAY},   {"weeks", 7 * DAY},  {NULL, 0},
};

/* The keys of a duration that is a map. */
static const struct unit keys[] = {
	{"years", 365 * DAY}, {"months", 30 * DAY}, {"weeks", 7 * DAY},
	{"days", DAY},        {"hours", HOUR},      {"minutes", MINUTE},
	{"seconds", SECOND},  {"milliseconds", 1},  {NULL, 0},
};

static bool read_map(const struct node *map, double *ms)
{
	double sum = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct entry *entry = &map->entries[i];
		const struct unit *unit = find_unit(keys, entry->key);
		double number;

		if (!node_is_set(entry->value))
			continue;
		if (unit == NULL || !text_is(entry->key, unit->name) ||
		    !read_double(entry->value, &number))
			return false;
		sum += number * unit->factor;
	}
	*ms = sum;
	return map->count > 0;
}

/* "P1DT2H30M": the units in this order, the time behind a T. */
static bool read_iso(struct text t, double *ms)
{
	static const struct unit dates[] = {
		{"Y", 365 * DAY}, {"M", 30 * DAY}, {"W", 7 * DAY}, {"D", DAY}, {NULL, 0}};
	static const struct unit times[] = {{"H", HOUR}, {"M", MINUTE}, {"S", SECOND}, {NULL, 0}};
	const struct unit *next = dates;
	bool in_time = false;
	bool any = false;
	double sum = 0;

	t = text_slice(t, 1, t.len);
	while (t.len > 0) {
		const struct unit *unit;
		double number;

		if (t.ptr[0] == 'T' && !in_time) {
			in_time = true;
			next = times;
			any = false; /* a T wants something behind it */
			t = text_slice(t, 1, t.len);
			continue;
		}
		if (!take_number(&t, &number))
			return false;
		unit = find_unit(next, text_slice(t, 0, 1));
		if (unit == NULL)
			return false;
		t = text_slice(t, 1, t.len);
		sum += number * unit->factor;
		next = unit + 1;
		any = true;
	}
	*ms = sum;
	return any;
}

bool value_duration_ms(const struct node *node, int64_t *out)
{
	struct text t = text_trim(node->text);
	double ms;
	bool ok;

	if (node->type == NODE_MAP)
		ok = read_map(node, &ms);
	else if (node->type != NODE_STRING)
		return false;
	else if (text_starts(t, "P"))
		ok = read_iso(t, &ms);
	else
		ok = read_with_unit(t, words, &ms);
	return ok && to_nearest(ms, out);
}

/* ---- base64 ---- */

/* What a letter of the alphabet stands for; -1: none of it. The letters for URLs count too. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Padding may be left out; where it stands, it is complete. */
static struct text without_padding(struct text t)
{
	if (t.len % 4 != 0)
		return t;
	for (int i = 0; i < 2 && text_ends(t, "="); i++)
		t.len--;
	return t;
}

bool value_base64(struct arena *a, struct text encoded, struct text *out)
{
	struct text t = without_padding(encoded);
	char *bytes = arena_alloc(a, t.len + 1);
	unsigned held = 0;
	unsigned bits = 0;
	size_t len = 0;

	for (size_t i = 0; i < t.len; i++) {
		int value = sextet(t.ptr[i]);

		if (value < 0)
			return false;
		held = (held << 6 | (unsigned)value) & 0xfff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		bytes[len++] = (char)(held >> bits & 0xff);
	}
	if (t.len % 4 == 1)
		return false;
	*out = (struct text){bytes, len};
	return true;
}

/* ---- printing ---- */

struct print_unit {
	const char *name;
	int64_t factor;
};

static const char *print_with_unit(struct arena *a, int64_t value, const struct print_unit *units)
{
	while (value == 0 || value % units->factor != 0) {
		if (units->factor == 1)
			break;
		units++;
	}
	return arena_printf(a, "%" PRId64 "%s", value / units->factor, units->name);
}

const char *value_print_size(struct arena *a, int64_t bytes)
{
	static const struct print_unit units[] = {
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

	return print_with_unit(a, bytes, units);
}

const char *value_print_duration(struct arena *a, int64_t ms)
{
	static const struct print_unit units[] = {
		{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

	return print_with_unit(a, ms, units);
}
