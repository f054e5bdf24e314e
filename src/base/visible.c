/* Text that came from outside, made harmless for a terminal. */
#include "base/visible.h"

#include <locale.h>
#include <wchar.h>

static const struct range {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{0x00, 0x1f},       /* control */
	{0x7f, 0x9f},       /* and what 8-bit terminals take for it */
	{0xad, 0xad},       /* soft hyphen */
	{0x61c, 0x61c},     /* direction of writing */
	{0x180e, 0x180e},   /* no width */
	{0x200b, 0x200f},   /* no width, direction */
	{0x2028, 0x202e},   /* ends of lines, direction */
	{0x2060, 0x206f},   /* no width, direction */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xfff9, 0xfffb},   /* annotations */
	{0xe0000, 0xe0fff}, /* tags, and more without a picture */
};

static bool is_hidden(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	return false;
}

/* Takes the first character of *rest, which has one; *code: what it is. A byte that is no part of
 * UTF-8 comes alone, as UINT32_MAX. */
static struct text next(struct text *rest, uint32_t *code)
{
	unsigned char lead = (unsigned char)rest->ptr[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	struct text character = text_slice(*rest, 0, len);

	if (character.len < len || !text_is_utf8(character)) {
		*code = UINT32_MAX;
		character.len = 1;
	} else {
		*code = len == 1 ? lead : lead & (0xffU >> (len + 1));
		for (size_t i = 1; i < len; i++)
			*code = *code << 6 | ((unsigned char)character.ptr[i] & 0x3fU);
	}
	*rest = text_slice(*rest, character.len, rest->len);
	return character;
}

static void add_escaped(struct buf *out, uint32_t code)
{
	if (code > 0xffff)
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
			   0xdc00 + (code & 0x3ff));
	else
		buf_printf(out, "\\u%04x", code);
}

static void add(struct buf *out, struct text t, bool json)
{
	uint32_t code;

	while (t.len > 0) {
		struct text character = next(&t, &code);

		if (code == UINT32_MAX)
			buf_printf(out, "\\x%02x", (unsigned char)character.ptr[0]);
		else if (is_hidden(code))
			add_escaped(out, code);
		else if (code == '\\' && !json)
			buf_add_string(out, "\\\\");
		else
			buf_add(out, character);
	}
}

void visible_add(struct buf *out, struct text t)
{
	add(out, t, false);
}

const char *visible_copy(struct arena *a, struct text t)
{
	const char *copy;
	struct buf shown;

	buf_init(&shown, SIZE_MAX);
	visible_add(&shown, t);
	copy = arena_copy(a, buf_text(&shown));
	buf_fini(&shown);
	return copy;
}

void visible_print(FILE *to, struct text t)
{
	struct buf shown;

	buf_init(&shown, SIZE_MAX);
	visible_add(&shown, t);
	if (shown.len > 0)
		fwrite(shown.ptr, 1, shown.len, to);
	buf_fini(&shown);
}

void visible_add_json(struct buf *out, struct text json)
{
	add(out, json, true);
}

/* Measures t up to most columns; *length: how many of its bytes they are. */
static size_t measure(struct text t, size_t most, size_t *length)
{
	static locale_t utf8;
	struct text rest = t;
	locale_t before;
	size_t columns = 0;
	uint32_t code;

	/* Whatever the environment says: what is printed is UTF-8. */
	if (utf8 == NULL)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	before = uselocale(utf8);
	*length = 0;
	while (rest.len > 0) {
		int width;

		next(&rest, &code);
		width = code == UINT32_MAX ? 1 : wcwidth((wchar_t)code);
		width = width < 0 ? 1 : width;
		if ((size_t)width > most - columns)
			break;
		columns += (size_t)width;
		*length = t.len - rest.len;
	}
	uselocale(before);
	return columns;
}

struct text visible_cut(struct text t, size_t columns)
{
	size_t length;

	(void)measure(t, columns, &length);
	return text_slice(t, 0, length);
}

size_t visible_columns(struct text t)
{
	size_t length;

	return measure(t, SIZE_MAX, &length);
}
