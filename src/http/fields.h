/*
 * What a client says of the form in which it takes an answer, and of the answer that it has
 * already: the headers Accept, Accept-Encoding and If-None-Match of RFC 9110, Cache-Control of RFC
 * 9111. They may come more than once and are then one list. Any thread.
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "http/http.h"

enum http_coding {
	HTTP_PLAIN,
	HTTP_GZIP,
	HTTP_ONLY_GZIP, /* the plain form is refused, however short the answer is */
};

/*
 * Which of the two forms the client prefers (section 12.5.3). gzip only where it is named or
 * covered by "*", and no less wanted than "identity" where that is; a coding that stands there
 * twice counts with its lower weight. Plain where the header is missing, refuses both or is no list
 * of codings with weights.
 */
enum http_coding http_accepted_coding(const struct http_header *headers, size_t count);

/*
 * How much the client wants that media type, in thousandths (section 12.5.1); 0: not at all, or it
 * does not name it, which "*" does not. Whatever the type's parameters; where it stands several
 * times the highest weight counts. An element that cannot be read counts as not there.
 */
int http_wants(const struct http_header *headers, size_t count, const char *type);
/* Whether it wants it at all. */
bool http_accepts(const struct http_header *headers, size_t count, const char *type);

/*
 * Whether the client has the answer of that entity tag (section 13.1.2, with weak comparison):
 * one of If-None-Match is the same, or it is "*". False where the header is missing, or anything in
 * it is no entity tag.
 * tag  a strong one, with its quotes.
 */
bool http_has_already(const struct http_header *headers, size_t count, struct text tag);

/*
 * Whether the client wants an answer that nobody has kept for it: Cache-Control says no-cache,
 * no-store or max-age=0 (RFC 9111, 5.2.1), or there is none and Pragma says no-cache (5.4).
 */
bool http_wants_anew(const struct http_header *headers, size_t count);

#endif
