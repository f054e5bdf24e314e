/*
 * Does all that the caller named exist, and does it fit? Palette is asked before anything is sent,
 * in two rounds: what the body names, then what only the first answers lead to.
 */
#include "op/create_check.h"

#include <assert.h>
#include <string.h>

/* ---- asking ---- */

struct slot {
	struct checking *k;
	check_take_fn *take;
	size_t index;
};

static void take_answer(void *context, struct text answer)
{
	const struct slot *slot = context;

	slot->take(slot->k, slot->index, answer);
}

struct palette_question *check_ask(struct checking *k, struct palette_question question,
				   check_take_fn *take, size_t index)
{
	struct palette_question *q = arena_new(k->arena, struct palette_question);

	*q = question;
	if (take != NULL) {
		struct slot *slot = arena_new(k->arena, struct slot);

		*slot = (struct slot){k, take, index};
		q->take = take_answer;
		q->context = slot;
	}
	assert(k->round_count < CHECK_MOST_QUESTIONS);
	k->round[k->round_count++] = q;
	return q;
}

void check_ask_scoped(struct checking *k, struct scoped *scoped, check_question_fn *question,
		      const char *uid, check_take_fn *take)
{
	struct palette *p = k->call->palette;

	if (k->project != NULL)
		scoped->questions[0] = check_ask(k, question(p, k->project, uid), take, 0);
	scoped->questions[1] = check_ask(k, question(p, NULL, uid), take, 1);
}

static void ask_round(struct checking *k)
{
	palette_ask(k->call->palette, k->round, k->round_count);
	k->round_count = 0;
}

/* ---- what came of it ---- */

enum check_outcome check_outcome(const struct palette_question *question)
{
	if (question == NULL)
		return CHECK_REFUSED;
	if (question->ok)
		return CHECK_ANSWERED;
	switch (question->status) {
	case 400:
	case 403:
	case 404:
	case 409:
	case 422:
		return CHECK_REFUSED;
	default:
		return CHECK_FAILED;
	}
}

enum check_outcome check_scoped(const struct scoped *scoped, size_t *at)
{
	enum check_outcome worst = CHECK_REFUSED;

	for (size_t i = 0; i < ARRAY_LEN(scoped->questions); i++) {
		enum check_outcome outcome = check_outcome(scoped->questions[i]);

		if (outcome == CHECK_ANSWERED) {
			*at = i;
			return outcome;
		}
		if (outcome == CHECK_FAILED)
			worst = outcome;
	}
	return worst;
}

bool check_fail(const struct palette_question *question, struct error *err)
{
	*err = question->error;
	return false;
}

bool check_fail_scoped(const struct scoped *scoped, struct error *err)
{
	size_t i = check_outcome(scoped->questions[0]) == CHECK_FAILED ? 0 : 1;

	return check_fail(scoped->questions[i], err);
}

void check_pass_over(struct checking *k, const char *what, const struct palette_question *question)
{
	const char *why = question->status == 403 ? "Palette does not permit it"
						  : "Palette refuses to say it";

	creation_warn(k->call, k->creation,
		      arena_printf(k->arena, "%s was not checked: %s (status %d)", what, why,
				   question->status));
}

/* ---- the name ---- */

static void ask_name(struct checking *k)
{
	const struct entity_claim *name = &k->claims->name;

	if (name->value != NULL)
		k->name = check_ask(
			k, palette_cluster_name_question(k->call->palette, k->project, name->value),
			NULL, 0);
}

/* Palette refuses the name, or else the project that it was to be looked for in. */
static bool judge_refused_name(struct checking *k, struct error *err)
{
	const char *said =
		json_string_at(k->arena, k->name->error.details, "/palette/message", "nothing");

	if (k->project != NULL && strcasestr(said, "projectuid") != NULL)
		return error_set(err, ERROR_NOT_FOUND, "Project %s not found", k->project);
	entity_fault_at(&k->faults, k->claims->name.pointer, "cannot be taken; Palette says: %s",
			said);
	return true;
}

static bool judge_name(struct checking *k, struct error *err)
{
	const char *scope = k->project == NULL ? "the tenant's scope" : "this project";

	if (k->name == NULL || k->name->ok)
		return true;
	switch (k->name->status) {
	case 400:
	case 422:
		return judge_refused_name(k, err);
	case 409:
		entity_fault_at(&k->faults, k->claims->name.pointer,
				"is taken: there is a cluster of that name in %s", scope);
		return true;
	case 403:
	case 404:
		check_pass_over(k, "Whether the name is free", k->name);
		return true;
	default:
		return check_fail(k->name, err);
	}
}

/* ---- the whole ---- */

static void first_round(struct checking *k)
{
	ask_name(k);
	check_ask_account(k);
	check_ask_profiles(k);
	check_ask_gateway(k);
	check_ask_group(k);
	ask_round(k);
}

/* What the first answers lead to. */
static void second_round(struct checking *k)
{
	check_ask_account_again(k);
	check_ask_places(k);
	check_ask_group_again(k);
	ask_round(k);
}

bool creation_check(struct call *c, struct creation *creation, struct error *err)
{
	struct checking *k = arena_new(c->arena, struct checking);

	*k = (struct checking){
		.call = c,
		.arena = c->arena,
		.creation = creation,
		.claims = &creation->claims,
		.project = call_string(c, "projectUid"),
	};
	entity_faults_init(&k->faults, c->arena, creation->base);
	first_round(k);
	if (!judge_name(k, err) || !check_judge_profiles(k, err) || !check_judge_gateway(k, err))
		return false;
	second_round(k);
	if (!check_judge_account(k, err) || !check_judge_places(k, err) ||
	    !check_judge_group(k, err))
		return false;
	check_finish_entity(k);
	return entity_faults_none(&k->faults, err);
}
