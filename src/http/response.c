/* Putting an answer together. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "http/front.h"

void http_response_header(struct http_response *r, const char *name, const char *value)
{
	assert(r->header_count < HTTP_MAX_RESPONSE_HEADERS);
	assert(name[0] != '\0' && strpbrk(name, " \t\r\n:") == NULL);
	assert(strpbrk(value, "\r\n") == NULL);
	r->headers[r->header_count++] = (struct http_header){text_of(name), text_of(value)};
}

void response_render(const struct http_response *r, const char *reason, struct buf *out)
{
	struct text body = r->body_owned.len > 0 ? buf_text(&r->body_owned) : r->body;
	time_t now = time(NULL);
	char date[64];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
	buf_init(out, SIZE_MAX);
	buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", r->status, reason,
		   date);
	for (size_t i = 0; i < r->header_count; i++) {
		const struct http_header *h = &r->headers[i];

		if (h->value.len > 0)
			buf_printf(out, "%.*s: %.*s\r\n", (int)h->name.len, h->name.ptr,
				   (int)h->value.len, h->value.ptr);
	}
	buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_add(out, body);
}
