/*
 * Accept, Accept-Encoding and If-None-Match: the input is the value of any. Whatever it is, a
 * header that cannot be read changes nothing, two lines mean what one list of both does, and a tag
 * of ours that is added to what is a list is found in it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static enum http_coding coding_of(struct text first, struct text second)
{
	const struct http_header headers[] = {{TEXT("Accept-Encoding"), first},
					      {TEXT("Accept-Encoding"), second}};

	return http_accepted_coding(headers, 2);
}

static bool has_already(struct text first, struct text second)
{
	const struct http_header headers[] = {{TEXT("If-None-Match"), first},
					      {TEXT("If-None-Match"), second}};

	return http_has_already(headers, 2, TEXT("\"ours\""));
}

static bool accepts(struct text first, struct text second)
{
	const struct http_header headers[] = {{TEXT("Accept"), first}, {TEXT("Accept"), second}};

	return http_accepts(headers, 2, "our/type");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text value = {(const char *)data, size};
	struct arena a;
	struct text both;
	bool is_list;

	arena_init(&a);
	both = text_of(arena_printf(&a, "%.*s,gzip;q=0", (int)size, size == 0 ? "" : value.ptr));
	must(coding_of(value, TEXT("gzip;q=0")) == HTTP_PLAIN, "gzip that is refused is not sent");
	must(coding_of(both, TEXT("")) == HTTP_PLAIN, "nor if it is refused in the same line");
	must(coding_of(value, TEXT("gzip;q=x")) == HTTP_PLAIN, "what cannot be read is left out");
	if (coding_of(value, TEXT("")) == HTTP_ONLY_GZIP)
		must(coding_of(value, TEXT("identity;q=0")) == HTTP_ONLY_GZIP, "said twice");

	must(accepts(value, TEXT("our/type")), "a type that is named is named");
	must(accepts(value, TEXT("")) == accepts(TEXT("our/type;q=0"), value),
	     "one that is not wanted is not named");

	is_list = has_already(value, TEXT("\"ours\""));
	must(!has_already(value, TEXT("\"ours")), "half a tag makes it unreadable");
	if (has_already(value, TEXT("")) && !text_is(text_trim(value), "*"))
		must(is_list, "a tag that is found twice is found");
	must(has_already(TEXT("\"ours\""), value) == is_list, "in any order");
	arena_fini(&a);
	return 0;
}
