/* From the bytes of a request's target to a row of a route table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "parts.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One round of percent-decoding; NULL if it is malformed or holds a NUL. free() it. */
static char *decode(struct text in, bool plus_is_space)
{
	char *out = heap_alloc(in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int c = (unsigned char)in.ptr[i];

		if (c == '%') {
			int high = i + 2 < in.len ? hex_digit(in.ptr[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(in.ptr[i + 2]) : -1;

			if (low < 0) {
				free(out);
				return NULL;
			}
			c = high * 16 + low;
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c == 0) {
			free(out);
			return NULL;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return out;
}

void request_parse_target(struct request *r)
{
	struct text rest = text_of(r->target);
	size_t question = text_find(rest, '?');
	struct text segment;

	r->query = question == SIZE_MAX ? "" : r->target + question + 1;
	r->path = heap_copy(text_slice(rest, 0, question));
	rest = text_of(r->path);
	if (rest.len == 0 || rest.ptr[0] != '/') {
		r->malformed_path = true;
		return;
	}
	rest = text_slice(rest, 1, rest.len);
	while (text_next(&rest, '/', &segment)) {
		char *decoded = r->segment_count < MAX_SEGMENTS ? decode(segment, false) : NULL;

		if (decoded == NULL) {
			r->malformed_path = true;
			return;
		}
		r->segments[r->segment_count++] = decoded;
	}
}

void request_release(struct request *r)
{
	free(r->path);
	for (size_t i = 0; i < r->segment_count; i++)
		free(r->segments[i]);
	json_decref(r->json);
}

char *request_query(const struct request *r, const char *name)
{
	struct text rest = text_of(r->query);
	struct text pair;

	while (text_next(&rest, '&', &pair)) {
		size_t equals = text_find(pair, '=');
		char *key = decode(text_slice(pair, 0, equals), true);
		bool wanted = key != NULL && strcmp(key, name) == 0;

		free(key);
		if (wanted)
			return decode(equals == SIZE_MAX ? TEXT("")
							 : text_slice(pair, equals + 1, pair.len),
				      true);
	}
	return NULL;
}

/*
 * Whether the request's path has this pattern. literals gets one bit a literal segment, the first
 * segment highest, so that the larger number is the better match.
 */
static bool match(const struct request *r, const char *pattern, unsigned *literals,
		  const char *params[4])
{
	struct text rest = text_of(pattern + 1);
	struct text want;
	size_t at = 0;
	size_t named = 0;

	*literals = 0;
	while (text_next(&rest, '/', &want)) {
		if (at == r->segment_count)
			return false;
		*literals <<= 1;
		if (want.ptr[0] == '{') {
			if (r->segments[at][0] == '\0')
				return false;
			if (named < 4)
				params[named++] = r->segments[at];
		} else if (text_is(want, r->segments[at])) {
			*literals |= 1;
		} else {
			return false;
		}
		at++;
	}
	return at == r->segment_count;
}

static void note_method(char *allowed, size_t size, const char *method)
{
	size_t used = strlen(allowed);

	if (strstr(allowed, method) == NULL)
		snprintf(allowed + used, size - used, "%s%s", used > 0 ? "," : "", method);
}

const struct route *route_find(struct request *r, const struct route *routes, char *allowed,
			       size_t size)
{
	const struct route *best = NULL;
	unsigned best_literals = 0;

	allowed[0] = '\0';
	for (const struct route *row = routes; !r->malformed_path && row->method != NULL; row++) {
		const char *params[4] = {NULL};
		unsigned literals;

		if (!match(r, row->pattern, &literals, params))
			continue;
		if (strcmp(row->method, r->method) != 0) {
			note_method(allowed, size, row->method);
			continue;
		}
		if (best != NULL && literals <= best_literals)
			continue;
		best = row;
		best_literals = literals;
		memcpy(r->params, params, sizeof(params));
	}
	return best;
}
