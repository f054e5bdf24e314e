/*
 * Bytes as a request's head: cut up in place and as leniently as the HTTP library does it, for the
 * guard to judge.
 */
#ifndef FUZZ_HEAD_H
#define FUZZ_HEAD_H

#include <string.h>

#include "base/arena.h"
#include "http/guard.h"

struct head {
	struct guard_head guard;
	struct http_header headers[GUARD_MAX_HEADERS + 1];
	struct text rest; /* what stands behind it */
};

/* Where the line ends, which becomes NUL, and where the next one begins. */
static inline char *head_line_end(char *at, char *end, char **next)
{
	char *feed = memchr(at, '\n', (size_t)(end - at));

	if (feed == NULL)
		return NULL;
	*next = feed + 1;
	*feed = '\0';
	if (feed == at || feed[-1] != '\r')
		return feed;
	feed[-1] = '\0';
	return feed - 1;
}

static inline bool head_first_line(struct arena *a, char *at, char *end, struct head *head)
{
	char *target = memchr(at, ' ', (size_t)(end - at));
	char *version =
		target == NULL ? NULL : memrchr(target + 1, ' ', (size_t)(end - target - 1));

	if (version == NULL)
		return false;
	*target++ = '\0';
	*version = '\0';
	head->guard.method = at;
	head->guard.version = version + 1;
	head->guard.target = arena_copy_text(a, (struct text){target, (size_t)(version - target)});
	return true;
}

static inline bool head_header(char *at, char *end, struct http_header *h)
{
	char *colon = memchr(at, ':', (size_t)(end - at));
	char *value = colon == NULL ? NULL : colon + 1;

	if (colon == NULL)
		return false;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*colon = '\0';
	*h = (struct http_header){{at, (size_t)(colon - at)}, {value, (size_t)(end - value)}};
	return true;
}

/* bytes: a copy to be cut up, NUL behind it. False: no whole head, which nobody would be shown. */
static inline bool head_read(struct arena *a, char *bytes, size_t size, struct head *head)
{
	char *end = bytes + size;
	char *at = bytes;
	char *next = NULL;
	char *stop = head_line_end(at, end, &next);

	head->guard = (struct guard_head){.headers = head->headers};
	if (stop == NULL || !head_first_line(a, at, stop, head))
		return false;
	for (at = next; (stop = head_line_end(at, end, &next)) != NULL && stop != at; at = next) {
		if (head->guard.header_count > GUARD_MAX_HEADERS ||
		    !head_header(at, stop, &head->headers[head->guard.header_count]))
			return false;
		head->guard.header_count++;
	}
	if (stop == NULL)
		return false;
	head->guard.size = (size_t)(next - bytes);
	head->rest = (struct text){next, (size_t)(end - next)};
	return true;
}

#endif
