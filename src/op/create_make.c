/*
 * A creation from its body on to the answer: the steps in their order, with what is written down
 * between them so that nothing is created twice.
 */
#include "op/create.h"
#include "op/create_once.h"
#include "telemetry/lately.h"
#include "telemetry/metrics.h"

/* From here on it is in the store, if it has a key, and what becomes of it is to be said. */
static bool send(struct call *c, const struct creation *creation,
		 const struct creation_manner *manner, struct creation_once *once,
		 struct result *res, struct error *err)
{
	const char *uid;
	bool ok = creation_send(c, creation, &uid, err);

	if (ok) {
		c->object = uid;
		result_json(res, manner->answer(c, creation, uid));
	} else {
		creation_say_outcome(c, creation, err);
	}
	creation_once_settle(c, creation, once, res, ok ? NULL : err);
	return ok;
}

static bool may_go_on(struct call *c, struct creation *creation,
		      const struct creation_manner *manner, struct error *err)
{
	return creation_check(c, creation, err) &&
	       (manner->approve == NULL || manner->approve(c, creation, err));
}

/* Another request with the same key may have created it since we looked, and then it is that which
 * a check finds. */
static enum once_next check(struct call *c, struct creation *creation,
			    const struct creation_manner *manner, struct creation_once *once,
			    struct result *res, struct error *err)
{
	enum once_next next;
	struct error why;

	if (may_go_on(c, creation, manner, err))
		return ONCE_GO_ON;
	creation_say_outcome(c, creation, err);
	next = creation_once_look(c, manner->key_name, manner->key, once, res, &why);
	if (next == ONCE_REFUSED && why.kind != ERROR_UNAVAILABLE)
		*err = why;
	return next == ONCE_ANSWERED ? ONCE_ANSWERED : ONCE_REFUSED;
}

static bool make(struct call *c, struct creation *creation, const struct creation_manner *manner,
		 struct result *res, struct error *err)
{
	struct creation_once once;
	enum once_next next;

	c->object_name = creation->name;
	next = creation_once_look(c, manner->key_name, manner->key, &once, res, err);
	if (next == ONCE_GO_ON)
		next = check(c, creation, manner, &once, res, err);
	if (next == ONCE_GO_ON)
		next = creation_once_begin(c, creation, &once, res, err);
	if (next == ONCE_GO_ON)
		return send(c, creation, manner, &once, res, err);
	return next == ONCE_ANSWERED;
}

bool creation_make(struct call *c, struct creation *creation, const struct creation_manner *manner,
		   struct result *res, struct error *err)
{
	const char *outcome = "succeeded";
	bool ok;

	lately_begin(LATELY_CREATION, creation->kind->name);
	ok = make(c, creation, manner, res, err);
	if (!ok)
		outcome = err->maybe_done ? "unknown" : "failed";
	if (c->outcome != NULL || (!ok && err->replayed))
		outcome = "replayed";
	metric_count(METRIC_CREATIONS, creation->kind->name, outcome);
	lately_end(LATELY_CREATION, creation->kind->name, outcome, NULL);
	return ok;
}

void op_begin_counting(void)
{
	static const char *const outcomes[] = {"succeeded", "failed", "unknown", "replayed"};

	for (const struct entity_kind *k = entity_kinds; k->name != NULL; k++)
		for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
			metric_add(METRIC_CREATIONS, 0, METRIC_LABELS(k->name, outcomes[i]));
}
