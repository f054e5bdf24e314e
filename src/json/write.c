/* Writing JSON into a buffer, value after value. */
#include "json/json.h"

#include <assert.h>
#include <inttypes.h>

#include "json/scan.h"

/* U+FFFD, which stands where bytes were no text. */
#define REPLACEMENT TEXT("\xEF\xBF\xBD")

static void put_escape(struct buf *out, char c)
{
	switch (c) {
	case '"':
		buf_add(out, TEXT("\\\""));
		break;
	case '\\':
		buf_add(out, TEXT("\\\\"));
		break;
	case '\n':
		buf_add(out, TEXT("\\n"));
		break;
	case '\r':
		buf_add(out, TEXT("\\r"));
		break;
	case '\t':
		buf_add(out, TEXT("\\t"));
		break;
	default:
		buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
	}
}

/* One character that is not plain ASCII text; answers the place behind it. */
static const char *put_special(struct buf *out, const char *p, const char *end)
{
	const char *next;

	if ((unsigned char)*p < 0x80) {
		put_escape(out, *p);
		return p + 1;
	}
	next = scan_utf8(p, end);
	if (next == NULL) {
		buf_add(out, REPLACEMENT);
		return p + 1;
	}
	buf_add(out, (struct text){p, (size_t)(next - p)});
	return next;
}

void json_put_string(struct buf *out, struct text s)
{
	const char *p = s.len == 0 ? "" : s.ptr;
	const char *end = p + s.len;

	buf_add_char(out, '"');
	while (p < end) {
		const char *plain = scan_plain(p, end);

		buf_add(out, (struct text){p, (size_t)(plain - p)});
		p = plain == end ? end : put_special(out, plain, end);
	}
	buf_add_char(out, '"');
}

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){.out = out};
}

/* The comma before an item or a name, where one is due. */
static void separate(struct json_writer *w)
{
	if (w->has_items[w->depth])
		buf_add_char(w->out, ',');
	w->has_items[w->depth] = true;
}

/* What comes before every value: nothing after a key, else a comma where one is due. */
static void before_value(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	assert(w->closers[w->depth] != '}');      /* a member needs its key first */
	assert(w->depth > 0 || !w->has_items[0]); /* a document is one value */
	separate(w);
}

static void begin(struct json_writer *w, char opener, char closer)
{
	before_value(w);
	assert(w->depth < JSON_MAX_DEPTH);
	buf_add_char(w->out, opener);
	w->depth++;
	w->has_items[w->depth] = false;
	w->closers[w->depth] = closer;
}

static void end(struct json_writer *w, char closer)
{
	assert(w->depth > 0);
	assert(w->closers[w->depth] == closer);
	assert(!w->after_key);
	buf_add_char(w->out, closer);
	w->depth--;
}

void json_object_begin(struct json_writer *w)
{
	begin(w, '{', '}');
}

void json_object_end(struct json_writer *w)
{
	end(w, '}');
}

void json_array_begin(struct json_writer *w)
{
	begin(w, '[', ']');
}

void json_array_end(struct json_writer *w)
{
	end(w, ']');
}

void json_key(struct json_writer *w, const char *name)
{
	assert(w->closers[w->depth] == '}');
	assert(!w->after_key);
	separate(w);
	json_put_string(w->out, text_of(name));
	buf_add_char(w->out, ':');
	w->after_key = true;
}

void json_put_text(struct json_writer *w, struct text s)
{
	before_value(w);
	json_put_string(w->out, s);
}

void json_put_cstr(struct json_writer *w, const char *s)
{
	if (s == NULL)
		json_put_null(w);
	else
		json_put_text(w, text_of(s));
}

void json_put_pair(struct json_writer *w, const char *name, const char *s)
{
	json_key(w, name);
	json_put_cstr(w, s);
}

void json_put_int(struct json_writer *w, int64_t n)
{
	before_value(w);
	buf_printf(w->out, "%" PRId64, n);
}

void json_put_bool(struct json_writer *w, bool b)
{
	before_value(w);
	buf_add(w->out, b ? TEXT("true") : TEXT("false"));
}

void json_put_null(struct json_writer *w)
{
	before_value(w);
	buf_add(w->out, TEXT("null"));
}

void json_put_raw(struct json_writer *w, struct text value)
{
	assert(value.len > 0);
	before_value(w);
	buf_add(w->out, value);
}

/* ---- pointers ---- */

void json_pointer_add(struct buf *pointer, struct text name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '~')
			buf_add_string(pointer, "~0");
		else if (name.ptr[i] == '/')
			buf_add_string(pointer, "~1");
		else
			buf_add_char(pointer, name.ptr[i]);
	}
}
