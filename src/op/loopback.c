/* Names of this machine. */
#include "op/loopback.h"

#include <string.h>

struct text authority_host(struct text authority)
{
	size_t end = text_starts(authority, "[") ? text_find(authority, ']') + 1
						 : text_find(authority, ':');

	return text_slice(authority, 0, end);
}

static bool is_number(struct text t, const char *also)
{
	for (size_t i = 0; i < t.len; i++)
		if ((t.ptr[i] < '0' || t.ptr[i] > '9') && strchr(also, t.ptr[i]) == NULL)
			return false;
	return t.len > 0;
}

bool host_is_loopback(struct text host)
{
	return text_equal_nocase(host, TEXT("localhost")) || text_is(host, "[::1]") ||
	       (text_starts(host, "127.") && is_number(host, "."));
}

/* Nothing or ":" and digits. */
static bool is_port(struct text t)
{
	return t.len == 0 || (t.ptr[0] == ':' && is_number(text_slice(t, 1, SIZE_MAX), ""));
}

bool authority_is_loopback(struct text authority)
{
	struct text host = authority_host(authority);

	return host_is_loopback(host) && is_port(text_slice(authority, host.len, SIZE_MAX));
}
