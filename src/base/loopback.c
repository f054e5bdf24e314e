/* Names of this machine. */
#include "base/loopback.h"

#include <string.h>
#include <unistd.h>

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

bool url_is_loopback(const char *url)
{
	const char *start = strstr(url, "://");
	struct text authority;

	if (start == NULL)
		return false;
	authority = (struct text){start + 3, strcspn(start + 3, "/?#")};
	return authority_is_loopback(authority);
}

bool listens_on_loopback(const char *listen)
{
	return host_is_loopback(authority_host(text_of(listen)));
}

static bool is_name_of_machine(struct text host)
{
	char name[256];

	if (gethostname(name, sizeof name) != 0)
		return false;
	name[sizeof name - 1] = '\0';
	return text_equal_nocase(host, text_of(name));
}

bool authority_cannot_be_rebound(struct text authority)
{
	struct text host = authority_host(authority);

	return is_port(text_slice(authority, host.len, SIZE_MAX)) && host.len > 0 &&
	       (text_starts(host, "[") || is_number(host, ".") ||
		text_find(host, '.') == SIZE_MAX || text_ends(host, ".localhost") ||
		is_name_of_machine(host));
}
