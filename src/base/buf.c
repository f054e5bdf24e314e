/* Bytes that are being put together, up to a ceiling. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/watched.h"

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *b)
{
	if (b->ptr != NULL)
		explicit_bzero(b->ptr, b->len);
	free(b->ptr);
	buf_init(b, b->max_bytes);
}

/* From that place on nothing is in use. */
static void forbid_from(const struct buf *b, size_t at)
{
	watched_forbid(b->ptr + at, b->capacity - at);
}

/* Whether more bytes fit; if so there is room for them and a NUL. */
static bool make_room(struct buf *b, size_t more)
{
	size_t capacity;

	if (b->overflowed || more > b->max_bytes - b->len) {
		b->overflowed = true;
		return false;
	}
	if (b->capacity > b->len + more) {
		watched_allow(b->ptr + b->len, more + 1);
		return true;
	}
	capacity = b->capacity < 256 ? 256 : b->capacity + b->capacity / 2;
	if (capacity - 1 > b->max_bytes)
		capacity = b->max_bytes + 1;
	if (capacity < b->len + more + 1)
		capacity = b->len + more + 1;
	b->ptr = heap_resize(b->ptr, capacity);
	b->capacity = capacity;
	watched_allow(b->ptr, b->len + more + 1);
	forbid_from(b, b->len + more + 1);
	return true;
}

void buf_reserve(struct buf *b, size_t more)
{
	if (more > b->max_bytes - b->len || !make_room(b, more))
		return;
	b->ptr[b->len] = '\0';
	forbid_from(b, b->len + 1);
}

void buf_add(struct buf *b, struct text t)
{
	if (!make_room(b, t.len))
		return;
	if (t.len > 0)
		memcpy(b->ptr + b->len, t.ptr, t.len);
	b->len += t.len;
	b->ptr[b->len] = '\0';
}

void buf_add_string(struct buf *b, const char *s)
{
	buf_add(b, text_of(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct text){&c, 1});
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !make_room(b, (size_t)len))
		return;
	va_start(args, format);
	vsnprintf(b->ptr + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_use_room(struct buf *b)
{
	if (b->ptr != NULL)
		watched_allow(b->ptr, b->capacity);
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len > b->len || b->ptr == NULL)
		return;
	b->len = len;
	b->ptr[len] = '\0';
	forbid_from(b, len + 1);
}

bool buf_complete(const struct buf *b)
{
	return !b->overflowed;
}

struct text buf_text(const struct buf *b)
{
	return b->ptr == NULL ? TEXT("") : (struct text){b->ptr, b->len};
}
