/*
 * Inside palette/: Palette's limits are for an address, and replicas of this service have one.
 * Where their store of sessions lets them meet, they share each limit by how much each of them
 * needs: once a second a replica writes down which of its rates are busy, and reads what the others
 * have written. Its share of a rate is its weight among all: 8 where it is busy, 1 where it is not.
 * All that read the same rows take no more than the whole. No request waits for the store.
 *
 * A share grows only when the second before would have given as much: by then the others have read
 * what it is taken from.
 */
#ifndef PALETTE_BUDGET_H
#define PALETTE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "palette/pacer.h"

struct budget;
struct store;

/* Starts the thread that does it. store: borrowed until budget_stop(); NULL, or one where replicas
 * cannot meet: NULL is returned. */
struct budget *budget_start(struct store *store);
/* Takes our rows away; blocks for about a second where the store does not answer. NULL is fine. */
void budget_stop(struct budget *budget);

/* From now on the budget decides the shares of this pacer, which begins with few tokens. origin and
 * pacer are borrowed until budget_stop(). replicas: as configured. Any thread. */
void budget_add(struct budget *budget, const char *origin, struct pacer *pacer, unsigned replicas);
/* How many there are at least, for times when the store does not answer. Any thread. */
void budget_set_replicas(struct budget *budget, unsigned replicas);

/* ---- the arithmetic, for one host; of the thread ---- */

struct budget_share {
	const char *prefix;
	double wanted; /* by what was read last */
	double share;  /* in force */
};

struct budget_shares {
	struct arena arena; /* of what follows */
	struct budget_share *rates;
	size_t count;
	size_t replicas;  /* seen last, this one included; 0: none were yet */
	int64_t heard_ms; /* when, of the steady clock; at first, since when it is waited for */
};

void budget_shares_init(struct budget_shares *s, int64_t now_ms);
void budget_shares_fini(struct budget_shares *s);

/* The prefixes of those that are busy, with spaces between; that of every path is "-". Arena. */
const char *budget_busy(struct arena *a, const struct pacer_use *uses, size_t count);
/* What follows from the others' rows. others: of each what is busy there. */
void budget_share_out(struct budget_shares *s, const struct pacer_use *uses, size_t count,
		      const char *const *others, size_t other_count, int64_t now_ms);
/* Nothing was read. *alone: out, the share of every rate now, if that has been so for too long for
 * the shares to stay as they are; replicas: at least. */
bool budget_is_alone(struct budget_shares *s, unsigned replicas, int64_t now_ms, double *alone);

#endif
