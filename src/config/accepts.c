/* Further checks of what a setting holds. */
#include <stdint.h>
#include <string.h>

#include "config/table.h"

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

bool accepts_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_visible(t.ptr[i]))
			return false;
	return t.len > 0;
}

bool accepts_long_token(struct text t)
{
	return t.len >= 8 && accepts_token(t);
}

bool accepts_name(struct text t)
{
	return t.len > 0 && text_characters(t) <= CONFIG_LONGEST_NAME;
}

bool accepts_dns_name(struct text t)
{
	struct text label;

	if (t.len > 253)
		return false;
	while (text_next(&t, '.', &label)) {
		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		    label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++) {
			char c = label.ptr[i];

			if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			    !(c >= '0' && c <= '9') && c != '-')
				return false;
		}
	}
	return true;
}

static bool is_segment(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_visible(t.ptr[i]) || strchr("?#%\\", t.ptr[i]) != NULL ||
		    (t.ptr[i] == '*' && t.len > 1))
			return false;
	return t.len > 0;
}

bool accepts_api_path(struct text t)
{
	struct text rest = text_slice(t, strlen("/v1/"), SIZE_MAX);
	struct text segment;

	if (!text_starts(t, "/v1/") || t.len > 256 || t.ptr[t.len - 1] == '/')
		return false;
	while (text_next(&rest, '/', &segment))
		if (!is_segment(segment))
			return false;
	return true;
}

static bool is_port(struct text t)
{
	int64_t port;

	return t.len > 0 && t.ptr[0] >= '0' && t.ptr[0] <= '9' && t.len <= 5 &&
	       text_to_int(t, &port) && port <= 65535;
}

static bool has_line(struct text content, const char *beginning)
{
	struct text line;

	while (text_next(&content, '\n', &line))
		if (text_starts(line, beginning))
			return true;
	return false;
}

bool accepts_certificates(struct text content)
{
	return has_line(content, "-----BEGIN CERTIFICATE-----");
}

bool accepts_public_key(struct text content)
{
	return has_line(content, "-----BEGIN PUBLIC KEY-----");
}

bool accepts_private_key(struct text content)
{
	return has_line(content, "-----BEGIN PRIVATE KEY-----");
}

/* Port 0 lets the system choose one. */
bool accepts_listen_address(struct text t)
{
	size_t colon = SIZE_MAX;
	struct text host;

	if (text_starts(t, "unix:"))
		return t.len > strlen("unix:") && t.len - strlen("unix:") < 108;
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] == ':')
			colon = i;
	if (colon == SIZE_MAX || !is_port(text_slice(t, colon + 1, t.len)))
		return false;
	host = text_slice(t, 0, colon);
	if (text_starts(host, "[") && text_ends(host, "]"))
		return host.len > 2;
	return accepts_token(host) && text_find(host, ':') == SIZE_MAX;
}

bool accepts_absolute_path(struct text t)
{
	return text_starts(t, "/") && !text_ends(t, "/") && t.len < 4096;
}

const char *accepts_pattern(bool (*accepts)(struct text t))
{
	static const struct {
		bool (*accepts)(struct text t);
		const char *pattern;
	} all[] = {
		{accepts_token, "^[!-~]+$"},
		{accepts_long_token, "^[!-~]{8,}$"},
		{accepts_name, "^.{1,256}$"},
		{accepts_dns_name, "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
				   "(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"},
		{accepts_api_path, "^/v1(/([^\\s?#%\\\\*/]+|\\*))+$"},
		{accepts_absolute_path, "^/(.*[^/])$"},
		{accepts_listen_address, "^(unix:.+|(\\[[^\\]]+\\]|[^\\s:]+):[0-9]{1,5})$"},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].accepts == accepts)
			return all[i].pattern;
	return NULL;
}
