/* Inside palette/: so many at a time, and the others wait in line. */
#ifndef PALETTE_PLACES_H
#define PALETTE_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

struct http_cancel;
struct places;

/* What is called around a wait, on the thread that waits; each NULL: nothing. */
struct palette_wait_hooks {
	void (*begin)(void);
	void (*end)(void);
};

/*
 * most   places, at least 1.
 * line   how many may wait for one at a time; 0: nobody does.
 * hooks  borrowed for its life; NULL: none.
 * Returns owned: places_free(), when nobody waits.
 */
struct places *places_new(unsigned most, unsigned line, const struct palette_wait_hooks *hooks);
/* NULL is fine. */
void places_free(struct places *places);

/*
 * Takes a place, or waits for one behind those who wait already.
 *
 * cancel  NULL: none.
 * Fails with ERROR_UNAVAILABLE where the line is full or none was free until deadline_ms, and with
 * ERROR_CANCELLED when cancel is set, within milliseconds. Any thread.
 */
MUST_USE bool places_take(struct places *places, int64_t deadline_ms, struct http_cancel *cancel,
			  struct error *err);
/*
 * For one who has a place and is about to wait for something else: gives it back, and counts as one
 * who waits until places_return(). False, and nothing has changed: as many wait as may. Any thread.
 */
bool places_leave(struct places *places);
/* True: it has a place again; false: none is free, and it goes on without. Any thread. */
bool places_return(struct places *places);
/* Takes one that is free, before those who wait. False: there is none. Any thread. */
bool places_try(struct places *places);
/* Gives one back. Any thread. */
void places_give(struct places *places);

#endif
