/*
 * How a cluster comes along, for whoever watches: a sink of op/follow.h. On a terminal one line a
 * condition that changes in place below what has happened; elsewhere a line for each thing that is
 * told, with its time; or a JSON object a line.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdio.h>

#include "op/follow.h"

enum progress_look {
	PROGRESS_LINES,
	PROGRESS_LIVE,
	PROGRESS_JSON,
};

struct progress;

/* The look for that stream: PROGRESS_LIVE on a terminal that can move its cursor. */
enum progress_look progress_look_of(FILE *to, bool json);

/* Owned: progress_free(). name: the cluster's; borrowed, as to. */
struct progress *progress_new(FILE *to, enum progress_look look, const char *name);
void progress_free(struct progress *progress);

/* Borrowed from progress. */
struct follow_sink progress_sink(struct progress *progress);
/* How long nothing may be told before progress says that it still waits. */
int64_t progress_quiet_ms(const struct progress *progress);

/* The last word: how it ended, in a sentence; nothing comes after it. went_well: in green. */
void progress_end(struct progress *progress, const char *uid, const struct follow_end *end,
		  bool went_well, const char *sentence);

#endif
