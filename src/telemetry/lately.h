/*
 * What happens seldom and takes a while, by kind and name: how many are under way, and how the last
 * one ended. Names are those of metrics' labels, and as with those nothing else is known of it.
 * Any thread.
 */
#ifndef TELEMETRY_LATELY_H
#define TELEMETRY_LATELY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum lately_kind {
	LATELY_CREATION, /* of a cluster, by cloud */
	LATELY_RELOAD,   /* of the configuration; its name is "" */
	LATELY_KINDS
};

enum { LATELY_MOST_NAMES = 32, LATELY_LONGEST_PLACE = 256 };

/* Strings are static or copied, as it says. */
void lately_begin(enum lately_kind kind, const char *name);
/*
 * After lately_begin().
 * outcome  static.
 * place    where what was wrong stands, such as "file:3:5"; copied, cut where it is too long; NULL:
 *          nothing.
 */
void lately_end(enum lately_kind kind, const char *name, const char *outcome, const char *place);

struct lately {
	const char *name;
	unsigned running;
	const char *outcome; /* static; NULL: none has ended */
	int64_t ended_ms;    /* calendar; 0: likewise */
	const char *place;   /* "": none */
};
/* In the order in which they first came. items: out, arena. */
void lately_look(enum lately_kind kind, struct arena *a, struct lately **items, size_t *count);

#endif
