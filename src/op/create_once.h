/*
 * Inside op/: the header Idempotency-Key, with which a client may send a create again, because it
 * does not know what became of the first one, and gets one cluster all the same
 * (draft-ietf-httpapi-idempotency-key-header).
 *
 * A key belongs to who sent it (the principal, the plugin that acts for them, and the user for whom
 * they speak), to an environment, a project and an operation; others may use the same. It is good
 * for 24 hours. With it is kept a digest of the body's exact bytes, which must be the same again:
 *
 *   done, with the same body     the first answer, and Idempotency-Replayed: true
 *   another body                 422
 *   the first one still runs     409 with Retry-After
 *   its outcome is not known     409 that says so and names the cluster; never a second create
 *
 * The latter also where the process died in the middle of it.
 *
 * Kept are what Palette has created, and its refusals (400, 409, 422). Where surely nothing was
 * created for another reason (a check of ours, a 401, Palette's rate limit, no connection) the key
 * may be used again, with any body. So it may after a refusal that is too long to be kept.
 *
 * That a create begins is in the store, safely, before Palette is asked to create anything. Where
 * the store does not answer nothing is sent: 503. The answer is written down as soon as it is
 * there; where that fails the client has it, and the key's outcome counts as not known.
 *
 * Whether the one who began it has died cannot be seen: he counts as dead when his request's
 * deadline, and some seconds, are over. A store in memory knows of keys as long as the process
 * lives.
 */
#ifndef OP_CREATE_ONCE_H
#define OP_CREATE_ONCE_H

#include "op/create.h"
#include "store/store.h"

struct creation_once {
	bool is_keyed;
	const char *key_name;           /* what the caller calls it */
	char body[2 * DIGEST_SIZE + 1]; /* its digest, in hexadecimal digits */
	struct store_once deed;
};

enum once_next {
	ONCE_GO_ON,    /* nobody has done it */
	ONCE_ANSWERED, /* it was done before: res has the answer */
	ONCE_REFUSED,  /* it was refused before, or must not be done now: err says why */
};

/* key: NULL where there is none; then all of these do nothing, and it goes on. */
enum once_next creation_once_look(struct call *c, const char *key_name, const char *key,
				  struct creation_once *once, struct result *res,
				  struct error *err);

/* To be called last before it is sent. Where it goes on, creation_once_settle() is to follow. */
enum once_next creation_once_begin(struct call *c, const struct creation *creation,
				   struct creation_once *once, struct result *res,
				   struct error *err);

/* err: NULL where res has the answer. Waits for the store for a few seconds at most. */
void creation_once_settle(struct call *c, const struct creation *creation,
			  struct creation_once *once, const struct result *res,
			  const struct error *err);

#endif
