/*
 * Which revision of the protocol a message is read by.
 *
 * The body decides: who names a revision in params._meta is modern, and so is who names a modern
 * one in the header; all others are legacy. Where a header repeats what the body says, a difference
 * is refused, since whoever routed the message by its headers believed the other one.
 */
#include "mcp/inside.h"

#include "crypto/base64.h"

#define META_PREFIX "io.modelcontextprotocol/"

/* Revisions have ten letters; of a longer one nothing is repeated. */
enum { MAX_VERSION_BYTES = 64 };

static const struct {
	enum mcp_era era;
	const char *name;
} versions[] = {
	/* newest first */
	{MCP_MODERN, "2026-07-28"},
	{MCP_LEGACY, "2025-11-25"},
	{MCP_LEGACY, "2025-06-18"},
	{MCP_LEGACY, "2025-03-26"},
};

const char *const mcp_latest_legacy = "2025-11-25";

/* What a legacy request over HTTP speaks if it does not say, as the protocol has it. */
static const char *const assumed_over_http = "2025-03-26";

const char *mcp_version_of(enum mcp_era era, struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (versions[i].era == era && text_is(name, versions[i].name))
			return versions[i].name;
	return NULL;
}

void mcp_put_versions(struct json_writer *w, bool legacy_too)
{
	json_array_begin(w);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (legacy_too || versions[i].era == MCP_MODERN)
			json_put_cstr(w, versions[i].name);
	json_array_end(w);
}

static const struct text no_data = {NULL, 0};

static bool refuse_meta(struct reading *r, const char *message)
{
	return mcp_refuse(r, 400, MCP_INVALID_PARAMS, message, no_data);
}

static bool refuse_header(struct reading *r, const char *message)
{
	return mcp_refuse(r, 400, MCP_HEADER_MISMATCH, message, no_data);
}

/* A client that knows neither era's revisions of ours learns from the data which there are. */
static bool refuse_version(struct reading *r, struct text requested)
{
	struct json_writer w;
	struct buf data;
	bool ok;

	buf_init(&data, 4096);
	json_writer_init(&w, &data);
	json_object_begin(&w);
	json_key(&w, "supported");
	mcp_put_versions(&w, r->out->era == MCP_LEGACY);
	json_key(&w, "requested");
	json_put_text(&w, requested);
	json_object_end(&w);
	ok = mcp_refuse(r, 400, MCP_UNSUPPORTED_VERSION, "Unsupported protocol version",
			buf_text(&data));
	buf_fini(&data);
	return ok;
}

/* ---- Mcp-Name ---- */

/* What a header stands for: itself, or what is in "=?base64?...?=". */
static bool decode_header(struct text header, struct buf *out)
{
	const struct text opening = TEXT("=?base64?");
	const struct text closing = TEXT("?=");

	if (!text_starts(header, opening.ptr) || !text_ends(header, closing.ptr) ||
	    header.len < opening.len + closing.len) {
		buf_add(out, header);
		return true;
	}
	return base64_decode(
		text_slice(header, opening.len, header.len - opening.len - closing.len), out);
}

static bool header_says(struct text header, struct text value)
{
	struct buf decoded;
	bool same;

	buf_init(&decoded, header.len);
	same = decode_header(header, &decoded) && text_equal(buf_text(&decoded), value);
	buf_fini(&decoded);
	return same;
}

static bool check_name(struct reading *r)
{
	enum param named_by = mcp_named_by(r->method);
	struct text name;

	if (named_by == PARAMS)
		return true;
	if (!json_unescape(r->arena, r->params[named_by], &name)) {
		/* Without a header the method says what is wrong with the body. */
		return r->headers.name.ptr == NULL ||
		       refuse_header(r, "Mcp-Name is there, but the body names nothing");
	}
	if (r->headers.name.ptr == NULL)
		return refuse_header(r, "Mcp-Name is missing");
	return header_says(r->headers.name, name) ||
	       refuse_header(r, "Mcp-Name differs from what the body names");
}

/* ---- the modern era ---- */

static bool check_method(struct reading *r)
{
	if (r->headers.method.ptr == NULL)
		return !r->is_request || refuse_header(r, "Mcp-Method is missing");
	return text_is(r->headers.method, r->method) ||
	       refuse_header(r, "Mcp-Method differs from the method of the body");
}

static bool check_headers(struct reading *r)
{
	if (r->carrier != MCP_HTTP)
		return true;
	if (r->headers.version.ptr == NULL && r->is_request)
		return refuse_header(r, "MCP-Protocol-Version is missing");
	return check_method(r) && (!r->is_request || check_name(r));
}

/* What every request has to say of its client. */
static bool check_client(struct reading *r)
{
	if (r->meta[META_CLIENT_CAPABILITIES].ptr == NULL)
		return refuse_meta(r, "params._meta lacks " META_PREFIX "clientCapabilities");
	if (json_type_of(r->meta[META_CLIENT_CAPABILITIES]) != JSON_TYPE_OBJECT)
		return refuse_meta(r, META_PREFIX "clientCapabilities must be an object");
	if (r->meta[META_CLIENT_INFO].ptr != NULL &&
	    json_type_of(r->meta[META_CLIENT_INFO]) != JSON_TYPE_OBJECT)
		return refuse_meta(r, META_PREFIX "clientInfo must be an object");
	return true;
}

static bool settle_modern(struct reading *r)
{
	struct text claimed;
	const char *version;

	r->out->era = MCP_MODERN;
	if (!json_unescape(r->arena, r->meta[META_VERSION], &claimed) ||
	    claimed.len > MAX_VERSION_BYTES)
		return refuse_meta(r, META_PREFIX "protocolVersion must be a revision's name");
	if (r->headers.version.ptr != NULL && !text_equal(r->headers.version, claimed))
		return refuse_header(r, "MCP-Protocol-Version differs from the revision that "
					"params._meta names");
	version = mcp_version_of(MCP_MODERN, claimed);
	if (version == NULL)
		return refuse_version(r, claimed);
	r->out->version = version;
	return (!r->is_request || check_client(r)) && check_headers(r);
}

/* The header is modern, and the body does not name a revision, which only a request has to. */
static bool settle_by_header(struct reading *r, const char *version)
{
	r->out->era = MCP_MODERN;
	r->out->version = version;
	if (r->method == NULL)
		return mcp_refuse(r, 400, MCP_INVALID_REQUEST,
				  "This revision has no responses from clients", no_data);
	if (r->is_request)
		return refuse_meta(r, "params._meta lacks " META_PREFIX "protocolVersion");
	return check_headers(r);
}

/* ---- the legacy era ---- */

static bool settle_legacy(struct reading *r)
{
	struct text header = r->headers.version;
	const char *version;

	r->out->era = MCP_LEGACY;
	r->out->version = r->carrier == MCP_HTTP ? assumed_over_http : mcp_latest_legacy;
	if (header.ptr == NULL)
		return true;
	version = mcp_version_of(MCP_LEGACY, header);
	if (version != NULL)
		r->out->version = version;
	if (version != NULL || text_is(text_of(r->method), "initialize"))
		return true; /* `initialize` negotiates in its body */
	if (header.len > MAX_VERSION_BYTES)
		return refuse_header(r, "MCP-Protocol-Version must be a revision's name");
	return refuse_version(r, header);
}

bool mcp_settle_era(struct reading *r)
{
	const char *modern = NULL;

	if (r->meta[META_VERSION].ptr != NULL)
		return settle_modern(r);
	if (r->headers.version.ptr != NULL)
		modern = mcp_version_of(MCP_MODERN, r->headers.version);
	return modern != NULL ? settle_by_header(r, modern) : settle_legacy(r);
}
