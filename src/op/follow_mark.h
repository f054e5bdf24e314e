/*
 * Inside op/: how far somebody has read a cluster's component events. Palette's times are often
 * whole seconds, so that several events have the same, and one may come to light after others with
 * a later time. So a mark is a time before which all are known, and the events known since.
 *
 * As text it is what a client sends back as Last-Event-ID. Pure: no I/O, no memory of its own.
 */
#ifndef OP_FOLLOW_MARK_H
#define OP_FOLLOW_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	FOLLOW_MARK_MOST = 32,     /* events that a mark names */
	FOLLOW_MARK_LONGEST = 640, /* bytes of its text, with the NUL */
	FOLLOW_SLACK_MS = 30000,   /* so long after its time an event may still come to light */
};

/* One event: when, and a digest of its uid. */
struct follow_known {
	int64_t time_ms;
	uint64_t digest;
};

struct follow_mark {
	bool given;       /* false: nothing was read so far */
	int64_t floor_ms; /* what is older is known */
	bool floor_whole; /* what is exactly so old, too */
	size_t count;
	uint64_t known[FOLLOW_MARK_MOST]; /* digests */
};

/* Fills mark, which is untouched where text is none that follow_mark_write() has made. */
bool follow_mark_read(struct text text, struct follow_mark *mark);
void follow_mark_write(const struct follow_mark *mark, char out[FOLLOW_MARK_LONGEST]);

/* Of a uid. Others never have the same in practice: FNV-1a, 64 bits. */
uint64_t follow_digest(struct text uid);

#endif
