/* Masking: what both readings of a text know, and writing the second. */
#include <stdlib.h>

#include "base/arena.h"
#include "palette/mask_inside.h"

size_t mask_new_map(struct mask_state *s)
{
	if (s->out != NULL)
		return s->next_map++;
	if (s->next_map == s->map_capacity) {
		s->map_capacity = s->map_capacity == 0 ? 64 : s->map_capacity * 2;
		s->maps = heap_resize(s->maps, s->map_capacity);
	}
	s->maps[s->next_map] = 0;
	return s->next_map++;
}

static bool is_secret(enum mask_name name)
{
	return name == MASK_NAME_SECRET || name == MASK_NAME_SHALLOW;
}

static bool is_yes(struct text value)
{
	static const char *const list[] = {"true", "yes", "on", "y", "1"};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (text_equal_nocase(value, text_of(list[i])))
			return true;
	return false;
}

unsigned char mask_key_says(struct text key)
{
	return text_is(key, "remoteRef") ? MAP_REMOTE : 0;
}

unsigned char mask_member_says(struct text key, struct text value)
{
	if (text_equal_nocase(key, TEXT("kind")) && text_equal_nocase(value, TEXT("Secret")))
		return MAP_SECRET;
	if (text_equal_nocase(key, TEXT("kind")) && text_equal_nocase(value, TEXT("SecretList")))
		return MAP_LIST;
	if (mask_name_marks(key) && is_yes(value))
		return MAP_SENSITIVE;
	if (mask_name_names(key) && is_secret(mask_name_of(value)))
		return MAP_NAMED;
	return 0;
}

void mask_note_member(struct mask_state *s, size_t map, struct text key, struct text value)
{
	if (s->out == NULL && map < s->next_map)
		s->maps[map] |= mask_member_says(key, value);
}

static bool is_data(struct text key)
{
	return text_equal_nocase(key, TEXT("data")) || text_equal_nocase(key, TEXT("stringData"));
}

/* What the members of a map inherit from it. */
static struct mask_mood inherit(struct mask_mood outer)
{
	struct mask_mood mood = {
		.secret = (outer.secret && !outer.shallow) || outer.pardoned,
		.strict = outer.strict,
		.group = outer.group,
		.listed = outer.listed,
	};

	return mood;
}

/* A name that counts only where it stands. */
static void decide(struct mask_mood *mood, enum mask_name name, struct text key)
{
	enum mask_group outer = mood->group;
	bool inside = mood->secret;

	if (is_secret(name) || name == MASK_NAME_KEY) {
		mask_mood_set(mood);
		mood->shallow = name == MASK_NAME_SHALLOW && !inside;
		mood->group = mask_name_groups(key);
	} else if (name == MASK_NAME_HARMLESS) {
		mood->secret = false;
		mood->group = MASK_GROUP_NONE;
	} else if (inside && mask_name_belongs(key, outer)) {
		mood->secret = false;
		mood->pardoned = true;
	}
}

struct mask_mood mask_mood_in(unsigned char map, struct text key, struct mask_mood inherited)
{
	struct mask_mood mood = inherit(inherited);
	enum mask_name name = mask_name_of(key);

	mood.selects = mask_name_selects(key);
	mood.listed = mood.listed || (map & MAP_LIST) != 0;
	if (((map & MAP_SENSITIVE) != 0 && !mask_name_describes(key)) ||
	    (((map & MAP_SECRET) != 0 || inherited.listed) && is_data(key)))
		mood.secret = mood.strict = true;
	if (mood.strict)
		return mood;
	if ((name == MASK_NAME_KEY && inherited.selects) ||
	    ((map & MAP_REMOTE) != 0 && text_is(key, "secretKey")))
		name = MASK_NAME_PLAIN;
	if ((map & MAP_NAMED) != 0 && mask_name_holds(key))
		mask_mood_set(&mood);
	else
		decide(&mood, name, key);
	return mood;
}

struct mask_mood mask_mood_of(const struct mask_state *s, size_t map, struct text key,
			      struct mask_mood inherited)
{
	struct mask_mood mood;

	if (s->out != NULL)
		return mask_mood_in(map < s->map_count ? s->maps[map] : MAP_SENSITIVE, key,
				    inherited);
	s->maps[map] |= mask_key_says(key);
	mood = mask_mood_in(0, key, inherited);
	/* Nothing is known of the map yet, so whatever may turn out to be a secret is one. */
	if (mask_name_holds(key) || is_data(key))
		mask_mood_set(&mood);
	return mood;
}

bool mask_item_announces(struct text item)
{
	enum mask_name name = mask_name_of(item);

	return text_starts(item, "-") && text_find(item, '=') == SIZE_MAX &&
	       text_find(item, ' ') == SIZE_MAX && (is_secret(name) || name == MASK_NAME_KEY);
}

void mask_keep(struct mask_state *s, size_t to)
{
	if (s->out != NULL && to > s->from)
		buf_add(s->out, text_slice(s->text, s->from, to - s->from));
	if (to > s->from)
		s->from = to;
}

void mask_hide(struct mask_state *s, size_t start, size_t end)
{
	mask_keep(s, start);
	if (end > s->from)
		s->from = end;
	if (s->out == NULL)
		return;
	buf_add(s->out, TEXT("\"***\""));
	s->count++;
}

void mask_keep_words(struct mask_state *s, size_t start, size_t end)
{
	mask_keep(s, start);
	if (end <= s->from)
		return;
	if (s->out != NULL)
		s->count += mask_words(text_slice(s->text, s->from, end - s->from), s->out);
	s->from = end;
}

void mask_state_init(struct mask_state *s, struct text text, unsigned level, bool json)
{
	*s = (struct mask_state){.text = text,
				 .level = level,
				 .json = json,
				 .no_double_quote = SIZE_MAX,
				 .no_single_quote = SIZE_MAX};
}

void mask_second_reading(struct mask_state *s, struct buf *out)
{
	s->map_count = s->next_map;
	s->next_map = 0;
	s->out = out;
	s->from = 0;
	s->no_double_quote = s->no_single_quote = SIZE_MAX;
	s->no_flow = false;
}

size_t mask_state_fini(struct mask_state *s)
{
	mask_keep(s, s->text.len);
	free(s->maps);
	return s->count;
}
