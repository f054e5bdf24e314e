/*
 * Inside op/: which of a cluster's component events were told, while it is followed. What is older
 * than the newest by more than FOLLOW_SLACK_MS counts as told, so that it does not grow with time.
 * Pure: no I/O.
 */
#ifndef OP_FOLLOW_SEEN_H
#define OP_FOLLOW_SEEN_H

#include "op/follow_mark.h"

enum { FOLLOW_SEEN_MOST = 2048 };

struct follow_seen {
	int64_t floor_ms; /* as in a mark */
	bool floor_whole;
	struct follow_known *items; /* by their times; owned */
	size_t count;
	size_t room;
};

/* Zero is a good beginning, too: nothing was told. Else what was told until the mark. */
void follow_seen_begin(struct follow_seen *seen, const struct follow_mark *mark);
void follow_seen_fini(struct follow_seen *seen);
/* Whether all events of that time and before were told. */
bool follow_seen_reaches(const struct follow_seen *seen, int64_t time_ms);
/* Whether it was told. It takes note of the time of an event that a mark has named. */
bool follow_seen_has(struct follow_seen *seen, struct follow_known event);
void follow_seen_add(struct follow_seen *seen, struct follow_known event);
/* Forgets what is too old. Between the rounds. */
void follow_seen_trim(struct follow_seen *seen);
/* There was nothing new for FOLLOW_SLACK_MS: all up to the newest counts as told, unless its time
 * is not that long ago of now_ms, or was said to be in the future. Between the rounds. */
void follow_seen_settle(struct follow_seen *seen, int64_t now_ms);
/* What was told until now. */
void follow_seen_mark(const struct follow_seen *seen, struct follow_mark *mark);

#endif
