/* The table of operations as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0). */
#include <stdio.h>
#include <string.h>

#include "face/face.h"
#include "face/represent.h"
#include "face/schema.h"
#include "op/schema.h"
#include "json/json.h"

/* ---- small schemas ---- */

static void put_ref(struct json_writer *w, const char *ref)
{
	json_object_begin(w);
	json_put_pair(w, "$ref", ref);
	json_object_end(w);
}

/* ---- an operation ---- */

static void put_parameters(struct json_writer *w, const struct op *op)
{
	json_key(w, "parameters");
	json_array_begin(w);
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++) {
		if (p->in != IN_PATH && p->in != IN_QUERY && p->in != IN_HEADER)
			continue;
		json_object_begin(w);
		json_put_pair(w, "name", p->name);
		json_put_pair(w, "in", param_place(p->in));
		json_put_pair(w, "description", p->help);
		json_key(w, "required");
		json_put_bool(w, p->required);
		json_key(w, "schema");
		schema_put_param(w, p);
		json_object_end(w);
	}
	if ((op->flags & OP_LOCAL) == 0) {
		put_ref(w, "#/components/parameters/userEmail");
		put_ref(w, "#/components/parameters/paletteToken");
	}
	json_array_end(w);
}

static void put_body_members(struct json_writer *w, const struct op *op)
{
	json_put_pair(w, "type", "object");
	json_key(w, "properties");
	json_object_begin(w);
	for (const struct param *p = op->params; p->name != NULL; p++) {
		if (p->in != IN_BODY)
			continue;
		json_key(w, p->name);
		schema_put_param(w, p);
	}
	json_object_end(w);
	json_key(w, "required");
	json_array_begin(w);
	for (const struct param *p = op->params; p->name != NULL; p++)
		if (p->in == IN_BODY && p->required)
			json_put_cstr(w, p->name);
	json_array_end(w);
}

static const struct param *body_param(const struct op *op)
{
	for (const struct param *p = op->params; p != NULL && p->name != NULL; p++)
		if (p->in == IN_BODY || p->in == IN_WHOLE_BODY)
			return p;
	return NULL;
}

static void put_request_body(struct json_writer *w, const struct op *op)
{
	const struct param *body = body_param(op);

	if (body == NULL)
		return;
	json_key(w, "requestBody");
	json_object_begin(w);
	json_key(w, "required");
	json_put_bool(w, true);
	json_put_pair(w, "description", body->help);
	json_key(w, "content");
	json_object_begin(w);
	json_key(w, "application/json");
	json_object_begin(w);
	json_key(w, "schema");
	json_object_begin(w);
	if (body->in == IN_WHOLE_BODY && body->kinds != NULL)
		schema_put_entity_body(w);
	else if (body->in == IN_WHOLE_BODY)
		json_put_pair(w, "type", "object");
	else
		put_body_members(w, op);
	json_object_end(w);
	if (body->kinds != NULL)
		schema_put_entity_examples(w, body->kinds);
	json_object_end(w);
	json_object_end(w);
	json_object_end(w);
}

/* The other form of an answer, in pieces. */
static void put_stream(struct json_writer *w, const struct op *op)
{
	if (op->stream_type == NULL)
		return;
	json_key(w, op->stream_type);
	json_object_begin(w);
	json_key(w, "schema");
	json_object_begin(w);
	json_put_pair(w, "type", "string");
	json_put_pair(w, "description", op->stream_help);
	json_object_end(w);
	json_object_end(w);
}

static void put_content(struct json_writer *w, const char *content_type, const struct field *answer)
{
	json_key(w, content_type == NULL ? "application/json" : content_type);
	json_object_begin(w);
	json_key(w, "schema");
	json_object_begin(w);
	if (answer != NULL)
		schema_put_fields(w, answer, false);
	else
		json_put_pair(w, "type", "string");
	json_object_end(w);
	json_object_end(w);
}

static int success_of(const struct op *op)
{
	return op->success_status != 0 ? op->success_status : 200;
}

/* The other answer is the same in another form, and both stand under one status. */
static bool is_also_success(const struct op *op)
{
	return op->also != NULL && op->also->status == success_of(op);
}

static void put_success(struct json_writer *w, const struct op *op)
{
	json_object_begin(w);
	json_put_pair(w, "description", op->success_status == 201 ? "Created" : "Done");
	json_key(w, "content");
	json_object_begin(w);
	put_content(w, op->content_type, op->answer);
	put_stream(w, op);
	if (is_also_success(op))
		put_content(w, NULL, op->also->answer);
	json_object_end(w);
	json_object_end(w);
}

static void put_also(struct json_writer *w, const struct op_also *also)
{
	char status[8];

	snprintf(status, sizeof status, "%d", also->status);
	json_key(w, status);
	json_object_begin(w);
	json_put_pair(w, "description", also->when);
	json_key(w, "content");
	json_object_begin(w);
	put_content(w, NULL, also->answer);
	json_object_end(w);
	json_object_end(w);
}

static void put_responses(struct json_writer *w, const struct op *op)
{
	json_key(w, "responses");
	json_object_begin(w);
	json_key(w, op->success_status == 201 ? "201" : "200");
	put_success(w, op);
	if (represent_has_tag(op)) {
		json_key(w, "304");
		json_put_raw(w, TEXT("{\"description\":\"The answer is still the one of "
				     "If-None-Match\"}"));
	}
	if (op->also != NULL && !is_also_success(op))
		put_also(w, op->also);
	json_key(w, "default");
	put_ref(w, "#/components/responses/Error");
	json_object_end(w);
}

static void put_operation(struct json_writer *w, const struct op *op)
{
	const struct permission *permission = permission_of(op->permission);

	json_object_begin(w);
	json_put_pair(w, "operationId", op->name);
	json_put_pair(w, "summary", op->summary);
	if (op->flags & OP_ROOT) {
		json_key(w, "servers");
		json_put_raw(w, TEXT("[{\"url\":\"/\"}]"));
	}
	if (permission != NULL)
		json_put_pair(w, "x-backstage-permission", permission->name);
	if (op->permission == PERMIT_ANYONE) {
		json_key(w, "security");
		json_array_begin(w);
		json_array_end(w);
	}
	put_parameters(w, op);
	put_request_body(w, op);
	put_responses(w, op);
	json_object_end(w);
}

/* ---- the document ---- */

/* "/clusters/:clusterUid" as "/clusters/{clusterUid}". */
static void put_path_key(struct json_writer *w, const char *path)
{
	struct text rest = text_slice(text_of(path), 1, SIZE_MAX);
	struct text segment;
	struct buf key;

	buf_init(&key, 1024);
	while (text_next(&rest, '/', &segment)) {
		if (text_starts(segment, ":"))
			buf_printf(&key, "/{%.*s}", (int)segment.len - 1, segment.ptr + 1);
		else
			buf_printf(&key, "/%.*s", (int)segment.len, segment.ptr);
	}
	json_key(w, key.ptr);
	buf_fini(&key);
}

static void put_method_key(struct json_writer *w, const char *method)
{
	char key[16] = "";

	for (size_t i = 0; i < sizeof key - 1 && method[i] != '\0'; i++)
		key[i] = (char)(method[i] - 'A' + 'a');
	json_key(w, key);
}

static bool has_path(const struct op *op, const char *path)
{
	return op->path != NULL && strcmp(op->path, path) == 0;
}

static bool is_first_of_path(const struct op *const *all, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (has_path(all[i], all[at]->path))
			return false;
	return true;
}

static void put_paths(struct json_writer *w)
{
	const struct op *const *all = op_all();

	json_object_begin(w);
	for (size_t i = 0; all[i] != NULL; i++) {
		if (all[i]->path == NULL || !is_first_of_path(all, i))
			continue;
		put_path_key(w, all[i]->path);
		json_object_begin(w);
		for (size_t j = i; all[j] != NULL; j++) {
			if (!has_path(all[j], all[i]->path))
				continue;
			put_method_key(w, all[j]->method);
			put_operation(w, all[j]);
		}
		json_object_end(w);
	}
	json_object_end(w);
}

static const char security_schemes[] = "{\"backstage\":{\"type\":\"http\",\"scheme\":\"bearer\","
				       "\"description\":\"A Backstage credential\"}}";

static const char parameters[] =
	"{\"userEmail\":{\"name\":\"X-SpectroCloud-User-Email\",\"in\":\"header\","
	"\"description\":\"Whose Palette session to use; must be the caller's own address\","
	"\"schema\":{\"type\":\"string\"}},"
	"\"paletteToken\":{\"name\":\"X-SpectroCloud-Token\",\"in\":\"header\","
	"\"description\":\"A Palette session token to use instead of the configured apiToken\","
	"\"schema\":{\"type\":\"string\"}}}";

static const char error_schema[] =
	"{\"type\":\"object\",\"required\":[\"error\",\"request\",\"response\"],"
	"\"properties\":{\"error\":{\"type\":\"object\",\"required\":[\"name\",\"message\"],"
	"\"properties\":{\"name\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
	"\"faults\":{\"type\":\"array\","
	"\"description\":\"What is wrong with the request, by field\","
	"\"items\":{\"type\":\"object\",\"required\":[\"message\"],\"properties\":{"
	"\"field\":{\"type\":\"string\",\"description\":\"The parameter or field\"},"
	"\"pointer\":{\"type\":\"string\",\"description\":\"In a cluster's body: where, as a "
	"JSON pointer\"},"
	"\"message\":{\"type\":\"string\",\"description\":\"Goes on after the field's name\"}}}},"
	"\"moreFaults\":{\"type\":\"integer\",\"description\":\"How many more there are\"}}},"
	"\"request\":{\"type\":\"object\",\"required\":[\"method\",\"url\"],\"properties\":{"
	"\"method\":{\"type\":\"string\"},\"url\":{\"type\":\"string\"}}},"
	"\"response\":{\"type\":\"object\",\"required\":[\"statusCode\"],\"properties\":{"
	"\"statusCode\":{\"type\":\"integer\"}}},"
	"\"requiresReAuth\":{\"type\":\"boolean\"}}}";

static const char responses[] =
	"{\"Error\":{\"description\":\"What went wrong, as Backstage says it\","
	"\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/"
	"Error\"}}}}}";

static void put_components(struct json_writer *w)
{
	json_object_begin(w);
	json_key(w, "securitySchemes");
	json_put_raw(w, text_of(security_schemes));
	json_key(w, "parameters");
	json_put_raw(w, text_of(parameters));
	json_key(w, "schemas");
	json_object_begin(w);
	json_key(w, "Error");
	json_put_raw(w, text_of(error_schema));
	schema_put_entity_schemas(w, entity_kinds);
	json_object_end(w);
	json_key(w, "responses");
	json_put_raw(w, text_of(responses));
	json_object_end(w);
}

void face_openapi(struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_put_pair(&w, "openapi", "3.1.0");
	json_key(&w, "info");
	json_object_begin(&w);
	json_put_pair(&w, "title", "Spectro Cloud Palette for Backstage");
	json_put_pair(&w, "version", PROJECT_VERSION);
	json_object_end(&w);
	json_key(&w, "servers");
	json_array_begin(&w);
	for (const char *const *mount = face_mounts; *mount != NULL; mount++) {
		json_object_begin(&w);
		json_put_pair(&w, "url", *mount);
		json_object_end(&w);
	}
	json_array_end(&w);
	json_key(&w, "security");
	json_put_raw(&w, TEXT("[{\"backstage\":[]}]"));
	json_key(&w, "paths");
	put_paths(&w);
	json_key(&w, "components");
	put_components(&w);
	json_object_end(&w);
}
