/*
 * What is shown at a terminal: any bytes as text, and as the answer of a tool, whose number is the
 * first byte, on a terminal as wide as the second says. Nothing that is shown moves the cursor or
 * hides, JSON stays the same value, and what is cut fits.
 */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "cmd/action.h"
#include "cmd/pretty.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_harmless(struct text t, bool lines)
{
	must(text_is_utf8(t), "it is UTF-8");
	static const unsigned char turns[] = {0xE2, 0x80, 0xAE}; /* U+202E */

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		must((c >= 0x20 && c != 0x7F) || (lines && c == '\n'), "no control characters");
		must(c != 0xC2 || (unsigned char)t.ptr[i + 1] >= 0xA0, "nor those of 8 bits");
	}
	must(memmem(t.ptr, t.len, turns, sizeof turns) == NULL, "nothing turns the direction");
}

static void check_text(struct text t, size_t columns)
{
	struct text part;
	struct buf out;

	buf_init(&out, t.len * 12 + 64);
	buf_add_string(&out, "x");
	visible_add(&out, t);
	check_harmless(buf_text(&out), false);
	part = visible_cut(buf_text(&out), columns);
	must(part.len <= out.len && visible_columns(part) <= columns, "what is cut fits");
	must(part.len == out.len || visible_columns(buf_text(&out)) > columns,
	     "and is not cut without need");
	buf_fini(&out);
}

/* jansson's number types lose nothing where both texts have the same digits. */
static void check_same(struct text before, struct text after)
{
	const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *one = json_loadb(before.ptr, before.len, flags, NULL);
	json_t *other = json_loadb(after.ptr, after.len, flags, NULL);

	must(one == NULL || (other != NULL && json_equal(one, other)), "it is the same value");
	json_decref(one);
	json_decref(other);
}

static void check_json(struct text json)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	pretty_add_json(&out, json);
	check_harmless(buf_text(&out), true);
	check_same(json, buf_text(&out));
	buf_truncate(&out, 0);
	pretty_add_json_line(&out, json);
	check_harmless(buf_text(&out), false);
	check_same(json, buf_text(&out));
	buf_fini(&out);
}

static const struct op *choose(uint8_t number)
{
	static const struct op *tools[256];
	static size_t count;

	if (count == 0)
		for (const struct op *const *op = op_all(); *op != NULL && count < 256; op++)
			if ((*op)->tool != NULL)
				tools[count++] = *op;
	return tools[number % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	struct arena a = {0};
	struct error err;
	struct text text;
	struct text json;
	struct buf out;

	if (!begun)
		begun = setlocale(LC_ALL, "C.UTF-8") != NULL;
	if (size < 2)
		return 0;
	text = (struct text){(const char *)data + 2, size - 2};
	check_text(text, data[1]);
	if (!json_check(text, &json, &err))
		return 0;
	check_json(json);
	if (json_type_of(json) == JSON_TYPE_OBJECT) {
		buf_init(&out, SIZE_MAX / 2);
		buf_add_string(&out, "\n");
		action_draw(&out, &a, choose(data[0]), json, data[1]);
		check_harmless(buf_text(&out), true);
		buf_fini(&out);
	}
	arena_fini(&a);
	return 0;
}
