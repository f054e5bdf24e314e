/*
 * Inside op/: what Palette answers about a cluster that is followed, read, and compared with what
 * was read before. Pure: no I/O; everything handed out lives in the arena.
 */
#ifndef OP_FOLLOW_READ_H
#define OP_FOLLOW_READ_H

#include "op/follow.h"
#include "op/follow_seen.h"

enum { FOLLOW_MOST_CONDITIONS = 1000 };

/* A cluster at one moment. */
struct follow_snapshot {
	const char *state; /* NULL: nothing was read so far */
	const struct follow_condition *conditions;
	size_t count;
};

/*
 * document  Palette's GET /v1/spectroclusters/{uid}, checked JSON. Without a status the cluster is
 *           gone, as Palette's own tools take it: its state is Deleted.
 * Fails with ERROR_UPSTREAM where there are more conditions than any cluster has.
 */
MUST_USE bool follow_read_cluster(struct arena *a, struct text document,
				  struct follow_snapshot *snapshot, struct error *err);

/* The conditions of now that before does not have, or has otherwise; in their order. Returns how
 * many; changed: arena. */
size_t follow_changed(struct arena *a, const struct follow_snapshot *before,
		      const struct follow_snapshot *now, const struct follow_condition ***changed);

/* One component event. */
struct follow_event {
	struct follow_known known;
	struct follow_component component;
};

/* When an item of Palette's list of events happened: what seems to lie in the future is of now_ms,
 * so that a wrong clock does not hide what follows. Of one without a time: fallback_ms. */
int64_t follow_event_time(struct arena *a, struct text item, int64_t now_ms, int64_t fallback_ms);

/*
 * document  {"events":[items]}, checked JSON, the newest first.
 * events    out, arena: the oldest first; those of the same time as they came to be. Returns how
 * many.
 */
size_t follow_read_events(struct arena *a, struct text document, int64_t now_ms,
			  struct follow_event **events);

#endif
