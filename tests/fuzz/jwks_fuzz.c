/* Key sets: whatever an issuer publishes, only usable public keys are taken, and a token that none
 * of them signed is not good. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* A token that was signed by a key which is in no set. */
static struct text stranger(struct arena *a)
{
	struct jose_key *key;
	struct error err;
	struct text token;
	struct buf out;

	must(jose_key_generate(&key, &err), "there is a key");
	buf_init(&out, 4096);
	must(jose_sign(key, "JWT", TEXT("{\"sub\":\"x\"}"), &out, &err), "it signs");
	token = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	jose_key_free(key);
	return token;
}

/* What is taken as one key can be published, and is then the public half of it. */
static void take_as_key(struct text jwk)
{
	struct jose_set *set = NULL;
	struct jose_key *key = NULL;
	struct error err;
	struct buf out;

	if (!jose_key_from_jwk(jwk, &key, &err)) {
		must(key == NULL, "nothing is given out on failure");
		must(err.kind == ERROR_INPUT, "the right refusal");
		return;
	}
	must(jose_key_id(key)[0] != '\0', "it has an id");
	buf_init(&out, 16 * 1024);
	buf_add_string(&out, "{\"keys\":[");
	jose_key_put_public(key, &out);
	buf_add_string(&out, "]}");
	must(buf_complete(&out), "it is not long");
	must(strstr(out.ptr, "\"d\":") == NULL, "no private half");
	must(jose_set_read(buf_text(&out), &set, &err), "it is a set");
	must(jose_set_size(set) == 1, "it is taken again");
	jose_set_free(set);
	jose_key_free(key);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena arena;
	static struct text token;
	static struct jose_token parsed;
	struct jose_set *set = NULL;
	struct error err;

	if (token.ptr == NULL) {
		arena_init(&arena);
		token = stranger(&arena);
		must(jose_token_read(&arena, token, &parsed, &err), "it is a token");
	}
	take_as_key((struct text){(const char *)data, size});
	if (!jose_set_read((struct text){(const char *)data, size}, &set, &err)) {
		must(set == NULL, "nothing is given out on failure");
		must(err.kind == ERROR_UPSTREAM, "the right refusal");
		return 0;
	}
	must(jose_set_size(set) <= JOSE_MAX_KEYS, "bounded");
	must(jose_verify_with_set(&parsed, set) != JOSE_GOOD, "not good");
	jose_set_free(set);
	return 0;
}
