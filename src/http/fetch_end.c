/* How a request may end, in words for programs. */
#include "http/client.h"

const char *http_fetch_end_name(enum http_fetch_end end)
{
	static const char *const names[] = {
		[HTTP_FETCH_DONE] = "done",           [HTTP_FETCH_UNREACHABLE] = "unreachable",
		[HTTP_FETCH_BROKEN] = "broken",       [HTTP_FETCH_TOO_SLOW] = "timeout",
		[HTTP_FETCH_TOO_LARGE] = "too_large", [HTTP_FETCH_CANCELLED] = "cancelled",
	};

	return names[end];
}
