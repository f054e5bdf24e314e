/*
 * Where clients of the MCP endpoint sign in: its metadata as a protected resource (RFC 9728).
 * Backstage is the authorization server, so there is something to say only where clients can
 * register there; all URLs are what the configuration says, never what a request claims.
 */
#include <string.h>

#include "op/mcp_door.h"
#include "op/rows.h"
#include "json/json.h"

enum { LARGEST_METADATA = 64 * 1024 };

#define WELL_KNOWN "/.well-known/oauth-protected-resource"

/* The endpoint as clients see it. False: there is none, or it is not known. */
static bool resource_url(const struct config *config, struct arena *a, const char **url)
{
	const char *plugin;

	if (!config->mcp.enabled || (!config->client_documents && !config->client_registration) ||
	    !backstage_external_url(config, a, BACKSTAGE_PLUGIN_ID, &plugin))
		return false;
	*url = arena_printf(a, "%s/mcp", plugin);
	return true;
}

const char *op_resource_metadata(const struct config *config, struct arena *a)
{
	const char *resource;
	struct text origin;

	if (!resource_url(config, a, &resource) || strpbrk(resource, "\"\\") != NULL)
		return NULL;
	origin = mcp_origin_of(text_of(resource));
	return arena_printf(a, "%.*s" WELL_KNOWN "%s", (int)origin.len, origin.ptr,
			    strchr(strstr(resource, "://") + strlen("://"), '/'));
}

static void put_strings(struct json_writer *w, const char *key, const char *const *items)
{
	json_key(w, key);
	json_array_begin(w);
	for (; *items != NULL; items++)
		json_put_cstr(w, *items);
	json_array_end(w);
}

static bool resource_metadata(struct call *c, struct result *res, struct error *err)
{
	const struct config *config = c->services->config;
	const char *resource;
	const char *server;
	struct json_writer w;
	struct buf out;

	if (!resource_url(config, c->arena, &resource) ||
	    !backstage_external_url(config, c->arena, "auth", &server))
		return error_set(err, ERROR_NOT_FOUND, "Clients cannot register themselves here");
	buf_init(&out, LARGEST_METADATA);
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_put_pair(&w, "resource", resource);
	put_strings(&w, "authorization_servers", (const char *const[]){server, NULL});
	put_strings(&w, "scopes_supported",
		    (const char *const[]){"openid", "offline_access", NULL});
	put_strings(&w, "bearer_methods_supported", (const char *const[]){"header", NULL});
	json_object_end(&w);
	result_json_owned(res, &out);
	return true;
}

/* ---- answers ---- */

static const struct field metadata_fields_of_resource[] = {
	{.name = "resource",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "The endpoint's URL as clients know it"},
	{.name = "authorization_servers",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .help = "Who gives out tokens: Backstage's auth plugin"},
	{.name = "scopes_supported",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .help = "What to ask for there"},
	{.name = "bearer_methods_supported",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .help = "How the token is sent: header"},
	{.name = NULL},
};

const struct op mcp_resource_ops[] = {
	{
		.name = "mcp.resource",
		.summary = "Tell MCP clients where they sign in (RFC 9728)",
		GET(WELL_KNOWN "/api/spectrocloud/mcp"),
		.permission = PERMIT_ANYONE,
		.flags = OP_FRONT | OP_LOCAL | OP_ROOT,
		.answer = metadata_fields_of_resource,
		.run = resource_metadata,
	},
	{
		.name = "mcp.resource_root",
		.summary = "The same for clients that look only here",
		GET(WELL_KNOWN),
		.permission = PERMIT_ANYONE,
		.flags = OP_FRONT | OP_LOCAL | OP_ROOT,
		.answer = metadata_fields_of_resource,
		.run = resource_metadata,
	},
	{.name = NULL},
};
