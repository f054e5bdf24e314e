/* Regular expressions over PCRE2. */
#include "base/regex.h"

#include <stdbool.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"

enum {
	MOST_STEPS = 1000000,     /* of one struct regex_work */
	MOST_STEPS_FROM = 200000, /* of one search, from one place of the text */
	MOST_DEPTH = 20000,       /* of what a search may have to come back to */
	MOST_HEAP_KIB = 8 * 1024, /* that a search may take */
	STEPS_OF_ANY_SEARCH =
		200,         /* what making a pattern costs, too; and one for each byte of it */
	TEXT_OF_STEP = 32,   /* bytes that are gone through in the time of a step */
	FRAME_OF_STEP = 256, /* bytes that are copied in it */
	DEEPEST_GROUPS = 100,
};

/* The same everywhere, however PCRE2 was built: "." and "$" know only this newline. */
static pcre2_code *compile(struct text pattern)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	PCRE2_SIZE offset;
	int problem;

	if (context == NULL)
		arena_out_of_memory(REGEX_MAX_PATTERN);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, REGEX_MAX_PATTERN);
	pcre2_set_parens_nest_limit(context, DEEPEST_GROUPS);
	code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
			     PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
				     PCRE2_AUTO_CALLOUT,
			     &problem, &offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* A search on its way. */
struct searching {
	struct regex_work *work;
	size_t step_costs; /* each: what PCRE2 keeps and copies for it */
	size_t at;         /* in the text, at the last step */
};

static void spend(struct regex_work *work, size_t cost)
{
	work->steps = cost < work->steps ? work->steps - (unsigned)cost : 0;
}

/*
 * Called at every step of a search; ends it when there is no more work to be had. PCRE2's own limit
 * of steps starts anew at each place of the text, this one does not. A step that has gone far
 * through the text has taken longer.
 */
static int take_step(pcre2_callout_block *block, void *data)
{
	struct searching *s = data;
	size_t at = block->current_position;
	size_t distance = at > s->at ? at - s->at : s->at - at;

	s->at = at;
	spend(s->work, s->step_costs + distance / TEXT_OF_STEP);
	return s->work->steps == 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static size_t step_costs(const pcre2_code *code)
{
	size_t bytes = 0;

	(void)pcre2_pattern_info(code, PCRE2_INFO_FRAMESIZE, &bytes);
	return 1 + bytes / FRAME_OF_STEP;
}

static enum regex_answer search(const pcre2_code *code, struct text text, struct regex_work *work)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	struct searching searching = {.work = work, .step_costs = step_costs(code)};
	int found;

	if (context == NULL || match == NULL)
		arena_out_of_memory(REGEX_MAX_TEXT);
	pcre2_set_match_limit(context, MOST_STEPS_FROM);
	pcre2_set_depth_limit(context, MOST_DEPTH);
	pcre2_set_heap_limit(context, MOST_HEAP_KIB);
	pcre2_set_callout(context, take_step, &searching);
	found = pcre2_match(code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, match, context);
	pcre2_match_data_free(match);
	pcre2_match_context_free(context);
	if (found >= 0)
		return REGEX_FOUND;
	return found == PCRE2_ERROR_NOMATCH ? REGEX_NOT_FOUND : REGEX_UNKNOWN;
}

struct regex_work regex_work_begin(void)
{
	return (struct regex_work){.steps = MOST_STEPS};
}

enum regex_answer regex_search(struct text pattern, struct text text, struct regex_work *work)
{
	enum regex_answer answer;
	pcre2_code *code;

	/* "(*" begins options of PCRE2 and is nothing in Go. */
	if (pattern.len > REGEX_MAX_PATTERN || text.len > REGEX_MAX_TEXT ||
	    work->steps < STEPS_OF_ANY_SEARCH || text_starts(pattern, "(*"))
		return REGEX_UNKNOWN;
	spend(work, STEPS_OF_ANY_SEARCH + pattern.len);
	code = compile(pattern);
	if (code == NULL)
		return REGEX_UNKNOWN;
	answer = search(code, text, work);
	pcre2_code_free(code);
	return answer;
}
