/*
 * Tokens: whatever comes as a credential, nothing but a signature by the published key lets it in,
 * and no refusal repeats a byte of it. The input is the token; where it begins with '{' it is the
 * claims of one that is signed properly, so that what lies behind the signature is reached too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "unit/palette/canned_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static struct jose_key *published;

static void answer_keys(void *context, const struct canned_request *request,
			struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->status = 200;
	buf_add_string(answer->body, "{\"keys\":[");
	jose_key_put_public(published, answer->body);
	buf_add_string(answer->body, "]}");
}

/* Of a token as given, or of the claims. signed_by_us: whether the signature is real. */
static void identify(struct backstage *b, struct text token, bool signed_by_us)
{
	struct arena arena;
	const struct backstage_call call = {
		.arena = &arena, .deadline_ms = clock_now_ms() + 1000, .may_wait = true};
	struct principal principal = {.subject = "untouched"};
	struct error err = {.kind = ERROR_INTERNAL};
	struct text issued = TEXT("");
	struct buf header;
	enum identity identity;

	arena_init(&arena);
	buf_init(&header, JOSE_LONGEST_TOKEN * 2);
	buf_add_string(&header, "Bearer ");
	buf_add(&header, token);
	identity = backstage_identify(b, &call, buf_text(&header), &principal, &err);
	must(identity != IDENTITY_UNDECIDED, "who may wait gets an answer");
	if (identity == IDENTITY_REFUSED) {
		/* Or nothing is known: there is a bound on how often unknown keys are looked for.
		 */
		must(err.kind == ERROR_UNAUTHENTICATED || err.kind == ERROR_UNAVAILABLE,
		     "the right refusal");
	} else {
		must(signed_by_us, "only a signature lets anybody in");
		must(principal.subject != NULL && principal.subject[0] != '\0', "they have a name");
		must(principal.expires_s > now_s(), "and an end");
		if (principal.kind == PRINCIPAL_USER && principal.on_behalf.len > 0)
			must(backstage_plugin_token(b, &arena, &principal, "catalog", &issued,
						    &err),
			     "we can act for them");
	}
	buf_fini(&header);
	arena_fini(&arena);
}

static struct text sign(struct arena *a, const char *type, struct text claims)
{
	struct text token = TEXT("");
	struct error err;
	struct buf out;

	buf_init(&out, JOSE_LONGEST_TOKEN * 2);
	if (jose_sign(published, type, claims, &out, &err))
		token = arena_copy_text(a, buf_text(&out));
	buf_fini(&out);
	return token;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {TYPE_USER, TYPE_PLUGIN, TYPE_LIMITED_USER, "JWT"};
	static struct config config = {.base_url = "http://host.test",
				       .backstage_timeout_ms = 1000};
	static struct http_client http;
	static struct backstage *b;
	struct text input = {(const char *)data, size};
	struct arena arena;
	struct error err;

	if (b == NULL) {
		log_open(LOG_OFF, LOG_TEXT);
		must(jose_key_generate(&published, &err), "there is a key");
		canned_http_init(&http, answer_keys, NULL);
		must(backstage_open(&config, &http, NULL, &b, &err), "it starts");
	}
	arena_init(&arena);
	identify(b, input, false);
	for (size_t i = 0; size > 0 && data[0] == '{' && i < ARRAY_LEN(types); i++)
		identify(b, sign(&arena, types[i], input), true);
	arena_fini(&arena);
	canned_http_forget(&http);
	return 0;
}
