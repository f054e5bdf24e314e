/* One sentence about the environments: what an operator reads first. */
#include "op/status.h"

enum { MOST_NAMED = 5 /* environments */ };

static size_t count_of(const struct status *s, enum status_answering answering)
{
	size_t count = 0;

	for (size_t i = 0; i < s->environment_count; i++)
		count += s->environments[i].answering == answering;
	return count;
}

/* "staging has not for 4 minutes, test not for 2 hours" */
static const char *who_is_silent(struct arena *a, const struct status *s)
{
	const char *said = "";
	size_t named = 0;

	for (size_t i = 0; i < s->environment_count; i++) {
		const struct status_environment *e = &s->environments[i];

		if (e->answering != STATUS_SILENT || ++named > MOST_NAMED)
			continue;
		said = arena_printf(a, "%s%s%s %snot for %s", said, named == 1 ? "" : ", ", e->name,
				    named == 1 ? "has " : "",
				    status_span(a, s->now_ms - e->silent_since_ms));
	}
	return named <= MOST_NAMED ? said
				   : arena_printf(a, "%s, and %zu more", said, named - MOST_NAMED);
}

/* "staging and test" */
static const char *names_of(struct arena *a, const struct status *s,
			    enum status_answering answering)
{
	size_t count = count_of(s, answering);
	const char *said = "";
	size_t named = 0;

	for (size_t i = 0; i < s->environment_count && named < MOST_NAMED; i++) {
		if (s->environments[i].answering != answering)
			continue;
		named++;
		said = arena_printf(a, "%s%s%s", said,
				    named == 1       ? ""
				    : named == count ? " and "
						     : ", ",
				    s->environments[i].name);
	}
	return named == count ? said : arena_printf(a, "%s and %zu more", said, count - named);
}

static const char *say_one(struct arena *a, const struct status *s)
{
	const struct status_environment *e = &s->environments[0];

	switch (e->answering) {
	case STATUS_SILENT:
		return arena_printf(a, "%s has not answered for %s", e->name,
				    status_span(a, s->now_ms - e->silent_since_ms));
	case STATUS_FAILING:
		return arena_printf(a, "What is asked of %s fails", e->name);
	case STATUS_REFUSES:
		return arena_printf(a, "%s refuses the apiToken", e->name);
	case STATUS_UNASKED:
		return arena_printf(a, "Nothing was asked of %s in the last hour", e->name);
	default:
		return arena_printf(a, "%s answers", e->name);
	}
}

/* Where none answers: of all, or of those that were asked. */
static const char *say_none(struct arena *a, size_t all, size_t asked)
{
	if (asked == all)
		return arena_printf(a, "None of %zu environments answers", all);
	if (asked == 1)
		return arena_printf(
			a, "The only one of %zu environments that was asked does not answer", all);
	return arena_printf(a, "None of the %zu environments that were asked answers", asked);
}

static const char *say_several(struct arena *a, const struct status *s)
{
	size_t silent = count_of(s, STATUS_SILENT);
	size_t failing = count_of(s, STATUS_FAILING);
	size_t unasked = count_of(s, STATUS_UNASKED);
	size_t refuse = count_of(s, STATUS_REFUSES);
	size_t answer = count_of(s, STATUS_ANSWERS);
	const char *said;

	if (unasked == s->environment_count)
		return arena_printf(a, "None of the %zu environments was asked in the last hour",
				    unasked);
	if (answer == s->environment_count)
		return answer == 2 ? "Both environments answer"
				   : arena_printf(a, "All %zu environments answer", answer);
	said = answer == 0 ? say_none(a, s->environment_count, s->environment_count - unasked)
			   : arena_printf(a, "%zu of %zu environments %s", answer,
					  s->environment_count, answer == 1 ? "answers" : "answer");
	if (silent > 0)
		said = arena_printf(a, "%s; %s", said, who_is_silent(a, s));
	if (failing > 0)
		said = arena_printf(a, "%s; what is asked of %s fails", said,
				    names_of(a, s, STATUS_FAILING));
	if (refuse > 0)
		said = arena_printf(a, "%s; %s %s the apiToken", said,
				    names_of(a, s, STATUS_REFUSES),
				    refuse == 1 ? "refuses" : "refuse");
	if (unasked > 0)
		said = arena_printf(a, "%s; %s %s not asked in the last hour", said,
				    names_of(a, s, STATUS_UNASKED), unasked == 1 ? "was" : "were");
	return said;
}

const char *status_say(struct arena *a, const struct status *s)
{
	if (s->phase == PHASE_STARTING)
		return "The service is starting";
	if (s->phase != PHASE_SERVING)
		return "The service is shutting down";
	if (s->environment_count == 0)
		return "No environment is configured";
	return s->environment_count == 1 ? say_one(a, s) : say_several(a, s);
}
