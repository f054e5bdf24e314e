/*
 * Which of Palette's limits a path belongs to: lines are prefixes, the last one is the path. The
 * token is taken from the limit with the longest prefix, segment by segment, and from no other.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "palette/pacer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_PREFIXES = 16, MOST_SEGMENTS = 64 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* "/a/b": the segments a and b. */
static size_t split(struct text path, struct text segments[MOST_SEGMENTS])
{
	size_t count = 0;

	if (!text_starts(path, "/"))
		return 0;
	path = text_slice(path, 1, SIZE_MAX);
	while (count < MOST_SEGMENTS && text_next(&path, '/', &segments[count]))
		count++;
	return count;
}

/* -1: it is no prefix. */
static int length_as_prefix(const char *prefix, struct text path)
{
	struct text wanted[MOST_SEGMENTS];
	struct text given[MOST_SEGMENTS];
	size_t want = split(text_of(prefix), wanted);
	size_t have = split(path, given);

	if (want > have)
		return -1;
	for (size_t i = 0; i < want; i++)
		if (!text_equal(wanted[i], given[i]) &&
		    !(text_is(wanted[i], "*") && given[i].len > 0))
			return -1;
	return (int)want;
}

/* A request for the path, then one for exactly the prefix, tell whose token it was. */
static void check(const char *prefix, const char *path)
{
	const struct pacer_rate rates[] = {{prefix, 1, 1}, {NULL, 0, 0}};
	struct pacer *pacer = pacer_new(rates, 0.001);
	int length = length_as_prefix(prefix,
				      text_slice(text_of(path), 0, text_find(text_of(path), '?')));

	must(pacer_take(pacer, path), "the first may go");
	must(pacer_take(pacer, path) == (length < 0), "the second only where there is no limit");
	pacer_free(pacer);
}

/* Of a prefix that comes more than once the last rate counts. */
static unsigned at_once_of(const struct pacer_rate *rates, const char *prefix)
{
	unsigned at_once = 0;

	for (; rates->prefix != NULL; rates++)
		if (strcmp(rates->prefix, prefix) == 0)
			at_once = rates->at_once;
	return at_once;
}

static void check_longest(const char *const *prefixes, size_t count, const char *path)
{
	struct pacer_rate rates[MOST_PREFIXES + 1] = {{NULL, 0, 0}};
	struct text plain = text_slice(text_of(path), 0, text_find(text_of(path), '?'));
	const char *prefix = NULL;
	struct pacer *pacer;
	unsigned at_once = 0;
	int longest = -1;
	unsigned taken = 0;

	for (size_t i = 0; i < count; i++) {
		int length = length_as_prefix(prefixes[i], plain);

		rates[i] = (struct pacer_rate){prefixes[i], 1, 2 + (unsigned)i};
		if (length > longest) {
			longest = length;
			prefix = prefixes[i];
		}
	}
	if (prefix != NULL)
		at_once = at_once_of(rates, prefix);
	pacer = pacer_new(rates, 1);
	while (taken < MOST_PREFIXES + 4 && pacer_take(pacer, path))
		taken++;
	/* A second may have passed meanwhile. */
	must(longest < 0 ? taken == MOST_PREFIXES + 4 : taken >= at_once && taken <= at_once + 1,
	     "the longest prefix counts");
	pacer_hold(pacer, path, 0);
	must(pacer_take(pacer, path) == (longest < 0), "what is held goes nowhere");
	pacer_free(pacer);
}

/* Those of the table are "/a/b" or "", and paths begin with '/'. */
static bool is_prefix(const char *s)
{
	size_t len = strlen(s);

	return len == 0 || (len > 1 && s[0] == '/' && s[len - 1] != '/' &&
			    strstr(s, "//") == NULL && strchr(s, '?') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *prefixes[MOST_PREFIXES];
	struct text rest = {(const char *)data, size};
	struct arena a = {0};
	const char *path = "/";
	size_t count = 0;
	struct text line;

	while (count < MOST_PREFIXES && size < 1000 && text_next(&rest, '\n', &line)) {
		const char *copy = arena_copy(&a, line);

		if (rest.ptr == NULL)
			path = copy;
		else if (is_prefix(copy))
			prefixes[count++] = copy;
	}
	if (path[0] == '/' && strlen(path) < 300) {
		for (size_t i = 0; i < count; i++)
			check(prefixes[i], path);
		check_longest(prefixes, count, path);
	}
	arena_fini(&a);
	return 0;
}
