/*
 * What an operator should look at: one sentence about the environments, and a line for each thing
 * that is not as it should be. A threshold stands here and nowhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "op/status.h"

enum {
	LONGEST_SENTENCE = 4096,
	MOST_NAMED = 5,          /* environments in the sentence */
	SHARE_PERCENT = 5,       /* of requests that fail: more is worth a word */
	FEW_FAILURES = 3,        /* fewer may be an accident */
	SOON_S = 21 * 24 * 3600, /* that a certificate ends */
	VERY_SOON_S = 3 * 24 * 3600,
	SECOND_MS = 1000,
};

/* ---- notices ---- */

struct judging {
	struct arena *a;
	struct status *s;
};

static void notice(struct judging *j, enum status_level level, const char *about, const char *text)
{
	struct status *s = j->s;

	if (level > s->level)
		s->level = level;
	if (s->notice_count == STATUS_MOST_NOTICES) {
		s->more_notices++;
		return;
	}
	s->notices[s->notice_count++] =
		(struct status_notice){.level = level, .text = text, .about = about};
}

static const char *requests(struct judging *j, uint64_t count)
{
	return status_many(j->a, count, "request", "requests");
}

/* " (503: 8, timeout: 4)" */
static const char *causes_of(struct judging *j, const struct status_environment *e)
{
	const char *said = "";

	for (size_t i = 0; i < e->causes.count && i < 3; i++)
		said = arena_printf(j->a, "%s%s%s: %llu", said, i == 0 ? " (" : ", ",
				    e->causes.items[i].name,
				    (unsigned long long)e->causes.items[i].hour);
	return e->causes.count == 0 ? "" : arena_printf(j->a, "%s)", said);
}

static bool fails_often(const struct status_load *load)
{
	return load->failures >= FEW_FAILURES &&
	       load->failures * 100 >= load->requests * SHARE_PERCENT;
}

static void judge_answers(struct judging *j, const struct status_environment *e)
{
	const struct status_load *load = &e->load;

	if (e->answering == STATUS_SILENT)
		notice(j, STATUS_BAD, "environments",
		       arena_printf(j->a,
				    "%s does not answer; nothing is sent there but a try now and "
				    "then, and whoever asks is told to come again%s.",
				    e->name, causes_of(j, e)));
	else if (e->answering == STATUS_FAILING)
		notice(j, STATUS_BAD, "environments",
		       arena_printf(j->a, "What was asked of %s lately has failed%s.", e->name,
				    causes_of(j, e)));
	else if (fails_often(load))
		notice(j, STATUS_WARNING, "environments",
		       arena_printf(j->a, "%s failed of %s to %s in the last hour%s.",
				    status_many(j->a, load->failures, "request", "requests"),
				    status_many(j->a, load->requests, "request", "requests"),
				    e->name, causes_of(j, e)));
}

static void judge_token(struct judging *j, const struct status_environment *e)
{
	if (e->token_refused_ms != 0)
		notice(j, STATUS_BAD, "environments",
		       arena_printf(j->a,
				    "%s has refused the apiToken for %s: it has ended, was "
				    "deleted, or is another tenant's. Whoever has no Palette "
				    "session of their own gets 502.",
				    e->name,
				    status_span(j->a, j->s->now_ms - e->token_refused_ms)));
}

static void judge_budget(struct judging *j, const struct status_environment *e)
{
	if (e->held_back > 0)
		notice(j, STATUS_WARNING, "environments",
		       arena_printf(
			       j->a,
			       "%s to %s %s not made in the last hour, as Palette's rate limit "
			       "left no turn in time.",
			       requests(j, e->held_back), e->name,
			       e->held_back == 1 ? "was" : "were"));
	for (size_t i = 0; i < e->budget_count; i++)
		if (e->budget[i].left < 1)
			notice(j, STATUS_WARNING, "environments",
			       arena_printf(
				       j->a,
				       "Nothing is left at the moment of Palette's rate limit for "
				       "%s in %s; requests wait for their turn.",
				       e->budget[i].path, e->name));
}

static void judge_certificate(struct judging *j, const struct status_environment *e)
{
	int64_t left_s = e->certificate_ends_s - j->s->now_ms / SECOND_MS;

	if (e->certificate_ends_s == 0 || left_s > SOON_S)
		return;
	if (left_s <= 0)
		notice(j, STATUS_BAD, "certificates",
		       arena_printf(j->a, "The certificate of %s has ended.", e->name));
	else
		notice(j, left_s <= VERY_SOON_S ? STATUS_BAD : STATUS_WARNING, "certificates",
		       arena_printf(j->a, "The certificate of %s ends in %s.", e->name,
				    status_span(j->a, left_s * SECOND_MS)));
}

static void judge_environments(struct judging *j)
{
	for (size_t i = 0; i < j->s->environment_count; i++) {
		judge_answers(j, &j->s->environments[i]);
		judge_token(j, &j->s->environments[i]);
		judge_budget(j, &j->s->environments[i]);
		judge_certificate(j, &j->s->environments[i]);
	}
}

static void judge_service(struct judging *j)
{
	const struct status *s = j->s;

	if (s->not_ready != NULL)
		notice(j, s->phase == PHASE_SERVING ? STATUS_BAD : STATUS_WARNING, "service",
		       arena_printf(j->a, "It is not ready for requests: %s.", s->not_ready));
	if (s->reload != NULL && strcmp(s->reload, "refused") == 0)
		notice(j, STATUS_WARNING, "configuration",
		       arena_printf(
			       j->a,
			       "The configuration was read again %s ago and refused%s%s; the one "
			       "before stays in force.",
			       status_span(j->a, s->now_ms - s->reload_ms),
			       s->reload_place[0] == '\0' ? "" : ", for what stands at ",
			       s->reload_place));
	if (s->store_failures > 0)
		notice(j, STATUS_WARNING, "sessions",
		       arena_printf(j->a, "The store of sessions has failed %s in the last hour.",
				    status_many(j->a, s->store_failures, "time", "times")));
}

/* Whatever the cause, which a notice about an environment has named already. */
static void judge_own_answers(struct judging *j)
{
	const struct status_load *load = &j->s->load;

	for (size_t i = 0; i < j->s->notice_count; i++)
		if (strcmp(j->s->notices[i].about, "environments") == 0)
			return;
	if (fails_often(load))
		notice(j, STATUS_WARNING, "requests",
		       arena_printf(j->a,
				    "%s of %s to this service in the last hour were answered "
				    "with a status from 500 on; the log says why.",
				    requests(j, load->failures), requests(j, load->requests)));
}

static uint64_t hour_of(const struct status_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->count; i++)
		if (strcmp(counts->items[i].name, name) == 0)
			return counts->items[i].hour;
	return 0;
}

static void judge_crowd(struct judging *j)
{
	/* Who is turned away for want of room. */
	static const struct {
		const char *reason, *for_what;
	} rows[] = {
		{"queue", "the queue was full"},
		{"connections", "there were as many connections as there may be"},
		{"strangers", "too many came whose senders were not known yet"},
		{"followers", "as many clusters were followed as can be"},
		{"late", "their turn came too late"},
	};
	const struct status *s = j->s;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t count = hour_of(&s->refused, rows[i].reason);

		if (count > 0)
			notice(j, STATUS_WARNING, "work",
			       arena_printf(j->a, "%s %s turned away in the last hour: %s.",
					    requests(j, count), count == 1 ? "was" : "were",
					    rows[i].for_what));
	}
	for (size_t i = 0; i < s->pool_count; i++)
		if (s->pools[i].queued > 0 && s->pools[i].busy >= s->pools[i].most)
			notice(j, STATUS_WARNING, "work",
			       arena_printf(j->a, "All workers are busy and %s %s (%s).",
					    requests(j, (uint64_t)s->pools[i].queued),
					    s->pools[i].queued > 1 ? "wait" : "waits",
					    s->pools[i].name));
}

static void judge_outcomes(struct judging *j)
{
	const struct status *s = j->s;
	uint64_t unclear = 0;

	for (size_t i = 0; i < s->decision_count; i++)
		unclear += s->decisions[i].unclear;
	if (unclear > 0)
		notice(j, STATUS_WARNING, "permissions",
		       arena_printf(
			       j->a,
			       "Of %s in the last hour nobody could say whether they may; they "
			       "were refused.",
			       requests(j, unclear)));
	for (size_t i = 0; i < s->creation_count; i++)
		if (s->creations[i].unknown > 0)
			notice(j, STATUS_WARNING, "creations",
			       arena_printf(j->a,
					    "Of %s (%s) in the last hour it is not known whether "
					    "Palette "
					    "has created %s; look there before trying again.",
					    status_many(j->a, s->creations[i].unknown, "cluster",
							"clusters"),
					    s->creations[i].cloud,
					    s->creations[i].unknown == 1 ? "it" : "them"));
}

/* ---- the sentence ---- */

static size_t count_of(const struct status *s, enum status_answering answering)
{
	size_t count = 0;

	for (size_t i = 0; i < s->environment_count; i++)
		count += s->environments[i].answering == answering;
	return count;
}

/* "staging has not for 4 minutes, test not for 2 hours" */
static const char *who_is_silent(struct judging *j)
{
	const struct status *s = j->s;
	const char *said = "";
	size_t named = 0;

	for (size_t i = 0; i < s->environment_count; i++) {
		const struct status_environment *e = &s->environments[i];

		if (e->answering != STATUS_SILENT || ++named > MOST_NAMED)
			continue;
		said = arena_printf(j->a, "%s%s%s %snot for %s", said, named == 1 ? "" : ", ",
				    e->name, named == 1 ? "has " : "",
				    status_span(j->a, s->now_ms - e->silent_since_ms));
	}
	return named <= MOST_NAMED
		       ? said
		       : arena_printf(j->a, "%s, and %zu more", said, named - MOST_NAMED);
}

/* "staging and test" */
static const char *names_of(struct judging *j, enum status_answering answering)
{
	const struct status *s = j->s;
	size_t count = count_of(s, answering);
	const char *said = "";
	size_t named = 0;

	for (size_t i = 0; i < s->environment_count && named < MOST_NAMED; i++) {
		if (s->environments[i].answering != answering)
			continue;
		named++;
		said = arena_printf(j->a, "%s%s%s", said,
				    named == 1       ? ""
				    : named == count ? " and "
						     : ", ",
				    s->environments[i].name);
	}
	return named == count ? said : arena_printf(j->a, "%s and %zu more", said, count - named);
}

static const char *say_one(struct judging *j)
{
	const struct status_environment *e = &j->s->environments[0];

	switch (e->answering) {
	case STATUS_SILENT:
		return arena_printf(j->a, "%s has not answered for %s", e->name,
				    status_span(j->a, j->s->now_ms - e->silent_since_ms));
	case STATUS_FAILING:
		return arena_printf(j->a, "What is asked of %s fails", e->name);
	case STATUS_REFUSES:
		return arena_printf(j->a, "%s refuses the apiToken", e->name);
	case STATUS_UNASKED:
		return arena_printf(j->a, "Nothing was asked of %s in the last hour", e->name);
	default:
		return arena_printf(j->a, "%s answers", e->name);
	}
}

static const char *say_several(struct judging *j)
{
	const struct status *s = j->s;
	size_t silent = count_of(s, STATUS_SILENT);
	size_t failing = count_of(s, STATUS_FAILING);
	size_t unasked = count_of(s, STATUS_UNASKED);
	size_t refuse = count_of(s, STATUS_REFUSES);
	size_t answer = count_of(s, STATUS_ANSWERS);
	const char *said;

	if (unasked == s->environment_count)
		return arena_printf(j->a, "None of the %zu environments was asked in the last hour",
				    unasked);
	if (answer == s->environment_count)
		return answer == 2 ? "Both environments answer"
				   : arena_printf(j->a, "All %zu environments answer", answer);
	said = answer == 0 ? arena_printf(j->a, "None of %zu environments answers",
					  s->environment_count)
			   : arena_printf(j->a, "%zu of %zu environments %s", answer,
					  s->environment_count, answer == 1 ? "answers" : "answer");
	if (silent > 0)
		said = arena_printf(j->a, "%s; %s", said, who_is_silent(j));
	if (failing > 0)
		said = arena_printf(j->a, "%s; what is asked of %s fails", said,
				    names_of(j, STATUS_FAILING));
	if (refuse > 0)
		said = arena_printf(j->a, "%s; %s %s the apiToken", said,
				    names_of(j, STATUS_REFUSES),
				    refuse == 1 ? "refuses" : "refuse");
	if (unasked > 0)
		said = arena_printf(j->a, "%s; %s %s not asked in the last hour", said,
				    names_of(j, STATUS_UNASKED), unasked == 1 ? "was" : "were");
	return said;
}

static const char *say(struct judging *j)
{
	const struct status *s = j->s;

	if (s->phase == PHASE_STARTING)
		return "The service is starting";
	if (s->phase != PHASE_SERVING)
		return "The service is shutting down";
	if (s->environment_count == 0)
		return "No environment is configured";
	return s->environment_count == 1 ? say_one(j) : say_several(j);
}

static size_t notices_elsewhere(const struct status *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->notice_count; i++)
		count += strcmp(s->notices[i].about, "environments") != 0;
	return count;
}

/* ---- all of it ---- */

static void sort_notices(struct judging *j)
{
	struct status *s = j->s;
	struct status_notice *sorted = arena_array(j->a, struct status_notice, s->notice_count);
	size_t count = 0;

	for (int level = STATUS_BAD; level >= STATUS_GOOD; level--)
		for (size_t i = 0; i < s->notice_count; i++)
			if (s->notices[i].level == (enum status_level)level)
				sorted[count++] = s->notices[i];
	s->notices = sorted;
}

void status_judge(struct arena *a, struct status *s)
{
	struct judging j = {.a = a, .s = s};
	size_t elsewhere;

	s->level = STATUS_GOOD;
	s->notices = arena_array(a, struct status_notice, STATUS_MOST_NOTICES);
	s->notice_count = 0;
	s->more_notices = 0;
	judge_service(&j);
	judge_environments(&j);
	judge_own_answers(&j);
	judge_crowd(&j);
	judge_outcomes(&j);
	sort_notices(&j);
	elsewhere = notices_elsewhere(s);
	s->sentence = say(&j);
	if (elsewhere > 0 && s->phase == PHASE_SERVING)
		s->sentence = arena_printf(a, "%s; %s.", s->sentence,
					   elsewhere == 1 ? "something else needs a look"
							  : "other things need a look");
	else
		s->sentence = arena_printf(a, "%s.", s->sentence);
}
