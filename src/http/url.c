/* URLs: putting them together from values of others, and taking them apart. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "http/http.h"

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_byte_encoded(struct buf *url, char c)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;

	buf_add(url, (struct text){(char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3});
}

static void add_encoded(struct buf *url, struct text value)
{
	/* As a segment these two would climb the path; receivers differ on the encoded ones, but
	 * none of ours treats them as a step. */
	bool dots = text_is(value, ".") || text_is(value, "..");

	for (size_t i = 0; i < value.len; i++) {
		if (is_unreserved(value.ptr[i]) && !dots)
			buf_add_char(url, value.ptr[i]);
		else
			add_byte_encoded(url, value.ptr[i]);
	}
}

char *http_url(struct arena *a, const char *pattern, ...)
{
	struct buf url;
	va_list args;
	char *copy;

	buf_init(&url, SIZE_MAX / 4); /* callers bound their values; memory is the end of it */
	va_start(args, pattern);
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add_char(&url, *p);
			continue;
		}
		p++;
		if (*p == 's') {
			add_encoded(&url, text_of(va_arg(args, const char *)));
		} else if (*p == 'd') {
			buf_printf(&url, "%d", va_arg(args, int));
		} else {
			assert(*p == '%');
			buf_add_char(&url, '%');
		}
	}
	va_end(args);
	copy = arena_copy(a, buf_text(&url));
	buf_fini(&url);
	return copy;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool http_url_decode(struct arena *a, struct text raw, bool form, struct text *out)
{
	char *bytes = arena_alloc(a, raw.len + 1);
	struct text decoded = {bytes, 0};

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];

		if (c == '%') {
			int high = raw.len - i > 2 ? hex_value(raw.ptr[i + 1]) : -1;
			int low = raw.len - i > 2 ? hex_value(raw.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		bytes[decoded.len++] = c;
	}
	if (!text_is_utf8(decoded))
		return false;
	*out = decoded;
	return true;
}
