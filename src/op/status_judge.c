/*
 * What an operator should look at: one sentence about the environments, and a line for each thing
 * that is not as it should be. A threshold stands here and nowhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "op/status.h"

enum {
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
static const char *causes_of(struct judging *j, const struct status_counts *causes)
{
	const char *said = "";

	for (size_t i = 0; i < causes->count && i < 3; i++)
		said = arena_printf(j->a, "%s%s%s: %llu", said, i == 0 ? " (" : ", ",
				    causes->items[i].name,
				    (unsigned long long)causes->items[i].hour);
	return causes->count == 0 ? "" : arena_printf(j->a, "%s)", said);
}

static bool is_often(uint64_t failures, uint64_t requests)
{
	return failures >= FEW_FAILURES && failures * 100 >= requests * SHARE_PERCENT;
}

static void judge_answers(struct judging *j, const struct status_environment *e)
{
	const struct status_load *load = &e->load;

	if (e->answering == STATUS_SILENT)
		notice(j, STATUS_BAD, "environments",
		       arena_printf(j->a,
				    "%s does not answer; nothing is sent there but a try now and "
				    "then, and whoever asks is told to come again%s.",
				    e->name, causes_of(j, &e->causes)));
	else if (e->answering == STATUS_FAILING)
		notice(j, STATUS_BAD, "environments",
		       arena_printf(j->a, "What was asked of %s lately has failed%s.", e->name,
				    causes_of(j, &e->causes)));
	else if (is_often(load->failures, load->requests))
		notice(j, STATUS_WARNING, "environments",
		       arena_printf(j->a, "%s failed of %s to %s in the last hour%s.",
				    status_many(j->a, load->failures, "request", "requests"),
				    status_many(j->a, load->requests, "request", "requests"),
				    e->name, causes_of(j, &e->causes)));
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

/* Without their keys nobody is let in; without the catalog nobody has a session. */
static void judge_plugin(struct judging *j, const struct status_plugin *p)
{
	const char *who = strcmp(p->name, "external") == 0
				  ? "other issuers of tokens"
				  : arena_printf(j->a, "Backstage's plugin %s", p->name);

	if (p->failing)
		notice(j, STATUS_BAD, "service",
		       arena_printf(j->a, "What was asked of %s lately has failed%s.", who,
				    causes_of(j, &p->causes)));
	else if (is_often(p->failures, p->requests))
		notice(j, STATUS_WARNING, "service",
		       arena_printf(j->a, "%s failed of %s to %s in the last hour%s.",
				    requests(j, p->failures), requests(j, p->requests), who,
				    causes_of(j, &p->causes)));
}

/* Whatever the cause, which a notice about an environment has named already. */
static void judge_own_answers(struct judging *j)
{
	const struct status_load *load = &j->s->load;

	for (size_t i = 0; i < j->s->notice_count; i++)
		if (strcmp(j->s->notices[i].about, "environments") == 0)
			return;
	if (is_often(load->failures, load->requests))
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
		{"memory", "bodies or answers took all the memory they may"},
		{"unread", "they read too slowly while others needed the memory"},
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

/* ---- all of it ---- */

static size_t notices_elsewhere(const struct status *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->notice_count; i++)
		count += strcmp(s->notices[i].about, "environments") != 0;
	return count;
}

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
	for (size_t i = 0; i < s->plugin_count; i++)
		judge_plugin(&j, &s->plugins[i]);
	judge_own_answers(&j);
	judge_crowd(&j);
	judge_outcomes(&j);
	sort_notices(&j);
	elsewhere = notices_elsewhere(s);
	s->sentence = status_say(a, s);
	if (elsewhere > 0 && s->phase == PHASE_SERVING)
		s->sentence = arena_printf(a, "%s; %s.", s->sentence,
					   elsewhere == 1 ? "something else needs a look"
							  : "other things need a look");
	else
		s->sentence = arena_printf(a, "%s.", s->sentence);
}
