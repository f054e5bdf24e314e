/* Inside cmd/: the parts of the command completion, a file a shell. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include "cmd/cmd.h"

/* The scripts, from the table of commands. */
void completion_bash(struct buf *out);
void completion_zsh(struct buf *out);
void completion_fish(struct buf *out);

/* The first clause of a text, for the line of a menu; arena. */
const char *completion_brief(struct arena *a, const char *text);
/* Names of the tools or of the checks, or settings and a '=' behind each, with that string before
 * each. */
void completion_add_names(struct buf *out, enum completes what, const char *before);

/* Whether a command has a word at that place, or has none and the place is 0. */
bool completion_has_place(const struct command *command, size_t place);
/* The name of that word; "" if the command has none. */
const char *completion_word(const struct command *command, size_t place);
/* What the arguments behind that word are. */
enum completes completion_arguments(const struct command *command, size_t place);

#endif
