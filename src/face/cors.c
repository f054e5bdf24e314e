/* Cross-origin requests. */
#include "face/cors.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

enum {
	LONGEST_ORIGIN = 512,
	LONGEST_NAMES = 2048, /* of the headers that a preflight asks for */
};

struct cors {
	const struct config_cors *config;
	struct arena arena;
	const char *exposed; /* what is configured, and ours */
	const char *allowed; /* the same; NULL: whatever a page asks for; "": none */
};

/* Headers of our answers that say something to the page. */
static const char *const ours[] = {"X-SpectroCloud-ReAuth-Required", "X-Request-Id", "Retry-After",
				   "Idempotency-Replayed", "ETag"};

/* What every page that may read the answers may send: it makes a request safer, and nobody's list
 * from before knows it. */
static const char *const taken[] = {"Idempotency-Key"};

/* ---- at start ---- */

static bool is_among(struct text names, const char *wanted)
{
	struct text name;

	while (text_next(&names, ',', &name))
		if (text_equal_nocase(text_trim(name), text_of(wanted)))
			return true;
	return false;
}

/* The list with those of the names that it lacks. */
static const char *with_names(struct arena *a, const char *list, const char *const *names,
			      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_among(text_of(list), names[i]))
			list = arena_printf(a, "%s%s%s", list, *list == '\0' ? "" : ",", names[i]);
	return list;
}

struct cors *cors_new(const struct config_cors *config)
{
	struct cors *cors;

	if (!config->enabled)
		return NULL;
	cors = heap_alloc(sizeof *cors);
	cors->config = config;
	arena_init(&cors->arena);
	cors->exposed = with_names(&cors->arena, config->exposed_headers, ours, ARRAY_LEN(ours));
	cors->allowed = config->allowed_headers;
	if (cors->allowed != NULL && *cors->allowed != '\0')
		cors->allowed =
			with_names(&cors->arena, config->allowed_headers, taken, ARRAY_LEN(taken));
	return cors;
}

void cors_free(struct cors *cors)
{
	if (cors == NULL)
		return;
	arena_fini(&cors->arena);
	free(cors);
}

/* ---- reading a request ---- */

/* A header that may come once; its ptr is NULL if it did not come. False if it came more often. */
static bool find_once(const struct http_request *request, const char *name, struct text *value)
{
	*value = (struct text){NULL, 0};
	for (size_t i = 0; i < request->header_count; i++) {
		if (!text_equal_nocase(request->headers[i].name, text_of(name)))
			continue;
		if (value->ptr != NULL)
			return false;
		*value = request->headers[i].value;
		if (value->ptr == NULL)
			*value = TEXT("");
	}
	return true;
}

/* Visible ASCII, and no comma, with which a proxy would have put two headers into one. */
static bool is_origin(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.ptr[i] <= ' ' || t.ptr[i] > '~' || t.ptr[i] == ',')
			return false;
	return t.len > 0 && t.len <= LONGEST_ORIGIN;
}

/* Whether pages of that origin may read answers. */
static bool is_allowed(const struct config_cors *config, struct text origin)
{
	if (text_is(origin, "null"))
		return config->null_origin;
	for (size_t i = 0; i < config->origin_count; i++)
		if (glob_matches(config->origins[i], origin))
			return true;
	return false;
}

static bool is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Names of headers with commas between them, or nothing. */
static bool are_names(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_name_char(t.ptr[i]) && t.ptr[i] != ',' && t.ptr[i] != ' ')
			return false;
	return t.len <= LONGEST_NAMES;
}

/* What a request says of where it comes from. */
struct asked {
	struct text origin; /* ptr NULL: it says nothing */
	bool preflight;
	struct text names; /* the headers a preflight asks for */
};

/* False if its page may not read the answer, or there is none. */
static bool may_read(const struct config_cors *config, const struct http_request *request,
		     struct asked *asked)
{
	asked->preflight = text_is(text_of(request->method), "OPTIONS");
	if (!find_once(request, "Origin", &asked->origin) ||
	    !find_once(request, "Access-Control-Request-Headers", &asked->names))
		return false;
	if (asked->origin.ptr != NULL && !is_origin(asked->origin))
		return false;
	if (asked->preflight && !are_names(asked->names))
		return false;
	if (config->any_origin)
		return true;
	return asked->origin.ptr != NULL && is_allowed(config, asked->origin);
}

/* ---- answering ---- */

static void add(struct http_response *r, const char *name, const char *value)
{
	if (*value != '\0')
		http_response_header(r, name, value);
}

/* What the answer depends on, for caches. */
static const char *vary(const struct config_cors *config, bool preflight)
{
	bool repeats = preflight && config->allowed_headers == NULL;

	if (config->any_origin)
		return repeats ? "Access-Control-Request-Headers" : "";
	return repeats ? "Origin, Access-Control-Request-Headers" : "Origin";
}

static void add_permissions(const struct cors *cors, const struct http_request *request,
			    struct text names, struct http_response *r)
{
	const struct config_cors *config = cors->config;
	const char *allowed = cors->allowed;

	if (allowed == NULL)
		allowed = names.len == 0 ? "" : arena_copy(request->arena, names);
	add(r, "Access-Control-Allow-Methods", config->methods);
	add(r, "Access-Control-Allow-Headers", allowed);
	add(r, "Access-Control-Max-Age", config->max_age);
}

bool cors_headers(const struct cors *cors, const struct http_request *request,
		  struct http_response *r)
{
	struct asked asked;

	if (cors == NULL || !may_read(cors->config, request, &asked))
		return false;
	http_response_header(r, "Access-Control-Allow-Origin",
			     cors->config->any_origin ? "*"
						      : arena_copy(request->arena, asked.origin));
	add(r, "Vary", vary(cors->config, asked.preflight));
	if (cors->config->credentials)
		http_response_header(r, "Access-Control-Allow-Credentials", "true");
	if (asked.preflight)
		add_permissions(cors, request, asked.names, r);
	add(r, "Access-Control-Expose-Headers", cors->exposed);
	return true;
}

int cors_preflight(const struct cors *cors, const struct http_request *request)
{
	struct asked asked;

	if (cors == NULL || cors->config->preflight_continue ||
	    !may_read(cors->config, request, &asked) || !asked.preflight)
		return 0;
	return cors->config->preflight_status;
}
