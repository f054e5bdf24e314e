/* Percent-decoding of any bytes, and back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, struct text raw, bool form)
{
	struct text again;
	struct text out;

	if (!http_url_decode(a, raw, form, &out))
		return;
	if (out.len > raw.len || strlen(out.ptr) != out.len || !text_is_utf8(out))
		abort();
	if (!http_url_decode(a, text_of(http_url(a, "%s", out.ptr)), form, &again) ||
	    !text_equal(out, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly its size, so that a read behind its end is found. */
	char *copy = malloc(size > 0 ? size : 1);
	struct arena a;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	arena_init(&a);
	check(&a, (struct text){copy, size}, false);
	check(&a, (struct text){copy, size}, true);
	arena_fini(&a);
	free(copy);
	return 0;
}
