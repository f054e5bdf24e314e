/*
 * What it costs to know who asks and whether they may: one thread, without any network. Each line
 * is microseconds a call; `meson test --benchmark` in a build directory with tests prints them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backstage/inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "unit/palette/canned_http.h"

enum { TOKENS = 4000, ROUNDS = 20 };

static struct jose_key *key;

static void answer(void *context, const struct canned_request *request,
		   struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->status = 200;
	buf_add_string(answer->body, "{\"keys\":[");
	jose_key_put_public(key, answer->body);
	buf_add_string(answer->body, "]}");
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static char *sign(int number, const char *type)
{
	struct error err;
	struct buf claims;
	struct buf token;

	buf_init(&claims, 4096);
	buf_init(&token, 8192);
	buf_add_string(&token, "Bearer ");
	buf_printf(&claims,
		   "{\"iss\":\"http://host.test/api/auth\",\"sub\":\"user:default/u%d\","
		   "\"aud\":\"backstage\",\"iat\":%lld,\"exp\":%lld,\"uip\":"
		   "\"KqWzG2J9f7m0Yc4mZ8c1h7T2p3s5v6w8x9y0ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
		   "p\"}",
		   number, (long long)now_s(), (long long)now_s() + 3600);
	must(jose_sign(key, type, buf_text(&claims), &token, &err), "a token");
	buf_fini(&claims);
	return token.ptr;
}

static void identify(struct backstage *b, const char *header, struct principal *principal)
{
	struct arena arena;
	const struct backstage_call call = {
		.arena = &arena, .deadline_ms = clock_now_ms() + 1000, .may_wait = true};
	struct error err = {.message = ""};

	arena_init(&arena);
	must(backstage_identify(b, &call, text_of(header), principal, &err) == IDENTITY_KNOWN,
	     err.message);
	arena_fini(&arena);
}

static void report(const char *what, int64_t began_us, int count)
{
	printf("%-44s %8.2f us\n", what, (double)(clock_now_us() - began_us) / count);
}

static void measure_tokens(struct backstage *b, char **tokens)
{
	struct principal principal;
	int64_t began_us = clock_now_us();

	for (int i = 0; i < TOKENS; i++)
		identify(b, tokens[i], &principal);
	report("a user's token, seen for the first time", began_us, TOKENS);
	began_us = clock_now_us();
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < TOKENS; i++)
			identify(b, tokens[i], &principal);
	report("a user's token, seen before", began_us, TOKENS * ROUNDS);
	began_us = clock_now_us();
	for (int i = 0; i < TOKENS * ROUNDS; i++)
		identify(b, "Bearer a-static-token-of-some-length", &principal);
	report("a static token", began_us, TOKENS * ROUNDS);
}

static void measure_signing(struct backstage *b)
{
	int64_t began_us = clock_now_us();

	for (int i = 0; i < TOKENS; i++) {
		struct arena arena;
		struct error err;
		struct text token;
		struct principal user = {.kind = PRINCIPAL_USER, .expires_s = now_s() + 3600};

		arena_init(&arena);
		user.on_behalf = text_of(arena_printf(&arena, "limited.token.of-number-%d", i));
		must(backstage_plugin_token(b, &arena, &user, "permission", &token, &err),
		     "a token of ours");
		arena_fini(&arena);
	}
	report("a token of ours for another plugin, made", began_us, TOKENS);
}

int main(void)
{
	static struct config_external entry = {.type = CONFIG_EXTERNAL_STATIC, .subject = "bench"};
	static struct config config = {.base_url = "http://host.test",
				       .backstage_timeout_ms = 1000,
				       .external = &entry,
				       .external_count = 1};
	static char *tokens[TOKENS];
	struct http_client http;
	struct backstage *b;
	struct error err;

	log_open(LOG_OFF, LOG_TEXT);
	must(jose_key_generate(&key, &err), "a key");
	secret_set(&entry.token, TEXT("a-static-token-of-some-length"));
	canned_http_init(&http, answer, NULL);
	must(backstage_open(&config, &http, NULL, &b, &err), "it opens");
	for (int i = 0; i < TOKENS; i++)
		tokens[i] = sign(i, TYPE_USER);
	measure_tokens(b, tokens);
	measure_signing(b);
	for (int i = 0; i < TOKENS; i++)
		free(tokens[i]);
	backstage_close(b);
	jose_key_free(key);
	secret_wipe(&entry.token);
	canned_http_fini(&http);
	return 0;
}
