/* What the HTTP server and client share: headers, and the parts of a URL. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/text.h"

struct http_header {
	struct text name;
	struct text value;
};

/* The first header of that name, whatever its case; NULL if there is none. */
const struct http_header *http_header_find(const struct http_header *headers, size_t count,
					   const char *name);

/* What the server takes, as the header Allow has it: "GET, HEAD, ..."; and whether it is one of
 * those. Case matters (RFC 9110, 9.1). */
extern const char http_methods[];
bool http_is_method(const char *method);

/*
 * A URL path or query put together from a pattern of ours and values of others. Every value is
 * percent-encoded but for the unreserved characters of RFC 3986 (A-Z a-z 0-9 - . _ ~), so that none
 * can end its segment. "%s" takes a const char *, "%d" an int, "%%" stands for a percent sign;
 * there is nothing else. "." and ".." alone become "%2E" and "%2E%2E". Arena, NUL-terminated.
 */
char *http_url(struct arena *a, const char *pattern, ...) PRINTF_LIKE(2, 3);

/*
 * Percent-decodes one path segment, query name or query value.
 * form  '+' means a space, as in a query.
 * out   arena, NUL-terminated.
 * False for a '%' without two hex digits behind it, and where the result is not UTF-8 or holds a
 * NUL.
 */
MUST_USE bool http_url_decode(struct arena *a, struct text raw, bool form, struct text *out);

#endif
