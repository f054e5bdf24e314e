/* From the text of a segment to a tree of groups. */
#include "base/glob_tree.h"

#include <string.h>

enum { MOST_NESTED = 3, MOST_ROUNDS = 10 };

bool glob_fail(struct glob_parse *p, const char *why)
{
	if (!p->failed)
		error_set(p->err, ERROR_INPUT, "%s", why);
	p->failed = true;
	return false;
}

/* ---- reading ---- */

static struct glob_sequence *sequence_new(struct glob_parse *p, struct glob_group *group)
{
	struct glob_sequence *s = arena_new(p->arena, struct glob_sequence);

	s->end = &s->parts;
	s->group = group;
	return s;
}

static void link_part(struct glob_sequence *s, struct glob_part *part)
{
	*s->end = part;
	s->end = &part->next;
}

static void add_text(struct glob_parse *p, struct glob_sequence *s, size_t from, size_t to)
{
	struct glob_part *part;

	if (to <= from)
		return;
	part = arena_new(p->arena, struct glob_part);
	part->text = text_slice(p->pattern, from, to - from);
	link_part(s, part);
}

/* Follows escapes and sets, in which nothing else begins. */
struct scan {
	bool escaped;
	bool in_set;
	bool negated;
	size_t set;
};

/* Whether the character at i is nothing to the search for groups. */
static bool scan_over(struct scan *s, char c, size_t i)
{
	if (s->escaped || c == '\\') {
		s->escaped = !s->escaped;
		return true;
	}
	if (!s->in_set && c != '[')
		return false;
	if (!s->in_set)
		*s = (struct scan){.in_set = true, .set = i};
	else if (i == s->set + 1)
		s->negated = c == '^' || c == '!';
	else if (c == ']' && !(s->negated && i == s->set + 2))
		s->in_set = false;
	return true;
}

static bool is_group(struct text t, size_t i)
{
	return i + 1 < t.len && t.ptr[i + 1] == '(' && strchr("?*+@!", t.ptr[i]) != NULL;
}

static struct glob_group *group_new(struct glob_parse *p, char type, const struct glob_sequence *in)
{
	struct glob_part *part = arena_new(p->arena, struct glob_part);
	struct glob_group *g = arena_new(p->arena, struct glob_group);

	*g = (struct glob_group){.type = type, .in = in, .part = part};
	g->choices = sequence_new(p, g);
	part->group = g;
	return g;
}

/* bare  nothing, or another group, stands before the ')'. */
static bool close_group(struct glob_parse *p, struct glob_group *g, struct glob_sequence *in,
			bool bare)
{
	bool nothing = g->choices->parts == NULL && g->choices->next == NULL;

	link_part(in, g->part);
	if (g->type != '!')
		return true;
	g->empty = nothing;
	/* minimatch would take it for "!()". */
	if (bare && !nothing)
		return glob_fail(p,
				 "a negated group has nothing, or another group, before its ')'");
	return true;
}

/*
 * Reads the group at *at into `in` and moves *at behind it. Where its ')' is missing it is no
 * group, and *at stays. False on a failure.
 */
static bool parse_group(struct glob_parse *p, struct glob_sequence *in, size_t *at, unsigned depth)
{
	struct glob_group *g = group_new(p, p->pattern.ptr[*at], in);
	struct glob_sequence *choice = g->choices;
	struct scan scan = {.escaped = false};
	size_t start = *at + 2;

	for (size_t i = start; i < p->pattern.len; i++) {
		char c = p->pattern.ptr[i];
		size_t before = i;

		if (scan_over(&scan, c, i))
			continue;
		if (is_group(p->pattern, i)) {
			add_text(p, choice, start, i);
			if (depth == MOST_NESTED)
				return glob_fail(p, "its groups are more than 3 deep");
			if (!parse_group(p, choice, &i, depth + 1))
				return false;
			if (i == before)
				return true; /* a missing ')' is missing for all around it */
			start = i--;
		} else if (c == '|') {
			add_text(p, choice, start, i);
			choice->next = sequence_new(p, g);
			choice = choice->next;
			start = i + 1;
		} else if (c == ')') {
			add_text(p, choice, start, i);
			*at = i + 1;
			return close_group(p, g, in, start == i);
		}
	}
	return true;
}

static bool has_group(const struct glob_sequence *s)
{
	for (const struct glob_part *part = s->parts; part != NULL; part = part->next)
		if (part->group != NULL)
			return true;
	return false;
}

struct glob_sequence *glob_parse(struct glob_parse *p)
{
	struct glob_sequence *root = sequence_new(p, NULL);
	struct scan scan = {.escaped = false};
	size_t start = 0;

	for (size_t i = 0; i < p->pattern.len; i++) {
		struct glob_part **end = root->end;
		size_t before = i;

		if (scan_over(&scan, p->pattern.ptr[i], i) || !is_group(p->pattern, i))
			continue;
		add_text(p, root, start, i);
		if (!parse_group(p, root, &i, 1))
			return root;
		if (i == before) { /* no group: all from the text before it on is text */
			root->end = end;
			*end = NULL;
			/* but not for minimatch's rules about dots */
			if (has_group(root))
				glob_fail(p, "a group in it is not closed");
			break;
		}
		start = i--;
	}
	add_text(p, root, start, p->pattern.len);
	return root;
}

/* ---- flattening ---- */

/* What a choice consists of, if it is one group and nothing else. */
static struct glob_group *only_group(const struct glob_sequence *choice)
{
	if (choice->parts == NULL || choice->parts->next != NULL)
		return NULL;
	return choice->parts->group;
}

/* Whether the choices of a group of type `inner` may as well be those of one of type `outer`. */
static bool adopts(char outer, char inner)
{
	switch (outer) {
	case '?':
		return inner == '?' || inner == '@';
	case '*':
		return inner != '!';
	case '+':
		return inner == '+' || inner == '@';
	default:
		return inner == '@';
	}
}

/* The same, if there is one more choice of nothing. */
static bool adopts_with_nothing(char outer, char inner)
{
	return (inner == '?' && (outer == '!' || outer == '@' || outer == '+')) ||
	       (inner == '*' && outer == '+');
}

/* What a group with one choice becomes, if that is a group of type `inner`; NUL: it stays. */
static char merged_type(char outer, char inner)
{
	switch (outer) {
	case '@':
		return inner;
	case '?':
		return inner == '*' || inner == '+' ? '*' : '\0';
	case '+':
		return inner == '?' || inner == '*' ? '*' : '\0';
	default:
		return '\0';
	}
}

/* Puts the choices of inner, for a choice of outer, into its place. */
static void replace_choice(struct glob_group *outer, struct glob_sequence **at,
			   const struct glob_group *inner)
{
	struct glob_sequence *behind = (*at)->next;
	struct glob_sequence *last = inner->choices;

	*at = inner->choices;
	for (;; last = last->next) {
		last->group = outer;
		if (last->next == NULL)
			break;
	}
	last->next = behind;
}

static void add_nothing(struct glob_parse *p, struct glob_group *g)
{
	struct glob_sequence **end = &g->choices;

	while (*end != NULL)
		end = &(*end)->next;
	*end = sequence_new(p, g);
	(*end)->inner = true;
}

/* True if there may be more to do. */
static bool flatten_choice(struct glob_parse *p, struct glob_group *g, struct glob_sequence **at)
{
	struct glob_group *inner;
	char type;

	glob_flatten(p, *at);
	inner = only_group(*at);
	if (inner == NULL)
		return false;
	if (adopts(g->type, inner->type) || adopts_with_nothing(g->type, inner->type)) {
		if (!adopts(g->type, inner->type))
			add_nothing(p, inner);
		replace_choice(g, at, inner);
		return true;
	}
	type = g->choices->next == NULL ? merged_type(g->type, inner->type) : '\0';
	if (type != '\0') {
		replace_choice(g, at, inner);
		g->type = type;
		g->empty = false;
	}
	return false;
}

static void flatten_group(struct glob_parse *p, struct glob_group *g)
{
	bool again = true;

	for (int round = 0; round < MOST_ROUNDS && again; round++) {
		again = false;
		for (struct glob_sequence **at = &g->choices; *at != NULL; at = &(*at)->next)
			again = flatten_choice(p, g, at) || again;
	}
}

void glob_flatten(struct glob_parse *p, struct glob_sequence *root)
{
	for (struct glob_part *part = root->parts; part != NULL; part = part->next)
		if (part->group != NULL)
			flatten_group(p, part->group);
}
