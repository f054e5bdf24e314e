/* Inside op/: what the tools of agents share. */
#ifndef OP_AGENT_H
#define OP_AGENT_H

#include "op/op.h"
#include "op/page.h"
#include "json/json.h"

/* How much of an answer an agent does not see. */
#define MASKED                                                                      \
	{                                                                           \
		.name = "masked", .type = FIELD_INT,                                \
		.help = "How many values are secrets and stand here as *** instead" \
	}

/* ---- one object, written piece by piece: agent_answer.c ---- */

struct answer {
	struct json_writer w; /* for what is written by other means */
	struct buf out;
	size_t max_bytes;
	size_t masked; /* how many values are so far */
	bool too_large;
};
/* It is over with answer_finish() or answer_drop(). */
void answer_begin(struct call *c, struct answer *a);
void answer_put(struct answer *a, const char *key, const char *value);
void answer_put_count(struct answer *a, const char *key, size_t count);
/* value: checked JSON, whose secrets do not go into the answer. */
void answer_put_masked(struct answer *a, const char *key, struct text value);
/* Fails with ERROR_UPSTREAM where it became too large. */
MUST_USE bool answer_finish(struct answer *a, struct result *res, struct error *err);
void answer_drop(struct answer *a);

#endif
