/* Versions as people write them, and which one is newer. */
#include "op/version.h"

#include <stdint.h>
#include <string.h>

enum { MOST_NUMBERS = 8, LONGEST_NUMBER = 15 };

struct version {
	int64_t core[MOST_NUMBERS];
	struct text pre; /* what stands behind '-'; empty: a release */
};

static bool is_number(struct text part)
{
	for (size_t i = 0; i < part.len; i++)
		if (part.ptr[i] < '0' || part.ptr[i] > '9')
			return false;
	return part.len > 0 && part.len <= LONGEST_NUMBER;
}

/* What stands before the separator; *rest becomes what stands behind it, or empty. */
static struct text cut(struct text *rest, char separator)
{
	size_t at = text_find(*rest, separator);
	struct text before = text_slice(*rest, 0, at);

	*rest = at == SIZE_MAX ? TEXT("") : text_slice(*rest, at + 1, SIZE_MAX);
	return before;
}

static bool parse(struct text text, struct version *v)
{
	struct text core;
	struct text part;
	size_t count = 0;

	*v = (struct version){.pre = TEXT("")};
	text = cut(&text, '+');
	core = cut(&text, '-');
	v->pre = text;
	if (text_starts(core, "v") || text_starts(core, "V"))
		core = text_slice(core, 1, SIZE_MAX);
	while (text_next(&core, '.', &part)) {
		if (count == MOST_NUMBERS || !is_number(part) ||
		    !text_to_int(part, &v->core[count++]))
			return false;
	}
	return count > 0;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_bytes(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Numbers come before words. */
static int compare_parts(struct text a, struct text b)
{
	int64_t x;
	int64_t y;

	if (is_number(a) && is_number(b) && text_to_int(a, &x) && text_to_int(b, &y))
		return compare_numbers(x, y);
	if (is_number(a) != is_number(b))
		return is_number(a) ? -1 : 1;
	return compare_bytes(a, b);
}

/* A release is newer than what led to it; of two with the same beginning the longer is. */
static int compare_pre(struct text a, struct text b)
{
	struct text x;
	struct text y;

	if (a.len == 0 || b.len == 0)
		return (a.len == 0) - (b.len == 0);
	for (;;) {
		bool in_a = text_next(&a, '.', &x);
		bool in_b = text_next(&b, '.', &y);
		int order;

		if (!in_a || !in_b)
			return in_a - in_b;
		order = compare_parts(x, y);
		if (order != 0)
			return order;
	}
}

bool version_compare(struct text a, struct text b, int *order)
{
	struct version x;
	struct version y;

	if (!parse(text_trim(a), &x) || !parse(text_trim(b), &y))
		return false;
	*order = 0;
	for (size_t i = 0; *order == 0 && i < MOST_NUMBERS; i++)
		*order = compare_numbers(x.core[i], y.core[i]);
	if (*order == 0)
		*order = compare_pre(x.pre, y.pre);
	return true;
}
