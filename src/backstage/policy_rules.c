/*
 * Policies: the lines of a file to what each name may. A name is a subject, a group or a role; what
 * it may is one bit a permission. Memberships are followed when the file is read, so that a
 * question is one look into a table.
 */
#include "backstage/policy_rules.h"
#include "base/hash.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTITY_PREFIX = sizeof "default/" - 1, /* what may come in front of an entity's name */
	NAME_SIZE = POLICY_MAX_FIELD + ENTITY_PREFIX,
	SHOWN = 80, /* bytes of a field that a message repeats */
	NO_NAME = 0,
};

static_assert(PERMITS <= 32, "a permission is a bit of a uint32_t");

struct grants {
	uint32_t allowed;
	uint32_t denied;
};

struct name {
	struct text text;
	struct grants grants; /* its own, then also those of what it is a member of */
};

/* Indices of names. */
struct membership {
	uint32_t member;
	uint32_t group;
};

struct policy_rules {
	struct arena arena; /* holds the texts of the names */
	struct name *names;
	uint32_t name_count;
	uint32_t *slots;   /* index of a name + 1; NO_NAME: free */
	size_t slot_count; /* a power of two, more than there are names */
	struct policy_summary summary;
};

/* ---- names ---- */

/* The length of "user:", "group:" or "role:" that t begins with, in any letter case; else 0. */
static size_t entity_kind(struct text t)
{
	static const struct text kinds[] = {TEXT("user:"), TEXT("group:"), TEXT("role:")};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (text_equal_nocase(text_slice(t, 0, kinds[i].len), kinds[i]))
			return kinds[i].len;
	return 0;
}

/*
 * A name as it is compared. Backstage compares references to entities without case and takes
 * "user:ada" for "user:default/ada". Any other subject stands for itself: whoever issues the token
 * of an external:Ada may have an external:ada too.
 */
static struct text name_key(struct text given, char key[NAME_SIZE])
{
	size_t kind = entity_kind(given);
	size_t len = 0;

	for (size_t i = 0; i < given.len; i++) {
		char c = given.ptr[i];

		if (i == kind && kind > 0 && text_find(given, '/') == SIZE_MAX) {
			memcpy(key + len, "default/", ENTITY_PREFIX);
			len += ENTITY_PREFIX;
		}
		key[len++] = (char)(kind > 0 && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return (struct text){key, len};
}

/* Names that collide on purpose would have to be in the administrator's own file. */
static size_t hash(struct text key)
{
	uint64_t h = hash_text(HASH_START, key);

	return (size_t)(h ^ (h >> 32));
}

/* The slot that holds the name, or the free one where it would be. */
static uint32_t *slot_of(const struct policy_rules *rules, struct text key)
{
	size_t at = hash(key) & (rules->slot_count - 1);

	while (rules->slots[at] != NO_NAME &&
	       !text_equal(rules->names[rules->slots[at] - 1].text, key))
		at = (at + 1) & (rules->slot_count - 1);
	return &rules->slots[at];
}

static uint32_t intern(struct policy_rules *rules, struct text given)
{
	char bytes[NAME_SIZE];
	struct text key = name_key(given, bytes);
	uint32_t *slot = slot_of(rules, key);

	if (*slot == NO_NAME) {
		rules->names[rules->name_count].text = arena_copy_text(&rules->arena, key);
		*slot = ++rules->name_count;
	}
	return *slot - 1;
}

/* ---- lines ---- */

/* A file that is being read. */
struct reader {
	struct policy_rules *rules;
	struct membership *memberships; /* as many as summary.memberships says */
	struct arena scratch;
	size_t line;
};

static int shown(struct text t)
{
	return t.len < SHOWN ? (int)t.len : SHOWN;
}

static const struct permission *permission_named(struct text name)
{
	for (int i = 0; i < PERMITS; i++) {
		const struct permission *p = permission_of((enum permit)i);

		if (p != NULL && text_is(name, p->name))
			return p;
	}
	return NULL;
}

static const struct permission *permission_like(struct text name, unsigned within)
{
	const struct permission *best = NULL;

	for (int i = 0; i < PERMITS; i++) {
		const struct permission *p = permission_of((enum permit)i);
		unsigned distance = p == NULL ? UINT32_MAX : text_distance(name, text_of(p->name));

		if (distance > within || (best != NULL && distance == within))
			continue;
		best = p;
		within = distance;
	}
	return best;
}

/*
 * permission  out: NULL if it is another plugin's. One of ours that does not exist is a mistake,
 * and so is one whose plugin is misspelt: it would allow or deny nothing, without a word.
 */
static bool read_permission(struct text name, const struct permission **permission,
			    struct error *err)
{
	bool ours = text_starts(name, BACKSTAGE_PLUGIN_ID ".");
	const struct permission *like;

	*permission = permission_named(name);
	if (*permission != NULL)
		return true;
	like = permission_like(name, ours ? 5 : 2);
	if (like != NULL)
		return error_set(err, ERROR_INPUT,
				 "there is no permission '%.*s'; did you mean '%s'?", shown(name),
				 name.ptr, like->name);
	if (!ours)
		return true;
	return error_set(err, ERROR_INPUT, "there is no permission '%.*s'", shown(name), name.ptr);
}

/* Backstage's actions, and what the RBAC plugin calls a permission that has none. */
static bool check_action(struct text action, struct error *err)
{
	static const char *const actions[] = {"create", "read", "update", "delete", "use"};

	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (text_is(action, actions[i]))
			return true;
	return error_set(err, ERROR_INPUT,
			 "the action '%.*s' is none of create, read, update, delete, use",
			 shown(action), action.ptr);
}

static bool check_effect(struct text effect, struct error *err)
{
	if (text_is(effect, "allow") || text_is(effect, "deny"))
		return true;
	return error_set(err, ERROR_INPUT, "the effect '%.*s' is neither allow nor deny",
			 shown(effect), effect.ptr);
}

static uint32_t permission_bit(const struct permission *permission)
{
	for (int i = 0; i < PERMITS; i++)
		if (permission_of((enum permit)i) == permission)
			return (uint32_t)1 << i;
	return 0;
}

static void note_idle_rule(struct reader *r, const struct permission *permission)
{
	struct policy_summary *s = &r->rules->summary;

	if (s->idle_rules++ > 0)
		return;
	s->idle_line = r->line;
	s->idle_permission = permission;
}

/* Another action than the permission's: it never matches. To deny nothing is not what was meant. */
static bool take_idle_rule(struct reader *r, const struct permission *permission,
			   struct text effect, struct error *err)
{
	if (text_is(effect, "deny"))
		return error_set(err, ERROR_INPUT,
				 "this rule denies nothing: the action of %s is %s",
				 permission->name, permission->action);
	note_idle_rule(r, permission);
	return true;
}

/* p, subject, permission, action, effect */
static bool read_rule(struct reader *r, const struct text *field, struct error *err)
{
	const struct permission *permission;
	struct grants *grants;
	uint32_t bit;

	if (!read_permission(field[2], &permission, err) || !check_action(field[3], err) ||
	    !check_effect(field[4], err))
		return false;
	if (permission == NULL)
		return true;
	r->rules->summary.rules++;
	if (!text_is(field[3], permission->action == NULL ? "use" : permission->action))
		return take_idle_rule(r, permission, field[4], err);
	bit = permission_bit(permission);
	grants = &r->rules->names[intern(r->rules, field[1])].grants;
	if (text_is(field[4], "allow"))
		grants->allowed |= bit;
	else
		grants->denied |= bit;
	return true;
}

/* g, member, group or role */
static bool read_membership(struct reader *r, const struct text *field, struct error *err)
{
	(void)err;
	r->memberships[r->rules->summary.memberships++] = (struct membership){
		.member = intern(r->rules, field[1]), .group = intern(r->rules, field[2])};
	return true;
}

static const struct line_kind {
	const char *word;
	size_t fields;
	const char *form;
	bool (*read)(struct reader *r, const struct text *field, struct error *err);
} line_kinds[] = {
	{"p", 5, "p, role, permission, action, effect", read_rule},
	{"g", 3, "g, member, role", read_membership},
};

/* The first field is not repeated: who names the wrong file may have named one of secrets. */
static bool find_kind(struct text word, const struct line_kind **kind, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(line_kinds); i++) {
		*kind = &line_kinds[i];
		if (text_is(word, line_kinds[i].word))
			return true;
	}
	return error_set(err, ERROR_INPUT, "a line begins with p or g, or with # for a comment");
}

static bool has_control(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7F)
			return true;
	return false;
}

static bool check_field(struct text field, size_t place, struct error *err)
{
	if (field.len == 0)
		return error_set(err, ERROR_INPUT, "field %zu is empty", place);
	if (field.len > POLICY_MAX_FIELD)
		return error_set(err, ERROR_INPUT, "field %zu has %zu bytes; at most %d are read",
				 place, field.len, (int)POLICY_MAX_FIELD);
	if (has_control(field))
		return error_set(err, ERROR_INPUT, "field %zu holds a control character", place);
	return true;
}

static bool read_fields(struct reader *r, const struct policy_fields *fields, struct error *err)
{
	const struct line_kind *kind;

	if (!find_kind(fields->field[0], &kind, err))
		return false;
	if (fields->count != kind->fields)
		return error_set(err, ERROR_INPUT,
				 "wrong number of fields: %zu, where '%s' has %zu", fields->count,
				 kind->form, kind->fields);
	for (size_t i = 0; i < fields->count; i++)
		if (!check_field(fields->field[i], i + 1, err))
			return false;
	return kind->read(r, fields->field, err);
}

static bool read_line(struct reader *r, struct text line, struct error *err)
{
	struct policy_fields fields;

	if (text_ends(line, "\r"))
		line.len--;
	line = policy_csv_trim(line);
	if (line.len == 0 || line.ptr[0] == '#')
		return true;
	if (!text_is_utf8(line))
		return error_set(err, ERROR_INPUT, "not UTF-8 text");
	return policy_csv_split(&r->scratch, line, &fields, err) && read_fields(r, &fields, err);
}

static bool read_lines(struct reader *r, const char *name, struct text bytes, struct error *err)
{
	struct text line;

	if (text_starts(bytes, "\xEF\xBB\xBF"))
		bytes = text_slice(bytes, 3, bytes.len);
	for (r->line = 1; text_next(&bytes, '\n', &line); r->line++)
		if (!read_line(r, line, err))
			return error_in(err, "%s:%zu", name, r->line);
	return true;
}

/* ---- memberships ---- */

/* The members of each group, side by side: those of name g are at members[start[g] .. start[g+1]].
 */
struct members {
	uint32_t *start;
	uint32_t *members;
};

static struct members members_by_group(struct arena *a, const struct policy_rules *rules,
				       const struct membership *list)
{
	size_t count = rules->summary.memberships;
	struct members by = {arena_array(a, uint32_t, (size_t)rules->name_count + 2),
			     arena_array(a, uint32_t, count)};
	/* One place further than it will be, so that filling moves each start to where it belongs.
	 */
	uint32_t *next = by.start + 1;

	for (size_t i = 0; i < count; i++)
		next[list[i].group + 1]++;
	for (uint32_t g = 0; g < rules->name_count; g++)
		next[g + 1] += next[g];
	for (size_t i = 0; i < count; i++)
		by.members[next[list[i].group]++] = list[i].member;
	return by;
}

static bool take_over(struct grants *mine, const struct grants *groups)
{
	struct grants all = {mine->allowed | groups->allowed, mine->denied | groups->denied};

	if (all.allowed == mine->allowed && all.denied == mine->denied)
		return false;
	*mine = all;
	return true;
}

/*
 * Gives every name what those have that it is a member of, at any depth. A name is looked at again
 * only when it has got something new, at most once for each bit: circles come to rest.
 */
static void follow_memberships(struct policy_rules *rules, const struct membership *list)
{
	struct arena a = {0};
	struct members by = members_by_group(&a, rules, list);
	uint32_t *todo = arena_array(&a, uint32_t, rules->name_count);
	bool *waits = arena_array(&a, bool, rules->name_count);
	size_t count = 0;

	for (uint32_t n = 0; n < rules->name_count; n++) {
		todo[count++] = n;
		waits[n] = true;
	}
	while (count > 0) {
		uint32_t group = todo[--count];

		waits[group] = false;
		for (uint32_t i = by.start[group]; i < by.start[group + 1]; i++) {
			uint32_t member = by.members[i];

			if (take_over(&rules->names[member].grants, &rules->names[group].grants) &&
			    !waits[member]) {
				todo[count++] = member;
				waits[member] = true;
			}
		}
	}
	arena_fini(&a);
}

/* ---- what others call ---- */

static size_t count_lines(struct text bytes)
{
	size_t count = bytes.len > 0 && bytes.ptr[bytes.len - 1] != '\n';

	for (size_t i = 0; i < bytes.len; i++)
		count += bytes.ptr[i] == '\n';
	return count;
}

/* Room for the names of that many lines. */
static struct policy_rules *rules_new(size_t lines)
{
	struct policy_rules *rules = heap_alloc(sizeof *rules);

	rules->slot_count = 16;
	while (rules->slot_count < lines * 4)
		rules->slot_count *= 2;
	rules->slots = heap_alloc(rules->slot_count * sizeof *rules->slots);
	rules->names = heap_alloc(lines * 2 * sizeof *rules->names);
	return rules;
}

bool policy_rules_parse(const char *name, struct text bytes, struct policy_rules **rules,
			struct error *err)
{
	size_t lines = count_lines(bytes);
	struct reader r = {0};
	bool ok;

	if (bytes.len > POLICY_MAX_BYTES)
		return error_set(err, ERROR_INPUT, "%s: larger than %d MiB", name,
				 (int)POLICY_MAX_BYTES / (1024 * 1024));
	if (lines > POLICY_MAX_LINES)
		return error_set(err, ERROR_INPUT, "%s: %zu lines; at most %d are read", name,
				 lines, (int)POLICY_MAX_LINES);
	r.rules = rules_new(lines);
	r.memberships = heap_alloc(lines * sizeof *r.memberships);
	ok = read_lines(&r, name, bytes, err);
	if (ok) {
		follow_memberships(r.rules, r.memberships);
		*rules = r.rules;
	} else {
		policy_rules_free(r.rules);
	}
	arena_fini(&r.scratch);
	free(r.memberships);
	return ok;
}

void policy_rules_free(struct policy_rules *rules)
{
	if (rules == NULL)
		return;
	arena_fini(&rules->arena);
	free(rules->names);
	free(rules->slots);
	free(rules);
}

const struct policy_summary *policy_rules_summary(const struct policy_rules *rules)
{
	return &rules->summary;
}

enum policy_verdict policy_rules_ask(const struct policy_rules *rules, struct text subject,
				     const struct permission *permission)
{
	char bytes[NAME_SIZE];
	struct text key;
	uint32_t slot;
	uint32_t bit;

	if (subject.len == 0 || subject.len > POLICY_MAX_FIELD || permission == NULL)
		return POLICY_SILENT;
	key = name_key(subject, bytes);
	slot = *slot_of(rules, key);
	bit = permission_bit(permission);
	if (slot == NO_NAME)
		return POLICY_SILENT;
	if ((rules->names[slot - 1].grants.denied & bit) != 0)
		return POLICY_DENIED;
	return (rules->names[slot - 1].grants.allowed & bit) != 0 ? POLICY_ALLOWED : POLICY_SILENT;
}
