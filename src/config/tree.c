/* The document as a tree: building, looking up, merging. */
#include "config/tree.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct node *config_node_new(struct arena *a, enum node_type type, struct place place)
{
	struct node *node = arena_new(a, struct node);

	node->type = type;
	node->place = place;
	return node;
}

struct node *config_node_string(struct arena *a, struct text text, struct place place)
{
	struct node *node = config_node_new(a, NODE_STRING, place);

	node->text = arena_copy_text(a, text);
	return node;
}

/* ---- YAML 1.2's core schema ---- */

static bool is_one_of(struct text t, const char *const words[3])
{
	return text_is(t, words[0]) || text_is(t, words[1]) || text_is(t, words[2]);
}

static bool all_of(struct text t, const char *digits)
{
	if (t.len == 0)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] == '\0' || strchr(digits, t.ptr[i]) == NULL)
			return false;
	return true;
}

static size_t count_digits(struct text t)
{
	size_t n = 0;

	while (n < t.len && t.ptr[n] >= '0' && t.ptr[n] <= '9')
		n++;
	return n;
}

static struct text without_sign(struct text t)
{
	return t.len > 0 && (t.ptr[0] == '-' || t.ptr[0] == '+') ? text_slice(t, 1, t.len) : t;
}

/* Digits with at most one dot among them, and an exponent: "1", "1.", ".5", "1.5e-3". */
static bool is_decimal(struct text t)
{
	size_t whole;
	size_t fraction = 0;

	t = without_sign(t);
	whole = count_digits(t);
	t = text_slice(t, whole, t.len);
	if (text_starts(t, ".")) {
		t = text_slice(t, 1, t.len);
		fraction = count_digits(t);
		t = text_slice(t, fraction, t.len);
	}
	if (whole + fraction == 0)
		return false;
	if (t.len == 0)
		return true;
	if (t.ptr[0] != 'e' && t.ptr[0] != 'E')
		return false;
	t = without_sign(text_slice(t, 1, t.len));
	return t.len > 0 && count_digits(t) == t.len;
}

/* Digits of base 8 or 16, as a double: like JavaScript's, large ones lose precision. */
static double of_base(struct text digits, int base)
{
	double value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.ptr[i];
		int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		value = value * base + digit;
	}
	return value;
}

bool number_read(struct text t, double *out)
{
	static const char *const infinite[] = {".inf", ".Inf", ".INF"};
	static const char *const not_a_number[] = {".nan", ".NaN", ".NAN"};
	struct text rest = text_slice(t, 2, t.len);

	if (text_starts(t, "0o") && all_of(rest, "01234567"))
		*out = of_base(rest, 8);
	else if (text_starts(t, "0x") && all_of(rest, "0123456789abcdefABCDEF"))
		*out = of_base(rest, 16);
	else if (is_decimal(t))
		*out = strtod(t.ptr, NULL);
	else if (is_one_of(without_sign(t), infinite))
		*out = t.ptr[0] == '-' ? -INFINITY : INFINITY;
	else if (is_one_of(t, not_a_number))
		*out = NAN;
	else
		return false;
	return true;
}

struct node *config_node_plain(struct arena *a, struct text text, struct place place)
{
	static const char *const nulls[] = {"null", "Null", "NULL"};
	static const char *const yes[] = {"true", "True", "TRUE"};
	static const char *const no[] = {"false", "False", "FALSE"};
	struct node *node = config_node_string(a, text, place);

	if (text.len == 0 || text_is(text, "~") || is_one_of(text, nulls)) {
		node->type = NODE_NULL;
	} else if (is_one_of(text, yes) || is_one_of(text, no)) {
		node->type = NODE_BOOL;
		node->boolean = is_one_of(text, yes);
	} else if (number_read(node->text, &node->number)) {
		node->type = NODE_NUMBER;
	}
	return node;
}

/* ---- maps and lists ---- */

void config_node_add(struct arena *a, struct node *parent, struct text key, struct place key_place,
		     struct node *value)
{
	if (parent->count == parent->capacity) {
		size_t capacity = parent->capacity == 0 ? 4 : parent->capacity * 2;
		struct entry *entries = arena_array(a, struct entry, capacity);

		if (parent->count > 0)
			memcpy(entries, parent->entries, parent->count * sizeof *entries);
		parent->entries = entries;
		parent->capacity = capacity;
	}
	parent->entries[parent->count++] = (struct entry){key, key_place, value};
}

static struct entry *find_entry(const struct node *map, struct text key)
{
	if (map == NULL || map->type != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (text_equal(map->entries[i].key, key))
			return &map->entries[i];
	return NULL;
}

struct node *config_node_get(const struct node *node, struct text key)
{
	struct entry *entry = find_entry(node, key);

	return entry == NULL ? NULL : entry->value;
}

struct node *config_node_at(const struct node *node, struct text path)
{
	struct node *found = NULL;
	struct text key;

	while (text_next(&path, '.', &key)) {
		found = config_node_get(node, key);
		node = found;
	}
	return found;
}

struct node *config_node_merge(struct arena *a, struct node *low, struct node *high)
{
	if (low == NULL)
		return high;
	if (high->type == NODE_ABSENT)
		return low;
	if (low->type != NODE_MAP || high->type != NODE_MAP)
		return high;
	for (size_t i = 0; i < high->count; i++) {
		struct entry *over = &high->entries[i];
		struct entry *under = find_entry(low, over->key);

		if (under == NULL) {
			config_node_add(a, low, over->key, over->place, over->value);
			continue;
		}
		under->value = config_node_merge(a, under->value, over->value);
		if (under->value == over->value)
			under->place = over->place;
	}
	return low;
}

const char *place_print(struct arena *a, struct place place)
{
	if (place.line == 0)
		return place.file;
	return arena_printf(a, "%s:%u:%u", place.file, place.line, place.column);
}
