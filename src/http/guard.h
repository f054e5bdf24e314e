/*
 * What the front lets through: checks on the head of a request, between the parser and everything
 * that trusts its result. Nothing here keeps state or touches a socket.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/text.h"
#include "http/http.h"

enum { GUARD_MAX_HEADERS = 128 };

/*
 * The head as the parser left it. It parses in place: all pointers but target's point into the
 * size bytes at method, which are the head as it was received, except for delimiters that became
 * NUL.
 */
struct guard_head {
	const char *method;  /* NUL-terminated; the first byte of the head */
	const char *version; /* NUL-terminated */
	struct text target;  /* a copy, from before the parser cut it up */
	size_t size;         /* from the request line to the empty line, both included */
	const struct http_header *headers; /* in the order they came in */
	size_t header_count;
};

struct guard_limits {
	size_t max_header_bytes;
	size_t max_body_bytes;
};

/* The parts of a target; see struct http_request. */
struct guard_target {
	struct text target;
	struct text path;
	struct text query;
};

/*
 * Whether the request may go on to its body.
 * Fails with ERROR_INPUT, ERROR_METHOD or ERROR_TOO_LARGE; the message quotes nothing of the
 * request.
 */
MUST_USE bool guard_head(const struct guard_head *head, const struct guard_limits *limits,
			 struct error *err);

/*
 * Whether a Content-Length is a plain number within the limit; guard_head() asks this, too.
 * Fails with ERROR_INPUT or ERROR_TOO_LARGE.
 */
MUST_USE bool guard_length(struct text value, size_t max_body_bytes, struct error *err);

/*
 * Splits the request target; "http://host/path" is reduced to its path and query.
 * out  points into raw, or into the arena.
 * Fails with ERROR_INPUT.
 */
MUST_USE bool guard_split_target(struct arena *a, struct text raw, struct guard_target *out,
				 struct error *err);

/* What to tell the handler of a target that may be none: as it was sent, all of it path, or "/" if
 * it cannot be printed. */
struct guard_target guard_any_target(struct text raw);

#endif
