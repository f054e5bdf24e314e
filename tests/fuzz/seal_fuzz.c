/*
 * Sealed texts: what nobody sealed does not open. The input is taken as one; with the right first
 * five bytes in front, so that what lies behind the key's id is reached too; and as a text to seal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seal_keys *keys;
	struct text input = {(const char *)data, size};
	struct buf sealed;
	struct buf plain;

	if (keys == NULL)
		keys = seal_keys_random();
	buf_init(&sealed, size * 2 + 4096);
	buf_init(&plain, size * 2 + 4096);
	must(!seal_open(keys, TEXT("who"), input, &plain), "nobody sealed this");

	seal(keys, TEXT("who"), input, &sealed);
	must(seal_open(keys, TEXT("who"), buf_text(&sealed), &plain), "it opens");
	must(text_equal(buf_text(&plain), input), "to what it was");
	must(text_is(input, "who") || !seal_open(keys, input, buf_text(&sealed), &plain),
	     "only with its associated text");

	buf_truncate(&sealed, 5);
	buf_add(&sealed, input);
	must(!seal_open(keys, TEXT("who"), buf_text(&sealed), &plain), "nobody sealed that");
	must(plain.len == size, "a refusal leaves nothing");
	buf_fini(&sealed);
	buf_fini(&plain);
	return 0;
}
