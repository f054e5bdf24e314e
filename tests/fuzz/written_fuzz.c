/*
 * Any bytes as a file that people write: what comes out is JSON within its bound, JSON stays as it
 * was, and each place is in the file.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/written.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 64 * 1024 };

static size_t count_lines(struct text bytes)
{
	size_t lines = 2;

	/* What YAML takes for the end of a line: also CR, NEL, LS and PS. Behind the last line
	 * comes one more, where a value stands that is left out. */
	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.ptr[i] == '\n' || bytes.ptr[i] == '\r' ||
			 (unsigned char)bytes.ptr[i] == 0xC2 || (unsigned char)bytes.ptr[i] == 0xE2;
	return lines;
}

static void check_place(const struct written *w, const char *pointer)
{
	struct place place = written_place(w, pointer);

	assert(place.line >= 1 && place.line <= count_lines(w->bytes));
	assert(place.column >= 1 && place.column <= w->bytes.len + 1);
	(void)place;
}

static void check_faults(struct arena *a, const struct written *w, const struct error *err)
{
	struct text faults;
	struct json_walk walk;
	struct text fault;
	struct error other;

	if (err->kind == ERROR_TOO_LARGE)
		return;
	if (!json_check(err->details, &faults, &other) || !json_member(faults, "faults", &faults))
		__builtin_trap();
	walk = json_walk_begin(faults);
	while (json_walk_item(&walk, &fault))
		check_place(w, json_string_at(a, fault, "/pointer", ""));
}

static void run(struct arena *a, const char *file, struct text bytes)
{
	struct text value = {NULL, 0};
	struct written written;
	struct error err;
	struct error other;
	struct text json;

	if (!written_read(a, file, bytes, &written, &err)) {
		assert(strncmp(err.message, file, strlen(file)) == 0);
		return;
	}
	check_place(&written, "");
	check_place(&written, "/a/0/b");
	if (!written_json(&written, MOST_BYTES, &json, &err)) {
		check_faults(a, &written, &err);
		return;
	}
	assert(json.len <= MOST_BYTES);
	if (!json_check(json, &value, &other) || !text_equal(json, value))
		__builtin_trap();
	if (json_check(bytes, &value, &other) && !text_equal(json, value))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = {(const char *)data, size};
	struct arena arena;

	arena_init(&arena);
	run(&arena, "f.yaml", bytes);
	run(&arena, "f.json", bytes);
	arena_fini(&arena);
	return 0;
}
