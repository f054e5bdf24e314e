/* Globs: flags, then a pattern up to the line's end, then a text that is matched against it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "!" in front turns the answer round, and changes nothing about what is refused. */
static void check(struct arena *a, struct text pattern, unsigned flags, struct text text)
{
	char *copy = arena_alloc(a, pattern.len + 1);
	struct text negated = {copy, pattern.len + 1};
	const struct glob *opposite;
	const struct glob *glob;
	struct error err;
	bool usable = glob_new(a, pattern, flags, &glob, &err);

	copy[0] = '!';
	if (pattern.len > 0)
		memcpy(copy + 1, pattern.ptr, pattern.len);
	if (pattern.len == 0 || pattern.ptr[0] == '#' || negated.len > GLOB_MAX_PATTERN)
		return;
	if (glob_new(a, negated, flags, &opposite, &err) != usable)
		abort();
	if (usable && text.len <= GLOB_MAX_TEXT &&
	    glob_matches(glob, text) == glob_matches(opposite, text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly its size, so that a read behind its end is found. */
	char *copy = malloc(size > 0 ? size : 1);
	struct text all = {copy, size};
	struct text pattern;
	struct arena a;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	arena_init(&a);
	if (size > 1) {
		struct text rest = text_slice(all, 1, SIZE_MAX);

		if (!text_next(&rest, '\n', &pattern))
			pattern = TEXT("");
		check(&a, pattern, (unsigned char)copy[0] % 4, rest);
	}
	arena_fini(&a);
	free(copy);
	return 0;
}
