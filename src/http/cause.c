/* Words for how a request ended. */
#include "http/client.h"

const char *http_fetch_cause(const struct http_fetch *fetch)
{
	static const char *const words[] = {
		[HTTP_FETCH_DONE] = NULL,
		[HTTP_FETCH_UNREACHABLE] = "connection",
		[HTTP_FETCH_BROKEN] = "broken",
		[HTTP_FETCH_TOO_SLOW] = "timeout",
		[HTTP_FETCH_TOO_LARGE] = "too_large",
		[HTTP_FETCH_CANCELLED] = "cancelled",
	};

	if (fetch->end == HTTP_FETCH_DONE)
		return NULL;
	if (fetch->unsendable)
		return "unsent";
	return fetch->cause != NULL ? fetch->cause : words[fetch->end];
}
