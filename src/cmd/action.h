/* Inside cmd/: what the parts of the command action share. */
#ifndef CMD_ACTION_H
#define CMD_ACTION_H

#include "cmd/cmd.h"
#include "op/op.h"

/* What was asked for besides the configuration. */
struct action_options {
	struct repeated arguments; /* --arg NAME=VALUE */
	const char *input;         /* --input FILE; NULL: none */
	bool json;
	bool verbose;
};

/* Each answers the exit status. */
int action_list(const struct config *config, bool json);
int action_show(const struct config *config, const struct op *op, bool json);
int action_run(const struct config *config, const struct op *op,
	       const struct action_options *options);

/* Columns of the terminal that standard output is; 0: it is none, or does not say. */
size_t action_width(void);

/* Bytes of --input; out: up to its ceiling. "-": standard input. */
MUST_USE bool action_read(const char *path, struct buf *out, struct error *err);

/*
 * What a tool is called with: the members of object, and over them what --arg says, converted as
 * the row's inputs want it. What cannot be converted is left as text, for the pipeline to refuse;
 * so is what is given more than once.
 *
 * object  a checked JSON object.
 * input   out, arena: a checked JSON object.
 * Fails with ERROR_INPUT where an argument is no NAME=VALUE. Says names, never values.
 */
MUST_USE bool action_input(struct arena *a, const struct op *op, const struct repeated *arguments,
			   struct text object, struct text *input, struct error *err);
/* Whether one of the arguments is called so. */
bool action_has_argument(const struct repeated *arguments, struct text name);

/*
 * The answer of a tool for people: lists of objects as tables, other members as "name: value",
 * texts of several lines below. width: see grid.h.
 */
void action_draw(struct buf *out, struct arena *a, const struct op *op, struct text answer,
		 size_t width);

#endif
