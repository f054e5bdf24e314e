/*
 * The program of a segment over a text, from its end to its beginning: for each place it finds out
 * which steps can be gone on from there. So the work is their number times the text's length.
 */
#include <string.h>

#include "base/glob_parts.h"

/* What can be gone on from at one place of a text: a flag for each step. */
struct run {
	const struct glob_step *steps;
	struct text text;
	size_t at;
	unsigned char ch; /* at `at` */
	bool *now;
	const bool *later; /* one character on; of nothing at the end */
};

static bool is_dots(struct text t)
{
	return text_is(t, ".") || text_is(t, "..");
}

static bool holds(const struct run *r, size_t i)
{
	const struct glob_step *s = &r->steps[i];
	bool more = r->at < r->text.len;

	switch (s->op) {
	case GLOB_END:
		return !more;
	case GLOB_CHAR:
		return more && r->ch == s->ch && r->later[s->next];
	case GLOB_ANY:
		return more && r->later[s->next];
	case GLOB_SET:
		return more && glob_set_has(s->set, r->ch) && r->later[s->next];
	case GLOB_STAR:
		return r->now[s->next] || (more && r->later[i]);
	case GLOB_EITHER:
		return r->now[s->next] || r->now[s->other];
	case GLOB_NOT:
		return r->now[s->next] && !r->now[s->other];
	case GLOB_NO_DOT:
		return r->now[s->next] && !(more && r->ch == '.');
	case GLOB_NO_DOTS:
		return r->now[s->next] && !(r->at == 0 && is_dots(r->text));
	default:
		return false;
	}
}

/*
 * Finds out for the steps [from, end). A step goes on only at steps before it, but for the way back
 * to a loop: so the steps of a loop are looked at again once it turns out that it can be entered.
 * What a negated group asks for lies before it and never leads back to a loop around it.
 */
static void settle(struct run *r, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		const struct glob_step *s = &r->steps[i];

		if (s->op != GLOB_LOOP) {
			r->now[i] = holds(r, i);
			continue;
		}
		r->now[i] = r->now[s->next];
		settle(r, i + 1, s->end);
		if (!r->now[i] && r->now[s->other]) {
			r->now[i] = true;
			settle(r, i + 1, s->end);
		}
		i = s->end - 1U;
	}
}

static bool run_program(const struct glob_segment *segment, bool nocase, struct text text)
{
	bool places[2][GLOB_MAX_STEPS];
	struct run r = {.steps = segment->steps, .text = text};

	for (size_t left = text.len + 1; left-- > 0;) {
		r.at = left;
		r.ch = left < text.len ? (unsigned char)text.ptr[left] : '\0';
		if (nocase && r.ch >= 'A' && r.ch <= 'Z')
			r.ch = (unsigned char)(r.ch - 'A' + 'a');
		r.now = places[left % 2];
		r.later = places[(left + 1) % 2];
		settle(&r, 0, segment->step_count);
	}
	return places[0][segment->entry];
}

bool glob_segment_matches(const struct glob_segment *segment, bool nocase, struct text text)
{
	if (segment->kind == GLOB_PROGRAM)
		return run_program(segment, nocase, text);
	return nocase ? text_equal_nocase(segment->literal, text)
		      : text_equal(segment->literal, text);
}
