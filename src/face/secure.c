/* The headers that tell browsers what an answer may be used for. */
#include "face/secure.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { LONGEST_POLICY = 64 * 1024 };

/* Backstage's policy: helmet's, but for form-action, and with 'unsafe-eval' for scripts. */
static const struct config_header directives[] = {
	{"default-src", "'self'"},
	{"base-uri", "'self'"},
	{"font-src", "'self' https: data:"},
	{"frame-ancestors", "'self'"},
	{"img-src", "'self' data:"},
	{"object-src", "'none'"},
	{"script-src", "'self' 'unsafe-eval'"},
	{"script-src-attr", "'none'"},
	{"style-src", "'self' https: 'unsafe-inline'"},
	{"upgrade-insecure-requests", ""},
};

/* Names as helmet spells them, in its order. The first two are configured. */
static const struct config_header known[] = {
	{"Content-Security-Policy", NULL},
	{"Referrer-Policy", NULL},
	{"Strict-Transport-Security", "max-age=15552000; includeSubDomains"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-DNS-Prefetch-Control", "off"},
	{"X-Download-Options", "noopen"},
	{"X-Frame-Options", "SAMEORIGIN"},
	{"X-Permitted-Cross-Domain-Policies", "none"},
	{"X-XSS-Protection", "0"},
};

struct secure {
	struct arena arena;
	struct http_header items[ARRAY_LEN(known)];
};

/* ---- at start ---- */

struct policy {
	struct config_header *items;
	size_t count;
};

/* A directive that is there keeps its place; one that is left out has lost it. */
static void change(struct policy *p, const struct config_header *directive)
{
	size_t at = 0;

	while (at < p->count && strcmp(p->items[at].name, directive->name) != 0)
		at++;
	if (directive->value != NULL) {
		p->items[at] = *directive;
		p->count += at == p->count;
	} else if (at < p->count) {
		p->count--;
		memmove(&p->items[at], &p->items[at + 1], (p->count - at) * sizeof p->items[0]);
	}
}

static const char *print_policy(struct arena *a, const struct policy *p)
{
	const char *printed;
	struct buf out;

	buf_init(&out, LONGEST_POLICY);
	for (size_t i = 0; i < p->count; i++)
		buf_printf(&out, "%s%s%s%s", i == 0 ? "" : ";", p->items[i].name,
			   *p->items[i].value == '\0' ? "" : " ", p->items[i].value);
	printed = arena_copy(a, buf_text(&out));
	buf_fini(&out);
	return printed;
}

static const char *make_policy(struct arena *a, const struct config_headers *changes)
{
	struct policy p = {.count = 0};

	p.items = arena_array(a, struct config_header, ARRAY_LEN(directives) + changes->count);
	for (size_t i = 0; i < ARRAY_LEN(directives); i++)
		change(&p, &directives[i]);
	for (size_t i = 0; i < changes->count; i++)
		change(&p, &changes->items[i]);
	return print_policy(a, &p);
}

struct secure *secure_new(const struct config *config)
{
	struct secure *secure = heap_alloc(sizeof *secure);

	arena_init(&secure->arena);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		secure->items[i] =
			(struct http_header){text_of(known[i].name), text_of(known[i].value)};
	secure->items[0].value = text_of(make_policy(&secure->arena, &config->csp));
	secure->items[1].value = text_of(config->referrer_policy);
	return secure;
}

void secure_free(struct secure *secure)
{
	if (secure == NULL)
		return;
	arena_fini(&secure->arena);
	free(secure);
}

/* ---- on every answer ---- */

void secure_headers(const struct secure *secure, struct http_response *r)
{
	if (secure == NULL)
		return;
	assert(r->header_count + ARRAY_LEN(secure->items) <= HTTP_MAX_RESPONSE_HEADERS);
	memcpy(&r->headers[r->header_count], secure->items, sizeof secure->items);
	r->header_count += ARRAY_LEN(secure->items);
}

static void replace(struct http_response *r, const char *name, const char *value)
{
	size_t at = 0;

	while (at < r->header_count && !text_equal_nocase(r->headers[at].name, text_of(name)))
		at++;
	if (at < r->header_count)
		r->headers[at].value = text_of(value);
	else
		http_response_header(r, name, value);
}

void secure_page(const char *policy, struct http_response *r)
{
	replace(r, "Content-Security-Policy", policy);
	replace(r, "X-Frame-Options", "DENY");
	replace(r, "Referrer-Policy", "no-referrer");
	replace(r, "X-Content-Type-Options", "nosniff");
}

void secure_replace(const struct config_headers *headers, struct http_response *r)
{
	for (size_t i = 0; i < headers->count; i++)
		replace(r, headers->items[i].name, headers->items[i].value);
}
