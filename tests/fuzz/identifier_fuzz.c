/*
 * Identifiers and the URLs they end up in: what passes the check is one plain segment; what does
 * not still cannot leave its segment once it is encoded.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "op/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* The segment that value became. */
static struct text segment_of(struct arena *a, const char *value)
{
	static const char head[] = "/v1/things/";
	static const char tail[] = "/kubeconfig?frp=true";
	struct text url = text_of(http_url(a, "/v1/things/%s/kubeconfig?frp=%s", value, "true"));

	must(text_starts(url, head), "the head stays");
	must(text_ends(url, tail), "the tail stays");
	must(url.len >= sizeof head - 1 + sizeof tail - 1, "both stay whole");
	return text_slice(url, sizeof head - 1, url.len - (sizeof head - 1) - (sizeof tail - 1));
}

/* One segment, of characters that no receiver takes for anything else. */
static void check_segment(struct arena *a, struct text segment, struct text value)
{
	struct text decoded;

	for (size_t i = 0; i < segment.len; i++)
		must(memchr("/?#&\\;= \r\n", segment.ptr[i], 10) == NULL && segment.ptr[i] > ' ' &&
			     segment.ptr[i] <= '~',
		     "only plain characters");
	must(!text_is(segment, ".") && !text_is(segment, ".."), "no step up");
	if (!text_is_utf8(value))
		return;
	must(http_url_decode(a, segment, false, &decoded), "it decodes");
	must(text_equal(decoded, value), "it decodes to what it was");
	must(http_url_decode(a, segment, true, &decoded) && text_equal(decoded, value),
	     "in a query too");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text value = {(const char *)data, size};
	struct arena a;

	arena_init(&a);
	if (param_identifier_problem(value) == NULL) {
		must(size > 0 && size <= 128, "it has a length");
		must(text_find(value, '%') == SIZE_MAX && text_find(value, '\0') == SIZE_MAX,
		     "no percent sign, no NUL");
		must(!palette_is_reserved(value), "no word of Palette's");
		must(text_equal(segment_of(&a, arena_copy(&a, value)), value),
		     "it needs no encoding");
	}
	/* Where C ends the text, so does the value. */
	value.len = strnlen((const char *)data, size);
	check_segment(&a, segment_of(&a, arena_copy(&a, value)), value);
	arena_fini(&a);
	return 0;
}
