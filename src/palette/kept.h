/*
 * Inside palette/: answers that are kept for a while, and questions that are asked once for all who
 * ask them at the same time. It knows nothing of Palette: what is asked is a function of the
 * caller's, and under which key its answer may be shared is the caller's word.
 *
 * Any thread; one mutex, which is never held while anything is asked.
 */
#ifndef PALETTE_KEPT_H
#define PALETTE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/shared.h"
#include "crypto/jose.h"
#include "palette/palette.h"

struct kept;
struct kept_flight; /* one asking, of all who want its answer */
struct callers;
struct http_cancel;

/* Nothing is shared between two that differ in any of these. */
struct kept_key {
	size_t environment;
	uint64_t version; /* of what is there: what was asked of an earlier one is not found */
	enum palette_credential credential_kind;
	struct digest credential; /* of the credential itself */
	struct digest question;   /* of what is asked, in which scope */
};

struct kept_answer {
	struct shared *bytes; /* owned by who has the struct */
	size_t count;         /* whatever the one who asked said */
	int64_t asked_ms;     /* kept_read() says when asking for it began */
	int64_t age_ms;       /* since then (RFC 9111, 4.2.3); -1: it was not kept before */
};

/* Asks on the calling thread, for all of callers, and ends with ERROR_CANCELLED when cancel is set.
 */
typedef bool kept_ask_fn(void *context, struct callers *callers, struct http_cancel *cancel,
			 struct kept_answer *answer, struct error *err);
/*
 * Has another thread call kept_fly() with this flight, soon and once; it must not block. False:
 * nobody will.
 */
typedef bool kept_refresh_fn(void *context, struct kept_flight *flight);

struct kept_question {
	struct kept_key key;
	int64_t ttl_ms;   /* how long its answer is kept, and once more as long as a stale one; 0:
			   * it is not */
	bool anew;        /* neither what is kept nor what was begun before is good enough */
	int64_t until_ms; /* of clock_now_ms(): nobody waits longer */
	uint64_t caller;  /* any number that tells callers apart: callers.h */
	struct http_cancel *cancel; /* of the one who asks; NULL: none */
	struct arena *arena;        /* for an error's details */
	kept_ask_fn *ask;
	kept_refresh_fn *refresh; /* NULL: a stale answer is no answer */
	void (*begin_wait)(
		void *context); /* around a wait for somebody else's answer; NULL: none */
	void (*end_wait)(void *context);
	void *context; /* of all four */
};

/* max_bytes: of all that is kept, with what it takes to keep it. Owned: kept_free(). */
struct kept *kept_new(size_t max_bytes);
/* Calls off what is asked, and keeps nothing any more. Does not wait. */
void kept_call_off(struct kept *k);
/* Calls off, and waits until nobody asks; nobody may begin to. NULL is fine. */
void kept_free(struct kept *k);

/*
 * Answers from what is kept, or waits for the answer of somebody who has asked the same, or asks.
 *
 * One who asks fails, and so do all who wait for that, with the same error; but where it was for a
 * reason of theirs (their deadline), the one who can wait longest asks again. Their cancel ends the
 * asking only when nobody else waits for it.
 *
 * answer  out: its bytes are the caller's to release.
 */
MUST_USE bool kept_read(struct kept *k, const struct kept_question *q, struct kept_answer *answer,
			struct error *err);
/* For the thread of a kept_refresh_fn: asks with q's ask, cancel and until_ms. Its key is not
 * looked at. */
void kept_fly(struct kept *k, struct kept_flight *flight, const struct kept_question *q);

/* Something has changed there: all of the environment goes, and what is being asked there now will
 * not be kept. */
void kept_drop_environment(struct kept *k, size_t environment);
/* The credential is not good any more: likewise. */
void kept_drop_credential(struct kept *k, const struct kept_key *key);

void kept_statistics(struct kept *k, struct palette_cache_statistics *out);

#endif
