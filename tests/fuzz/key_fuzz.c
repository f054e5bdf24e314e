/*
 * The value of an Idempotency-Key: it is read or refused, and what is read is 1 to 255 visible
 * characters, which mean the same when they are written in quotes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct op keyed = {.name = "fuzz.key", .params = PARAMS(HEADER_KEY("K", "A key"))};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* NULL: refused. */
static const char *read_as(struct arena *a, struct text sent)
{
	const struct http_header header = {TEXT("k"), sent};
	struct call c = {.op = &keyed, .arena = a, .headers = &header, .header_count = 1};
	struct error err;

	if (call_read_params(&c, &keyed, &err)) {
		must(call_string(&c, "K") != NULL, "what is not refused is there");
		return call_string(&c, "K");
	}
	must(err.kind == ERROR_INPUT, "a refusal is about the input");
	must(call_string(&c, "K") == NULL, "what is refused is not there");
	return NULL;
}

static struct text quoted(struct arena *a, const char *key)
{
	char *out = arena_alloc(a, strlen(key) * 2 + 3);
	size_t len = 0;

	out[len++] = '"';
	for (; *key != '\0'; key++) {
		if (*key == '"' || *key == '\\')
			out[len++] = '\\';
		out[len++] = *key;
	}
	out[len++] = '"';
	return (struct text){out, len};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	const char *key;
	const char *again;

	arena_init(&a);
	key = read_as(&a, (struct text){(const char *)data, size});
	if (key != NULL) {
		must(*key != '\0' && strlen(key) <= 255, "it has a length");
		for (const char *c = key; *c != '\0'; c++)
			must(*c > ' ' && *c <= '~', "it can be seen");
		again = read_as(&a, quoted(&a, key));
		must(again != NULL && strcmp(key, again) == 0, "quotes change nothing");
	}
	arena_fini(&a);
	return 0;
}
