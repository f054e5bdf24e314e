/*
 * Why something failed: one kind, one sentence. What can fail returns bool, true for done, with a
 * struct error last; outputs stay untouched on failure. An error is handled or passed up, once, and
 * whoever passes it up does not log it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/text.h"

enum error_kind {
	ERROR_INTERNAL,        /* our fault */
	ERROR_INPUT,           /* the caller's input; the message names the field */
	ERROR_UNAUTHENTICATED, /* no or bad credential */
	ERROR_DENIED,          /* known, but not allowed */
	ERROR_NOT_FOUND,
	ERROR_METHOD,        /* the path exists, the method does not */
	ERROR_CONFLICT,      /* it exists already */
	ERROR_TOO_LARGE,     /* a request over a limit */
	ERROR_UNPROCESSABLE, /* understood, and refused by Palette's rules */
	ERROR_UPSTREAM,      /* the other side failed or answered nonsense */
	ERROR_UNAVAILABLE,   /* too busy now; try again */
	ERROR_TIMEOUT,       /* the other side was too slow */
	ERROR_CANCELLED,     /* the caller called it off, or left */
	ERROR_KINDS
};

/*
 * The message is for a person and never holds a token, a header or an upstream's raw body.
 */
struct error {
	enum error_kind kind;
	int upstream_status; /* what the other side answered; 0: it did not answer */
	int retry_after_s;   /* when to try again; 0: not known */
	bool reauthenticate; /* the user's own Palette session is no longer good */
	bool recorded;       /* the log has it already */
	bool maybe_done;     /* what was wanted may have been done all the same: nobody can say */
	bool replayed;       /* it was kept from the same request before */
	bool unclear;        /* of ERROR_DENIED: only because nobody could say at the moment */
	const char *allow;   /* for ERROR_METHOD: the methods there are; static or arena */
	struct text details; /* arena: a JSON object whose members join the error's, for programs */
	char message[1024];
};

/* What each face tells its client about a kind. */
struct error_face {
	int http_status;
	const char *name; /* as Backstage's ErrorResponseBody names it */
	int json_rpc_code;
	int exit_status;
};

const struct error_face *error_face(enum error_kind kind);

/* Records and returns false, so that a function can end with `return error_set(...)`. */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* Puts "where: " in front of the message and returns false. */
bool error_in(struct error *err, const char *where, ...) PRINTF_LIKE(2, 3);

#endif
