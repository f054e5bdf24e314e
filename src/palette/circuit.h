/*
 * Inside palette/: what keeps requests from an environment that does not answer. After so many
 * failures in a row the circuit opens: for a while nothing is sent, and whoever asks is told so at
 * once. Then it is half-open: one request that changes nothing, the probe, tries. Its success
 * closes the circuit, its failure opens it again, for longer.
 *
 * Any thread; all of it is behind one mutex.
 */
#ifndef PALETTE_CIRCUIT_H
#define PALETTE_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

struct circuit;

/* environment: its name, for errors and the log; copied. Owned: circuit_free(). Closed, and never
 * opens until circuit_set(). */
struct circuit *circuit_new(const char *environment);
/* NULL is fine. */
void circuit_free(struct circuit *circuit);

/* failures: in a row, after which it opens; 0: it is closed, and stays so. pause_ms: how long it is
 * open at first. What it has counted, and that it is open, stays. */
void circuit_set(struct circuit *circuit, unsigned failures, int64_t pause_ms);

enum { CIRCUIT_WHOLE = 0 }; /* a question about no object and no project */

/* The leave to send one request; circuit_tell() gives it back. */
struct circuit_leave {
	uint64_t era; /* between an opening and a closing, or the other way round */
	bool probe;
	uint64_t question;
};

enum circuit_verdict {
	CIRCUIT_NO_VERDICT, /* called off, or ended by the caller's own deadline */
	CIRCUIT_ANSWERED,   /* Palette said something, be it a refusal */
	CIRCUIT_FAILED,
	CIRCUIT_UNREACHABLE, /* failed, and there was not even a connection */
};

/* Whether a request would get leave now; fails as circuit_enter(). For those who have to wait for
 * something else before. */
MUST_USE bool circuit_look(struct circuit *circuit, bool is_write, uint64_t question,
			   struct error *err);
/*
 * Leave to send one request now.
 * is_write  it changes something: never a probe.
 * question  any number that tells apart what is asked. It takes two that fail to open the circuit,
 *           for it may be one object that cannot be read; unless nothing can be reached at all, or
 *           it is CIRCUIT_WHOLE.
 * leave     out; to be given back with a verdict.
 * Fails with ERROR_UNAVAILABLE and retry_after_s: nothing is to be sent.
 */
MUST_USE bool circuit_enter(struct circuit *circuit, bool is_write, uint64_t question,
			    struct circuit_leave *leave, struct error *err);
/* What became of it. Of one that began before the circuit opened or closed, and is no probe, it
 * counts no more. why: for the log, of a failure; static or borrowed. */
void circuit_tell(struct circuit *circuit, const struct circuit_leave *leave,
		  enum circuit_verdict verdict, const char *why);

enum circuit_phase { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

struct circuit_state {
	enum circuit_phase phase;
	unsigned failures; /* in a row */
	int64_t opened_ms; /* calendar; 0: it is closed */
};
struct circuit_state circuit_state(struct circuit *circuit);

#endif
