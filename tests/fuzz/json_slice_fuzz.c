/*
 * Slices against jansson: they must agree on what is JSON and on what is in it. Aborts where they
 * do not, but for the differences that are meant:
 *
 * - numbers beyond int64 and double pass here and are an error there;
 * - \u0000 in a name passes here and is an error there;
 * - more than JSON_MAX_DEPTH levels are an error here;
 * - a NUL byte is an error here, as RFC 8259 wants; there it is lost behind a number or a word.
 *
 * The input also goes unchecked through everything that takes slices, and as text through the
 * writer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- agreeing on what is JSON ---- */

/* How deep brackets nest, those in strings left out. */
static unsigned depth_of(struct text document)
{
	unsigned deepest = 0;
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < document.len; i++) {
		char c = document.ptr[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth -= depth > 0;
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}

static void compare_verdicts(struct text document, bool ours, const struct error *err)
{
	json_error_t theirs;
	json_t *tree =
		json_loadb(document.ptr, document.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &theirs);

	if (tree == NULL && ours)
		must(json_error_code(&theirs) == json_error_numeric_overflow ||
		     json_error_code(&theirs) == json_error_null_byte_in_key);
	if (tree != NULL && !ours && text_find(document, '\0') == SIZE_MAX) {
		must(depth_of(document) > JSON_MAX_DEPTH);
		must(strstr(err->message, "levels") != NULL);
	}
	json_decref(tree);
}

/* ---- agreeing on what is in it ---- */

static void compare_value(struct arena *a, struct text value, const json_t *tree);

static void compare_string(struct arena *a, struct text value, const char *bytes, size_t len)
{
	struct text read;

	must(json_unescape(a, value, &read));
	must(text_equal(read, (struct text){bytes, len}));
	must(json_string_is(value, read.ptr));
}

static void compare_items(struct arena *a, struct text value, const json_t *tree)
{
	struct json_walk walk = json_walk_begin(value);
	struct text item;
	struct text found;
	size_t count = 0;

	while (json_walk_item(&walk, &item)) {
		compare_value(a, item, json_array_get(tree, count));
		if (count < 20) {
			must(json_at(value, arena_printf(a, "/%zu", count), &found));
			must(found.ptr == item.ptr && found.len == item.len);
		}
		count++;
	}
	must(count == json_array_size(tree));
}

/* name as a segment of a pointer, behind its slash. */
static const char *pointer_to(struct arena *a, const char *name)
{
	struct buf out;
	const char *pointer;

	buf_init(&out, SIZE_MAX / 2);
	buf_add_char(&out, '/');
	for (; *name != '\0'; name++) {
		if (*name == '~')
			buf_add_string(&out, "~0");
		else if (*name == '/')
			buf_add_string(&out, "~1");
		else
			buf_add_char(&out, *name);
	}
	pointer = arena_copy(a, buf_text(&out));
	buf_fini(&out);
	return pointer;
}

static void compare_members(struct arena *a, struct text value, const json_t *tree)
{
	struct json_walk walk = json_walk_begin(value);
	struct text name;
	struct text key;
	struct text member;
	struct text found;
	size_t count = 0;

	while (json_walk_member(&walk, &key, &member)) {
		must(json_unescape(a, key, &name));
		compare_string(a, key, name.ptr, name.len);
		compare_value(a, member, json_object_get(tree, name.ptr));
		if (count < 20) {
			must(json_member(value, name.ptr, &found) && found.ptr == member.ptr);
			must(json_at(value, pointer_to(a, name.ptr), &found));
			must(found.ptr == member.ptr && found.len == member.len);
		}
		count++;
	}
	must(count == json_object_size(tree));
}

static void compare_number(struct text value, const json_t *tree)
{
	int64_t n = 0;

	must(json_type_of(value) == JSON_TYPE_NUMBER);
	must(json_int(value, &n) == json_is_integer(tree));
	must(!json_is_integer(tree) || n == json_integer_value(tree));
}

static void compare_value(struct arena *a, struct text value, const json_t *tree)
{
	bool b = false;

	must(tree != NULL);
	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		must(json_type_of(value) == JSON_TYPE_OBJECT);
		compare_members(a, value, tree);
		break;
	case JSON_ARRAY:
		must(json_type_of(value) == JSON_TYPE_ARRAY);
		compare_items(a, value, tree);
		break;
	case JSON_STRING:
		must(json_type_of(value) == JSON_TYPE_STRING);
		compare_string(a, value, json_string_value(tree), json_string_length(tree));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		compare_number(value, tree);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		must(json_bool(value, &b) && b == json_is_true(tree));
		break;
	case JSON_NULL:
		must(json_type_of(value) == JSON_TYPE_NULL);
		break;
	}
}

/* The tree without duplicate names and \u0000, where both sides mean the same. */
static void compare_contents(struct arena *a, struct text document, struct text value)
{
	struct text again;
	struct error err;
	struct buf out;
	json_t *tree;

	if (!json_tree_read(document, &tree, &err))
		return;
	compare_value(a, value, tree);
	buf_init(&out, SIZE_MAX / 2);
	json_tree_write(tree, &out);
	must(json_check(buf_text(&out), &again, &err));
	buf_fini(&out);
	json_decref(tree);
}

/* ---- unchecked bytes ---- */

static bool lies_in(struct text inner, struct text outer)
{
	return inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len;
}

static void touch(struct arena *a, struct text value, unsigned depth)
{
	struct json_walk items = json_walk_begin(value);
	struct json_walk members = items;
	struct text inner;
	struct text key;
	int64_t n;
	bool b;

	(void)json_type_of(value);
	(void)json_int(value, &n);
	(void)json_bool(value, &b);
	(void)json_string_is(value, "metadata");
	(void)json_unescape(a, value, &key);
	if (depth == 0)
		return;
	while (json_walk_item(&items, &inner)) {
		must(lies_in(inner, value) && inner.len > 0);
		touch(a, inner, depth - 1);
	}
	while (json_walk_member(&members, &key, &inner)) {
		must(lies_in(key, value) && lies_in(inner, value) && inner.len > 0);
		touch(a, key, 0);
		touch(a, inner, depth - 1);
	}
}

static void seek(struct arena *a, struct text value)
{
	static const char *const pointers[] = {"", "/", "/a", "/a/b", "/0", "/1/0", "/a/0/b~1c"};
	struct text found;

	for (size_t i = 0; i < ARRAY_LEN(pointers); i++)
		if (json_at(value, pointers[i], &found))
			must(lies_in(found, value) && found.len > 0);
	(void)json_member(value, "a", &found);
	(void)json_string_at(a, value, "/a", "");
}

/* ---- the writer ---- */

static void write_and_read(struct arena *a, struct text given)
{
	bool survives = text_is_utf8(given) && text_find(given, '\0') == SIZE_MAX;
	struct text value;
	struct text back;
	struct error err;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	json_put_string(&out, given);
	must(json_check(buf_text(&out), &value, &err));
	must(value.len == out.len && json_type_of(value) == JSON_TYPE_STRING);
	if (survives)
		must(json_unescape(a, value, &back) && text_equal(back, given));
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text document = {(const char *)data, size};
	struct text value = {NULL, 0};
	struct error err;
	struct arena a;
	bool ok;

	arena_init(&a);
	ok = json_check(document, &value, &err);
	must(ok == (value.ptr != NULL));
	compare_verdicts(document, ok, &err);
	if (ok)
		compare_contents(&a, document, value);
	touch(&a, document, 8);
	seek(&a, document);
	write_and_read(&a, document);
	arena_fini(&a);
	return 0;
}
