/*
 * Bytes that several hold at a time and nobody changes: made once, counted, released with the last
 * one who has them. What is made of them beside (a second form such as a compressed one, and a mark
 * such as a digest) is made once, too, by whoever wants it first.
 *
 * Any thread.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/text.h"

enum { SHARED_MARK_SIZE = 32 };

struct shared;

/* bytes: complete; moved, empty afterwards. Room that it does not need is given back. Owned:
 * shared_unref(). */
struct shared *shared_new(struct buf *bytes);
/* One more who has it; returns it. */
struct shared *shared_ref(struct shared *s);
/* Wipes and releases it with the last one. NULL is fine. */
void shared_unref(struct shared *s);

/* NUL behind it; as long as the caller has s. */
struct text shared_text(const struct shared *s);
/* Whether the caller is the only one who has it; then it stays so until they share it. */
bool shared_is_single(const struct shared *s);

/*
 * The second form, which lasts as long as the caller has s: made by make on the first call, which
 * others wait for. out is made there, and complete.
 * own  out: where the form takes more room than s may give it, it is moved here and made again for
 *      the next one; else empty. buf_fini() it.
 */
typedef void shared_form_fn(struct text plain, struct buf *out);
struct text shared_form(struct shared *s, shared_form_fn *make, struct buf *own);
/* How large the form may become that stays with s; without this, as large as it is. Before others
 * have s. */
void shared_limit_form(struct shared *s, size_t most_bytes);
/* How much memory s may take at most, with a form that it has or may get. */
size_t shared_most_bytes(const struct shared *s);

/* Likewise the mark, copied to out. */
typedef void shared_mark_fn(struct text plain, unsigned char out[SHARED_MARK_SIZE]);
void shared_mark(struct shared *s, shared_mark_fn *make, unsigned char out[SHARED_MARK_SIZE]);

#endif
