/*
 * A Backstage for tests: an auth plugin that signs users' tokens, plugins that sign their own, and
 * a permission backend, all behind the canned HTTP client. Include it before other headers.
 */
#ifndef UNIT_BACKSTAGE_HOST_H
#define UNIT_BACKSTAGE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backstage/backstage.h"
#include "backstage/inside.h"
#include "base/clock.h"
#include "crypto/base64.h"
#include "unit/palette/canned_http.h"
#include "json/json.h"

/* How the permission backend answers. */
enum permission_mood {
	MOOD_ALLOW,
	MOOD_DENY,
	MOOD_CONDITIONAL,
	MOOD_OTHER_ID,
	MOOD_TWO_ITEMS,
	MOOD_NO_ITEMS,
	MOOD_NONSENSE,
	MOOD_LOWER_CASE,
	MOOD_500,
	MOOD_404,
	MOOD_ERROR_500, /* in Backstage's own form, as the next two */
	MOOD_ERROR_401,
	MOOD_ERROR_404,
	MOOD_REDIRECT,
	MOOD_UNREACHABLE,
	MOOD_SLOW,
	MOOD_TOO_LARGE,
	MOODS
};

struct host {
	struct config config;
	struct http_client http;
	struct backstage *b;
	struct jose_key *user_key;   /* of the auth plugin */
	struct jose_key *plugin_key; /* of the plugins "relay" and "other" */
	struct jose_key *published;  /* what the auth plugin publishes; usually user_key */
	int keys_status;             /* of answers with keys; 0: unreachable */
	const char *keys_body;       /* NULL: the right one */
	enum permission_mood mood;
	const char *entity; /* what the catalog answers with */
	int entity_status;  /* 0: it is unreachable */
	canned_fn *catalog; /* answers instead, if there is one; its context is the host */
	int answer_ms;      /* how long each answer takes */
	struct arena arena;
};

static inline void answer_keys(struct host *h, const struct canned_request *request,
			       struct canned_answer *answer)
{
	bool user_keys = strcmp(request->path, "/api/auth/.well-known/jwks.json") == 0;

	if (h->keys_status == 0) {
		answer->end = HTTP_FETCH_UNREACHABLE;
		return;
	}
	answer->status = strstr(request->path, "/api/missing/") != NULL ? 404 : h->keys_status;
	if (h->keys_body != NULL) {
		buf_add_string(answer->body, h->keys_body);
		return;
	}
	buf_add_string(answer->body, "{\"keys\":[");
	jose_key_put_public(user_keys ? h->published : h->plugin_key, answer->body);
	buf_add_string(answer->body, "]}");
}

static inline void answer_question(struct host *h, const struct canned_request *request,
				   struct canned_answer *answer)
{
	const char *id = json_string_at(&h->arena, request->body, "/items/0/id", "none");

	answer->status = 200;
	/* A look, with a service's token: as the permission backend answers those. */
	if (strcmp(id, "none") == 0 && (h->mood == MOOD_ALLOW || h->mood == MOOD_DENY)) {
		answer->status = 403;
		buf_add_string(answer->body,
			       "{\"error\":{\"name\":\"NotAllowedError\",\"message\":\"x\"}}");
		return;
	}
	switch (h->mood) {
	case MOOD_ALLOW:
		buf_printf(answer->body, "{\"items\":[{\"id\":\"%s\",\"result\":\"ALLOW\"}]}", id);
		break;
	case MOOD_DENY:
		buf_printf(answer->body, "{\"items\":[{\"id\":\"%s\",\"result\":\"DENY\"}]}", id);
		break;
	case MOOD_CONDITIONAL:
		buf_printf(answer->body,
			   "{\"items\":[{\"id\":\"%s\",\"result\":\"CONDITIONAL\",\"conditions\":{}"
			   "}]}",
			   id);
		break;
	case MOOD_OTHER_ID:
		buf_add_string(answer->body, "{\"items\":[{\"id\":\"x\",\"result\":\"ALLOW\"}]}");
		break;
	case MOOD_TWO_ITEMS:
		buf_printf(answer->body,
			   "{\"items\":[{\"id\":\"%s\",\"result\":\"ALLOW\"},"
			   "{\"id\":\"%s\",\"result\":\"DENY\"}]}",
			   id, id);
		break;
	case MOOD_NO_ITEMS:
		buf_add_string(answer->body, "{\"items\":[]}");
		break;
	case MOOD_NONSENSE:
		buf_add_string(answer->body, "<html>ALLOW</html>");
		break;
	case MOOD_LOWER_CASE:
		buf_printf(answer->body, "{\"items\":[{\"id\":\"%s\",\"result\":\"allow\"}]}", id);
		break;
	case MOOD_500:
	case MOOD_404:
		answer->status = h->mood == MOOD_500 ? 500 : 404;
		buf_printf(answer->body, "{\"items\":[{\"id\":\"%s\",\"result\":\"ALLOW\"}]}", id);
		break;
	case MOOD_ERROR_500:
	case MOOD_ERROR_401:
	case MOOD_ERROR_404:
		answer->status = h->mood == MOOD_ERROR_500   ? 500
				 : h->mood == MOOD_ERROR_401 ? 401
							     : 404;
		buf_printf(answer->body,
			   "{\"error\":{\"name\":\"X\",\"message\":\"y\"},"
			   "\"response\":{\"statusCode\":%d}}",
			   answer->status);
		break;
	case MOOD_REDIRECT:
		answer->status = 302;
		break;
	case MOOD_UNREACHABLE:
		answer->end = HTTP_FETCH_UNREACHABLE;
		break;
	case MOOD_SLOW:
		answer->end = HTTP_FETCH_TOO_SLOW;
		break;
	default:
		for (size_t i = 0; i < request->max_bytes + 1; i += 16)
			buf_add_string(answer->body, "0123456789abcdef");
		break;
	}
}

static inline void answer_as_host(void *context, const struct canned_request *request,
				  struct canned_answer *answer)
{
	struct host *h = context;

	if (h->answer_ms > 0)
		clock_sleep_ms(h->answer_ms);
	if (strcmp(request->path, "/api/permission/authorize") == 0) {
		answer_question(h, request, answer);
	} else if (h->catalog != NULL && strstr(request->path, "/api/catalog/") == request->path) {
		h->catalog(h, request, answer);
	} else if (strstr(request->path, "/api/catalog/entities/") == request->path) {
		answer->status = h->entity_status;
		answer->end = h->entity_status == 0 ? HTTP_FETCH_UNREACHABLE : HTTP_FETCH_DONE;
		buf_add_string(answer->body, h->entity);
	} else {
		answer_keys(h, request, answer);
	}
}

static inline void host_open(struct host *h)
{
	struct error err = {.message = ""};

	*h = (struct host){.keys_status = 200, .entity = "", .entity_status = 404};
	arena_init(&h->arena);
	canned_http_init(&h->http, answer_as_host, h);
	h->config.base_url = "http://backstage.test";
	h->config.backstage_timeout_ms = 2000;
	h->config.annotation_prefix = "terasky.backstage.io";
	h->config.workers = 4;
	h->config.enable_permissions = true;
	h->config.permission_enabled = true;
	assert_true(jose_key_generate(&h->user_key, &err));
	assert_true(jose_key_generate(&h->plugin_key, &err));
	h->published = h->user_key;
}

/* After the test has set what it wants in config. */
static inline void host_start(struct host *h)
{
	struct error err = {.message = ""};

	if (!backstage_open(&h->config, &h->http, NULL, &h->b, &err))
		fail_msg("%s", err.message);
}

static inline void host_close(struct host *h)
{
	backstage_close(h->b);
	jose_key_free(h->user_key);
	jose_key_free(h->plugin_key);
	canned_http_fini(&h->http);
	arena_fini(&h->arena);
}

/* ---- tokens ---- */

/* "claims" in quotes of JSON's own: {'sub':'x'} with ' for ". */
static inline struct text host_sign(struct host *h, const struct jose_key *key, const char *type,
				    const char *format, ...) PRINTF_LIKE(4, 5);
static inline struct text host_sign(struct host *h, const struct jose_key *key, const char *type,
				    const char *format, ...)
{
	struct error err = {.message = ""};
	struct buf out;
	struct text token;
	va_list args;
	char *claims;

	va_start(args, format);
	claims = arena_vprintf(&h->arena, format, args);
	va_end(args);
	for (char *at = claims; *at != '\0'; at++)
		if (*at == '\'')
			*at = '"';
	buf_init(&out, 256 * 1024);
	assert_true(jose_sign(key, type, text_of(claims), &out, &err));
	token = arena_copy_text(&h->arena, buf_text(&out));
	buf_fini(&out);
	return token;
}

static inline struct text signature_of(struct text token)
{
	size_t dot = token.len;

	while (token.ptr[dot - 1] != '.')
		dot--;
	return text_slice(token, dot, token.len);
}

/* The limited token as the auth plugin signs it: header and payload are written out here. */
static inline struct text host_limited(struct host *h, const char *subject, int64_t issued_s,
				       int64_t expires_s)
{
	return host_sign(h, h->user_key, TYPE_LIMITED_USER, "{'sub':'%s','iat':%lld,'exp':%lld}",
			 subject, (long long)issued_s, (long long)expires_s);
}

static inline struct text host_user(struct host *h, const char *subject, int64_t expires_s)
{
	return host_sign(h, h->user_key, TYPE_USER,
			 "{'iss':'http://backstage.test/api/auth','sub':'%s','aud':'backstage',"
			 "'iat':%lld,'exp':%lld,'uip':'proof-of-%s'}",
			 subject, (long long)now_s(), (long long)expires_s, subject);
}

static inline struct text host_plugin(struct host *h, const char *plugin, const char *audience,
				      struct text obo)
{
	return host_sign(h, h->plugin_key, TYPE_PLUGIN,
			 "{'sub':'%s','aud':'%s','iat':%lld,'exp':%lld%s%.*s%s}", plugin, audience,
			 (long long)now_s(), (long long)now_s() + 3600,
			 obo.len > 0 ? ",'obo':'" : "", (int)obo.len, obo.ptr,
			 obo.len > 0 ? "'" : "");
}

static inline struct backstage_call host_call(struct host *h)
{
	return (struct backstage_call){
		.arena = &h->arena, .deadline_ms = clock_now_ms() + 5000, .may_wait = true};
}

static inline enum identity host_identify(struct host *h, struct text token,
					  struct principal *principal, struct error *err)
{
	const struct backstage_call call = host_call(h);
	const char *header = arena_printf(&h->arena, "Bearer %.*s", (int)token.len, token.ptr);

	return backstage_identify(h->b, &call, text_of(header), principal, err);
}

/* ---- for most tests: a Backstage each, started with what these set ---- */

/* Setup and teardown of a test whose configuration is the usual one; decisions are kept. */
static inline int host_begin(void **state)
{
	struct host *h = malloc(sizeof *h);

	assert_non_null(h);
	host_open(h);
	h->config.permission_cache_ttl_ms = 5000;
	host_start(h);
	*state = h;
	return 0;
}

static inline int host_end(void **state)
{
	host_close(*state);
	free(*state);
	return 0;
}

/* Somebody who was identified by a token that lives for ten minutes. */
static inline struct principal host_principal(struct host *h, const char *name)
{
	return (struct principal){.kind = PRINCIPAL_USER,
				  .subject = name,
				  .on_behalf = host_limited(h, name, now_s(), now_s() + 600),
				  .expires_s = now_s() + 600};
}

#endif
