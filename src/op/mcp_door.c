/*
 * The door of the MCP endpoint: what a page of a stranger could make a browser send is turned away,
 * and what is no message of the protocol.
 *
 * Origin: browsers say whose page sends. Ours are those of Backstage as people see it (app.baseUrl,
 * backend.baseUrl, and where discovery.endpoints has this plugin) and those that
 * spectrocloud.mcp.allowedOrigins names; while we listen on a loopback address, also pages from
 * this machine. Programs send none.
 *
 * Host: a page whose name is made to point at a loopback address (DNS rebinding) has the right
 * Origin, its own, but the wrong Host. So, while we listen there, Host is this machine or the host
 * of one of those URLs, which a proxy in front of us passes on. On other addresses any Host will
 * do: what names we go by there is not known here, strangers can reach us without a browser, and
 * every request needs a token, which browsers do not add by themselves.
 */
#include "op/mcp_door.h"

#include "base/loopback.h"

#include <string.h>

enum { MOST_OWN_URLS = 3 };

/* ---- our own URLs ---- */

/* Takes the scheme off; false if it is neither http nor https. */
static bool take_scheme(struct text *url)
{
	for (const char *const *scheme = (const char *const[]){"http://", "https://", NULL};
	     *scheme != NULL; scheme++) {
		size_t len = strlen(*scheme);

		if (!text_equal_nocase(text_slice(*url, 0, len), text_of(*scheme)))
			continue;
		*url = text_slice(*url, len, SIZE_MAX);
		return true;
	}
	return false;
}

struct text mcp_origin_of(struct text url)
{
	struct text rest = url;
	struct text authority;
	size_t before;

	if (!take_scheme(&rest))
		return TEXT("");
	before = url.len - rest.len;
	authority = text_slice(rest, 0, text_find(rest, '/'));
	if (text_ends(authority, before == strlen("http://") ? ":80" : ":443"))
		authority.len = text_slice(authority, 0, authority_host(authority).len).len;
	return (struct text){url.ptr, before + authority.len};
}

static size_t own_urls(const struct call *c, const char *urls[MOST_OWN_URLS])
{
	const struct config *config = c->services->config;
	size_t count = 0;

	if (config->base_url != NULL)
		urls[count++] = config->base_url;
	if (config->app_base_url != NULL)
		urls[count++] = config->app_base_url;
	if (backstage_external_url(config, c->arena, BACKSTAGE_PLUGIN_ID, &urls[count]))
		count++;
	return count;
}

static bool is_own_host(const struct call *c, struct text host)
{
	const char *urls[MOST_OWN_URLS];
	size_t count = own_urls(c, urls);

	for (size_t i = 0; i < count; i++) {
		struct text own = mcp_origin_of(text_of(urls[i]));

		if (take_scheme(&own) && text_equal_nocase(host, authority_host(own)))
			return true;
	}
	return false;
}

static bool is_own_origin(const struct call *c, struct text origin)
{
	const struct config_strings *allowed = &c->services->config->mcp.allowed_origins;
	const char *urls[MOST_OWN_URLS];
	size_t count = own_urls(c, urls);

	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(origin, mcp_origin_of(text_of(urls[i]))))
			return true;
	for (size_t i = 0; i < allowed->count; i++)
		if (text_equal_nocase(origin, text_of(allowed->items[i])))
			return true;
	return take_scheme(&origin) && authority_is_loopback(origin) &&
	       listens_on_loopback(c->services->config->listen);
}

/* ---- headers ---- */

/* How often it came, and the last one's value. */
static size_t find_header(const struct call *c, const char *name, struct text *value)
{
	size_t count = 0;

	*value = (struct text){NULL, 0};
	for (size_t i = 0; i < c->header_count; i++) {
		if (!text_equal_nocase(c->headers[i].name, text_of(name)))
			continue;
		*value = text_trim(c->headers[i].value);
		count++;
	}
	return count;
}

static bool refuse(struct mcp_refusal *refusal, int status, enum mcp_code code, const char *message)
{
	*refusal = (struct mcp_refusal){status, code, message};
	return false;
}

static bool check_host(const struct call *c, struct mcp_refusal *refusal)
{
	struct text host;

	(void)find_header(c, "Host", &host);
	if (!listens_on_loopback(c->services->config->listen) || authority_is_loopback(host) ||
	    is_own_host(c, authority_host(host)))
		return true;
	return refuse(refusal, 403, MCP_INVALID_REQUEST,
		      "This Host is not one of ours; backend.baseUrl or discovery.endpoints say "
		      "which are");
}

static bool check_origin(const struct call *c, struct mcp_refusal *refusal)
{
	struct text origin;
	size_t count = find_header(c, "Origin", &origin);

	if (count == 0 || (count == 1 && is_own_origin(c, origin)))
		return true;
	return refuse(refusal, 403, MCP_INVALID_REQUEST,
		      "Pages of this Origin may not use the endpoint; see "
		      "spectrocloud.mcp.allowedOrigins");
}

/* Whoever routed the request by one of them may have read the other. */
static bool read_single(const struct call *c, const char *name, struct text *value,
			struct mcp_refusal *refusal)
{
	return find_header(c, name, value) <= 1 ||
	       refuse(refusal, 400, MCP_HEADER_MISMATCH,
		      arena_printf(c->arena, "The header %s came more than once", name));
}

/* The part before the parameters. */
static struct text media_type(struct text value)
{
	return text_trim(text_slice(value, 0, text_find(value, ';')));
}

static void read_accept(const struct call *c, struct mcp_visit *visit)
{
	bool said = false;

	for (size_t i = 0; i < c->header_count; i++) {
		struct text list = c->headers[i].value;
		struct text item;

		if (!text_equal_nocase(c->headers[i].name, TEXT("Accept")))
			continue;
		said = true;
		while (text_next(&list, ',', &item)) {
			struct text type = media_type(item);
			bool any = text_is(type, "*/*");

			visit->takes_json = visit->takes_json || any ||
					    text_equal_nocase(type, TEXT("application/*")) ||
					    text_equal_nocase(type, TEXT("application/json"));
			visit->takes_stream = visit->takes_stream || any ||
					      text_equal_nocase(type, TEXT("text/*")) ||
					      text_equal_nocase(type, TEXT("text/event-stream"));
		}
	}
	visit->takes_json = visit->takes_json || !said;
}

static bool check_form(const struct call *c, struct mcp_visit *visit, struct mcp_refusal *refusal)
{
	struct text type;

	read_accept(c, visit);
	if (!visit->takes_json && !visit->takes_stream)
		return refuse(refusal, 406, MCP_INVALID_REQUEST,
			      "Accept must allow application/json or text/event-stream");
	if (!read_single(c, "Content-Type", &type, refusal))
		return false;
	return text_equal_nocase(media_type(type), TEXT("application/json")) ||
	       refuse(refusal, 415, MCP_INVALID_REQUEST, "Content-Type must be application/json");
}

bool mcp_admit(const struct call *c, struct mcp_visit *visit, struct mcp_refusal *refusal)
{
	struct mcp_visit v = {.takes_json = false};

	if (!check_host(c, refusal) || !check_origin(c, refusal) || !check_form(c, &v, refusal) ||
	    !read_single(c, "MCP-Protocol-Version", &v.headers.version, refusal) ||
	    !read_single(c, "Mcp-Method", &v.headers.method, refusal) ||
	    !read_single(c, "Mcp-Name", &v.headers.name, refusal))
		return false;
	*visit = v;
	return true;
}
