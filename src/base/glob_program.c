/*
 * From the tree of a segment to its program. minimatch writes a regular expression; here it is
 * steps over which no text can be slow. Its rules for leading dots go by where in the pattern
 * something stands, and are kept.
 */
#include <string.h>

#include "base/glob_tree.h"

enum { FIRST_STEPS = 64 };

/* ---- what text consists of ---- */

enum piece_kind { PIECE_CHAR, PIECE_ANY, PIECE_STAR, PIECE_SET, PIECE_NEVER, PIECE_GROUP };

struct piece {
	enum piece_kind kind;
	unsigned char ch;
	bool alone;    /* a star with nothing beside it in its part */
	bool lets_dot; /* a set that lets a leading dot through */
	const uint8_t *set;
	const struct glob_group *group;
	bool copied; /* of a group: see gather() */
};

struct pieces {
	struct piece *items;
	size_t count;
};

struct compile {
	struct glob_parse *parse;
	struct arena *keep; /* for what the program needs */
	bool nocase;
	struct glob_step *steps;
	size_t step_count;
	size_t step_capacity;
	size_t step_room; /* more there must not be */
};

static void add_piece(struct pieces *pieces, struct piece piece)
{
	pieces->items[pieces->count++] = piece;
}

static bool is_star(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] != '*')
			return false;
	return t.len > 0;
}

/* What the set at t means; its length. 0: it is none. */
static size_t add_set(struct compile *c, struct pieces *pieces, struct text t)
{
	struct glob_set set;

	if (!glob_set_read(t, c->nocase, &set))
		glob_fail(c->parse, "a set in it begins with an escaped '^'");
	if (set.length == 0)
		return 0;
	if (set.never) {
		add_piece(pieces, (struct piece){.kind = PIECE_NEVER});
	} else if (set.is_char) {
		add_piece(pieces, (struct piece){.kind = PIECE_CHAR, .ch = set.ch});
	} else {
		uint8_t *bits = arena_alloc(c->keep, sizeof set.bits);

		memcpy(bits, set.bits, sizeof set.bits);
		add_piece(pieces, (struct piece){.kind = PIECE_SET,
						 .set = bits,
						 .lets_dot = set.alternation});
	}
	return set.length;
}

/* Adds what text consists of. */
static void add_text_pieces(struct compile *c, struct pieces *pieces, struct text t)
{
	bool star = false;

	for (size_t i = 0; i < t.len; i++) {
		char at = t.ptr[i];
		bool again = star && at == '*';
		size_t length;

		star = at == '*';
		if (again)
			continue;
		if (at == '*' || at == '?') {
			add_piece(pieces, (struct piece){.kind = star ? PIECE_STAR : PIECE_ANY,
							 .alone = is_star(t)});
			continue;
		}
		length = at == '[' ? add_set(c, pieces, text_slice(t, i, t.len)) : 0;
		if (length > 0) {
			i += length - 1;
			continue;
		}
		if (at == '\\' && i + 1 < t.len) {
			at = t.ptr[++i];
			if (at == '|')
				glob_fail(c->parse, "it has an escaped '|'");
		}
		add_piece(pieces, (struct piece){.kind = PIECE_CHAR, .ch = (unsigned char)at});
	}
}

/*
 * Goes through the parts of a sequence, and then through what stands behind it in all that is
 * around it where it is a choice of a negated group: such a choice is compared up to the segment's
 * end. minimatch copies the parts behind, and in copies the beginning of the segment is not what it
 * was.
 */
struct walk {
	const struct glob_part *part;
	const struct glob_group *around; /* what the walk may go on behind */
	bool copied;
};

static struct walk walk_begin(const struct glob_sequence *s, bool copied)
{
	const struct glob_group *around =
		s->group != NULL && s->group->type == '!' ? s->group : NULL;

	return (struct walk){s->parts, around, copied};
}

static const struct glob_part *walk_next(struct walk *w)
{
	const struct glob_part *part;

	while (w->part == NULL && w->around != NULL) {
		w->part = w->around->part->next;
		w->around = w->around->in->group;
		w->copied = true;
	}
	part = w->part;
	if (part != NULL)
		w->part = part->next;
	return part;
}

/* What a sequence, and what is compared with it, consists of. */
static struct pieces gather(struct compile *c, const struct glob_sequence *s, bool copied)
{
	struct walk walk = walk_begin(s, copied);
	struct pieces pieces = {NULL, 0};
	const struct glob_part *part;
	size_t room = 0;

	while ((part = walk_next(&walk)) != NULL)
		room += part->group == NULL ? part->text.len : 1;
	pieces.items = arena_array(c->parse->arena, struct piece, room);
	walk = walk_begin(s, copied);
	while ((part = walk_next(&walk)) != NULL)
		if (part->group == NULL)
			add_text_pieces(c, &pieces, part->text);
		else
			add_piece(&pieces, (struct piece){.kind = PIECE_GROUP,
							  .group = part->group,
							  .copied = walk.copied});
	return pieces;
}

/* ---- the program ---- */

/* Where something stands; it decides what becomes of leading dots and of what may be empty. */
struct standing {
	bool start; /* at the segment's start, or behind negated groups there */
	bool end;
	bool dots; /* dots are fine, as something stands before them */
	bool copied;
};

/* Most patterns take few. */
static void make_room(struct compile *c)
{
	size_t capacity = c->step_capacity == 0 ? FIRST_STEPS : c->step_capacity * 2;
	struct glob_step *steps = arena_array(c->parse->arena, struct glob_step, capacity);

	if (c->step_count > 0)
		memcpy(steps, c->steps, c->step_count * sizeof *steps);
	c->steps = steps;
	c->step_capacity = capacity;
}

static uint16_t emit(struct compile *c, struct glob_step step)
{
	if (c->step_count == c->step_room) {
		glob_fail(c->parse, "it is too complicated");
		return 0;
	}
	if (c->step_count == c->step_capacity)
		make_room(c);
	c->steps[c->step_count] = step;
	return (uint16_t)c->step_count++;
}

static uint16_t emit_either(struct compile *c, uint16_t one, uint16_t other)
{
	return emit(c, (struct glob_step){.op = GLOB_EITHER, .next = one, .other = other});
}

static uint16_t emit_op(struct compile *c, enum glob_op op, uint16_t next)
{
	return emit(c, (struct glob_step){.op = (uint8_t)op, .next = next});
}

static uint16_t emit_sequence(struct compile *c, const struct glob_sequence *s,
			      struct standing where, uint16_t next);

static bool is_blank(const struct glob_sequence *s)
{
	return s->parts == NULL;
}

/* All choices of a group; each goes on at next. */
static uint16_t emit_choices(struct compile *c, const struct glob_group *g, struct standing where,
			     uint16_t next)
{
	bool whole = where.start && where.end && g->type != '!';
	struct standing inside = where;
	uint16_t entry = 0;
	bool any = false;

	if (g->type == '!')
		inside.end = true;
	for (const struct glob_sequence *s = g->choices; s != NULL && !c->parse->failed;
	     s = s->next) {
		uint16_t choice;

		inside.start = where.start && !s->inner && (s == g->choices || !where.copied);
		if (whole && is_blank(s))
			continue;
		choice = emit_sequence(c, s, inside, next);
		entry = any ? emit_either(c, choice, entry) : choice;
		any = true;
	}
	if (!any)
		glob_fail(c->parse, "it has an empty group");
	return entry;
}

static uint16_t emit_loop(struct compile *c, const struct glob_group *g, struct standing where,
			  uint16_t next)
{
	uint16_t loop = emit_op(c, GLOB_LOOP, next);
	bool first_differs = where.start && !where.dots;
	struct standing again = where;
	uint16_t first;

	again.dots = again.dots || first_differs;
	first = emit_choices(c, g, again, loop);
	c->steps[loop].other = first;
	c->steps[loop].end = (uint16_t)c->step_count;
	if (first_differs)
		first = emit_choices(c, g, where, loop);
	if (g->type == '+')
		return first;
	return first_differs ? emit_either(c, first, next) : loop;
}

static uint16_t emit_negated(struct compile *c, const struct glob_group *g, struct standing where,
			     uint16_t next)
{
	uint16_t entry = emit_op(c, GLOB_STAR, next);
	bool anything = g->empty && !where.copied; /* a copy is an ordinary group */
	uint16_t unwanted;

	if (anything)
		entry = emit_op(c, GLOB_ANY, entry);
	if (where.start && !where.dots)
		entry = emit_op(c, GLOB_NO_DOT, entry);
	if (anything)
		return entry;
	unwanted = emit_choices(c, g, where, emit_op(c, GLOB_END, 0));
	return emit(c, (struct glob_step){.op = GLOB_NOT, .next = entry, .other = unwanted});
}

static uint16_t emit_group(struct compile *c, const struct glob_group *g, struct standing where,
			   uint16_t next)
{
	switch (g->type) {
	case '!':
		return emit_negated(c, g, where, next);
	case '*':
	case '+':
		return emit_loop(c, g, where, next);
	case '?':
		return emit_either(c, emit_choices(c, g, where, next), next);
	default:
		return emit_choices(c, g, where, next);
	}
}

static uint16_t emit_char(struct compile *c, unsigned char ch, uint16_t next)
{
	if (c->nocase && ch >= 'A' && ch <= 'Z')
		ch = (unsigned char)(ch - 'A' + 'a');
	return emit(c, (struct glob_step){.op = GLOB_CHAR, .ch = ch, .next = next});
}

static uint16_t emit_piece(struct compile *c, const struct piece *piece, struct standing where,
			   uint16_t next)
{
	switch (piece->kind) {
	case PIECE_CHAR:
		return emit_char(c, piece->ch, next);
	case PIECE_ANY:
		return emit_op(c, GLOB_ANY, next);
	case PIECE_STAR:
		return emit_op(c, GLOB_STAR, next);
	case PIECE_SET:
		return emit(c, (struct glob_step){.op = GLOB_SET, .set = piece->set, .next = next});
	case PIECE_GROUP:
		where.copied = where.copied || piece->copied;
		return emit_group(c, piece->group, where, next);
	default:
		return emit_op(c, GLOB_NEVER, 0);
	}
}

/* Whether it could take a dot that nothing in the pattern names. */
static bool takes_dot(const struct piece *piece, bool at_start)
{
	if (piece->kind == PIECE_SET)
		return !piece->lets_dot;
	if (piece->kind == PIECE_GROUP) /* "!()" behind a dot */
		return !at_start && piece->group->empty && !piece->copied;
	return piece->kind == PIECE_ANY || piece->kind == PIECE_STAR;
}

/* Puts in front what keeps a sequence at the start from taking a leading dot, ".", or "..". */
static uint16_t emit_guard(struct compile *c, const struct pieces *pieces, bool dots,
			   uint16_t entry)
{
	size_t named = 0;

	if (pieces->count == 0 || pieces->items[0].kind == PIECE_GROUP)
		return entry;
	while (named < 2 && named < pieces->count && pieces->items[named].kind == PIECE_CHAR &&
	       pieces->items[named].ch == '.')
		named++;
	if (named == pieces->count || !takes_dot(&pieces->items[named], named == 0))
		return entry;
	return emit_op(c, named > 0 || dots ? GLOB_NO_DOTS : GLOB_NO_DOT, entry);
}

/* How many of the pieces stand at the start: negated groups there, and what follows them. */
static size_t count_starting(const struct pieces *pieces)
{
	size_t count = 0;

	while (count < pieces->count && pieces->items[count].kind == PIECE_GROUP &&
	       pieces->items[count].group->type == '!')
		count++;
	return count + 1;
}

static bool has_group(const struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].kind == PIECE_GROUP)
			return true;
	return false;
}

static uint16_t emit_sequence(struct compile *c, const struct glob_sequence *s,
			      struct standing where, uint16_t next)
{
	struct pieces pieces = gather(c, s, where.copied);
	size_t starting = where.start ? count_starting(&pieces) : 0;
	/* Alone, a star takes at least one character. */
	bool some = where.start && where.end && !has_group(&pieces);

	for (size_t i = pieces.count; i-- > 0 && !c->parse->failed;) {
		struct standing at = where;

		at.start = i < starting;
		at.end = where.end && i + 1 == pieces.count;
		next = emit_piece(c, &pieces.items[i], at, next);
		if (some && pieces.items[i].kind == PIECE_STAR && pieces.items[i].alone)
			next = emit_op(c, GLOB_ANY, next);
	}
	return where.start ? emit_guard(c, &pieces, where.dots, next) : next;
}

/* ---- the whole ---- */

/* A group of nothing, alone, means itself. */
static bool is_empty_group(const struct glob_sequence *root)
{
	const struct glob_part *only = root->parts;

	if (only == NULL || only->next != NULL || only->group == NULL || only->group->type == '!')
		return false;
	for (const struct glob_sequence *s = only->group->choices; s != NULL; s = s->next)
		if (!is_blank(s))
			return false;
	return true;
}

/* The characters, if there is nothing but characters. */
static bool is_literal(struct compile *c, const struct glob_sequence *root, struct text *out)
{
	struct pieces pieces = gather(c, root, false);
	char *ptr = arena_alloc(c->keep, pieces.count + 1);

	for (size_t i = 0; i < pieces.count; i++) {
		if (pieces.items[i].kind != PIECE_CHAR)
			return false;
		ptr[i] = (char)pieces.items[i].ch;
	}
	*out = (struct text){ptr, pieces.count};
	return true;
}

/* minimatch compares what follows stars or question marks as it is written if it has no other
 * magic: there a backslash means itself. */
static struct text double_backslashes(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, 2 * t.len + 1);
	size_t magic = 0;
	size_t len = 0;

	while (magic < t.len && t.ptr[magic] == t.ptr[0] && strchr("*?", t.ptr[0]) != NULL)
		magic++;
	if (magic == 0)
		return t;
	for (size_t i = 0; i < t.len; i++) {
		if (i >= magic && strchr("+@!?*[(", t.ptr[i]) != NULL)
			return t;
		out[len++] = t.ptr[i];
		if (t.ptr[i] == '\\')
			out[len++] = '\\';
	}
	return (struct text){out, len};
}

static void compile(struct compile *c, struct glob_sequence *root, struct glob_segment *out)
{
	const struct standing whole = {.start = true, .end = true};
	struct glob_step *kept;

	if (is_empty_group(root)) {
		out->literal = arena_copy_text(c->keep, c->parse->pattern);
		return;
	}
	if (is_literal(c, root, &out->literal))
		return;
	glob_flatten(c->parse, root);
	out->kind = GLOB_PROGRAM;
	out->entry = emit_sequence(c, root, whole, emit_op(c, GLOB_END, 0));
	kept = arena_array(c->keep, struct glob_step, c->step_count);
	memcpy(kept, c->steps, c->step_count * sizeof *kept);
	out->steps = kept;
	out->step_count = (uint16_t)c->step_count;
}

bool glob_segment_new(struct arena *a, struct text pattern, bool nocase, size_t *steps_left,
		      struct glob_segment *out, struct error *err)
{
	struct glob_segment made = {.kind = GLOB_LITERAL};
	struct arena scratch;
	struct glob_parse p = {.arena = &scratch, .err = err};
	struct compile c = {.parse = &p, .keep = a, .nocase = nocase, .step_room = *steps_left};
	struct glob_sequence *root;

	arena_init(&scratch);
	p.pattern = double_backslashes(&scratch, pattern);
	make_room(&c);
	root = glob_parse(&p);
	if (!p.failed)
		compile(&c, root, &made);
	arena_fini(&scratch);
	if (p.failed)
		return false;
	*steps_left -= c.step_count;
	*out = made;
	return true;
}
