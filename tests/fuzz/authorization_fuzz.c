/*
 * The Authorization header: only "Bearer", blanks and a whole configured token let anybody in, and
 * no refusal repeats a byte of what was sent.
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

static const char *const read_only[] = {"read"};
static const struct config_restriction ours[] = {
	{.plugin = "catalog"}, {.plugin = "spectrocloud", .actions = read_only, .action_count = 1}};
static const struct config_restriction others[] = {{.plugin = "catalog"}};

enum { TOKENS = 3 };
static const char *const tokens[TOKENS] = {"t0ken-free", "t0ken-ours", "t0ken-others"};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Which token a header holds, by the plainest reading there is; TOKENS: none. */
static size_t expected(struct text header)
{
	struct text given;

	if (!text_equal_nocase(text_slice(header, 0, 7), TEXT("bearer ")))
		return TOKENS;
	given = text_trim(text_slice(header, 7, header.len));
	for (size_t i = 0; i < TOKENS; i++)
		if (text_is(given, tokens[i]))
			return i;
	return TOKENS;
}

/* Nobody can be asked anything: whoever gets in does so by a token of the configuration. */
static void answer_nothing(void *context, const struct canned_request *request,
			   struct canned_answer *answer)
{
	(void)context;
	(void)request;
	answer->end = HTTP_FETCH_UNREACHABLE;
}

static void check(struct backstage *b, struct text header)
{
	struct arena arena;
	const struct backstage_call call = {
		.arena = &arena, .deadline_ms = clock_now_ms() + 1000, .may_wait = true};
	struct principal principal = {.subject = "untouched"};
	size_t who = expected(header);
	struct error err = {.kind = ERROR_INTERNAL};

	arena_init(&arena);
	if (backstage_identify(b, &call, header, &principal, &err) != IDENTITY_KNOWN) {
		must(who == TOKENS || who == 2, "a good token gets in");
		must(err.kind == (who == 2 ? ERROR_DENIED : ERROR_UNAUTHENTICATED),
		     "the right refusal");
		must(strcmp(principal.subject, who == 2 ? "external:others" : "untouched") == 0,
		     "only a known token has a name, for the audit trail");
		must(strstr(err.message, "t0ken") == NULL, "no token in a refusal");
	} else if (who == TOKENS) {
		must(b->config->disable_default_auth_policy && principal.kind == PRINCIPAL_NONE,
		     "only a good token gets in");
	} else {
		must(principal.kind == PRINCIPAL_SERVICE &&
			     principal.subject == b->config->external[who].subject,
		     "it is that token's service");
		must(backstage_authorize(b, &call, &principal, PERMIT_VIEW_CLUSTER, &err),
		     "it may read");
		must(backstage_authorize(b, &call, &principal, PERMIT_CREATE_CLUSTER, &err) ==
			     (who == 0),
		     "only the free one may create");
		must(!backstage_authorize(b, &call, &principal, PERMIT_NOBODY, &err),
		     "nobody is nobody");
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_external externals[TOKENS] = {
		{.subject = "external:free"},
		{.subject = "external:ours", .restrictions = ours, .restriction_count = 2},
		{.subject = "external:others", .restrictions = others, .restriction_count = 1},
	};
	static struct config config = {
		.external = externals, .external_count = TOKENS, .base_url = "http://host.test"};
	static struct http_client http;
	static struct backstage *b;
	struct text header = {(const char *)data, size};
	struct error err;

	if (b == NULL) {
		log_open(LOG_OFF, LOG_TEXT);
		for (size_t i = 0; i < TOKENS; i++)
			secret_set(&externals[i].token, text_of(tokens[i]));
		canned_http_init(&http, answer_nothing, NULL);
		must(backstage_open(&config, &http, NULL, &b, &err), "it starts");
	}
	config.disable_default_auth_policy = false;
	check(b, header);
	config.disable_default_auth_policy = true;
	check(b, header);
	canned_http_forget(&http);
	return 0;
}
