/* Putting an answer together. */
#include <assert.h>
#include <string.h>

#include "http/server.h"

void http_response_header(struct http_response *r, const char *name, const char *value)
{
	assert(r->header_count < HTTP_MAX_RESPONSE_HEADERS);
	assert(name[0] != '\0' && strpbrk(name, " \t\r\n:") == NULL);
	assert(strpbrk(value, "\r\n") == NULL);
	r->headers[r->header_count++] = (struct http_header){text_of(name), text_of(value)};
}
