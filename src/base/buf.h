/*
 * Bytes that are being put together, up to a ceiling set when the buffer is made. A write that
 * would pass the ceiling is left out whole, and the buffer remembers it: check buf_complete() once,
 * at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/text.h"

struct buf {
	char *ptr; /* NUL-terminated once anything was added; NULL before */
	size_t len;
	size_t capacity;
	size_t max_bytes;
	bool overflowed;
};

void buf_init(struct buf *b, size_t max_bytes);
/* Wipes and gives back the memory; the buffer is empty and keeps its ceiling. */
void buf_fini(struct buf *b);

void buf_add(struct buf *b, struct text t);
void buf_add_string(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes room for that many more bytes at once, so that many small writes do not grow it often. */
void buf_reserve(struct buf *b, size_t more);
/* For who writes behind its len by themselves: its whole capacity may be used, until the next call
 * for it. */
void buf_use_room(struct buf *b);
/* Back to its first len bytes. */
void buf_truncate(struct buf *b, size_t len);

/* Everything that was written is in it. */
bool buf_complete(const struct buf *b);
/* What it holds, borrowed until the next write. */
struct text buf_text(const struct buf *b);

#endif
