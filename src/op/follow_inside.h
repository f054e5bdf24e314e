/*
 * Inside op/: a following under way, for its parts: follow.c asks in rounds, follow_tell.c tells
 * what they bring, and how it ends.
 */
#ifndef OP_FOLLOW_INSIDE_H
#define OP_FOLLOW_INSIDE_H

#include "op/follow.h"
#include "op/follow_read.h"
#include "op/follow_seen.h"

enum { FOLLOW_MOST_OF_ROUND = 1000 }; /* new events that a round reads */

struct following {
	struct call *call;
	const char *project;
	const char *uid;
	const struct follow_options *options;
	const struct follow_sink *sink;
	struct follow_end *end;
	const struct config_follow *config;

	struct arena arenas[2];
	unsigned turn;                   /* whose arena the last good round's snapshot is in */
	struct follow_snapshot snapshot; /* of that round */
	struct follow_seen seen;
	bool knows_events; /* seen is where the client is */
	bool has_session;  /* the first round had a session of the user's */
	bool in_trouble;
	unsigned calm;       /* rounds without news, in a row */
	int64_t asked_ms;    /* when identity and permission were asked last */
	int64_t good_ms;     /* when the last good round ended */
	int64_t said_ms;     /* when the sink was called last */
	int64_t event_ms;    /* when the last component event was new */
	int64_t at_least_ms; /* a longer pause than usual, where Palette wants one */
};

/* What a round has read. */
struct harvest {
	struct follow_snapshot snapshot;
	struct follow_event *events; /* the oldest first */
	size_t count;
	bool has_older; /* there are more than were read */
	bool is_first;  /* what is older is of no interest */
};

/* ---- ends ---- */

bool following_is_over(const struct following *f);
/* message  NULL: what is usual. The first reason stays. Returns false. */
bool following_finish(struct following *f, enum follow_reason reason, const char *message);
/* call->cancel is set: by the service that stops, or because the client has left. */
bool following_finish_cancelled(struct following *f);
/* What is said of an end, where nothing better is known; static. */
const char *follow_reason_message(enum follow_reason reason);

/* ---- telling ----
 *
 * Each answers false once nobody listens any more: then it is over.
 */

/* All that a good round has brought. a: for what telling takes, that round's. */
bool following_tell(struct following *f, struct arena *a, const struct harvest *h);
/* The cluster is not there any more. */
bool following_tell_deleted(struct following *f);
bool following_tell_trouble(struct following *f, const struct error *problem);
bool following_tell_life(struct following *f);

#endif
