/* How far somebody has read a cluster's component events, as text:
 * "1700000000000!.0123456789abcdef". */
#include "op/follow_mark.h"
#include "base/hash.h"

#include <stdio.h>

enum { DIGEST_DIGITS = 16, MOST_TIME_DIGITS = 15 };

uint64_t follow_digest(struct text uid)
{
	return hash_text(HASH_START, uid);
}

static bool read_time(struct text t, int64_t *time_ms)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] < '0' || t.ptr[i] > '9')
			return false;
	return t.len <= MOST_TIME_DIGITS && text_to_int(t, time_ms);
}

static bool read_digest(struct text t, uint64_t *digest)
{
	*digest = 0;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.ptr[i];
		bool is_digit = c >= '0' && c <= '9';

		if (!is_digit && (c < 'a' || c > 'f'))
			return false;
		*digest = *digest << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
	}
	return t.len == DIGEST_DIGITS;
}

bool follow_mark_read(struct text text, struct follow_mark *mark)
{
	struct follow_mark m = {.given = true};
	struct text rest = text;
	struct text piece;

	if (!text_next(&rest, '.', &piece))
		return false;
	m.floor_whole = text_ends(piece, "!");
	if (!read_time(text_slice(piece, 0, piece.len - m.floor_whole), &m.floor_ms))
		return false;
	while (text_next(&rest, '.', &piece))
		if (m.count == FOLLOW_MARK_MOST || !read_digest(piece, &m.known[m.count++]))
			return false;
	*mark = m;
	return true;
}

void follow_mark_write(const struct follow_mark *mark, char out[FOLLOW_MARK_LONGEST])
{
	int len = snprintf(out, FOLLOW_MARK_LONGEST, "%lld%s", (long long)mark->floor_ms,
			   mark->floor_whole ? "!" : "");

	for (size_t i = 0; i < mark->count; i++)
		len += snprintf(out + len, FOLLOW_MARK_LONGEST - (size_t)len, ".%016llx",
				(unsigned long long)mark->known[i]);
}
