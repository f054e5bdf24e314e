/*
 * Filtered answers: no member is left that must not leave, at any depth, and the rest is the same
 * document. The second is compared with what jansson makes of both.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/shape.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_names(struct arena *a, struct text value)
{
	struct json_walk walk = json_walk_begin(value);
	struct text member;
	struct text name;
	struct text key;

	while (json_walk_member(&walk, &key, &member)) {
		must(json_unescape(a, key, &name), "every name can be read");
		must(shape_is_public(name), "every name may leave");
		check_names(a, member);
	}
	walk = json_walk_begin(value);
	while (json_walk_item(&walk, &member))
		check_names(a, member);
}

/* Drops from the tree what must not leave. */
static void drop(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;
	void *next;

	if (json_is_array(tree))
		json_array_foreach(tree, i, value) drop(value);
	if (!json_is_object(tree))
		return;
	json_object_foreach_safe(tree, next, name, value)
	{
		if (shape_is_public(text_of(name)))
			drop(value);
		else
			json_object_del(tree, name);
	}
}

static void compare(struct text before, struct text after)
{
	const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
	json_t *expected = json_loadb(before.ptr, before.len, flags, NULL);
	json_t *filtered = json_loadb(after.ptr, after.len, flags, NULL);

	/* Some numbers and names are too much for jansson, and then only where they were. */
	if (expected != NULL) {
		must(filtered != NULL, "what is left can be read too");
		drop(expected);
		must(json_equal(expected, filtered), "the rest is the same");
	}
	json_decref(expected);
	json_decref(filtered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text document = {(const char *)data, size};
	struct text filtered;
	struct error err;
	struct text value;
	struct arena a;
	struct buf again;
	struct buf out;

	if (!json_check(document, &value, &err))
		return 0;
	buf_init(&out, size); /* it never grows */
	buf_init(&again, size);
	arena_init(&a);
	shape_filter(value, shape_is_public, &out);
	must(buf_complete(&out), "it never grows");
	must(json_check(buf_text(&out), &filtered, &err), "it is JSON");
	check_names(&a, filtered);
	compare(value, filtered);
	shape_filter(filtered, shape_is_public, &again);
	must(text_equal(buf_text(&out), buf_text(&again)), "a second time changes nothing");
	arena_fini(&a);
	buf_fini(&out);
	buf_fini(&again);
	return 0;
}
