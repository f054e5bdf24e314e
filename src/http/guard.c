/* What the front lets through: checks on the head of a request. */
#include "http/guard.h"

#include <stdint.h>
#include <string.h>

static bool refuse(struct error *err, const char *why)
{
	return error_set(err, ERROR_INPUT, "bad request: %s", why);
}

static bool is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_token_char(t.ptr[i]))
			return false;
	return t.len > 0;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_field_value(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (is_control(t.ptr[i]) && t.ptr[i] != '\t')
			return false;
	return true;
}

static bool check_method(const char *method, struct error *err)
{
	if (http_is_method(method))
		return true;
	error_set(err, ERROR_METHOD, "no such method");
	err->allow = http_methods;
	return false;
}

/* Where a line's text ends at `at`: the line end must be CR LF, either of which may be NUL now. One
 * that came as NUL and LF looks the same. */
static bool is_line_end(const char *at)
{
	return (at[0] == '\r' || at[0] == '\0') && (at[1] == '\n' || at[1] == '\0');
}

/*
 * The parser forgives folded lines, bare line feeds, NULs that hide the rest of a line, blanks in
 * odd places. Others on the way may have understood such a head differently. What was forgiven
 * shows as a gap between two pieces that is not the delimiter that belongs there.
 */
static bool check_layout(const struct guard_head *head, struct error *err)
{
	const char *end = head->method + head->size;
	const char *at = head->method + strlen(head->method) + 1 + head->target.len + 1;

	if (at != head->version)
		return refuse(err, "malformed request line");
	at += strlen(head->version);
	for (size_t i = 0; i < head->header_count; i++) {
		struct text name = head->headers[i].name;
		struct text value = head->headers[i].value;

		if (end - at < 4 || !is_line_end(at) || name.ptr != at + 2)
			return refuse(err, "malformed header line");
		at = name.ptr + name.len + 1;
		while (at < end && at != value.ptr && is_blank(*at))
			at++;
		if (value.len > 0 && at != value.ptr)
			return refuse(err, "malformed header line");
		at += value.len;
		while (at < end && is_blank(*at))
			at++;
	}
	if (end - at != 4 || !is_line_end(at) || !is_line_end(at + 2))
		return refuse(err, "malformed header line");
	return true;
}

static bool check_fields(const struct guard_head *head, struct error *err)
{
	for (size_t i = 0; i < head->header_count; i++) {
		if (!is_token(head->headers[i].name))
			return refuse(err, "a header name is not a token");
		if (!is_field_value(head->headers[i].value))
			return refuse(err, "a header holds a control character");
	}
	return true;
}

/* The only header of that name; NULL if there is none. False if there are more. */
static bool find_single(const struct guard_head *head, const char *name,
			const struct http_header **found)
{
	const struct http_header *first = http_header_find(head->headers, head->header_count, name);
	size_t behind = first == NULL ? 0 : (size_t)(first - head->headers) + 1;

	*found = first;
	return first == NULL ||
	       http_header_find(head->headers + behind, head->header_count - behind, name) == NULL;
}

static bool check_host(const struct guard_head *head, bool http_1_1, struct error *err)
{
	const struct http_header *host;

	if (!find_single(head, "Host", &host))
		return refuse(err, "more than one Host header");
	if (host == NULL)
		return !http_1_1 || refuse(err, "no Host header");
	if (text_find(host->value, ' ') != SIZE_MAX || text_find(host->value, ',') != SIZE_MAX)
		return refuse(err, "malformed Host header");
	return true;
}

bool guard_length(struct text value, size_t max_body_bytes, struct error *err)
{
	int64_t length;

	if (value.len == 0)
		return refuse(err, "Content-Length is not a number");
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return refuse(err, "Content-Length is not a number");
	if (!text_to_int(value, &length) || (uint64_t)length > max_body_bytes)
		return error_set(err, ERROR_TOO_LARGE, "the request body is larger than %zu bytes",
				 max_body_bytes);
	return true;
}

/* One way of saying how long the body is, or none: two invite smuggling. */
static bool check_body(const struct guard_head *head, bool http_1_1, size_t max_bytes,
		       struct error *err)
{
	const struct http_header *length;
	const struct http_header *coding;

	if (!find_single(head, "Content-Length", &length))
		return refuse(err, "more than one Content-Length header");
	if (!find_single(head, "Transfer-Encoding", &coding))
		return refuse(err, "more than one Transfer-Encoding header");
	if (length != NULL && coding != NULL)
		return refuse(err, "both Content-Length and Transfer-Encoding");
	if (coding != NULL && (!http_1_1 || !text_equal_nocase(coding->value, TEXT("chunked"))))
		return refuse(err, "a transfer coding other than chunked");
	return length == NULL || guard_length(length->value, max_bytes, err);
}

bool guard_head(const struct guard_head *head, const struct guard_limits *limits, struct error *err)
{
	bool http_1_1 = strcmp(head->version, "HTTP/1.1") == 0;

	if (head->size > limits->max_header_bytes)
		return error_set(err, ERROR_TOO_LARGE,
				 "request line and headers are larger than %zu bytes",
				 limits->max_header_bytes);
	if (head->header_count > GUARD_MAX_HEADERS)
		return error_set(err, ERROR_TOO_LARGE, "more than %d headers", GUARD_MAX_HEADERS);
	if (!http_1_1 && strcmp(head->version, "HTTP/1.0") != 0)
		return refuse(err, "unknown HTTP version");
	return check_layout(head, err) && check_fields(head, err) &&
	       check_method(head->method, err) && check_host(head, http_1_1, err) &&
	       check_body(head, http_1_1, limits->max_body_bytes, err);
}

/* "http://host/path?query" without its scheme and host. */
static struct text strip_origin(struct arena *a, struct text raw, size_t scheme_len)
{
	struct text rest = text_slice(raw, scheme_len, raw.len);
	size_t i = 0;

	while (i < rest.len && rest.ptr[i] != '/' && rest.ptr[i] != '?')
		i++;
	rest = text_slice(rest, i, rest.len);
	if (rest.len > 0 && rest.ptr[0] == '/')
		return rest;
	return text_of(arena_printf(a, "/%.*s", (int)rest.len, rest.ptr));
}

static bool is_printable(struct text target)
{
	for (size_t i = 0; i < target.len; i++)
		if (is_control(target.ptr[i]) || target.ptr[i] == ' ')
			return false;
	return true;
}

struct guard_target guard_any_target(struct text raw)
{
	struct text shown = raw.len > 0 && is_printable(raw) ? raw : TEXT("/");

	return (struct guard_target){shown, shown, TEXT("")};
}

bool guard_split_target(struct arena *a, struct text raw, struct guard_target *out,
			struct error *err)
{
	struct text target = raw;
	size_t mark;

	if (!is_printable(raw))
		return refuse(err, "the target holds a blank or a control character");
	if (text_equal_nocase(text_slice(raw, 0, 7), TEXT("http://")))
		target = strip_origin(a, raw, 7);
	else if (text_equal_nocase(text_slice(raw, 0, 8), TEXT("https://")))
		target = strip_origin(a, raw, 8);
	if (target.len == 0 || target.ptr[0] != '/')
		return refuse(err, "the target is no path");
	mark = text_find(target, '?');
	out->target = target;
	out->path = text_slice(target, 0, mark);
	out->query = mark == SIZE_MAX ? TEXT("") : text_slice(target, mark + 1, target.len);
	return true;
}
