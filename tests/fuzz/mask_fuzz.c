/*
 * Masked texts: nothing of a secret is left, JSON stays JSON, and a second time changes nothing.
 *
 * What is a secret is asked of the parser of YAML and of JSON: a marker that stands only in values
 * of secret names must be gone.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"
#include "palette/mask.h"
#include "json/json.h"

#define MARK "Xq7Zv9"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, struct text text)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n%.*s\n", what, (int)text.len, text.ptr);
	abort();
}

static size_t count_marks(struct text t)
{
	size_t count = 0;
	const char *at;

	while ((at = memmem(t.ptr, t.len, MARK, strlen(MARK))) != NULL) {
		count++;
		t = text_slice(t, (size_t)(at - t.ptr) + strlen(MARK), t.len);
	}
	return count;
}

/* Names of which nobody doubts that their values are secrets. */
static bool is_secret(struct text name)
{
	return text_is(name, "password") || text_is(name, "token") || text_is(name, "apiKey");
}

/* The marks in values of secret names. */
static size_t marks_in_secrets(const struct node *node, bool secret)
{
	size_t count = 0;

	if (node->type != NODE_MAP && node->type != NODE_LIST)
		return secret ? count_marks(node->text) : 0;
	for (size_t i = 0; i < node->count; i++)
		count += marks_in_secrets(
			node->entries[i].value,
			node->type == NODE_LIST ? secret : is_secret(node->entries[i].key));
	return count;
}

static void check_marks(struct text in, struct text out)
{
	size_t marks = count_marks(in);
	size_t budget = 100000;
	struct error ignored;
	struct arena arena;
	struct node *root;

	if (marks == 0)
		return;
	arena_init(&arena);
	if (yaml_read(&arena, &budget, "text", in, &root, &ignored) &&
	    marks_in_secrets(root, false) == marks)
		must(count_marks(out) == 0, "the secret is gone", in);
	arena_fini(&arena);
}

static void mask_twice(size_t (*mask)(struct text in, struct buf *out), struct text in,
		       struct buf *out)
{
	struct buf again;
	size_t count = mask(in, out);

	must(buf_complete(out), "it fits", in);
	must(count > 0 || text_equal(in, buf_text(out)), "what is not masked is the same", in);
	buf_init(&again, out->len * 8 + 64);
	mask(buf_text(out), &again);
	must(text_equal(buf_text(out), buf_text(&again)), "a second time changes nothing", in);
	buf_fini(&again);
}

/* The same bytes below a secret name, behind the mark. */
static void check_planted(struct text in)
{
	static const char *const before[] = {
		"a: 1\npassword: " MARK,
		"password: |\n  " MARK,
		"x: {token: \"" MARK "\", y: [1]}\n",
		"- name: A_TOKEN\n  value: " MARK,
		"kind: Secret\ndata:\n  a: " MARK,
	};

	struct buf with;
	struct buf out;

	if (count_marks(in) > 0)
		return;
	buf_init(&with, in.len + 256);
	buf_init(&out, (in.len + 256) * 8);
	buf_add_string(&with, before[in.len % ARRAY_LEN(before)]);
	buf_add_char(&with, '\n');
	buf_add(&with, in);
	mask_yaml_text(buf_text(&with), &out);
	must(count_marks(buf_text(&out)) == 0, "what is planted is gone", buf_text(&with));
	buf_fini(&with);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text in = {(const char *)data, size};
	struct error ignored;
	struct text value;
	struct buf out;

	buf_init(&out, size * 8 + 64);
	mask_twice(mask_yaml_text, in, &out);
	check_marks(in, buf_text(&out));
	buf_truncate(&out, 0);
	if (json_check(in, &value, &ignored)) {
		mask_twice(mask_json, in, &out);
		must(json_check(buf_text(&out), &value, &ignored), "it is JSON", in);
		check_marks(in, buf_text(&out));
	}
	buf_fini(&out);
	check_planted(in);
	return 0;
}
