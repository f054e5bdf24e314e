/* Whether a URL can be a Palette's address. */
#include <string.h>

#include "config/check.h"

static bool is_visible_ascii(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] <= ' ' || t.ptr[i] >= 0x7f)
			return false;
	return true;
}

/* Splits "host:port" or "[v6]:port"; port is empty where there is none. False if a bracket is not
 * closed, or has something else than a port behind it. */
static bool split_authority(struct text authority, struct text *host, struct text *port)
{
	size_t end;

	if (text_starts(authority, "[")) {
		end = text_find(authority, ']');
		if (end == SIZE_MAX)
			return false;
		end++;
	} else {
		end = text_find(authority, ':');
	}
	*host = text_slice(authority, 0, end);
	*port = text_slice(authority, host->len, authority.len);
	if (port->len == 0)
		return true;
	if (port->ptr[0] != ':')
		return false;
	*port = text_slice(*port, 1, port->len);
	return true;
}

static bool is_host(struct text host)
{
	bool v6 = text_starts(host, "[");

	if (v6)
		host = text_slice(host, 1, host.len - 2);
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		bool hex =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (v6 ? !hex && c != ':' && c != '.' : !letter && !hex && strchr("-._", c) == NULL)
			return false;
	}
	return host.len > 0;
}

static bool is_port(struct text port)
{
	int64_t number;

	return port.len == 0 || (port.ptr[0] >= '0' && port.ptr[0] <= '9' &&
				 text_to_int(port, &number) && number >= 1 && number <= 65535);
}

static bool is_loopback(struct text host)
{
	return text_equal_nocase(host, TEXT("localhost")) || text_starts(host, "127.") ||
	       text_is(host, "[::1]");
}

/* Segments "." and ".." would be resolved by some and sent as they are by others. */
static bool has_dot_segment(struct text path)
{
	struct text segment;

	while (text_next(&path, '/', &segment))
		if (text_is(segment, ".") || text_is(segment, ".."))
			return true;
	return false;
}

const char *check_url(struct text url, bool *loopback)
{
	struct text rest;
	struct text authority;
	struct text host;
	struct text port;

	if (!is_visible_ascii(url))
		return "it has white space or characters that must be percent-encoded";
	if (text_equal_nocase(text_slice(url, 0, 8), TEXT("https://")))
		rest = text_slice(url, 8, url.len);
	else if (text_equal_nocase(text_slice(url, 0, 7), TEXT("http://")))
		rest = text_slice(url, 7, url.len);
	else
		return "it must start with https:// or http://";
	if (text_find(rest, '?') != SIZE_MAX || text_find(rest, '#') != SIZE_MAX)
		return "it must not have a query or a fragment";
	authority = text_slice(rest, 0, text_find(rest, '/'));
	if (text_find(authority, '@') != SIZE_MAX)
		return "it must not hold credentials";
	if (authority.len == 0 || authority.ptr[0] == ':')
		return "it has no host";
	if (!split_authority(authority, &host, &port) || !is_host(host))
		return "its host is not a name or an address";
	if (!is_port(port))
		return "its port is not a number from 1 to 65535";
	if (has_dot_segment(text_slice(rest, authority.len, rest.len)))
		return "its path must not have '.' or '..' segments";
	*loopback = is_loopback(host);
	return NULL;
}
