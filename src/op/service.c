/* The service itself: health, what a request looked like on arrival, and the API's own description.
 */
#include "op/rows.h"
#include "json/json.h"

const struct field metadata_fields[] = {
	{.name = "uid", .type = FIELD_STRING, .help = "Palette's identifier"},
	{.name = "name", .type = FIELD_STRING, .help = "Name in Palette"},
	{.name = NULL},
};

const struct field palette_object[] = {
	{.name = "metadata", .type = FIELD_OBJECT, .required = true, .fields = metadata_fields},
	{.name = NULL},
};

const struct field warning_fields[] = {
	{.name = "projectUid",
	 .type = FIELD_STRING,
	 .required = true,
	 .help = "The project; empty: the tenant"},
	{.name = "status",
	 .type = FIELD_INT,
	 .required = true,
	 .help = "Palette's status: 403 or 404 of a project; 200 where it gave less than it "
		 "counts"},
	{.name = "message", .type = FIELD_STRING, .required = true, .help = "What it means"},
	{.name = NULL},
};

static bool service_health(struct call *c, struct result *res, struct error *err)
{
	(void)c;
	(void)err;
	result_json(res, TEXT("{\"status\":\"ok\"}"));
	return true;
}

/* Says whether a token came along and how long it is; no character of one ever leaves. */
static bool service_auth_debug(struct call *c, struct result *res, struct error *err)
{
	bool has_token = c->palette_token.ptr != NULL;
	struct json_writer w;
	struct buf out;

	(void)err;
	buf_init(&out, 4 * 1024 * 1024); /* more than the most that headers may be */
	json_writer_init(&w, &out);
	json_object_begin(&w);
	json_key(&w, "hasOidcToken");
	json_put_bool(&w, has_token);
	json_key(&w, "tokenLength");
	json_put_int(&w, (int64_t)c->palette_token.len);
	json_key(&w, "tokenPrefix");
	json_put_cstr(&w, has_token ? "redacted" : "none");
	json_key(&w, "headers");
	json_array_begin(&w);
	for (size_t i = 0; i < c->header_count; i++)
		json_put_text(&w, c->header_names[i]);
	json_array_end(&w);
	json_object_end(&w);
	result_json_owned(res, &out);
	return true;
}

static bool service_openapi(struct call *c, struct result *res, struct error *err)
{
	(void)err;
	result_constant(res, c->services->openapi);
	return true;
}

static const struct field health_answer[] = {
	{.name = "status", .type = FIELD_STRING, .required = true, .help = "ok"},
	{.name = NULL},
};

static const struct field auth_debug_answer[] = {
	{.name = "hasOidcToken",
	 .type = FIELD_BOOL,
	 .required = true,
	 .help = "Whether X-SpectroCloud-Token was sent"},
	{.name = "tokenLength", .type = FIELD_INT, .required = true, .help = "Its length"},
	{.name = "tokenPrefix", .type = FIELD_STRING, .required = true, .help = "none or redacted"},
	{.name = "headers",
	 .type = FIELD_ARRAY,
	 .required = true,
	 .help = "The names of the request's headers, in lower case"},
	{.name = NULL},
};

static const struct field openapi_answer[] = {
	{.name = "openapi", .type = FIELD_STRING, .required = true, .help = "3.1.0"},
	{.name = "paths", .type = FIELD_OBJECT, .required = true, .help = "The operations"},
	{.name = NULL},
};

const struct op service_ops[] = {
	{
		.name = "service.health",
		.summary = "Tell that the service is up",
		GET("/health"),
		.permission = PERMIT_ANYONE,
		.flags = OP_FRONT | OP_LOCAL | OP_ALWAYS,
		.answer = health_answer,
		.run = service_health,
	},
	{
		.name = "service.auth_debug",
		.summary = "Tell what arrives of a Palette token, without showing it",
		GET("/auth/debug"),
		.permission = PERMIT_AUTHENTICATED,
		.flags = OP_FRONT | OP_LOCAL,
		.answer = auth_debug_answer,
		.run = service_auth_debug,
	},
	{
		.name = "service.openapi",
		.summary = "Describe this API",
		GET("/openapi.json"),
		.permission = PERMIT_AUTHENTICATED,
		.flags = OP_FRONT | OP_LOCAL,
		.answer = openapi_answer,
		.run = service_openapi,
	},
	{.name = NULL},
};
