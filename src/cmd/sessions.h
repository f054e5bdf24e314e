/* The parts of the command sessions. They print, and answer the exit status. */
#ifndef CMD_SESSIONS_H
#define CMD_SESSIONS_H

#include "store/store.h"

enum {
	SESSIONS_MOST = 1000000,                   /* that are looked at in one run */
	SESSIONS_MOST_NAMED = 10000,               /* addresses on one command line */
	SESSIONS_PATIENCE_MS = 10000,              /* of one call to the store */
	SESSIONS_LONGEST_SHOWN = 16 * 1024 * 1024, /* of one row or address, escaped */
};

/* Until when a call to the store that starts now may take. */
int64_t sessions_deadline(void);
/* Prints why something failed, on standard error, and answers 1. */
int sessions_failed(const struct error *err);

struct sessions_listing {
	bool json;
	size_t most;
};
int sessions_list(struct store *store, const struct sessions_listing *how);

struct trail;
struct sessions_revoking {
	struct trail *trail;     /* the audit trail; NULL: standard error */
	bool trail_required;     /* nothing is revoked that it does not take */
	const char *environment; /* NULL: all of them */
	bool all;                /* of everybody, or else of these */
	bool yes;                /* unasked */
	struct text *emails;     /* no two of them name the same address */
	size_t email_count;
};
/* Whether there is a terminal to ask on. */
bool sessions_can_ask(void);
int sessions_revoke(struct store *store, const struct sessions_revoking *how);

#endif
