/* Names that Palette knows, told to a person. */
#include "op/create_names.h"

#include <string.h>

#include "base/buf.h"
#include "base/visible.h"
#include "json/json.h"

enum {
	MOST_NAMES = 5000, /* kept to compare with */
	MOST_TOLD = 5,
	LONGEST_SHOWN = 80,
};

void names_add(struct arena *a, struct names *names, const char *name)
{
	if (names->count == MOST_NAMES) {
		names->cut = true;
		return;
	}
	if (names->count == names->room) {
		const char **more = arena_array(a, const char *, 2 * names->room + 16);

		for (size_t i = 0; i < names->count; i++)
			more[i] = names->items[i];
		names->items = more;
		names->room = 2 * names->room + 16;
	}
	names->items[names->count++] = name;
}

void names_read(struct arena *a, struct text array, struct names *names)
{
	struct json_walk walk = json_walk_begin(array);
	struct text item;
	struct text name;

	if (json_type_of(array) != JSON_TYPE_ARRAY)
		return;
	while (json_walk_item(&walk, &item))
		if (json_unescape(a, item, &name))
			names_add(a, names, name.ptr);
}

bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

bool names_lack(const struct names *names, const char *name)
{
	return !names->cut && !names_have(names, name);
}

const char *name_shown(struct arena *a, const char *name)
{
	struct text whole = text_of(name);
	struct text cut = text_slice(whole, 0, LONGEST_SHOWN);
	const char *shown;
	struct buf b;

	while (cut.len < whole.len && cut.len > 0 && !text_is_utf8(cut))
		cut.len--;
	buf_init(&b, 8 * (size_t)LONGEST_SHOWN);
	visible_add(&b, cut);
	shown = arena_printf(a, "%s%s", b.len == 0 ? "" : b.ptr, cut.len < whole.len ? "..." : "");
	buf_fini(&b);
	return shown;
}

/* Likely meant: a slip or two, in a name that is long enough for them. NULL: none. */
static const char *similar(const struct names *names, const char *wanted)
{
	size_t len = strlen(wanted);
	unsigned best = len < 4 ? 2 : 3;
	const char *found = NULL;

	for (size_t i = 0; i < names->count; i++) {
		unsigned distance = text_distance(text_of(names->items[i]), text_of(wanted));

		if (*names->items[i] == '\0' || distance >= best)
			continue;
		best = distance;
		found = names->items[i];
	}
	return found;
}

const char *names_tell(struct arena *a, const struct names *names, const char *wanted)
{
	const char *meant = similar(names, wanted);
	size_t told = 0;
	size_t more = 0;
	const char *out;
	struct buf b;

	buf_init(&b, (size_t)(MOST_TOLD + 1) * 8 * LONGEST_SHOWN);
	if (meant != NULL)
		buf_printf(&b, "; did you mean %s?", name_shown(a, meant));
	for (size_t i = 0; i < names->count; i++) {
		if (*names->items[i] == '\0')
			continue;
		if (told == MOST_TOLD) {
			more++;
			continue;
		}
		buf_printf(&b, "%s%s",
			   told > 0        ? ", "
			   : meant != NULL ? " There are: "
					   : "; there are: ",
			   name_shown(a, names->items[i]));
		told++;
	}
	if (more > 0)
		buf_printf(&b, " and %zu more", more);
	if (told == 0)
		buf_add_string(&b, "; there are none");
	out = arena_copy(a, buf_text(&b));
	buf_fini(&b);
	return out;
}
