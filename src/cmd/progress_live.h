/* Inside cmd/: conditions that change in place on a terminal, below what has happened. */
#ifndef CMD_PROGRESS_LIVE_H
#define CMD_PROGRESS_LIVE_H

#include <stdio.h>

#include "op/follow.h"

struct live;

/* Owned: live_free(). to: borrowed. */
struct live *live_new(FILE *to);
void live_free(struct live *live);

/* A line that stays, above the conditions; text: harmless for a terminal. */
void live_note(struct live *live, const char *text);
void live_condition(struct live *live, const struct follow_condition *condition);
/* The last line. failed: what is not done by now will not be. */
void live_end(struct live *live, bool went_well, bool failed, const char *text);

#endif
