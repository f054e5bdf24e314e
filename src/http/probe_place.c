/* Names, connections and proxies, one step at a time, so that each can say why it failed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/probe.h"

enum { LONGEST_ADDRESS = 64, MOST_SHOWN = 8 };

/* ---- URLs ---- */

bool http_place_of(struct arena *a, const char *url, struct http_place *place, struct error *err)
{
	bool tls = strncasecmp(url, "https://", 8) == 0;
	const char *start = url + (tls ? 8 : 7);
	struct text authority;
	size_t end;

	if (!tls && strncasecmp(url, "http://", 7) != 0)
		return error_set(err, ERROR_INPUT,
				 "the URL starts with neither http:// nor https://");
	authority = (struct text){start, strcspn(start, "/?#")};
	for (size_t i = authority.len; i > 0; i--)
		if (authority.ptr[i - 1] == '@') {
			authority = text_slice(authority, i, SIZE_MAX);
			break;
		}
	end = text_starts(authority, "[") ? text_find(authority, ']') : text_find(authority, ':');
	if (text_starts(authority, "[") && end == SIZE_MAX)
		return error_set(err, ERROR_INPUT, "the host of the URL has no closing bracket");
	place->tls = tls;
	if (text_starts(authority, "[")) {
		place->host = arena_copy(a, text_slice(authority, 1, end - 1));
		authority = text_slice(authority, end + 1, SIZE_MAX);
	} else {
		place->host = arena_copy(a, text_slice(authority, 0, end));
		authority = end == SIZE_MAX ? TEXT("") : text_slice(authority, end, SIZE_MAX);
	}
	place->port = authority.len > 1 ? arena_copy(a, text_slice(authority, 1, SIZE_MAX))
					: (tls ? "443" : "80");
	return true;
}

/* ---- names ---- */

static void format(const struct addrinfo *at, char out[LONGEST_ADDRESS])
{
	if (getnameinfo(at->ai_addr, at->ai_addrlen, out, LONGEST_ADDRESS, NULL, 0,
			NI_NUMERICHOST) != 0)
		strcpy(out, "an unreadable address");
}

static bool look_up(const char *host, const char *port, struct addrinfo **found, struct error *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int status = getaddrinfo(host, port, &hints, found);

	return status == 0 || error_set(err, ERROR_UNAVAILABLE, "%s", gai_strerror(status));
}

bool http_probe_name(struct arena *a, const char *host, const char **addresses, struct error *err)
{
	struct addrinfo *found;
	const char *list = "";
	int shown = 0;

	if (!look_up(host, NULL, &found, err))
		return false;
	for (const struct addrinfo *at = found; at != NULL && shown < MOST_SHOWN;
	     at = at->ai_next) {
		char address[LONGEST_ADDRESS];

		format(at, address);
		list = arena_printf(a, "%s%s%s", list, shown++ == 0 ? "" : ", ", address);
	}
	freeaddrinfo(found);
	*addresses = list;
	return true;
}

/* ---- connections ---- */

/* 0, or why not, as errno has it. */
static int connect_to(const struct addrinfo *at, int64_t deadline_ms)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int problem = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, at->ai_addr, at->ai_addrlen) != 0)
		problem = errno;
	if (problem == EINPROGRESS) {
		if (poll(&ready, 1, (int)clock_left_ms(deadline_ms)) <= 0)
			problem = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0)
			problem = errno;
	}
	close(fd);
	return problem;
}

/* An equal part of the time for each that is left, so that one that is silent leaves some. */
static int64_t turn_until(const struct addrinfo *at, int64_t deadline_ms)
{
	int64_t left = 0;

	for (; at != NULL; at = at->ai_next)
		left++;
	return clock_now_ms() + clock_left_ms(deadline_ms) / left;
}

bool http_probe_connect(struct arena *a, const struct http_place *place, int64_t deadline_ms,
			const char **address, struct error *err)
{
	struct addrinfo *found;
	const char *all = "";
	bool ok = false;
	int shown = 0;

	if (!look_up(place->host, place->port, &found, err))
		return false;
	for (const struct addrinfo *at = found; at != NULL && !ok; at = at->ai_next) {
		int problem = connect_to(at, turn_until(at, deadline_ms));
		char where[LONGEST_ADDRESS];

		format(at, where);
		ok = problem == 0;
		if (ok)
			*address = arena_copy(a, text_of(where));
		else if (shown++ < MOST_SHOWN)
			all = arena_printf(a, "%s%s%s: %s", all, shown == 1 ? "" : "; ", where,
					   strerror(problem));
	}
	freeaddrinfo(found);
	return ok || error_set(err, ERROR_UNAVAILABLE, "%s", all);
}

/* ---- proxies ---- */

static const char *first_set(http_getenv_fn *get, const char *const *names, const char **variable)
{
	for (; *names != NULL; names++) {
		const char *value = get(*names);

		if (value != NULL && *value != '\0') {
			*variable = *names;
			return value;
		}
	}
	return NULL;
}

/* ".example.com" and "example.com" both mean the name and all below it; a dot at the end says
 * nothing. */
static bool is_below(struct text host, struct text entry)
{
	if (text_ends(entry, "."))
		entry = text_slice(entry, 0, entry.len - 1);
	if (text_starts(entry, "."))
		entry = text_slice(entry, 1, SIZE_MAX);
	if (entry.len == 0 || host.len < entry.len)
		return false;
	return text_equal_nocase(text_slice(host, host.len - entry.len, SIZE_MAX), entry) &&
	       (host.len == entry.len || host.ptr[host.len - entry.len - 1] == '.');
}

/* As it travels. Its length in bits; 0: it is none. */
static size_t read_address(struct text t, unsigned char bytes[sizeof(struct in6_addr)])
{
	char written[INET6_ADDRSTRLEN];

	if (t.len >= sizeof written)
		return 0;
	memcpy(written, t.ptr, t.len);
	written[t.len] = '\0';
	if (inet_pton(AF_INET, written, bytes) == 1)
		return 32;
	return inet_pton(AF_INET6, written, bytes) == 1 ? 128 : 0;
}

static bool equal_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
	return memcmp(a, b, bits / 8) == 0 &&
	       (bits % 8 == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0);
}

/* An address, or all that begin like it: "10.0.0.0/8". As libcurl has it, "/0" is the address. */
static bool is_within(const unsigned char *host, size_t host_bits, struct text entry)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t slash = text_find(entry, '/');
	int64_t bits = 0;

	if (slash != SIZE_MAX && !text_to_int(text_slice(entry, slash + 1, SIZE_MAX), &bits))
		return false;
	if (read_address(text_slice(entry, 0, slash), bytes) != host_bits || bits < 0 ||
	    bits > (int64_t)host_bits)
		return false;
	return equal_bits(host, bytes, bits == 0 ? host_bits : (size_t)bits);
}

/* As libcurl reads it, since 7.86 also with ranges of addresses. */
static bool is_excepted(const char *list, struct text host)
{
	unsigned char address[sizeof(struct in6_addr)];
	size_t bits = read_address(host, address);
	struct text rest = text_of(list);

	if (text_is(rest, "*"))
		return true;
	while (rest.len > 0) {
		size_t end = 0;
		struct text entry;

		while (end < rest.len && rest.ptr[end] != ',' && rest.ptr[end] != ' ')
			end++;
		entry = text_slice(rest, 0, end);
		if (bits == 0 ? is_below(host, entry) : is_within(address, bits, entry))
			return true;
		rest = text_slice(rest, end + 1, SIZE_MAX);
	}
	return false;
}

const char *http_proxy_of(struct arena *a, const char *url, http_getenv_fn *get,
			  const char **variable)
{
	/* HTTP_PROXY in capitals is what a CGI program gets from a header; libcurl passes it over.
	 */
	static const char *const of_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	static const char *const of_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
					       "ALL_PROXY", NULL};
	static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
	struct http_place place = {.tls = false};
	struct error unused;
	const char *name;
	const char *value;
	const char *except;
	const char *host;
	size_t scheme;

	if (!http_place_of(a, url, &place, &unused))
		return NULL;
	value = first_set(get, place.tls ? of_https : of_http, variable);
	except = first_set(get, exceptions, &name);
	if (value == NULL || (except != NULL && is_excepted(except, text_of(place.host))))
		return NULL;
	host = strrchr(value, '@');
	if (host == NULL)
		return arena_copy(a, text_of(value));
	scheme = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	return strncmp(value + scheme, "://", 3) == 0
		       ? arena_printf(a, "%.*s://%s", (int)scheme, value, host + 1)
		       : arena_copy(a, text_of(host + 1));
}

/* Of a URL without a user. */
static bool names_port(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	const char *end = *host == '[' ? strchr(host, ']') : host;

	return end != NULL && end[strcspn(end, ":/?#")] == ':';
}

bool http_place_of_proxy(struct arena *a, const char *proxy, struct http_place *place)
{
	const char *url =
		strstr(proxy, "://") == NULL ? arena_printf(a, "http://%s", proxy) : proxy;
	struct error unused;

	if (!http_place_of(a, url, place, &unused))
		return false;
	if (!place->tls && !names_port(url))
		place->port = "1080";
	return true;
}
