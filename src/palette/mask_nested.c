/* Masking: text in text, which is masked like any other: block scalars and comments. */
#include "palette/mask_lines.h"

/* ---- text in text ---- */

/* The longest start that all lines between have in common, of these characters. */
static struct text common_start(const struct lines *l, size_t start, size_t end, const char *of)
{
	struct text common = {NULL, 0};

	for (size_t at = start; at < end;) {
		size_t stop = lines_end(l, at);
		size_t len = 0;

		if (stop > end)
			stop = end;
		while (at + len < stop && lines_one_of(l->s.text.ptr[at + len], of) &&
		       (common.ptr == NULL ||
			(len < common.len && common.ptr[len] == l->s.text.ptr[at + len])))
			len++;
		/* A line of nothing else says nothing about the others. */
		if (at + len < stop && l->s.text.ptr[at + len] != '\r')
			common = lines_slice(l, at, at + len);
		at = stop + 1;
	}
	return common;
}

static void put_lines(struct buf *out, struct text start, struct text lines)
{
	struct text bare = start;
	struct text line;
	bool first = true;

	while (bare.len > 0 && lines_blank(bare.ptr[bare.len - 1]))
		bare.len--;
	while (text_next(&lines, '\n', &line)) {
		if (!first)
			buf_add_char(out, '\n');
		first = false;
		buf_add(out, line.len == 0 ? bare : start);
		buf_add(out, line);
	}
}

/* Whole lines that are a text of their own, each behind the same start. */
static void take_nested(struct lines *l, size_t start, size_t end, const char *of)
{
	struct text common = common_start(l, start, end, of);
	struct buf inside;
	struct buf result;
	size_t count;

	if (l->s.out == NULL)
		return;
	buf_init(&inside, end - start);
	buf_init(&result, (end - start) * 8 + 64);
	for (size_t at = start; at < end;) {
		size_t stop = lines_end(l, at);
		size_t skip = at;

		if (stop > end)
			stop = end;
		while (skip < stop && skip - at < common.len &&
		       lines_one_of(lines_byte(l, skip), of))
			skip++;
		buf_add(&inside, lines_slice(l, skip, stop));
		if (stop < end)
			buf_add_char(&inside, '\n');
		at = stop + 1;
	}
	count = mask_text(buf_text(&inside), l->s.level + 1, &result);
	if (count > 0) {
		mask_keep(&l->s, start);
		put_lines(l->s.out, common,
			  buf_complete(&result) ? buf_text(&result) : TEXT("***"));
		l->s.from = end;
		l->s.count += count;
	}
	buf_fini(&inside);
	buf_fini(&result);
}

/* Comments in one column, one after the other: a text that is switched off. */
void lines_comments(struct lines *l, size_t hash)
{
	size_t column = hash - l->at;
	size_t end = l->end;

	while (end < l->s.text.len) {
		size_t start = end + 1;
		size_t stop = lines_end(l, start);
		size_t next = lines_skip(l, start, stop);

		if (next == stop || next - start != column || l->s.text.ptr[next] != '#')
			break;
		end = stop;
	}
	take_nested(l, l->at, end, " \t#");
	lines_go_on(l, end);
}

/* ---- block scalars ---- */

bool lines_is_block(const struct lines *l, size_t at)
{
	if (!lines_one_of(lines_byte(l, at), "|>"))
		return false;
	for (at++; at < l->end && lines_one_of(l->s.text.ptr[at], "0123456789+-"); at++)
		continue;
	at = lines_skip(l, at, l->end);
	return at >= l->end || l->s.text.ptr[at] == '#';
}

bool lines_is_marker(const struct lines *l, size_t at)
{
	struct text rest = text_slice(l->s.text, at, 4);

	return (text_starts(rest, "---") || text_starts(rest, "...")) &&
	       (rest.len == 3 || lines_blank(rest.ptr[3]) || rest.ptr[3] == '\n');
}

/* Behind the last line of the block scalar that belongs to a parent in that column; the end of its
 * header if it has none. */
static size_t block_end(const struct lines *l, ptrdiff_t parent)
{
	size_t end = l->end;

	for (size_t at = l->end + 1; at < l->s.text.len;) {
		size_t stop = lines_end(l, at);
		size_t first = lines_skip(l, at, stop);

		if (first < stop) {
			if ((ptrdiff_t)(first - at) <= parent ||
			    (first == at && lines_is_marker(l, at)))
				break;
			end = lines_trim(l, first, stop);
			if (stop < l->s.text.len && end < stop && l->s.text.ptr[stop - 1] == '\r')
				end = stop - 1;
		}
		at = stop + 1;
	}
	return end;
}

void lines_block(struct lines *l, size_t header, struct mask_mood mood, ptrdiff_t parent)
{
	size_t end = block_end(l, parent);

	if (end > l->end && mood.secret) {
		if (!mask_stays(lines_slice(l, l->end, end), mood.strict))
			mask_hide(&l->s, header, end);
	} else if (end > l->end) {
		mask_keep_words(&l->s, header, l->end);
		take_nested(l, l->end + 1, end, " \t");
	} else {
		mask_keep_words(&l->s, header, l->end);
	}
	lines_go_on(l, lines_end(l, end));
}
