/* Whether a URL can be the address of another service. */
#include <stdint.h>
#include <string.h>

#include "base/loopback.h"
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

/* Segments "." and ".." would be resolved by some and sent as they are by others. */
static bool has_dot_segment(struct text path)
{
	struct text segment;

	while (text_next(&path, '/', &segment))
		if (text_is(segment, ".") || text_is(segment, ".."))
			return true;
	return false;
}

/* ---- {{pluginId}} ---- */

static size_t count_blanks(struct text t)
{
	size_t n = 0;

	while (n < t.len && (t.ptr[n] == ' ' || t.ptr[n] == '\t'))
		n++;
	return n;
}

/* How long the placeholder is that t starts with; 0 if it starts with none. */
static size_t placeholder_len(struct text t)
{
	struct text rest = text_slice(t, 2, t.len);

	if (!text_starts(t, "{{"))
		return 0;
	rest = text_slice(rest, count_blanks(rest), rest.len);
	if (!text_starts(rest, "pluginId"))
		return 0;
	rest = text_slice(rest, strlen("pluginId"), rest.len);
	rest = text_slice(rest, count_blanks(rest), rest.len);
	if (!text_starts(rest, "}}"))
		return 0;
	return (size_t)(rest.ptr - t.ptr) + 2;
}

/* The URL as it is for a plugin with a name of one letter; arena. */
static struct text with_sample(struct arena *a, struct text url)
{
	char *out = arena_alloc(a, url.len + 1);
	size_t len = 0;

	for (size_t at = 0; at < url.len;) {
		size_t skip = placeholder_len(text_slice(url, at, url.len));

		out[len++] = skip > 0 ? 'x' : url.ptr[at];
		at += skip > 0 ? skip : 1;
	}
	return (struct text){out, len};
}

/* ---- parts ---- */

/* Takes the scheme off, up to and with its "://". */
static bool take_scheme(struct text *url, unsigned may, bool *srv)
{
	static const struct {
		const char *scheme;
		bool srv;
	} schemes[] = {
		{"https://", false},
		{"http://", false},
		{"https+srv://", true},
		{"http+srv://", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct text scheme = text_of(schemes[i].scheme);

		if (!text_equal_nocase(text_slice(*url, 0, scheme.len), scheme) ||
		    (schemes[i].srv && (may & URL_SRV) == 0))
			continue;
		*url = text_slice(*url, scheme.len, url->len);
		*srv = schemes[i].srv;
		return true;
	}
	return false;
}

/* Takes the query off, where one is allowed. */
static const char *take_query(struct text *url, unsigned may)
{
	size_t query = text_find(*url, '?');

	if (text_find(*url, '#') != SIZE_MAX)
		return (may & URL_QUERY) != 0 ? "it must not have a fragment"
					      : "it must not have a query or a fragment";
	if (query == SIZE_MAX)
		return NULL;
	if ((may & URL_QUERY) == 0)
		return "it must not have a query or a fragment";
	*url = text_slice(*url, 0, query);
	return NULL;
}

static const char *check_authority(struct text authority, bool srv, bool *loopback)
{
	struct text host;
	struct text port;

	if (text_find(authority, '@') != SIZE_MAX)
		return "it must not hold credentials";
	if (authority.len == 0 || authority.ptr[0] == ':')
		return "it has no host";
	if (!split_authority(authority, &host, &port) || !is_host(host))
		return "its host is not a name or an address";
	if (srv && host.len < authority.len)
		return "it must not have a port, which SRV records say";
	if (!is_port(port))
		return "its port is not a number from 1 to 65535";
	*loopback = host_is_loopback(host);
	return NULL;
}

const char *check_url(struct arena *a, struct text url, unsigned may, bool *loopback)
{
	struct text authority;
	const char *why;
	bool srv;

	if ((may & URL_PLUGIN_ID) != 0) {
		url = with_sample(a, url);
		if (text_find(url, '{') != SIZE_MAX || text_find(url, '}') != SIZE_MAX)
			return "it has braces other than those of {{pluginId}}";
	}
	if (!is_visible_ascii(url))
		return "it has white space or characters that must be percent-encoded";
	if (!take_scheme(&url, may, &srv))
		return (may & URL_SRV) != 0
			       ? "it must start with https://, http://, https+srv:// or http+srv://"
			       : "it must start with https:// or http://";
	why = take_query(&url, may);
	if (why != NULL)
		return why;
	authority = text_slice(url, 0, text_find(url, '/'));
	why = check_authority(authority, srv, loopback);
	if (why != NULL)
		return why;
	if (has_dot_segment(text_slice(url, authority.len, url.len)))
		return "its path must not have '.' or '..' segments";
	return NULL;
}

const char *config_origin(struct arena *a, const char *url)
{
	size_t scheme = (size_t)(strstr(url, "://") - url) + 3;
	char *origin = arena_copy(a, (struct text){url, scheme + strcspn(url + scheme, "/")});
	const char *port;
	struct text t;

	for (char *c = origin; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	t = text_of(origin);
	port = text_starts(t, "https://") ? ":443" : ":80";
	if (text_ends(t, port))
		origin[t.len - strlen(port)] = '\0';
	return origin;
}
